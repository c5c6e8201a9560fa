//! How many rows a statement writes, by what the driver says of it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use etalon::store::{Append, Happened, LastEvent, PastRow, PastState, RowChanges, Store};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::store::samples::{append, case_row, case_stream, commit, notes, rows_of};
use crate::store::support::{Database, START};

/// Adds up how many rows the driver says that statements have written which begin so.
struct Written(&'static str, Arc<AtomicU64>);

/// What the driver says of a statement.
#[derive(Default)]
struct Told {
    summary: String,
    rows_affected: u64,
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            value.clone_into(&mut self.summary);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_affected" {
            self.rows_affected = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl<S: Subscriber> Layer<S> for Written {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut told = Told::default();
        event.record(&mut told);
        if told.summary.starts_with(self.0) {
            self.1.fetch_add(told.rows_affected, Ordering::Relaxed);
        }
    }
}

/// How many rows a commit takes off the axis of what had happened.
async fn taken_off(store: &dyn Store, append: Append) -> u64 {
    let rows = Arc::new(AtomicU64::new(0));
    let written = Written("update case_versions set occurred_from", rows.clone());
    let _here = tracing::subscriber::set_default(tracing_subscriber::registry().with(written));
    commit(store, &[append]).await.remove(0).expect("it is committed");
    rows.load(Ordering::Relaxed)
}

#[tokio::test]
async fn what_is_dated_back_again_writes_no_row_anew_that_is_off_its_axis() {
    let database = Database::postgres();
    let store = database.open().await;
    let noted = |version: u32, happened| {
        let rows = RowChanges { happened, ..rows_of(case_row(1)) };
        append(case_stream(1), version.into(), &version.to_string(), notes(&["x"], rows))
    };
    let mut counts = Vec::new();
    for version in 0..3 {
        let happened = Happened::InOrder { at: START + i64::from(version) };
        counts.push(taken_off(&*store, noted(version, happened)).await);
    }
    for version in 3..6 {
        let (from, last) = (START - i64::from(version), LastEvent::OfAppend { followed_by: 0 });
        let states = vec![PastState { from, version: 1, last, row: PastRow::Case(case_row(1)) }];
        let happened = Happened::Anew { states, last_at: START + 2 };
        counts.push(taken_off(&*store, noted(version, happened)).await);
    }
    // The first one takes off the rows before it, and each other one that of the one before.
    assert_eq!(counts, [0, 0, 0, 3, 1, 1]);
}
