//! In which coding an answer can be sent (RFC 9110, 12.5.3).
//!
//! The layer that compresses answers refuses what it cannot send when the answer is there, and a command is carried out
//! by then. So whoever can be sent nothing is refused here, before anything is done.

use axum::extract::Request;
use axum::http::header::ACCEPT_ENCODING;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::accept::weight;
use crate::http::answer::Refused;

/// What answers are compressed with, each by all of its names.
const COMPRESSED: [&[&str]; 3] = [&["gzip", "x-gzip"], &["br"], &["zstd"]];

/// Refuses a request that takes its answer in none of the codings there are.
pub(super) async fn hold(request: Request, next: Next) -> Response {
    if is_acceptable(request.headers()) {
        return next.run(request).await;
    }
    let message =
        "answers come as they are (identity), or in gzip, br or zstd; `Accept-Encoding` has to leave one of these";
    Refused::new(StatusCode::NOT_ACCEPTABLE, "ENCODING_NOT_ACCEPTABLE", message).into_response()
}

/// Whether one of the codings is taken: identity unless it is excluded, by its name or with all others; another where it
/// is listed, by its name or with all others.
fn is_acceptable(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let listed: Vec<_> = values.flat_map(|value| value.split(',')).filter_map(coding).collect();
    let weight_of = |names: &[&str]| {
        let is_named = |(name, _): &&(&str, u16)| names.iter().any(|other| name.eq_ignore_ascii_case(other));
        listed.iter().find(is_named).map(|(_, weight)| *weight)
    };
    let of_others = weight_of(&["*"]);
    weight_of(&["identity"]).or(of_others) != Some(0)
        || COMPRESSED.iter().any(|names| weight_of(names).or(of_others).is_some_and(|weight| weight > 0))
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
    use axum::http::HeaderValue;
    use axum::routing::get;
    use tower_http::compression::CompressionLayer;
    use tower_service::Service;

    use super::*;

    const TABLE: [(&[u8], bool); 20] = [
        (b"", true),
        (b"identity", true),
        (b"deflate", true),
        (b"gzip, deflate, br, zstd", true),
        (b"gzip;q=0", true),
        (b"identity;q=0", false),
        (b"Identity; Q=0.000", false),
        (b"identity;q=0, gzip", true),
        (b"identity;q=0, x-gzip;q=0.001", true),
        (b"identity;q=0, deflate", false),
        (b"identity;q=0, gzip;q=0, *", true),
        (b"*", true),
        (b"*;q=0", false),
        (b"deflate, *;q=0", false),
        (b"br, *;q=0", true),
        (b"identity;q=0.1, *;q=0", true),
        // What cannot be read is as if it were not there.
        (b"identity;q=none", true),
        (b"identity;q=0.0000", true),
        (b"identity;q=0, gzip;level=1;q=1", false),
        (b"identity;q=0\xe9", true),
    ];

    fn headers(value: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_bytes(value).expect("a value"))])
    }

    #[test]
    fn one_of_the_codings_has_to_be_taken() {
        for (value, expected) in TABLE {
            assert_eq!(is_acceptable(&headers(value)), expected, "{}", value.escape_ascii());
        }
        assert!(is_acceptable(&HeaderMap::new()));
    }

    /// Whoever is let in here has to be answered there.
    #[tokio::test]
    async fn the_layer_that_compresses_judges_alike() {
        let mut routes = Router::new().route("/", get(|| async { "an answer" })).layer(CompressionLayer::new());
        for (value, expected) in TABLE {
            let mut request = Request::new(Body::empty());
            *request.headers_mut() = headers(value);
            let answer = routes.call(request).await.expect("it never fails");
            assert_eq!(answer.status() != StatusCode::NOT_ACCEPTABLE, expected, "{}", value.escape_ascii());
        }
    }
}
