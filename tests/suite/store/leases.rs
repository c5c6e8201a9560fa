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

on_both_databases! {
    a_lease_has_one_holder_at_a_time,
}
