//! Who is asking, and whom they ask.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use crate::app::Moment;
use crate::graphql::StreamLimits;
use crate::graphql::connection::{LARGEST_PAGE, Slice};
use crate::graphql::context::{actor, app, session};
use crate::graphql::limits::Limits;
use crate::graphql::scalars::{Cursor, DateTime, Position};
use crate::graphql::types::common::{self, ActorNode, DivisionNode};
use crate::graphql::types::enterprise::EnterpriseNode;
use crate::graphql::types::institution::InstitutionNode;
use crate::graphql::types::register::Which;
use crate::graphql::types::view::ViewConnection;
use crate::graphql::words::Role;
use crate::graphql::{errors, filter, ids};

#[derive(Default)]
pub(crate) struct ServerQuery;

/// Reads about the asker and the server.
#[Object]
impl ServerQuery {
    /// 当前用户: who you are, as your token says.
    async fn viewer(&self) -> Viewer {
        Viewer
    }

    /// 服务限制: the limits that requests are held to.
    async fn service_config(&self, ctx: &Context<'_>) -> ServiceConfig {
        let limits = ctx.data_unchecked::<Limits>();
        let streams = ctx.data_unchecked::<StreamLimits>();
        ServiceConfig {
            id: ids::of_content("ServiceConfig", &()),
            largest_page: LARGEST_PAGE,
            largest_depth: limits.depth,
            largest_cost: limits.cost,
            largest_body_bytes: limits.body_bytes as u64,
            largest_document_tokens: limits.tokens,
            deepest_nesting: limits.nesting,
            most_aliases: limits.aliases,
            most_directives: limits.directives,
            most_root_fields: limits.root_fields,
            largest_selection: limits.selection,
            deepest_filter: filter::DEEPEST,
            largest_filter: filter::LARGEST,
            subscriptions_per_connection: streams.subscriptions_per_connection,
            subscriptions_per_actor: streams.subscriptions_per_actor,
            connection_init_timeout_ms: milliseconds(streams.init_timeout),
            heartbeat_ms: milliseconds(streams.heartbeat),
            slow_reader_timeout_ms: milliseconds(streams.patience),
        }
    }

    /// 服务器信息: what answers you.
    async fn server_info(&self, ctx: &Context<'_>) -> Option<Result<ServerInfo>> {
        errors::nullable(async {
            let position = app(ctx).head().await.map_err(|fault| errors::fault(ctx, fault))?;
            Ok(Some(ServerInfo {
                id: ids::of_content("ServerInfo", &()),
                name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
                time: app(ctx).now().into(),
                position: position.map(Position),
            }))
        })
        .await
    }
}

pub(crate) struct Viewer;

/// 当前用户: who is asking, as the token says.
#[Object]
impl Viewer {
    /// 操作者: the opaque id, and the person behind it where one is registered.
    async fn actor(&self, ctx: &Context<'_>) -> ActorNode {
        ActorNode { id: actor(ctx).id.clone(), at: Moment::Present }
    }

    /// The id that you act under, as the log has it.
    async fn id(&self, ctx: &Context<'_>) -> ID {
        ID(actor(ctx).id.to_string())
    }

    /// 角色: what you may act as.
    async fn roles(&self, ctx: &Context<'_>) -> Vec<Role> {
        actor(ctx).roles.iter().map(|role| (*role).into()).collect()
    }

    /// 管辖范围: where the roles of a bureau hold: this division and all below it.
    async fn jurisdiction(&self, ctx: &Context<'_>) -> DivisionNode {
        DivisionNode(actor(ctx).jurisdiction.clone())
    }

    /// 机构: the institution you work for.
    async fn institution(&self, ctx: &Context<'_>) -> Option<Result<InstitutionNode>> {
        errors::nullable(async {
            match actor(ctx).institution {
                Some(id) => common::institution(ctx, id, Moment::Present).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// 企业: the enterprise you speak for; absent until it is enrolled.
    async fn enterprise(&self, ctx: &Context<'_>) -> Option<Result<EnterpriseNode>> {
        errors::nullable(async {
            match actor(ctx).enterprise {
                Some(id) => common::enterprise(ctx, id, Moment::Present).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// 视图列表: your saved views and those that are shared with where you work, by pages, in the order of their names.
    async fn views(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Forward: at most so many from the beginning, up to 100; 50 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only after this place.")] after: Option<Cursor>,
        #[graphql(desc = "Backward: at most so many from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Only before this place.")] before: Option<Cursor>,
    ) -> Option<Result<ViewConnection>> {
        errors::nullable(async {
            let slice = Slice::read(first, after, last, before)?;
            let which = Which { as_reader: true, ..Which::default() };
            ViewConnection::load(ctx, slice, which, Moment::Present).await.map(Some)
        })
        .await
    }

    /// 有效期: when your token ends.
    async fn expires_at(&self, ctx: &Context<'_>) -> DateTime {
        session(ctx).expires_at.into()
    }
}

/// 服务限制: the limits that requests are held to. The cost of a field is 1 plus that of what is selected in it; what stands within `edges` and `nodes` counts once for each row asked for with `first` or `last`, 50 where neither is given, and each of the `ids` for one. `totalCount` costs 50. `extensions.cost` of an answer tells what the operation was charged.
#[derive(SimpleObject)]
pub(crate) struct ServiceConfig {
    /// 标识: the same always, since there is one.
    id: ID,
    /// The most rows of a page.
    largest_page: u32,
    /// How deep a selection may nest.
    largest_depth: u64,
    /// What an operation may cost.
    largest_cost: u64,
    /// How many bytes the body of a request may have.
    largest_body_bytes: u64,
    /// How many tokens a document may have.
    largest_document_tokens: u64,
    /// How deep the brackets of a document may nest.
    deepest_nesting: u64,
    /// How many aliases a document may give.
    most_aliases: u64,
    /// How many directives a document may use.
    most_directives: u64,
    /// How many fields an operation may ask of its root.
    most_root_fields: u64,
    /// How many fields one selection may hold, with those of its fragments.
    largest_selection: u64,
    /// How deep a filter may nest.
    deepest_filter: usize,
    /// How many comparisons a filter may hold.
    largest_filter: usize,
    /// 订阅数: how many subscriptions one WebSocket carries.
    subscriptions_per_connection: usize,
    /// 订阅数: how many subscriptions you may have at once on this server.
    subscriptions_per_actor: usize,
    /// How long a WebSocket may take to send `connection_init`, in milliseconds.
    connection_init_timeout_ms: u64,
    /// How often a subscription tells its position when nothing else tells it, in milliseconds.
    heartbeat_ms: u64,
    /// How long an answer waits for a reader who does not read, in milliseconds; the stream is then closed with its last position.
    slow_reader_timeout_ms: u64,
}

fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// 服务器信息: what answers you.
#[derive(SimpleObject)]
pub(crate) struct ServerInfo {
    /// 标识: the same always, since there is one.
    id: ID,
    /// The program's name.
    name: &'static str,
    /// The program's version.
    version: &'static str,
    /// The server's time.
    time: DateTime,
    /// 位置: the last position of the log; absent while it is empty.
    position: Option<Position>,
}
