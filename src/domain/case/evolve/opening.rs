//! The first event of a case, and what is known from it.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::case::event::{CaseFact, CaseReported, LegacyOpening};
use crate::domain::case::state::{File, Step};
use crate::domain::case::values::{Origin, Status};
use crate::domain::event::Recorded;

impl File {
    /// The case that an event opens, if it is one that does.
    pub(super) fn opened(event: &Recorded<CaseFact>) -> Option<Self> {
        let (case, origin) = if let CaseFact::CaseReported(reported) = &event.fact {
            (LegacyOpening::from(reported), reported.origin.clone())
        } else if let CaseFact::LegacyActivityRecorded(activity) = &event.fact {
            (activity.opening.clone()?, Origin::Import)
        } else {
            return None;
        };
        Some(Self {
            level: case.division.level(),
            number: case.number,
            title: case.title,
            problem: case.problem,
            enterprise: case.enterprise,
            campaign: case.campaign,
            division: case.division,
            origin,
            reported_by: event.by.clone(),
            reported_at: event.occurred_at,
            status: Status::Reported,
            last_step: Step { number: 1, at: event.occurred_at },
            triage: None,
            requirements: Vec::new(),
            routine_service: None,
            assignment: None,
            experts: BTreeMap::new(),
            worked_on_it: BTreeSet::new(),
            findings: Vec::new(),
            measurements: Vec::new(),
            solution: None,
            trial: None,
            resolution: None,
            lesson: None,
            deadline: None,
            paused_from: None,
            parked_from: None,
            parked_until: None,
            duplicate_of: None,
            links: Vec::new(),
            fees: Vec::new(),
            techniques: Vec::new(),
            trainings: Vec::new(),
            comments: Vec::new(),
            attachments: Vec::new(),
            said_bytes: BTreeMap::new(),
            publication: None,
            reopened: 0,
            legacy: None,
        })
    }
}

impl From<&CaseReported> for LegacyOpening {
    fn from(reported: &CaseReported) -> Self {
        Self {
            number: reported.number.clone(),
            title: reported.title.clone(),
            problem: reported.problem.clone(),
            enterprise: reported.enterprise,
            campaign: reported.campaign,
            division: reported.division.clone(),
        }
    }
}
