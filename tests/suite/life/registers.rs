//! Campaigns, institutions, persons, enrolments, visits, catalogues and annual summaries, with every refusal of theirs.

use serde_json::{Value, json};

use crate::erasure::imported::import;
use crate::life::scene::{CREDIT_CODE, Scene, campaign, enrolment, institution, person};
use crate::life::world::{World, day, with, year};

/// A UUID that nothing has.
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

pub async fn play(world: &World, scene: &Scene) {
    campaigns(world, scene).await;
    institutions_and_persons(world, scene).await;
    enrolments(world, scene).await;
    visits(world, scene).await;
    annual_summaries(world).await;
}

async fn campaigns(world: &World, scene: &Scene) {
    let wrong = |more| with(campaign("另一个活动"), more);
    world
        .refuses_all([
            (
                "manager",
                "openCampaign",
                wrong(json!({ "reportingDeadline": "2026-01-04" })),
                "REPORTING_DEADLINE_BEFORE_START",
                "reportingDeadline",
            ),
            ("manager", "openCampaign", wrong(json!({ "endsOn": "2026-01-04" })), "PERIOD_EMPTY", "endsOn"),
            ("manager", "openCampaign", wrong(json!({ "divisionCode": "9999" })), "DIVISION_UNKNOWN", "divisionCode"),
            ("manager", "openCampaign", wrong(json!({ "divisionCode": "32" })), "OUTSIDE_JURISDICTION", "divisionCode"),
            ("coordinator", "openCampaign", campaign("另一个活动"), "NOT_PERMITTED", ""),
            ("auditor", "openCampaign", campaign("另一个活动"), "NOT_PERMITTED", ""),
            ("manager", "closeCampaign", json!({ "campaignId": NOBODY }), "CAMPAIGN_UNKNOWN", "campaignId"),
            ("coordinator", "closeCampaign", json!({ "campaignId": scene.campaign }), "NOT_PERMITTED", ""),
            ("city manager", "closeCampaign", json!({ "campaignId": scene.campaign }), "OUTSIDE_JURISDICTION", ""),
        ])
        .await;
    let of_shenzhen = |name: &str| wrong(json!({ "name": name, "divisionCode": "4403", "endsOn": day(400) }));
    let local = world.creates("city manager", "openCampaign", of_shenzhen("深圳的活动")).await;
    let closing = |campaign: &str, successor: &str| json!({ "campaignId": campaign, "successorId": successor });
    world
        .refuses_all([
            ("manager", "closeCampaign", closing(&local, &local), "CAMPAIGN_UNKNOWN", "successorId"),
            ("manager", "closeCampaign", closing(&local, NOBODY), "CAMPAIGN_UNKNOWN", "successorId"),
            ("manager", "closeCampaign", closing(&scene.campaign, &local), "OUTSIDE_JURISDICTION", "successorId"),
        ])
        .await;

    // A case that is still open keeps its campaign open, until another takes it.
    let other = enrolment("91440402MADEM1A69W", &local);
    let other = world.creates("coordinator", "enrolEnterprise", other).await;
    let report = with(scene.report("转交的难点"), json!({ "enterpriseId": other, "campaignId": local }));
    world.creates("coordinator", "reportCase", report).await;
    let alone = json!({ "campaignId": local });
    world.refuses(("manager", "closeCampaign", alone.clone(), "CAMPAIGN_HAS_OPEN_CASES", "successorId")).await;
    // Nor is that one closed for as long, or whichever follows it: they answer for the case.
    let [second, third] = ["深圳的后续活动", "深圳的再后续活动"].map(of_shenzhen);
    let second = world.creates("city manager", "openCampaign", second).await;
    let third = world.creates("city manager", "openCampaign", third).await;
    for (closed, successor) in [(&local, &second), (&second, &third), (&third, &scene.campaign)] {
        let alone = json!({ "campaignId": closed });
        world.refuses(("manager", "closeCampaign", alone, "CAMPAIGN_HAS_OPEN_CASES", "successorId")).await;
        world.takes("manager", "closeCampaign", closing(closed, successor)).await;
    }
    world.refuses(("manager", "closeCampaign", alone, "CAMPAIGN_CLOSED", "campaignId")).await;
    world
        .refuses_all([
            ("coordinator", "enrolEnterprise", enrolment(CREDIT_CODE, &local), "CAMPAIGN_CLOSED", "campaignId"),
            ("manager", "closeCampaign", closing(&scene.campaign, &local), "CAMPAIGN_UNKNOWN", "successorId"),
        ])
        .await;
}

async fn institutions_and_persons(world: &World, scene: &Scene) {
    let someone = person("某人", &scene.institute);
    let affiliated = |affiliation: Value| with(someone.clone(), json!({ "affiliation": affiliation }));
    let amended = |more| with(json!({ "institutionId": scene.institute }), more);
    let amended_person = |more| with(json!({ "personId": scene.lead }), more);
    let unknown_person = json!({ "personId": NOBODY, "name": "某人" });
    world
        .refuses_all([
            ("coordinator", "registerInstitution", institution("4499", "无此地"), "DIVISION_UNKNOWN", "divisionCode"),
            ("coordinator", "registerInstitution", institution("32", "外省"), "OUTSIDE_JURISDICTION", "divisionCode"),
            ("lead", "registerInstitution", institution("44", "自己"), "NOT_PERMITTED", ""),
            (
                "coordinator",
                "amendInstitution",
                json!({ "institutionId": NOBODY }),
                "INSTITUTION_UNKNOWN",
                "institutionId",
            ),
            ("coordinator", "amendInstitution", amended(json!({ "name": "示范计量院" })), "NOTHING_TO_AMEND", ""),
            (
                "coordinator",
                "amendInstitution",
                amended(json!({ "divisionCode": "32" })),
                "OUTSIDE_JURISDICTION",
                "divisionCode",
            ),
            ("coordinator elsewhere", "amendInstitution", amended(json!({ "name": "x" })), "OUTSIDE_JURISDICTION", ""),
            ("coordinator", "registerPerson", affiliated(Value::Null), "AFFILIATION_MISSING", "affiliation"),
            (
                "coordinator",
                "registerPerson",
                affiliated(json!({ "institutionId": NOBODY })),
                "INSTITUTION_UNKNOWN",
                "affiliation.institutionId",
            ),
            (
                "coordinator",
                "registerPerson",
                affiliated(json!({ "enterpriseId": NOBODY })),
                "ENTERPRISE_UNKNOWN",
                "affiliation.enterpriseId",
            ),
            (
                "coordinator",
                "registerPerson",
                affiliated(json!({ "bureauDivisionCode": "x" })),
                "DIVISION_UNKNOWN",
                "affiliation.bureauDivisionCode",
            ),
            (
                "coordinator",
                "registerPerson",
                with(someone.clone(), json!({ "fields": ["L", "nonsense"] })),
                "CATEGORY_UNKNOWN",
                "fields.1",
            ),
            ("coordinator elsewhere", "registerPerson", someone.clone(), "OUTSIDE_JURISDICTION", "affiliation"),
            ("enterprise", "registerPerson", someone.clone(), "NOT_PERMITTED", ""),
            ("coordinator", "amendPerson", unknown_person, "PERSON_UNKNOWN", "personId"),
            ("coordinator", "amendPerson", amended_person(json!({ "name": "领衔人" })), "NOTHING_TO_AMEND", ""),
        ])
        .await;
    world.takes("coordinator", "amendInstitution", amended(json!({ "accreditation": "CNAS" }))).await;
    // What is not named is kept, what is null is cleared.
    world.takes("coordinator", "amendPerson", amended_person(json!({ "telephone": null }))).await;
    let query = "query Look($id: ID!) { person(id: $id) { name telephone } }";
    let shown = world.ask("coordinator", query, json!({ "id": scene.lead })).await;
    assert_eq!(shown["person"], json!({ "name": "领衔人", "telephone": null }));
    world.creates("manager", "registerPerson", affiliated(json!({ "bureauDivisionCode": "4403" }))).await;
    world.creates("manager", "registerPerson", affiliated(json!({ "enterpriseId": scene.enterprise }))).await;
    erasure(world, scene).await;
}

async fn erasure(world: &World, scene: &Scene) {
    let somebody = world.creates("coordinator", "registerPerson", person("要忘记的人", &scene.institute)).await;
    let erase = |more| with(json!({ "personId": somebody, "legalBasis": "CONSENT_WITHDRAWN" }), more);
    let reason = || json!({ "reason": "本人书面申请" });
    world
        .refuses_all([
            ("coordinator", "erasePerson", erase(reason()), "NOT_PERMITTED", ""),
            ("auditor", "erasePerson", erase(reason()), "NOT_PERMITTED", ""),
            // Who does not see the person is told what is told of an id that nothing has.
            ("city manager", "erasePerson", erase(reason()), "PERSON_UNKNOWN", "personId"),
            ("manager", "erasePerson", erase(json!({})), "REASON_MISSING", "reason"),
            (
                "manager",
                "erasePerson",
                with(erase(reason()), json!({ "personId": NOBODY })),
                "PERSON_UNKNOWN",
                "personId",
            ),
        ])
        .await;
    let before = world.position().await;
    let query = "query Look($id: ID!, $then: Position!) {
        person(id: $id) { ...Shown } asOf(point: { position: $then }) { query { person(id: $id) { ...Shown } } }
    } fragment Shown on Person { name telephone erased capacity }";
    let asked = json!({ "id": somebody, "then": before.to_string() });
    let known = json!({ "name": "要忘记的人", "telephone": "020-12345678", "erased": false, "capacity": "EXPERT" });
    let shown = world.ask("coordinator", query, asked.clone()).await;
    assert_eq!((&shown["person"], &shown["asOf"]["query"]["person"]), (&known, &known));

    world.takes("manager", "erasePerson", erase(reason())).await;
    let gone = json!({ "name": null, "telephone": null, "erased": true, "capacity": "EXPERT" });
    let shown = world.ask("coordinator", query, asked).await;
    assert_eq!((&shown["person"], &shown["asOf"]["query"]["person"]), (&gone, &gone));
    let again = json!({ "personId": somebody, "name": "另一个名字" });
    world
        .refuses_all([
            ("manager", "erasePerson", erase(reason()), "ALREADY_ERASED", "personId"),
            ("coordinator", "amendPerson", again, "ALREADY_ERASED", "personId"),
        ])
        .await;
}

async fn enrolments(world: &World, scene: &Scene) {
    let good = enrolment("91441900MADEM1A34K", &scene.campaign);
    let wrong = |more| with(good.clone(), more);
    let withdrawal = json!({ "enterpriseId": scene.enterprise, "campaignId": scene.campaign });
    let again = enrolment(CREDIT_CODE, &scene.campaign);
    world
        .refuses_all([
            (
                "coordinator",
                "enrolEnterprise",
                wrong(json!({ "creditCode": "91441900MADEM1A34" })),
                "CREDIT_CODE_LENGTH",
                "creditCode",
            ),
            (
                "coordinator",
                "enrolEnterprise",
                wrong(json!({ "creditCode": "91441900MADEM1A34I" })),
                "CREDIT_CODE_CHARACTER",
                "creditCode",
            ),
            (
                "coordinator",
                "enrolEnterprise",
                wrong(json!({ "creditCode": "91441900MADEM1A340" })),
                "CREDIT_CODE_CHECK",
                "creditCode",
            ),
            ("coordinator", "enrolEnterprise", again.clone(), "ALREADY_ENROLLED", "campaignId"),
            ("coordinator", "enrolEnterprise", wrong(json!({ "consent": null })), "CONSENT_MISSING", "consent"),
            (
                "coordinator",
                "enrolEnterprise",
                wrong(json!({ "campaignId": NOBODY })),
                "CAMPAIGN_UNKNOWN",
                "campaignId",
            ),
            (
                "coordinator",
                "enrolEnterprise",
                wrong(json!({ "divisionCode": "3205" })),
                "OUTSIDE_JURISDICTION",
                "divisionCode",
            ),
            ("visitor", "enrolEnterprise", good.clone(), "NOT_PERMITTED", ""),
            ("enterprise", "enrolEnterprise", good.clone(), "NOT_PERMITTED", ""),
            ("other enterprise", "withdrawEnrolment", withdrawal.clone(), "ENTERPRISE_UNKNOWN", "enterpriseId"),
            (
                "coordinator",
                "withdrawEnrolment",
                with(withdrawal.clone(), json!({ "enterpriseId": NOBODY })),
                "ENTERPRISE_UNKNOWN",
                "enterpriseId",
            ),
        ])
        .await;
    world.takes("enterprise", "withdrawEnrolment", withdrawal.clone()).await;
    let not_own = with(scene.report("不是自报"), json!({ "origin": { "ownReport": false } }));
    world
        .refuses_all([
            ("enterprise", "withdrawEnrolment", withdrawal, "NOT_ENROLLED", "campaignId"),
            ("enterprise", "reportCase", scene.report("没有报名"), "NOT_ENROLLED", "campaignId"),
            ("enterprise", "reportCase", not_own, "REQUIRED", "origin.ownReport"),
            ("visitor", "recordFieldVisit", visit(scene, json!({})), "NOT_ENROLLED", "campaignId"),
        ])
        .await;
    world.takes("enterprise", "enrolEnterprise", again).await;
    let moved = json!({ "enterpriseId": scene.enterprise, "address": "南山区示例路 2 号" });
    world.takes("coordinator", "amendEnterprise", moved).await;
    contacts(world, good).await;
    imported_persons(world).await;
}

async fn imported_persons(world: &World) {
    let case = import(world, 2).await;
    let erase = |more| with(json!({ "caseId": case, "legalBasis": "RETENTION_ENDED" }), more);
    let reason = || json!({ "reason": "旧系统记录已过保存期限" });
    world
        .refuses_all([
            ("coordinator", "eraseImportedPersons", erase(reason()), "NOT_PERMITTED", ""),
            ("manager", "eraseImportedPersons", erase(json!({})), "REASON_MISSING", "reason"),
        ])
        .await;
    world.takes("manager", "eraseImportedPersons", erase(reason())).await;
    world.refuses_all([("manager", "eraseImportedPersons", erase(reason()), "ALREADY_ERASED", "")]).await;
}

async fn contacts(world: &World, enrolment: Value) {
    let enterprise = world.creates("coordinator", "enrolEnterprise", enrolment).await;
    let erase = |more| with(json!({ "enterpriseId": enterprise, "legalBasis": "PURPOSE_ENDED" }), more);
    let reason = || json!({ "reason": "联系人已离职" });
    world
        .refuses_all([
            ("coordinator", "eraseContact", erase(reason()), "NOT_PERMITTED", ""),
            ("manager", "eraseContact", erase(json!({})), "REASON_MISSING", "reason"),
            (
                "manager",
                "eraseContact",
                with(erase(reason()), json!({ "enterpriseId": NOBODY })),
                "ENTERPRISE_UNKNOWN",
                "enterpriseId",
            ),
        ])
        .await;
    world.takes("manager", "eraseContact", erase(reason())).await;
    let query = "query Look($id: ID!) { enterprise(id: $id) { contact { name } name } }";
    let shown = world.ask("coordinator", query, json!({ "id": enterprise })).await;
    assert_eq!(shown["enterprise"]["contact"], Value::Null);
    world.refuses_all([("manager", "eraseContact", erase(reason()), "NOT_FOUND", "enterpriseId")]).await;
}

fn visit(scene: &Scene, more: Value) -> Value {
    let input = json!({
        "enterpriseId": scene.enterprise, "campaignId": scene.campaign, "visitedOn": day(0), "place": "磨工车间",
        "seen": "内径千分尺重复性不足", "needs": ["CALIBRATION", "TRAINING"],
    });
    with(input, more)
}

async fn visits(world: &World, scene: &Scene) {
    let strangers = json!({ "visitorIds": [scene.lead, NOBODY] });
    let crowd = json!({ "visitorIds": vec![scene.lead.clone(); 101] });
    world
        .refuses_all([
            (
                "visitor",
                "recordFieldVisit",
                // Tomorrow may have come when it is read.
                visit(scene, json!({ "visitedOn": day(2) })),
                "VISIT_IN_FUTURE",
                "visitedOn",
            ),
            ("visitor", "recordFieldVisit", visit(scene, strangers), "PERSON_UNKNOWN", "visitorIds.1"),
            ("visitor", "recordFieldVisit", visit(scene, crowd), "TOO_MANY_IDS", "visitorIds"),
            ("visitor", "recordFieldVisit", visit(scene, json!({ "seen": "" })), "TEXT_EMPTY", "seen"),
            ("enterprise", "recordFieldVisit", visit(scene, json!({})), "NOT_PERMITTED", ""),
            ("lead", "recordFieldVisit", visit(scene, json!({})), "NOT_PERMITTED", ""),
        ])
        .await;
    world.takes("visitor", "recordFieldVisit", visit(scene, json!({}))).await;
    world.takes("coordinator", "recordFieldVisit", visit(scene, json!({ "visitorIds": [scene.lead] }))).await;
}

async fn annual_summaries(world: &World) {
    let input =
        |years| json!({ "divisionCode": "44", "year": year(years), "text": "走访 120 家企业，解决 41 个难点。" });
    let wrong = |more| with(input(0), more);
    let twice = json!({ "figures": [{ "name": "走访", "value": "120" }, { "name": "走访", "value": "121" }] });
    let two_names =
        json!({ "figures": [{ "name": "走访次数", "value": "777" }, { "name": "VISITS_MADE", "value": "2" }] });
    let two_names = with(two_names, json!({ "reason": "x" }));
    world
        .refuses_all([
            ("manager", "submitAnnualSummary", input(1), "YEAR_INVALID", "year"),
            ("manager", "submitAnnualSummary", wrong(json!({ "year": 100_000 })), "YEAR_INVALID", "year"),
            ("manager", "submitAnnualSummary", wrong(twice), "ALREADY_EXISTS", "figures.1.name"),
            (
                "manager",
                "submitAnnualSummary",
                wrong(json!({ "divisionCode": "32" })),
                "OUTSIDE_JURISDICTION",
                "divisionCode",
            ),
            ("coordinator", "submitAnnualSummary", input(0), "NOT_PERMITTED", ""),
            ("manager", "amendAnnualSummary", with(input(0), json!({ "reason": "x" })), "NOT_SUBMITTED", ""),
        ])
        .await;
    // The year before is late, which is told and not refused.
    let late = world.takes("manager", "submitAnnualSummary", input(-1)).await;
    assert_eq!(late["warnings"][0]["code"], "SUBMITTED_LATE");
    let figures = json!({ "figures": [{ "name": "走访", "value": "120" }], "goodPractice": ["一企一策"] });
    world.takes("manager", "submitAnnualSummary", wrong(figures)).await;
    world
        .refuses_all([
            ("manager", "amendAnnualSummary", wrong(two_names), "ALREADY_EXISTS", "figures"),
            ("manager", "submitAnnualSummary", input(0), "ALREADY_SUBMITTED", "year"),
            ("manager", "amendAnnualSummary", input(0), "REASON_MISSING", "reason"),
            ("auditor", "amendAnnualSummary", with(input(0), json!({ "reason": "x" })), "NOT_PERMITTED", ""),
        ])
        .await;
    world.takes("manager", "amendAnnualSummary", with(input(0), json!({ "reason": "补报一家" }))).await;
}
