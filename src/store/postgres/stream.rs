//! Streams are loaded by the stock repository, which is generic over an aggregate but uses
//! only its type name. These aggregates have a name and nothing else: the domain stays above.

use std::convert::Infallible;

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};

use crate::store::{AggregateType, StreamEvent, StreamId};

/// Stands for the aggregate type at this index of [`AggregateType::ALL`].
#[derive(Default, Serialize, Deserialize)]
struct Stream<const INDEX: usize>;

/// No event is ever made or applied through a [`Stream`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum NoEvent {}

impl DomainEvent for NoEvent {
    fn event_type(&self) -> String {
        match *self {}
    }

    fn event_version(&self) -> String {
        match *self {}
    }
}

impl<const INDEX: usize> Aggregate for Stream<INDEX> {
    const TYPE: &'static str = AggregateType::ALL[INDEX].as_str();
    type Command = Infallible;
    type Event = NoEvent;
    type Error = Infallible;
    type Services = ();

    async fn handle(&mut self, command: Infallible, (): &(), _: &EventSink<Self>) -> Result<(), Infallible> {
        match command {}
    }

    fn apply(&mut self, event: NoEvent) {
        match event {}
    }
}

/// Loads the events of a stream after a version.
pub(super) async fn load(
    repository: &PostgresEventRepository,
    stream: StreamId,
    after_version: u64,
) -> Result<Vec<StreamEvent>, PersistenceError> {
    let id = stream.aggregate_id.to_string();
    macro_rules! of_type {
        ($($name:ident)*) => {
            match stream.aggregate_type {
                $(AggregateType::$name => {
                    load_of::<Stream<{ AggregateType::$name as usize }>>(repository, &id, after_version).await
                })*
            }
        };
    }
    let events = of_type!(Case Enterprise Campaign Institution Person Catalogue AnnualSummary Log View)?;
    Ok(events.into_iter().map(StreamEvent::Parsed).collect())
}

async fn load_of<A: Aggregate>(
    repository: &PostgresEventRepository,
    id: &str,
    after_version: u64,
) -> Result<Vec<SerializedEvent>, PersistenceError> {
    match after_version {
        0 => repository.get_events::<A>(id).await,
        _ => repository.get_last_events::<A>(id, after_version as usize).await,
    }
}
