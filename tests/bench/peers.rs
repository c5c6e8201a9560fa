//! What else serves GraphQL from these tables: PostGraphile, which makes the schema of them, and graphql-yoga with
//! resolvers written for them (`peers/`). Each is one process of Node.js.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};

use crate::database::{Database, given};
use crate::in_process::comment;
use crate::load_driver::Driven;
use crate::questions::{Question, Turn, ask_in_turn};
use crate::wire::{self, place_of};

/// A server; killed when dropped.
pub(crate) struct Peer {
    which: Which,
    address: String,
    child: Child,
}

#[derive(Clone, Copy)]
enum Which {
    PostGraphile,
    Yoga,
}

impl Which {
    /// As the program and the tables call it.
    fn name(self) -> &'static str {
        match self {
            Self::PostGraphile => "postgraphile",
            Self::Yoga => "yoga",
        }
    }

    fn document(self, question: Question) -> &'static str {
        match (self, question) {
            (Self::PostGraphile, Question::List) => {
                "query List($status: String!) {
                    allCases(first: 20, condition: { status: $status }, orderBy: [UPDATED_AT_DESC, CASE_ID_ASC]) {
                        nodes { number title status updatedAt lead { name } } pageInfo { hasNextPage endCursor }
                    }
                }"
            }
            (Self::PostGraphile, Question::Case) => {
                "query One($id: String!) {
                    caseByCaseId(caseId: $id) {
                        number title status updatedAt lead { name }
                        events(first: 50, orderBy: SEQUENCE_ASC) {
                            nodes { sequence type recordedAt payload } pageInfo { hasNextPage }
                        }
                    }
                }"
            }
            (Self::PostGraphile, Question::Comment) => {
                "mutation Comment($id: String!, $text: String!) { addComment(input: { id: $id, body: $text }) { bigInt } }"
            }
            (Self::Yoga, Question::List) => {
                "query List($status: String!) {
                    cases(first: 20, status: $status) {
                        nodes { number title status updatedAt lead { name } } pageInfo { hasNextPage endCursor }
                    }
                }"
            }
            (Self::Yoga, Question::Case) => {
                "query One($id: ID!) {
                    case(id: $id) {
                        number title status updatedAt lead { name }
                        events(first: 50) { nodes { sequence type recordedAt payload } pageInfo { hasNextPage } }
                    }
                }"
            }
            (Self::Yoga, Question::Comment) => {
                "mutation Comment($id: ID!, $text: String!) { addComment(id: $id, text: $text) }"
            }
        }
    }
}

impl Peer {
    /// All of them over a database that has the tables of `alone.rs`.
    pub(crate) async fn all(database: &Database) -> Vec<Self> {
        let mut connection = PgConnection::connect(&database.url).await.expect("the server answers");
        connection.execute(include_str!("peers/tables.sql")).await.expect("the views are made");
        [Which::PostGraphile, Which::Yoga].map(|which| Self::start(which, database)).into()
    }

    fn start(which: Which, database: &Database) -> Self {
        let mut command = Command::new("node");
        command.current_dir(given("ETALON_BENCH_PEERS")).env("NODE_ENV", "production");
        command.args(["server.mjs", which.name(), &database.url]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("Node.js starts");
        let mut line = String::new();
        let said = child.stdout.take().expect("it is piped");
        BufReader::new(said).read_line(&mut line).expect("it can be read");
        let port = line.trim().strip_prefix("ready ").expect("it says where it listens");
        Self { which, address: format!("127.0.0.1:{port}"), child }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.which.name()
    }

    /// Has so many clients ask for so long.
    pub(crate) async fn drive(&self, question: Question, clients: usize, lasts: Duration, cases: u32) -> Driven {
        let (address, document) = (self.address.clone(), self.which.document(question));
        let request = move |turn: Turn| {
            let variables = match question {
                Question::List => json!({ "status": turn.status() }),
                Question::Case => json!({ "id": turn.any_case(cases) }),
                Question::Comment => json!({ "id": turn.own_case(cases), "text": comment() }),
            };
            let body = json!({ "query": document, "variables": variables }).to_string();
            // Nobody looks at the token.
            wire::post(&address, "/graphql", "none", &body)
        };
        let is_good = |answer: &[u8]| {
            let end = answer.len().min(64);
            place_of(b"{\"data\":{", &answer[..end]).is_some()
        };
        ask_in_turn(&self.address, clients, lasts, request, is_good).await
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
