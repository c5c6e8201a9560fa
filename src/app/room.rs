//! Room for the requests that are answered at once, of which one actor has a part.
//!
//! Whoever waits for a position does no work: such a request gives its place back meanwhile, and has one in a room of the
//! same size for those who wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::actor::ActorId;
use crate::tally::{Count, Counted, Tally};
use crate::telemetry::metrics::metrics;

tokio::task_local! {
    /// Of the request that is answered.
    static PLACE: Place;
}

/// Answers a request that has this place. A task that the future spawns has none.
pub async fn in_place<F: Future>(place: Place, answered: F) -> F::Output {
    PLACE.scope(place, answered).await
}

/// Lets the request that is answered wait, until this is dropped; `None` where it has no place to give back.
///
/// # Errors
/// When as many wait as may.
pub(in crate::app) fn aside() -> Result<Option<Aside>, Full> {
    PLACE.try_with(Place::aside).ok().transpose()
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// The actor's own requests have the actor's part.
    #[error("as many of the actor's requests are there as may be")]
    OfActor,
    /// There are as many as may be.
    #[error("as many requests are there as may be")]
    OfAll,
}

/// Room for so many, and for as many who wait.
pub struct Room(Arc<Rooms>);

struct Rooms {
    most: u64,
    most_of_actor: u64,
    answered: Tally<ActorId>,
    waiting: Tally<ActorId>,
}

impl Room {
    /// Room for so many requests, and so many of one actor.
    #[must_use]
    pub fn of(most: u64, most_of_actor: u64) -> Self {
        let (answered, waiting) = (Tally::new(&metrics().answering), Tally::new(&metrics().waiting));
        Self(Arc::new(Rooms { most, most_of_actor, answered, waiting }))
    }

    /// A place for a request of that actor. Nobody waits for one.
    ///
    /// # Errors
    /// When there is none.
    pub fn enter(&self, actor: &ActorId) -> Result<Place, Full> {
        let answered = self.0.take(&self.0.answered, actor)?;
        let held = Mutex::new(Held { answered, waiting: None, waits: 0 });
        Ok(Place(Arc::new(Seat { rooms: self.0.clone(), actor: actor.clone(), held })))
    }
}

impl Rooms {
    fn take(&self, among: &Tally<ActorId>, actor: &ActorId) -> Result<Counted<ActorId>, Full> {
        among.add_if(actor, 1, |Count { all, of_owner }| {
            if of_owner >= self.most_of_actor {
                return Err(Full::OfActor);
            }
            if all >= self.most { Err(Full::OfAll) } else { Ok(()) }
        })
    }
}

/// The place of a request, until the last copy is dropped.
#[derive(Clone)]
pub struct Place(Arc<Seat>);

struct Seat {
    rooms: Arc<Rooms>,
    actor: ActorId,
    held: Mutex<Held>,
}

struct Held {
    answered: Counted<ActorId>,
    /// The place among those who wait, while anything of the request does.
    waiting: Option<Counted<ActorId>>,
    /// How much of it waits: fields of a query do so side by side.
    waits: usize,
}

impl Place {
    fn aside(&self) -> Result<Aside, Full> {
        let Seat { rooms, actor, .. } = &*self.0;
        let mut held = self.0.held();
        if held.waits == 0 {
            held.waiting = Some(rooms.take(&rooms.waiting, actor)?);
            held.answered.shrink(1);
        }
        held.waits += 1;
        Ok(Aside(self.clone()))
    }
}

impl Seat {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something of a request waits.
pub(in crate::app) struct Aside(Place);

impl Drop for Aside {
    fn drop(&mut self) {
        let mut held = self.0.0.held();
        held.waits -= 1;
        if held.waits == 0 {
            // It was let in before, and its turn comes at once: so many may be too many for a moment.
            held.answered.grow(1);
            held.waiting = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_has_a_part_of_the_room() {
        let room = Room::of(3, 2);
        let [one, other, third] = ["one", "other", "third"].map(|id| ActorId::parse(id).expect("an id"));
        let full = |actor| room.enter(actor).err();
        let first = room.enter(&one).expect("room");
        let copy = first.clone();
        let _second = room.enter(&one).expect("room");
        assert_eq!(full(&one), Some(Full::OfActor));
        let _third = room.enter(&other).expect("room");
        assert_eq!(full(&third), Some(Full::OfAll));
        drop(first);
        assert_eq!(full(&third), Some(Full::OfAll), "it is held by the copy");
        drop(copy);
        assert_eq!(full(&third), None);
    }

    #[test]
    fn who_waits_leaves_the_place_to_others_until_the_last_of_it_goes_on() {
        let room = Room::of(2, 1);
        let [one, other] = ["one", "other"].map(|id| ActorId::parse(id).expect("an id"));
        let there = || (room.0.answered.all(), room.0.waiting.all());
        let first = room.enter(&one).expect("room");
        let (a_field, another) = (first.aside().expect("room"), first.aside().expect("it waits already"));
        assert_eq!(there(), (0, 1));
        let second = room.enter(&one).expect("the first has left its place");
        assert_eq!(second.aside().err(), Some(Full::OfActor), "and waits in that of the actor");
        assert_eq!(there(), (1, 1), "who cannot wait keeps the place");
        let beside = room.enter(&other).expect("room");
        let waits = beside.aside().expect("others have their own");
        drop(a_field);
        assert_eq!(there(), (1, 2));
        drop(another);
        assert_eq!(there(), (2, 1), "whoever goes on is let in again");
        drop((first, second, waits, beside));
        assert_eq!((there(), room.0.answered.owners(), room.0.waiting.owners()), ((0, 0), 0, 0));
    }

    #[tokio::test]
    async fn only_a_request_with_a_place_steps_aside() {
        assert!(matches!(aside(), Ok(None)));
        let room = Room::of(1, 1);
        let place = room.enter(&ActorId::parse("one").expect("an id")).expect("room");
        let stepped = async { aside().map(|aside| (aside.is_some(), room.0.waiting.all())) };
        assert_eq!(in_place(place, stepped).await, Ok((true, 1)));
        assert_eq!((room.0.answered.all(), room.0.waiting.all()), (0, 0));
    }
}
