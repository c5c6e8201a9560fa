//! How often the database is asked for one answer: as often for many rows as for few.

mod searched;
pub mod told;
mod worked;
mod written;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use etalon::app::{App, Clockwork};
use etalon::domain::value::calendar;
use etalon::store;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::as_of::house::House;
use crate::ledger::bundles::seals;
use crate::life::world::{text, with};
use crate::statements::told::counting;
use crate::store::samples::{append, case_row, case_stream, commit, notes, rows_of};
use crate::store::support::Database;

/// How many cases are many. One statement for each of them would be ten more than for two.
const MANY: usize = 12;
/// What two answers may differ by: reads that are under way together may ask for the same person, each on its own.
const RACES: usize = 4;

/// The answer, and how many statements it took. Everything runs on the thread of the test, the driver of PostgreSQL
/// included; that of SQLite has threads of its own, and runs the same statements.
async fn counted(house: &House, query: &str) -> (Value, usize) {
    // A first time opens what connections it needs, which takes statements of its own.
    house.ask("watcher", query, json!({})).await;
    counting(house.ask("watcher", query, json!({}))).await
}

/// A case with everything that a list of cases can show.
async fn told_of(house: &House, number: usize, first: Option<&str>) -> String {
    let place = number % 2;
    let (enterprise, lead) = (["enterprise 0", "enterprise 1"][place], ["lead 0", "lead 1"][place]);
    let case = house.reported(place, &format!("难点 {number}")).await;
    let assignment = json!({
        "institutionId": house.institutes[place], "leadId": house.leads[place], "deadline": "2026-12-01",
    });
    let triage = json!({ "category": "L/DimMet-2.1.2", "kind": "RESEARCH_PROBLEM", "severity": "MAJOR" });
    let training = json!({ "topic": "内径测量", "trainees": 3 });
    for (who, mutation, input) in [
        ("coordinator", "triageCase", triage),
        ("coordinator", "assignResearch", assignment),
        (lead, "acceptAssignment", json!({})),
        (lead, "inviteExpert", json!({ "expertId": house.expert })),
        (lead, "recordFinding", json!({ "text": "温度梯度" })),
        (lead, "recordTraining", training),
        (enterprise, "addComment", json!({ "text": "看过了" })),
    ] {
        let input = with(json!({ "caseId": case }), input);
        house.ordered(who, mutation, "case { id }", input).await;
    }
    if let Some(first) = first {
        let input = json!({ "caseId": case, "otherCaseId": first, "relation": "SUB_CASE_OF" });
        house.ordered("coordinator", "linkCases", "case { id }", input).await;
    }
    case
}

const CASES: &str = "cases(first: 100, orderBy: [{ field: TITLE, direction: DESC }]) {
    totalCount
    nodes {
        number problem allowedCommands { command }
        enterprise { name } campaign { name } institution { name } lead { name }
        assignment { institution { name } lead { name } }
        reportedBy { person { name } } experts { person { name } }
        findings { by { person { name } } } trainings { topic } comments { by { person { name } } }
        links { other { title problem } } parts { title lead { name } }
        events(first: 100) { totalCount nodes { type actor { person { name } } } }
        timeline(first: 100) { nodes { __typename } }
        fieldHistory(field: STATUS) { recordedAt }
    }
}";

const FIGURES: &str = "annualFigures(divisionCode: \"44\", year: 2026) {
    figures { name value evidence(first: 100) { count eventIds } }
}";

const EVENTS: &str = "events(first: 100) {
    nodes { type actor { person { name } } }
    edges { subject { ... on Case { title lead { name } } ... on Enterprise { enterprise: name } ... on Person { person: name } } }
}";

const PROOFS: &str = "{ events(first: 100) { nodes { receipt { digest inclusionProof { root file } } } } }";

/// How many statements each question takes now, and as of a moment that every case has gone on from: what was known of
/// them then is not in memory.
async fn statements(house: &House, cases: &[String]) -> Vec<usize> {
    let position = house.head().await;
    for (number, case) in cases.iter().enumerate() {
        let who = ["enterprise 0", "enterprise 1"][number % 2];
        let comment = json!({ "caseId": case, "text": "还在等" });
        house.ordered(who, "addComment", "case { id }", comment).await;
    }
    let ids: Vec<_> = cases.iter().chain(&house.enterprises).chain(&house.leads).collect();
    let nodes = format!("nodes(ids: {ids:?}) {{ id __typename }}");
    let events = events_of(house, cases).await;
    let mut counts = Vec::new();
    for fields in [CASES, FIGURES, &nodes, &events, EVENTS] {
        counts.push(counted(house, &format!("{{ {fields} }}")).await.1);
        let then = format!("{{ asOf(point: {{ position: \"{position}\" }}) {{ query {{ {fields} }} }} }}");
        counts.push(counted(house, &then).await.1);
    }
    counts
}

/// The question for the first event of each of the cases, by their ids.
async fn events_of(house: &House, cases: &[String]) -> String {
    let question = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Case { events(first: 1) { nodes { id } } } } }";
    let told = house.ask("watcher", question, json!({ "ids": cases })).await;
    let nodes = told["nodes"].as_array().expect("a list");
    let events: Vec<_> = nodes.iter().map(|node| text(&node["events"]["nodes"][0]["id"])).collect();
    format!("nodes(ids: {events:?}) {{ id __typename }}")
}

#[tokio::test]
async fn an_answer_takes_as_many_statements_for_many_rows_as_for_few() {
    let house = House::on(Database::postgres()).await;
    let first = told_of(&house, 0, None).await;
    let mut cases = vec![first.clone(), told_of(&house, 1, Some(&first)).await];
    let few = statements(&house, &cases).await;
    for number in 2..MANY {
        cases.push(told_of(&house, number, Some(&first)).await);
    }
    let many = statements(&house, &cases).await;
    // Of cases, of the figures of a year, of nodes, of events and of the log, each now and then.
    let mut grown = few.iter().zip(&many).map(|(few, many)| many.saturating_sub(*few));
    assert!(grown.all(|more| more <= RACES), "{few:?} for 2 cases, {many:?} for {MANY}");
    assert!(few.iter().all(|count| *count > 1), "statements are counted: {few:?}");
    let (answer, _) = counted(&house, &format!("{{ {CASES} }}")).await;
    assert_eq!(answer["cases"]["totalCount"], MANY);
    let shown = &answer["cases"]["nodes"][0];
    assert_eq!(shown["links"][0]["other"]["title"], "难点 0");
    let whole = answer["cases"]["nodes"].as_array().and_then(|nodes| nodes.last()).expect("the first case");
    assert_eq!(whole["parts"].as_array().map(Vec::len), Some(MANY - 1));
    assert_eq!(text(&shown["lead"]["name"]), text(&shown["assignment"]["lead"]["name"]));
}

/// What the clock has to look at in a round, and answers of people to what it did: so many cases.
async fn rounds_after_answers(house: &House, cases: usize) -> usize {
    let mut late = Vec::new();
    for number in 0..cases {
        let case = house.reported(0, &format!("难点 {number}")).await;
        let tomorrow = calendar::date_of(house.app.now()).tomorrow().expect("a day").to_string();
        let input = json!({ "caseId": case, "deadline": tomorrow });
        house.ordered("coordinator", "setDeadline", "case { id }", input).await;
        late.push(case);
    }
    house.clock.advance(SignedDuration::from_hours(24 * 3));
    let clockwork = Clockwork { every: Duration::from_secs(60), escalate_after_working_days: 10 };
    assert_eq!(clockwork.round(&house.app, "a").await.expect("it looks").missed, cases as u64);
    for case in late {
        let input = json!({ "caseId": case, "to": "CITY", "reason": "县里做不了" });
        house.ordered("coordinator", "escalateCase", "case { id }", input).await;
    }
    let (round, statements) = counting(clockwork.round(&house.app, "a")).await;
    assert_eq!(round.expect("it looks").missed, 0);
    statements
}

#[tokio::test]
async fn missed_deadlines_that_were_answered_cost_no_statement_each() {
    let house = House::on(Database::postgres()).await;
    let few = rounds_after_answers(&house, 2).await;
    let many = rounds_after_answers(&house, MANY).await;
    assert!(few > 1, "statements are counted: {few}");
    assert!(many <= few + RACES, "{few} for 2 cases, {many} for {MANY} more");
}

#[tokio::test]
async fn proofs_of_many_events_take_as_many_statements_as_of_few() {
    let house = House::on(Database::postgres()).await;
    let folder = TempDir::new().expect("a folder");
    let store = store::open(&house.database.url, house.clock.clone()).await.expect("the database opens");
    let sealing = App::new(store, house.clock.clone()).with_seals(seals(&folder));
    let mut counts = Vec::new();
    for number in 0..MANY {
        told_of(&house, number, None).await;
        if [1, MANY - 1].contains(&number) {
            sealing.seal_now().await.expect("sealed");
            let (answer, count) = counted(&house, PROOFS).await;
            let nodes = answer["events"]["nodes"].as_array().expect("a list");
            assert!(nodes.iter().all(|node| node["receipt"]["inclusionProof"]["file"].is_string()), "{answer}");
            counts.push((nodes.len(), count));
        }
    }
    let [(few, of_few), (many, of_many)] = counts[..] else { panic!("{counts:?}") };
    assert!(many > few && of_many <= of_few + RACES, "{of_few} for {few} events, {of_many} for {many}");
}

#[tokio::test]
async fn a_look_at_a_log_that_is_sealed_takes_one_statement() {
    let house = House::on(Database::postgres()).await;
    let folder = TempDir::new().expect("a folder");
    let store = store::open(&house.database.url, house.clock.clone()).await.expect("the database opens");
    let sealing = App::new(store, house.clock.clone()).with_seals(seals(&folder));
    told_of(&house, 0, None).await;
    let size = sealing.seal_now().await.expect("sealed");
    let (sealed, statements) = counting(sealing.seal_now()).await;
    assert_eq!((sealed.expect("it is sealed"), statements), (size, 1));
}

#[tokio::test]
async fn duplicates_of_one_answer_are_followed_together() {
    let house = House::on(Database::postgres()).await;
    let reported = async |number: usize| house.reported(0, &format!("难点 {number}")).await;
    let [original, last] = [reported(0).await, reported(1).await];
    let ends = async |case: &str, of: &str| {
        let input = json!({ "caseId": case, "ofCaseId": of });
        house.ordered("coordinator", "markDuplicate", "case { id }", input).await;
    };
    let query =
        "{ cases(first: 100, filter: { status: { eq: DUPLICATE } }) { nodes { allowedCommands { allowed } } } }";
    ends(&reported(2).await, &original).await;
    ends(&original, &last).await;
    let (_, few) = counted(&house, query).await;
    for number in 3..=MANY {
        ends(&reported(number).await, &last).await;
    }
    let (answer, many) = counted(&house, query).await;
    assert_eq!(answer["cases"]["nodes"].as_array().map(Vec::len), Some(MANY));
    assert!(many.saturating_sub(few) <= RACES, "{few} for 2 duplicates, {many} for {MANY}");
}

/// How many statements a server that was started just now takes for the events of every case behind a place in the log.
async fn statements_of_pages(house: &House, place: u64) -> usize {
    let page = |arguments: &str| {
        format!("{{ cases(first: 100) {{ nodes {{ events(first: 1{arguments}) {{ nodes {{ id }} }} }} }} }}")
    };
    // Opens what connections it needs, and names no place.
    house.ask("watcher", &page(""), json!({})).await;
    let cursor = URL_SAFE_NO_PAD.encode(json!({ "event": place }).to_string());
    let (answer, count) = counting(house.ask("watcher", &page(&format!(", after: \"{cursor}\"")), json!({}))).await;
    assert!(answer["cases"]["nodes"].as_array().is_some_and(|nodes| nodes.len() > 1), "{answer}");
    count
}

#[tokio::test]
async fn a_place_in_the_log_is_looked_for_once_for_all_cases() {
    let mut house = House::on(Database::postgres()).await;
    let mut counts = Vec::new();
    for number in 0..MANY {
        told_of(&house, number, None).await;
        if [1, MANY - 1].contains(&number) {
            house = house.started_anew().await;
            let last = house.head().await;
            counts.push(statements_of_pages(&house, last).await);
        }
    }
    let [few, many] = counts[..] else { panic!("{counts:?}") };
    assert!(few > 1, "statements are counted: {few}");
    assert!(many <= few + RACES, "{few} for 2 cases, {many} for {MANY}");
}

/// Who sees a case alone is shown no visit to its enterprise but the one that it was reported from.
#[tokio::test]
async fn visits_that_a_timeline_does_not_show_are_not_read_for_it() {
    let house = House::on(Database::postgres()).await;
    let case = told_of(&house, 0, None).await;
    let then = house.head().await;
    // So that it was not a moment ago, either time.
    house.reported(1, "另一个难点").await;
    let timeline = format!("case(id: {case:?}) {{ timeline {{ nodes {{ __typename }} }} }}");
    let query = format!("{{ asOf(point: {{ position: \"{then}\" }}) {{ query {{ {timeline} }} }} }}");
    let asked = async || {
        house.ask("lead 0", &query, json!({})).await;
        counting(house.ask("lead 0", &query, json!({}))).await
    };
    let (before, few) = asked().await;
    let visit = json!({
        "enterpriseId": house.enterprises[0], "campaignId": house.campaign, "seen": "量规互相比对",
        "visitedOn": calendar::date_of(house.app.now()).to_string(),
    });
    house.ordered("coordinator", "recordFieldVisit", "", visit).await;
    // What the enterprise was then is in memory no more.
    let (after, many) = asked().await;
    assert!(few > 1, "statements are counted: {few}");
    assert_eq!((&after, many), (&before, few));
}

/// How many statements it takes to look through the parts of a case before it is closed, and through the cases that one
/// is part of before it is linked. Both are refused, after another look at everything.
async fn of_a_whole_and_of_a_part(house: &House, whole: &str, part: &str, other: &str) -> [usize; 2] {
    let close = json!({ "caseId": whole, "feeTotal": "0" });
    let link = json!({ "caseId": other, "otherCaseId": part, "relation": "SUB_CASE_OF", "expectedVersion": 1 });
    let mut counts = [0; 2];
    for (count, (mutation, input)) in counts.iter_mut().zip([("closeCase", close), ("linkCases", link)]) {
        house.order("coordinator", mutation, "", input.clone()).await;
        let (payload, taken) = counting(house.order("coordinator", mutation, "", input)).await;
        assert!(payload["receipt"].is_null(), "{mutation}: {payload}");
        *count = taken;
    }
    counts
}

#[tokio::test]
async fn a_decision_takes_as_many_statements_for_many_parts_as_for_few() {
    let house = House::on(Database::postgres()).await;
    let whole = told_of(&house, 0, None).await;
    let part = told_of(&house, 1, None).await;
    let other = told_of(&house, 2, None).await;
    let linked = async |case: &str, to: &str| {
        let input = json!({ "caseId": case, "otherCaseId": to, "relation": "SUB_CASE_OF" });
        house.ordered("coordinator", "linkCases", "case { id }", input).await;
    };
    linked(&part, &whole).await;
    let few = of_a_whole_and_of_a_part(&house, &whole, &part, &other).await;
    for number in 3..3 + MANY {
        // Each is a part of the whole, and the part is one of it.
        let between = told_of(&house, number, None).await;
        linked(&between, &whole).await;
        linked(&part, &between).await;
    }
    let many = of_a_whole_and_of_a_part(&house, &whole, &part, &other).await;
    assert!(few.iter().all(|count| *count > 1), "statements are counted: {few:?}");
    assert!(few.iter().zip(&many).all(|(few, many)| many.saturating_sub(*few) <= RACES), "{few:?} and {many:?}");
}

#[tokio::test]
async fn a_stream_is_loaded_with_one_statement() {
    let database = Database::postgres();
    let store = database.open().await;
    let events = notes(&["one", "two"], rows_of(case_row(1)));
    let committed = commit(&*store, &[append(case_stream(1), 0, "both", events)]).await;
    assert!(committed.iter().all(Result::is_ok), "{committed:?}");
    for (after_version, events) in [(0, 2), (1, 1), (2, 0)] {
        // A first time opens what connections it needs.
        store.load(case_stream(1), after_version).await.expect("it reads");
        let (loaded, count) = counting(store.load(case_stream(1), after_version)).await;
        assert_eq!((loaded.expect("it reads").len(), count), (events, 1), "after {after_version}");
    }
}

#[tokio::test]
async fn what_a_command_brings_into_being_is_not_looked_for() {
    let house = House::on(Database::postgres()).await;
    let mut counts = Vec::new();
    for number in 0..3 {
        let institution = json!({ "name": format!("计量所 {number}"), "divisionCode": "44", "kind": "OTHER" });
        let (_, count) = counting(house.ordered("coordinator", "registerInstitution", "", institution)).await;
        counts.push(count);
    }
    // Where the log has more than doubled, its plans go before a commit.
    assert_eq!(counts.iter().min(), Some(&1), "the commit, and nothing else: {counts:?}");
}

#[tokio::test]
async fn a_commit_is_one_statement_for_many_commands_as_for_one() {
    let database = Database::postgres();
    let store = database.open().await;
    let row = |case| notes(&["one", "two"], rows_of(case_row(case)));
    // The first one asks, and locks what the next ones may take for granted.
    let four = notes(&["one", "two", "three", "four"], rows_of(case_row(1)));
    let (_, asked) = counting(commit(&*store, &[append(case_stream(1), 0, "first", four)])).await;
    let (one, of_one) = counting(commit(&*store, &[append(case_stream(1), 4, "one", row(1))])).await;
    let many: Vec<_> = (2..29).map(|case| append(case_stream(case), 0, &case.to_string(), row(case))).collect();
    let (all, of_many) = counting(commit(&*store, &many)).await;
    assert!(one.iter().chain(&all).all(Result::is_ok), "{one:?} {all:?}");
    assert!(asked > 1, "statements are counted: {asked}");
    assert_eq!((of_one, of_many), (1, 1));
    // The log has more than doubled: its plans go first.
    let (_, of_next) = counting(commit(&*store, &[append(case_stream(1), 6, "next", row(1))])).await;
    let (_, of_last) = counting(commit(&*store, &[append(case_stream(1), 8, "last", row(1))])).await;
    assert_eq!((of_next, of_last), (2, 1));
}
