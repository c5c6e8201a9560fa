//! The leases under which one process at a time does what only one should do.

use crate::store::support::Database;

async fn a_lease_has_one_holder_at_a_time(database: Database) {
    let store = database.open().await;
    let other = database.open().await;
    let name = "clockwork";
    assert!(store.try_lease(name, "a", 100, 200).await.expect("asked"));
    assert!(!other.try_lease(name, "b", 199, 300).await.expect("asked"));
    assert!(store.try_lease(name, "a", 150, 250).await.expect("asked"));
    assert!(!other.try_lease(name, "b", 249, 300).await.expect("asked"));
    assert!(other.try_lease(name, "b", 250, 350).await.expect("asked"));
    store.release_lease(name, "a").await.expect("released");
    assert!(!store.try_lease(name, "a", 260, 360).await.expect("asked"));
    other.release_lease(name, "b").await.expect("released");
    assert!(store.try_lease(name, "a", 260, 360).await.expect("asked"));
    assert!(other.try_lease("another", "b", 260, 360).await.expect("asked"));
}

async fn a_clock_that_was_ahead_keeps_nobody_out(database: Database) {
    let store = database.open().await;
    let other = database.open().await;
    let name = "clockwork";
    assert!(store.try_lease(name, "a", 1_000_000, 1_000_100).await.expect("asked"));
    assert!(other.try_lease(name, "b", 100, 200).await.expect("asked"), "the clock was set right meanwhile");
    assert!(!store.try_lease(name, "a", 110, 210).await.expect("asked"));
    // Clocks that differ by less than a lease are as usual.
    assert!(store.try_lease(name, "a", 250, 350).await.expect("asked"));
    assert!(!other.try_lease(name, "b", 160, 260).await.expect("asked"));
}

on_both_databases! {
    a_lease_has_one_holder_at_a_time,
    a_clock_that_was_ahead_keeps_nobody_out,
}
