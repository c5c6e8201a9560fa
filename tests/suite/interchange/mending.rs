//! Files that were mended, grew or changed between imports: what is new comes in, and nothing twice.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::interchange::support::{DRIFT, House, Log, case_event};
use crate::store::on_both_databases;
use crate::store::support::Database;

on_both_databases!(
    an_entry_that_nobody_could_read_comes_in_alone_when_it_is_mended,
    a_late_row_comes_in_alone,
    a_row_that_is_too_large_keeps_no_other_out,
    whatever_becomes_of_a_file_no_event_is_there_twice,
);

/// How many histories of a file are lived through.
const HISTORIES: usize = 40;
/// How often a file of them is imported before it is whole.
const IMPORTS: usize = 3;

/// What was done with a case of a log, in the order of the log here: number, time and remark.
async fn told(house: &House, log: &str, case: &str) -> Vec<(u64, String, String)> {
    let events = house.events().await;
    let of_cases = events.iter().filter(|record| record.aggregate_type == "Case").map(case_event);
    of_cases
        .filter_map(|event| event.source.map(|source| (event.occurred_at, source)))
        .filter(|(_, source)| source.log == log && source.case == case)
        .map(|(at, source)| {
            let remark = source.attributes.get("remark").cloned().unwrap_or_default();
            (source.index, at.to_string(), remark)
        })
        .collect()
}

fn line(case: &str, minute: u8, remark: &str) -> String {
    format!(
        r#"{{"ticket":"{case}","company":"Delta Gauge Works","city":"4403","subject":"Drift","status":"note","changed":"{}","changed_by":"Li Wei","remark":"{remark}"}}"#,
        time(minute)
    )
}

fn time(minute: u8) -> String {
    format!("2012-03-14T09:{minute:02}:00Z")
}

/// As [`Log::lines`], of lines that were made.
fn lines(lines: &[String]) -> Log {
    Log::lines(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

async fn an_entry_that_nobody_could_read_comes_in_alone_when_it_is_mended(database: Database) {
    let house = House::on(&database).await;
    let mended: Vec<String> = ["new", "A", "B", "C"]
        .iter()
        .zip([30, 40, 50, 55])
        .map(|(remark, minute)| line("Z1", minute, remark))
        .collect();
    let mut broken = mended.clone();
    broken[1].insert(30, '"');
    let report = house.import_what_is_good(&lines(&broken)).await.unwrap();
    assert_eq!((report.skipped_count, report.mapped.values().sum::<u64>()), (1, 3));
    assert!(report.skipped[0].message.starts_with("line 2: the line is no JSON object"), "{report}");

    for expected in [(3, 1), (4, 0)] {
        let report = house.import(&lines(&mended)).await.unwrap();
        assert_eq!((report.already_there, report.events_read - report.already_there), expected, "{report}");
    }
    let log = Log::lines(&[]).mapping.log.to_string();
    let remarks = told(&house, &log, "Z1").await;
    let expected = [(0, 30, "new"), (1, 50, "B"), (2, 55, "C"), (3, 40, "A")];
    assert_eq!(remarks, expected.map(|(number, minute, remark)| (number, time(minute), remark.to_owned())));
    house.check_replay().await;

    // One that comes later still has its own place again.
    let longer = [mended, vec![line("Z1", 58, "D")]].concat();
    let report = house.import(&lines(&longer)).await.unwrap();
    assert_eq!((report.already_there, report.mapped["CommentAdded"]), (4, 1));
    assert_eq!(told(&house, &log, "Z1").await.pop().unwrap().0, 4);
}

async fn a_late_row_comes_in_alone(database: Database) {
    let house = House::on(&database).await;
    let early = Log::tickets(&[DRIFT[0], DRIFT[3], DRIFT[2]]);
    house.import(&early).await.unwrap();
    let head = house.head().await.unwrap();
    let late = Log::tickets(&[DRIFT[0], DRIFT[1], DRIFT[3], DRIFT[2], DRIFT[4]]);
    let report = house.import(&late).await.unwrap();
    assert_eq!((report.already_there, report.events_read, report.skipped_count), (3, 5, 0));
    assert_eq!(house.head().await, Some(head + 2));
    let report = house.import(&late).await.unwrap();
    assert_eq!((report.already_there, house.head().await), (5, Some(head + 2)));
    // A file that lacks what came in late adds nothing, and is told where it would add something.
    assert_eq!(house.import(&early).await.unwrap().already_there, 3);
    house.check_replay().await;
    let rebuilt = house.app.rebuild(|_, _| {}).await.unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

async fn a_row_that_is_too_large_keeps_no_other_out(database: Database) {
    let house = House::on(&database).await;
    let large = DRIFT[1].replace("waits", &"waits ".repeat(200_000));
    let report = house.import_what_is_good(&Log::tickets(&[DRIFT[0], &large, DRIFT[2], DRIFT[3]])).await.unwrap();
    assert_eq!((report.events_read, report.skipped_count, report.cases), (4, 1, 2));
    assert!(report.skipped[0].message.starts_with("line 4: the row, which ends in line 4, takes up more than"));
    assert!(report.unread_behind.is_none());
    let report = house.import(&Log::tickets(&DRIFT[..4])).await.unwrap();
    assert_eq!((report.already_there, report.events_read), (3, 4));
}

/// An event of the other tracker. There are so few of each that some are the same as others.
#[derive(Clone, Debug)]
struct Entry {
    case: u8,
    minute: u8,
    remark: u8,
}

/// How an entry stands in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Written {
    Well,
    /// Not even its case can be read.
    Broken,
    /// Its case can be read, its time cannot.
    Undated,
    NotYet,
    Otherwise,
}

impl Entry {
    fn line(&self, written: Written) -> Option<String> {
        let line = line(&format!("T-{}", self.case), self.minute, &self.remark(written));
        match written {
            Written::Well | Written::Otherwise => Some(line),
            Written::Broken => Some(line.replace("\"ticket\":", "\"ticket\"")),
            Written::Undated => Some(line.replace(&time(self.minute), "soon")),
            Written::NotYet => None,
        }
    }

    fn remark(&self, written: Written) -> String {
        format!("{}{}", self.remark, if written == Written::Otherwise { " or so" } else { "" })
    }
}

/// How often each event of a case is somewhere, by time and remark.
type Counted = BTreeMap<(String, String), usize>;

fn counted(events: impl IntoIterator<Item = (String, String)>) -> Counted {
    let mut counted = Counted::new();
    for event in events {
        *counted.entry(event).or_default() += 1;
    }
    counted
}

fn are_among(some: &Counted, all: &Counted) -> bool {
    some.iter().all(|(event, count)| all.get(event).is_some_and(|there| there >= count))
}

/// The events of a case that can be read in a file.
fn in_file(entries: &[Entry], written: &[Written], case: u8) -> Counted {
    let readable = entries
        .iter()
        .zip(written)
        .filter(|(entry, written)| entry.case == case && matches!(written, Written::Well | Written::Otherwise));
    counted(readable.map(|(entry, written)| (time(entry.minute), entry.remark(*written))))
}

fn history() -> impl Strategy<Value = (Vec<Entry>, Vec<Vec<Written>>)> {
    let entry = (0..2_u8, 0..3_u8, 0..3_u8).prop_map(|(case, minute, remark)| Entry { case, minute, remark });
    let written = prop_oneof![
        8 => Just(Written::Well),
        3 => Just(Written::Broken),
        1 => Just(Written::Undated),
        3 => Just(Written::NotYet),
        1 => Just(Written::Otherwise),
    ];
    vec(entry, 1..9).prop_flat_map(move |entries| {
        let file = vec(written.clone(), entries.len());
        (Just(entries), vec(file, IMPORTS))
    })
}

async fn whatever_becomes_of_a_file_no_event_is_there_twice(database: Database) {
    const CASES: [u8; 2] = [0, 1];
    let house = House::on(&database).await;
    let mut runner = TestRunner::deterministic();
    let (mut mended, mut kept_out) = (0, 0);
    for number in 0..HISTORIES {
        let (entries, mut files) = history().new_tree(&mut runner).unwrap().current();
        files.push(vec![Written::Well; entries.len()]);
        let name = format!("log {number}");
        let mut before = CASES.map(|_| Counted::new());
        for written in &files {
            let text: Vec<String> =
                entries.iter().zip(written).filter_map(|(entry, written)| entry.line(*written)).collect();
            let report = house.import_what_is_good(&lines(&text).renamed(&name)).await.unwrap();
            let mut added = 0;
            for (case, before) in CASES.iter().zip(&mut before) {
                let told = told(&house, &name, &format!("T-{case}")).await;
                let there = counted(told.into_iter().map(|(_, at, remark)| (at, remark)));
                let file = in_file(&entries, written, *case);
                // All that is new comes in, but nothing where an event that is there may be one of the new ones.
                let may_come_in = are_among(before, &file);
                let expected = if may_come_in { &file } else { &*before };
                assert_eq!(&there, expected, "{entries:?} in {files:?}, as of {written:?}\n{report}");
                added += (there.values().sum::<usize>() - before.values().sum::<usize>()) as u64;
                mended += usize::from(may_come_in && !before.is_empty() && there != *before);
                kept_out += usize::from(!may_come_in && !are_among(&file, before));
                *before = there;
            }
            assert_eq!(report.mapped.values().sum::<u64>() + report.legacy, added, "{report}");
            assert_eq!(report.events_read, added + report.already_there + report.skipped_count, "{report}");
            assert_eq!(report.events_read, text.len() as u64);
        }
    }
    assert!(mended > 10 && kept_out > 10, "{mended} cases were mended, {kept_out} kept as they were");
    house.check_replay().await;
}
