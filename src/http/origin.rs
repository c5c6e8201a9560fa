//! Whose pages may ask: those of this server, and of the origins that the settings name. Programs have no origin.
//!
//! Browsers let any page open a WebSocket and send some requests, and say which page it is. Reading an answer is
//! another thing: that takes CORS, which is off for whoever is not named.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::cors::CorsLayer;

use crate::http::Front;
use crate::http::answer::Refused;
use crate::http::graphql::NOT_BY_A_LINK;

/// How long a browser may remember that it may ask.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Refuses the pages of other origins.
pub(super) async fn hold(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    if is_known(request.headers(), &front.allowed_origins, front.speaks_tls) {
        return next.run(request).await;
    }
    let message = "pages of this origin may not ask: see the setting allowed_origins";
    Refused::new(StatusCode::FORBIDDEN, "ORIGIN_FORBIDDEN", message).into_response()
}

fn is_known(headers: &HeaderMap, allowed: &[String], speaks_tls: bool) -> bool {
    let own = headers.get(HOST).and_then(|host| host.to_str().ok());
    // A browser sends one. Whatever else does not is judged by all that it says.
    headers.get_all(ORIGIN).iter().all(|origin| {
        let Ok(origin) = origin.to_str() else { return false };
        // Behind a proxy that speaks TLS pages have another scheme than the server. Where it speaks TLS itself nobody's
        // pages come without.
        let plain = || origin.strip_prefix("http://").filter(|_| !speaks_tls);
        let authority = origin.strip_prefix("https://").or_else(plain);
        let is_own = authority.is_some() && authority == own;
        is_own || allowed.iter().any(|allowed| allowed == origin)
    })
}

/// Lets the pages of those origins read answers; nothing where none is named.
pub(super) fn cors(allowed: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = allowed.iter().filter_map(|origin| origin.parse().ok()).collect();
    let asked_with = [ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName::from_static("last-event-id")];
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(asked_with.into_iter().chain(NOT_BY_A_LINK.map(HeaderName::from_static)).collect::<Vec<_>>())
            .expose_headers([RETRY_AFTER, HeaderName::from_static("x-request-id")])
            .max_age(REMEMBERED)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_origins_are_known_by_name_alone() {
        let allowed = ["https://console.example".to_owned()];
        // As a server that speaks TLS sees it, and as one that does not.
        let table = [
            (None, true, true),
            (Some("http://etalon.example:8080"), false, true),
            (Some("https://etalon.example:8080"), true, true),
            (Some("https://console.example"), true, true),
            (Some("https://etalon.example"), false, false),
            (Some("chrome-extension://etalon.example:8080"), false, false),
            (Some("https://evil.example"), false, false),
            (Some("null"), false, false),
        ];
        for (origin, over_tls, plain) in table {
            let mut headers = HeaderMap::from_iter([(HOST, "etalon.example:8080".parse().expect("a value"))]);
            headers.extend(origin.map(|origin| (ORIGIN, origin.parse().expect("a value"))));
            let known = [true, false].map(|speaks_tls| is_known(&headers, &allowed, speaks_tls));
            assert_eq!(known, [over_tls, plain], "{origin:?}");
        }
    }

    #[test]
    fn nobody_is_let_read_who_is_not_named() {
        assert!(cors(&[]).is_none());
        assert!(cors(&["https://console.example".to_owned()]).is_some());
    }
}
