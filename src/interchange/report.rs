//! What became of a log that was brought in: how many of each, and what was left out and why.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::interchange::mapping::plan::PlanError;
use crate::interchange::read::error::ReadError;
use crate::interchange::read::{Events, Place};
use crate::ledger::finding::harmless;

/// The most events that were left out of which the report tells one by one.
pub const MOST_SKIPPED_TOLD: usize = 100;

/// How many characters are told of the reason.
const MESSAGE_LENGTH: usize = 1_000;

/// What became of the events of a log: each of them is counted in exactly one of `mapped`, `legacy`, `already_there`
/// and `skipped_count`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// Cases that had an event in the file.
    pub cases: u64,
    /// Cases without any event: nothing of them could come in.
    pub empty_cases: u64,
    /// Events of the file, readable or not.
    pub events_read: u64,
    /// Events that became the fact that the mapping makes of them.
    pub mapped: BTreeMap<String, u64>,
    /// Events that became `LegacyActivityRecorded`.
    pub legacy: u64,
    /// Those of the legacy activities that the mapping wished to be another fact, which the lifecycle did not allow
    /// then.
    pub refused_by_lifecycle: BTreeMap<String, u64>,
    /// Those that it wished to be another fact, of which a value that the event has for it is none.
    pub refused_by_value: BTreeMap<String, RefusedByValue>,
    /// Events that an earlier import brought in.
    pub already_there: u64,
    /// Events that were left out.
    pub skipped_count: u64,
    /// The first of them in the file, with the reason.
    pub skipped: Vec<Skipped>,
    /// Why the file was not read to its end, if it was not: nothing behind that place came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread_behind: Option<Skipped>,
}

/// Events that did not become a fact, for one of its values is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedByValue {
    /// How many.
    pub count: u64,
    /// The first of them in the file, with the reason.
    pub first: Skipped,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// Nothing: an earlier import brought it in.
    AlreadyThere,
    /// This fact, which the mapping makes of it.
    Mapped(&'static str),
    /// A legacy activity, as the mapping says.
    Legacy,
    /// A legacy activity, because the lifecycle did not allow the fact that was wished for.
    LegacyInsteadOf(&'static str),
    /// A legacy activity, because a value of the fact that was wished for is none.
    LegacyForValue {
        /// That fact.
        wished: &'static str,
        /// Which value.
        problem: PlanError,
    },
}

/// An event that was left out, or is not what the mapping wished for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// Where it stands in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Why. It may quote the file, and is harmless.
    pub message: String,
}

impl Skipped {
    fn new(place: Option<Place>, reason: impl fmt::Display) -> Self {
        Self { place, message: harmless(&reason.to_string(), MESSAGE_LENGTH) }
    }
}

impl ImportReport {
    /// Counts an event that is not left out.
    pub fn count(&mut self, became: Became) {
        self.events_read += 1;
        match became {
            Became::AlreadyThere => self.already_there += 1,
            Became::Mapped(fact) => *self.mapped.entry(fact.to_owned()).or_default() += 1,
            Became::Legacy => self.legacy += 1,
            Became::LegacyInsteadOf(wished) => {
                self.legacy += 1;
                *self.refused_by_lifecycle.entry(wished.to_owned()).or_default() += 1;
            }
            Became::LegacyForValue { wished, problem } => {
                self.legacy += 1;
                self.refuse_value(wished, &problem);
            }
        }
    }

    fn refuse_value(&mut self, wished: &str, problem: &PlanError) {
        let this = Skipped::new(Some(problem.place), problem);
        let none_yet = || RefusedByValue { count: 0, first: this.clone() };
        let refused = self.refused_by_value.entry(wished.to_owned()).or_insert_with(none_yet);
        refused.count += 1;
        if this.place < refused.first.place {
            refused.first = this;
        }
    }

    /// Counts an event that is left out. Cases come in side by side, so that events of different cases may be told in
    /// any order.
    pub fn skip(&mut self, place: Option<Place>, reason: impl fmt::Display) {
        self.events_read += 1;
        self.skipped_count += 1;
        let order = |place: Option<Place>| place.map(Place::order);
        let index = self.skipped.partition_point(|before| order(before.place) <= order(place));
        if index < MOST_SKIPPED_TOLD {
            self.skipped.insert(index, Skipped::new(place, reason));
            self.skipped.truncate(MOST_SKIPPED_TOLD);
        }
    }

    /// Counts what cannot be read, which may be all that is left of the file.
    pub fn skip_unread(&mut self, error: &ReadError) {
        self.skip(error.place(), error);
        if !error.concerns_one_event() {
            self.unread_behind = Some(Skipped::new(error.place(), error));
        }
    }

    /// Takes over the numbers of cases, once the file is read.
    pub fn count_cases(&mut self, read: &Events) {
        self.cases = read.cases();
        self.empty_cases = read.empty_cases();
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>9} cases", self.cases)?;
        if self.empty_cases > 0 {
            writeln!(f, "{:>9} more without any event", self.empty_cases)?;
        }
        writeln!(f, "{:>9} events, of which", self.events_read)?;
        for (fact, count) in &self.mapped {
            writeln!(f, "{count:>9} became {fact}")?;
        }
        writeln!(f, "{:>9} became LegacyActivityRecorded", self.legacy)?;
        for (fact, count) in &self.refused_by_lifecycle {
            writeln!(f, "{count:>9}   of them since the lifecycle did not allow {fact} then")?;
        }
        for (fact, RefusedByValue { count, first }) in &self.refused_by_value {
            writeln!(f, "{count:>9}   of them since a value of {fact} is none, first {}", first.message)?;
        }
        writeln!(f, "{:>9} were there already", self.already_there)?;
        write!(f, "{:>9} were left out", self.skipped_count)?;
        for skipped in &self.skipped {
            // The message of an event names its place itself.
            write!(f, "\n          {}", skipped.message)?;
        }
        let untold = self.skipped_count - self.skipped.len() as u64;
        if untold > 0 {
            write!(f, "\n          … and {untold} more")?;
        }
        if let Some(end) = &self.unread_behind {
            write!(
                f,
                "\nthe file was not read to its end: nothing behind this place came in\n          {}",
                end.message
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_programs_are_told_the_same() {
        let mut report = ImportReport { cases: 2, ..ImportReport::default() };
        report.count(Became::Mapped("CaseReported"));
        report.count(Became::Mapped("CaseReported"));
        report.count(Became::Legacy);
        report.count(Became::LegacyInsteadOf("ClockResumed"));
        for line in [5, 4] {
            let field = "rule 5, text".to_owned();
            let problem = PlanError { place: Place::Line(line), field, message: "it is\nempty".to_owned() };
            report.count(Became::LegacyForValue { wished: "CommentAdded", problem });
        }
        report.count(Became::AlreadyThere);
        report.skip(Some(Place::Line(7)), "line 7: no case id");
        assert_eq!(
            report.to_string(),
            "        2 cases\n        8 events, of which\n        2 became CaseReported\n        4 became LegacyActivityRecorded\n\
             \x20       1   of them since the lifecycle did not allow ClockResumed then\n\
             \x20       2   of them since a value of CommentAdded is none, first line 4: `rule 5, text`: it is\u{fffd}empty\n\
             \x20       1 were there already\n        1 were left out\n\
             \x20         line 7: no case id"
        );
        assert_eq!(
            serde_json::to_value(&report).unwrap(),
            serde_json::json!({
                "cases": 2, "emptyCases": 0, "eventsRead": 8, "mapped": {"CaseReported": 2}, "legacy": 4,
                "refusedByLifecycle": {"ClockResumed": 1},
                "refusedByValue": {"CommentAdded": {"count": 2, "first": {
                    "place": "line 4", "message": "line 4: `rule 5, text`: it is\u{fffd}empty"
                }}},
                "alreadyThere": 1, "skippedCount": 1,
                "skipped": [{"place": "line 7", "message": "line 7: no case id"}]
            })
        );
    }

    #[test]
    fn a_file_that_was_not_read_to_its_end_is_told_as_such() {
        let mut report = ImportReport::default();
        report.skip_unread(&ReadError::event(Place::Line(3), "no case id"));
        assert!(report.unread_behind.is_none() && !report.to_string().contains("its end"), "{report}");
        report.skip_unread(&ReadError::malformed(Some(Place::Line(7)), "never closed"));
        assert_eq!(report.skipped_count, 2);
        assert!(
            report.to_string().ends_with(
                "\nthe file was not read to its end: nothing behind this place came in\n          line 7: never closed"
            ),
            "{report}"
        );
    }

    #[test]
    fn what_the_file_says_of_itself_begins_no_line_of_the_report() {
        let mut report = ImportReport::default();
        let hostile = "<\u{1b}[2J\nGOOD: 7 events> is no attribute";
        report.skip(Some(Place::Line(7)), hostile);
        report.skip_unread(&ReadError::malformed(Some(Place::Line(9)), hostile));
        let told = report.to_string();
        assert!(!told.contains('\u{1b}') && told.lines().all(|line| !line.starts_with("GOOD")), "{told}");
        assert!(told.contains("          line 9: <\u{fffd}[2J\u{fffd}GOOD: 7 events> is no attribute"), "{told}");
        report.skip(None, "x".repeat(2_000_000));
        assert_eq!(report.skipped[0].message.len(), MESSAGE_LENGTH);
    }

    #[test]
    fn however_much_is_left_out_the_report_stays_short() {
        let mut report = ImportReport::default();
        for line in (1..=150).rev() {
            report.skip(Some(Place::Line(line)), format!("line {line}: bad"));
        }
        assert_eq!(report.skipped.len(), MOST_SKIPPED_TOLD);
        assert!(report.to_string().ends_with("line 100: bad\n          … and 50 more"));
    }
}
