//! The life of one case, from the factory floor to good practice and back: every step with what is refused before it.

use serde_json::{Value, json};

use crate::life::scene::{Scene, triage};
use crate::life::script::Case;
use crate::life::world::{World, day, text, with};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

pub async fn play(world: &World, scene: &Scene) {
    let case = report(world, scene).await;
    renaming(&case).await;
    triaging(&case).await;
    assignment(&case, scene).await;
    collaboration(&case, scene).await;
    research(&case).await;
    review_and_trial(&case).await;
    confirmation(&case).await;
    records(&case).await;
    closing(world, scene, &case).await;
    publication(&case).await;
    reopening(scene, &case).await;
}

async fn report<'a>(world: &'a World, scene: &Scene) -> Case<'a> {
    let input = |more| with(scene.report("轴承内径测量重复性不足"), more);
    let unknown = json!({ "origin": { "visitId": NOBODY } });
    world
        .refuses_all([
            ("enterprise", "reportCase", input(json!({ "problem": " " })), "PROBLEM_MISSING", "problem"),
            ("enterprise", "reportCase", input(json!({ "title": "" })), "TEXT_EMPTY", "title"),
            ("enterprise", "reportCase", input(json!({ "title": "字".repeat(1000) })), "TEXT_TOO_LONG", "title"),
            ("enterprise", "reportCase", input(json!({ "title": "a\u{7}b" })), "TEXT_CONTROL_CHARACTER", "title"),
            ("enterprise", "reportCase", input(json!({ "problem": "\u{200b}" })), "PROBLEM_MISSING", "problem"),
            ("enterprise", "reportCase", input(json!({ "title": "\u{202e}b" })), "TEXT_BIDI_CONTROL", "title"),
            ("enterprise", "reportCase", input(json!({ "campaignId": NOBODY })), "NOT_ENROLLED", "campaignId"),
            ("visitor", "reportCase", input(unknown), "VISIT_UNKNOWN", "origin.visitId"),
            ("other enterprise", "reportCase", input(json!({})), "ENTERPRISE_UNKNOWN", "enterpriseId"),
            ("coordinator elsewhere", "reportCase", input(json!({})), "ENTERPRISE_UNKNOWN", "enterpriseId"),
            ("lead", "reportCase", input(json!({})), "NOT_PERMITTED", ""),
            (
                "enterprise",
                "reportCase",
                input(json!({ "occurredAt": "2099-01-01T00:00:00Z" })),
                "OCCURRED_IN_FUTURE",
                "occurredAt",
            ),
            // A case of such a year could not be numbered.
            (
                "enterprise",
                "reportCase",
                input(json!({ "occurredAt": "0001-01-01T00:00:00Z" })),
                "YEAR_INVALID",
                "occurredAt",
            ),
            (
                "coordinator",
                "reportCase",
                input(json!({ "enterpriseId": scene.campaign })),
                "ID_INVALID",
                "enterpriseId",
            ),
            (
                "enterprise",
                "reportCase",
                input(json!({ "idempotencyKey": "with space" })),
                "IDEMPOTENCY_KEY_INVALID",
                "idempotencyKey",
            ),
        ])
        .await;
    let query = "query Visits($id: ID!) { enterprise(id: $id) { visits { id } } }";
    let visits = world.ask("visitor", query, json!({ "id": scene.enterprise })).await;
    let visit = text(&visits["enterprise"]["visits"][0]["id"]);
    let seen = json!({ "origin": { "visitId": visit }, "occurredAt": "2026-11-01T01:02:03Z" });
    let case = Case { world, id: world.creates("visitor", "reportCase", input(seen)).await };
    case.is("REPORTED").await;
    case
}

async fn renaming(case: &Case<'_>) {
    let same = json!({ "title": "轴承内径测量重复性不足" });
    let other = json!({ "title": "轴承内径测量的重复性和复现性不足" });
    case.refuses([
        ("coordinator", "renameCase", same.clone(), "SAME_TITLE", "title"),
        ("enterprise", "renameCase", json!({ "title": " " }), "TEXT_EMPTY", "title"),
        ("visitor", "renameCase", other.clone(), "NOT_PERMITTED", ""),
        ("other enterprise", "renameCase", other.clone(), "NOT_FOUND", "caseId"),
    ])
    .await;
    case.takes("enterprise", "renameCase", with(other.clone(), json!({ "reason": "两班之间也不一致" }))).await;
    assert_eq!(case.shows("title").await, other);
    case.takes("coordinator", "renameCase", same.clone()).await;
    let events = case.shows("title events(first: 9) { nodes { ... on CaseRenamedEvent { from to reason } } }").await;
    assert_eq!(events["title"], same["title"]);
    let renamed = json!({ "from": same["title"], "to": other["title"], "reason": "两班之间也不一致" });
    assert_eq!(events["events"]["nodes"][1], renamed);
}

async fn triaging(case: &Case<'_>) {
    let input = |more| with(triage("RESEARCH_PROBLEM"), more);
    case.refuses([
        ("coordinator", "triageCase", input(json!({ "category": "AUV/V-21.1" })), "CATEGORY_NOT_ASSIGNED", "category"),
        ("coordinator", "triageCase", input(json!({ "category": "L/Z" })), "CATEGORY_UNKNOWN", "category"),
        ("visitor", "triageCase", input(json!({})), "NOT_PERMITTED", ""),
        ("enterprise", "triageCase", input(json!({})), "NOT_PERMITTED", ""),
        ("auditor", "triageCase", input(json!({})), "NOT_PERMITTED", ""),
        ("coordinator elsewhere", "triageCase", input(json!({})), "NOT_FOUND", "caseId"),
        ("coordinator", "triageCase", input(json!({ "expectedVersion": 7 })), "VERSION_CONFLICT", "expectedVersion"),
        ("coordinator", "acceptAssignment", json!({}), "NOT_PERMITTED", ""),
    ])
    .await;
    case.takes("coordinator", "triageCase", input(json!({ "expectedVersion": 3 }))).await;
    case.refuses([("coordinator", "triageCase", input(json!({})), "REASON_MISSING", "correctionReason")]).await;
}

async fn assignment(case: &Case<'_>, scene: &Scene) {
    let input = |more| with(scene.assignment(), more);
    let service = json!({ "institutionId": scene.institute, "certificate": "JZ-1" });
    case.refuses([
        ("coordinator", "provideRoutineService", service, "KIND_IS_RESEARCH", ""),
        ("coordinator", "assignResearch", input(json!({ "leadId": null })), "LEAD_MISSING", "leadId"),
        ("coordinator", "assignResearch", input(json!({ "leadId": NOBODY })), "PERSON_UNKNOWN", "leadId"),
        (
            "coordinator",
            "assignResearch",
            input(json!({ "leadId": scene.expert })),
            "LEAD_NOT_OF_INSTITUTION",
            "leadId",
        ),
        ("coordinator", "assignResearch", input(json!({ "deadline": day(0) })), "DEADLINE_NOT_IN_FUTURE", "deadline"),
        ("lead", "assignResearch", input(json!({})), "NOT_FOUND", "caseId"),
        ("visitor", "assignResearch", input(json!({})), "NOT_PERMITTED", ""),
        ("coordinator", "reassignResearch", input(json!({ "reason": "x" })), "WRONG_STATUS", ""),
    ])
    .await;
    case.takes("coordinator", "assignResearch", input(json!({}))).await;
    case.refuses([
        ("lead", "declineAssignment", json!({}), "REASON_MISSING", "reason"),
        ("second lead", "acceptAssignment", json!({}), "NOT_PERMITTED", ""),
        ("coordinator", "acceptAssignment", json!({}), "NOT_PERMITTED", ""),
        ("lead", "recordFinding", json!({ "text": "太早" }), "WRONG_STATUS", ""),
    ])
    .await;
    case.takes("lead", "declineAssignment", json!({ "reason": "设备检修" })).await;
    case.is("TRIAGED").await;
    case.takes("manager", "assignResearch", input(json!({}))).await;
    case.takes("lead", "acceptAssignment", json!({})).await;
    let other = |more| with(json!({ "institutionId": scene.institute, "leadId": scene.second_lead }), more);
    let same = json!({ "leadId": scene.lead, "reason": "x" });
    case.refuses([
        ("coordinator", "reassignResearch", other(json!({})), "REASON_MISSING", "reason"),
        ("coordinator", "reassignResearch", other(same), "SAME_ASSIGNMENT", "leadId"),
        (
            "coordinator",
            "reassignResearch",
            other(json!({ "reason": "x", "deadline": day(0) })),
            "DEADLINE_NOT_IN_FUTURE",
            "deadline",
        ),
        ("lead", "reassignResearch", other(json!({ "reason": "x" })), "NOT_PERMITTED", ""),
    ])
    .await;
    case.takes("coordinator", "reassignResearch", other(json!({ "reason": "领衔人出国" }))).await;
    let back = json!({ "leadId": scene.lead, "reason": "领衔人回国", "deadline": day(40) });
    case.takes("manager", "reassignResearch", other(back)).await;
    if case.shows("status").await["status"] == "ASSIGNED" {
        case.takes("lead", "acceptAssignment", json!({})).await;
    }
    case.is("RESEARCHING").await;
}

async fn collaboration(case: &Case<'_>, scene: &Scene) {
    let expert = || json!({ "expertId": scene.expert });
    assert_eq!(case.seen_by("expert", "id").await, Value::Null, "not invited: not there");
    case.refuses([
        ("expert", "acceptInvitation", json!({}), "NOT_FOUND", "caseId"),
        ("lead", "inviteExpert", json!({ "expertId": NOBODY }), "PERSON_UNKNOWN", "expertId"),
        ("lead", "inviteExpert", json!({ "expertId": scene.lead }), "ALREADY_MEMBER", "expertId"),
        ("enterprise", "inviteExpert", expert(), "NOT_PERMITTED", ""),
        ("second lead", "inviteExpert", expert(), "NOT_PERMITTED", ""),
    ])
    .await;
    case.takes("lead", "inviteExpert", with(expert(), json!({ "message": "请协助内径比较仪" }))).await;
    assert_eq!(case.seen_by("expert", "id").await["id"], case.id, "invited: there");
    case.refuses([
        ("coordinator", "inviteExpert", expert(), "ALREADY_INVITED", "expertId"),
        ("lead", "acceptInvitation", json!({}), "NOT_INVITED", ""),
        ("lead", "declineInvitation", json!({}), "NOT_INVITED", ""),
        ("expert", "recordFinding", json!({ "text": "还不是成员" }), "NOT_A_MEMBER", ""),
    ])
    .await;
    case.takes("expert", "declineInvitation", json!({ "reason": "出差" })).await;
    assert_eq!(case.seen_by("expert", "id").await, Value::Null, "declined: gone");
    case.takes("coordinator", "inviteExpert", expert()).await;
    case.takes("expert", "acceptInvitation", json!({})).await;
    case.refuses([
        ("lead", "inviteExpert", expert(), "ALREADY_MEMBER", "expertId"),
        ("lead", "leaveCase", json!({}), "LEAD_CANNOT_LEAVE", ""),
        ("second lead", "leaveCase", json!({}), "NOT_A_MEMBER", ""),
    ])
    .await;
    case.takes("expert", "leaveCase", json!({ "reason": "项目冲突" })).await;
    case.takes("lead", "inviteExpert", expert()).await;
    case.takes("expert", "acceptInvitation", json!({})).await;
}

async fn research(case: &Case<'_>) {
    let solution = |more| with(json!({ "description": "改用气动量仪比较测量" }), more);
    case.refuses([
        ("lead", "proposeSolution", solution(json!({})), "FINDING_MISSING", "findingIds"),
        ("expert", "proposeSolution", solution(json!({})), "NOT_PERMITTED", ""),
        ("visitor", "recordFinding", json!({ "text": "x" }), "NOT_PERMITTED", ""),
        ("expert", "recordFinding", json!({ "text": "x", "citations": ["JJG 146", " "] }), "TEXT_EMPTY", "citations.1"),
        (
            "expert",
            "recordFinding",
            json!({ "text": "x", "citations": vec!["JJG 146"; 51] }),
            "TOO_MANY_CITATIONS",
            "citations",
        ),
    ])
    .await;
    case.takes("expert", "recordFinding", json!({ "text": "温度梯度 1.5 K", "citations": ["JJG 146-2011"] })).await;
    case.takes("lead", "recordFinding", json!({ "text": "测力不一致" })).await;
    case.refuses([
        ("lead", "proposeSolution", solution(json!({ "findingIds": [NOBODY] })), "FINDING_UNKNOWN", "findingIds"),
        ("lead", "startTrial", json!({ "plan": "x" }), "WRONG_STATUS", ""),
    ])
    .await;
    let findings = case.shows("findings { id }").await;
    let ids = json!({ "findingIds": [findings["findings"][0]["id"]] });
    case.takes("lead", "proposeSolution", solution(ids)).await;
    case.is("SOLUTION_PROPOSED").await;
}

async fn review_and_trial(case: &Case<'_>) {
    let review = |verdict| json!({ "verdict": verdict, "comment": "核对了不确定度评定" });
    let result = |passed| json!({ "passed": passed, "summary": "连续三天，每天 30 件" });
    case.refuses([
        ("lead as reviewer", "reviewSolution", review("APPROVED"), "REVIEWER_NOT_INDEPENDENT", ""),
        ("expert as reviewer", "reviewSolution", review("APPROVED"), "REVIEWER_NOT_INDEPENDENT", ""),
        ("coordinator", "reviewSolution", review("APPROVED"), "NOT_PERMITTED", ""),
        ("lead", "startTrial", json!({ "plan": "现场 30 件" }), "NOT_REVIEWED", ""),
        ("lead", "recordTrialResult", result(true), "WRONG_STATUS", ""),
    ])
    .await;
    case.takes("reviewer", "reviewSolution", review("CHANGES_REQUESTED")).await;
    case.is("RESEARCHING").await;
    let solution = json!({ "description": "改用气动量仪，并恒温 4 h" });
    case.takes("lead", "proposeSolution", solution).await;
    case.takes("reviewer", "reviewSolution", review("APPROVED")).await;
    case.refuses([
        ("expert", "startTrial", json!({ "plan": "x" }), "NOT_PERMITTED", ""),
        ("lead", "startTrial", json!({ "plan": " " }), "TEXT_EMPTY", "plan"),
    ])
    .await;
    case.takes("lead", "startTrial", json!({ "plan": "现场 30 件" })).await;
    case.refuses([("other enterprise", "recordTrialResult", result(true), "NOT_FOUND", "caseId")]).await;
    case.takes("enterprise", "recordTrialResult", result(false)).await;
    case.is("RESEARCHING").await;
    case.takes_all([
        ("lead", "proposeSolution", json!({ "description": "气动量仪，恒温 8 h" })),
        ("reviewer", "reviewSolution", review("APPROVED")),
        ("enterprise", "startTrial", json!({ "plan": "再试 30 件" })),
        ("lead", "recordTrialResult", result(true)),
    ])
    .await;
    case.is("AWAITING_CONFIRMATION").await;
}

async fn confirmation(case: &Case<'_>) {
    case.refuses([
        ("coordinator", "confirmSolution", json!({}), "NOT_PERMITTED", ""),
        ("manager", "rejectSolution", json!({ "reason": "x" }), "NOT_PERMITTED", ""),
        ("enterprise", "rejectSolution", json!({}), "REASON_MISSING", "reason"),
        ("coordinator", "closeCase", json!({ "lesson": "x", "feeTotal": "0" }), "WRONG_STATUS", ""),
    ])
    .await;
    case.takes("enterprise", "rejectSolution", json!({ "reason": "夜班仍然超差" })).await;
    case.is("RESEARCHING").await;
    case.takes_all([
        ("lead", "proposeSolution", json!({ "description": "气动量仪，夜班恒温" })),
        ("reviewer", "reviewSolution", json!({ "verdict": "APPROVED", "comment": "同意" })),
        ("lead", "startTrial", json!({ "plan": "夜班 30 件" })),
        ("lead", "recordTrialResult", json!({ "passed": true, "summary": "全部合格" })),
        ("enterprise", "confirmSolution", json!({ "statement": "满意" })),
    ])
    .await;
    case.is("RESOLVED").await;
}

async fn records(case: &Case<'_>) {
    let technique = json!({ "technique": "气动比较测量" });
    let source = json!({ "source": { "reference": "JJG 396", "origin": "示范计量院" } });
    let internal = |text| json!({ "text": text, "audience": "INTERNAL" });
    let training = |trainees| json!({ "topic": "内径测量", "trainees": trainees, "hours": "4.5" });
    case.refuses([
        ("lead", "introduceTechnique", technique.clone(), "SOURCE_MISSING", "source"),
        ("lead", "recordTraining", training(0), "TRAINEES_MISSING", "trainees"),
        ("lead", "recordTraining", training(-3), "TRAINEES_MISSING", "trainees"),
        ("lead", "recordTraining", training(100_001), "TOO_MANY_TRAINEES", "trainees"),
        ("lead", "recordTraining", with(training(3), json!({ "hours": "10000.5" })), "HOURS_OUT_OF_RANGE", "hours"),
        ("enterprise", "recordTraining", training(3), "NOT_PERMITTED", ""),
        ("lead", "addComment", json!({ "text": "\n" }), "TEXT_EMPTY", "text"),
        ("enterprise", "addComment", internal("只对自己说"), "AUDIENCE_EXCLUDES_AUTHOR", "audience"),
        ("visitor", "addComment", internal("只对内部说"), "AUDIENCE_EXCLUDES_AUTHOR", "audience"),
        ("auditor", "addComment", json!({ "text": "审计意见" }), "NOT_PERMITTED", ""),
        ("reviewer", "addComment", json!({ "text": "评审意见" }), "NOT_PERMITTED", ""),
    ])
    .await;
    case.takes_all([
        ("expert", "introduceTechnique", with(technique, source)),
        ("visitor", "recordTraining", training(12)),
        ("lead", "addComment", json!({ "text": "请保存原始记录\n与证书" })),
        ("enterprise", "addComment", json!({ "text": "好的" })),
        ("expert", "addComment", internal("企业的记录不全")),
    ])
    .await;
}

async fn closing(world: &World, scene: &Scene, case: &Case<'_>) {
    let part = scene.reported(world, "子问题：恒温间").await;
    part.takes("coordinator", "linkCases", json!({ "otherCaseId": case.id, "relation": "SUB_CASE_OF" })).await;
    let input = |more| with(json!({ "lesson": "先恒温，后测量", "feeTotal": "0" }), more);
    case.refuses([
        ("coordinator", "closeCase", input(json!({})), "SUB_CASE_OPEN", ""),
        ("enterprise", "closeCase", input(json!({})), "NOT_PERMITTED", ""),
    ])
    .await;
    part.takes("enterprise", "withdrawCase", json!({ "reason": "已并入" })).await;
    case.refuses([
        ("coordinator", "closeCase", input(json!({ "lesson": null })), "LESSON_MISSING", "lesson"),
        ("coordinator", "closeCase", input(json!({ "feeTotal": null })), "FEE_STATEMENT_MISSING", "feeTotal"),
        ("coordinator", "closeCase", input(json!({ "feeTotal": "5" })), "FEE_STATEMENT_WRONG", "feeTotal"),
        ("manager", "publishTypicalCase", json!({ "summary": "x", "consent": "x" }), "WRONG_STATUS", ""),
    ])
    .await;
    case.takes("coordinator", "closeCase", input(json!({}))).await;
    case.is("CLOSED").await;
    // What is open becomes no part of it any more; it may have to do with it.
    let late = scene.reported(world, "子问题：迟到").await;
    let link = |relation| json!({ "caseId": late.id, "otherCaseId": case.id, "relation": relation });
    let refused = world.order("coordinator", "linkCases", &link("SUB_CASE_OF")).await;
    let error = &refused["userErrors"][0];
    assert_eq!((&error["code"], &error["field"]), (&json!("WRONG_STATUS"), &json!(["otherCaseId"])), "{refused:#}");
    world.takes("coordinator", "linkCases", link("RELATED_TO")).await;
}

async fn publication(case: &Case<'_>) {
    let input = |more| with(json!({ "summary": "内径测量从 8 µm 到 1 µm", "consent": "书面同意" }), more);
    case.refuses([
        ("manager", "publishTypicalCase", input(json!({ "consent": null })), "CONSENT_MISSING", "consent"),
        ("coordinator", "publishTypicalCase", input(json!({})), "NOT_PERMITTED", ""),
        ("manager", "retractTypicalCase", json!({ "reason": "x" }), "NOT_PUBLISHED", ""),
    ])
    .await;
    case.takes("manager", "publishTypicalCase", input(json!({}))).await;
    case.refuses([("manager", "publishTypicalCase", input(json!({})), "ALREADY_PUBLISHED", "")]).await;
    case.takes("manager", "retractTypicalCase", json!({ "reason": "企业收回同意" })).await;
    case.takes("manager", "publishTypicalCase", input(json!({}))).await;
    assert_eq!(case.shows("typical").await["typical"], true);
}

async fn reopening(scene: &Scene, case: &Case<'_>) {
    case.refuses([
        ("enterprise", "reopenCase", json!({}), "REASON_MISSING", "reason"),
        ("visitor", "reopenCase", json!({ "reason": "x" }), "NOT_PERMITTED", ""),
        ("enterprise", "withdrawCase", json!({ "reason": "x" }), "WRONG_STATUS", ""),
    ])
    .await;
    let reopened = case.takes("enterprise", "reopenCase", json!({ "reason": "换了材料，又超差" })).await;
    assert_eq!(reopened["warnings"][0]["code"], "DEADLINE_ENDED", "{reopened}");
    case.is("RESEARCHING").await;
    // What is researched again is no example to others.
    assert_eq!(case.shows("typical publication { summary }").await, json!({ "typical": false, "publication": null }));
    let to_another = json!({ "institutionId": scene.institute, "leadId": scene.second_lead, "reason": "换人" });
    case.refuses([
        ("manager", "retractTypicalCase", json!({ "reason": "x" }), "NOT_PUBLISHED", ""),
        ("coordinator", "reassignResearch", to_another, "DEADLINE_MISSING", "deadline"),
    ])
    .await;
}
