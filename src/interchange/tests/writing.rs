//! Logs that go out, and come back as they were.

use std::collections::BTreeMap;
use std::io::Cursor;

use jiff::Timestamp;
use proptest::prelude::*;

use crate::domain::actor::ActorId;
use crate::domain::case::event::{CaseFact, CommentAdded, InternalCommentAdded, LegacyActivityRecorded, LegacyOpening};
use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::CommentId;
use crate::domain::event::{Fact, Recorded, Source};
use crate::domain::value::{CampaignId, CaseId, Division, EnterpriseId, Personal, Statement, Title};
use crate::interchange::cell::harmless;
use crate::interchange::format::Format;
use crate::interchange::read::moment::TimeFormat;
use crate::interchange::read::{Columns, ForeignEvent, open};
use crate::interchange::template::Template;
use crate::interchange::write::error::WriteError;
use crate::interchange::write::{ExportedCase, ExportedEvent, ExportedLog, LogWriter};

const METADATA: &str = r#"{"role":"IMPORTER"}"#;

/// What the store would hold of an event.
struct Stored {
    case: CaseId,
    sequence: u64,
    event_type: &'static str,
    payload: String,
}

impl Stored {
    fn exported(&self, position: u64) -> ExportedEvent<'_> {
        let place = usize::from(self.case != CaseId::named("a"));
        ExportedEvent {
            position,
            aggregate_type: "Case",
            aggregate_id: CASE_IDS[place],
            sequence: self.sequence,
            event_type: self.event_type,
            event_version: "1.0",
            recorded_at: at("2026-03-01T08:00:00.000001Z"),
            actor: "etalon:import",
            payload: &self.payload,
            metadata: METADATA,
            case: Some(ExportedCase { title: TITLES[place], organisation: "=Delta" }),
        }
    }
}

const CASE_IDS: [&str; 2] = ["00000000-0000-5000-8000-00000000000a", "00000000-0000-5000-8000-00000000000b"];

/// What the cases are called by the end of the export.
const TITLES: [&str; 2] = ["Bore gauge, drifting", "-"];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn source(case: &str, index: u64, activity: &str, attributes: BTreeMap<String, String>) -> Source {
    Source {
        log: "Gauge tickets".to_owned(),
        case: case.to_owned(),
        index,
        activity: activity.to_owned(),
        attributes,
        personal: BTreeMap::from([("org:resource".to_owned(), Personal::parse("Li Wei").unwrap())]),
    }
}

fn opening(title: &str) -> CaseFact {
    let opening = LegacyOpening {
        number: CaseNumber::parse("GD-2026-000123").unwrap(),
        title: Title::parse(title).unwrap(),
        problem: Statement::parse("drifts").unwrap(),
        enterprise: EnterpriseId::named("e"),
        campaign: CampaignId::named("c"),
        division: Division::parse("4403").unwrap(),
    };
    LegacyActivityRecorded { opening: Some(opening), concludes: false }.into()
}

fn comment(text: &str) -> CaseFact {
    CommentAdded { id: CommentId(CaseId::named("comment").uuid()), text: Statement::parse(text).unwrap() }.into()
}

fn stored(case: &str, sequence: u64, source: Option<Source>, fact: CaseFact) -> Stored {
    let event_type = fact.name();
    let recorded = Recorded { by: ActorId::importer(), occurred_at: at("2012-03-14T01:30:00Z"), source, fact };
    Stored { case: CaseId::named(case), sequence, event_type, payload: serde_json::to_string(&recorded).unwrap() }
}

fn written(format: Format, events: &[Stored]) -> Result<String, WriteError> {
    let log = ExportedLog {
        origin: "etalon.example/<log>".to_owned(),
        up_to: 41,
        as_of: at("2026-03-01T08:00:00.000002Z"),
        first_import: Some(CampaignId::named("c")),
    };
    let mut writer = LogWriter::begin(format, Vec::new(), &log)?;
    for (position, event) in (7..).zip(events) {
        writer.write(&event.exported(position))?;
    }
    Ok(String::from_utf8(writer.finish()?).unwrap())
}

fn read(format: Format, text: &str, case: &str, activity: &str, at: &str) -> Vec<ForeignEvent> {
    let columns = Columns {
        case: Template::parse(case).unwrap(),
        activity: activity.to_owned(),
        at: at.to_owned(),
        time: TimeFormat::default(),
        delimiter: b',',
    };
    open(Cursor::new(text.to_owned()), format, &columns).unwrap().map(Result::unwrap).collect()
}

fn two_cases() -> Vec<Stored> {
    let attributes = BTreeMap::from([
        ("case:product".to_owned(), "P & \"Q\"".to_owned()),
        ("etalon:position".to_owned(), "4".to_owned()),
        ("lifecycle:transition".to_owned(), "Wait\n".to_owned()),
    ]);
    vec![
        stored("a", 1, Some(source("T-17", 0, "new", attributes)), opening("Bore gauge")),
        stored("a", 2, None, comment("seen")),
        stored("b", 1, Some(source("T-18", 0, "@new", BTreeMap::new())), opening("Ring")),
    ]
}

#[test]
fn json_lines_carry_the_stored_bytes() {
    let events = two_cases();
    let text = written(Format::Jsonl, &events).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        lines[1],
        format!(
            r#"{{"position":8,"aggregateType":"Case","aggregateId":"{}","sequence":2,"type":"CommentAdded","version":"1.0","recordedAt":"2026-03-01T08:00:00.000001Z","actor":"etalon:import","payload":{},"metadata":{METADATA}}}"#,
            CASE_IDS[0], events[1].payload
        )
    );
    let back = read(Format::Jsonl, &text, "{aggregateId}", "type", "payload/occurredAt");
    assert_eq!(back[2].case, CASE_IDS[1]);
    assert_eq!(back[0].attributes["payload/source/attributes/lifecycle:transition"], "Wait\n");
}

#[test]
fn json_lines_never_change_what_is_stored() {
    let mut events = two_cases();
    // Spaces and an order of members that no serialiser of ours has.
    events[1].payload = r#"{ "fact":{},"by" :"x","n":1.0e0 }"#.to_owned();
    assert!(written(Format::Jsonl, &events).unwrap().contains(r#""payload":{ "fact":{},"by" :"x","n":1.0e0 },"#));
    events[1].payload = "{\n}".to_owned();
    assert!(matches!(written(Format::Jsonl, &events), Err(WriteError::SeveralLines { position: 8 })));
    events[1].payload = "{".to_owned();
    assert!(matches!(written(Format::Jsonl, &events), Err(WriteError::Stored { position: 8, .. })));
}

#[test]
fn what_is_internal_stays_marked() {
    let id = CommentId(CaseId::named("comment").uuid());
    let internal = InternalCommentAdded { id, text: Statement::parse("not for them").unwrap() };
    let begun = stored("a", 1, Some(source("T-17", 0, "new", BTreeMap::new())), opening("Bore gauge"));
    let events = [begun, stored("a", 2, None, internal.into())];
    for (format, case, activity, at) in [
        (Format::Jsonl, "{aggregateId}", "type", "payload/occurredAt"),
        (Format::Csv, "{case_number}", "activity", "occurred_at"),
        (Format::Xes, "{case:concept:name}", "concept:name", "time:timestamp"),
    ] {
        let text = written(format, &events).unwrap();
        assert_eq!(read(format, &text, case, activity, at)[1].activity, "InternalCommentAdded", "{text}");
    }
}

#[test]
fn a_table_has_a_row_for_each_event_of_a_case() {
    let text = written(Format::Csv, &two_cases()).unwrap();
    let (enterprise, campaign) = (EnterpriseId::named("e"), CampaignId::named("c"));
    let rows: Vec<_> = text.split("\r\n").collect();
    assert_eq!(rows.len(), 5);
    assert_eq!(
        rows[1],
        format!(
            "GD-2026-000123,{},\"Bore gauge, drifting\",'=Delta,{enterprise},{campaign},4403,1,new,LegacyActivityRecorded,1.0,\
             2012-03-14T01:30:00Z,2026-03-01T08:00:00.000001Z,etalon:import,7,Gauge tickets,T-17,0",
            CASE_IDS[0]
        )
    );
    assert!(rows[2].ends_with(
        ",2,CommentAdded,CommentAdded,1.0,2012-03-14T01:30:00Z,2026-03-01T08:00:00.000001Z,etalon:import,8,,,"
    ));
    assert!(rows[3].contains(",'-,'=Delta,") && rows[3].contains(",'@new,"));
    let back = read(Format::Csv, &text, "{case_number}", "activity", "occurred_at");
    assert_eq!(back.len(), 3);
    assert_eq!(back[0].attributes["title"], "Bore gauge, drifting");
}

#[test]
fn traces_speak_the_other_trackers_words() {
    let text = written(Format::Xes, &two_cases()).unwrap();
    let back = read(Format::Xes, &text, "{case:concept:name}", "concept:name", "time:timestamp");
    let short: Vec<_> =
        back.iter().map(|event| (event.case.as_str(), event.activity.as_str(), event.place.to_string())).collect();
    assert_eq!(
        short,
        [
            ("T-17", "new", "trace 1, event 1".to_owned()),
            ("T-17", "CommentAdded", "trace 1, event 2".to_owned()),
            ("T-18", "@new", "trace 2, event 1".to_owned()),
        ]
    );
    let foreign = &back[0].attributes;
    assert_eq!(foreign["case:product"], "P & \"Q\"");
    assert_eq!(foreign["case:etalon:number"], "GD-2026-000123");
    assert_eq!(foreign["case:etalon:title"], "Bore gauge, drifting");
    assert_eq!(foreign["case:etalon:organisation"], "=Delta");
    assert_eq!(foreign["lifecycle:transition"], "Wait\n");
    assert_eq!(foreign["org:resource"], "Li Wei");
    assert_eq!((foreign["etalon:position"].as_str(), foreign["source:etalon:position"].as_str()), ("7", "4"));
    let own = &back[1].attributes;
    assert_eq!(own["org:resource"], "etalon:import");
    assert_eq!(own["lifecycle:transition"], "complete");
    assert_eq!(own["etalon:recordedAt"], "2026-03-01T08:00:00.000001Z");
}

#[test]
fn a_file_says_of_which_log_and_moment_it_is() {
    let xes = written(Format::Xes, &[]).unwrap();
    let (_, said) = xes.split_once("<classifier name=\"Activity\" keys=\"concept:name\"/>\n").unwrap();
    assert_eq!(
        said,
        "<string key=\"etalon:origin\" value=\"etalon.example/&lt;log&gt;\"/>\n<int key=\"etalon:upTo\" value=\"41\"/>\n\
         <date key=\"etalon:asOf\" value=\"2026-03-01T08:00:00.000002Z\"/>\n</log>\n"
    );
    assert!(written(Format::Csv, &[]).unwrap().starts_with("\u{feff}case_number,"));
}

#[test]
fn a_foreign_id_that_another_case_may_be_called_by_has_its_log_in_front() {
    for (id, name) in [
        ("T-17", "T-17"),
        ("GD-2026-17", "GD-2026-17"),
        ("GD-2026-000123", "Gauge tickets: GD-2026-000123"),
        ("gd-2026-000123", "Gauge tickets: gd-2026-000123"),
        ("Other tickets: T-17", "Gauge tickets: Other tickets: T-17"),
    ] {
        let events = [stored("a", 1, Some(source(id, 0, "new", BTreeMap::new())), opening("Bore gauge"))];
        let text = written(Format::Xes, &events).unwrap();
        let back = read(Format::Xes, &text, "{case:concept:name}", "concept:name", "time:timestamp");
        assert_eq!(back[0].case, name);
    }
}

/// With references in it, a text takes up more of a file than of a log.
#[test]
fn what_an_event_may_have_comes_back_however_it_is_written() {
    let text = "\"\n".repeat(500_000);
    let attributes = BTreeMap::from([("note".to_owned(), text.clone())]);
    let events = [stored("a", 1, Some(source("T-17", 0, "new", attributes)), opening("Bore gauge"))];
    let written = written(Format::Xes, &events).unwrap();
    assert!(written.len() > 5_000_000);
    let back = read(Format::Xes, &written, "{case:concept:name}", "concept:name", "time:timestamp");
    assert_eq!(back[0].attributes["note"], text);
}

#[test]
fn an_empty_log_is_a_log() {
    assert_eq!(written(Format::Jsonl, &[]).unwrap(), "");
    assert_eq!(written(Format::Csv, &[]).unwrap().lines().count(), 1);
    let xes = written(Format::Xes, &[]).unwrap();
    assert_eq!(read(Format::Xes, &xes, "{case:concept:name}", "concept:name", "time:timestamp"), []);
}

#[test]
fn a_case_has_to_come_from_its_first_event_on() {
    for format in [Format::Csv, Format::Xes] {
        let late = [stored("a", 2, None, opening("late"))];
        let result = written(format, &late);
        assert!(matches!(result, Err(WriteError::WithoutBeginning { position: 7, sequence: 2, .. })), "{result:?}");
        let no_opening = [stored("a", 1, None, comment("alone"))];
        assert!(matches!(written(format, &no_opening), Err(WriteError::WithoutBeginning { .. })));
    }
}

/// Text as XML carries it.
fn carried(text: &str) -> String {
    let replaced = text.chars().map(|character| match character {
        '\t' | '\n' | '\r' => character,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)).unwrap(),
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        other => other,
    });
    replaced.collect()
}

fn word() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("a word", |text| !text.trim().is_empty())
}

proptest! {
    #[test]
    fn what_came_from_xes_goes_out_as_it_came(
        case in word().prop_filter("no other's", |id| !id.contains(": ") && CaseNumber::parse(id).is_none()),
        activity in word(),
        attributes in prop::collection::btree_map("[a-z:<&\" ]{1,8}", any::<String>(), 0..6),
    ) {
        let events = [stored("a", 1, Some(source(&case, 0, &activity, attributes.clone())), opening("x"))];
        let text = written(Format::Xes, &events).unwrap();
        let back = read(Format::Xes, &text, "{case:concept:name}", "concept:name", "time:timestamp");
        prop_assert_eq!(back.len(), 1);
        prop_assert_eq!(&back[0].case, &carried(&case));
        prop_assert_eq!(&back[0].activity, &carried(&activity));
        prop_assert_eq!(back[0].at, at("2012-03-14T01:30:00Z"));
        for (name, value) in attributes {
            prop_assert_eq!(&back[0].attributes[&name], &carried(&value));
        }
    }

    #[test]
    fn a_table_comes_back_but_for_the_apostrophe(case in word(), activity in word()) {
        let events = [stored("a", 1, Some(source(&case, 0, &activity, BTreeMap::new())), opening("x"))];
        let back = read(Format::Csv, &written(Format::Csv, &events).unwrap(), "{source_case}", "activity", "occurred_at");
        prop_assert_eq!(back.len(), 1);
        for (read, said) in [(&back[0].case, &case), (&back[0].activity, &activity)] {
            prop_assert_eq!(read, &harmless(said.into()));
        }
    }

    #[test]
    fn json_lines_come_back(activity in word(), value in any::<String>()) {
        let attributes = BTreeMap::from([("a".to_owned(), value.clone())]);
        let events = [stored("a", 1, Some(source("c", 0, &activity, attributes)), opening("x"))];
        let text = written(Format::Jsonl, &events).unwrap();
        let back = read(Format::Jsonl, &text, "{payload/source/case}", "payload/source/activity", "payload/occurredAt");
        prop_assert_eq!(&back[0].activity, &activity);
        prop_assert_eq!(&back[0].attributes["payload/source/attributes/a"], &value);
    }
}
