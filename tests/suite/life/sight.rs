//! Who sees what: outside one's jurisdiction there is nothing, and nothing tells otherwise.

use serde_json::{Value, json};

use crate::life::scene::{OTHER_CREDIT_CODE, Scene, enrolment, number, triage};
use crate::life::script::Case;
use crate::life::world::{World, text, uuid_of, with};
use crate::support::server::Who;

/// The code of an enterprise that does not exist, in another city.
const CREDIT_CODE_NEXT_DOOR: &str = "91441900MADEM1A34K";
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
const LIST: &str = "{ cases(first: 100) { totalCount nodes { id } } }";

/// Everybody sees their own cases, and no others.
pub async fn each_sees_their_own(world: &World) {
    let scene = Scene::set(world).await;
    let mine = scene.researching(world, "轴承厂的难点").await;
    let input = with(scene.report("另一家的难点"), json!({ "enterpriseId": scene.other_enterprise }));
    let others = Case { world, id: world.creates("other enterprise", "reportCase", input).await };
    let (mine_id, others_id) = (mine.id.as_str(), others.id.as_str());
    world.admit("county visitor", &Who::new("county-visitor", "VISITOR", "440305"));
    world.admit("visitor next door", &Who::new("visitor-next-door", "VISITOR", "440306"));
    let sees: [(&str, &[&str]); 11] = [
        ("watcher", &[mine_id, others_id]),
        ("manager", &[mine_id, others_id]),
        ("auditor", &[mine_id, others_id]),
        ("county visitor", &[mine_id, others_id]),
        ("visitor next door", &[]),
        ("enterprise", &[mine_id]),
        ("other enterprise", &[others_id]),
        ("lead", &[mine_id]),
        ("second lead", &[mine_id]),
        ("expert", &[]),
        ("coordinator elsewhere", &[]),
    ];
    for (who, expected) in sees {
        let list = world.ask(who, LIST, json!({})).await;
        let mut found: Vec<_> =
            list["cases"]["nodes"].as_array().expect("a list").iter().map(|node| &node["id"]).collect();
        found.sort_unstable_by_key(|id| id.to_string());
        let mut expected: Vec<_> = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{who}");
        assert_eq!(list["cases"]["totalCount"], expected.len(), "{who}");
        for case in [&mine, &others] {
            let is_there = expected.contains(&case.id.as_str());
            looks(case, who, is_there).await;
        }
    }
    mine.takes("lead", "inviteExpert", json!({ "expertId": scene.expert })).await;
    looks(&mine, "expert", true).await;
    mine.takes("expert", "acceptInvitation", json!({})).await;
    mine.takes("expert", "leaveCase", json!({})).await;
    looks(&mine, "expert", false).await;
}

/// Every way to ask for a case agrees on whether it is there.
async fn looks(case: &Case<'_>, who: &str, is_there: bool) {
    let query = "query Every($id: ID!, $number: String!) {
        case(id: $id) { id } caseByNumber(number: $number) { id } node(id: $id) { id } nodes(ids: [$id]) { id }
        cases(filter: { number: { eq: $number } }) { totalCount }
    }";
    let variables = json!({ "id": case.id, "number": number(case).await });
    let answer = case.world.ask(who, query, variables).await;
    let one = if is_there { json!({ "id": case.id }) } else { Value::Null };
    let count = usize::from(is_there);
    let expected =
        json!({ "case": one, "caseByNumber": one, "node": one, "nodes": [one], "cases": { "totalCount": count } });
    assert_eq!(answer, expected, "{who}");
    let event = case.shows("events(first: 1) { nodes { id } }").await["events"]["nodes"][0]["id"].clone();
    let found = case.world.ask(who, "query Event($id: ID!) { node(id: $id) { id } }", json!({ "id": event })).await;
    assert_eq!(found["node"].is_object(), is_there, "{who}");
}

/// What one may not see is refused in the same words as what is not there, whatever version is expected.
pub async fn the_unseen_looks_absent(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.triaged(world, "外省看不见").await;
    let orders = [
        ("coordinator elsewhere", "triageCase", triage("TESTING")),
        ("coordinator elsewhere", "addComment", json!({ "text": "x" })),
        ("coordinator elsewhere", "recordFee", json!({ "item": "x", "serviceDate": "2026-01-01", "amount": "1" })),
        ("other enterprise", "withdrawCase", json!({ "reason": "x" })),
        ("other enterprise", "addComment", json!({ "text": "x" })),
        ("expert", "acceptInvitation", json!({})),
        ("coordinator elsewhere", "reopenCase", json!({ "reason": "x" })),
    ];
    for (who, mutation, input) in orders {
        for expected in [json!({}), json!({ "expectedVersion": 1 }), json!({ "expectedVersion": 2 })] {
            let about = |id: &str| with(with(input.clone(), expected.clone()), json!({ "caseId": id }));
            let unseen = world.order(who, mutation, &about(&case.id)).await;
            let absent = world.order(who, mutation, &about(NOBODY)).await;
            assert_eq!(unseen["userErrors"][0]["code"], "NOT_FOUND", "{who} {mutation}");
            assert_eq!(unseen["userErrors"][0]["field"], json!(["caseId"]), "{who} {mutation}");
            assert_eq!(unseen, absent, "{who} {mutation} {expected}");
        }
    }
    // Neither does a link tell of it: a coordinator of Foshan links a case of Foshan with one of Shenzhen.
    world.admit("coordinator of foshan", &Who::new("foshan", "COORDINATOR", "4406"));
    let enterprise = with(enrolment(OTHER_CREDIT_CODE, &scene.campaign), json!({ "divisionCode": "440605" }));
    let moved = json!({ "enterpriseId": scene.other_enterprise, "campaignId": scene.campaign });
    world.takes("coordinator", "withdrawEnrolment", moved).await;
    world.takes("coordinator", "enrolEnterprise", enterprise).await;
    let report = with(scene.report("佛山的难点"), json!({ "enterpriseId": scene.other_enterprise }));
    let here = Case { world, id: world.creates("coordinator of foshan", "reportCase", report).await };
    for other in [case.id.as_str(), NOBODY] {
        let link = json!({ "otherCaseId": other, "relation": "RELATED_TO" });
        here.refuses([("coordinator of foshan", "linkCases", link, "NOT_FOUND", "otherCaseId")]).await;
    }
}

/// The auditor reads everything in scope and changes nothing.
pub async fn the_auditor_changes_nothing(world: &World) {
    let scene = Scene::set(world).await;
    let reported = scene.reported(world, "新报告").await;
    let researching = scene.researching(world, "攻关中").await;
    let position = world.position().await;
    for case in [&reported, &researching] {
        let shown = case
            .seen_by(
                "auditor",
                "number events { nodes { payload } } allowedCommands { mutation allowed reasons { code } }",
            )
            .await;
        assert!(shown["events"]["nodes"].as_array().is_some_and(|events| !events.is_empty()));
        for command in shown["allowedCommands"].as_array().expect("a list") {
            assert_eq!(command["allowed"], false, "{command}");
            assert_eq!(command["reasons"][0]["code"], "NOT_PERMITTED", "{command}");
            assert!(world.schema.mutations().contains(command["mutation"].as_str().expect("a name")), "{command}");
        }
    }
    reported
        .refuses([
            ("auditor", "triageCase", triage("TESTING"), "NOT_PERMITTED", ""),
            ("auditor", "addComment", json!({ "text": "x" }), "NOT_PERMITTED", ""),
            ("auditor", "closeCase", json!({ "lesson": "x", "feeTotal": "0" }), "NOT_PERMITTED", ""),
        ])
        .await;
    assert_eq!(world.position().await, position);
}

/// A case is not closed while a part of it is open, wherever that is. Its number is for those who see it.
pub async fn the_unseen_is_not_named(world: &World) {
    let scene = Scene::set(world).await;
    let whole = scene.reported(world, "全市的难点").await;
    whole.takes("coordinator", "triageCase", triage("TESTING")).await;
    let service = json!({ "institutionId": scene.institute, "certificate": "JZ-1" });
    whole.takes("coordinator", "provideRoutineService", service).await;
    whole.takes("enterprise", "confirmSolution", json!({})).await;
    let next_door = with(enrolment(CREDIT_CODE_NEXT_DOOR, &scene.campaign), json!({ "divisionCode": "440605" }));
    let next_door = world.creates("coordinator", "enrolEnterprise", next_door).await;
    let speaker = Who { enterprise: Some(uuid_of(&next_door)), ..Who::new("next-door", "ENTERPRISE", "CN") };
    world.admit("enterprise next door", &speaker);
    let there = with(scene.report("邻市的部分"), json!({ "enterpriseId": next_door }));
    let there = Case { world, id: world.creates("enterprise next door", "reportCase", there).await };
    let here = scene.reported(world, "本市的部分").await;

    let told = async |who: &str| {
        let input = json!({ "caseId": whole.id, "lesson": "先恒温，后测量", "feeTotal": "0" });
        let payload = world.order(who, "closeCase", &input).await;
        assert_eq!(payload["userErrors"][0]["code"], "SUB_CASE_OPEN", "{who}: {payload}");
        text(&payload["userErrors"][0]["message"])
    };
    let part_of = json!({ "otherCaseId": whole.id, "relation": "SUB_CASE_OF" });
    there.takes("coordinator", "linkCases", part_of.clone()).await;
    let begins = "still open, and part of this case: ";
    assert_eq!(told("city manager").await, format!("{begins}cases that are not yours to see"));
    assert_eq!(told("coordinator").await, format!("{begins}{}", number(&there).await));
    here.takes("coordinator", "linkCases", part_of).await;
    let expected = format!("{begins}{}, cases that are not yours to see", number(&here).await);
    assert_eq!(told("city manager").await, expected);
    let all = told("coordinator").await;
    assert!(all.contains(&number(&there).await) && all.contains(&number(&here).await), "{all}");

    let parts = async |who: &str| {
        let asked = "query($id: ID!) { case(id: $id) { parts { number } } }";
        world.ask(who, asked, json!({ "id": whole.id })).await["case"]["parts"].clone()
    };
    assert_eq!(parts("city manager").await, json!([{ "number": number(&here).await }]));
    assert_eq!(parts("coordinator").await.as_array().map(Vec::len), Some(2));
}

/// The number of the case that goes on in the place of a duplicate is told of every moment by the rights of today: to
/// whoever works on it now, and not to whoever did then.
pub async fn the_original_is_named_by_the_rights_of_today(world: &World) {
    let scene = Scene::set(world).await;
    let original = scene.researching(world, "换过机构的难点").await;
    let report = with(scene.report("同一个难点"), json!({ "enterpriseId": scene.other_enterprise }));
    let theirs = Case { world, id: world.creates("other enterprise", "reportCase", report).await };
    theirs.takes("coordinator", "markDuplicate", json!({ "ofCaseId": original.id })).await;
    let speaks_and_works = |actor: &str, role, institution: &str| Who {
        roles: vec!["ENTERPRISE", role],
        enterprise: Some(uuid_of(&scene.other_enterprise)),
        institution: Some(uuid_of(institution)),
        ..Who::new(actor, "ENTERPRISE", "CN")
    };
    world.admit("of the institute", &speaks_and_works("of-the-institute", "LEAD", &scene.institute));
    world.admit("of the university", &speaks_and_works("of-the-university", "EXPERT", &scene.university));
    let then = world.position().await.to_string();
    let query = "query Then($id: ID!, $point: AsOfPoint!) { asOf(point: $point) { query { case(id: $id) {
        duplicateOf { number }
    } } } }";
    let told = async |who: &str| {
        let asked = json!({ "id": theirs.id, "point": { "position": then } });
        world.ask(who, query, asked).await["asOf"]["query"]["case"]["duplicateOf"]["number"].clone()
    };
    let (seen, unseen) = (json!(number(&original).await), json!(null));
    assert_eq!((told("of the institute").await, told("of the university").await), (seen.clone(), unseen.clone()));
    let to = json!({ "institutionId": scene.university, "leadId": scene.expert, "deadline": null, "reason": "换人" });
    original.takes("coordinator", "reassignResearch", to).await;
    assert_eq!((told("of the institute").await, told("of the university").await), (unseen, seen));
}
