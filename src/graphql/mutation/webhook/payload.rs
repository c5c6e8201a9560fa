//! How orders about webhooks went.

use async_graphql::SimpleObject;

use crate::app::{Changed, Tested};
use crate::graphql::errors::UserError;
use crate::graphql::types::webhook::WebhookNode;
use crate::graphql::types::webhook::words::DeliveryFailureClass;

/// Declares payloads that tell how a webhook is after a change.
macro_rules! payloads {
    ($($payload:ident $([$(#[$secret_doc:meta])* $secret:ident])?,)+) => {
        $(
            /// 结果: how it went. `userErrors` is empty when it was done.
            #[derive(Default, SimpleObject)]
            pub(crate) struct $payload {
                /// The webhook as it is after it; absent when nothing was done, or it is deleted.
                webhook: Option<WebhookNode>,
                $($(#[$secret_doc])* $secret: Option<String>,)?
                /// Whether it was done before, under the same key.
                replayed: bool,
                /// Why nothing was done; empty when something was.
                user_errors: Vec<UserError>,
            }

            impl $payload {
                pub(super) fn refused(user_errors: Vec<UserError>) -> Self {
                    Self { user_errors, ..Self::default() }
                }
            }

            impl From<Changed> for $payload {
                fn from(changed: Changed) -> Self {
                    Self {
                        webhook: changed.webhook.map(WebhookNode),
                        $($secret: changed.secret.map(|secret| secret.reveal()),)?
                        replayed: changed.replayed,
                        user_errors: Vec::new(),
                    }
                }
            }
        )+
    };
}

payloads! {
    CreateWebhookPayload [
        /// 密钥: what its messages are signed with, such as `whsec_…`. Told this once, never again, not even to the same key: whoever did not hear it rotates it.
        secret
    ],
    UpdateWebhookPayload,
    PauseWebhookPayload,
    ResumeWebhookPayload,
    RotateWebhookSecretPayload [
        /// 密钥: what its messages are signed with from now on. Told this once.
        secret
    ],
    DeleteWebhookPayload,
    ReplayDeadLetterPayload,
    DiscardDeadLetterPayload,
}

/// 测试结果: whether the ping arrived.
#[derive(Default, SimpleObject)]
pub(crate) struct TestWebhookPayload {
    /// Whether it was answered with 2xx.
    delivered: bool,
    /// 状态码: what it was answered with, if anything.
    status: Option<i32>,
    /// 失败类别: why it did not arrive.
    failure: Option<DeliveryFailureClass>,
    /// 原因: the same for people.
    reason: Option<String>,
    /// Why nothing was sent; empty when something was.
    user_errors: Vec<UserError>,
}

impl TestWebhookPayload {
    pub(super) fn refused(user_errors: Vec<UserError>) -> Self {
        Self { user_errors, ..Self::default() }
    }
}

impl From<Tested> for TestWebhookPayload {
    fn from(tested: Tested) -> Self {
        match tested.outcome {
            Ok(status) => Self { delivered: true, status: Some(status.into()), ..Self::default() },
            Err(failure) => Self {
                delivered: false,
                status: failure.status.map(Into::into),
                failure: Some(failure.class.into()),
                reason: Some(failure.reason),
                user_errors: Vec::new(),
            },
        }
    }
}
