//! Streams are loaded by the stock repositories, which are generic over an aggregate but use
//! only its type name. These aggregates have a name and nothing else: the domain stays above.

use std::convert::Infallible;

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::SerializedEvent;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};

use crate::store::backend::Backend;
use crate::store::{AggregateType, StoreError, StreamId};

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
pub(super) async fn load<B: Backend>(
    backend: &B,
    stream: StreamId,
    after_version: u64,
) -> Result<Vec<SerializedEvent>, StoreError> {
    let id = stream.aggregate_id.to_string();
    let id = id.as_str();
    let loaded = match stream.aggregate_type {
        AggregateType::Case => backend.load::<Stream<{ AggregateType::Case as usize }>>(id, after_version).await,
        AggregateType::Enterprise => {
            backend.load::<Stream<{ AggregateType::Enterprise as usize }>>(id, after_version).await
        }
        AggregateType::Campaign => {
            backend.load::<Stream<{ AggregateType::Campaign as usize }>>(id, after_version).await
        }
        AggregateType::Institution => {
            backend.load::<Stream<{ AggregateType::Institution as usize }>>(id, after_version).await
        }
        AggregateType::Person => backend.load::<Stream<{ AggregateType::Person as usize }>>(id, after_version).await,
        AggregateType::Catalogue => {
            backend.load::<Stream<{ AggregateType::Catalogue as usize }>>(id, after_version).await
        }
        AggregateType::AnnualSummary => {
            backend.load::<Stream<{ AggregateType::AnnualSummary as usize }>>(id, after_version).await
        }
        AggregateType::Log => backend.load::<Stream<{ AggregateType::Log as usize }>>(id, after_version).await,
        AggregateType::View => backend.load::<Stream<{ AggregateType::View as usize }>>(id, after_version).await,
    };
    loaded.map_err(|source| StoreError::Load { stream: stream.to_string(), source: source.into() })
}
