//! Faults under load: 32 clients command over HTTP, each command under an idempotency key that it keeps until it is answered, while something breaks at moments that a seed decides. A server that lives then answers with a code that says to try again and goes on by itself, and an audit of the log finds every acknowledged command in it exactly once.
//!
//! `ETALON_FAULTS=long` makes every scenario longer, `ETALON_FAULTS_SEED` decides the moments. Each prints its counts.

mod attendants;
mod audit;
mod clock;
mod connections;
mod database;
mod dice;
mod disk;
mod failover;
mod full;
mod load;
mod parts;
mod power;
mod races;
mod readers;
mod scene;
mod server;
mod silence;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::server::{Installation, Who, carry_out};

const CASES: usize = 200;

const CREDIT_CODE: &str = "91440300708461136T";

const OPEN: &str = "mutation($input: OpenCampaignInput!) { openCampaign(input: $input) { campaign { id } userErrors { code message } } }";
const ENROL: &str = "mutation($input: EnrolEnterpriseInput!) { enrolEnterprise(input: $input) { enterprise { id } userErrors { code message } } }";
const REPORT: &str = "mutation($input: ReportCaseInput!) { reportCase(input: $input) { case { id number } userErrors { code message } } }";
pub const COMMENT: &str = "mutation($input: AddCommentInput!) { addComment(input: $input) { receipt { position replayed } userErrors { code message } } }";

/// How much of something: little among all the tests, much where that is asked for.
fn scaled<T>(short: T, long: T) -> T {
    match std::env::var("ETALON_FAULTS").as_deref() {
        Ok("long") => long,
        _ => short,
    }
}

/// Reports cases, so that there is something to comment on; their ids.
pub async fn report_cases(installation: &Installation, url: &str) -> Vec<String> {
    report(installation, url, CASES).await
}

/// Reports one case; its id.
pub async fn report_a_case(installation: &Installation, url: &str) -> String {
    report(installation, url, 1).await.remove(0)
}

async fn report(installation: &Installation, url: &str, cases: usize) -> Vec<String> {
    let client = reqwest::Client::new();
    let manager = installation.token(&Who::new("manager", "MANAGER", "44"));
    let token = installation.token(&coordinator());
    let campaign = json!({ "name": "计量服务走进万家中小企业", "divisionCode": "44", "startsOn": "2026-01-05", "reportingDeadline": "2026-10-31" });
    let campaign = one(&client, url, &manager, OPEN, campaign, "openCampaign", "campaign").await;
    let enterprise = json!({ "creditCode": CREDIT_CODE, "campaignId": campaign, "name": "示例轴承厂", "divisionCode": "440305", "consent": "signed" });
    let enterprise = one(&client, url, &token, ENROL, enterprise, "enrolEnterprise", "enterprise").await;
    let mut reported = Vec::with_capacity(cases);
    for number in 0..cases {
        let case = json!({ "enterpriseId": enterprise, "campaignId": campaign, "title": format!("内径测量 {number}"),
            "problem": "重复性不足 / not repeatable", "origin": { "ownReport": true } });
        reported.push(one(&client, url, &token, REPORT, case, "reportCase", "case").await);
    }
    reported
}

async fn one(
    client: &reqwest::Client,
    url: &str,
    token: &str,
    mutation: &str,
    mut input: Value,
    name: &str,
    object: &str,
) -> String {
    input["idempotencyKey"] = Uuid::new_v4().to_string().into();
    let answer = carry_out(client, url, token, mutation, input).await;
    assert_eq!(answer[name]["userErrors"], json!([]), "{answer}");
    answer[name][object]["id"].as_str().expect("an id").to_owned()
}

pub fn coordinator() -> Who {
    Who::new("coordinator", "COORDINATOR", "44")
}
