//! A notary as a process of its own, over HTTP: `POST /sign-checkpoint` for the servers of a log, `POST
//! /add-checkpoint` as C2SP tlog-witness has it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::time::timeout;

use super::{Notary, SignError, Signer};
use crate::clock::Clock;
use crate::identity::ledger_key::CallerToken;
use crate::ledger::note::NoteError;
use crate::ledger::witness::{AddCheckpoint, NotSigned};
use crate::telemetry::causes::with_causes;

/// The longest request: 63 hashes and a checkpoint with many signatures.
const LONGEST_REQUEST_BYTES: usize = 64 * 1024;

/// How long a request may be on its way: whoever is cut off in the middle of one keeps no place, and nobody from ending.
const PATIENCE: Duration = Duration::from_secs(30);

struct Service {
    notary: Notary,
    clock: Arc<dyn Clock>,
    /// What callers have to show; a witness asks for nothing, since the log's own signature speaks for a request.
    token: Option<CallerToken>,
}

/// The routes of a log's signer.
pub fn signer(notary: Notary, clock: Arc<dyn Clock>, token: CallerToken) -> Router {
    router("/sign-checkpoint", Service { notary, clock, token: Some(token) })
}

/// The routes of a witness.
pub fn witness(notary: Notary, clock: Arc<dyn Clock>) -> Router {
    router("/add-checkpoint", Service { notary, clock, token: None })
}

fn router(path: &str, service: Service) -> Router {
    Router::new()
        .route(path, post(sign))
        .layer(DefaultBodyLimit::max(LONGEST_REQUEST_BYTES))
        .with_state(Arc::new(service))
}

async fn sign(State(service): State<Arc<Service>>, request: Request) -> Response {
    if let Some(token) = &service.token {
        let shown = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !token.is_shown_by(shown) {
            return told(StatusCode::UNAUTHORIZED, "show the caller's token of this signer as a bearer token");
        }
    }
    let body = match body_of(request, PATIENCE).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let request: AddCheckpoint = match body.parse() {
        Ok(request) => request,
        Err(error) => return told(StatusCode::BAD_REQUEST, error),
    };
    match service.notary.sign(&request, service.clock.now()).await {
        Ok(line) => line.into_response(),
        Err(SignError::NotSigned(refused)) => match refused {
            NotSigned::Outdated { size } | NotSigned::Forked { size } => {
                let mut answer = told(StatusCode::CONFLICT, size);
                answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/x.tlog.size"));
                answer
            }
            NotSigned::Shrunk { .. } => told(StatusCode::BAD_REQUEST, refused),
            NotSigned::Unproved { .. } => told(StatusCode::UNPROCESSABLE_ENTITY, refused),
        },
        Err(error @ SignError::UnknownLog { .. }) => told(StatusCode::NOT_FOUND, error),
        Err(SignError::Note(error @ (NoteError::Unsigned { .. } | NoteError::BadSignature { .. }))) => {
            told(StatusCode::FORBIDDEN, error)
        }
        Err(error @ (SignError::Note(_) | SignError::Checkpoint(_))) => told(StatusCode::BAD_REQUEST, error),
        Err(error @ (SignError::Memory { .. } | SignError::Remote { .. })) => {
            tracing::error!(error = %with_causes(&error), "nothing was signed");
            told(StatusCode::INTERNAL_SERVER_ERROR, "nothing was signed")
        }
    }
}

async fn body_of(request: Request, patience: Duration) -> Result<String, Response> {
    match timeout(patience, String::from_request(request, &())).await {
        Ok(body) => body.map_err(IntoResponse::into_response),
        Err(_) => {
            let late = format!("the body has not come within {} s", patience.as_secs());
            Err(told(StatusCode::REQUEST_TIMEOUT, late))
        }
    }
}

fn told(status: StatusCode, what: impl std::fmt::Display) -> Response {
    (status, format!("{what}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use futures::stream;

    use super::*;

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let silent = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let refused = body_of(Request::new(silent), Duration::from_millis(1)).await.expect_err("nothing came");
        assert_eq!(refused.status(), StatusCode::REQUEST_TIMEOUT);
        let whole = body_of(Request::new(Body::from("old 0\n")), PATIENCE).await.expect("it is there");
        assert_eq!(whole, "old 0\n");
    }
}
