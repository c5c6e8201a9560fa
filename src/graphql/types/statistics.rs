//! 统计: sums over the cases of a question, by groups.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use serde::Serialize;

use crate::app::{Fault, FeeSum, GapSums, GroupKey, GroupSums, Moment, days, fee_total, gap_of, rate};
use crate::domain::value::{self, InstitutionId, ServiceCategory};
use crate::graphql::errors;
use crate::graphql::ids::{self, content_id};
use crate::graphql::scalars::Decimal;
use crate::graphql::types::common::{self, CategoryNode, DivisionNode, division_of_row};
use crate::graphql::types::institution::InstitutionNode;
use crate::graphql::words::{CaseKind, CaseStatus, Level, Severity};

/// 分组: what the cases of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
pub(crate) enum StatisticsKey {
    /// 行政区划: where the enterprise stands, at the level of `jurisdictionLevel`.
    Jurisdiction,
    /// 机构: the institution that is assigned.
    Institution,
    /// 服务类别: the KCDB category.
    Category,
    /// 类型: what kind of help is needed.
    Kind,
    /// 严重程度: how much hangs on it.
    Severity,
    /// 状态: where the case is in its life.
    Status,
    /// 层级: the level of administration that answers for it.
    Level,
    /// 月份: the month of the report, in UTC+8.
    Month,
}

impl StatisticsKey {
    /// The key of the rows.
    pub(crate) fn of_rows(self, level: Level) -> GroupKey {
        match self {
            Self::Jurisdiction => GroupKey::Division(match level {
                Level::Nation => 0,
                Level::Province => 2,
                Level::City => 4,
                Level::County => 6,
            }),
            Self::Institution => GroupKey::Institution,
            Self::Category => GroupKey::Category,
            Self::Kind => GroupKey::Kind,
            Self::Severity => GroupKey::Severity,
            Self::Status => GroupKey::Status,
            Self::Level => GroupKey::Level,
            Self::Month => GroupKey::Month,
        }
    }
}

/// 统计: the cases of a question, added up by groups.
pub(crate) struct Statistics {
    /// What the groups were made by.
    pub(crate) keys: Vec<StatisticsKey>,
    /// The sums.
    pub(crate) groups: Vec<GroupSums>,
    /// As of when.
    pub(crate) at: Moment,
}

/// 统计: the cases of a question, added up by groups.
#[Object]
impl Statistics {
    /// 标识: made of the sums.
    async fn id(&self) -> ID {
        ids::of_content("Statistics", &(&self.keys, &self.groups))
    }

    /// 分组: the groups that have a case, in the order of their keys; one where no key was given and there is a case.
    async fn groups(&self) -> Vec<StatisticsGroup> {
        let group = |sums: &GroupSums| StatisticsGroup { keys: self.keys.clone(), sums: sums.clone(), at: self.at };
        self.groups.iter().map(group).collect()
    }
}

/// 统计分组: the cases that have the keys in common, added up.
pub(crate) struct StatisticsGroup {
    keys: Vec<StatisticsKey>,
    sums: GroupSums,
    at: Moment,
}

impl StatisticsGroup {
    /// What the cases have under the key; absent where they have nothing, or where the key was not asked for.
    fn part(&self, key: StatisticsKey) -> Option<&str> {
        let place = self.keys.iter().position(|asked| *asked == key)?;
        self.sums.key.get(place).map(String::as_str).filter(|part| !part.is_empty())
    }
}

/// 统计分组: the cases that have the keys in common, added up.
#[Object]
impl StatisticsGroup {
    /// 标识: made of the keys and the sums.
    async fn id(&self) -> ID {
        ids::of_content("StatisticsGroup", &(&self.keys, &self.sums))
    }

    /// 行政区划: where the cases stand; absent where the groups are not made by it.
    async fn jurisdiction(&self) -> Option<DivisionNode> {
        let place = self.keys.iter().position(|asked| *asked == StatisticsKey::Jurisdiction)?;
        self.sums.key.get(place).map(|code| DivisionNode(division_of_row(code)))
    }

    /// 机构: the one that is assigned; absent where none is, or where the groups are not made by it.
    async fn institution(&self, ctx: &Context<'_>) -> Option<Result<InstitutionNode>> {
        errors::nullable(async {
            match self.part(StatisticsKey::Institution).map(InstitutionId::parse) {
                Some(Ok(id)) => common::institution(ctx, id, self.at).await,
                Some(Err(_)) | None => Ok(None),
            }
        })
        .await
    }

    /// 服务类别: the KCDB category; absent before triage, or where the groups are not made by it.
    async fn category(&self) -> Option<CategoryNode> {
        let code = self.part(StatisticsKey::Category)?;
        ServiceCategory::try_from(code.to_owned()).ok().map(CategoryNode)
    }

    /// 类型: absent before triage, or where the groups are not made by it.
    async fn kind(&self) -> Option<CaseKind> {
        crate::domain::case::values::Kind::named(self.part(StatisticsKey::Kind)?).map(Into::into)
    }

    /// 严重程度: absent before triage, or where the groups are not made by it.
    async fn severity(&self) -> Option<Severity> {
        crate::domain::case::values::Severity::named(self.part(StatisticsKey::Severity)?).map(Into::into)
    }

    /// 状态: absent where the groups are not made by it.
    async fn status(&self) -> Option<CaseStatus> {
        crate::domain::case::values::Status::named(self.part(StatisticsKey::Status)?).map(Into::into)
    }

    /// 层级: absent where the groups are not made by it.
    async fn level(&self) -> Option<Level> {
        value::Level::named(self.part(StatisticsKey::Level)?).map(Into::into)
    }

    /// 月份: `2026-03`, in UTC+8; absent where the groups are not made by it.
    async fn month(&self) -> Option<&str> {
        self.part(StatisticsKey::Month)
    }

    /// 难点数: how many cases.
    async fn cases(&self) -> u64 {
        self.sums.cases
    }

    /// 未了结: how many somebody still has to do something about, as in `CaseFilter.open`.
    async fn open(&self) -> u64 {
        self.sums.open
    }

    /// 逾期: how many are late: their deadline runs, which it does before the resolution while it is neither paused nor parked (which it is until the end of the day of its review), and its day has passed as of the moment. As of what had happened (`axis: OCCURRED`) none is late while it was paused or parked by what is dated then, also where that is dated back and the days count from its record (`COUNTED_FROM_RECORD`).
    async fn late(&self) -> u64 {
        self.sums.late
    }

    /// 典型案例: how many stand published as good practice.
    async fn typical(&self) -> u64 {
        self.sums.typical
    }

    /// 历时: the time to each status, in the order of their names.
    async fn times_to_status(&self) -> Vec<TimeToStatus> {
        let times = self.sums.times.iter().filter_map(|time| {
            let status = crate::domain::case::values::Status::named(&time.status)?;
            Some(TimeToStatus {
                status: status.into(),
                cases: time.cases,
                median_days: Decimal::of(days(time.median)),
                ninetieth_days: Decimal::of(days(time.ninetieth)),
            })
        });
        times.collect()
    }

    /// 重新打开: how many were reopened, of those that were ever resolved or closed.
    async fn reopening(&self) -> Reopening {
        Reopening {
            resolved: self.sums.resolved,
            reopened: self.sums.reopened,
            rate: rate(self.sums.reopened, self.sums.resolved).map(Decimal::of),
        }
    }

    /// 最初能力差距: the first gaps that were known of the cases since what is required now was stated, without what was retracted since. What had been measured until then is held against that, too, and not against what was required before. Stated again in another unit, with a note or as an error limit that requires the same, it is required since it was stated first.
    async fn gap_before(&self) -> GapSummary {
        self.sums.gap_before.into()
    }

    /// 现有能力差距: the gaps that are known of the cases now.
    async fn gap_after(&self) -> GapSummary {
        self.sums.gap_after.into()
    }

    /// 收费: fees on record that are not retracted, whatever their day.
    async fn fees(&self, ctx: &Context<'_>) -> Result<FeeSummary> {
        FeeSummary::of(&self.sums.fees).map_err(|fault| errors::fault(ctx, fault))
    }

    /// 培训: trainings given.
    async fn trainings(&self) -> TrainingSummary {
        TrainingSummary { count: self.sums.trainings, trainees: Decimal::of(self.sums.trainees) }
    }

    /// 引进技术: techniques brought in.
    async fn techniques(&self) -> u64 {
        self.sums.techniques
    }
}

/// 历时: how long cases took from their report to their first entry into a status, by when both happened; what is dated before the report counts as at once, so that no time is below 0.
#[derive(SimpleObject, Serialize)]
#[graphql(complex)]
pub(crate) struct TimeToStatus {
    /// 状态: which status.
    status: CaseStatus,
    /// 难点数: how many cases have entered it.
    cases: u64,
    /// 中位数: in days of 24 hours to hundredths; by nearest rank, the one at place ⌈n/2⌉ of n.
    median_days: Decimal,
    /// 第90百分位数: in days of 24 hours to hundredths; by nearest rank, the one at place ⌈9n/10⌉ of n.
    ninetieth_days: Decimal,
}

/// 重新打开: how often what was solved was taken up again.
#[derive(SimpleObject, Serialize)]
#[graphql(complex)]
pub(crate) struct Reopening {
    /// 已解决: cases that were ever resolved or closed.
    resolved: u64,
    /// 重新打开: those of them that were ever reopened.
    reopened: u64,
    /// 重新打开率: the share, to ten-thousandths; absent where nothing was resolved.
    rate: Option<Decimal>,
}

/// 能力差距: the gaps of cases that have one. Beyond 9·10^12 all count as alike.
#[derive(SimpleObject, Serialize)]
#[graphql(complex)]
pub(crate) struct GapSummary {
    /// 难点数: cases whose gap is known.
    cases: u64,
    /// 中位数: by nearest rank, to six decimals, rounded up; absent where no gap is known.
    median: Option<Decimal>,
    /// 已消除: cases whose gap is 1 or less, compared exactly.
    closed: u64,
}

impl From<GapSums> for GapSummary {
    fn from(sums: GapSums) -> Self {
        let median = (sums.cases > 0).then(|| Decimal::of(gap_of(sums.median_ppm)));
        Self { cases: sums.cases, median, closed: sums.closed }
    }
}

/// 收费: fees, added up exactly.
#[derive(SimpleObject, Serialize)]
#[graphql(complex)]
pub(crate) struct FeeSummary {
    /// 笔数: how many.
    count: u64,
    /// 金额: how much.
    total: Decimal,
    /// 币种: ISO 4217.
    currency: &'static str,
    /// 按收费项目: by the item of the state list that allows them. Items of one code on the lists of two divisions are two.
    items: Vec<FeeItemSummary>,
}

impl FeeSummary {
    /// Fees that come in the order of their items.
    ///
    /// # Errors
    /// When an amount is no number.
    pub(crate) fn of(fees: &[FeeSum]) -> Result<Self, Fault> {
        let items = fees.chunk_by(FeeSum::is_of_the_item_of).map(|fees| {
            Ok(FeeItemSummary {
                item: fees[0].item.clone(),
                division: DivisionNode(division_of_row(&fees[0].list)),
                count: fees.iter().map(|fee| fee.count).sum(),
                total: Decimal::of(fee_total(fees)?),
            })
        });
        Ok(Self {
            count: fees.iter().map(|fee| fee.count).sum(),
            total: Decimal::of(fee_total(fees)?),
            currency: value::money::CURRENCY,
            items: items.collect::<Result<_, Fault>>()?,
        })
    }
}

/// 收费项目: the fees of an item of the state list.
#[derive(SimpleObject, Serialize)]
#[graphql(complex)]
pub(crate) struct FeeItemSummary {
    /// 代码: what fees name the item by.
    item: String,
    /// 行政区划: whose list the item is on, a province's or the nation's.
    division: DivisionNode,
    /// 笔数: how many.
    count: u64,
    /// 金额: how much.
    total: Decimal,
}

/// 培训: trainings, added up.
#[derive(SimpleObject, Serialize)]
#[graphql(complex)]
pub(crate) struct TrainingSummary {
    /// 次数: how many.
    count: u64,
    /// 人次: how many learnt something. The sum outgrows `Int`.
    trainees: Decimal,
}

content_id!(TimeToStatus, Reopening, GapSummary, FeeSummary, FeeItemSummary, TrainingSummary);
