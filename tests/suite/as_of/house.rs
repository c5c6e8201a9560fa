//! The application behind its schema, with a clock that goes where a history says, and the people who make histories.

use std::collections::HashMap;
use std::sync::Arc;

use etalon::app::App;
use etalon::clock::ManualClock;
use etalon::domain::actor::{Actor, ActorId, Role};
use etalon::domain::value::Division;
use etalon::graphql::{Asked, Limits, Schema, Session, StreamLimits};
use etalon::identity::credential::Credential;
use etalon::store;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::as_of::registers::item;
use crate::life::world::{text, uuid_of};
use crate::store::support::Database;

/// Monday, 5 January 2026, 10:00 in China.
const BEGIN: &str = "2026-01-05T02:00:00Z";

pub struct House {
    pub app: Arc<App>,
    pub clock: Arc<ManualClock>,
    schema: Schema,
    people: HashMap<&'static str, Actor>,
    pub institutes: [String; 2],
    pub leads: [String; 2],
    pub enterprises: [String; 2],
    pub expert: String,
    pub campaign: String,
    pub view: String,
    // Dropped after the application that uses it.
    pub database: Database,
}

impl House {
    /// A campaign in Guangdong, two institutes with a lead each, an expert, two enterprises.
    pub async fn on(database: Database) -> Self {
        let mut house = Self::empty_on(database).await;
        for (name, role, jurisdiction) in [
            ("manager", Role::Manager, "44"),
            ("nation", Role::Manager, "CN"),
            ("coordinator", Role::Coordinator, "44"),
            ("reviewer", Role::Reviewer, "44"),
        ] {
            house.admit(name, role, jurisdiction, |_| {});
        }
        let campaign = json!({
            "name": "计量服务走进万家中小企业", "divisionCode": "44", "startsOn": "2026-01-05",
            "reportingDeadline": "2026-10-31",
        });
        house.campaign = house.creates("manager", "openCampaign", "campaign", campaign).await;
        for (place, letter) in ["甲", "乙"].into_iter().enumerate() {
            let institution = json!({
                "name": format!("示范计量院{letter}"), "divisionCode": "44", "kind": "METROLOGY_INSTITUTE",
                "capabilities": ["L/DimMet-2.1.2"],
            });
            let institute = house.creates("coordinator", "registerInstitution", "institution", institution).await;
            let lead = house.register_person(&format!("领衔人{letter}"), &institute).await;
            let enrolment = house.enrolment(place);
            let enterprise = house.creates("coordinator", "enrolEnterprise", "enterprise", enrolment).await;
            house.admit_person(["lead 0", "lead 1"][place], Role::Lead, &lead, &institute);
            let speaks_for = uuid_of(&enterprise);
            house.admit(["enterprise 0", "enterprise 1"][place], Role::Enterprise, "CN", |actor| {
                actor.enterprise = Some(speaks_for.into());
            });
            house.institutes[place] = institute;
            house.leads[place] = lead;
            house.enterprises[place] = enterprise;
        }
        let listed = house.order("manager", "listChargeableItem", "", item("GD-L-012")).await;
        assert!(listed["receipt"].is_object(), "{listed}");
        let institute = house.institutes[1].clone();
        house.expert = house.register_person("专家", &institute).await;
        let expert = house.expert.clone();
        house.admit_person("expert", Role::Expert, &expert, &institute);
        let view = json!({ "name": "在办", "filter": { "open": true }, "orderBy": [{ "field": "UPDATED_AT" }] });
        house.view = house.creates("coordinator", "saveView", "view", view).await;
        house
    }

    /// With what one of the enterprises enrols.
    pub fn enrolment(&self, place: usize) -> Value {
        json!({
            "creditCode": (["91440305MADEM1A26M", "91440605MADEM1A18A"][place]), "campaignId": self.campaign,
            "name": format!("示例厂{}", ["甲", "乙"][place]), "divisionCode": (["440305", "4406"][place]),
            "consent": "书面同意",
        })
    }

    /// With somebody who sees everything, and nothing to see.
    pub async fn empty_on(database: Database) -> Self {
        let clock = Arc::new(ManualClock::new(BEGIN.parse().expect("a timestamp"), 2012));
        let (app, schema) = served(&database, &clock).await;
        let mut house = Self {
            app,
            clock,
            schema,
            people: HashMap::new(),
            institutes: Default::default(),
            leads: Default::default(),
            enterprises: Default::default(),
            expert: String::new(),
            campaign: String::new(),
            view: String::new(),
            database,
        };
        house.admit("watcher", Role::Auditor, "CN", |_| {});
        house
    }

    /// The same log behind a server that was started just now: it has written nothing, and knows nothing by heart.
    pub async fn started_anew(self) -> Self {
        let (app, schema) = served(&self.database, &self.clock).await;
        Self { app, schema, ..self }
    }

    fn admit(&mut self, name: &'static str, role: Role, jurisdiction: &str, more: impl FnOnce(&mut Actor)) {
        let mut actor = Actor {
            id: ActorId::parse(&name.replace(' ', "-")).expect("an actor id"),
            roles: [role].into(),
            jurisdiction: Division::parse(jurisdiction).expect("a division"),
            institution: None,
            enterprise: None,
        };
        more(&mut actor);
        self.people.insert(name, actor);
    }

    fn admit_person(&mut self, name: &'static str, role: Role, person: &str, institute: &str) {
        let (person, institute): (Uuid, Uuid) = (uuid_of(person), uuid_of(institute));
        self.admit(name, role, "44", |actor| {
            actor.id = ActorId::parse(&person.to_string()).expect("an actor id");
            actor.institution = Some(institute.into());
        });
    }

    async fn register_person(&self, name: &str, institute: &str) -> String {
        let person = json!({ "name": name, "capacity": "EXPERT", "affiliation": { "institutionId": institute } });
        self.creates("coordinator", "registerPerson", "person", person).await
    }

    /// Asks: the data and the errors.
    pub async fn post(&self, who: &str, query: &str, variables: Value) -> (Value, Value) {
        let actor = self.people.get(who).unwrap_or_else(|| panic!("nobody is called {who}")).clone();
        let credential = Credential::of_actor(actor.id.as_str(), Timestamp::MIN);
        let session = Session { actor, expires_at: Timestamp::MAX, credential, request_id: "test".to_owned() };
        let Value::Object(variables) = variables else { panic!("variables are an object, not {variables}") };
        let asked = Asked { query: Some(query.to_owned()), variables, ..Asked::default() };
        let response = match self.schema.read(asked) {
            Ok(document) => self.schema.execute(document, session).await,
            Err(refused) => *refused,
        };
        let errors = serde_json::to_value(&response.errors).expect("errors are JSON");
        (response.data.into_json().expect("data is JSON"), errors)
    }

    /// Asks what has an answer.
    pub async fn ask(&self, who: &str, query: &str, variables: Value) -> Value {
        let (data, errors) = self.post(who, query, variables.clone()).await;
        assert_eq!(errors, json!([]), "{who}: {query}\n{variables}");
        data
    }

    /// Orders something, whatever comes of it: the payload.
    pub async fn order(&self, who: &str, mutation: &str, shows: &str, input: Value) -> Value {
        let (first, rest) = mutation.split_at(1);
        let input_type = format!("{}{rest}Input", first.to_ascii_uppercase());
        let query = format!(
            "mutation Order($input: {input_type}!) {{ {mutation}(input: $input) {{
                {shows} receipt {{ position }} userErrors {{ code message }}
            }} }}"
        );
        self.ask(who, &query, json!({ "input": input })).await[mutation].clone()
    }

    /// Orders something that is carried out: the payload.
    pub async fn ordered(&self, who: &str, mutation: &str, shows: &str, input: Value) -> Value {
        let payload = self.order(who, mutation, shows, input).await;
        assert!(payload["receipt"].is_object(), "{who} {mutation}: {payload}");
        payload
    }

    /// Orders what brings something into being: its global id.
    pub async fn creates(&self, who: &str, mutation: &str, object: &str, input: Value) -> String {
        let payload = self.ordered(who, mutation, &format!("{object} {{ id }}"), input).await;
        text(&payload[object]["id"])
    }

    /// One of the enterprises reports a difficulty: the case's global id.
    pub async fn reported(&self, place: usize, title: &str) -> String {
        let report = json!({
            "enterpriseId": self.enterprises[place], "campaignId": self.campaign, "title": title,
            "problem": "相差 8 µm", "origin": { "ownReport": true },
        });
        self.creates(["enterprise 0", "enterprise 1"][place], "reportCase", "case", report).await
    }

    /// The last position of the log.
    pub async fn head(&self) -> u64 {
        self.app.head().await.expect("the store reads").expect("the log has begun")
    }
}

/// The application over that database, behind a schema with few limits: a question about everything costs more than a
/// user's may.
async fn served(database: &Database, clock: &Arc<ManualClock>) -> (Arc<App>, Schema) {
    let store = store::open(&database.url, clock.clone()).await.expect("the database opens");
    let app = Arc::new(App::new(store, clock.clone()).with_vault(database.vault()));
    let limits = Limits {
        tokens: 1_000_000,
        nesting: 1_000,
        aliases: 10_000,
        root_fields: 1_000,
        selection: 10_000,
        depth: 100,
        cost: u64::MAX,
        ..Limits::default()
    };
    let schema = Schema::new(app.clone(), limits, StreamLimits::default());
    (app, schema)
}
