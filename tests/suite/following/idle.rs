//! What subscribers cost while nothing happens: the figure that README tells is printed here.

use futures::{StreamExt, stream};
use reqwest::Client;
use serde_json::json;

use crate::following::resuming::OPEN;
use crate::following::subscriber::{EVENTS, Subscriber, Transport, is_event};
use crate::life::scene::campaign;
use crate::support::server::{Installation, Server, Who, ask};

/// As many as one actor may have.
const SUBSCRIBERS: usize = 1_000;
/// How many come first, so that what a server makes once is there already.
const FIRST: usize = 50;
/// How many come at a time.
const AT_A_TIME: usize = 20;
/// Five times what was measured: something is amiss where it is more.
const MOST_BYTES: u64 = 100_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_idle_subscribers_cost_little_over_websocket() {
    cost_little(Transport::WebSocket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_idle_subscribers_cost_little_as_event_streams() {
    cost_little(Transport::EventStream).await;
}

async fn cost_little(transport: Transport) {
    let installation = Installation::embedded();
    let stage = Stage { server: installation.start(), installation, client: Client::new(), transport };
    // Where a log is empty there is no position to be told.
    stage.opens("计量服务进企业").await;
    let first = stage.subscribers("first", FIRST).await;
    let before = stage.server.resident_bytes();
    let others = stage.subscribers("auditor", SUBSCRIBERS).await;
    let after = stage.server.resident_bytes();
    let bytes = after.saturating_sub(before);
    println!(
        "{transport:?}: {SUBSCRIBERS} idle subscribers, {before} bytes resident before and {after} after: {:.1} kB each",
        bytes as f64 / SUBSCRIBERS as f64 / 1_000.0
    );
    assert!(bytes < MOST_BYTES, "{bytes} bytes");

    // They were there all the while: each hears what happens.
    stage.opens("计量服务").await;
    for mut subscriber in first.into_iter().chain(others) {
        while !is_event(&subscriber.update().await) {}
    }
}

struct Stage {
    server: Server,
    installation: Installation,
    client: Client,
    transport: Transport,
}

impl Stage {
    /// Something happens: a campaign of that name is opened.
    async fn opens(&self, name: &str) {
        let token = self.installation.token(&Who::new("manager", "MANAGER", "44"));
        let input = json!({ "input": campaign(name) });
        ask(&self.client, &self.server.graphql, &token, OPEN, input).await.expect("an answer");
    }

    /// Subscribers of whom each has been told where it begins.
    async fn subscribers(&self, actor: &str, count: usize) -> Vec<Subscriber> {
        let token = self.installation.token(&Who::new(actor, "AUDITOR", "CN"));
        let (url, token) = (self.server.graphql.as_str(), token.as_str());
        let open = |_| async move {
            let payload = json!({ "query": EVENTS });
            let opened = Subscriber::open_by(&self.client, self.transport, url, token, payload).await;
            let mut subscriber = opened.expect("there is room");
            subscriber.update().await;
            subscriber
        };
        stream::iter(0..count).map(open).buffer_unordered(AT_A_TIME).collect().await
    }
}
