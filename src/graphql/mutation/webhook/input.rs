//! What orders about webhooks say.

use std::time::Duration;

use async_graphql::{Context, ID, InputObject};
use serde::Serialize;
use uuid::Uuid;

use crate::app::{AggregateType, Start, WebhookAlteration, WebhookDraft, WebhookOrder, WebhookPatch, WebhookRequest};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::Division;
use crate::graphql::context::{actor, app};
use crate::graphql::door::Door;
use crate::graphql::errors::UserError;
use crate::graphql::ids::{self, WebhookId};
use crate::graphql::orders::{Circumstances, key_and_version};
use crate::graphql::scalars::Position;
use crate::graphql::subscription::filter::EventSubject;

/// The longest that an old secret signs beside a new one, in seconds: a week.
const LONGEST_OVERLAP_SECONDS: i32 = 7 * 24 * 60 * 60;
/// How long it does where nothing is said: a day.
const USUAL_OVERLAP_SECONDS: i32 = 24 * 60 * 60;

/// How an input becomes an order.
trait Order {
    /// The version that the client saw.
    fn expected_version(&self) -> Option<i32> {
        None
    }

    /// What is ordered; `None` when something was unsound, which the door then knows.
    fn order(&self, door: &mut Door) -> Option<WebhookOrder>;
}

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
                $($(#[$field_doc])* $field: $type,)*
                /// What makes this the same change when it is sent again, say after a broken connection: 1 to 128 visible ASCII characters. The same key with the same input changes nothing more; with another input it is refused.
                idempotency_key: Option<String>,
            }

            impl $input {
                /// What makes this the same change when it is sent again.
                pub(super) fn key(&self) -> Option<&str> {
                    self.idempotency_key.as_deref()
                }

                /// The circumstances, and what is ordered.
                pub(super) fn read(
                    &self,
                    ctx: &Context<'_>,
                ) -> std::result::Result<(WebhookRequest, WebhookOrder), Vec<UserError>> {
                    let mut door = Door::new(app(ctx).new_id());
                    let circumstances = Circumstances {
                        idempotency_key: self.key(),
                        expected_version: self.expected_version(),
                        occurred_at: None,
                    };
                    let request = key_and_version(ctx, &mut door, stringify!($input), self, circumstances);
                    match (request, self.order(&mut door)) {
                        (Some((key, expected_version)), Some(order)) => {
                            Ok((WebhookRequest { actor: actor(ctx).clone(), key, expected_version }, order))
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
        /// 起始位置: begins behind this position, which the log must have by now; left out means with what comes from now on.
        after: Option<Position>,
        /// 从头开始: begins with the first event of the log; not together with `after`.
        from_start: Option<bool>,
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
        /// 重叠期: so many seconds every message is signed with the old secret too, 0 to 604800; a day when left out. Secrets that sign still after an earlier rotation go on to do so, eight in all at most, and all of them until the latest of the times that were asked for (`oldSecretEndsAt`). With 0 every old one is worthless at once.
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

impl Order for CreateWebhookInput {
    fn order(&self, door: &mut Door) -> Option<WebhookOrder> {
        let division = door.optional::<Division>("divisionWithin", self.division_within.as_deref());
        let start = match (self.after, self.from_start.unwrap_or_default()) {
            (Some(_), true) => {
                let message = "say `after` or `fromStart`, not both";
                door.refused(Refusal::new(Code::ArgumentsExclusive, "fromStart", message));
                None
            }
            (None, true) => Some(Start::Beginning),
            (Some(after), false) => Some(Start::After(after.0)),
            (None, false) => Some(Start::Now),
        };
        Some(WebhookOrder::Create(WebhookDraft {
            url: self.url.clone(),
            aggregate_types: types_of(self.subjects.as_deref().unwrap_or_default()),
            event_types: self.event_types.clone().unwrap_or_default(),
            division: division?,
            start: start?,
        }))
    }
}

impl Order for UpdateWebhookInput {
    fn expected_version(&self) -> Option<i32> {
        self.expected_version
    }

    fn order(&self, door: &mut Door) -> Option<WebhookOrder> {
        let division = door.optional::<Division>("divisionWithin", self.division_within.as_deref());
        let id = webhook(door, &self.webhook_id);
        let patch = WebhookPatch {
            url: self.url.clone(),
            aggregate_types: self.subjects.as_deref().map(types_of),
            event_types: self.event_types.clone(),
            division: division?,
        };
        Some(WebhookOrder::Alter(id?, WebhookAlteration::Update(patch)))
    }
}

impl Order for PauseWebhookInput {
    fn order(&self, door: &mut Door) -> Option<WebhookOrder> {
        webhook(door, &self.webhook_id).map(|id| WebhookOrder::Alter(id, WebhookAlteration::Pause))
    }
}

impl Order for ResumeWebhookInput {
    fn order(&self, door: &mut Door) -> Option<WebhookOrder> {
        webhook(door, &self.webhook_id).map(|id| WebhookOrder::Alter(id, WebhookAlteration::Resume))
    }
}

impl Order for RotateWebhookSecretInput {
    fn order(&self, door: &mut Door) -> Option<WebhookOrder> {
        let (id, overlap) = (webhook(door, &self.webhook_id), overlap(door, self.overlap_seconds));
        Some(WebhookOrder::Alter(id?, WebhookAlteration::RotateSecret(overlap?)))
    }
}

impl Order for DeleteWebhookInput {
    fn order(&self, door: &mut Door) -> Option<WebhookOrder> {
        webhook(door, &self.webhook_id).map(WebhookOrder::Delete)
    }
}

impl Order for ReplayDeadLetterInput {
    fn order(&self, door: &mut Door) -> Option<WebhookOrder> {
        let (id, position) = letter(door, &self.dead_letter_id)?;
        Some(WebhookOrder::ReplayLetter(id, position))
    }
}

impl Order for DiscardDeadLetterInput {
    fn order(&self, door: &mut Door) -> Option<WebhookOrder> {
        let (id, position) = letter(door, &self.dead_letter_id)?;
        Some(WebhookOrder::DiscardLetter(id, position))
    }
}

/// The webhook that an input is about.
pub(super) fn webhook(door: &mut Door, id: &ID) -> Option<Uuid> {
    door.id::<WebhookId>("webhookId", id).map(|id| id.0)
}

fn letter(door: &mut Door, id: &ID) -> Option<(Uuid, u64)> {
    door.value("deadLetterId", ids::read_dead_letter(id))
}

fn types_of(subjects: &[EventSubject]) -> Vec<AggregateType> {
    subjects.iter().map(|subject| (*subject).into()).collect()
}

fn overlap(door: &mut Door, seconds: Option<i32>) -> Option<Duration> {
    let seconds = seconds.unwrap_or(USUAL_OVERLAP_SECONDS);
    if (0..=LONGEST_OVERLAP_SECONDS).contains(&seconds) {
        return Some(Duration::from_secs(seconds.unsigned_abs().into()));
    }
    let message = format!("an overlap has 0 to {LONGEST_OVERLAP_SECONDS} seconds");
    door.refused(Refusal::new(Code::DecimalOutOfRange, "overlapSeconds", message));
    None
}
