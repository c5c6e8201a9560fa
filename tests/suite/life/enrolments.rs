//! Cases of an enterprise that was not enrolled yet, or is not any more, and of campaigns that have not begun or have ended.

use serde_json::{Value, json};

use crate::life::scene::{CREDIT_CODE, Scene, campaign, enrolment, triage};
use crate::life::script::Case;
use crate::life::world::{World, day, with};

fn codes(payload: &Value) -> Vec<&Value> {
    payload["warnings"].as_array().expect("a list").iter().map(|warning| &warning["code"]).collect()
}

pub async fn a_report_from_before_its_enrolment_is_warned_of(world: &World) {
    let scene = Scene::set(world).await;
    for (dated, expected) in [
        // The campaign starts on the 5th in UTC+8, and the enterprise was enrolled just now.
        ("2026-01-04T15:59:59Z", vec!["OCCURRED_BEFORE_ENROLMENT", "OCCURRED_BEFORE_CAMPAIGN"]),
        ("2026-01-04T16:00:00Z", vec!["OCCURRED_BEFORE_ENROLMENT"]),
    ] {
        let report = with(scene.report("早已存在的难点"), json!({ "occurredAt": dated }));
        assert_eq!(codes(&world.takes("coordinator", "reportCase", report).await), expected, "{dated}");
    }
    assert_eq!(codes(&world.takes("coordinator", "reportCase", scene.report("今天的难点")).await), [""; 0]);
    one_that_has_come_back_was_on_the_list_before(world, &scene).await;
}

async fn one_that_has_come_back_was_on_the_list_before(world: &World, scene: &Scene) {
    let campaign = world.creates("manager", "openCampaign", campaign("又一次活动")).await;
    let enrolment = || enrolment(CREDIT_CODE, &campaign);
    let dated = |input, at: &str| with(input, json!({ "occurredAt": at }));
    let withdrawal = json!({ "enterpriseId": scene.enterprise, "campaignId": campaign });
    world.takes("coordinator", "enrolEnterprise", dated(enrolment(), "2026-01-06T02:00:00Z")).await;
    world.takes("enterprise", "withdrawEnrolment", dated(withdrawal, "2026-01-08T02:00:00Z")).await;
    world.takes("coordinator", "enrolEnterprise", enrolment()).await;
    for (at, expected) in [
        ("2026-01-05T02:00:00Z", vec!["OCCURRED_BEFORE_ENROLMENT"]),
        ("2026-01-07T02:00:00Z", vec![]),
        ("2026-01-09T02:00:00Z", vec!["OCCURRED_BEFORE_ENROLMENT"]),
    ] {
        let report = dated(with(scene.report("那时的难点"), json!({ "campaignId": campaign })), at);
        assert_eq!(codes(&world.takes("coordinator", "reportCase", report).await), expected, "{at}");
    }
}

pub async fn a_visit_of_a_day_before_the_enrolment_is_warned_of(world: &World) {
    let scene = Scene::set(world).await;
    for (visited_on, expected) in [(day(-2), vec!["OCCURRED_BEFORE_ENROLMENT"]), (day(0), vec![])] {
        let visit = json!({
            "enterpriseId": scene.enterprise, "campaignId": scene.campaign, "visitedOn": visited_on,
            "seen": "量规互相比对",
        });
        assert_eq!(codes(&world.preview("visitor", "recordFieldVisit", &visit).await), expected, "{visited_on}");
        assert_eq!(codes(&world.takes("visitor", "recordFieldVisit", visit).await), expected, "{visited_on}");
    }
}

/// The difficulty is there all the same: whoever takes it up again is told what its enterprise and its campaign are by now.
pub async fn a_reopening_after_its_campaign_is_warned_of(world: &World) {
    let scene = Scene::set(world).await;
    let first = world.creates("manager", "openCampaign", campaign("头一次活动")).await;
    let second = world.creates("manager", "openCampaign", campaign("接续的活动")).await;
    world.takes("coordinator", "enrolEnterprise", enrolment(CREDIT_CODE, &first)).await;
    let report = with(scene.report("又超差的难点"), json!({ "campaignId": first }));
    let case = Case { world, id: world.creates("enterprise", "reportCase", report).await };
    case.takes("coordinator", "triageCase", triage("CALIBRATION")).await;
    let withdrawal = |campaign: &str| json!({ "enterpriseId": scene.enterprise, "campaignId": campaign });
    for (who, mutation, input, expected) in [
        ("manager", "closeCampaign", json!({ "campaignId": first, "successorId": second }), vec![]),
        ("manager", "closeCampaign", json!({ "campaignId": second }), vec!["CAMPAIGN_ENDED"]),
        ("enterprise", "withdrawEnrolment", withdrawal(&first), vec!["ENROLMENT_ENDED", "CAMPAIGN_ENDED"]),
    ] {
        // All but the triage, which stands.
        case.takes_all(scene.solved_by_service().into_iter().skip(1)).await;
        world.takes(who, mutation, input).await;
        let reopened = case.takes("enterprise", "reopenCase", json!({ "reason": "又超差" })).await;
        assert_eq!(codes(&reopened), expected, "after {mutation}");
        case.is("TRIAGED").await;
    }
}
