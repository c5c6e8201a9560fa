//! Statistics and annual figures of the demonstration, against a fold of the log that knows nothing of the rows of figures, as of many positions and on both databases.

mod fold;

use std::sync::Arc;

use etalon::app::{App, Condition, GroupKey, GroupSums, Grouped, Moment, StatisticsQuestion, YearQuestion};
use etalon::clock::ManualClock;
use etalon::demo;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::annual_summary::figure::FigureName;
use etalon::domain::value::{Decimal, Division};
use etalon::store;
use jiff::Timestamp;

use crate::figures::fold::Folded;
use crate::store::support::Database;

/// A Monday.
const END: &str = "2026-11-23T03:20:00Z";

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
        let question =
            StatisticsQuestion { condition: Condition::All(Vec::new()), keys: keys.to_vec(), at, time: None };
        match self.app.statistics(&everybody(), &question).await.expect("the store reads") {
            Grouped::Groups(groups) => groups,
            Grouped::TooMany(groups) => panic!("{groups} groups"),
        }
    }

    /// Every value of the year, and the first events that each rests on.
    async fn year(&self, at: Moment) -> Vec<(FigureName, String, u64, Vec<u64>)> {
        let jurisdiction = Division::parse("44").expect("Guangdong");
        let question = YearQuestion { jurisdiction, year: 2026, at, time: None };
        let year = self.app.year(&everybody(), question).await.expect("the log has begun");
        let mut figures = Vec::new();
        for figure in year.figures {
            let events = self.app.year_events(&everybody(), &year.question, figure.name, None, 1_000).await;
            figures.push((figure.name, figure.value.to_string(), figure.events, events.expect("the store reads")));
        }
        figures
    }
}

fn everybody() -> Actor {
    Actor::of_the_server(ActorId::clock(), Role::Clock)
}

const QUESTIONS: [&[GroupKey]; 8] = [
    &[],
    &[GroupKey::Division(2)],
    &[GroupKey::Division(4), GroupKey::Status],
    &[GroupKey::Institution],
    &[GroupKey::Category],
    &[GroupKey::Kind, GroupKey::Level],
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
    let day = 86_400_000_000;
    let end: Timestamp = END.parse().expect("a time");
    for ago in [0, 1, 7, 30, 100, 200, 280] {
        let at = Moment::Occurred(end.as_microsecond() - ago * day);
        for keys in QUESTIONS {
            assert_eq!(embedded.groups(keys, at).await, postgres.groups(keys, at).await, "{keys:?} {ago} days ago");
        }
    }
}

#[tokio::test]
async fn a_year_rests_on_its_events() {
    let embedded = Demonstration::on(Database::sqlite()).await;
    let postgres = Demonstration::on(Database::postgres()).await;
    let events = embedded.app.log(None, None, 100_000).await.expect("the log reads");
    for at in [Moment::Present, Moment::Position(200), Moment::Position(events.len() as u64 - 1)] {
        let year = embedded.year(at).await;
        assert_eq!(year, postgres.year(at).await, "{at:?}");
        for (name, value, count, positions) in &year {
            assert!(positions.is_sorted(), "{name:?}");
            assert_eq!(positions.len() as u64, *count, "{name:?} {value}: an event a row of the figure");
        }
    }
    let now = embedded.year(Moment::Position(events.len() as u64 - 1)).await;
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
    assert_eq!(value(FigureName::FeesCharged), of_guangdong(&["FeeRecorded"]));
    assert_eq!(value(FigureName::DeadlinesMissed), of_guangdong(&["DeadlineMissed"]));
    let yuan = |text: String| Decimal::parse(&text).expect("an amount");
    assert_eq!(yuan(value(FigureName::FeeTotal)), yuan(fold::fees_within(&events, "44")));
    assert_ne!(value(FigureName::VisitsMade), "0");
}
