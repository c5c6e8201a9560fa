//! The schema as the server tells it: what mutations there are, what their inputs and payloads are made of.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Client;
use serde_json::{Value, json};

use crate::life::world::{read, text};

const INTROSPECTION: &str = "
    query Introspection {
        __schema {
            types {
                name
                inputFields { name type { ...Named } }
                enumValues { name }
                possibleTypes { name }
                fields { name args { name type { ...Named } } type { ...Named } }
            }
        }
    }
    fragment Named on __Type { name ofType { name ofType { name ofType { name } } } }
";

/// What the script needs of the schema.
pub struct Schema {
    /// The fields of each input, with the type of each.
    inputs: BTreeMap<String, BTreeMap<String, String>>,
    /// Input and object of the payload of each mutation.
    mutations: BTreeMap<String, (String, String)>,
    /// The names of all mutations, those among them that are no commands on the log.
    pub all_mutations: BTreeSet<String>,
    /// The input of each preview.
    previews: BTreeMap<String, String>,
    /// Every type that has global ids.
    pub nodes: BTreeSet<String>,
    /// Every code of a refusal.
    pub codes: BTreeSet<String>,
}

impl Schema {
    pub async fn of(client: &Client, url: &str, token: &str) -> Self {
        let sent = client.post(url).bearer_auth(token).json(&json!({ "query": INTROSPECTION })).send();
        let (_, answer) = read(sent.await.expect("an answer")).await;
        let types = answer["data"]["__schema"]["types"].as_array().unwrap_or_else(|| panic!("{answer:#}"));
        let by_name = |name: &str| types.iter().find(|kind| kind["name"] == name).expect("the type is there");
        let mut mutations = BTreeMap::new();
        for mutation in list(&by_name("Mutation")["fields"]) {
            let payload = by_name(&name_of(&mutation["type"]));
            // What has no receipt is no command on the log: webhooks have tests of their own.
            if !list(&payload["fields"]).iter().any(|field| field["name"] == "receipt") {
                continue;
            }
            let object = list(&payload["fields"]).iter().map(|field| text(&field["name"]));
            let common = ["receipt", "userErrors", "warnings", "conflict"];
            let object = object.into_iter().find(|field| !common.contains(&field.as_str())).expect("an object");
            mutations.insert(text(&mutation["name"]), (name_of(&mutation["args"][0]["type"]), object));
        }
        let input_fields = |kind: &Value| {
            list(&kind["inputFields"]).iter().map(|field| (text(&field["name"]), name_of(&field["type"]))).collect()
        };
        let all_mutations = list(&by_name("Mutation")["fields"]).iter().map(|field| text(&field["name"])).collect();
        Self {
            all_mutations,
            inputs: types.iter().map(|kind| (text(&kind["name"]), input_fields(kind))).collect(),
            mutations,
            previews: list(&by_name("PreviewPayload")["fields"])
                .iter()
                .map(|preview| (text(&preview["name"]), name_of(&preview["args"][0]["type"])))
                .collect(),
            nodes: list(&by_name("Node")["possibleTypes"]).iter().map(|node| text(&node["name"])).collect(),
            codes: list(&by_name("ErrorCode")["enumValues"]).iter().map(|code| text(&code["name"])).collect(),
        }
    }

    /// The names of all mutations that are commands on the log.
    pub fn mutations(&self) -> BTreeSet<String> {
        self.mutations.keys().cloned().collect()
    }

    /// The names of all commands that many may be sent of at once.
    pub fn commands(&self) -> BTreeSet<String> {
        self.inputs["CommandInput"].keys().cloned().collect()
    }

    /// The name of the payload's object: `case`, `enterprise`, …
    pub fn object_of(&self, mutation: &str) -> &str {
        &self.mutation(mutation).1
    }

    /// A document that asks for everything that a payload tells.
    pub fn document_of(&self, mutation: &str) -> String {
        let (input, object) = self.mutation(mutation);
        format!(
            "mutation Order($input: {input}!) {{ {mutation}(input: $input) {{
                {object} {{ id version }}
                receipt {{ position version eventIds recordedAt replayed }}
                userErrors {{ code field message }}
                warnings {{ code message }}
                conflict {{ currentVersion eventsSince {{ __typename id position payload }} }}
            }} }}"
        )
    }

    /// The names of all commands that can be previewed, each with the type of its input.
    pub fn previews(&self) -> &BTreeMap<String, String> {
        &self.previews
    }

    /// A document that asks for everything that a preview tells.
    pub fn preview_of(&self, mutation: &str) -> String {
        let input = &self.mutation(mutation).0;
        format!(
            "query Preview($input: {input}!) {{ preview {{ {mutation}(input: $input) {{
                events {{ __typename id type position sequence occurredAt actor {{ id }} roles payloadVersion payload }}
                version position
                receipt {{ position version eventIds recordedAt replayed }}
                userErrors {{ code field message }}
                warnings {{ code message }}
                conflict {{ currentVersion eventsSince {{ __typename id position payload }} }}
            }} }} }}"
        )
    }

    /// The type of a mutation's input.
    pub fn input_of(&self, mutation: &str) -> &str {
        &self.mutation(mutation).0
    }

    /// Whether the path leads to something in the input of the mutation.
    pub fn has_path(&self, mutation: &str, path: &str) -> bool {
        let mut kind = self.mutation(mutation).0.clone();
        path.split('.').filter(|step| !step.is_empty() && step.parse::<usize>().is_err()).all(|step| {
            let found = self.inputs.get(&kind).and_then(|fields| fields.get(step)).cloned();
            found.is_some_and(|found| {
                kind = found;
                true
            })
        })
    }

    fn mutation(&self, mutation: &str) -> &(String, String) {
        self.mutations.get(mutation).unwrap_or_else(|| panic!("there is no mutation {mutation}"))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The name at the bottom of a list or non-null type.
fn name_of(kind: &Value) -> String {
    match kind["name"].as_str() {
        Some(name) => name.to_owned(),
        None => name_of(&kind["ofType"]),
    }
}
