//! Bodies of requests that are on their way, and messages of WebSockets. Whoever says that a long one comes and sends
//! little of it takes its room for as long as a body may take, so there is room for so many bytes of them, and for a
//! part of that of one actor's.

use axum::http::StatusCode;

use crate::domain::actor::ActorId;
use crate::graphql::{Limits, NamedLimit};
use crate::http::answer::{Refused, SOON};
use crate::tally::{Count, Counted, Tally};
use crate::telemetry::metrics::metrics;

/// Bodies up to this size have room whatever the others take.
pub(super) const SMALL_BODY_BYTES: usize = 64 * 1024;

/// The room of a body or a message that is on its way, until it is dropped.
#[derive(Default)]
pub(super) struct Room {
    pub(super) bytes: usize,
    _held: Option<Counted<ActorId>>,
}

/// What is on its way of long bodies.
pub(super) struct Arriving {
    most: NamedLimit,
    most_of_actor: NamedLimit,
    held: Tally<ActorId>,
}

impl Arriving {
    pub(super) fn new(limits: &Limits) -> Self {
        let held = Tally::new(&metrics().arriving);
        Self { most: limits.of_arriving(), most_of_actor: limits.of_arriving_of_actor(), held }
    }

    /// Makes room for so many bytes in all of what grows, and for twice as much as it had, so that it grows a few times
    /// only. It never has more than the most.
    ///
    /// # Errors
    /// As [`hold`](Self::hold); then it has no room any more.
    pub(super) fn enlarge(&self, room: &mut Room, actor: &ActorId, bytes: usize, most: usize) -> Result<(), Refused> {
        // What it had is counted no more before the whole is.
        let bytes = bytes.max(2 * std::mem::take(room).bytes).min(most);
        *room = Room { bytes, _held: self.hold(actor, bytes)? };
        Ok(())
    }

    /// Room for a body of so many bytes, held until it is dropped. Where there is none at all, one of any length has
    /// room.
    ///
    /// # Errors
    /// 429 when the actor's own bodies have the actor's part of the room, 503 when long bodies have all of it.
    pub(super) fn hold(&self, actor: &ActorId, bytes: usize) -> Result<Option<Counted<ActorId>>, Refused> {
        if bytes <= SMALL_BODY_BYTES {
            return Ok(None);
        }
        let bytes = bytes as u64;
        let has_room = |there: u64, most: NamedLimit| there == 0 || there + bytes <= most.maximum;
        let may = |Count { all, of_owner }| {
            if !has_room(of_owner, self.most_of_actor) {
                let message = "send the long bodies that you have announced before you send more";
                let (status, code) = (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_LONG_BODIES");
                return Err(Refused::over(status, code, self.most_of_actor, message).again_in(SOON));
            }
            if !has_room(all, self.most) {
                let message = "more long bodies are on their way than there is room for; send it again a little later";
                return Err(Refused::no_room("SERVER_BUSY", self.most, message));
            }
            Ok(())
        };
        self.held.add_if(actor, bytes, may).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bodies_have_so_much_room_and_an_actor_a_part_of_it() {
        let limits = Limits { arriving_bytes: 1_000_000, ..Limits::default() };
        let arriving = Arriving::new(&limits);
        let actors = ["one", "two", "three", "four", "five"].map(|name| ActorId::parse(name).expect("an id"));
        let code = |actor, bytes| match arriving.hold(actor, bytes) {
            Ok(_) => None,
            Err(refused) => Some((refused.status.as_u16(), refused.code)),
        };
        let held: Vec<_> = actors[..4].iter().map(|actor| arriving.hold(actor, 240_000).expect("room")).collect();
        assert_eq!(
            code(&actors[0], 70_000),
            Some((429, "TOO_MANY_LONG_BODIES")),
            "a quarter of the room is one actor's"
        );
        assert_eq!(code(&actors[4], 70_000), Some((503, "SERVER_BUSY")), "and there is no more than all of it");
        assert_eq!(code(&actors[4], SMALL_BODY_BYTES), None, "what is small has room");
        drop(held);
        assert_eq!(code(&actors[4], 8_000_000), None, "one has room however long it is");
        assert_eq!(arriving.held.owners(), 0);
    }
}
