//! The stock crates read the log as if they had written it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, SerializedEvent};
use cqrs_es::{Aggregate, CqrsFramework, DomainEvent, EventStore};
use etalon::store::RowChanges;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::samples::{append, case_stream, commit_one, event, events_of, id, notes};
use crate::store::support::{Database, Raw};

/// Remembers the notes of a case.
#[derive(Default, Serialize, Deserialize)]
struct Notebook {
    notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Recorded {
    fact: Fact,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Fact {
    NoteTaken { note: String },
}

impl DomainEvent for Recorded {
    fn event_type(&self) -> String {
        "NoteTaken".to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

/// Asks an aggregate to show its notes; it decides nothing.
struct Show;

type Shown = Arc<Mutex<Vec<String>>>;

impl Aggregate for Notebook {
    const TYPE: &'static str = "Case";
    type Command = Show;
    type Event = Recorded;
    type Error = Infallible;
    type Services = Shown;

    async fn handle(&mut self, Show: Show, shown: &Shown, _: &EventSink<Self>) -> Result<(), Infallible> {
        shown.lock().expect("not poisoned").clone_from(&self.notes);
        Ok(())
    }

    fn apply(&mut self, event: Recorded) {
        let Fact::NoteTaken { note } = event.fact;
        self.notes.push(note);
    }
}

async fn show<S: EventStore<Notebook>>(cqrs: CqrsFramework<Notebook, S>, shown: &Shown) -> Vec<String> {
    cqrs.execute(&id(1).to_string(), Show).await.expect("it loads");
    shown.lock().expect("not poisoned").clone()
}

async fn stock_crates_load_a_stream(database: Database) {
    let store = database.open().await;
    let content = notes(&["one", "two"], RowChanges::default());
    commit_one(&*store, append(case_stream(1), 0, "a", content)).await.expect("accepted");

    let id = id(1).to_string();
    let shown = Shown::default();
    let (events, notes) = match database.raw().await {
        Raw::Sqlite(pool) => {
            let repository = sqlite_es::SqliteEventRepository::new(pool.clone());
            let events = repository.get_events::<Notebook>(&id).await;
            (events, show(sqlite_es::sqlite_cqrs(pool, vec![], shown.clone()), &shown).await)
        }
        Raw::Postgres(pool) => {
            let repository = postgres_es::PostgresEventRepository::new(pool.clone());
            let events = repository.get_events::<Notebook>(&id).await;
            (events, show(postgres_es::postgres_cqrs(pool, vec![], shown.clone()), &shown).await)
        }
    };
    let events = events.expect("loaded");
    assert_eq!(events.len(), 2);
    let without_metadata = events.iter().cloned().map(|event| SerializedEvent { metadata: Value::Null, ..event });
    assert_eq!(without_metadata.collect::<Vec<_>>(), events_of(&*store, case_stream(1), 0).await);
    let metadata: serde_json::Value = serde_json::from_str(&event("one").metadata).expect("a sample is JSON");
    assert_eq!(events[0].metadata, metadata);
    assert_eq!(notes, ["one 计量", "two 计量"]);
}

on_both_databases! {
    stock_crates_load_a_stream,
}
