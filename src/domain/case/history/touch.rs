//! Which fields an event may move: no other has to be compared for it.

use crate::domain::case::event::CaseFact;
use crate::domain::case::history::CaseField;
use crate::domain::event::Recorded;

/// Whether the event may move that field of a case that is there already.
pub(super) fn may_move(event: &Recorded<CaseFact>, field: CaseField) -> bool {
    let is_counted = event.source.is_some() && matches!(field, CaseField::Imported | CaseField::Concluded);
    is_counted || fact_may_move(&event.fact, field)
}

fn fact_may_move(fact: &CaseFact, field: CaseField) -> bool {
    use CaseField as F;
    match fact {
        // A case is not opened twice.
        CaseFact::CaseReported(_) | CaseFact::LegacyActivityRecorded(_) => false,
        CaseFact::RequirementSpecified(_) => matches!(field, F::Requirement | F::Gap),
        CaseFact::CaseRenamed(_) => field == F::Title,
        CaseFact::CaseTriaged(_) => matches!(field, F::Category | F::Kind | F::Severity) || is_of_a_step(field),
        CaseFact::RoutineServiceProvided(_) => field == F::RoutineService || is_of_a_step(field),
        CaseFact::ResearchAssigned(_) | CaseFact::ResearchReassigned(_) => {
            is_of_an_assignment(field) || is_of_a_deadline(field) || is_of_a_step(field)
        }
        CaseFact::AssignmentAccepted(_) | CaseFact::AssignmentDeclined(_) => {
            is_of_an_assignment(field) || is_of_a_step(field)
        }
        CaseFact::ExpertInvited(_)
        | CaseFact::ExpertJoined(_)
        | CaseFact::InvitationDeclined(_)
        | CaseFact::ExpertLeft(_)
        | CaseFact::ExpertRemoved(_) => field == F::Experts,
        CaseFact::FindingRecorded(_) => field == F::Findings,
        CaseFact::MeasurementRecorded(_) | CaseFact::MeasurementRetracted(_) => {
            matches!(field, F::Measurements | F::Gap)
        }
        CaseFact::SolutionProposed(_) => matches!(field, F::Solution | F::Trial) || is_of_a_step(field),
        CaseFact::SolutionReviewed(_) => field == F::Solution || is_of_a_step(field),
        CaseFact::TrialStarted(_) => field == F::Trial || is_of_a_step(field),
        CaseFact::TrialResultRecorded(_) => matches!(field, F::Trial | F::Measurements | F::Gap) || is_of_a_step(field),
        CaseFact::SolutionConfirmed(_) => field == F::Resolution,
        CaseFact::CaseResolved(_) => field == F::Resolution || is_of_a_step(field),
        CaseFact::SolutionRejected(_) | CaseFact::CaseWithdrawn(_) => is_of_a_step(field),
        CaseFact::CaseClosed(_) => field == F::Lesson || is_of_a_step(field),
        CaseFact::CaseReopened(_) => {
            matches!(field, F::Resolution | F::Lesson | F::DuplicateOf | F::Reopened)
                || is_of_a_deadline(field)
                || is_of_a_step(field)
        }
        CaseFact::CaseEscalated(_) => matches!(field, F::Level | F::DeadlineMissedOn | F::Concluded),
        CaseFact::CaseParked(_) => matches!(field, F::ParkedUntil | F::DeadlineMissedOn | F::Concluded),
        CaseFact::CaseUnparked(_) => field == F::ParkedUntil || is_of_a_deadline(field),
        CaseFact::DeadlineSet(_) | CaseFact::DeadlineExtended(_) => is_of_a_deadline(field) || field == F::Concluded,
        CaseFact::DeadlineMissed(_) => is_of_a_deadline(field),
        CaseFact::ClockPaused(_) => field == F::PausedFrom,
        CaseFact::ClockResumed(_) => field == F::PausedFrom || is_of_a_deadline(field),
        CaseFact::CaseMarkedDuplicate(_) => field == F::DuplicateOf || is_of_a_step(field),
        CaseFact::CasesLinked(_) | CaseFact::CasesUnlinked(_) => field == F::Links,
        CaseFact::FeeRecorded(_) | CaseFact::FeeRetracted(_) => field == F::Fees,
        CaseFact::TechniqueIntroduced(_) => field == F::Techniques,
        CaseFact::TrainingDelivered(_) => field == F::Trainings,
        CaseFact::CommentAdded(_) | CaseFact::InternalCommentAdded(_) => field == F::Comments,
        CaseFact::AttachmentAdded(_) => field == F::Attachments,
        CaseFact::TypicalCasePublished(_) | CaseFact::TypicalCaseRetracted(_) => field == F::Publication,
        CaseFact::ImportedPersonsErased(_) => field == F::Imported,
    }
}

/// What a step moves: it may answer a missed deadline or have it wait again, ends what waits and the invitations that nobody
/// answered, and takes up what was concluded.
fn is_of_a_step(field: CaseField) -> bool {
    use CaseField as F;
    matches!(field, F::Status | F::DeadlineMissedOn | F::PausedFrom | F::ParkedUntil | F::Experts | F::Concluded)
}

fn is_of_an_assignment(field: CaseField) -> bool {
    use CaseField as F;
    matches!(field, F::Institution | F::Lead | F::AssignedAt | F::AcceptedAt)
}

fn is_of_a_deadline(field: CaseField) -> bool {
    use CaseField as F;
    matches!(field, F::Deadline | F::DeadlineMissedOn | F::DeadlineWasMissed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::event::CommentAdded;
    use crate::domain::case::values::CommentId;
    use crate::domain::fixtures::{recorded, statement};

    #[test]
    fn of_what_is_said_the_list_alone_is_looked_at() {
        let said = recorded(CommentAdded { id: CommentId(uuid::Uuid::nil()), text: statement("三针法") });
        let looked_at: Vec<_> = CaseField::ALL.iter().filter(|field| may_move(&said, **field)).collect();
        assert_eq!(looked_at, [&CaseField::Comments]);
    }
}
