//! For random histories, filters and orders: the pages of a list neither skip nor repeat, whatever is committed between
//! them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::as_of::steps::{Step, step};
use crate::life::world::text;
use crate::store::support::Database;

const LISTS: u32 = 6;

/// A page of a list; without a place to go on from, its first.
fn page(first: u32, after: Option<&str>) -> String {
    let after = after.map(|cursor| format!(", after: {cursor:?}")).unwrap_or_default();
    format!(
        "query Page($filter: CaseFilter, $orderBy: [CaseOrder!]) {{
            cases(first: {first}{after}, filter: $filter, orderBy: $orderBy) {{
                totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ id number title status version }}
            }}
        }}"
    )
}

#[test]
fn pages_neither_skip_nor_repeat_on_sqlite() {
    turn(Database::sqlite);
}

#[test]
fn pages_neither_skip_nor_repeat_on_postgres() {
    turn(Database::postgres);
}

fn filter() -> impl Strategy<Value = Value> {
    let leaf = select(vec![
        json!({}),
        json!({ "open": true }),
        json!({ "status": { "in": ["REPORTED", "TRIAGED", "RESEARCHING"] } }),
        json!({ "status": { "nin": ["CLOSED", "WITHDRAWN"] } }),
        json!({ "title": { "contains": "难点" } }),
        json!({ "title": { "startsWith": "难点 1" } }),
        json!({ "deadline": { "isNull": true } }),
        json!({ "deadline": { "lt": "TODAY+P30D" } }),
        json!({ "updatedAt": { "gt": "-P7D" } }),
        json!({ "reportedAt": { "lte": "NOW" } }),
        json!({ "level": { "ne": "NATION" } }),
    ]);
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..3).prop_map(|filters| json!({ "and": filters })),
            vec(inner.clone(), 1..3).prop_map(|filters| json!({ "or": filters })),
            inner.prop_map(|filter| json!({ "not": filter })),
        ]
    })
}

fn order() -> impl Strategy<Value = Value> {
    let fields = ["NUMBER", "TITLE", "REPORTED_AT", "UPDATED_AT", "DEADLINE", "DIVISION", "GAP"].to_vec();
    (subsequence(fields, 0..4).prop_shuffle(), any::<bool>()).prop_map(|(fields, descending)| {
        let direction = if descending { "DESC" } else { "ASC" };
        fields.into_iter().map(|field| json!({ "field": field, "direction": direction })).collect()
    })
}

fn turn(database: fn() -> Database) {
    let config = Config {
        cases: LISTS,
        max_shrink_iters: 60,
        rng_seed: RngSeed::Fixed(2012),
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let lists = vec((filter(), order(), 1_u32..5), 3);
    let outcome =
        TestRunner::new(config).run(&(vec(step(), 40), lists, vec(step(), 60)), |(before, lists, between)| {
            runtime.block_on(check(database(), &before, &lists, &between));
            Ok(())
        });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

async fn check(database: Database, before: &[Step], lists: &[(Value, Value, u32)], between: &[Step]) {
    let house = House::on(database).await;
    let mut cases = Vec::new();
    for step in before {
        step.take(&house, &mut cases).await;
    }
    let mut between = between.iter();
    for (filter, order, first) in lists {
        let asked = json!({ "filter": filter, "orderBy": order });
        let whole = house.ask("watcher", &page(100, None), asked.clone()).await["cases"].clone();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let part = house.ask("watcher", &page(*first, after.as_deref()), asked.clone()).await["cases"].clone();
            assert_eq!(part["totalCount"], whole["totalCount"], "{filter} {order}");
            found.extend(part["nodes"].as_array().expect("a list").iter().cloned());
            if part["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = Some(text(&part["pageInfo"]["endCursor"]));
            for step in between.by_ref().take(2) {
                step.take(&house, &mut cases).await;
            }
        }
        assert_eq!(Value::Array(found), whole["nodes"], "{filter} {order}");
    }
}
