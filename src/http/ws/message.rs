//! The messages of `graphql-transport-ws` (enisdenjo/graphql-ws, `PROTOCOL.md`).

use axum::extract::ws::{CloseFrame, Message};
use serde_json::{Map, Value, json};

use crate::graphql::{Limits, NamedLimit, StreamLimits};
use crate::http::answer::Refused;
use crate::http::parse;
use crate::http::streams::Farewell;
use crate::identity::IdentityError;
use crate::telemetry::metrics::metrics;

/// Why the server closes a connection: one of the protocol's codes, or one for the end of its streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closing {
    /// The code.
    pub(super) code: u16,
    /// For people, or JSON for programs.
    pub(super) reason: String,
}

impl Closing {
    pub(super) fn invalid(reason: impl Into<String>) -> Self {
        Self { code: 4400, reason: reason.into() }
    }

    pub(super) fn unauthorized() -> Self {
        Self { code: 4401, reason: "Unauthorized".to_owned() }
    }

    /// Nobody is known by the token; the reason says why, as over HTTP.
    pub(super) fn unknown(error: IdentityError) -> Self {
        let code = match error {
            IdentityError::Unavailable => 1013,
            _ => 4403,
        };
        Self { code, reason: json!({ "code": error.code() }).to_string() }
    }

    /// A message that is longer than one may be.
    pub(super) fn too_long(limit: NamedLimit) -> Self {
        Self { code: 1009, reason: format!("a message has at most {} bytes ({})", limit.maximum, limit.name) }
    }

    /// What has come is no message of a WebSocket (RFC 6455).
    pub(super) fn unreadable(error: &tungstenite::Error) -> Option<Self> {
        match error {
            tungstenite::Error::Utf8(_) => Some(Self { code: 1007, reason: "A text is UTF-8".to_owned() }),
            tungstenite::Error::Protocol(_) => {
                Some(Self { code: 1002, reason: "A frame is none of WebSocket (RFC 6455)".to_owned() })
            }
            _ => None,
        }
    }

    /// There is no room for what comes, or its actor has asked for too much.
    pub(super) fn later(refused: &Refused) -> Self {
        metrics().count_refusal(refused.code);
        Self { code: 1013, reason: json!({ "code": refused.code }).to_string() }
    }

    pub(super) fn message_timeout(limit: NamedLimit) -> Self {
        let reason = format!("the message has not come within {} ms ({})", limit.maximum, limit.name);
        Self { code: 1008, reason }
    }

    pub(super) fn wrong_protocol() -> Self {
        Self { code: 4406, reason: "Subprotocol not acceptable".to_owned() }
    }

    pub(super) fn init_timeout() -> Self {
        Self { code: 4408, reason: "Connection initialisation timeout".to_owned() }
    }

    /// Only ids of a length that a reason holds are told.
    pub(super) fn id_taken(id: &str) -> Self {
        let id: String = id.chars().take(16).collect();
        Self { code: 4409, reason: format!("Subscriber for {id} already exists") }
    }

    pub(super) fn init_again() -> Self {
        Self { code: 4429, reason: "Too many initialisation requests".to_owned() }
    }

    /// The end of a connection's streams, with a position that no subscription misses anything behind; none where one
    /// of them would.
    pub(super) fn farewell(farewell: Farewell, position: Option<u64>) -> Self {
        farewell.count();
        let code = match farewell {
            Farewell::ShuttingDown => 1001,
            Farewell::Unavailable | Farewell::TimedOut | Farewell::SlowReader => 1013,
            Farewell::TokenExpired | Farewell::TokenRevoked => 4403,
        };
        let position = position.map(|position| position.to_string());
        Self { code, reason: json!({ "code": farewell.code(), "position": position }).to_string() }
    }

    pub(super) fn frame(self) -> Message {
        Message::Close(Some(CloseFrame { code: self.code, reason: self.reason.into() }))
    }
}

/// A message from the client.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    Init { authorization: Option<String> },
    Ping { payload: Option<Value> },
    Pong,
    Subscribe { id: String, payload: Map<String, Value> },
    Complete { id: String },
}

impl Told {
    /// Reads a message.
    ///
    /// # Errors
    /// 1009 for one that is too long, and 4400 with what else is wrong with it.
    pub(super) fn read(text: &str, limits: &Limits) -> Result<Self, Closing> {
        if text.len() > limits.body_bytes {
            return Err(Closing::too_long(limits.of_body()));
        }
        let read = parse::json(text.as_bytes(), "the message", limits);
        let Value::Object(mut fields) = read.map_err(|refused| Closing::invalid(refused.message))? else {
            return Err(Closing::invalid("A message is a JSON object"));
        };
        let Some(Value::String(kind)) = fields.remove("type") else {
            return Err(Closing::invalid("A message has a `type`"));
        };
        match kind.as_str() {
            "connection_init" => {
                let mut payload = optional_object(&mut fields)?.unwrap_or_default();
                let given = payload.remove("authorization").or_else(|| payload.remove("Authorization"));
                let authorization = match given {
                    None | Some(Value::Null) => None,
                    Some(Value::String(text)) => Some(text),
                    Some(_) => return Err(Closing::invalid("`authorization` is a text: Bearer and a token")),
                };
                Ok(Self::Init { authorization })
            }
            "ping" => Ok(Self::Ping { payload: optional_object(&mut fields)?.map(Value::Object) }),
            "pong" => Ok(Self::Pong),
            "subscribe" => {
                let id = id(&mut fields)?;
                let payload = optional_object(&mut fields)?;
                let payload = payload.ok_or_else(|| Closing::invalid("`subscribe` has a `payload`"))?;
                Ok(Self::Subscribe { id, payload })
            }
            "complete" => Ok(Self::Complete { id: id(&mut fields)? }),
            _ => Err(Closing::invalid("The `type` of the message is not known")),
        }
    }
}

/// The id of an operation, which comes back with each of its answers.
fn id(fields: &mut Map<String, Value>) -> Result<String, Closing> {
    let limit = StreamLimits::of_operation_id();
    match fields.remove("id") {
        Some(Value::String(id)) if id.len() as u64 > limit.maximum => {
            Err(Closing::invalid(format!("an `id` has at most {} bytes ({})", limit.maximum, limit.name)))
        }
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err(Closing::invalid("The message has an `id`, a text that is not empty")),
    }
}

fn optional_object(fields: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, Closing> {
    match fields.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err(Closing::invalid("`payload` is an object")),
    }
}

/// The connection is acknowledged.
pub(super) fn ack() -> Message {
    Message::text(json!({ "type": "connection_ack" }).to_string())
}

pub(super) fn pong(payload: Option<Value>) -> Message {
    let pong = match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }),
        None => json!({ "type": "pong" }),
    };
    Message::text(pong.to_string())
}

/// An answer, written already.
pub(super) fn next(id: &str, answer: &str) -> Message {
    Message::text(format!("{{\"id\":{},\"type\":\"next\",\"payload\":{answer}}}", json!(id)))
}

/// The operation was refused: the list of errors, written already.
pub(super) fn error(id: &str, errors: &str) -> Message {
    Message::text(format!("{{\"id\":{},\"type\":\"error\",\"payload\":{errors}}}", json!(id)))
}

pub(super) fn complete(id: &str) -> Message {
    Message::text(json!({ "id": id, "type": "complete" }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read() {
        let read = |text: &str| Told::read(text, &Limits::default()).expect("a message");
        assert_eq!(read(r#"{"type":"connection_init"}"#), Told::Init { authorization: None });
        let authorization = Some("Bearer x".to_owned());
        assert_eq!(
            read(r#"{"type":"connection_init","payload":{"authorization":"Bearer x"}}"#),
            Told::Init { authorization }
        );
        assert_eq!(read(r#"{"type":"ping","payload":null}"#), Told::Ping { payload: None });
        assert_eq!(read(r#"{"type":"complete","id":"1"}"#), Told::Complete { id: "1".to_owned() });
    }

    #[test]
    fn what_is_no_message_is_a_bad_request() {
        let texts = [
            "hello",
            "[]",
            r#"{"type":7}"#,
            r#"{"type":"wat"}"#,
            r#"{"type":"subscribe","payload":{}}"#,
            r#"{"type":"subscribe","id":"","payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"connection_init","payload":7}"#,
            r#"{"type":"connection_init","payload":{"authorization":7}}"#,
        ];
        for text in texts {
            assert_eq!(Told::read(text, &Limits::default()).unwrap_err().code, 4400, "{text}");
        }
        for kind in ["complete", "subscribe"] {
            let told = |bytes| {
                Told::read(
                    &json!({ "type": kind, "id": "x".repeat(bytes), "payload": {} }).to_string(),
                    &Limits::default(),
                )
            };
            assert!(told(255).is_ok());
            let closing = told(256).unwrap_err();
            assert_eq!(
                (closing.code, closing.reason.as_str()),
                (4400, "an `id` has at most 255 bytes (longestOperationId)")
            );
        }
        let short = Limits { body_bytes: 30, ..Limits::default() };
        let closing = Told::read(r#"{"type":"ping","payload":null} "#, &short).unwrap_err();
        assert_eq!(
            (closing.code, closing.reason.as_str()),
            (1009, "a message has at most 30 bytes (largestBodyBytes)")
        );
        let deep = format!(r#"{{"type":"ping","payload":{}"#, "[".repeat(100_000));
        let closing = Told::read(&deep, &Limits::default()).unwrap_err();
        assert_eq!((closing.code, closing.reason.ends_with("at most 60 deep (deepestNesting)")), (4400, true));
        assert!(closing.reason.len() <= 123, "a reason fits into its frame: {}", closing.reason);
    }

    const FAREWELLS: [Farewell; 6] = [
        Farewell::ShuttingDown,
        Farewell::TokenExpired,
        Farewell::TokenRevoked,
        Farewell::SlowReader,
        Farewell::Unavailable,
        Farewell::TimedOut,
    ];

    /// Of the codes from 1000 to 1999 graphql-ws takes all but these for the end (6.4.2, `isFatalInternalCloseCode`), and
    /// 4403 for none.
    #[test]
    fn graphql_ws_connects_again_after_what_passes() {
        const CONNECTS_AGAIN: [u16; 8] = [1000, 1001, 1005, 1006, 1012, 1013, 1014, 4403];
        let ends = FAREWELLS.map(|farewell| Closing::farewell(farewell, None));
        for Closing { code, reason } in ends.into_iter().chain([Closing::unknown(IdentityError::Unavailable)]) {
            assert!(CONNECTS_AGAIN.contains(&code), "{code} {reason}");
        }
    }

    #[test]
    fn a_reason_fits_into_its_frame() {
        for farewell in FAREWELLS {
            let reason = Closing::farewell(farewell, Some(u64::MAX)).reason;
            assert!(reason.len() <= 123, "{reason}");
            assert_eq!(serde_json::from_str::<Value>(&reason).expect("JSON")["position"], u64::MAX.to_string());
        }
        assert!(Closing::id_taken(&"难".repeat(1_000)).reason.len() <= 123);
    }
}
