//! The other ways of a case: up to the nation and parked there, deadlines and a clock that pauses, links, duplicates, a routine service, documents.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use etalon::domain::value::Sha256Digest;
use serde_json::{Value, json};

use crate::life::duplicates;
use crate::life::scene::{Scene, number, triage};
use crate::life::world::{World, day, days, text, with};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

pub async fn play(world: &World, scene: &Scene) {
    escalation(world, scene).await;
    deadlines(world, scene).await;
    links(world, scene).await;
    routine_service(world, scene).await;
    dates(world, scene).await;
    withdrawal(world, scene).await;
    attachments(world, scene).await;
}

async fn escalation(world: &World, scene: &Scene) {
    let day = days();
    let case = scene.reported(world, "一级一级上报").await;
    let to = |level| json!({ "to": level, "reason": "本级无此能力" });
    let park = |more| with(json!({ "reason": "国内尚无标准装置", "reviewOn": day(90) }), more);
    let level = case.shows("level").await["level"].clone();
    assert_eq!(level, "COUNTY");
    case.refuses([
        ("coordinator", "escalateCase", to("PROVINCE"), "NOT_ONE_LEVEL_UP", "to"),
        ("coordinator", "escalateCase", to("COUNTY"), "NOT_ONE_LEVEL_UP", "to"),
        ("enterprise", "escalateCase", to("CITY"), "NOT_PERMITTED", ""),
        ("national manager", "parkCase", park(json!({})), "NOT_NATIONAL", ""),
        ("national manager", "unparkCase", json!({}), "NOT_PARKED", ""),
    ])
    .await;
    case.takes("coordinator", "escalateCase", to("CITY")).await;
    case.takes("manager", "escalateCase", to("PROVINCE")).await;
    case.takes("national manager", "escalateCase", to("NATION")).await;
    case.refuses([
        ("national manager", "escalateCase", to("NATION"), "ALREADY_NATIONAL", "to"),
        ("national manager", "parkCase", park(json!({ "reviewOn": null })), "REVIEW_DATE_MISSING", "reviewOn"),
        ("national manager", "parkCase", park(json!({ "reviewOn": day(0) })), "REVIEW_DATE_NOT_IN_FUTURE", "reviewOn"),
        ("manager", "parkCase", park(json!({})), "OUTSIDE_JURISDICTION", ""),
        ("coordinator", "parkCase", park(json!({})), "NOT_PERMITTED", ""),
    ])
    .await;
    case.takes("national manager", "parkCase", park(json!({}))).await;
    assert_eq!(case.shows("open parkedUntil").await, json!({ "open": true, "parkedUntil": day(90) }));
    case.refuses([("national manager", "parkCase", park(json!({})), "ALREADY_PARKED", "")]).await;
    case.takes("national manager", "unparkCase", json!({ "reason": "新装置建成" })).await;
}

async fn deadlines(world: &World, scene: &Scene) {
    let day = days();
    let case = scene.triaged(world, "期限与停表").await;
    let set = |days| json!({ "deadline": day(days) });
    let extend = |days| json!({ "deadline": day(days), "reason": "等待零件" });
    case.refuses([
        ("coordinator", "extendDeadline", extend(20), "NO_DEADLINE", ""),
        ("coordinator", "setDeadline", set(0), "DEADLINE_NOT_IN_FUTURE", "deadline"),
        ("enterprise", "setDeadline", set(9), "NOT_PERMITTED", ""),
        ("coordinator", "resumeClock", json!({}), "CLOCK_NOT_PAUSED", ""),
        ("manager", "pauseClock", json!({ "reason": "x" }), "NOT_PERMITTED", ""),
    ])
    .await;
    case.takes("coordinator", "setDeadline", set(10)).await;
    case.refuses([
        ("manager", "setDeadline", set(12), "DEADLINE_ALREADY_SET", "deadline"),
        ("manager", "extendDeadline", json!({ "deadline": day(20) }), "REASON_MISSING", "reason"),
        ("manager", "extendDeadline", extend(10), "DEADLINE_NOT_LATER", "deadline"),
        ("manager", "extendDeadline", extend(-10), "DEADLINE_NOT_LATER", "deadline"),
    ])
    .await;
    case.takes("manager", "extendDeadline", extend(20)).await;
    case.takes("coordinator", "pauseClock", json!({ "reason": "零件在途" })).await;
    assert_eq!(case.shows("clockPaused").await["clockPaused"], true);
    case.refuses([("coordinator", "pauseClock", json!({ "reason": "x" }), "CLOCK_ALREADY_PAUSED", "")]).await;
    case.takes("coordinator", "resumeClock", json!({})).await;
    assert_eq!(case.shows("deadline").await["deadline"], day(20), "paused for no working day");
    case.takes("coordinator", "pauseClock", json!({ "reason": "零件又在途" })).await;
    case.takes("manager", "extendDeadline", extend(40)).await;
    case.takes("coordinator", "resumeClock", json!({})).await;
    assert_eq!(case.shows("deadline").await["deadline"], day(40), "extended while the clock stood still");
}

async fn links(world: &World, scene: &Scene) {
    let case = scene.reported(world, "主难点").await;
    let part = scene.reported(world, "部分").await;
    let same = scene.reported(world, "同一个难点").await;
    let to = |other: &str, relation: &str| json!({ "otherCaseId": other, "relation": relation });
    let of = |other: &str| json!({ "ofCaseId": other });
    case.refuses([
        ("coordinator", "linkCases", to(&case.id, "RELATED_TO"), "LINK_TO_SELF", "otherCaseId"),
        ("coordinator", "linkCases", to(NOBODY, "RELATED_TO"), "NOT_FOUND", "otherCaseId"),
        ("enterprise", "linkCases", to(&part.id, "RELATED_TO"), "NOT_PERMITTED", ""),
        ("coordinator", "markDuplicate", of(&case.id), "LINK_TO_SELF", "ofCaseId"),
        ("coordinator", "markDuplicate", of(NOBODY), "NOT_FOUND", "ofCaseId"),
        ("visitor", "markDuplicate", of(&part.id), "NOT_PERMITTED", ""),
    ])
    .await;
    part.takes("coordinator", "linkCases", to(&case.id, "SUB_CASE_OF")).await;
    part.refuses([("coordinator", "linkCases", to(&case.id, "SUB_CASE_OF"), "LINK_EXISTS", "otherCaseId")]).await;
    case.refuses([("coordinator", "linkCases", to(&part.id, "SUB_CASE_OF"), "LINK_CYCLE", "otherCaseId")]).await;
    case.takes("coordinator", "linkCases", to(&part.id, "RELATED_TO")).await;
    same.takes("coordinator", "markDuplicate", of(&case.id)).await;
    same.is("DUPLICATE").await;
    part.refuses([("coordinator", "markDuplicate", of(&same.id), "TARGET_IS_DUPLICATE", "ofCaseId")]).await;
    assert_eq!(same.shows("duplicateOf { id }").await["duplicateOf"]["id"], case.id);
    case.refuses([("coordinator", "markDuplicate", of(&same.id), "LINK_CYCLE", "ofCaseId")]).await;
    same.refuses([
        ("enterprise", "addComment", json!({ "text": "还在吗" }), "WRONG_STATUS", ""),
        ("enterprise", "withdrawCase", json!({ "reason": "x" }), "WRONG_STATUS", ""),
    ])
    .await;
    // A case is marked a duplicate after its parts have ended, as it is closed after them.
    let instead = scene.reported(world, "另一个主难点").await;
    case.refuses([("coordinator", "markDuplicate", of(&instead.id), "SUB_CASE_OPEN", "")]).await;
    part.takes("enterprise", "withdrawCase", json!({ "reason": "已并入" })).await;
    duplicates::play(world, scene, (&same, &case)).await;
    part_of_a_closed_case(world, scene).await;
    part_of_cases_that_ended_otherwise(world, scene).await;
}

/// A part that is taken up again leaves the whole as it is, and whoever does so is told.
async fn part_of_a_closed_case(world: &World, scene: &Scene) {
    let whole = scene.reported(world, "全厂的校准").await;
    let part = scene.reported(world, "其中一台").await;
    part.takes("coordinator", "linkCases", json!({ "otherCaseId": whole.id, "relation": "SUB_CASE_OF" })).await;
    let again = || json!({ "reason": "又超差" });
    for case in [&part, &whole] {
        case.takes_all([
            ("coordinator", "triageCase", triage("CALIBRATION")),
            (
                "coordinator",
                "provideRoutineService",
                json!({ "institutionId": scene.institute, "certificate": "JZ-2" }),
            ),
            ("enterprise", "confirmSolution", json!({})),
        ])
        .await;
    }
    let reopened = part.takes("coordinator", "reopenCase", again()).await;
    assert_eq!(reopened["warnings"], json!([]), "the whole is still open");
    let close = json!({ "lesson": "先恒温，后测量", "feeTotal": "0" });
    whole.refuses([("coordinator", "closeCase", close.clone(), "SUB_CASE_OPEN", "")]).await;
    let service = json!({ "institutionId": scene.institute, "certificate": "JZ-3" });
    part.takes("coordinator", "provideRoutineService", service).await;
    part.takes("enterprise", "confirmSolution", json!({})).await;
    for case in [&part, &whole] {
        case.takes("coordinator", "closeCase", close.clone()).await;
    }
    let reopened = part.takes("coordinator", "reopenCase", again()).await;
    let message = format!(
        "the case is part of {}, CLOSED, which stays so: reopen that too if it is not solved without this part",
        number(&whole).await
    );
    let [warning] = reopened["warnings"].as_array().expect("a list").as_slice() else { panic!("{reopened:#}") };
    assert_eq!((&warning["code"], text(&warning["message"])), (&json!("WHOLE_ENDED"), message));
    whole.is("CLOSED").await;
}

/// A withdrawn case, which waits for none of its parts, and a duplicate: what goes on in its place is named.
async fn part_of_cases_that_ended_otherwise(world: &World, scene: &Scene) {
    let last = scene.reported(world, "留下的难点").await;
    let duplicate = scene.reported(world, "重复的难点").await;
    let withdrawn = scene.reported(world, "撤回的难点").await;
    let part = scene.reported(world, "两者的一部分").await;
    for whole in [&duplicate, &withdrawn] {
        let link = json!({ "otherCaseId": whole.id, "relation": "SUB_CASE_OF" });
        part.takes("coordinator", "linkCases", link).await;
    }
    withdrawn.takes("enterprise", "withdrawCase", json!({ "reason": "停产" })).await;
    part.takes_all(scene.solved_by_service()).await;
    duplicate.takes("coordinator", "markDuplicate", json!({ "ofCaseId": last.id })).await;
    let reopened = part.takes("coordinator", "reopenCase", json!({ "reason": "又超差" })).await;
    let of_duplicate = format!(
        "the case is part of {}, DUPLICATE, in whose place {} goes on: make it part of that too if that is not solved without it",
        number(&duplicate).await,
        number(&last).await
    );
    let of_withdrawn = format!(
        "the case is part of {}, WITHDRAWN, which stays so: the part goes on by itself",
        number(&withdrawn).await
    );
    let warnings = [of_duplicate, of_withdrawn].map(|message| json!({ "code": "WHOLE_ENDED", "message": message }));
    assert_eq!(reopened["warnings"], json!(warnings));
}

async fn routine_service(world: &World, scene: &Scene) {
    let case = scene.reported(world, "校准一台卡尺").await;
    let service = |more| with(json!({ "institutionId": scene.institute }), more);
    let certificate = || service(json!({ "certificate": "JZ2026-0001", "regulation": "JJG 30-2012" }));
    case.refuses([("coordinator", "provideRoutineService", certificate(), "WRONG_STATUS", "")]).await;
    case.takes("coordinator", "triageCase", triage("CALIBRATION")).await;
    case.refuses([
        ("coordinator", "provideRoutineService", service(json!({})), "EVIDENCE_MISSING", "certificate"),
        (
            "coordinator",
            "provideRoutineService",
            with(certificate(), json!({ "institutionId": NOBODY })),
            "INSTITUTION_UNKNOWN",
            "institutionId",
        ),
        ("visitor", "provideRoutineService", certificate(), "NOT_PERMITTED", ""),
    ])
    .await;
    case.takes("coordinator", "provideRoutineService", certificate()).await;
    case.is("AWAITING_CONFIRMATION").await;
    case.takes("enterprise", "rejectSolution", json!({ "reason": "证书上的编号不对" })).await;
    case.is("TRIAGED").await;
    case.takes("coordinator", "provideRoutineService", certificate()).await;
    case.takes("enterprise", "confirmSolution", json!({})).await;
    let reopened = case.takes("coordinator", "reopenCase", json!({ "reason": "第二台" })).await;
    assert_eq!(reopened["warnings"], json!([]), "there was no deadline");
    case.is("TRIAGED").await;
}

/// What is filled in afterwards is taken as it is dated, and told where the dates turn the order around.
async fn dates(world: &World, scene: &Scene) {
    let case = scene.triaged(world, "补记").await;
    case.takes("coordinator", "assignResearch", scene.assignment()).await;
    let long_ago = json!({ "occurredAt": "2026-01-06T02:00:00Z" });
    let warned = |payload: &Value| -> Vec<(Value, String)> {
        let warnings = payload["warnings"].as_array().expect("a list").iter();
        warnings.map(|warning| (warning["code"].clone(), text(&warning["message"]))).collect()
    };
    let accepted = warned(&case.takes("lead", "acceptAssignment", long_ago.clone()).await);
    let [(code, message)] = accepted.as_slice() else { panic!("{accepted:?}") };
    assert_eq!(code, "OCCURRED_BEFORE_LAST_STEP");
    assert!(message.starts_with("this is dated 2026-01-06T02:00:00Z, and the case became ASSIGNED at "), "{message}");
    let comment = json!({ "text": "当时的记录" });
    let commented = warned(&case.takes("lead", "addComment", with(comment.clone(), long_ago.clone())).await);
    let [(code, message)] = commented.as_slice() else { panic!("{commented:?}") };
    assert_eq!(code, "OCCURRED_BEFORE_REPORT");
    assert!(message.contains("the case was reported at "), "{message}");
    assert_eq!(warned(&case.takes("lead", "addComment", comment).await), []);
    assert_eq!(warned(&case.takes("lead", "recordFinding", json!({ "text": "测头磨损" })).await), []);

    // Of what is before the report as well, what it takes back is told.
    let result = json!({ "result": { "value": "25.001", "unit": "mm" } });
    let fee = json!({ "item": "GD-L-012", "serviceDate": day(-1), "amount": "800" });
    for _ in 0..2 {
        case.takes("lead", "recordMeasurement", result.clone()).await;
        case.takes("coordinator", "recordFee", fee.clone()).await;
    }
    let known = case.shows("measurements { id } fees { id }").await;
    for (who, mutation, named, list) in [
        ("lead", "retractMeasurement", "measurementId", "measurements"),
        ("coordinator", "retractFee", "feeId", "fees"),
    ] {
        let of = |place: usize| json!({ named: known[list][place]["id"], "reason": "抄写有误" });
        assert_eq!(warned(&case.takes(who, mutation, of(0)).await), []);
        let retracted = warned(&case.takes(who, mutation, with(of(1), long_ago.clone())).await);
        let [(code, message)] = retracted.as_slice() else { panic!("{retracted:?}") };
        assert_eq!(code, "OCCURRED_BEFORE_RETRACTED");
        assert!(message.contains("06T02:00:00Z, and what it takes back or replaces is dated "), "{message}");
    }
}

async fn withdrawal(world: &World, scene: &Scene) {
    let case = scene.reported(world, "企业收回").await;
    case.refuses([
        ("coordinator", "withdrawCase", json!({ "reason": "x" }), "NOT_PERMITTED", ""),
        ("national manager", "withdrawCase", json!({ "reason": "x" }), "NOT_PERMITTED", ""),
        ("enterprise", "withdrawCase", json!({ "reason": "" }), "TEXT_EMPTY", "reason"),
        ("enterprise", "withdrawCase", json!({ "reason": "\u{2060}" }), "TEXT_EMPTY", "reason"),
    ])
    .await;
    case.takes("enterprise", "withdrawCase", json!({ "reason": "自行解决" })).await;
    case.refuses([
        ("coordinator", "triageCase", triage("TESTING"), "WRONG_STATUS", ""),
        ("enterprise", "reopenCase", json!({ "reason": "x" }), "WRONG_STATUS", ""),
    ])
    .await;
    case.takes("enterprise", "addComment", json!({ "text": "谢谢" })).await;
}

async fn attachments(world: &World, scene: &Scene) {
    let case = scene.reported(world, "附原始记录").await;
    let every_byte: Vec<u8> = (0..=255).cycle().take(70_001).collect();
    let document = |bytes: &[u8], more: Value| {
        let input = json!({
            "name": "原始记录.bin", "mediaType": "application/octet-stream",
            "digest": Sha256Digest::of_bytes(bytes).as_str(), "contentBase64": STANDARD.encode(bytes),
        });
        with(input, more)
    };
    let too_large = vec![0; 4 * 1024 * 1024 + 1];
    let of_others = json!({ "digest": Sha256Digest::of_bytes(b"others").as_str() });
    case.refuses([
        ("enterprise", "addAttachment", document(&every_byte, of_others), "DIGEST_MISMATCH", "digest"),
        ("enterprise", "addAttachment", document(&every_byte, json!({ "digest": "abc" })), "DIGEST_INVALID", "digest"),
        (
            "enterprise",
            "addAttachment",
            document(&every_byte, json!({ "mediaType": "pdf" })),
            "MEDIA_TYPE_INVALID",
            "mediaType",
        ),
        ("enterprise", "addAttachment", document(&too_large, json!({})), "ATTACHMENT_TOO_LARGE", "contentBase64"),
        ("reviewer", "addAttachment", document(&every_byte, json!({})), "NOT_PERMITTED", ""),
    ])
    .await;
    case.takes("enterprise", "addAttachment", document(&every_byte, json!({}))).await;
    case.takes("visitor", "addAttachment", document(b"", json!({ "name": "空.txt", "mediaType": "text/plain" }))).await;
    let shown = case.seen_by("coordinator", "attachments { name mediaType sizeBytes digest contentBase64 }").await;
    let [first, second] = shown["attachments"].as_array().expect("a list").as_slice() else { panic!("{shown:#}") };
    assert_eq!(first["contentBase64"], STANDARD.encode(&every_byte), "byte for byte");
    assert_eq!(first["sizeBytes"], 70_001);
    assert_eq!((&second["contentBase64"], &second["sizeBytes"]), (&json!(""), &json!(0)));
}
