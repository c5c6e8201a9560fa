//! Receipts, proofs, checkpoints and tiles, as a server gives them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use etalon::ledger::inclusion_file::InclusionFile;
use etalon::ledger::note::{Note, VerifierKey};
use etalon::ledger::proof::verify_consistency;
use etalon::ledger::tree::{Hash, TreeHead};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::following::subscriber::{Subscriber, TRANSPORTS, Transport, position};
use crate::life::scene::campaign;
use crate::life::world::{World, text};
use crate::support::server::{Installation, Who};

const CHECKPOINTS: &str = "subscription Checkpoints($after: Position) {
    checkpoints(after: $after) { position checkpoint { origin size root note signedAt } } }";
const ORDER: &str = "mutation Order($input: OpenCampaignInput!) { openCampaign(input: $input) {
    receipt { position digest inclusionProof { index } } userErrors { code message } } }";

/// What the log's checkpoints are checked with, as whoever runs it tells an auditor.
pub fn key_of(installation: &Installation) -> VerifierKey {
    let told = installation.command().args(["audit", "key"]).output().expect("the program runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8(told.stdout).expect("a line").trim().parse().expect("a key")
}

/// The name of the log, as it is told before anybody has a key for it.
pub fn origin_of(installation: &Installation) -> String {
    let told = installation.command().args(["migrate"]).output().expect("the program runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told = String::from_utf8(told.stdout).expect("a line");
    told.trim().rsplit_once("its log is ").expect("the name").1.to_owned()
}

/// Waits until a position is sealed, by the server's own word; the checkpoint.
pub async fn sealed(url: &str, token: &str, at_least: u64) -> Value {
    let mut subscriber =
        Subscriber::open(Transport::EventStream, url, token, CHECKPOINTS, json!({})).await.expect("open");
    loop {
        let update = subscriber.update().await;
        if position(&update) >= at_least && update["checkpoint"].is_object() {
            return update["checkpoint"].clone();
        }
    }
}

async fn order(world: &World, name: &str) -> Value {
    let answer = world.ask("manager", ORDER, json!({ "input": campaign(name) })).await;
    assert_eq!(answer["openCampaign"]["userErrors"], json!([]));
    answer["openCampaign"]["receipt"].clone()
}

fn hash(value: &Value) -> Hash {
    STANDARD.decode(text(value)).expect("Base64").try_into().expect("32 bytes")
}

async fn world_with_a_manager(world: World) -> World {
    world.admit("manager", &Who::new("manager", "MANAGER", "44"));
    world
}

async fn a_receipt_is_proved_without_the_server(world: World) {
    let world = world_with_a_manager(world).await;
    let receipt = order(&world, "计量服务").await;
    let at = position(&receipt);
    let checkpoint = sealed(&world.server.graphql, &world.token("manager"), at).await;
    let query = "query Proof($index: Position!) { inclusionProof(index: $index) { index size leafHash hashes root file
        checkpoint { note } } }";
    let answer = world.ask("manager", query, json!({ "index": at.to_string() })).await;
    let proof = &answer["inclusionProof"];
    assert_eq!(proof["leafHash"], receipt["digest"]);
    // From here on an auditor is alone, with the key, the receipt and the file.
    let file: InclusionFile = text(&proof["file"]).parse().expect("a tlog-proof");
    let key = key_of(&world.installation);
    let (proved, signatures) = file.verify(&hash(&receipt["digest"]), &[key]).expect("it is in the log");
    assert_eq!((file.index, signatures.len()), (at, 1));
    assert!(proved.head.size > at && text(&checkpoint["size"]).parse::<u64>().is_ok_and(|size| size > at));
    let other = Hash::default();
    assert!(file.verify(&other, &[key_of(&world.installation)]).is_err());
    let event = "query Event($id: ID!) { node(id: $id) { ... on RegisterEvent { receipt { digest inclusionProof { index size } } } } }";
    let id = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("Event:{at}"));
    let answer = world.ask("manager", event, json!({ "id": id })).await;
    assert_eq!(answer["node"]["receipt"]["digest"], receipt["digest"]);
    assert_eq!(answer["node"]["receipt"]["inclusionProof"]["index"], json!(at.to_string()));
}

#[tokio::test]
async fn a_receipt_is_proved_without_the_server_on_sqlite() {
    a_receipt_is_proved_without_the_server(World::embedded().await).await;
}

#[tokio::test]
async fn a_receipt_is_proved_without_the_server_on_postgresql() {
    a_receipt_is_proved_without_the_server(World::on_postgresql().await).await;
}

#[tokio::test]
async fn a_commit_is_sealed_within_a_second() {
    let world = world_with_a_manager(World::embedded().await).await;
    let order = "mutation Order($input: OpenCampaignInput!) { openCampaign(input: $input) { receipt { position recordedAt } } }";
    let time = |value: &Value| text(value).parse::<Timestamp>().expect("a time");
    let mut waits = Vec::new();
    for number in 0..5 {
        let input = json!({ "input": campaign(&format!("计量服务 {number}")) });
        let receipt = world.ask("manager", order, input).await["openCampaign"]["receipt"].clone();
        let checkpoint = sealed(&world.server.graphql, &world.token("manager"), position(&receipt)).await;
        waits.push(time(&checkpoint["signedAt"]).duration_since(time(&receipt["recordedAt"])));
    }
    // A machine that has other things to do may be late with one of them.
    let best = waits.iter().min().expect("five of them");
    assert!(*best <= SignedDuration::from_secs(1), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait < SignedDuration::from_secs(20)), "{waits:?}");
}

#[tokio::test]
async fn checkpoints_are_followed_and_go_on_from_each_other() {
    let world = world_with_a_manager(World::embedded().await).await;
    let key = key_of(&world.installation);
    let mut heads = Vec::new();
    for number in 0..3 {
        let receipt = order(&world, &format!("计量服务 {number}")).await;
        let checkpoint = sealed(&world.server.graphql, &world.token("manager"), position(&receipt)).await;
        let note = Note::parse(&text(&checkpoint["note"])).expect("a note");
        note.verify(std::slice::from_ref(&key)).expect("signed by the log");
        let head =
            TreeHead { size: text(&checkpoint["size"]).parse().expect("a number"), root: hash(&checkpoint["root"]) };
        heads.push(head);
    }
    let query = "query Proof($from: Position!, $to: Position!) { consistencyProof(from: $from, to: $to) { hashes fromRoot toRoot } }";
    for pair in heads.windows(2) {
        let sizes = json!({ "from": pair[0].size.to_string(), "to": pair[1].size.to_string() });
        let answer = world.ask("watcher", query, sizes).await;
        let proof = answer["consistencyProof"]["hashes"].as_array().expect("a list").iter().map(hash);
        verify_consistency(pair[0], pair[1], &proof.collect::<Vec<_>>()).expect("it goes on");
    }
    // Whoever comes back with a position gets what came behind it, over either transport.
    for transport in TRANSPORTS {
        let after = json!({ "after": (heads[0].size - 1).to_string() });
        let opened =
            Subscriber::open(transport, &world.server.graphql, &world.token("watcher"), CHECKPOINTS, after).await;
        let mut subscriber = opened.expect("open");
        let mut sizes = vec![heads[0].size];
        while sizes.last() != Some(&heads[2].size) {
            sizes.push(size(&subscriber.update().await));
        }
        let is_each_once = sizes.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(is_each_once && sizes.contains(&heads[1].size), "{transport:?}: {sizes:?}");
    }
}

/// The size of the checkpoint that an update tells.
fn size(update: &Value) -> u64 {
    let size = text(&update["checkpoint"]["size"]).parse().expect("a number");
    assert_eq!(position(update) + 1, size, "an update has the checkpoint of its position");
    size
}

#[tokio::test]
async fn the_last_checkpoint_seen_does_not_come_again() {
    let world = world_with_a_manager(World::embedded().await).await;
    let (url, token) = (&world.server.graphql, world.token("watcher"));
    let of_order = async |name: &str| {
        let receipt = order(&world, name).await;
        let checkpoint = sealed(url, &token, position(&receipt)).await;
        text(&checkpoint["size"]).parse::<u64>().expect("a number")
    };
    let mut latest = of_order("计量服务").await;
    for transport in TRANSPORTS {
        let opened = Subscriber::open(transport, url, &token, CHECKPOINTS, json!({})).await;
        let mut subscriber = opened.expect("open");
        assert_eq!(size(&subscriber.update().await), latest, "{transport:?}: the latest one first");

        let after = json!({ "after": (latest - 1).to_string() });
        let mut resumed = Subscriber::open(transport, url, &token, CHECKPOINTS, after).await.expect("open");
        let next = of_order(&format!("计量服务 {transport:?}")).await;
        assert!(next > latest);
        // One that covers a part of what is new may come before it.
        let first = size(&resumed.update().await);
        assert!(first > latest && first <= next, "{transport:?}: {first} after {latest}");
        latest = next;
    }

    let last_id = HeaderMap::from_iter([(HeaderName::from_static("last-event-id"), HeaderValue::from(latest - 1))]);
    let client = Client::builder().default_headers(last_id).build().expect("a client");
    let payload = json!({ "query": CHECKPOINTS });
    let opened = Subscriber::open_by(&client, Transport::EventStream, url, &token, payload).await;
    let mut resumed = opened.expect("open");
    let next = of_order("计量服务三").await;
    let first = size(&resumed.update().await);
    assert!(first > latest && first <= next, "{first} after {latest}");
}

#[tokio::test]
async fn proofs_are_of_what_is_there_and_may_be_seen() {
    let world = world_with_a_manager(World::embedded().await).await;
    let receipt = order(&world, "计量服务").await;
    let at = position(&receipt);
    sealed(&world.server.graphql, &world.token("manager"), at).await;
    let inclusion =
        "query Proof($index: Position!, $size: Position) { inclusionProof(index: $index, size: $size) { root } }";
    let consistency =
        "query Proof($from: Position!, $to: Position!) { consistencyProof(from: $from, to: $to) { hashes } }";
    let beyond = (at + 50).to_string();
    let refused = async |query, variables| world.refusal("watcher", query, variables).await.0;
    assert_eq!(refused(inclusion, json!({ "index": beyond })).await, "NOT_FOUND");
    assert_eq!(refused(inclusion, json!({ "index": at.to_string(), "size": at.to_string() })).await, "NOT_IN_TREE");
    assert_eq!(refused(inclusion, json!({ "index": "0", "size": beyond })).await, "POINT_IN_FUTURE");
    assert_eq!(refused(consistency, json!({ "from": "5", "to": "1" })).await, "NOT_IN_TREE");
    assert_eq!(refused(consistency, json!({ "from": "0", "to": beyond })).await, "POINT_IN_FUTURE");
    assert_eq!(refused("{ checkpoint(size: \"999\") { size } }", json!({})).await, "POINT_IN_FUTURE");
    let answer = world.ask("watcher", "{ checkpoint(size: \"0\") { size } }", json!({})).await;
    assert_eq!(answer["checkpoint"], Value::Null);
}

async fn proofs_as_of_a_moment_are_of_the_log_as_it_was(world: World) {
    let world = world_with_a_manager(world).await;
    let token = world.token("manager");
    order(&world, "计量服务一").await;
    let first = position(&order(&world, "计量服务二").await);
    let size = text(&sealed(&world.server.graphql, &token, first).await["size"]);
    let second = position(&order(&world, "计量服务三").await);
    let later = sealed(&world.server.graphql, &token, second).await;
    let event = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("Event:{first}"));
    let query = "query Then($point: AsOfPoint!, $index: Position!, $event: ID!, $to: Position!) {
        asOf(point: $point) { query {
            checkpoint { size }
            inclusionProof(index: $index) { size checkpoint { size } }
            consistencyProof(from: \"1\", to: $to) { toSize }
            node(id: $event) { ... on RegisterEvent { receipt { inclusionProof { size } } } }
        } }
    }";
    let point = json!({ "position": first.to_string() });
    let asked = json!({ "point": point, "index": first.to_string(), "event": event, "to": size });
    let then = world.ask("watcher", query, asked).await["asOf"]["query"].clone();
    let of_then = json!({
        "checkpoint": { "size": size }, "inclusionProof": { "size": size, "checkpoint": { "size": size } },
        "consistencyProof": { "toSize": size }, "node": { "receipt": { "inclusionProof": { "size": size } } },
    });
    assert_eq!(then, of_then, "and not the {} of the latest", later["size"]);

    // What a moment does not reach is the future there; on the axis of what had happened the log has no sizes.
    let recorded = format!("point: {{ position: \"{first}\" }}");
    let occurred = format!("point: {{ time: {} }}, axis: OCCURRED", later["signedAt"]);
    let size = &later["size"];
    for field in [
        format!("checkpoint(size: {size}) {{ size }}"),
        format!("inclusionProof(index: \"0\", size: {size}) {{ size }}"),
        format!("consistencyProof(from: \"1\", to: {size}) {{ toSize }}"),
    ] {
        for (moment, code) in [(&recorded, "POINT_IN_FUTURE"), (&occurred, "AXIS_NEEDS_LOG")] {
            let query = format!("{{ asOf({moment}) {{ query {{ {field} }} }} }}");
            assert_eq!(world.refusal("watcher", &query, json!({})).await.0, code, "{query}");
        }
    }
    for field in [
        "checkpoint { size }".to_owned(),
        "inclusionProof(index: \"0\") { size }".to_owned(),
        format!("node(id: {event:?}) {{ ... on RegisterEvent {{ receipt {{ inclusionProof {{ size }} }} }} }}"),
    ] {
        let query = format!("{{ asOf({occurred}) {{ query {{ {field} }} }} }}");
        assert_eq!(world.refusal("watcher", &query, json!({})).await.0, "AXIS_NEEDS_LOG", "{query}");
    }
    let unseen = format!("{{ asOf({recorded}) {{ query {{ inclusionProof(index: \"{second}\") {{ size }} }} }} }}");
    assert_eq!(world.refusal("watcher", &unseen, json!({})).await.0, "NOT_FOUND");
}

#[tokio::test]
async fn proofs_as_of_a_moment_are_of_the_log_as_it_was_on_sqlite() {
    proofs_as_of_a_moment_are_of_the_log_as_it_was(World::embedded().await).await;
}

#[tokio::test]
async fn proofs_as_of_a_moment_are_of_the_log_as_it_was_on_postgresql() {
    proofs_as_of_a_moment_are_of_the_log_as_it_was(World::on_postgresql().await).await;
}

#[tokio::test]
async fn the_log_is_served_as_tiles_to_those_who_may_have_them() {
    let world = world_with_a_manager(World::embedded().await).await;
    let receipt = order(&world, "计量服务").await;
    let at = position(&receipt);
    let token = world.token("manager");
    let size = text(&sealed(&world.server.graphql, &token, at).await["size"]).parse::<u64>().expect("a number");
    world.admit("nation", &Who::new("nation", "AUDITOR", "CN"));
    // Entries tell who has said something that an enterprise is not told.
    let enterprise = Who { enterprise: Some(uuid::Uuid::nil()), ..Who::new("both", "ENTERPRISE", "CN") };
    world.admit("enterprise and auditor", &Who { roles: vec!["ENTERPRISE", "AUDITOR"], ..enterprise });
    let base = world.server.graphql.trim_end_matches("/graphql").to_owned();
    let get = async |path: &str, token: Option<String>| {
        let request = world.client.get(format!("{base}{path}"));
        let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.bytes().await.expect("a body"))
    };
    let (status, note) = get("/log/checkpoint", Some(token.clone())).await;
    assert_eq!(status, StatusCode::OK);
    let note = Note::parse(std::str::from_utf8(&note).expect("text")).expect("a note");
    note.verify(&[key_of(&world.installation)]).expect("signed");
    let (status, leaves) = get(&format!("/log/tile/0/000.p/{size}"), Some(token.clone())).await;
    assert_eq!((status, leaves.len() as u64), (StatusCode::OK, size * 32));
    assert_eq!(leaves[at as usize * 32..][..32], hash(&receipt["digest"]));
    let (status, entries) = get(&format!("/log/tile/entries/000.p/{size}"), Some(world.token("nation"))).await;
    assert_eq!(status, StatusCode::OK);
    let first = u16::from_be_bytes([entries[0], entries[1]]) as usize;
    assert!(entries[2..2 + first].starts_with(b"{\"actor\":"));
    assert_eq!(etalon::ledger::entry::leaf_hash(&entries[2..2 + first])[..], leaves[..32]);
    // Whoever keeps a tile asks whether the log has the name still under which it was sent.
    let kept = async |path: &str, who: &str, tag: &str| {
        let request = world.client.get(format!("{base}{path}")).bearer_auth(world.token(who));
        let answer = request.header(IF_NONE_MATCH, tag).send().await.expect("an answer");
        let header = |name| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        (answer.status(), header(CACHE_CONTROL), header(ETAG).unwrap_or_default())
    };
    let tile = format!("/log/tile/entries/000.p/{size}");
    let (status, caching, tag) = kept(&tile, "nation", "\"another\"").await;
    assert_eq!((status, caching.as_deref()), (StatusCode::OK, Some("private, no-cache")));
    for tile in [tile.as_str(), "/log/tile/0/000.p/1"] {
        let unchanged = (StatusCode::NOT_MODIFIED, caching.clone(), tag.clone());
        assert_eq!(kept(tile, "nation", &tag).await, unchanged, "{tile}");
    }
    assert_eq!(kept(&tile, "manager", &tag).await.0, StatusCode::FORBIDDEN, "one who may not have it is told nothing");
    for (path, token, status) in [
        ("/log/checkpoint", None, StatusCode::UNAUTHORIZED),
        ("/log/tile/0/000.p/1", None, StatusCode::UNAUTHORIZED),
        ("/log/tile/entries/000.p/1", Some(token.clone()), StatusCode::FORBIDDEN),
        ("/log/tile/entries/000.p/1", Some(world.token("enterprise and auditor")), StatusCode::FORBIDDEN),
        ("/log/tile/0/000.p/1", Some(world.token("enterprise and auditor")), StatusCode::OK),
        ("/log/tile/0/000", Some(token.clone()), StatusCode::NOT_FOUND),
        ("/log/tile/0/001.p/1", Some(token.clone()), StatusCode::NOT_FOUND),
        ("/log/tile/0/0", Some(token.clone()), StatusCode::NOT_FOUND),
        ("/log/tile/0/000.p/01", Some(token.clone()), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(get(path, token).await.0, status, "{path}");
    }
}
