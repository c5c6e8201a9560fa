//! What proves the log.

use async_graphql::{Context, Object, Result};

use crate::app::Sealed;
use crate::graphql::context::reached;
use crate::graphql::errors;
use crate::graphql::query::Viewpoint;
use crate::graphql::scalars::Position;
use crate::graphql::types::ledger::{Checkpoint, ConsistencyProof, InclusionProof};

#[derive(Default)]
pub(crate) struct LedgerQuery(pub(super) Viewpoint);

/// Proofs.
#[Object]
impl LedgerQuery {
    /// 检查点: the signed checkpoint of that size, or the latest; under `asOf` the latest that covers no more than had been recorded by then.
    async fn checkpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "事件数: of exactly this size.")] size: Option<Position>,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<Checkpoint>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            let which = match (size, self.0.moment.last_position()) {
                (Some(size), _) => Sealed::Size(size.0),
                (None, Some(last)) => Sealed::Within(last + 1),
                (None, None) => Sealed::Latest,
            };
            Checkpoint::load(ctx, which).await
        })
        .await
    }

    /// 包含证明: that the event at a position is in the tree of so many events, or in that of the latest checkpoint: then absent until one covers it, within a second. Of events that you may see.
    async fn inclusion_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "序号: the position of the event.")] index: Position,
        #[graphql(desc = "事件数: how many events the tree has.")] size: Option<Position>,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<InclusionProof>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            InclusionProof::load(ctx, index.0, size.map(|size| size.0)).await
        })
        .await
    }

    /// 一致性证明: that the tree of so many events goes on from that of fewer.
    async fn consistency_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "起始事件数: how many events the smaller tree has.")] from: Position,
        #[graphql(desc = "截止事件数: how many events the larger tree has.")] to: Position,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<ConsistencyProof>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            ConsistencyProof::load(ctx, from.0, to.0).await
        })
        .await
    }
}
