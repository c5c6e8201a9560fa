//! What a case's file lists beside the work itself: experts, links, fees, techniques, trainings, comments.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use serde::Serialize;

use crate::app::Moment;
use crate::domain::case::command::CaseCommand;
use crate::domain::case::gap;
use crate::domain::case::state;
use crate::domain::case::values::Origin;
use crate::domain::refusal::Refusal;
use crate::domain::value::{CaseId, EnterpriseId, PersonId};
use crate::graphql::errors::{self, ErrorCode};
use crate::graphql::ids::{self, content_id};
use crate::graphql::query::Viewpoint;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::common::{self, ActorNode};
use crate::graphql::types::enterprise::FieldVisitNode;
use crate::graphql::types::person::PersonNode;
use crate::graphql::types::register::Way;
use crate::graphql::types::work::Retraction;
use crate::graphql::words::{CommentAudience, LinkRelation, Membership, OriginKind};

content_id!(GapPoint, IntroducedTechnique, Training, PublicationNode, LegacyNode, AllowedCommand, Reason);

pub(crate) struct CaseOrigin {
    /// What the log says of it.
    pub(crate) origin: Origin,
    /// The case, by which one comes to the visit.
    pub(crate) case: CaseId,
    /// Whose it is.
    pub(crate) enterprise: EnterpriseId,
    /// As of when it is shown.
    pub(crate) at: Moment,
}

/// 来源: how a case came to be known.
#[Object]
impl CaseOrigin {
    /// 标识: made of what it says: equal ones have the same, and one that changes has another.
    async fn id(&self) -> ID {
        ids::of_content("CaseOrigin", &self.origin)
    }

    /// 类型: which way.
    async fn kind(&self) -> OriginKind {
        OriginKind::from(&self.origin)
    }

    /// 走访: the field visit, where it was one.
    async fn visit(&self, ctx: &Context<'_>) -> Option<Result<FieldVisitNode>> {
        errors::nullable(async {
            let Origin::FieldVisit { visit } = &self.origin else { return Ok(None) };
            match common::enterprise(ctx, self.enterprise, self.at, Way::Case(self.case)).await? {
                Some(enterprise) => enterprise.visit(ctx, *visit).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// 调查: the survey, where it was one.
    async fn survey(&self) -> Option<&str> {
        match &self.origin {
            Origin::Survey { survey } => Some(survey.as_str()),
            Origin::FieldVisit { .. } | Origin::OwnReport | Origin::Import => None,
        }
    }
}

/// 差距变化: how the capability gap stood from when a requirement or a result changed it.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct GapPoint {
    /// Since when it is so: when the requirement was stated, or the result measured.
    at: DateTime,
    /// 差距: the gap to six decimals, rounded up (JCGM 100:2008, 7.2.6), however large it is: above 1 exactly when the bottleneck stands; absent where nothing was required or nothing comparable measured.
    ratio: Option<Decimal>,
}

impl From<gap::GapPoint> for GapPoint {
    fn from(point: gap::GapPoint) -> Self {
        Self { at: point.at.into(), ratio: point.gap.as_ref().map(Decimal::of) }
    }
}

pub(crate) struct Expert {
    /// To which case.
    case: CaseId,
    /// Who.
    id: PersonId,
    /// How it went.
    membership: state::Membership,
    /// As of when the person is shown.
    at: Moment,
}

impl Expert {
    /// An expert of that case, and how the invitation went.
    pub(crate) fn new(case: CaseId, (id, membership): (PersonId, state::Membership), at: Moment) -> Self {
        Self { case, id, membership, at }
    }
}

/// 协作专家: somebody who was invited, and how it went.
#[Object]
impl Expert {
    /// 标识: made of what it says: equal ones have the same, and one that changes has another.
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        ids::of_content("Expert", &(self.id, self.membership))
    }

    /// The person's global id.
    async fn person_id(&self) -> ID {
        ids::global(self.id)
    }

    /// 人员: who that is.
    async fn person(&self, ctx: &Context<'_>) -> Option<Result<PersonNode>> {
        common::person(ctx, self.id, self.at, Way::Case(self.case)).await.transpose()
    }

    /// 参与情况: how the invitation went.
    async fn membership(&self) -> Membership {
        self.membership.into()
    }
}

pub(crate) struct LinkNode {
    pub(crate) link: state::Link,
    /// From where the cases are looked at.
    pub(crate) from: Viewpoint,
}

/// 关联: what a case is to another.
#[Object(name = "CaseLink")]
impl LinkNode {
    /// 标识: made of what it says: equal ones have the same, and one that changes has another.
    async fn id(&self) -> ID {
        ids::of_content("CaseLink", &self.link)
    }

    /// The other case's global id.
    async fn other_id(&self) -> ID {
        ids::global(self.link.other)
    }

    /// 另一案例: the other case, if you may see it.
    async fn other(&self, ctx: &Context<'_>) -> Option<Result<CaseNode>> {
        CaseNode::named(ctx, self.link.other, self.from).await.transpose()
    }

    /// 关系: what this case is to it.
    async fn relation(&self) -> LinkRelation {
        self.link.relation.into()
    }
}

/// 收费: a fee, and the item of the state's list that allows it.
#[derive(SimpleObject)]
pub(crate) struct Fee {
    /// The global id.
    id: ID,
    /// 收费项目: the code of the item.
    item: String,
    /// 目录: global id of the list that has the item. Another list's item of the same code is another.
    catalogue_id: ID,
    /// 服务日期: the day of the service.
    service_date: Date,
    /// 金额: what was charged, in CNY.
    amount: Decimal,
    /// 收费标准: the most that the item allowed on that day, in CNY.
    tariff: Decimal,
    /// 作废: when, by whom and why it was retracted, if it was: it counts in no sum.
    retraction: Option<Retraction>,
}

impl From<(&state::Fee, Moment)> for Fee {
    fn from((fee, at): (&state::Fee, Moment)) -> Self {
        Self {
            id: ids::global(fee.id),
            item: fee.item.to_string(),
            catalogue_id: ids::global(fee.catalogue),
            service_date: fee.service_date.into(),
            amount: Decimal::of(&fee.amount),
            tariff: Decimal::of(&fee.tariff),
            retraction: fee.retraction.as_ref().map(|retraction| (retraction, at).into()),
        }
    }
}

/// 先进技术: a technique that was brought in.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct IntroducedTechnique {
    /// 技术: what.
    technique: String,
    /// 引用: the standard, method or publication it comes from.
    reference: String,
    /// 来源地: the country or organisation of origin, if said.
    origin: Option<String>,
    /// When.
    at: DateTime,
}

impl From<(&state::Technique, Moment)> for IntroducedTechnique {
    fn from((technique, _): (&state::Technique, Moment)) -> Self {
        Self {
            technique: technique.technique.to_string(),
            reference: technique.source.reference.to_string(),
            origin: technique.source.origin.as_ref().map(ToString::to_string),
            at: technique.at.into(),
        }
    }
}

/// 培训: a training that was given.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Training {
    /// 主题: on what.
    topic: String,
    /// 人数: how many learnt it.
    trainees: u32,
    /// 学时: how long it took, in hours.
    hours: Option<Decimal>,
    /// When.
    at: DateTime,
}

impl From<(&state::Training, Moment)> for Training {
    fn from((training, _): (&state::Training, Moment)) -> Self {
        Self {
            topic: training.topic.to_string(),
            trainees: training.trainees,
            hours: training.hours.as_ref().map(Decimal::of),
            at: training.at.into(),
        }
    }
}

/// 评论: what somebody said.
#[derive(SimpleObject)]
pub(crate) struct Comment {
    /// The global id.
    id: ID,
    /// Who.
    by: ActorNode,
    /// When.
    at: DateTime,
    /// 内容: what.
    text: String,
    /// 读者: whom it is for.
    audience: CommentAudience,
}

impl From<(&state::Comment, Moment)> for Comment {
    fn from((comment, at): (&state::Comment, Moment)) -> Self {
        Self {
            id: ids::global(comment.id),
            by: ActorNode { id: comment.by.clone(), at },
            at: comment.at.into(),
            text: comment.text.to_string(),
            audience: comment.audience.into(),
        }
    }
}

/// 发布: a publication as good practice.
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "Publication")]
pub(crate) struct PublicationNode {
    /// When.
    at: DateTime,
    /// 摘要: what is told.
    summary: String,
    /// 企业同意: how and when the enterprise consented.
    consent: String,
}

impl From<(&state::Publication, Moment)> for PublicationNode {
    fn from((publication, _): (&state::Publication, Moment)) -> Self {
        Self {
            at: publication.at.into(),
            summary: publication.summary.to_string(),
            consent: publication.consent.to_string(),
        }
    }
}

/// 导入: what is known from another tracker's log.
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "Legacy")]
pub(crate) struct LegacyNode {
    /// How many events of that log are in.
    imported: u64,
    /// Whether the other tracker was done with the case: it waits for nobody, whatever its status, until it is taken up here by a step of the lifecycle, a deadline, an escalation or a parking.
    concluded: bool,
}

impl From<(&state::Legacy, Moment)> for LegacyNode {
    fn from((legacy, _): (&state::Legacy, Moment)) -> Self {
        Self { imported: legacy.imported, concluded: legacy.concluded }
    }
}

/// 可用命令: whether you may give a command now, for buttons that explain themselves.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct AllowedCommand {
    /// The command, such as `TriageCase`.
    command: String,
    /// The mutation that gives it, such as `triageCase`.
    mutation: String,
    /// Whether it may be given now, as far as role, relation and status tell.
    allowed: bool,
    /// Why not; empty when it is allowed.
    reasons: Vec<Reason>,
}

/// 原因: why a command is not allowed.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Reason {
    /// What a program can act on.
    code: ErrorCode,
    /// What is wrong and what would be right, for people.
    message: String,
}

impl AllowedCommand {
    /// The answer for a command; `None` for those that only the server gives.
    pub(crate) fn of((command, answer): (&'static str, Result<(), Refusal>)) -> Option<Self> {
        let is_the_servers = matches!(command, "MissDeadline" | "RecordLegacyActivity");
        if is_the_servers || command == "ReportCase" {
            return None;
        }
        debug_assert!(CaseCommand::NAMES.contains(&command));
        let reasons: Vec<_> = answer
            .err()
            .into_iter()
            .map(|refusal| Reason { code: ErrorCode(refusal.code), message: refusal.message })
            .collect();
        let (first, rest) = command.split_at(1);
        Some(Self {
            command: command.to_owned(),
            mutation: first.to_ascii_lowercase() + rest,
            allowed: reasons.is_empty(),
            reasons,
        })
    }
}
