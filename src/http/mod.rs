//! Bytes in and out: routes, negotiation, identity, limits. What a request means is for `graphql`.

mod accept;
mod admission;
mod answer;
mod arriving;
mod authentication;
mod body;
mod bucket;
mod coding;
mod drain;
mod gate;
mod graphql;
mod heads;
mod health;
mod hosts;
mod incoming;
mod ledger;
mod lingering;
pub mod metrics;
mod origin;
mod parse;
mod patience;
pub mod request;
mod serving;
mod sse;
mod streams;
mod tls;
mod trace;
mod unsent;
mod updates;
mod ws;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use jiff::Timestamp;
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tower_http::compression::CompressionLayer;

use crate::app::App;
use crate::console;
use crate::graphql::{self as api, Schema, StreamLimits};
use crate::identity::Verifier;
use crate::telemetry::metrics::metrics;
use admission::Admission;
use drain::Drain;
use hosts::Hosts;
use serving::Speech;
use streams::Streams;
pub use tls::{Tls, TlsError};

/// What the front holds requests and streams to.
#[derive(Clone, Debug)]
pub struct Limits {
    /// What requests are held to.
    pub requests: api::Limits,
    /// What streams are held to.
    pub streams: StreamLimits,
    /// Origins, besides the server's own, whose pages may ask.
    pub allowed_origins: Vec<String>,
    /// Names that the server answers to, besides those of this machine for itself; where there are none and others
    /// reach it, any.
    pub hosts: Vec<String>,
    /// How long after it was told to end the server waits for whoever has not sent a request or taken an answer, and for
    /// queries that go on.
    pub shutdown_timeout: Duration,
}

/// Where requests come in.
pub struct Entrance {
    /// The address.
    pub listener: TcpListener,
    /// The certificate that it has; none where plain HTTP is spoken.
    pub tls: Option<Arc<Tls>>,
}

/// What every handler has at hand.
struct Front {
    app: Arc<App>,
    verifier: Verifier,
    schema: Schema,
    streams: Streams,
    drain: Drain,
    admission: Admission,
    hosts: Hosts,
    allowed_origins: Vec<String>,
    speaks_tls: bool,
}

impl Front {
    fn new(app: Arc<App>, verifier: Verifier, limits: Limits, entrance: &Entrance) -> Self {
        Self {
            schema: Schema::new(app.clone(), limits.requests, limits.streams),
            streams: Streams::new(limits.streams),
            drain: Drain::within(limits.shutdown_timeout),
            admission: Admission::new(limits.requests),
            hosts: Hosts::new(limits.hosts, entrance.listener.local_addr().ok()),
            allowed_origins: limits.allowed_origins,
            speaks_tls: entrance.tls.is_some(),
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
    let take_sockets = from_fn_with_state(front.clone(), ws::upgrade);
    let api = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post).fallback(graphql::other).layer(take_sockets))
        .route("/log/checkpoint", get(ledger::checkpoint))
        .route("/log/tile/{*path}", get(ledger::tile))
        .layer(from_fn_with_state(front.clone(), origin::hold));
    let api = match origin::cors(&front.allowed_origins) {
        Some(cors) => api.layer(cors),
        None => api,
    };
    api.merge(console::router())
        .fallback(answer::not_found)
        .layer(from_fn_with_state(front.clone(), hosts::hold))
        .layer(from_fn(gate::hold))
        // Whoever looks after the server is answered by whatever name it is asked, and however many ask.
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        // Small answers and streams of events are sent as they are.
        .layer(CompressionLayer::new())
        .layer(from_fn(coding::choose))
        .layer(from_fn_with_state(front.clone(), heads::keep))
        .layer(from_fn_with_state(front.clone(), trace::follow))
        .with_state(front)
}

/// Serves until `shutdown` comes, then answers what is under way, tells every stream where to go on, and returns: whoever
/// is slow is waited for until the time for that is over, and mutations that are being carried out whatever they take.
pub async fn serve(
    entrance: Entrance,
    app: Arc<App>,
    verifier: Verifier,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let figure = &metrics().connections;
    let speech = Speech::plain(&limits.requests, &limits.streams, figure);
    let front = Arc::new(Front::new(app, verifier, limits, &entrance));
    let speech = Speech { tls: entrance.tls.clone(), drain: front.drain.clone(), ..speech };
    let ends = async {
        shutdown.await;
        front.streams.stop.cancel();
    };
    speech.serve(entrance.listener, router(front.clone()), ends).await;
    // WebSockets have left the count of connections.
    front.streams.ended().await;
    front.drain.tell();
}

/// Serves other routes by plain HTTP until `shutdown` comes, with the patience for connections that everybody gets.
/// Their connections are counted apart: the figure is about those who ask this server.
pub async fn serve_routes(listener: TcpListener, routes: Router, shutdown: impl Future<Output = ()>) {
    let speech = Speech::plain(&api::Limits::default(), &StreamLimits::default(), &Gauge::default());
    let drain = speech.drain.clone();
    speech.serve(listener, routes, shutdown).await;
    drain.tell();
}
