//! Rights are judged on every event, by what they are at that moment.

use futures::future::join;
use serde_json::{Value, json};

use crate::following::subscriber::{Subscriber, TRANSPORTS, Transport, is_event, position};
use crate::life::scene::{Scene, institution, triage};
use crate::life::script::Case;
use crate::life::world::World;
use crate::support::server::{Installation, Server};

const CHANGES: &str = "subscription Changes($id: ID!, $after: Position) { caseChanged(id: $id, after: $after) {
    position case { id version position } events { type position } } }";
const EVENTS: &str = "subscription Events($fromStart: Boolean! = false, $filter: EventFilter) {
    events(fromStart: $fromStart, filter: $filter) { position case { id version } caseEvent { type position } } }";

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_who_leaves_sees_no_more_and_who_is_invited_does() {
    for transport in TRANSPORTS {
        let installation = Installation::embedded();
        let server = telling_often(&installation);
        let world = World::served(installation, server, None).await;
        who_leaves_sees_no_more(&world, &world.server.graphql, transport).await;
    }
}

/// What one server writes, the other judges.
#[tokio::test(flavor = "multi_thread")]
async fn at_another_server_who_leaves_sees_no_more_and_who_is_invited_does() {
    for transport in TRANSPORTS {
        let world = World::on_postgresql().await;
        let elsewhere = telling_often(&world.installation);
        who_leaves_sees_no_more(&world, &elsewhere.graphql, transport).await;
    }
}

/// A server whose subscriptions soon say how far they have looked, where there was nothing to tell.
fn telling_often(installation: &Installation) -> Server {
    let mut command = installation.command();
    Server::start(command.env("ETALON_HEARTBEAT_MS", "2000").args(["serve", "--listen", "127.0.0.1:0"]))
}

async fn who_leaves_sees_no_more(world: &World, url: &str, transport: Transport) {
    let scene = Scene::set(world).await;
    let case = scene.researching(world, "谁看得见").await;
    let about = json!({ "id": case.id });
    let mut expert = open(transport, url, world, "expert", CHANGES, about.clone()).await;
    let mut lead = open(transport, url, world, "lead", CHANGES, about).await;
    // Both are told where they begin, and the case is not shown to the expert yet.
    for subscriber in [&mut expert, &mut lead] {
        let first = subscriber.update().await;
        assert_eq!((&first["case"], &first["events"]), (&Value::Null, &json!([])));
    }
    let told = async {
        comment(&case, "unseen").await;
        // Whoever may see the case now is given what came before as well: the comment has to have been judged by then.
        passes_unseeing(&mut expert, world).await;
        let invite = json!({ "expertId": scene.expert });
        case.takes("lead", "inviteExpert", invite.clone()).await;
        case.takes("expert", "acceptInvitation", json!({})).await;
        comment(&case, "seen").await;
        aside(&case, "heard").await;
        let seen = ["ExpertInvited", "ExpertJoined", "CommentAdded", "InternalCommentAdded"];
        assert_eq!(changes(&mut expert, &case, seen.len()).await, seen);
        case.takes("expert", "leaveCase", json!({})).await;
        comment(&case, "unseen again").await;
        aside(&case, "unheard").await;
        passes_unseeing(&mut expert, world).await;
        case.takes("lead", "inviteExpert", invite).await;
        assert_eq!(changes(&mut expert, &case, 1).await, ["ExpertInvited"]);
    };
    let types = [
        "CommentAdded",
        "ExpertInvited",
        "ExpertJoined",
        "CommentAdded",
        "InternalCommentAdded",
        "ExpertLeft",
        "CommentAdded",
        "InternalCommentAdded",
        "ExpertInvited",
    ];
    // Whoever listens all the time answers every ping.
    let (heard, ()) = join(changes(&mut lead, &case, types.len()), told).await;
    assert_eq!(heard, types);

    // From the start on, with today's rights: the whole case for its members, and nothing of it for others.
    let filter = json!({ "fromStart": true, "filter": { "caseIds": [case.id] } });
    let version = case.shows("version").await["version"].as_u64().expect("a version");
    let mut expert = open(transport, url, world, "expert", EVENTS, filter).await;
    for sequence in 1..=version {
        let update = event(&mut expert).await;
        assert_eq!(update["case"], json!({ "id": case.id, "version": sequence }));
    }
    let everything = json!({ "fromStart": true, "filter": { "subjects": ["CASE", "INSTITUTION"] } });
    let mut elsewhere = open(transport, url, world, "coordinator elsewhere", EVENTS, everything).await;
    world.creates("coordinator elsewhere", "registerInstitution", institution("32", "另一家计量院")).await;
    // Institutions are public, and this one is the last of the log.
    let last = world.position().await.cast_unsigned();
    loop {
        let update = elsewhere.update().await;
        assert_eq!((&update["caseEvent"], &update["case"]), (&Value::Null, &Value::Null));
        if position(&update) >= last {
            break;
        }
    }
}

/// Waits until the subscription has looked through all that the log has, and told nothing of it.
async fn passes_unseeing(subscriber: &mut Subscriber, world: &World) {
    let last = world.position().await.cast_unsigned();
    loop {
        let update = subscriber.update().await;
        assert_eq!((&update["case"], &update["events"]), (&Value::Null, &json!([])), "it is not for this reader");
        if position(&update) >= last {
            return;
        }
    }
}

/// The next update that something has happened in.
async fn event(subscriber: &mut Subscriber) -> Value {
    loop {
        let update = subscriber.update().await;
        if is_event(&update) {
            return update;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_what_is_internal_is_heard_by_those_it_is_for() {
    for transport in TRANSPORTS {
        let world = World::embedded().await;
        what_is_internal_is_heard_by_those_it_is_for(&world, &world.server.graphql, transport).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_another_server_what_is_internal_is_heard_by_those_it_is_for() {
    for transport in TRANSPORTS {
        let world = World::on_postgresql().await;
        let elsewhere = world.installation.start();
        what_is_internal_is_heard_by_those_it_is_for(&world, &elsewhere.graphql, transport).await;
    }
}

/// As it happens and from the beginning; the others are told what comes next, as if nothing had come before.
async fn what_is_internal_is_heard_by_those_it_is_for(world: &World, url: &str, transport: Transport) {
    let scene = Scene::set(world).await;
    let case = scene.researching(world, "谁听得见").await;
    let about = json!({ "id": case.id });
    let (all, some) = (["InternalCommentAdded", "CommentAdded"], ["CommentAdded"]);
    let listeners: [(&str, &[&str]); 5] =
        [("lead", &all), ("coordinator", &all), ("enterprise", &some), ("visitor", &some), ("second lead", &some)];
    let mut live = Vec::new();
    for (who, _) in listeners {
        let mut subscriber = open(transport, url, world, who, CHANGES, about.clone()).await;
        // It is told where it begins.
        subscriber.update().await;
        live.push(subscriber);
    }
    let start = world.position().await.to_string();
    case.takes("lead", "addComment", json!({ "text": "企业的记录不全", "audience": "INTERNAL" })).await;
    comment(&case, "请补记夜班温度").await;
    for ((who, expected), live) in listeners.into_iter().zip(&mut live) {
        assert_eq!(changes(live, &case, expected.len()).await, expected, "{who}");
        let about = json!({ "id": case.id, "after": start });
        let mut later = open(transport, url, world, who, CHANGES, about).await;
        assert_eq!(changes(&mut later, &case, expected.len()).await, expected, "{who}");
    }
}

/// A command is recorded whole: each of its events shows the case as the whole command left it.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_within_a_command_shows_the_case_after_the_command() {
    let world = World::embedded().await;
    let scene = Scene::set(&world).await;
    let case = scene.reported(&world, "检定").await;
    case.takes("coordinator", "triageCase", triage("TESTING")).await;
    let service = json!({ "institutionId": scene.institute, "certificate": "JZ-1" });
    case.takes("coordinator", "provideRoutineService", service).await;
    let filter = json!({ "filter": { "caseIds": [case.id] } });
    let mut live = open(TRANSPORTS[0], &world.server.graphql, &world, "watcher", EVENTS, filter).await;
    // It is told where it begins.
    assert_eq!(live.update().await["caseEvent"], Value::Null);
    case.takes("enterprise", "confirmSolution", json!({})).await;
    let filter = json!({ "fromStart": true, "filter": { "caseIds": [case.id] } });
    let mut replayed = open(TRANSPORTS[0], &world.server.graphql, &world, "watcher", EVENTS, filter).await;
    for version in 1..=3 {
        assert_eq!(replayed.update().await["case"]["version"], version);
    }
    for subscriber in [&mut live, &mut replayed] {
        for kind in ["SolutionConfirmed", "CaseResolved"] {
            let update = subscriber.update().await;
            assert_eq!((&update["caseEvent"]["type"], &update["case"]["version"]), (&json!(kind), &json!(5)));
            assert_eq!(update["position"], update["caseEvent"]["position"], "whoever goes on misses nothing");
        }
    }
}

/// From the beginning on, of what the log took then, or of what happened then.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_of_the_time_that_it_asks_for() {
    let world = World::embedded().await;
    let scene = Scene::set(&world).await;
    let case = scene.triaged(&world, "听哪一段").await;
    let last = case.shows("events(last: 1) { nodes { recordedAt occurredAt } }").await["events"]["nodes"][0].clone();
    for field in ["recordedAt", "occurredAt"] {
        for (end, first) in [("from", "CaseTriaged"), ("until", "CaseReported")] {
            let filter = json!({ "caseIds": [case.id], field: { end: last[field] } });
            let asked = json!({ "fromStart": true, "filter": filter });
            let mut heard = open(TRANSPORTS[1], &world.server.graphql, &world, "watcher", EVENTS, asked).await;
            assert_eq!(heard.update().await["caseEvent"]["type"], first, "{field} {end}");
        }
    }
}

async fn open(transport: Transport, url: &str, world: &World, who: &str, query: &str, variables: Value) -> Subscriber {
    Subscriber::open(transport, url, &world.token(who), query, variables).await.expect("it is there")
}

async fn comment(case: &Case<'_>, text: &str) {
    case.takes("lead", "addComment", json!({ "text": text })).await;
}

/// Says something internally.
async fn aside(case: &Case<'_>, text: &str) {
    case.takes("lead", "addComment", json!({ "text": text, "audience": "INTERNAL" })).await;
}

/// The types of so many events; each update shows the case as it was after them.
async fn changes(subscriber: &mut Subscriber, case: &Case<'_>, count: usize) -> Vec<String> {
    let mut types = Vec::new();
    while types.len() < count {
        let update = subscriber.update().await;
        let events = update["events"].as_array().expect("a list");
        let Some(last) = events.last() else { continue };
        assert_eq!(
            (update["case"]["id"].as_str(), &update["case"]["position"]),
            (Some(case.id.as_str()), &last["position"])
        );
        assert_eq!(position(&update), position(last));
        types.extend(events.iter().map(|event| event["type"].as_str().expect("a type").to_owned()));
    }
    types
}

/// How somebody looks at cases is no news, not even to who keeps the view or audits it: neither as it happens, nor from the beginning.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_follows_saved_views() {
    const REGISTERED: &str = "subscription Registered($fromStart: Boolean!) {
        events(fromStart: $fromStart) { position caseEvent { type } registerEvent { type } } }";
    let world = World::embedded().await;
    let scene = Scene::set(&world).await;
    let save = async |name| world.creates("manager", "saveView", json!({ "name": name })).await;
    let view = save("第一个").await;
    world.takes("manager", "shareView", json!({ "viewId": view, "divisionCode": "44" })).await;
    let watchers = ["manager", "coordinator", "auditor"];
    let mut live = Vec::new();
    for who in watchers {
        let subscriber =
            open(Transport::WebSocket, &world.server.graphql, &world, who, REGISTERED, json!({ "fromStart": false }));
        let mut subscriber = subscriber.await;
        // It is told where it begins.
        subscriber.update().await;
        live.push(subscriber);
    }
    let private = save("第二个").await;
    scene.reported(&world, "之后").await;
    let last = world.position().await.cast_unsigned();
    for mut subscriber in live {
        assert_eq!(types_up_to(&mut subscriber, last).await, ["CaseReported"]);
    }
    for who in watchers {
        let subscriber =
            open(Transport::EventStream, &world.server.graphql, &world, who, REGISTERED, json!({ "fromStart": true }));
        let types = types_up_to(&mut subscriber.await, last).await;
        assert!(types.contains(&"CampaignOpened".to_owned()), "{types:?}");
        assert!(!types.iter().any(|name| name.starts_with("View")), "{who}: {types:?}");
    }
    // They are read all the same, by whoever audits.
    let read = "query Read($id: ID!) { view(id: $id) { name } }";
    let read = async |who| world.ask(who, read, json!({ "id": private })).await["view"].clone();
    assert_eq!(read("auditor").await["name"], "第二个");
    assert_eq!(read("coordinator").await, Value::Null);
}

async fn types_up_to(subscriber: &mut Subscriber, last: u64) -> Vec<String> {
    let mut types = Vec::new();
    loop {
        let update = subscriber.update().await;
        let event = [&update["caseEvent"], &update["registerEvent"]].into_iter().find(|event| event.is_object());
        types.extend(event.map(|event| event["type"].as_str().expect("a type").to_owned()));
        if position(&update) >= last {
            return types;
        }
    }
}
