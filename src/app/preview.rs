//! Dry runs: what a command would record, by the same look-ups and the same decision. Nothing is written, and nobody
//! waits for it.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use uuid::Uuid;

use crate::app::App;
use crate::app::commanded::Commanded;
use crate::app::execute::{evolved, metadata_of};
use crate::app::request::{Failure, Fault, Receipt, Request};
use crate::app::streams::Versioned;
use crate::codec::Encoded;
use crate::domain::event::Recorded;
use crate::store::StreamId;

/// What a command would do.
pub struct Previewed<A: Commanded> {
    /// The decision knows the log at least up to here; `None` while the log is empty.
    pub position: Option<u64>,
    /// What would be answered.
    pub verdict: Result<Verdict<A>, Failure>,
}

/// What is said of a command that would not be refused.
pub enum Verdict<A: Commanded> {
    /// It would record this.
    Foreseen(Foreseen<A>),
    /// It was carried out before, under this key: sent again, it records nothing.
    CarriedOut(Receipt),
}

/// What a command would record.
pub struct Foreseen<A: Commanded> {
    /// The stream that would grow.
    pub stream: StreamId,
    /// What is known of the aggregate.
    pub before: Arc<Versioned<A>>,
    /// What would be known of it then.
    pub after: Versioned<A>,
    /// The events, in order.
    pub events: Vec<ForeseenEvent<A::Fact>>,
}

/// An event that would be recorded.
pub struct ForeseenEvent<F> {
    /// What this answer calls it; the log will call it otherwise.
    pub id: Uuid,
    /// Where it would stand in the log, if nothing else came first.
    pub position: u64,
    /// Its place in the stream, from 1.
    pub sequence: u64,
    /// The present: when the log would take it.
    pub recorded_at: Timestamp,
    /// What the log would keep of it.
    pub encoded: Encoded,
    /// Under which authority it would be done.
    pub metadata: String,
    /// The event.
    pub event: Recorded<F>,
}

impl App {
    /// Tells what [`App::execute`] would do, and does nothing.
    ///
    /// A number that only the commit gives, such as a case's, is still without its serial.
    ///
    /// # Errors
    /// When the house fails; what the domain refuses is the verdict.
    pub fn preview<'a, A: Commanded>(
        &'a self,
        request: &'a Request,
        id: Uuid,
        body: A::Body,
    ) -> BoxFuture<'a, Result<Previewed<A>, Fault>> {
        let previewed = async move {
            // Read first: whatever is looked up after it is at least as new.
            let position = self.head().await?;
            let verdict = match self.answer_to(&request.actor.id, &request.key).await {
                Ok(Some(receipt)) => Ok(Verdict::CarriedOut(receipt)),
                Ok(None) => self.foresee(request, id, body, position).await.map(Verdict::Foreseen),
                Err(failure) => Err(failure),
            };
            match verdict {
                Err(Failure::Fault(fault)) => Err(fault),
                verdict => Ok(Previewed { position, verdict }),
            }
        };
        previewed.boxed()
    }

    async fn foresee<A: Commanded>(
        &self,
        request: &Request,
        id: Uuid,
        body: A::Body,
        position: Option<u64>,
    ) -> Result<Foreseen<A>, Failure> {
        let streams = A::streams(&self.aggregates);
        let (stream, before) = (streams.stream(id), streams.present(id).await?);
        let considered = self.consider(request, id, &before, body).await?;
        let events = considered.decide(request, stream, &*self.opened(&before, &considered.order.command).await?)?;
        let after = evolved(&before, &events);
        let next = position.map_or(0, |last| last + 1);
        let encoded = self.sealed_for_show::<A>(id, events.clone())?;
        let foreseen = |(place, (event, encoded)): (u64, (Recorded<A::Fact>, Encoded))| ForeseenEvent {
            id: self.clock.new_id(),
            position: next + place,
            sequence: before.version + place + 1,
            recorded_at: considered.order.now,
            encoded,
            metadata: metadata_of(&request.actor),
            event,
        };
        let events = (0..).zip(events.into_iter().zip(encoded)).map(foreseen).collect();
        Ok(Foreseen { stream, before, after, events })
    }
}
