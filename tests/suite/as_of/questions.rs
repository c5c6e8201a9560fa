//! Every question that the schema can answer, made from the schema itself, so that a field that comes later is asked too.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::life::world::text;

const INTROSPECTION: &str = "query Introspection {
    __schema { types {
        name kind
        fields { name type { ...Named } args { name defaultValue type { kind } } }
    } }
}
fragment Named on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }";

/// Fields whose answer is about whoever asks, about the present or about what is no part of the log, whatever is asked
/// as of; and checkpoints, for nothing is sealed here.
const NOT_ASKED: &[&str] =
    &["serviceConfig", "serverInfo", "webhook", "webhooks", "webhookChanges", "checkpoint", "asOf", "preview"];

/// Fields within others that are not asked everywhere: what only a sealed log has, what is asked by somebody who may order
/// something, what lists say twice.
const NOT_ASKED_WITHIN: &[&str] = &["checkpoint", "inclusionProof", "allowedCommands", "edges", "__typename"];

/// Fields whose answer says what time it is.
const TELLS_TIME: &[&str] = &["annualFigures", "annualSummary", "statistics"];

/// How far a selection goes from a single thing, and from each thing of a list.
const DEEP: usize = 3;
const FLAT: usize = 1;

struct Field {
    name: String,
    of: String,
    is_leaf: bool,
    needs: Vec<String>,
}

/// The fields of each type.
pub struct Questions(BTreeMap<String, Vec<Field>>);

impl Questions {
    pub async fn of(house: &House) -> Self {
        let answer = house.ask("watcher", INTROSPECTION, json!({})).await;
        let types = answer["__schema"]["types"].as_array().expect("a list").iter();
        let fields = types.filter_map(|kind| Some((text(&kind["name"]), kind["fields"].as_array()?)));
        Self(fields.map(|(name, fields)| (name, fields.iter().map(field).collect())).collect())
    }

    /// The questions as fields of a query with aliases, by their aliases. Those that begin with `relative` depend on
    /// the time that it is.
    pub fn about(&self, cases: &[String], house: &House) -> BTreeMap<String, String> {
        let mut asked: BTreeMap<String, String> = BTreeMap::new();
        for field in &self.0["Query"] {
            if NOT_ASKED.contains(&field.name.as_str()) {
                continue;
            }
            let name = field.name.as_str();
            for (place, arguments) in arguments(field, cases, house).into_iter().enumerate() {
                let is_list = field.of.ends_with("Connection");
                let selection = self.selection(&field.of, if is_list { FLAT } else { DEEP }, &mut Vec::new());
                let selection = selection.unwrap_or_default();
                let is_relative = arguments.contains("TODAY") || arguments.contains("-P") || TELLS_TIME.contains(&name);
                let prefix = if is_relative { "relative_" } else { "" };
                asked.insert(format!("{prefix}{name}_{place}"), format!("{name}{arguments} {selection}"));
            }
        }
        asked
    }

    /// What somebody may order of the cases, by aliases as well.
    pub fn about_orders(&self, cases: &[String]) -> BTreeMap<String, String> {
        let commands = self.selection("AllowedCommand", FLAT, &mut Vec::new()).expect("it shows something");
        let ask =
            |(place, id)| (format!("orders_{place}"), format!("case(id: {id:?}) {{ allowedCommands {commands} }}"));
        cases.iter().enumerate().map(ask).collect()
    }

    /// Everything that a type shows; `None` where it shows nothing.
    fn selection(&self, of: &str, depth: usize, path: &mut Vec<String>) -> Option<String> {
        let fields = self.0.get(of)?;
        if path.iter().any(|above| above == of) {
            return fields.iter().any(|field| field.name == "id").then(|| "{ id }".to_owned());
        }
        path.push(of.to_owned());
        let shown: Vec<_> = fields.iter().filter_map(|field| self.shown(field, of, depth, path)).collect();
        path.pop();
        (!shown.is_empty()).then(|| format!("{{ {} }}", shown.join(" ")))
    }

    fn shown(&self, field: &Field, of: &str, depth: usize, path: &mut Vec<String>) -> Option<String> {
        let name = &field.name;
        if of == "SearchConnection" && name == "edges" {
            let fragments = self.selection("SearchFragment", depth, path)?;
            return Some(format!("edges {{ score fragments {fragments} }}"));
        }
        if NOT_ASKED_WITHIN.contains(&name.as_str()) {
            return None;
        }
        if !field.needs.is_empty() {
            // Of one thing by itself: of every thing of a list it would be too much.
            let below = depth.checked_sub(1).filter(|_| path.len() == 1)?;
            let selection = self.selection(&field.of, below, path).unwrap_or_default();
            let ways = told_more(field).iter().enumerate();
            let ways = ways.map(|(place, arguments)| format!("{name}_{place}: {name}{arguments} {selection}"));
            return Some(ways.collect::<Vec<_>>().join(" "));
        }
        if field.is_leaf {
            return Some(name.clone());
        }
        if name == "pageInfo" {
            // Cursors say when they were given.
            return Some("pageInfo { hasNextPage hasPreviousPage }".to_owned());
        }
        let below = if of.ends_with("Connection") { depth } else { depth.checked_sub(1)? };
        self.selection(&field.of, below, path).map(|selection| format!("{name} {selection}"))
    }
}

fn field(field: &Value) -> Field {
    let mut kind = &field["type"];
    while kind["ofType"].is_object() {
        kind = &kind["ofType"];
    }
    let arguments = field["args"].as_array().into_iter().flatten();
    let needs =
        arguments.filter(|argument| argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null());
    Field {
        name: text(&field["name"]),
        of: text(&kind["name"]),
        is_leaf: kind["kind"] == "SCALAR" || kind["kind"] == "ENUM",
        needs: needs.map(|argument| text(&argument["name"])).collect(),
    }
}

/// The ways in which a field of the query is asked. A field that comes later and needs arguments belongs here.
fn arguments(field: &Field, cases: &[String], house: &House) -> Vec<String> {
    let ids = |ids: &[&String]| ids.iter().map(|id| format!("(id: {id:?})")).collect();
    let some_cases: Vec<&String> = cases.iter().take(2).chain(cases.iter().skip(2).last()).collect();
    match field.name.as_str() {
        "cases" => {
            let of_a_view = format!("(view: {:?}, first: 2)", house.view);
            CASES.iter().map(|arguments| (*arguments).to_owned()).chain([of_a_view]).collect()
        }
        "case" => ids(&some_cases),
        "caseByNumber" => vec!["(number: \"GD-2026-000001\")".to_owned()],
        "node" => ids(&[&house.institutes[0], &house.leads[1]]),
        "nodes" => {
            let named = some_cases.iter().copied().chain(&house.enterprises).chain(&house.leads);
            vec![format!("(ids: {:?})", named.collect::<Vec<_>>())]
        }
        "enterprise" => ids(&[&house.enterprises[0]]),
        "institution" => ids(&[&house.institutes[1]]),
        "campaign" => ids(&[&house.campaign]),
        "person" => ids(&[&house.leads[0], &house.expert]),
        "view" => ids(&[&house.view]),
        "catalogue" => vec!["(divisionCode: \"44\")".to_owned()],
        "annualSummary" | "annualFigures" => vec!["(divisionCode: \"44\", year: 2026)".to_owned()],
        "search" => {
            let ways = [
                "(query: \"难点\", first: 100)",
                "(query: \"温度 -梯度\")",
                "(query: \"铂电阻\", filter: { open: true })",
            ];
            ways.map(str::to_owned).to_vec()
        }
        "inclusionProof" => vec!["(index: \"1\", size: \"3\")".to_owned()],
        "consistencyProof" => vec!["(from: \"2\", to: \"4\")".to_owned()],
        "statistics" => {
            let ways = ["", "(groupBy: [STATUS, LEVEL])", "(filter: { open: true }, groupBy: [INSTITUTION, MONTH])"];
            ways.map(str::to_owned).to_vec()
        }
        _ if field.needs.is_empty() && field.of.ends_with("Connection") => vec!["(first: 100)".to_owned()],
        _ if field.needs.is_empty() => vec![String::new()],
        name => panic!("say in this table how {name} is asked: it needs {:?}", field.needs),
    }
}

/// How a field is asked that needs to be told more. One that comes later and needs arguments belongs here.
fn told_more(field: &Field) -> &'static [&'static str] {
    match field.name.as_str() {
        "diff" => &["(from: { version: 0 })", "(from: { version: 1 })"],
        "fieldHistory" => &[
            "(field: STATUS)",
            "(field: TITLE)",
            "(field: DEADLINE)",
            "(field: EXPERTS)",
            "(field: GAP)",
            "(field: FEES)",
            "(field: PUBLICATION)",
        ],
        "item" => &["(code: \"GD-L-012\", on: \"2026-01-05\")", "(code: \"GD-0\", on: \"2026-06-01\")"],
        "regulationEdition" => &["(code: \"JJF 1064\", on: \"2026-01-05\")"],
        name => panic!("say in this table how {name} is asked: it needs {:?}", field.needs),
    }
}

/// Lists with filters, orders and pages.
const CASES: &[&str] = &[
    "(first: 100)",
    "(first: 4, orderBy: [{ field: TITLE }])",
    "(first: 100, orderBy: [{ field: GAP, direction: DESC }, { field: UPDATED_AT }])",
    "(first: 3, filter: { open: true }, orderBy: [{ field: DEADLINE }, { field: NUMBER }])",
    "(filter: { or: [{ status: { in: [RESEARCHING, ASSIGNED] } }, { not: { title: { contains: \"难点 1\" } } }] })",
    "(filter: { leadId: { isNull: false }, level: { nin: [COUNTY] } })",
    "(filter: { deadline: { isNull: false, gte: \"2026-02-01\" } })",
    "(filter: { clockPaused: true })",
    "(first: 100, filter: { memberId: { isNull: false }, feeTotal: { lte: \"0\" } }, orderBy: [{ field: NUMBER }])",
    "(filter: { reportedBy: { startsWith: \"enterprise\" } }, orderBy: [{ field: NUMBER }])",
    "(filter: { deadline: { lt: \"TODAY+P30D\" } }, orderBy: [{ field: DEADLINE }])",
    "(filter: { reportedAt: { gte: \"-P14D\" } })",
];
