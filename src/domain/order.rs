//! An order: a command, and the circumstances it is given in.

use std::fmt::Display;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::event::{Recorded, Source};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::calendar;

/// The first year of which anything is recorded.
pub(crate) const FIRST_YEAR: i16 = 1949;

/// A command with who gives it and when: all that `decide` may know of the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Order<C> {
    /// Who gives it.
    pub by: Actor,
    /// The present: no earlier than what is known of whom it is about.
    pub now: Timestamp,
    /// When it happened, where that is not now.
    pub occurred_at: Option<Timestamp>,
    /// The place in another tracker's log, when it is imported.
    pub source: Option<Source>,
    /// What is ordered.
    pub command: C,
}

impl<C> Order<C> {
    /// An order of the moment.
    pub fn new(by: Actor, now: Timestamp, command: C) -> Self {
        Self { by, now, occurred_at: None, source: None, command }
    }

    /// The same order, for something that happened earlier.
    #[must_use]
    pub fn occurred(mut self, at: Timestamp) -> Self {
        self.occurred_at = Some(at);
        self
    }

    /// Today, in UTC+8.
    #[must_use]
    pub fn today(&self) -> Date {
        calendar::date_of(self.now)
    }

    /// When it happened.
    #[must_use]
    pub fn happened_at(&self) -> Timestamp {
        self.occurred_at.unwrap_or(self.now)
    }

    /// The day on which it happened, in UTC+8.
    #[must_use]
    pub fn day(&self) -> Date {
        calendar::date_of(self.happened_at())
    }

    /// The fact, as the log will have it.
    pub fn record<F>(&self, fact: impl Into<F>) -> Recorded<F> {
        Recorded {
            by: self.by.id.clone(),
            occurred_at: self.happened_at(),
            source: self.source.clone(),
            fact: fact.into(),
        }
    }

    /// # Errors
    /// As [`check_occurred`], of when it happened where that is said.
    pub fn check_occurred(&self) -> Result<(), Refusal> {
        self.occurred_at.map_or(Ok(()), |at| check_occurred(at, self.now))
    }

    /// Whether a day that the input names had come when it happened.
    ///
    /// # Errors
    /// `in_future` of a later day. `YEAR_INVALID` before 1949: it would count in no year that can be asked for.
    pub fn check_had_come(&self, day: Date, field: &str, in_future: Code) -> Result<(), Refusal> {
        let happened_on = self.day();
        if day > happened_on {
            return Err(Refusal::new(in_future, field, format!("{day} is after {happened_on}, when this happened")));
        }
        check_first_year(day, day, field, "which day")
    }
}

/// Whether something can have happened at that time.
///
/// # Errors
/// `OCCURRED_IN_FUTURE`: nothing can have happened after now. `YEAR_INVALID`: nothing of this happened before 1949,
/// and a case number has a year of four digits.
pub fn check_occurred(at: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if at > now {
        let message = format!("{at} is after the present, {now}");
        return Err(Refusal::new(Code::OccurredInFuture, "occurredAt", message));
    }
    check_first_year(calendar::date_of(at), at, "occurredAt", "when it happened")
}

/// Whether a day, or the time on it that was given, is in a year that can be asked for.
fn check_first_year(day: Date, given: impl Display, field: &str, wanted: &str) -> Result<(), Refusal> {
    if day.year() >= FIRST_YEAR {
        return Ok(());
    }
    let message = format!("{given} is before {FIRST_YEAR}: write {wanted}");
    Err(Refusal::new(Code::YearInvalid, field, message))
}

/// Declares the commands of an aggregate: one payload struct each, and the enum of all with their names.
macro_rules! commands {
    ($(#[$doc:meta])* $enum:ident { $($(#[$command_doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $enum { $($(#[$command_doc])* $name($name),)+ }

        impl $enum {
            /// The names of all commands, in the order of the lifecycle.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name),)+];

            /// The command's name, as in the API's documentation.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name),)+ }
            }
        }

        $(
            $(#[$command_doc])*
            #[derive(Clone, Debug, PartialEq)]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

            impl From<$name> for $enum {
                fn from(command: $name) -> Self {
                    Self::$name(command)
                }
            }
        )+
    };
}
pub(crate) use commands;
