//! Webhooks and who changed them, for the managers and auditors of their jurisdiction. They are no part of the log: as
//! of whatever moment is asked, they are answered as they are now.

use async_graphql::{Context, ID, Object, Result};

use crate::domain::refusal::Refusal;
use crate::graphql::connection::Slice;
use crate::graphql::context::{actor, app};
use crate::graphql::errors;
use crate::graphql::ids::{self, WebhookId};
use crate::graphql::scalars::Cursor;
use crate::graphql::types::webhook::{WebhookChangeConnection, WebhookConnection, WebhookNode};

#[derive(Default)]
pub(crate) struct WebhookQuery;

/// Reads of webhooks.
#[Object]
impl WebhookQuery {
    /// 推送: a webhook by its id, if you may see it: managers and auditors see those of their jurisdiction. Webhooks are no part of the log: under `asOf` too they are as they are now.
    async fn webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Option<Result<WebhookNode>> {
        errors::nullable(async {
            let WebhookId(id) = ids::read(&id).map_err(|error| errors::refused(&Refusal::of_value("id", error)))?;
            let webhook = app(ctx).webhook(actor(ctx), id).await.map_err(|fault| errors::fault(ctx, fault))?;
            Ok(webhook.map(WebhookNode))
        })
        .await
    }

    /// 推送列表: the webhooks that you may see, by pages, the oldest first.
    async fn webhooks(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Forward: at most so many from the beginning, up to `largestPage`; 50 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only after this place.")] after: Option<Cursor>,
        #[graphql(desc = "Backward: at most so many from the end, up to `largestPage`.")] last: Option<i32>,
        #[graphql(desc = "Only before this place.")] before: Option<Cursor>,
    ) -> Option<Result<WebhookConnection>> {
        errors::nullable(async {
            let slice = Slice::read(ctx, first, after, last, before)?;
            WebhookConnection::load(ctx, slice).await.map(Some)
        })
        .await
    }

    /// 推送变更记录: who created, changed and deleted webhooks, by pages, in the order of time; deleted ones included.
    async fn webhook_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Forward: at most so many from the beginning, up to `largestPage`; 50 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only after this place.")] after: Option<Cursor>,
        #[graphql(desc = "Backward: at most so many from the end, up to `largestPage`.")] last: Option<i32>,
        #[graphql(desc = "Only before this place.")] before: Option<Cursor>,
    ) -> Option<Result<WebhookChangeConnection>> {
        errors::nullable(async {
            let slice = Slice::read(ctx, first, after, last, before)?;
            WebhookChangeConnection::load(ctx, slice, None).await.map(Some)
        })
        .await
    }
}
