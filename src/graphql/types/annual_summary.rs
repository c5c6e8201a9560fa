//! 年度总结: annual summaries.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use serde::Serialize;

use crate::app::YearQuestion;
use crate::domain::annual_summary::AnnualSummary;
use crate::domain::annual_summary::figure;
use crate::domain::annual_summary::state::AnnualSummaryFile;
use crate::graphql::errors;
use crate::graphql::ids::{self, content_id};
use crate::graphql::scalars::{DateTime, Decimal, Position};
use crate::graphql::types::annual_figures::{AnnualFigures, FigureName};
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::common::{ActorNode, DivisionNode};
use crate::graphql::types::register::register_node;

register_node!(AnnualSummaryNode of AnnualSummary as AnnualSummaryId);

impl AnnualSummaryNode {
    /// What it says.
    pub(super) fn file(&self) -> &AnnualSummaryFile {
        self.0.entry.state.file.as_ref().expect("a summary's first event opens its file")
    }
}

/// 年度总结: what a jurisdiction reports of a year, due on 31 October.
#[Object(name = "AnnualSummary")]
impl AnnualSummaryNode {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        self.global_id()
    }

    /// 行政区划: whose report.
    async fn division(&self) -> DivisionNode {
        DivisionNode(self.file().jurisdiction.clone())
    }

    /// 年度: which year.
    async fn year(&self) -> i32 {
        self.file().year.into()
    }

    /// 总结: what is reported, as last amended.
    async fn text(&self) -> String {
        self.file().text.to_string()
    }

    /// 数据: figures by name.
    async fn figures(&self) -> Vec<Figure> {
        let figures = self.file().figures.iter();
        figures.map(|(name, value)| Figure { name: name.to_string(), value: Decimal::of(value) }).collect()
    }

    /// 典型经验: good practice worth spreading.
    async fn good_practice(&self) -> Vec<String> {
        self.file().good_practice.iter().map(ToString::to_string).collect()
    }

    /// 计算数据: the figures of its year as the log gives them, each beside what was submitted.
    async fn computed(&self, ctx: &Context<'_>) -> Option<Result<AnnualFigures>> {
        errors::nullable(async {
            let AnnualSummaryFile { jurisdiction, year, .. } = self.file();
            let (jurisdiction, year) = (jurisdiction.clone(), *year);
            let question = YearQuestion { jurisdiction, year, at: self.0.at, time: self.0.time, standing_at: None };
            AnnualFigures::load(ctx, question).await.map(Some)
        })
        .await
    }

    /// 上报时的计算数据: the figures of its year as the log gave them, to whoever reported it, when it was submitted or last amended: as of 31 October once that was over; to an amendment after it, and where the log began after it, with what of the year was recorded until then, and `CASES_OPEN` and `TYPICAL_CASES` as of 31 October by what was known then. Absent where the log had none, and where they were not recorded yet.
    async fn computed_then(&self) -> Option<ComputedThen> {
        self.file().computed.as_ref().map(ComputedThen::of)
    }

    /// Global ids of the cases worth telling.
    async fn typical_case_ids(&self) -> Vec<ID> {
        self.file().typical_cases.iter().map(|id| ids::global(*id)).collect()
    }

    /// 典型案例: the cases worth telling that you may see.
    async fn typical_cases(&self, ctx: &Context<'_>) -> Option<Result<Vec<CaseNode>>> {
        errors::nullable(async {
            let cases = self.file().typical_cases.iter().map(|id| CaseNode::named(ctx, *id, self.0.viewpoint()));
            let cases = futures::future::try_join_all(cases).await?;
            Ok(Some(cases.into_iter().flatten().collect()))
        })
        .await
    }

    /// Who submitted it.
    async fn submitted_by(&self) -> ActorNode {
        ActorNode { id: self.file().submitted_by.clone(), at: self.0.at }
    }

    /// When it was submitted.
    async fn submitted_at(&self) -> DateTime {
        self.file().submitted_at.into()
    }

    /// 逾期: whether it came after 31 October of the year.
    async fn late(&self) -> bool {
        self.file().late
    }

    /// 修改: what was amended since, in order.
    async fn amendments(&self) -> Vec<AmendmentNode> {
        let amendments = self.file().amendments.iter();
        amendments
            .map(|amendment| AmendmentNode {
                by: ActorNode { id: amendment.by.clone(), at: self.0.at },
                at: amendment.at.into(),
                reason: amendment.reason.to_string(),
                late: amendment.late,
            })
            .collect()
    }

    /// 版本: how many events it has.
    async fn version(&self) -> u64 {
        self.0.entry.version
    }

    /// 更新时间: when the log took its last event.
    async fn updated_at(&self) -> DateTime {
        self.0.entry.updated_at.into()
    }
}

content_id!(Figure, AmendmentNode, ComputedThen, ComputedFigure);

/// 上报时的计算数据: what the log gave when a summary was reported.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct ComputedThen {
    /// 位置: the last position that is in the figures.
    position: Position,
    /// 数据: the figures.
    figures: Vec<ComputedFigure>,
}

/// 计算数据项: a figure that the log gave.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct ComputedFigure {
    /// 名称: which figure.
    name: FigureName,
    /// 数值: how many or how much.
    value: Decimal,
}

impl ComputedThen {
    fn of(computed: &figure::ComputedFigures) -> Self {
        let figures = computed.figures.iter();
        let figures = figures.map(|(name, value)| ComputedFigure { name: (*name).into(), value: Decimal::of(value) });
        Self { position: Position(computed.position), figures: figures.collect() }
    }
}

/// 数据: a figure of a summary.
#[derive(Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Figure {
    /// 名称: what it counts.
    name: String,
    /// 数值: how many or how much.
    value: Decimal,
}

/// 修改: a replacement of what was reported.
#[derive(Serialize, SimpleObject)]
#[graphql(complex, name = "Amendment")]
pub(crate) struct AmendmentNode {
    /// By whom.
    by: ActorNode,
    /// When.
    at: DateTime,
    /// 原因: why.
    reason: String,
    /// 逾期: whether it came after 31 October of the year.
    late: bool,
}
