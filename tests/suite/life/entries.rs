//! An enterprise's entry is corrected: its enrolments, its cases and the figures stay, and so does its past.

use serde_json::{Value, json};

use crate::life::scene::Scene;
use crate::life::world::{World, day, with, year};

/// A UUID that nothing has.
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

const LOOK: &str = "query Look($id: ID!, $then: Position!) {
    enterprise(id: $id) { ...Shown } asOf(point: { position: $then }) { query { enterprise(id: $id) { ...Shown } } }
} fragment Shown on Enterprise {
    name address creditCode division { code } contact { name telephone }
    enrolments { enrolledAt withdrawnAt consent campaign { id } }
}";

const YEAR: &str = "query Year($year: Int!) {
    province: annualFigures(divisionCode: \"44\", year: $year) { figures { name value evidence { count } } }
    there: annualFigures(divisionCode: \"440305\", year: $year) { figures { name value } }
    here: annualFigures(divisionCode: \"440311\", year: $year) { figures { name value } }
}";

/// What moves with an enterprise, and what does not.
const COUNTED: [&str; 3] = ["ENTERPRISES_ENROLLED", "VISITS_MADE", "CASES_REPORTED"];

fn counted_in<'a>(year: &'a Value, place: &str) -> [&'a str; 3] {
    let figures = year[place]["figures"].as_array().expect("a list");
    let figure = |name: &str| figures.iter().find(|figure| figure["name"] == name).expect("every figure is told");
    COUNTED.map(|name| figure(name)["value"].as_str().expect("a number"))
}

pub async fn an_entry_is_corrected(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.reported(world, "内径测量").await;
    let visit = json!({
        "enterpriseId": scene.enterprise, "campaignId": scene.campaign, "visitedOn": day(0), "seen": "量具互校",
    });
    world.takes("visitor", "recordFieldVisit", visit).await;
    refusals(world, &scene).await;
    let asked = json!({ "id": scene.enterprise, "then": world.position().await.to_string() });
    let look = async || world.ask("coordinator", LOOK, asked.clone()).await;
    let counted = async || world.ask("watcher", YEAR, json!({ "year": year(0) })).await;
    let (before, figures) = (look().await["enterprise"].clone(), counted().await);

    let amended = |more: &Value| with(json!({ "enterpriseId": scene.enterprise }), more.clone());
    let called = json!({ "contact": { "name": "赵某", "telephone": "0755-87654321" } });
    world.takes("enterprise", "amendEnterprise", amended(&called)).await;
    let moved = json!({ "name": "示例轴承股份有限公司", "address": "光明区示例路 1 号" });
    let there = with(moved.clone(), json!({ "divisionCode": "440311" }));
    world.takes("coordinator", "amendEnterprise", amended(&there)).await;

    let corrected = with(with(with(before.clone(), called), moved), json!({ "division": { "code": "440311" } }));
    let shown = look().await;
    assert_eq!((&shown["enterprise"], &shown["asOf"]["query"]["enterprise"]), (&corrected, &before));
    let now = counted().await;
    assert_eq!(now["province"], figures["province"]);
    assert_eq!((counted_in(&figures, "there"), counted_in(&figures, "here")), (["2", "1", "1"], ["0", "0", "0"]));
    assert_eq!((counted_in(&now, "there"), counted_in(&now, "here")), (["1", "0", "1"], ["1", "1", "0"]));
    let case = case.shows("division { code } enterprise { name }").await;
    assert_eq!((&case["division"]["code"], &case["enterprise"]["name"]), (&json!("440305"), &corrected["name"]));

    // What is null is taken away, and what is left out is another input.
    let keyed = |more: Value| with(amended(&more), json!({ "idempotencyKey": "taken-away" }));
    let taken_away = keyed(json!({ "address": null, "contact": null }));
    world.takes("enterprise", "amendEnterprise", taken_away.clone()).await;
    let again = world.order("enterprise", "amendEnterprise", &taken_away).await;
    assert_eq!(again["receipt"]["replayed"], true, "{again:#}");
    let left_out = keyed(json!({ "address": null }));
    world.refuses(("enterprise", "amendEnterprise", left_out, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey")).await;
    let nothing = json!({ "address": null, "contact": null });
    assert_eq!(look().await["enterprise"], with(corrected, nothing));
}

async fn refusals(world: &World, scene: &Scene) {
    let amended = |more: Value| with(json!({ "enterpriseId": scene.enterprise }), more);
    let renamed = || amended(json!({ "name": "又一名称" }));
    // Whom to call is compared although it is sealed.
    let the_same = json!({
        "name": "示例轴承厂 / Example Bearings", "divisionCode": "440305", "address": null,
        "contact": { "name": "王某", "telephone": "0755-12345678" },
    });
    let of_nobody = json!({ "enterpriseId": NOBODY, "name": "又一名称" });
    let to_jiangsu = || amended(json!({ "divisionCode": "3205" }));
    world
        .refuses_all([
            ("enterprise", "amendEnterprise", amended(json!({})), "NOTHING_TO_AMEND", ""),
            ("coordinator", "amendEnterprise", amended(the_same), "NOTHING_TO_AMEND", ""),
            ("coordinator", "amendEnterprise", to_jiangsu(), "OUTSIDE_JURISDICTION", "divisionCode"),
            // It would leave where the campaign serves that it is enrolled in.
            ("enterprise", "amendEnterprise", to_jiangsu(), "OUTSIDE_JURISDICTION", "divisionCode"),
            ("manager", "amendEnterprise", renamed(), "NOT_PERMITTED", ""),
            ("visitor", "amendEnterprise", renamed(), "NOT_PERMITTED", ""),
            ("other enterprise", "amendEnterprise", renamed(), "ENTERPRISE_UNKNOWN", "enterpriseId"),
            ("coordinator elsewhere", "amendEnterprise", renamed(), "ENTERPRISE_UNKNOWN", "enterpriseId"),
            ("coordinator", "amendEnterprise", of_nobody, "ENTERPRISE_UNKNOWN", "enterpriseId"),
        ])
        .await;
}

pub async fn an_entry_is_corrected_on_any_list_or_none(world: &World) {
    let scene = Scene::set(world).await;
    let moved = |enterprise: &str| json!({ "enterpriseId": enterprise, "divisionCode": "3205" });
    for (who, enterprise) in [("enterprise", &scene.enterprise), ("other enterprise", &scene.other_enterprise)] {
        let moved = moved(enterprise);
        world.refuses((who, "amendEnterprise", moved, "OUTSIDE_JURISDICTION", "divisionCode")).await;
    }
    let withdrawal = json!({ "enterpriseId": scene.enterprise, "campaignId": scene.campaign });
    world.takes("enterprise", "withdrawEnrolment", withdrawal).await;
    world.takes("enterprise", "amendEnterprise", moved(&scene.enterprise)).await;

    world.takes("manager", "closeCampaign", json!({ "campaignId": scene.campaign })).await;
    world.takes("other enterprise", "amendEnterprise", moved(&scene.other_enterprise)).await;
}
