//! The history of one case: what differs between two points of its life, how one field went, and its timeline.

pub(crate) mod change;
mod field;
mod point;
mod timeline;

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Object, Result, SimpleObject};
use futures::FutureExt;
use jiff::Timestamp;

use crate::app::{CasePoint, HistoryEvent, Moment, changes_of, differences_between, parts};
use crate::domain::value::{CampaignId, CaseId, EnterpriseId};
use crate::graphql::connection::Slice;
use crate::graphql::context::loaders;
use crate::graphql::part::Part;
use crate::graphql::query::Viewpoint;
use crate::graphql::query::as_of::AsOfAxis;
use crate::graphql::scalars::{Cursor, DateTime};
use crate::graphql::types::common::ActorNode;
use crate::graphql::types::event::CaseEvent;
use crate::graphql::types::event::declare::Head;
use crate::graphql::types::history::change::{FieldChange, Maker};
use crate::graphql::types::history::field::CaseField;
use crate::graphql::types::history::point::CasePointInput;
use crate::graphql::types::history::timeline::TimelineConnection;
use crate::graphql::{errors, ids};

pub(crate) struct CaseHistory {
    /// Which case.
    pub(crate) id: CaseId,
    /// Whose difficulty it is.
    pub(crate) enterprise: EnterpriseId,
    /// The campaign that it was reported to.
    pub(crate) campaign: CampaignId,
    /// As of when it is shown: nothing later is part of its history.
    pub(crate) at: Moment,
    /// What the time was then, where that is known better than by the last event.
    pub(crate) time: Option<Timestamp>,
    /// How many events it had then.
    pub(crate) version: u64,
}

impl CaseHistory {
    async fn load(&self, ctx: &Context<'_>) -> Result<Arc<[HistoryEvent]>> {
        loaders(ctx).history(self.id, self.at).await.map_err(|fault| errors::fault(ctx, fault))
    }

    fn viewpoint(&self) -> Viewpoint {
        Viewpoint { moment: self.at, time: self.time }
    }

    fn maker(&self, ctx: &Context<'_>, told: &HistoryEvent) -> Result<Maker> {
        let head = Head::new(told.record.clone(), &told.event, self.at).map_err(|fault| errors::fault(ctx, fault))?;
        Ok(Maker { head, fact: told.event.fact.clone() })
    }
}

/// The part of a case that compares its states.
#[Object]
impl CaseHistory {
    /// 差异: every field that differs between two points of its life, with what it was, what it is, and the events that made it so. A field that changed and changed back does not differ; before the case was reported nothing was there, and everything is new: what had happened before the report is made so by the report. A first point after the second one is refused, not turned round; and so is a point after the moment that the case is shown as of.
    async fn diff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "起: from which point on.")] from: CasePointInput,
        #[graphql(desc = "止: up to which point; as it is shown here when left out.")] to: Option<CasePointInput>,
        #[graphql(
            desc = "时间轴: which time of an event counts for points given as `time`; that on which the case is shown when left out."
        )]
        axis: Option<AsOfAxis>,
    ) -> Option<Result<Vec<FieldChange>>> {
        errors::nullable(async {
            let axis = axis.unwrap_or(AsOfAxis::of(self.at));
            let shown = (self.at, self.version);
            let earlier = from.read(ctx, "from", axis, shown).await?;
            let later = match to {
                Some(to) => to.read(ctx, "to", axis, shown).await?,
                None => CasePoint::Moment(self.at),
            };
            let history = self.load(ctx).await?;
            let parts = parts(&history, earlier, later).map_err(|_| {
                let message = "the point `from` lies after the point `to`: ask the other way round";
                errors::argument("POINTS_REVERSED", "from", message)
            })?;
            // It has states of the case with it, and the library makes room for the largest field whichever is asked for.
            let changes = differences_between(&history, &parts).boxed().await.into_iter().map(|made| {
                let makers = made.made_by.iter().map(|place| self.maker(ctx, &history[*place])).collect::<Result<_>>();
                Ok(FieldChange::new(self.id, made.difference, makers?, self.viewpoint()))
            });
            changes.collect::<Result<_>>().map(Some)
        })
        .await
    }

    /// 字段变化: every change of one field, in the order of the log, with who made it and why.
    async fn field_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "字段: which field.")] field: CaseField,
        #[graphql(
            desc = "At most so many, up to `largestPage`; all of them when left out, if they are no more than that."
        )]
        first: Option<i32>,
        #[graphql(desc = "Without so many from the beginning.")] skip: Option<i32>,
    ) -> Option<Result<Vec<FieldHistoryEntry>>> {
        errors::nullable(async {
            let part = Part::read(ctx, first, skip)?;
            let history = self.load(ctx).await?;
            let changes = changes_of(&history, field.into()).boxed().await;
            let entries = part.of(changes.into_iter())?.map(|(place, difference)| {
                let maker = Arc::new(self.maker(ctx, &history[place])?);
                let change = FieldChange::new(self.id, difference, vec![(*maker).clone()], self.viewpoint());
                Ok(FieldHistoryEntry { change, field, maker })
            });
            entries.collect::<Result<_>>().map(Some)
        })
        .await
    }

    /// 时间线: what has happened, for people, in the order of time: its events, the visits to its enterprise that concern it (the one it was reported from and, for whoever sees the enterprise in the register, those of its campaign, and of those that this was closed in favour of, while it was open), its deadlines, of a duplicate that the case was withdrawn which was to go on in its place, and what is still to come: the deadline that runs, the review of a parked case.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Forward: at most so many from the beginning, up to `largestPage`; 50 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only after this place.")] after: Option<Cursor>,
        #[graphql(desc = "Backward: at most so many from the end, up to `largestPage`.")] last: Option<i32>,
        #[graphql(desc = "Only before this place.")] before: Option<Cursor>,
    ) -> Option<Result<TimelineConnection>> {
        errors::nullable(async {
            let slice = Slice::read(ctx, first, after, last, before)?;
            let history = self.load(ctx).await?;
            TimelineConnection::load(ctx, self, &history, &slice).await.map(Some)
        })
        .await
    }
}

/// 字段变化: one change of a field.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct FieldHistoryEntry {
    /// 变化: what it was and what it became.
    change: FieldChange,
    #[graphql(skip)]
    field: CaseField,
    #[graphql(skip)]
    maker: Arc<Maker>,
}

#[ComplexObject]
impl FieldHistoryEntry {
    /// The id: of this field and this event.
    async fn id(&self) -> async_graphql::ID {
        ids::of_content("FieldHistoryEntry", &(self.field, self.maker.head.position().0))
    }

    /// 事件: what made it so.
    async fn event(&self) -> CaseEvent {
        self.maker.event()
    }

    /// 操作者: who made it so.
    async fn actor(&self) -> ActorNode {
        self.maker.head.actor()
    }

    /// 原因: why, where it was said.
    async fn reason(&self) -> Option<String> {
        self.maker.fact.reason().map(ToString::to_string)
    }

    /// 记录时间: when the log took it.
    async fn recorded_at(&self) -> DateTime {
        self.maker.head.recorded_at()
    }

    /// 发生时间: when it happened, as its author says.
    async fn occurred_at(&self) -> DateTime {
        self.maker.head.occurred_at()
    }
}
