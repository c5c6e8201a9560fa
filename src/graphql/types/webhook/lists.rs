//! Lists of webhooks, of dead letters and of changes, each in the order of one key.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::{Delivery, KeyPage, Webhook, WebhookChange, time_of};
use crate::graphql::connection::{self, PageInfo, Slice};
use crate::graphql::context::{actor, app};
use crate::graphql::errors;
use crate::graphql::ids::{self, WebhookChangeId, WebhookId};
use crate::graphql::scalars::{Cursor, DateTime, Position};
use crate::graphql::types::webhook::words::WebhookAction;
use crate::graphql::types::webhook::{DeliveryError, WebhookHearing, WebhookNode};

pub(crate) struct DeadLetterNode(Delivery);

/// 死信: an event that was given up after its last try.
#[Object(name = "DeadLetter")]
impl DeadLetterNode {
    /// 标识: the global id.
    async fn id(&self) -> ID {
        ids::of_dead_letter(self.0.webhook_id, self.0.position)
    }

    /// 位置: where the event stands in the log.
    async fn position(&self) -> Position {
        Position(self.0.position)
    }

    /// 事件: its global id, under which it was sent.
    async fn event_id(&self) -> ID {
        ids::of_event(self.0.position)
    }

    /// 事件类型: as the log names it.
    async fn event_type(&self) -> &str {
        &self.0.event_type
    }

    /// 对象: whose event it is: `Case/…` and the UUID, the `subject` of the message.
    async fn subject(&self) -> String {
        self.0.stream.to_string()
    }

    /// 尝试次数: how often it was tried.
    async fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// 首次尝试: when it was first tried.
    async fn first_tried_at(&self) -> DateTime {
        time_of(self.0.first_tried_at).into()
    }

    /// 失败原因: why it was not delivered when it was last tried.
    async fn error(&self) -> DeliveryError {
        DeliveryError::new(self.0.last_tried_at, &self.0.failed)
    }
}

pub(crate) struct WebhookChangeNode(WebhookChange);

/// 变更记录: something that was done to a webhook. The list is only added to, and outlives the webhook.
#[Object(name = "WebhookChange")]
impl WebhookChangeNode {
    /// 标识: the global id.
    async fn id(&self) -> ID {
        ids::global(WebhookChangeId(self.0.id))
    }

    /// 推送: which webhook; it may be deleted by now.
    async fn webhook_id(&self) -> ID {
        ids::global(WebhookId(self.0.webhook_id))
    }

    /// 变更: what was done.
    async fn action(&self) -> WebhookAction {
        self.0.action.into()
    }

    /// 时间: when.
    async fn at(&self) -> DateTime {
        time_of(self.0.at).into()
    }

    /// 操作者: by whom, by id; `etalon:clock` is the server itself.
    async fn actor_id(&self) -> ID {
        ID(self.0.actor.clone())
    }

    /// 网址: where events went after it.
    async fn url(&self) -> &str {
        &self.0.configuration.url
    }

    /// 监听范围: which events it heard after it.
    async fn hearing(&self) -> WebhookHearing {
        (&self.0.configuration).into()
    }
}

/// The place of a row in a list that is ordered by one key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place<K> {
    key: K,
}

fn key_page<K: DeserializeOwned>(slice: &Slice) -> Result<KeyPage<K>> {
    let places = slice.places(connection::decode::<Place<K>>)?;
    let key = |place: Place<K>| place.key;
    Ok(KeyPage {
        after: places.after.map(key),
        before: places.before.map(key),
        keep: slice.keep(),
        limit: slice.limit(),
    })
}

/// Declares a connection of rows in the order of one key, counted when that is asked for.
macro_rules! key_connection {
    ($(#[$doc:meta])* $connection:ident, $edge:ident of $node:ident($row:ty), by $key:expr, within $within:ty, counted $count:expr) => {
        /// A row and its place in the list.
        #[derive(SimpleObject)]
        pub(crate) struct $edge {
            /// The place.
            cursor: Cursor,
            /// The row.
            node: $node,
        }

        pub(crate) struct $connection {
            edges: Vec<$edge>,
            page_info: PageInfo,
            within: $within,
        }

        impl $connection {
            fn new(slice: &Slice, mut rows: Vec<$row>, within: $within) -> Self {
                let beyond = slice.cut(&mut rows);
                let edge = |row: $row| $edge { cursor: connection::encode(&Place { key: ($key)(&row) }), node: $node(row) };
                let edges: Vec<_> = rows.into_iter().map(edge).collect();
                let ends = edges.first().zip(edges.last());
                let ends = ends.map(|(first, last)| (first.cursor.clone(), last.cursor.clone()));
                Self { page_info: PageInfo::new(beyond, ends), edges, within }
            }
        }

        $(#[$doc])*
        #[Object]
        impl $connection {
            /// The rows with their places.
            async fn edges(&self) -> &[$edge] {
                &self.edges
            }

            /// The rows.
            async fn nodes(&self) -> Vec<&$node> {
                self.edges.iter().map(|edge| &edge.node).collect()
            }

            /// Where this page stands.
            async fn page_info(&self) -> PageInfo {
                self.page_info.clone()
            }

            /// How many there are on all pages. Counted when it is asked for.
            async fn total_count(&self, ctx: &Context<'_>) -> Option<Result<u64>> {
                errors::nullable(async {
                    let counted = ($count)(ctx, &self.within).await;
                    counted.map(Some).map_err(|fault| errors::fault(ctx, fault))
                })
                .await
            }
        }
    };
}

key_connection! {
    /// 推送列表: webhooks by pages, the oldest first.
    WebhookConnection, WebhookEdge of WebhookNode(Webhook), by |webhook: &Webhook| webhook.id, within (),
    counted async |ctx: &Context<'_>, _: &()| app(ctx).count_webhooks(actor(ctx)).await
}

key_connection! {
    /// 死信列表: dead letters by pages, in the order of the log.
    DeadLetterConnection, DeadLetterEdge of DeadLetterNode(Delivery), by |letter: &Delivery| letter.position, within Uuid,
    counted async |ctx: &Context<'_>, webhook: &Uuid| app(ctx).count_dead_letters(*webhook).await
}

key_connection! {
    /// 变更记录列表: changes of webhooks by pages, in the order of time.
    WebhookChangeConnection, WebhookChangeEdge of WebhookChangeNode(WebhookChange), by |change: &WebhookChange| change.id,
    within Option<Uuid>,
    counted async |ctx: &Context<'_>, webhook: &Option<Uuid>| app(ctx).count_webhook_changes(actor(ctx), *webhook).await
}

impl WebhookConnection {
    /// A page of the webhooks that the actor may see.
    ///
    /// # Errors
    /// When an argument makes no sense or the house fails.
    pub(crate) async fn load(ctx: &Context<'_>, slice: Slice) -> Result<Self> {
        let page = key_page(&slice)?;
        let webhooks = app(ctx).webhooks(actor(ctx), &page).await.map_err(|fault| errors::fault(ctx, fault))?;
        Ok(Self::new(&slice, webhooks, ()))
    }
}

impl WebhookChangeConnection {
    /// A page of the changes of webhooks that the actor may see, of one where it is named.
    ///
    /// # Errors
    /// When an argument makes no sense or the house fails.
    pub(crate) async fn load(ctx: &Context<'_>, slice: Slice, webhook: Option<Uuid>) -> Result<Self> {
        let page = key_page(&slice)?;
        let changes = app(ctx).webhook_changes(actor(ctx), webhook, &page).await;
        Ok(Self::new(&slice, changes.map_err(|fault| errors::fault(ctx, fault))?, webhook))
    }
}

impl DeadLetterConnection {
    /// A page of the dead letters of a webhook that the actor was shown.
    ///
    /// # Errors
    /// When an argument makes no sense or the house fails.
    pub(crate) async fn load(ctx: &Context<'_>, slice: Slice, webhook: Uuid) -> Result<Self> {
        let page = key_page(&slice)?;
        let letters = app(ctx).dead_letters(webhook, &page).await.map_err(|fault| errors::fault(ctx, fault))?;
        Ok(Self::new(&slice, letters, webhook))
    }
}
