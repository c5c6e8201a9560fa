//! 推送: webhooks, how they are doing, what could not be delivered, and who changed them.

mod lists;
pub(crate) mod preview;
pub(crate) mod words;

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use crate::app::{Failed, FailureClass, Moment, Webhook, WebhookConfiguration, time_of};
use crate::domain::actor::ActorId;
use crate::graphql::connection::Slice;
use crate::graphql::context::app;
use crate::graphql::errors;
use crate::graphql::ids::{self, WebhookId};
use crate::graphql::scalars::{Cursor, DateTime, Position};
use crate::graphql::subscription::filter::EventSubject;
use crate::graphql::types::common::{ActorNode, DivisionNode, division_of_row};
use crate::graphql::types::webhook::words::{DeliveryFailureClass, WebhookState};

pub(crate) use lists::{DeadLetterConnection, WebhookChangeConnection, WebhookConnection};

/// 投递失败: why a delivery failed, and when.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct DeliveryError {
    /// 类别: what a program can act on.
    class: Option<DeliveryFailureClass>,
    /// 状态码: the HTTP status, if one came.
    status: Option<i32>,
    /// 原因: for people.
    reason: String,
    /// 时间: when.
    at: DateTime,
}

impl DeliveryError {
    fn new(at: i64, failed: &Failed) -> Self {
        Self {
            class: FailureClass::named(&failed.class).map(Into::into),
            status: (failed.status != 0).then_some(failed.status.into()),
            reason: failed.reason.clone(),
            at: time_of(at).into(),
        }
    }
}

/// 监听范围: which events a webhook hears: those that its owner may see and that this lets through.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct WebhookHearing {
    /// 对象类型: only what happened to these; empty means all.
    subjects: Vec<EventSubject>,
    /// 事件类型: only of these types, as the log names them; empty means all.
    event_types: Vec<String>,
    /// 行政区划: only what lies in this division or below it; absent means wherever the owner may see something.
    division: Option<DivisionNode>,
}

#[async_graphql::ComplexObject]
impl WebhookHearing {
    /// 标识: made of what it says: equal ones have the same.
    async fn id(&self) -> ID {
        ids::of_content(
            "WebhookHearing",
            &(&self.subjects, &self.event_types, self.division.as_ref().map(|division| division.0.code())),
        )
    }
}

impl From<&WebhookConfiguration> for WebhookHearing {
    fn from(configuration: &WebhookConfiguration) -> Self {
        let subjects = configuration.aggregate_types.iter().filter_map(|name| EventSubject::named(name));
        Self {
            subjects: subjects.collect(),
            event_types: configuration.event_types.clone(),
            division: Some(configuration.division.as_str())
                .filter(|code| !code.is_empty())
                .map(|code| DivisionNode(division_of_row(code))),
        }
    }
}

pub(crate) struct WebhookNode(pub Webhook);

/// 推送: an endpoint that events are posted to as CloudEvents 1.0, signed as Standard Webhooks has it.
#[Object(name = "Webhook")]
impl WebhookNode {
    /// 标识: the global id.
    pub(crate) async fn id(&self) -> ID {
        ids::global(WebhookId(self.0.id))
    }

    /// 网址: where events are posted to.
    async fn url(&self) -> &str {
        &self.0.configuration.url
    }

    /// 监听范围: which events it hears.
    async fn hearing(&self) -> WebhookHearing {
        (&self.0.configuration).into()
    }

    /// 状态: whether it is served.
    async fn state(&self) -> WebhookState {
        self.0.state.into()
    }

    /// 所有者: whoever created it, or has last resumed it, changed its URL or taken a new secret. Every event is judged by this manager's rights. When the owner's tokens are revoked, or the owner is erased, it is paused (`OWNER_REVOKED` in `changes`).
    async fn owner(&self) -> Option<ActorNode> {
        Some(ActorNode { id: ActorId::parse(&self.0.owner).ok()?, at: Moment::Present })
    }

    /// 管辖范围: where it hears as a manager does: where its creator was one. It stays when another manager becomes the owner.
    async fn jurisdiction(&self) -> DivisionNode {
        DivisionNode(division_of_row(&self.0.jurisdiction))
    }

    /// 起始位置: the first position that it hears.
    async fn first_position(&self) -> Position {
        Position(self.0.first_position)
    }

    /// 创建时间: when it was created.
    async fn created_at(&self) -> DateTime {
        time_of(self.0.created_at).into()
    }

    /// 更新时间: when its configuration was last changed.
    async fn updated_at(&self) -> DateTime {
        time_of(self.0.updated_at).into()
    }

    /// 版本: how often its configuration was written: `expectedVersion` of the next change.
    async fn version(&self) -> u64 {
        self.0.version
    }

    /// 旧密钥有效期: until when the secrets before the last rotation sign as well.
    async fn old_secret_ends_at(&self) -> Option<DateTime> {
        (self.0.old_secret_until > 0).then(|| time_of(self.0.old_secret_until).into())
    }

    /// 上次投递: when an event last arrived.
    async fn last_delivered_at(&self) -> Option<DateTime> {
        self.0.delivered.map(|(at, _)| time_of(at).into())
    }

    /// 上次投递的位置: which event that was.
    async fn last_delivered_position(&self) -> Option<Position> {
        self.0.delivered.map(|(_, position)| Position(position))
    }

    /// 上次失败: why a delivery last failed.
    async fn last_error(&self) -> Option<DeliveryError> {
        self.0.failed.as_ref().map(|(at, failed)| DeliveryError::new(*at, failed))
    }

    /// 积压: how far behind the log it is.
    async fn lag(&self, ctx: &Context<'_>) -> Option<Result<WebhookLag>> {
        errors::nullable(async {
            let lag = app(ctx).webhook_lag(&self.0).await.map_err(|fault| errors::fault(ctx, fault))?;
            Ok(Some(WebhookLag {
                id: ids::of_content("WebhookLag", &(self.0.id, self.0.turn)),
                positions: lag.positions,
                waiting: lag.waiting,
                dead: lag.dead,
                next_try_at: lag.next_try_at.map(Into::into),
            }))
        })
        .await
    }

    /// 死信: events that were given up, in the order of the log.
    async fn dead_letters(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Forward: at most so many from the beginning, up to `largestPage`; 50 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only after this place.")] after: Option<Cursor>,
        #[graphql(desc = "Backward: at most so many from the end, up to `largestPage`.")] last: Option<i32>,
        #[graphql(desc = "Only before this place.")] before: Option<Cursor>,
    ) -> Option<Result<DeadLetterConnection>> {
        errors::nullable(async {
            let slice = Slice::read(ctx, first, after, last, before)?;
            DeadLetterConnection::load(ctx, slice, self.0.id).await.map(Some)
        })
        .await
    }

    /// 变更记录: who created and changed it, in the order of time.
    async fn changes(
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
            WebhookChangeConnection::load(ctx, slice, Some(self.0.id)).await.map(Some)
        })
        .await
    }
}

/// 积压: how far behind the log a webhook is.
#[derive(SimpleObject)]
pub(crate) struct WebhookLag {
    /// 标识: of this state of its deliveries.
    id: ID,
    /// 未读: how many positions of the log were not looked at yet, or were not some seconds ago: what a webhook does not hear is written down every few seconds.
    positions: u64,
    /// 待投递: how many events wait for another try, or behind one of their case that does; none of a webhook that is gone, which tries them once it is resumed.
    waiting: u64,
    /// 死信数: how many events were given up.
    dead: u64,
    /// 下次尝试: when the next one is tried; absent while the webhook is paused or gone.
    next_try_at: Option<DateTime>,
}
