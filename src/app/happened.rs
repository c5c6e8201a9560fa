//! What a commit writes into the read rows: where it stands on the axis of what had happened, the states of its stream
//! on it, and what it adds to the figures on both axes.
//!
//! A state is what the events that occurred by a time make, in the order of the log. Pure: events in, rows out.

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::commanded::Commanded;
use crate::app::execute::evolved;
use crate::app::streams::Versioned;
use crate::domain::actor::Role;
use crate::domain::aggregate::Root;
use crate::domain::event::Recorded;
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};
use crate::projection::figure::Growth;
use crate::projection::states::every_state;
use crate::store::{Happened, LastEvent, PastRow, PastState, RowChanges};

/// How many events a stream may have in which something is dated back: for every time of theirs the commit makes a state and
/// writes its row anew, and others wait for that. An import brings in what another tracker has, however long it is.
const MOST_TOLD_ANEW: u64 = 2_000;

/// An event of a stream and where the log has it.
pub(super) type Placed<A> = (Recorded<<A as Root>::Fact>, LastEvent);

/// When the events happened, if it was at one time and nothing before them happened later.
pub(super) fn in_order<A: Root>(before: &Versioned<A>, events: &[Recorded<A::Fact>]) -> Option<Timestamp> {
    let at = events.first()?.occurred_at;
    let at_one_time = events.iter().all(|event| event.occurred_at == at);
    let is_latest = before.happened_until.is_none_or(|until| until <= at);
    (at_one_time && is_latest).then_some(at)
}

/// The events, dated as they may be: as somebody says, where nothing is told anew that takes too long; and where nobody
/// says so, by the day that they are of, or else by now.
///
/// # Errors
/// `HISTORY_TOO_LONG`.
pub(super) fn dated<A: Root>(
    before: &Versioned<A>,
    order: &Order<A::Body>,
    events: Vec<Recorded<A::Fact>>,
) -> Result<Vec<Recorded<A::Fact>>, Refusal> {
    let may_be_told_anew = before.version <= MOST_TOLD_ANEW || order.by.holds(Role::Importer);
    if may_be_told_anew || in_order(before, &events).is_some() {
        return Ok(events);
    }
    if order.occurred_at.is_none() {
        return Ok(events.into_iter().map(|event| Recorded { occurred_at: order.now, ..event }).collect());
    }
    let message = format!(
        "{} events are on record here, and of more than {MOST_TOLD_ANEW} nothing is dated before the latest: leave this \
         out, and say in words when it happened",
        before.version
    );
    Err(Refusal::new(Code::HistoryTooLong, "occurredAt", message))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::case::Case;
    use crate::domain::case::command::{AcceptAssignment, CaseCommand};
    use crate::domain::case::event::{AssignmentAccepted, CaseFact};
    use crate::domain::fixtures::{NOW, actor, importer, order, recorded, time};

    const LATEST: &str = "2026-03-09T02:00:00Z";
    const EARLIER: &str = "2026-03-09T01:00:00Z";

    /// Why it is not recorded in a stream of so many events, if it is not.
    fn refused(version: u64, order: &Order<CaseCommand>) -> Option<Code> {
        let before = Versioned::<Case> { version, happened_until: Some(time(LATEST)), ..Versioned::default() };
        let accepted: Recorded<CaseFact> = recorded(AssignmentAccepted {});
        let event = Recorded { occurred_at: order.happened_at(), ..accepted };
        dated(&before, order, vec![event]).err().map(|refusal| refusal.code)
    }

    /// When an event is recorded to have happened that is of an earlier day, as nobody says, in such a stream.
    fn of_an_earlier_day(version: u64) -> Timestamp {
        let before = Versioned::<Case> { version, happened_until: Some(time(LATEST)), ..Versioned::default() };
        let now: Order<CaseCommand> = order(actor(Role::Coordinator, "44"), AcceptAssignment {});
        let accepted: Recorded<CaseFact> = recorded(AssignmentAccepted {});
        let event = Recorded { occurred_at: time(EARLIER), ..accepted };
        dated(&before, &now, vec![event]).expect("nobody has said when")[0].occurred_at
    }

    #[test]
    fn nothing_is_dated_back_in_a_history_that_is_too_long_to_be_told_anew() {
        let now: Order<CaseCommand> = order(actor(Role::Coordinator, "44"), AcceptAssignment {});
        let said = |at| now.clone().occurred(time(at));
        assert_eq!(refused(2_001, &said(EARLIER)), Some(Code::HistoryTooLong));
        assert_eq!(refused(2_000, &said(EARLIER)), None);
        // What happened last is told behind the others, however many they are.
        assert_eq!(refused(2_001, &said(LATEST)), None);
    }

    #[test]
    fn what_is_of_an_earlier_day_is_dated_now_in_a_history_that_is_too_long_to_be_told_anew() {
        assert_eq!((of_an_earlier_day(2_000), of_an_earlier_day(2_001)), (time(EARLIER), time(NOW)));
    }

    /// An enrolment and a campaign that it opens have no place in the other tracker's log.
    #[test]
    fn a_history_is_told_anew_for_an_import_whatever_it_takes() {
        let imported: Order<CaseCommand> = order(importer(), AcceptAssignment {});
        assert_eq!(refused(2_001, &imported.occurred(time(EARLIER))), None);
    }
}
