//! 预演: what an order about webhooks would do, were it given now.

use async_graphql::SimpleObject;

use crate::app::Changed;
use crate::graphql::errors::UserError;
use crate::graphql::types::webhook::WebhookNode;

/// 预演: what an order about webhooks would do, were it given now. Nothing is changed, and nothing is sent.
#[derive(Default, SimpleObject)]
#[graphql(name = "WebhookPreviewPayload")]
pub(crate) struct WebhookPreview {
    /// The webhook as it would be after it; absent when nothing would be done, or it would be deleted. One that would be created has an id of this answer alone. No secret is told.
    webhook: Option<WebhookNode>,
    /// Whether it was done before, under the same key: sent again, it would change nothing more.
    replayed: bool,
    /// Why nothing would be done; empty when something would be.
    user_errors: Vec<UserError>,
}

impl WebhookPreview {
    /// Of an order that would be refused.
    pub(crate) fn refused(user_errors: Vec<UserError>) -> Self {
        Self { user_errors, ..Self::default() }
    }
}

impl From<Changed> for WebhookPreview {
    fn from(changed: Changed) -> Self {
        Self { webhook: changed.webhook.map(WebhookNode), replayed: changed.replayed, user_errors: Vec::new() }
    }
}
