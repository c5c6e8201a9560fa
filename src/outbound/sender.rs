//! One request and its answer.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;

use super::client::Client;
use super::schedule::Schedule;
use super::{Endpoint, Failure, FailureClass, Networks, signatures};

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
pub struct Sender(Client);

impl Sender {
    /// A sender that calls these networks, and waits so long for an answer.
    #[must_use]
    pub fn new(networks: Networks, timeout: Duration) -> Self {
        Self(Client::new(networks, timeout))
    }

    /// Sends a message once. What is answered with 2xx has arrived.
    ///
    /// # Errors
    /// Everything else.
    pub async fn send(&self, endpoint: &Endpoint, message: &Message<'_>) -> Result<u16, Failure> {
        let timestamp = message.at.as_second();
        let signature = signatures(message.secrets.iter().copied(), message.id, timestamp, &message.body);
        let request = Request::post(endpoint.0.clone())
            .header(CONTENT_TYPE, message.content_type)
            .header("webhook-id", message.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature);
        let answer = self.0.send(request, message.body.clone()).await?;
        judge(answer.status, retry_after(&answer.headers, message.at))
    }
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
        return Some(Duration::from_secs(seconds).min(Schedule::LONGEST_PAUSE));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default().min(Schedule::LONGEST_PAUSE))
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
        assert_eq!(asked("99999999"), Some(Schedule::LONGEST_PAUSE));
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
