//! Ids are no keys: every id that an auditor of the nation is told anywhere is asked for by everybody, and leads to
//! nothing that their own lists do not show.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::authorisation::stage::{Stage, event_id};
use crate::authorisation::{NOBODY, PEOPLE};
use crate::following::subscriber::{Subscriber, Transport, position};
use crate::life::world::{fields, named, year};

/// What there is to be named, by every list.
const LISTS: &str = "query Lists($year: Int!) {
    cases(first: 100) { totalCount nodes { id comments { id } } } enterprises { totalCount nodes { id } }
    persons { totalCount nodes { id } } institutions { totalCount nodes { id } }
    campaigns { totalCount nodes { id } } catalogue(divisionCode: \"44\") { id }
    annualSummary(divisionCode: \"44\", year: $year) { id }
}";

/// What is named within them: it is read with what it is part of, and by its own id by nobody.
const PARTS: &str = "{
    cases(first: 100) { nodes {
        findings { id } comments { id } attachments { id } fees { id } measurements { id } experts { id }
        assignment { id } solution { id } trial { id } resolution { id }
    } }
    enterprises { nodes { visits { id } contact { id } enrolments { id } } } webhooks { nodes { id } }
    webhookChanges { nodes { id } }
}";

/// Every event, and what it is about: of what is said internally, the comment. Nobody follows saved views.
const EVENTS: &str = "subscription Events { events(fromStart: true) {
    position subject { id } caseEvent { caseId ... on InternalCommentAddedEvent { commentId } } } }";

/// The typed way to what has such an id. A catalogue and a summary are asked for by where and when they are.
const LOOK_UPS: [(&str, &str); 5] = [
    ("Case", "case"),
    ("Enterprise", "enterprise"),
    ("Person", "person"),
    ("Institution", "institution"),
    ("Campaign", "campaign"),
];

/// How many ids are asked for at once, and how many fields.
const AT_ONCE: usize = 100;
const FIELDS_AT_ONCE: usize = 50;

const NODES: &str = "query Nodes($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }";

/// What of the stage somebody may name.
struct Known {
    /// Ids of things and of events, each with the id of the thing that decides who sees it.
    decided_by: BTreeMap<String, String>,
    /// Ids that lead nowhere by themselves.
    parts: BTreeSet<String>,
}

pub async fn no_id_leads_to_what_one_may_not_see(stage: &Stage) {
    let known = known(stage).await;
    assert!(known.decided_by.len() > 150 && known.parts.len() > 20, "there is something to name");
    let ids: Vec<_> = known.decided_by.keys().chain(&known.parts).cloned().collect();
    for who in PEOPLE.into_iter().chain(["watcher"]) {
        let listed = listed(stage, who).await;
        let shown = shown(stage, who, &ids).await;
        let expected = known.decided_by.iter().filter(|(_, by)| listed.contains(*by)).map(|(id, _)| id.clone());
        let expected: BTreeSet<_> = expected.collect();
        let more: Vec<_> = shown.difference(&expected).collect();
        let less: Vec<_> = expected.difference(&shown).collect();
        assert!(more.is_empty() && less.is_empty(), "{who} is shown {more:?} and is not shown {less:?}");
        typed(stage, who, &known, &listed).await;
        proofs(stage, who, &known, &listed).await;
    }
    for some in ids.chunks(AT_ONCE) {
        stage.is_closed_to_strangers(NODES, &json!({ "ids": some })).await;
    }
}

/// Everything that an auditor of the nation is told of, and what its owners are.
async fn known(stage: &Stage) -> Known {
    let things = listed(stage, "watcher").await;
    let is_looked_up = |id: &String| named(id).is_none_or(|(kind, _)| kind != "Comment");
    let mut decided_by: BTreeMap<_, _> = things.into_iter().filter(is_looked_up).map(|id| (id.clone(), id)).collect();
    let (url, token) = (&stage.world.server.graphql, stage.world.token("watcher"));
    let events = Subscriber::open(Transport::EventStream, url, &token, EVENTS, json!({})).await;
    let mut events = events.expect("it is there");
    loop {
        let update = events.update().await;
        let event = &update["caseEvent"];
        let subject = [&event["commentId"], &event["caseId"], &update["subject"]["id"]];
        if let Some(subject) = subject.into_iter().find_map(Value::as_str) {
            decided_by.insert(event_id(position(&update).cast_signed()), subject.to_owned());
        }
        if position(&update).cast_signed() + 1 >= stage.size {
            break;
        }
    }
    let mut parts = BTreeSet::new();
    collect(&stage.world.ask("watcher", PARTS, json!({})).await, &mut parts);
    Known { decided_by, parts }
}

/// The ids of all that somebody's own lists show: what is theirs by the rule that lists are filtered by.
async fn listed(stage: &Stage, who: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let lists = stage.world.ask(who, LISTS, json!({ "year": year(-1) })).await;
    for (name, list) in fields(&lists).iter().filter(|(_, list)| list["nodes"].is_array()) {
        assert_eq!(
            list["totalCount"].as_u64(),
            list["nodes"].as_array().map(|nodes| nodes.len() as u64),
            "{who} {name}"
        );
    }
    collect(&lists, &mut found);
    found
}

/// Those of the ids that lead somebody to something.
async fn shown(stage: &Stage, who: &str, ids: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for some in ids.chunks(AT_ONCE) {
        let nodes = stage.world.ask(who, NODES, json!({ "ids": some })).await;
        let nodes = nodes["nodes"].as_array().expect("a list");
        for (id, node) in some.iter().zip(nodes).filter(|(_, node)| node.is_object()) {
            assert_eq!(node["id"], **id, "{who}");
            found.insert(id.clone());
        }
    }
    found
}

/// The typed fields agree with the lists, and answer what may not be seen as they answer what nothing has.
async fn typed(stage: &Stage, who: &str, known: &Known, listed: &BTreeSet<String>) {
    let things = known.decided_by.iter().filter(|(id, by)| id == by).map(|(id, _)| id.as_str());
    let asked: Vec<_> = things
        .filter_map(|id| {
            let (kind, _) = named(id)?;
            let (_, field) = LOOK_UPS.iter().find(|(of, _)| *of == kind)?;
            Some((*field, id))
        })
        .collect();
    for some in asked.chunks(FIELDS_AT_ONCE) {
        let about = |id_of: &dyn Fn(usize) -> String| {
            let fields = some.iter().enumerate();
            let fields =
                fields.map(|(place, (field, _))| format!("f{place}: {field}(id: {:?}) {{ id }}", id_of(place)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(" "))
        };
        let there = stage.answer(who, &about(&|place| some[place].1.to_owned()), &json!({})).await;
        let absent = stage.answer(who, &about(&|_| NOBODY.to_owned()), &json!({})).await;
        for (place, (field, id)) in some.iter().enumerate() {
            let name = format!("f{place}");
            match listed.contains(*id) {
                true => assert_eq!(there["data"][&name]["id"], **id, "{who}: {field}"),
                false => assert_eq!(there["data"][&name], absent["data"][&name], "{who}: {field}"),
            }
        }
        assert_eq!(there["errors"], absent["errors"], "{who}: nothing is refused");
        assert_eq!(there["extensions"]["cost"], absent["extensions"]["cost"], "{who}");
    }
}

/// The last event of each thing has a proof, and is a point in time, for whoever sees the thing. To others it is as an
/// event that is not there.
async fn proofs(stage: &Stage, who: &str, known: &Known, listed: &BTreeSet<String>) {
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    for position in 0..stage.size {
        if let Some(subject) = known.decided_by.get(&event_id(position)) {
            last.insert(subject, position);
        }
    }
    let asked: Vec<_> = last.into_iter().collect();
    for some in asked.chunks(FIELDS_AT_ONCE / 2) {
        let fields = some.iter().enumerate().map(|(place, (_, position))| {
            let event = event_id(*position);
            format!(
                "p{place}: inclusionProof(index: \"{position}\", size: \"{}\") {{ index }}
                 t{place}: asOf(point: {{ event: \"{event}\" }}) {{ position }}",
                stage.size
            )
        });
        let document = format!("{{ {} }}", fields.collect::<Vec<_>>().join(" "));
        let answer = stage.answer(who, &document, &json!({})).await;
        let refused = |name: &str| {
            let errors = answer["errors"].as_array().into_iter().flatten();
            errors.into_iter().find(|error| error["path"][0] == name).map(|error| error["extensions"]["code"].clone())
        };
        for (place, (subject, position)) in some.iter().enumerate() {
            for name in [format!("p{place}"), format!("t{place}")] {
                let is_there = answer["data"][&name].is_object();
                assert_eq!(is_there, listed.contains(*subject), "{who}: {name} at {position}");
                assert!(is_there || refused(&name) == Some(json!("NOT_FOUND")), "{who}: {name} at {position}");
            }
        }
    }
}

/// Every id that stands in the answer.
fn collect(answer: &Value, found: &mut BTreeSet<String>) {
    match answer {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match (name.as_str(), value) {
            ("id", Value::String(id)) => drop(found.insert(id.clone())),
            _ => collect(value, found),
        }),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}
