//! The histories of cases: their events up to a moment, which of them a point of a case's life knows of, and what they
//! have changed.
//!
//! A history may be long. Whoever goes through one lets others go on meanwhile, and ends where nobody waits any more.

use std::collections::HashMap;

use tokio::task::coop::consume_budget;
use uuid::Uuid;

use crate::app::App;
use crate::app::internal::internal_types;
use crate::app::reads::EventPage;
use crate::app::request::{Fault, with_times};
use crate::domain::actor::Actor;
use crate::domain::case::event::CaseFact;
use crate::domain::case::history::{CaseField, Comparison, FieldDifference, MadeDifference, Part, Steps};
use crate::domain::event::Recorded;
use crate::domain::value::CaseId;
use crate::store::{EventQuery, EventRecord, Moment};

/// An event of a case, as the log has it and as it is understood.
#[derive(Clone, Debug)]
pub struct HistoryEvent {
    /// The record.
    pub record: EventRecord,
    /// What it says.
    pub event: Recorded<CaseFact>,
    /// How many events of its case came before it in what was read, those among them that the reader is not shown.
    pub before: u64,
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
    /// Whether the event is part of what is known of the case at that point.
    #[must_use]
    pub fn knows(self, told: &HistoryEvent) -> bool {
        match self {
            // Of what had happened there may be less than the log has, so that its numbers do not count.
            Self::Version(version) => told.before < version,
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
    let part = |told| match (earlier.knows(told), later.knows(told)) {
        (true, true) => Ok(Part::Both),
        (false, true) => Ok(Part::Later),
        (false, false) => Ok(Part::Neither),
        (true, false) => Err(Reversed),
    };
    history.iter().map(part).collect()
}

/// What differs between two points to which the events are that, and which of them made it so.
pub async fn differences_between(history: &[HistoryEvent], parts: &[Part]) -> Vec<MadeDifference> {
    let mut comparison = Comparison::default();
    for (told, part) in history.iter().zip(parts) {
        comparison.take(&told.event, *part);
        consume_budget().await;
    }
    comparison.differences()
}

/// Every change of one field, in the order of the events; each with the place of the event that made it.
pub async fn changes_of(history: &[HistoryEvent], field: CaseField) -> Vec<(usize, FieldDifference)> {
    let (mut steps, mut changes) = (Steps::default(), Vec::new());
    for (place, told) in history.iter().enumerate() {
        changes.extend(steps.moved(&told.event, &[field]).into_iter().map(|change| (place, change)));
        consume_budget().await;
    }
    changes
}

impl App {
    /// Everything that this actor may see of what had happened to each of the cases as of a moment, in the order of the
    /// log: one read. They have been shown their rows.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn case_histories(
        &self,
        actor: &Actor,
        cases: &[CaseId],
        at: Moment,
    ) -> Result<HashMap<CaseId, Vec<HistoryEvent>>, Fault> {
        if cases.is_empty() {
            return Ok(HashMap::new());
        }
        let whole = EventPage { at, limit: u32::MAX, ..EventPage::default() };
        let events = self.read(&whole.of_cases(cases)).await?;
        Ok(by_case(self.without_internal(actor, events, |told| &told.record).await?))
    }

    /// The same page of what this actor may see of the events of each of the cases, with what they say, in the order of
    /// the log: one read, and another where they may not see all of all of them. They have been shown their rows.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn told(
        &self,
        actor: &Actor,
        cases: &[CaseId],
        page: &EventPage,
    ) -> Result<HashMap<CaseId, Vec<HistoryEvent>>, Fault> {
        let mut events = Vec::new();
        for query in self.pages(actor, cases, page).await? {
            events.extend(self.read(&query).await?);
        }
        Ok(by_case(events))
    }

    /// How many events of each of the cases there are for this actor on all pages. They have been shown their rows.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_case_events(
        &self,
        actor: &Actor,
        cases: &[CaseId],
        page: &EventPage,
    ) -> Result<HashMap<CaseId, u64>, Fault> {
        let all = EventPage { after: None, before: None, ..page.clone() };
        let mut counts = HashMap::with_capacity(cases.len());
        for query in self.pages(actor, cases, &all).await? {
            let counted = self.store.count_events(&query).await?;
            counts.extend(counted.into_iter().map(|(id, count)| (CaseId::from(id), count)));
        }
        Ok(counts)
    }

    /// The page of the cases that the actor sees all of, and that of the others.
    async fn pages(&self, actor: &Actor, cases: &[CaseId], page: &EventPage) -> Result<Vec<EventQuery>, Fault> {
        let ids: Vec<_> = cases.iter().copied().map(Uuid::from).collect();
        let privy = self.privy(actor, &ids).await?;
        let (whole, others): (Vec<_>, Vec<_>) = cases.iter().copied().partition(|id| privy.contains(&Uuid::from(*id)));
        let whole = (!whole.is_empty()).then(|| page.of_cases(&whole));
        let others = (!others.is_empty()).then(|| EventQuery { but_types: internal_types(), ..page.of_cases(&others) });
        Ok(whole.into_iter().chain(others).collect())
    }

    /// What the query finds, and what it says.
    async fn read(&self, query: &EventQuery) -> Result<Vec<HistoryEvent>, Fault> {
        let (mut counts, mut told) = (HashMap::<_, u64>::new(), Vec::new());
        for record in with_times(self.store.events(query).await?)? {
            let event = self.aggregates.cases.decode(&record)?;
            let count = counts.entry(record.stream()).or_default();
            let before = *count;
            *count += 1;
            told.push(HistoryEvent { record, event, before });
            consume_budget().await;
        }
        Ok(told)
    }
}

fn by_case(events: Vec<HistoryEvent>) -> HashMap<CaseId, Vec<HistoryEvent>> {
    let mut histories = HashMap::<CaseId, Vec<HistoryEvent>>::new();
    for told in events {
        let Some(stream) = told.record.stream() else { continue };
        histories.entry(stream.aggregate_id.into()).or_default().push(told);
    }
    histories
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::domain::case::event::AssignmentAccepted;
    use crate::domain::fixtures::recorded;

    fn told(before: u64, position: u64, occurred_at: &str) -> HistoryEvent {
        let event = Recorded { occurred_at: occurred_at.parse().unwrap(), ..recorded(AssignmentAccepted {}) };
        let record = EventRecord {
            position,
            aggregate_type: "Case".to_owned(),
            aggregate_id: String::new(),
            sequence: before + 1,
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
        HistoryEvent { record, event, before }
    }

    #[test]
    fn an_event_belongs_to_what_knows_of_it() {
        let history = [told(0, 10, "2026-03-02T00:00:00Z"), told(1, 20, "2026-03-01T00:00:00Z")];
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
        // An event between them is not shown, and counts.
        let shown = [told(0, 10, "2026-03-01T00:00:00Z"), told(2, 30, "2026-03-01T00:00:00Z")];
        assert_eq!(parts(&shown, CasePoint::Version(1), CasePoint::Version(2)), Ok(vec![Part::Both, Part::Neither]));
        assert_eq!(parts(&shown, CasePoint::Version(2), CasePoint::Version(3)), Ok(vec![Part::Both, Part::Later]));
    }

    #[tokio::test]
    async fn a_long_history_lets_others_go_on_and_ends_where_nobody_waits() {
        let history: Vec<_> = (0..1_000).map(|place| told(place, place, "2026-03-01T00:00:00Z")).collect();
        let parts = vec![Part::Later; history.len()];
        assert_eq!(differences_between(&history, &parts).now_or_never(), None);
        assert_eq!(changes_of(&history, CaseField::Status).now_or_never(), None);
        assert_eq!(differences_between(&history, &parts).await, []);
        assert_eq!(changes_of(&history, CaseField::Status).await, []);
    }
}
