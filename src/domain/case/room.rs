//! How much a case holds of what is only said or kept: it is in memory whole, and nothing of it goes away again. No step
//! of its life depends on it, so that whoever finds no room goes on with the case all the same.

use crate::domain::case::command::CaseCommand;
use crate::domain::case::event::CaseFact;
use crate::domain::case::state::File;
use crate::domain::event::Recorded;
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};

/// The most bytes of it in a case. What the log holds from before this limit stays as it is.
const MOST_BYTES: u64 = 16 << 20;

/// The most of them by one actor, so that nobody leaves the others without room.
const MOST_BYTES_OF_ONE: u64 = MOST_BYTES / 4;

/// What a record takes beside its texts.
const RECORD_BYTES: u64 = 256;

impl File {
    /// Counts what the event brings. What comes from another tracker's log comes in whatever it takes, and leaves the room
    /// of everybody here as it is.
    pub(super) fn take_room(&mut self, event: &Recorded<CaseFact>) {
        let bytes = bytes_of(&event.fact);
        if bytes > 0 && event.source.is_none() {
            *self.said_bytes.entry(event.by.clone()).or_default() += bytes;
        }
    }

    /// Whether there is room for what is decided. For the first finding there always is: a solution rests on one.
    ///
    /// # Errors
    /// `CASE_FULL`.
    pub(super) fn check_room(&self, order: &Order<CaseCommand>, facts: &[CaseFact]) -> Result<(), Refusal> {
        let needs_room = |fact: &&CaseFact| !(self.findings.is_empty() && matches!(fact, CaseFact::FindingRecorded(_)));
        let more: u64 = facts.iter().filter(needs_room).map(bytes_of).sum();
        if more == 0 || order.source.is_some() {
            return Ok(());
        }
        let own = self.said_bytes.get(&order.by.id).copied().unwrap_or_default();
        let all: u64 = self.said_bytes.values().sum();
        let full = |held: u64, of: &str, most: u64| {
            let message = format!(
                "{held} bytes of what is only said or kept are in this case{of}, and this takes {more} more: {most} at most"
            );
            Err(Refusal::new(Code::CaseFull, "", message))
        };
        if own + more > MOST_BYTES_OF_ONE {
            return full(own, " by you", MOST_BYTES_OF_ONE);
        }
        if all + more > MOST_BYTES {
            return full(all, "", MOST_BYTES);
        }
        Ok(())
    }
}

/// What it takes, where it is only said or kept; 0 for everything else.
fn bytes_of(fact: &CaseFact) -> u64 {
    let texts = match fact {
        CaseFact::FindingRecorded(fact) => {
            let citations = fact.citations.iter().map(|citation| citation.as_str().len());
            fact.text.as_str().len() + citations.sum::<usize>()
        }
        CaseFact::CommentAdded(fact) => fact.text.as_str().len(),
        CaseFact::InternalCommentAdded(fact) => fact.text.as_str().len(),
        CaseFact::AttachmentAdded(fact) => fact.name.as_str().len(),
        CaseFact::TechniqueIntroduced(fact) => {
            let origin = fact.source.origin.as_ref().map_or(0, |origin| origin.as_str().len());
            fact.technique.as_str().len() + fact.source.reference.as_str().len() + origin
        }
        CaseFact::TrainingDelivered(fact) => fact.topic.as_str().len(),
        CaseFact::CaseReported(_)
        | CaseFact::RequirementSpecified(_)
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
        | CaseFact::ExpertRemoved(_)
        | CaseFact::MeasurementRecorded(_)
        | CaseFact::MeasurementRetracted(_)
        | CaseFact::SolutionProposed(_)
        | CaseFact::SolutionReviewed(_)
        | CaseFact::TrialStarted(_)
        | CaseFact::TrialResultRecorded(_)
        | CaseFact::SolutionConfirmed(_)
        | CaseFact::CaseResolved(_)
        | CaseFact::SolutionRejected(_)
        | CaseFact::CaseClosed(_)
        | CaseFact::CaseReopened(_)
        | CaseFact::CaseEscalated(_)
        | CaseFact::CaseParked(_)
        | CaseFact::CaseUnparked(_)
        | CaseFact::DeadlineSet(_)
        | CaseFact::DeadlineExtended(_)
        | CaseFact::DeadlineMissed(_)
        | CaseFact::ClockPaused(_)
        | CaseFact::ClockResumed(_)
        | CaseFact::CaseWithdrawn(_)
        | CaseFact::CaseMarkedDuplicate(_)
        | CaseFact::CasesLinked(_)
        | CaseFact::CasesUnlinked(_)
        | CaseFact::FeeRecorded(_)
        | CaseFact::FeeRetracted(_)
        | CaseFact::TypicalCasePublished(_)
        | CaseFact::TypicalCaseRetracted(_)
        | CaseFact::LegacyActivityRecorded(_)
        | CaseFact::ImportedPersonsErased(_) => return 0,
    };
    RECORD_BYTES + texts as u64
}
