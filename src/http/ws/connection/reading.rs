//! What comes in on a connection: messages, the room and the time of long ones, and what they cost.

use axum::extract::ws::Message;
use tokio::time::Instant;

use crate::domain::actor::ActorId;
use crate::graphql::{Session, StreamLimits};
use crate::http::tally::Counted;
use crate::http::ws::connection::{Connection, End};
use crate::http::ws::message::{Closing, Told};

/// The room of a message that is on its way and long.
#[derive(Default)]
pub(super) struct Long {
    pub(super) bytes: usize,
    /// When it has to be whole.
    pub(super) until: Option<Instant>,
    _room: Option<Counted<ActorId>>,
}

impl Connection {
    /// What a message of the socket says, and how many bytes it has; nothing when it only keeps the connection alive.
    pub(super) fn read(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<Option<(Told, usize)>, End> {
        match message {
            Some(Ok(Message::Text(text))) => {
                self.incoming.is_whole();
                self.long = Long::default();
                Ok(Some((Told::read(&text, &self.front.schema.limits())?, text.len())))
            }
            Some(Ok(Message::Binary(_))) => Err(Closing::invalid("Messages are texts").into()),
            Some(Ok(Message::Ping(payload) | Message::Pong(payload))) => {
                self.incoming.is_controlled(payload.len());
                Ok(None)
            }
            Some(Ok(Message::Close(_))) | None => Err(End::Gone),
            Some(Err(error)) => {
                tracing::debug!(%error, "a message cannot be read");
                Err(self.unread(error))
            }
        }
    }

    /// How a connection ends whose message cannot be read.
    fn unread(&self, error: axum::Error) -> End {
        if self.incoming.is_over() {
            return Closing::too_long(StreamLimits::of_greeting()).into();
        }
        let error = error.into_inner().downcast::<tungstenite::Error>();
        match error.as_deref() {
            Ok(tungstenite::Error::Capacity(_)) => Closing::too_long(self.front.schema.limits().of_body()).into(),
            Ok(error) => Closing::unreadable(error).map_or(End::Gone, End::Close),
            Err(_) => End::Gone,
        }
    }

    /// Makes room for a long message of which so many bytes have come; twice as much as it had, so that it grows a few times only.
    pub(super) fn make_room(&mut self, bytes: u64, session: &Session) -> Result<(), End> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).max(2 * self.long.bytes);
        let until = self.long.until.unwrap_or_else(|| Instant::now() + self.front.schema.limits().body_timeout);
        // Its room is counted once.
        self.long = Long::default();
        let room = self.front.admission.arriving.hold(&session.actor.id, bytes);
        let _room = room.map_err(|refused| Closing::later(&refused))?;
        self.long = Long { bytes, until: Some(until), _room };
        Ok(())
    }

    /// Charges for a message that begins nothing what a request of its length costs.
    pub(super) fn pay(&self, bytes: usize, session: &Session) -> Result<(), End> {
        let admission = &self.front.admission;
        let account = admission.open(&session.actor.id);
        let paid = account.and_then(|mut account| admission.charge_for_bytes(&mut account, bytes));
        paid.map_err(|refused| Closing::later(&refused).into())
    }
}

/// Comes back when the time has come; never where there is none.
pub(super) async fn reached(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
