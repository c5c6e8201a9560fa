//! Bytes in and out: routes, negotiation, identity, limits. What a request means is for `graphql`.

mod accept;
mod answer;
mod authentication;
mod graphql;
mod health;
mod trace;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::app::App;
use crate::graphql::Schema;
use crate::identity::key::LocalKey;

/// What requests are held to by the front.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many bytes a body may have.
    pub body_bytes: usize,
}

/// What every handler has at hand.
struct Front {
    app: Arc<App>,
    key: LocalKey,
    schema: Schema,
}

/// The routes.
pub fn router(app: Arc<App>, key: LocalKey, limits: Limits) -> Router {
    let limits = crate::graphql::Limits { body_bytes: limits.body_bytes, ..crate::graphql::Limits::default() };
    let front = Arc::new(Front { schema: Schema::new(app.clone(), limits), app, key });
    Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post).fallback(graphql::other))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(answer::not_found)
        .layer(axum::middleware::from_fn_with_state(front.clone(), trace::follow))
        .with_state(front)
}

/// Serves until `shutdown` comes, then answers what is under way and returns.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    key: LocalKey,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(app, key, limits)).with_graceful_shutdown(shutdown).await
}
