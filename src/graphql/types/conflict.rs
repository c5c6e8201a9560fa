//! 版本冲突: what a client that was overtaken has to look at before it decides anew.

use async_graphql::{Context, ID, Object, Result};

use crate::app::Moment;
use crate::graphql::errors;
use crate::graphql::ids;
use crate::graphql::orders::Conflicting;
use crate::graphql::types::event::{CaseEvent, RegisterEvent};

pub(crate) struct CaseConflict(pub Conflicting);

/// 版本冲突: the case is no longer at the version that you saw.
#[Object]
impl CaseConflict {
    /// 标识: made of what it says: equal ones have the same, and one that changes has another.
    async fn id(&self) -> ID {
        ids::of_content("CaseConflict", &(self.0.stream.aggregate_id, self.0.expected, self.0.current))
    }

    /// The version it is at.
    async fn current_version(&self) -> u64 {
        self.0.current
    }

    /// What has happened since the version that you saw, at most 100 events.
    async fn events_since(&self, ctx: &Context<'_>) -> Option<Result<Vec<CaseEvent>>> {
        errors::nullable(async {
            let events = self.0.events_since(ctx).await?;
            events
                .into_iter()
                .map(|event| CaseEvent::read(ctx, event, Moment::Present))
                .collect::<Result<_>>()
                .map(Some)
        })
        .await
    }
}

pub(crate) struct RegisterConflict(pub Conflicting);

/// 版本冲突: it is no longer at the version that you saw.
#[Object]
impl RegisterConflict {
    /// 标识: made of what it says: equal ones have the same, and one that changes has another.
    async fn id(&self) -> ID {
        ids::of_content("RegisterConflict", &(self.0.stream.aggregate_id, self.0.expected, self.0.current))
    }

    /// The version it is at.
    async fn current_version(&self) -> u64 {
        self.0.current
    }

    /// What has happened since the version that you saw, at most 100 events.
    async fn events_since(&self, ctx: &Context<'_>) -> Option<Result<Vec<RegisterEvent>>> {
        errors::nullable(async {
            let events = self.0.events_since(ctx).await?;
            events
                .into_iter()
                .map(|event| RegisterEvent::read(ctx, event, Moment::Present))
                .collect::<Result<_>>()
                .map(Some)
        })
        .await
    }
}
