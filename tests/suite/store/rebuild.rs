//! The read rows can be computed again from the log and swapped in while everybody goes on.

use std::sync::Arc;

use etalon::store::{
    AggregateType, Append, CaseLink, CaseRow, Committed, FigureKind, FigureRow, FigureSpan, Moment, NumberTaken,
    REBUILD_LEASE, RebuildOutcome, RebuiltRow, RowChanges, RowsMade, SUB_CASE_OF, Store, StoreError, StreamId,
    StreamRange, TextRow,
};
use futures::future::{Either, select};
use sqlx::{Executor, PgPool, Postgres, Transaction};

use crate::store::samples::{
    all_cases, append, case_by_id, case_by_number, case_row, case_stream, commit, commit_one, id, note, notes,
    numbered, rebuilt, register_row, text,
};
use crate::store::support::{Database, Raw};
use crate::store::texts::asked;

/// Appends with every kind of row, three to each aggregate.
fn appends() -> Vec<Append> {
    let mut appends = Vec::new();
    for version in 0..3_u64 {
        for number in 1..=10 {
            let key = format!("{number} {version}");
            let case = CaseRow { title: key.clone(), ..case_row(number) };
            let rows = RowChanges {
                case: Some(case),
                members_added: vec![format!("p-{version}")],
                members_removed: vec!["p-0".to_owned()],
                links_added: vec![CaseLink { other_id: id(99), relation: SUB_CASE_OF.to_owned() }],
                texts: vec![TextRow { replaces: true, ..text(0, "TITLE", &format!("热电偶 {key}")) }],
                figures: vec![figure(&key)],
                ..RowChanges::default()
            };
            appends.push(append(case_stream(number), version, &key, notes(&["x"], rows)));
        }
        let stream = StreamId { aggregate_type: AggregateType::Campaign, aggregate_id: id(1) };
        let register = Some(register_row(&version.to_string()));
        let rows = RowChanges { register, ..RowChanges::default() };
        appends.push(append(stream, version, &format!("r {version}"), notes(&["x"], rows)));
    }
    appends
}

pub(crate) fn figure(detail: &str) -> FigureRow {
    FigureRow {
        events_after: 0,
        kind: FigureKind::Fee,
        detail: detail.to_owned(),
        number: None,
        amount: Some("12.50".to_owned()),
        occurred_at: 1_700_000_000_000_000,
        counted_on: "2023-11-15".to_owned(),
        happened: FigureSpan { lane: 0, from: 1_700_000_000_000_000, to: None },
    }
}

async fn committed(store: &dyn Store, appends: &[Append]) -> Vec<RebuiltRow> {
    let outcomes = commit(store, appends).await;
    let accepted = outcomes.iter().map(|outcome| outcome.as_ref().expect("accepted"));
    appends.iter().zip(accepted).map(|(append, committed)| rebuilt(append, committed)).collect()
}

/// What a rebuild makes of a [`numbered`] case.
fn rebuilt_numbered(case: u128, number: u64, committed: &Committed) -> RebuiltRow {
    let row = CaseRow { number: format!("GD-2026-{number:04}"), ..case_row(case) };
    RebuiltRow {
        stream: case_stream(case),
        version: committed.version,
        event_count: committed.event_count,
        position: committed.last_position(),
        recorded_at: committed.recorded_at,
        changes: RowChanges { case: Some(row), ..RowChanges::default() },
        number_taken: Some(NumberTaken { series: "GD-2026".to_owned(), number }),
    }
}

/// Takes the lease of a rebuild as somebody whose clock is there, and begins one.
async fn begin(store: &dyn Store, holder: &str, now: i64) {
    assert!(store.try_lease(REBUILD_LEASE, holder, now, now + 100).await.expect("asked"));
    store.start_rebuild(holder).await.expect("started");
}

async fn a_rebuild_gives_the_same_rows(database: Database) {
    let store = database.open().await;
    let mut rows = committed(&*store, &appends()).await;
    let report = commit_one(&*store, numbered(50, "report")).await.expect("accepted");
    rows.push(rebuilt_numbered(50, 1, &report));
    let before = store.rows_digest().await.expect("read");
    assert_eq!((before.count, before.last_position), (30 + 3 + 10 + 30 + 30 + 1, Some(33)));

    let found_before = store.texts_with(&asked("热电偶", Moment::Position(20))).await.expect("read");
    assert_eq!(found_before.len(), 10);

    // Begun twice: an unfinished rebuild leaves nothing behind.
    begin(&*store, "a", 0).await;
    store.write_rebuilt("a", rows[20..].to_vec()).await.expect("written");
    begin(&*store, "a", 0).await;
    for batch in rows.chunks(7) {
        store.write_rebuilt("a", batch.to_vec()).await.expect("written");
    }
    store.index_rebuilt("a").await.expect("indexed");
    let outcome = store.finish_rebuild("a", 34).await.expect("finished");
    assert_eq!(outcome, RebuildOutcome::Swapped);
    assert_eq!(store.rows_digest().await.expect("read"), before);
    let found = store.texts_with(&asked("热电偶", Moment::Position(20))).await.expect("read");
    assert_eq!(found, found_before);

    // Commits go on where they were, numbers included.
    let next = case_stream(1);
    let row = CaseRow { title: "after".to_owned(), ..case_row(1) };
    let content = notes(&["x"], RowChanges { case: Some(row), ..RowChanges::default() });
    commit_one(&*store, append(next, 3, "after", content)).await.expect("accepted");
    commit_one(&*store, numbered(51, "second")).await.expect("accepted");
    let second = case_by_number(&*store, "GD-2026-0002", Moment::Present).await;
    assert_eq!(second.expect("it is there").row.case_id, id(51));
    let case = case_by_id(&*store, id(1), Moment::Present).await.expect("it is there");
    assert_eq!((case.version, &*case.row.title), (4, "after"));
    assert_eq!(store.cases(&all_cases()).await.expect("read").len(), 12);
}

async fn a_rebuild_repairs_rows(database: Database) {
    let store = database.open().await;
    let rows = committed(&*store, &appends()).await;
    let before = store.rows_digest().await.expect("read");
    let raw = database.raw().await;
    raw.execute("update case_versions set title = 'damaged' where version = 2").await;
    let damaged = store.rows_digest().await.expect("read");
    assert_ne!(damaged.versions, before.versions);
    raw.execute("delete from case_members").await;
    let bereft = store.rows_digest().await.expect("read");
    assert_ne!(bereft.present, damaged.present);
    raw.execute("update cases set title = 'damaged'").await;
    let damaged = store.rows_digest().await.expect("read");
    assert_ne!(damaged.present, bereft.present);
    assert_ne!(damaged.present, before.present);
    begin(&*store, "a", 0).await;
    store.write_rebuilt("a", rows.clone()).await.expect("written");
    store.finish_rebuild("a", 33).await.expect("finished");
    assert_eq!(store.rows_digest().await.expect("read"), before);
}

async fn a_rebuild_catches_up_while_commits_and_reads_go_on(database: Database) {
    let store = database.open().await;
    let all = appends();
    let rows = committed(&*store, &all[..11]).await;
    let indexes = "select coalesce(sql, name) from sqlite_master where type = 'index' order by 1";
    let raw = database.raw().await;
    let indexes = match &raw {
        Raw::Sqlite(_) => indexes,
        Raw::Postgres(_) => {
            "select cast(schemaname || ': ' || indexdef as text) from pg_indexes \
             where schemaname = 'public' or schemaname like 'etalon%' \
             union all select pg_get_statisticsobjdef(oid) from pg_statistic_ext order by 1"
        }
    };
    let indexes_before = raw.texts(indexes).await;

    let rebuild = async {
        begin(&*store, "a", 0).await;
        store.write_rebuilt("a", rows.clone()).await.expect("written");
        store.index_rebuilt("a").await.expect("indexed");
        let mut behind = committed(&*store, &all[11..22]).await;
        let outcome = store.finish_rebuild("a", 11).await.expect("asked");
        let RebuildOutcome::Behind(head) = outcome else { panic!("{outcome:?}") };
        assert_eq!(head.next_position, 22);
        behind.extend(committed(&*store, &all[22..]).await);
        store.write_rebuilt("a", behind).await.expect("written");
        store.finish_rebuild("a", 33).await.expect("finished")
    };
    // A reader that never rests finds all ten cases at any time.
    let read = async {
        loop {
            let cases = store.cases(&all_cases()).await.expect("reads never stop");
            assert_eq!(cases.len(), 10);
            let parts = store.sub_cases(&[id(99)]).await.expect("reads never stop");
            assert_eq!(parts.len(), 10);
        }
    };
    let outcome = match select(Box::pin(rebuild), Box::pin(read)).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right((never, _)) => never,
    };
    assert_eq!(outcome, RebuildOutcome::Swapped);
    assert_eq!(raw.texts(indexes).await, indexes_before);
    if let Raw::Sqlite(_) = &raw {
        assert_eq!(raw.texts("pragma integrity_check").await, ["ok"]);
        assert!(raw.texts("select name from sqlite_master where name like 'rebuild%'").await.is_empty());
    }
    for number in 1..=10 {
        let case = case_by_id(&*store, id(number), Moment::Present).await.expect("it is there");
        assert_eq!(case.version, 3);
        let old = case_by_id(&*store, id(number), Moment::Position(10)).await.expect("it is there");
        assert_eq!(old.version, 1);
        assert_eq!(store.members(id(number)).await.expect("read"), ["p-1", "p-2"]);
    }
}

/// Its process was stopped, and another one began when the lease had ended.
async fn a_rebuild_that_was_taken_over_does_nothing_more(database: Database) {
    let (store, other) = (database.open().await, database.open().await);
    let rows = committed(&*store, &appends()).await;
    let before = store.rows_digest().await.expect("read");
    database.raw().await.execute("update case_versions set title = 'damaged' where version = 2").await;
    let damaged = store.rows_digest().await.expect("read");

    let refused = store.start_rebuild("a").await;
    assert!(matches!(refused, Err(StoreError::TakenOver)), "it has no lease: {refused:?}");
    begin(&*store, "a", 0).await;
    store.write_rebuilt("a", rows[..7].to_vec()).await.expect("written");
    begin(&*other, "b", 100).await;
    other.write_rebuilt("b", rows[..20].to_vec()).await.expect("written");
    let refused = store.write_rebuilt("a", rows[7..].to_vec()).await;
    assert!(matches!(refused, Err(StoreError::TakenOver)), "{refused:?}");
    let refused = store.finish_rebuild("a", 33).await;
    assert!(matches!(refused, Err(StoreError::TakenOver)), "{refused:?}");
    assert_eq!(store.rows_digest().await.expect("read"), damaged, "half a rebuild is not served");
    other.write_rebuilt("b", rows[20..].to_vec()).await.expect("written");
    assert_eq!(other.finish_rebuild("b", 33).await.expect("finished"), RebuildOutcome::Swapped);
    assert_eq!(store.rows_digest().await.expect("read"), before);
}

/// A program of before has begun it, and the migration gives the figures another key meanwhile.
async fn a_rebuild_of_before_a_migration_is_done_anew(database: Database) {
    let store = database.open().await;
    let rows = committed(&*store, &appends()).await;
    let before = store.rows_digest().await.expect("read");
    begin(&*store, "a", 0).await;
    store.write_rebuilt("a", rows.clone()).await.expect("written");
    database.raw().await.execute("delete from _sqlx_migrations where version = 24").await;
    drop(database.open().await);
    let failed = store.finish_rebuild("a", 33).await;
    assert!(matches!(failed, Err(StoreError::Database { .. })), "its tables are of before: {failed:?}");
    begin(&*store, "a", 0).await;
    store.write_rebuilt("a", rows).await.expect("written");
    assert_eq!(store.finish_rebuild("a", 33).await.expect("finished"), RebuildOutcome::Swapped);
    assert_eq!(store.rows_digest().await.expect("read"), before);
}

/// A server that gave the last number itself looks whether it is so still.
async fn numbers_go_on_behind_what_was_repaired(database: Database) {
    let store = database.open().await;
    commit_one(&*store, numbered(1, "first")).await.expect("accepted");
    commit_one(&*store, numbered(2, "second")).await.expect("accepted");
    let raw = database.raw().await;
    for last in [7_u32, 3] {
        raw.execute(&format!("update case_number_series set last = {last}")).await;
        commit_one(&*store, numbered(10 + u128::from(last), &format!("behind {last}"))).await.expect("accepted");
        let next = format!("GD-2026-{:04}", last + 1);
        let case = case_by_number(&*store, &next, Moment::Present).await.expect("it has that number");
        assert_eq!(case.row.case_id, id(10 + u128::from(last)));
    }
}

async fn the_digest_leaves_out_what_comes_later(database: Database) {
    let store = database.open().await;
    let empty = store.rows_digest().await.expect("read");
    assert_eq!((empty.count, empty.last_position), (0, None));
    commit(&*store, &appends()[..11]).await;
    let before = store.rows_digest().await.expect("read");
    commit(&*store, &[note(case_stream(70), 0, "no rows")]).await;
    let after = store.rows_digest().await.expect("read");
    assert_eq!(after.versions, before.versions);
    assert_eq!(after.last_position, Some(11));
}

/// Rows as lines of JSON: the databases and the program write every character alike.
async fn what_is_made_compares_with_what_is_served_character_by_character(database: Database) {
    let store = database.open().await;
    let odd: String = (1..0x250).filter_map(char::from_u32).chain("\u{2028}\u{feff}\u{ffff}计量😀".chars()).collect();
    let case = |title: &str| RowChanges {
        case: Some(CaseRow { title: title.to_owned(), kind: Some(odd.clone()), ..case_row(1) }),
        members_added: vec![odd.clone()],
        texts: vec![TextRow { body: odd.clone(), ..text(0, "TITLE", "热电偶") }],
        figures: vec![figure(&odd)],
        ..RowChanges::default()
    };
    let register = RowChanges { register: Some(register_row(&odd)), ..RowChanges::default() };
    let campaign = StreamId { aggregate_type: AggregateType::Campaign, aggregate_id: id(2) };
    let appends = [
        append(case_stream(1), 0, "case", notes(&["x"], case(&odd))),
        append(campaign, 0, "register", notes(&["x"], register)),
    ];
    let made = committed(&*store, &appends).await;
    let differing = async |made: &RebuiltRow| {
        let range = StreamRange { aggregate_type: made.stream.aggregate_type, after: None, until: None };
        let mut rows = RowsMade::default();
        rows.add(made.clone());
        store.compare_rows(&range, rows).await.expect("read").differences
    };
    for made in &made {
        assert_eq!(differing(made).await, []);
    }
    let less = odd.replacen('\u{7f}', "", 1);
    let other = RebuiltRow { changes: case(&less), ..made[0].clone() };
    let sides: Vec<_> = differing(&other).await.into_iter().map(|row| (row.table, row.is_served)).collect();
    assert_eq!(sides, [("case_versions", false), ("case_versions", true), ("cases", false), ("cases", true)]);
}

/// A rebuild on PostgreSQL that is to be swapped in, and a reader that holds a table.
async fn written_beside_a_reader() -> (Database, Arc<dyn Store>, PgPool, Transaction<'static, Postgres>) {
    let database = Database::postgres();
    let store = database.open().await;
    let rows = committed(&*store, &appends()).await;
    begin(&*store, "a", 0).await;
    store.write_rebuilt("a", rows).await.expect("written");
    let Raw::Postgres(pool) = database.raw().await else { panic!("it is no PostgreSQL") };
    let mut reader = pool.begin().await.expect("a transaction");
    reader.execute("select 1 from case_versions").await.expect("it reads");
    (database, store, pool, reader)
}

/// It holds a table that the swap waits for, and asks for one that the swap has locked already.
#[tokio::test]
async fn a_reader_that_names_the_tables_in_another_order_goes_on() {
    let (_database, store, pool, mut reader) = written_beside_a_reader().await;
    let swapping = tokio::spawn(async move { store.finish_rebuild("a", 33).await });
    let waiting = "select count(*) from pg_locks where relation = 'case_versions'::regclass and not granted";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&pool).await.expect("it reads") == 0 {
        assert!(!swapping.is_finished(), "it has a table to wait for");
    }
    reader.execute("select 1 from cases").await.expect("it reads");
    reader.commit().await.expect("it ends");
    assert_eq!(swapping.await.expect("no panic").expect("finished"), RebuildOutcome::Swapped);
}

/// A backup of the database, for instance. Nothing is lost meanwhile, and commits are waited for no longer than one try.
#[tokio::test]
async fn a_reader_that_goes_on_is_waited_for_by_trying_again() {
    let (_database, store, _pool, reader) = written_beside_a_reader().await;
    assert_eq!(store.finish_rebuild("a", 33).await.expect("it ends"), RebuildOutcome::Held);
    commit_one(&*store, note(case_stream(77), 0, "meanwhile")).await.expect("nobody keeps it waiting");
    let RebuildOutcome::Behind(head) = store.finish_rebuild("a", 33).await.expect("it ends") else {
        panic!("the log has gone on")
    };
    assert_eq!(head.next_position, 34);
    reader.commit().await.expect("it ends");
    assert_eq!(store.finish_rebuild("a", 34).await.expect("finished"), RebuildOutcome::Swapped);
}

/// What fails is told, and its connection is as good for what comes next as any other.
#[tokio::test]
async fn an_index_that_cannot_be_made_leaves_nothing_behind() {
    let database = Database::postgres();
    let store = database.open().await;
    let raw = database.raw().await;
    let counted = |body: &str| {
        format!("create or replace function counted(bigint) returns bigint immutable language plpgsql as '{body}'")
    };
    raw.execute(&counted("begin return $1; end")).await;
    raw.execute("create index on case_versions (counted(version))").await;
    let rows = committed(&*store, &appends()).await;
    begin(&*store, "a", 0).await;
    store.write_rebuilt("a", rows).await.expect("written");
    raw.execute(&counted("begin raise exception ''the disk is full''; end")).await;
    let failed = store.index_rebuilt("a").await.expect_err("no index can be made");
    let StoreError::Database { source, .. } = &failed else { panic!("{failed:?}") };
    assert!(source.to_string().contains("the disk is full"), "{source}");
    raw.execute(&counted("begin return $1; end")).await;
    store.index_rebuilt("a").await.expect("indexed");
    assert_eq!(store.finish_rebuild("a", 33).await.expect("finished"), RebuildOutcome::Swapped);
    store.release_lease(REBUILD_LEASE, "a").await.expect("given back");
}

#[tokio::test]
async fn both_databases_digest_alike() {
    let mut digests = Vec::new();
    for database in [Database::sqlite(), Database::postgres()] {
        let store = database.open().await;
        commit(&*store, &appends()).await;
        commit_one(&*store, numbered(50, "report")).await.expect("accepted");
        digests.push(store.rows_digest().await.expect("read"));
    }
    assert_eq!(digests[0], digests[1]);
}

on_both_databases! {
    a_rebuild_gives_the_same_rows,
    a_rebuild_repairs_rows,
    a_rebuild_catches_up_while_commits_and_reads_go_on,
    a_rebuild_that_was_taken_over_does_nothing_more,
    a_rebuild_of_before_a_migration_is_done_anew,
    numbers_go_on_behind_what_was_repaired,
    the_digest_leaves_out_what_comes_later,
    what_is_made_compares_with_what_is_served_character_by_character,
}
