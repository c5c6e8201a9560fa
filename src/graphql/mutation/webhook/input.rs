//! What orders about webhooks say.

use async_graphql::{Context, ID, InputObject};
use serde::Serialize;

use crate::app::WebhookRequest;
use crate::graphql::context::{actor, app};
use crate::graphql::door::Door;
use crate::graphql::errors::UserError;
use crate::graphql::orders::{Circumstances, key_and_version};
use crate::graphql::scalars::Position;
use crate::graphql::subscription::filter::EventSubject;

/// Declares the inputs of changes of webhooks.
macro_rules! inputs {
    ($(
        $(#[$doc:meta])*
        $input:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
    )+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, InputObject, Serialize)]
            pub(crate) struct $input {
                $($(#[$field_doc])* pub(super) $field: $type,)*
                /// What makes this the same change when it is sent again, say after a broken connection: 1 to 128 visible ASCII characters. The same key with the same input changes nothing more; with another input it is refused.
                pub(super) idempotency_key: Option<String>,
            }

            impl $input {
                /// The circumstances, and what `read` makes of the rest.
                pub(super) fn read<T>(
                    &self,
                    ctx: &Context<'_>,
                    expected_version: Option<i32>,
                    read: impl FnOnce(&mut Door) -> Option<T>,
                ) -> std::result::Result<(WebhookRequest, T), Vec<UserError>> {
                    let mut door = Door::new(app(ctx).new_id());
                    let circumstances = Circumstances {
                        idempotency_key: self.idempotency_key.as_deref(),
                        expected_version,
                        occurred_at: None,
                    };
                    let request = key_and_version(ctx, &mut door, stringify!($input), self, circumstances);
                    match (request, read(&mut door)) {
                        (Some((key, expected_version)), Some(read)) => {
                            Ok((WebhookRequest { actor: actor(ctx).clone(), key, expected_version }, read))
                        }
                        _ => Err(door.into_refusals().into_iter().map(UserError::from).collect()),
                    }
                }
            }
        )+
    };
}

inputs! {
    /// 创建推送: where events are to be sent, and which.
    CreateWebhookInput {
        /// 网址: where events are posted to: https, and an address that the installation may call.
        url: String,
        /// 对象类型: only what happened to these; left out or empty means all.
        subjects: Option<Vec<EventSubject>>,
        /// 事件类型: only of these types, as the log names them: `CaseReported`, `FindingRecorded`, …; left out or empty means all.
        event_types: Option<Vec<String>>,
        /// 行政区划: only what lies in this division or below it; left out means wherever you may see something.
        division_within: Option<String>,
        /// 起始位置: begins behind this position of the log; left out means with what comes from now on.
        after: Option<Position>,
    }

    /// 修改推送: what changes; what is left out stays.
    UpdateWebhookInput {
        /// The webhook.
        webhook_id: ID,
        /// 网址: where events are posted to.
        url: Option<String>,
        /// 对象类型: only what happened to these; empty means all.
        subjects: Option<Vec<EventSubject>>,
        /// 事件类型: only of these types; empty means all.
        event_types: Option<Vec<String>>,
        /// 行政区划: only what lies in this division or below it.
        division_within: Option<String>,
        /// The version that you saw. When it is no longer the current one, nothing is changed.
        expected_version: Option<i32>,
    }

    /// 暂停推送: which webhook.
    PauseWebhookInput {
        /// The webhook.
        webhook_id: ID,
    }

    /// 恢复推送: which webhook.
    ResumeWebhookInput {
        /// The webhook.
        webhook_id: ID,
    }

    /// 更换密钥: which webhook, and how long the old secret signs as well.
    RotateWebhookSecretInput {
        /// The webhook.
        webhook_id: ID,
        /// 重叠期: so many seconds every message is signed with the old secret too, 0 to 604800; a day when left out. With 0 the old one is worthless at once.
        overlap_seconds: Option<i32>,
    }

    /// 删除推送: which webhook.
    DeleteWebhookInput {
        /// The webhook.
        webhook_id: ID,
    }

    /// 重发死信: which dead letter.
    ReplayDeadLetterInput {
        /// The dead letter.
        dead_letter_id: ID,
    }

    /// 丢弃死信: which dead letter.
    DiscardDeadLetterInput {
        /// The dead letter.
        dead_letter_id: ID,
    }
}

/// 测试推送: which webhook.
#[derive(Clone, Debug, InputObject)]
pub(crate) struct TestWebhookInput {
    /// The webhook.
    pub(super) webhook_id: ID,
}
