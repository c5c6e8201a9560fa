//! Who may do what on PostgreSQL: the owner of the log, and the role of its servers.

use etalon::store::{KnownDataKeys, REBUILD_LEASE, StoreError, StoredCheckpoint, migrate_for, open, open_existing};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::store::ledger::grow;
use crate::store::samples::{append, case_row, case_stream, commit, notes, rows_of};
use crate::store::support::{Database, TestClock};

/// A role of PostgreSQL that lives as long as a test.
struct TestRole {
    name: String,
    url: String,
}

impl TestRole {
    async fn in_database(url: &str, owner: &mut PgConnection) -> Self {
        let name = format!("server_{}", Uuid::new_v4().simple());
        owner.execute(format!("create role {name} login").as_str()).await.expect("made");
        let separator = if url.contains('?') { '&' } else { '?' };
        Self { url: format!("{url}{separator}user={name}"), name }
    }
}

#[tokio::test]
async fn the_role_of_a_server_adds_to_the_log_and_cannot_change_it() {
    let database = Database::postgres();
    let mut owner = PgConnection::connect(&database.url).await.expect("the server answers");
    let role = TestRole::in_database(&database.url, &mut owner).await;
    assert!(open(&role.url, TestClock::new()).await.is_err(), "before its rights are given");
    migrate_for(&database.url, &role.name).await.expect("migrated");
    let store = open(&role.url, TestClock::new()).await.expect("the role may serve");
    grow(&*store, 300).await;
    let rows = rows_of(case_row(1));
    commit(&*store, &[append(case_stream(1), 1, "again", notes(&["x"], rows))])
        .await
        .pop()
        .expect("one")
        .expect("done");
    let checkpoint = StoredCheckpoint { size: 300, root: [1; 32], signed_at: 5, note: "note".to_owned() };
    assert!(store.add_checkpoint(&checkpoint).await.expect("kept"));
    store.take_data_keys_on([7; 32]).await.expect("it says which data keys they are");
    store.replace_data_keys([8; 32]).await.expect_err("others are for the owner to adopt");
    let known = KnownDataKeys { fingerprint: [7; 32], adopted_after: None };
    assert_eq!(store.data_keys().await.expect("it reads"), Some(known));
    assert!(store.try_lease(REBUILD_LEASE, "a", 0, 100).await.expect("the leases are its own"));
    store.start_rebuild("a").await.expect("it may");
    store.write_rebuilt("a", Vec::new()).await.expect("it may");
    store.index_rebuilt("a").await.expect("it may");
    store.finish_rebuild("a", 301).await.expect("it may");
    commit(&*store, &[append(case_stream(1), 2, "third", notes(&["x"], rows_of(case_row(1))))])
        .await
        .pop()
        .expect("one")
        .expect("the new tables are as the old ones to it");
    let mut server = PgConnection::connect(&role.url).await.expect("the role may log in");
    for attempt in [
        "update events set actor = 'x'",
        "delete from events",
        "truncate events",
        "drop table events",
        "alter table events disable trigger all",
        "drop trigger events_only_grow on events",
        "delete from ledger_nodes",
        "truncate checkpoints",
        "update commands set version = 1",
        "delete from log_head",
        // Nothing that others would run when they read is its own.
        "create function array_to_string(text[], text) returns text language sql as 'select 1::text'",
        "create view shadow as select * from events",
        "create schema shadow",
        "alter table cases add constraint cases_check check (true)",
        "alter table cases enable row level security",
        "alter table cases rename to shadow",
        "create trigger shadow before insert on cases for each row execute function refuse_change()",
        "create rule shadow as on insert to cases do nothing",
        "create index shadow on cases (number)",
        "alter function etalon_start_rebuild() owner to current_user",
        "select etalon_grant_rebuilt()",
        "drop table case_versions",
        "truncate case_versions",
    ] {
        let refused = server.execute(attempt).await.expect_err(attempt);
        let code = refused.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{attempt}: {refused}");
    }
    // Nor does it add anything before the end of the log.
    for (position, code) in [(-5, "23514"), (7, "23505")] {
        let attempt = format!(
            "insert into events select {position}, aggregate_type, aggregate_id, sequence + 1, event_type, event_version, \
             payload, metadata, recorded_at, actor, command_id, entry, leaf_hash from events where position = 9"
        );
        let refused = server.execute(attempt.as_str()).await.expect_err(&attempt);
        let said = refused.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(said.as_deref(), Some(code), "{attempt}: {refused}");
    }
    server.close().await.expect("closed");
    drop(store);
    owner.execute(format!("drop owned by {0} cascade; drop role {0}", role.name).as_str()).await.expect("gone");
}

#[tokio::test]
async fn a_server_that_may_not_migrate_says_who_should() {
    let database = Database::postgres();
    let mut owner = PgConnection::connect(&database.url).await.expect("the server answers");
    let role = TestRole::in_database(&database.url, &mut owner).await;
    migrate_for(&database.url, &role.name).await.expect("migrated");
    let forget = "delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)";
    owner.execute(forget).await.expect("as an older program left it");
    let refused = open(&role.url, TestClock::new()).await.err().expect("the schema is old").to_string();
    assert!(refused.contains("the database has schema version") && refused.contains("etalon migrate"), "{refused}");
    let only = migrate_for("sqlite:/tmp/x.db", "x").await.expect_err("no roles there").to_string();
    assert!(only.contains("only PostgreSQL has roles"), "{only}");
    owner.execute(format!("drop owned by {0} cascade; drop role {0}", role.name).as_str()).await.expect("gone");
}

/// Whoever migrates, and whether the servers have heard of it or not.
#[tokio::test]
async fn what_a_migration_brings_is_given_to_the_role_that_serves() {
    let database = Database::postgres();
    let mut owner = PgConnection::connect(&database.url).await.expect("the server answers");
    let role = TestRole::in_database(&database.url, &mut owner).await;
    migrate_for(&database.url, &role.name).await.expect("migrated");
    // The migrations that make a table, `data_keys`.
    let forget = "drop table data_keys; delete from _sqlx_migrations where version in (23, 25)";
    owner.execute(sqlx::raw_sql(forget)).await.expect("as an older program left it");
    drop(open(&database.url, TestClock::new()).await.expect("the owner migrates it"));
    let store = open(&role.url, TestClock::new()).await.expect("the role may serve");
    store.take_data_keys_on([7; 32]).await.expect("it may use what is new");
    drop(store);
    owner.execute(format!("drop owned by {0} cascade; drop role {0}", role.name).as_str()).await.expect("gone");
}

#[tokio::test]
async fn a_step_of_a_rebuild_is_given_to_the_role_that_serves() {
    let database = Database::postgres();
    let mut owner = PgConnection::connect(&database.url).await.expect("the server answers");
    let role = TestRole::in_database(&database.url, &mut owner).await;
    migrate_for(&database.url, &role.name).await.expect("migrated");
    let may_run = "select has_function_privilege($1, 'etalon_index_rebuilt()', 'execute')";
    let revoke = format!("revoke execute on function etalon_index_rebuilt() from {}", role.name);
    owner.execute(revoke.as_str()).await.expect("as a migration leaves what it makes anew");
    let may: bool = sqlx::query_scalar(may_run).bind(&role.name).fetch_one(&mut owner).await.expect("it reads");
    assert!(!may);
    drop(open(&database.url, TestClock::new()).await.expect("the owner serves"));
    let may: bool = sqlx::query_scalar(may_run).bind(&role.name).fetch_one(&mut owner).await.expect("it reads");
    assert!(may);
    owner.execute(format!("drop owned by {0} cascade; drop role {0}", role.name).as_str()).await.expect("gone");
}

/// What the server's role may do with its rows, as PostgreSQL says.
async fn row_rights(connection: &mut PgConnection, role: &str) -> Vec<(String, bool)> {
    let rights = "select relname::text, bool_and(has_table_privilege($1, c.oid, p)) from pg_class c, \
                  unnest(array['select', 'insert', 'update', 'delete']) p where relname = any(etalon_row_tables()) \
                  and c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace group by 1 order by 1";
    sqlx::query_as(rights).bind(role).fetch_all(connection).await.expect("it reads")
}

#[tokio::test]
async fn rights_that_are_given_again_are_the_same_and_make_good_what_was_taken() {
    let database = Database::postgres();
    let mut superuser = PgConnection::connect(&database.url).await.expect("the server answers");
    let owner = TestRole::in_database(&database.url, &mut superuser).await;
    let server = TestRole::in_database(&database.url, &mut superuser).await;
    let give =
        format!("do $$ begin execute format('alter database %I owner to {}', current_database()); end $$", owner.name);
    superuser.execute(sqlx::raw_sql(&give)).await.expect("an owner that is no superuser");
    migrate_for(&owner.url, &server.name).await.expect("migrated");
    let once = row_rights(&mut superuser, &server.name).await;
    assert!(once.len() == 8 && once.iter().all(|(_, has_all)| *has_all), "{once:?}");
    migrate_for(&owner.url, &server.name).await.expect("migrated again");
    assert_eq!(row_rights(&mut superuser, &server.name).await, once);
    // As an earlier version left it when it was run twice.
    let take = format!("revoke all on all tables in schema public from {}", server.name);
    superuser.execute(take.as_str()).await.expect("taken");
    assert!(row_rights(&mut superuser, &server.name).await.iter().all(|(_, has_all)| !has_all));
    migrate_for(&owner.url, &server.name).await.expect("made good");
    assert_eq!(row_rights(&mut superuser, &server.name).await, once);
    // Rows that an earlier version gave to the server are the owner's again.
    let give = format!(
        "grant {1} to {0}; alter table cases owner to {1}; grant create on schema public to {1}",
        owner.name, server.name
    );
    superuser.execute(sqlx::raw_sql(&give)).await.expect("given");
    migrate_for(&owner.url, &server.name).await.expect("taken back");
    let owned = "select count(*) from pg_shdepend where refobjid = to_regrole($1)::oid and deptype = 'o'";
    let owned: i64 = sqlx::query_scalar(owned).bind(&server.name).fetch_one(&mut superuser).await.expect("it reads");
    assert_eq!(owned, 0);
    // Nor is anything made or run while something is there that the server has left for others to run.
    let plant = format!(
        "create function public.format(text, text) returns text language sql as 'select $1'; \
         alter function public.format(text, text) owner to {}",
        server.name
    );
    superuser.execute(sqlx::raw_sql(&plant)).await.expect("planted");
    let refused = migrate_for(&owner.url, &server.name).await.expect_err("it is there").to_string();
    assert!(refused.contains("format(text,text) was made by the role") && refused.contains(&server.name), "{refused}");
    let alike = open(&owner.url, TestClock::new()).await.err().expect("it is there for whoever migrates").to_string();
    assert_eq!(alike, refused);
    superuser.execute("drop function public.format(text, text)").await.expect("gone");
    // The owner makes rows anew, and they are the server's to write as before.
    let store = open(&owner.url, TestClock::new()).await.expect("the owner may serve, too");
    assert!(store.try_lease(REBUILD_LEASE, "a", 0, 100).await.expect("asked"));
    store.start_rebuild("a").await.expect("started");
    store.index_rebuilt("a").await.expect("indexed");
    store.finish_rebuild("a", 0).await.expect("finished");
    drop(store);
    assert_eq!(row_rights(&mut superuser, &server.name).await, once);
    let store = open(&server.url, TestClock::new()).await.expect("the role may serve");
    let rows = rows_of(case_row(1));
    commit(&*store, &[append(case_stream(1), 0, "1", notes(&["x"], rows))]).await.pop().expect("one").expect("done");
    drop(store);
    // It cannot give itself what it needs, nor can anybody give it to the owner.
    let refused = migrate_for(&server.url, &server.name).await.expect_err("it is not the owner").to_string();
    assert!(refused.contains("does not own the log") && refused.contains(&owner.name), "{refused}");
    let refused = migrate_for(&owner.url, &owner.name).await.expect_err("it is the owner").to_string();
    assert!(refused.contains("cannot be kept from changing the log"), "{refused}");
    let member = TestRole::in_database(&database.url, &mut superuser).await;
    superuser.execute(format!("grant {} to {}", owner.name, member.name).as_str()).await.expect("granted");
    let refused = migrate_for(&owner.url, &member.name).await.expect_err("it can be the owner").to_string();
    assert!(refused.contains("cannot be kept from changing the log"), "{refused}");
    let all = [server, owner, member].map(|role| role.name).join(", ");
    let gone = format!("reassign owned by {all} to current_user; drop owned by {all} cascade; drop role {all}");
    superuser.execute(sqlx::raw_sql(&gone)).await.expect("gone");
}

#[tokio::test]
async fn a_server_that_lacks_a_right_to_rebuild_says_who_gives_it() {
    let database = Database::postgres();
    let mut owner = PgConnection::connect(&database.url).await.expect("the server answers");
    let role = TestRole::in_database(&database.url, &mut owner).await;
    migrate_for(&database.url, &role.name).await.expect("migrated");
    let store = open(&role.url, TestClock::new()).await.expect("the role may serve");
    assert!(store.try_lease(REBUILD_LEASE, "a", 0, 100).await.expect("the leases are its own"));
    let is_told = |refused: StoreError, lacking: &str| {
        let told = refused.to_string();
        let StoreError::RebuildNotGranted { role: who, step, .. } = refused else { panic!("{lacking}: {told}") };
        assert_eq!((who, step.as_str()), (role.name.clone(), lacking));
        assert!(told.contains(&format!("etalon migrate --server-role {}", role.name)), "{told}");
    };
    // All are looked at before the first is done.
    let [start, index, finish] = ["etalon_start_rebuild()", "etalon_index_rebuilt()", "etalon_finish_rebuild()"];
    for step in [start, index, finish] {
        owner.execute(format!("revoke execute on function {step} from {}", role.name).as_str()).await.expect("taken");
        is_told(store.start_rebuild("a").await.expect_err(step), step);
        owner.execute(format!("grant execute on function {step} to {}", role.name).as_str()).await.expect("given");
    }
    store.start_rebuild("a").await.expect("it may");
    // One that is taken meanwhile is told before the next step.
    owner.execute(format!("revoke execute on function {index} from {}", role.name).as_str()).await.expect("taken");
    is_told(store.index_rebuilt("a").await.expect_err("taken"), index);
    owner.execute(format!("grant execute on function {index} to {}", role.name).as_str()).await.expect("given");
    store.index_rebuilt("a").await.expect("it may");
    owner.execute(format!("revoke execute on function {finish} from {}", role.name).as_str()).await.expect("taken");
    is_told(store.finish_rebuild("a", 0).await.expect_err("taken"), finish);
    migrate_for(&database.url, &role.name).await.expect("what is told helps");
    store.finish_rebuild("a", 0).await.expect("it may");
    drop(store);
    owner.execute(format!("drop owned by {0} cascade; drop role {0}", role.name).as_str()).await.expect("gone");
}

#[tokio::test]
async fn nothing_is_migrated_beside_what_a_server_has_made_and_what_others_have_is_left_alone() {
    let database = Database::postgres();
    let mut superuser = PgConnection::connect(&database.url).await.expect("the server answers");
    let owner = TestRole::in_database(&database.url, &mut superuser).await;
    let server = TestRole::in_database(&database.url, &mut superuser).await;
    let member = TestRole::in_database(&database.url, &mut superuser).await;
    let reader = TestRole::in_database(&database.url, &mut superuser).await;
    let group = TestRole::in_database(&database.url, &mut superuser).await;
    let give = format!(
        "do $$ begin execute format('alter database %I owner to {0}', current_database()); end $$; \
         create function public.other() returns bigint language sql as 'select 1::bigint'; \
         alter function public.other() owner to {1}; \
         create schema \"of {1}\" authorization {1}; create view public.seen as select 1 as one; \
         alter view public.seen owner to {1}",
        owner.name, reader.name
    );
    superuser.execute(sqlx::raw_sql(&give)).await.expect("given");
    drop(open(&owner.url, TestClock::new()).await.expect("a new log knows of no server"));
    let look = format!("grant select on all tables in schema public to {}", reader.name);
    superuser.execute(look.as_str()).await.expect("given");
    drop(open(&owner.url, TestClock::new()).await.expect("who only reads may have something of their own"));
    // A right of a server, given to a role that others take on.
    let serve = format!(
        "grant insert on events to {0}; grant {0} to {1}; alter role {1} noinherit; grant {2} to {0}",
        server.name, member.name, group.name
    );
    superuser.execute(sqlx::raw_sql(&serve)).await.expect("given");
    drop(open(&owner.url, TestClock::new()).await.expect("nothing of theirs is there"));
    // The migration that makes a table, `data_keys`, is to be run again, and would fail.
    let forget = "delete from _sqlx_migrations where version = 23";
    superuser.execute(forget).await.expect("as an older program left it");
    for (made, what, by, gone) in [
        (
            "create operator public.=== (leftarg = bigint, rightarg = bigint, function = int8eq); \
             alter operator public.=== (bigint, bigint) owner to",
            "the operator public.===(bigint,bigint)",
            &server,
            "drop operator public.=== (bigint, bigint)",
        ),
        ("create schema elsewhere authorization", "the schema elsewhere", &member, "drop schema elsewhere"),
        (
            "create view public.shadow as select 1 as one; alter view public.shadow owner to",
            "the view public.shadow",
            &member,
            "drop view public.shadow",
        ),
        // By whom the server may become; it fits what is asked before anything is opened better than PostgreSQL's own does.
        (
            "create function public.run(oid, regclass) returns boolean language plpgsql as $$ begin raise 'run'; end $$; \
             create operator public.= (leftarg = oid, rightarg = regclass, function = public.run); \
             alter operator public.= (oid, regclass) owner to",
            "the operator public.=(oid,regclass)",
            &group,
            "drop operator public.= (oid, regclass)",
        ),
    ] {
        superuser.execute(sqlx::raw_sql(&format!("{made} {}", by.name))).await.expect("made");
        let refused = open_existing(&owner.url, TestClock::new()).await.err().expect(what).to_string();
        assert!(refused.starts_with(&format!("{what} was made by the role {}", by.name)), "{refused}");
        superuser.execute(gone).await.expect("gone");
    }
    let refused = open(&owner.url, TestClock::new()).await.err().expect("it runs").to_string();
    assert_eq!(refused, "cannot migrate the database");
    let all = [server, member, reader, group, owner].map(|role| role.name).join(", ");
    let gone = format!("reassign owned by {all} to current_user; drop owned by {all} cascade; drop role {all}");
    superuser.execute(sqlx::raw_sql(&gone)).await.expect("gone");
}

#[tokio::test]
async fn a_server_that_may_make_functions_beside_the_log_is_none() {
    let database = Database::postgres();
    let mut superuser = PgConnection::connect(&database.url).await.expect("the server answers");
    let owner = TestRole::in_database(&database.url, &mut superuser).await;
    let server = TestRole::in_database(&database.url, &mut superuser).await;
    // As it was before PostgreSQL 15: the schema is somebody else's, and everybody makes things in it.
    let give = format!(
        "alter schema public owner to current_user; grant create on schema public to public; \
         do $$ begin execute format('grant create on database %I to {}', current_database()); end $$",
        owner.name
    );
    superuser.execute(sqlx::raw_sql(&give)).await.expect("given");
    let refused = migrate_for(&owner.url, &server.name).await.expect_err("it makes things").to_string();
    assert!(refused.contains("revoke create on schema public from public"), "{refused}");
    superuser.execute("revoke create on schema public from public").await.expect("taken");
    superuser.execute(format!("grant create on schema public to {}", owner.name).as_str()).await.expect("given");
    migrate_for(&owner.url, &server.name).await.expect("migrated");
    let all = [server, owner].map(|role| role.name).join(", ");
    let gone = format!("reassign owned by {all} to current_user; drop owned by {all} cascade; drop role {all}");
    superuser.execute(sqlx::raw_sql(&gone)).await.expect("gone");
}

#[tokio::test]
async fn rows_that_are_swapped_in_at_once_have_their_indexes() {
    let database = Database::postgres();
    let mut superuser = PgConnection::connect(&database.url).await.expect("the server answers");
    let owner = TestRole::in_database(&database.url, &mut superuser).await;
    // A name that PostgreSQL takes in quotes alone.
    let named = format!("Owner {}", owner.name);
    let give = format!(
        "alter role {} rename to \"{named}\"; grant create on schema public to \"{named}\"; \
         do $$ begin execute format('grant create on database %I to %I', current_database(), '{named}'); end $$",
        owner.name
    );
    superuser.execute(sqlx::raw_sql(&give)).await.expect("given");
    let url = owner.url.replace(&format!("user={}", owner.name), &format!("user={}", named.replace(' ', "%20")));
    let store = open(&url, TestClock::new()).await.expect("it opens");
    let indexes = "select count(*) from pg_indexes where schemaname = 'public'";
    let before: i64 = sqlx::query_scalar(indexes).fetch_one(&mut superuser).await.expect("it reads");
    assert!(store.try_lease(REBUILD_LEASE, "a", 0, 100).await.expect("asked"));
    store.start_rebuild("a").await.expect("started");
    store.finish_rebuild("a", 0).await.expect("finished");
    let after: i64 = sqlx::query_scalar(indexes).fetch_one(&mut superuser).await.expect("it reads");
    assert_eq!(after, before);
    drop(store);
    let gone =
        format!("reassign owned by \"{named}\" to current_user; drop owned by \"{named}\"; drop role \"{named}\"");
    superuser.execute(sqlx::raw_sql(&gone)).await.expect("gone");
}
