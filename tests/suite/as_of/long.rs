//! Cases so long that no page of them is read at once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use etalon::app::{App, Failure, Key, Moment, Request};
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::case::Case;
use etalon::domain::case::command::AddComment;
use etalon::domain::case::values::{Audience, CommentId};
use etalon::domain::refusal::Code;
use etalon::domain::value::{Division, Statement};
use etalon::store::{Content, NewEvent};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::store::on_both_databases;
use crate::store::samples::{append, case_stream, commit_one, id};
use crate::store::support::{Database, TestClock};

/// How many cases there are, and how many events each has: two are read at once, and not three.
const CASES: u128 = 3;
const EVENTS: u64 = 900;

/// Keeps the largest number of rows that the driver says a statement has returned.
struct MostRows(Arc<AtomicU64>);

impl<S: Subscriber> Layer<S> for MostRows {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            event.record(&mut Returned(&self.0));
        }
    }
}

struct Returned<'a>(&'a AtomicU64);

impl Visit for Returned<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            self.0.fetch_max(value, Ordering::Relaxed);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// What comes of it, and the most rows that one statement has returned. Everything runs on the thread of the test, the
/// driver of PostgreSQL included; that of SQLite has threads of its own, and runs the same statements.
async fn rows_at_once<T>(work: impl Future<Output = T>) -> (T, u64) {
    let most = Arc::new(AtomicU64::new(0));
    let subscriber = tracing_subscriber::registry().with(MostRows(most.clone()));
    let done = {
        let _here = tracing::subscriber::set_default(subscriber);
        work.await
    };
    (done, most.load(Ordering::Relaxed))
}

fn second(number: u64) -> Timestamp {
    let begin: Timestamp = "2026-03-02T01:00:00Z".parse().expect("a time");
    begin + SignedDuration::from_secs(number.cast_signed())
}

fn event(event_type: &'static str, occurred_at: Timestamp, fact: Value) -> NewEvent {
    NewEvent {
        event_type,
        event_version: "1.0",
        payload: json!({ "by": "test:somebody", "occurredAt": occurred_at, "fact": { event_type: fact } }).to_string(),
        metadata: "{}".to_owned(),
    }
}

/// A case of so many events that is reported and then commented on second by second; the last comment is dated just after
/// the report.
fn long(case: u128, events: u64) -> Content {
    let report = json!({
        "number": format!("GD-2026-{case:06}"), "title": "内径测量", "problem": "bore gauge", "enterprise": id(1_001),
        "enterpriseVersion": 1, "campaign": id(2_001), "division": "440306",
        "origin": { "kind": "FIELD_VISIT", "visit": id(3_001) },
    });
    let comments = (1..events).map(|number| {
        let at = second(if number == events - 1 { 1 } else { number });
        event("CommentAdded", at, json!({ "id": id(number.into()), "text": number.to_string() }))
    });
    let events = std::iter::once(event("CaseReported", second(0), report)).chain(comments).collect();
    Content { events, ..Content::default() }
}

/// A server that was started just now, and has no case in memory.
async fn started(database: &Database) -> App {
    App::new(database.open().await, TestClock::new())
}

/// The texts of each case, and how many rows were read at once for them.
async fn comments(database: &Database, version: u64, at: Moment) -> (Vec<Vec<String>>, u64) {
    let app = started(database).await;
    let asked: Vec<_> = (1..=CASES).map(|case| (case_stream(case).aggregate_id.into(), version)).collect();
    let (files, rows) = rows_at_once(async { app.case_files(&Actor::clock(), &asked, at).await }).await;
    let texts = files.expect("the log is read").into_iter().map(|case| {
        assert_eq!(case.version, version);
        let file = case.state.file.as_ref().expect("it was reported");
        file.comments.iter().map(|comment| comment.text.to_string()).collect()
    });
    (texts.collect(), rows)
}

async fn long_cases_are_read_some_at_a_time_and_no_further_than_asked(database: Database) {
    let store = database.open().await;
    for case in 1..=CASES {
        let content = long(case, EVENTS);
        commit_one(&*store, append(case_stream(case), 0, &case.to_string(), content)).await.expect("it is committed");
    }
    let is_counted = database.url.starts_with("postgres");
    let up_to = |last: u64| (1..=last).map(|number| number.to_string()).collect::<Vec<_>>();

    let (whole, rows) = comments(&database, EVENTS, Moment::Present).await;
    assert_eq!(whole, vec![up_to(EVENTS - 1); CASES as usize]);
    assert!(!is_counted || rows == 2 * EVENTS, "{rows} at once");

    let (then, rows) = comments(&database, 101, Moment::Present).await;
    assert_eq!(then, vec![up_to(100); CASES as usize]);
    assert!(!is_counted || rows == CASES as u64 * 102, "{rows} at once");

    // The comment that was made last had happened first.
    let microsecond = second(100).as_microsecond();
    let (had_happened, rows) = comments(&database, 102, Moment::Occurred(microsecond)).await;
    let expected: Vec<_> = up_to(100).into_iter().chain([(EVENTS - 1).to_string()]).collect();
    assert_eq!(had_happened, vec![expected; CASES as usize]);
    assert!(!is_counted || rows == CASES as u64 * 102, "{rows} at once");
}

async fn a_case_weighs_what_the_log_has_of_it(database: Database) {
    let content = long(1, EVENTS);
    let size_bytes: usize = content.events.iter().map(|event| event.payload.len()).sum();
    commit_one(&*database.open().await, append(case_stream(1), 0, "1", content)).await.expect("it is committed");
    let app = started(&database).await;
    let case = app.case_file(&Actor::clock(), case_stream(1).aggregate_id.into(), EVENTS, Moment::Present).await;
    assert_eq!(case.expect("the log is read").size_bytes, size_bytes as u64);
}

/// A manager has something to say of the first case, which somebody heard just after its report.
async fn heard_late(app: &App) -> Result<u64, Failure> {
    let actor = Actor {
        id: ActorId::parse("test:manager").expect("an actor id"),
        roles: [Role::Manager].into(),
        jurisdiction: Division::parse("44").expect("a division"),
        institution: None,
        enterprise: None,
    };
    let (key, occurred_at) = (Key::unique(id(9_001)), Some(second(1)));
    let request = Request { actor, key, expected_version: None, occurred_at, source: None };
    let text = Statement::parse("电话里听说").expect("a statement");
    let comment = AddComment { id: CommentId(id(9_002)), text, audience: Audience::Everybody };
    let committed = app.execute::<Case>(&request, case_stream(1).aggregate_id, comment.into()).await;
    committed.map(|receipt| receipt.version)
}

async fn nothing_is_dated_back_in_a_case_that_is_too_long_to_be_told_anew(database: Database) {
    let content = long(1, 2_001);
    commit_one(&*database.open().await, append(case_stream(1), 0, "1", content)).await.expect("it is committed");
    let app = started(&database).await;
    let outcome = heard_late(&app).await;
    let Err(Failure::Refused(refusal)) = &outcome else { panic!("{outcome:?}") };
    assert_eq!((refusal.code, refusal.field.as_str()), (Code::HistoryTooLong, "occurredAt"));
    assert_eq!(app.head().await.expect("the log is read"), Some(2_000));
}

async fn a_case_that_is_not_too_long_is_told_anew(database: Database) {
    commit_one(&*database.open().await, append(case_stream(1), 0, "1", long(1, EVENTS))).await.expect("committed");
    assert_eq!(heard_late(&started(&database).await).await.expect("it is recorded"), EVENTS + 1);
}

on_both_databases!(
    long_cases_are_read_some_at_a_time_and_no_further_than_asked,
    a_case_weighs_what_the_log_has_of_it,
    nothing_is_dated_back_in_a_case_that_is_too_long_to_be_told_anew,
    a_case_that_is_not_too_long_is_told_anew,
);
