//! Requirements, measurements and the gap between them, with every unsound value.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::life::scene::Scene;
use crate::life::script::Case;
use crate::life::world::{World, with};

pub async fn play(world: &World, scene: &Scene) {
    requirements(world, scene).await;
    measurements(world, scene).await;
    writings(world, scene).await;
    retractions(world, scene).await;
}

/// U and what belongs to it.
fn uncertainty(more: Value) -> Value {
    with(json!({ "value": "2", "unit": "um", "coverageFactor": "2", "coverageProbability": "0.95" }), more)
}

fn requirement(target: Value) -> Value {
    json!({ "requirement": {
        "measurand": "轴承内径", "target": target, "interval": { "low": "10", "high": "50", "unit": "mm" },
    } })
}

fn interval(low: &str, high: &str, unit: &str) -> Value {
    json!({ "requirement": {
        "measurand": "轴承内径", "target": { "uncertainty": uncertainty(json!({})) },
        "interval": { "low": low, "high": high, "unit": unit },
    } })
}

fn measurement(uncertainty: Value) -> Value {
    json!({ "result": {
        "value": "25.0012", "unit": "mm", "uncertainty": uncertainty, "method": "比较测量", "traceability": "JZ-1",
    } })
}

async fn requirements(world: &World, scene: &Scene) {
    let case = scene.reported(world, "测量要求").await;
    let of_uncertainty = |more| requirement(json!({ "uncertainty": uncertainty(more) }));
    let of_limit = |more| {
        let limit = with(json!({ "value": "6", "unit": "um" }), more);
        requirement(json!({ "maximumPermissibleError": limit }))
    };
    let in_uncertainty = [
        (json!({ "value": "0" }), "UNCERTAINTY_NOT_POSITIVE", "requirement.target.uncertainty.value"),
        (json!({ "value": "-1" }), "UNCERTAINTY_NEGATIVE", "requirement.target.uncertainty.value"),
        (json!({ "value": "two" }), "DECIMAL_INVALID", "requirement.target.uncertainty.value"),
        (json!({ "value": "1e61" }), "DECIMAL_OUT_OF_RANGE", "requirement.target.uncertainty.value"),
        (json!({ "unit": "micron" }), "UNIT_UNKNOWN", "requirement.target.uncertainty.unit"),
        (json!({ "unit": "kg" }), "UNIT_INCOMMENSURABLE", "requirement.target"),
        (json!({ "coverageFactor": null }), "COVERAGE_FACTOR_MISSING", "requirement.target.uncertainty.coverageFactor"),
    ];
    for (more, code, field) in in_uncertainty {
        case.refuses([("enterprise", "specifyRequirement", of_uncertainty(more), code, field)]).await;
    }
    let in_limit = [
        (json!({ "value": "0" }), "MPE_NOT_POSITIVE", "requirement.target.maximumPermissibleError.value"),
        (json!({ "ratio": "0.5" }), "DECISION_RATIO_TOO_SMALL", "requirement.target.maximumPermissibleError.ratio"),
        (
            json!({ "guardBand": "1.5" }),
            "GUARD_BAND_OUT_OF_RANGE",
            "requirement.target.maximumPermissibleError.guardBand",
        ),
    ];
    for (more, code, field) in in_limit {
        case.refuses([("enterprise", "specifyRequirement", of_limit(more), code, field)]).await;
    }
    case.refuses([
        ("enterprise", "specifyRequirement", interval("50", "10", "mm"), "EMPTY_INTERVAL", "requirement.interval.low"),
        (
            "enterprise",
            "specifyRequirement",
            interval("10", "50", "furlongs"),
            "UNIT_UNKNOWN",
            "requirement.interval.unit",
        ),
        // It would be picohenry.
        ("enterprise", "specifyRequirement", interval("4", "10", "pH"), "UNIT_UNKNOWN", "requirement.interval.unit"),
        ("visitor", "specifyRequirement", of_uncertainty(json!({})), "NOT_PERMITTED", ""),
    ])
    .await;

    // Every unsound value of one input is told, each with its path.
    let input = json!({ "caseId": case.id, "requirement": {
        "measurand": " ", "interval": { "low": "x", "high": "50", "unit": "furlongs" },
        "target": { "uncertainty": { "value": "y", "unit": "micron" } },
    } });
    let before = world.position().await;
    let payload = world.order("enterprise", "specifyRequirement", &input).await;
    let told: Vec<_> = payload["userErrors"].as_array().expect("a list").iter().collect();
    let told: Vec<_> = told
        .iter()
        .map(|error| (error["code"].as_str().unwrap_or_default(), crate::life::world::path(&error["field"])))
        .collect();
    let expected = [
        ("TEXT_EMPTY", "requirement.measurand"),
        ("DECIMAL_INVALID", "requirement.interval.low"),
        ("UNIT_UNKNOWN", "requirement.interval.unit"),
        ("DECIMAL_INVALID", "requirement.target.uncertainty.value"),
        ("UNIT_UNKNOWN", "requirement.target.uncertainty.unit"),
    ];
    assert_eq!(told, expected.map(|(code, field)| (code, field.to_owned())), "{payload:#}");
    assert_eq!(world.position().await, before);

    case.takes("coordinator", "specifyRequirement", of_limit(json!({ "ratio": "3", "guardBand": "1" }))).await;
    case.takes("enterprise", "specifyRequirement", of_uncertainty(json!({}))).await;
}

async fn measurements(world: &World, scene: &Scene) {
    let case = scene.researching(world, "差距从有到无").await;
    let in_uncertainty = [
        (json!({ "value": "-1" }), "UNCERTAINTY_NEGATIVE", "result.uncertainty.value"),
        (json!({ "value": "0" }), "UNCERTAINTY_NOT_POSITIVE", "result.uncertainty.value"),
        (json!({ "coverageFactor": null }), "COVERAGE_FACTOR_MISSING", "result.uncertainty.coverageFactor"),
        (json!({ "coverageFactor": "0.9" }), "COVERAGE_FACTOR_TOO_SMALL", "result.uncertainty.coverageFactor"),
        (
            json!({ "coverageProbability": null }),
            "COVERAGE_PROBABILITY_MISSING",
            "result.uncertainty.coverageProbability",
        ),
        (
            json!({ "coverageProbability": "95" }),
            "COVERAGE_PROBABILITY_OUT_OF_RANGE",
            "result.uncertainty.coverageProbability",
        ),
        (json!({ "coverageFactor": "13" }), "COVERAGE_IMPLAUSIBLE", "result.uncertainty.coverageFactor"),
        (json!({ "unit": "nonsense" }), "UNIT_UNKNOWN", "result.uncertainty.unit"),
        (json!({ "unit": "kg" }), "UNIT_INCOMMENSURABLE", "result.uncertainty.unit"),
    ];
    for (more, code, field) in in_uncertainty {
        case.refuses([("lead", "recordMeasurement", measurement(uncertainty(more)), code, field)]).await;
    }
    case.refuses([
        ("enterprise", "recordMeasurement", measurement(uncertainty(json!({}))), "NOT_PERMITTED", ""),
        ("second lead", "recordMeasurement", measurement(uncertainty(json!({}))), "NOT_A_MEMBER", ""),
    ])
    .await;
    let relative_to_zero =
        json!({ "result": { "value": "0", "unit": "mm", "uncertainty": uncertainty(json!({ "unit": "%" })) } });
    let at_its_unit = "result.uncertainty.unit";
    case.refuses([("lead", "recordMeasurement", relative_to_zero, "RELATIVE_TO_ZERO", at_its_unit)]).await;
    let relative_to_celsius =
        json!({ "result": { "value": "20", "unit": "°C", "uncertainty": uncertainty(json!({ "unit": "%" })) } });
    let arbitrary = "RELATIVE_TO_ARBITRARY_ZERO";
    case.refuses([("lead", "recordMeasurement", relative_to_celsius, arbitrary, at_its_unit)]).await;
    let too_cold = json!({ "result": { "value": "-273.16", "unit": "°C" } });
    case.refuses([
        ("lead", "recordMeasurement", too_cold, "BELOW_ABSOLUTE_ZERO", "result.value"),
        (
            "lead",
            "specifyRequirement",
            interval("-300", "20", "Cel"),
            "BELOW_ABSOLUTE_ZERO",
            "requirement.interval.low",
        ),
    ])
    .await;
    let required = requirement(json!({ "uncertainty": uncertainty(json!({ "value": "2.1" })) }));
    case.takes("lead", "specifyRequirement", required).await;
    let kilograms =
        json!({ "result": { "value": "1", "unit": "kg", "uncertainty": uncertainty(json!({ "unit": "g" })) } });
    case.refuses([("lead", "recordMeasurement", kilograms, "UNIT_INCOMMENSURABLE", "result.unit")]).await;
    case.takes("lead", "recordMeasurement", measurement(uncertainty(json!({ "value": "0.003", "unit": "mm" })))).await;
    // 3/2.1, which is shown as it is compared.
    let shown = case.shows("number gap { ratio closed } gapHistory { ratio }").await;
    assert_eq!(shown["gap"], json!({ "ratio": "1.428572", "closed": false }));
    assert_eq!(shown["gapHistory"], json!([{ "ratio": "1.428572" }]));
    let query = "query Own($filter: CaseFilter!) { cases(filter: $filter) { totalCount } }";
    for comparison in ["gte", "lte"] {
        let gap = json!({ comparison: shown["gap"]["ratio"] });
        let filter = json!({ "number": { "eq": shown["number"] }, "gap": gap });
        let found = world.ask("watcher", query, json!({ "filter": filter })).await;
        assert_eq!(found["cases"]["totalCount"], 1, "{comparison}");
    }

    let result = json!({ "passed": true, "summary": "按计划", "measurement": measurement(uncertainty(json!({ "unit": "kg" })))["result"] });
    let good = json!({ "passed": true, "summary": "按计划", "measurement": measurement(uncertainty(json!({ "value": "2.5" })))["result"] });
    case.takes_all([
        ("lead", "recordFinding", json!({ "text": "测头磨损" })),
        ("lead", "proposeSolution", json!({ "description": "换测头" })),
        ("reviewer", "reviewSolution", json!({ "verdict": "APPROVED", "comment": "同意" })),
        ("lead", "startTrial", json!({ "plan": "三天" })),
    ])
    .await;
    case.refuses([("lead", "recordTrialResult", result, "UNIT_INCOMMENSURABLE", "measurement.uncertainty.unit")]).await;
    case.takes("lead", "recordTrialResult", good).await;
    case.refuses([("enterprise", "confirmSolution", json!({}), "GAP_OPEN", "acceptShortfall")]).await;
    case.takes("enterprise", "confirmSolution", json!({ "acceptShortfall": "够用" })).await;

    // A requirement against which nothing was measured is told, and not refused.
    let unmeasured = scene.reported(world, "没有测量").await;
    unmeasured
        .takes_all([
            ("enterprise", "specifyRequirement", requirement(json!({ "uncertainty": uncertainty(json!({})) }))),
            ("coordinator", "triageCase", crate::life::scene::triage("CALIBRATION")),
            ("coordinator", "provideRoutineService", json!({ "institutionId": scene.institute, "report": "已校准" })),
        ])
        .await;
    let confirmed = unmeasured.takes("enterprise", "confirmSolution", json!({})).await;
    assert_eq!(confirmed["warnings"][0]["code"], "NOTHING_MEASURED");
    measured_beside_it(world, scene).await;
    hardly_covered(world, scene).await;
}

/// A standard uncertainty that is written with the p of an expanded one is told, wherever it stands.
async fn hardly_covered(world: &World, scene: &Scene) {
    let case = scene.researching(world, "只写了标准不确定度").await;
    let small = || uncertainty(json!({ "coverageFactor": "1" }));
    let trial = json!({ "passed": true, "summary": "按计划", "measurement": measurement(small())["result"] });
    for (who, mutation, input) in [
        ("lead", "specifyRequirement", requirement(json!({ "uncertainty": small() }))),
        ("lead", "recordMeasurement", measurement(small())),
        ("lead", "recordFinding", json!({ "text": "未乘包含因子" })),
        ("lead", "proposeSolution", json!({ "description": "换量仪" })),
        ("reviewer", "reviewSolution", json!({ "verdict": "APPROVED", "comment": "同意" })),
        ("lead", "startTrial", json!({ "plan": "三天" })),
        ("lead", "recordTrialResult", trial),
    ] {
        let told = case.takes(who, mutation, input).await;
        let expected = match mutation {
            "specifyRequirement" | "recordMeasurement" | "recordTrialResult" => json!(["COVERAGE_FACTOR_SMALL"]),
            _ => json!([]),
        };
        let warnings = told["warnings"].as_array().expect("a list");
        let codes: Vec<_> = warnings.iter().map(|warning| warning["code"].clone()).collect();
        assert_eq!(json!(codes), expected, "{mutation}: {told}");
    }
}

/// Results are on record, and none is one of what is required.
async fn measured_beside_it(world: &World, scene: &Scene) {
    let required = requirement(json!({ "uncertainty": uncertainty(json!({})) }));
    let beside = |more| json!({ "result": with(measurement(uncertainty(json!({})))["result"].clone(), more) });
    let case = scene.researching(world, "测的是别的").await;
    case.takes_all([
        ("lead", "specifyRequirement", required),
        ("lead", "recordMeasurement", beside(json!({ "value": "60" }))),
        ("lead", "recordMeasurement", beside(json!({ "measurand": "轴承外径" }))),
        ("lead", "recordMeasurement", beside(json!({ "uncertainty": null }))),
        ("lead", "recordFinding", json!({ "text": "量程不够" })),
        ("lead", "proposeSolution", json!({ "description": "换量仪" })),
        ("reviewer", "reviewSolution", json!({ "verdict": "APPROVED", "comment": "同意" })),
        ("lead", "startTrial", json!({ "plan": "三天" })),
        ("lead", "recordTrialResult", json!({ "passed": true, "summary": "按计划" })),
    ])
    .await;
    assert_eq!(case.shows("gap { ratio }").await["gap"], Value::Null);
    let confirmed = case.takes("enterprise", "confirmSolution", json!({})).await;
    let warning = &confirmed["warnings"][0];
    assert_eq!(warning["code"], "NOTHING_MEASURED");
    let message = crate::life::world::text(&warning["message"]);
    assert!(message.contains("no result on record can be held against it"), "{message}");
}

fn result(value: &str, unit: &str, uncertainty: Value) -> Value {
    json!({ "result": { "value": value, "unit": unit, "uncertainty": uncertainty } })
}

/// Whether what is required is relative the requirement says, and not the unit that a result is written in.
async fn writings(world: &World, scene: &Scene) {
    let case = scene.researching(world, "气体标准物质").await;
    let of = |unit: &str, target: Value| {
        json!({ "requirement": {
            "measurand": "标准值", "target": target, "interval": { "low": "10", "high": "100", "unit": unit },
        } })
    };
    let of_u = |value: &str, unit: &str| uncertainty(json!({ "value": value, "unit": unit }));
    case.takes("lead", "recordMeasurement", result("50", "ppm", of_u("5", "ppm"))).await;
    case.takes("lead", "specifyRequirement", of("umol/mol", json!({ "uncertainty": of_u("3", "%") }))).await;
    for (value, unit, u, u_unit) in
        [("50", "umol/mol", "5", "ppm"), ("0.005", "%", "5", "umol/mol"), ("50", "ppm", "10", "%")]
    {
        case.takes("lead", "recordMeasurement", result(value, unit, of_u(u, u_unit))).await;
    }
    // A tenth of the value of 3 % of it, of each of the four.
    let shown = case.shows("number gap { ratio closed } gapHistory { ratio }").await;
    assert_eq!(shown["gap"], json!({ "ratio": "3.333334", "closed": false }));
    assert_eq!(shown["gapHistory"], json!([{ "ratio": "3.333334" }]));
    let query = "query Own($filter: CaseFilter!) { cases(filter: $filter) { totalCount } }";
    let filter = json!({ "number": { "eq": shown["number"] }, "gap": { "gt": "3" } });
    assert_eq!(world.ask("watcher", query, json!({ "filter": filter })).await["cases"]["totalCount"], 1);
    let limit = json!({ "value": "2.22222", "unit": "%", "ratio": "3" });
    case.takes("lead", "specifyRequirement", of("umol/mol", json!({ "maximumPermissibleError": limit }))).await;
    let shown = case.shows("gap { testUncertaintyRatio closed }").await;
    assert_eq!(shown["gap"], json!({ "testUncertaintyRatio": "0.222222", "closed": false }));

    // A difference of levels is in decibels.
    case.takes("lead", "specifyRequirement", of("dB[SPL]", json!({ "uncertainty": of_u("0.21", "dB") }))).await;
    case.takes("lead", "recordMeasurement", result("94", "dB[SPL]", of_u("0.3", "dB"))).await;
    assert_eq!(case.shows("gap { ratio }").await["gap"]["ratio"], "1.428572");
}

/// A result that was written down wrongly stays where it was, and counts for no gap: neither now nor before.
async fn retractions(world: &World, scene: &Scene) {
    let case = scene.researching(world, "单位写错").await;
    let of_u = |value: &str, unit: &str| measurement(uncertainty(json!({ "value": value, "unit": unit })));
    case.takes_all([
        ("lead", "specifyRequirement", requirement(json!({ "uncertainty": uncertainty(json!({})) }))),
        ("lead", "recordMeasurement", of_u("3", "um")),
        ("lead", "recordMeasurement", of_u("1", "nm")),
    ])
    .await;
    let known = case.shows("version gap { ratio closed } measurements { id }").await;
    assert_eq!(known["gap"], json!({ "ratio": "0.000500", "closed": true }));
    let of = |place: usize| json!({ "measurementId": known["measurements"][place]["id"], "reason": "单位误写为 nm" });
    let unknown = URL_SAFE_NO_PAD.encode("Measurement:00000000-0000-4000-8000-000000000000");
    let unknown = with(of(1), json!({ "measurementId": unknown }));
    let stale = with(of(1), json!({ "expectedVersion": 1 }));
    case.refuses([
        ("lead", "retractMeasurement", unknown, "MEASUREMENT_UNKNOWN", "measurementId"),
        ("lead", "retractMeasurement", with(of(1), json!({ "reason": "" })), "TEXT_EMPTY", "reason"),
        ("enterprise", "retractMeasurement", of(1), "NOT_PERMITTED", ""),
        ("second lead", "retractMeasurement", of(1), "NOT_A_MEMBER", ""),
    ])
    .await;
    let conflict = world.order("lead", "retractMeasurement", &with(stale, json!({ "caseId": case.id }))).await;
    assert_eq!(conflict["userErrors"][0]["code"], "VERSION_CONFLICT", "{conflict}");
    case.takes("lead", "retractMeasurement", of(1)).await;
    case.refuses([("lead", "retractMeasurement", of(1), "ALREADY_RETRACTED", "measurementId")]).await;

    let shown = case
        .shows("number gap { ratio closed best { id } } gapHistory { ratio } measurements { id retraction { reason } }")
        .await;
    let best = &known["measurements"][0]["id"];
    assert_eq!(shown["gap"], json!({ "ratio": "1.500000", "closed": false, "best": { "id": best } }));
    assert_eq!(shown["gapHistory"], json!([{ "ratio": "1.500000" }]));
    let retraction = json!({ "reason": "单位误写为 nm" });
    assert_eq!(
        [&shown["measurements"][0]["retraction"], &shown["measurements"][1]["retraction"]],
        [&Value::Null, &retraction]
    );
    told(&case, &known["version"]).await;
    on_trial(&case, of_u).await;
}

/// History, differences and the timeline tell of it.
async fn told(case: &Case<'_>, before: &Value) {
    let shown = case
        .shows(&format!(
            "diff(from: {{ version: {before} }}) {{ field events {{ type }} ... on MeasurementsChange {{
                 added {{ retraction {{ reason }} }} removed {{ retraction {{ reason }} }} }} }}
             fieldHistory(field: MEASUREMENTS) {{ reason event {{ type ... on MeasurementRetractedEvent {{
                 measurementId reason }} }} }}
             timeline {{ nodes {{ kind chinese english }} }}"
        ))
        .await;
    let changes = shown["diff"].as_array().expect("changes");
    let fields: Vec<_> = changes.iter().map(|change| &change["field"]).collect();
    assert_eq!(fields, ["GAP", "MEASUREMENTS"]);
    assert!(changes.iter().all(|change| change["events"] == json!([{ "type": "MeasurementRetracted" }])), "{shown}");
    let retracted = json!([{ "retraction": { "reason": "单位误写为 nm" } }]);
    assert_eq!([&changes[1]["added"], &changes[1]["removed"]], [&retracted, &json!([{ "retraction": Value::Null }])]);
    let last = shown["fieldHistory"].as_array().and_then(|all| all.last()).expect("a change");
    assert_eq!((&last["reason"], &last["event"]["reason"]), (&json!("单位误写为 nm"), &json!("单位误写为 nm")));
    let entries = shown["timeline"]["nodes"].as_array().expect("entries");
    let is_of_it =
        |entry: &&Value| entry["english"].as_str().is_some_and(|text| text.starts_with("Measurement retracted ("));
    let entry = entries.iter().find(is_of_it).expect("it is told");
    assert_eq!(entry["kind"], "WORK");
    let [chinese, english] = ["chinese", "english"].map(|language| crate::life::world::text(&entry[language]));
    assert!(chinese.starts_with("作废测量结果（") && chinese.ends_with("）：单位误写为 nm"), "{chinese}");
    assert!(english.ends_with("): 单位误写为 nm"), "{english}");
}

/// A trial's own result, too, before the enterprise confirms by it; the verdict of the trial stands.
async fn on_trial(case: &Case<'_>, of_u: impl Fn(&str, &str) -> Value) {
    let measured = of_u("1", "um")["result"].clone();
    case.takes_all([
        ("lead", "recordFinding", json!({ "text": "读数有误" })),
        ("lead", "proposeSolution", json!({ "description": "换量仪" })),
        ("reviewer", "reviewSolution", json!({ "verdict": "APPROVED", "comment": "同意" })),
        ("lead", "startTrial", json!({ "plan": "三天" })),
        ("lead", "recordTrialResult", json!({ "passed": true, "summary": "按计划", "measurement": measured })),
    ])
    .await;
    let shown = case
        .shows("measurements { id } events(last: 1) { nodes { ... on TrialResultRecordedEvent { measurementId } } }")
        .await;
    let of_trial = shown["measurements"][2]["id"].clone();
    assert_eq!(shown["events"]["nodes"][0]["measurementId"], of_trial);
    let of = |id: &Value| json!({ "measurementId": id, "reason": "量块拿错" });
    case.takes("lead", "retractMeasurement", of(&of_trial)).await;
    assert_eq!(
        case.shows("status trial { passed } gap { ratio }").await,
        json!({ "status": "AWAITING_CONFIRMATION", "trial": { "passed": true }, "gap": { "ratio": "1.500000" } })
    );
    case.refuses([("enterprise", "confirmSolution", json!({}), "GAP_OPEN", "acceptShortfall")]).await;
    case.takes("lead", "retractMeasurement", of(&shown["measurements"][0]["id"])).await;
    let confirmed = case.takes("enterprise", "confirmSolution", json!({})).await;
    let warning = &confirmed["warnings"][0];
    assert_eq!(warning["code"], "NOTHING_MEASURED");
    let message = crate::life::world::text(&warning["message"]);
    assert!(message.contains("every result on record is retracted"), "{message}");
    case.refuses([("lead", "retractMeasurement", of(&of_trial), "WRONG_STATUS", "")]).await;
}
