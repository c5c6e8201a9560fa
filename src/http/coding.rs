//! In which coding an answer is sent (RFC 9110, 12.5.3).
//!
//! It is chosen here, and the layer that compresses answers is shown nothing but the choice. Left to itself, that layer
//! prefers zstd among equals, which clients announce that cannot read it. And it refuses what it cannot send when the
//! answer is there, and a command is carried out by then: whoever can be sent nothing is refused here, before anything is
//! done.

use std::cmp::Reverse;

use axum::extract::Request;
use axum::http::header::ACCEPT_ENCODING;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::accept::weight;
use crate::http::answer::Refused;

/// The name of what is not compressed.
const IDENTITY: &str = "identity";

/// What answers are sent in, each by all of its names, the first of those that are liked equally before the others. gzip
/// makes the answers to most questions, a few kilobytes of JSON, as small as br does (3.8 kB become 2.0 kB by either) in
/// less than half the processor's time, and everybody reads it; zstd is for whoever asks for it before the others.
const CODINGS: [&[&str]; 4] = [&["gzip", "x-gzip"], &["br"], &["zstd"], &[IDENTITY]];

/// Has an answer sent in the coding that is liked best, and refuses a request that takes it in none of those there are.
pub(super) async fn choose(mut request: Request, next: Next) -> Response {
    let Some(coding) = liked_best(request.headers()) else { return refused() };
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(coding));
    next.run(request).await
}

fn refused() -> Response {
    let message =
        "answers come as they are (identity), or in gzip, br or zstd; `Accept-Encoding` has to leave one of these";
    Refused::new(StatusCode::NOT_ACCEPTABLE, "ENCODING_NOT_ACCEPTABLE", message).into_response()
}

/// The coding of the highest weight, which is that of its name or else that of all others. What is not listed is not taken,
/// but for identity: unless it is excluded, it is what is left.
fn liked_best(headers: &HeaderMap) -> Option<&'static str> {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let listed: Vec<_> = values.flat_map(|value| value.split(',')).filter_map(coding).collect();
    let weight_of = |names: &[&str]| {
        let is_named = |(name, _): &&(&str, u16)| names.iter().any(|other| name.eq_ignore_ascii_case(other));
        let named = listed.iter().find(is_named);
        named.or_else(|| listed.iter().find(|(name, _)| *name == "*")).map(|(_, weight)| *weight)
    };
    let taken = CODINGS.iter().enumerate().filter_map(|(place, names)| {
        let weight = weight_of(names).filter(|weight| *weight > 0)?;
        Some((weight, Reverse(place), names[0]))
    });
    let best = taken.max().map(|(.., name)| name);
    best.or_else(|| weight_of(&[IDENTITY]).is_none().then_some(IDENTITY))
}

/// A coding and its weight; `None` for what cannot be read.
fn coding(text: &str) -> Option<(&str, u16)> {
    let Some((name, parameter)) = text.split_once(';') else { return Some((text.trim(), 1_000)) };
    let told = parameter.trim().strip_prefix(['q', 'Q'])?.strip_prefix('=')?;
    Some((name.trim(), weight(told)?))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower_http::compression::CompressionLayer;
    use tower_service::Service;

    use super::*;

    const TABLE: [(&[u8], Option<&str>); 29] = [
        (b"", Some("identity")),
        (b"identity", Some("identity")),
        (b"deflate", Some("identity")),
        // Who sends this may be unable to read zstd (@whatwg-node/fetch on Node.js 20).
        (b"gzip, deflate, br, zstd", Some("gzip")),
        (b"zstd, br, gzip", Some("gzip")),
        (b"br, zstd", Some("br")),
        (b"zstd", Some("zstd")),
        (b"zstd, gzip;q=0.9", Some("zstd")),
        (b"gzip;q=0.8, br;q=0.9, zstd;q=0.9", Some("br")),
        (b"X-GZIP", Some("gzip")),
        (b"gzip, identity", Some("gzip")),
        (b"gzip;q=0.001", Some("gzip")),
        (b"gzip;q=0.5, identity", Some("identity")),
        (b"gzip;q=0", Some("identity")),
        (b"identity;q=0", None),
        (b"Identity; Q=0.000", None),
        (b"identity;q=0, gzip", Some("gzip")),
        (b"identity;q=0, x-gzip;q=0.001", Some("gzip")),
        (b"identity;q=0, deflate", None),
        (b"identity;q=0, gzip;q=0, *", Some("br")),
        (b"*", Some("gzip")),
        (b"*;q=0", None),
        (b"deflate, *;q=0", None),
        (b"br, *;q=0", Some("br")),
        (b"identity;q=0.1, *;q=0", Some("identity")),
        // What cannot be read is as if it were not there.
        (b"identity;q=none", Some("identity")),
        (b"identity;q=0.0000", Some("identity")),
        (b"identity;q=0, gzip;level=1;q=1", None),
        (b"identity;q=0\xe9", Some("identity")),
    ];

    fn headers(value: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_bytes(value).expect("a value"))])
    }

    #[test]
    fn the_coding_that_is_liked_best_is_chosen() {
        for (value, expected) in TABLE {
            assert_eq!(liked_best(&headers(value)), expected, "{}", value.escape_ascii());
        }
        assert_eq!(liked_best(&HeaderMap::new()), Some("identity"));
    }

    /// What is chosen here is what is sent there.
    #[tokio::test]
    async fn the_layer_that_compresses_follows_the_choice() {
        let routes = Router::new().route("/", get(|| async { "an answer ".repeat(100) }));
        let mut routes = routes.layer(CompressionLayer::new()).layer(axum::middleware::from_fn(choose));
        for (value, expected) in TABLE {
            let mut request = Request::new(Body::empty());
            *request.headers_mut() = headers(value);
            let answer = routes.call(request).await.expect("it never fails");
            let expected = match expected {
                None => (StatusCode::NOT_ACCEPTABLE, None),
                Some(coding) => (StatusCode::OK, Some(coding).filter(|coding| *coding != IDENTITY)),
            };
            let sent = answer.headers().get("content-encoding").map(|value| value.to_str().expect("a name"));
            assert_eq!((answer.status(), sent), expected, "{}", value.escape_ascii());
        }
    }
}
