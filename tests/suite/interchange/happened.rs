//! The past of an imported log: what had happened by 200 moments is what a script finds that reads nothing but the log.

use std::collections::{BTreeMap, BTreeSet};

use etalon::app::{Commanded, Moment, RegisterPage, YearQuestion};
use etalon::domain::annual_summary::figure::FigureName;
use etalon::domain::campaign::Campaign;
use etalon::domain::case::Case;
use etalon::domain::enterprise::Enterprise;
use etalon::domain::value::{Division, Label};
use etalon::projection;
use jiff::Timestamp;
use uuid::Uuid;

use crate::interchange::support::{
    DRIFT, House, Log, case_event, drawn_between, every_case, importer, past_of_the_problem_desk,
};
use crate::store::on_both_databases;
use crate::store::support::Database;

on_both_databases!(an_imported_log_has_its_own_past, what_a_file_belongs_to_is_there_from_the_earliest_on);

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
    let moments: Vec<i64> = (0..MOMENTS).map(|place| drawn_between(first, last, place)).collect();
    let told = past_of_the_problem_desk(&moments);
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
        assert_eq!(found, told.events, "by {moment}");
        if place % FOLDED_EVERY == 0 {
            // Each belongs to somebody, and to the campaign of the import, at that moment as well.
            let at = Moment::Occurred(*moment);
            let (owners, campaigns): (BTreeSet<_>, BTreeSet<_>) =
                cases.iter().map(|case| (case.row.enterprise_id, case.row.campaign_id)).unzip();
            assert_eq!(entries::<Enterprise>(&house, &owners, at).await, owners.len(), "by {moment}");
            assert_eq!(entries::<Campaign>(&house, &campaigns, at).await, campaigns.len(), "by {moment}");
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

/// How many of the entries a register had as of that moment.
async fn entries<A: Commanded>(house: &House, ids: &BTreeSet<Uuid>, at: Moment) -> usize {
    let page =
        RegisterPage { ids: Some(ids.iter().copied().collect()), limit: u32::MAX, at, ..RegisterPage::default() };
    house.app.registers::<A>(&importer(), &page).await.unwrap().len()
}

/// Another file of a log begins before the first one: what its cases belong to was there by then, and is counted in the
/// year in which it begins alone.
async fn what_a_file_belongs_to_is_there_from_the_earliest_on(database: Database) {
    let house = House::on(&database).await;
    let later = DRIFT[0].replace("T-17", "T-20").replace("14.03.2012", "14.05.2013");
    house.import(&Log::tickets(&[&later])).await.unwrap();
    let enrolled = async |year| {
        let position = house.head().await.unwrap();
        let jurisdiction = Division::parse("44").unwrap();
        let question =
            YearQuestion { jurisdiction, year, at: Moment::Position(position), time: None, standing_at: None };
        let figures = house.app.year(&importer(), question).await.unwrap().figures;
        let figure = figures.into_iter().find(|figure| figure.name == FigureName::EnterprisesEnrolled);
        figure.unwrap().value.to_string()
    };
    assert_eq!((enrolled(2012).await, enrolled(2013).await), ("0".to_owned(), "1".to_owned()));

    let earlier = Log::tickets(&[DRIFT[0]]);
    for log in [&earlier, &Log::tickets(&[&later]), &earlier] {
        house.import(log).await.unwrap();
        assert_eq!(house.head().await, Some(2 * 3 - 1), "the campaign, the organisation and a case of each file");
        assert_eq!((enrolled(2012).await, enrolled(2013).await), ("1".to_owned(), "0".to_owned()));
    }
    let enterprise = earlier.mapping.identity(&Label::parse("Delta Gauge Works").unwrap()).enterprise();
    for (time, expected) in [
        ("2012-03-14T01:29:59Z", (0, 0)),
        ("2012-03-14T01:30:00Z", (1, 1)),
        ("2013-05-14T01:29:59Z", (1, 1)),
        ("2013-05-14T01:30:00Z", (1, 1)),
    ] {
        let at = Moment::Occurred(time.parse::<Timestamp>().unwrap().as_microsecond());
        let enterprises = entries::<Enterprise>(&house, &BTreeSet::from([Uuid::from(enterprise)]), at).await;
        let campaign = Uuid::from(earlier.mapping.campaign.id);
        let campaigns = entries::<Campaign>(&house, &BTreeSet::from([campaign]), at).await;
        assert_eq!((enterprises, campaigns), expected, "by {time}");
    }
    let rebuilt = house.app.rebuild(|_, _| {}).await.unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}
