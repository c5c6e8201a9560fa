//! The updates of a subscription, whatever carries them. Each is paid for as an answer is, before the next one is asked
//! for: where an actor has too little left, updates come later, and none is left out.

use std::sync::Arc;

use async_graphql::Response as Answer;

use crate::domain::actor::ActorId;
use crate::graphql::{Delivery, Document, Ended, Session, Subscribed};
use crate::http::{Front, answer};

/// A subscription whose updates are paid for.
pub(super) struct Updates {
    front: Arc<Front>,
    actor: ActorId,
    subscribed: Box<Subscribed>,
    /// What each costs besides its bytes.
    cost: u64,
    /// How many bytes the last one has, while it is not paid for.
    unpaid: Option<u64>,
}

/// One of them.
pub(super) struct Update {
    /// The answer.
    pub(super) body: String,
    /// The position that it reaches to.
    pub(super) position: u64,
}

impl Updates {
    /// Subscribes; that was paid for as a request is.
    ///
    /// # Errors
    /// What is wrong with it, as an answer.
    pub(super) async fn open(
        front: Arc<Front>,
        document: Document,
        session: Session,
        resume: Option<u64>,
    ) -> Result<Self, Box<Answer>> {
        let (actor, cost) = (session.actor.id.clone(), document.cost());
        let subscribed = front.schema.subscribe(document, session, resume).await?;
        Ok(Self { front, actor, subscribed, cost, unpaid: None })
    }

    /// The position to go on from when nothing more is told; none where that is before the first event.
    pub(super) fn position(&self) -> Option<u64> {
        self.subscribed.position()
    }

    /// Waits for the next update, and gives it and itself to ask again.
    ///
    /// # Errors
    /// See [`Ended`].
    pub(super) async fn next(mut self) -> (Self, Result<Update, Ended>) {
        if let Some(bytes) = self.unpaid.take() {
            self.front.admission.pay_for_update(&self.actor, self.cost, bytes).await;
        }
        let (subscribed, outcome) = self.subscribed.next().await;
        self.subscribed = subscribed;
        let update = outcome.map(|Delivery { response, position }| Update { body: answer::body(&response), position });
        self.unpaid = update.as_ref().ok().map(|update| update.body.len() as u64);
        (self, update)
    }
}
