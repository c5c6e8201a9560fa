//! Who is asking, and whom they ask.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use serde::Serialize;

use crate::app::MOST_GROUPS;
use crate::graphql::StreamLimits;
use crate::graphql::connection::Slice;
use crate::graphql::context::{actor, app, session};
use crate::graphql::limits::{Limits, OPERATIONS_PER_REQUEST, milliseconds};
use crate::graphql::mutation::bulk::MOST_COMMANDS;
use crate::graphql::query::Viewpoint;
use crate::graphql::reading::price;
use crate::graphql::scalars::{Cursor, DateTime, Position};
use crate::graphql::types::common::{self, ActorNode, DivisionNode};
use crate::graphql::types::enterprise::EnterpriseNode;
use crate::graphql::types::institution::InstitutionNode;
use crate::graphql::types::register::{Way, Which};
use crate::graphql::types::similar;
use crate::graphql::types::view::ViewConnection;
use crate::graphql::words::Role;
use crate::graphql::{errors, filter, ids};
use crate::search::question::{MOST_CHARACTERS, MOST_PARTS};

#[derive(Default)]
pub(crate) struct ServerQuery(pub(super) Viewpoint);

/// Reads about the asker and the server.
#[Object]
impl ServerQuery {
    /// 当前用户: who you are, as your token says.
    async fn viewer(&self) -> Viewer {
        Viewer { from: self.0 }
    }

    /// 服务限制: the limits that requests are held to.
    async fn service_config(&self, ctx: &Context<'_>) -> ServiceConfig {
        let limits = ctx.data_unchecked::<Limits>();
        let streams = ctx.data_unchecked::<StreamLimits>();
        ServiceConfig {
            id: ids::of_content("ServiceConfig", &()),
            largest_page: limits.page,
            usual_page: limits.usual_page(),
            most_ids: ids::MOST_IDS,
            most_commands: MOST_COMMANDS,
            most_similar: similar::MOST,
            most_groups: MOST_GROUPS,
            longest_search: MOST_CHARACTERS,
            most_search_parts: MOST_PARTS,
            operations_per_request: OPERATIONS_PER_REQUEST,
            largest_depth: limits.depth,
            deepest_selection: limits.levels(),
            largest_cost: limits.cost,
            largest_body_bytes: limits.body_bytes as u64,
            largest_answer_bytes: limits.answer_bytes,
            largest_document_bytes: limits.document_bytes,
            largest_document_tokens: limits.tokens,
            deepest_nesting: limits.nesting,
            most_aliases: limits.aliases,
            most_directives: limits.directives,
            most_root_fields: limits.root_fields,
            largest_selection: limits.selection,
            most_values: limits.values(),
            deepest_filter: filter::DEEPEST,
            largest_filter: filter::LARGEST,
            query_timeout_ms: limits.of_query().maximum,
            statement_timeout_ms: limits.of_statement().maximum,
            largest_header_bytes: limits.of_head().maximum,
            most_header_fields: limits.of_head_fields().maximum,
            header_timeout_ms: limits.of_head_time().maximum,
            body_timeout_ms: limits.of_body_time().maximum,
            connections: limits.of_connections().maximum,
            connections_per_address: limits.of_connections_of_address().maximum,
            arriving_bytes: limits.of_arriving().maximum,
            arriving_bytes_per_actor: limits.of_arriving_of_actor().maximum,
            unsent_bytes: limits.of_unsent().maximum,
            unsent_bytes_per_actor: limits.of_unsent_of_actor().maximum,
            concurrent_requests: limits.of_room().maximum,
            concurrent_requests_per_actor: limits.of_room_of_actor().maximum,
            database_queue: limits.database_queue,
            actor_cost_per_second: limits.actor_cost_per_second,
            actor_cost_burst: limits.actor_cost_burst,
            anonymous_requests_per_minute: limits.anonymous_requests_per_minute,
            streaming_connections: streams.connections,
            streaming_connections_per_actor: streams.of_server_of_actor().maximum,
            subscriptions_per_connection: streams.subscriptions_per_connection,
            operations_per_connection: streams.operations_per_connection,
            longest_greeting: StreamLimits::of_greeting().maximum,
            longest_operation_id: StreamLimits::of_operation_id().maximum,
            subscriptions_per_actor: streams.subscriptions_per_actor,
            connection_init_timeout_ms: milliseconds(streams.init_timeout),
            heartbeat_ms: milliseconds(streams.heartbeat),
            slow_reader_timeout_ms: milliseconds(streams.patience),
            field_costs: price::TABLE.iter().map(FieldCost::of).collect(),
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

pub(crate) struct Viewer {
    /// From where what the log knows of them is looked at.
    from: Viewpoint,
}

/// 当前用户: who is asking, as the token says; what the log knows of them is as of the moment that is asked about.
#[Object]
impl Viewer {
    /// 操作者: the opaque id, and the person behind it where one is registered.
    async fn actor(&self, ctx: &Context<'_>) -> ActorNode {
        ActorNode { id: actor(ctx).id.clone(), at: self.from.moment }
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
                Some(id) => common::institution(ctx, id, self.from.moment).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// 企业: the enterprise you speak for; absent until it is enrolled.
    async fn enterprise(&self, ctx: &Context<'_>) -> Option<Result<EnterpriseNode>> {
        errors::nullable(async {
            match actor(ctx).enterprise {
                Some(id) => common::enterprise(ctx, id, self.from.moment, Way::Mention).await,
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
            desc = "Forward: at most so many from the beginning, up to `largestPage`; 50 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only after this place.")] after: Option<Cursor>,
        #[graphql(desc = "Backward: at most so many from the end, up to `largestPage`.")] last: Option<i32>,
        #[graphql(desc = "Only before this place.")] before: Option<Cursor>,
    ) -> Option<Result<ViewConnection>> {
        errors::nullable(async {
            let slice = Slice::read(ctx, first, after, last, before)?;
            let which = Which { as_reader: true, ..Which::default() };
            ViewConnection::load(ctx, slice, which, self.from).await.map(Some)
        })
        .await
    }

    /// 有效期: when your token ends.
    async fn expires_at(&self, ctx: &Context<'_>) -> DateTime {
        session(ctx).expires_at.into()
    }
}

/// 服务限制: the limits that requests are held to; a refusal names the one that it is about.
///
/// The cost of a field is 1, or what `fieldCosts` says, plus that of what is selected in it. What stands in a list counts once for each row: of `edges` and `nodes` as many as are asked for with `first` or `last`, 50 where neither is given; of other lists as many as their `first` or their `ids` ask for, or as `fieldCosts` says. What is asked of `executeCommands` counts once for each of its commands. A list without `first` is reckoned at the usual number of rows, however many it then gives, up to a page: with a `first` that is above the usual it costs more. `extensions.cost` of an answer tells what the operation was charged. Of what you may ask for in a second, every request takes 10 besides, and 1 for every 256 bytes of its body and of its answer, which so is paid for by what it holds.
#[derive(SimpleObject)]
pub(crate) struct ServiceConfig {
    /// 标识: the same always, since there is one.
    id: ID,
    /// The most rows of a page.
    largest_page: u32,
    /// The rows of a page where neither `first` nor `last` is given.
    usual_page: u32,
    /// How many things `nodes` gives at once, and how many ids a list of an input may have. In an input an id that is there twice is taken once.
    most_ids: usize,
    /// How many commands `executeCommands` takes at once.
    most_commands: usize,
    /// How many similar cases are shown of one.
    most_similar: u32,
    /// How many groups statistics may have.
    most_groups: u32,
    /// How many characters a search may have.
    longest_search: usize,
    /// How many words or quotations a search may have.
    most_search_parts: usize,
    /// How many operations a request asks for: there are no batches.
    operations_per_request: u32,
    /// How deep a selection may nest.
    largest_depth: u64,
    /// How deep selections may stand within one another, those of fragments and inline fragments included.
    deepest_selection: u64,
    /// What an operation may cost.
    largest_cost: u64,
    /// How many bytes the body of a request may have, and a message of a WebSocket.
    largest_body_bytes: u64,
    /// How many bytes an answer may hold, as they are counted while it is made.
    largest_answer_bytes: u64,
    /// How many bytes a document may have.
    largest_document_bytes: u64,
    /// How many tokens a document may have.
    largest_document_tokens: u64,
    /// How deep the brackets of a document may nest, and those of the JSON that it comes with.
    deepest_nesting: u64,
    /// How many aliases a document may give.
    most_aliases: u64,
    /// How many directives a document may use.
    most_directives: u64,
    /// How many fields an operation may ask of its root.
    most_root_fields: u64,
    /// How many fields one selection may hold, with those of its fragments.
    largest_selection: u64,
    /// How many values the arguments of an operation may hold, objects and lists among them, and those of a variable wherever it is used.
    most_values: u64,
    /// How deep a filter may nest.
    deepest_filter: usize,
    /// How many comparisons a filter may hold. A list or a filter that holds none counts as one.
    largest_filter: usize,
    /// How long a query may be executed, and one answer of a subscription, in milliseconds. A mutation is carried out whatever it takes.
    query_timeout_ms: u64,
    /// How long the database may take for one thing that is read, in milliseconds.
    statement_timeout_ms: u64,
    /// How many bytes the head of a request may have: its address and its headers.
    largest_header_bytes: u64,
    /// How many header fields a request may have.
    most_header_fields: u64,
    /// How long a connection may take for the head of a request, and for that of the next one, in milliseconds; it is then closed.
    header_timeout_ms: u64,
    /// How long the body of a request may take to arrive, and a long message of a WebSocket, in milliseconds.
    body_timeout_ms: u64,
    /// 连接数: how many connections may be open at this server, WebSockets and event streams aside; more are refused, and may be tried again.
    connections: u64,
    /// 连接数: how many of them may come from one address.
    connections_per_address: u64,
    /// How many bytes of long request bodies and messages of WebSockets may be on their way to this server; beyond that long ones are refused, and may be sent again. Short ones, of 64 KiB at most, always have room, and so has one alone.
    arriving_bytes: u64,
    /// How many of those bytes may be of your requests.
    arriving_bytes_per_actor: u64,
    /// How many bytes of answers may wait at this server for those who asked to read them; while so many do, requests are refused, and may be sent again.
    unsent_bytes: u64,
    /// How many of those bytes may be of your answers.
    unsent_bytes_per_actor: u64,
    /// 并发请求: how many requests this server answers at once; more are refused, and may be sent again. Those that wait for a position are not among them: as many more may.
    concurrent_requests: u64,
    /// 并发请求: how many of them may be yours.
    concurrent_requests_per_actor: u64,
    /// How many reads may wait for a connection of the database; while so many do, requests are refused, and may be sent again. Three of yours are under way at once, besides what your commands look up; the others wait for those, and for no connection.
    database_queue: u64,
    /// 请求额度: what you may ask for in a second on this server, in units of cost. Whoever has asked for less saves up.
    actor_cost_per_second: u64,
    /// 请求额度: as far as you may save up: what you may ask for at once after a pause.
    actor_cost_burst: u64,
    /// How many requests without a good token may come from one address in a minute.
    anonymous_requests_per_minute: u64,
    /// How many WebSockets and event streams this server holds open.
    streaming_connections: usize,
    /// How many of them your WebSockets may be.
    streaming_connections_per_actor: u64,
    /// 订阅数: how many subscriptions one WebSocket carries.
    subscriptions_per_connection: usize,
    /// How many queries and mutations may be under way on one WebSocket.
    operations_per_connection: usize,
    /// How many bytes a message of a WebSocket may have until `connection_init` has told who is asking.
    longest_greeting: u64,
    /// How many bytes the id of an operation of a WebSocket may have.
    longest_operation_id: u64,
    /// 订阅数: how many subscriptions you may have at once on this server.
    subscriptions_per_actor: usize,
    /// How long a WebSocket may take to send `connection_init`, in milliseconds.
    connection_init_timeout_ms: u64,
    /// How often a subscription tells its position when nothing else tells it, in milliseconds.
    heartbeat_ms: u64,
    /// How long an answer waits for a reader who does not read, in milliseconds; a stream is then closed with its last position, and any other connection cut off. Whoever takes less than 16 KiB of an answer in a second on average, but for half a MiB that they are given, counts as one.
    slow_reader_timeout_ms: u64,
    /// 字段计价: the fields that cost more than 1 or give several rows. The first one that fits counts.
    field_costs: Vec<FieldCost>,
}

/// 字段计价: what a field is reckoned at.
#[derive(SimpleObject, Serialize)]
#[graphql(complex)]
pub(crate) struct FieldCost {
    /// 字段: the type and the field, such as `Case.similar`. `*` stands for any beginning of a type's name, or for all fields.
    field: &'static str,
    /// What it costs by itself.
    cost: u64,
    /// How many rows it is reckoned to give where no argument says how many: what is usual, and not the most. Absent where it is no list.
    rows: Option<u64>,
}

ids::content_id!(FieldCost);

impl FieldCost {
    fn of(line: &price::Line) -> Self {
        Self { field: line.field, cost: line.cost, rows: line.rows.usual() }
    }
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
