//! Bytes in and out: routes, negotiation, identity, limits. What a request means is for `graphql`.

mod accept;
mod answer;
mod authentication;
mod graphql;
mod health;
mod ledger;
pub mod metrics;
mod patience;
pub mod request;
mod sse;
mod streams;
mod trace;
mod ws;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tower_http::compression::CompressionLayer;

use crate::app::App;
use crate::console;
use crate::graphql::{self as api, Schema, StreamLimits};
use crate::identity::Verifier;
use patience::Patient;
use streams::Streams;

/// What the front holds requests and streams to.
#[derive(Clone, Debug)]
pub struct Limits {
    /// What requests are held to.
    pub requests: api::Limits,
    /// What streams are held to.
    pub streams: StreamLimits,
    /// Origins, besides the server's own, whose pages may open a WebSocket.
    pub allowed_origins: Vec<String>,
}

/// What every handler has at hand.
struct Front {
    app: Arc<App>,
    verifier: Verifier,
    schema: Schema,
    streams: Streams,
    allowed_origins: Vec<String>,
}

impl Front {
    fn new(app: Arc<App>, verifier: Verifier, limits: Limits) -> Self {
        Self {
            schema: Schema::new(app.clone(), limits.requests, limits.streams),
            streams: Streams::new(limits.streams),
            allowed_origins: limits.allowed_origins,
            app,
            verifier,
        }
    }

    /// When that time comes; at once when it has come.
    fn instant_of(&self, time: Timestamp) -> Instant {
        let left = time.duration_since(self.app.now());
        Instant::now() + Duration::try_from(left).unwrap_or_default()
    }
}

/// The routes.
fn router(front: Arc<Front>) -> Router {
    let take_sockets = axum::middleware::from_fn_with_state(front.clone(), ws::upgrade);
    Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post).fallback(graphql::other).layer(take_sockets))
        .route("/log/checkpoint", get(ledger::checkpoint))
        .route("/log/tile/{*path}", get(ledger::tile))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(console::router())
        .fallback(answer::not_found)
        // Small answers and streams of events are sent as they are.
        .layer(CompressionLayer::new())
        .layer(axum::middleware::from_fn_with_state(front.clone(), trace::follow))
        .with_state(front)
}

/// Serves until `shutdown` comes, then answers what is under way, tells every stream where to go on, and returns.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    verifier: Verifier,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let front = Arc::new(Front::new(app, verifier, limits));
    let ends = {
        let front = front.clone();
        async move {
            shutdown.await;
            front.streams.stop.cancel();
        }
    };
    let served = axum::serve(Patient(listener), router(front.clone())).with_graceful_shutdown(ends).await;
    // WebSockets have left the server's own count of connections.
    front.streams.ended().await;
    served
}
