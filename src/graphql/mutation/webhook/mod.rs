//! 推送: setting webhooks up. They are configuration and no facts about measurement: nothing of it is in the log, so there is no receipt; who did what is in `webhookChanges`.

mod input;
mod payload;
pub(crate) mod ping;

use async_graphql::{Context, Object, Result};

use crate::app::Failure;
use crate::domain::refusal::{Code, Refusal};
use crate::graphql::context::{app, session};
use crate::graphql::errors::{self, UserError};
use crate::graphql::types::webhook::preview::WebhookPreview;
use input::{
    CreateWebhookInput, DeleteWebhookInput, DiscardDeadLetterInput, PauseWebhookInput, ReplayDeadLetterInput,
    ResumeWebhookInput, RotateWebhookSecretInput, UpdateWebhookInput,
};
use payload::{
    CreateWebhookPayload, DeleteWebhookPayload, DiscardDeadLetterPayload, PauseWebhookPayload, ReplayDeadLetterPayload,
    ResumeWebhookPayload, RotateWebhookSecretPayload, UpdateWebhookPayload,
};

/// Declares the changes of webhooks, each with its payload, and the same orders as dry runs.
macro_rules! webhook_mutations {
    ($($(#[$order_doc:meta])* $mutation:ident($input:ident) -> $payload:ident;)+) => {
        #[derive(Default)]
        pub(crate) struct WebhookMutation;

        /// Changes of webhooks. They are for managers.
        #[Object]
        impl WebhookMutation {
            $(
                $(#[$order_doc])*
                async fn $mutation(
                    &self,
                    ctx: &Context<'_>,
                    #[graphql(desc = "What is ordered.")] input: $input,
                ) -> Option<Result<$payload>> {
                    match input.read(ctx) {
                        Ok((request, order)) => {
                            answer(ctx, input.key(), app(ctx).order_webhook(&request, order), $payload::refused).await
                        }
                        Err(errors) => Some(Ok($payload::refused(errors))),
                    }
                }
            )+
        }

        /// The same orders, as dry runs.
        #[derive(Default)]
        pub(crate) struct Previews;

        impl async_graphql::TypeName for Previews {
            fn type_name() -> std::borrow::Cow<'static, str> {
                "WebhookMutationPreviews".into()
            }
        }

        #[Object(name_type)]
        impl Previews {
            $(
                $(#[$order_doc])*
                async fn $mutation(
                    &self,
                    ctx: &Context<'_>,
                    #[graphql(desc = "What would be ordered.")] input: $input,
                ) -> Option<Result<WebhookPreview>> {
                    match input.read(ctx) {
                        Ok((request, order)) => {
                            let foreseen = app(ctx).foresee_webhook(&request, order);
                            answer(ctx, input.key(), foreseen, WebhookPreview::refused).await
                        }
                        Err(errors) => Some(Ok(WebhookPreview::refused(errors))),
                    }
                }
            )+
        }
    };
}

webhook_mutations! {
    /// 创建推送: sends events to an endpoint from now on, from the beginning of the log, or from a position on. They are judged by your rights. A manager who owns 100 webhooks creates no other, nor anybody where there are 1,000 (`TOO_MANY_WEBHOOKS`).
    create_webhook(CreateWebhookInput) -> CreateWebhookPayload;
    /// 修改推送: changes where a webhook's events go, or which. What was on its way to an old address by then is sent to the new one as well. With another URL it is yours from then on, as with `resumeWebhook`.
    update_webhook(UpdateWebhookInput) -> UpdateWebhookPayload;
    /// 暂停推送: nothing is sent until it is resumed, and nothing is lost. What a server is sending ends within seconds.
    pause_webhook(PauseWebhookInput) -> PauseWebhookPayload;
    /// 恢复推送: goes on where it was paused, or where it answered that it is gone. It is yours from then on: what it hears of its jurisdiction is judged by your rights, whoever owned it before.
    resume_webhook(ResumeWebhookInput) -> ResumeWebhookPayload;
    /// 更换密钥: gives a webhook a new secret. It is yours from then on, as with `resumeWebhook`: look where it sends to first.
    rotate_webhook_secret(RotateWebhookSecretInput) -> RotateWebhookSecretPayload;
    /// 删除推送: ends a webhook, with what waits for it and its dead letters.
    delete_webhook(DeleteWebhookInput) -> DeleteWebhookPayload;
    /// 重发死信: a dead letter is sent again at once, before what waits of its case.
    replay_dead_letter(ReplayDeadLetterInput) -> ReplayDeadLetterPayload;
    /// 丢弃死信: a dead letter is thrown away.
    discard_dead_letter(DiscardDeadLetterInput) -> DiscardDeadLetterPayload;
}

/// The payload of what was done under that key, or of its refusal.
async fn answer<D, P: From<D>>(
    ctx: &Context<'_>,
    key: Option<&str>,
    done: impl Future<Output = std::result::Result<D, Failure>>,
    refused: impl FnOnce(Vec<UserError>) -> P,
) -> Option<Result<P>> {
    Some(match done.await {
        Ok(done) => Ok(done.into()),
        Err(Failure::Refused(refusal)) => Ok(refused(vec![refusal.into()])),
        Err(Failure::Conflict { expected, current, .. }) => {
            let message = format!("it is at version {current}, not at {expected}");
            Ok(refused(vec![Refusal::new(Code::VersionConflict, "expectedVersion", message).into()]))
        }
        Err(Failure::Fault(fault)) if fault.is_unsettled() => {
            Err(errors::outcome_unknown(&session(ctx).request_id, &fault, key))
        }
        Err(Failure::Fault(fault)) => Err(errors::fault(ctx, fault)),
    })
}
