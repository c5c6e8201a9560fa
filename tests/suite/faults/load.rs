//! 32 clients who command, and hold the server to what it answers.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::faults::COMMENT;
use crate::life::plain;

pub const CLIENTS: usize = 32;

/// What is written down where no answer came, or not in time.
pub const SILENCE: &str = "no answer";

pub const READ: &str = "query($id: ID!) { case(id: $id) { title } }";

/// How long a client waits before it sends something again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How often a client sends the same thing before the server counts as one that does not go on.
const MOST_ATTEMPTS: usize = 1_000;

/// How much the clients command, and what they put up with.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many commands each client has.
    pub commands: usize,
    /// How long a client waits for an answer.
    pub patience: Duration,
    /// Codes of refusals that belong to the fault.
    pub excused: &'static [&'static str],
}

impl Pace {
    pub fn of(commands: usize) -> Self {
        Self { commands, patience: Duration::from_secs(30), excused: &[] }
    }
}

/// The clients, and what they were told.
pub struct Load {
    pace: Pace,
    client: reqwest::Client,
    token: RwLock<String>,
    cases: Vec<String>,
    addresses: Vec<RwLock<String>>,
    /// Position by idempotency key.
    acknowledged: Mutex<HashMap<String, u64>>,
    count: watch::Sender<usize>,
    /// How often a client had to send again, by what it was told.
    setbacks: watch::Sender<BTreeMap<String, usize>>,
    sent_again: Mutex<usize>,
    refused: Mutex<usize>,
    /// How often it became dark or light: it is dark while that is odd.
    turns: AtomicUsize,
}

impl Load {
    pub fn new(pace: Pace, token: String, cases: Vec<String>, addresses: &[&str]) -> Self {
        let client = reqwest::Client::builder().pool_max_idle_per_host(CLIENTS).timeout(pace.patience).build();
        Self {
            pace,
            client: client.expect("a client"),
            token: RwLock::new(token),
            cases,
            addresses: addresses.iter().map(|address| RwLock::new((*address).to_owned())).collect(),
            acknowledged: Mutex::default(),
            count: watch::Sender::new(0),
            setbacks: watch::Sender::default(),
            sent_again: Mutex::default(),
            refused: Mutex::default(),
            turns: AtomicUsize::default(),
        }
    }

    /// Does something in the dark: what is under way meanwhile is not heard by any client. Linux has a flush end well that
    /// is under way when a disk loses its power, though nothing was written; an answer that rests on it would not leave a
    /// machine that loses its own.
    pub fn in_the_dark(&self, happens: impl FnOnce()) {
        self.turns.fetch_add(1, Ordering::SeqCst);
        happens();
        self.turns.fetch_add(1, Ordering::SeqCst);
    }

    /// How many commands there are.
    pub fn commands(&self) -> usize {
        CLIENTS * self.pace.commands
    }

    /// Every client gives its commands, each until it is acknowledged.
    pub async fn run(&self) {
        futures::future::join_all((0..CLIENTS).map(|client| self.one_client(client))).await;
    }

    async fn one_client(&self, client: usize) {
        for number in 0..self.pace.commands {
            let order = self.order(client, number);
            let position = match number % 8 {
                // Twice at once, as when somebody's second try overtakes the first.
                2 => {
                    let (one, other) =
                        tokio::join!(self.carried_out(client, &order), self.carried_out(client + 1, &order));
                    assert_eq!(one, other, "one receipt for both");
                    self.sends_again();
                    one
                }
                _ => self.carried_out(client + number, &order).await,
            };
            let before = self.acknowledged.lock().unwrap().insert(key_of(&order), position);
            assert_eq!(before, None, "a key is for one command");
            self.count.send_modify(|count| *count += 1);
            match number % 8 {
                4 => self.hears_the_same_again(client, &order).await,
                5 => self.is_refused_another(client, &order).await,
                6 => drop(self.answered(client, READ, &json!({ "id": order["caseId"] })).await),
                _ => {}
            }
        }
    }

    fn order(&self, client: usize, number: usize) -> Value {
        let case = &self.cases[(client * 31 + number * 7) % self.cases.len()];
        let text = format!("第{number}次读数 / reading {number}");
        json!({ "caseId": case, "text": text, "idempotencyKey": format!("client-{client}-command-{number}") })
    }

    /// The position that a command is acknowledged with.
    async fn carried_out(&self, first: usize, order: &Value) -> u64 {
        let payload = self.commented(first, order).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload}");
        payload["receipt"]["position"].as_str().expect("a position").parse().expect("a number")
    }

    /// A client that has not heard the answer sends its command again.
    async fn hears_the_same_again(&self, first: usize, order: &Value) {
        let told = self.acknowledged.lock().unwrap().get(&key_of(order)).copied();
        let payload = self.commented(first, order).await;
        let receipt = json!({ "position": told.expect("acknowledged").to_string(), "replayed": true });
        assert_eq!(payload, json!({ "receipt": receipt, "userErrors": [] }), "the first receipt again");
        self.sends_again();
    }

    /// A key that has served is for no other input.
    async fn is_refused_another(&self, first: usize, order: &Value) {
        let mut other = order.clone();
        other["text"] = "something else".into();
        let payload = self.commented(first, &other).await;
        let refused = (&payload["receipt"], &payload["userErrors"][0]["code"]);
        assert_eq!(refused, (&Value::Null, &json!("IDEMPOTENCY_KEY_REUSED")), "{payload}");
        *self.refused.lock().unwrap() += 1;
    }

    /// When all is over, commands come again that were acknowledged long ago.
    pub async fn come_late(&self) {
        for client in 0..CLIENTS {
            for number in [0, self.pace.commands - 1] {
                let order = self.order(client, number);
                self.hears_the_same_again(client, &order).await;
                self.is_refused_another(client, &order).await;
            }
        }
    }

    async fn commented(&self, first: usize, order: &Value) -> Value {
        self.answered(first, COMMENT, &json!({ "input": order })).await["addComment"].clone()
    }

    /// Sends it until it is answered, each time to the next server.
    pub async fn answered(&self, first: usize, query: &str, variables: &Value) -> Value {
        let mut pace = interval(AGAIN_AFTER);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for attempt in first..first + MOST_ATTEMPTS {
            pace.tick().await;
            if let Some(data) = self.sent(attempt % self.addresses.len(), query, variables).await {
                return data;
            }
        }
        panic!("it does not go on: {:?}", self.setbacks());
    }

    /// Sends it once. `None` where it has to be sent again: there was no answer, or one that says so.
    ///
    /// # Panics
    ///
    /// When the server answers what no client can act on.
    pub async fn sent(&self, server: usize, query: &str, variables: &Value) -> Option<Value> {
        let address = self.addresses[server].read().unwrap().clone();
        let token = self.token.read().unwrap().clone();
        let body = json!({ "query": query, "variables": variables });
        let turns = self.turns.load(Ordering::SeqCst);
        let sent = self.client.post(address).bearer_auth(token).json(&body).send().await;
        let read = read(sent).await;
        let is_heard = turns.is_multiple_of(2) && turns == self.turns.load(Ordering::SeqCst);
        let Some((status, text)) = read.filter(|_| is_heard) else {
            self.is_set_back(SILENCE);
            return None;
        };
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status} {text}: {error}"));
        plain::check(&answer);
        let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
        if errors.is_empty() {
            assert_eq!(status, StatusCode::OK, "{text}");
            return Some(answer["data"].clone());
        }
        for error in errors {
            let extensions = &error["extensions"];
            let code = extensions["code"].as_str().unwrap_or_else(|| panic!("{status} without a code: {text}"));
            let may_be_sent_again = match status {
                StatusCode::OK => extensions["retryable"] == true,
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => true,
                _ => self.pace.excused.contains(&code),
            };
            assert!(may_be_sent_again, "{status} {text}");
            self.is_set_back(code);
        }
        None
    }

    fn is_set_back(&self, why: &str) {
        self.setbacks.send_modify(|setbacks| *setbacks.entry(why.to_owned()).or_default() += 1);
    }

    fn sends_again(&self) {
        *self.sent_again.lock().unwrap() += 1;
    }

    /// What to read a case with.
    pub fn a_case(&self) -> Value {
        json!({ "id": self.cases[0] })
    }

    /// From now on a server has that address.
    pub fn finds(&self, server: usize, address: &str) {
        *self.addresses[server].write().unwrap() = address.to_owned();
    }

    /// From now on the clients show that token.
    pub fn shows(&self, token: String) {
        *self.token.write().unwrap() = token;
    }

    /// Comes back when so many commands are acknowledged.
    pub async fn has_acknowledged(&self, count: usize) {
        let mut acknowledged = self.count.subscribe();
        acknowledged.wait_for(|acknowledged| *acknowledged >= count).await.expect("the load lives");
    }

    /// Comes back when another command is acknowledged, or all are.
    pub async fn acknowledges_another(&self) {
        let count = *self.count.borrow();
        self.has_acknowledged(self.commands().min(count + 1)).await;
    }

    /// Whether every command is acknowledged.
    pub fn is_over(&self) -> bool {
        *self.count.borrow() == self.commands()
    }

    /// Comes back when the clients have been set back so many times more for one of these reasons, or at all.
    pub async fn is_set_back_again(&self, times: usize, reasons: &[&str]) {
        let counted = |setbacks: &BTreeMap<String, usize>| -> usize {
            let is_meant = |why: &String| reasons.is_empty() || reasons.contains(&why.as_str());
            setbacks.iter().filter(|(why, _)| is_meant(why)).map(|(_, count)| count).sum()
        };
        let mut setbacks = self.setbacks.subscribe();
        let before = counted(&setbacks.borrow_and_update());
        setbacks.wait_for(|setbacks| counted(setbacks) >= before + times).await.expect("the load lives");
    }

    /// How often a client had to send again, by what it was told.
    pub fn setbacks(&self) -> BTreeMap<String, usize> {
        self.setbacks.borrow().clone()
    }

    /// Every command that was acknowledged, with its position, by its key.
    pub fn acknowledged(&self) -> HashMap<String, u64> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// How many commands came a second time, and how many keys with another input.
    pub fn repeated(&self) -> (usize, usize) {
        (*self.sent_again.lock().unwrap(), *self.refused.lock().unwrap())
    }
}

/// The whole of an answer, where there is one.
async fn read(sent: reqwest::Result<reqwest::Response>) -> Option<(StatusCode, String)> {
    let answer = sent.ok()?;
    Some((answer.status(), answer.text().await.ok()?))
}

fn key_of(order: &Value) -> String {
    order["idempotencyKey"].as_str().expect("a key").to_owned()
}
