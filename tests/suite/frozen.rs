//! What databases rely on from one build to the next: the rows that the log makes have a form with a number, and a migration
//! that was applied stays as it was.

use std::collections::BTreeMap;
use std::fs;

use etalon::app::{App, Commanded, RowsDigest};
use etalon::domain::annual_summary::AnnualSummary;
use etalon::domain::campaign::Campaign;
use etalon::domain::case::Case;
use etalon::domain::catalogue::Catalogue;
use etalon::domain::enterprise::Enterprise;
use etalon::domain::event::Fact;
use etalon::domain::institution::Institution;
use etalon::domain::person::Person;
use etalon::domain::view::View;
use etalon::store::{Append, Content, NewEvent, StreamId};
use sha2::{Digest, Sha256};

use crate::store::on_both_databases;
use crate::store::samples::{append, commit, id};
use crate::store::support::{Database, TestClock};
use crate::support::of_the_repository;

/// `ROWS_VERSION` of `src/store/row.rs`, and the digest of what the frozen log makes in that form.
const FORM: (u64, &str) = (13, "a3bf03dd6547a420157cc6227d307892b5846799fa758f51744aceacf2433ddd");

/// What usually happens to a case, in its order.
const LIFE: [&str; 16] = [
    "CaseReported",
    "RequirementSpecified",
    "CaseTriaged",
    "ResearchAssigned",
    "AssignmentAccepted",
    "ExpertInvited",
    "ExpertJoined",
    "FindingRecorded",
    "MeasurementRecorded",
    "SolutionProposed",
    "SolutionReviewed",
    "TrialStarted",
    "TrialResultRecorded",
    "SolutionConfirmed",
    "CaseResolved",
    "CaseClosed",
];

/// How much of it: reported, under research, measured, closed.
const PARTS_OF_LIFE: [usize; 4] = [1, 5, 9, 16];

/// The requirement of the sample, and others that a gap is told against in another way.
const REQUIRED: [&str; 3] = [
    r#"{"mpe":{"value":"0.006","unit":"mm","rule":{"ratio":"3","guardBand":"0.5"}}}"#,
    r#"{"uncertainty":{"value":"3.2","unit":"um","coverageFactor":"2","coverageProbability":"0.9545"}}"#,
    r#"{"uncertainty":{"value":"3.2","unit":"um","coverageFactor":"1.65","coverageProbability":"0.95"}}"#,
];

/// How the result of the sample is covered, and others: of a normal distribution, of a rectangular one, of few degrees of
/// freedom.
const COVERED: [&str; 5] = [
    r#""coverageFactor":"2","coverageProbability":"0.95""#,
    r#""coverageFactor":"3","coverageProbability":"0.9973""#,
    r#""coverageFactor":"1","coverageProbability":"0.6827""#,
    r#""coverageFactor":"1.65","coverageProbability":"0.95""#,
    r#""coverageFactor":"2.87","coverageProbability":"0.9545""#,
];

/// A log of frozen samples alone, whatever is decided today.
#[derive(Default)]
struct FrozenLog(Vec<Append>);

impl FrozenLog {
    fn of_samples() -> Self {
        let mut log = Self::default();
        log.add_cases();
        log.add_gaps();
        log.add_register::<Enterprise>();
        log.add_register::<Campaign>();
        log.add_register::<Institution>();
        log.add_register::<Person>();
        log.add_register::<Catalogue>();
        log.add_register::<AnnualSummary>();
        log.add_register::<View>();
        log
    }

    /// Whatever may happen to a case at each time of its life, and what becomes of it when it is taken up again.
    fn add_cases(&mut self) {
        let samples = samples::<Case>();
        let reopened = named(&samples, "CaseReopened");
        for part in PARTS_OF_LIFE {
            let lived: Vec<_> = LIFE[..part].iter().map(|name| named(&samples, name)).collect();
            for sample in &samples {
                self.add::<Case>(lived.iter().copied().chain([sample, reopened]));
            }
        }
    }

    /// Requirements of each kind, and results of each coverage before and behind them.
    fn add_gaps(&mut self) {
        let samples = samples::<Case>();
        let [reported, required, measured] =
            ["CaseReported", "RequirementSpecified", "MeasurementRecorded"].map(|name| named(&samples, name));
        // Of whatever is required.
        let measured = &altered(measured, r#""measurand":"缸孔直径","#, "");
        // Corrected, with results before, between and behind.
        let correction = r#"},"correctionReason":"单位误写","inPlaceOf":"2026-03-06T02:15:00Z"}}}"#;
        let corrected = altered(required, "}}}}", correction);
        let corrected = altered(&corrected, REQUIRED[0], REQUIRED[1]);
        self.add::<Case>([reported, measured, required, measured, &corrected, measured].into_iter());
        for required in REQUIRED.map(|other| altered(required, REQUIRED[0], other)) {
            for measured in COVERED.map(|other| altered(measured, COVERED[0], other)) {
                self.add::<Case>([reported, &required, &measured].into_iter());
                self.add::<Case>([reported, &measured, &required].into_iter());
            }
        }
    }

    /// Whatever may happen to an entry of a register, and whatever may happen then; its first event, which is declared first,
    /// turns out to have happened before.
    fn add_register<A: Commanded>(&mut self) {
        let samples = samples::<A>();
        let begun = &samples[0];
        let begun_before = altered(begun, r#""occurredAt":"2026"#, r#""occurredAt":"2025"#);
        for one in &samples {
            for other in &samples {
                self.add::<A>([begun, one, other, &begun_before].into_iter());
            }
        }
    }

    /// A stream of these events, each recorded by itself.
    fn add<'a, A: Commanded>(&mut self, events: impl Iterator<Item = &'a NewEvent>) {
        let stream = StreamId { aggregate_type: A::AGGREGATE, aggregate_id: id(self.0.len() as u128) };
        for (version, event) in (0..).zip(events) {
            let content = Content { events: vec![event.clone()], ..Content::default() };
            let key = self.0.len().to_string();
            self.0.push(append(stream, version, &key, content));
        }
    }
}

/// The frozen sample of each event that there is today, in the order of their declaration.
fn samples<A: Commanded>() -> Vec<NewEvent> {
    let folder = of_the_repository("schema/events").join(A::AGGREGATE.as_str());
    let sample = |&(event_type, event_version): &(&'static str, &'static str)| {
        let text = fs::read_to_string(folder.join(format!("{event_type}.{event_version}.json")));
        let payload = text.expect("every event has a sample").trim_end().to_owned();
        NewEvent { event_type, event_version, payload, metadata: r#"{"role":"COORDINATOR"}"#.to_owned() }
    };
    A::Fact::SHAPES.iter().map(sample).collect()
}

fn named<'a>(samples: &'a [NewEvent], name: &str) -> &'a NewEvent {
    samples.iter().find(|sample| sample.event_type == name).expect("it is an event")
}

/// A sample with something else in the place of a part of it.
fn altered(sample: &NewEvent, part: &str, other: &str) -> NewEvent {
    assert!(sample.payload.contains(part), "{}", sample.payload);
    NewEvent { payload: sample.payload.replacen(part, other, 1), ..sample.clone() }
}

/// One digest of all rows.
fn digest(rows: &RowsDigest) -> String {
    let mut digest = Sha256::new();
    for table in rows.versions.iter().chain(&rows.present) {
        digest.update(format!("{} {} {}\n", table.table, table.rows, hex::encode(table.sha256)));
    }
    hex::encode(digest.finalize())
}

/// The rows of an earlier build stay in the database until the form that they have is another one. So whatever moves this
/// digest raises the number, unless the log is another one itself.
async fn rows_that_come_out_differently_have_another_form(database: Database) {
    let clock = TestClock::new();
    let store = database.open_with(clock.clone()).await;
    for appends in FrozenLog::of_samples().0.chunks(200) {
        for outcome in commit(&*store, appends).await {
            outcome.expect("accepted");
        }
    }
    App::new(store.clone(), clock).rebuild(|_, _| {}).await.expect("made anew");
    let rows = store.rows_digest().await.expect("read");
    let found = (store.rows_form().await.expect("read").ours, digest(&rows));
    assert_eq!(
        found,
        (FORM.0, FORM.1.to_owned()),
        "the read rows of the frozen log have changed, or their form has: if the same log makes other rows than in a build \
         before, raise ROWS_VERSION in src/store/row.rs, so that every database has them made anew; then, or where only a \
         sample of an event has come in, write what was found into FORM of tests/suite/frozen.rs\n{rows:#?}"
    );
}

on_both_databases!(rows_that_come_out_differently_have_another_form);

#[test]
fn a_migration_that_was_applied_is_never_edited() {
    let listed = fs::read_to_string(of_the_repository("migrations/SHA256SUMS")).expect("it is there");
    let listed = listed.lines().map(|line| line.split_once("  ").expect("a digest and a file"));
    let listed: BTreeMap<_, _> = listed.map(|(digest, file)| (file.to_owned(), digest.to_owned())).collect();
    let mut found = BTreeMap::new();
    for database in ["postgres", "sqlite"] {
        for file in fs::read_dir(of_the_repository("migrations").join(database)).expect("it is there") {
            let file = file.expect("it can be read");
            let name = format!("{database}/{}", file.file_name().display());
            let text = fs::read(file.path()).expect("it can be read");
            found.insert(name, hex::encode(Sha256::digest(text)));
        }
    }
    assert_eq!(
        found, listed,
        "databases that have a migration refuse another one of its number: leave it as it was, and write a new one. A new one \
         gets its lines by `sha256sum */NUMBER_*.sql >> SHA256SUMS` in the folder migrations"
    );
}
