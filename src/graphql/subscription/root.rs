//! The root's fields: parse what is asked for, or show what has come.

use std::sync::PoisonError;

use async_graphql::{Context, ID, Result, Subscription as SubscriptionObject};
use futures::stream::{self, Iter};

use crate::app::{AggregateType, Interest, Start, StreamId};
use crate::domain::refusal::Refusal;
use crate::domain::value::CaseId;
use crate::graphql::context::reached;
use crate::graphql::scalars::Position;
use crate::graphql::subscription::filter::EventFilter;
use crate::graphql::subscription::update::{CaseUpdate, CheckpointUpdate, LogUpdate};
use crate::graphql::subscription::{News, Pieces, Turn, Wanted};
use crate::graphql::{errors, ids};

pub(crate) struct Subscription;

/// At most one piece of news: a turn shows no more.
type Shown<T> = Iter<std::option::IntoIter<T>>;

/// 订阅: what happens from a position on, in the order of the log, within the rights that you have at that moment. Go on with the last `position` that you got, and nothing is missed or comes twice.
#[SubscriptionObject]
impl Subscription {
    /// 事件流: every event that you may see, one by one, but those of saved views, which nobody follows. From time to time an update without an event tells how far the log has been looked through.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From behind this position on; from now on when left out.")] after: Option<Position>,
        #[graphql(desc = "从头开始: with the first event of the log; not together with `after`.", default)]
        from_start: bool,
        #[graphql(desc = "筛选: only these.")] filter: Option<EventFilter>,
    ) -> Result<Shown<LogUpdate>> {
        turn(ctx, LogUpdate, async || {
            let start = match (after, from_start) {
                (Some(_), true) => {
                    let message = "say `after` or `fromStart`, not both";
                    return Err(errors::argument("ARGUMENTS_EXCLUSIVE", "fromStart", message));
                }
                (None, true) => Start::Beginning,
                (after, false) => start(ctx, after).await?,
            };
            let interest = filter.unwrap_or_default().interest()?;
            Ok(Wanted::Events { start, interest: Box::new(interest), pieces: Pieces::Single })
        })
        .await
    }

    /// 案例变更: a case as it is after every change, with what was changed. Nothing comes of a case while you may not see it. From time to time an update without a case tells how far the log has been looked through.
    async fn case_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
        #[graphql(desc = "From behind this position on; from now on when left out.")] after: Option<Position>,
    ) -> Result<Shown<CaseUpdate>> {
        turn(ctx, CaseUpdate, async || {
            let id = ids::read::<CaseId>(&id).map_err(|error| errors::refused(&Refusal::of_value("id", error)))?;
            let case = StreamId { aggregate_type: AggregateType::Case, aggregate_id: id.into() };
            let interest = Interest { streams: vec![case], ..Interest::default() };
            let start = start(ctx, after).await?;
            Ok(Wanted::Events { start, interest: Box::new(interest), pieces: Pieces::ByCommand })
        })
        .await
    }

    /// 检查点流: every signed checkpoint of the log, in order, each once: without `after` the latest one first, with it nothing before a newer one.
    async fn checkpoints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From behind the checkpoint that covers this position last.")] after: Option<Position>,
    ) -> Result<Shown<CheckpointUpdate>> {
        turn(ctx, CheckpointUpdate, async || {
            reached(ctx, after).await?;
            Ok(Wanted::Checkpoints { after: after.map(|after| after.0) })
        })
        .await
    }
}

/// Where a client goes on: at a position that the log has, so that a mistaken one is noticed.
async fn start(ctx: &Context<'_>, after: Option<Position>) -> Result<Start> {
    reached(ctx, after).await?;
    Ok(after.map_or(Start::Now, |after| Start::After(after.0)))
}

/// Takes the turn: notes what is wanted, or shows the news.
async fn turn<T>(
    ctx: &Context<'_>,
    show: impl FnOnce(News) -> T,
    read: impl AsyncFnOnce() -> Result<Wanted>,
) -> Result<Shown<T>> {
    let shown = match ctx.data_unchecked::<Turn>() {
        Turn::Showing(news) => Some(show(news.clone())),
        Turn::Opening(heard) => {
            let wanted = read().await?;
            heard.lock().unwrap_or_else(PoisonError::into_inner).replace(wanted);
            None
        }
    };
    Ok(stream::iter(shown))
}
