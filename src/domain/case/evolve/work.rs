//! What is done about a difficulty, from triage to trial.

use jiff::Timestamp;

use crate::domain::case::event::{
    CaseFact, CaseTriaged, ExpertJoined, FindingRecorded, ResearchAssigned, ResearchReassigned, RoutineServiceProvided,
    SolutionProposed, SolutionReviewed, TrialResultRecorded, TrialStarted,
};
use crate::domain::case::state::{
    Assignment, File, Finding, Membership, Review, RoutineService, Solution, Triage, Trial,
};
use crate::domain::case::values::{Status, Verdict};
use crate::domain::event::Recorded;
use crate::domain::value::{InstitutionId, PersonId, calendar};

impl File {
    pub(super) fn case_triaged(&mut self, fact: &CaseTriaged, at: Timestamp) {
        let at_first = match (&fact.correction_reason, &self.triage) {
            (None, _) => at,
            (Some(_), Some(sorted)) => sorted.at,
            // Dated before what it corrects: as of then there is nothing to sort anew.
            (Some(_), None) => return,
        };
        let (category, kind, severity) = (fact.category.clone(), fact.kind, fact.severity);
        self.triage = Some(Triage { at: at_first, category, kind, severity });
        if fact.correction_reason.is_none() {
            self.move_to(Status::Triaged, at);
        }
    }

    pub(super) fn routine_service_provided(&mut self, fact: &RoutineServiceProvided, at: Timestamp) {
        self.routine_service = Some(RoutineService {
            institution: fact.institution,
            certificate: fact.certificate.clone(),
            report: fact.report.clone(),
            regulation: fact.regulation.clone(),
            at,
        });
        self.move_to(Status::AwaitingConfirmation, at);
    }

    pub(super) fn research_assigned(&mut self, fact: &ResearchAssigned, at: Timestamp) {
        self.assign(fact.institution, fact.lead, at);
        self.set_deadline(fact.deadline, calendar::date_of(at));
    }

    pub(super) fn research_reassigned(&mut self, fact: &ResearchReassigned, at: Timestamp) {
        self.assign(fact.institution, fact.lead, at);
        if let Some(deadline) = fact.deadline {
            self.set_deadline(deadline, calendar::date_of(at));
        }
    }

    fn assign(&mut self, institution: InstitutionId, lead: PersonId, at: Timestamp) {
        self.assignment = Some(Assignment { institution, lead, assigned_at: at, accepted_at: None });
        self.move_to(Status::Assigned, at);
    }

    pub(super) fn assignment_accepted(&mut self, at: Timestamp) {
        if let Some(assignment) = &mut self.assignment {
            assignment.accepted_at = Some(at);
            self.worked_on_it.insert(assignment.lead.into());
        }
        self.move_to(Status::Researching, at);
    }

    pub(super) fn assignment_declined(&mut self, at: Timestamp) {
        self.assignment = None;
        self.move_to(Status::Triaged, at);
    }

    pub(super) fn expert_joined(&mut self, fact: &ExpertJoined) {
        self.experts.insert(fact.expert, Membership::Active);
        self.worked_on_it.insert(fact.expert.into());
    }

    pub(super) fn finding_recorded(&mut self, fact: &FindingRecorded, event: &Recorded<CaseFact>) {
        self.worked_on_it.insert(event.by.clone());
        self.findings.push(Finding {
            id: fact.id,
            by: event.by.clone(),
            at: event.occurred_at,
            text: fact.text.clone(),
            citations: fact.citations.clone(),
        });
    }

    pub(super) fn solution_proposed(&mut self, fact: &SolutionProposed, event: &Recorded<CaseFact>) {
        self.worked_on_it.insert(event.by.clone());
        self.solution = Some(Solution {
            by: event.by.clone(),
            at: event.occurred_at,
            description: fact.description.clone(),
            findings: fact.findings.clone(),
            citations: fact.citations.clone(),
            reviews: Vec::new(),
        });
        // A trial of an earlier solution says nothing about this one.
        self.trial = None;
        self.move_to(Status::SolutionProposed, event.occurred_at);
    }

    pub(super) fn solution_reviewed(&mut self, fact: &SolutionReviewed, event: &Recorded<CaseFact>) {
        let at = event.occurred_at;
        if let Some(solution) = &mut self.solution {
            let (by, comment) = (event.by.clone(), fact.comment.clone());
            solution.reviews.push(Review { by, at, verdict: fact.verdict, comment });
        }
        match fact.verdict {
            Verdict::Approved => {}
            Verdict::ChangesRequested => self.move_to(Status::Researching, at),
        }
    }

    pub(super) fn trial_started(&mut self, fact: &TrialStarted, at: Timestamp) {
        self.trial = Some(Trial { plan: fact.plan.clone(), started_at: at, outcome: None });
        self.move_to(Status::OnTrial, at);
    }

    pub(super) fn trial_result_recorded(&mut self, fact: &TrialResultRecorded, event: &Recorded<CaseFact>) {
        if let Some(trial) = &mut self.trial {
            trial.outcome = Some((fact.passed, fact.summary.clone()));
        }
        if let Some(measurement) = &fact.measurement {
            self.measured(measurement, event);
        }
        let status = match fact.passed {
            true => Status::AwaitingConfirmation,
            false => Status::Researching,
        };
        self.move_to(status, event.occurred_at);
    }
}
