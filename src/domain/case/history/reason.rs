//! Why something happened, where its author had to say so, or did.

use crate::domain::case::event::CaseFact;
use crate::domain::value::Statement;

impl CaseFact {
    /// The reason that was given.
    #[must_use]
    pub fn reason(&self) -> Option<&Statement> {
        match self {
            Self::RequirementSpecified(fact) => fact.correction_reason.as_ref(),
            Self::CaseRenamed(fact) => fact.reason.as_ref(),
            Self::CaseTriaged(fact) => fact.correction_reason.as_ref(),
            Self::ResearchReassigned(fact) => Some(&fact.reason),
            Self::AssignmentDeclined(fact) => Some(&fact.reason),
            Self::InvitationDeclined(fact) => fact.reason.as_ref(),
            Self::ExpertLeft(fact) => fact.reason.as_ref(),
            Self::ExpertRemoved(fact) => Some(&fact.reason),
            Self::MeasurementRetracted(fact) => Some(&fact.reason),
            Self::SolutionReviewed(fact) => Some(&fact.comment),
            Self::SolutionConfirmed(fact) => fact.shortfall_accepted.as_ref(),
            Self::SolutionRejected(fact) => Some(&fact.reason),
            Self::CaseReopened(fact) => Some(&fact.reason),
            Self::CaseEscalated(fact) => Some(&fact.reason),
            Self::CaseParked(fact) => Some(&fact.reason),
            Self::CaseUnparked(fact) => fact.reason.as_ref(),
            Self::DeadlineExtended(fact) => Some(&fact.reason),
            Self::ClockPaused(fact) => Some(&fact.reason),
            Self::CaseWithdrawn(fact) => Some(&fact.reason),
            Self::CasesUnlinked(fact) => Some(&fact.reason),
            Self::FeeRetracted(fact) => Some(&fact.reason),
            Self::TypicalCaseRetracted(fact) => Some(&fact.reason),
            Self::ImportedPersonsErased(fact) => Some(&fact.reason),
            Self::CaseReported(_)
            | Self::RoutineServiceProvided(_)
            | Self::ResearchAssigned(_)
            | Self::AssignmentAccepted(_)
            | Self::ExpertInvited(_)
            | Self::ExpertJoined(_)
            | Self::FindingRecorded(_)
            | Self::MeasurementRecorded(_)
            | Self::SolutionProposed(_)
            | Self::TrialStarted(_)
            | Self::TrialResultRecorded(_)
            | Self::CaseResolved(_)
            | Self::CaseClosed(_)
            | Self::DeadlineSet(_)
            | Self::DeadlineMissed(_)
            | Self::ClockResumed(_)
            | Self::CaseMarkedDuplicate(_)
            | Self::CasesLinked(_)
            | Self::FeeRecorded(_)
            | Self::TechniqueIntroduced(_)
            | Self::TrainingDelivered(_)
            | Self::CommentAdded(_)
            | Self::InternalCommentAdded(_)
            | Self::AttachmentAdded(_)
            | Self::TypicalCasePublished(_)
            | Self::LegacyActivityRecorded(_) => None,
        }
    }
}
