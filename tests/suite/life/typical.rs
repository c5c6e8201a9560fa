//! Cases that an annual summary names as worth telling.

use serde_json::{Value, json};

use crate::life::scene::Scene;
use crate::life::world::{World, with, year};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

pub async fn a_summary_names_published_cases_of_its_jurisdiction(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.reported(world, "可以推广的难点").await;
    case.takes_all(scene.solved_by_service()).await;
    let of = |division: &str, cases: Value| {
        let summary = json!({ "divisionCode": division, "year": year(0), "text": "解决 41 个难点。" });
        with(summary, json!({ "typicalCaseIds": cases }))
    };
    let unpublished = of("44", json!([case.id]));
    world.refuses(("manager", "submitAnnualSummary", unpublished, "NOT_PUBLISHED", "typicalCaseIds.0")).await;
    let publication = json!({ "summary": "校准后合格", "consent": "书面同意" });
    case.takes("manager", "publishTypicalCase", publication).await;
    let missing = of("44", json!([case.id, NOBODY]));
    world
        .refuses_all([
            ("manager", "submitAnnualSummary", missing, "NOT_FOUND", "typicalCaseIds.1"),
            // That of a neighbouring city, which does not know the case as its own.
            (
                "manager",
                "submitAnnualSummary",
                of("4401", json!([case.id])),
                "OUTSIDE_JURISDICTION",
                "typicalCaseIds.0",
            ),
        ])
        .await;
    let submitted = world.takes("manager", "submitAnnualSummary", of("44", json!([case.id, case.id]))).await;
    let query = "query Told($id: ID!) { node(id: $id) { ... on AnnualSummary { typicalCaseIds } } }";
    let told = world.ask("manager", query, json!({ "id": submitted["annualSummary"]["id"] })).await;
    assert_eq!(told["node"]["typicalCaseIds"], json!([case.id]));

    case.takes("manager", "retractTypicalCase", json!({ "reason": "企业收回同意" })).await;
    let again = with(of("44", json!([case.id])), json!({ "reason": "补报一家" }));
    world.refuses(("manager", "amendAnnualSummary", again, "NOT_PUBLISHED", "typicalCaseIds.0")).await;
}
