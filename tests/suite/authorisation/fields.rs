//! The table of fields: what a case shows of the enterprise that it is of, of the persons who work on it, and of what was
//! said internally. Who finds
//! them in the register sees them whole; who works on the case is told how to reach them; others who see the case, such
//! as an expert of another institute who is invited, are told who they are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::authorisation::stage::{ASIDE, NUMBER_ELSEWHERE, Stage};
use crate::authorisation::{compare, is_something, tells};

/// A type and its field, how it is asked, and who is told: `y`, or `.` for nothing.
struct Field(&'static str, &'static str, &'static str, &'static str);

/// The types of which every field has a row.
const SENSITIVE: [&str; 3] = ["Enterprise", "Contact", "Person"];

#[rustfmt::skip]
const FIELDS: &[Field] = &[
    //                                                         E V C M L X R A  e v c m l x r a  I K N
    Field("Enterprise", "id", "id",                           "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Enterprise", "name", "name",                       "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Enterprise", "creditCode", "creditCode",           "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Enterprise", "division", "division { code }",      "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Enterprise", "version", "version",                 "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Enterprise", "updatedAt", "updatedAt",             "y y y y y y y y  . . . . . . . .  y y y"),
    // Of imports alone, and this enterprise is none.
    Field("Enterprise", "external", "external { log }",       ". . . . . . . .  . . . . . . . .  . . ."),
    Field("Enterprise", "address", "address",                 "y y y y y y y y  . . . . . . . .  . . y"),
    Field("Enterprise", "contact", "contact { id }",          "y y y y y y y y  . . . . . . . .  . . y"),
    Field("Enterprise", "enrolments", "enrolments { consent }", "y y y y . . y y  . . . . . . . .  . . y"),
    Field("Enterprise", "visits", "visits { seen }",          "y y y y . . y y  . . . . . . . .  . . y"),

    Field("Contact", "id", "id",                              "y y y y y y y y  . . . . . . . .  . . y"),
    Field("Contact", "name", "name",                          "y y y y y y y y  . . . . . . . .  . . y"),
    Field("Contact", "telephone", "telephone",                "y y y y y y y y  . . . . . . . .  . . y"),
    Field("Contact", "erased", "erased",                      "y y y y y y y y  . . . . . . . .  . . y"),

    // The lead, whose institute stands above the visitor's city.
    Field("Person", "id", "id",                               "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Person", "name", "name",                           "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Person", "capacity", "capacity",                   "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Person", "affiliation", "affiliation { id }",      "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Person", "division", "division { code }",          "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Person", "fields", "fields { code }",              "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Person", "version", "version",                     "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Person", "updatedAt", "updatedAt",                 "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Person", "erased", "erased",                       "y y y y y y y y  . . . . . . . .  y y y"),
    Field("Person", "telephone", "telephone",                 "y . y y y y y y  . . . . . . . .  . . y"),

    // By other ways that lead to the same: a visit about another line of the enterprise, its contact, its telephone.
    Field("VisitTimelineEntry", "timeline", "timeline(first: 100) { nodes { __typename } }",
                                                              "y y y y . . y y  . . . . . . . .  . . y"),
    Field("王某", "fieldHistory", "fieldHistory(field: ENTERPRISE) { change { ... on ReferenceChange { after {
        ... on Enterprise { contact { name } } } } } }",      "y y y y y y y y  . . . . . . . .  . . y"),
    Field("020-12345678", "assignment", "assignment { lead { telephone } }",
                                                              "y . y y y y y y  . . . . . . . .  . . y"),
    Field("020-12345678", "experts", "experts { person { telephone } }",
                                                              "y . . . y y . .  . . . . . . . .  . . y"),
    // Of who is invited and has not answered, whoever has invited them.
    Field(NUMBER_ELSEWHERE, "invited", "invited: experts { person { telephone } }",
                                                              ". . . . . . . .  . . . . . . . .  y . y"),

    // What was said internally: for who works on the case or is invited to, and for who oversees it.
    Field(ASIDE, "comments", "comments { text }",             ". . y y y y . y  . . . . . . . .  y . y"),
    Field(ASIDE, "events", "events(first: 100) { nodes { ... on InternalCommentAddedEvent { text } } }",
                                                              ". . y y y y . y  . . . . . . . .  y . y"),
    Field(ASIDE, "entries", "entries: timeline(first: 100) { nodes { ... on EventTimelineEntry { event {
        ... on InternalCommentAddedEvent { text } } } } }",   ". . y y y y . y  . . . . . . . .  y . y"),
    Field(ASIDE, "said", "said: fieldHistory(field: COMMENTS) { change { ... on CommentsChange { added { text } } } }",
                                                              ". . y y y y . y  . . . . . . . .  y . y"),
    Field(ASIDE, "diff", "diff(from: { version: 0 }) { ... on CommentsChange { added { text } } }",
                                                              ". . y y y y . y  . . . . . . . .  y . y"),
];

pub async fn hold(stage: &Stage) {
    for kind in SENSITIVE {
        let rows: BTreeSet<_> = FIELDS.iter().filter(|field| field.0 == kind).map(|field| field.1.to_owned()).collect();
        assert_eq!(rows, stage.fields_of(kind).await, "every field of {kind} has a row");
    }
    let of = |kind: &str| {
        let fields = FIELDS.iter().filter(|field| field.0 == kind).map(|Field(_, _, asked, _)| *asked);
        fields.collect::<Vec<_>>().join(" ")
    };
    let ways = FIELDS.iter().filter(|field| !SENSITIVE.contains(&field.0)).map(|Field(_, _, asked, _)| *asked);
    let document = format!(
        "query Fields($case: ID!) {{ case(id: $case) {{
            enterprise {{ {} contact {{ {} }} }} lead {{ {} }} {}
        }} }}",
        of("Enterprise"),
        of("Contact"),
        of("Person"),
        ways.collect::<Vec<_>>().join(" "),
    );
    let variables = json!({ "case": stage.ids["researching"] });
    let found = stage.asked_of_everybody(async |who| {
        let case = stage.answer(who, &document, &variables).await["data"]["case"].clone();
        FIELDS.iter().map(|field| if field.is_told(&case) { 'y' } else { '.' }).collect()
    });
    let table: Vec<_> = FIELDS.iter().map(|Field(_, name, _, letters)| (*name, *letters)).collect();
    compare(&table, &found.await);
    stage.is_closed_to_strangers(&document, &variables).await;
}

impl Field {
    fn is_told(&self, case: &Value) -> bool {
        let Self(kind, name, ..) = self;
        match *kind {
            "Enterprise" => is_something(&case["enterprise"][*name]),
            "Contact" => is_something(&case["enterprise"]["contact"][*name]),
            "Person" => is_something(&case["lead"][*name]),
            text => tells(&case[*name], text),
        }
    }
}
