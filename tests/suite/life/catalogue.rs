//! What may be charged and which editions are in force; fees of a case against them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::life::scene::{Scene, triage};
use crate::life::script::Case;
use crate::life::world::{World, day, text, with};

fn item(more: Value) -> Value {
    let input = json!({
        "divisionCode": "44", "code": "GD-L-012", "name": "三坐标测量机校准", "unit": "台", "tariff": "1200.00",
        "basis": "粤发改价格〔2020〕12 号", "inForceFrom": "2020-01-01",
    });
    with(input, more)
}

fn edition(more: Value) -> Value {
    let input = json!({
        "divisionCode": "44", "reference": "JJF 1064-2010", "title": "坐标测量机校准规范",
        "inForceFrom": "2010-12-01",
    });
    with(input, more)
}

pub async fn play(world: &World, scene: &Scene) {
    items(world, scene).await;
    editions(world).await;
    services(world, scene).await;
}

async fn items(world: &World, scene: &Scene) {
    world
        .refuses_all([
            ("city manager", "listChargeableItem", item(json!({})), "NOT_PERMITTED", ""),
            ("manager", "listChargeableItem", item(json!({ "divisionCode": "4403" })), "NOT_PERMITTED", "divisionCode"),
            (
                "manager",
                "listChargeableItem",
                item(json!({ "divisionCode": "32" })),
                "OUTSIDE_JURISDICTION",
                "divisionCode",
            ),
            ("coordinator", "listChargeableItem", item(json!({})), "NOT_PERMITTED", ""),
            (
                "manager",
                "listChargeableItem",
                item(json!({ "inForceUntil": "2019-12-31" })),
                "PERIOD_EMPTY",
                "inForceUntil",
            ),
            ("manager", "listChargeableItem", item(json!({ "tariff": "12.345" })), "MONEY_INVALID", "tariff"),
        ])
        .await;
    world.takes("manager", "listChargeableItem", item(json!({}))).await;
    let national = item(json!({ "divisionCode": "CN", "code": "QJ-0101", "inForceUntil": day(-1) }));
    world.takes("national manager", "listChargeableItem", national).await;
    let again = item(json!({ "inForceFrom": "2021-01-01" }));
    world.refuses(("manager", "listChargeableItem", again, "PERIOD_OVERLAPS", "inForceFrom")).await;

    fees(world, scene).await;

    let today = day(0);
    let delisting = |more| with(json!({ "divisionCode": "44", "code": "GD-L-012", "lastDay": today }), more);
    let reasoned = || delisting(json!({ "reason": "降费减负" }));
    world
        .refuses_all([
            ("manager", "delistChargeableItem", delisting(json!({})), "REASON_MISSING", "reason"),
            ("manager", "delistChargeableItem", delisting(json!({ "code": "GD-X" })), "ITEM_NOT_LISTED", "code"),
            ("coordinator", "delistChargeableItem", reasoned(), "NOT_PERMITTED", ""),
        ])
        .await;
    world.takes("manager", "delistChargeableItem", reasoned()).await;
    world.refuses(("manager", "delistChargeableItem", reasoned(), "NOTHING_TO_AMEND", "lastDay")).await;
}

async fn fees(world: &World, scene: &Scene) {
    let case = scene.triaged(world, "收费的难点").await;
    let fee = |more| with(json!({ "item": "GD-L-012", "serviceDate": day(0), "amount": "800" }), more);
    case.refuses([
        ("coordinator", "recordFee", fee(json!({ "item": "GD-X" })), "ITEM_NOT_LISTED", "item"),
        // On the list today, and not on the day of the service.
        ("coordinator", "recordFee", fee(json!({ "serviceDate": "2019-12-31" })), "ITEM_NOT_LISTED", "item"),
        ("coordinator", "recordFee", fee(json!({ "item": "QJ-0101" })), "ITEM_NOT_LISTED", "item"),
        ("coordinator", "recordFee", fee(json!({ "amount": "1200.01" })), "FEE_ABOVE_TARIFF", "amount"),
        // Tomorrow may have come when it is read.
        ("coordinator", "recordFee", fee(json!({ "serviceDate": day(2) })), "SERVICE_IN_FUTURE", "serviceDate"),
        ("coordinator", "recordFee", fee(json!({ "amount": "-1" })), "MONEY_INVALID", "amount"),
        ("enterprise", "recordFee", fee(json!({})), "NOT_PERMITTED", ""),
    ])
    .await;
    case.takes("coordinator", "recordFee", fee(json!({ "amount": "1200" }))).await;
    case.takes("coordinator", "recordFee", fee(json!({ "item": "QJ-0101", "serviceDate": day(-2) }))).await;
    assert_eq!(case.shows("feeTotal fees { item amount tariff }").await["feeTotal"], "2000");
    retracted(&case).await;
    case.takes("coordinator", "recordFee", fee(json!({ "amount": "100" }))).await;
    case.takes("enterprise", "withdrawCase", json!({ "reason": "费用由总部承担" })).await;
    case.refuses([("coordinator", "recordFee", fee(json!({})), "WRONG_STATUS", "")]).await;
    // What is wrong is taken back there all the same.
    let last = case.shows("fees { id }").await["fees"][2]["id"].clone();
    case.takes("coordinator", "retractFee", json!({ "feeId": last, "reason": "费用由总部承担" })).await;
    assert_eq!(case.shows("status feeTotal").await, json!({ "status": "WITHDRAWN", "feeTotal": "0" }));
}

/// A fee that was recorded wrongly stays where it was, and counts no more.
async fn retracted(case: &Case<'_>) {
    let fees = case.shows("fees { id }").await["fees"].clone();
    let of = |fee: &Value| json!({ "feeId": fee["id"], "reason": "重复登记" });
    let unknown = URL_SAFE_NO_PAD.encode("Fee:00000000-0000-4000-8000-000000000000");
    case.refuses([
        ("coordinator", "retractFee", with(of(&fees[1]), json!({ "feeId": unknown })), "FEE_UNKNOWN", "feeId"),
        ("coordinator", "retractFee", with(of(&fees[1]), json!({ "feeId": case.id })), "ID_INVALID", "feeId"),
        ("coordinator", "retractFee", with(of(&fees[1]), json!({ "reason": " " })), "TEXT_EMPTY", "reason"),
        ("enterprise", "retractFee", of(&fees[1]), "NOT_PERMITTED", ""),
    ])
    .await;
    let keyed = with(of(&fees[1]), json!({ "idempotencyKey": "retract-fee-1" }));
    case.takes("coordinator", "retractFee", keyed.clone()).await;
    let again = case.world.order("coordinator", "retractFee", &with(keyed, json!({ "caseId": case.id }))).await;
    assert_eq!(again["receipt"]["replayed"], true, "{again}");
    case.refuses([("coordinator", "retractFee", of(&fees[1]), "ALREADY_RETRACTED", "feeId")]).await;
    let shown = case.shows("feeTotal fees { item retraction { at by { id } reason } }").await;
    assert_eq!((&shown["feeTotal"], &shown["fees"][0]["retraction"]), (&json!("1200"), &Value::Null));
    let retraction = &shown["fees"][1]["retraction"];
    assert_eq!((&retraction["reason"], &retraction["by"]["id"]), (&json!("重复登记"), &json!("coordinator")));
    case.takes("coordinator", "retractFee", of(&fees[0])).await;
    assert_eq!(case.shows("feeTotal").await["feeTotal"], "0");
}

async fn editions(world: &World) {
    let newer = |more| {
        let more = with(json!({ "reference": "JJF 1064-2024", "inForceFrom": "2024-06-01" }), more);
        edition(more)
    };
    world
        .refuses_all([
            ("manager", "registerRegulationEdition", edition(json!({ "reference": " " })), "TEXT_EMPTY", "reference"),
            ("city manager", "registerRegulationEdition", edition(json!({})), "NOT_PERMITTED", ""),
        ])
        .await;
    world.takes("manager", "registerRegulationEdition", edition(json!({}))).await;
    world.refuses(("manager", "registerRegulationEdition", newer(json!({})), "PERIOD_OVERLAPS", "inForceFrom")).await;
    world.takes("manager", "registerRegulationEdition", newer(json!({ "replaces": "JJF 1064-2010" }))).await;
    let query = "{ catalogue(divisionCode: \"44\") { version
        old: regulationEdition(code: \"JJF 1064\", on: \"2024-05-31\") { reference { reference } }
        new: regulationEdition(code: \"JJF 1064\", on: \"2024-06-01\") { reference { reference } } } }";
    let catalogue = &world.ask("manager", query, json!({})).await["catalogue"];
    assert_eq!(catalogue["old"]["reference"]["reference"], "JJF 1064-2010");
    assert_eq!(catalogue["new"]["reference"]["reference"], "JJF 1064-2024");
}

/// What a service has followed, beside what is in force.
async fn services(world: &World, scene: &Scene) {
    let case = scene.reported(world, "校准坐标测量机").await;
    case.takes("coordinator", "triageCase", triage("CALIBRATION")).await;
    for (regulation, told) in [
        ("JJF 1064-2010", Some("the service followed JJF 1064-2010; in force on ")),
        ("jjf1064—2024", None),
        ("JJF 1064:2024", None),
        ("JJF 1064", Some("the service followed JJF 1064; in force on ")),
        ("JJG 999-2000", None),
    ] {
        let service = json!({ "institutionId": scene.institute, "certificate": "JZ-7", "regulation": regulation });
        let warnings = &case.takes("coordinator", "provideRoutineService", service).await["warnings"];
        match told {
            Some(begin) => {
                let message = text(&warnings[0]["message"]);
                assert_eq!(warnings[0]["code"], "REGULATION_NOT_IN_FORCE");
                assert!(message.starts_with(begin) && message.ends_with(" is JJF 1064-2024"), "{message}");
            }
            None => assert_eq!(*warnings, json!([]), "{regulation}"),
        }
        case.takes("enterprise", "rejectSolution", json!({ "reason": "再测一次" })).await;
    }
}
