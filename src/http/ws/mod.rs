//! GraphQL over WebSocket, by the protocol `graphql-transport-ws`: subscriptions, and queries and mutations as well.
//!
//! Close codes are those of the protocol, and of WebSockets. The client did something wrong:
//! - 1002: what came is no frame;
//! - 1007: a text is none;
//! - 1008: a message is not whole in time;
//! - 1009: a message is too long;
//! - 4400: a message is none;
//! - 4401: an operation came before the connection was acknowledged;
//! - 4403: the token does not hold, or no longer;
//! - 4406: the subprotocol is another;
//! - 4408: the client does not say in time who is asking;
//! - 4409: an id is taken;
//! - 4429: the client says twice who is asking.
//!
//! A stream ends for a reason of the server:
//! - 1001: the server ends;
//! - 1013: it cannot read the log, show what happened in time or know anybody at the moment; the reader is too slow, or the
//!   actor sends more than there is room for, or has too many WebSockets.
//!
//! Reference clients reconnect after both, and after 4403, where they ask for a new token; after 1011, which other servers
//! say where they fail, graphql-ws does not. The reason of such a close is JSON with `code` and `position`: whoever goes on
//! behind it misses nothing of any subscription of the connection. The position is `null` where one of them has none yet,
//! as before the first event: each then begins as it did.

mod connection;
mod message;
mod operations;

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, UPGRADE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::Front;
use crate::http::admission::Peer;
use crate::http::answer::Refused;
use crate::http::authentication::{self, Asker};
use crate::http::incoming::Incoming;
use crate::http::trace::RequestId;
use connection::Connection;

const PROTOCOL: &str = "graphql-transport-ws";

/// What a connection reads into and writes from at a time. Most wait most of the time, so it is little.
const BUFFER_BYTES: usize = 4 << 10;

/// What the upgrade has told of who is asking.
enum Greeting {
    /// Who it is.
    Known(Asker),
    /// Where the connection comes from, which has one request more to its name until the first message tells who it is.
    Stranger(Peer),
}

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
    let peer = *parts.extensions.get::<Peer>().expect("every request has come from somewhere");
    // A token in the header is judged at once; without one the first message brings it, and until then it is a
    // stranger's.
    let greeting = match parts.headers.contains_key(AUTHORIZATION) {
        true => Greeting::Known(authentication::asker(&parts.headers, peer, &front).await?),
        false => {
            front.admission.stranger(peer)?;
            Greeting::Stranger(peer)
        }
    };
    let streaming = front.streams.connect()?;
    let incoming = parts.extensions.get::<Arc<Incoming>>().cloned().expect("every request has come somehow");
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &front).await.map_err(|_| {
        Refused::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the request asks for a WebSocket in no known way")
    })?;
    // What is a little too long is read, so that it can be refused in words.
    let largest = 2 * front.schema.limits().body_bytes;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_message_size(largest)
        .max_frame_size(largest);
    let is_spoken = upgrade.selected_protocol().is_some();
    let (task, going_on) = (front.streams.tasks.token(), streaming.going_on());
    let (stop, drain) = (front.streams.stop.clone(), front.drain.clone());
    let mut response = upgrade.on_upgrade(move |socket| async move {
        let connection = Connection::new(front, socket, request_id, greeting, incoming);
        let mutations = connection.mutations();
        let served = async {
            match is_spoken {
                true => connection.serve().await,
                false => connection.refuse_protocol().await,
            }
        };
        drain.serve(&stop, &mutations, served).await;
        drop((going_on, task));
    });
    response.extensions_mut().insert(streaming);
    Ok(response)
}
