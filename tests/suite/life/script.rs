//! How a line of the script is played: what is carried out moves the version by its events, what is refused moves nothing, and `allowedCommands` foretold both.

use serde_json::{Value, json};

use crate::life::world::{World, fields, named, path, position_of, text, with};

/// Who sends which mutation with which input.
pub type Order = (&'static str, &'static str, Value);

/// The same, and how it is refused: the code, and the path into the input.
pub type Refused = (&'static str, &'static str, Value, &'static str, &'static str);

const SNAPSHOT: &str = "query Snapshot($ids: [ID!]!) {
    serverInfo { position }
    nodes(ids: $ids) {
        id
        ... on Case { version status }
        ... on Enterprise { version }
        ... on Campaign { version }
        ... on Institution { version }
        ... on Person { version }
    }
}";

const ALLOWED: &str = "query Allowed($id: ID!) {
    case(id: $id) { allowedCommands { mutation allowed reasons { code message } } }
}";

/// Refusals that the state alone decides, so that `allowedCommands` has to tell them.
const OF_THE_STATE: &[&str] = &["NOT_PERMITTED", "OUTSIDE_JURISDICTION", "WRONG_STATUS"];

/// Refusals of the request itself, whatever the state.
const OF_THE_REQUEST: &[&str] = &["IDEMPOTENCY_KEY_REUSED", "VERSION_CONFLICT"];

impl World {
    /// Carries an order out: its payload.
    pub async fn takes(&self, who: &str, mutation: &str, input: Value) -> Value {
        let before = self.snapshot(&input).await;
        let foretold = self.foretold(who, mutation, &input).await;
        let preview = self.preview(who, mutation, &input).await;
        assert_eq!(self.snapshot(&input).await, before, "a preview changes nothing: {who} {mutation} {input}");
        let payload = self.order(who, mutation, &input).await;
        let context = || format!("{who} {mutation} {input}\n{payload:#}");
        assert_eq!(payload["userErrors"], json!([]), "{}", context());
        assert_eq!(payload["conflict"], Value::Null, "{}", context());
        assert_eq!(foretold, None, "allowedCommands said no: {}", context());

        let receipt = &payload["receipt"];
        let events = receipt["eventIds"].as_array().expect("ids").len();
        let position = position_of(receipt);
        assert!(events > 0 && receipt["replayed"] == false, "{}", context());
        assert_eq!(position, position_of(&before["serverInfo"]) + events as i64, "{}", context());

        self.came_true(&preview, &payload, &input).await;

        let after = self.snapshot(&input).await;
        assert_eq!(position_of(&after["serverInfo"]), position, "{}", context());
        let object = &payload[self.schema.object_of(mutation)];
        for (before, after) in nodes(&before).zip(nodes(&after)) {
            // What the input names beside what it is about stays as it was.
            let is_about = object["id"] == before["id"];
            let expected = before["version"].as_u64().map(|version| version + if is_about { events as u64 } else { 0 });
            if is_about || !object.is_null() {
                assert_eq!(after["version"].as_u64(), expected, "{}", context());
            }
        }
        assert!(object.is_null() || object["version"] == receipt["version"], "{}", context());
        self.seen.borrow_mut().carried_out.insert(mutation.to_owned());
        payload
    }

    /// Carries an order out that brings something into being: its global id.
    pub async fn creates(&self, who: &str, mutation: &str, input: Value) -> String {
        let payload = self.takes(who, mutation, input).await;
        let id = text(&payload[self.schema.object_of(mutation)]["id"]);
        self.seen.borrow_mut().created.entry(mutation.to_owned()).or_default().push(id.clone());
        id
    }

    /// Sends an order that is refused: nothing changes.
    pub async fn refuses(&self, (who, mutation, input, code, field): Refused) {
        let before = self.snapshot(&input).await;
        let foretold = self.foretold(who, mutation, &input).await;
        let preview = self.preview(who, mutation, &input).await;
        let payload = self.order(who, mutation, &input).await;
        let context = || format!("{who} {mutation} {input}\n{payload:#}");
        for told in ["code", "field"] {
            let (foreseen, met) = (&preview["userErrors"][0][told], &payload["userErrors"][0][told]);
            assert_eq!(foreseen, met, "a preview is refused alike: {}", context());
        }
        assert_eq!(preview["conflict"], payload["conflict"], "{}", context());
        assert_eq!(preview["events"], json!([]), "{}", context());
        let errors = payload["userErrors"].as_array().expect("a list");
        assert_eq!(errors.len(), 1, "{}", context());
        let found = (text(&errors[0]["code"]), path(&errors[0]["field"]));
        assert_eq!(found, (code.to_owned(), field.to_owned()), "{}", context());
        assert!(self.schema.has_path(mutation, field), "{field:?} is no path into the input: {}", context());
        assert_eq!(payload["receipt"], Value::Null, "{}", context());
        match foretold {
            // Judged before the state is.
            _ if OF_THE_REQUEST.contains(&code) => {}
            Some(foretold) => assert_eq!(foretold, code, "allowedCommands gave another reason: {}", context()),
            None => assert!(
                !OF_THE_STATE.contains(&code) || !self.is_visible(who, &input).await,
                "allowedCommands said yes: {}",
                context()
            ),
        }
        assert_eq!(self.snapshot(&input).await, before, "a refusal changes nothing: {}", context());
        self.seen.borrow_mut().refused.insert(code.to_owned());
    }

    /// Plays refusals one after the other.
    pub async fn refuses_all(&self, table: impl IntoIterator<Item = Refused>) {
        for refused in table {
            self.refuses(refused).await;
        }
    }

    /// Where the log ends, and the version of everything that the input names.
    async fn snapshot(&self, input: &Value) -> Value {
        let ids: Vec<_> = fields(input).values().filter(|id| id.as_str().and_then(named).is_some()).collect();
        self.ask("watcher", SNAPSHOT, json!({ "ids": ids })).await
    }

    /// What `allowedCommands` says against the mutation, where it is about a case that the actor may see.
    async fn foretold(&self, who: &str, mutation: &str, input: &Value) -> Option<String> {
        let case = self.ask(who, ALLOWED, json!({ "id": input.get("caseId").filter(|id| is_of_a_case(id))? })).await;
        let commands = case["case"]["allowedCommands"].as_array()?;
        let command = commands.iter().find(|command| command["mutation"] == mutation).expect("every mutation is told");
        let reason = command["reasons"].get(0).map(|reason| text(&reason["code"]));
        assert_eq!(command["allowed"] == true, reason.is_none(), "{command}");
        reason
    }

    async fn is_visible(&self, who: &str, input: &Value) -> bool {
        match input.get("caseId").filter(|id| is_of_a_case(id)) {
            Some(id) => self.ask(who, ALLOWED, json!({ "id": id })).await["case"].is_object(),
            None => false,
        }
    }
}

fn is_of_a_case(id: &Value) -> bool {
    id.as_str().and_then(named).is_some_and(|(kind, _)| kind == "Case")
}

fn nodes(snapshot: &Value) -> impl Iterator<Item = &Value> {
    snapshot["nodes"].as_array().into_iter().flatten()
}

/// A case of the script: its orders name it by themselves.
pub struct Case<'a> {
    pub world: &'a World,
    pub id: String,
}

impl Case<'_> {
    pub async fn takes(&self, who: &str, mutation: &str, input: Value) -> Value {
        self.world.takes(who, mutation, self.named(input)).await
    }

    /// Plays orders one after the other.
    pub async fn takes_all(&self, table: impl IntoIterator<Item = Order>) {
        for (who, mutation, input) in table {
            self.takes(who, mutation, input).await;
        }
    }

    pub async fn refuses(&self, table: impl IntoIterator<Item = Refused>) {
        for (who, mutation, input, code, field) in table {
            self.world.refuses((who, mutation, self.named(input), code, field)).await;
        }
    }

    /// The fields of the case that are asked for, as who sees everything sees them.
    pub async fn shows(&self, fields: &str) -> Value {
        self.seen_by("watcher", fields).await
    }

    /// The fields as somebody sees them; null where there is no such case for them.
    pub async fn seen_by(&self, who: &str, fields: &str) -> Value {
        let query = format!("query Look($id: ID!) {{ case(id: $id) {{ {fields} }} }}");
        self.world.ask(who, &query, json!({ "id": self.id })).await["case"].clone()
    }

    /// Asserts the status.
    pub async fn is(&self, status: &str) {
        assert_eq!(self.shows("status").await["status"], status);
    }

    fn named(&self, input: Value) -> Value {
        with(json!({ "caseId": self.id }), input)
    }
}
