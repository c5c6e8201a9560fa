//! A server of its own process over a database, and somebody who asks it.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};

use crate::child::{memory_mb, run};
use crate::database::Database;
use crate::server::{Installation, Server, Who};
use crate::wire;

/// How long nothing may have been committed until a server is taken to have nothing to do.
const QUIET_SECONDS: u32 = 3;

/// A running server, and the token of somebody who may see everything.
pub(crate) struct Served {
    client: Client,
    server: Server,
    token: String,
    installation: Installation,
}

impl Served {
    /// Starts it, and waits until the clock's own work is done: after years without a server, many deadlines were missed.
    pub(crate) async fn on(database: &Database) -> Self {
        let installation = adopted(database).await;
        let server = start(&installation);
        quiet(database).await;
        database.settle().await;
        let token =
            installation.token(&Who { roles: vec!["MANAGER", "COORDINATOR"], ..Who::new("bureau", "MANAGER", "CN") });
        Self { client: Client::new(), server, token, installation }
    }

    /// Ends it and starts it again; how long it took to be ready.
    pub(crate) fn again(&mut self) -> Duration {
        assert!(self.server.stop(), "it ends well: {}", self.server.log());
        let begin = Instant::now();
        self.server = start(&self.installation);
        begin.elapsed()
    }

    /// What its process has of the machine's memory.
    pub(crate) fn memory_mb(&self) -> f64 {
        memory_mb(self.server.id(), "VmRSS").expect("Linux tells")
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        let address = self.server.graphql.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/graphql"));
        address.expect("the address of GraphQL")
    }

    /// A request as bytes.
    pub(crate) fn request(&self, query: &str, variables: &Value) -> Vec<u8> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        wire::post(self.address(), "/graphql", &self.token, &body)
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

/// An installation that goes on with the log of a history, which nobody's data keys were used for.
pub(crate) async fn adopted(database: &Database) -> Installation {
    let installation = Installation::on(&database.url);
    run(installation.command().args(["keys", "adopt"])).await;
    installation
}

/// A server to which whoever measures may put more questions than anybody else may.
fn start(installation: &Installation) -> Server {
    let mut command = installation.command();
    command.env("ETALON_ACTOR_COST_PER_SECOND", "1000000000").env("ETALON_ACTOR_COST_BURST", "1000000000");
    Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]))
}

/// Comes back when the log has not grown for a while.
pub(crate) async fn quiet(database: &Database) {
    let mut looks = tokio::time::interval(Duration::from_secs(1));
    let (mut length, mut unchanged) = (-1, 0);
    while unchanged < QUIET_SECONDS {
        looks.tick().await;
        let now = database.length().await;
        unchanged = if now == length { unchanged + 1 } else { 0 };
        length = now;
    }
}
