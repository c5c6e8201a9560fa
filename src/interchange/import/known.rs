//! A case that an earlier import brought in, held against what the file says of it now.
//!
//! What is there already is known by what it says, wherever it stands: an entry that was left out, or that came late,
//! shifts all behind it. Whatever the file has besides is new, but only where it has everything that is there: else the
//! new event may be one of those, changed, and would be in the log twice.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::app::ImportedEvent;
use crate::interchange::read::Place;

/// Such a case. A place is one in the case, as the file has it; a number is what tells an event in the log.
pub(super) struct Known {
    /// What is there and was not met in the file: when it happened, and its number.
    missing: BTreeSet<(Timestamp, u64)>,
    /// Numbers that nothing has, below the highest one.
    gaps: BTreeSet<u64>,
    highest: u64,
    /// The numbers of events that stand at another place.
    moved: HashMap<u64, u64>,
    first_new: Option<Place>,
    /// The position of an event that is there and cannot be compared with the file any more.
    untold: Option<u64>,
}

impl Known {
    pub(super) fn of(imported: &[ImportedEvent]) -> Self {
        let highest = imported.iter().map(|event| event.number).max().unwrap_or(0);
        let mut gaps: BTreeSet<u64> = (0..highest).collect();
        for event in imported {
            gaps.remove(&event.number);
        }
        let missing = imported.iter().map(|event| (event.at, event.number)).collect();
        Self { missing, gaps, highest, moved: HashMap::new(), first_new: None, untold: None }
    }

    /// Under which numbers an event of this place and time may be there, the likeliest first.
    pub(super) fn candidates(&self, place: u64, at: Timestamp) -> Vec<u64> {
        let of_that_time = self.missing.range((at, 0)..=(at, u64::MAX));
        let mut numbers: Vec<u64> = of_that_time.map(|(_, number)| *number).collect();
        numbers.sort_by_key(|number| *number != place);
        numbers
    }

    /// The event at this place is there, under this number.
    pub(super) fn meet(&mut self, place: u64, at: Timestamp, number: u64) {
        self.missing.remove(&(at, number));
        self.keep_number(place, number);
    }

    /// The event at that position may be one of the file, or not.
    pub(super) fn note_untold(&mut self, position: u64) {
        self.untold.get_or_insert(position);
    }

    /// The first such position.
    pub(super) fn untold(&self) -> Option<u64> {
        self.untold
    }

    /// The event at this place is not there: gives it a number that nothing has. That is its place where it can be, as
    /// that of an entry which could not be read before.
    pub(super) fn number_anew(&mut self, place: u64) -> u64 {
        let number = match place > self.highest || self.gaps.remove(&place) {
            true => place,
            false => self.highest + 1,
        };
        self.highest = self.highest.max(number);
        self.keep_number(place, number);
        number
    }

    fn keep_number(&mut self, place: u64, number: u64) {
        if number != place {
            self.moved.insert(place, number);
        }
    }

    /// An event that is not there could come in.
    pub(super) fn note_new(&mut self, place: Place) {
        self.first_new.get_or_insert(place);
    }

    /// The number of the event at this place, once the file was read.
    pub(super) fn number_of(&self, place: u64) -> u64 {
        self.moved.get(&place).copied().unwrap_or(place)
    }

    /// When something happened that is there and not in the file as it was: the first such time.
    pub(super) fn missing_since(&self) -> Option<Timestamp> {
        self.missing.first().map(|(at, _)| *at)
    }

    /// The first event that could come in if nothing were missing, and when something happened that is.
    pub(super) fn conflict(&self) -> Option<(Place, Timestamp)> {
        self.first_new.zip(self.missing_since())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(imported: &[(u64, i64)]) -> Known {
        let event = |(number, second): &(u64, i64)| ImportedEvent { number: *number, at: time(*second) };
        Known::of(&imported.iter().map(event).collect::<Vec<_>>())
    }

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_event_is_looked_for_where_it_stands_and_then_wherever_it_happened() {
        let mut known = known(&[(0, 10), (1, 20), (2, 20), (3, 30)]);
        assert_eq!(known.candidates(2, time(20)), [2, 1]);
        assert_eq!(known.candidates(3, time(20)), [1, 2]);
        assert_eq!(known.candidates(0, time(15)), [] as [u64; 0]);
        known.meet(3, time(20), 1);
        assert_eq!((known.candidates(1, time(20)), known.number_of(3)), (vec![2], 1));
    }

    #[test]
    fn a_new_event_gets_a_number_that_nothing_has() {
        // Of the places 1 and 3 nothing could be read.
        let mut known = known(&[(0, 10), (2, 20), (4, 30)]);
        known.meet(0, time(10), 0);
        let numbers: Vec<u64> = [1, 2, 3, 5, 6].map(|place| known.number_anew(place)).into();
        assert_eq!(numbers, [1, 5, 3, 6, 7]);
        known.meet(4, time(20), 2);
        let kept: Vec<u64> = (0..7).map(|place| known.number_of(place)).collect();
        assert_eq!(kept, [0, 1, 5, 3, 2, 6, 7]);
    }

    #[test]
    fn what_is_new_conflicts_with_what_is_missing() {
        let mut known = known(&[(0, 10), (1, 20)]);
        known.meet(0, time(10), 0);
        assert_eq!((known.conflict(), known.missing_since()), (None, Some(time(20))));
        known.note_new(Place::Line(3));
        known.note_new(Place::Line(4));
        assert_eq!(known.conflict(), Some((Place::Line(3), time(20))));
        known.meet(5, time(20), 1);
        assert_eq!(known.conflict(), None);
    }
}
