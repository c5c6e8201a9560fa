//! What was done wrongly is taken back: it stays in the history, and holds no more.

use serde_json::{Value, json};

use crate::life::scene::{Scene, triage};
use crate::life::script::Case;
use crate::life::world::{World, with};

pub async fn play(world: &World, scene: &Scene) {
    invitation(world, scene).await;
    membership_of_a_closed_case(world, scene).await;
    part_of_another(world, scene).await;
    triage_of_one_click(world, scene).await;
}

/// Somebody of another institution was invited by mistake, and reads the case no more.
async fn invitation(world: &World, scene: &Scene) {
    let case = scene.researching(world, "请错了人").await;
    let of = |expert: &str| json!({ "expertId": expert, "reason": "同名，请错了人" });
    case.refuses([("coordinator", "removeExpert", of(&scene.expert), "NOT_A_MEMBER", "expertId")]).await;
    case.takes("coordinator", "inviteExpert", json!({ "expertId": scene.expert })).await;
    let (invited, version) = (world.position().await.to_string(), case.shows("version").await["version"].clone());
    assert_eq!(case.seen_by("expert", "id").await["id"], case.id);
    case.refuses([
        ("expert", "removeExpert", of(&scene.expert), "NOT_PERMITTED", ""),
        ("enterprise", "removeExpert", of(&scene.expert), "NOT_PERMITTED", ""),
        ("coordinator", "removeExpert", of(&scene.lead), "LEAD_CANNOT_LEAVE", "expertId"),
        ("coordinator", "removeExpert", of(&scene.second_lead), "NOT_A_MEMBER", "expertId"),
        ("coordinator", "removeExpert", of(&case.id), "ID_INVALID", "expertId"),
        ("coordinator", "removeExpert", with(of(&scene.expert), json!({ "reason": " " })), "TEXT_EMPTY", "reason"),
    ])
    .await;
    let keyed = with(of(&scene.expert), json!({ "idempotencyKey": "remove-expert-1" }));
    case.takes("coordinator", "removeExpert", keyed.clone()).await;
    let again = world.order("coordinator", "removeExpert", &with(keyed, json!({ "caseId": case.id }))).await;
    assert_eq!(again["receipt"]["replayed"], true, "{again}");
    assert_eq!(case.seen_by("expert", "id").await, Value::Null, "taken back: gone");
    case.refuses([
        ("expert", "acceptInvitation", json!({}), "NOT_FOUND", "caseId"),
        ("lead", "removeExpert", of(&scene.expert), "NOT_A_MEMBER", "expertId"),
    ])
    .await;

    let shown = case
        .shows(&format!(
            "experts {{ membership }} diff(from: {{ version: {version} }}) {{ field events {{ type }} }}
             fieldHistory(field: EXPERTS) {{ reason event {{ ... on ExpertRemovedEvent {{ expertId reason }} }} }}
             timeline {{ nodes {{ kind chinese english }} }}"
        ))
        .await;
    assert_eq!(shown["experts"], json!([{ "membership": "REMOVED" }]));
    assert_eq!(shown["diff"], json!([{ "field": "EXPERTS", "events": [{ "type": "ExpertRemoved" }] }]));
    let last = shown["fieldHistory"].as_array().and_then(|all| all.last()).expect("a change");
    assert_eq!(last, &json!({ "reason": "同名，请错了人", "event": of(&scene.expert) }));
    let entry = json!({
        "kind": "COLLABORATION", "chinese": "移出专家：同名，请错了人", "english": "Expert removed: 同名，请错了人",
    });
    assert!(shown["timeline"]["nodes"].as_array().expect("entries").contains(&entry), "{shown}");
    assert_eq!(
        as_of(&case, "watcher", &invited, "experts { membership }").await["experts"][0]["membership"],
        "INVITED"
    );
    assert_eq!(as_of(&case, "expert", &invited, "id").await, Value::Null, "by the rights of today");

    // Another time the right one may be asked, and who has joined is removed alike.
    case.takes("lead", "inviteExpert", json!({ "expertId": scene.expert })).await;
    case.takes("expert", "acceptInvitation", json!({})).await;
    case.takes("manager", "removeExpert", of(&scene.expert)).await;
    assert_eq!(case.seen_by("expert", "id").await, Value::Null);
}

/// An invitation that nobody answered gives no right to read what has ended, and a membership ends there, too.
async fn membership_of_a_closed_case(world: &World, scene: &Scene) {
    let invite = || json!({ "expertId": scene.expert });
    let unanswered = awaiting_confirmation(world, scene, "没有答复的邀请").await;
    unanswered.takes("coordinator", "inviteExpert", invite()).await;
    assert_eq!(unanswered.seen_by("expert", "id").await["id"], unanswered.id);
    unanswered.takes("enterprise", "confirmSolution", json!({})).await;
    assert_eq!(unanswered.seen_by("expert", "id").await, Value::Null);
    assert_eq!(unanswered.shows("experts { membership }").await["experts"], json!([{ "membership": "LAPSED" }]));

    let closed = json!({ "lesson": "先核对编号", "feeTotal": "0" });
    for who in ["expert", "coordinator"] {
        let case = awaiting_confirmation(world, scene, "结案后的专家").await;
        case.takes("coordinator", "inviteExpert", invite()).await;
        case.takes("expert", "acceptInvitation", json!({})).await;
        case.takes("enterprise", "confirmSolution", json!({})).await;
        case.takes("coordinator", "closeCase", closed.clone()).await;
        assert_eq!(case.seen_by("expert", "id").await["id"], case.id, "whoever has joined reads what came of it");
        match who {
            "expert" => case.takes(who, "leaveCase", json!({})).await,
            _ => case.takes(who, "removeExpert", with(invite(), json!({ "reason": "已调离" }))).await,
        };
        assert_eq!(case.seen_by("expert", "id").await, Value::Null, "{who}");
        case.is("CLOSED").await;
    }
}

/// A case that was made part of the wrong one keeps that one from being closed, until the link is taken back.
async fn part_of_another(world: &World, scene: &Scene) {
    let whole = awaiting_confirmation(world, scene, "不是它的部分").await;
    whole.takes("enterprise", "confirmSolution", json!({})).await;
    let part = scene.reported(world, "挂错了的难点").await;
    let to = |relation: &str| json!({ "otherCaseId": whole.id, "relation": relation });
    let from = |relation: &str| with(to(relation), json!({ "reason": "选错了案例" }));
    let close = || json!({ "lesson": "先核对编号", "feeTotal": "0" });
    part.refuses([("coordinator", "unlinkCases", from("SUB_CASE_OF"), "NOT_LINKED", "otherCaseId")]).await;
    part.takes("coordinator", "linkCases", to("SUB_CASE_OF")).await;
    part.takes("coordinator", "linkCases", to("RELATED_TO")).await;
    whole.refuses([("coordinator", "closeCase", close(), "SUB_CASE_OPEN", "")]).await;
    let linked = world.position().await.to_string();
    part.refuses([
        ("enterprise", "unlinkCases", from("SUB_CASE_OF"), "NOT_PERMITTED", ""),
        ("coordinator", "unlinkCases", with(from("SUB_CASE_OF"), json!({ "reason": " " })), "TEXT_EMPTY", "reason"),
        (
            "coordinator",
            "unlinkCases",
            with(from("SUB_CASE_OF"), json!({ "otherCaseId": scene.expert })),
            "ID_INVALID",
            "otherCaseId",
        ),
        (
            "coordinator",
            "unlinkCases",
            with(from("SUB_CASE_OF"), json!({ "otherCaseId": part.id })),
            "NOT_LINKED",
            "otherCaseId",
        ),
    ])
    .await;
    let keyed = with(from("SUB_CASE_OF"), json!({ "idempotencyKey": "unlink-cases-1" }));
    part.takes("coordinator", "unlinkCases", keyed.clone()).await;
    let again = world.order("coordinator", "unlinkCases", &with(keyed, json!({ "caseId": part.id }))).await;
    assert_eq!(again["receipt"]["replayed"], true, "{again}");
    part.refuses([("coordinator", "unlinkCases", from("SUB_CASE_OF"), "NOT_LINKED", "otherCaseId")]).await;

    let links = "links { otherId relation }";
    let related = json!({ "otherId": whole.id, "relation": "RELATED_TO" });
    assert_eq!(part.shows(links).await["links"], json!([related]));
    let parts = "parts { id title }";
    assert_eq!(whole.shows(parts).await["parts"], json!([]));
    let then = as_of(&whole, "watcher", &linked, parts).await;
    assert_eq!(then["parts"][0]["id"], part.id, "{then}");
    let then = as_of(&part, "watcher", &linked, links).await;
    assert_eq!(then["links"], json!([{ "otherId": whole.id, "relation": "SUB_CASE_OF" }, related]));
    let shown = part
        .shows(
            "fieldHistory(field: LINKS) { reason event { ... on CasesUnlinkedEvent { otherCaseId relation reason } } }
             timeline { nodes { kind chinese english } }",
        )
        .await;
    let last = shown["fieldHistory"].as_array().and_then(|all| all.last()).expect("a change");
    assert_eq!(last, &json!({ "reason": "选错了案例", "event": from("SUB_CASE_OF") }));
    let entry = json!({
        "kind": "RECORD", "chinese": "解除关联：选错了案例", "english": "Unlinked from another case: 选错了案例",
    });
    assert!(shown["timeline"]["nodes"].as_array().expect("entries").contains(&entry), "{shown}");

    // Made again, it holds again; and taken back again, it keeps the whole no longer.
    part.takes("coordinator", "linkCases", to("SUB_CASE_OF")).await;
    whole.refuses([("coordinator", "closeCase", close(), "SUB_CASE_OPEN", "")]).await;
    part.takes("coordinator", "unlinkCases", from("SUB_CASE_OF")).await;
    whole.takes("coordinator", "closeCase", close()).await;
    // What has ended is put right, too.
    part.takes("enterprise", "withdrawCase", json!({ "reason": "自行解决" })).await;
    part.takes("coordinator", "unlinkCases", from("RELATED_TO")).await;
    assert_eq!(part.shows(links).await["links"], json!([]));
}

/// A case that was sorted wrongly is sorted anew, wherever it is by then, and goes on from there.
async fn triage_of_one_click(world: &World, scene: &Scene) {
    let case = scene.researching(world, "分错了类").await;
    let (sorted, version) = (world.position().await.to_string(), case.shows("version").await["version"].clone());
    let anew = |kind: &str| with(triage(kind), json!({ "correctionReason": "点错了" }));
    case.refuses([
        ("coordinator", "triageCase", triage("CALIBRATION"), "REASON_MISSING", "correctionReason"),
        ("coordinator", "triageCase", anew("RESEARCH_PROBLEM"), "NOTHING_TO_AMEND", ""),
        ("lead", "triageCase", anew("CALIBRATION"), "NOT_PERMITTED", ""),
    ])
    .await;
    let keyed = with(anew("CALIBRATION"), json!({ "severity": "MINOR", "idempotencyKey": "triage-anew-1" }));
    case.takes("coordinator", "triageCase", keyed.clone()).await;
    let again = world.order("coordinator", "triageCase", &with(keyed, json!({ "caseId": case.id }))).await;
    assert_eq!(again["receipt"]["replayed"], true, "{again}");

    let fields = "status kind severity";
    let expected = json!({ "status": "RESEARCHING", "kind": "CALIBRATION", "severity": "MINOR" });
    assert_eq!(case.shows(fields).await, expected);
    let then = as_of(&case, "watcher", &sorted, fields).await;
    assert_eq!(then, json!({ "status": "RESEARCHING", "kind": "RESEARCH_PROBLEM", "severity": "MAJOR" }));
    let shown = case
        .shows(&format!(
            "diff(from: {{ version: {version} }}) {{ field events {{ type }} }}
             fieldHistory(field: KIND) {{ reason event {{ ... on CaseTriagedEvent {{ kind correctionReason }} }} }}
             timeline {{ nodes {{ kind chinese english }} }}"
        ))
        .await;
    let of_triage = json!([{ "type": "CaseTriaged" }]);
    let moved = ["KIND", "SEVERITY"].map(|field| json!({ "field": field, "events": of_triage }));
    assert_eq!(shown["diff"], json!(moved));
    let history = json!([
        { "reason": null, "event": { "kind": "RESEARCH_PROBLEM", "correctionReason": null } },
        { "reason": "点错了", "event": { "kind": "CALIBRATION", "correctionReason": "点错了" } },
    ]);
    assert_eq!(shown["fieldHistory"], history);
    let entry = json!({
        "kind": "RECORD", "chinese": "更正分诊（L/DimMet-2.1.2，CALIBRATION，MINOR）：点错了",
        "english": "Triage corrected (L/DimMet-2.1.2, CALIBRATION, MINOR): 点错了",
    });
    assert!(shown["timeline"]["nodes"].as_array().expect("entries").contains(&entry), "{shown}");

    let early = scene.reported(world, "还没有分诊").await;
    early.refuses([("coordinator", "triageCase", anew("TESTING"), "NOTHING_TO_AMEND", "correctionReason")]).await;
    let answered = awaiting_confirmation(world, scene, "其实要攻关").await;
    answered.refuses([("coordinator", "triageCase", anew("RESEARCH_PROBLEM"), "KIND_IS_RESEARCH", "kind")]).await;
    answered.takes("enterprise", "rejectSolution", json!({ "reason": "仍不稳定" })).await;
    answered.takes("coordinator", "triageCase", anew("RESEARCH_PROBLEM")).await;
    answered.takes("coordinator", "assignResearch", scene.assignment()).await;
}

/// A case that a routine service has answered.
async fn awaiting_confirmation<'a>(world: &'a World, scene: &Scene, title: &str) -> Case<'a> {
    let case = scene.reported(world, title).await;
    case.takes("coordinator", "triageCase", triage("CALIBRATION")).await;
    let service = json!({ "institutionId": scene.institute, "certificate": "JZ-1" });
    case.takes("coordinator", "provideRoutineService", service).await;
    case
}

/// The fields of a case as somebody is shown them as of a position.
async fn as_of(case: &Case<'_>, who: &str, position: &str, fields: &str) -> Value {
    let query = format!(
        "query Then($id: ID!, $point: AsOfPoint!) {{ asOf(point: $point) {{ query {{ case(id: $id) {{ {fields} }} }} }} }}"
    );
    let asked = json!({ "id": case.id, "point": { "position": position } });
    case.world.ask(who, &query, asked).await["asOf"]["query"]["case"].clone()
}
