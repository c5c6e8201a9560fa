//! Read rows made anew from the log are those that were served, also while the log grows.

use std::collections::BTreeSet;

use crate::interchange::support::{DRIFT, House, Log};
use crate::store::on_both_databases;
use crate::store::support::Database;

on_both_databases!(a_rebuild_gives_the_rows_that_were_served, a_rebuild_keeps_up_with_an_import);

async fn a_rebuild_gives_the_rows_that_were_served(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::tickets(DRIFT)).await.unwrap();
    let served = house.store.rows_digest().await.unwrap();
    let rebuilt = house.app.rebuild(|_, _| {}).await.unwrap();
    assert_eq!((rebuilt.before, rebuilt.after), (served, served));
    assert_eq!((rebuilt.events, rebuilt.commits), (1 + 2 + 5, 1 + 2 + 5));

    // Numbers go on where they were.
    house.import(&Log::tickets(DRIFT).renamed("Other tickets")).await.unwrap();
    let numbers: Vec<String> = house.cases().await.into_iter().map(|case| case.row.number).collect();
    assert_eq!(numbers.len(), 4);
    house.check_replay().await;
}

async fn a_rebuild_keeps_up_with_an_import(database: Database) {
    let house = House::on(&database).await;
    let log = Log::of_the_problem_desk();
    let import = async { assert_eq!(house.import(&log).await.unwrap().events_read, 6_660) };
    let mut ends = BTreeSet::new();
    let rebuilds = async {
        let mut seen = 0;
        while seen < 1 + 13 + 6_660 {
            let rebuilt = house.app.rebuild(|_, end| ends.extend([end])).await.unwrap();
            seen = rebuilt.events;
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(import, rebuilds);
    assert!(ends.len() > 1, "the log never grew under a rebuild: {ends:?}");

    let last = house.app.rebuild(|_, _| {}).await.unwrap();
    assert_eq!(last.before, last.after);
    house.check_replay().await;
}
