//! What cannot come in: the error says where it stands, and nothing of the log is on record, not even its campaign.

use std::error::Error;

use etalon::interchange::format::Format;
use etalon::interchange::import::error::ImportError;
use etalon::interchange::mapping::Mapping;

use crate::interchange::support::{DRIFT, House, Log};
use crate::store::on_both_databases;
use crate::store::support::Database;

on_both_databases!(
    nothing_of_a_bad_log_comes_in,
    what_is_good_of_a_bad_log_comes_in_when_asked_for,
    nothing_of_another_kind_of_file_comes_in,
    a_person_who_is_listed_under_a_name_that_the_file_does_not_have_ends_the_import,
);

/// A log with a bad event, what is said of that, and how many of its other events can come in.
struct Bad {
    log: Log,
    message: &'static str,
    good: u64,
}

fn bad_logs() -> Vec<Bad> {
    let mut logs: Vec<_> = bad_tickets().into_iter().chain(bad_lines()).collect();
    logs.extend([
        Bad { log: cut_off(), message: "the gzip data is cut off or damaged after trace 434, event 1", good: 2_469 },
        Bad {
            log: Log::of_the_problem_desk().mapped(|mapping| mapping.replace("\"concept:name\"", "\"task\"")),
            message: "trace 1, event 1: no activity: the attribute `task` is missing or empty",
            good: 0,
        },
        Bad {
            log: Log::of_the_problem_desk().mapped(|mapping| mapping.replace("{org:group}", "{customer}")),
            message: "trace 1, event 1: `case.organisation`: the attribute `customer` is missing or empty",
            good: 0,
        },
        Bad { log: Log::traces(OTHER_TRACES), message: "trace 2, event 1: `case.title`: ", good: 1 },
        // What is said of a case is said of each of its events.
        Bad {
            log: Log::traces(OTHER_TRACES.replacen(
                "value=\"1\"",
                "value=\"1\"/><string key=\"note\" value=\"a\0b\"",
                1,
            )),
            message: "trace 1, event 1: the attribute `case:note` has the character U+0000",
            good: 0,
        },
    ]);
    logs
}

/// The first half of the file.
fn cut_off() -> Log {
    let mut log = Log::of_the_problem_desk();
    log.bytes.truncate(log.bytes.len() / 2);
    log
}

/// What another program writes: the second case is of nothing that this mapping knows.
const OTHER_TRACES: &str = r#"<log>
    <trace><string key="concept:name" value="1"/><event><string key="concept:name" value="Accepted"/>
        <date key="time:timestamp" value="2012-01-01T00:00:00Z"/><string key="org:group" value="A"/>
        <string key="org:resource" value="Minnie"/><string key="product" value="P"/></event></trace>
    <trace><string key="concept:name" value="2"/><event><string key="concept:name" value="Accepted"/>
        <date key="time:timestamp" value="2012-01-01T00:00:00Z"/><string key="org:group" value="A"/>
        <string key="org:resource" value="Siebel"/></event></trace>
</log>"#;

fn bad_tickets() -> Vec<Bad> {
    let rows = [
        ("T-17;Delta Gauge Works;4403".to_owned(), "line 6: "),
        (DRIFT[1].replace("15.03.2012", "2012-03-15"), "line 6: `changed`: "),
        (DRIFT[2].replace("4401", "3201").replace("T-18", "T-19"), "line 6: `case.division`: "),
        (DRIFT[1].replace("T-17", ""), "line 6: no case id: the attribute `ticket` is missing or empty"),
        (DRIFT[1].replace("reference", "refer\0ence"), "line 6: the attribute `remark` has the character U+0000"),
        (DRIFT[1].replace("2012", "2031"), "line 6: 2031-03-15T08:05:00Z is after the present, "),
        (DRIFT[1].replace("2012", "1948"), "line 6: 1948-03-15T08:05:00Z is before 1949"),
    ];
    let bad = |(row, message): (String, _)| Bad {
        log: Log::tickets(&[DRIFT[0], DRIFT[1], DRIFT[2], &row, DRIFT[3]]),
        message,
        good: 4,
    };
    // As a legacy activity everybody who sees the case would read it.
    let aside = "T-19;Delta Gauge Works;4403;Drift;;aside;16.03.2012 10:00;Li Wei;high;not for them";
    let internal = Bad {
        log: Log::tickets(&[DRIFT[0], aside, DRIFT[2]])
            .mapped(|mapping| mapping.replace("when = { first = true }", "when = { activity = \"new\" }")),
        message: "line 4: what is internal neither opens a case nor becomes a legacy activity",
        good: 2,
    };
    rows.map(bad).into_iter().chain([internal]).collect()
}

fn bad_lines() -> Vec<Bad> {
    let line = |day: &str| {
        format!(
            r#"{{"ticket":"T-1","company":"Delta Gauge Works","subject":"Drift","status":"new","changed":"{day}T09:30:00+08:00","changed_by":"Li Wei"}}"#
        )
    };
    let lines = [
        (r#"{"ticket":"#.to_owned(), "line 2: "),
        (r#"{"ticket":"T-1","ticket":"T-2"}"#.to_owned(), "line 2: "),
        ("[]".to_owned(), "line 2: "),
        (
            line("2012-03-14").replace("Drift", "Dr\\u0000ift"),
            "line 2: the attribute `subject` has the character U+0000",
        ),
        (line("2012-02-30"), "line 2: `changed`: "),
        (line("2031-03-14"), "line 2: 2031-03-14T01:30:00Z is after the present, "),
        (line("1948-12-31"), "line 2: 1948-12-31T01:30:00Z is before 1949"),
    ];
    let bad = |(bad, message): (String, _)| Bad {
        log: Log::lines(&[&line("2012-03-14"), &bad, &line("2012-03-15")]),
        message,
        good: 2,
    };
    lines.map(bad).into()
}

async fn nothing_of_a_bad_log_comes_in(database: Database) {
    let house = House::on(&database).await;
    for Bad { log, message, .. } in bad_logs() {
        let ended = house.import(&log).await.unwrap_err();
        assert!(matches!(ended, ImportError::Bad(_)), "{ended:?}");
        let reason = ended.source().expect("an error that ends an import says why").to_string();
        assert!(reason.starts_with(message), "{reason}");
        assert_eq!(house.head().await, None, "{reason}");
    }
}

async fn what_is_good_of_a_bad_log_comes_in_when_asked_for(database: Database) {
    let house = House::on(&database).await;
    for (number, Bad { log, message, good }) in bad_logs().into_iter().enumerate() {
        // Under a name of its own, each log is another one.
        let log = log.renamed(&format!("log {number}"));
        let before = house.head().await;
        let report = house.import_what_is_good(&log).await.unwrap();
        let told = &report.skipped[0];
        assert!(told.message.starts_with(message), "{}", told.message);
        assert_eq!(report.mapped.values().sum::<u64>() + report.legacy, good, "{message}");
        assert_eq!(report.events_read, good + report.skipped_count);
        let unread = report.unread_behind.as_ref().map(|end| end.message.as_str());
        assert_eq!(unread, message.starts_with("the gzip data").then_some(told.message.as_str()), "{report}");
        assert_eq!(house.head().await == before, good == 0, "{message}");
        assert!(report.to_string().contains(&told.message));
    }
    house.check_replay().await;
}

async fn nothing_of_another_kind_of_file_comes_in(database: Database) {
    let house = House::on(&database).await;
    let log = Log::tickets(DRIFT);
    for (format, message) in [(Format::Xes, "text stands between elements: "), (Format::Jsonl, "line 1: ")] {
        let ended = house.import(&Log { format, ..log.clone() }).await.unwrap_err();
        let reason = ended.source().expect("an error that ends an import says why").to_string();
        assert!(reason.starts_with(message), "{reason}");
    }
    // A header that is none of this mapping's: every event of it lacks everything.
    let other = Log { bytes: b"id,text\n1,one\n".to_vec(), ..log };
    let ended = house.import(&other).await.unwrap_err();
    assert_eq!(ended.source().unwrap().to_string(), "line 2: no case id: the attribute `ticket` is missing or empty");
    assert_eq!(house.head().await, None);
}

/// Who is personal under another name would be in the log for everybody to read, and could not be erased.
async fn a_person_who_is_listed_under_a_name_that_the_file_does_not_have_ends_the_import(database: Database) {
    let house = House::on(&database).await;
    let misspelt = Log::tickets(DRIFT).mapped(|mapping| mapping.replace("[\"changed_by\"]", "[\"Changed_By\"]"));
    let both = [house.import(&misspelt).await, house.import_what_is_good(&misspelt).await];
    for ended in both.map(Result::unwrap_err) {
        assert_eq!(ended.code(), Some("PERSONAL_UNMET"));
        assert!(
            ended.to_string().contains("`Changed_By` (the file has `changed`, `changed_by`): mend the names"),
            "{ended}"
        );
        assert_eq!(house.head().await, None);
    }
    // A column is there, whatever its rows say.
    let nobody = DRIFT[2].replace("Wang Fang", "");
    let report = house.import(&Log::tickets(&[&nobody]).renamed("Other tickets")).await.unwrap();
    assert_eq!(report.mapped["CaseReported"], 1);
}

#[test]
fn a_mapping_that_is_none_names_its_key() {
    let refused = Mapping::parse("mine.toml", "log = \"L\"\nlogs = 1\n").unwrap_err();
    assert!(refused.to_string().starts_with("mine.toml: line 2: "), "{refused}");
}
