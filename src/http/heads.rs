//! The heads of requests and answers: how long the one may be and how many fields it may have, and what every other
//! says to browsers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::Front;
use crate::http::answer::Refused;

/// What a browser is told about every answer. A page has a policy of its own, which lets it load what it is made of.
const SAID: [(HeaderName, HeaderValue); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Whoever has spoken TLS with this server once speaks nothing else with it, for a year.
const TLS_ALONE: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Refuses a head that is too long, and says to browsers what they may do with the answer.
pub(super) async fn keep(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    let limits = front.schema.limits();
    let lengths = [
        (length(&request), limits.of_head(), "bytes"),
        (request.headers().len() as u64, limits.of_head_fields(), "fields"),
    ];
    let mut response = match lengths.into_iter().find(|(found, limit, _)| *found > limit.maximum) {
        None => next.run(request).await,
        Some((_, limit, of_what)) => {
            let message = format!("the head of a request has at most {} {of_what}", limit.maximum);
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            Refused::over(status, "HEAD_TOO_LARGE", limit, message).into_response()
        }
    };
    let headers = response.headers_mut();
    for (name, value) in SAID {
        headers.entry(name).or_insert(value);
    }
    if front.speaks_tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, TLS_ALONE);
    }
    response
}

/// How many bytes it has, but for what separates its lines.
fn length(request: &Request) -> u64 {
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    fields.sum::<usize>() as u64 + target as u64
}
