//! The log of a real problem desk through reader, mapping, lifecycle and writer: nothing dropped, nothing made up.
//! What the databases make of it is for the tests of the importer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::PathBuf;

use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::case::event::CaseFact;
use etalon::domain::case::facts::EnrolmentFacts;
use etalon::domain::case::state::Case;
use etalon::domain::event::{Fact, Recorded};
use etalon::domain::order::Order;
use etalon::domain::value::CaseId;
use etalon::interchange::format::Format;
use etalon::interchange::mapping::Mapping;
use etalon::interchange::mapping::plan::{Opening, Planned};
use etalon::interchange::read::{Events, ForeignEvent, open};
use etalon::interchange::report::ImportReport;
use etalon::interchange::write::{ExportedEvent, LogWriter};
use jiff::Timestamp;

const MAPPING: &str = include_str!("../../schema/mappings/bpic2013.toml");

fn events(mapping: &Mapping) -> Events {
    let folder = std::env::var_os("ETALON_TEST_DATA").expect("ETALON_TEST_DATA is set: run tests/run");
    let path = PathBuf::from(folder).join("06_bpic2013_closed.xes.gz");
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    open(file, Format::Xes, &mapping.columns).unwrap()
}

fn mapping() -> Mapping {
    Mapping::parse("bpic2013.toml", MAPPING).unwrap()
}

/// A case and the events that it has so far.
#[derive(Default)]
struct Stream {
    case: Case,
    events: Vec<Recorded<CaseFact>>,
}

impl Stream {
    /// Records one event: as the mapping wishes where the lifecycle allows it, as legacy otherwise.
    fn take(&mut self, mapping: &Mapping, event: &ForeignEvent, planned: &Planned, report: &mut ImportReport) {
        let is_new = self.events.is_empty();
        let opening = is_new.then(|| mapping.opening(event).unwrap());
        let unopened = opening.as_ref().map(|opening| (opening, enrolment(mapping, opening)));
        let order = |command| Order {
            by: Actor::of_the_server(ActorId::importer(), Role::Importer),
            now: "2026-03-01T00:00:00Z".parse().unwrap(),
            occurred_at: Some(planned.occurred_at),
            source: Some(planned.source.clone()),
            command,
        };
        let decided = match planned.wished(unopened).map(|command| self.case.decide(&order(command))) {
            Some(Ok(events)) => {
                report.count_mapped(planned.fact());
                events
            }
            refused_or_legacy => {
                match refused_or_legacy {
                    Some(_) => report.count_refused(planned.fact()),
                    None => report.count_legacy(),
                }
                let legacy = planned.legacy(opening.as_ref().map(|opening| (opening, mapping)));
                self.case.decide(&order(legacy)).unwrap()
            }
        };
        assert_eq!(decided.len(), 1, "one event for one event");
        for event in decided {
            self.case.evolve(&event);
            self.events.push(event);
        }
    }
}

fn enrolment(mapping: &Mapping, opening: &Opening) -> EnrolmentFacts {
    EnrolmentFacts {
        enterprise: opening.enterprise,
        enterprise_version: 1,
        division: opening.division.clone(),
        campaign: mapping.campaign.id,
        enrolled: true,
        visit_known: false,
    }
}

#[test]
fn every_event_of_a_real_problem_desk_comes_in_and_goes_out() {
    let mapping = mapping();
    let mut read = events(&mapping);
    let mut report = ImportReport::default();
    let mut streams: HashMap<CaseId, Stream> = HashMap::new();
    let mut order = Vec::new();
    let mut foreign = Vec::new();
    let mut organisations = BTreeSet::new();
    for event in read.by_ref() {
        let event = event.unwrap();
        let planned = mapping.plan(&event).unwrap();
        let stream = streams.entry(planned.case).or_insert_with(|| {
            order.push(planned.case);
            Stream::default()
        });
        if stream.events.is_empty() {
            organisations.insert(mapping.opening(&event).unwrap().organisation.to_string());
        }
        stream.take(&mapping, &event, &planned, &mut report);
        foreign.push((event.case, event.index, event.activity, event.at));
    }
    report.count_cases(&read);

    assert_eq!((report.cases, report.empty_cases, report.events_read), (1_487, 0, 6_660));
    assert_eq!(streams.len(), 1_487);
    assert_eq!(organisations.len(), 13);
    let mapped: BTreeMap<&str, u64> = report.mapped.iter().map(|(fact, count)| (fact.as_str(), *count)).collect();
    assert_eq!(mapped, BTreeMap::from([("CaseReported", 1_486), ("ClockPaused", 459), ("ClockResumed", 210)]));
    assert_eq!(report.legacy, 4_505);
    assert_eq!(
        report.refused_by_lifecycle,
        BTreeMap::from([("ClockPaused".into(), 44), ("ClockResumed".into(), 1_460)])
    );
    assert_eq!(report.skipped_count + report.already_there, 0);
    assert!(streams.values().all(|stream| {
        let legacy = stream.case.file.as_ref().unwrap().legacy.as_ref().unwrap();
        legacy.concluded && legacy.imported == stream.events.len() as u64
    }));

    let mut writer = LogWriter::begin(Format::Xes, Vec::new()).unwrap();
    for case in order {
        for (sequence, event) in (1..).zip(&streams[&case].events) {
            writer
                .write(&exported(&case.to_string(), sequence, event, &serde_json::to_string(event).unwrap()))
                .unwrap();
        }
    }
    let written = writer.finish().unwrap();
    let back: Vec<_> = open(std::io::Cursor::new(written), Format::Xes, &mapping.columns)
        .unwrap()
        .map(Result::unwrap)
        .map(|event| (event.case, event.index, event.activity, event.at))
        .collect();
    assert_eq!(back, foreign);
}

fn exported<'a>(case: &'a str, sequence: u64, event: &'a Recorded<CaseFact>, payload: &'a str) -> ExportedEvent<'a> {
    ExportedEvent {
        position: sequence,
        aggregate_type: "Case",
        aggregate_id: case,
        sequence,
        event_type: event.fact.name(),
        event_version: event.fact.version(),
        recorded_at: Timestamp::UNIX_EPOCH,
        actor: event.by.as_str(),
        payload,
        metadata: "{}",
        organisation: None,
    }
}
