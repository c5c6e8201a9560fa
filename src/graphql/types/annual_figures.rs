//! 年度数据: the figures of a year as the log gives them, beside those that were submitted.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use serde::Serialize;

use crate::app::{EvidencePage, Moment, Year, YearFigure, YearQuestion, sees_all_of};
use crate::domain::annual_summary::figure;
use crate::domain::annual_summary::year::{first_day, last_day};
use crate::domain::value::{self, AnnualSummaryId};
use crate::graphql::connection::Slice;
use crate::graphql::context::{actor, app, loaders};
use crate::graphql::errors;
use crate::graphql::ids::{self, content_id};
use crate::graphql::query::Viewpoint;
use crate::graphql::scalars::{Date, DateTime, Decimal, Position};
use crate::graphql::types::annual_summary::AnnualSummaryNode;
use crate::graphql::types::common::DivisionNode;
use crate::graphql::types::statistics::FeeSummary;

/// 数据名称: a figure of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::annual_summary::figure::FigureName")]
pub(crate) enum FigureName {
    /// 走访次数: visits made, by their day.
    VisitsMade,
    /// 报名企业: enterprises that enrolled.
    EnterprisesEnrolled,
    /// 服务企业: enterprises that were visited or had a case that moved.
    EnterprisesServed,
    /// 受理难点: cases reported.
    CasesReported,
    /// 已解决难点: cases resolved.
    CasesResolved,
    /// 已结案难点: cases closed.
    CasesClosed,
    /// 撤回难点: cases withdrawn by their enterprises.
    CasesWithdrawn,
    /// 重复难点: cases that turned out to be others.
    CasesDuplicate,
    /// 重新打开难点: solved cases that were taken up again.
    CasesReopened,
    /// 上报难点: cases escalated.
    CasesEscalated,
    /// 未了结难点: cases open as of the moment, of any year.
    CasesOpen,
    /// 逾期次数: deadlines missed.
    DeadlinesMissed,
    /// 能力差距消除: cases whose capability gap came to 1 or less in the year, from above it or from none. One that stays there counts once; one that opens and closes again counts for the year in which it does. One that did by a result that was retracted since, or by a requirement that was corrected, did not.
    GapsClosed,
    /// 能源计量难点: cases of energy metrology reported.
    EnergyCases,
    /// 培训次数: trainings.
    Trainings,
    /// 培训人次: how many learnt something.
    Trainees,
    /// 引进技术: techniques brought in.
    TechniquesIntroduced,
    /// 典型案例: cases published as typical in the year, and still so.
    TypicalCases,
    /// 收费笔数: fees charged and not retracted, by the day of the service.
    FeesCharged,
    /// 收费金额: the sum of the fees that are not retracted, CNY, by the day of the service. It rests on the retractions as well: as of a moment before one the fee is in it.
    FeeTotal,
}

/// 年度数据: the figures of a year as of a moment, of what you may see.
pub(crate) struct AnnualFigures {
    pub(crate) year: Year,
    /// Whether the asker sees all of the jurisdiction.
    pub(crate) is_complete: bool,
    /// What was submitted by the moment that was asked about.
    pub(crate) submitted: Option<AnnualSummaryNode>,
}

impl AnnualFigures {
    /// Adds up a year.
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn load(ctx: &Context<'_>, question: YearQuestion) -> Result<Self> {
        let year = app(ctx).year(actor(ctx), question).await.map_err(|fault| errors::fault(ctx, fault))?;
        let YearQuestion { jurisdiction, year: of_year, time, .. } = &year.question;
        // Late is flagged, not left out: what came after the figures' moment is compared with them all the same.
        let asked = Viewpoint { moment: year.asked_at, time: time.filter(|_| year.asked_at != Moment::Present) };
        let submitted = AnnualSummaryNode::load(ctx, AnnualSummaryId::of(jurisdiction, *of_year), asked).await?;
        let is_complete = sees_all_of(actor(ctx), jurisdiction);
        Ok(Self { is_complete, year, submitted })
    }

    fn figure(&self, figure: &YearFigure) -> AnnualFigure {
        let compared = self.submitted.as_ref().and_then(|node| {
            let file = node.file();
            let with = self.year.compared_with(file, figure);
            let submitted = figure.name.held_against(with, &file.figures)?;
            Some(Compared { submitted: submitted.clone(), with: with.clone() })
        });
        AnnualFigure { question: self.year.question.clone(), figure: figure.clone(), compared }
    }
}

/// 年度数据: the figures of a year as of a moment, of what you may see; `complete` says whether that is all of the jurisdiction.
#[Object]
impl AnnualFigures {
    /// 标识: made of whose they are, of when, and what they say.
    async fn id(&self) -> ID {
        let YearQuestion { jurisdiction, year, at, .. } = &self.year.question;
        let values: Vec<_> = self.year.figures.iter().map(|figure| figure.value.to_string()).collect();
        ids::of_content("AnnualFigures", &(jurisdiction, year, at, values, self.is_complete))
    }

    /// 行政区划: whose they are.
    async fn division(&self) -> DivisionNode {
        DivisionNode(self.year.question.jurisdiction.clone())
    }

    /// 完整: whether you see all of the jurisdiction, and these are its figures; otherwise they are of the part that you see, and smaller than its own.
    async fn complete(&self) -> bool {
        self.is_complete
    }

    /// 年度: of which year: that of the 31 October on which its summary is due.
    async fn year(&self) -> i32 {
        self.year.question.year.into()
    }

    /// 起: the first day that is told of: 1 November of the year before, when the summary before it had been due.
    async fn first_day(&self) -> Date {
        first_day(self.year.question.year).into()
    }

    /// 止: the last day that is told of: 31 October. What happens later is of the next year.
    async fn last_day(&self) -> Date {
        last_day(self.year.question.year).into()
    }

    /// 截至时间: as of when the figures are: the end of 31 October of the year in UTC+8; now while that is to come, and where the log began after it (`CASES_OPEN` and `TYPICAL_CASES` are then as of that 31 October all the same); under `asOf` its moment.
    async fn time(&self) -> DateTime {
        self.year.time.into()
    }

    /// 位置: the last position that is in the figures; absent while the log is empty, and where they are of what had happened.
    async fn position(&self) -> Option<Position> {
        self.year.question.at.last_position().map(Position)
    }

    /// 数据: the figures.
    async fn figures(&self) -> Vec<AnnualFigure> {
        self.year.figures.iter().map(|figure| self.figure(figure)).collect()
    }

    /// 收费: the fees of the year, by the item of the state list.
    async fn fees(&self, ctx: &Context<'_>) -> Result<FeeSummary> {
        let total = self.year.figures.iter().find(|figure| figure.name == figure::FigureName::FeeTotal);
        FeeSummary::of(total.map_or(&[], |figure| &figure.amounts)).map_err(|fault| errors::fault(ctx, fault))
    }

    /// 年度总结: what was submitted, if you may see it: by now, or under `asOf` by its moment. Its `late` says whether it came after 31 October; it is compared all the same.
    async fn submitted(&self) -> Option<AnnualSummaryNode> {
        self.submitted.clone()
    }

    /// 一致: whether every figure that was submitted under a name of these is the one that the log gave: as of `time`, or of 31 October where that was before; to a summary that was last amended after 31 October as of that amendment, with what was recorded late. Absent where none was submitted.
    async fn agrees(&self) -> Option<bool> {
        let agreements = self.year.figures.iter().filter_map(|figure| self.figure(figure).agreement());
        agreements.reduce(|all, one| all && one)
    }
}

/// 年度数据项: a figure, and the events that it rests on.
pub(crate) struct AnnualFigure {
    question: YearQuestion,
    figure: YearFigure,
    compared: Option<Compared>,
}

/// What was submitted for a figure, and what of the log it is held against.
#[derive(Serialize)]
struct Compared {
    submitted: value::Decimal,
    with: value::Decimal,
}

impl AnnualFigure {
    fn agreement(&self) -> Option<bool> {
        self.compared.as_ref().map(|compared| compared.submitted == compared.with)
    }
}

/// 年度数据项: a figure, and the events that it rests on.
#[Object]
impl AnnualFigure {
    /// 标识: made of whose it is, of when, and what it says.
    async fn id(&self) -> ID {
        let YearQuestion { jurisdiction, year, at, .. } = &self.question;
        let said = (self.figure.name.name(), self.figure.value.to_string(), &self.compared);
        ids::of_content("AnnualFigure", &(jurisdiction, year, at, said))
    }

    /// 名称: which figure.
    async fn name(&self) -> FigureName {
        self.figure.name.into()
    }

    /// 中文名称: what people call it, in Chinese. A submitted figure of this name, of the English one or of the API's is compared with it.
    async fn label(&self) -> &'static str {
        self.figure.name.chinese()
    }

    /// 英文名称: what people call it, in English.
    async fn english_label(&self) -> &'static str {
        self.figure.name.english()
    }

    /// 数值: how many or how much, as the log has it.
    async fn value(&self) -> Decimal {
        Decimal::of(&self.figure.value)
    }

    /// 上报数值: what was submitted; absent where nothing was under any of its names. Where an older summary has it under several, one that is not `comparedWith` goes before one that is.
    async fn submitted(&self) -> Option<Decimal> {
        self.compared.as_ref().map(|compared| Decimal::of(&compared.submitted))
    }

    /// 比较数值: what `submitted` is compared with: `value`; under `asOf` of a moment after 31 October, what it was as of that day, or, of what stood on one before the log began as of a position, what the log gave to the summary; where the summary was last amended after 31 October, what the log gave at that amendment, with what was recorded late, as its `computedThen` says. Absent where nothing was submitted.
    async fn compared_with(&self) -> Option<Decimal> {
        self.compared.as_ref().map(|compared| Decimal::of(&compared.with))
    }

    /// 一致: whether `submitted` is `comparedWith`; absent where nothing was submitted.
    async fn agrees(&self) -> Option<bool> {
        self.agreement()
    }

    /// 依据: the events that it rests on, in the order of the log.
    async fn evidence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many, up to `largestPage`; 50 when left out.")] first: Option<i32>,
        #[graphql(desc = "位置: only events after this position: `position` of the evidence before.")]
        after_position: Option<Position>,
    ) -> Option<Result<FigureEvidence>> {
        errors::nullable(async {
            let slice = Slice::read(ctx, first, None, None, None)?;
            let page = EvidencePage { after: after_position.map(|position| position.0), limit: slice.limit() };
            let events = loaders(ctx).evidence(&self.question, self.figure.name, page).await;
            let mut events = events.map_err(|fault| errors::fault(ctx, fault))?;
            let has_more = slice.cut(&mut events).next;
            Ok(Some(FigureEvidence {
                count: self.figure.events,
                event_ids: events.iter().map(|event| ids::of_event(event.position)).collect(),
                position: events.last().map(|event| Position(event.position)),
                has_more,
            }))
        })
        .await
    }
}

/// 依据: events that a figure rests on.
#[derive(SimpleObject, Serialize)]
#[graphql(complex)]
pub(crate) struct FigureEvidence {
    /// 总数: how many there are in all.
    count: u64,
    /// 事件: their global ids, for `node` and `nodes`.
    event_ids: Vec<ID>,
    /// 位置: that of the last of these, to go on after it.
    position: Option<Position>,
    /// 未完: whether there are more.
    has_more: bool,
}

content_id!(FigureEvidence);
