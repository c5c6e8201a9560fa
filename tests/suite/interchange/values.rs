//! Events of which a value is none that the mapping makes a fact of.

use crate::interchange::support::{DRIFT, House, Log, case_event};
use crate::store::on_both_databases;
use crate::store::support::Database;

on_both_databases!(what_lacks_a_value_of_its_fact_is_a_legacy_activity);

/// Nothing is dropped, nothing is made up: whether the event goes on with a case or opens one.
async fn what_lacks_a_value_of_its_fact_is_a_legacy_activity(database: Database) {
    let house = House::on(&database).await;
    let note = |ticket: &str, remark: &str| {
        format!("{ticket};Delta Gauge Works;4403;Drift;;note;22.03.2012 11:45;Li Wei;high;{remark}")
    };
    let long = "x".repeat(20_001);
    let rows = [note("T-19", ""), note("T-17", ""), note("T-17", &long), note("T-17", "seen")];
    let log = Log::tickets(&[DRIFT[0], &rows[0], &rows[1], &rows[2], &rows[3]])
        .mapped(|mapping| mapping.replace("when = { first = true }", "when = { activity = \"new\" }"));
    let report = house.import(&log).await.unwrap();
    assert_eq!((report.mapped["CommentAdded"], report.legacy, report.skipped_count), (1, 3, 0), "{report}");
    let refused = &report.refused_by_value["CommentAdded"];
    assert_eq!(refused.count, 3);
    assert!(refused.first.message.starts_with("line 4: `rule 5, text`: the attribute `remark`"), "{report}");
    let events = house.events().await;
    let legacy = events.iter().filter(|record| record.event_type == "LegacyActivityRecorded");
    let sources: Vec<_> = legacy.map(|record| case_event(record).source.unwrap()).collect();
    assert!(sources.len() == 3 && sources.iter().all(|source| source.activity == "note"), "{sources:?}");
    assert!(sources.iter().any(|source| source.attributes.get("remark") == Some(&long)));
    assert_eq!(house.cases().await.len(), 2);
    assert_eq!(house.import(&log).await.unwrap().already_there, 5);
    house.check_replay().await;
}
