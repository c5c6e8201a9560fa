//! What goes out: the log as it is, and as it was.

use std::collections::BTreeSet;
use std::io::Cursor;

use etalon::domain::actor::Role;
use etalon::domain::case::Case;
use etalon::domain::case::command::RenameCase;
use etalon::domain::value::{CampaignId, Title};
use etalon::interchange::export::{Export, export};
use etalon::interchange::format::Format;
use etalon::interchange::read::open;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::interchange::support::{DRIFT, House, Log, case_event, request};
use crate::ledger::hostile::Intruder;
use crate::store::on_both_databases;
use crate::store::support::{Database, START};

on_both_databases!(
    json_lines_are_the_bytes_of_the_log,
    the_log_goes_out_without_what_stands_beside_it,
    an_export_as_of_then_is_the_export_of_then,
    traces_are_read_back,
    traces_of_two_logs_are_told_apart,
    a_campaign_goes_out_alone,
    a_renamed_case_goes_out_under_its_name,
);

const HOUR: i64 = 3_600_000_000;

/// A line of JSON Lines, its payload and metadata as they are written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line<'a> {
    position: u64,
    aggregate_type: String,
    aggregate_id: String,
    sequence: u64,
    r#type: String,
    version: String,
    recorded_at: Timestamp,
    actor: String,
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(borrow)]
    metadata: &'a RawValue,
}

async fn json_lines_are_the_bytes_of_the_log(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::tickets(DRIFT)).await.unwrap();
    let exported = house.export(Format::Jsonl, house.head().await.unwrap()).await;
    let text = String::from_utf8(exported).unwrap();
    let events = house.events().await;
    assert_eq!(text.lines().count(), events.len());
    for (line, event) in text.lines().zip(&events) {
        let line: Line<'_> = serde_json::from_str(line).unwrap();
        assert_eq!((line.payload.get(), line.metadata.get()), (event.payload.as_str(), event.metadata.as_str()));
        assert_eq!((line.position, line.sequence), (event.position, event.sequence));
        assert_eq!((&line.aggregate_type, &line.aggregate_id), (&event.aggregate_type, &event.aggregate_id));
        assert_eq!((&line.r#type, &line.version), (&event.event_type, &event.event_version));
        assert_eq!((&line.actor, line.recorded_at.as_microsecond()), (&event.actor, event.recorded_at));
    }
    let positions: Vec<u64> = events.iter().map(|event| event.position).collect();
    assert_eq!(positions, (0..events.len() as u64).collect::<Vec<_>>());
}

/// What commands were answered may be lost or changed, which an audit tells, and is no part of the log.
async fn the_log_goes_out_without_what_stands_beside_it(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::tickets(DRIFT)).await.unwrap();
    let last = "delete from commands where first_position = (select max(first_position) from commands)";
    Intruder::of(&database).await.does(last).await;
    let events = house.events().await;
    let asked = Export { format: Format::Jsonl, up_to: house.head().await.unwrap(), campaign: None };
    let (exported, as_of) = export(&house.app, asked, Vec::new(), |_| {}).await.unwrap();
    assert_eq!(String::from_utf8(exported).unwrap().lines().count(), events.len());
    assert_eq!(as_of.as_microsecond(), events.last().unwrap().recorded_at);
}

async fn an_export_as_of_then_is_the_export_of_then(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::tickets(&DRIFT[..3])).await.unwrap();
    let then = house.head().await.unwrap();
    let mut exported = Vec::new();
    for format in Format::ALL {
        exported.push(house.export(*format, then).await);
    }

    house.clock.set(START + HOUR);
    house.import(&Log::tickets(DRIFT)).await.unwrap();
    assert_eq!(house.app.position_at(moment(START - 1)).await.unwrap(), None);
    assert_eq!(house.app.position_at(moment(START + HOUR - 1)).await.unwrap(), Some(then));
    assert_eq!(house.app.position_at(moment(START + HOUR)).await.unwrap(), house.head().await);

    let head = house.head().await.unwrap();
    for (format, exported) in Format::ALL.iter().zip(exported) {
        assert_eq!(house.export(*format, then).await, exported, "{format}");
        assert_ne!(house.export(*format, head).await, exported, "{format}");
    }
}

async fn traces_are_read_back(database: Database) {
    let house = House::on(&database).await;
    let log = Log::tickets(DRIFT);
    house.import(&log).await.unwrap();
    let exported = house.export(Format::Xes, house.head().await.unwrap()).await;

    let columns = Log::traces(exported.clone()).mapping.columns.clone();
    let mut back = BTreeSet::new();
    for event in open(Cursor::new(exported), Format::Xes, &columns).unwrap() {
        let event = event.unwrap();
        let position: u64 = event.attributes["etalon:position"].parse().unwrap();
        back.insert((position, event.case, event.index, event.activity, event.at));
        // What the mapping calls personal stays in the house: a file that went out could not be erased any more.
        assert!(!event.attributes.contains_key("changed_by") && event.attributes.contains_key("case:etalon:number"));
    }
    let events = house.events().await;
    let of_cases = events.iter().filter(|record| record.aggregate_type == "Case");
    let told: BTreeSet<_> = of_cases
        .map(|record| {
            let event = case_event(record);
            let source = event.source.unwrap();
            (record.position, source.case, source.index, source.activity, event.occurred_at)
        })
        .collect();
    assert_eq!(told.len(), DRIFT.len());
    assert_eq!(back, told);
}

/// Two logs may call their cases alike; whoever reads the export takes traces of one name for one case. A name stays what
/// it was when another log is imported, so that what is exported then is found again where the first export went.
async fn traces_of_two_logs_are_told_apart(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::tickets(DRIFT)).await.unwrap();
    let first = house.export(Format::Xes, house.head().await.unwrap()).await;
    let of_the_first = BTreeSet::from([("Gauge tickets", "T-17"), ("Gauge tickets", "T-18")].map(owned));
    assert_eq!(traces(&first), of_the_first);
    // Its cases come first by their numbers.
    let other = Log::tickets(DRIFT).renamed("Other tickets").mapped(|mapping| {
        mapping.replace("jurisdiction = \"44\"", "jurisdiction = \"CN\"").replace("{city|44}", "3401")
    });
    house.import(&other).await.unwrap();
    let up_to = house.head().await.unwrap();
    let both = house.export(Format::Xes, up_to).await;
    let of_the_other = [("Other tickets", "Other tickets: T-17"), ("Other tickets", "Other tickets: T-18")];
    let of_the_other = BTreeSet::from(of_the_other.map(owned));
    assert_eq!(traces(&both), &of_the_first | &of_the_other);
    let alone = Export { format: Format::Xes, up_to, campaign: Some(other.mapping.campaign.id) };
    let (alone, _) = export(&house.app, alone, Vec::new(), |_| {}).await.unwrap();
    assert_eq!(traces(&alone), of_the_other);

    let another = Database::sqlite();
    let elsewhere = House::on(&another).await;
    let ours = |exported: &[u8]| {
        Log::traces(exported).mapped(|mapping| {
            let mapping = mapping.replace("{product}: problem {case:concept:name}", "{case:etalon:title}");
            let mapping = mapping.replace("{org:group}", "{case:etalon:organisation}");
            // Persons stay in the house.
            let mapping = mapping.replace("personal = [\"org:resource\"]", "personal = []");
            mapping.replace(" with {product}, impact", ", impact")
        })
    };
    let report = elsewhere.import(&ours(&first)).await.unwrap();
    assert_eq!((report.cases, report.events_read), (2, 5), "{report}");
    let report = elsewhere.import(&ours(&both)).await.unwrap();
    assert_eq!((report.cases, report.events_read, report.already_there), (4, 10, 5), "{report}");
    assert_eq!(elsewhere.cases().await.len(), 4);
}

fn owned((log, name): (&str, &str)) -> (String, String) {
    (log.to_owned(), name.to_owned())
}

/// The log and the name of every trace.
fn traces(exported: &[u8]) -> BTreeSet<(String, String)> {
    let columns = Log::traces(exported).mapping.columns.clone();
    let events = open(Cursor::new(exported.to_vec()), Format::Xes, &columns).unwrap();
    events.map(Result::unwrap).map(|event| (event.attributes["case:etalon:log"].clone(), event.case)).collect()
}

async fn a_campaign_goes_out_alone(database: Database) {
    let house = House::on(&database).await;
    let log = Log::tickets(DRIFT);
    house.import(&log).await.unwrap();
    let up_to = house.head().await.unwrap();
    let alone = house.export(Format::Csv, up_to).await;
    let other = Log::tickets(DRIFT).renamed("Other tickets");
    house.import(&other).await.unwrap();

    let up_to = house.head().await.unwrap();
    for (campaign, cases) in [(Some(log.mapping.campaign.id), 2), (Some(other.mapping.campaign.id), 2), (None, 4)] {
        let asked = Export { format: Format::Csv, up_to, campaign };
        let (exported, _) = export(&house.app, asked, Vec::new(), |_| {}).await.unwrap();
        let mut rows = csv::Reader::from_reader(exported.as_slice());
        let found: BTreeSet<String> = rows.records().map(|row| row.unwrap()[1].to_owned()).collect();
        assert_eq!(found.len(), cases);
        assert_eq!(exported == alone, campaign == Some(log.mapping.campaign.id));
    }
    // One that is not there, or was not there then, is not the same as one without cases.
    let nobody = CampaignId::named("nobody's");
    for format in Format::ALL {
        for (campaign, up_to) in [(nobody, up_to), (other.mapping.campaign.id, 1)] {
            let asked = Export { format: *format, up_to, campaign: Some(campaign) };
            let mut written = Vec::new();
            let refused = export(&house.app, asked, &mut written, |_| {}).await.map(drop).unwrap_err();
            assert_eq!((refused.code(), written.len()), (Some("NO_CAMPAIGN"), 0), "{refused}");
            assert!(refused.to_string().starts_with(&format!("there is no campaign {campaign} at position {up_to}: ")));
        }
    }
    let empty = Export { format: Format::Jsonl, up_to: 0, campaign: Some(log.mapping.campaign.id) };
    assert!(export(&house.app, empty, Vec::new(), |_| {}).await.unwrap().0.is_empty(), "it was opened first of all");
}

fn moment(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap()
}

/// Every row of a case has the title that it has as of the export, as it has the name of its organisation.
async fn a_renamed_case_goes_out_under_its_name(database: Database) {
    let house = House::on(&database).await;
    let log = Log::tickets(&DRIFT[..2]);
    house.import(&log).await.unwrap();
    let before = house.head().await.unwrap();
    let case = house.cases().await.remove(0).row.case_id;
    let renamed = RenameCase { title: Title::parse("Gauge of bores drifts").unwrap(), reason: None };
    let coordinator = request(&house, &log, Role::Coordinator);
    house.app.execute::<Case>(&coordinator, case, renamed.into()).await.unwrap();
    let after = house.head().await.unwrap();
    for (up_to, title, rows) in [(before, "Bore gauge drifts", 2), (after, "Gauge of bores drifts", 3)] {
        let table = house.export(Format::Csv, up_to).await;
        let mut table = csv::Reader::from_reader(table.as_slice());
        let in_table: Vec<String> = table.records().map(|row| row.unwrap()[2].to_owned()).collect();
        assert_eq!(in_table, vec![title; rows]);
        let traces = house.export(Format::Xes, up_to).await;
        let columns = Log::traces(traces.clone()).mapping.columns.clone();
        let events = open(Cursor::new(traces), Format::Xes, &columns).unwrap().map(Result::unwrap);
        let in_traces: Vec<String> = events.map(|event| event.attributes["case:etalon:title"].clone()).collect();
        assert_eq!(in_traces, vec![title; rows]);
    }
}
