//! A server of its own with everybody who asks it, and the schema as the server tells it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use etalon::domain::annual_summary::year::year_of;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::life::plain;
use crate::life::schema::Schema;
use crate::support::postgres::{FreshDatabase, fresh_database};
use crate::support::server::{Installation, Server, Who};

/// A running server, its tokens by the names of their holders, and what was ordered of it so far.
pub struct World {
    pub client: Client,
    pub server: Server,
    pub installation: Installation,
    pub schema: Schema,
    tokens: RefCell<HashMap<&'static str, String>>,
    pub seen: RefCell<Seen>,
    // Dropped after the server that uses it.
    _database: Option<FreshDatabase>,
}

/// What the script has come across.
#[derive(Default)]
pub struct Seen {
    /// Mutations that were carried out.
    pub carried_out: BTreeSet<String>,
    /// Global ids of what mutations brought into being, by their names.
    pub created: HashMap<String, Vec<String>>,
    /// Codes of refusals.
    pub refused: BTreeSet<String>,
}

impl World {
    /// On an embedded database.
    pub async fn embedded() -> Self {
        Self::of(Installation::embedded(), None).await
    }

    /// On a PostgreSQL database of its own.
    pub async fn on_postgresql() -> Self {
        let database = fresh_database();
        Self::of(Installation::on(database.url()), Some(database)).await
    }

    /// In that installation, on the database that it was made for.
    pub async fn of(installation: Installation, database: Option<FreshDatabase>) -> Self {
        let server = installation.start();
        Self::served(installation, server, database).await
    }

    /// In that installation, by a server that was started in it.
    pub async fn served(installation: Installation, server: Server, database: Option<FreshDatabase>) -> Self {
        let client = Client::new();
        let token = installation.token(&Who::new("watcher", "AUDITOR", "CN"));
        let schema = Schema::of(&client, &server.graphql, &token).await;
        let world = Self {
            client,
            server,
            installation,
            schema,
            tokens: RefCell::default(),
            seen: RefCell::default(),
            _database: database,
        };
        // Sees every case and every register, and is never the one who acts.
        world.admit("watcher", &Who::new("watcher", "AUDITOR", "CN"));
        world
    }

    /// Gives somebody a token; from now on the name stands for it.
    pub fn admit(&self, name: &'static str, who: &Who) {
        let token = self.installation.token(who);
        self.tokens.borrow_mut().insert(name, token);
    }

    pub fn token(&self, name: &str) -> String {
        self.tokens.borrow().get(name).unwrap_or_else(|| panic!("nobody is called {name}")).clone()
    }

    /// Asks, and gives the answer whatever it is.
    pub async fn post(&self, who: &str, query: &str, variables: Value) -> (StatusCode, Value) {
        let body = json!({ "query": query, "variables": variables });
        let sent = self.client.post(&self.server.graphql).bearer_auth(self.token(who)).json(&body).send();
        read(sent.await.expect("an answer")).await
    }

    /// Asks what has an answer.
    pub async fn ask(&self, who: &str, query: &str, variables: Value) -> Value {
        let (status, answer) = self.post(who, query, variables).await;
        assert!(status.is_success() && answer.get("errors").is_none(), "{who}: {query}\n{answer:#}");
        answer["data"].clone()
    }

    /// Asks what is refused as a whole or in part: the first error's code, and the argument that it names.
    pub async fn refusal(&self, who: &str, query: &str, variables: Value) -> (String, String) {
        let (_, answer) = self.post(who, query, variables).await;
        let error = &answer["errors"][0];
        assert!(error.is_object(), "{query} was answered: {answer:#}");
        let field = &error["extensions"]["field"];
        (text(&error["extensions"]["code"]), path(field))
    }

    /// The last position of the log.
    pub async fn position(&self) -> i64 {
        let answer = self.ask("watcher", "{ serverInfo { position } }", json!({})).await;
        position_of(&answer["serverInfo"])
    }

    /// Sends a mutation, whatever comes of it: its payload.
    pub async fn order(&self, who: &str, mutation: &str, input: &Value) -> Value {
        let document = self.schema.document_of(mutation);
        let answer = self.ask(who, &document, json!({ "input": input })).await;
        answer[mutation].clone()
    }
}

/// Reads an answer; nothing in it may tell how the server is built.
pub async fn read(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    let answer = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status} is no JSON, {error}: {text}"));
    plain::check(&answer);
    (status, answer)
}

/// The position in an object that has one; -1 while the log is empty.
pub fn position_of(object: &Value) -> i64 {
    object["position"].as_str().map_or(-1, |position| position.parse().expect("a number"))
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text is expected, not {value}")).to_owned()
}

/// A path as people write it: `requirement.interval.unit`.
pub fn path(steps: &Value) -> String {
    steps.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(".")
}

/// The input with more fields.
pub fn with(mut input: Value, more: Value) -> Value {
    let (Value::Object(input_fields), Value::Object(more)) = (&mut input, more) else {
        panic!("inputs are objects");
    };
    input_fields.extend(more);
    input
}

/// The UUID in a global id.
pub fn uuid_of(id: &str) -> Uuid {
    let (_, uuid) = named(id).unwrap_or_else(|| panic!("{id} is no global id"));
    uuid
}

/// What a global id says: a type and a UUID.
pub fn named(id: &str) -> Option<(String, Uuid)> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(id).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (kind, uuid) = text.split_once(':')?;
    Some((kind.to_owned(), uuid.parse().ok()?))
}

/// A day in China, so many after today.
pub fn day(after_today: i64) -> String {
    days()(after_today)
}

/// Days in China, each so many after today: the same ones also when midnight has passed since.
pub fn days() -> impl Fn(i64) -> String + Copy {
    use etalon::clock::{Clock, SystemClock};
    let today = jiff::tz::Offset::constant(8).to_datetime(SystemClock.now()).date();
    move |after_today| today.saturating_add(jiff::Span::new().days(after_today)).to_string()
}

/// The year whose summary tells of today, so many after it.
pub fn year(after_this: i64) -> i64 {
    i64::from(year_of(day(0).parse().expect("a day"))) + after_this
}

/// The fields of an object.
pub fn fields(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("an object is expected, not {value}"))
}
