//! The latest events, shared by all who follow: so many and no more.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::app::follow::Happened;

/// How many events are kept at most.
const MOST_EVENTS: usize = 4_096;
/// How many bytes of payload they have at most; the latest event is kept whatever it weighs.
const MOST_BYTES: usize = 8 << 20;

/// A gap-free stretch of the log that ends where the log ended when it was last read.
pub(super) struct Ring {
    events: VecDeque<Arc<Happened>>,
    /// The position behind the last event.
    next: u64,
    bytes: usize,
}

impl Ring {
    /// An empty one that goes on at that position.
    pub(super) fn starting_at(next: u64) -> Self {
        Self { events: VecDeque::new(), next, bytes: 0 }
    }

    /// The position of the event that it is waiting for.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Takes the next event, and lets go of the oldest.
    pub(super) fn push(&mut self, event: Arc<Happened>) {
        self.next = event.record.position + 1;
        self.bytes += weight(&event);
        self.events.push_back(event);
        while self.events.len() > 1 && (self.events.len() > MOST_EVENTS || self.bytes > MOST_BYTES) {
            let oldest = self.events.pop_front().expect("there are several");
            self.bytes -= weight(&oldest);
        }
    }

    /// The events from that position on, at most so many; `None` when the ring does not reach back so far.
    pub(super) fn from(&self, position: u64, most: u32) -> Option<Vec<Arc<Happened>>> {
        let first = self.next - self.events.len() as u64;
        let skipped = usize::try_from(position.checked_sub(first)?).ok()?;
        Some(self.events.iter().skip(skipped).take(most as usize).cloned().collect())
    }
}

fn weight(event: &Happened) -> usize {
    event.record.payload.len() + event.record.metadata.len() + event.record.entry.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::EventRecord;

    fn event(position: u64, bytes: usize) -> Arc<Happened> {
        let record = EventRecord {
            position,
            aggregate_type: "Case".to_owned(),
            aggregate_id: uuid::Uuid::nil().to_string(),
            sequence: position + 1,
            event_type: "CommentAdded".to_owned(),
            event_version: "1.0".to_owned(),
            payload: "x".repeat(bytes),
            metadata: String::new(),
            recorded_at: 0,
            actor: "somebody".to_owned(),
            command_id: "key".to_owned(),
            entry: Vec::new(),
            leaf_hash: [0; 32],
        };
        Arc::new(Happened { record, sight: None, command_end: None })
    }

    fn positions(ring: &Ring, from: u64, most: u32) -> Option<Vec<u64>> {
        Some(ring.from(from, most)?.iter().map(|event| event.record.position).collect())
    }

    #[test]
    fn a_ring_gives_what_it_has_and_says_when_it_has_it_not() {
        let mut ring = Ring::starting_at(7);
        assert_eq!(positions(&ring, 7, 10), Some(vec![]));
        assert_eq!(positions(&ring, 6, 10), None);
        (7..12).for_each(|position| ring.push(event(position, 1)));
        assert_eq!(positions(&ring, 7, 10), Some(vec![7, 8, 9, 10, 11]));
        assert_eq!(positions(&ring, 9, 2), Some(vec![9, 10]));
        assert_eq!(positions(&ring, 12, 2), Some(vec![]));
        assert_eq!(positions(&ring, 6, 2), None);
    }

    #[test]
    fn the_oldest_make_room() {
        let mut ring = Ring::starting_at(0);
        (0..MOST_EVENTS as u64 + 3).for_each(|position| ring.push(event(position, 1)));
        assert_eq!(positions(&ring, 2, 1), None);
        assert_eq!(positions(&ring, 3, 1), Some(vec![3]));
        ring.push(event(ring.next(), MOST_BYTES + 1));
        assert_eq!(ring.events.len(), 1, "a heavy one makes room, and stays");
        assert_eq!(ring.bytes, MOST_BYTES + 1);
    }
}
