//! What has changed between two states of a case, field by field, and which events made it so. Pure: whoever asks
//! brings the events.

mod difference;
mod reason;

pub use difference::{CaseField, Changed, Difference, FieldDifference, Listed, Named, differences};

use crate::domain::case::Case;
use crate::domain::case::event::CaseFact;
use crate::domain::event::Recorded;

/// A field that differs, and the events that made it differ: their places in the list that was asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct MadeDifference {
    /// The field with what it was and what it is.
    pub difference: FieldDifference,
    /// Which events made it so, in order.
    pub made_by: Vec<usize>,
}

/// What an event belongs to: both states, the later one alone, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Both states know of it.
    Both,
    /// Only the later one does.
    Later,
    /// Neither does.
    Neither,
}

/// What differs between two states that are folds of these events. The earlier one may be from before the case was
/// reported: then everything is new.
///
/// A field that has changed and changed back does not differ. Where no single event has moved the field, all that lie
/// between have: so it is when events that happened between two days were recorded before others of the first day.
#[must_use]
pub fn between(events: &[(Recorded<CaseFact>, Part)]) -> Vec<MadeDifference> {
    let mut earlier = Case::default();
    let mut walk = Walk::default();
    for (place, (event, part)) in events.iter().enumerate() {
        match part {
            Part::Both => {
                earlier.evolve(event);
                walk.case.evolve(event);
            }
            Part::Later => walk.step(place, event),
            Part::Neither => {}
        }
    }
    walk.since(&earlier)
}

/// What these events make of a case.
#[must_use]
pub fn made_by(before: &Case, events: &[Recorded<CaseFact>]) -> Vec<MadeDifference> {
    let mut walk = Walk { case: before.clone(), steps: Vec::new() };
    for (place, event) in events.iter().enumerate() {
        walk.step(place, event);
    }
    walk.since(before)
}

/// A case that goes on event by event, and which fields each of them has moved.
#[derive(Default)]
struct Walk {
    case: Case,
    steps: Vec<(usize, Vec<CaseField>)>,
}

impl Walk {
    fn step(&mut self, place: usize, event: &Recorded<CaseFact>) {
        let before = self.case.clone();
        self.case.evolve(event);
        let moved = self.case.file.iter().flat_map(|file| differences(before.file.as_ref(), file));
        self.steps.push((place, moved.map(|difference| difference.field).collect()));
    }

    fn since(&self, earlier: &Case) -> Vec<MadeDifference> {
        let all = self.case.file.iter().flat_map(|file| differences(earlier.file.as_ref(), file));
        all.map(|difference| {
            let moved = self.steps.iter().filter(|(_, fields)| fields.contains(&difference.field));
            let mut made_by: Vec<_> = moved.map(|(place, _)| *place).collect();
            if made_by.is_empty() {
                made_by = self.steps.iter().map(|(place, _)| *place).collect();
            }
            MadeDifference { difference, made_by }
        })
        .collect()
    }
}

/// Every change of one field, in the order of the events; each with the place of the event that made it.
#[must_use]
pub fn of_field(events: &[Recorded<CaseFact>], field: CaseField) -> Vec<(usize, FieldDifference)> {
    let mut case = Case::default();
    let mut changes = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let before = case.clone();
        case.evolve(event);
        let moved = case.file.iter().flat_map(|file| differences(before.file.as_ref(), file));
        changes.extend(moved.filter(|difference| difference.field == field).map(|difference| (place, difference)));
    }
    changes
}
