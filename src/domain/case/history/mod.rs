//! What has changed between two states of a case, field by field, and which events made it so. Pure: whoever asks
//! brings the events.

mod difference;
mod list;
mod reason;
mod touch;

pub use difference::{CaseField, Changed, Difference, FieldDifference, Named, differences};
pub use list::Listed;

use crate::domain::case::Case;
use crate::domain::case::event::CaseFact;
use crate::domain::case::state::File;
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

/// What differs between two states that are folds of the same events, told one event after the other. The earlier one may
/// be from before the case was reported: then everything is new.
///
/// A field that has changed and changed back does not differ. Events that happened between two days may have been
/// recorded before others of the first day. Where none of them has moved the field, those others have: in the later state
/// they move it otherwise than in the earlier one, where they stand alone. Where they found no case there, it is the event
/// that opens the case.
#[derive(Default)]
pub struct Comparison {
    earlier: Steps,
    walk: Walk,
    /// How many events were told.
    told: usize,
}

impl Comparison {
    /// Takes the next event in.
    pub fn take(&mut self, event: &Recorded<CaseFact>, part: Part) {
        match part {
            // Up to the first later event the two states are one.
            Part::Both if self.walk.steps.is_empty() => {
                self.earlier.take(event);
                self.walk.case.take(event);
            }
            Part::Both => {
                let there = self.earlier.moved(event, CaseField::ALL);
                self.walk.step_of_both(self.told, event, &there);
            }
            Part::Later => self.walk.step(self.told, event),
            Part::Neither => {}
        }
        self.told += 1;
    }

    /// What differs.
    #[must_use]
    pub fn differences(&self) -> Vec<MadeDifference> {
        self.walk.since(&self.earlier.now)
    }
}

/// What these events make of a case.
#[must_use]
pub fn made_by(before: &Case, events: &[Recorded<CaseFact>]) -> Vec<MadeDifference> {
    let mut walk = Walk { case: Steps::from(before), ..Walk::default() };
    for (place, event) in events.iter().enumerate() {
        walk.step(place, event);
    }
    walk.since(before)
}

/// A case that goes on event by event, beside itself one event behind: what an event moves is told without a copy of all
/// that was there before it.
#[derive(Default)]
pub struct Steps {
    now: Case,
    behind: Case,
}

impl Steps {
    /// Takes an event in.
    fn take(&mut self, event: &Recorded<CaseFact>) {
        self.now.evolve(event);
        self.behind.evolve(event);
    }

    /// Takes an event in, and tells what of these fields it moves.
    pub fn moved(&mut self, event: &Recorded<CaseFact>, fields: &[CaseField]) -> Vec<FieldDifference> {
        self.now.evolve(event);
        let (before, after) = (self.behind.file.as_ref(), self.now.file.iter());
        let moved = after.flat_map(|after| difference::moved(before, event, after, fields)).collect();
        self.behind.evolve(event);
        moved
    }
}

impl From<&Case> for Steps {
    fn from(case: &Case) -> Self {
        Self { now: case.clone(), behind: case.clone() }
    }
}

/// A case that goes on event by event, and which fields each of them has moved.
#[derive(Default)]
struct Walk {
    case: Steps,
    /// The event that opens the case, where it is one of the steps.
    opening: Option<usize>,
    steps: Vec<(usize, Vec<CaseField>)>,
    /// The events that the earlier state has, too, and which fields each has moved otherwise here than there.
    swayed: Vec<(usize, Vec<CaseField>)>,
}

impl Walk {
    fn file(&self) -> Option<&File> {
        self.case.now.file.as_ref()
    }

    fn step(&mut self, place: usize, event: &Recorded<CaseFact>) {
        let was_open = self.file().is_some();
        let moved = self.case.moved(event, CaseField::ALL);
        if !was_open && self.file().is_some() {
            self.opening = Some(place);
        }
        self.steps.push((place, moved.into_iter().map(|difference| difference.field).collect()));
    }

    /// A step that the earlier state has taken, too: there it has moved what is given.
    fn step_of_both(&mut self, place: usize, event: &Recorded<CaseFact>, there: &[FieldDifference]) {
        let here = self.case.moved(event, CaseField::ALL);
        let only_here = here.iter().filter(|difference| !there.contains(difference));
        let only_there = there.iter().filter(|difference| !here.contains(difference));
        self.swayed.push((place, only_here.chain(only_there).map(|difference| difference.field).collect()));
    }

    fn since(&self, earlier: &Case) -> Vec<MadeDifference> {
        let all = self.file().into_iter().flat_map(|file| differences(earlier.file.as_ref(), file));
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
