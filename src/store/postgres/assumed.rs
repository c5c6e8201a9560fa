//! What this process knows of the log without asking: what it wrote last itself.
//!
//! As long as nobody else writes, a batch can be planned on that, and its statement sees for itself whether it is so.
//! Where several servers write by turns it hardly ever is, and asking first is cheaper.

use std::collections::HashMap;

use crate::ledger::tree::Frontier;
use crate::store::known::{Asked, Known};
use crate::store::plan::Plan;
use crate::store::{Append, Head};

/// How many batches ask first after somebody else wrote.
const ASKED_FIRST: u32 = 16;

/// What is remembered between batches.
#[derive(Default)]
pub(super) struct Memory {
    /// `None` before the first commit.
    end: Option<LogEnd>,
    /// How many batches are still to ask first.
    to_ask: u32,
    /// How many bits the head had when the statements of commits were planned; `None` before the first commit.
    planned_for: Option<u32>,
}

/// How the log ends.
struct LogEnd {
    head: Head,
    origin: String,
    tree: Frontier,
    /// The last numbers of the series from which this process has taken one.
    series: HashMap<String, u64>,
}

impl LogEnd {
    /// Whether what the database says of it, and of the series that it was asked for, is the same.
    fn is_as(&self, known: &Known) -> bool {
        let is_same = |(name, last): (&String, &u64)| known.series.get(name).is_none_or(|known| known == last);
        self.head == known.head
            && self.origin == known.origin
            && self.tree == known.tree
            && self.series.iter().all(is_same)
    }
}

/// What a plan was made on.
pub(super) struct Assumed<'a> {
    /// Where the log ends.
    pub(super) head: Head,
    /// The name of the log.
    pub(super) origin: String,
    /// The peaks of the tree.
    pub(super) peaks: Vec<u8>,
    /// The keys, of which none was used, and the streams with their versions.
    pub(super) asked: Asked<'a>,
    /// The last number of each series that is asked for.
    pub(super) last_numbers: Vec<i64>,
}

impl Memory {
    /// What a batch takes for granted, if this process knows all that it needs besides.
    pub(super) fn assume<'a>(&mut self, batch: &'a [Append]) -> Option<(Known, Assumed<'a>)> {
        if self.to_ask > 0 {
            self.to_ask -= 1;
            return None;
        }
        let LogEnd { head, origin, tree, series } = self.end.as_ref()?;
        let asked = Asked::of(batch);
        let last_numbers = asked.series.iter().map(|name| series.get(*name).map(|last| last.cast_signed()));
        let last_numbers = last_numbers.collect::<Option<Vec<_>>>()?;
        let known = Known {
            time: None,
            head: *head,
            origin: origin.clone(),
            tree: tree.clone(),
            commands: HashMap::new(),
            versions: asked
                .streams
                .iter()
                .copied()
                .zip(asked.versions.iter().map(|version| version.cast_unsigned()))
                .collect(),
            series: series.clone(),
        };
        Some((known, Assumed { head: *head, origin: origin.clone(), peaks: tree.to_bytes(), asked, last_numbers }))
    }

    /// Whether the log has twice the length for which the statements of commits were planned: then they are to be
    /// planned anew, which this takes for done.
    pub(super) fn outgrows_plans(&mut self) -> bool {
        let Some(end) = &self.end else { return false };
        let bits = u64::BITS - end.head.next_position.leading_zeros();
        self.planned_for.replace(bits).is_some_and(|planned_for| planned_for != bits)
    }

    /// Takes in what the database says under the lock.
    pub(super) fn learn(&mut self, known: &Known) {
        if self.end.as_ref().is_some_and(|end| !end.is_as(known)) {
            (self.end, self.to_ask) = (None, ASKED_FIRST);
        }
    }

    /// Takes in what was committed.
    pub(super) fn remember(&mut self, plan: &Plan) {
        let series = self.end.take().map(|end| end.series).unwrap_or_default();
        let mut end = LogEnd { head: plan.head, origin: plan.origin.clone(), tree: plan.tree.clone(), series };
        end.series.extend(plan.rows.series.iter().map(|(series, number)| (series.clone(), *number)));
        self.end = Some(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_made_anew_whenever_the_log_has_doubled() {
        let mut memory = Memory::default();
        assert!(!memory.outgrows_plans(), "nothing is planned before the first commit");
        let anew: Vec<_> = (1..=1_024)
            .filter(|next_position| {
                let head = Head { next_position: *next_position, recorded_at: 0 };
                let (origin, tree, series) = (String::new(), Frontier::default(), HashMap::new());
                memory.end = Some(LogEnd { head, origin, tree, series });
                memory.outgrows_plans()
            })
            .collect();
        assert_eq!(anew, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024]);
    }

    #[test]
    fn plans_stay_when_somebody_else_has_written() {
        let mut memory = Memory { planned_for: Some(3), ..Memory::default() };
        assert!(!memory.outgrows_plans());
        assert_eq!(memory.planned_for, Some(3));
    }
}
