//! The case that a writer is at: what its first event says of it, and the circumstances of each event.
//!
//! Payloads are read by the few members that no version of an event has without, so that events of every age can go
//! out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::event::Source;
use crate::interchange::write::ExportedEvent;
use crate::interchange::write::error::WriteError;

/// What the first event of a case says of it.
pub(super) struct Heading {
    pub(super) case_id: String,
    pub(super) opening: Opening,
    /// Where it came from, where that was another tracker.
    pub(super) foreign: Option<ForeignCase>,
}

/// A case of another tracker.
pub(super) struct ForeignCase {
    /// Its log's name.
    pub(super) log: String,
    /// Its id in that log.
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Opening {
    pub(super) number: String,
    pub(super) enterprise: String,
    pub(super) campaign: String,
    pub(super) division: String,
}

/// The circumstances that every event has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Circumstances<'a> {
    pub(super) by: String,
    pub(super) occurred_at: Timestamp,
    pub(super) source: Option<Source>,
    #[serde(borrow)]
    fact: BTreeMap<String, &'a RawValue>,
}

impl Circumstances<'_> {
    /// What was done: in the other tracker's words, where it comes from there.
    pub(super) fn activity<'b>(&'b self, event: &ExportedEvent<'b>) -> &'b str {
        self.source.as_ref().map_or(event.event_type, |source| &source.activity)
    }
}

/// Follows the events of one case after the other.
#[derive(Default)]
pub(super) struct Follower {
    heading: Option<Heading>,
}

/// Whether an event is the first of its case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    First,
    Next,
}

impl Follower {
    /// Takes an event in.
    pub(super) fn follow<'a>(
        &mut self,
        event: &ExportedEvent<'a>,
    ) -> Result<(&Heading, Circumstances<'a>, Step), WriteError> {
        let position = event.position;
        let unreadable = |source| WriteError::Stored { position, source };
        let circumstances: Circumstances<'_> = serde_json::from_str(event.payload).map_err(unreadable)?;
        let is_known = self.heading.as_ref().is_some_and(|heading| heading.case_id == event.aggregate_id);
        let step = if is_known { Step::Next } else { Step::First };
        if step == Step::First {
            let opening = opening(&circumstances).map_err(unreadable)?;
            let opening = opening.filter(|_| event.sequence == 1).ok_or_else(|| WriteError::WithoutBeginning {
                case: event.aggregate_id.to_owned(),
                position,
                sequence: event.sequence,
            })?;
            self.heading = Some(Heading {
                case_id: event.aggregate_id.to_owned(),
                opening,
                foreign: circumstances
                    .source
                    .as_ref()
                    .map(|source| ForeignCase { log: source.log.clone(), id: source.case.clone() }),
            });
        }
        let heading = self.heading.as_ref().expect("the heading was there or was just put there");
        Ok((heading, circumstances, step))
    }
}

/// What a case's first event says of it; `None` where it is no such event.
fn opening(circumstances: &Circumstances<'_>) -> Result<Option<Opening>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Legacy {
        opening: Option<Opening>,
    }
    if let Some(reported) = circumstances.fact.get("CaseReported") {
        return serde_json::from_str(reported.get()).map(Some);
    }
    match circumstances.fact.get("LegacyActivityRecorded") {
        Some(legacy) => serde_json::from_str::<Legacy>(legacy.get()).map(|legacy| legacy.opening),
        None => Ok(None),
    }
}
