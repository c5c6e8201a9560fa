//! The histories of cases: their events up to a moment, and which of them a point of a case's life knows of.

use std::collections::HashMap;

use crate::app::App;
use crate::app::reads::EventPage;
use crate::app::request::Fault;
use crate::domain::case::event::CaseFact;
use crate::domain::case::history::Part;
use crate::domain::event::Recorded;
use crate::domain::value::CaseId;
use crate::store::{EventRecord, Moment};

/// An event of a case, as the log has it and as it is understood.
#[derive(Clone, Debug)]
pub struct HistoryEvent {
    /// The record.
    pub record: EventRecord,
    /// What it says.
    pub event: Recorded<CaseFact>,
}

/// A point in the life of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CasePoint {
    /// After so many of its events as it is shown; 0 is before it was reported.
    Version(u64),
    /// As of that moment.
    Moment(Moment),
}

impl CasePoint {
    /// Whether the event, so many of which come before it in the history that is shown, is part of what is known of the case at that point.
    #[must_use]
    pub fn knows(self, before: usize, told: &HistoryEvent) -> bool {
        match self {
            // Of what had happened there may be less than the log has, so that its numbers do not count.
            Self::Version(version) => (before as u64) < version,
            Self::Moment(Moment::Present) => true,
            Self::Moment(Moment::Position(position)) => told.record.position <= position,
            Self::Moment(Moment::Occurred(time)) => told.event.occurred_at.as_microsecond() <= time,
        }
    }
}

/// The later point knows less than the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the first point lies after the second one")]
pub struct Reversed;

/// What each event is to two points: known to both, to the later one, to neither.
///
/// # Errors
/// [`Reversed`] when the earlier one knows an event that the later one does not.
pub fn parts(history: &[HistoryEvent], earlier: CasePoint, later: CasePoint) -> Result<Vec<Part>, Reversed> {
    let part = |(before, told)| match (earlier.knows(before, told), later.knows(before, told)) {
        (true, true) => Ok(Part::Both),
        (false, true) => Ok(Part::Later),
        (false, false) => Ok(Part::Neither),
        (true, false) => Err(Reversed),
    };
    history.iter().enumerate().map(part).collect()
}

impl App {
    /// Everything that had happened to each of the cases as of a moment, in the order of the log: one read. Whoever asks has been shown their rows.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn case_histories(
        &self,
        cases: &[CaseId],
        at: Moment,
    ) -> Result<HashMap<CaseId, Vec<HistoryEvent>>, Fault> {
        self.told(cases, &EventPage { at, limit: u32::MAX, ..EventPage::default() }).await
    }

    /// The same page of the events of each of the cases, with what they say, in the order of the log: one read. Whoever asks has been shown their rows.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn told(&self, cases: &[CaseId], page: &EventPage) -> Result<HashMap<CaseId, Vec<HistoryEvent>>, Fault> {
        let mut histories = HashMap::<CaseId, Vec<HistoryEvent>>::with_capacity(cases.len());
        if cases.is_empty() {
            return Ok(histories);
        }
        for record in self.store.events(&page.of_cases(cases)).await? {
            let Some(stream) = record.stream() else { continue };
            let event = self.aggregates.cases.decode(&record)?;
            histories.entry(stream.aggregate_id.into()).or_default().push(HistoryEvent { record, event });
        }
        Ok(histories)
    }

    /// How many events of each of the cases there are on all pages: one read. Whoever asks has been shown their rows.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_case_events(&self, cases: &[CaseId], page: &EventPage) -> Result<HashMap<CaseId, u64>, Fault> {
        if cases.is_empty() {
            return Ok(HashMap::new());
        }
        let all = EventPage { after: None, before: None, ..page.clone() };
        let counted = self.store.count_events(&all.of_cases(cases)).await?;
        Ok(counted.into_iter().map(|(id, count)| (id.into(), count)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::event::AssignmentAccepted;
    use crate::domain::fixtures::recorded;

    fn told(sequence: u64, position: u64, occurred_at: &str) -> HistoryEvent {
        let event = Recorded { occurred_at: occurred_at.parse().unwrap(), ..recorded(AssignmentAccepted {}) };
        let record = EventRecord {
            position,
            aggregate_type: "Case".to_owned(),
            aggregate_id: String::new(),
            sequence,
            event_type: "AssignmentAccepted".to_owned(),
            event_version: "1.0".to_owned(),
            payload: String::new(),
            metadata: String::new(),
            recorded_at: 0,
            actor: String::new(),
            command_id: String::new(),
            entry: Vec::new(),
            leaf_hash: [0; 32],
        };
        HistoryEvent { record, event }
    }

    #[test]
    fn an_event_belongs_to_what_knows_of_it() {
        let history = [told(1, 10, "2026-03-02T00:00:00Z"), told(2, 20, "2026-03-01T00:00:00Z")];
        let at = |position| CasePoint::Moment(Moment::Position(position));
        let by =
            |day: &str| CasePoint::Moment(Moment::Occurred(day.parse::<jiff::Timestamp>().unwrap().as_microsecond()));
        let now = CasePoint::Moment(Moment::Present);
        assert_eq!(parts(&history, CasePoint::Version(0), now), Ok(vec![Part::Later, Part::Later]));
        assert_eq!(parts(&history, CasePoint::Version(1), at(20)), Ok(vec![Part::Both, Part::Later]));
        assert_eq!(parts(&history, at(9), at(19)), Ok(vec![Part::Later, Part::Neither]));
        assert_eq!(parts(&history, at(20), CasePoint::Version(1)), Err(Reversed));
        // The second was recorded later, and happened earlier.
        assert_eq!(parts(&history, by("2026-03-01T12:00:00Z"), now), Ok(vec![Part::Later, Part::Both]));
        assert_eq!(parts(&history, CasePoint::Version(1), by("2026-03-01T12:00:00Z")), Err(Reversed));
        // Of what had happened the third event is the second.
        let happened = [told(1, 10, "2026-03-01T00:00:00Z"), told(3, 30, "2026-03-01T00:00:00Z")];
        assert_eq!(parts(&happened, CasePoint::Version(1), CasePoint::Version(2)), Ok(vec![Part::Both, Part::Later]));
    }
}
