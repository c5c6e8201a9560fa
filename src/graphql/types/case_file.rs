//! What only a case's own file knows: loaded when it is asked for, once per request however many fields ask.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use jiff::Timestamp;

use crate::app::{Moment, Versioned};
use crate::domain::case::Case;
use crate::domain::case::state::File;
use crate::domain::value::CaseId;
use crate::graphql::connection::Slice;
use crate::graphql::context::{actor, app, loaders};
use crate::graphql::errors;
use crate::graphql::part::Part;
use crate::graphql::query::Viewpoint;
use crate::graphql::scalars::Cursor;
use crate::graphql::types::attachment::Attachment;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::case_parts::{
    AllowedCommand, CaseOrigin, Comment, Expert, Fee, GapPoint, IntroducedTechnique, LegacyNode, LinkNode,
    PublicationNode, Training,
};
use crate::graphql::types::common::ActorNode;
use crate::graphql::types::event::{CaseEventConnection, CaseEventFilter};
use crate::graphql::types::measurement::{CapabilityGapNode, MeasurementNode, RequirementNode};
use crate::graphql::types::work::{
    AssignmentNode, Finding, ResolutionNode, RoutineServiceNode, SolutionNode, TrialNode,
};

pub(crate) struct CaseFile {
    /// Which case.
    pub(crate) id: CaseId,
    /// The version that the row shows.
    pub(crate) version: u64,
    /// As of when it is shown.
    pub(crate) at: Moment,
    /// What the time was then, where that is known better than by the last event.
    pub(crate) time: Option<Timestamp>,
}

impl CaseFile {
    async fn load(&self, ctx: &Context<'_>) -> Result<Option<Arc<Versioned<Case>>>> {
        loaders(ctx).file(self.id, self.version, self.at).await.map_err(|fault| errors::fault(ctx, fault))
    }

    /// Reads the file, if it is there.
    async fn read<T>(&self, ctx: &Context<'_>, read: impl FnOnce(&File) -> T) -> Result<Option<T>> {
        let case = self.load(ctx).await?;
        Ok(case.and_then(|case| case.state.file.as_ref().map(read)))
    }

    /// The case that it was marked as a duplicate of.
    pub(super) async fn original(&self, ctx: &Context<'_>) -> Result<Option<CaseId>> {
        Ok(self.read(ctx, |file| file.duplicate_of).await?.flatten())
    }

    /// Shows each thing of a part of the file's.
    async fn each<S, T: for<'a> From<(&'a S, Moment)>>(
        &self,
        ctx: &Context<'_>,
        (first, skip): (Option<i32>, Option<i32>),
        of: impl FnOnce(&File) -> &[S],
    ) -> Result<Option<Vec<T>>> {
        let part = Part::read(ctx, first, skip)?;
        let shown = |file: &File| Ok(part.of(of(file).iter())?.map(|thing| T::from((thing, self.at))).collect());
        self.read(ctx, shown).await?.transpose()
    }

    /// Shows one thing of the file, if it is there.
    async fn one<S, T: for<'a> From<(&'a S, Moment)>>(
        &self,
        ctx: &Context<'_>,
        of: impl FnOnce(&File) -> Option<&S>,
    ) -> Result<Option<T>> {
        Ok(self.read(ctx, |file| of(file).map(|thing| T::from((thing, self.at)))).await?.flatten())
    }
}

/// The part of a case that its file knows.
#[Object]
impl CaseFile {
    /// 问题描述: what cannot be solved, and why not.
    async fn problem(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        self.read(ctx, |file| file.problem.to_string()).await.transpose()
    }

    /// 来源: how it came to be known.
    async fn origin(&self, ctx: &Context<'_>) -> Option<Result<CaseOrigin>> {
        let origin = |file: &File| CaseOrigin {
            origin: file.origin.clone(),
            case: self.id,
            enterprise: file.enterprise,
            at: self.at,
        };
        self.read(ctx, origin).await.transpose()
    }

    /// 报告人: who reported it.
    async fn reported_by(&self, ctx: &Context<'_>) -> Option<Result<ActorNode>> {
        self.read(ctx, |file| ActorNode { id: file.reported_by.clone(), at: self.at }).await.transpose()
    }

    /// 测量要求: what measurement would solve it.
    async fn requirement(&self, ctx: &Context<'_>) -> Option<Result<RequirementNode>> {
        errors::nullable(async {
            Ok(self.read(ctx, |file| file.requirement().cloned().map(RequirementNode)).await?.flatten())
        })
        .await
    }

    /// 能力差距: the best uncertainty found so far against the one required; absent while either is unknown.
    async fn gap(&self, ctx: &Context<'_>) -> Option<Result<CapabilityGapNode>> {
        errors::nullable(async { Ok(self.read(ctx, |file| CapabilityGapNode::of(file, self.at)).await?.flatten()) })
            .await
    }

    /// 差距变化: the capability gap from each time at which it changed, in the order in which things were stated and measured, whatever the order in which they were recorded. A result that was retracted has no part in it, not in that of before either, nor has a requirement that was corrected; what was taken to be is told as of a moment before that.
    async fn gap_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<GapPoint>>> {
        errors::nullable(async {
            let part = Part::read(ctx, first, skip)?;
            let shown =
                |file: &File| Ok(part.of(file.gap_history().into_iter())?.map(GapPoint::from).collect::<Vec<_>>());
            self.read(ctx, shown).await?.transpose()
        })
        .await
    }

    /// 测量结果: what was measured, in order, with what was retracted.
    async fn measurements(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<MeasurementNode>>> {
        self.each(ctx, (first, skip), |file| &file.measurements).await.transpose()
    }

    /// 发现: what was learnt, in order.
    async fn findings(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<Finding>>> {
        self.each(ctx, (first, skip), |file| &file.findings).await.transpose()
    }

    /// 攻关任务: who shall solve it.
    async fn assignment(&self, ctx: &Context<'_>) -> Option<Result<AssignmentNode>> {
        errors::nullable(async {
            let shown = |file: &File| Some(AssignmentNode::new(self.id, file.assignment.clone()?, self.at));
            Ok(self.read(ctx, shown).await?.flatten())
        })
        .await
    }

    /// 专家: everybody ever invited, and how it went. The lead is in `assignment`.
    async fn experts(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<Expert>>> {
        errors::nullable(async {
            let part = Part::read(ctx, first, skip)?;
            let shown = |file: &File| {
                let experts = part.of(file.experts.iter())?;
                Ok(experts.map(|(id, membership)| Expert::new(self.id, (*id, *membership), self.at)).collect())
            };
            self.read(ctx, shown).await?.transpose()
        })
        .await
    }

    /// 常规服务: the routine service that answered it.
    async fn routine_service(&self, ctx: &Context<'_>) -> Option<Result<RoutineServiceNode>> {
        self.one(ctx, |file| file.routine_service.as_ref()).await.transpose()
    }

    /// 解决方案: the solution on the table.
    async fn solution(&self, ctx: &Context<'_>) -> Option<Result<SolutionNode>> {
        self.one(ctx, |file| file.solution.as_ref()).await.transpose()
    }

    /// 试用: the trial of that solution.
    async fn trial(&self, ctx: &Context<'_>) -> Option<Result<TrialNode>> {
        self.one(ctx, |file| file.trial.as_ref()).await.transpose()
    }

    /// 解决: what was recorded when it was resolved.
    async fn resolution(&self, ctx: &Context<'_>) -> Option<Result<ResolutionNode>> {
        self.one(ctx, |file| file.resolution.as_ref()).await.transpose()
    }

    /// 经验: what others can learn from it, once closed.
    async fn lesson(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        errors::nullable(async {
            Ok(self.read(ctx, |file| file.lesson.as_ref().map(ToString::to_string)).await?.flatten())
        })
        .await
    }

    /// 原案例: the case that goes on in its place, if you may see it: where its original is a duplicate in turn, the one of that.
    async fn duplicate_of(&self, ctx: &Context<'_>) -> Option<Result<CaseNode>> {
        errors::nullable(async {
            match self.original(ctx).await? {
                Some(id) => CaseNode::going_on(ctx, id, Viewpoint { moment: self.at, time: self.time }).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// 关联: what it is to other cases.
    async fn links(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<LinkNode>>> {
        errors::nullable(async {
            let (part, from) = (Part::read(ctx, first, skip)?, Viewpoint { moment: self.at, time: self.time });
            let shown =
                |file: &File| Ok(part.of(file.links.iter())?.map(|link| LinkNode { link: *link, from }).collect());
            self.read(ctx, shown).await?.transpose()
        })
        .await
    }

    /// 子案例: the cases that are parts of it and that you may see, in the order of their numbers.
    async fn parts(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<CaseNode>>> {
        errors::nullable(async {
            let (part, from) = (Part::read(ctx, first, skip)?, Viewpoint { moment: self.at, time: self.time });
            let parts = loaders(ctx).parts(self.id, self.at).await.map_err(|fault| errors::fault(ctx, fault))?;
            Ok(Some(part.of(parts.into_iter())?.map(|part| CaseNode::new(part, from)).collect()))
        })
        .await
    }

    /// 收费: fees, in order, with those that were retracted.
    async fn fees(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<Fee>>> {
        self.each(ctx, (first, skip), |file| &file.fees).await.transpose()
    }

    /// 先进技术: techniques brought in, in order.
    async fn techniques(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<IntroducedTechnique>>> {
        self.each(ctx, (first, skip), |file| &file.techniques).await.transpose()
    }

    /// 培训: trainings given, in order.
    async fn trainings(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<Training>>> {
        self.each(ctx, (first, skip), |file| &file.trainings).await.transpose()
    }

    /// 评论: what was said, in order; what is internal, to whom it is for.
    async fn comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<Comment>>> {
        self.each(ctx, (first, skip), |file| &file.comments).await.transpose()
    }

    /// 附件: documents, in order.
    async fn attachments(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<Attachment>>> {
        errors::nullable(async {
            let part = Part::read(ctx, first, skip)?;
            let shown = |file: &File| {
                let attachments = part.of(file.attachments.iter())?;
                Ok(attachments.map(|attachment| Attachment::new(self.id, attachment.clone(), self.at)).collect())
            };
            self.read(ctx, shown).await?.transpose()
        })
        .await
    }

    /// 发布: the publication as good practice, while it stands.
    async fn publication(&self, ctx: &Context<'_>) -> Option<Result<PublicationNode>> {
        self.one(ctx, |file| file.publication.as_ref()).await.transpose()
    }

    /// 重新打开次数: how often it was reopened.
    async fn reopened(&self, ctx: &Context<'_>) -> Option<Result<u32>> {
        self.read(ctx, |file| file.reopened).await.transpose()
    }

    /// 导入: what is known from another tracker's log.
    async fn legacy(&self, ctx: &Context<'_>) -> Option<Result<LegacyNode>> {
        self.one(ctx, |file| file.legacy.as_ref()).await.transpose()
    }

    /// 事件: what has happened, in order. The log is the truth: every other field is made of these.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Forward: at most so many from the beginning, up to `largestPage`; 50 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only after this place.")] after: Option<Cursor>,
        #[graphql(desc = "Backward: at most so many from the end, up to `largestPage`.")] last: Option<i32>,
        #[graphql(desc = "Only before this place.")] before: Option<Cursor>,
        #[graphql(desc = "Only these events.")] filter: Option<CaseEventFilter>,
    ) -> Option<Result<CaseEventConnection>> {
        errors::nullable(async {
            let page = Slice::read(ctx, first, after, last, before)?;
            CaseEventConnection::load(ctx, self.id, self.at, &page, filter.unwrap_or_default()).await.map(Some)
        })
        .await
    }

    /// 可用命令: which commands you may give now, and for each that you may not, why; in the past, which you with your rights of today might have given then.
    async fn allowed_commands(&self, ctx: &Context<'_>) -> Option<Result<Vec<AllowedCommand>>> {
        errors::nullable(async {
            let now = app(ctx).time_of(self.at, self.time).await.map_err(|fault| errors::fault(ctx, fault))?;
            let case = self.load(ctx).await?;
            Ok(case.map(|case| {
                let commands = case.state.allowed_commands(actor(ctx), now);
                commands.into_iter().filter_map(AllowedCommand::of).collect()
            }))
        })
        .await
    }
}
