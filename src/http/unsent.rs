//! Answers that are made and not yet sent. Whoever asks and does not read leaves them in memory, so there is room for
//! so many bytes of them, and for a part of that of one actor's.
//!
//! Bytes count until the last of them was given to the operating system, or the connection is gone; what a compressed
//! answer has besides is no more than a connection may buffer.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::StatusCode;
use axum::response::Response;

use crate::domain::actor::ActorId;
use crate::graphql::{Limits, NamedLimit};
use crate::http::answer::{Refused, SOON};
use crate::tally::{Counted, Tally};
use crate::telemetry::metrics::metrics;

/// What is unsent of the server's answers.
pub(super) struct Unsent {
    most: NamedLimit,
    most_of_actor: NamedLimit,
    kept: Tally<ActorId>,
}

/// The bytes of an answer, which drops them with its last part.
struct Watched {
    bytes: Bytes,
    _counted: Counted<ActorId>,
}

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Unsent {
    pub(super) fn new(limits: &Limits) -> Self {
        let kept = Tally::new(&metrics().unsent);
        Self { most: limits.of_unsent(), most_of_actor: limits.of_unsent_of_actor(), kept }
    }

    /// Whether there is room for an answer. How long it becomes nobody knows, so the last one may go beyond.
    ///
    /// # Errors
    /// 429 when the actor's own answers have the actor's part of the room, 503 when answers have all of it.
    pub(super) fn room(&self, actor: &ActorId) -> Result<(), Refused> {
        self.room_of(actor)?;
        if self.is_full() {
            let message = "more answers wait for their readers than there is room for; send it again a little later";
            return Err(Refused::no_room("SERVER_BUSY", self.most, message));
        }
        Ok(())
    }

    /// Whether the actor has room for another answer among their own.
    ///
    /// # Errors
    /// 429 when the actor's own answers have the actor's part of the room.
    pub(super) fn room_of(&self, actor: &ActorId) -> Result<(), Refused> {
        if self.kept.of(actor).of_owner >= self.most_of_actor.maximum {
            let message = "read the answers that you have asked for before you ask for more";
            let limit = self.most_of_actor;
            return Err(
                Refused::over(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_UNSENT_ANSWERS", limit, message).again_in(SOON)
            );
        }
        Ok(())
    }

    /// Waits until answers have not all of the room.
    pub(super) async fn some_room(&self) {
        loop {
            let less = self.kept.less();
            if !self.is_full() {
                return;
            }
            less.await;
        }
    }

    /// Whether answers have all of the room.
    fn is_full(&self) -> bool {
        self.kept.all() >= self.most.maximum
    }

    /// Counts so many bytes for the actor.
    pub(super) fn count(&self, actor: &ActorId, bytes: usize) -> Counted<ActorId> {
        self.kept.add(actor, bytes as u64)
    }

    /// The same answer, whose bytes count for the actor until they are sent.
    pub(super) async fn watched(&self, actor: &ActorId, answer: Response) -> Response {
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("an answer is all there");
        let counted = self.count(actor, bytes.len());
        Response::from_parts(head, Body::from(until_sent(bytes, counted)))
    }
}

/// The same bytes, which keep what counts until they are sent.
pub(super) fn until_sent(bytes: Bytes, counted: Counted<ActorId>) -> Bytes {
    Bytes::from_owner(Watched { bytes, _counted: counted })
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_is_not_read_takes_room_until_it_is_gone() {
        let unsent = Unsent::new(&Limits { unsent_bytes: 4_000, ..Limits::default() });
        let [one, other, third] = ["one", "other", "third"].map(|name| ActorId::parse(name).expect("an id"));
        let code = |actor| unsent.room(actor).err().map(|refused| (refused.status.as_u16(), refused.code));
        let answer = unsent.watched(&one, Response::new(Body::from("x".repeat(999)))).await;
        assert_eq!(code(&one), None, "a quarter of the room is one actor's");
        let more = unsent.count(&one, 1);
        assert_eq!(code(&one), Some((429, "TOO_MANY_UNSENT_ANSWERS")));
        assert_eq!(code(&other), None, "and the others have theirs");
        let much = unsent.count(&other, 3_000);
        assert_eq!(code(&third), Some((503, "SERVER_BUSY")));
        drop(much);
        assert_eq!(code(&third), None);
        // The bytes count, wherever they have gone meanwhile.
        let mut bytes = to_bytes(answer.into_body(), usize::MAX).await.expect("they are there");
        drop(more);
        let rest = bytes.split_off(500);
        drop(bytes);
        assert_eq!(unsent.kept.of(&one).all, 999);
        drop(rest);
        assert_eq!((unsent.kept.of(&one).all, unsent.kept.owners()), (0, 0));
    }

    #[tokio::test]
    async fn who_waits_for_room_is_told_of_it() {
        let unsent = Unsent::new(&Limits { unsent_bytes: 4_000, ..Limits::default() });
        let actor = ActorId::parse("one").expect("an id");
        assert_eq!(unsent.some_room().now_or_never(), Some(()));
        let much = unsent.count(&actor, 3_999);
        assert_eq!(unsent.some_room().now_or_never(), Some(()));
        let last = unsent.count(&actor, 1);
        let mut waiting = pin!(unsent.some_room());
        assert_eq!(waiting.as_mut().now_or_never(), None);
        drop(last);
        waiting.await;
        drop(much);
    }
}
