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

/// Stores by turns, one after the other and many in a row: each may be wrong about what the other did meanwhile.
async fn what_a_store_remembers_is_not_taken_for_what_is_so(database: Database) {
    let stores = [database.open().await, database.open().await];
    let stream = case_stream(1);
    let turns = [vec![0; 3], vec![1], vec![0, 1], vec![0; 20], vec![1, 0, 0, 1], vec![1; 20], vec![0]].concat();
    for (turn, side) in (0_u64..).zip(turns) {
        let key = format!("turn {turn}");
        let batch =
            [note(stream, turn.saturating_sub(1), "too late"), note(stream, turn, &key), note(stream, 0, "turn 0")];
        let outcomes = commit(&*stores[side], &batch[usize::from(turn == 0)..]).await;
        if turn > 0 {
            assert!(
                matches!(outcomes[0], Err(AppendError::Conflict { current_version }) if current_version == turn),
                "{key}"
            );
        }
        let [.., now, again] = &outcomes[..] else { panic!("{outcomes:?}") };
        let now = now.as_ref().expect("accepted");
        assert_eq!((now.first_position, now.version, now.replayed), (turn, turn + 1, false), "{key}");
        let again = again.as_ref().expect("answered");
        assert_eq!((again.first_position, again.replayed), (0, true), "{key}");
    }
    let case = numbered(2, "a number");
    let reported = commit(&*stores[1], &[case]).await;
    assert!(reported[0].is_ok(), "{reported:?}");
    for (number, side) in [(2, 0), (3, 0), (4, 1), (5, 0), (6, 1), (7, 1)] {
        let reported = commit(&*stores[side], &[numbered(number + 1, &number.to_string())]).await;
        assert!(reported[0].is_ok(), "{reported:?}");
        let name = format!("GD-2026-{number:04}");
        assert!(case_by_number(&*stores[0], &name, Moment::Present).await.is_some(), "{name}");
    }
}

on_both_databases! {
    two_stores_lose_and_double_nothing,
    two_stores_number_one_series,
    a_store_sees_what_another_committed,
    what_a_store_remembers_is_not_taken_for_what_is_so,
}
