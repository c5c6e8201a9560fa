//! The table of reads: every field of the query.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::authorisation::stage::{ASIDE, Stage, WORD, event_id, global_id};
use crate::authorisation::{NOBODY, compare, is_something, tells};
use crate::life::scene::CREDIT_CODE;
use crate::life::world::{text, year};

/// A field, how it is asked, what shows that it was answered, and who is answered: `y`, or `.` for what is not there.
struct Read(&'static str, &'static str, Shows, &'static str);

/// What of an answer shows that there is something.
enum Shows {
    /// The id in this variable stands in it.
    Id(&'static str),
    /// Something stands at this JSON Pointer.
    At(&'static str),
}
use Shows::{At, Id};

#[rustfmt::skip]
const READS: &[Read] = &[
    //                                                                       E V C M L X R A  e v c m l x r a  I K N
    // A case, by every way there is.
    Read("case", "(id: $case) { id }", Id("case"),                          "y y y y y y y y  . . . . . . . .  y y y"),
    Read("caseByNumber", "(number: $number) { id }", Id("case"),            "y y y y y y y y  . . . . . . . .  y y y"),
    Read("cases", "(filter: { number: { eq: $number } }) { totalCount nodes { id } }", Id("case"),
                                                                            "y y y y y y y y  . . . . . . . .  y y y"),
    Read("node", "(id: $case) { id }", Id("case"),                          "y y y y y y y y  . . . . . . . .  y y y"),
    Read("node", "(id: $event) { id }", Id("event"),                        "y y y y y y y y  . . . . . . . .  y y y"),
    Read("nodes", "(ids: [$case, $event]) { id }", Id("event"),             "y y y y y y y y  . . . . . . . .  y y y"),
    Read("events", "(first: 1, filter: { caseIds: [$case] }) { nodes { id } edges { subject { id } } }", Id("event"),
                                                                            "y y y y y y y y  . . . . . . . .  y y y"),
    Read("search", "(query: $word) { totalCount complete edges { score node { id } } }", Id("case"),
                                                                            "y y y y y y y y  . . . . . . . .  y y y"),
    Read("asOf", "(point: { position: $last }) { query { case(id: $case) { id } } }", Id("case"),
                                                                            "y y y y y y y y  . . . . . . . .  y y y"),
    Read("asOf", "(point: { event: $event }) { position }", At("/position"),
                                                                            "y y y y y y y y  . . . . . . . .  y y y"),
    Read("inclusionProof", "(index: $index, size: $size) { index }", At("/index"),
                                                                            "y y y y y y y y  . . . . . . . .  y y y"),
    Read("statistics", "(filter: { number: { eq: $number } }) { groups { cases open } }", At("/groups/0/cases"),
                                                                            "y y y y y y y y  . . . . . . . .  y y y"),
    // Of the county, how many cases were reported: the enterprise next door has one of its own.
    Read("annualFigures", "(divisionCode: $county, year: $year) { figures { name value } }", At("/figures/3/value"),
                                                                            "y y y y y y y y  y . . . . . . .  y y y"),
    // What was said internally in it.
    Read("node", "(id: $aside) { id }", Id("aside"),                        ". . y y y y . y  . . . . . . . .  y . y"),
    Read("events", "(first: 9, filter: { caseIds: [$case], types: [\"InternalCommentAdded\"] }) { nodes { id } }",
        Id("aside"),                                                        ". . y y y y . y  . . . . . . . .  y . y"),
    Read("search", "(query: $asideWord) { totalCount complete edges { score node { id } fragments { text } } }",
        Id("case"),                                                         ". . y y y y . y  . . . . . . . .  y . y"),
    Read("asOf", "(point: { event: $aside }) { position }", At("/position"),
                                                                            ". . y y y y . y  . . . . . . . .  y . y"),
    Read("asOf", "(point: { position: $last }) { query { search(query: $asideWord) { nodes { id } } } }", Id("case"),
                                                                            ". . y y y y . y  . . . . . . . .  y . y"),
    Read("inclusionProof", "(index: $asideIndex, size: $size) { index }", At("/index"),
                                                                            ". . y y y y . y  . . . . . . . .  y . y"),
    // The registers. A summary of the province is above a visitor of the city.
    Read("annualSummary", "(divisionCode: $province, year: $yearBefore) { text }", At("/text"),
                                                                            ". . y y . . y y  . . . . . . . .  . . y"),
    Read("enterprise", "(id: $enterprise) { id }", Id("enterprise"),        "y y y y . . y y  . . . . . . . .  . . y"),
    Read("enterprises", "(filter: { code: $code }) { totalCount nodes { id } }", Id("enterprise"),
                                                                            "y y y y . . y y  . . . . . . . .  . . y"),
    Read("person", "(id: $person) { id }", Id("person"),                    ". . y y y . y y  . . . . . . . .  . . y"),
    Read("persons", "(first: 100) { nodes { id } }", Id("person"),          ". . y y y . y y  . . . . . . . .  . . y"),
    Read("institution", "(id: $institution) { id }", Id("institution"),     "y y y y y y y y  y y y y y y y y  y y y"),
    Read("institutions", "{ nodes { id } }", Id("institution"),             "y y y y y y y y  y y y y y y y y  y y y"),
    Read("campaign", "(id: $campaign) { id }", Id("campaign"),              "y y y y y y y y  y y y y y y y y  y y y"),
    Read("campaigns", "{ nodes { id } }", Id("campaign"),                   "y y y y y y y y  y y y y y y y y  y y y"),
    Read("catalogue", "(divisionCode: $province) { version }", At("/version"),
                                                                            "y y y y y y y y  y y y y y y y y  y y y"),
    // What belongs to somebody: the manager's own view and webhook.
    Read("view", "(id: $view) { id }", Id("view"),                          ". . . y . . . y  . . . . . . . .  . . ."),
    Read("cases", "(view: $view) { totalCount }", At("/totalCount"),        ". . . y . . . y  . . . . . . . .  . . ."),
    Read("webhook", "(id: $webhook) { id }", Id("webhook"),                 ". . . y . . . y  . . . . . . . .  . . y"),
    Read("webhooks", "{ totalCount nodes { id } }", Id("webhook"),          ". . . y . . . y  . . . . . . . .  . . y"),
    Read("webhookChanges", "{ totalCount nodes { webhookId } }", Id("webhook"),
                                                                            ". . . y . . . y  . . . . . . . .  . . y"),
    // The same by their ids: what is no part of the log has none that is looked up.
    Read("node", "(id: $enterprise) { id }", Id("enterprise"),              "y y y y . . y y  . . . . . . . .  . . y"),
    Read("node", "(id: $person) { id }", Id("person"),                      ". . y y y . y y  . . . . . . . .  . . y"),
    Read("node", "(id: $institution) { id }", Id("institution"),            "y y y y y y y y  y y y y y y y y  y y y"),
    Read("node", "(id: $view) { id }", Id("view"),                          ". . . y . . . y  . . . . . . . .  . . ."),
    Read("node", "(id: $webhook) { id }", Id("webhook"),                    ". . . . . . . .  . . . . . . . .  . . ."),
    // What everybody is told: the log as a whole, the server, oneself, and what one may do.
    Read("checkpoint", "{ size }", At("/size"),                             "y y y y y y y y  y y y y y y y y  y y y"),
    Read("consistencyProof", "(from: \"1\", to: \"2\") { toSize }", At("/toSize"),
                                                                            "y y y y y y y y  y y y y y y y y  y y y"),
    Read("preview", "{ __typename }", At("/__typename"),                    "y y y y y y y y  y y y y y y y y  y y y"),
    Read("serverInfo", "{ version }", At("/version"),                       "y y y y y y y y  y y y y y y y y  y y y"),
    Read("serviceConfig", "{ largestPage }", At("/largestPage"),            "y y y y y y y y  y y y y y y y y  y y y"),
    Read("viewer", "{ id }", At("/id"),                                     "y y y y y y y y  y y y y y y y y  y y y"),
];

const VARIABLES: &str = "$case: ID!, $number: String!, $event: ID!, $word: String!, $last: Position!, $index: Position!, \
    $size: Position!, $county: String!, $year: Int!, $province: String!, $yearBefore: Int!, $enterprise: ID!, \
    $aside: ID!, $asideWord: String!, $asideIndex: Position!, $code: String!, $person: ID!, $institution: ID!, $campaign: ID!, $view: ID!, $webhook: ID!";

/// What is there, and as much that is not.
fn variables(stage: &Stage) -> [Value; 2] {
    let (scene, id) = (&stage.scene, |name: &str| &stage.ids[name]);
    let last = (stage.size - 1).to_string();
    let size = stage.size.to_string();
    let there = json!({
        "case": id("researching"), "number": stage.number, "event": stage.last.1, "word": WORD, "last": last,
        "aside": stage.aside.1, "asideWord": ASIDE, "asideIndex": stage.aside.0.to_string(),
        "aside": stage.aside.1, "asideWord": ASIDE, "asideIndex": stage.aside.0.to_string(),
        "index": stage.last.0.to_string(), "size": size, "county": "440305", "year": year(0), "province": "44",
        "yearBefore": year(-1), "enterprise": scene.enterprise, "code": CREDIT_CODE, "person": scene.lead,
        "institution": scene.institute, "campaign": scene.campaign, "view": id("view"), "webhook": id("webhook"),
    });
    let nothing = |kind| global_id(kind, NOBODY);
    let absent = json!({
        "aside": event_id(999_999), "asideWord": "查无此语", "asideIndex": "999999",
        "case": nothing("Case"), "number": "GD-2026-999999", "event": event_id(999_999), "word": "查无此语",
        "last": last, "index": "999999", "size": size, "county": "650105", "year": year(0), "province": "65",
        "yearBefore": year(-1), "enterprise": nothing("Enterprise"), "code": "91650105MADEM1A000",
        "person": nothing("Person"), "institution": nothing("Institution"), "campaign": nothing("Campaign"),
        "view": nothing("View"), "webhook": nothing("Webhook"),
    });
    [there, absent]
}

pub async fn hold(stage: &Stage) {
    let rows: BTreeSet<_> = READS.iter().map(|Read(field, ..)| (*field).to_owned()).collect();
    assert_eq!(rows, stage.fields_of("Query").await, "every field of the query has a row");

    let fields = READS.iter().enumerate().map(|(place, Read(field, asked, ..))| format!("r{place}: {field}{asked}"));
    let document = format!("query Reads({VARIABLES}) {{ {} }}", fields.collect::<Vec<_>>().join("\n"));
    let [there, absent] = &variables(stage);
    let found = stage.asked_of_everybody(async |who| {
        let (seen, unseen) = (stage.answer(who, &document, there).await, stage.answer(who, &document, absent).await);
        let cost = |answer: &Value| answer["extensions"]["cost"].clone();
        assert_eq!(cost(&seen), cost(&unseen), "{who}: what is not there costs as much");
        READS.iter().enumerate().map(|(place, read)| read.letter(who, there, [&seen, &unseen], place)).collect()
    });
    let table: Vec<_> = READS.iter().map(|Read(field, _, _, letters)| (*field, *letters)).collect();
    compare(&table, &found.await);
    stage.is_closed_to_strangers(&document, there).await;
}

impl Read {
    /// How it was answered, in the answers about what is there and about what is not.
    fn letter(&self, who: &str, there: &Value, answers: [&Value; 2], place: usize) -> char {
        let Self(field, asked, shows, _) = self;
        let name = format!("r{place}");
        let is_shown = |answer: &Value| match shows {
            Id(variable) => tells(&answer["data"][&name], &text(&there[*variable])),
            At(pointer) => answer["data"][&name].pointer(pointer).is_some_and(is_something),
        };
        let [seen, unseen] = answers;
        let names_something = asked.contains('$');
        assert!(!names_something || !is_shown(unseen), "{who}: {field} shows what is not there: {unseen:#}");
        if is_shown(seen) {
            return 'y';
        }
        if names_something {
            assert_eq!(of_row(seen, &name), of_row(unseen, &name), "{who}: {field}{asked}");
        }
        '.'
    }
}

/// What was answered in a row, and why not.
fn of_row<'a>(answer: &'a Value, name: &str) -> (&'a Value, Vec<&'a Value>) {
    let errors = answer["errors"].as_array().into_iter().flatten();
    (&answer["data"][name], errors.filter(|error| error["path"][0] == name).collect())
}
