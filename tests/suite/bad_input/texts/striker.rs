//! Strikes commands in every text of theirs.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use apollo_compiler::validation::Valid;
use serde_json::{Value, json};

use crate::life::world::{World, text};
use crate::schema_rules::schema;

/// Each is tried alone.
const TEXTS: [&str; 11] = [
    "=1+1",
    "\t@SUM(A1)",
    "\r-1",
    "'; drop table events; --",
    "\"quoted\" `code` ''",
    "<script>alert(1)</script>",
    "a\u{0}b",
    "\u{202e}txt.exe\u{2066}",
    "𠮷😀e\u{301}",
    "%s ${7*7} {{7*7}} \\u0000 \\x00 ../../etc/passwd",
    "a\u{7}b\u{1b}[31m",
];

/// How many previews are asked for at once.
const AT_ONCE: usize = 20;

/// What a formula begins with.
const LEADS: [&str; 5] = ["=", "+", "-", "@", "＝"];

/// Texts that something else hangs on: they are tried, and recorded as they should be.
const HANGS_ON: [&str; 6] = ["code", "divisionCode", "creditCode", "item", "unit", "measurand"];

/// A text of an input: the way to it, and which field of which input it is.
#[derive(Clone, Debug)]
struct Place {
    steps: Vec<String>,
    of: (String, String),
    is_list: bool,
}

pub struct Striker<'a> {
    pub world: &'a World,
    schema: Valid<Schema>,
    struck: RefCell<BTreeSet<(String, String)>>,
    /// What was tried, and how much of it was taken.
    tried: Cell<(usize, usize)>,
    recorded: Cell<usize>,
}

impl<'a> Striker<'a> {
    pub fn new(world: &'a World) -> Self {
        let (schema, struck) = (schema(), RefCell::default());
        Self { world, schema, struck, tried: Cell::default(), recorded: Cell::default() }
    }

    /// Strikes an order in every text of it, and then carries it out: with a text that has some of everything wherever that is taken.
    pub async fn order(&self, who: &str, mutation: &str, input: Value) -> Value {
        let kind = self.world.schema.input_of(mutation).to_owned();
        let mut places = Vec::new();
        self.places(&kind, &input, &mut Vec::new(), &mut places);
        let long = "长".repeat(30_000);
        let mut strikes = Vec::new();
        for place in &places {
            for strike in TEXTS.into_iter().chain([long.as_str()]) {
                strikes.push((place, strike, struck(&input, place, strike)));
            }
            self.struck.borrow_mut().insert(place.of.clone());
        }
        for strikes in strikes.chunks(AT_ONCE) {
            let inputs: Vec<_> = strikes.iter().map(|(_, _, input)| input.clone()).collect();
            let answers = self.previews(who, mutation, &kind, &inputs).await;
            for ((place, strike, _), answer) in strikes.iter().zip(answers) {
                self.judge(&format!("{who} {mutation} {place:?} {strike:?}"), strike, &answer);
            }
        }
        self.carry_out(who, mutation, &kind, input, &places).await
    }

    /// Every text of an input of that kind: of what is in it, and what might be in it beside that.
    fn places(&self, kind: &str, input: &Value, steps: &mut Vec<String>, found: &mut Vec<Place>) {
        let is_one_of = self.input_type(kind).expect("an input").directives.has("oneOf");
        for field in self.input_type(kind).expect("an input").fields.values() {
            let name = field.name.as_str();
            steps.push(name.to_owned());
            let inner = field.ty.inner_named_type().as_str();
            match &input[name] {
                // Keys are struck once, by themselves.
                _ if name == "idempotencyKey" => {}
                Value::Null if is_one_of => {}
                _ if inner == "String" => {
                    let of = (kind.to_owned(), name.to_owned());
                    found.push(Place { steps: steps.clone(), of, is_list: field.ty.is_list() });
                }
                Value::Array(items) if self.input_type(inner).is_some() => {
                    for (index, item) in items.iter().enumerate().take(1) {
                        steps.push(index.to_string());
                        self.places(inner, item, steps, found);
                        steps.pop();
                    }
                }
                within @ Value::Object(_) if self.input_type(inner).is_some() => {
                    self.places(inner, within, steps, found)
                }
                _ => {}
            }
            steps.pop();
        }
    }

    fn input_type(&self, name: &str) -> Option<&InputObjectType> {
        match self.schema.types.get(name) {
            Some(ExtendedType::InputObject(input)) => Some(input),
            _ => None,
        }
    }

    /// What would be answered to each.
    async fn previews(&self, who: &str, mutation: &str, kind: &str, inputs: &[Value]) -> Vec<Value> {
        let all = || 0..inputs.len();
        let declared: Vec<_> = all().map(|place| format!("$i{place}: {kind}!")).collect();
        let asked: Vec<_> = all()
            .map(|place| {
                format!("p{place}: {mutation}(input: $i{place}) {{ events {{ payload }} userErrors {{ code field message }} }}")
            })
            .collect();
        let query = format!("query Strike({}) {{ preview {{ {} }} }}", declared.join(", "), asked.join(" "));
        let variables: serde_json::Map<_, _> =
            all().zip(inputs).map(|(place, input)| (format!("i{place}"), input.clone())).collect();
        let answer = self.world.ask(who, &query, Value::Object(variables)).await;
        all().map(|place| answer["preview"][format!("p{place}")].clone()).collect()
    }

    /// It is refused for a reason, or kept as it came.
    fn judge(&self, context: &str, strike: &str, answer: &Value) {
        let (tried, taken) = self.tried.get();
        let is_taken = is_taken(answer);
        self.tried.set((tried + 1, taken + usize::from(is_taken)));
        match is_taken {
            true => assert!(is_kept(strike, &payloads(&answer["events"])), "{context} was made {answer:#}"),
            false => {
                let error = &answer["userErrors"][0];
                assert!(self.world.schema.codes.contains(&text(&error["code"])), "{context}: {answer:#}");
                assert!(!text(&error["message"]).is_empty(), "{context}: {answer:#}");
            }
        }
    }

    /// Carries it out with harm in as many of its texts as are taken together.
    async fn carry_out(&self, who: &str, mutation: &str, kind: &str, mut input: Value, places: &[Place]) -> Value {
        let order = self.recorded.get();
        self.recorded.set(order + 1);
        let lead = LEADS[order % LEADS.len()];
        let harm = format!("{lead}1+{order}'\"; drop table events; --<script>alert(1)</script>\u{200f}𠮷;{lead}1");
        let mut harmed = 0;
        for place in places.iter().filter(|place| !HANGS_ON.contains(&place.of.1.as_str())) {
            let more = struck(&input, place, &harm);
            if is_taken(&self.previews(who, mutation, kind, std::slice::from_ref(&more)).await[0]) {
                input = more;
                harmed += 1;
            }
        }
        let payload = self.world.order(who, mutation, &input).await;
        assert_eq!(payload["userErrors"], json!([]), "{who} {mutation} {input}");
        let query = "query Recorded($ids: [ID!]!) { nodes(ids: $ids) {
            ... on CaseEvent { payload } ... on RegisterEvent { payload }
        } }";
        let recorded = self.world.ask("watcher", query, json!({ "ids": payload["receipt"]["eventIds"] })).await;
        assert!(harmed == 0 || is_kept(&harm, &payloads(&recorded["nodes"])), "{harm:?} was made {recorded:#}");
        payload
    }

    /// Strikes a key, of an order that is then left.
    pub async fn strike_key(&self, who: &str, mutation: &str, input: &Value) {
        let kind = self.world.schema.input_of(mutation).to_owned();
        let keyed = |key: &str| {
            let mut keyed = input.clone();
            keyed["idempotencyKey"] = json!(key);
            keyed
        };
        let inputs: Vec<_> = TEXTS.into_iter().map(keyed).collect();
        for (key, answer) in TEXTS.into_iter().zip(self.previews(who, mutation, &kind, &inputs).await) {
            let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
            let refused = answer["userErrors"][0]["code"].as_str();
            assert_eq!(refused, (!is_visible).then_some("IDEMPOTENCY_KEY_INVALID"), "{key:?}: {answer:#}");
        }
    }

    /// Asserts that no text of a command was left out. Filters are struck where questions are.
    pub fn has_struck_everything(&self) {
        let mut waiting: Vec<_> =
            self.world.schema.mutations().iter().map(|name| self.world.schema.input_of(name).to_owned()).collect();
        let mut kinds = BTreeSet::new();
        let mut all = BTreeSet::new();
        while let Some(kind) = waiting.pop() {
            if kind == "CaseFilter" || !kinds.insert(kind.clone()) {
                continue;
            }
            for field in self.input_type(&kind).expect("an input").fields.values() {
                let inner = field.ty.inner_named_type().as_str();
                if inner == "String" && field.name != "idempotencyKey" {
                    all.insert((kind.clone(), field.name.to_string()));
                } else if self.input_type(inner).is_some() {
                    waiting.push(inner.to_owned());
                }
            }
        }
        let (tried, taken) = self.tried.get();
        println!(
            "{tried} texts were tried in {} places, {taken} were taken; {} orders",
            all.len(),
            self.recorded.get()
        );
        let left: Vec<_> = all.difference(&self.struck.borrow()).cloned().collect();
        assert!(left.is_empty(), "texts that nobody has struck: {left:?}");
        assert!(taken * 4 > tried, "many are taken: {taken} of {tried}");
    }
}

fn is_taken(preview: &Value) -> bool {
    preview["userErrors"].as_array().is_some_and(Vec::is_empty)
}

/// The input with that text at that place.
fn struck(input: &Value, place: &Place, strike: &str) -> Value {
    let mut struck = input.clone();
    let at = place.steps.iter().fold(&mut struck, |within, step| match within {
        Value::Array(items) => &mut items[step.parse::<usize>().expect("a place in a list")],
        within => &mut within[step.as_str()],
    });
    *at = if place.is_list { json!([strike]) } else { json!(strike) };
    struck
}

fn payloads(events: &Value) -> Vec<Value> {
    let events = events.as_array().into_iter().flatten();
    events.map(|event| serde_json::from_str(&text(&event["payload"])).expect("payloads are JSON")).collect()
}

/// Whether somewhere in the payloads there is that text, as it came or as people's texts are kept, or something that is sealed.
fn is_kept(strike: &str, payloads: &[Value]) -> bool {
    let kept = strike.trim().replace("\r\n", "\n");
    payloads.iter().any(|payload| holds(payload, &kept) || holds(payload, strike))
}

fn holds(value: &Value, kept: &str) -> bool {
    match value {
        Value::String(found) => found == kept,
        Value::Array(items) => items.iter().any(|item| holds(item, kept)),
        Value::Object(fields) => fields.iter().any(|(name, value)| name == "$p" || name == kept || holds(value, kept)),
        _ => false,
    }
}
