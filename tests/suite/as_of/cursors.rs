//! A list goes on as of the time that it was begun at, and a cursor of it is none of another time, wherever the log ended
//! then.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::life::world::{text, with};
use crate::store::on_both_databases;
use crate::store::support::Database;

const LISTS: [(&str, &str); 3] =
    [("cases", "orderBy: [{ field: TITLE }]"), ("search", "query: \"内径\""), ("institutions", "")];

/// A page of the list, as of a point or now, and the errors.
async fn page(house: &House, point: &str, (list, arguments): (&str, &str), after: &str) -> (Value, Value) {
    let page = format!("list: {list}(first: 1, {after} {arguments}) {{ nodes {{ id }} pageInfo {{ endCursor }} }}");
    if point.is_empty() {
        let (data, errors) = house.post("watcher", &format!("{{ {page} }}"), json!({})).await;
        return (data["list"].clone(), errors);
    }
    let then = format!("{{ asOf(point: {{ {point} }}) {{ query {{ {page} }} }} }}");
    let (data, errors) = house.post("watcher", &then, json!({})).await;
    (data["asOf"]["query"]["list"].clone(), errors)
}

async fn a_cursor_goes_on_at_the_time_of_its_list_alone(database: Database) {
    let house = House::on(database).await;
    for title in ["内径一", "内径二", "内径三"] {
        house.reported(0, title).await;
    }
    let (head, time) = (house.head().await, house.app.now());
    house.clock.advance(SignedDuration::from_hours(3));
    // All of them end at the same position.
    let later = |hours| format!("time: \"{}\"", time + SignedDuration::from_hours(hours));
    let points = [String::new(), format!("position: \"{head}\""), later(1), later(2)];
    let mut begun = Vec::new();
    for list in LISTS {
        for point in &points {
            let (first, errors) = page(&house, point, list, "").await;
            assert_eq!(errors, json!([]), "{list:?} {point}");
            begun.push((list, point, first));
        }
    }
    // The present goes on where it began.
    house.reported(0, "外径").await;
    for (list, of, first) in &begun {
        let after = format!("after: {:?}", text(&first["pageInfo"]["endCursor"]));
        for point in &points {
            let (second, errors) = page(&house, point, *list, &after).await;
            if *of == point {
                assert_eq!(errors, json!([]), "{list:?} {point}");
                assert_eq!(second["nodes"].as_array().map(Vec::len), Some(1), "{list:?} {point}");
                assert_ne!(second["nodes"], first["nodes"], "{list:?} {point}");
            } else {
                assert_eq!(errors[0]["extensions"]["code"], "CURSOR_INVALID", "{list:?} of {of:?} at {point:?}");
            }
        }
    }
}

/// The pages of a view are of one filter, or refused.
async fn pages_of_what_had_happened_are_of_one_view(database: Database) {
    let house = House::on(database).await;
    house.clock.advance(SignedDuration::from_hours(1));
    for title in ["内径一", "内径二", "内径三"] {
        house.reported(0, title).await;
    }
    let time = house.app.now();
    house.clock.advance(SignedDuration::from_hours(1));
    let page = async |after: &str| {
        let asked = format!(
            "{{ asOf(point: {{ time: \"{time}\" }}, axis: OCCURRED) {{ query {{
                cases(first: 1, {after} view: {:?}) {{ nodes {{ id }} pageInfo {{ endCursor }} }}
            }} }} }}",
            house.view
        );
        house.post("coordinator", &asked, json!({})).await
    };
    let (first, errors) = page("").await;
    assert_eq!(errors, json!([]));
    let first = &first["asOf"]["query"]["cases"];
    let after = format!("after: {:?}", text(&first["pageInfo"]["endCursor"]));

    let update = |filter: Value| json!({ "viewId": house.view, "filter": filter });
    house.ordered("coordinator", "updateView", "", update(json!({ "level": { "eq": "CITY" } }))).await;
    let (second, errors) = page(&after).await;
    assert_eq!(errors, json!([]), "what happens now has not happened by then");
    let second = &second["asOf"]["query"]["cases"]["nodes"];
    assert_eq!(second.as_array().map(Vec::len), Some(1));
    assert_ne!(second, &first["nodes"]);

    let before = with(update(json!({ "level": { "eq": "NATION" } })), json!({ "occurredAt": time.to_string() }));
    house.ordered("coordinator", "updateView", "", before).await;
    let (_, errors) = page(&after).await;
    assert_eq!(errors[0]["extensions"]["code"], "CURSOR_OUTDATED", "{errors}");
}

on_both_databases!(a_cursor_goes_on_at_the_time_of_its_list_alone, pages_of_what_had_happened_are_of_one_view);
