//! The log as files, for the tools of auditors (C2SP tlog-tiles): `/log/checkpoint`, `/log/tile/…`. Whoever has a token
//! gets checkpoints and hashes; entries name actors and aggregates of everybody, and so are for auditors of the nation.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::app::{App, Fault, Place, Sealed};
use crate::domain::actor::Role;
use crate::http::Front;
use crate::http::admission::Peer;
use crate::http::answer::{Refused, SOON};
use crate::http::authentication::{self, Asker};
use crate::ledger::tile::{Tile, TilePath, bundle};
use crate::telemetry::causes::with_causes;

/// What a file costs, in the units of operations.
const COST: u64 = 50;

/// A checkpoint changes with the log.
const FRESH: HeaderValue = HeaderValue::from_static("private, no-cache");
/// A tile never changes.
const FOREVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// `GET /log/checkpoint`: the latest, with its cosignatures.
pub(super) async fn checkpoint(
    State(front): State<Arc<Front>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (asker, _place) = entered(&front, &headers, peer).await?;
    let latest = front.app.checkpoint(Sealed::Latest).await.map_err(failed)?;
    let latest = latest.ok_or_else(|| not_found("nothing is sealed yet"))?;
    let file = file("text/plain; charset=utf-8", FRESH, latest.note().into_bytes());
    Ok(front.admission.unsent.watched(&asker.actor.id, file).await)
}

/// `GET /log/tile/…`: a tile of what is sealed.
pub(super) async fn tile(
    State(front): State<Arc<Front>>,
    Extension(peer): Extension<Peer>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (asker, _place) = entered(&front, &headers, peer).await?;
    let asked: TilePath = format!("tile/{path}").parse().map_err(|error| not_found(&format!("{error}")))?;
    let bytes = match asked {
        TilePath::Hashes(tile) => {
            sealed(&front.app, tile).await?;
            front.app.tile(tile).await.map_err(failed)?.concat()
        }
        TilePath::Entries(tile) => {
            let actor = &asker.actor;
            let is_auditor_of_nation = actor.holds(Role::Auditor) && actor.jurisdiction.code().is_empty();
            // Entries tell who has said something internally, too.
            if !is_auditor_of_nation || actor.holds(Role::Enterprise) {
                let message = "entries name actors and aggregates everywhere: they are for auditors of the nation";
                return Err(Refused::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message));
            }
            sealed(&front.app, tile).await?;
            let entries = front.app.entries(tile).await.map_err(failed)?;
            bundle(entries.iter().map(Vec::as_slice))
        }
    };
    let file = file("application/octet-stream", FOREVER, bytes);
    Ok(front.admission.unsent.watched(&asker.actor.id, file).await)
}

/// Who asks for a file, with a place to be answered in.
async fn entered(front: &Front, headers: &HeaderMap, peer: Peer) -> Result<(Asker, Place), Refused> {
    let asker = authentication::asker(headers, peer, front).await?;
    let mut account = front.admission.open(&asker.actor.id)?;
    front.admission.charge(&mut account, COST)?;
    let place = front.admission.enter(&front.app, &asker.actor.id)?;
    Ok((asker, place))
}

/// Whether the tile is covered by a checkpoint: others might still become different ones.
async fn sealed(app: &App, tile: Tile) -> Result<(), Refused> {
    let latest = app.checkpoint(Sealed::Latest).await.map_err(failed)?;
    let size = latest.map_or(0, |latest| latest.checkpoint.size);
    match Tile::in_tree(tile.level, tile.index, size) {
        Some(there) if there.width >= tile.width => Ok(()),
        _ => Err(not_found(&format!("a log of {size} sealed events has no such tile"))),
    }
}

fn file(content_type: &'static str, caching: HeaderValue, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, caching);
    response
}

fn not_found(message: &str) -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
}

fn failed(fault: Fault) -> Refused {
    tracing::error!(fault = %with_causes(&fault), "the ledger cannot be read");
    match fault.is_retryable() {
        true => {
            let message = "not possible at the moment; ask again";
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message).again_in(SOON)
        }
        false => {
            let message = "the server failed; its log knows more";
            Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_ask_again_for_what_is_damaged() {
        let damaged = failed(Fault::Sealed("it has another form"));
        assert_eq!((damaged.status.as_u16(), damaged.code, damaged.again_in), (500, "INTERNAL", None));
        let busy = failed(Fault::RebuildUnderWay);
        assert_eq!((busy.status.as_u16(), busy.code, busy.again_in), (503, "UNAVAILABLE", Some(SOON)));
    }
}
