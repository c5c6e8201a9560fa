//! The README's first session runs as it stands, on the demonstration, with the tokens that it prints.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::support::server::program;

const README: &str = include_str!("../../README.md");
const PLACEHOLDER: &str = "THE ID FROM ABOVE";

/// One question of the session.
struct Step {
    /// Whose token it is asked with.
    role: String,
    query: String,
    variables: Value,
}

#[tokio::test]
async fn the_first_session_works_on_the_demonstration() {
    let demo = Demo::start();
    let client = reqwest::Client::new();
    let mut id = Value::Null;
    let mut answers = Vec::new();
    for step in steps() {
        let variables =
            serde_json::from_str(&step.variables.to_string().replace(PLACEHOLDER, id.as_str().unwrap_or(PLACEHOLDER)))
                .expect("still JSON");
        let variables: Value = variables;
        let token = demo.tokens.get(&step.role).unwrap_or_else(|| panic!("a token of the role {}", step.role));
        let body = json!({ "query": step.query, "variables": variables });
        let answer = client.post(&demo.graphql).bearer_auth(token).json(&body).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{}\n{answer:#}", step.query);
        if let Some(found) = answer.pointer("/data/cases/nodes/0/id") {
            id = found.clone();
        }
        answers.push(answer["data"].clone());
    }

    let [worst, waiting, triaged, refused, history, seen] = answers.as_slice() else {
        panic!("the session has six questions, not {}", answers.len());
    };
    assert!(worst["cases"]["nodes"].as_array().is_some_and(|nodes| !nodes.is_empty()), "{worst:#}");
    assert_eq!(worst["cases"]["nodes"][0]["gap"]["closed"], false);
    assert_eq!(waiting["cases"]["nodes"].as_array().map(Vec::len), Some(1), "{waiting:#}");
    assert_eq!(triaged["triageCase"]["userErrors"], json!([]));
    assert_eq!(triaged["triageCase"]["case"]["status"], "TRIAGED");
    // All that is wrong with it, as the README says.
    let told = json!([
        { "code": "LEAD_MISSING", "field": ["leadId"], "message": "name the person who answers for it" },
    ]);
    assert_eq!(refused["assignResearch"]["userErrors"], told);
    let events = history["cases"]["nodes"][0]["events"]["nodes"].as_array().expect("a history");
    assert_eq!(events[0]["__typename"], "CaseReportedEvent");
    assert!(events.len() > 5, "{history:#}");
    let found = &seen["search"]["edges"][0];
    assert_eq!((&seen["search"]["totalCount"], &found["fragments"][0]["field"]), (&json!(1), &json!("PROBLEM")));
}

/// The questions of the section, each with the JSON block of variables that follows it.
fn steps() -> Vec<Step> {
    let section = README.split("## A first session").nth(1).and_then(|rest| rest.split("\n## ").next());
    let section = section.expect("the README has a first session");
    let mut steps: Vec<Step> = Vec::new();
    let mut role = String::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        if let Some(named) = line.strip_prefix("**As the ").and_then(|rest| rest.split("**").next()) {
            role = named.to_owned();
        }
        let mut block = || lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join("\n");
        match line {
            "```graphql" => steps.push(Step { role: role.clone(), query: block(), variables: json!({}) }),
            "```json" => {
                let variables = serde_json::from_str(&block()).expect("variables are JSON");
                steps.last_mut().expect("variables follow their question").variables = variables;
            }
            _ => {}
        }
    }
    steps
}

/// A running demonstration; ended when dropped.
struct Demo {
    child: Child,
    graphql: String,
    tokens: HashMap<String, String>,
}

impl Demo {
    fn start() -> Self {
        let mut child = program()
            .args(["demo", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let mut graphql = None;
        let mut tokens = HashMap::new();
        while let Some(line) = lines.next() {
            let line = line.expect("text");
            if let Some(address) = line.strip_prefix("Programs ask ") {
                graphql = Some(address.to_owned());
            }
            // «ROLE (actor, place)» and under it the token.
            if let Some((role, _)) =
                line.split_once(" (").filter(|(role, _)| role.bytes().all(|byte| byte.is_ascii_uppercase()))
            {
                tokens.insert(role.to_owned(), lines.next().expect("a token").expect("text"));
            }
            if line.starts_with("curl ") {
                break;
            }
        }
        Self { child, graphql: graphql.expect("the demonstration says where it is"), tokens }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Told, not killed, so that it throws its folder away; it may have ended already.
        let _ = std::process::Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}
