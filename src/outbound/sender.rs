//! One request and its answer.

use std::error::Error;
use std::time::Duration;

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::Timestamp;
use rustls::{ClientConfig, RootCertStore};

use super::connector::Connector;
use super::schedule::LONGEST;
use super::{Endpoint, Failure, FailureClass, Networks, signatures};

/// How much of an answer is read, so that its connection can be used again. Nobody looks at it.
const MOST_OF_AN_ANSWER_BYTES: usize = 16 * 1024;
/// How long an answer's body may take once its status is there.
const BODY_PATIENCE: Duration = Duration::from_secs(1);
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(30);

const AGENT: &str = concat!("etalon/", env!("CARGO_PKG_VERSION"));

/// What is sent.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Names the message, however often it is sent: visible ASCII without a full stop.
    pub id: &'a str,
    /// Of the body.
    pub content_type: &'static str,
    /// To the byte as it is signed.
    pub body: Bytes,
    /// When this attempt is made.
    pub at: Timestamp,
    /// The secrets to sign with, the present one first.
    pub secrets: Vec<&'a [u8]>,
}

/// Sends messages.
pub struct Sender {
    client: Client<HttpsConnector<Connector>, Full<Bytes>>,
    timeout: Duration,
}

impl Sender {
    /// A sender that calls these networks besides the public ones, and waits so long for an answer.
    ///
    /// The machine's own list of authorities is trusted. Where it has none, no HTTPS endpoint can be reached: that is
    /// logged here, and every delivery says so.
    #[must_use]
    pub fn new(networks: Networks, timeout: Duration) -> Self {
        Self::over(Connector::new(networks), timeout)
    }

    fn over(connector: Connector, timeout: Duration) -> Self {
        let mut roots = RootCertStore::empty();
        let (known, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if known == 0 {
            tracing::warn!("this machine trusts no certificate authority: no webhook can be delivered by HTTPS");
        }
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Self { client, timeout }
    }

    /// Sends a message once. What is answered with 2xx has arrived.
    ///
    /// # Errors
    /// Everything else.
    pub async fn send(&self, endpoint: &Endpoint, message: &Message<'_>) -> Result<u16, Failure> {
        let timestamp = message.at.as_second();
        let signature = signatures(message.secrets.iter().copied(), message.id, timestamp, &message.body);
        let request = Request::post(endpoint.0.clone())
            .header(USER_AGENT, AGENT)
            .header(CONTENT_TYPE, message.content_type)
            .header("webhook-id", message.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(Full::new(message.body.clone()))
            .expect("every header is visible ASCII");
        let answer = match tokio::time::timeout(self.timeout, self.client.request(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(failure_of(&error)),
            Err(_) => {
                let reason = format!("no answer within {} ms", self.timeout.as_millis());
                return Err(Failure::new(FailureClass::Timeout, reason));
            }
        };
        let (status, retry_after) = (answer.status(), retry_after(answer.headers(), message.at));
        drain(answer).await;
        judge(status, retry_after)
    }
}

async fn drain(answer: Response<impl HttpBody<Data = Bytes, Error: Into<BoxError>>>) {
    let body = Limited::new(answer.into_body(), MOST_OF_AN_ANSWER_BYTES).collect();
    // A body that is too long or too slow costs its connection and nothing else.
    let _ = tokio::time::timeout(BODY_PATIENCE, body).await;
}

fn judge(status: StatusCode, retry_after: Option<Duration>) -> Result<u16, Failure> {
    if status.is_success() {
        return Ok(status.as_u16());
    }
    let class = match status {
        StatusCode::GONE => FailureClass::Gone,
        status if status.is_redirection() => FailureClass::Redirect,
        _ => FailureClass::Status,
    };
    let reason = format!("it answered {status}");
    Err(Failure { class, status: Some(status.as_u16()), retry_after, reason })
}

/// What a receiver asks for, up to a day: seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default().min(LONGEST))
}

/// What stands behind an error of the client: a failure of our own connector, or somebody else's.
fn failure_of(error: &hyper_util::client::legacy::Error) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(found) = cause {
        if let Some(failure) = found.downcast_ref::<Failure>() {
            return failure.clone();
        }
        cause = found.source();
    }
    if error.is_connect() {
        return Failure::new(FailureClass::Connection, "no secure connection could be made");
    }
    Failure::new(FailureClass::Interrupted, "the connection broke before an answer came")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().expect("a header"));
        retry_after(&headers, "2026-11-24T08:00:00Z".parse().expect("a time"))
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked("Tue, 24 Nov 2026 08:02:00 GMT"), Some(Duration::from_secs(120)));
        assert_eq!(asked("Tue, 24 Nov 2026 07:00:00 GMT"), Some(Duration::ZERO), "a date that has passed");
        assert_eq!(asked("soon"), None);
        assert_eq!(asked("99999999"), Some(LONGEST));
    }

    #[test]
    fn only_2xx_has_arrived() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(judge(StatusCode::from_u16(status).unwrap(), None), Ok(status));
        }
        for (status, class) in [
            (301, FailureClass::Redirect),
            (307, FailureClass::Redirect),
            (304, FailureClass::Redirect),
            (400, FailureClass::Status),
            (410, FailureClass::Gone),
            (429, FailureClass::Status),
            (500, FailureClass::Status),
        ] {
            let failure = judge(StatusCode::from_u16(status).unwrap(), None).expect_err("it has not arrived");
            assert_eq!((failure.class, failure.status), (class, Some(status)));
        }
    }
}
