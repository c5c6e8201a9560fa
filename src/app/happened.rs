//! What a commit writes into the read rows: where it stands on the axis of what had happened, the states of its stream
//! on it, and what it adds to the figures on both axes.
//!
//! A state is what the events that occurred by a time make, in the order of the log. Pure: events in, rows out.

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::commanded::Commanded;
use crate::app::execute::evolved;
use crate::app::streams::Versioned;
use crate::domain::aggregate::Root;
use crate::domain::event::Recorded;
use crate::projection::figure::Growth;
use crate::projection::states::every_state;
use crate::store::{Happened, LastEvent, PastRow, PastState, RowChanges};

/// An event of a stream and where the log has it.
pub(super) type Placed<A> = (Recorded<<A as Root>::Fact>, LastEvent);

/// When the events happened, if it was at one time and nothing before them happened later.
pub(super) fn in_order<A: Root>(before: &Versioned<A>, events: &[Recorded<A::Fact>]) -> Option<Timestamp> {
    let at = events.first()?.occurred_at;
    let at_one_time = events.iter().all(|event| event.occurred_at == at);
    let is_latest = before.happened_until.is_none_or(|until| until <= at);
    (at_one_time && is_latest).then_some(at)
}

/// What the read side takes up of an append to a stream, and what is known with it. `past` are the events before it,
/// which may be left out where it is [`in_order`].
pub(super) fn grown<A: Commanded>(
    id: Uuid,
    before: &Versioned<A>,
    past: &[Placed<A>],
    events: &[Recorded<A::Fact>],
) -> (RowChanges, Versioned<A>) {
    let after = evolved(before, events);
    let happened = match in_order(before, events) {
        Some(at) => Happened::InOrder { at: at.as_microsecond() },
        None => anew::<A>(id, &past.iter().cloned().chain(of_append::<A>(events)).collect::<Vec<_>>()),
    };
    let earlier: Vec<_> = past.iter().map(|(event, _)| event.clone()).collect();
    let growth = Growth { before: &before.state, earlier: &earlier, events, after: &after.state };
    let (figures, texts) = (A::figures(&growth), A::texts(events));
    let rows = RowChanges { happened, figures, texts, ..A::rows(id, &before.state, &after.state) };
    (rows, after)
}

/// The events of an append, as the history of their stream takes them in.
fn of_append<A: Root>(events: &[Recorded<A::Fact>]) -> impl Iterator<Item = Placed<A>> {
    let followed_by = (0..events.len() as u64).rev();
    events.iter().zip(followed_by).map(|(event, followed_by)| (event.clone(), LastEvent::OfAppend { followed_by }))
}

/// The history of a stream of these events, the last of which an append brings: a state for every time at which
/// something happened, but for the last, which is the append's own row. What no row depends on is counted and not kept:
/// a state may have to be copied for each of those times, and all that is said of a case is most of it.
fn anew<A: Commanded>(id: Uuid, events: &[Placed<A>]) -> Happened {
    let times: Vec<i64> = events.iter().map(|(event, _)| event.occurred_at.as_microsecond()).collect();
    let last_at = *times.iter().max().expect("an append has an event");
    let mut states = Vec::new();
    let take = |state: &mut Versioned<A>, place: usize| match &events[place].0 {
        event if A::moves_row(event) => state.take(event),
        event => state.pass(event),
    };
    every_state(&times, Versioned::default(), take, |from, state, last| {
        let rows = A::rows(id, &A::default(), &state.state);
        let row = rows.case.map(PastRow::Case).or(rows.register.map(PastRow::Register));
        let past = |row| PastState { from, version: state.version, last: events[last].1, row };
        states.extend(row.filter(|_| from < last_at).map(past));
    });
    states.sort_unstable_by_key(|state| state.from);
    Happened::Anew { states, last_at }
}
