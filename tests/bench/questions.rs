//! What clients ask a server over HTTP, each on a connection of its own that is kept alive: a page of a list, a case with
//! its events, a comment.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::in_process::comment;
use crate::life::{Dice, Life};
use crate::load_driver::{Driven, drive};
use crate::served::Served;
use crate::wire::{Connection, place_of};

/// The statuses that lists are asked for, one after the other.
pub(crate) const STATUSES: [&str; 4] = ["TRIAGED", "RESEARCHING", "ON_TRIAL", "CLOSED"];

const LIST: &str = "query List($filter: CaseFilter) {
    cases(first: 20, filter: $filter, orderBy: [{ field: UPDATED_AT, direction: DESC }]) {
        nodes { number title status updatedAt lead { name } } pageInfo { hasNextPage endCursor }
    }
}";

const CASE: &str = "query One($id: ID!) {
    case(id: $id) {
        number title status updatedAt lead { name }
        events(first: 50) { nodes { sequence type recordedAt occurredAt payload } pageInfo { hasNextPage } }
    }
}";

const COMMENT: &str = "mutation Comment($input: AddCommentInput!) {
    addComment(input: $input) { receipt { position version } userErrors { code } }
}";

/// Something that clients ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    List,
    Case,
    Comment,
}

impl Question {
    pub(crate) const ALL: [Self; 3] = [Self::List, Self::Case, Self::Comment];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Case => "case with its events",
            Self::Comment => "comment",
        }
    }

    fn document(self) -> &'static str {
        match self {
            Self::List => LIST,
            Self::Case => CASE,
            Self::Comment => COMMENT,
        }
    }

    /// What it is asked with over the history of so many cases.
    fn variables(self, turn: Turn, cases: u32) -> Value {
        match self {
            Self::List => json!({ "filter": { "status": { "eq": turn.status() } } }),
            Self::Case => json!({ "id": turn.any_case(cases) }),
            Self::Comment => {
                let key = Uuid::new_v4().to_string();
                json!({ "input": { "caseId": turn.own_case(cases), "text": comment(), "idempotencyKey": key } })
            }
        }
    }

    /// Asks once, and looks at the answer with more care than there is time for while it is measured.
    pub(crate) async fn try_once(self, served: &Served, cases: u32) {
        let turn = Turn { client: 0, clients: 1, times: 0 };
        let answer = served.ask(self.document(), self.variables(turn, cases)).await;
        let is_there = match self {
            Self::List => answer["cases"]["nodes"].is_array(),
            Self::Case => answer["case"]["events"]["nodes"].as_array().is_some_and(|events| !events.is_empty()),
            Self::Comment => answer["addComment"]["receipt"]["position"].is_string(),
        };
        assert!(is_there, "{self:?}: {answer}");
    }

    /// Has so many clients ask for so long.
    pub(crate) async fn drive(self, served: &Arc<Served>, clients: usize, lasts: Duration, cases: u32) -> Driven {
        let asked = served.clone();
        let request = move |turn| asked.request(self.document(), &self.variables(turn, cases));
        let is_good = move |answer: &[u8]| {
            // Errors would come first. More than a glance would take the server's time.
            let is_refused = self == Self::Comment && place_of(b"\"userErrors\":[]", answer).is_none();
            answer.starts_with(b"{\"data\":{") && !is_refused
        };
        ask_in_turn(served.address(), clients, lasts, request, is_good).await
    }
}

/// Has so many clients ask for so long, each over a connection of its own. Every answer must be a good one.
pub(crate) async fn ask_in_turn<R, G>(address: &str, clients: usize, lasts: Duration, request: R, is_good: G) -> Driven
where
    R: Fn(Turn) -> Vec<u8> + Send + Sync + 'static,
    G: Fn(&[u8]) -> bool + Send + Sync + 'static,
{
    let mut connections = Vec::with_capacity(clients);
    for _ in 0..clients {
        connections.push(Mutex::new(Connection::to(address).await));
    }
    let asking = Arc::new((connections, request, is_good));
    drive(clients, lasts, move |client, times| {
        let asking = asking.clone();
        async move {
            let (connections, request, is_good) = &*asking;
            let request = request(Turn { client, clients, times });
            let mut connection = connections[client].lock().await;
            let answer = connection.ask(&request).await;
            assert!(is_good(answer), "{}\n{}", String::from_utf8_lossy(&request), String::from_utf8_lossy(answer));
        }
    })
    .await
}

/// Whose turn it is, and for the how-manieth time: so it is the same that is asked in every round.
#[derive(Clone, Copy)]
pub(crate) struct Turn {
    client: usize,
    clients: usize,
    times: usize,
}

impl Turn {
    pub(crate) fn status(self) -> &'static str {
        STATUSES[(self.client + self.times) % STATUSES.len()]
    }

    /// The id of any of so many cases.
    pub(crate) fn any_case(self, cases: u32) -> String {
        Life::id_of(self.dice().below(cases as usize) as u32, cases).to_string()
    }

    /// The id of one that no other client has.
    pub(crate) fn own_case(self, cases: u32) -> String {
        let own = cases as usize / self.clients;
        let number = self.client + self.clients * self.dice().below(own);
        Life::id_of(number as u32, cases).to_string()
    }

    fn dice(self) -> Dice {
        Dice((self.client << 32 | self.times) as u64)
    }
}
