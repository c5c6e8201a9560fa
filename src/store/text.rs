//! Texts that are found by their words: rows, and questions to them.
//!
//! The store knows terms, not languages: what a term is, and how well a text fits, is judged by
//! [`search`](crate::search).

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::search::word::joined_terms;
use crate::store::moment::Moment;
use crate::store::query::{Condition, Scope};

/// How many texts one event can have.
pub(super) const MOST_OF_AN_EVENT: i64 = 8;

/// A text of a case that an append recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRow {
    /// How many events of the append follow the one that has it.
    pub events_after: u64,
    /// Which text of its event, from 0 and below 8.
    pub index: u8,
    /// Wire name of the part of the case that it is.
    pub field: String,
    /// Whether it takes the place of the texts that the case had in this field.
    pub replaces: bool,
    /// Business time of the event, microseconds since the Unix epoch.
    pub occurred_at: i64,
    /// How many words it has.
    pub length: u32,
    /// Its words in a row, as a [`Sequence`](crate::search::word::Sequence) has them.
    pub words: String,
    /// As it was written.
    pub body: String,
}

impl TextRow {
    /// What it is found by, with a space between them. Letters and digits of any script, lower case where there is one,
    /// and the decimal point.
    #[must_use]
    pub fn terms(&self) -> String {
        joined_terms(&self.words)
    }
}

/// A text that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredText {
    /// Grows with the position: later texts have larger ones.
    pub text_id: i64,
    /// Whose text it is.
    pub case_id: Uuid,
    /// Wire name of the part of the case that it is.
    pub field: String,
    /// Position of its event.
    pub position: u64,
    /// Business time of its event, microseconds since the Unix epoch.
    pub occurred_at: i64,
    /// How many words it has.
    pub length: u32,
    /// Its words in a row; empty unless they were asked for.
    pub words: String,
    /// As it was written; empty unless bodies were asked for.
    pub body: String,
}

/// Which texts, the latest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextQuery {
    /// What the index has to hold of them.
    pub terms: Terms,
    /// Only of these fields; empty = all.
    pub fields: Vec<String>,
    /// Only of cases that satisfy this at the moment.
    pub condition: Condition,
    /// What the reader may see.
    pub scope: Scope,
    /// What of it the reader may not; `None` where there is nothing.
    pub confined: Option<Confined>,
    /// As of when.
    pub at: Moment,
    /// At most so many.
    pub limit: u32,
}

/// Texts of which not everybody reads all who sees their cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confined {
    /// The field that they are of.
    pub field: String,
    /// In which cases they are read, by the rights of the present whatever the moment.
    pub scope: Scope,
}

/// Which terms a text has. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// Every one.
    All(BTreeSet<String>),
    /// One of them.
    Any(BTreeSet<String>),
}

/// Texts that are known of already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Texts {
    /// Of these cases as of a moment.
    OfCases {
        /// Whose.
        cases: Vec<Uuid>,
        /// As of when.
        at: Moment,
        /// Only of these fields; empty = all.
        fields: Vec<String>,
        /// What of them the reader may not see; `None` where there is nothing.
        confined: Option<Confined>,
        /// Only those with a smaller id.
        before: Option<i64>,
        /// At most so many.
        limit: u32,
    },
    /// These, by their ids.
    These(Vec<i64>),
}

/// What is read of texts beside where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing.
    Places,
    /// Their words, to rank them.
    Words,
    /// Their bodies, to show them.
    Bodies,
}
