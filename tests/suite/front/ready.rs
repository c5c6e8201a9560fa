//! Whether a server is ready, and what it says where it is not.

use serde_json::json;

use crate::front::Front;
use crate::life::scene::campaign;
use crate::support::server::{Who, answer};

#[tokio::test]
async fn a_server_whose_rows_another_version_has_made_anew_says_so() {
    let front = Front::start();
    let readiness = async || {
        let answer = front.client.get(front.at("/readyz")).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    assert_eq!(readiness().await, (200, "ready\n".to_owned()));
    let raw = sqlx::SqlitePool::connect(&front.installation.database()).await.expect("it opens");
    let renewed = sqlx::query("update log_head set rows_version = rows_version + 1").execute(&raw).await;
    renewed.expect("as a newer program does");
    let (status, told) = readiness().await;
    assert!(status == 503 && told.contains("another version of etalon"), "{status} {told}");
    // Whoever orders something is told where it may be carried out.
    let manager = front.installation.token(&Who::new("manager", "MANAGER", "44"));
    let order = "mutation Order($input: OpenCampaignInput!) { openCampaign(input: $input) { receipt { position } } }";
    let variables = json!({ "input": campaign("省级计量难点征集") });
    let ordered = answer(&front.client, &front.server.graphql, &manager, order, variables).await;
    let refused = ordered.map_err(|setback| setback.told).expect_err("it records nothing");
    assert!(refused.contains("UNAVAILABLE") && refused.contains("another server"), "{refused}");
}
