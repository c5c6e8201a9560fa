//! The stock crates as somebody would take them: one aggregate, one command, one event of about 400 bytes.

use std::convert::Infallible;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};

/// Remembers how many notes there are.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Notebook {
    notes: usize,
}

/// Takes a note.
pub(crate) struct TakeNote(pub(crate) String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NoteTaken {
    by: String,
    at: String,
    note: String,
}

impl DomainEvent for NoteTaken {
    fn event_type(&self) -> String {
        "NoteTaken".to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl Aggregate for Notebook {
    const TYPE: &'static str = "Notebook";
    type Command = TakeNote;
    type Event = NoteTaken;
    type Error = Infallible;
    type Services = ();

    async fn handle(&mut self, command: TakeNote, (): &(), sink: &EventSink<Self>) -> Result<(), Infallible> {
        let (by, at) = ("5c8e1f62-b7d4-4a90-9c3e-f6a2d0b85e17".to_owned(), "2026-03-05T01:40:00Z".to_owned());
        sink.write(NoteTaken { by, at, note: command.0 }, self).await;
        Ok(())
    }

    fn apply(&mut self, _: NoteTaken) {
        self.notes += 1;
    }
}

/// The tables of the stock crates.
pub(crate) const TABLES: &str = "create table events (
    aggregate_type text not null, aggregate_id text not null, sequence bigint not null, event_type text not null,
    event_version text not null, payload json not null, metadata json not null,
    primary key (aggregate_type, aggregate_id, sequence)
);
create table snapshots (
    aggregate_type text not null, aggregate_id text not null, last_sequence bigint not null,
    current_snapshot bigint not null, payload json not null,
    primary key (aggregate_type, aggregate_id, last_sequence)
)";
