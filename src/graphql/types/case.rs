//! 难点问题: a case, as lists show it. What only its own file knows is in `case_file`.

use std::sync::Arc;

use async_graphql::{Context, ID, MergedObject, Object, Result};

use crate::app::{Moment, Receipt, StoredCase, time_of};
use crate::domain::case::facts::LONGEST_CHAIN;
use crate::domain::case::values::{Kind, Severity, Status};
use crate::domain::value::{CampaignId, CaseId, EnterpriseId, InstitutionId, Level, PersonId, ServiceCategory};
use crate::graphql::context::{actor, app, loaders};
use crate::graphql::orders::Shown;
use crate::graphql::query::Viewpoint;
use crate::graphql::scalars::{Date, DateTime, Decimal, Position};
use crate::graphql::types::campaign::CampaignNode;
use crate::graphql::types::case_file::CaseFile;
use crate::graphql::types::common::{self, CategoryNode, DivisionNode, division_of_row};
use crate::graphql::types::enterprise::EnterpriseNode;
use crate::graphql::types::history::CaseHistory;
use crate::graphql::types::institution::InstitutionNode;
use crate::graphql::types::person::PersonNode;
use crate::graphql::types::preview::CasePreview;
use crate::graphql::types::register::Way;
use crate::graphql::types::similar::CaseLikeness;
use crate::graphql::{errors, ids, words};

/// 难点问题: one measurement difficulty of one enterprise.
#[derive(MergedObject)]
#[graphql(name = "Case")]
pub(crate) struct CaseNode(CaseRow, CaseFile, CaseHistory, CaseLikeness);

impl CaseNode {
    /// The case of that row, as it is seen from there.
    pub(crate) fn new(stored: impl Into<Arc<StoredCase>>, from: impl Into<Viewpoint>) -> Self {
        let (stored, from) = (stored.into(), from.into());
        let at = from.moment;
        let file = CaseFile { id: stored.row.case_id.into(), version: stored.version, at, time: from.time };
        let history = CaseHistory {
            id: file.id,
            enterprise: stored.row.enterprise_id.into(),
            campaign: stored.row.campaign_id.into(),
            at,
            time: from.time,
            version: stored.version,
        };
        let likeness = CaseLikeness { stored: stored.clone(), from };
        Self(CaseRow { stored, at }, file, history, likeness)
    }

    /// The global id, as the interface `Node` asks for it.
    ///
    /// # Errors
    /// Never; the interface wants a result.
    pub(crate) async fn id(&self, _: &Context<'_>) -> Result<ID> {
        Ok(ids::global(self.1.id))
    }

    /// A case that the actor may see.
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn load(ctx: &Context<'_>, id: CaseId, from: impl Into<Viewpoint>) -> Result<Option<Self>> {
        let from = from.into();
        let stored = app(ctx).case(actor(ctx), id, from.moment).await.map_err(|fault| errors::fault(ctx, fault))?;
        Ok(stored.map(|stored| Self::new(stored, from)))
    }

    /// A case that something else names, if the actor may see it; batched with its neighbours.
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn named(ctx: &Context<'_>, id: CaseId, from: Viewpoint) -> Result<Option<Self>> {
        let stored = loaders(ctx).case(id, from.moment).await.map_err(|fault| errors::fault(ctx, fault))?;
        Ok(stored.map(|stored| Self::new(stored, from)))
    }

    /// The case that goes on in the place of the duplicates of that one, if the actor may see it and those on the way.
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn going_on(ctx: &Context<'_>, original: CaseId, from: Viewpoint) -> Result<Option<Self>> {
        let mut found = Self::named(ctx, original, from).await?;
        for _ in 0..LONGEST_CHAIN {
            // The row tells which ones have an original: the file of the one that goes on need not be read.
            let Some(duplicate) = found.as_ref().filter(|case| case.0.is_duplicate()) else { break };
            let Some(original) = duplicate.1.original(ctx).await? else { break };
            found = Self::named(ctx, original, from).await?;
        }
        Ok(found)
    }
}

impl Shown for CaseNode {
    type Preview = CasePreview;

    async fn after(ctx: &Context<'_>, receipt: &Receipt) -> Result<Option<Self>> {
        Self::load(ctx, receipt.stream.aggregate_id.into(), Moment::Present).await
    }
}

struct CaseRow {
    stored: Arc<StoredCase>,
    at: Moment,
}

impl CaseRow {
    /// By which way one comes from here to what the case names.
    fn way(&self) -> Way {
        Way::Case(self.stored.row.case_id.into())
    }

    fn is_duplicate(&self) -> bool {
        self.stored.row.status == Status::Duplicate.name()
    }
}

/// Rows are written from the domain's own words, in the commit of the event.
const OWN_WORDS: &str = "rows hold the domain's words";

/// The part of a case that its row knows.
#[Object]
impl CaseRow {
    /// The global id.
    async fn id(&self) -> ID {
        ids::global(CaseId::from(self.stored.row.case_id))
    }

    /// 编号: what people call it, such as `GD-2026-000123`.
    async fn number(&self) -> &str {
        &self.stored.row.number
    }

    /// 标题: in a line.
    async fn title(&self) -> &str {
        &self.stored.row.title
    }

    /// 状态: where it is in its life.
    async fn status(&self) -> words::CaseStatus {
        Status::named(&self.stored.row.status).expect(OWN_WORDS).into()
    }

    /// 未了结: whether somebody still has to do something about it.
    async fn open(&self) -> bool {
        self.stored.row.is_open
    }

    /// 类型: what kind of help is needed; absent until triage.
    async fn kind(&self) -> Option<words::CaseKind> {
        self.stored.row.kind.as_deref().and_then(Kind::named).map(Into::into)
    }

    /// 服务类别: its category in the KCDB list; absent until triage.
    async fn category(&self) -> Option<CategoryNode> {
        let code = self.stored.row.category.clone()?;
        ServiceCategory::try_from(code).ok().map(CategoryNode)
    }

    /// 严重程度: how much it hurts; absent until triage.
    async fn severity(&self) -> Option<words::Severity> {
        self.stored.row.severity.as_deref().and_then(Severity::named).map(Into::into)
    }

    /// 层级: the level of administration that answers for it.
    async fn level(&self) -> words::Level {
        Level::named(&self.stored.row.level).expect(OWN_WORDS).into()
    }

    /// 行政区划: where the enterprise stood when the case was reported; it stays when the enterprise moves.
    async fn division(&self) -> DivisionNode {
        DivisionNode(division_of_row(&self.stored.row.division))
    }

    /// 企业: whose difficulty it is.
    async fn enterprise(&self, ctx: &Context<'_>) -> Option<Result<EnterpriseNode>> {
        let id = EnterpriseId::from(self.stored.row.enterprise_id);
        common::enterprise(ctx, id, self.at, self.way()).await.transpose()
    }

    /// 活动: the campaign it is part of.
    async fn campaign(&self, ctx: &Context<'_>) -> Option<Result<CampaignNode>> {
        common::campaign(ctx, CampaignId::from(self.stored.row.campaign_id), self.at).await.transpose()
    }

    /// 计量技术机构: who shall solve it; absent until it is assigned.
    async fn institution(&self, ctx: &Context<'_>) -> Option<Result<InstitutionNode>> {
        errors::nullable(async {
            match self.stored.row.institution_id {
                Some(id) => common::institution(ctx, InstitutionId::from(id), self.at).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// 攻关负责人: the person who answers for it; absent until it is assigned.
    async fn lead(&self, ctx: &Context<'_>) -> Option<Result<PersonNode>> {
        errors::nullable(async {
            match self.stored.row.lead_id {
                Some(id) => common::person(ctx, PersonId::from(id), self.at, self.way()).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// 报告时间: when it was reported, as its reporter says.
    async fn reported_at(&self) -> DateTime {
        time_of(self.stored.row.reported_at).into()
    }

    /// 期限: the last day. It moves by the working days for which the clock was paused, or the case parked until it was taken up again by the day of its review. Working days are those of the State Council's yearly notices of holidays, of which 2024 to 2026 are known; of any other year only the statutory holidays of fixed dates are: 1 January, 1 May, from 2025 on 2 May, 1 to 3 October. The others, and days worked in their stead, are not counted there, and a deadline that has moved stays where it is when the notice comes.
    async fn deadline(&self) -> Option<Date> {
        self.stored.row.deadline_on.as_deref().and_then(Date::of_row)
    }

    /// 逾期: the day since which a missed deadline waits for an answer; absent once it is answered: by a new deadline, by parking, by a solution that waits for the enterprise, also one that came in time, or by an end. No other step is an answer, nor is a pause of the clock; an escalation, and a solution that is rejected, begin the wait anew.
    async fn deadline_missed_on(&self) -> Option<Date> {
        self.stored.row.deadline_missed_on.as_deref().and_then(Date::of_row)
    }

    /// 计时暂停: whether the deadline does not run. As of what had happened (`axis: OCCURRED`) it is paused from when the pause is dated, also where that is dated back and the days count from its record (`COUNTED_FROM_RECORD`).
    async fn clock_paused(&self) -> bool {
        self.stored.row.clock_paused
    }

    /// 暂存至: when it is looked at again, while parked. Its deadline stands still until the end of that day, and moves by the working days parked when the case is taken up again by then (`unparkCase`). From the next day on it runs where it was, even if nobody has looked. As of what had happened (`axis: OCCURRED`) it is parked from when the parking is dated, also where that is dated back and the days count from its record (`COUNTED_FROM_RECORD`).
    async fn parked_until(&self) -> Option<Date> {
        self.stored.row.parked_until.as_deref().and_then(Date::of_row)
    }

    /// 收费合计: the sum of all fees that are not retracted, in CNY.
    async fn fee_total(&self) -> Decimal {
        Decimal(self.stored.row.fee_total.clone())
    }

    /// 典型案例: whether it is published as good practice.
    async fn typical(&self) -> bool {
        self.stored.row.typical
    }

    /// 版本: how many events it has: the next command's `expectedVersion`.
    async fn version(&self) -> u64 {
        self.stored.version
    }

    /// The position in the log of its last event.
    async fn position(&self) -> Position {
        Position(self.stored.from_position)
    }

    /// 更新时间: when the log took its last event.
    async fn updated_at(&self) -> DateTime {
        time_of(self.stored.updated_at).into()
    }
}
