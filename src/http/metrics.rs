//! `/metrics` on a listener of its own: whoever reaches its address may read it, so it is given one that only the
//! scraper reaches. Nothing else is served there, and no figure is about anybody.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::app::App;
use crate::http;
use crate::telemetry::metrics::{self, metrics};
use crate::telemetry::process::resident_memory_bytes;

/// Serves the figures of this process until it is dropped.
pub async fn serve(listener: TcpListener, app: Arc<App>) {
    let routes = Router::new().route("/metrics", get(figures)).with_state(app);
    http::serve_routes(listener, routes, std::future::pending()).await;
}

async fn figures(State(app): State<Arc<App>>) -> Response {
    app.observe().await;
    if let Some(bytes) = resident_memory_bytes() {
        metrics().resident_memory.set(bytes.cast_signed());
    }
    let mut response = metrics().text().into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
    response
}
