//! What somebody still has a part in: the open cases that would be without them.

use crate::app::App;
use crate::app::reads::CasePage;
use crate::app::request::Fault;
use crate::domain::actor::Actor;
use crate::domain::value::PersonId;
use crate::store::{CaseColumn, Condition, Direction, Moment, Operator, Value};

/// How many cases are named; of further ones it is told how many they are.
const NAMED: u32 = 5;

/// Open cases that somebody has a part in, as whoever asks sees them.
pub struct OpenCases {
    /// The numbers of the first few.
    pub numbers: Vec<String>,
    /// How many further ones there are.
    pub further: u64,
    /// Whether there are others that whoever asks does not see.
    pub unseen: bool,
}

impl App {
    /// The open cases that a person leads as of that moment.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn led_by(&self, actor: &Actor, person: PersonId, at: Moment) -> Result<OpenCases, Fault> {
        self.open_cases(actor, leads(person), at).await
    }

    /// The open cases that a person has joined, or is invited to, as of that moment.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn joined_by(&self, actor: &Actor, person: PersonId, at: Moment) -> Result<OpenCases, Fault> {
        // The lead is a member, too.
        let member = Condition::Members(vec![person.to_string()]);
        let joined = Condition::All(vec![member, Condition::Not(Box::new(leads(person)))]);
        self.open_cases(actor, joined, at).await
    }

    async fn open_cases(&self, actor: &Actor, condition: Condition, at: Moment) -> Result<OpenCases, Fault> {
        let is_open =
            Condition::Compare { column: CaseColumn::IsOpen, operator: Operator::Equal, value: Value::Integer(1) };
        let page = CasePage {
            order: vec![(CaseColumn::Number, Direction::Ascending)],
            ..CasePage::of(Condition::All(vec![is_open, condition]), NAMED, at)
        };
        let all = self.count_cases(&Actor::clock(), &page).await?;
        let seen = self.count_cases(actor, &page).await?;
        let first = if seen > 0 { self.cases(actor, &page).await? } else { Vec::new() };
        let numbers: Vec<_> = first.into_iter().map(|case| case.row.number).collect();
        Ok(OpenCases { further: seen.saturating_sub(numbers.len() as u64), numbers, unseen: all > seen })
    }
}

fn leads(person: PersonId) -> Condition {
    Condition::Compare { column: CaseColumn::LeadId, operator: Operator::Equal, value: person.uuid().into() }
}
