//! Real servers, killed and replaced while events are on their way; webhooks set up in GraphQL.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::faults::{COMMENT, coordinator, report_cases};
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, Who, answer, ask, carry_out};
use crate::webhooks::receiver::{Answer, Receiver, in_order};

/// How many comments are made while servers come and go.
const COMMENTS: usize = 300;

pub const CREATE: &str = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) {
    webhook { id state version hearing { subjects division { code } } lag { positions waiting dead } } secret replayed userErrors { code field message } } }";

const DELETE: &str =
    "mutation($input: DeleteWebhookInput!) { deleteWebhook(input: $input) { webhook { id } userErrors { code } } }";

/// A server that may call this machine, and does not wait long for anything.
pub fn serving(installation: &Installation) -> Command {
    let mut command = installation.command();
    command.env("ETALON_WEBHOOK_NETWORKS", "127.0.0.0/8").env("ETALON_WEBHOOK_FIRST_RETRY_MS", "20");
    command.env("ETALON_WEBHOOK_TIMEOUT_MS", "2000").args(["serve", "--listen", "127.0.0.1:0"]);
    command
}

fn start(installation: &Installation) -> Server {
    Server::start(&mut serving(installation))
}

/// Answers well most of the time.
async fn moody() -> Receiver {
    let asked = AtomicU64::new(0);
    Receiver::answering(move |_| match asked.fetch_add(1, Ordering::SeqCst) % 11 {
        4 => Answer::Status(500),
        7 => Answer::Status(429),
        _ => Answer::Status(200),
    })
    .await
}

pub async fn order(installation: &Installation, server: &Server, mutation: &str, name: &str, input: Value) -> Value {
    let token = installation.token(&Who::new("manager", "MANAGER", "44"));
    let client = reqwest::Client::new();
    let answer = answer(&client, &server.graphql, &token, mutation, json!({ "input": input })).await;
    // Without a key it is not sent again: a secret is told once.
    answer.unwrap_or_else(|setback| panic!("{name} {input} has no answer: {}\n{}", setback.told, server.log()))[name]
        .clone()
}

/// Comments on cases, at whichever of the servers answers, and what happens to them meanwhile.
pub async fn comment(installation: &Installation, server: &Server, cases: &[String], numbers: std::ops::Range<usize>) {
    let client = reqwest::Client::new();
    let token = installation.token(&coordinator());
    for number in numbers {
        let input = json!({ "caseId": cases[number % 7], "text": format!("{number}"), "idempotencyKey": format!("comment-{number}") });
        let answer = carry_out(&client, &server.graphql, &token, COMMENT, input).await;
        assert_eq!(answer["addComment"]["userErrors"], json!([]), "{answer}");
    }
}

async fn survives(installation: &Installation, spare: bool) {
    let receiver = moody().await;
    let mut server = start(installation);
    let cases = report_cases(installation, &server.graphql).await;
    let input = json!({ "url": receiver.url, "subjects": ["CASE"], "eventTypes": ["CommentAdded"], "after": "0" });
    let made = order(installation, &server, CREATE, "createWebhook", input).await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    receiver.expect_signed_with(&[made["secret"].as_str().expect("a secret")]);
    for part in 0..3 {
        // With a spare, another server is there already when the first one dies.
        let next = spare.then(|| start(installation));
        let from = part * COMMENTS / 3;
        comment(installation, &server, &cases, from..from + COMMENTS / 3).await;
        receiver.has_taken(from + 10).await;
        server.kill();
        server = next.unwrap_or_else(|| start(installation));
    }
    receiver.has_taken(COMMENTS).await;
    assert_eq!(in_order(&receiver.taken()).len(), COMMENTS, "at least once, and in order per case");
    assert!(server.stop(), "the last server ends in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_acknowledged_is_sent_again_after_kill_9_on_sqlite() {
    survives(&Installation::embedded(), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_takes_over_on_one_postgresql() {
    let database = fresh_database();
    survives(&Installation::on(database.url()), true).await;
}

/// The lease of an endpoint is for the servers that have its key.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_another_key_leaves_the_endpoint_alone_and_says_so_once() {
    const SAYS: &str = "made with another webhook key";
    let database = fresh_database();
    let installation = Installation::on(database.url());
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let server = start(&installation);
    let cases = report_cases(&installation, &server.graphql).await;
    let input = json!({ "url": receiver.url, "subjects": ["CASE"], "eventTypes": ["CommentAdded"], "after": "0" });
    let made = order(&installation, &server, CREATE, "createWebhook", input).await;
    receiver.expect_signed_with(&[made["secret"].as_str().expect("a secret")]);
    comment(&installation, &server, &cases, 0..1).await;
    receiver.has_taken(1).await;
    // It says so while the other server has the lease, for which it does not ask.
    let stranger = Server::start(serving(&installation).env("ETALON_WEBHOOK_KEY_FILE", "another-webhook-key"));
    stranger.says(SAYS).await;
    comment(&installation, &server, &cases, 1..20).await;
    receiver.has_taken(20).await;
    assert_eq!(stranger.log().matches(SAYS).count(), 1, "{}", stranger.log());
    assert!(stranger.stop() && server.stop());
}

/// What is on its way when the server is told to end is neither lost nor passed over.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_at_sigterm_arrives_after_it() {
    const SENT: usize = 40;
    let installation = Installation::embedded();
    let mut server = start(&installation);
    let cases = report_cases(&installation, &server.graphql).await;
    // Ten are taken, the next one is and nobody is told, and then nothing is.
    let heard = AtomicU64::new(0);
    let receiver = Receiver::answering(move |_| match heard.fetch_add(1, Ordering::SeqCst) {
        0..10 => Answer::Status(200),
        10 => Answer::TakenInSilence,
        _ => Answer::Silence,
    })
    .await;
    let input = json!({ "url": receiver.url, "subjects": ["CASE"], "eventTypes": ["CommentAdded"], "after": "0" });
    let made = order(&installation, &server, CREATE, "createWebhook", input).await;
    receiver.expect_signed_with(&[made["secret"].as_str().expect("a secret")]);
    comment(&installation, &server, &cases, 0..SENT).await;
    receiver.has_heard(12).await;
    assert!(server.stop(), "it ends in order, whoever is silent");
    let before = receiver.taken();
    assert_eq!(before.len(), 11);

    receiver.answer(|_| Answer::Status(200));
    server = start(&installation);
    receiver.has_taken(SENT).await;
    assert!(server.stop(), "nothing is under way");
    assert_eq!(in_order(&receiver.taken()).len(), SENT, "at least once, and in order per case");
    let taken = receiver.taken();
    let came_again = |id: &String| taken.iter().filter(|message| message.id == *id).count() > 1;
    assert!(before.iter().any(|message| came_again(&message.id)), "what was taken without a word comes again");
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_set_up_in_graphql() {
    let installation = Installation::embedded();
    let server = start(&installation);
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    let refused =
        order(&installation, &server, CREATE, "createWebhook", json!({ "url": "https://127.1.1.1.example:x/" })).await;
    assert_eq!(refused["userErrors"][0]["code"], "URL_INVALID", "{refused}");
    assert_eq!(refused["userErrors"][0]["field"], json!(["url"]));

    let made =
        order(&installation, &server, CREATE, "createWebhook", json!({ "url": receiver.url, "subjects": ["CASE"] }))
            .await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    assert_eq!(made["webhook"]["hearing"], json!({ "subjects": ["CASE"], "division": null }));
    let about = json!({ "webhookId": made["webhook"]["id"] });
    for (name, input, state) in [
        ("pauseWebhook", "PauseWebhookInput", "PAUSED"),
        ("resumeWebhook", "ResumeWebhookInput", "ENABLED"),
        ("updateWebhook", "UpdateWebhookInput", "ENABLED"),
    ] {
        let mutation = format!(
            "mutation($input: {input}!) {{ {name}(input: $input) {{ webhook {{ state }} userErrors {{ code }} }} }}"
        );
        let done = order(&installation, &server, &mutation, name, about.clone()).await;
        assert_eq!(done, json!({ "webhook": { "state": state }, "userErrors": [] }));
    }
    let rotate = "mutation($input: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $input) { secret webhook { oldSecretEndsAt } userErrors { code } } }";
    let rotated = order(&installation, &server, rotate, "rotateWebhookSecret", about.clone()).await;
    assert!(
        rotated["secret"].is_string()
            && rotated["secret"] != made["secret"]
            && rotated["webhook"]["oldSecretEndsAt"].is_string()
    );
    let test = "mutation($input: TestWebhookInput!) { testWebhook(input: $input) { delivered status failure reason userErrors { code } } }";
    let tested = order(&installation, &server, test, "testWebhook", about.clone()).await;
    assert_eq!(tested["delivered"], true, "{tested}");
    assert!(receiver.taken()[0].is_signed_with(rotated["secret"].as_str().expect("a secret")));

    let client = reqwest::Client::new();
    let token = installation.token(&Who::new("auditor", "AUDITOR", "44"));
    let look = "{ webhooks { totalCount nodes { state lastError { class } deadLetters { totalCount nodes { id } } changes { nodes { action actorId } } } } webhookChanges(first: 2) { totalCount pageInfo { hasNextPage } } }";
    let seen = ask(&client, &server.graphql, &token, look, json!({})).await.expect("an answer");
    assert_eq!(seen["webhooks"]["totalCount"], 1);
    let actions: Vec<_> = seen["webhooks"]["nodes"][0]["changes"]["nodes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|change| change["action"].clone())
        .collect();
    assert_eq!(actions, ["CREATED", "PAUSED", "RESUMED", "UPDATED", "SECRET_ROTATED"]);
    assert_eq!(seen["webhookChanges"], json!({ "totalCount": 5, "pageInfo": { "hasNextPage": true } }));
    let letter =
        "mutation($input: ReplayDeadLetterInput!) { replayDeadLetter(input: $input) { userErrors { code field } } }";
    let none =
        order(&installation, &server, letter, "replayDeadLetter", json!({ "deadLetterId": made["webhook"]["id"] }))
            .await;
    assert_eq!(none["userErrors"], json!([{ "code": "ID_INVALID", "field": ["deadLetterId"] }]));
    assert_eq!(
        order(&installation, &server, DELETE, "deleteWebhook", about.clone()).await,
        json!({ "webhook": null, "userErrors": [] })
    );
    assert_eq!(
        order(&installation, &server, DELETE, "deleteWebhook", about).await["userErrors"][0]["code"],
        "NOT_FOUND"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_deleted_during_a_round_is_told_as_that() {
    let installation = Installation::embedded();
    // An answer is waited for as long as the order takes.
    let server = Server::start(serving(&installation).env("ETALON_WEBHOOK_TIMEOUT_MS", "60000"));
    let deleted = CancellationToken::new();
    let receiver = Receiver::answering({
        let deleted = deleted.clone();
        move |_| Answer::Told(200, deleted.clone())
    })
    .await;
    let cases = report_cases(&installation, &server.graphql).await;
    let input = json!({ "url": receiver.url, "subjects": ["CASE"], "eventTypes": ["CommentAdded"], "after": "0" });
    let made = order(&installation, &server, CREATE, "createWebhook", input).await;
    comment(&installation, &server, &cases, 0..1).await;
    receiver.has_heard(1).await;
    let about = json!({ "webhookId": made["webhook"]["id"] });
    assert_eq!(order(&installation, &server, DELETE, "deleteWebhook", about).await["userErrors"], json!([]));
    deleted.cancel();
    server.says("changed or deleted meanwhile, by this server or another").await;
    assert!(!server.log().contains("another server has"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_about_webhooks_are_previewed_in_graphql() {
    let installation = Installation::embedded();
    let server = start(&installation);
    let receiver = Receiver::answering(|_| Answer::Status(200)).await;
    report_cases(&installation, &server.graphql).await;
    let foresee = async |name: &str, input: Value| {
        let (first, rest) = name.split_at(1);
        let query = format!(
            "query($input: {}{rest}Input!) {{ preview {{ {name}(input: $input) {{
                webhook {{ id state version firstPosition oldSecretEndsAt lag {{ waiting dead nextTryAt }} }}
                replayed userErrors {{ code field }} }} }} }}",
            first.to_uppercase()
        );
        order(&installation, &server, &query, "preview", input).await[name].clone()
    };
    let whole = json!({ "url": receiver.url, "fromStart": true, "idempotencyKey": "from-the-start" });
    let foreseen = foresee("createWebhook", whole.clone()).await;
    assert_eq!((&foreseen["userErrors"], &foreseen["replayed"]), (&json!([]), &json!(false)));
    assert_eq!(foreseen["webhook"]["firstPosition"], "0");
    let both = foresee("createWebhook", json!({ "url": receiver.url, "fromStart": true, "after": "0" })).await;
    assert_eq!(both["userErrors"], json!([{ "code": "ARGUMENTS_EXCLUSIVE", "field": ["fromStart"] }]));
    let made = order(&installation, &server, CREATE, "createWebhook", whole.clone()).await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    let again = foresee("createWebhook", whole).await;
    assert_eq!((&again["replayed"], &again["webhook"]["id"]), (&json!(true), &made["webhook"]["id"]));
    receiver.has_taken(1).await;

    let id = &made["webhook"]["id"];
    let about = || json!({ "webhookId": id });
    for (name, state, version) in [
        ("pauseWebhook", "PAUSED", 2),
        ("resumeWebhook", "ENABLED", 2),
        ("updateWebhook", "ENABLED", 2),
        ("rotateWebhookSecret", "ENABLED", 2),
        ("testWebhook", "ENABLED", 1),
    ] {
        let foreseen = foresee(name, about()).await;
        assert_eq!(foreseen["userErrors"], json!([]), "{name}");
        assert_eq!((&foreseen["webhook"]["state"], &foreseen["webhook"]["version"]), (&json!(state), &json!(version)));
        assert_eq!(foreseen["webhook"]["oldSecretEndsAt"].is_string(), name == "rotateWebhookSecret", "{name}");
    }
    let deleted = foresee("deleteWebhook", about()).await;
    assert_eq!((&deleted["webhook"], &deleted["userErrors"]), (&Value::Null, &json!([])));
    for name in ["replayDeadLetter", "discardDeadLetter"] {
        let foreseen = foresee(name, json!({ "deadLetterId": id })).await;
        assert_eq!(foreseen["userErrors"], json!([{ "code": "ID_INVALID", "field": ["deadLetterId"] }]), "{name}");
    }
    // Nothing of it was done.
    let token = installation.token(&Who::new("auditor", "AUDITOR", "44"));
    let look = "{ webhooks { nodes { state version } } webhookChanges { nodes { action } } }";
    let seen = ask(&reqwest::Client::new(), &server.graphql, &token, look, json!({})).await.expect("an answer");
    assert_eq!(seen["webhooks"]["nodes"], json!([{ "state": "ENABLED", "version": 1 }]));
    assert_eq!(seen["webhookChanges"]["nodes"], json!([{ "action": "CREATED" }]));
}
