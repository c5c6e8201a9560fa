//! A server of its own process over a database, and somebody who asks it.

use reqwest::Client;
use serde_json::{Value, json};

use crate::database::Database;
use crate::server::{Installation, Server, Who};

/// A running server, and the token of somebody who may see everything.
pub(crate) struct Served {
    client: Client,
    server: Server,
    token: String,
    _installation: Installation,
}

impl Served {
    pub(crate) fn on(database: &Database) -> Self {
        let installation = Installation::on(&database.url);
        // Whoever measures asks for more than anybody may.
        let mut command = installation.command();
        command.env("ETALON_ACTOR_COST_PER_SECOND", "1000000000").env("ETALON_ACTOR_COST_BURST", "1000000000");
        let server = Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]));
        let token = installation.token(&Who::new("bureau", "MANAGER", "CN"));
        Self { client: Client::new(), server, token, _installation: installation }
    }

    /// The answer's data.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let sent = self.client.post(&self.server.graphql).bearer_auth(&self.token).json(&body).send().await;
        let mut answer: Value = sent.expect("an answer").json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }
}
