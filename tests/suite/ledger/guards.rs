//! Tables that are read or guarded otherwise than the migrations make them are told, whatever their rows say.

use etalon::app::App;
use etalon::audit::{Trusted, replay};
use etalon::store::{REBUILD_LEASE, RebuildOutcome, Store, migrate_for, open};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::ledger::bundles::codes;
use crate::store::on_both_databases;
use crate::store::support::{Database, Raw, TestClock};
use crate::support::cluster::Cluster;

on_both_databases! {
    a_rebuild_alters_nothing,
    a_replay_tells_what_was_altered,
}

pub(super) async fn found(store: &dyn Store) -> Vec<(&'static str, String)> {
    let alterations = store.alterations().await.expect("it reads").into_iter();
    alterations.map(|alteration| (alteration.what.code(), alteration.message)).collect()
}

fn is_told(found: &[(&'static str, String)], code: &str, name: &str) -> bool {
    found.iter().any(|(told, message)| *told == code && message.contains(name))
}

/// Each deed, how it is undone, the code that it is told with and what of.
pub(super) async fn each_is_told(store: &dyn Store, raw: &Raw, deeds: &[(&str, &str, &str, &str)]) {
    // A connection of SQLite hears of what another one has done to the schema when it reads.
    let heard = "select count(*) from log_head";
    for (deed, undone, code, name) in deeds {
        raw.execute(&format!("{heard}; {deed}")).await;
        let told = found(store).await;
        assert!(is_told(&told, code, name), "{deed}: {told:?}");
        raw.execute(&format!("{heard}; {undone}")).await;
        assert_eq!(found(store).await, [], "{undone}");
    }
}

async fn a_rebuild_alters_nothing(database: Database) {
    let store = database.open().await;
    assert_eq!(found(&*store).await, [], "as it was migrated");
    assert!(store.try_lease(REBUILD_LEASE, "a", 0, 100).await.expect("it is free"));
    store.start_rebuild("a").await.expect("begun");
    assert_eq!(found(&*store).await, [], "while it is made");
    store.index_rebuilt("a").await.expect("indexed");
    assert_eq!(found(&*store).await, [], "before it is served");
    assert_eq!(store.finish_rebuild("a", 0).await.expect("ended"), RebuildOutcome::Swapped);
    assert_eq!(found(&*store).await, [], "as it is served");
}

async fn a_replay_tells_what_was_altered(database: Database) {
    let store = database.open().await;
    let raw = database.raw().await;
    raw.execute("drop index case_links_other_id_relation_idx").await;
    let (deed, expected) = match &raw {
        Raw::Sqlite(_) => ("drop trigger commands_are_not_deleted", "GUARD_MISSING"),
        Raw::Postgres(_) => ("alter table commands disable trigger all", "GUARD_WRONG"),
    };
    raw.execute(deed).await;
    let app = App::new(store, TestClock::new());
    let verdict = replay(&app, &Trusted::default(), |_, _| ()).await.expect("it reads");
    let mut told = codes(&verdict);
    told.sort_unstable();
    assert_eq!(told, [(expected, None), ("INDEX_MISSING", None)], "{verdict}");
}

#[tokio::test]
async fn what_the_schema_of_sqlite_says_otherwise_is_told() {
    let database = Database::sqlite();
    let store = database.open().await;
    let raw = database.raw().await;
    let definition = "select sql from sqlite_master where name = 'events_are_not_updated'";
    let guard = raw.texts(definition).await.remove(0);
    let other = "drop trigger if exists events_are_not_updated; \
                 create trigger events_are_not_updated before update on events when 0 begin select 1; end";
    let again = format!("drop trigger if exists events_are_not_updated; {guard}");
    let index = "create index cases_number_case_id_idx on cases (number, case_id)";
    let partial = format!("drop index cases_number_case_id_idx; {index} where number > ''");
    let whole = format!("drop index if exists cases_number_case_id_idx; {index}");
    each_is_told(
        &*store,
        &raw,
        &[
            ("drop trigger events_are_not_updated", &again, "GUARD_MISSING", "events_are_not_updated"),
            (other, &again, "GUARD_WRONG", "events_are_not_updated"),
            (
                "create trigger more after insert on events begin delete from case_links; end",
                "drop trigger more",
                "TABLE_ALTERED",
                "more",
            ),
            ("drop index cases_number_case_id_idx", &whole, "INDEX_MISSING", "cases_number_case_id_idx"),
            (&partial, &whole, "INDEX_NOT_VALID", "cases_number_case_id_idx"),
            ("create unique index one on commands (recorded_at)", "drop index one", "TABLE_ALTERED", "one of commands"),
            (
                "alter table case_number_series rename to kept; create view case_number_series as select * from kept",
                "drop view case_number_series; alter table kept rename to case_number_series",
                "TABLE_ALTERED",
                "case_number_series",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn tables_and_indexes_that_show_other_rows_are_told() {
    let database = Database::postgres();
    let store = database.open().await;
    let raw = database.raw().await;
    let unready = "update pg_index set indisready = false where indexrelid = 'search_texts_terms_idx'::regclass";
    let ready = "update pg_index set indisready = true where indexrelid = 'search_texts_terms_idx'::regclass";
    let trigger = "create function more() returns trigger language plpgsql as 'begin return null; end'; \
                   create trigger more before insert on events for each row execute function more()";
    each_is_told(
        &*store,
        &raw,
        &[
            (
                "alter table cases enable row level security",
                "alter table cases disable row level security",
                "TABLE_ALTERED",
                "cases",
            ),
            (
                "alter table events force row level security",
                "alter table events no force row level security",
                "TABLE_ALTERED",
                "events",
            ),
            ("create policy few on cases using (false)", "drop policy few on cases", "TABLE_ALTERED", "few"),
            (
                "create rule kept as on delete to case_links do instead nothing",
                "drop rule kept on case_links",
                "TABLE_ALTERED",
                "kept",
            ),
            ("create table heirs () inherits (figures)", "drop table heirs", "TABLE_ALTERED", "figures"),
            (
                "alter table ledger_nodes set unlogged",
                "alter table ledger_nodes set logged",
                "TABLE_ALTERED",
                "ledger_nodes",
            ),
            (
                "alter table figures rename to kept; create view figures as select * from kept",
                "drop view figures; alter table kept rename to figures",
                "TABLE_ALTERED",
                "figures",
            ),
            (trigger, "drop trigger more on events; drop function more()", "TABLE_ALTERED", "more"),
            (
                "drop index cases_number_idx",
                "create index cases_number_idx on cases (number)",
                "INDEX_MISSING",
                "cases_number_idx",
            ),
            (unready, ready, "INDEX_NOT_VALID", "search_texts_terms_idx"),
            (
                "drop index cases_number_idx; create index cases_number_idx on cases (number) where number > ''",
                "drop index cases_number_idx; create index cases_number_idx on cases (number)",
                "INDEX_NOT_VALID",
                "`number where number > `",
            ),
            (
                "alter table commands drop constraint commands_pkey; create index commands_pkey on commands (recorded_at)",
                "drop index commands_pkey; alter table commands add primary key (actor, idempotency_key)",
                "INDEX_NOT_VALID",
                "`recorded_at`, and the migrations make it `unique actor, idempotency_key`",
            ),
            (
                "alter table events drop constraint events_position_key; \
                 alter table events add constraint events_position_key unique (position) deferrable",
                "alter table events drop constraint events_position_key; alter table events add unique (position)",
                "INDEX_NOT_VALID",
                "events_position_key",
            ),
            (
                "create unique index one on events (aggregate_id) where event_type = 'CaseEscalated'",
                "drop index one",
                "TABLE_ALTERED",
                "one of events",
            ),
            (
                "alter table log_head drop constraint log_head_id_check; \
                 insert into log_head (id, next_position, recorded_at, origin) values (2, 0, 0, 'other')",
                "set session_replication_role = replica; delete from log_head where id = 2; \
                 reset session_replication_role; \
                 alter table log_head add constraint log_head_id_check check (id = 1)",
                "HEAD_WRONG",
                "more than one head",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn guards_that_do_not_guard_are_told() {
    let database = Database::postgres();
    let store = database.open().await;
    let raw = database.raw().await;
    let source = raw.texts("select pg_get_functiondef('refuse_change'::regproc)").await.remove(0);
    let guard = |before: &str, table: &str| {
        format!(
            "create trigger {table}_only_grow before {before} on {table} for each statement execute function refuse_change()"
        )
    };
    let whole = guard("update or delete or truncate", "events");
    let less = format!("drop trigger events_only_grow on events; {}", guard("update", "events"));
    let again = format!("drop trigger events_only_grow on events; {whole}");
    let head = |when: &str| {
        format!(
            "drop trigger log_head_only_advances on log_head; create trigger log_head_only_advances before update \
             on log_head for each row when ({when}) execute function refuse_going_back()"
        )
    };
    let advances = "new.next_position < old.next_position or new.recorded_at < old.recorded_at \
                    or (new.origin <> old.origin and new.next_position = old.next_position)";
    let elsewhere = format!(
        "create schema other; create function other.refuse_change() returns trigger language plpgsql \
         as 'begin return null; end'; drop trigger events_only_grow on events; {}",
        whole.replace("function refuse", "function other.refuse")
    );
    each_is_told(
        &*store,
        &raw,
        &[
            ("drop trigger events_only_grow on events", &whole, "GUARD_MISSING", "events_only_grow"),
            (&less, &again, "GUARD_WRONG", "events_only_grow"),
            (&elsewhere, &format!("{again}; drop schema other cascade"), "GUARD_WRONG", "events_only_grow"),
            (&head("new.next_position < 0"), &head(advances), "GUARD_WRONG", "log_head_only_advances"),
            (
                &head(&format!("({advances}) and new.recorded_at < 0")),
                &head(advances),
                "GUARD_WRONG",
                "log_head_only_advances",
            ),
            (
                "alter table commands disable trigger commands_only_grow",
                "alter table commands enable trigger commands_only_grow",
                "GUARD_WRONG",
                "commands_only_grow",
            ),
            (
                "create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'",
                &source,
                "GUARD_WRONG",
                "refuse_change",
            ),
            (
                "alter function refuse_going_back() owner to pg_monitor",
                "alter function refuse_going_back() owner to current_user",
                "GUARD_WRONG",
                "refuse_going_back",
            ),
        ],
    )
    .await;
    let off = "do $$ begin \
               execute format('alter database %I set session_replication_role = replica', current_database()); end $$";
    raw.execute(off).await;
    let told = found(&*store).await;
    assert!(is_told(&told, "GUARD_WRONG", "every role"), "{told:?}");
}

#[tokio::test]
async fn rights_and_names_that_reach_past_the_log_are_told() {
    let database = Database::postgres();
    let store = database.open().await;
    let raw = database.raw().await;
    let path =
        |change: &str| format!("do $$ begin execute format('alter database %I {change}', current_database()); end $$");
    let shadowed = format!(
        "create schema other; create table other.cases (id bigint); {}",
        path("set search_path = other, public")
    );
    let behind = path("set search_path = public, other");
    let gone = format!("{}; drop schema other cascade", path("reset search_path"));
    // Whoever only reads harms nobody, and neither does a name that is found behind that of the log.
    raw.execute("grant select on all tables in schema public to pg_monitor").await;
    assert_eq!(found(&*store).await, []);
    let of_monitor = [
        ("truncate on commands", "TRUNCATE on commands"),
        ("delete on checkpoints", "DELETE on checkpoints"),
        ("update on events", "UPDATE on events"),
        ("update (actor) on events", "UPDATE on events"),
        ("trigger on log_head", "TRIGGER on log_head"),
    ];
    for (right, told) in of_monitor {
        let (grant, revoke) = (format!("grant {right} to pg_monitor"), format!("revoke {right} from pg_monitor"));
        each_is_told(&*store, &raw, &[(&grant, &revoke, "RIGHT_TOO_WIDE", told)]).await;
    }
    each_is_told(
        &*store,
        &raw,
        &[
            (
                "grant insert on case_members to public",
                "revoke insert on case_members from public",
                "RIGHT_TOO_WIDE",
                "everybody",
            ),
            (
                "alter table attachments owner to pg_monitor",
                "alter table attachments owner to current_user",
                "RIGHT_TOO_WIDE",
                "attachments",
            ),
            (&shadowed, &behind, "NAME_SHADOWED", "cases"),
        ],
    )
    .await;
    raw.execute(&gone).await;
    assert_eq!(found(&*store).await, []);
}

/// Rights in all databases of a server: seen on one of its own.
#[tokio::test]
async fn who_writes_every_table_or_as_the_owner_serves_none_and_is_told() {
    let cluster = Cluster::start();
    let store = open(&cluster.url(), TestClock::new()).await.expect("it opens");
    let mut owner = PgConnection::connect(&cluster.url()).await.expect("it connects");
    let grant = "create role server login; create role writers; grant pg_write_all_data to writers; \
                 grant writers to server";
    owner.execute(grant).await.expect("granted");
    let told = found(&*store).await;
    for role in ["server", "writers"] {
        let message = format!("{role} may write every table (pg_write_all_data)");
        assert!(told.contains(&("RIGHT_TOO_WIDE", message)), "{role}: {told:?}");
    }
    let refused = migrate_for(&cluster.url(), "server").await.expect_err("it may write the log").to_string();
    assert!(refused.contains("member of pg_write_all_data"), "{refused}");
    owner.execute("revoke writers from server; drop role writers").await.expect("revoked");
    migrate_for(&cluster.url(), "server").await.expect("it may serve");
    assert_eq!(found(&*store).await, []);
    for (grant, revoke) in [
        ("grant etalon to server", "revoke etalon from server"),
        ("alter role server superuser", "alter role server nosuperuser"),
    ] {
        owner.execute(grant).await.expect("granted");
        let message = "server has the rights of a server, and may do whatever etalon may, who owns the log".to_owned();
        assert_eq!(found(&*store).await, [("RIGHT_TOO_WIDE", message)], "{grant}");
        owner.execute(revoke).await.expect("revoked");
        assert_eq!(found(&*store).await, [], "{revoke}");
    }
}

#[tokio::test]
async fn the_role_of_a_server_alters_nothing() {
    let database = Database::postgres();
    let raw = database.raw().await;
    let role = format!("server_{}", Uuid::new_v4().simple());
    raw.execute(&format!("create role {role} login")).await;
    migrate_for(&database.url, &role).await.expect("migrated");
    let separator = if database.url.contains('?') { '&' } else { '?' };
    let server = open(&format!("{}{separator}user={role}", database.url), TestClock::new()).await;
    let server = server.expect("the role may serve");
    let owner = database.open().await;
    for store in [&server, &owner] {
        assert_eq!(found(&**store).await, []);
    }
    // Where no setting says otherwise, a name is looked for in the schema of the role first.
    raw.execute(&format!("create schema {role}; create table {role}.cases (id bigint)")).await;
    let told = found(&*owner).await;
    assert!(is_told(&told, "NAME_SHADOWED", &role), "{told:?}");
    drop(server);
    raw.execute(&format!("drop schema {role} cascade; drop owned by {role} cascade; drop role {role}")).await;
}

#[tokio::test]
async fn every_table_and_every_index_of_a_migrated_database_is_looked_at() {
    let database = Database::postgres();
    let store = database.open().await;
    let raw = database.raw().await;
    let here = "c.relnamespace = current_schema()::regnamespace and c.relname not like '\\_sqlx%'";
    let tables = raw.texts(&format!("select c.relname::text from pg_class c where c.relkind = 'r' and {here}")).await;
    let indexes = raw.texts(&format!("select c.relname::text from pg_class c where c.relkind = 'i' and {here}")).await;
    for table in &tables {
        raw.execute(&format!("alter table {table} force row level security")).await;
    }
    for index in &indexes {
        raw.execute(&format!("update pg_index set indisvalid = false where indexrelid = '{index}'::regclass")).await;
    }
    let told = found(&*store).await;
    assert_eq!(told.len(), tables.len() + indexes.len(), "{told:?}");
    for table in &tables {
        assert!(is_told(&told, "TABLE_ALTERED", &format!("the table {table} ")), "{table}: {told:?}");
    }
    for index in &indexes {
        assert!(is_told(&told, "INDEX_NOT_VALID", &format!("the index {index} ")), "{index}: {told:?}");
    }
}
