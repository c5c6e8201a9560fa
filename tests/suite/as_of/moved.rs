//! What has happened in a division is, as of a moment, what has happened to what lay in it then.

use etalon::app::{Interest, Start};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::store::on_both_databases;
use crate::store::support::Database;

/// What has happened in the division to one of these, as of the point, the latest first.
async fn happened(house: &House, point: Option<&str>, division: &str, to: &[&String]) -> Vec<Value> {
    let events = format!(
        "events(first: 100, filter: {{ divisionWithin: {division:?}, subjects: [INSTITUTION, PERSON] }}) {{
            edges {{ subject {{ id }} node {{ type }} }}
        }}"
    );
    let answer = match point {
        None => house.ask("watcher", &format!("{{ {events} }}"), json!({})).await,
        Some(point) => {
            let asked = format!("{{ asOf({point}) {{ query {{ {events} }} }} }}");
            house.ask("watcher", &asked, json!({})).await["asOf"]["query"].clone()
        }
    };
    let edges = answer["events"]["edges"].as_array().expect("a list").iter();
    let edges = edges.filter(|edge| to.iter().any(|id| edge["subject"]["id"] == id.as_str()));
    edges.map(|edge| edge["node"]["type"].clone()).collect()
}

async fn events_of_a_division_are_of_what_lay_in_it_then(database: Database) {
    let house = House::on(database).await;
    let institution = |division: &str| {
        json!({
            "name": "示范检测中心", "divisionCode": division, "kind": "METROLOGY_INSTITUTE",
            "capabilities": ["L/DimMet-2.1.2"],
        })
    };
    let moving = house.creates("coordinator", "registerInstitution", "institution", institution("4403")).await;
    let expert = json!({ "name": "调动的人", "capacity": "EXPERT", "affiliation": { "institutionId": moving } });
    let person = house.creates("coordinator", "registerPerson", "person", expert).await;
    let elsewhere = house.creates("nation", "registerInstitution", "institution", institution("32")).await;
    let (before, time) = (house.head().await, house.app.now());
    house.clock.advance(SignedDuration::from_hours(24));
    // Whoever follows keeps in memory where things lie now.
    let mut live = house.app.follow(Start::Now, Interest::default()).await.expect("it follows");
    let of_another = json!({ "institutionId": moving, "divisionCode": "32" });
    house.ordered("nation", "amendInstitution", "institution { id }", of_another).await;
    let moved = json!({ "personId": person, "affiliation": { "institutionId": elsewhere } });
    house.ordered("nation", "amendPerson", "person { id }", moved).await;
    while live.position() < Some(house.head().await) {
        let known = live.more().await.expect("there is more");
        live.read(known).await.expect("the log can be read");
    }

    let registered = [json!("PersonRegistered"), json!("InstitutionRegistered")];
    let point = format!("point: {{ position: \"{before}\" }}");
    let had_happened = format!("point: {{ time: \"{time}\" }}, axis: OCCURRED");
    for point in [&point, &had_happened] {
        for (division, expected) in [("44", &registered[..]), ("4403", &registered[..]), ("32", &[][..])] {
            let told = happened(&house, Some(point.as_str()), division, &[&moving, &person]).await;
            assert_eq!(told, expected, "{division} as of {point}");
        }
    }
    assert_eq!(happened(&house, None, "44", &[&moving, &person]).await, Vec::<Value>::new());
    assert_eq!(happened(&house, None, "32", &[&moving, &person]).await.len(), 4);
}

/// Who may see an event is by the rights of today, be it in memory or not where it happened.
async fn events_of_no_division_are_of_what_is_there_for_one_now(database: Database) {
    let house = House::on(database).await;
    let institution = json!({
        "name": "示范检测中心", "divisionCode": "32", "kind": "METROLOGY_INSTITUTE", "capabilities": ["L/DimMet-2.1.2"],
    });
    let elsewhere = house.creates("nation", "registerInstitution", "institution", institution).await;
    let expert = json!({ "name": "调来的人", "capacity": "EXPERT", "affiliation": { "institutionId": elsewhere } });
    let person = house.creates("nation", "registerPerson", "person", expert).await;
    let (registered, time) = (house.head().await.to_string(), house.app.now());
    house.clock.advance(SignedDuration::from_hours(24));
    let moved = json!({ "personId": person, "affiliation": { "institutionId": house.institutes[0] } });
    house.ordered("nation", "amendPerson", "person { id }", moved).await;
    let is_told = async || {
        let mut told = Vec::new();
        for point in [
            format!("point: {{ position: \"{registered}\" }}"),
            format!("point: {{ time: \"{time}\" }}, axis: OCCURRED"),
        ] {
            let events = "events(first: 100, filter: { subjects: [PERSON] }) { nodes { position } }";
            let asked = format!("{{ asOf({point}) {{ query {{ {events} }} }} }}");
            let answer = house.ask("coordinator", &asked, json!({})).await;
            let nodes = answer["asOf"]["query"]["events"]["nodes"].as_array().expect("a list");
            told.push(nodes.iter().any(|node| node["position"] == registered));
        }
        told
    };
    assert_eq!(is_told().await, [true, true]);
    // Whoever follows keeps in memory where things lie now.
    let mut live = house.app.follow(Start::Now, Interest::default()).await.expect("it follows");
    let renamed = json!({ "personId": person, "name": "来了的人" });
    house.ordered("nation", "amendPerson", "person { id }", renamed).await;
    while live.position() < Some(house.head().await) {
        let known = live.more().await.expect("there is more");
        live.read(known).await.expect("the log can be read");
    }
    assert_eq!(is_told().await, [true, true]);
}

on_both_databases!(
    events_of_a_division_are_of_what_lay_in_it_then,
    events_of_no_division_are_of_what_is_there_for_one_now,
);
