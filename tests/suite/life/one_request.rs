//! Many fields in one request: those of one response name are one, and each of a mutation sees what those before it have
//! changed.

use serde_json::json;

use crate::life::scene::Scene;
use crate::life::world::{World, position_of};

pub async fn fields_of_a_mutation_go_on_from_one_another(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.researching(world, "一个请求").await;
    let query = "mutation($said: AddCommentInput!, $amended: AmendPersonInput!, $registered: AmendInstitutionInput!) {
        a: addComment(input: $said) { ...Shown }
        b: amendPerson(input: $amended) { person { name } userErrors { code } }
        c: amendInstitution(input: $registered) { institution { name } userErrors { code } }
        d: addComment(input: $said) { ...Shown }
    } fragment Shown on AddCommentPayload { case { lead { name } institution { name } } userErrors { code } }";
    let variables = json!({
        "said": { "caseId": case.id, "text": "说了又说" },
        "amended": { "personId": scene.lead, "name": "改名的领衔人" },
        "registered": { "institutionId": scene.institute, "name": "改名的计量院" },
    });
    let shown = world.ask("coordinator", query, variables).await;
    let before =
        json!({ "case": { "lead": { "name": "领衔人" }, "institution": { "name": "示范计量院" } }, "userErrors": [] });
    let after = json!({ "case": { "lead": { "name": "改名的领衔人" }, "institution": { "name": "改名的计量院" } }, "userErrors": [] });
    assert_eq!((&shown["a"], &shown["d"]), (&before, &after), "{shown:#}");
}

pub async fn a_command_that_is_selected_again_is_carried_out_once(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.reported(world, "选了又选").await;
    let before = world.position().await;
    let said = json!({ "said": { "caseId": case.id, "text": "只说一次" } });
    let query = "mutation($said: AddCommentInput!) {
        addComment(input: $said) { receipt { position } } ...More addComment(input: $said) { userErrors { code } }
    } fragment More on Mutation { addComment(input: $said) { case { id } } }";
    let shown = world.ask("coordinator", query, said.clone()).await;
    let expected = json!({
        "receipt": { "position": (before + 1).to_string() }, "userErrors": [], "case": { "id": case.id },
    });
    assert_eq!(shown["addComment"], expected);
    assert_eq!(world.position().await, before + 1);

    // By the defaults of conditions.
    let query = "mutation($said: AddCommentInput!, $yes: Boolean! = true, $no: Boolean! = false) {
        a: addComment(input: $said) @skip(if: $yes) { receipt { position } }
        ...More @include(if: $no) b: addComment(input: $said) @include(if: $yes) { receipt { position } }
    } fragment More on Mutation { c: addComment(input: $said) { receipt { position } } }";
    let shown = world.ask("coordinator", query, said).await;
    assert_eq!(position_of(&shown["b"]["receipt"]), before + 2, "{shown}");
    assert_eq!(world.position().await, before + 2);
}

/// What is looked up twice is refused twice, and may be of two moments.
pub async fn what_a_query_selects_again_is_looked_up_once(world: &World) {
    let scene = Scene::set(world).await;
    let case = scene.reported(world, "问了又问").await;
    let here = json!({ "cases": { "nodes": [{ "id": case.id, "title": "问了又问" }] }, "case": null });
    let then = format!("asOf(point: {{ position: \"{}\" }})", world.position().await);
    let composed = "fragment A on Query { cases(first: 1) { nodes { id } } case(id: \"none\") { id } }
        fragment B on Query { cases(first: 1) { nodes { title } } ... { case(id: \"none\") { title } } }";
    // Nor is a list further down looked up twice.
    let (similar, again) = ("fragment C on Case { similar(first: 21) { id } }", "similar(first: 21) { score }");
    let node = format!("node(id: \"{}\")", case.id);
    for (query, shown, path) in [
        (format!("{{ ...A ...B }} {composed}"), here.clone(), json!(["case"])),
        (
            format!("{{ {then} {{ query {{ ...A }} }} ... {{ {then} {{ query {{ ...B }} }} }} }} {composed}"),
            json!({ "asOf": { "query": here } }),
            json!(["asOf", "query", "case"]),
        ),
        (
            format!("{{ cases(first: 1) {{ nodes {{ ... on Node {{ ...C }} {again} }} }} }} {similar}"),
            json!({ "cases": { "nodes": [{ "similar": null }] } }),
            json!(["cases", "nodes", 0, "similar"]),
        ),
        (
            format!("{{ {node} {{ ...C }} {node} {{ id ... on Case {{ {again} }} }} }} {similar}"),
            json!({ "node": { "similar": null, "id": case.id } }),
            json!(["node", "similar"]),
        ),
    ] {
        let (_, answer) = world.post("watcher", &query, json!({})).await;
        assert_eq!(answer["data"], shown, "{answer:#}");
        let refused = answer["errors"].as_array().expect("it asks for what there is not");
        assert_eq!((refused.len(), &refused[0]["path"]), (1, &path), "{answer:#}");
    }
}
