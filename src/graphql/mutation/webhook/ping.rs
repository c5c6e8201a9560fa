//! A ping, which changes nothing: so it has no key and no webhook to show.

use async_graphql::{Context, InputObject, Object, Result};

use crate::graphql::context::{actor, app};
use crate::graphql::door::Door;
use crate::graphql::errors::UserError;
use crate::graphql::mutation::webhook::answer;
use crate::graphql::mutation::webhook::input::webhook;
use crate::graphql::mutation::webhook::payload::TestWebhookPayload;
use crate::graphql::types::webhook::preview::WebhookPreview;

/// 测试推送: which webhook.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct TestWebhookInput {
    /// The webhook.
    webhook_id: async_graphql::ID,
}

impl TestWebhookInput {
    fn read(&self, ctx: &Context<'_>) -> std::result::Result<uuid::Uuid, Vec<UserError>> {
        let mut door = Door::new(app(ctx).new_id());
        let id = webhook(&mut door, &self.webhook_id);
        id.ok_or_else(|| door.into_refusals().into_iter().map(UserError::from).collect())
    }
}

#[derive(Default)]
pub(crate) struct PingMutation;

/// Tries of webhooks.
#[Object]
impl PingMutation {
    /// 测试推送: sends a ping, signed like every message, whatever the webhook's state.
    async fn test_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is ordered.")] input: TestWebhookInput,
    ) -> Option<Result<TestWebhookPayload>> {
        match input.read(ctx) {
            Ok(id) => answer(ctx, None, app(ctx).test_webhook(actor(ctx), id), TestWebhookPayload::refused).await,
            Err(errors) => Some(Ok(TestWebhookPayload::refused(errors))),
        }
    }
}

/// The same, as a dry run.
#[derive(Default)]
pub(crate) struct Previews;

impl async_graphql::TypeName for Previews {
    fn type_name() -> std::borrow::Cow<'static, str> {
        "PingMutationPreviews".into()
    }
}

#[Object(name_type)]
impl Previews {
    /// 测试推送: sends a ping, signed like every message, whatever the webhook's state.
    async fn test_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What would be ordered.")] input: TestWebhookInput,
    ) -> Option<Result<WebhookPreview>> {
        match input.read(ctx) {
            Ok(id) => answer(ctx, None, app(ctx).foresee_test(actor(ctx), id), WebhookPreview::refused).await,
            Err(errors) => Some(Ok(WebhookPreview::refused(errors))),
        }
    }
}
