//! The past of an imported log: what had happened by 200 moments is what a script finds that reads nothing but the log.

use std::collections::{BTreeMap, BTreeSet};

use etalon::app::Moment;
use etalon::domain::campaign::Campaign;
use etalon::domain::case::Case;
use etalon::domain::enterprise::Enterprise;
use etalon::projection;

use crate::interchange::support::{
    House, Log, case_event, drawn_between, every_case, importer, past_of_the_problem_desk,
};
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
            let entries = house.app.named_by_a_case::<Enterprise>(owners.iter().copied().collect(), at).await.unwrap();
            assert_eq!(entries.len(), owners.len(), "by {moment}");
            let entries = house.app.named_by_a_case::<Campaign>(campaigns.iter().copied().collect(), at).await.unwrap();
            assert_eq!(entries.len(), campaigns.len(), "by {moment}");
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
