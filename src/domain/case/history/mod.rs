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
/// A field that has changed and changed back does not differ. Events that happened between two days may have been
/// recorded before others of the first day. Where none of them has moved the field, those others have: in the later state
/// they move it otherwise than in the earlier one, where they stand alone. Where they found no case there, it is the event
/// that opens the case.
#[must_use]
pub fn between(events: &[(Recorded<CaseFact>, Part)]) -> Vec<MadeDifference> {
    let mut earlier = Case::default();
    let mut walk = Walk::default();
    for (place, (event, part)) in events.iter().enumerate() {
        match part {
            // Up to the first later event the two states are one.
            Part::Both if walk.steps.is_empty() => {
                earlier.evolve(event);
                walk.case.evolve(event);
            }
            Part::Both => walk.step_of_both(place, event, &moved(&mut earlier, event)),
            Part::Later => walk.step(place, event),
            Part::Neither => {}
        }
    }
    walk.since(&earlier)
}

/// What these events make of a case.
#[must_use]
pub fn made_by(before: &Case, events: &[Recorded<CaseFact>]) -> Vec<MadeDifference> {
    let mut walk = Walk { case: before.clone(), ..Walk::default() };
    for (place, event) in events.iter().enumerate() {
        walk.step(place, event);
    }
    walk.since(before)
}

/// A case that goes on event by event, and which fields each of them has moved.
#[derive(Default)]
struct Walk {
    case: Case,
    /// The event that opens the case, where it is one of the steps.
    opening: Option<usize>,
    steps: Vec<(usize, Vec<CaseField>)>,
    /// The events that the earlier state has, too, and which fields each has moved otherwise here than there.
    swayed: Vec<(usize, Vec<CaseField>)>,
}

impl Walk {
    fn step(&mut self, place: usize, event: &Recorded<CaseFact>) {
        let was_open = self.case.file.is_some();
        let moved = moved(&mut self.case, event);
        if !was_open && self.case.file.is_some() {
            self.opening = Some(place);
        }
        self.steps.push((place, moved.into_iter().map(|difference| difference.field).collect()));
    }

    /// A step that the earlier state has taken, too: there it has moved what is given.
    fn step_of_both(&mut self, place: usize, event: &Recorded<CaseFact>, there: &[FieldDifference]) {
        let here = moved(&mut self.case, event);
        let only_here = here.iter().filter(|difference| !there.contains(difference));
        let only_there = there.iter().filter(|difference| !here.contains(difference));
        self.swayed.push((place, only_here.chain(only_there).map(|difference| difference.field).collect()));
    }

    fn since(&self, earlier: &Case) -> Vec<MadeDifference> {
        let all = self.case.file.iter().flat_map(|file| differences(earlier.file.as_ref(), file));
        all.map(|difference| {
            let movers = |steps: &[(usize, Vec<CaseField>)]| -> Vec<usize> {
                let moved = steps.iter().filter(|(_, fields)| fields.contains(&difference.field));
                moved.map(|(place, _)| *place).collect()
            };
            let mut made_by = movers(&self.steps);
            if made_by.is_empty() {
                made_by = match earlier.file {
                    None => self.opening.into_iter().collect(),
                    Some(_) => movers(&self.swayed),
                };
            }
            MadeDifference { difference, made_by }
        })
        .collect()
    }
}

/// Takes an event in, and tells what of the case it moves.
fn moved(case: &mut Case, event: &Recorded<CaseFact>) -> Vec<FieldDifference> {
    let before = case.file.clone();
    case.evolve(event);
    case.file.iter().flat_map(|file| differences(before.as_ref(), file)).collect()
}

/// Every change of one field, in the order of the events; each with the place of the event that made it.
#[must_use]
pub fn of_field(events: &[Recorded<CaseFact>], field: CaseField) -> Vec<(usize, FieldDifference)> {
    let mut case = Case::default();
    let mut changes = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let moved = moved(&mut case, event).into_iter();
        changes.extend(moved.filter(|difference| difference.field == field).map(|difference| (place, difference)));
    }
    changes
}
