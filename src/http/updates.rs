//! The updates of a subscription, whatever carries them. Each is paid for as an answer is, before the next one is asked
//! for: where an actor has too little left, updates come later, and none is left out.
//!
//! What has happened waits as what it is, and is shown when its turn has come: one update after the other is made for a
//! connection, however many subscriptions it carries, and none while answers that are not read have all of the room. It
//! counts among those from when it is made.

use std::sync::Arc;

use async_graphql::Response as Answer;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::actor::ActorId;
use crate::graphql::{Delivery, Document, Ended, Session, Subscribed};
use crate::http::streams::Farewell;
use crate::http::{Front, answer};
use crate::tally::Counted;
use crate::telemetry::causes::with_causes;

/// A subscription whose updates are paid for.
pub(super) struct Updates {
    front: Arc<Front>,
    actor: ActorId,
    subscribed: Box<Subscribed>,
    /// Had by the connection's update that is being made or sent.
    turn: Arc<Semaphore>,
    /// What each costs besides its bytes.
    cost: u64,
    /// How many bytes the last one has, while it is not paid for.
    unpaid: Option<u64>,
}

/// One of them, which has the connection's turn.
pub(super) struct Update {
    /// The answer.
    pub(super) body: String,
    /// The position that it reaches to.
    pub(super) position: u64,
    /// It counts as unsent.
    pub(super) unsent: Counted<ActorId>,
    /// No other one of the connection is made before this is dropped.
    pub(super) turn: OwnedSemaphorePermit,
}

impl Updates {
    /// Turns for the updates of one connection.
    pub(super) fn turns() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(1))
    }

    /// Subscribes, on a connection with these turns; that was paid for as a request is.
    ///
    /// # Errors
    /// What is wrong with it, as an answer.
    pub(super) async fn open(
        front: Arc<Front>,
        document: Document,
        session: Session,
        resume: Option<u64>,
        turn: Arc<Semaphore>,
    ) -> Result<Self, Box<Answer>> {
        let (actor, cost) = (session.actor.id.clone(), document.cost());
        let subscribed = front.schema.subscribe(document, session, resume).await?;
        Ok(Self { front, actor, subscribed, turn, cost, unpaid: None })
    }

    /// The position to go on from when nothing more is told; none where that is before the first event.
    pub(super) fn position(&self) -> Option<u64> {
        self.subscribed.position()
    }

    /// Waits for the next update, and gives it and itself to ask again.
    ///
    /// # Errors
    /// Why there are no more.
    pub(super) async fn next(mut self) -> (Self, Result<Update, Farewell>) {
        if let Some(bytes) = self.unpaid.take() {
            self.front.admission.pay_for_update(&self.actor, self.cost, bytes).await;
        }
        let made = self.made().await;
        (self, made)
    }

    async fn made(&mut self) -> Result<Update, Farewell> {
        let unsent = &self.front.admission.unsent;
        loop {
            self.subscribed.heard().await.map_err(farewell)?;
            let turn = self.turn.clone().acquire_owned().await.expect("nobody closes it");
            // Whoever reads nothing of so many answers reads this stream slowly, too.
            if unsent.room_of(&self.actor).is_err() {
                return Err(Farewell::SlowReader);
            }
            unsent.some_room().await;
            let shown = self.subscribed.show().await.map_err(farewell)?;
            let Some(Delivery { response, position }) = shown else { continue };
            let body = answer::body(&response);
            self.unpaid = Some(body.len() as u64);
            let unsent = unsent.count(&self.actor, body.len());
            return Ok(Update { body, position, unsent, turn });
        }
    }
}

/// Logs why there are no more.
fn farewell(ended: Ended) -> Farewell {
    tracing::warn!(fault = %with_causes(&ended), "a subscription ends");
    match ended {
        Ended::Log(_) | Ended::Update(_) => Farewell::Unavailable,
        Ended::TooSlow(_) => Farewell::TimedOut,
    }
}
