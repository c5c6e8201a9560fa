//! What was recorded wrongly goes out of the figures when it is retracted, out of the year that it was counted in, and
//! stays in them as of every moment before.

use etalon::app::Replayed;
use serde_json::{Value, json};

use crate::as_of::house::House;
use crate::figures::summaries::{ask, document, figure, go_to, happened, position, researched};
use crate::life::world::with;
use crate::store::on_both_databases;
use crate::store::support::Database;

/// The figures of a year that a retraction moves, with how many events each rests on; and the statistics.
async fn told(house: &House, point: Option<&str>, year: i16) -> Value {
    let fields = format!(
        "annualFigures(divisionCode: \"44\", year: {year}) {{ figures {{ name value evidence {{ count }} }}
            fees {{ count total items {{ item count total }} }} }}
         statistics {{ groups {{ gapBefore {{ cases median closed }} gapAfter {{ cases median closed }}
            fees {{ count total }} }} }}"
    );
    let answer = match point {
        None => ask(house, &fields).await,
        Some(point) => {
            let then = ask(house, &format!("asOf({point}) {{ query {{ {fields} }} }}")).await;
            then["asOf"]["query"].clone()
        }
    };
    let year = &answer["annualFigures"];
    let of = |name: &str| {
        let figure = figure(year, name);
        json!([figure["value"], figure["evidence"]["count"]])
    };
    let group = &answer["statistics"]["groups"][0];
    json!({
        "charged": of("FEES_CHARGED"), "total": of("FEE_TOTAL"), "closed": of("GAPS_CLOSED"),
        "items": year["fees"]["items"], "fees": group["fees"], "before": group["gapBefore"], "after": group["gapAfter"],
    })
}

/// The log makes the rows that are served, read at once as it did event by event.
async fn replays(house: &House) {
    match house.app.replay(|_| {}).await.expect("the log can be replayed") {
        Replayed::Compared(folded) => assert_eq!(folded.count, 0, "{:?}", folded.differences),
        other => panic!("{other:?}"),
    }
}

/// What of a case has this place in a list.
async fn id_of(house: &House, case: &str, list: &str, place: usize) -> Value {
    ask(house, &format!("case(id: {case:?}) {{ {list} {{ id }} }}")).await["case"][list][place]["id"].clone()
}

async fn a_fee_goes_out_of_the_year_of_its_service(database: Database) {
    let house = House::on(database).await;
    go_to(&house, "2026-10-20T02:00:00Z");
    let case = researched(&house).await;
    let fee = json!({ "caseId": case, "item": "GD-L-012", "serviceDate": "2026-10-20", "amount": "120" });
    for _ in 0..2 {
        house.ordered("coordinator", "recordFee", "case { id }", fee.clone()).await;
    }
    let other = with(fee, json!({ "amount": "0.10" }));
    house.ordered("coordinator", "recordFee", "case { id }", other).await;
    let before = house.head().await;
    let summary = json!({ "divisionCode": "44", "year": 2026, "text": "本年度受理一件。", "fillFromLog": true });
    go_to(&house, "2026-11-10T02:00:00Z");
    house.ordered("manager", "submitAnnualSummary", "annualSummary { late }", summary.clone()).await;

    let retraction = json!({ "caseId": case, "feeId": id_of(&house, &case, "fees", 1).await, "reason": "重复登记" });
    let shows = "case { feeTotal fees { amount retraction { at reason } } }";
    let payload = house.ordered("coordinator", "retractFee", shows, retraction).await;
    assert_eq!(
        payload["case"],
        json!({ "feeTotal": "120.10", "fees": [
            { "amount": "120", "retraction": null },
            { "amount": "120", "retraction": { "at": "2026-11-10T02:00:00Z", "reason": "重复登记" } },
            { "amount": "0.10", "retraction": null },
        ] })
    );
    let after = house.head().await;
    let sums = |charged: &str, total: &str, events: u64| {
        json!({ "charged": [charged, events], "total": [total, events],
            "items": [{ "item": "GD-L-012", "count": charged.parse::<u64>().expect("a count"), "total": total }] })
    };
    let year = async |point: &str, year| {
        let told = told(&house, Some(point), year).await;
        json!({ "charged": told["charged"], "total": told["total"], "items": told["items"] })
    };
    assert_eq!(year(&position(before), 2026).await, sums("3", "240.10", 3));
    assert_eq!(year(&position(after), 2026).await, sums("2", "120.10", 4));
    assert_eq!(year(&happened("2026-11-10T01:59:59Z"), 2026).await, sums("3", "240.10", 3));
    assert_eq!(year(&happened("2026-11-10T02:00:00Z"), 2026).await, sums("2", "120.10", 4));
    // The next year, in which it was taken back, has nothing of it.
    let nothing = json!({ "charged": ["0", 0], "total": ["0.00", 0], "items": [] });
    assert_eq!(year(&position(after), 2027).await, nothing);
    assert_eq!(told(&house, None, 2026).await["fees"], json!({ "count": 2, "total": "120.10" }));
    assert_eq!(told(&house, Some(&position(before)), 2026).await["fees"], json!({ "count": 3, "total": "240.10" }));

    // As of 31 October it was not known; an amendment holds it, and so does the report.
    let figures = "annualFigures(divisionCode: \"44\", year: 2026) { agrees figures { name value comparedWith } }";
    let year = ask(&house, figures).await["annualFigures"].clone();
    assert_eq!((&figure(&year, "FEE_TOTAL")["value"], &year["agrees"]), (&json!("240.10"), &json!(true)));
    let amendment = with(summary, json!({ "reason": "重复登记" }));
    house.ordered("manager", "amendAnnualSummary", "annualSummary { late }", amendment).await;
    let year = ask(&house, figures).await["annualFigures"].clone();
    let total = figure(&year, "FEE_TOTAL");
    assert_eq!((&total["comparedWith"], &year["agrees"]), (&json!("120.10"), &json!(true)), "{year}");
    let document = document(&house.app, 2026).await;
    assert!(document.contains("From the log at the amendment,120.10\r\n"), "{document}");
    replays(&house).await;
}

async fn a_result_goes_out_of_the_gaps(database: Database) {
    let house = House::on(database).await;
    let case = researched(&house).await;
    let uncertainty =
        |value: &str| json!({ "value": value, "unit": "um", "coverageFactor": "2", "coverageProbability": "0.95" });
    let measured = async |value: &str, at: &str| {
        go_to(&house, at);
        let result = json!({ "value": "25.001", "unit": "mm", "uncertainty": uncertainty(value) });
        house.ordered("lead 0", "recordMeasurement", "case { id }", json!({ "caseId": case, "result": result })).await;
    };
    let requirement = json!({ "measurand": "内径", "target": { "uncertainty": uncertainty("4") } });
    let input = json!({ "caseId": case, "requirement": requirement });
    house.ordered("enterprise 0", "specifyRequirement", "case { id }", input).await;
    // The first is written down ten times too large, the second a thousand times too small; the last is right, and of
    // the next year.
    measured("80", "2026-03-02T02:00:00Z").await;
    measured("0.008", "2026-04-02T02:00:00Z").await;
    measured("6", "2026-05-02T02:00:00Z").await;
    measured("2", "2026-11-05T02:00:00Z").await;
    let wrong = house.head().await;
    let retracted = async |place, at: &str| {
        go_to(&house, at);
        let id = id_of(&house, &case, "measurements", place).await;
        let input = json!({ "caseId": case, "measurementId": id, "reason": "抄写有误" });
        house.ordered("lead 0", "retractMeasurement", "case { gap { ratio } }", input).await["case"]["gap"].clone()
    };
    assert_eq!(retracted(1, "2026-11-06T02:00:00Z").await["ratio"], "0.500000");
    let half = house.head().await;
    assert_eq!(retracted(0, "2026-11-07T02:00:00Z").await["ratio"], "0.500000");
    let right = house.head().await;
    go_to(&house, "2026-11-07T04:00:00Z");

    let gaps = async |point: &str| {
        let (of_2026, of_2027) = (told(&house, Some(point), 2026).await, told(&house, Some(point), 2027).await);
        let median = |when: &str| of_2026[when]["median"].clone();
        (of_2026["closed"][0].clone(), of_2027["closed"][0].clone(), median("before"), median("after"))
    };
    let expected = |of_2026: &str, of_2027: &str, before: &str, after: &str| {
        (json!(of_2026), json!(of_2027), json!(before), json!(after))
    };
    for (recorded, time, expected) in [
        (wrong, "2026-11-05T03:00:00Z", expected("1", "0", "20", "0.002")),
        (half, "2026-11-06T03:00:00Z", expected("0", "1", "20", "0.5")),
        (right, "2026-11-07T03:00:00Z", expected("0", "1", "1.5", "0.5")),
    ] {
        assert_eq!(gaps(&position(recorded)).await, expected, "at {recorded}");
        assert_eq!(gaps(&happened(time)).await, expected, "by {time}");
    }
    // What nobody had measured by then had no gap, whatever was taken back since.
    assert_eq!(told(&house, Some(&happened("2026-03-01T02:00:00Z")), 2026).await["before"]["cases"], 0);

    // With the last result nothing is left that closes it.
    assert_eq!(retracted(3, "2026-11-08T02:00:00Z").await["ratio"], "1.500000");
    let now = told(&house, None, 2027).await;
    assert_eq!((&now["closed"][0], &now["after"]["closed"]), (&json!("0"), &json!(0)));
    replays(&house).await;
}

/// A millimetre was required by a slip of the pen: a gap that was taken for closed never was, and what came before is told
/// on the scale of what is now.
async fn a_requirement_that_was_corrected_goes_out_of_the_gaps(database: Database) {
    let house = House::on(database).await;
    let case = researched(&house).await;
    let uncertainty = |value: &str, unit: &str| json!({ "value": value, "unit": unit, "coverageFactor": "2", "coverageProbability": "0.95" });
    let measured = async |value: &str, at: &str| {
        go_to(&house, at);
        let result = json!({ "value": "25.001", "unit": "mm", "uncertainty": uncertainty(value, "um") });
        house.ordered("lead 0", "recordMeasurement", "case { id }", json!({ "caseId": case, "result": result })).await;
        house.head().await
    };
    let required = async |unit: &str, more: Value| {
        let requirement = json!({ "measurand": "内径", "target": { "uncertainty": uncertainty("1", unit) } });
        let input = with(json!({ "caseId": case, "requirement": requirement }), more);
        house.ordered("enterprise 0", "specifyRequirement", "case { id }", input).await;
        house.head().await
    };
    required("mm", json!({})).await;
    let wrong = measured("5", "2026-03-02T02:00:00Z").await;
    go_to(&house, "2026-04-02T02:00:00Z");
    let right = required("um", json!({ "correctionReason": "毫米应为微米" })).await;
    let narrower = measured("2", "2026-05-02T02:00:00Z").await;
    go_to(&house, "2026-05-03T02:00:00Z");
    let gaps = async |point: &str| {
        let told = told(&house, Some(point), 2026).await;
        [&told["closed"][0], &told["before"]["median"], &told["after"]["median"]].map(Value::clone)
    };
    for (recorded, time, expected) in [
        (wrong, "2026-03-03T02:00:00Z", ["1", "0.005", "0.005"]),
        (right, "2026-04-03T02:00:00Z", ["0", "5", "5"]),
        (narrower, "2026-05-02T03:00:00Z", ["0", "5", "2"]),
    ] {
        let expected = expected.map(|value| json!(value));
        assert_eq!(gaps(&position(recorded)).await, expected, "at {recorded}");
        assert_eq!(gaps(&happened(time)).await, expected, "by {time}");
    }
    replays(&house).await;
}

/// A log that is filled in afterwards may date a retraction before what it takes back.
async fn a_retraction_may_be_dated_before_what_it_takes_back(database: Database) {
    let house = House::on(database).await;
    let case = researched(&house).await;
    go_to(&house, "2026-03-10T02:00:00Z");
    let fee = json!({ "caseId": case, "item": "GD-L-012", "serviceDate": "2026-03-10", "amount": "50" });
    house.ordered("coordinator", "recordFee", "case { id }", fee).await;
    go_to(&house, "2026-03-12T02:00:00Z");
    let retraction = json!({
        "caseId": case, "feeId": id_of(&house, &case, "fees", 0).await, "reason": "免收",
        "occurredAt": "2026-03-09T02:00:00Z",
    });
    let payload = house.ordered("coordinator", "retractFee", "warnings { code }", retraction).await;
    assert_eq!(payload["warnings"], json!([{ "code": "OCCURRED_BEFORE_RETRACTED" }]));
    for time in ["2026-03-08T02:00:00Z", "2026-03-09T02:00:00Z", "2026-03-10T02:00:00Z", "2026-03-11T02:00:00Z"] {
        assert_eq!(told(&house, Some(&happened(time)), 2026).await["total"][0], "0.00", "by {time}");
    }
    replays(&house).await;
}

/// Nobody takes up again what its enterprise has withdrawn: the year that was charged in is mended all the same.
async fn a_fee_of_a_withdrawn_case_goes_out_of_its_year(database: Database) {
    let house = House::on(database).await;
    let case = researched(&house).await;
    go_to(&house, "2026-03-10T02:00:00Z");
    let fee = json!({ "caseId": case, "item": "GD-L-012", "serviceDate": "2026-03-10", "amount": "50" });
    house.ordered("coordinator", "recordFee", "case { id }", fee).await;
    let withdrawal = json!({ "caseId": case, "reason": "停产" });
    house.ordered("enterprise 0", "withdrawCase", "case { id }", withdrawal).await;
    let charged = told(&house, None, 2026).await;
    assert_eq!((&charged["charged"][0], &charged["fees"]["count"]), (&json!("1"), &json!(1)));
    let retraction = json!({ "caseId": case, "feeId": id_of(&house, &case, "fees", 0).await, "reason": "重复登记" });
    house.ordered("coordinator", "retractFee", "case { id }", retraction).await;
    let mended = told(&house, None, 2026).await;
    assert_eq!((&mended["charged"][0], &mended["total"][0]), (&json!("0"), &json!("0.00")));
    assert_eq!(mended["fees"]["count"], 0);
    replays(&house).await;
}

/// As of what had happened nobody was ever on the list.
async fn an_enrolment_that_is_given_up_before_it_began_is_told(database: Database) {
    let house = House::on(database).await;
    let before = json!({
        "enterpriseId": house.enterprises[0], "campaignId": house.campaign, "reason": "暂不参加",
        "occurredAt": "2026-01-02T02:00:00Z",
    });
    let told = json!([{ "code": "OCCURRED_BEFORE_RETRACTED" }]);
    let preview =
        "query($input: WithdrawEnrolmentInput!) { preview { withdrawEnrolment(input: $input) { warnings { code } } } }";
    let foreseen = house.ask("coordinator", preview, json!({ "input": before })).await;
    assert_eq!(foreseen["preview"]["withdrawEnrolment"]["warnings"], told);
    let withdrawn = house.ordered("coordinator", "withdrawEnrolment", "warnings { code }", before.clone()).await;
    assert_eq!(withdrawn["warnings"], told);
    let now = json!({
        "enterpriseId": house.enterprises[1], "campaignId": house.campaign, "reason": "暂不参加",
    });
    let withdrawn = house.ordered("coordinator", "withdrawEnrolment", "warnings { code }", now).await;
    assert_eq!(withdrawn["warnings"], json!([]));
}

on_both_databases! {
    a_fee_goes_out_of_the_year_of_its_service,
    a_result_goes_out_of_the_gaps,
    a_requirement_that_was_corrected_goes_out_of_the_gaps,
    a_retraction_may_be_dated_before_what_it_takes_back,
    a_fee_of_a_withdrawn_case_goes_out_of_its_year,
    an_enrolment_that_is_given_up_before_it_began_is_told,
}
