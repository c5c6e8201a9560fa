//! How a case ends, and what becomes of it then.

use jiff::Timestamp;

use crate::domain::case::event::{
    CaseClosed, CaseMarkedDuplicate, CaseResolved, SolutionConfirmed, TypicalCasePublished,
};
use crate::domain::case::state::{File, Publication, Resolution};
use crate::domain::case::values::Status;

impl File {
    /// What the enterprise said; `CaseResolved` of the same decision adds the gap and moves the case.
    pub(super) fn solution_confirmed(&mut self, fact: &SolutionConfirmed, at: Timestamp) {
        self.resolution = Some(Resolution {
            at,
            gap: None,
            statement: fact.statement.clone(),
            shortfall_accepted: fact.shortfall_accepted.clone(),
        });
    }

    pub(super) fn case_resolved(&mut self, fact: &CaseResolved, at: Timestamp) {
        let nothing_said = Resolution { at, gap: None, statement: None, shortfall_accepted: None };
        self.resolution.get_or_insert(nothing_said).gap = fact.gap.clone();
        self.move_to(Status::Resolved, at);
    }

    pub(super) fn case_closed(&mut self, fact: &CaseClosed, at: Timestamp) {
        self.lesson = Some(fact.lesson.clone());
        self.move_to(Status::Closed, at);
    }

    pub(super) fn case_marked_duplicate(&mut self, fact: &CaseMarkedDuplicate, at: Timestamp) {
        self.duplicate_of = Some(fact.of);
        self.move_to(Status::Duplicate, at);
    }

    pub(super) fn case_reopened(&mut self, at: Timestamp) {
        self.resolution = None;
        self.lesson = None;
        // The deadline was for what has ended, be it in a solution or in another case; another one has to be set.
        self.deadline = None;
        self.duplicate_of = None;
        self.reopened = self.reopened.saturating_add(1);
        self.take_up_again(at);
    }

    pub(super) fn typical_case_published(&mut self, fact: &TypicalCasePublished, at: Timestamp) {
        self.publication = Some(Publication { at, summary: fact.summary.clone(), consent: fact.consent.clone() });
    }
}
