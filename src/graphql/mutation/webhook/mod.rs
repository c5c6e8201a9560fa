//! 推送: setting webhooks up. They are configuration and no facts about measurement: nothing of it is in the log, so there is no receipt; who did what is in `webhookChanges`.

mod input;
mod payload;

use std::time::Duration;

use async_graphql::{Context, ID, Object, Result};
use uuid::Uuid;

use crate::app::{AggregateType, Failure, WebhookDraft, WebhookPatch};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::Division;
use crate::graphql::context::{actor, app};
use crate::graphql::door::Door;
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids::{self, WebhookId};
use crate::graphql::subscription::filter::EventSubject;
use input::{
    CreateWebhookInput, DeleteWebhookInput, DiscardDeadLetterInput, PauseWebhookInput, ReplayDeadLetterInput,
    ResumeWebhookInput, RotateWebhookSecretInput, TestWebhookInput, UpdateWebhookInput,
};
use payload::{
    CreateWebhookPayload, DeleteWebhookPayload, DiscardDeadLetterPayload, PauseWebhookPayload, ReplayDeadLetterPayload,
    ResumeWebhookPayload, RotateWebhookSecretPayload, TestWebhookPayload, UpdateWebhookPayload,
};

/// The longest that an old secret signs beside a new one, in seconds: a week.
const LONGEST_OVERLAP_SECONDS: i32 = 7 * 24 * 60 * 60;
/// How long it does where nothing is said: a day.
const USUAL_OVERLAP_SECONDS: i32 = 24 * 60 * 60;

#[derive(Default)]
pub(crate) struct WebhookMutation;

/// Changes of webhooks. They are for managers.
#[Object]
impl WebhookMutation {
    /// 创建推送: sends events to an endpoint from now on, or from a position on. They are judged by your rights.
    async fn create_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is ordered.")] input: CreateWebhookInput,
    ) -> Option<Result<CreateWebhookPayload>> {
        let read = input.read(ctx, None, |door| {
            Some(WebhookDraft {
                url: input.url.clone(),
                aggregate_types: types_of(input.subjects.as_deref().unwrap_or_default()),
                event_types: input.event_types.clone().unwrap_or_default(),
                division: door.optional::<Division>("divisionWithin", input.division_within.as_deref())?,
                after: input.after.map(|position| position.0),
            })
        });
        match read {
            Ok((request, draft)) => {
                answer(ctx, app(ctx).create_webhook(&request, draft), CreateWebhookPayload::refused).await
            }
            Err(errors) => Some(Ok(CreateWebhookPayload::refused(errors))),
        }
    }

    /// 修改推送: changes where a webhook's events go, or which.
    async fn update_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is ordered.")] input: UpdateWebhookInput,
    ) -> Option<Result<UpdateWebhookPayload>> {
        let read = input.read(ctx, input.expected_version, |door| {
            let patch = WebhookPatch {
                url: input.url.clone(),
                aggregate_types: input.subjects.as_deref().map(types_of),
                event_types: input.event_types.clone(),
                division: door.optional::<Division>("divisionWithin", input.division_within.as_deref())?,
            };
            Some((webhook(door, &input.webhook_id)?, patch))
        });
        match read {
            Ok((request, (id, patch))) => {
                answer(ctx, app(ctx).update_webhook(&request, id, patch), UpdateWebhookPayload::refused).await
            }
            Err(errors) => Some(Ok(UpdateWebhookPayload::refused(errors))),
        }
    }

    /// 暂停推送: nothing is sent until it is resumed, and nothing is lost.
    async fn pause_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is ordered.")] input: PauseWebhookInput,
    ) -> Option<Result<PauseWebhookPayload>> {
        match input.read(ctx, None, |door| webhook(door, &input.webhook_id)) {
            Ok((request, id)) => answer(ctx, app(ctx).pause_webhook(&request, id), PauseWebhookPayload::refused).await,
            Err(errors) => Some(Ok(PauseWebhookPayload::refused(errors))),
        }
    }

    /// 恢复推送: goes on where it was paused, or where it answered that it is gone.
    async fn resume_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is ordered.")] input: ResumeWebhookInput,
    ) -> Option<Result<ResumeWebhookPayload>> {
        match input.read(ctx, None, |door| webhook(door, &input.webhook_id)) {
            Ok((request, id)) => {
                answer(ctx, app(ctx).resume_webhook(&request, id), ResumeWebhookPayload::refused).await
            }
            Err(errors) => Some(Ok(ResumeWebhookPayload::refused(errors))),
        }
    }

    /// 更换密钥: gives a webhook a new secret.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is ordered.")] input: RotateWebhookSecretInput,
    ) -> Option<Result<RotateWebhookSecretPayload>> {
        let read = input
            .read(ctx, None, |door| Some((webhook(door, &input.webhook_id)?, overlap(door, input.overlap_seconds)?)));
        match read {
            Ok((request, (id, overlap))) => {
                let rotated = app(ctx).rotate_webhook_secret(&request, id, overlap);
                answer(ctx, rotated, RotateWebhookSecretPayload::refused).await
            }
            Err(errors) => Some(Ok(RotateWebhookSecretPayload::refused(errors))),
        }
    }

    /// 删除推送: ends a webhook, with what waits for it and its dead letters.
    async fn delete_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is ordered.")] input: DeleteWebhookInput,
    ) -> Option<Result<DeleteWebhookPayload>> {
        match input.read(ctx, None, |door| webhook(door, &input.webhook_id)) {
            Ok((request, id)) => {
                answer(ctx, app(ctx).delete_webhook(&request, id), DeleteWebhookPayload::refused).await
            }
            Err(errors) => Some(Ok(DeleteWebhookPayload::refused(errors))),
        }
    }

    /// 重发死信: a dead letter is sent again at once, before what waits of its case.
    async fn replay_dead_letter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is ordered.")] input: ReplayDeadLetterInput,
    ) -> Option<Result<ReplayDeadLetterPayload>> {
        match input.read(ctx, None, |door| letter(door, &input.dead_letter_id)) {
            Ok((request, (id, position))) => {
                let settled = app(ctx).replay_dead_letter(&request, id, position);
                answer(ctx, settled, ReplayDeadLetterPayload::refused).await
            }
            Err(errors) => Some(Ok(ReplayDeadLetterPayload::refused(errors))),
        }
    }

    /// 丢弃死信: a dead letter is thrown away.
    async fn discard_dead_letter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is ordered.")] input: DiscardDeadLetterInput,
    ) -> Option<Result<DiscardDeadLetterPayload>> {
        match input.read(ctx, None, |door| letter(door, &input.dead_letter_id)) {
            Ok((request, (id, position))) => {
                let settled = app(ctx).discard_dead_letter(&request, id, position);
                answer(ctx, settled, DiscardDeadLetterPayload::refused).await
            }
            Err(errors) => Some(Ok(DiscardDeadLetterPayload::refused(errors))),
        }
    }

    /// 测试推送: sends a ping, signed like every message, whatever the webhook's state.
    async fn test_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is ordered.")] input: TestWebhookInput,
    ) -> Option<Result<TestWebhookPayload>> {
        let mut door = Door::new(app(ctx).new_id());
        let Some(id) = webhook(&mut door, &input.webhook_id) else {
            let user_errors = door.into_refusals().into_iter().map(UserError::from).collect();
            return Some(Ok(TestWebhookPayload { user_errors, ..TestWebhookPayload::default() }));
        };
        let tested = async {
            let tested = app(ctx).test_webhook(actor(ctx), id).await?;
            Ok(match tested.outcome {
                Ok(status) => {
                    TestWebhookPayload { delivered: true, status: Some(status.into()), ..TestWebhookPayload::default() }
                }
                Err(failure) => TestWebhookPayload {
                    delivered: false,
                    status: failure.status.map(Into::into),
                    failure: Some(failure.class.into()),
                    reason: Some(failure.reason),
                    user_errors: Vec::new(),
                },
            })
        };
        answer(ctx, tested, |user_errors| TestWebhookPayload { user_errors, ..TestWebhookPayload::default() }).await
    }
}

/// The payload of what was done, or of its refusal.
async fn answer<D, P: From<D>>(
    ctx: &Context<'_>,
    done: impl Future<Output = std::result::Result<D, Failure>>,
    refused: impl FnOnce(Vec<UserError>) -> P,
) -> Option<Result<P>> {
    Some(match done.await {
        Ok(done) => Ok(done.into()),
        Err(Failure::Refused(refusal)) => Ok(refused(vec![refusal.into()])),
        Err(Failure::Conflict { expected, current, .. }) => {
            let message = format!("it is at version {current}, no longer at {expected}");
            Ok(refused(vec![Refusal::new(Code::VersionConflict, "expectedVersion", message).into()]))
        }
        Err(Failure::Fault(fault)) => Err(errors::fault(ctx, fault)),
    })
}

fn webhook(door: &mut Door, id: &ID) -> Option<Uuid> {
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
