//! What is known of a case after one more event. Total: an event of the log never fails, however old,
//! and one that finds no case to belong to changes nothing.

mod ending;
mod measuring;
mod moves;
mod opening;
mod records;
mod waiting;
mod work;

use crate::domain::case::event::CaseFact;
use crate::domain::case::state::{Case, File, Link, Membership, Technique};
use crate::domain::case::values::{Audience, Status};
use crate::domain::event::Recorded;

impl Case {
    /// Takes an event in.
    pub fn evolve(&mut self, event: &Recorded<CaseFact>) {
        if self.file.is_none() {
            self.file = File::opened(event);
        }
        if let Some(file) = &mut self.file {
            file.evolve(event);
        }
    }
}

impl File {
    fn evolve(&mut self, event: &Recorded<CaseFact>) {
        let at = event.occurred_at;
        match &event.fact {
            // What they open was taken up in `opened`; a case is not opened twice.
            CaseFact::CaseReported(_) | CaseFact::LegacyActivityRecorded(_) => {}
            CaseFact::RequirementSpecified(fact) => self.state_requirement(fact, at),
            CaseFact::CaseRenamed(fact) => self.title = fact.to.clone(),
            CaseFact::CaseTriaged(fact) => self.case_triaged(fact, at),
            CaseFact::RoutineServiceProvided(fact) => self.routine_service_provided(fact, at),
            CaseFact::ResearchAssigned(fact) => self.research_assigned(fact, at),
            CaseFact::ResearchReassigned(fact) => self.research_reassigned(fact, at),
            CaseFact::AssignmentAccepted(_) => self.assignment_accepted(at),
            CaseFact::AssignmentDeclined(_) => self.assignment_declined(at),
            CaseFact::ExpertInvited(fact) => {
                self.experts.insert(fact.expert, Membership::Invited);
            }
            CaseFact::ExpertJoined(fact) => self.expert_joined(fact),
            CaseFact::InvitationDeclined(fact) => {
                self.experts.insert(fact.expert, Membership::Declined);
            }
            CaseFact::ExpertLeft(fact) => {
                self.experts.insert(fact.expert, Membership::Left);
            }
            CaseFact::ExpertRemoved(fact) => {
                self.experts.insert(fact.expert, Membership::Removed);
            }
            CaseFact::FindingRecorded(fact) => self.finding_recorded(fact, event),
            CaseFact::MeasurementRecorded(fact) => self.measured(fact, event),
            CaseFact::MeasurementRetracted(fact) => self.measurement_retracted(fact, event),
            CaseFact::SolutionProposed(fact) => self.solution_proposed(fact, event),
            CaseFact::SolutionReviewed(fact) => self.solution_reviewed(fact, event),
            CaseFact::TrialStarted(fact) => self.trial_started(fact, at),
            CaseFact::TrialResultRecorded(fact) => self.trial_result_recorded(fact, event),
            CaseFact::SolutionConfirmed(fact) => self.solution_confirmed(fact, at),
            CaseFact::CaseResolved(fact) => self.case_resolved(fact, at),
            CaseFact::SolutionRejected(_) => self.take_up_again(at),
            CaseFact::CaseClosed(fact) => self.case_closed(fact, at),
            CaseFact::CaseReopened(_) => self.case_reopened(at),
            CaseFact::CaseEscalated(fact) => self.case_escalated(fact, event),
            CaseFact::CaseParked(fact) => self.case_parked(fact, event),
            CaseFact::CaseUnparked(fact) => self.case_unparked(fact, at),
            CaseFact::DeadlineSet(fact) => self.deadline_set(fact.deadline, event),
            CaseFact::DeadlineExtended(fact) => self.deadline_set(fact.to, event),
            CaseFact::DeadlineMissed(_) => self.deadline_missed(at),
            // No answer to a missed deadline, which goes on waiting for one: whoever is late would give it to themselves.
            CaseFact::ClockPaused(fact) => self.paused_from = Some(fact.from),
            CaseFact::ClockResumed(fact) => self.clock_resumed(fact),
            CaseFact::CaseWithdrawn(_) => self.move_to(Status::Withdrawn, at),
            CaseFact::CaseMarkedDuplicate(fact) => self.case_marked_duplicate(fact, at),
            CaseFact::CasesLinked(fact) => self.links.push(Link { other: fact.other, relation: fact.relation }),
            CaseFact::CasesUnlinked(fact) => {
                let taken_back = Link { other: fact.other, relation: fact.relation };
                self.links.retain(|link| *link != taken_back);
            }
            CaseFact::FeeRecorded(fact) => self.fee_recorded(fact, at),
            CaseFact::FeeRetracted(fact) => self.fee_retracted(fact, event),
            CaseFact::TechniqueIntroduced(fact) => {
                self.techniques.push(Technique { technique: fact.technique.clone(), source: fact.source.clone(), at })
            }
            CaseFact::TrainingDelivered(fact) => self.training_delivered(fact, at),
            CaseFact::CommentAdded(fact) => self.comment_added(fact.id, &fact.text, Audience::Everybody, event),
            CaseFact::InternalCommentAdded(fact) => self.comment_added(fact.id, &fact.text, Audience::Internal, event),
            CaseFact::AttachmentAdded(fact) => self.attachment_added(fact, event),
            CaseFact::TypicalCasePublished(fact) => self.typical_case_published(fact, at),
            CaseFact::TypicalCaseRetracted(_) => self.publication = None,
            CaseFact::ImportedPersonsErased(_) => self.imported_persons_erased(),
        }
        self.take_room(event);
        self.count_import(event);
    }
}
