//! The log as files, for the tools of auditors (C2SP tlog-tiles): `/log/checkpoint`, `/log/tile/…`. Whoever has a token
//! gets checkpoints and hashes; entries name actors and aggregates of everybody, and so are for auditors of the nation.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

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

/// A checkpoint changes with the log, and a tile with its name: a log that was put back from a backup has others in the
/// place of those that it lost, and whoever keeps a tile asks whether it is still that of the log.
const FRESH: HeaderValue = HeaderValue::from_static("private, no-cache");

/// `GET /log/checkpoint`: the latest, with its cosignatures.
pub(super) async fn checkpoint(
    State(front): State<Arc<Front>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (asker, _place) = entered(&front, &headers, peer).await?;
    let latest = front.app.checkpoint(Sealed::Latest).await.map_err(failed)?;
    let latest = latest.ok_or_else(|| not_found("nothing is sealed yet"))?;
    let file = file("text/plain; charset=utf-8", latest.note().into_bytes());
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
    let (TilePath::Hashes(tile) | TilePath::Entries(tile)) = asked;
    if let TilePath::Entries(_) = asked {
        let actor = &asker.actor;
        let is_auditor_of_nation = actor.holds(Role::Auditor) && actor.jurisdiction.code().is_empty();
        // Entries tell who has said something internally, too.
        if !is_auditor_of_nation || actor.holds(Role::Enterprise) {
            let message = "entries name actors and aggregates everywhere: they are for auditors of the nation";
            return Err(Refused::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message));
        }
    }
    let tag = tag(&sealed(&front.app, tile).await?);
    let mut answer = if is_kept(&headers, &tag) {
        (StatusCode::NOT_MODIFIED, [(CACHE_CONTROL, FRESH)]).into_response()
    } else {
        let bytes = match asked {
            TilePath::Hashes(tile) => front.app.tile(tile).await.map_err(failed)?.concat(),
            TilePath::Entries(tile) => {
                let entries = front.app.entries(tile).await.map_err(failed)?;
                bundle(entries.iter().map(Vec::as_slice))
            }
        };
        file("application/octet-stream", bytes)
    };
    let tag = HeaderValue::try_from(tag).expect("hexadecimal digits in quotes");
    answer.headers_mut().insert(ETAG, tag);
    Ok(front.admission.unsent.watched(&asker.actor.id, answer).await)
}

/// Who asks for a file, with a place to be answered in.
async fn entered(front: &Front, headers: &HeaderMap, peer: Peer) -> Result<(Asker, Place), Refused> {
    let asker = authentication::asker(headers, peer, front).await?;
    let mut account = front.admission.open(&asker.actor.id)?;
    front.admission.charge(&mut account, COST)?;
    let place = front.admission.enter(&front.app, &asker.actor.id)?;
    Ok((asker, place))
}

/// The name under which the tile is covered by a checkpoint: one that is not might still become a different one.
async fn sealed(app: &App, tile: Tile) -> Result<String, Refused> {
    let latest = app.checkpoint(Sealed::Latest).await.map_err(failed)?.map(|latest| latest.checkpoint);
    let size = latest.as_ref().map_or(0, |latest| latest.size);
    let there = Tile::in_tree(tile.level, tile.index, size).filter(|there| there.width >= tile.width);
    match latest.filter(|_| there.is_some()) {
        Some(latest) => Ok(latest.origin().to_owned()),
        None => Err(not_found(&format!("a log of {size} sealed events has no such tile"))),
    }
}

/// What tells a tile from others of its path: under one name of the log there are none. It is weak because a tile is sent
/// in one coding or another.
fn tag(origin: &str) -> String {
    format!("W/\"{}\"", hex::encode(Sha256::digest(origin)))
}

/// Whether the client has it (RFC 9110, 13.1.2).
fn is_kept(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).any(|kept| kept == "*" || kept == tag)
}

fn file(content_type: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, FRESH);
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

    #[test]
    fn a_tile_is_told_from_that_of_another_name() {
        let asked = |value: &str| HeaderMap::from_iter([(IF_NONE_MATCH, value.parse().expect("a header"))]);
        assert!(is_kept(&asked(&tag("etalon.local/a")), &tag("etalon.local/a")));
        assert!(is_kept(&asked(&format!("\"x\", {}", tag("etalon.local/a"))), &tag("etalon.local/a")));
        assert!(is_kept(&asked("*"), &tag("etalon.local/a")));
        assert!(!is_kept(&asked(&tag("etalon.local/b")), &tag("etalon.local/a")));
        assert!(!is_kept(&HeaderMap::new(), &tag("etalon.local/a")));
    }
}
