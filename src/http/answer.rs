//! Answers: a GraphQL response with its status, and refusals of what never became a GraphQL request.

use std::fmt::Display;
use std::time::Duration;

use async_graphql::ServerError;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::graphql::{self, NamedLimit};
use crate::http::accept::MediaType;
use crate::telemetry::metrics::metrics;

/// When what is not possible at the moment may be possible again.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// A refusal by the front, in the shape of a GraphQL answer so that clients can read it.
#[derive(Debug)]
pub struct Refused {
    /// The status.
    pub(crate) status: StatusCode,
    /// What a program can act on.
    pub(crate) code: &'static str,
    /// What is wrong and what would be right, for people.
    pub(crate) message: String,
    /// A header that the status asks for.
    pub(crate) header: Option<(&'static str, HeaderValue)>,
    /// When the same request may be sent again.
    pub(crate) again_in: Option<Duration>,
    /// The limit that the request is over.
    limit: Option<NamedLimit>,
}

impl Refused {
    /// A refusal with that status.
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), header: None, again_in: None, limit: None }
    }

    /// A request for more than there may be.
    pub(crate) fn over(status: StatusCode, code: &'static str, limit: NamedLimit, message: impl Display) -> Self {
        let message = format!("{message} ({})", limit.name);
        Self { limit: Some(limit), ..Self::new(status, code, message) }
    }

    /// A request that there is no room for at the moment.
    pub(crate) fn no_room(code: &'static str, limit: NamedLimit, message: &str) -> Self {
        Self::over(StatusCode::SERVICE_UNAVAILABLE, code, limit, message).again_in(SOON)
    }

    /// A request that cannot be read.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// The same refusal with a header.
    pub(crate) fn with_header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    /// The same refusal of what may be sent again after a while.
    pub(crate) fn again_in(mut self, wait: Duration) -> Self {
        self.again_in = Some(wait);
        self
    }

    /// The list of the one error, as a GraphQL answer has it.
    pub(crate) fn errors(&self) -> Value {
        let mut extensions = json!({ "code": self.code });
        if let Some(limit) = self.limit {
            extensions["limit"] = limit.name.into();
            extensions["maximum"] = limit.maximum.into();
        }
        if let Some(wait) = self.again_in {
            extensions["retryable"] = true.into();
            extensions["retryAfterSeconds"] = whole_seconds(wait).into();
        }
        json!([{ "message": self.message, "extensions": extensions }])
    }
}

/// No fraction of a second may be told, and none is taken away.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        metrics().count_refusal(self.code);
        let mut response = written(self.status, MediaType::Json, json!({ "errors": self.errors() }).to_string());
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        if let Some(wait) = self.again_in {
            response.headers_mut().insert(RETRY_AFTER, whole_seconds(wait).into());
        }
        response
    }
}

/// A GraphQL response. One that holds no `data` at all tells so by its status where the media type allows it: the
/// client's request is wrong, or has taken too long.
pub(crate) fn of_graphql(media_type: MediaType, response: &async_graphql::Response) -> Response {
    match media_type {
        MediaType::GraphqlResponse if graphql::is_request_error(response) => without_data(response, body(response)),
        MediaType::GraphqlResponse | MediaType::Json => written(StatusCode::OK, media_type, body(response)),
    }
}

/// One that says why there is no data, by its status as well.
fn without_data(response: &async_graphql::Response, body: String) -> Response {
    if !graphql::was_given_up(response) {
        return written(StatusCode::BAD_REQUEST, MediaType::GraphqlResponse, body);
    }
    let mut answer = written(StatusCode::SERVICE_UNAVAILABLE, MediaType::GraphqlResponse, body);
    answer.headers_mut().insert(RETRY_AFTER, whole_seconds(SOON).into());
    answer
}

/// The refusal of a subscription before its stream has begun, whatever it was refused for.
pub(crate) fn refused(response: &async_graphql::Response) -> Response {
    let body = format!("{{\"errors\":{}}}", errors(response));
    without_data(response, body)
}

/// A GraphQL response as JSON; one of a refused request has no `data` at all.
pub(crate) fn body(response: &async_graphql::Response) -> String {
    match graphql::is_request_error(response) {
        true => format!("{{\"errors\":{}}}", errors(response)),
        false => serde_json::to_string(response).expect("answers have string keys and no failing values"),
    }
}

/// The errors of a GraphQL response as JSON.
pub(crate) fn errors(response: &async_graphql::Response) -> String {
    serde_json::to_string(&response.errors).expect("errors have string keys and no failing values")
}

/// There is no room for another subscription on this connection or of this actor.
pub(crate) fn too_many_subscriptions(limit: NamedLimit) -> async_graphql::Response {
    over("TOO_MANY_SUBSCRIPTIONS", limit, "there are at most so many subscriptions at once")
}

/// There is no room for another operation on this connection until one of those under way has ended.
pub(crate) fn too_many_operations(limit: NamedLimit) -> async_graphql::Response {
    over("TOO_MANY_OPERATIONS", limit, "so many operations are under way here already; wait for one of them")
}

fn over(code: &'static str, limit: NamedLimit, message: &str) -> async_graphql::Response {
    metrics().count_refusal(code);
    let mut error = ServerError::new(format!("{message}: {} ({})", limit.maximum, limit.name), None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code);
    extensions.set("limit", limit.name);
    extensions.set("maximum", limit.maximum);
    extensions.set("retryable", true);
    async_graphql::Response::from_errors(vec![error])
}

/// What is not there.
pub(crate) async fn not_found() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "NOT_FOUND", "nothing is here; the API is at /graphql")
}

fn written(status: StatusCode, media_type: MediaType, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type.content_type()));
    // Answers are for one token alone.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
