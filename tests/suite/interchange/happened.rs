//! The past of an imported log: what had happened by 200 moments is what a script finds that reads nothing but the log.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use etalon::app::Moment;
use etalon::domain::case::Case;
use etalon::projection;

use crate::interchange::support::{House, Log, case_event, every_case, importer, problem_desk};
use crate::store::on_both_databases;
use crate::store::support::Database;

on_both_databases!(an_imported_log_has_its_own_past);

const MOMENTS: usize = 200;
/// Of these also every row is compared with a fold of the log.
const FOLDED_EVERY: usize = 20;

async fn an_imported_log_has_its_own_past(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::of_the_problem_desk()).await.unwrap();
    let mut streams: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for record in house.events().await.iter().filter(|record| record.aggregate_type == "Case") {
        streams.entry(record.aggregate_id.clone()).or_default().push(case_event(record));
    }
    let times = streams.values().flatten().map(|event| event.occurred_at.as_microsecond());
    let (first, last) = (times.clone().min().unwrap() - 1, times.max().unwrap() + 1);
    let moments: Vec<i64> = (0..MOMENTS).map(|place| between(first, last, place)).collect();
    let told = told_by_the_script(&moments);
    assert_eq!(told.len(), MOMENTS);
    for (place, (moment, told)) in moments.iter().zip(told).enumerate() {
        let page = every_case(Moment::Occurred(*moment));
        let cases = house.app.cases(&importer(), &page).await.unwrap();
        assert_eq!(house.app.count_cases(&importer(), &page).await.unwrap(), cases.len() as u64);
        let found: BTreeMap<String, u64> = cases
            .iter()
            .map(|case| {
                let events = &streams[&case.row.case_id.to_string()];
                (events[0].source.as_ref().unwrap().case.clone(), case.version)
            })
            .collect();
        assert_eq!(found, told, "by {moment}");
        if place % FOLDED_EVERY == 0 {
            for case in &cases {
                let mut folded = Case::default();
                let events = &streams[&case.row.case_id.to_string()];
                events
                    .iter()
                    .filter(|event| event.occurred_at.as_microsecond() <= *moment)
                    .for_each(|event| folded.evolve(event));
                let row = projection::case::changes(case.row.case_id, &Case::default(), &folded).case;
                assert_eq!(row.as_ref(), Some(&case.row), "by {moment}");
            }
        }
    }
    let rebuilt = house.app.rebuild(|_, _| {}).await.unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

/// Moments all over the log, the same in every run.
fn between(first: i64, last: i64, place: usize) -> i64 {
    let drawn = (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
    first + i64::try_from((u128::from(drawn) * u128::from((last - first).unsigned_abs())) >> 53).unwrap()
}

fn told_by_the_script(moments: &[i64]) -> Vec<BTreeMap<String, u64>> {
    let python = std::env::var_os("ETALON_TEST_PYTHON").expect("ETALON_TEST_PYTHON is set: run tests/run");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/past_of_a_log.py");
    let mut command = Command::new(python)
        .arg(script)
        .arg(problem_desk())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<String> =
        moments.iter().map(|moment| jiff::Timestamp::from_microsecond(*moment).unwrap().to_string()).collect();
    command.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let output = command.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
