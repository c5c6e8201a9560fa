//! Figures over HTTP: by groups, of a year, as of then, and of what one may see.

use std::path::Path;

use etalon::domain::annual_summary::year::year_of;
use etalon::domain::value::calendar;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::life::scene::{Scene, triage};
use crate::life::script::Case;
use crate::life::world::{World, day, text, with};

const STATISTICS: &str = "query Figures($filter: CaseFilter, $groupBy: [StatisticsKey!], $level: Level) {
    statistics(filter: $filter, groupBy: $groupBy, jurisdictionLevel: $level) {
        id
        groups {
            id jurisdiction { code } institution { id } category { code } kind severity status level month
            cases open late typical techniques
            timesToStatus { id status cases medianDays ninetiethDays }
            reopening { resolved reopened rate }
            gapBefore { cases median closed } gapAfter { cases median closed }
            fees { count total currency items { item count total } }
            trainings { count trainees }
        }
    }
}";

const YEAR: &str = "query Year($year: Int!) {
    annualFigures(divisionCode: \"44\", year: $year) {
        id year time position agrees division { code } fees { count total }
        submitted { text computed { agrees } }
        figures { id name label englishLabel value submitted agrees }
    }
}";

/// Groups have what their cases have in common, and as of a position what they had then.
pub async fn figures_are_added_up(world: &World) {
    let scene = Scene::set(world).await;
    scene.reported(world, "甲").await;
    let before = world.position().await;
    let second = scene.triaged(world, "乙").await;
    second.takes("visitor", "recordTraining", json!({ "topic": "不确定度", "trainees": 7 })).await;
    let third = scene.researching(world, "丙").await;
    third.takes("coordinator", "escalateCase", json!({ "to": "CITY", "reason": "县内无能力" })).await;

    let ask = async |variables: Value| world.ask("watcher", STATISTICS, variables).await["statistics"].clone();
    let whole = ask(json!({})).await;
    let group = &whole["groups"][0];
    assert_eq!((&group["cases"], &group["open"], &group["late"]), (&json!(3), &json!(3), &json!(0)), "{group:#}");
    assert_eq!(group["trainings"], json!({ "count": 1, "trainees": "7" }));
    assert_eq!(group["fees"], json!({ "count": 0, "total": "0.00", "currency": "CNY", "items": [] }));
    assert_eq!(group["reopening"], json!({ "resolved": 0, "reopened": 0, "rate": null }));
    let statuses: Vec<_> =
        group["timesToStatus"].as_array().expect("times").iter().map(|time| &time["status"]).collect();
    assert_eq!(statuses, ["ASSIGNED", "RESEARCHING", "TRIAGED"]);
    assert_eq!(
        (&group["jurisdiction"], &group["status"]),
        (&Value::Null, &Value::Null),
        "nothing it was not asked for"
    );

    let by_status = ask(json!({ "groupBy": ["STATUS", "JURISDICTION"], "level": "COUNTY" })).await;
    let parts: Vec<_> = by_status["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .map(|group| (text(&group["status"]), text(&group["jurisdiction"]["code"]), group["cases"].as_u64()))
        .collect();
    let county = || "440305".to_owned();
    let expected = ["REPORTED", "RESEARCHING", "TRIAGED"].map(|status| (status.to_owned(), county(), Some(1)));
    assert_eq!(parts, expected);
    let by_level = ask(json!({ "groupBy": ["LEVEL"] })).await;
    let levels: Vec<_> = by_level["groups"].as_array().expect("groups").iter().map(|group| &group["level"]).collect();
    assert_eq!(levels, ["CITY", "COUNTY"]);
    let filtered = ask(
        json!({ "filter": { "title": { "eq": "丙" } }, "groupBy": ["INSTITUTION", "CATEGORY", "KIND", "SEVERITY"] }),
    )
    .await;
    let group = &filtered["groups"][0];
    assert_eq!((&group["institution"]["id"], &group["kind"]), (&json!(scene.institute), &json!("RESEARCH_PROBLEM")));
    assert_eq!((&group["category"]["code"], &group["severity"]), (&json!("L/DimMet-2.1.2"), &json!("MAJOR")));
    let by_severity = ask(json!({ "groupBy": ["SEVERITY"] })).await;
    let severities: Vec<_> = by_severity["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .map(|group| (group["severity"].clone(), group["cases"].as_u64()))
        .collect();
    assert_eq!(severities, [(Value::Null, Some(1)), (json!("MAJOR"), Some(2))]);
    assert_eq!(ask(json!({ "filter": { "title": { "eq": "丁" } } })).await["groups"], json!([]));

    let then = "query Then($position: Position!) {
        asOf(point: { position: $position }) { query { statistics { groups { cases trainings { count } } } } }
    }";
    let then = world.ask("watcher", then, json!({ "position": before.to_string() })).await;
    let expected = json!([{ "cases": 1, "trainings": { "count": 0 } }]);
    assert_eq!(then["asOf"]["query"]["statistics"]["groups"], expected);

    let repeated = json!({ "groupBy": ["KIND", "STATUS", "KIND"] });
    let refused = world.refusal("watcher", STATISTICS, repeated.clone()).await;
    assert_eq!(refused, ("GROUP_BY_REPEATED".to_owned(), "groupBy".to_owned()));
    let (_, told) = world.post("watcher", STATISTICS, repeated).await;
    assert_eq!(told["errors"][0]["message"], "KIND stands twice: every key makes groups once");
}

/// Each list names its items as it likes: those of one code on two lists are two, with a sum each.
pub async fn fees_are_told_by_the_list_that_has_their_item(world: &World) {
    let scene = Scene::set(world).await;
    let item = |division: &str, from: &str, until: Value| {
        json!({
            "divisionCode": division, "code": "A-1", "name": "螺纹塞规", "unit": "件", "tariff": "1200.00",
            "basis": "发改价格〔2015〕1299 号", "inForceFrom": from, "inForceUntil": until,
        })
    };
    world.takes("national manager", "listChargeableItem", item("CN", "2015-01-01", json!("2019-12-31"))).await;
    world.takes("manager", "listChargeableItem", item("44", "2020-01-01", Value::Null)).await;
    let case = scene.triaged(world, "甲").await;
    let fee = |day: &str, amount: &str| json!({ "item": "A-1", "serviceDate": day, "amount": amount });
    case.takes("coordinator", "recordFee", fee("2019-06-03", "500")).await;
    case.takes("coordinator", "recordFee", fee(&day(0), "800")).await;
    case.takes("coordinator", "recordFee", fee(&day(0), "100")).await;
    let lists = "{ nation: catalogue(divisionCode: \"CN\") { id } province: catalogue(divisionCode: \"44\") { id } }";
    let lists = world.ask("watcher", lists, json!({})).await;
    let [nation, province] = ["nation", "province"].map(|list| json!({ "catalogueId": lists[list]["id"] }));
    assert_ne!(nation, province);
    assert_eq!(case.shows("fees { catalogueId }").await["fees"], json!([nation, province, province]));

    const ITEMS: &str = "fees { count total items { item division { code } count total } }";
    let query = format!(
        "query Fees($year: Int!) {{
            statistics {{ groups {{ {ITEMS} }} }} annualFigures(divisionCode: \"CN\", year: $year) {{ {ITEMS} }}
        }}"
    );
    let told = world.ask("watcher", &query, json!({ "year": this_year(world).await })).await;
    let item = |division: &str, count: u64, total: &str| json!({ "item": "A-1", "division": { "code": division }, "count": count, "total": total });
    let of_the_province = item("44", 2, "900.00");
    let all = json!({ "count": 3, "total": "1400.00", "items": [item("CN", 1, "500.00"), of_the_province] });
    assert_eq!(told["statistics"]["groups"], json!([{ "fees": all }]));
    let of_the_year = json!({ "count": 2, "total": "900.00", "items": [of_the_province] });
    assert_eq!(told["annualFigures"]["fees"], of_the_year);
}

/// What one may not see is in no figure of theirs.
pub async fn figures_are_of_what_one_sees(world: &World) {
    let scene = Scene::set(world).await;
    scene.reported(world, "甲").await;
    scene.researching(world, "乙").await;
    let sees = async |who: &str| {
        let answer = world.ask(who, "{ statistics { groups { cases } } }", json!({})).await;
        answer["statistics"]["groups"][0]["cases"].as_u64().unwrap_or(0)
    };
    let table = [("watcher", 2), ("manager", 2), ("coordinator elsewhere", 0), ("lead", 1), ("expert", 0)];
    for (who, cases) in table.into_iter().chain([("enterprise", 2), ("other enterprise", 0)]) {
        assert_eq!(sees(who).await, cases, "{who}");
    }
    let year = "query Then($year: Int!, $at: Position!) {
        asOf(point: { position: $at }) { query { annualFigures(divisionCode: \"44\", year: $year) { figures { value } } } }
    }";
    let variables = json!({ "year": this_year(world).await, "at": world.position().await.to_string() });
    let year = world.ask("coordinator elsewhere", year, variables).await;
    let figures = year["asOf"]["query"]["annualFigures"]["figures"].as_array().expect("figures");
    let is_zero = |figure: &Value| figure["value"] == "0" || figure["value"] == "0.00";
    assert!(figures.len() == 20 && figures.iter().all(is_zero), "{figures:?}");
    // Figures of a part are told from those of the jurisdiction.
    let complete =
        "query Complete($code: String!, $year: Int!) { annualFigures(divisionCode: $code, year: $year) { complete } }";
    for (who, code, is_complete) in [
        ("watcher", "CN", true),
        ("manager", "44", true),
        ("manager", "CN", false),
        ("city manager", "4403", true),
        ("city manager", "44", false),
        ("coordinator elsewhere", "44", false),
        ("lead", "44", false),
        ("enterprise", "440305", false),
    ] {
        let variables = json!({ "code": code, "year": this_year(world).await });
        let answer = world.ask(who, complete, variables).await;
        assert_eq!(answer["annualFigures"]["complete"], is_complete, "{who} of {code}");
    }
}

/// A year's figures name their events, and stand beside what was submitted.
pub async fn a_year_is_added_up(world: &World) {
    let scene = Scene::set(world).await;
    let first = scene.reported(world, "甲").await;
    scene.reported(world, "乙").await;
    first.takes("coordinator", "triageCase", triage("ENERGY_METROLOGY")).await;
    let year = this_year(world).await;
    // The summary is added up at the end of October, or now before that; at the present moment it is under `asOf`.
    let now = world.position().await;
    let submitted = json!({
        "divisionCode": "44", "year": year, "text": "本年度走访企业。",
        "figures": [{ "name": "受理难点", "value": "2" }, { "name": "Energy metrology cases", "value": "1.0" }, { "name": "别的", "value": "5" }],
    });
    world.takes("manager", "submitAnnualSummary", submitted).await;
    let asked = "query Then($year: Int!, $at: Position!, $after: Position) { asOf(point: { position: $at }) { query {
        annualFigures(divisionCode: \"44\", year: $year) {
            position agrees submitted { text }
            figures {
                name value submitted agrees
                evidence(first: 1, afterPosition: $after) { count eventIds position hasMore }
            }
        }
    } } }";
    let figures = async |at: i64, after: Value| {
        let answer = world.ask("watcher", asked, json!({ "year": year, "at": at.to_string(), "after": after })).await;
        answer["asOf"]["query"]["annualFigures"].clone()
    };
    let named = |figures: &Value, name: &str| {
        let all = figures["figures"].as_array().expect("figures");
        all.iter().find(|figure| figure["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    let with_summary = figures(now + 1, Value::Null).await;
    assert_eq!(
        (&with_summary["agrees"], &with_summary["submitted"]["text"]),
        (&json!(true), &json!("本年度走访企业。"))
    );
    let reported = named(&with_summary, "CASES_REPORTED");
    assert_eq!(
        (&reported["value"], &reported["submitted"], &reported["agrees"]),
        (&json!("2"), &json!("2"), &json!(true))
    );
    assert_eq!(named(&with_summary, "ENERGY_CASES")["agrees"], true, "1.0 is 1");
    assert_eq!(named(&with_summary, "VISITS_MADE")["agrees"], Value::Null);

    // One event a page, until there are no more.
    let evidence = &reported["evidence"];
    assert_eq!((&evidence["count"], &evidence["hasMore"]), (&json!(2), &json!(true)));
    let rest = named(&figures(now + 1, evidence["position"].clone()).await, "CASES_REPORTED");
    assert_eq!(rest["evidence"]["hasMore"], false);
    let ids = [&evidence["eventIds"][0], &rest["evidence"]["eventIds"][0]];
    let nodes = world
        .ask("watcher", "query Nodes($ids: [ID!]!) { nodes(ids: $ids) { __typename } }", json!({ "ids": ids }))
        .await;
    assert_eq!(nodes["nodes"], json!([{ "__typename": "CaseReportedEvent" }, { "__typename": "CaseReportedEvent" }]));

    // Before the submission there is nothing to agree with.
    let before = figures(now, Value::Null).await;
    assert_eq!((&before["agrees"], &before["submitted"]), (&Value::Null, &Value::Null));
    let too_far = world.refusal("watcher", YEAR, json!({ "year": 123_456 })).await;
    assert_eq!(too_far, ("YEAR_INVALID".to_owned(), "year".to_owned()));
    // A year that was over when the log began is told as of now.
    let early = world.ask("watcher", YEAR, json!({ "year": 1999 })).await["annualFigures"].clone();
    assert_eq!(named(&early, "CASES_REPORTED")["value"], "0");
    assert!(text(&early["time"]).starts_with("20"), "{early}");
    assert!(early["position"].is_string(), "{early}");
}

/// A duplicate that is taken up again before it was sorted is served, and was reported when it was.
pub async fn a_case_is_reported_once(world: &World) {
    let scene = Scene::set(world).await;
    let this_year = this_year(world).await;
    let last_year = this_year - 1;
    let then = |day: &str| json!({ "occurredAt": format!("{last_year}-{day}T02:00:00Z") });
    let report = with(scene.report("甲"), then("03-02"));
    let first = Case { world, id: world.creates("enterprise", "reportCase", report).await };
    let report = with(scene.report("乙"), then("03-02"));
    let report = with(report, json!({ "enterpriseId": scene.other_enterprise }));
    let other = Case { world, id: world.creates("other enterprise", "reportCase", report).await };
    first.takes("coordinator", "markDuplicate", with(json!({ "ofCaseId": other.id }), then("03-03"))).await;
    other.takes("other enterprise", "withdrawCase", json!({ "reason": "停产" })).await;
    first.takes("enterprise", "reopenCase", json!({ "reason": "仍未解决" })).await;
    assert_eq!(first.shows("status").await["status"], "REPORTED");

    let asked = "query Then($year: Int!, $at: Position!) { asOf(point: { position: $at }) { query {
        annualFigures(divisionCode: \"44\", year: $year) { figures { name value } }
    } } }";
    let figures = async |year: i64| {
        let variables = json!({ "year": year, "at": world.position().await.to_string() });
        let told = world.ask("watcher", asked, variables).await;
        let all = told["asOf"]["query"]["annualFigures"]["figures"].as_array().expect("figures").clone();
        ["CASES_REPORTED", "CASES_REOPENED", "ENERGY_CASES", "ENTERPRISES_SERVED"].map(|name| {
            let figure = all.iter().find(|figure| figure["name"] == name).expect("every figure is told");
            text(&figure["value"])
        })
    };
    assert_eq!(figures(last_year).await, ["2", "0", "0", "2"]);
    assert_eq!(figures(this_year).await, ["0", "0", "0", "2"]);
    first.takes("coordinator", "triageCase", triage("ENERGY_METROLOGY")).await;
    assert_eq!(figures(last_year).await, ["2", "0", "1", "2"]);
    assert_eq!(figures(this_year).await, ["0", "0", "0", "2"]);
}

/// What was solved is reopened by whichever way it is taken up again, and another duplicate by none.
pub async fn a_duplicate_is_reopened_where_it_was_solved(world: &World) {
    let scene = Scene::set(world).await;
    let solved = scene.reported(world, "解决过的难点").await;
    let unsolved = scene.reported(world, "没有解决的难点").await;
    let original = scene.reported(world, "留下的难点").await;
    let service = json!({ "institutionId": scene.institute, "certificate": "JZ-5" });
    let serve =
        || [("coordinator", "provideRoutineService", service.clone()), ("enterprise", "confirmSolution", json!({}))];
    solved.takes("coordinator", "triageCase", triage("CALIBRATION")).await;
    unsolved.takes("coordinator", "triageCase", triage("CALIBRATION")).await;
    solved.takes_all(serve()).await;
    for case in [&solved, &unsolved] {
        case.takes("coordinator", "markDuplicate", json!({ "ofCaseId": original.id })).await;
    }
    original.takes("enterprise", "withdrawCase", json!({ "reason": "停产" })).await;
    for case in [&solved, &unsolved] {
        case.takes("enterprise", "reopenCase", json!({ "reason": "又超差" })).await;
        assert_eq!(case.shows("status resolution { at }").await, json!({ "status": "TRIAGED", "resolution": null }));
    }
    // Solved only now, it was not reopened since.
    unsolved.takes_all(serve()).await;

    let told = world.ask("watcher", STATISTICS, json!({})).await["statistics"]["groups"][0]["reopening"].clone();
    assert_eq!(told, json!({ "resolved": 2, "reopened": 1, "rate": "0.5000" }));
    let told = world.ask("watcher", YEAR, json!({ "year": this_year(world).await })).await["annualFigures"].clone();
    let figure = |name: &str| {
        let all = told["figures"].as_array().expect("figures");
        all.iter().find(|figure| figure["name"] == name).expect("every figure is told")["value"].clone()
    };
    assert_eq!((figure("CASES_RESOLVED"), figure("CASES_REOPENED")), (json!("2"), json!("1")));
}

/// A report is made while the server runs, from both databases.
pub async fn a_report_is_written_beside_the_server(world: &World) {
    let scene = Scene::set(world).await;
    scene.researching(world, "=甲 <b>").await;
    let (year, position) = (this_year(world).await.to_string(), world.position().await.to_string());
    let report_of = |as_of: &str, format: &str, more: &[&str]| {
        let mut command = world.installation.command();
        command.args(["report", "--jurisdiction", "44", "--year", &year, "--as-of", as_of, "--format", format]);
        command.args(more).output().expect("the program runs")
    };
    let report = |format: &str, more: &[&str]| report_of(&position, format, more);
    let page = report("html", &[]);
    let page = String::from_utf8(page.stdout).expect("text");
    assert!(page.contains("=甲 &lt;b&gt;") && page.contains("</html>"), "{page}");
    let written = report("md", &["--output", "年度 report.md", "--language", "zh"]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let lines = String::from_utf8(report("csv", &["--language", "en"]).stdout).expect("text");
    assert!(lines.contains("Cases reported,From the log,1"), "{lines}");
    assert_eq!(world.position().await.to_string(), position, "a report writes nothing");
    let refused = report_of("999999", "csv", &[]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("position 999999 does not exist yet"), "{told}");
    let refused = |as_of: &str, why: &str| {
        let refused = report_of(as_of, "csv", &[]);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(1) && told.contains(why), "{as_of}: {told}");
    };
    let today = today(world).await;
    refused(&today.to_string(), &format!("{today} is not over: it ends at "));
    refused(&today.saturating_add(40.days()).to_string(), "lies in the future: it is ");
    refused("2001-01-01", "the log had not begun at 2001-01-01T15:59:59.999999Z: it begins at ");
    // Without the server's data keys nobody gets a report with holes, and no keys are made that it does not have.
    let elsewhere = world.installation.folder().join("elsewhere").display().to_string();
    let holed = report("csv", &["--data-keys-dir", &elsewhere]);
    let told = String::from_utf8_lossy(&holed.stderr).into_owned();
    let why = format!("cannot be opened, for there are no data keys at {elsewhere} (data_keys_dir");
    assert!(holed.status.code() == Some(1) && holed.stdout.is_empty() && told.contains(&why), "{told}");
    assert!(!Path::new(&elsewhere).exists());
    let wanted = report("html", &["--data-keys-dir", &elsewhere, "--without-names"]);
    let nameless = String::from_utf8(wanted.stdout).expect("text");
    assert!(wanted.status.success() && page.contains("领衔人") && !nameless.contains("领衔人"), "{nameless}");
    assert!(!Path::new(&elsewhere).exists());
    // At the end of that year there was no log: the report is as of now.
    let of_1999 = ["report", "--jurisdiction", "44", "--year", "1999", "--format", "csv", "--language", "en"];
    let report = world.installation.command().args(of_1999).output().expect("the program runs");
    let told = String::from_utf8(report.stdout).expect("text");
    assert!(report.status.success() && told.contains("Cases reported,From the log,0"), "{told}");
    assert!(told.contains("As of: 20"), "{told}");
}

/// The year of the next summary, by the server's clock.
async fn this_year(world: &World) -> i64 {
    year_of(today(world).await).into()
}

/// The day in UTC+8, by the server's clock.
async fn today(world: &World) -> Date {
    let answer = world.ask("watcher", "{ serverInfo { time } }", json!({})).await;
    let now: Timestamp = text(&answer["serverInfo"]["time"]).parse().expect("a time");
    calendar::date_of(now)
}
