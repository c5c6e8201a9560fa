//! What is known of a case: the fold of its events.

mod records;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
pub use records::{Attachment, Comment, Fee, Legacy, Publication, Technique, Training};
use serde::{Deserialize, Serialize};

use crate::domain::actor::ActorId;
use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::{FindingId, Kind, LinkRelation, MeasurementId, Origin, Severity, Status, Verdict};
use crate::domain::value::{
    CampaignId, CaseId, Decimal, Division, EnterpriseId, InstitutionId, Label, Level, Measurand,
    MeasurementRequirement, MeasurementResult, PersonId, Reference, RegulationRef, ServiceCategory, Statement, Title,
};

/// 难点问题: one measurement difficulty of one enterprise. Before its first event there is no `file`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Everything known, once it was reported.
    pub file: Option<File>,
}

/// Everything known of a reported case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// What people call it.
    pub number: CaseNumber,
    /// In a line.
    pub title: Title,
    /// What cannot be solved, and why not.
    pub problem: Statement,
    /// Whose difficulty it is.
    pub enterprise: EnterpriseId,
    /// The campaign it is part of.
    pub campaign: CampaignId,
    /// Where the enterprise stands.
    pub division: Division,
    /// How it came to be known.
    pub origin: Origin,
    /// Who reported it.
    pub reported_by: ActorId,
    /// When it was reported (business time).
    pub reported_at: Timestamp,
    /// Where it is in its life.
    pub status: Status,
    /// The step that put it there.
    pub last_step: Step,
    /// The level of administration that answers for it.
    pub level: Level,
    /// How it was sorted.
    pub triage: Option<Triage>,
    /// What measurement would solve it, as it was stated each time; the last one counts.
    pub requirements: Vec<StatedRequirement>,
    /// The routine service that answered it.
    pub routine_service: Option<RoutineService>,
    /// Who shall solve it.
    pub assignment: Option<Assignment>,
    /// Everybody ever invited, and how it went. The lead is in `assignment`.
    pub experts: BTreeMap<PersonId, Membership>,
    /// Who has ever had a hand in it, whatever they are now: as a lead who took the assignment, as an expert who joined,
    /// or as the author of a finding, a measurement or a solution.
    pub worked_on_it: BTreeSet<ActorId>,
    /// What was learnt, in order.
    pub findings: Vec<Finding>,
    /// What was measured, in order.
    pub measurements: Vec<Measurement>,
    /// The solution on the table.
    pub solution: Option<Solution>,
    /// The trial of that solution.
    pub trial: Option<Trial>,
    /// What was recorded when it was resolved.
    pub resolution: Option<Resolution>,
    /// What others can learn from it, once closed.
    pub lesson: Option<Statement>,
    /// The last day, and whether it was missed.
    pub deadline: Option<Deadline>,
    /// The first day that does not count, while the clock is paused.
    pub paused_from: Option<Date>,
    /// The first day on which its deadline stands still, while parked.
    pub parked_from: Option<Date>,
    /// When it is looked at again, while parked.
    pub parked_until: Option<Date>,
    /// The case that it was marked as a duplicate of; that one may be a duplicate by now.
    pub duplicate_of: Option<CaseId>,
    /// What it is to other cases.
    pub links: Vec<Link>,
    /// Fees, in order.
    pub fees: Vec<Fee>,
    /// Techniques brought in.
    pub techniques: Vec<Technique>,
    /// Trainings given.
    pub trainings: Vec<Training>,
    /// What was said.
    pub comments: Vec<Comment>,
    /// Documents.
    pub attachments: Vec<Attachment>,
    /// How many bytes of what is only said or kept each actor has in it.
    pub said_bytes: BTreeMap<ActorId, u64>,
    /// The publication, while it stands.
    pub publication: Option<Publication>,
    /// How often it was reopened.
    pub reopened: u32,
    /// What is known from another tracker's log.
    pub legacy: Option<Legacy>,
}

/// A step of the lifecycle: an event that put the case where it then is, be it there once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which one, from 1, in the order of the log: the report is the first.
    pub number: u32,
    /// When it happened (business time).
    pub at: Timestamp,
}

/// How a case was sorted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Triage {
    /// When it was sorted first, however that was corrected since.
    pub at: Timestamp,
    /// The KCDB service category.
    pub category: ServiceCategory,
    /// What kind of help is needed.
    pub kind: Kind,
    /// How much it hurts.
    pub severity: Severity,
}

/// A requirement from when it was stated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatedRequirement {
    /// When: the earliest time, where it was stated again as it stood.
    pub at: Timestamp,
    /// How many measurements were on record then.
    pub measured_before: usize,
    /// Which, as it was last corrected.
    pub requirement: MeasurementRequirement,
    /// What it was taken to be about before each correction.
    pub taken_to_be_of: Vec<Measurand>,
}

/// A routine service that answered the need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoutineService {
    /// Who provided it.
    pub institution: InstitutionId,
    /// Number of the certificate or report.
    pub certificate: Option<Label>,
    /// What was done.
    pub report: Option<Statement>,
    /// The regulation followed.
    pub regulation: Option<RegulationRef>,
    /// When.
    pub at: Timestamp,
}

/// 攻关任务.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Who shall solve it.
    pub institution: InstitutionId,
    /// Who answers for it.
    pub lead: PersonId,
    /// When it was given.
    pub assigned_at: Timestamp,
    /// When the lead took it.
    pub accepted_at: Option<Timestamp>,
}

/// How an invitation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Membership {
    /// Not answered yet.
    Invited,
    /// At work on the case.
    Active,
    /// Did not join.
    Declined,
    /// Worked on it and left.
    Left,
    /// Was invited or worked on it, and was removed.
    Removed,
    /// Had not answered when the case was resolved or ended.
    Lapsed,
}

/// 发现.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Its id within the case.
    pub id: FindingId,
    /// Who learnt it.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: Statement,
    /// What it rests on.
    pub citations: Vec<Reference>,
}

/// 测量结果.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Its id within the case.
    pub id: MeasurementId,
    /// Who measured.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// Value, unit, U, k, p, method, traceability.
    pub result: MeasurementResult,
    /// What was required to be measured when it was recorded, where its event says so.
    pub required: Option<Measurand>,
    /// Why it no longer counts, once it was retracted.
    pub retraction: Option<Retraction>,
}

/// 作废: what was recorded wrongly stays on file, and counts no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retraction {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: ActorId,
    /// Why.
    pub reason: Statement,
}

/// A proposed solution and its review.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Solution {
    /// Who proposed it.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// What to do.
    pub description: Statement,
    /// What it rests on.
    pub findings: Vec<FindingId>,
    /// What it rests on besides.
    pub citations: Vec<Reference>,
    /// What the reviewers said, in order; the last one counts.
    pub reviews: Vec<Review>,
}

/// A review of a proposed solution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Who reviewed.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// Approved, or changes asked.
    pub verdict: Verdict,
    /// Why.
    pub comment: Statement,
}

/// A trial at the enterprise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What is tried.
    pub plan: Statement,
    /// When it started.
    pub started_at: Timestamp,
    /// How it went: passed, and what was seen.
    pub outcome: Option<(bool, Statement)>,
}

/// What was recorded when the case was resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolution {
    /// When.
    pub at: Timestamp,
    /// The capability gap then.
    pub gap: Option<Decimal>,
    /// What the enterprise said.
    pub statement: Option<Statement>,
    /// Why a gap above 1 was accepted.
    pub shortfall_accepted: Option<Statement>,
}

/// The last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Which day.
    pub on: Date,
    /// The day on which it was set (business time): no pause before that has to do with it.
    pub set_on: Date,
    /// The day since which a missed one waits for an answer: on which it was recorded as missed or, without one since, the
    /// case was last escalated or a solution rejected.
    pub missed_on: Option<Date>,
    /// Whether it was recorded as missed, answered or not: that happens once per deadline.
    pub was_missed: bool,
}

/// What this case is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The other one.
    pub other: CaseId,
    /// What this is to it.
    pub relation: LinkRelation,
}
