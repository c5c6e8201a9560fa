//! Events → what they add to the figures.
//!
//! Statistics and annual summaries are sums over these rows, so that each figure can name the events it rests on.

use crate::domain::case::Case;
use crate::domain::case::event::CaseFact;
use crate::domain::case::state::File;
use crate::domain::case::values::Status;
use crate::domain::enterprise::event::EnterpriseFact;
use crate::domain::event::Recorded;
use crate::domain::value::{CapabilityGap, calendar};
use crate::store::{FigureKind, FigureRow, GAP_CLOSED, GAP_STANDS};

/// What the events that have led a case from `before` to `after` add to the figures.
#[must_use]
pub fn of_case(before: &Case, events: &[Recorded<CaseFact>], after: &Case) -> Vec<FigureRow> {
    let mut rows = Vec::new();
    // The usual append has one event: then nothing is folded here again.
    let mut reached: Option<Case> = None;
    for (events_after, event) in (0..events.len() as u64).rev().zip(events) {
        let earlier = reached.as_ref().unwrap_or(before);
        let later = (events_after > 0).then(|| {
            let mut folded = earlier.clone();
            folded.evolve(event);
            folded
        });
        let had = earlier.file.as_ref();
        if let Some(file) = &later.as_ref().unwrap_or(after).file {
            let author = Author { event, events_after };
            rows.extend(entered(had, file).map(|status| author.row(FigureKind::Entered, status.name())));
            rows.extend(author.of_the_fact(file));
        }
        reached = later;
    }
    rows
}

/// What the events of an enterprise add to the figures.
#[must_use]
pub fn of_enterprise(events: &[Recorded<EnterpriseFact>]) -> Vec<FigureRow> {
    let numbered = (0..events.len() as u64).rev().zip(events);
    let rows = numbered.filter_map(|(events_after, event)| {
        let author = Author { event, events_after };
        match &event.fact {
            EnterpriseFact::EnterpriseEnrolled(_) => Some(author.row(FigureKind::Enrolled, "")),
            EnterpriseFact::EnrolmentWithdrawn(_) | EnterpriseFact::ContactErased(_) => None,
            // It counts for the year of the visit, whenever somebody wrote of it.
            EnterpriseFact::FieldVisitRecorded(fact) => {
                Some(FigureRow { counted_on: fact.visited_on.to_string(), ..author.row(FigureKind::Visit, "") })
            }
        }
    });
    rows.collect()
}

/// The status that the case has come into, if it has.
fn entered(had: Option<&File>, file: &File) -> Option<Status> {
    let moved = had.is_none_or(|had| had.status != file.status);
    moved.then_some(file.status)
}

struct Author<'a, F> {
    event: &'a Recorded<F>,
    events_after: u64,
}

impl<F> Author<'_, F> {
    fn row(&self, kind: FigureKind, detail: &str) -> FigureRow {
        FigureRow {
            events_after: self.events_after,
            kind,
            detail: detail.to_owned(),
            number: None,
            amount: None,
            occurred_at: self.event.occurred_at.as_microsecond(),
            counted_on: calendar::date_of(self.event.occurred_at).to_string(),
        }
    }
}

impl Author<'_, CaseFact> {
    /// What the fact adds beside a change of status.
    fn of_the_fact(&self, after: &File) -> Option<FigureRow> {
        match &self.event.fact {
            CaseFact::CaseReopened(_) => Some(self.row(FigureKind::Reopened, "")),
            CaseFact::CaseEscalated(fact) => Some(self.row(FigureKind::Escalated, fact.to.name())),
            CaseFact::DeadlineMissed(_) => Some(self.row(FigureKind::DeadlineMissed, "")),
            CaseFact::RequirementSpecified(_) | CaseFact::MeasurementRecorded(_) => self.gap(after),
            CaseFact::TrialResultRecorded(fact) => fact.measurement.as_ref().and_then(|_| self.gap(after)),
            CaseFact::FeeRecorded(fact) => Some(FigureRow {
                amount: Some(fact.amount.to_string()),
                counted_on: fact.service_date.to_string(),
                ..self.row(FigureKind::Fee, &fact.item.to_string())
            }),
            CaseFact::TrainingDelivered(fact) => {
                Some(FigureRow { number: Some(fact.trainees.into()), ..self.row(FigureKind::Training, "") })
            }
            CaseFact::TechniqueIntroduced(_) => Some(self.row(FigureKind::Technique, "")),
            CaseFact::TypicalCasePublished(_) => Some(self.row(FigureKind::Published, "")),
            CaseFact::CaseReported(_)
            | CaseFact::CaseRenamed(_)
            | CaseFact::CaseTriaged(_)
            | CaseFact::RoutineServiceProvided(_)
            | CaseFact::ResearchAssigned(_)
            | CaseFact::ResearchReassigned(_)
            | CaseFact::AssignmentAccepted(_)
            | CaseFact::AssignmentDeclined(_)
            | CaseFact::ExpertInvited(_)
            | CaseFact::ExpertJoined(_)
            | CaseFact::InvitationDeclined(_)
            | CaseFact::ExpertLeft(_)
            | CaseFact::FindingRecorded(_)
            | CaseFact::SolutionProposed(_)
            | CaseFact::SolutionReviewed(_)
            | CaseFact::TrialStarted(_)
            | CaseFact::SolutionConfirmed(_)
            | CaseFact::CaseResolved(_)
            | CaseFact::SolutionRejected(_)
            | CaseFact::CaseClosed(_)
            | CaseFact::CaseParked(_)
            | CaseFact::CaseUnparked(_)
            | CaseFact::DeadlineSet(_)
            | CaseFact::DeadlineExtended(_)
            | CaseFact::ClockPaused(_)
            | CaseFact::ClockResumed(_)
            | CaseFact::CaseWithdrawn(_)
            | CaseFact::CaseMarkedDuplicate(_)
            | CaseFact::CasesLinked(_)
            | CaseFact::CommentAdded(_)
            | CaseFact::AttachmentAdded(_)
            | CaseFact::TypicalCaseRetracted(_)
            | CaseFact::LegacyActivityRecorded(_)
            | CaseFact::ImportedPersonsErased(_) => None,
        }
    }

    /// The gap after an event that may have moved it. One that leaves nothing to compare says so: the gap before no longer holds.
    fn gap(&self, after: &File) -> Option<FigureRow> {
        let gap = after.capability_gap();
        let detail = match gap.as_ref().map(CapabilityGap::is_closed) {
            None => "",
            Some(true) => GAP_CLOSED,
            Some(false) => GAP_STANDS,
        };
        Some(FigureRow { number: gap.map(|gap| gap.parts_per_million()), ..self.row(FigureKind::Gap, detail) })
    }
}
