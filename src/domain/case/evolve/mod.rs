//! What is known of a case after one more event. Total: an event of the log never fails, however old,
//! and one that finds no case to belong to changes nothing.

mod measuring;
mod moves;
mod opening;

use crate::domain::actor::ActorId;
use crate::domain::case::event::CaseFact;
use crate::domain::case::evolve::measuring::retract;
use crate::domain::case::state::{
    Assignment, Attachment, Case, Comment, Fee, File, Finding, Link, Membership, Publication, Resolution, Review,
    RoutineService, Solution, Technique, Training, Triage, Trial,
};
use crate::domain::case::values::{Audience, Status, Verdict};
use crate::domain::event::Recorded;
use crate::domain::value::calendar;

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
        let by = || event.by.clone();
        match &event.fact {
            // What they open was taken up in `opened`; a case is not opened twice.
            CaseFact::CaseReported(_) | CaseFact::LegacyActivityRecorded(_) => {}
            CaseFact::RequirementSpecified(fact) => self.state_requirement(&fact.requirement, at),
            CaseFact::CaseRenamed(fact) => self.title = fact.to.clone(),
            CaseFact::CaseTriaged(fact) => {
                self.triage =
                    Some(Triage { category: fact.category.clone(), kind: fact.kind, severity: fact.severity });
                self.move_to(Status::Triaged, at);
            }
            CaseFact::RoutineServiceProvided(fact) => {
                self.routine_service = Some(RoutineService {
                    institution: fact.institution,
                    certificate: fact.certificate.clone(),
                    report: fact.report.clone(),
                    regulation: fact.regulation.clone(),
                    at,
                });
                self.move_to(Status::AwaitingConfirmation, at);
            }
            CaseFact::ResearchAssigned(fact) => {
                self.assignment = Some(Assignment {
                    institution: fact.institution,
                    lead: fact.lead,
                    assigned_at: at,
                    accepted_at: None,
                });
                self.move_to(Status::Assigned, at);
                self.set_deadline(fact.deadline, calendar::date_of(at));
            }
            CaseFact::ResearchReassigned(fact) => {
                self.assignment = Some(Assignment {
                    institution: fact.institution,
                    lead: fact.lead,
                    assigned_at: at,
                    accepted_at: None,
                });
                self.move_to(Status::Assigned, at);
                self.answer_missed_deadline();
                if let Some(deadline) = fact.deadline {
                    self.set_deadline(deadline, calendar::date_of(at));
                }
            }
            CaseFact::AssignmentAccepted(_) => {
                if let Some(assignment) = &mut self.assignment {
                    assignment.accepted_at = Some(at);
                    self.worked_on_it.insert(assignment.lead.into());
                }
                self.move_to(Status::Researching, at);
            }
            CaseFact::AssignmentDeclined(_) => {
                self.assignment = None;
                self.move_to(Status::Triaged, at);
            }
            CaseFact::ExpertInvited(fact) => {
                self.experts.insert(fact.expert, Membership::Invited);
            }
            CaseFact::ExpertJoined(fact) => {
                self.experts.insert(fact.expert, Membership::Active);
                self.worked_on_it.insert(fact.expert.into());
            }
            CaseFact::InvitationDeclined(fact) => {
                self.experts.insert(fact.expert, Membership::Declined);
            }
            CaseFact::ExpertLeft(fact) => {
                self.experts.insert(fact.expert, Membership::Left);
            }
            CaseFact::FindingRecorded(fact) => {
                self.worked_on_it.insert(by());
                self.findings.push(Finding {
                    id: fact.id,
                    by: by(),
                    at,
                    text: fact.text.clone(),
                    citations: fact.citations.clone(),
                });
            }
            CaseFact::MeasurementRecorded(fact) => self.measured(fact, event),
            CaseFact::MeasurementRetracted(fact) => {
                let found = self.measurements.iter_mut().find(|measurement| measurement.id == fact.measurement);
                if let Some(measurement) = found {
                    retract(&mut measurement.retraction, &fact.reason, event);
                    self.tell_gap_anew();
                }
            }
            CaseFact::SolutionProposed(fact) => {
                self.worked_on_it.insert(by());
                self.solution = Some(Solution {
                    by: by(),
                    at,
                    description: fact.description.clone(),
                    findings: fact.findings.clone(),
                    citations: fact.citations.clone(),
                    reviews: Vec::new(),
                });
                // A trial of an earlier solution says nothing about this one.
                self.trial = None;
                self.move_to(Status::SolutionProposed, at);
            }
            CaseFact::SolutionReviewed(fact) => {
                if let Some(solution) = &mut self.solution {
                    solution.reviews.push(Review {
                        by: by(),
                        at,
                        verdict: fact.verdict,
                        comment: fact.comment.clone(),
                    });
                }
                match fact.verdict {
                    Verdict::Approved => {}
                    Verdict::ChangesRequested => self.move_to(Status::Researching, at),
                }
            }
            CaseFact::TrialStarted(fact) => {
                self.trial = Some(Trial { plan: fact.plan.clone(), started_at: at, outcome: None });
                self.move_to(Status::OnTrial, at);
            }
            CaseFact::TrialResultRecorded(fact) => {
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
                self.move_to(status, at);
            }
            // What the enterprise said; `CaseResolved` of the same decision adds the gap and moves the case.
            CaseFact::SolutionConfirmed(fact) => {
                self.resolution = Some(Resolution {
                    at,
                    gap: None,
                    statement: fact.statement.clone(),
                    shortfall_accepted: fact.shortfall_accepted.clone(),
                });
            }
            CaseFact::CaseResolved(fact) => {
                let resolution = self.resolution.get_or_insert(Resolution {
                    at,
                    gap: None,
                    statement: None,
                    shortfall_accepted: None,
                });
                resolution.gap = fact.gap.clone();
                self.move_to(Status::Resolved, at);
            }
            CaseFact::SolutionRejected(_) => self.take_up_again(at),
            CaseFact::CaseClosed(fact) => {
                self.lesson = Some(fact.lesson.clone());
                self.move_to(Status::Closed, at);
            }
            CaseFact::CaseReopened(_) => {
                self.resolution = None;
                self.lesson = None;
                // The deadline was for what has ended, be it in a solution or in another case; another one has to be set.
                self.deadline = None;
                self.duplicate_of = None;
                self.reopened = self.reopened.saturating_add(1);
                self.take_up_again(at);
            }
            CaseFact::CaseEscalated(fact) => {
                self.level = fact.to;
                // The clock's own escalation is no answer: the next level has as long to give one.
                match event.by == ActorId::clock() {
                    true => self.wait_for_answer_since(calendar::date_of(at)),
                    false => self.answer_missed_deadline(),
                }
            }
            CaseFact::CaseParked(fact) => {
                self.parked_from = Some(fact.from.unwrap_or_else(|| calendar::date_of(at)));
                self.parked_until = Some(fact.review_on);
                self.answer_missed_deadline();
            }
            CaseFact::CaseUnparked(fact) => {
                self.parked_from = None;
                self.parked_until = None;
                self.shift_deadline(fact.deadline, fact.on.unwrap_or_else(|| calendar::date_of(at)));
            }
            CaseFact::DeadlineSet(fact) => self.set_deadline(fact.deadline, calendar::date_of(at)),
            CaseFact::DeadlineExtended(fact) => self.set_deadline(fact.to, calendar::date_of(at)),
            CaseFact::DeadlineMissed(_) => {
                if let Some(deadline) = &mut self.deadline {
                    deadline.was_missed = true;
                    deadline.missed_on = Some(calendar::date_of(at));
                }
            }
            // No answer to a missed deadline, which goes on waiting for one: whoever is late would give it to themselves.
            CaseFact::ClockPaused(fact) => self.paused_from = Some(fact.from),
            CaseFact::ClockResumed(fact) => {
                self.paused_from = None;
                self.shift_deadline(fact.deadline, fact.on);
            }
            CaseFact::CaseWithdrawn(_) => self.move_to(Status::Withdrawn, at),
            CaseFact::CaseMarkedDuplicate(fact) => {
                self.duplicate_of = Some(fact.of);
                self.move_to(Status::Duplicate, at);
            }
            CaseFact::CasesLinked(fact) => self.links.push(Link { other: fact.other, relation: fact.relation }),
            CaseFact::FeeRecorded(fact) => self.fees.push(Fee {
                id: fact.id,
                catalogue: fact.catalogue,
                item: fact.item.clone(),
                service_date: fact.service_date,
                at,
                amount: fact.amount.clone(),
                tariff: fact.tariff.clone(),
                retraction: None,
            }),
            CaseFact::FeeRetracted(fact) => {
                if let Some(fee) = self.fees.iter_mut().find(|fee| fee.id == fact.fee) {
                    retract(&mut fee.retraction, &fact.reason, event);
                }
            }
            CaseFact::TechniqueIntroduced(fact) => {
                self.techniques.push(Technique { technique: fact.technique.clone(), source: fact.source.clone(), at })
            }
            CaseFact::TrainingDelivered(fact) => self.trainings.push(Training {
                topic: fact.topic.clone(),
                trainees: fact.trainees,
                hours: fact.hours.clone(),
                at,
            }),
            CaseFact::CommentAdded(fact) => {
                let (text, audience) = (fact.text.clone(), Audience::Everybody);
                self.comments.push(Comment { id: fact.id, by: by(), at, text, audience });
            }
            CaseFact::InternalCommentAdded(fact) => {
                let (text, audience) = (fact.text.clone(), Audience::Internal);
                self.comments.push(Comment { id: fact.id, by: by(), at, text, audience });
            }
            CaseFact::AttachmentAdded(fact) => self.attachments.push(Attachment {
                id: fact.id,
                by: by(),
                at,
                name: fact.name.clone(),
                digest: fact.digest.clone(),
                size_bytes: fact.size_bytes,
                media_type: fact.media_type.clone(),
            }),
            CaseFact::TypicalCasePublished(fact) => {
                self.publication =
                    Some(Publication { at, summary: fact.summary.clone(), consent: fact.consent.clone() });
            }
            CaseFact::TypicalCaseRetracted(_) => self.publication = None,
            CaseFact::ImportedPersonsErased(_) => {
                let legacy = self.legacy.get_or_insert_default();
                legacy.names_persons = false;
                legacy.persons_erased = true;
            }
        }
        self.take_room(event);
        self.count_import(event);
    }
}
