//! What comes in on a connection: messages, the room and the time of long ones, and what they cost.

use axum::extract::ws::Message;
use tokio::time::Instant;

use crate::app::Place;
use crate::graphql::{Session, StreamLimits};
use crate::http::admission::Account;
use crate::http::answer::Refused;
use crate::http::arriving::Room;
use crate::http::ws::connection::{Connection, End};
use crate::http::ws::message::{Closing, Told};
use crate::telemetry::causes::with_causes;

/// The room of a message that is on its way and long.
#[derive(Default)]
pub(super) struct Long {
    pub(super) room: Room,
    /// When it has to be whole.
    pub(super) until: Option<Instant>,
}

/// A message that is whole, and what it takes up.
pub(super) struct Whole {
    pub(super) bytes: usize,
    /// That of a long one, until nobody holds any more what it has said.
    pub(super) room: Room,
}

impl Connection {
    /// What a message of the socket says; nothing when it only keeps the connection alive.
    pub(super) fn read(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<Option<(Told, Whole)>, End> {
        match message {
            Some(Ok(Message::Text(text))) => {
                self.incoming.is_whole();
                let Long { room, .. } = std::mem::take(&mut self.long);
                let told = Told::read(&text, &self.front.schema.limits())?;
                Ok(Some((told, Whole { bytes: text.len(), room })))
            }
            Some(Ok(Message::Binary(_))) => Err(Closing::invalid("Messages are texts").into()),
            Some(Ok(Message::Ping(payload) | Message::Pong(payload))) => {
                self.incoming.is_controlled(payload.len());
                Ok(None)
            }
            Some(Ok(Message::Close(_))) | None => Err(End::Gone),
            Some(Err(error)) => {
                tracing::debug!(error = %with_causes(&error), "a message cannot be read");
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

    /// Makes room for a long message of which so many bytes have come.
    pub(super) fn make_room(&mut self, bytes: u64, session: &Session) -> Result<(), End> {
        let Long { room, until } = &mut self.long;
        until.get_or_insert_with(|| Instant::now() + self.front.schema.limits().body_timeout);
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        // How long a message may be is not known here: the library ends one that is longer.
        let made = self.front.admission.arriving.enlarge(room, &session.actor.id, bytes, usize::MAX);
        made.map_err(|refused| Closing::later(&refused).into())
    }

    /// Charges for a message that begins nothing what a request of its length costs.
    pub(super) fn pay(&self, bytes: usize, session: &Session) -> Result<(), End> {
        self.account(bytes, session).map(drop).map_err(|refused| Closing::later(&refused).into())
    }

    /// An account of the operation that a message begins, and a place for it on the server. The message has room for just
    /// its bytes from then on, also one that has come all at once.
    pub(super) fn admitted(&self, whole: &mut Whole, session: &Session) -> Result<(Account, Place), Refused> {
        let Whole { bytes, room } = whole;
        let account = self.account(*bytes, session)?;
        self.front.admission.arriving.enlarge(room, &session.actor.id, *bytes, *bytes)?;
        Ok((account, self.front.admission.enter(&self.front.app, &session.actor.id)?))
    }

    /// An account of a message, which has paid for its bytes.
    pub(super) fn account(&self, bytes: usize, session: &Session) -> Result<Account, Refused> {
        let admission = &self.front.admission;
        let mut account = admission.open(&session.actor.id)?;
        admission.charge_for_bytes(&mut account, bytes)?;
        Ok(account)
    }
}

/// Comes back when the time has come; never where there is none.
pub(super) async fn reached(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
