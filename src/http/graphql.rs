//! GraphQL over HTTP: `POST` with JSON for everything, `GET` for queries.
//!
//! Only `application/json` is read: what a form of another site can send without asking (text, multipart, URL-encoded) is refused, so that nobody is made to command by a link.

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use crate::graphql::{Asked, Session};
use crate::http::Front;
use crate::http::accept::Accepted;
use crate::http::answer::{self, Refused};
use crate::http::authentication;
use crate::http::request::{Parameters, of_body, of_parameters};
use crate::http::sse;
use crate::http::trace::RequestId;

/// `POST /graphql`.
pub(super) async fn post(
    State(front): State<Arc<Front>>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let accepted = acceptable(&headers)?;
    let asker = authentication::asker(&headers, &front).await?;
    is_json(&headers)?;
    let limits = front.schema.limits();
    let body = to_bytes(body, limits.body_bytes).await.map_err(|_| {
        let message = format!("a body has at most {} bytes", limits.body_bytes);
        Refused::over(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", limits.of_body(), message)
    })?;
    let asked = of_body(&body)?;
    answer(&front, &headers, accepted, asked, None, session(asker, request_id)).await
}

/// `GET /graphql`.
pub(super) async fn get(
    State(front): State<Arc<Front>>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, Refused> {
    let accepted = acceptable(&headers)?;
    let asker = authentication::asker(&headers, &front).await?;
    let Query(parameters) = parameters.map_err(|_| Refused::bad_request("the query string cannot be read"))?;
    let asked = of_parameters(parameters)?;
    answer(&front, &headers, accepted, asked, Some(OperationType::Query), session(asker, request_id)).await
}

/// Every other method.
pub(super) async fn other() -> Refused {
    not_allowed("GET, POST", "send a POST with JSON, or a GET for a query")
}

fn session(asker: authentication::Asker, request_id: RequestId) -> Session {
    let authentication::Asker { actor, expires_at, credential } = asker;
    Session { actor, expires_at, credential, request_id: request_id.0 }
}

async fn answer(
    front: &Arc<Front>,
    headers: &HeaderMap,
    accepted: Accepted,
    asked: Asked,
    only: Option<OperationType>,
    session: Session,
) -> Result<Response, Refused> {
    let document = match front.schema.read(asked) {
        Ok(document) => document,
        Err(refused) => return Ok(answer::of_graphql(accepted.of_refusals(), &refused)),
    };
    let is_subscription = document.kind() == OperationType::Subscription;
    if only.is_some_and(|only| only != document.kind()) && !is_subscription {
        return Err(not_allowed("POST", "a GET only queries; send a POST for everything else"));
    }
    let media_type = match accepted.once {
        // Clients that take both name the stream for the sake of subscriptions: everything else has one answer.
        Some(media_type) if !is_subscription => media_type,
        _ if accepted.events => return sse::answer(front, headers, document, session).await,
        _ => {
            let message = "a subscription is answered as text/event-stream, or over a WebSocket";
            return Err(Refused::new(StatusCode::NOT_ACCEPTABLE, "SUBSCRIPTION_NEEDS_STREAM", message));
        }
    };
    let response = front.schema.execute(document, session).await;
    Ok(answer::of_graphql(media_type, &response))
}

fn not_allowed(methods: &'static str, message: &str) -> Refused {
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
        .with_header("allow", HeaderValue::from_static(methods))
}

fn acceptable(headers: &HeaderMap) -> Result<Accepted, Refused> {
    let accepted = Accepted::of(headers);
    if accepted.once.is_none() && !accepted.events {
        let message = "answers are application/graphql-response+json, application/json or text/event-stream";
        return Err(Refused::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", message));
    }
    Ok(accepted)
}

fn is_json(headers: &HeaderMap) -> Result<(), Refused> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = content_type.split(';').map(|part| part.trim().to_ascii_lowercase());
    let is_json = parts.next().is_some_and(|essence| essence == "application/json");
    let is_utf8 = parts.all(|part| !part.starts_with("charset=") || part.trim_matches('"').ends_with("utf-8"));
    match is_json && is_utf8 {
        true => Ok(()),
        false => {
            let message = "send the request as `Content-Type: application/json`, in UTF-8";
            Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf8_is_read() {
        let table = [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("Application/JSON;charset=\"UTF-8\"", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
            ("multipart/form-data; boundary=x", false),
            ("application/x-www-form-urlencoded", false),
        ];
        for (content_type, read) in table {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            assert_eq!(is_json(&headers).is_ok(), read, "{content_type}");
        }
        assert!(is_json(&HeaderMap::new()).is_err());
    }
}
