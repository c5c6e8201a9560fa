//! The work on a case: assignment, findings, solution, trial, resolution, routine service.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use serde::Serialize;

use crate::app::Moment;
use crate::domain::case::state;
use crate::domain::value::CaseId;
use crate::graphql::ids::{self, content_id};
use crate::graphql::scalars::{DateTime, Decimal};
use crate::graphql::types::common::{self, ActorNode, Regulation};
use crate::graphql::types::institution::InstitutionNode;
use crate::graphql::types::person::PersonNode;
use crate::graphql::types::register::Way;
use crate::graphql::words::Verdict;

content_id!(Retraction, SolutionNode, Review, TrialNode, ResolutionNode);

pub(crate) struct AssignmentNode {
    case: CaseId,
    assignment: state::Assignment,
    at: Moment,
}

impl AssignmentNode {
    /// The assignment of that case.
    pub(crate) fn new(case: CaseId, assignment: state::Assignment, at: Moment) -> Self {
        Self { case, assignment, at }
    }
}

/// 攻关任务: who shall solve a case.
#[Object(name = "ResearchAssignment")]
impl AssignmentNode {
    /// 标识: made of what it says: equal ones have the same, and one that changes has another.
    async fn id(&self) -> ID {
        ids::of_content("ResearchAssignment", &self.assignment)
    }

    /// 计量技术机构: the institution.
    async fn institution(&self, ctx: &Context<'_>) -> Option<Result<InstitutionNode>> {
        common::institution(ctx, self.assignment.institution, self.at).await.transpose()
    }

    /// The lead's global id.
    async fn lead_id(&self) -> ID {
        ids::global(self.assignment.lead)
    }

    /// 攻关负责人: who answers for it.
    async fn lead(&self, ctx: &Context<'_>) -> Option<Result<PersonNode>> {
        common::person(ctx, self.assignment.lead, self.at, Way::Case(self.case)).await.transpose()
    }

    /// When it was given.
    async fn assigned_at(&self) -> DateTime {
        self.assignment.assigned_at.into()
    }

    /// When the lead took it.
    async fn accepted_at(&self) -> Option<DateTime> {
        self.assignment.accepted_at.map(Into::into)
    }
}

/// 发现: what an expert learnt.
#[derive(SimpleObject)]
pub(crate) struct Finding {
    /// The global id.
    id: ID,
    /// Who learnt it.
    by: ActorNode,
    /// When.
    at: DateTime,
    /// 内容: what.
    text: String,
    /// 引用: standards, methods and publications it rests on.
    citations: Vec<String>,
}

impl From<(&state::Finding, Moment)> for Finding {
    fn from((finding, at): (&state::Finding, Moment)) -> Self {
        Self {
            id: ids::global(finding.id),
            by: ActorNode { id: finding.by.clone(), at },
            at: finding.at.into(),
            text: finding.text.to_string(),
            citations: finding.citations.iter().map(ToString::to_string).collect(),
        }
    }
}

/// 作废: what was recorded wrongly was taken back: it stays where it was listed, and counts no more.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Retraction {
    /// When.
    at: DateTime,
    /// By whom.
    by: ActorNode,
    /// 原因: why.
    reason: String,
}

impl From<(&state::Retraction, Moment)> for Retraction {
    fn from((retraction, at): (&state::Retraction, Moment)) -> Self {
        Self {
            at: retraction.at.into(),
            by: ActorNode { id: retraction.by.clone(), at },
            reason: retraction.reason.to_string(),
        }
    }
}

/// 解决方案: a proposed solution and what the reviewers said.
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "Solution")]
pub(crate) struct SolutionNode {
    /// Who proposed it.
    by: ActorNode,
    /// When.
    at: DateTime,
    /// 方案: what to do.
    description: String,
    /// 发现: global ids of the findings it rests on.
    finding_ids: Vec<ID>,
    /// 引用: what it rests on besides.
    citations: Vec<String>,
    /// 评审: what the reviewers said, in order; the last one counts.
    reviews: Vec<Review>,
}

/// 评审: what a reviewer said of a proposed solution.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Review {
    /// Who reviewed.
    by: ActorNode,
    /// When.
    at: DateTime,
    /// 评审结论: approved, or changes asked.
    verdict: Verdict,
    /// 评审意见: why.
    comment: String,
}

impl From<(&state::Solution, Moment)> for SolutionNode {
    fn from((solution, at): (&state::Solution, Moment)) -> Self {
        let reviews = solution.reviews.iter().map(|review| Review {
            by: ActorNode { id: review.by.clone(), at },
            at: review.at.into(),
            verdict: review.verdict.into(),
            comment: review.comment.to_string(),
        });
        Self {
            by: ActorNode { id: solution.by.clone(), at },
            at: solution.at.into(),
            description: solution.description.to_string(),
            finding_ids: solution.findings.iter().map(|id| ids::global(*id)).collect(),
            citations: solution.citations.iter().map(ToString::to_string).collect(),
            reviews: reviews.collect(),
        }
    }
}

/// 试用: a trial at the enterprise.
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "Trial")]
pub(crate) struct TrialNode {
    /// 试用计划: what is tried.
    plan: String,
    /// When it started.
    started_at: DateTime,
    /// 是否通过: whether it held; absent while it runs.
    passed: Option<bool>,
    /// 情况: what was seen; absent while it runs.
    summary: Option<String>,
}

impl From<(&state::Trial, Moment)> for TrialNode {
    fn from((trial, _): (&state::Trial, Moment)) -> Self {
        let outcome = trial.outcome.as_ref();
        Self {
            plan: trial.plan.to_string(),
            started_at: trial.started_at.into(),
            passed: outcome.map(|(passed, _)| *passed),
            summary: outcome.map(|(_, summary)| summary.to_string()),
        }
    }
}

/// 解决: what was recorded when the case was resolved.
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "Resolution")]
pub(crate) struct ResolutionNode {
    /// When.
    at: DateTime,
    /// 差距: the capability gap then, to six decimals, rounded up; absent where nothing was required or measured.
    gap: Option<Decimal>,
    /// 企业说明: what the enterprise said.
    statement: Option<String>,
    /// 接受差距: why a gap above 1 was accepted.
    shortfall_accepted: Option<String>,
}

impl From<(&state::Resolution, Moment)> for ResolutionNode {
    fn from((resolution, _): (&state::Resolution, Moment)) -> Self {
        Self {
            at: resolution.at.into(),
            gap: resolution.gap.as_ref().map(Decimal::of),
            statement: resolution.statement.as_ref().map(ToString::to_string),
            shortfall_accepted: resolution.shortfall_accepted.as_ref().map(ToString::to_string),
        }
    }
}

pub(crate) struct RoutineServiceNode {
    service: state::RoutineService,
    at: Moment,
}

impl From<(&state::RoutineService, Moment)> for RoutineServiceNode {
    fn from((service, at): (&state::RoutineService, Moment)) -> Self {
        Self { service: service.clone(), at }
    }
}

/// 常规服务: a routine service that answered the need.
#[Object(name = "RoutineService")]
impl RoutineServiceNode {
    /// 标识: made of what it says: equal ones have the same, and one that changes has another.
    async fn id(&self) -> ID {
        ids::of_content("RoutineService", &self.service)
    }

    /// 计量技术机构: who provided it.
    async fn institution(&self, ctx: &Context<'_>) -> Option<Result<InstitutionNode>> {
        common::institution(ctx, self.service.institution, self.at).await.transpose()
    }

    /// 证书编号: number of the certificate or report.
    async fn certificate(&self) -> Option<String> {
        self.service.certificate.as_ref().map(ToString::to_string)
    }

    /// 服务说明: what was done.
    async fn report(&self) -> Option<String> {
        self.service.report.as_ref().map(ToString::to_string)
    }

    /// 规程、规范: the regulation followed.
    async fn regulation(&self) -> Option<Regulation> {
        self.service.regulation.as_ref().map(Into::into)
    }

    /// When.
    async fn at(&self) -> DateTime {
        self.service.at.into()
    }
}
