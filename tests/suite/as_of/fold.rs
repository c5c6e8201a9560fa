//! A small fold of the log, written a second time: what a case is called, where it is, at which level and until when.

use std::collections::BTreeMap;

use etalon::app::EventRecord;
use etalon::domain::case::event::CaseFact;
use etalon::domain::case::values::Verdict;
use etalon::domain::event::Recorded;
use serde_json::{Value, json};

use crate::interchange::support::case_event;

/// An event of a case, and what it says.
pub struct Told {
    pub record: EventRecord,
    pub event: Recorded<CaseFact>,
}

/// The events of cases among the records.
pub fn told(records: Vec<EventRecord>) -> Vec<Told> {
    let of_cases = records.into_iter().filter(|record| record.aggregate_type == "Case");
    of_cases.map(|record| Told { event: case_event(&record), record }).collect()
}

/// What is known of a case.
#[derive(Clone, Debug)]
pub struct Known {
    title: String,
    status: &'static str,
    level: &'static str,
    deadline: Option<String>,
    assigned: bool,
    positions: Vec<u64>,
}

/// The cases by number, after those of the events that count, in the order of the log.
pub fn fold<'a>(events: impl Iterator<Item = &'a Told>) -> BTreeMap<String, Known> {
    let mut by_id: BTreeMap<&str, (String, Known)> = BTreeMap::new();
    for Told { record, event } in events {
        let opening = match &event.fact {
            CaseFact::CaseReported(fact) => Some((&fact.number, &fact.title, &fact.division)),
            CaseFact::LegacyActivityRecorded(fact) => {
                fact.opening.as_ref().map(|opening| (&opening.number, &opening.title, &opening.division))
            }
            _ => None,
        };
        if let Some((number, title, division)) = opening {
            let known = Known {
                title: title.to_string(),
                status: "REPORTED",
                level: division.level().name(),
                deadline: None,
                assigned: false,
                positions: Vec::new(),
            };
            by_id.entry(&record.aggregate_id).or_insert((number.to_string(), known));
        }
        if let Some((_, known)) = by_id.get_mut(record.aggregate_id.as_str()) {
            known.positions.push(record.position);
            known.take_up(&event.fact);
        }
    }
    by_id.into_values().collect()
}

impl Known {
    fn take_up(&mut self, fact: &CaseFact) {
        let back = if self.assigned { "RESEARCHING" } else { "TRIAGED" };
        let (status, deadline) = match fact {
            CaseFact::CaseTriaged(_) => (Some("TRIAGED"), None),
            CaseFact::RoutineServiceProvided(_) => (Some("AWAITING_CONFIRMATION"), None),
            CaseFact::ResearchAssigned(fact) => (Some("ASSIGNED"), Some(fact.deadline)),
            CaseFact::ResearchReassigned(fact) => (Some("ASSIGNED"), fact.deadline),
            CaseFact::AssignmentAccepted(_) => (Some("RESEARCHING"), None),
            CaseFact::AssignmentDeclined(_) => (Some("TRIAGED"), None),
            CaseFact::SolutionProposed(_) => (Some("SOLUTION_PROPOSED"), None),
            CaseFact::SolutionReviewed(fact) if fact.verdict == Verdict::ChangesRequested => {
                (Some("RESEARCHING"), None)
            }
            CaseFact::TrialStarted(_) => (Some("ON_TRIAL"), None),
            CaseFact::TrialResultRecorded(fact) if fact.passed => (Some("AWAITING_CONFIRMATION"), None),
            CaseFact::TrialResultRecorded(_) => (Some("RESEARCHING"), None),
            CaseFact::CaseResolved(_) => (Some("RESOLVED"), None),
            CaseFact::SolutionRejected(_) | CaseFact::CaseReopened(_) => (Some(back), None),
            CaseFact::CaseClosed(_) => (Some("CLOSED"), None),
            CaseFact::CaseWithdrawn(_) => (Some("WITHDRAWN"), None),
            CaseFact::CaseMarkedDuplicate(_) => (Some("DUPLICATE"), None),
            CaseFact::DeadlineSet(fact) => (None, Some(fact.deadline)),
            CaseFact::DeadlineExtended(fact) => (None, Some(fact.to)),
            CaseFact::ClockResumed(fact) => (None, fact.deadline),
            _ => (None, None),
        };
        self.status = status.unwrap_or(self.status);
        self.deadline = deadline.map(|day| day.to_string()).or(self.deadline.take());
        match fact {
            CaseFact::ResearchAssigned(_) | CaseFact::ResearchReassigned(_) => self.assigned = true,
            CaseFact::AssignmentDeclined(_) => self.assigned = false,
            CaseFact::CaseReopened(_) => self.deadline = None,
            CaseFact::CaseEscalated(fact) => self.level = fact.to.name(),
            CaseFact::CaseRenamed(fact) => self.title = fact.to.to_string(),
            _ => {}
        }
    }
}

/// What `SHOWN` has to answer of these cases.
pub fn shown(known: &BTreeMap<String, Known>) -> Value {
    let node = |(number, known): (&String, &Known)| {
        let events = known.positions.iter().map(|position| json!({ "position": position.to_string() }));
        json!({
            "number": number, "title": known.title, "status": known.status, "level": known.level,
            "deadline": known.deadline, "events": { "nodes": events.collect::<Vec<_>>() },
        })
    };
    json!({ "totalCount": known.len(), "nodes": known.iter().map(node).collect::<Vec<_>>() })
}

/// The question whose answer the fold foretells.
pub const SHOWN: &str = "cases(first: 100, orderBy: [{ field: NUMBER }]) {
    totalCount nodes { number title status level deadline events(first: 100) { nodes { position } } }
}";
