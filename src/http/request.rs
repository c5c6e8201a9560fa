//! A request for an operation, read from a body or from a query string (GraphQL over HTTP, 5). Whatever is wrong with
//! it is told without a word of the parser's own.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::graphql::{Asked, Limits, Persisted};
use crate::http::answer::Refused;
use crate::http::parse;

/// The parameters of a `GET`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// What a body asks for.
///
/// # Errors
/// 400 for what is no JSON object of that form, batches among it.
pub fn of_body(body: &[u8], limits: &Limits) -> Result<Asked, Refused> {
    match parse::json(body, "the body", limits)? {
        Value::Object(fields) => of_fields(fields),
        Value::Array(_) => {
            let message = "batches are not answered: send one operation per request";
            Err(Refused::over(StatusCode::BAD_REQUEST, "BATCH_LIMIT_EXCEEDED", limits.of_batch(), message))
        }
        _ => Err(Refused::bad_request("the body is not a JSON object")),
    }
}

/// What a query string asks for.
///
/// # Errors
/// 400 for parameters that are not of that form.
pub(super) fn of_parameters(parameters: Parameters, limits: &Limits) -> Result<Asked, Refused> {
    let mut fields = Map::new();
    fields.extend(parameters.query.map(|query| ("query".to_owned(), Value::String(query))));
    fields.extend(parameters.operation_name.map(|name| ("operationName".to_owned(), Value::String(name))));
    for (name, text) in [("variables", parameters.variables), ("extensions", parameters.extensions)] {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            fields.insert(name.to_owned(), parse::json(text.as_bytes(), &format!("`{name}`"), limits)?);
        }
    }
    of_fields(fields)
}

/// What the fields of an object ask for.
///
/// # Errors
/// 400 for fields that are not of that form.
pub(super) fn of_fields(mut fields: Map<String, Value>) -> Result<Asked, Refused> {
    let persisted = match fields.remove("extensions") {
        None | Some(Value::Null) => None,
        Some(Value::Object(mut extensions)) => extensions.remove("persistedQuery").map(persisted).transpose()?,
        Some(_) => return Err(Refused::bad_request("`extensions` is not an object")),
    };
    let query = match fields.remove("query") {
        Some(Value::String(query)) => Some(query),
        None | Some(Value::Null) if persisted.is_some() => None,
        Some(_) => return Err(Refused::bad_request("`query` is not a string")),
        None => return Err(Refused::bad_request("`query` is missing")),
    };
    let operation_name = match fields.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
        Some(_) => return Err(Refused::bad_request("`operationName` is not a string")),
    };
    let variables = match fields.remove("variables") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables,
        Some(_) => return Err(Refused::bad_request("`variables` is not an object")),
    };
    Ok(Asked { query, operation_name, variables, persisted })
}

fn persisted(value: Value) -> Result<Persisted, Refused> {
    serde_json::from_value(value)
        .map_err(|_| Refused::bad_request("`extensions.persistedQuery` is `{ version: 1, sha256Hash: \"…\" }`"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Asked, Refused> {
        of_body(body.to_string().as_bytes(), &Limits::default())
    }

    #[test]
    fn a_body_asks_for_an_operation() {
        let asked = read(&json!({ "query": "{ a }", "operationName": null, "variables": { "x": 1 } })).unwrap();
        assert_eq!(asked.query.as_deref(), Some("{ a }"));
        assert_eq!(asked.operation_name, None);
        assert_eq!(asked.variables["x"], 1);
    }

    #[test]
    fn a_document_may_be_named_by_its_digest() {
        let named = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "ab" } } });
        let asked = read(&named).unwrap();
        assert_eq!(asked.query, None);
        assert_eq!(asked.persisted, Some(Persisted { version: 1, sha256_hash: "ab".to_owned() }));
    }

    #[test]
    fn what_is_no_request_is_refused_without_a_word_of_rust() {
        let bodies = [
            json!({}),
            json!({ "query": 7 }),
            json!({ "query": null }),
            json!({ "query": "{ a }", "operationName": [] }),
            json!({ "query": "{ a }", "variables": "x" }),
            json!({ "query": "{ a }", "extensions": 1 }),
            json!({ "query": "{ a }", "extensions": { "persistedQuery": "ab" } }),
            json!([{ "query": "{ a }" }]),
            json!(null),
        ];
        for body in bodies {
            assert_eq!(read(&body).unwrap_err().status, StatusCode::BAD_REQUEST, "{body}");
        }
    }
}
