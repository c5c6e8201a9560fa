//! Where a commit stands on the axis of what had happened, and the states of a stream on it.
//!
//! A state is what the events that occurred by a time make, in the order of the log. Pure: events in, rows out.

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::commanded::Commanded;
use crate::app::streams::Versioned;
use crate::domain::aggregate::Root;
use crate::domain::event::Recorded;
use crate::store::{Happened, LastEvent, PastRow, PastState};

/// An event of a stream and where the log has it.
pub(super) type Placed<A> = (Recorded<<A as Root>::Fact>, LastEvent);

/// When the events happened, if it was at one time and nothing before them happened later.
pub(super) fn in_order<A: Root>(before: &Versioned<A>, events: &[Recorded<A::Fact>]) -> Option<Timestamp> {
    let at = events.first()?.occurred_at;
    let at_one_time = events.iter().all(|event| event.occurred_at == at);
    let is_latest = before.happened_until.is_none_or(|until| until <= at);
    (at_one_time && is_latest).then_some(at)
}

/// The events of an append, as the history of their stream takes them in.
pub(super) fn of_append<A: Root>(events: &[Recorded<A::Fact>]) -> impl Iterator<Item = Placed<A>> {
    let followed_by = (0..events.len() as u64).rev();
    events.iter().zip(followed_by).map(|(event, followed_by)| (event.clone(), LastEvent::OfAppend { followed_by }))
}

/// The history of a stream of these events, the last of which an append brings: a state for every time at which something happened, but for the last, which is the append's own row.
pub(super) fn anew<A: Commanded>(id: Uuid, events: &[Placed<A>]) -> Happened {
    let mut times: Vec<i64> = events.iter().map(|(event, _)| event.occurred_at.as_microsecond()).collect();
    times.sort_unstable();
    times.dedup();
    let last_at = times.pop().expect("an append has an event");
    let state = |until: i64| -> Option<PastState> {
        let mut state = A::default();
        let (mut version, mut last) = (0, None);
        for (event, place) in events.iter().filter(|(event, _)| event.occurred_at.as_microsecond() <= until) {
            state.evolve(event);
            version += 1;
            last = Some(*place);
        }
        let rows = A::rows(id, &A::default(), &state);
        let row = rows.case.map(PastRow::Case).or(rows.register.map(PastRow::Register))?;
        Some(PastState { from: until, version, last: last?, row })
    };
    Happened::Anew { states: times.into_iter().filter_map(state).collect(), last_at }
}
