//! Registers: enterprises, campaigns, institutions and the like.

use etalon::store::{AggregateType, Append, Keep, Moment, RegisterQuery, RegisterRow, RowChanges, Store, StreamId};

use crate::store::samples::{append, commit, id, notes, register_row};
use crate::store::support::Database;

fn enterprise(number: u128) -> StreamId {
    StreamId { aggregate_type: AggregateType::Enterprise, aggregate_id: id(number) }
}

fn entry(stream: StreamId, version: u64, row: RegisterRow) -> Append {
    let key = format!("{stream} {version}");
    let rows = RowChanges { register: Some(row), ..RowChanges::default() };
    append(stream, version, &key, notes(&["entered"], rows))
}

fn every_enterprise() -> RegisterQuery {
    RegisterQuery {
        aggregate_type: AggregateType::Enterprise,
        ids: None,
        division_prefix: None,
        readers: None,
        code: None,
        name_contains: None,
        after: None,
        before: None,
        limit: 100,
        keep: Keep::First,
        within: None,
        at: Moment::Present,
        heard_after: None,
    }
}

/// Names found, after checking that counting agrees.
async fn names(store: &dyn Store, query: RegisterQuery) -> Vec<String> {
    let found = store.registers(&query).await.expect("read");
    if query.after.is_none() && query.before.is_none() && query.limit == every_enterprise().limit {
        assert_eq!(store.count_registers(&query).await.expect("read"), found.len() as u64);
    }
    found.into_iter().map(|stored| stored.row.name).collect()
}

async fn registers_are_filtered_and_paged(database: Database) {
    let store = database.open().await;
    let in_division = |division: &str, name| RegisterRow { division: division.to_owned(), ..register_row(name) };
    let institution = StreamId { aggregate_type: AggregateType::Institution, aggregate_id: id(1) };
    let batch = [
        entry(enterprise(1), 0, in_division("4403", "深圳 Bearings 50%")),
        entry(enterprise(2), 0, in_division("440301", "Gears")),
        entry(enterprise(3), 0, in_division("45", "Gears")),
        entry(enterprise(4), 0, in_division("", "ministry")),
        entry(institution, 0, in_division("44", "Metrology")),
    ];
    for outcome in commit(&*store, &batch).await {
        outcome.expect("accepted");
    }
    let all = every_enterprise;
    let some = |text: &str| Some(text.to_owned());
    for (query, expected) in [
        (all(), vec!["Gears", "Gears", "ministry", "深圳 Bearings 50%"]),
        (RegisterQuery { division_prefix: some("44"), ..all() }, vec!["Gears", "深圳 Bearings 50%"]),
        (RegisterQuery { division_prefix: some(""), ..all() }, vec!["Gears", "Gears", "ministry", "深圳 Bearings 50%"]),
        (RegisterQuery { name_contains: some("BEAR"), ..all() }, vec!["深圳 Bearings 50%"]),
        (RegisterQuery { name_contains: some("0%"), ..all() }, vec!["深圳 Bearings 50%"]),
        (RegisterQuery { name_contains: some("圳"), ..all() }, vec!["深圳 Bearings 50%"]),
        (RegisterQuery { name_contains: some("5_"), ..all() }, vec![]),
        (RegisterQuery { code: some("code of ministry"), ..all() }, vec!["ministry"]),
        (RegisterQuery { ids: Some(vec![id(2), id(4), id(9)]), ..all() }, vec!["Gears", "ministry"]),
        (RegisterQuery { ids: Some(vec![]), ..all() }, vec![]),
        (RegisterQuery { limit: 1, after: Some(("Gears".to_owned(), id(2))), ..all() }, vec!["Gears"]),
        (RegisterQuery { after: Some(("Gears".to_owned(), id(3))), ..all() }, vec!["ministry", "深圳 Bearings 50%"]),
        (RegisterQuery { before: Some(("ministry".to_owned(), id(4))), ..all() }, vec!["Gears", "Gears"]),
        (RegisterQuery { limit: 2, keep: Keep::Last, ..all() }, vec!["ministry", "深圳 Bearings 50%"]),
    ] {
        assert_eq!(names(&*store, query.clone()).await, expected, "{query:?}");
    }
}

async fn a_register_is_read_as_it_was(database: Database) {
    let store = database.open().await;
    let batch = [
        entry(enterprise(1), 0, register_row("first")),
        entry(enterprise(2), 0, register_row("other")),
        entry(enterprise(1), 1, register_row("second")),
    ];
    commit(&*store, &batch).await;
    commit(&*store, &[entry(enterprise(1), 2, register_row("third"))]).await;
    for (at, expected) in [
        (Moment::Position(0), vec!["first"]),
        (Moment::Position(1), vec!["first", "other"]),
        (Moment::Position(2), vec!["other", "second"]),
        (Moment::Position(3), vec!["other", "third"]),
        (Moment::Present, vec!["other", "third"]),
    ] {
        let query = RegisterQuery { at, ..every_enterprise() };
        assert_eq!(names(&*store, query).await, expected, "as of {at:?}");
    }
    let query = RegisterQuery { ids: Some(vec![id(1)]), ..every_enterprise() };
    let stored = store.registers(&query).await.expect("read").remove(0);
    assert_eq!((stored.stream, stored.version, stored.from_position), (enterprise(1), 3, 3));
    assert_eq!(stored.row, register_row("third"));
}

on_both_databases! {
    registers_are_filtered_and_paged,
    a_register_is_read_as_it_was,
}
