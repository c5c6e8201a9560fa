//! Operations that make no sense and are valid: written at random from the schema, they are answered or refused by a known code, and the server never fails.

mod writer;

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::schema::ExtendedType;
use serde_json::{Value, json};

use crate::bad_input::asked_for;
use crate::life::scene::Scene;
use crate::life::world::{World, named};
use crate::schema_rules::schema;
use writer::{Pool, Writer};

/// How often each field of the query and each mutation is asked for, on either database.
const ROUNDS: u64 = 3;

/// What a question may be refused for, beside what commands are.
const CODES_OF_QUESTIONS: [&str; 30] = [
    "ALIAS_LIMIT_EXCEEDED",
    "ARGUMENTS_EXCLUSIVE",
    "AS_OF_NESTED",
    "AXIS_NEEDS_TIME",
    "COST_LIMIT_EXCEEDED",
    "CURSOR_INVALID",
    "CURSOR_OUTDATED",
    "DATE_INVALID",
    "DEPTH_LIMIT_EXCEEDED",
    "FILTER_TOO_LARGE",
    "GROUP_BY_REPEATED",
    "LIST_TOO_LONG",
    "NAMES_SEALED",
    "NOT_IN_TREE",
    "NUMBER_INVALID",
    "ORDER_INVALID",
    "PAGE_SIZE_INVALID",
    "POINTS_REVERSED",
    "POINT_BEFORE_LOG",
    "POINT_IN_FUTURE",
    "PREVIEW_OF_THE_PAST",
    "RELATIVE_DATE_INVALID",
    "RELATIVE_DATE_OUT_OF_RANGE",
    "RELATIVE_DATE_UNIT",
    "SEARCH_EMPTY",
    "SEARCH_TOO_LONG",
    "SELECTION_DEPTH_LIMIT_EXCEEDED",
    "TOO_MANY_GROUPS",
    "TOO_MANY_IDS",
    "VERSION_INVALID",
];

/// Who asks: each in turn, among them one who may do next to nothing.
const ASKERS: [&str; 6] = ["national manager", "coordinator", "lead", "enterprise", "auditor", "coordinator elsewhere"];

/// Everything that has an id or a cursor.
const IDS: &str = "{
    cases(first: 20) { pageInfo { endCursor } nodes { id
        events(first: 3) { pageInfo { endCursor } nodes { id } } findings { id } comments { id } attachments { id }
    } }
    enterprises { pageInfo { endCursor } nodes { id visits { id } } }
    campaigns { pageInfo { endCursor } nodes { id } }
    institutions { pageInfo { endCursor } nodes { id } }
    persons { pageInfo { endCursor } nodes { id } }
}";

async fn random_operations_are_answered_or_refused(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.researching(world, "随机提问").await;
    case.takes("lead", "recordFinding", json!({ "text": "温度梯度" })).await;
    case.takes("lead", "addComment", json!({ "text": "原始记录" })).await;
    let schema = schema();
    let pool = Pool::of(&world.ask("watcher", IDS, json!({})).await);
    let mut writer = Writer::new(&schema, pool, asked_for("ETALON_TEST_OPERATIONS_SEED", 2012));
    let mut tally = Tally::default();
    for round in 0..asked_for("ETALON_TEST_OPERATIONS_ROUNDS", ROUNDS) {
        for root in ["Query", "Mutation"] {
            let ExtendedType::Object(object) = &schema.types[root] else { panic!("{root} is an object") };
            for (place, field) in object.fields.values().enumerate() {
                let operation = writer.operation(root, field);
                let who = ASKERS[(round as usize + place) % ASKERS.len()];
                let (status, answer) = world.post(who, &operation, json!({})).await;
                assert!(!status.is_server_error(), "{who}: {operation}\n{status}: {answer:#}");
                tally.count(root, &answer, || format!("{who}: {operation}\n{answer:#}"));
            }
        }
    }
    let log = world.server.log();
    assert!(!log.contains("panicked") && !log.contains("a request failed"), "{log}");
    tally.judge(world);
}

/// What came of the operations.
#[derive(Default)]
struct Tally {
    asked: usize,
    answered: BTreeMap<&'static str, usize>,
    refused: BTreeMap<String, usize>,
}

impl Tally {
    fn count(&mut self, root: &'static str, answer: &Value, context: impl Fn() -> String) {
        self.asked += 1;
        for error in answer["errors"].as_array().into_iter().flatten() {
            let code = error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code: {}", context()));
            *self.refused.entry(code.to_owned()).or_default() += 1;
        }
        for payload in answer["data"].as_object().into_iter().flat_map(|data| data.values()) {
            for error in payload["userErrors"].as_array().into_iter().flatten() {
                *self.refused.entry(error["code"].as_str().expect("a code").to_owned()).or_default() += 1;
            }
        }
        // A field that fails leaves its neighbours.
        if answer["data"].is_object() {
            *self.answered.entry(root).or_default() += 1;
        }
        let refused: BTreeSet<_> = self.refused.keys().map(String::as_str).collect();
        let failed = ["INTERNAL", "UNAVAILABLE", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"];
        assert!(failed.iter().all(|code| !refused.contains(code)), "{}", context());
    }

    fn judge(&self, world: &World) {
        let is_known =
            |code: &&String| world.schema.codes.contains(*code) || CODES_OF_QUESTIONS.contains(&code.as_str());
        let unknown: Vec<_> = self.refused.keys().filter(|code| !is_known(code)).collect();
        assert!(unknown.is_empty(), "codes that nobody knows: {unknown:?}");
        println!("{} operations, answered {:?}, refused {:?}", self.asked, self.answered, self.refused);
        let answered: usize = self.answered.values().sum();
        assert!(answered * 2 > self.asked, "most are worth executing: {answered} of {}", self.asked);
    }
}

/// Every id in an answer, by what it names.
fn ids_in(answer: &Value, ids: &mut BTreeMap<String, Vec<String>>, cursors: &mut Vec<String>) {
    match answer {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match (name.as_str(), value.as_str()) {
            ("id", Some(id)) => {
                let kind = named(id).map_or_else(|| "Event".to_owned(), |(kind, _)| kind);
                ids.entry(kind).or_default().push(id.to_owned());
            }
            ("endCursor", Some(cursor)) => cursors.push(cursor.to_owned()),
            _ => ids_in(value, ids, cursors),
        }),
        Value::Array(values) => values.iter().for_each(|value| ids_in(value, ids, cursors)),
        _ => {}
    }
}

crate::life::on_both_databases! {
    random_operations_are_answered_or_refused
}
