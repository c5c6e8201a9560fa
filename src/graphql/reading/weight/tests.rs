use std::fmt::Write;
use std::sync::LazyLock;

use apollo_compiler::Schema;
use async_graphql::parser::parse_query;
use serde_json::{Value as Json, json};

use super::*;

/// What GraphiQL and the tools of Apollo and Relay ask first.
const GRAPHIQL: &str = "query IntrospectionQuery { __schema {
    queryType { name kind } mutationType { name kind } subscriptionType { name kind } types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL
    fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue }
        type { ...TypeRef } isDeprecated deprecationReason }
    inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

static PRICES: LazyLock<Prices> = LazyLock::new(|| {
    let builder = Schema::builder().ignore_builtin_redefinitions().parse(crate::graphql::sdl(), "schema");
    Prices::of(&builder.build().expect("a sound schema")).unwrap_or_else(|lists| panic!("{lists:?}"))
});

fn weigh_all(query: &str, limits: &Limits, variables: Option<Json>) -> Result<Weight, Unweighed> {
    let document = parse_query(query).unwrap();
    let variables = variables.as_ref().and_then(Json::as_object);
    let mut heaviest = Weight::default();
    Scale::new(&document, Values::Unknown, &PRICES, limits).fragments()?;
    for (_, operation) in document.operations.iter() {
        let declared = &operation.node.variable_definitions;
        let values = variables.map(|variables| Values::Given { variables, declared });
        let mut scale = Scale::new(&document, values.unwrap_or(Values::Unknown), &PRICES, limits);
        heaviest = scale.operation(&operation.node)?;
    }
    Ok(heaviest)
}

fn weigh(query: &str) -> Result<Weight, Unweighed> {
    weigh_all(query, &Limits::default(), None)
}

fn cost(query: &str) -> u64 {
    weigh(query).unwrap().cost
}

fn cost_with(query: &str, variables: Json) -> u64 {
    weigh_all(query, &Limits::default(), Some(variables)).unwrap().cost
}

fn over(query: &str) -> Measure {
    match weigh(query).unwrap_err() {
        Unweighed::OverLimit(over) => over.measure,
        Unweighed::Circle(name) => panic!("{name} spreads itself"),
    }
}

#[test]
fn rows_multiply_what_stands_within_them() {
    assert_eq!(cost("{ viewer { id } }"), 2);
    assert_eq!(cost("{ viewer { roles } }"), 1 + 1 + 3);
    assert_eq!(cost("{ cases(first: 10) { nodes { id title } } }"), 31);
    assert_eq!(cost("{ cases(last: 10) { nodes { id title } } }"), 31);
    assert_eq!(cost("{ cases { nodes { id } } }"), 101);
    assert_eq!(cost("{ cases(first: 1) { totalCount pageInfo { endCursor } } }"), 53);
    assert_eq!(cost("{ cases(first: 100) { totalCount } }"), 51);
    assert_eq!(cost("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id } }"), 4);
}

#[test]
fn what_many_commands_give_counts_once_for_each() {
    let own = 50 + 1 + 1 + 1;
    let bulk = |commands: &str| {
        cost(&format!(
            "mutation {{ executeCommands(input: {{ commands: {commands} }}) {{ results {{ receipt {{ version }} }} }} }}"
        ))
    };
    assert_eq!(bulk("[]"), own);
    assert_eq!(bulk("{ deleteView: { viewId: \"x\" } }"), own, "one value stands for a list of it");
    assert_eq!(bulk("[{}, {}, {}]"), 3 * own);
    let results = "{ results { ... on CasePreviewPayload { position version } } }";
    let whole = format!("query($i: ExecuteCommandsInput!) {{ preview {{ executeCommands(input: $i) {results} }} }}");
    assert_eq!(cost_with(&whole, json!({ "i": { "commands": [{}, {}] } })), 1 + 2 * own);
    let list =
        format!("query($c: [CommandInput!]!) {{ preview {{ executeCommands(input: {{ commands: $c }}) {results} }} }}");
    assert_eq!(cost_with(&list, json!({ "c": [{}, {}, {}] })), 1 + 3 * own);
    assert_eq!(cost_with(&list, json!({ "c": null })), 1 + own);
    assert_eq!(cost(&list), 1 + own, "as long as nothing is known of the variable");
    let nothing = "mutation($i: ExecuteCommandsInput!) { executeCommands(input: $i) { __typename } }";
    assert_eq!(cost_with(nothing, json!({ "i": { "commands": vec![json!({}); 100] } })), 100 * 51);
}

#[test]
fn lists_without_pages_multiply_as_well() {
    let case = |fields: &str| cost(&format!("{{ case(id: \"x\") {{ {fields} }} }}")) - 1;
    assert_eq!(case("comments { id text }"), 5 + 10 * 2);
    assert_eq!(case("comments(first: 100) { id text }"), 5 + 100 * 2);
    assert_eq!(case("comments(first: 1000) { id text }"), 5 + 100 * 2, "so many are refused");
    assert_eq!(case("comments(first: 0) { id text }"), 5 + 2);
    assert_eq!(case("links { other { links { other { id } } } }"), 5 + 20 * (1 + 5 + 20 * 2));
    assert_eq!(case("... on Case { comments { id } }"), 5 + 10);
    assert_eq!(cost("{ statistics { groups { cases } } }"), 5_000 + 1 + 200);
    assert_eq!(
        cost("{ annualFigures(divisionCode: \"44\", year: 2026) { figures { evidence(first: 10) { eventIds } } } }"),
        { 5_000 + 1 + 20 * (500 + 10) }
    );
}

/// Each of these ran for half a minute.
#[test]
fn what_reads_much_weighs_much() {
    let similar = |depth: usize| {
        let within =
            (0..depth).fold("id".to_owned(), |inner, _| format!("similar(first: 20) {{ case {{ {inner} }} }}"));
        format!("{{ case(id: \"x\") {{ {within} }} }}")
    };
    assert_eq!(cost(&similar(1)), 1 + 2_250 + 20 * 2);
    assert_eq!(cost("{ case(id: \"x\") { similar { score } } }"), 1 + 2_250 + 5);
    assert_eq!(cost("{ case(id: \"x\") { origin { visit { seen } } } }"), 1 + 1 + 50 + 1);
    assert_eq!(cost("{ enterprise(id: \"x\") { visits { seen } } }"), 1 + 50 + 10);
    assert_eq!(over(&similar(3)), Measure::Cost);
    let many = |field: &str| (0..50).map(|n| format!("a{n}: {field} ")).collect::<String>();
    for field in [
        "search(query: \"x\") { totalCount }",
        "statistics { id }",
        "annualFigures(divisionCode: \"44\", year: 2026) { id }",
        "cases { nodes { similar(first: 1) { score } } }",
    ] {
        assert_eq!(over(&format!("{{ {} }}", many(field))), Measure::Cost, "{field}");
    }
}

#[test]
fn variables_count_by_their_values_and_by_their_defaults() {
    let plain = "query($n: Int) { cases(first: $n) { nodes { id } } }";
    let default = "query($n: Int = 100) { cases(first: $n) { nodes { id } } }";
    let usual = 1 + 50 * 2;
    assert_eq!(cost_with(plain, json!({ "n": 3 })), 7);
    assert_eq!(cost_with(plain, json!({})), usual);
    assert_eq!(cost_with(plain, json!({ "n": null })), usual);
    assert_eq!(cost_with(default, json!({ "n": 3 })), 7);
    assert_eq!(cost_with(default, json!({})), 201);
    assert_eq!(cost_with(default, json!({ "n": null })), usual);
    // What is not known yet is reckoned at the least, so that no document is refused for what it may never ask.
    assert_eq!(cost(default), 3);
    let ids = "query($ids: [ID!]! = [\"a\", \"b\"]) { nodes(ids: $ids) { id } }";
    assert_eq!(cost_with(ids, json!({})), 3);
    assert_eq!(cost_with(ids, json!({ "ids": ["a", "b", "c"] })), 4);
    assert_eq!(cost_with(ids, json!({ "ids": "a" })), 2);
    let within = "query($id: ID!) { nodes(ids: [$id, $id]) { id } }";
    assert_eq!(cost_with(within, json!({ "id": "a" })), 3);
    let similar = "query($n: Int = 20) { case(id: \"x\") { similar(first: $n) { score } } }";
    assert_eq!(cost_with(similar, json!({})), 1 + 2_250 + 20);
    assert_eq!(cost_with(similar, json!({ "n": 1_000 })), 1 + 2_250 + 20);
}

#[test]
fn values_count_wherever_they_are_used() {
    let values = |query: &str, variables: Json| {
        weigh_all(query, &Limits::default(), Some(variables)).map(|weight| weight.values)
    };
    assert_eq!(values("{ viewer { id } }", json!({})), Ok(0));
    assert_eq!(values("{ cases(first: 10, filter: { or: [{}, { open: true }] }) { totalCount } }", json!({})), Ok(6));
    let filtered = "query($f: CaseFilter = { open: true }) { cases(filter: $f) { totalCount } }";
    assert_eq!(values(filtered, json!({})), Ok(2));
    assert_eq!(values(filtered, json!({ "f": null })), Ok(1));
    assert_eq!(values(filtered, json!({ "f": { "or": [{}, {}] } })), Ok(4));
    let within = "query($f: CaseFilter!) { cases(filter: { and: [$f, $f] }) { totalCount } }";
    assert_eq!(values(within, json!({ "f": { "open": true } })), Ok(2 + 2 * 2));
    // What a fragment asks for counts at every spread, and each field with the same variable makes a filter of its own.
    let spread = "query($f: CaseFilter!) { ...a ...a asOf(point: {}) { query { ...a } } }
        fragment a on Query { cases(filter: $f) { totalCount } }";
    let wide = |count: usize| json!({ "f": { "or": vec![json!({}); count] } });
    assert_eq!(values(spread, wide(10)), Ok(3 * 12 + 1));
    let over = |found| Err(Unweighed::OverLimit(OverLimit { measure: Measure::Values, found, limit: 10_000 }));
    assert!(values(spread, wide(3_331)).is_ok());
    assert_eq!(values(spread, wide(3_332)), over(3 * 3_334 + 1));
    assert_eq!(values(filtered, wide(10_000)), over(10_002));
}

#[test]
fn the_schema_may_be_asked_for_once_and_not_through_itself() {
    let whole = cost(GRAPHIQL);
    assert!((1_000..5_000).contains(&whole), "{whole}");
    let nested = |depth: usize| {
        let within = (0..depth).fold("name".to_owned(), |inner, _| format!("fields {{ type {{ {inner} }} }}"));
        format!("{{ __schema {{ types {{ {within} }} }} }}")
    };
    assert!(weigh(&nested(2)).is_ok());
    assert_eq!(over(&nested(4)), Measure::Cost);
}

#[test]
fn a_fragment_hides_no_rows() {
    let plain = cost("{ cases { edges { node { id } } } }");
    let spread = "{ cases { ...page } } fragment page on CaseConnection { edges { ...row } }
        fragment row on CaseEdge { node { id } }";
    assert_eq!(cost(spread), plain);
}

#[test]
fn a_fragment_bomb_is_weighed_in_as_many_steps_as_it_has_selections() {
    let mut bomb = "{ ...f0 }".to_owned();
    for place in 0..60 {
        write!(bomb, " fragment f{place} on Query {{ v: viewer {{ ...f{next} ...f{next} }} }}", next = place + 1)
            .unwrap();
    }
    bomb.push_str(" fragment f60 on Query { viewer { id } }");
    let document = parse_query(&bomb).unwrap();
    let limits = Limits { cost: u64::MAX, depth: 200, ..Limits::default() };
    let mut scale = Scale::new(&document, Values::Unknown, &PRICES, &limits);
    scale.fragments().unwrap();
    assert_eq!(scale.steps, 3 * 60 + 2);
    for _ in 0..20 {
        assert_eq!(over(&bomb), Measure::Depth, "whatever order a map has them in");
    }
}

#[test]
fn a_selection_has_an_end() {
    let wide = |count: usize| format!("{{ viewer {{ {} }} }}", "id ".repeat(count));
    assert!(weigh(&wide(500)).is_ok());
    assert_eq!(over(&wide(501)), Measure::Selection);
    let mut flat = "{ viewer { ...f0 } }".to_owned();
    for place in 0..20 {
        write!(flat, " fragment f{place} on Viewer {{ ...f{next} ...f{next} }}", next = place + 1).unwrap();
    }
    flat.push_str(" fragment f20 on Viewer { id }");
    assert_eq!(over(&flat), Measure::Selection);
    assert_eq!(over(&format!("{{ {} }}", "viewer { id } ".repeat(51))), Measure::RootFields);
}

#[test]
fn a_circle_is_named() {
    let circle = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
    assert!(matches!(weigh(circle), Err(Unweighed::Circle(_))));
}

#[test]
fn depth_has_an_end() {
    let deep = |depth: usize| format!("{}{}", "{ a ".repeat(depth), "}".repeat(depth));
    assert!(weigh(&deep(20)).is_ok());
    assert_eq!(over(&deep(21)), Measure::Depth);
}

#[test]
fn fragments_on_the_way_are_levels() {
    let inline =
        |levels: usize| format!("{{ {} }}", (1..levels).fold("a".to_owned(), |inner, _| format!("... {{ {inner} }}")));
    assert_eq!(weigh(&inline(32)).map(|weight| (weight.depth, weight.levels)), Ok((1, 32)));
    assert_eq!(over(&inline(33)), Measure::Levels);
    let chain = |fragments: usize| {
        let next = (1..fragments).map(|number| format!("fragment f{number} on Query {{ ...f{} }} ", number + 1));
        format!("{{ ...f1 }} {} fragment f{fragments} on Query {{ a }}", next.collect::<String>())
    };
    assert!(weigh(&chain(31)).is_ok());
    assert_eq!(over(&chain(32)), Measure::Levels);
    // Every depth that may be set leaves room for some.
    let deep = Limits { depth: 50, ..Limits::default() };
    assert!(weigh_all(&format!("{}{}", "{ a ".repeat(50), "}".repeat(50)), &deep, None).is_ok());
}
