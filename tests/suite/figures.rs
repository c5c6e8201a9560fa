//! Statistics and annual figures of the demonstration, against a fold of the log that knows nothing of the rows of figures, as of many positions and on both databases.

mod began_later;
pub(crate) mod fold;
mod retractions;
mod summaries;
pub(crate) mod year;

use std::collections::BTreeMap;
use std::sync::Arc;

use etalon::app::{
    App, Condition, EventRecord, EvidencePage, FigureEvent, GroupKey, GroupSums, Grouped, Moment, StatisticsQuestion,
    YearQuestion, time_of,
};
use etalon::clock::ManualClock;
use etalon::codec;
use etalon::demo;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::annual_summary::figure::FigureName;
use etalon::domain::value::{Decimal, Division, calendar};
use etalon::store;
use jiff::Timestamp;

use crate::figures::fold::Folded;
use crate::figures::year::FoldedYears;
use crate::store::support::Database;

/// A Monday.
const END: &str = "2026-10-26T03:20:00Z";

struct Demonstration {
    app: App,
    _database: Database,
}

impl Demonstration {
    async fn on(database: Database) -> Self {
        let end: Timestamp = END.parse().expect("a time");
        let clock = Arc::new(ManualClock::new(demo::begins(end), 2012));
        let store = store::open(&database.url, clock.clone()).await.expect("the database opens");
        let app = App::new(store, clock.clone()).with_vault(database.vault());
        demo::fill(&app, &clock, end).await.expect("the demonstration is allowed");
        Self { app, _database: database }
    }

    async fn groups(&self, keys: &[GroupKey], at: Moment) -> Vec<GroupSums> {
        let question = StatisticsQuestion {
            condition: Condition::All(Vec::new()),
            keys: keys.to_vec(),
            at,
            time: None,
            most_groups: 1_000,
        };
        match self.app.statistics(&everybody(), &question).await.expect("the store reads") {
            Grouped::Groups(groups) => groups,
            Grouped::TooMany(groups) => panic!("{groups} groups"),
        }
    }

    /// Every value of the year, and the first events that each rests on.
    async fn year(&self, at: Moment) -> Vec<(FigureName, String, u64, Vec<u64>)> {
        let jurisdiction = Division::parse("44").expect("Guangdong");
        let question = YearQuestion { jurisdiction, year: 2026, at, time: None, standing_at: None };
        let year = self.app.year(&everybody(), question).await.expect("the log has begun");
        let names: Vec<_> = year.figures.iter().map(|figure| figure.name).collect();
        let page = EvidencePage { after: None, limit: 1_000 };
        let events = self.app.year_events(&everybody(), &year.question, &names, page).await.expect("the store reads");
        let positions = |events: Vec<FigureEvent>| events.iter().map(|event| event.position).collect();
        let told = year.figures.into_iter().zip(events);
        told.map(|(figure, events)| (figure.name, figure.value.to_string(), figure.events, positions(events))).collect()
    }
}

pub(crate) fn everybody() -> Actor {
    Actor::of_the_server(ActorId::clock(), Role::Clock)
}

/// The events that each figure rests on.
fn rests_on(year: Vec<(FigureName, String, u64, Vec<u64>)>) -> BTreeMap<FigureName, Vec<u64>> {
    year.into_iter().map(|(name, _, _, positions)| (name, positions)).collect()
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).expect("a number")
}

/// When it happened, in microseconds since the Unix epoch.
pub(crate) fn happened_at(record: &EventRecord) -> i64 {
    codec::occurred_at(&record.payload).expect("every event says when it happened").as_microsecond()
}

const QUESTIONS: [&[GroupKey]; 9] = [
    &[],
    &[GroupKey::Division(2)],
    &[GroupKey::Division(4), GroupKey::Status],
    &[GroupKey::Institution],
    &[GroupKey::Category],
    &[GroupKey::Kind, GroupKey::Level],
    &[GroupKey::Severity],
    &[GroupKey::Month],
    &[GroupKey::Status],
];

#[tokio::test]
async fn the_sums_are_those_of_the_log_and_the_same_on_both_databases() {
    let embedded = Demonstration::on(Database::sqlite()).await;
    let postgres = Demonstration::on(Database::postgres()).await;
    let events = embedded.app.log(None, None, 100_000).await.expect("the log reads");
    let last = events.last().expect("events").position;
    let mut folded = Folded::default();
    let mut next = 0;
    // Between commands, at odd distances: every commit's end that comes after a multiple of 37.
    for position in (0..last).step_by(37).chain([last]) {
        let end = fold::end_of_commit(&events, position);
        while next <= end {
            folded.take(&events[usize::try_from(next).expect("it fits")]);
            next += 1;
        }
        let at = Moment::Position(end);
        for keys in QUESTIONS {
            let expected = folded.groups(keys);
            assert_eq!(embedded.groups(keys, at).await, expected, "{keys:?} at {end}, embedded");
            assert_eq!(postgres.groups(keys, at).await, expected, "{keys:?} at {end}, PostgreSQL");
        }
    }
    for keys in QUESTIONS {
        assert_eq!(embedded.groups(keys, Moment::Present).await, folded.groups(keys), "{keys:?} now");
    }
    assert!(folded.groups(&[])[0].fees.len() >= 6, "there is something to add up");
}

#[tokio::test]
async fn what_had_happened_is_what_the_log_says_of_it() {
    let embedded = Demonstration::on(Database::sqlite()).await;
    let postgres = Demonstration::on(Database::postgres()).await;
    let events = embedded.app.log(None, None, 100_000).await.expect("the log reads");
    let day = 86_400_000_000;
    let end: Timestamp = END.parse().expect("a time");
    for ago in [0, 1, 7, 30, 100, 200, 280] {
        let time = end.as_microsecond() - ago * day;
        let at = Moment::Occurred(time);
        let (mut folded, mut years) = (Folded::default(), FoldedYears::default());
        for record in events.iter().filter(|record| happened_at(record) <= time) {
            folded.take(record);
            years.take(record);
        }
        let folded = folded.on(calendar::date_of(time_of(time)));
        for keys in QUESTIONS {
            let expected = folded.groups(keys);
            assert_eq!(embedded.groups(keys, at).await, expected, "{keys:?} {ago} days ago, embedded");
            assert_eq!(postgres.groups(keys, at).await, expected, "{keys:?} {ago} days ago, PostgreSQL");
        }
        let expected = years.figures("44", 2026);
        for demonstration in [&embedded, &postgres] {
            let year = demonstration.year(at).await;
            let figures: BTreeMap<_, _> = year.iter().map(|figure| (figure.0, decimal(&figure.1))).collect();
            assert_eq!(figures, expected, "{ago} days ago");
            assert_eq!(rests_on(year), years.events("44", 2026), "{ago} days ago");
        }
    }
}

#[tokio::test]
async fn a_year_rests_on_its_events() {
    let embedded = Demonstration::on(Database::sqlite()).await;
    let postgres = Demonstration::on(Database::postgres()).await;
    let events = embedded.app.log(None, None, 100_000).await.expect("the log reads");
    let last = events.len() as u64 - 1;
    for at in [Moment::Present, Moment::Position(200), Moment::Position(last)] {
        let year = embedded.year(at).await;
        assert_eq!(year, postgres.year(at).await, "{at:?}");
        for (name, value, count, positions) in &year {
            assert!(positions.is_sorted(), "{name:?}");
            assert_eq!(positions.len() as u64, *count, "{name:?} {value}: an event a row of the figure");
        }
        let mut years = FoldedYears::default();
        let end = fold::end_of_commit(&events, at.last_position().unwrap_or(last));
        events.iter().filter(|event| event.position <= end).for_each(|event| years.take(event));
        assert_eq!(rests_on(year), years.events("44", 2026), "{at:?}");
    }
    let now = embedded.year(Moment::Position(last)).await;
    let mut years = FoldedYears::default();
    events.iter().for_each(|event| years.take(event));
    let told: BTreeMap<_, _> = now.iter().map(|(name, value, ..)| (*name, decimal(value))).collect();
    assert_eq!(told, years.figures("44", 2026));
    let value = |wanted: FigureName| {
        let (_, value, ..) = now.iter().find(|(name, ..)| *name == wanted).expect("every figure is told");
        value.clone()
    };
    let of_guangdong = |types: &[&str]| {
        let cases = fold::cases_within(&events, "44");
        let found = events.iter().filter(|event| types.contains(&event.event_type.as_str()));
        found.filter(|event| cases.contains(&event.aggregate_id)).count().to_string()
    };
    assert_eq!(value(FigureName::CasesReported), of_guangdong(&["CaseReported"]));
    assert_eq!(value(FigureName::Trainings), of_guangdong(&["TrainingDelivered"]));
    assert_eq!(value(FigureName::TechniquesIntroduced), of_guangdong(&["TechniqueIntroduced"]));
    let (fees, total) = fold::fees_within(&events, "44");
    assert_eq!(value(FigureName::FeesCharged), fees.to_string());
    assert_ne!(value(FigureName::FeesCharged), of_guangdong(&["FeeRecorded"]), "some are retracted");
    assert_eq!(value(FigureName::DeadlinesMissed), of_guangdong(&["DeadlineMissed"]));
    assert_eq!(decimal(&value(FigureName::FeeTotal)), decimal(&total));
    assert_ne!(value(FigureName::VisitsMade), "0");
}
