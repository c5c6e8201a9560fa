//! `replay`: the whole log in order, decoded; and all read rows made anew from it; each by a process of its own, so that
//! its memory is known. Beside it what only gives the bytes: PostgreSQL's COPY, a scan of SQLite's table. A tenth of the
//! history as well, to see whether memory grows with it.
//!
//! A rebuild compares the rows before and after, and that is part of its time.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use etalon::clock::SystemClock;
use etalon::codec::{self, Stored};
use etalon::domain::case::event::CaseFact;
use etalon::store::{self, Store};
use futures::TryStreamExt;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, PgConnection, Row};

use crate::Arguments;
use crate::child::run;
use crate::database::{Database, Kind};
use crate::history::copy_of_history;
use crate::report::{Charted, Column, Table};
use crate::samples::median;
use crate::server::Installation;

/// Events read at a time.
const PAGE: u32 = 1_000;
const ROUNDS: usize = 3;

pub(crate) async fn measured(arguments: &Arguments) -> Vec<Table> {
    let mut rows = Vec::new();
    for kind in arguments.kinds() {
        for cases in arguments.sizes() {
            rows.extend(replayed(kind, cases).await);
        }
    }
    vec![Table {
        name: "replay".to_owned(),
        title: format!("replay: events a second, and the most memory; a rebuild once, the rest medians of {ROUNDS}"),
        columns: vec![
            Column { name: "events/s", decimals: 0 },
            Column { name: "× bare", decimals: 2 },
            Column { name: "MB", decimals: 0 },
        ],
        rows,
        charted: Charted { columns: &["× bare"], goal: None },
    }]
}

async fn replayed(kind: Kind, cases: u32) -> Vec<(String, Vec<f64>)> {
    let (database, events) = copy_of_history(kind, cases, "replay").await;
    let events = events as f64;
    let (mut decoded, mut bare, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    // The first round only warms up.
    for round in 0..=ROUNDS {
        let this = std::env::current_exe().expect("this program has a path");
        let ended = run(Command::new(this).args(["--decode", &database.url])).await;
        let seconds: f64 = ended.said.trim().parse().expect("it says how long it took");
        let begin = Instant::now();
        scan(&database).await;
        if round > 0 {
            decoded.push(events / seconds);
            memory.push(ended.peak_mb);
            bare.push(events / begin.elapsed().as_secs_f64());
        }
    }
    let (decoded, bare) = (median(decoded), median(bare));
    let rebuilt = run(Installation::on(&database.url).command().arg("rebuild")).await;
    let rate = events / rebuilt.seconds;
    let scan = match kind {
        Kind::Sqlite => "bare typed scan",
        Kind::Postgres => "COPY, not decoded",
    };
    let name = |what: &str| format!("{}, {events} events: {what}", kind.name());
    vec![
        (name("in order, decoded"), vec![decoded, decoded / bare, median(memory)]),
        (name(scan), vec![bare, 1.0, f64::NAN]),
        (name("rebuild of all read rows"), vec![rate, rate / bare, rebuilt.peak_mb]),
    ]
}

/// What a process of its own does: reads the log in order, decodes it, and says how many seconds that took.
#[expect(clippy::print_stdout, reason = "it is read by who started the process")]
pub(crate) async fn decode(url: &str) {
    let store = store::open(url, Arc::new(SystemClock)).await.expect("the database opens");
    let begin = Instant::now();
    decode_all(&*store).await;
    println!("{}", begin.elapsed().as_secs_f64());
}

async fn decode_all(store: &dyn Store) {
    let mut after = None;
    let upcasters = codec::upcasters();
    loop {
        let page = store.log(after, None, PAGE).await.expect("it reads");
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
