//! Two processes over one database: each has its own store and writer.

use std::collections::HashSet;

use etalon::store::{AppendError, Committed, Moment, RowChanges, Store, Writer, WriterLimits};

use crate::store::log::every_event;
use crate::store::samples::{
    append, case_by_id, case_by_number, case_row, case_stream, commit, id, note, notes, numbered, rows_of,
};
use crate::store::support::Database;

const CLIENTS: u128 = 8;
const COMMANDS: usize = 20;

/// Adds notes to a stream that others add to as well, deciding anew after each conflict.
async fn insist(store: &dyn Store, writer: &Writer, client: u128, stream: u128) -> Vec<Committed> {
    let mut accepted = Vec::new();
    for number in 0..COMMANDS {
        let key = format!("{client} {number}");
        loop {
            let version = store.load(case_stream(stream), 0).await.expect("loaded").len() as u64;
            let content = notes(&[&key, "again"], rows_of(case_row(stream)));
            match writer.append(append(case_stream(stream), version, &key, content)).await {
                Ok(committed) => break accepted.push(committed),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
    accepted
}

async fn two_stores_lose_and_double_nothing(database: Database) {
    let stores = [database.open().await, database.open().await];
    let writers = stores.clone().map(|store| Writer::spawn(store, WriterLimits::default()));
    let clients = (0..CLIENTS).map(|client| {
        let side = (client % 2) as usize;
        insist(&*stores[side], &writers[side], client, client % 3)
    });
    let accepted: Vec<_> = futures::future::join_all(clients).await.into_iter().flatten().collect();

    let events = stores[0].events(&every_event()).await.expect("read");
    assert_eq!(accepted.len(), CLIENTS as usize * COMMANDS);
    assert_eq!(events.len(), 2 * accepted.len());
    let mut sequences = HashSet::new();
    for (event, position) in events.iter().zip(0..) {
        assert_eq!(event.position, position);
        assert!(sequences.insert((&event.aggregate_id, event.sequence)));
    }
    for committed in &accepted {
        let event = &events[committed.first_position as usize];
        assert_eq!(event.sequence + 1, committed.version);
    }
    for stream in 0..3 {
        let case = case_by_id(&*stores[1], id(stream), Moment::Present).await.expect("a row");
        let loaded = stores[1].load(case_stream(stream), 0).await.expect("loaded");
        assert_eq!(case.version, loaded.len() as u64);
    }
}

async fn two_stores_number_one_series(database: Database) {
    let stores = [database.open().await, database.open().await];
    let writers = stores.clone().map(|store| Writer::spawn(store, WriterLimits::default()));
    let reports = (1..=40).map(|case: u128| {
        let writer = &writers[(case % 2) as usize];
        writer.append(numbered(case, &case.to_string()))
    });
    for outcome in futures::future::join_all(reports).await {
        outcome.expect("accepted");
    }
    for number in 1..=40 {
        let number = format!("GD-2026-{number:04}");
        assert!(case_by_number(&*stores[0], &number, Moment::Present).await.is_some());
    }
}

async fn a_store_sees_what_another_committed(database: Database) {
    let (one, two) = (database.open().await, database.open().await);
    commit(&*one, &[note(case_stream(1), 0, "a")]).await;
    let content = notes(&["b"], RowChanges::default());
    let outcomes = commit(&*two, &[append(case_stream(1), 1, "b", content)]).await;
    assert_eq!(outcomes[0].as_ref().expect("accepted").first_position, 1);
    let again = commit(&*two, &[note(case_stream(1), 0, "a")]).await;
    assert!(again[0].as_ref().expect("accepted").replayed);
    assert_eq!(one.head().await.expect("read").next_position, 2);
}

on_both_databases! {
    two_stores_lose_and_double_nothing,
    two_stores_number_one_series,
    a_store_sees_what_another_committed,
}
