//! Logs to bring in, and the house that takes them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use etalon::app::{App, CasePage, EventRecord, Key, Moment, Request, StoredCase, stored};
use etalon::codec;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::case::Case;
use etalon::domain::case::event::CaseFact;
use etalon::domain::event::{Fact, Recorded};
use etalon::interchange::export::{Export, export};
use etalon::interchange::format::Format;
use etalon::interchange::import::error::ImportError;
use etalon::interchange::import::{BadEvents, import};
use etalon::interchange::mapping::Mapping;
use etalon::interchange::report::ImportReport;
use etalon::projection;
use etalon::store::{Condition, Store};
use serde::Deserialize;

use crate::store::support::{Database, TestClock};
use crate::support::of_the_repository;

/// The mapping that shows users how to write one.
const TICKETS: &str = include_str!("../../../schema/mappings/example-csv.toml");
const PROBLEM_DESK: &str = include_str!("../../../schema/mappings/bpic2013.toml");

/// The application on a database, with a clock that stands still.
pub(crate) struct House {
    pub(crate) app: Arc<App>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<TestClock>,
}

impl House {
    pub(crate) async fn on(database: &Database) -> Self {
        let clock = TestClock::new();
        let store = database.open_with(clock.clone()).await;
        let app = Arc::new(App::new(store.clone(), clock.clone()).with_vault(database.vault()));
        Self { app, store, clock }
    }

    /// The application of another process beside this one.
    pub(crate) async fn another(&self, database: &Database) -> App {
        let store = database.open_with(self.clock.clone()).await;
        App::new(store, self.clock.clone()).with_vault(database.vault())
    }

    /// The application of another process, after this one has ended.
    pub(crate) async fn restarted(self, database: &Database) -> Self {
        self.app.shutdown().await;
        Self::on(database).await
    }

    /// Imports; nothing may be left out.
    pub(crate) async fn import(&self, log: &Log) -> Result<ImportReport, ImportError> {
        import(&self.app, log.file(), log.format, &log.mapping, BadEvents::EndTheImport, |_, _| {}).await
    }

    /// Imports what can come in.
    pub(crate) async fn import_what_is_good(&self, log: &Log) -> Result<ImportReport, ImportError> {
        import(&self.app, log.file(), log.format, &log.mapping, BadEvents::AreLeftOut, |_, _| {}).await
    }

    /// The last position.
    pub(crate) async fn head(&self) -> Option<u64> {
        self.app.head().await.unwrap()
    }

    pub(crate) async fn export(&self, format: Format, up_to: u64) -> Vec<u8> {
        export(&self.app, Export { format, up_to, campaign: None }, Vec::new(), |_| {}).await.unwrap().0
    }

    /// Every case, in the order of their numbers.
    pub(crate) async fn cases(&self) -> Vec<StoredCase> {
        self.app.cases(&importer(), &every_case(Moment::Present)).await.unwrap()
    }

    /// The whole log.
    pub(crate) async fn events(&self) -> Vec<EventRecord> {
        self.app.log(None, None, 100_000).await.unwrap()
    }

    /// Every case row is what its events make of it.
    pub(crate) async fn check_replay(&self) {
        let mut replayed = std::collections::HashMap::<String, (Case, u64)>::new();
        for record in self.events().await.iter().filter(|record| record.aggregate_type == "Case") {
            let (case, version) = replayed.entry(record.aggregate_id.clone()).or_default();
            case.evolve(&case_event(record));
            *version += 1;
            assert_eq!(record.sequence, *version);
        }
        let live = self.cases().await;
        assert_eq!(live.len(), replayed.len());
        for stored in live {
            let (case, version) = &replayed[&stored.row.case_id.to_string()];
            let row = projection::case::changes(stored.row.case_id, &Case::default(), case).case;
            assert_eq!((row.as_ref(), *version), (Some(&stored.row), stored.version));
        }
    }
}

/// All of them on one page.
pub(crate) fn every_case(at: Moment) -> CasePage {
    CasePage::of(Condition::All(Vec::new()), 10_000, at)
}

pub(crate) fn importer() -> Actor {
    Actor::of_the_server(ActorId::importer(), Role::Importer)
}

/// An order of somebody where the log's cases are.
pub(crate) fn request(house: &House, log: &Log, role: Role) -> Request {
    let actor = Actor {
        id: ActorId::parse("somebody").unwrap(),
        roles: [role].into(),
        jurisdiction: log.mapping.campaign.jurisdiction.clone(),
        institution: None,
        enterprise: None,
    };
    let key = Key::unique(house.app.new_id());
    Request { actor, key, expected_version: None, occurred_at: None, source: None }
}

/// The event of a case's record.
pub(crate) fn case_event(record: &EventRecord) -> Recorded<CaseFact> {
    event_of(record)
}

/// The event of a record.
pub(crate) fn event_of<F: Fact>(record: &EventRecord) -> Recorded<F> {
    codec::decode_stored(stored(record), &codec::upcasters()).unwrap()
}

/// A file of another tracker and its mapping.
#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) bytes: Vec<u8>,
    pub(crate) format: Format,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) mapping_text: String,
}

impl Log {
    fn new(bytes: impl Into<Vec<u8>>, format: Format, mapping: &str) -> Self {
        let mapping_text = mapping.to_owned();
        let mapping = Arc::new(Mapping::parse("mapping.toml", mapping).unwrap());
        Self { bytes: bytes.into(), format, mapping, mapping_text }
    }

    /// The closed problems of the problem desk: 1,487 cases, 6,660 events.
    pub(crate) fn of_the_problem_desk() -> Self {
        let path = problem_desk();
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::traces(bytes)
    }

    /// XES, as the problem desk's log is mapped.
    pub(crate) fn traces(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(bytes, Format::Xes, PROBLEM_DESK)
    }

    /// Rows below the header of the example of a mapping for CSV.
    pub(crate) fn tickets(rows: &[&str]) -> Self {
        let header = "ticket;company;city;subject;description;status;changed;changed_by;priority;remark";
        Self::new(format!("{header}\n{}\n", rows.join("\n")), Format::Csv, TICKETS)
    }

    /// The same in JSON Lines.
    pub(crate) fn lines(lines: &[&str]) -> Self {
        let mapping = TICKETS.replace(r#"format = "%d.%m.%Y %H:%M""#, "");
        Self::new(lines.join("\n"), Format::Jsonl, &mapping)
    }

    /// The same file under another mapping.
    pub(crate) fn mapped(self, change: impl Fn(&str) -> String) -> Self {
        Self::new(self.bytes, self.format, &change(&self.mapping_text))
    }

    /// The same file as another log.
    pub(crate) fn renamed(self, name: &str) -> Self {
        let log = format!("log = \"{}\"", self.mapping.log);
        self.mapped(|mapping| mapping.replacen(&log, &format!("log = \"{name}\""), 1))
    }

    pub(crate) fn file(&self) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&self.bytes).unwrap();
        file.rewind().unwrap();
        file
    }
}

/// Where the problem desk's log is.
pub(crate) fn problem_desk() -> PathBuf {
    let folder = std::env::var_os("ETALON_TEST_DATA").expect("ETALON_TEST_DATA is set: run tests/run");
    PathBuf::from(folder).join("06_bpic2013_closed.xes.gz")
}

/// A case of three tickets, one of which waits.
pub(crate) const DRIFT: &[&str] = &[
    "T-17;Delta Gauge Works;4403;Bore gauge drifts;\"Readings move\nby 4 µm in a shift\";new;14.03.2012 09:30;Li Wei;high;",
    "T-17;Delta Gauge Works;4403;Bore gauge drifts;;waiting;15.03.2012 16:05;Li Wei;high;waits for the reference ring",
    "T-18;Pearl River Bearings;4401;Roundness of rings;;new;15.03.2012 16:10;Wang Fang;low;",
    "T-17;Delta Gauge Works;4403;Bore gauge drifts;;in work;20.03.2012 08:00;Li Wei;high;",
    "T-17;Delta Gauge Works;4403;Bore gauge drifts;;done;21.03.2012 11:45;Li Wei;high;",
];

/// One of the numbers from the first to before the last, all over them and the same in every run.
pub(crate) fn drawn_between(first: i64, last: i64, place: usize) -> i64 {
    let drawn = (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
    first + i64::try_from((u128::from(drawn) * u128::from((last - first).unsigned_abs())) >> 53).unwrap()
}

/// What the log of the problem desk says about a moment of its past.
#[derive(Deserialize)]
pub(crate) struct ToldPast {
    /// How many cases waited for somebody.
    pub(crate) waiting: u64,
    /// How many had their clock paused.
    pub(crate) paused: u64,
    /// How many events of each case that had begun had happened, by its name.
    pub(crate) events: BTreeMap<String, u64>,
}

/// What a script says that reads nothing but the file, about moments in microseconds since the Unix epoch.
pub(crate) fn past_of_the_problem_desk(moments: &[i64]) -> Vec<ToldPast> {
    let python = std::env::var_os("ETALON_TEST_PYTHON").expect("ETALON_TEST_PYTHON is set: run tests/run");
    let mut command = Command::new(python)
        .arg(of_the_repository("tests/past_of_a_log.py"))
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
