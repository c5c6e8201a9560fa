//! Somebody who has work is erased: whoever does so is told of what is left without a name.

use serde_json::{Value, json};

use crate::life::scene::{Scene, enrolment, institution, number, person, triage};
use crate::life::script::Case;
use crate::life::world::{World, day, with};

fn erasure(person: &str) -> Value {
    json!({ "personId": person, "legalBasis": "CONSENT_WITHDRAWN", "reason": "本人书面申请" })
}

fn at_work(messages: &[String]) -> Value {
    messages.iter().map(|message| json!({ "code": "PERSON_AT_WORK", "message": message })).collect()
}

pub async fn who_has_work_is_erased_with_a_word_about_it(world: &World) {
    let scene = Scene::set(world).await;
    let mut numbers = Vec::new();
    for title in ["一", "二", "三", "四", "五", "六", "七"] {
        numbers.push(number(&scene.researching(world, title).await).await);
    }
    // What has ended needs nobody.
    let withdrawn = scene.researching(world, "撤回的难点").await;
    withdrawn.takes("enterprise", "withdrawCase", json!({ "reason": "停产" })).await;
    let others = scene.triaged(world, "别人的难点").await;
    let assignment = with(scene.assignment(), json!({ "leadId": scene.second_lead }));
    others.takes("coordinator", "assignResearch", assignment).await;
    others.takes("coordinator", "inviteExpert", json!({ "expertId": scene.lead })).await;
    others.takes("lead", "acceptInvitation", json!({})).await;

    let erased = world.takes("manager", "erasePerson", erasure(&scene.lead)).await;
    let led = format!(
        "the person leads {}, 2 more: give those still at work to another lead with `reassignResearch`",
        numbers[..5].join(", ")
    );
    let joined =
        format!("the person works on {}, or is invited to do so: `removeExpert` ends that", number(&others).await);
    assert_eq!(erased["warnings"], at_work(&[led, joined]));
    let idle = world.creates("coordinator", "registerPerson", person("没有任务的人", &scene.institute)).await;
    assert_eq!(world.takes("manager", "erasePerson", erasure(&idle)).await["warnings"], json!([]));
    nobody_who_was_erased_goes_there(world, &scene).await;
}

async fn nobody_who_was_erased_goes_there(world: &World, scene: &Scene) {
    let visit = json!({
        "enterpriseId": scene.enterprise, "campaignId": scene.campaign, "visitedOn": day(0), "seen": "恒温间温度波动",
        "visitorIds": [scene.second_lead, scene.lead],
    });
    world.refuses(("visitor", "recordFieldVisit", visit, "ALREADY_ERASED", "visitorIds.1")).await;
}

/// Of work where whoever erases sees nothing it is told that there is some, and no more.
pub async fn work_elsewhere_is_told_of_without_its_numbers(world: &World) {
    let scene = Scene::set(world).await;
    let of_the_city = world.creates("coordinator", "registerInstitution", institution("4403", "市计量院")).await;
    let lead = world.creates("coordinator", "registerPerson", person("市里的人", &of_the_city)).await;
    let in_foshan = with(enrolment("91441900MADEM1A34K", &scene.campaign), json!({ "divisionCode": "440605" }));
    let enterprise = world.creates("coordinator", "enrolEnterprise", in_foshan).await;
    let report = with(scene.report("佛山的难点"), json!({ "enterpriseId": enterprise }));
    let case = Case { world, id: world.creates("coordinator", "reportCase", report).await };
    let assignment = json!({ "institutionId": of_the_city, "leadId": lead, "deadline": day(30) });
    case.takes("coordinator", "triageCase", triage("RESEARCH_PROBLEM")).await;
    case.takes("coordinator", "assignResearch", assignment).await;
    let erased = world.takes("city manager", "erasePerson", erasure(&lead)).await;
    let message = "the person leads cases that are not yours to see: give those still at work to another lead with \
        `reassignResearch`";
    assert_eq!(erased["warnings"], at_work(&[message.to_owned()]));
}
