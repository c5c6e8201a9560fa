//! What became of a log that was brought in: how many of each, and what was left out and why.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::interchange::read::{Events, Place};

/// The most events that were left out of which the report tells one by one.
pub const MOST_SKIPPED_TOLD: usize = 100;

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
    /// Events that an earlier import brought in.
    pub already_there: u64,
    /// Events that were left out.
    pub skipped_count: u64,
    /// The first of them in the file, with the reason.
    pub skipped: Vec<Skipped>,
}

/// An event that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// Where it stands in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Why.
    pub message: String,
}

impl ImportReport {
    /// Counts an event that became what the mapping makes of it.
    pub fn count_mapped(&mut self, fact: &str) {
        self.events_read += 1;
        *self.mapped.entry(fact.to_owned()).or_default() += 1;
    }

    /// Counts an event that became a legacy activity, as the mapping says.
    pub fn count_legacy(&mut self) {
        self.events_read += 1;
        self.legacy += 1;
    }

    /// Counts an event that became a legacy activity because the lifecycle did not allow the fact that was wished for.
    pub fn count_refused(&mut self, wished: &str) {
        self.count_legacy();
        *self.refused_by_lifecycle.entry(wished.to_owned()).or_default() += 1;
    }

    /// Counts an event that an earlier import brought in.
    pub fn count_already_there(&mut self) {
        self.events_read += 1;
        self.already_there += 1;
    }

    /// Counts an event that is left out. Cases come in side by side, so that events of different cases may be told in
    /// any order.
    pub fn skip(&mut self, place: Option<Place>, reason: impl fmt::Display) {
        self.events_read += 1;
        self.skipped_count += 1;
        let order = |place: Option<Place>| place.map(Place::order);
        let index = self.skipped.partition_point(|before| order(before.place) <= order(place));
        if index < MOST_SKIPPED_TOLD {
            self.skipped.insert(index, Skipped { place, message: reason.to_string() });
            self.skipped.truncate(MOST_SKIPPED_TOLD);
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
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_programs_are_told_the_same() {
        let mut report = ImportReport { cases: 2, ..ImportReport::default() };
        report.count_mapped("CaseReported");
        report.count_mapped("CaseReported");
        report.count_legacy();
        report.count_refused("ClockResumed");
        report.count_already_there();
        report.skip(Some(Place::Line(7)), "line 7: no case id");
        assert_eq!(
            report.to_string(),
            "        2 cases\n        6 events, of which\n        2 became CaseReported\n        2 became LegacyActivityRecorded\n\
             \x20       1   of them since the lifecycle did not allow ClockResumed then\n        1 were there already\n        1 were left out\n\
             \x20         line 7: no case id"
        );
        assert_eq!(
            serde_json::to_value(&report).unwrap(),
            serde_json::json!({
                "cases": 2, "emptyCases": 0, "eventsRead": 6, "mapped": {"CaseReported": 2}, "legacy": 2,
                "refusedByLifecycle": {"ClockResumed": 1}, "alreadyThere": 1, "skippedCount": 1,
                "skipped": [{"place": "line 7", "message": "line 7: no case id"}]
            })
        );
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
