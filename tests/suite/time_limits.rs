//! What takes too long is given up: a statement by the database, a query by the server. Commands and what nobody waits for are not.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Response;
use etalon::app::App;
use etalon::clock::ManualClock;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::value::Division;
use etalon::graphql::{Asked, Limits, Schema, Session, StreamLimits, was_given_up};
use etalon::identity::credential::Credential;
use etalon::store::{self, Share, StoreError, for_all, limited, sharing};
use futures::future::{join_all, select_all};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{interval, timeout};

use crate::ledger::bundles::seals;
use crate::store::on_both_databases;
use crate::store::samples::{case_stream, commit_one, id, note};
use crate::store::support::{Database, Raw, TestClock};

/// Some seconds of work for either database.
pub(crate) const LONG: u64 = 20_000_000;
/// Some tenths of a second.
const SHORT: u64 = 500_000;

/// Makes the head of the log a view that takes so many steps to read.
pub(crate) async fn make_slow(raw: &Raw, steps: u64) {
    make_table_slow(raw, "log_head", steps).await;
}

pub(crate) async fn make_fast(raw: &Raw) {
    make_table_fast(raw, "log_head").await;
}

/// The same of any table that nobody writes meanwhile.
pub(crate) async fn make_table_slow(raw: &Raw, table: &str, steps: u64) {
    // A connection of SQLite hears of what another one has done to the schema when it reads.
    raw.execute(&format!("select count(*) from {table}; alter table {table} rename to {table}_kept")).await;
    let view = format!(
        "create view {table} as select {table}_kept.* from {table}_kept where \
         (with recursive steps(n) as (select 1 union all select n + 1 from steps where n < {steps}) \
         select count(*) from steps) > 0"
    );
    raw.execute(&view).await;
}

pub(crate) async fn make_table_fast(raw: &Raw, table: &str) {
    // On one connection, since another of SQLite's would still know the view; and at once, since somebody reads meanwhile.
    raw.execute(&format!("begin; drop view {table}; alter table {table}_kept rename to {table}; commit")).await;
}

async fn a_statement_is_given_up_by_the_database(database: Database) {
    let (store, raw) = (database.open().await, database.raw().await);
    make_slow(&raw, LONG).await;
    let given_up = limited(Duration::from_millis(50), store.head()).await;
    assert!(matches!(given_up, Err(StoreError::TimedOut { .. })), "{given_up:?}");
    assert!(given_up.is_err_and(|error| error.is_retryable()));
    make_fast(&raw).await;
    limited(Duration::from_secs(5), store.head()).await.expect("the connection is as good as before");
}

async fn what_nobody_waits_for_takes_its_time(database: Database) {
    let (store, raw) = (database.open().await, database.raw().await);
    make_slow(&raw, SHORT).await;
    store.head().await.expect("it has no limit");
    let given_up = limited(Duration::from_millis(10), store.head()).await;
    assert!(given_up.is_err(), "the same read, for somebody");
    store.head().await.expect("nor has it one after that");
    make_fast(&raw).await;
    // A commit reads and writes without a limit, whoever asks for it.
    let committed = limited(Duration::ZERO, commit_one(&*store, note(case_stream(1), 0, "a"))).await;
    committed.expect("accepted");
}

async fn an_actor_reads_so_much_at_once_and_leaves_connections_to_others(database: Database) {
    let (store, raw) = (database.open().await, database.raw().await);
    make_slow(&raw, LONG).await;
    let [one, another] = [Share::default(), Share::default()];
    let limit = Duration::from_millis(500);
    let beside = async {
        let three = async {
            let mut looks = interval(Duration::from_millis(5));
            while store.pool().in_use < 3 {
                looks.tick().await;
            }
        };
        timeout(Duration::from_secs(20), three).await.expect("three are under way");
        sharing(another, limited(limit, store.members(id(1)))).await.expect("somebody else reads");
        sharing(one.clone(), for_all(limited(limit, store.members(id(1)))))
            .await
            .expect("so does who reads for others");
        let pool = store.pool();
        assert!(pool.in_use < 8, "{pool:?}");
    };
    let (given_up, ()) =
        tokio::join!(join_all((0..8).map(|_| sharing(one.clone(), limited(limit, store.head())))), beside);
    let is_given_up = |read: &Result<_, StoreError>| matches!(read, Err(StoreError::TimedOut { .. }));
    assert!(given_up.iter().all(is_given_up), "{given_up:?}");
    make_fast(&raw).await;
}

async fn who_has_gone_leaves_no_connection_behind(database: Database) {
    let (store, raw) = (database.open().await, database.raw().await);
    make_slow(&raw, LONG).await;
    let gone = (0..40).map(|_| timeout(Duration::from_millis(200), limited(Duration::from_secs(1), store.head())));
    assert!(join_all(gone).await.iter().all(Result::is_err), "none waits for its answer");
    let answered = timeout(Duration::from_secs(20), limited(Duration::from_secs(1), store.members(id(1)))).await;
    answered.expect("there is a connection").expect("it answers");
}

#[tokio::test]
async fn what_others_wait_for_is_read_beside_the_share_of_whoever_asks_first() {
    let (database, clock, folder) = (Database::postgres(), TestClock::new(), TempDir::new().expect("a folder"));
    let (store, raw) = (database.open_with(clock.clone()).await, database.raw().await);
    let app = App::new(store.clone(), clock).with_seals(seals(&folder));
    for version in 0..2 {
        commit_one(&*store, note(case_stream(1), version, &version.to_string())).await.expect("accepted");
    }
    app.seal_now().await.expect("sealed");
    make_table_slow(&raw, "case_members", LONG).await;
    let (share, limit) = (Share::default(), Duration::from_secs(2));
    let own = (0..3).map(|_| Box::pin(sharing(share.clone(), limited(limit, store.members(id(1))))));
    let for_others = sharing(share.clone(), async {
        let mut follower = app.follow_checkpoints(Some(0)).await.expect("it follows");
        follower.next().await.expect("there is one")
    });
    tokio::select! {
        biased;
        (ended, ..) = select_all(own) => panic!("it has waited for the asker's own: {ended:?}"),
        position = for_others => assert_eq!(position, 1),
    }
    make_table_fast(&raw, "case_members").await;
}

/// What a schema answers to a manager.
pub(crate) async fn answer_of(schema: &Schema, query: &str) -> Response {
    let actor = Actor {
        id: ActorId::parse("manager").expect("an id"),
        roles: [Role::Manager].into(),
        jurisdiction: Division::parse("44").expect("a division"),
        institution: None,
        enterprise: None,
    };
    let credential = Credential::of_actor(actor.id.as_str(), Timestamp::MIN);
    let session = Session { actor, expires_at: Timestamp::MAX, credential, request_id: "test".to_owned() };
    let asked = Asked { query: Some(query.to_owned()), ..Asked::default() };
    let document = schema.read(asked).unwrap_or_else(|refused| panic!("{:?}", refused.errors));
    schema.execute(document, session).await
}

/// The application behind its schema.
struct House {
    app: Arc<App>,
    schema: Schema,
    raw: Raw,
    _database: Database,
}

impl House {
    async fn open(database: Database, limits: Limits) -> Self {
        let clock = Arc::new(ManualClock::new("2026-01-05T02:00:00Z".parse().expect("a time"), 2012));
        let store = store::open(&database.url, clock.clone()).await.expect("the database opens");
        let raw = database.raw().await;
        let app = Arc::new(App::new(store, clock).with_vault(database.vault()));
        let schema = Schema::new(app.clone(), limits, StreamLimits::default());
        Self { app, schema, raw, _database: database }
    }

    /// The same application with time enough for everything.
    fn patient(self) -> Self {
        Self { schema: Schema::new(self.app.clone(), Limits::default(), StreamLimits::default()), ..self }
    }

    async fn ask(&self, query: &str) -> (Value, bool) {
        let answer = answer_of(&self.schema, query).await;
        let was_given_up = was_given_up(&answer);
        (serde_json::to_value(&answer).expect("JSON"), was_given_up)
    }
}

const HEAD: &str = "{ serverInfo { position } viewer { id } }";

async fn a_query_is_given_up_as_a_whole(database: Database) {
    let statement_timeout = Duration::from_secs(1);
    let limits = Limits { query_timeout: Duration::from_millis(200), statement_timeout, ..Limits::default() };
    let house = House::open(database, limits).await;
    make_slow(&house.raw, LONG).await;
    let (answer, was_given_up) = house.ask(HEAD).await;
    assert!(was_given_up, "{answer}");
    let error = json!({ "code": "TIMED_OUT", "limit": "queryTimeoutMs", "maximum": 200, "retryable": true });
    assert_eq!((&answer["data"], &answer["errors"][0]["extensions"]), (&Value::Null, &error));
    assert!(answer["extensions"]["cost"]["requested"].is_u64(), "{answer}");
    make_fast(&house.raw).await;
    let (answer, _) = house.patient().ask(HEAD).await;
    assert_eq!(answer["data"]["viewer"]["id"], "manager");
}

async fn a_field_that_takes_too_long_leaves_its_neighbours(database: Database) {
    let limits = Limits {
        query_timeout: Duration::from_secs(60),
        statement_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let house = House::open(database, limits).await;
    make_slow(&house.raw, LONG).await;
    let (answer, was_given_up) = house.ask(HEAD).await;
    assert!(!was_given_up, "{answer}");
    assert_eq!(answer["data"], json!({ "serverInfo": null, "viewer": { "id": "manager" } }));
    let extensions = &answer["errors"][0]["extensions"];
    let told = ["code", "limit", "maximum", "retryable"].map(|name| extensions[name].clone());
    assert_eq!(told, [json!("TIMED_OUT"), json!("statementTimeoutMs"), json!(100), json!(true)]);
    make_fast(&house.raw).await;
}

async fn a_command_is_carried_out_whatever_it_takes(database: Database) {
    let house = House::open(database, Limits { query_timeout: Duration::ZERO, ..Limits::default() }).await;
    // A limit of nothing is met at the clock's next tick, so a query has to be slow to be sure to meet it.
    make_slow(&house.raw, LONG).await;
    let (answer, was_given_up) = house.ask(HEAD).await;
    assert!(was_given_up, "{answer}");
    make_fast(&house.raw).await;
    let open = "mutation { openCampaign(input: {
        name: \"计量服务\", divisionCode: \"44\", startsOn: \"2026-01-01\", reportingDeadline: \"2026-10-31\"
    }) { receipt { position } userErrors { code } } }";
    let (answer, _) = house.ask(open).await;
    assert_eq!(answer["data"]["openCampaign"], json!({ "receipt": { "position": "0" }, "userErrors": [] }), "{answer}");
}

on_both_databases! {
    a_statement_is_given_up_by_the_database,
    what_nobody_waits_for_takes_its_time,
    an_actor_reads_so_much_at_once_and_leaves_connections_to_others,
    who_has_gone_leaves_no_connection_behind,
    a_query_is_given_up_as_a_whole,
    a_field_that_takes_too_long_leaves_its_neighbours,
    a_command_is_carried_out_whatever_it_takes,
}
