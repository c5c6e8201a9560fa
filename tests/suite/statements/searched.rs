//! A search among few cases, however much is looked for in them.

use serde_json::json;

use crate::as_of::house::House;
use crate::statements::told::counting;
use crate::statements::{MANY, RACES, told_of};
use crate::store::support::Database;

#[tokio::test]
async fn a_search_among_few_cases_takes_as_many_statements_for_many_words_as_for_one() {
    let house = House::on(Database::postgres()).await;
    let asked = async |words: &str| {
        let query = format!("{{ search(query: {words:?}) {{ totalCount complete }} }}");
        house.ask("enterprise 0", &query, json!({})).await;
        counting(house.ask("enterprise 0", &query, json!({}))).await
    };
    told_of(&house, 0, None).await;
    let (of_one, few) = asked("难点").await;
    for number in 1..MANY {
        told_of(&house, number, None).await;
    }
    // Every other case is theirs.
    let (of_all, many) = asked("难点 相差 难 点 相 差 8 um").await;
    assert_eq!(of_one, json!({ "search": { "totalCount": 1, "complete": true } }));
    assert_eq!(of_all, json!({ "search": { "totalCount": MANY / 2, "complete": true } }));
    assert!(few > 1, "statements are counted: {few}");
    assert!(many <= few + RACES, "{few} for a word, {many} for eight");
}
