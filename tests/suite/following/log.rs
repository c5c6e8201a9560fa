//! Followers of the application itself: behind, near the end, and woken by other processes.

use std::collections::BTreeSet;
use std::sync::Arc;

use etalon::app::{AggregateType, App, Batch, Fault, Follower, Interest, Keep, LogPage, Moment, Start, StreamId};
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::value::Division;
use etalon::store::{RowChanges, Store};

use crate::store::on_both_databases;
use crate::store::samples::{append, case_row, case_stream, commit, notes, rows_of};
use crate::store::support::{Database, TestClock};

/// More than a page and than a ring holds.
const BEFORE: u64 = 5_000;
const COMMITS: u64 = 40;
const EVENTS: usize = 25;

async fn application(database: &Database) -> App {
    App::new(database.open().await, TestClock::new())
}

/// Commits as another process would: not through the application's writer.
async fn written(store: &dyn Store, stream: StreamId, version: u64) {
    let said = vec!["said"; EVENTS];
    let key = format!("{stream} {version}");
    let outcomes = commit(store, &[append(stream, version, &key, notes(&said, RowChanges::default()))]).await;
    outcomes[0].as_ref().expect("accepted");
}

/// What comes next, once there is more.
async fn next(follower: &mut Follower) -> Result<Batch, Fault> {
    let known = follower.more().await?;
    follower.read(known).await
}

/// Every position up to that one; no command is parted, and every event knows where its own ends.
async fn everything_up_to(app: &App, follower: &mut Follower, last: u64) -> Vec<u64> {
    const OF_A_COMMAND: u64 = EVENTS as u64;
    let mut seen = Vec::new();
    while follower.position().is_none_or(|position| position < last) {
        let batch = next(follower).await.expect("the log can be read");
        seen.extend(batch.events.iter().map(|event| event.record.position));
        assert_eq!(follower.position(), Some(batch.through));
        assert_eq!((batch.through + 1) % OF_A_COMMAND, 0, "a batch ends where a command does");
        for event in batch.events.iter().step_by(EVENTS - 1) {
            let position = event.record.position;
            let end = app.end_of_command(event).await.expect("the store reads");
            assert_eq!(end, position / OF_A_COMMAND * OF_A_COMMAND + OF_A_COMMAND - 1, "the command of {position}");
        }
    }
    seen
}

async fn followers_see_every_position_once_and_in_order(database: Database) {
    let elsewhere = database.open().await;
    for commit in 0..BEFORE / EVENTS as u64 {
        written(&*elsewhere, case_stream(1), commit * EVENTS as u64).await;
    }
    let app = Arc::new(application(&database).await);
    let last = BEFORE + COMMITS * EVENTS as u64 - 1;
    let mut followers = Vec::new();
    for (start, first) in
        [(Start::Beginning, 0), (Start::After(17), 18), (Start::Now, BEFORE), (Start::After(BEFORE + 99), BEFORE + 100)]
    {
        let mut follower = app.follow(start, Interest::default()).await.expect("the log can be read");
        let app = app.clone();
        let seen = tokio::spawn(async move { everything_up_to(&app, &mut follower, last).await });
        followers.push((seen, first));
    }
    let of_one = Interest { streams: vec![case_stream(2)], ..Interest::default() };
    let mut of_one = app.follow(Start::Beginning, of_one).await.expect("the log can be read");
    for commit in 0..COMMITS {
        written(&*elsewhere, case_stream(2 + u128::from(commit % 2)), commit / 2 * EVENTS as u64).await;
    }
    for (seen, first) in followers {
        assert_eq!(seen.await.expect("no panic"), (first..=last).collect::<Vec<_>>());
    }
    let seen = everything_up_to(&app, &mut of_one, last).await;
    let expected = (BEFORE..=last).filter(|position| ((position - BEFORE) / EVENTS as u64).is_multiple_of(2));
    assert_eq!(seen, expected.collect::<Vec<_>>());
    app.shutdown().await;
}

/// A reader of the log in that division.
fn reader(division: &str) -> Actor {
    Actor {
        id: ActorId::parse("reader").expect("an id"),
        roles: BTreeSet::from([Role::Auditor]),
        jurisdiction: Division::parse(division).expect("a division"),
        institution: None,
        enterprise: None,
    }
}

/// Nobody in the province sees what has no row, and the log is full of it: a page of who may see much stops, and says
/// where; that of who sees little is gathered.
async fn a_page_looks_through_a_part_of_a_long_log(database: Database) {
    const UNSEEN: u64 = 45_000;
    const AT_ONCE: usize = 500;
    let store = database.open().await;
    let write = async |stream, version, count: usize, rows| {
        let key = format!("{stream} {version}");
        let content = notes(&vec!["said"; count], rows);
        commit(&*store, &[append(stream, version, &key, content)]).await.remove(0).expect("accepted");
    };
    write(case_stream(1), 0, 2, rows_of(case_row(1))).await;
    for version in (0..UNSEEN).step_by(AT_ONCE) {
        write(case_stream(2), version, AT_ONCE, RowChanges::default()).await;
    }
    write(case_stream(1), 2, 1, rows_of(case_row(1))).await;
    let last = UNSEEN + 2;
    let app = application(&database).await;
    let page = async |who: &Actor, after, before, keep| {
        let interest = Interest { kinds: vec![AggregateType::Case], ..Interest::default() };
        let page = LogPage { interest, after, before, limit: 5, keep, at: Moment::Present };
        let found = app.log_page(who, &page).await.expect("the store reads");
        let positions: Vec<_> = found.events.iter().map(|event| event.record.position).collect();
        (positions, found.stopped_at)
    };
    let auditor = reader("44");
    let (latest, stopped_at) = page(&auditor, None, None, Keep::First).await;
    let place = stopped_at.expect("it is not all");
    assert!(latest == [last] && (2..last).contains(&place), "{latest:?} {place}");
    assert_eq!(page(&auditor, None, Some(place), Keep::First).await, (vec![1, 0], None));
    let (oldest, stopped_at) = page(&auditor, None, None, Keep::Last).await;
    let place = stopped_at.expect("it is not all");
    assert!(oldest == [1, 0] && (2..last).contains(&place), "{oldest:?} {place}");
    assert_eq!(page(&auditor, Some(place), None, Keep::Last).await, (vec![last], None));

    let in_the_city = reader("4403");
    for keep in [Keep::First, Keep::Last] {
        assert_eq!(page(&in_the_city, None, None, keep).await, (vec![last, 1, 0], None));
    }
    assert_eq!(page(&reader("32"), None, Some(9), Keep::First).await, (vec![], None));
    assert_eq!(page(&reader("3205"), None, None, Keep::First).await, (vec![], None));
    app.shutdown().await;
}

/// What is rare is looked for in stretches: each is seen, whatever was in it.
async fn one_who_is_behind_looks_at_a_part_of_the_log_at_a_time(database: Database) {
    const PASSED_BY: u64 = 20_000;
    const AT_ONCE: u64 = 500;
    let store = database.open().await;
    for version in (0..PASSED_BY).step_by(AT_ONCE as usize) {
        let content = notes(&vec!["said"; AT_ONCE as usize], RowChanges::default());
        commit(&*store, &[append(case_stream(1), version, &format!("key {version}"), content)]).await;
    }
    let rare = StreamId { aggregate_type: AggregateType::Person, ..case_stream(2) };
    written(&*store, rare, 0).await;
    let app = application(&database).await;
    let interest = Interest { kinds: vec![AggregateType::Person], ..Interest::default() };
    let mut follower = app.follow(Start::Beginning, interest).await.expect("the log can be read");
    let last = PASSED_BY + EVENTS as u64 - 1;
    let (mut seen, mut reached) = (Vec::new(), Vec::new());
    while reached.last() != Some(&last) {
        let batch = next(&mut follower).await.expect("the log can be read");
        seen.extend(batch.events.iter().map(|event| event.record.position));
        reached.push(batch.through);
    }
    assert_eq!(seen, (PASSED_BY..=last).collect::<Vec<_>>());
    assert!(reached.is_sorted() && reached[0] < PASSED_BY / 2, "{reached:?}");
    app.shutdown().await;
}

async fn a_follower_is_told_of_the_end(database: Database) {
    let app = application(&database).await;
    let mut follower = app.follow(Start::Now, Interest::default()).await.expect("the log can be read");
    let waits = tokio::spawn(async move { next(&mut follower).await.map(|batch| batch.through) });
    app.shutdown().await;
    assert!(waits.await.expect("no panic").is_err());
}

#[tokio::test]
async fn postgresql_tells_other_servers_of_a_commit_even_after_a_lost_connection() {
    let database = Database::postgres();
    let (here, elsewhere) = (database.open().await, database.open().await);
    let mut news = here.news();
    for commit in 0..3 {
        written(&*elsewhere, case_stream(1), commit * EVENTS as u64).await;
        let events = (commit + 1) * EVENTS as u64;
        news.wait_for(|heard| *heard == events).await.expect("the store is there");
        let listeners = "select pg_terminate_backend(pid) from pg_stat_activity \
             where datname = current_database() and query ilike 'listen%'";
        database.raw().await.execute(listeners).await;
    }
}

/// Whoever came while the last one was going used to start another.
#[tokio::test]
async fn a_server_listens_to_postgresql_once_however_often_somebody_wants_to_know() {
    let database = Database::postgres();
    let (here, elsewhere, raw) = (database.open().await, database.open().await, database.raw().await);
    let connections = "select pid::text from pg_stat_activity where datname = current_database()";
    written(&*elsewhere, case_stream(1), 0).await;
    let before = raw.texts(connections).await.len();
    for _ in 0..20 {
        drop(here.news());
    }
    let mut news = here.news();
    written(&*elsewhere, case_stream(2), 0).await;
    news.wait_for(|heard| *heard == 2 * EVENTS as u64).await.expect("the store is there");
    assert_eq!(raw.texts(connections).await.len(), before + 1);
}

on_both_databases! {
    followers_see_every_position_once_and_in_order,
    a_page_looks_through_a_part_of_a_long_log,
    one_who_is_behind_looks_at_a_part_of_the_log_at_a_time,
    a_follower_is_told_of_the_end,
}
