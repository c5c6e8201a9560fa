//! Read rows made anew from the log are those that were served, also while the log grows.

use std::collections::BTreeSet;
use std::time::Duration;

use etalon::app::Fault;
use tokio::sync::Notify;

use crate::interchange::support::{DRIFT, House, Log};
use crate::store::on_both_databases;
use crate::store::support::{Database, START};

on_both_databases!(
    a_rebuild_gives_the_rows_that_were_served,
    a_rebuild_keeps_up_with_an_import,
    rows_of_an_older_form_are_renewed_while_they_are_read,
);

async fn a_rebuild_gives_the_rows_that_were_served(database: Database) {
    let house = House::on(&database).await;
    house.import(&Log::tickets(DRIFT)).await.unwrap();
    let served = house.store.rows_digest().await.unwrap();
    let rebuilt = house.app.rebuild(|_, _| {}).await.unwrap();
    assert_eq!((rebuilt.before, rebuilt.after), (served.clone(), served));
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

/// A program that makes other rows makes them anew when it starts; whoever reads meanwhile reads all of the old ones or all of the new ones.
async fn rows_of_an_older_form_are_renewed_while_they_are_read(database: Database) {
    const OLD: &str = "as an older program has it";
    let house = House::on(&database).await;
    house.import(&Log::of_the_problem_desk()).await.unwrap();
    let served = house.store.rows_digest().await.unwrap();
    let raw = database.raw().await;
    raw.execute(&format!("update cases set title = '{OLD}'")).await;
    raw.execute("update log_head set rows_version = 0 where id = 1").await;
    let form = house.store.rows_form().await.unwrap();
    assert!(form.stored < form.ours);

    let titles = async || -> Vec<bool> {
        let cases = house.cases().await;
        cases.iter().map(|case| case.row.title == OLD).collect()
    };
    let count = titles().await.len();
    let reading = async {
        let (mut old, mut new) = (0, 0);
        while new == 0 {
            let read = titles().await;
            assert_eq!(read.len(), count, "every read has every case");
            assert!(read.iter().all(|is_old| *is_old == read[0]), "of one form");
            if read[0] { old += 1 } else { new += 1 }
        }
        old
    };
    // Two servers of this program start at once.
    let [one, other] = [house.another(&database).await, house.another(&database).await];
    let (read, first, second) = tokio::join!(reading, one.renew_rows(), other.renew_rows());
    first.unwrap();
    second.unwrap();
    assert!(read > 0, "it was read while it was made");
    assert_eq!(house.store.rows_form().await.unwrap().stored, form.ours);
    assert_eq!(house.store.rows_digest().await.unwrap(), served);
    house.check_replay().await;

    raw.execute("update log_head set rows_version = 99 where id = 1").await;
    let newer = one.renew_rows().await.unwrap_err();
    assert!(newer.to_string().contains("99"), "a newer program's rows are left alone: {newer}");
}

#[tokio::test]
async fn a_rebuild_whose_lease_cannot_be_given_back_has_succeeded() {
    let database = Database::sqlite();
    let house = House::on(&database).await;
    house.import(&Log::tickets(DRIFT)).await.unwrap();
    let kept = "create trigger kept before delete on leases begin select raise(abort, 'no'); end";
    database.raw().await.execute(kept).await;
    let rebuilt = house.app.rebuild(|_, _| {}).await.unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

/// However long the last step of a rebuild waits or takes, nobody else begins one meanwhile and drops its tables. On SQLite the step holds the only writer, and so keeps the others out by itself.
#[tokio::test]
async fn a_rebuild_keeps_its_lease_through_its_last_step() {
    const MINUTE: i64 = 60_000_000;
    let database = Database::postgres();
    let house = House::on(&database).await;
    house.import(&Log::tickets(DRIFT)).await.unwrap();
    let (raw, other) = (database.raw().await, house.another(&database).await);
    let held = raw.hold_head().await;
    let all_is_read = Notify::new();
    let first = house.app.rebuild(|_, _| all_is_read.notify_one());
    let later = async {
        all_is_read.notified().await;
        // The time by which the lease would have ended.
        let now = START + MINUTE;
        house.clock.set(now);
        let prolonged = [(now + MINUTE).to_string()];
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..1_000 {
            looks.tick().await;
            if raw.texts("select cast(expires_at as text) from leases where name = 'rebuild'").await == prolonged {
                break;
            }
        }
        let second = other.rebuild(|_, _| {}).await;
        held.release().await;
        second
    };
    let (first, second) = tokio::join!(first, later);
    assert!(matches!(second, Err(Fault::RebuildUnderWay)), "{second:?}");
    let rebuilt = first.unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}
