//! The demonstration: a campaign in two provinces with thirty cases, for whoever wants to look around first.
//!
//! Everything goes through the application, as its users' commands do: every history here is one that the rules
//! allow. The content stands in data files; what is here walks through them on a clock of its own.

mod agenda;
mod cast;
mod orders;
mod player;
mod registers;
mod registrar;
mod said;
mod script;

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::app::{App, Clockwork, Failure, Key, Request};
use crate::clock::ManualClock;
use crate::demo::agenda::{Task, agenda};
use crate::demo::cast::Cast;
use crate::demo::player::Player;
use crate::demo::registers::{PersonaEntry, Registers};
use crate::demo::registrar::Registrar;
use crate::domain::actor::{Actor, Role};
use crate::domain::value::calendar;

/// Holds the lease of the clock's work while the database is filled.
const HOLDER: &str = "etalon:demo";

/// The server's clock of the demonstration. A lease lasts two intervals: one of a second has run out before a real
/// server asks for it.
const CLOCKWORK: Clockwork = Clockwork { every: Duration::from_secs(1), escalate_after_working_days: 10 };

/// What whoever looks around needs.
#[derive(Clone, Debug)]
pub struct Filled {
    /// One for each role that a token can carry, in the order of roles; each sees something worth seeing.
    pub personas: Vec<Persona>,
    /// A question in GraphQL for the manager, who sees all cases.
    pub query: &'static str,
}

/// Whose eyes to look through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    /// The role to look from.
    pub role: Role,
    /// Id, jurisdiction, institution and enterprise that a token needs, with this role alone.
    pub actor: Actor,
}

/// The moment at which the demonstration that ends then begins: some 300 days before.
///
/// The clock has to show it, or an earlier one, when the store is opened: a log's time never goes back.
#[must_use]
pub fn begins(end: Timestamp) -> Timestamp {
    agenda::first_moment(end)
}

/// Fills an empty log with the demonstration, up to the working day before `end`; `clock` is the application's and
/// shows `end` afterwards.
///
/// The same seed of the clock and the same `end` give the same log, byte for byte.
///
/// # Errors
/// When the store fails. A refusal means that the log was not empty.
pub async fn fill(app: &App, clock: &ManualClock, end: Timestamp) -> Result<Filled, Failure> {
    let registers = Registers::read();
    let script = script::read();
    clock.set(begins(end));
    let cast = Cast::of(app, &registers);
    let first_day = calendar::date_of(begins(end));
    let registrar = Registrar { app, clock, cast: &cast, registers: &registers, first_day };
    let mut player = Player::new(app, clock, &cast, &registers, &script);
    for (moment, task) in agenda(end, &registers, &script) {
        // What took its time may have run past the next moment.
        clock.set(moment.max(app.now()));
        match task {
            Task::Begin => registrar.begin(calendar::date_of(end)).await?,
            Task::Amend => registrar.amend().await?,
            Task::Enrol(index) => registrar.enrol(&registers.enterprises[index]).await?,
            Task::AmendEntry(index) => registrar.amend_entry(&registers.enterprises[index]).await?,
            Task::LookAtDeadlines => {
                CLOCKWORK.round(app, HOLDER).await?;
            }
            Task::Report(case) => player.report(case).await?,
            Task::Step(case, step) => player.step(case, step).await?,
        }
    }
    clock.set(end);
    let personas = registers.personas.iter().map(|entry| persona(&cast, entry)).collect();
    Ok(Filled { personas, query: include_str!("query.graphql") })
}

fn persona(cast: &Cast, entry: &PersonaEntry) -> Persona {
    let key = entry.person.as_ref().or(entry.enterprise.as_ref());
    let key = key.unwrap_or_else(|| panic!("the persona of {} is a person or an enterprise", entry.role));
    Persona { role: entry.role, actor: Actor { roles: [entry.role].into(), ..cast.actor(key).clone() } }
}

/// A command of the moment, which nobody sends again.
fn request(app: &App, by: &Actor) -> Request {
    Request {
        actor: by.clone(),
        key: Key::unique(app.new_id()),
        expected_version: None,
        occurred_at: None,
        source: None,
    }
}

/// Today's date in UTC+8.
fn today(app: &App) -> Date {
    calendar::date_of(app.now())
}

#[cfg(test)]
mod tests;
