//! What proves the log.

use async_graphql::{Context, Object, Result};

use crate::graphql::context::reached;
use crate::graphql::errors;
use crate::graphql::query::Viewpoint;
use crate::graphql::scalars::Position;
use crate::graphql::types::ledger::{Checkpoint, ConsistencyProof, InclusionProof};

#[derive(Default)]
pub(crate) struct LedgerQuery(pub(super) Viewpoint);

/// Proofs. Under `asOf` they are of the log as it was: no tree has more than it had then. What had happened by a time is no
/// beginning of the log, so on that axis there are none.
#[Object]
impl LedgerQuery {
    /// 检查点: the signed checkpoint of that size, or the latest; with a witness, of those that it has cosigned; under `asOf` of those that cover no more than had been recorded by then, whenever they were signed.
    async fn checkpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "事件数: of exactly this size.")] size: Option<Position>,
        #[graphql(
            desc = "见证人: only of those that this witness has cosigned, by the name of its key; none where the server asks no witness of that name."
        )]
        cosigned_by: Option<String>,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<Checkpoint>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            Checkpoint::load_at(ctx, size.map(|size| size.0), cosigned_by.as_deref(), self.0.moment).await
        })
        .await
    }

    /// 包含证明: that the event at a position is in the tree of so many events, or in that of the latest checkpoint: then absent until one covers it, within a second. Of events that you may see. Under `asOf` no tree and no checkpoint is larger than the log was then.
    async fn inclusion_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "序号: the position of the event.")] index: Position,
        #[graphql(desc = "事件数: how many events the tree has.")] size: Option<Position>,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<InclusionProof>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            InclusionProof::load(ctx, index.0, size.map(|size| size.0), self.0.moment).await
        })
        .await
    }

    /// 一致性证明: that the tree of so many events goes on from that of fewer. Under `asOf` neither is larger than the log was then.
    async fn consistency_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "起始事件数: how many events the smaller tree has.")] from: Position,
        #[graphql(desc = "截止事件数: how many events the larger tree has.")] to: Position,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<ConsistencyProof>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            ConsistencyProof::load(ctx, from.0, to.0, self.0.moment).await
        })
        .await
    }
}
