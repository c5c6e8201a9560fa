//! The log of a real problem desk.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::process::Command;

use etalon::app::RegisterPage;
use etalon::domain::campaign::Campaign;
use etalon::domain::campaign::values::CampaignKind;
use etalon::domain::enterprise::Enterprise;
use etalon::interchange::format::Format;
use etalon::interchange::import::{BadEvents, import};
use etalon::interchange::read::open;
use etalon::interchange::report::ImportReport;
use tokio::sync::Notify;

use crate::interchange::support::{House, Log, case_event, importer, problem_desk};
use crate::store::on_both_databases;
use crate::store::support::Database;

on_both_databases!(every_event_comes_in_once_and_goes_out, what_was_interrupted_goes_on);

/// The facts of the log's events in the database.
const FACTS: &[(&str, usize)] =
    &[("CaseReported", 1_486), ("ClockPaused", 459), ("ClockResumed", 210), ("LegacyActivityRecorded", 4_505)];

async fn every_event_comes_in_once_and_goes_out(database: Database) {
    let house = House::on(&database).await;
    let log = Log::of_the_problem_desk();
    check_first_report(&house.import(&log).await.unwrap());
    check_database(&house, &log).await;

    let head = house.head().await.unwrap();
    // A campaign and 13 organisations come first; then one event for one event.
    assert_eq!(head + 1, 1 + 13 + 6_660);
    let again = house.import(&log).await.unwrap();
    let expected = ImportReport { cases: 1_487, events_read: 6_660, already_there: 6_660, ..ImportReport::default() };
    assert_eq!(again, expected);
    assert_eq!(house.head().await, Some(head));

    let exported = house.export(Format::Xes, head).await;
    assert_eq!(told_by(&log, exported.clone()), told_by(&log, log.bytes.clone()));
    check_with_pm4py(&exported);
}

fn check_first_report(report: &ImportReport) {
    assert_eq!((report.cases, report.empty_cases, report.events_read), (1_487, 0, 6_660));
    let mapped: BTreeMap<&str, u64> = report.mapped.iter().map(|(fact, count)| (fact.as_str(), *count)).collect();
    assert_eq!(mapped, BTreeMap::from([("CaseReported", 1_486), ("ClockPaused", 459), ("ClockResumed", 210)]));
    assert_eq!(report.legacy, 4_505);
    assert_eq!(
        report.refused_by_lifecycle,
        BTreeMap::from([("ClockPaused".into(), 44), ("ClockResumed".into(), 1_460)])
    );
    assert_eq!(report.skipped_count + report.already_there, 0);
}

/// What the log says is what the database holds: every event, its time and its place in its case.
async fn check_database(house: &House, log: &Log) {
    let events = house.events().await;
    let mut facts = BTreeMap::new();
    let mut told: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for record in events.iter().filter(|record| record.aggregate_type == "Case") {
        *facts.entry(record.event_type.as_str()).or_insert(0) += 1;
        let event = case_event(record);
        let source = event.source.expect("every event of a case was imported");
        assert_eq!(source.index + 1, record.sequence);
        told.entry(source.case).or_default().push((source.activity, event.occurred_at));
    }
    assert_eq!(facts, FACTS.iter().copied().collect());
    assert_eq!(told, told_by(log, log.bytes.clone()));

    let everything = RegisterPage { limit: 100, ..RegisterPage::default() };
    let campaigns = house.app.registers::<Campaign>(&importer(), &everything).await.unwrap();
    assert_eq!(campaigns.len(), 1);
    assert_eq!(campaigns[0].state.file.as_ref().unwrap().kind, CampaignKind::Import);
    let organisations = house.app.registers::<Enterprise>(&importer(), &everything).await.unwrap();
    assert_eq!(organisations.len(), 13);

    let cases = house.cases().await;
    assert_eq!(cases.len(), 1_487);
    let enterprises: BTreeSet<_> = cases.iter().map(|case| case.row.enterprise_id).collect();
    assert_eq!(enterprises, organisations.iter().map(|organisation| organisation.id).collect());
    // Every problem of this log is closed there, so none waits for anybody here.
    assert!(cases.iter().all(|case| case.row.campaign_id == campaigns[0].id && !case.row.is_open));
    house.check_replay().await;
}

/// What an XES log says of each case, in order.
fn told_by(log: &Log, bytes: Vec<u8>) -> BTreeMap<String, Vec<(String, jiff::Timestamp)>> {
    let mut told: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for event in open(Cursor::new(bytes), Format::Xes, &log.mapping.columns).unwrap() {
        let event = event.unwrap();
        let of_case = told.entry(event.case).or_default();
        assert_eq!(event.index, of_case.len() as u64);
        of_case.push((event.activity, event.at));
    }
    told
}

/// A process-mining library finds in the export what it finds in the log itself.
fn check_with_pm4py(exported: &[u8]) {
    const SCRIPT: &str = r#"
import sys, pm4py
for path in sys.argv[1:]:
    log = pm4py.convert_to_event_log(pm4py.read_xes(path))
    found = sorted((trace.attributes["concept:name"], sorted(event["concept:name"] for event in trace)) for trace in log)
    print(len(log), sum(map(len, log)), hash(repr(found)))
"#;
    let python = std::env::var_os("ETALON_TEST_PYTHON").expect("ETALON_TEST_PYTHON is set: run tests/run");
    let file = tempfile::Builder::new().suffix(".xes").tempfile().unwrap();
    std::fs::write(file.path(), exported).unwrap();
    let command = Command::new(python)
        .env("PYTHONHASHSEED", "0")
        .args(["-c", SCRIPT])
        .args([file.path(), &problem_desk()])
        .output()
        .unwrap();
    let (told, complaints) = (String::from_utf8_lossy(&command.stdout), String::from_utf8_lossy(&command.stderr));
    let logs: Vec<&str> = told.lines().collect();
    assert!(logs.len() == 2 && logs[0].starts_with("1487 6660 "), "{told}\n{complaints}");
    assert_eq!(logs[0], logs[1]);
}

async fn what_was_interrupted_goes_on(database: Database) {
    let house = House::on(&database).await;
    let log = Log::of_the_problem_desk();
    let enough = Notify::new();
    let tell = |done, of| {
        assert_eq!(of, 6_660);
        if done == 4_000 {
            enough.notify_one();
        }
    };
    let import = import(&house.app, log.file(), log.format, &log.mapping, BadEvents::EndTheImport, tell);
    tokio::select! {
        biased;
        () = enough.notified() => {}
        imported = import => panic!("it was not interrupted: {imported:?}"),
    }
    // Commands that were with the writer are still committed; this waits until it has nothing left to do.
    let house = house.restarted(&database).await;
    let there = house.head().await.unwrap() + 1 - 14;
    assert!((1..6_660).contains(&there), "{there}");

    let report = house.import(&log).await.unwrap();
    assert_eq!(report.already_there, there);
    assert_eq!(report.legacy + report.mapped.values().sum::<u64>(), 6_660 - there);
    check_database(&house, &log).await;
    assert_eq!(house.import(&log).await.unwrap().already_there, 6_660);
}
