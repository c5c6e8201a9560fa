//! Requests: bodies, documents, and the texts that stand for a place in a list or for a thing.

use std::sync::{Arc, LazyLock};

use async_graphql::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use etalon::app::{App, Vault};
use etalon::clock::ManualClock;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::value::Division;
use etalon::graphql::{Asked, Limits, Schema, Session, StreamLimits};
use etalon::http::request::of_body;
use etalon::identity::credential::Credential;
use etalon::store;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// As the program gives its workers.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Every list by a cursor, and everything that is had by its id, each under an alias of its own.
const PLACES: &str = "query Places($cursor: String, $id: ID!, $text: String!) {
    node(id: $id) { id } nodes(ids: [$id]) { id } case(id: $id) { id } enterprise(id: $id) { id }
    campaign(id: $id) { id } institution(id: $id) { id } person(id: $id) { id } caseByNumber(number: $text) { id }
    view(id: $id) { id } ofAView: cases(view: $id) { totalCount }
    asOf(point: { event: $id }) { position }
    after: cases(first: 2, after: $cursor) { totalCount } before: cases(last: 2, before: $cursor) { totalCount }
    ordered: cases(first: 2, after: $cursor, orderBy: [{ field: DEADLINE, direction: DESC }]) { totalCount }
    enterprises(after: $cursor) { totalCount } campaigns(after: $cursor) { totalCount }
    institutions(after: $cursor) { totalCount } persons(before: $cursor, last: 2) { totalCount }
    search(query: $text) { totalCount } found: search(query: \"a\", after: $cursor) { totalCount }
    catalogue(divisionCode: $text) { id }
}";

/// The application behind its schema, over a database of its own.
struct House {
    runtime: Runtime,
    schema: Schema,
    _folder: TempDir,
}

static HOUSE: LazyLock<House> = LazyLock::new(House::open);

/// The body of a request: read, and answered where it asks for something.
pub fn body(bytes: &[u8]) {
    if let Ok(asked) = of_body(bytes, &HOUSE.schema.limits()) {
        HOUSE.ask(asked);
    }
}

/// A document.
pub fn document(bytes: &[u8]) {
    HOUSE.ask(Asked { query: Some(String::from_utf8_lossy(bytes).into_owned()), ..Asked::default() });
}

/// A cursor or an id, as it is and as what it says once it is decoded.
pub fn place(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    for place in [text.clone(), URL_SAFE_NO_PAD.encode(bytes)] {
        let Value::Object(variables) = json!({ "cursor": place, "id": place, "text": text }) else {
            unreachable!("it is an object")
        };
        let answer = HOUSE.ask(Asked { query: Some(PLACES.to_owned()), variables, ..Asked::default() });
        let refused = answer.errors.iter().any(|error| error.path.is_empty());
        assert!(!refused, "the document is a good one: {:?}", answer.errors);
    }
}

impl House {
    fn open() -> Self {
        let folder = TempDir::new().expect("a folder");
        let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
        let runtime = runtime.expect("a runtime");
        let clock = Arc::new(ManualClock::new("2026-01-05T02:00:00Z".parse().expect("a time"), 2012));
        let url = format!("sqlite:{}", folder.path().join("etalon.db").display());
        let store = runtime.block_on(store::open(&url, clock.clone())).expect("the database opens");
        let vault = Vault::open_or_create(&folder.path().join("data-keys")).expect("a folder of keys");
        let inside = runtime.enter();
        let app = Arc::new(App::new(store, clock).with_vault(vault));
        let schema = Schema::new(app, Limits::default(), StreamLimits::default());
        drop(inside);
        Self { runtime, schema, _folder: folder }
    }

    /// Asks, as somebody who may do much. Whatever is asked for, the house does not fail.
    fn ask(&'static self, asked: Asked) -> Response {
        let actor = Actor {
            id: ActorId::parse("manager").expect("an id"),
            roles: [Role::Manager, Role::Coordinator].into(),
            jurisdiction: Division::parse("CN").expect("a division"),
            institution: None,
            enterprise: None,
        };
        let credential = Credential::of_actor(actor.id.as_str(), Timestamp::MIN);
        let session = Session { actor, expires_at: Timestamp::MAX, credential, request_id: "test".to_owned() };
        // On a thread with the stack of the program's workers.
        let answered = self.runtime.spawn(async move {
            match self.schema.read(asked) {
                Ok(document) => self.schema.execute(document, session).await,
                Err(refused) => *refused,
            }
        });
        let answer = self.runtime.block_on(answered).expect("nothing panics");
        for error in &answer.errors {
            let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
            let code = code.unwrap_or_else(|| panic!("an error without a code: {error:?}")).to_string();
            assert!(!["\"INTERNAL\"", "\"UNAVAILABLE\""].contains(&code.as_str()), "{error:?}");
        }
        answer
    }
}
