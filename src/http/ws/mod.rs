//! GraphQL over WebSocket, by the protocol `graphql-transport-ws`: subscriptions, and queries and mutations as well.
//!
//! Close codes are those of the protocol: 4400 for a message that is none, 4401 for an operation before the connection was acknowledged, 4403 for a token that does not hold or no longer, 4406 for another subprotocol, 4408 for a client that does not say in time who is asking, 4409 for an id that is taken, 4429 for saying twice who is asking. A stream that ends for a reason of the server is closed with 1001 (it ends), 1011 (it cannot read the log, or know anybody) or 1013 (the reader is too slow); reference clients reconnect after each of these and after 4403, where they ask for a new token. The reason of such a close is JSON with `code` and `position`: whoever goes on behind it misses nothing of any subscription of the connection. It is `null` where one of them has no such position yet, as before the first event: each then begins as it did.

mod connection;
mod message;
mod operations;

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN, UPGRADE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::Front;
use crate::http::answer::Refused;
use crate::http::authentication;
use crate::http::trace::RequestId;
use connection::Connection;

const PROTOCOL: &str = "graphql-transport-ws";

/// What a connection reads into and writes from at a time. Most wait most of the time, so it is little.
const BUFFER_BYTES: usize = 4 << 10;

/// Takes the requests that ask for a WebSocket, and lets the others through.
pub(super) async fn upgrade(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    let is_asked_for =
        request.headers().get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if !is_asked_for {
        return next.run(request).await;
    }
    accept(front, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn accept(front: Arc<Front>, request: Request) -> Result<Response, Refused> {
    let (mut parts, _) = request.into_parts();
    let request_id = parts.extensions.get::<RequestId>().cloned().expect("every request has an id");
    if !is_known_origin(&parts.headers, &front.allowed_origins) {
        let message = "pages of this origin may not connect: see the setting allowed_origins";
        return Err(Refused::new(StatusCode::FORBIDDEN, "ORIGIN_FORBIDDEN", message));
    }
    // A token in the header is judged at once; without one the first message brings it.
    let asker = match parts.headers.contains_key(AUTHORIZATION) {
        true => Some(authentication::asker(&parts.headers, &front).await?),
        false => None,
    };
    let room = front.streams.connect()?;
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &front).await.map_err(|_| {
        Refused::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the request asks for a WebSocket in no known way")
    })?;
    let largest = front.schema.limits().body_bytes;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(largest)
        .max_frame_size(largest);
    let is_spoken = upgrade.selected_protocol().is_some();
    let task = front.streams.tasks.token();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let connection = Connection::new(front, socket, request_id, asker);
        match is_spoken {
            true => connection.serve().await,
            false => connection.refuse_protocol().await,
        }
        drop((room, task));
    }))
}

/// Whether the page that connects, if it is one, is of this server or of an origin that the settings name. Browsers let any page open a WebSocket, and say which one it is.
fn is_known_origin(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let own = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == own);
    is_own || allowed.iter().any(|allowed| allowed == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_origins_are_known_by_name_alone() {
        let allowed = ["https://console.example".to_owned()];
        let table = [
            (None, true),
            (Some("http://etalon.example:8080"), true),
            (Some("https://etalon.example:8080"), true),
            (Some("https://console.example"), true),
            (Some("https://etalon.example"), false),
            (Some("https://evil.example"), false),
            (Some("null"), false),
        ];
        for (origin, expected) in table {
            let mut headers = HeaderMap::from_iter([(HOST, "etalon.example:8080".parse().expect("a value"))]);
            headers.extend(origin.map(|origin| (ORIGIN, origin.parse().expect("a value"))));
            assert_eq!(is_known_origin(&headers, &allowed), expected, "{origin:?}");
        }
    }
}
