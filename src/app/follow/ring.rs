//! The latest events, shared by all who follow: so many and no more. With them, what decides who may see them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::app::follow::LogEvent;
use crate::app::follow::sight::Sight;
use crate::store::{EventRecord, StreamId};

/// How many events are kept at most.
const MOST_EVENTS: usize = 4_096;
/// How many bytes of payload they have at most; the latest event is kept whatever it weighs.
const MOST_BYTES: usize = 8 << 20;

/// A gap-free stretch of the log that ends where the log ended when it was last read.
pub(super) struct Ring {
    events: VecDeque<Arc<LogEvent>>,
    /// Of every aggregate that has an event here, as it was where the log ended.
    sights: HashMap<StreamId, Seen>,
    /// The position behind the last event.
    next: u64,
    bytes: usize,
}

/// What is kept of an aggregate.
struct Seen {
    /// How many of the events are its own.
    events: usize,
    /// Who may see them; `None` where that has to be looked up.
    sight: Option<Arc<Sight>>,
}

impl Ring {
    /// An empty one that goes on at that position.
    pub(super) fn starting_at(next: u64) -> Self {
        Self { events: VecDeque::new(), sights: HashMap::new(), next, bytes: 0 }
    }

    /// The position of the event that it is waiting for.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Takes the next event and who may see its aggregate from now on, and lets go of the oldest.
    pub(super) fn push(&mut self, event: Arc<LogEvent>, sight: Option<Arc<Sight>>) {
        self.next = event.record.position + 1;
        self.bytes += weight(&event.record);
        if let Some(stream) = event.record.stream() {
            let seen = self.sights.entry(stream).or_insert(Seen { events: 0, sight: None });
            seen.events += 1;
            seen.sight = sight;
        }
        self.events.push_back(event);
        while self.events.len() > 1 && (self.events.len() > MOST_EVENTS || self.bytes > MOST_BYTES) {
            let oldest = self.events.pop_front().expect("there are several");
            self.bytes -= weight(&oldest.record);
            self.let_go(&oldest.record);
        }
    }

    /// What decides about an aggregate that has an event here, if it is known.
    pub(super) fn sight(&self, stream: StreamId) -> Option<Arc<Sight>> {
        self.sights.get(&stream)?.sight.clone()
    }

    /// The events from that position on, at most so many; `None` when the ring does not reach back so far.
    pub(super) fn from(&self, position: u64, most: u32) -> Option<Vec<Arc<LogEvent>>> {
        let first = self.next - self.events.len() as u64;
        let skipped = usize::try_from(position.checked_sub(first)?).ok()?;
        Some(self.events.iter().skip(skipped).take(most as usize).cloned().collect())
    }

    fn let_go(&mut self, event: &EventRecord) {
        let Some(stream) = event.stream() else { return };
        let Some(seen) = self.sights.get_mut(&stream) else { return };
        seen.events -= 1;
        if seen.events == 0 {
            self.sights.remove(&stream);
        }
    }
}

fn weight(event: &EventRecord) -> usize {
    event.payload.len() + event.metadata.len() + event.entry.len()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::value::Division;
    use crate::store::AggregateType;

    fn event(position: u64, bytes: usize) -> Arc<LogEvent> {
        let record = EventRecord {
            position,
            aggregate_type: "Person".to_owned(),
            aggregate_id: Uuid::from_u128(u128::from(position % 2)).to_string(),
            sequence: position + 1,
            event_type: "PersonAmended".to_owned(),
            event_version: "1.0".to_owned(),
            payload: "x".repeat(bytes),
            metadata: String::new(),
            recorded_at: 0,
            actor: "somebody".to_owned(),
            command_id: "key".to_owned(),
            entry: Vec::new(),
            leaf_hash: [0; 32],
        };
        Arc::new(LogEvent { record, command_end: None })
    }

    fn positions(ring: &Ring, from: u64, most: u32) -> Option<Vec<u64>> {
        Some(ring.from(from, most)?.iter().map(|event| event.record.position).collect())
    }

    #[test]
    fn a_ring_gives_what_it_has_and_says_when_it_has_it_not() {
        let mut ring = Ring::starting_at(7);
        assert_eq!(positions(&ring, 7, 10), Some(vec![]));
        assert_eq!(positions(&ring, 6, 10), None);
        (7..12).for_each(|position| ring.push(event(position, 1), None));
        assert_eq!(positions(&ring, 7, 10), Some(vec![7, 8, 9, 10, 11]));
        assert_eq!(positions(&ring, 9, 2), Some(vec![9, 10]));
        assert_eq!(positions(&ring, 12, 2), Some(vec![]));
        assert_eq!(positions(&ring, 6, 2), None);
    }

    #[test]
    fn the_oldest_make_room() {
        let mut ring = Ring::starting_at(0);
        (0..MOST_EVENTS as u64 + 3).for_each(|position| ring.push(event(position, 1), None));
        assert_eq!(positions(&ring, 2, 1), None);
        assert_eq!(positions(&ring, 3, 1), Some(vec![3]));
        ring.push(event(ring.next(), MOST_BYTES + 1), None);
        assert_eq!(ring.events.len(), 1, "a heavy one makes room, and stays");
        assert_eq!(ring.bytes, MOST_BYTES + 1);
    }

    #[test]
    fn the_latest_event_says_who_may_see_all_of_an_aggregate() {
        let stream = |number| StreamId { aggregate_type: AggregateType::Person, aggregate_id: Uuid::from_u128(number) };
        let within = |code| Some(Arc::new(Sight::Entry(Division::parse(code).expect("a division"))));
        let division = |ring: &Ring, number| match ring.sight(stream(number)).as_deref() {
            Some(Sight::Entry(division)) => Some(division.code().to_owned()),
            Some(Sight::Case { .. }) => panic!("a person is no case"),
            None => None,
        };
        let mut ring = Ring::starting_at(0);
        for (position, code) in [(0, "44"), (1, "44"), (2, "32")] {
            ring.push(event(position, 1), within(code));
        }
        assert_eq!((division(&ring, 0).as_deref(), division(&ring, 1).as_deref()), (Some("32"), Some("44")));
        // What could not be read is not judged by what was so before.
        ring.push(event(3, 1), None);
        assert_eq!(division(&ring, 1), None);
        ring.push(event(4, MOST_BYTES), within("4403"));
        assert_eq!((division(&ring, 0).as_deref(), ring.sights.len()), (Some("4403"), 1), "who has no event is let go");
    }
}
