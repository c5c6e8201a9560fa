//! Streams are loaded by the stock repository, which is generic over an aggregate but uses
//! only its type name. These aggregates have a name and nothing else: the domain stays above.
//!
//! It asks for the columns that it knows, and no fold asks for an event's metadata: in their place it is given the event's
//! place in the log, so that one statement tells both what a stream says and where it was seen to end.

use std::convert::Infallible;

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgPool;

use crate::store::seen::{Loaded, Sighting};
use crate::store::{AggregateType, StreamEvent, StreamId};

/// What the repository reads as its table of events. PostgreSQL looks through it: the key of the streams serves its
/// conditions and its order as it does those on the table.
const EVENTS: &str = "(select aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
     json_build_array(position, encode(leaf_hash, 'hex')) as metadata from events) e";

/// Its table of snapshots, of which it is asked for none.
const SNAPSHOTS: &str = "snapshots";

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
pub(super) async fn load(pool: PgPool, stream: StreamId, after_version: u64) -> Result<Loaded, PersistenceError> {
    let repository = PostgresEventRepository::new(pool).with_tables(EVENTS, SNAPSHOTS);
    let id = stream.aggregate_id.to_string();
    macro_rules! of_type {
        ($($name:ident)*) => {
            match stream.aggregate_type {
                $(AggregateType::$name => {
                    load_of::<Stream<{ AggregateType::$name as usize }>>(&repository, &id, after_version).await
                })*
            }
        };
    }
    let events = of_type!(Case Enterprise Campaign Institution Person Catalogue AnnualSummary Log View)?;
    let last = events.last().and_then(|last| sighting(&last.metadata));
    let parsed = |event| StreamEvent::Parsed(SerializedEvent { metadata: Value::Null, ..event });
    Ok(Loaded { events: events.into_iter().map(parsed).collect(), last })
}

/// Where the log has an event, as [`EVENTS`] tells it.
fn sighting(place: &Value) -> Option<Sighting> {
    let leaf_hash = hex::decode(place.get(1)?.as_str()?).ok()?;
    Sighting::of(place.get(0)?.as_u64()?, &leaf_hash)
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
