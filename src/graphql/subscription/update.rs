//! What subscribers are shown: events with what they happened to, as it was just after their command.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use crate::app::{AggregateType, LogEvent, StreamId};
use crate::graphql::errors;
use crate::graphql::ids;
use crate::graphql::query::node;
use crate::graphql::scalars::Position;
use crate::graphql::subscription::News;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::event::{CaseEvent, Node, RegisterEvent};
use crate::graphql::types::ledger::Checkpoint;

pub(crate) struct LogUpdate(pub(super) News);

/// 日志更新: an event of the log, or how far the log has been looked through for you.
#[Object]
impl LogUpdate {
    /// The global id.
    async fn id(&self) -> ID {
        ids::of_update("LogUpdate", self.0.position)
    }

    /// 位置: go on behind this one, and nothing is missed or comes twice.
    async fn position(&self) -> Position {
        Position(self.0.position)
    }

    /// 案例事件: what happened to a case.
    async fn case_event(&self, ctx: &Context<'_>) -> Option<Result<CaseEvent>> {
        errors::nullable(async {
            match self.happened() {
                Some((event, stream)) if stream.aggregate_type == AggregateType::Case => {
                    CaseEvent::read(ctx, event.record.clone(), self.0.then(ctx).await?).map(Some)
                }
                _ => Ok(None),
            }
        })
        .await
    }

    /// 登记事件: what happened to something else.
    async fn register_event(&self, ctx: &Context<'_>) -> Option<Result<RegisterEvent>> {
        errors::nullable(async {
            match self.happened() {
                Some((event, stream)) if stream.aggregate_type != AggregateType::Case => {
                    RegisterEvent::read(ctx, event.record.clone(), self.0.then(ctx).await?).map(Some)
                }
                _ => Ok(None),
            }
        })
        .await
    }

    /// 难点: the case that it happened to, as it was just after the command of the event: an earlier event of the same command shows it as the last one does.
    async fn case(&self, ctx: &Context<'_>) -> Option<Result<CaseNode>> {
        let (_, stream) = self.happened()?;
        if stream.aggregate_type != AggregateType::Case {
            return None;
        }
        errors::nullable(async { CaseNode::load(ctx, stream.aggregate_id.into(), self.0.then(ctx).await?).await }).await
    }

    /// 对象: what it happened to, as it was just after the command of the event.
    async fn subject(&self, ctx: &Context<'_>) -> Option<Result<Node>> {
        let (_, stream) = self.happened()?;
        errors::nullable(async {
            let then = self.0.then(ctx).await?;
            node::thing(ctx, stream.aggregate_type.as_str(), stream.aggregate_id, then.into()).await
        })
        .await
    }
}

impl LogUpdate {
    fn happened(&self) -> Option<(&Arc<LogEvent>, StreamId)> {
        let event = self.0.events.first()?;
        Some((event, event.record.stream()?))
    }
}

pub(crate) struct CheckpointUpdate(pub(super) News);

/// 检查点更新: a checkpoint of the log.
#[Object]
impl CheckpointUpdate {
    /// The global id.
    async fn id(&self) -> ID {
        ids::of_update("CheckpointUpdate", self.0.position)
    }

    /// 位置: the last position that the checkpoint covers: go on behind it, and no checkpoint is missed or comes twice.
    async fn position(&self) -> Position {
        Position(self.0.position)
    }

    /// 检查点: the checkpoint.
    async fn checkpoint(&self, ctx: &Context<'_>) -> Option<Result<Checkpoint>> {
        errors::nullable(Checkpoint::of_size(ctx, self.0.position + 1)).await
    }
}

pub(crate) struct CaseUpdate(pub(super) News);

/// 案例更新: a case after a change, or how far the log has been looked through for you.
#[Object]
impl CaseUpdate {
    /// The global id.
    async fn id(&self) -> ID {
        ids::of_update("CaseUpdate", self.0.position)
    }

    /// 位置: go on behind this one, and nothing is missed or comes twice.
    async fn position(&self) -> Position {
        Position(self.0.position)
    }

    /// 事件: what one command made of the case; empty when only the position is told.
    async fn events(&self, ctx: &Context<'_>) -> Result<Vec<CaseEvent>> {
        let then = self.0.then(ctx).await?;
        self.0.events.iter().map(|event| CaseEvent::read(ctx, event.record.clone(), then)).collect()
    }

    /// 难点: the case after it; absent when only the position is told.
    async fn case(&self, ctx: &Context<'_>) -> Option<Result<CaseNode>> {
        let stream = self.0.events.first()?.record.stream()?;
        errors::nullable(async { CaseNode::load(ctx, stream.aggregate_id.into(), self.0.then(ctx).await?).await }).await
    }
}
