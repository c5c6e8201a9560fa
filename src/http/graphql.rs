//! GraphQL over HTTP: `POST` with JSON for everything, `GET` for queries.
//!
//! Nobody is made to ask by a link. Only `application/json` is read: what a form of another site can send without
//! asking (text, multipart, URL-encoded) is refused. A `GET` has to show a header that no page can send to another site
//! without asking (<https://fetch.spec.whatwg.org/#cors-safelisted-request-header>): a bearer token is one, or what
//! Apollo's servers want. A proxy may add the token of whoever sits before the browser; so it shows nothing where the
//! browser tells of another site's page (<https://www.w3.org/TR/fetch-metadata/>).

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::Extension;
use axum::body::Body;
use axum::body::HttpBody;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, ORIGIN, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use tokio_util::task::TaskTracker;

use crate::app::in_place;
use crate::graphql::{Asked, Session};
use crate::http::Front;
use crate::http::accept::Accepted;
use crate::http::admission::{Account, Peer};
use crate::http::answer::{self, Refused};
use crate::http::authentication::{self, Asker};
use crate::http::body;
use crate::http::request::{Parameters, of_body, of_parameters};
use crate::http::sse;
use crate::http::trace::RequestId;
use crate::identity::token::bearer;

/// Headers one of which a `GET` has to show, but for one that carries a token.
pub(super) const NOT_BY_A_LINK: [&str; 3] = ["apollo-require-preflight", "x-apollo-operation-name", "x-requested-with"];

/// `POST /graphql`.
pub(super) async fn post(
    State(front): State<Arc<Front>>,
    Extension(request_id): Extension<RequestId>,
    Extension(peer): Extension<Peer>,
    Extension(mutations): Extension<TaskTracker>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let mut visit = Visit::of(&front, &headers, peer, request_id).await?;
    is_json(&headers)?;
    is_plain(&headers)?;
    let limits = front.schema.limits();
    let whole = body::read(body, &front.admission, &mut visit.account, &limits).await?;
    visit.answer(of_body(&whole.bytes, &limits)?, By::Post(mutations)).await
}

/// `GET /graphql`.
pub(super) async fn get(
    State(front): State<Arc<Front>>,
    Extension(request_id): Extension<RequestId>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, Refused> {
    is_no_link(&headers)?;
    let visit = Visit::of(&front, &headers, peer, request_id).await?;
    let Query(parameters) = parameters.map_err(|_| Refused::bad_request("the query string cannot be read"))?;
    let asked = of_parameters(parameters, &front.schema.limits())?;
    visit.answer(asked, By::Get).await
}

/// Every other method.
pub(super) async fn other() -> Refused {
    not_allowed("GET, POST", "send a POST with JSON, or a GET for a query")
}

/// What a request has come by.
enum By {
    /// It only queries, or subscribes.
    Get,
    /// It may be a mutation, and is then one of those of its connection that are being carried out.
    Post(TaskTracker),
}

/// A request whose asker is known, before it is known what it asks for.
struct Visit<'a> {
    front: &'a Arc<Front>,
    headers: &'a HeaderMap,
    accepted: Accepted,
    session: Session,
    account: Account,
}

impl<'a> Visit<'a> {
    async fn of(
        front: &'a Arc<Front>,
        headers: &'a HeaderMap,
        peer: Peer,
        request_id: RequestId,
    ) -> Result<Self, Refused> {
        let accepted = acceptable(headers)?;
        let Asker { actor, expires_at, credential } = authentication::asker(headers, peer, front).await?;
        let account = front.admission.open(&actor.id)?;
        let session = Session { actor, expires_at, credential, request_id: request_id.0 };
        Ok(Self { front, headers, accepted, session, account })
    }

    async fn answer(mut self, asked: Asked, by: By) -> Result<Response, Refused> {
        let Self { front, headers, accepted, .. } = self;
        let actor = self.session.actor.id.clone();
        let place = front.admission.enter(&front.app, &actor)?;
        let document = match front.schema.read(asked) {
            Ok(document) => document,
            Err(refused) => return Ok(answer::of_graphql(accepted.of_refusals(), &refused)),
        };
        front.admission.charge(&mut self.account, document.cost())?;
        // Held until the answer is made.
        let _carried_out = match (document.kind(), by) {
            (OperationType::Mutation, By::Post(mutations)) => Some(mutations.token()),
            (OperationType::Mutation, By::Get) => {
                return Err(not_allowed("POST", "a GET only queries; send a POST for everything else"));
            }
            (OperationType::Query | OperationType::Subscription, By::Get | By::Post(_)) => None,
        };
        let is_subscription = document.kind() == OperationType::Subscription;
        let media_type = match accepted.once {
            // Clients that take both name the stream for the sake of subscriptions: everything else has one answer.
            Some(media_type) if !is_subscription => Some(media_type),
            _ if accepted.events && is_subscription => {
                return in_place(place, sse::subscribe(front, headers, document, self.session)).await;
            }
            _ if accepted.events => None,
            _ => {
                let message = "a subscription is answered as text/event-stream, or over a WebSocket";
                return Err(Refused::new(StatusCode::NOT_ACCEPTABLE, "SUBSCRIPTION_NEEDS_STREAM", message));
            }
        };
        let is_query = document.kind() == OperationType::Query;
        let answered = in_place(place.clone(), front.schema.execute(document, self.session)).await;
        let response = match media_type {
            Some(media_type) => answer::of_graphql(media_type, &answered),
            None => sse::once(&answered),
        };
        let bytes = response.body().size_hint().exact().expect("an answer is all there");
        front.admission.charge_for_answer(&mut self.account, bytes);
        if is_query {
            // Others may have taken the room meanwhile. What came of a command is told whatever it takes.
            front.admission.unsent.room(&actor)?;
        }
        Ok(front.admission.unsent.watched(&actor, response).await)
    }
}

fn is_no_link(headers: &HeaderMap) -> Result<(), Refused> {
    let is_shown = NOT_BY_A_LINK.iter().any(|name| headers.get(*name).is_some_and(|value| !value.is_empty()));
    if is_shown || is_json(headers).is_ok() || is_by_a_token(headers) {
        return Ok(());
    }
    let message = "a GET shows that no link has sent it: add the header `apollo-require-preflight: true`";
    Err(Refused::new(StatusCode::BAD_REQUEST, "PREFLIGHT_HEADER_MISSING", message))
}

/// Whether somebody has put a token into it, as far as can be seen: by itself a browser sends names with passwords
/// alone.
fn is_by_a_token(headers: &HeaderMap) -> bool {
    let is_shown = bearer(headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok())).is_ok();
    // What a page of an origin that may ask does by script names that origin.
    let is_followed =
        !headers.contains_key(ORIGIN) && headers.get_all("sec-fetch-site").iter().any(|site| site != "same-origin");
    is_shown && !is_followed
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
    // Of two each reader would take another one.
    let mut given = headers.get_all(CONTENT_TYPE).iter();
    let (content_type, another) =
        (given.next().and_then(|value| value.to_str().ok()).unwrap_or_default(), given.next());
    let mut parts = content_type.split(';').map(|part| part.trim().to_ascii_lowercase());
    let is_json = parts.next().is_some_and(|essence| essence == "application/json");
    let is_utf8 = parts.all(|part| part.strip_prefix("charset=").is_none_or(|name| name.trim_matches('"') == "utf-8"));
    match is_json && is_utf8 && another.is_none() {
        true => Ok(()),
        false => {
            let message = "send the request as `Content-Type: application/json`, in UTF-8";
            Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message))
        }
    }
}

/// A body is read as it comes, in chunks or as one.
fn is_plain(headers: &HeaderMap) -> Result<(), Refused> {
    let is_encoded = headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
    let is_chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    match !is_encoded && headers.get_all(TRANSFER_ENCODING).iter().all(is_chunked) {
        true => Ok(()),
        false => {
            let message = "send the body as it is, without a `Content-Encoding` and at most in chunks";
            Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_get_shows_what_no_link_can_send() {
        let table: [(&[(&str, &'static str)], bool); 13] = [
            (&[], false),
            (&[("apollo-require-preflight", "true")], true),
            (&[("x-apollo-operation-name", "Who")], true),
            (&[("x-requested-with", "curl")], true),
            (&[("x-requested-with", "")], false),
            (&[("content-type", "application/json")], true),
            (&[("content-type", "text/plain")], false),
            (&[("accept", "application/json")], false),
            (&[("authorization", "Bearer x")], true),
            (&[("authorization", "Basic x")], false),
            (&[("authorization", "Bearer x"), ("sec-fetch-site", "same-origin")], true),
            (&[("authorization", "Bearer x"), ("sec-fetch-site", "cross-site")], false),
            (
                &[
                    ("authorization", "Bearer x"),
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://console.example"),
                ],
                true,
            ),
        ];
        for (shown, expected) in table {
            let header =
                |(name, value): &(&str, &'static str)| (name.parse().expect("a name"), HeaderValue::from_static(value));
            assert_eq!(is_no_link(&shown.iter().map(header).collect()).is_ok(), expected, "{shown:?}");
        }
    }

    #[test]
    fn only_json_in_utf8_is_read() {
        let table = [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("Application/JSON;charset=\"UTF-8\"", true),
            ("application/json; charset=latin1", false),
            ("application/json; charset=\"x-utf-8\"", false),
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
        let twice = ["application/json", "text/plain"].map(|value| (CONTENT_TYPE, HeaderValue::from_static(value)));
        assert!(is_json(&HeaderMap::from_iter(twice)).is_err(), "one of them is not");
    }
}
