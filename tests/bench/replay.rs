//! `replay`: the whole log in order, decoded; and all read rows made anew from it. Beside it what only gives the bytes:
//! PostgreSQL's COPY, a scan of SQLite's table.
//!
//! A rebuild compares the rows before and after, and that is part of its time.

use std::time::Instant;

use etalon::app::App;
use etalon::codec::{self, Stored};
use etalon::domain::case::event::CaseFact;
use etalon::store::{EventQuery, Store};
use futures::TryStreamExt;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, PgConnection, Row};

use crate::Arguments;
use crate::database::{Database, Kind};
use crate::history::told;
use crate::report::{Charted, Column, Table};
use crate::samples::median;

/// Events read at a time.
const PAGE: u32 = 5_000;
const ROUNDS: usize = 3;

pub(crate) async fn measured(arguments: &Arguments) -> Vec<Table> {
    let mut rows = Vec::new();
    for kind in arguments.kinds() {
        let database = Database::kept(kind, &format!("history_{}", arguments.cases)).await;
        let told = told(&database, arguments.cases).await;
        let (mut decoded, mut bare) = (Vec::new(), Vec::new());
        let rate = |begin: Instant| told.events as f64 / begin.elapsed().as_secs_f64();
        for round in 0..=ROUNDS {
            let begin = Instant::now();
            replay(&*told.store).await;
            let (in_order, begin) = (rate(begin), Instant::now());
            scan(&database).await;
            // The first round only warms up.
            if round > 0 {
                decoded.push(in_order);
                bare.push(rate(begin));
            }
        }
        let (decoded, bare) = (median(decoded), median(bare));
        let app = App::new(told.store.clone(), told.clock.clone());
        let begin = Instant::now();
        app.rebuild(|_, _| {}).await.expect("the rows are made anew");
        let rebuilt = rate(begin);
        let scan = match kind {
            Kind::Sqlite => "SQLite: bare typed scan",
            Kind::Postgres => "PostgreSQL: COPY, not decoded",
        };
        rows.push((format!("{}: in order, decoded", kind.name()), vec![decoded, decoded / bare]));
        rows.push((scan.to_owned(), vec![bare, 1.0]));
        rows.push((format!("{}: rebuild of all read rows", kind.name()), vec![rebuilt, rebuilt / bare]));
    }
    vec![Table {
        name: "replay".to_owned(),
        title: format!(
            "replay: events a second of a log of {} cases; a rebuild once, the rest medians of {ROUNDS}",
            arguments.cases
        ),
        columns: vec![Column { name: "events/s", decimals: 0 }, Column { name: "× bare", decimals: 2 }],
        rows,
        charted: Charted { columns: &["× bare"], goal: None },
    }]
}

async fn replay(store: &dyn Store) {
    let mut after = None;
    let upcasters = codec::upcasters();
    loop {
        let page = store.events(&EventQuery { after, limit: PAGE, ..EventQuery::default() }).await.expect("it reads");
        let Some(last) = page.last() else { return };
        after = Some(last.position);
        for event in page.iter().filter(|event| event.aggregate_type == "Case") {
            let stored = Stored {
                aggregate_type: &event.aggregate_type,
                aggregate_id: &event.aggregate_id,
                sequence: event.sequence,
                event_type: &event.event_type,
                event_version: &event.event_version,
                payload: &event.payload,
            };
            codec::decode_stored::<CaseFact>(stored, &upcasters).expect("it is of its shape");
        }
    }
}

/// The bytes of the log in order, of which nothing is made.
async fn scan(database: &Database) {
    let mut bytes = 0;
    match database.kind {
        Kind::Sqlite => {
            let mut connection = SqliteConnection::connect(&database.url).await.expect("the file opens");
            let select = "select position, aggregate_id, sequence, event_type, payload, metadata, recorded_at, entry \
                 from events order by position";
            let mut rows = sqlx::query(select).fetch(&mut connection);
            while let Some(row) = rows.try_next().await.expect("it reads") {
                let entry: Vec<u8> = row.get("entry");
                bytes += row.get::<String, _>("payload").len() + row.get::<String, _>("metadata").len() + entry.len();
            }
        }
        Kind::Postgres => {
            let mut connection = PgConnection::connect(&database.url).await.expect("the server answers");
            let mut copied = connection.copy_out_raw("copy events to stdout").await.expect("it copies");
            while let Some(chunk) = copied.try_next().await.expect("it reads") {
                bytes += chunk.len();
            }
        }
    }
    assert!(bytes > 0, "the log has events");
}
