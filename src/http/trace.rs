//! One span per request, with an id that the client is told, and nothing in it that is secret.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use crate::http::Front;
use crate::telemetry::metrics::{metrics, route};
use crate::telemetry::traces::continue_trace;

/// What the server's log calls a request.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

/// Follows a request from its first byte to its status. Its route is logged, its path and query string are not: whoever asks
/// may have put anything there.
pub(super) async fn follow(State(front): State<Arc<Front>>, mut request: Request, next: Next) -> Response {
    let id = front.app.new_id().to_string();
    let route = route(request.uri().path());
    let span = tracing::info_span!("request", id = %id, method = %request.method(), route);
    continue_trace(&span, request.headers());
    let header = HeaderValue::from_str(&id).expect("a UUID is visible ASCII");
    request.extensions_mut().insert(RequestId(id));
    let began = front.app.now();
    let mut response = next.run(request).instrument(span.clone()).await;
    response.headers_mut().insert("x-request-id", header);
    let took = front.app.now().duration_since(began);
    metrics().count_request(route, response.status().as_u16(), took.as_secs_f64());
    span.in_scope(|| {
        tracing::debug!(status = response.status().as_u16(), microseconds = %took.as_micros(), "answered");
    });
    response
}
