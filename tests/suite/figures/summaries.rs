//! Annual summaries beside the figures of the log: late ones, filled ones, the end of a year, and gaps that stay closed.

use etalon::app::YearQuestion;
use etalon::app::{App, Moment};
use etalon::domain::value::Division;
use etalon::report::{self, Format, Language};
use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::life::world::with;
use crate::store::on_both_databases;
use crate::store::support::Database;

const YEAR: &str = "annualFigures(divisionCode: \"44\", year: 2026) {
    time firstDay lastDay agrees
    figures { name submitted value comparedWith agrees }
    submitted { late text figures { name value } computed { time agrees } computedThen { position figures { name value } } }
}";

pub(super) async fn ask(house: &House, fields: &str) -> Value {
    house.ask("watcher", &format!("{{ {fields} }}"), json!({})).await
}

pub(super) fn figure<'a>(year: &'a Value, name: &str) -> &'a Value {
    let figures = year["figures"].as_array().expect("figures");
    figures.iter().find(|figure| figure["name"] == name).unwrap_or_else(|| panic!("{name} is missing in {year}"))
}

/// A case that is being researched.
pub(super) async fn researched(house: &House) -> String {
    let case = house.reported(0, "内径").await;
    let triage = json!({ "category": "L/DimMet-2.1.2", "kind": "RESEARCH_PROBLEM", "severity": "MAJOR" });
    let assignment =
        json!({ "institutionId": house.institutes[0], "leadId": house.leads[0], "deadline": "2026-12-31" });
    for (who, mutation, input) in [
        ("coordinator", "triageCase", triage),
        ("coordinator", "assignResearch", assignment),
        ("lead 0", "acceptAssignment", json!({})),
    ] {
        house.ordered(who, mutation, "case { id }", with(json!({ "caseId": case }), input)).await;
    }
    case
}

pub(super) fn go_to(house: &House, time: &str) {
    house.clock.set(time.parse().expect("a time"));
}

/// The moment just after a position.
pub(super) fn position(position: u64) -> String {
    format!("point: {{ position: \"{position}\" }}")
}

/// The moment of what had happened by a time.
pub(super) fn happened(time: &str) -> String {
    format!("point: {{ time: \"{time}\" }}, axis: OCCURRED")
}

async fn a_late_summary_is_compared_with_the_figures(database: Database) {
    let house = House::on(database).await;
    researched(&house).await;
    go_to(&house, "2026-11-10T02:00:00Z");
    let summary = json!({
        "divisionCode": "44", "year": 2026, "text": "本年度受理一件。",
        "figures": [{ "name": "受理难点", "value": "1" }, { "name": "走访次数", "value": "9" }],
    });
    house.ordered("manager", "submitAnnualSummary", "annualSummary { late }", summary.clone()).await;
    let year = ask(&house, YEAR).await["annualFigures"].clone();
    assert_eq!(
        (&year["time"], &year["firstDay"], &year["lastDay"]),
        (&json!("2026-10-31T15:59:59.999999Z"), &json!("2025-11-01"), &json!("2026-10-31"))
    );
    assert_eq!((&year["submitted"]["late"], &year["agrees"]), (&json!(true), &json!(false)));
    assert_eq!(figure(&year, "CASES_REPORTED")["agrees"], true);
    assert_eq!(figure(&year, "VISITS_MADE")["submitted"], "9");
    assert_eq!(figure(&year, "VISITS_MADE")["agrees"], false);
    let then = &year["submitted"]["computedThen"];
    assert_eq!(figure(then, "CASES_REPORTED")["value"], "1");
    assert_eq!(figure(then, "VISITS_MADE")["value"], "0");

    // What the log gives is reported where nothing else is.
    let filled = json!({
        "divisionCode": "44", "year": 2026, "text": "更正。", "reason": "走访次数有误", "fillFromLog": true,
        "figures": [{ "name": "别的", "value": "5" }],
    });
    house.ordered("manager", "amendAnnualSummary", "annualSummary { late }", filled).await;
    let year = ask(&house, YEAR).await["annualFigures"].clone();
    assert_eq!((&year["agrees"], &year["submitted"]["computed"]["agrees"]), (&json!(true), &json!(true)));
    assert_eq!(year["submitted"]["figures"].as_array().map(Vec::len), Some(21));

    // A report says it too, and that it came late.
    let document = document(&house.app, 2026).await;
    assert!(document.contains("submitted or amended after it"), "{document}");

    // At the end of October there was nothing to compare.
    let then =
        ask(&house, &format!("asOf(point: {{ time: \"2026-10-31T12:00:00Z\" }}) {{ query {{ {YEAR} }} }}")).await;
    let then = &then["asOf"]["query"]["annualFigures"];
    assert_eq!((&then["submitted"], &then["agrees"]), (&Value::Null, &Value::Null));
    // The time of a summary as of a moment is that moment's, not that of the last commit before it.
    let asked = "2026-11-12T02:00:00Z";
    go_to(&house, "2026-11-20T02:00:00Z");
    let summary = "annualSummary(divisionCode: \"44\", year: 2026) { computed { time } }";
    let then = ask(&house, &format!("asOf(point: {{ time: \"{asked}\" }}) {{ query {{ {summary} }} }}")).await;
    assert_eq!(then["asOf"]["query"]["annualSummary"]["computed"]["time"], asked);
}

/// Reports a case of the year after it, and one of the next.
async fn reported_late(house: &House) {
    let report = json!({
        "enterpriseId": house.enterprises[0], "campaignId": house.campaign,
        "title": "外径", "problem": "相差 5 µm", "origin": { "ownReport": true },
    });
    for more in [json!({ "occurredAt": "2026-10-20T02:00:00Z" }), json!({})] {
        house.creates("enterprise 0", "reportCase", "case", with(report.clone(), more)).await;
    }
}

/// What is told of a figure, and of what was submitted for it.
fn told(year: &Value, name: &str) -> [Value; 4] {
    ["value", "submitted", "comparedWith", "agrees"].map(|field| figure(year, name)[field].clone())
}

/// However late the moment is that a year is asked as of, what was submitted is compared with its 31 October, as it is
/// today.
async fn a_summary_agrees_as_of_a_later_moment_as_it_does_today(database: Database) {
    let house = House::on(database).await;
    researched(&house).await;
    let time = "2026-11-10T02:00:00Z";
    go_to(&house, time);
    reported_late(&house).await;
    let summary = json!({ "divisionCode": "44", "year": 2026, "text": "本年度受理一件。", "fillFromLog": true });
    house.ordered("manager", "submitAnnualSummary", "annualSummary { late }", summary).await;
    let today = ask(&house, YEAR).await["annualFigures"].clone();
    assert_eq!(today["agrees"], true);
    assert_eq!(told(&today, "CASES_REPORTED"), [json!("1"), json!("1"), json!("1"), json!(true)]);

    let head = house.head().await;
    for point in [position(head), happened(time)] {
        let then = ask(&house, &format!("asOf({point}) {{ query {{ {YEAR} }} }}")).await;
        let then = &then["asOf"]["query"]["annualFigures"];
        assert_eq!(then["agrees"], true, "{then}");
        assert_eq!(told(then, "CASES_REPORTED"), [json!("2"), json!("1"), json!("1"), json!(true)]);
        assert_eq!(told(then, "CASES_OPEN"), [json!("3"), json!("1"), json!("1"), json!(true)]);
    }
    let document = document_as_of(&house.app, 2026, Moment::Position(head)).await;
    for line in [
        "Cases reported,From the log,2\r\n",
        "Cases reported,From the log as of 31 October,1\r\n",
        "Cases reported,Submitted,1\r\n",
        "Cases reported,Agrees,yes\r\n",
    ] {
        assert!(document.contains(line), "{line} in {document}");
    }
}

/// What was recorded after the year belongs in an amendment, and is what that is compared with and filled from.
async fn an_amendment_holds_what_was_recorded_late(database: Database) {
    let house = House::on(database).await;
    let case = researched(&house).await;
    go_to(&house, "2026-11-10T02:00:00Z");
    let figures =
        |cases: &str| json!([{ "name": "受理难点", "value": cases }, { "name": "未了结难点", "value": cases }]);
    let summary = json!({ "divisionCode": "44", "year": 2026, "text": "本年度受理一件。", "figures": figures("1") });
    house.ordered("manager", "submitAnnualSummary", "annualSummary { late }", summary.clone()).await;

    // A case and a fee of the year, and a case of the next.
    reported_late(&house).await;
    let fee = json!({ "caseId": case, "item": "GD-L-012", "serviceDate": "2026-10-20", "amount": "0.10" });
    house.ordered("coordinator", "recordFee", "case { id }", fee).await;
    let year = ask(&house, YEAR).await["annualFigures"].clone();
    assert_eq!(told(&year, "CASES_REPORTED"), [json!("1"), json!("1"), json!("1"), json!(true)]);
    assert_eq!(told(&year, "CASES_OPEN"), [json!("1"), json!("1"), json!("1"), json!(true)]);

    let amendment = |more| with(with(summary.clone(), json!({ "reason": "补录" })), more);
    let amended = async |more: Value| {
        house.ordered("manager", "amendAnnualSummary", "annualSummary { late }", amendment(more)).await;
        ask(&house, YEAR).await["annualFigures"].clone()
    };
    let known = house.head().await;
    let year = amended(json!({ "figures": figures("2") })).await;
    assert_eq!((&year["time"], &year["agrees"]), (&json!("2026-10-31T15:59:59.999999Z"), &json!(true)));
    assert_eq!(told(&year, "CASES_REPORTED"), [json!("1"), json!("2"), json!("2"), json!(true)]);
    assert_eq!(told(&year, "CASES_OPEN"), [json!("1"), json!("2"), json!("2"), json!(true)]);
    assert_eq!(told(&year, "FEE_TOTAL"), [json!("0.00"), Value::Null, Value::Null, Value::Null]);
    let then = &year["submitted"]["computedThen"];
    assert_eq!((&then["position"], &figure(then, "FEE_TOTAL")["value"]), (&json!(known.to_string()), &json!("0.10")));
    let document = document(&house.app, 2026).await;
    for line in [
        "Cases reported,From the log,1\r\n",
        "Cases reported,From the log at the amendment,2\r\n",
        "Cases reported,Submitted,2\r\n",
        "Cases reported,Agrees,yes\r\n",
        "is compared with the log at the amendment",
    ] {
        assert!(document.contains(line), "{line} in {document}");
    }
    // So it is as of a later moment, when the figures hold what was recorded late, and the next year's cases are open.
    let head = house.head().await;
    let then = ask(&house, &format!("asOf(point: {{ position: \"{head}\" }}) {{ query {{ {YEAR} }} }}")).await;
    let then = &then["asOf"]["query"]["annualFigures"];
    assert_eq!(told(then, "CASES_REPORTED"), [json!("2"), json!("2"), json!("2"), json!(true)]);
    assert_eq!(told(then, "CASES_OPEN"), [json!("3"), json!("2"), json!("2"), json!(true)]);

    assert_eq!(amended(json!({})).await["agrees"], false, "what was submitted first is too little now");
    let year = amended(json!({ "figures": [], "fillFromLog": true })).await;
    assert_eq!(
        (&year["agrees"], figure(&year["submitted"], "受理难点")),
        (&json!(true), &json!({ "name": "受理难点", "value": "2" }))
    );
    assert_eq!(figure(&year["submitted"], "收费金额（元）")["value"], "0.10");
}

pub(super) async fn document(app: &App, year: i16) -> String {
    document_as_of(app, year, Moment::Present).await
}

async fn document_as_of(app: &App, year: i16, at: Moment) -> String {
    let jurisdiction = Division::parse("44").expect("Guangdong");
    let question = YearQuestion { jurisdiction, year, at, time: None, standing_at: None };
    let data = report::gather(app, question).await.expect("figures");
    let document = report::compose(&data, Language::En).expect("charts");
    report::write(&document, Format::Csv, None).expect("lines").remove(0).text
}

/// A log that began after the end of a year tells of it as of when it is asked, and so does a summary that it fills.
async fn a_log_that_began_later_reports_the_year(database: Database) {
    let house = House::on(database).await;
    let report = json!({
        "enterpriseId": house.enterprises[0], "campaignId": house.campaign, "occurredAt": "2025-10-20T02:00:00Z",
        "title": "内径", "problem": "相差 8 µm", "origin": { "ownReport": true },
    });
    house.creates("enterprise 0", "reportCase", "case", report).await;
    go_to(&house, "2026-01-20T02:00:00Z");
    // What is open today was not open then.
    house.reported(1, "外径").await;
    let fields = "annualFigures(divisionCode: \"44\", year: 2025) { time position agrees
        figures { name value evidence { count eventIds } } }";
    let year = ask(&house, fields).await["annualFigures"].clone();
    assert_eq!(figure(&year, "CASES_REPORTED")["value"], "1");
    let open = figure(&year, "CASES_OPEN");
    assert_eq!((&open["value"], &open["evidence"]["count"]), (&json!("1"), &json!(1)));
    assert_eq!(open["evidence"]["eventIds"], figure(&year, "CASES_REPORTED")["evidence"]["eventIds"]);
    assert_eq!(
        (&year["time"], &year["position"]),
        (&json!("2026-01-20T02:00:00Z"), &json!(house.head().await.to_string()))
    );
    let document = document(&house.app, 2025).await;
    for line in ["As of: 2026-01-20", "Cases open,From the log,1\r\n"] {
        assert!(document.contains(line), "{line} in {document}");
    }

    let known = house.head().await;
    let summary = json!({ "divisionCode": "44", "year": 2025, "text": "补报。", "fillFromLog": true });
    let shows = "annualSummary { late figures { name value } computedThen { position } }";
    let submitted = house.ordered("manager", "submitAnnualSummary", shows, summary).await["annualSummary"].clone();
    assert_eq!((&submitted["late"], &submitted["computedThen"]["position"]), (&json!(true), &json!(known.to_string())));
    assert_eq!(figure(&submitted, "受理难点")["value"], "1");
    assert_eq!(figure(&submitted, "未了结难点")["value"], "1");
    assert_eq!(ask(&house, fields).await["annualFigures"]["agrees"], true);
    let amendment =
        json!({ "divisionCode": "44", "year": 2025, "text": "补报。", "reason": "更正", "fillFromLog": true });
    let amended = house.ordered("manager", "amendAnnualSummary", shows, amendment).await["annualSummary"].clone();
    assert_eq!(amended["figures"], submitted["figures"]);
    assert_eq!(ask(&house, fields).await["annualFigures"]["agrees"], true);

    // What has not begun is reported by nobody.
    let summary = json!({ "divisionCode": "44", "year": 2027, "text": "预报。", "fillFromLog": true });
    let refused = house.order("manager", "submitAnnualSummary", "annualSummary { late }", summary).await;
    assert_eq!(refused["userErrors"][0]["code"], "YEAR_INVALID");
}

/// November and December are in the year of the next summary, and in no other.
async fn every_month_is_of_one_year(database: Database) {
    let house = House::on(database).await;
    go_to(&house, "2026-10-31T15:00:00Z");
    researched(&house).await;
    go_to(&house, "2026-10-31T16:30:00Z");
    researched(&house).await;
    go_to(&house, "2026-12-20T02:00:00Z");
    researched(&house).await;
    go_to(&house, "2027-11-05T02:00:00Z");
    let reported = async |year: i16| {
        let fields = format!("annualFigures(divisionCode: \"44\", year: {year}) {{ figures {{ name value }} }}");
        let year = ask(&house, &fields).await["annualFigures"].clone();
        figure(&year, "CASES_REPORTED")["value"].clone()
    };
    assert_eq!((reported(2026).await, reported(2027).await), (json!("1"), json!("2")));
}

/// A gap that was closed and stays so is no gap closed in a later year.
async fn a_gap_that_stays_closed_counts_once(database: Database) {
    let house = House::on(database).await;
    let case = researched(&house).await;
    let uncertainty =
        |value: &str| json!({ "value": value, "unit": "um", "coverageFactor": "2", "coverageProbability": "0.95" });
    let measured = async |value: &str| {
        let result = json!({
            "value": "25.001", "unit": "mm", "uncertainty": uncertainty(value), "method": "比较测量",
            "traceability": "JZ-1",
        });
        let input = json!({ "caseId": case, "result": result });
        house.ordered("lead 0", "recordMeasurement", "case { id }", input).await;
    };
    let requirement = json!({ "measurand": "内径", "target": { "uncertainty": uncertainty("4") } });
    let input = json!({ "caseId": case, "requirement": requirement });
    house.ordered("enterprise 0", "specifyRequirement", "case { id }", input).await;
    measured("8").await;
    measured("3").await;
    measured("2").await;
    go_to(&house, "2026-12-10T02:00:00Z");
    measured("1").await;
    let closed = async |year: i16| {
        let fields = format!(
            "annualFigures(divisionCode: \"44\", year: {year}) {{ figures {{ name value evidence {{ count }} }} }}"
        );
        let year = ask(&house, &fields).await["annualFigures"].clone();
        let figure = figure(&year, "GAPS_CLOSED");
        (figure["value"].clone(), figure["evidence"]["count"].clone())
    };
    assert_eq!(closed(2026).await, (json!("1"), json!(1)));
    assert_eq!(closed(2027).await, (json!("0"), json!(0)));
}

/// A report lists all trainings, however many there were.
async fn a_report_lists_every_training(database: Database) {
    const TRAININGS: usize = 520;
    let house = House::on(database).await;
    let case = researched(&house).await;
    for number in 0..TRAININGS {
        let input = json!({ "caseId": case, "topic": format!("第{number}课"), "trainees": 2 });
        house.ordered("lead 0", "recordTraining", "case { id }", input).await;
    }
    let document = document(&house.app, 2026).await;
    let missing: Vec<_> = (0..TRAININGS).filter(|number| !document.contains(&format!("第{number}课"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Nobody ever saw half of a command: a point within one is the moment after it.
async fn a_point_within_a_command_is_the_moment_after_it(database: Database) {
    let house = House::on(database).await;
    let report = json!({
        "enterpriseId": house.enterprises[0], "campaignId": house.campaign,
        "title": "检定", "problem": "到期", "origin": { "ownReport": true },
    });
    let case = house.creates("enterprise 0", "reportCase", "case", report).await;
    for (who, mutation, input) in [
        ("coordinator", "triageCase", json!({ "category": "L/DimMet-2.1.2", "kind": "TESTING", "severity": "MAJOR" })),
        (
            "coordinator",
            "provideRoutineService",
            json!({ "institutionId": house.institutes[0], "certificate": "JZ-1" }),
        ),
        ("enterprise 0", "confirmSolution", json!({})),
    ] {
        house.ordered(who, mutation, "case { id }", with(json!({ "caseId": case }), input)).await;
    }
    let end = house.head().await;
    let fields = format!("case(id: {case:?}) {{ status version position events {{ nodes {{ type position }} }} }}");
    let now = ask(&house, &fields).await["case"].clone();
    let events = now["events"]["nodes"].as_array().expect("events");
    let [.., confirmed, resolved] = events.as_slice() else { panic!("{now}") };
    assert_eq!((&confirmed["type"], &resolved["type"]), (&json!("SolutionConfirmed"), &json!("CaseResolved")));
    assert_eq!(resolved["position"], end.to_string());
    for (asked, expected, status) in [(end - 2, end - 2, "AWAITING_CONFIRMATION"), (end - 1, end, "RESOLVED")] {
        let point = format!("asOf(point: {{ position: \"{asked}\" }}) {{ position query {{ {fields} }} }}");
        let then = ask(&house, &point).await["asOf"].clone();
        let case = &then["query"]["case"];
        assert_eq!((&then["position"], &case["status"]), (&json!(expected.to_string()), &json!(status)));
        assert_eq!(case["position"], expected.to_string());
        let shown = case["events"]["nodes"].as_array().expect("events");
        assert_eq!(case["version"], shown.len(), "the row and the history agree");
        assert_eq!(shown.last().expect("an event")["position"], expected.to_string());
    }
    let diff = format!(
        "case(id: {case:?}) {{ diff(from: {{ position: \"{}\" }}, to: {{ position: \"{end}\" }}) {{ __typename }} }}",
        end - 1
    );
    assert_eq!(ask(&house, &diff).await["case"]["diff"], json!([]));
}

on_both_databases! {
    a_late_summary_is_compared_with_the_figures,
    a_summary_agrees_as_of_a_later_moment_as_it_does_today,
    an_amendment_holds_what_was_recorded_late,
    a_log_that_began_later_reports_the_year,
    every_month_is_of_one_year,
    a_gap_that_stays_closed_counts_once,
    a_report_lists_every_training,
    a_point_within_a_command_is_the_moment_after_it,
}
