//! A request to somebody else's server, and its answer.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;

use super::connector::Connector;
use super::{Endpoint, Failure, FailureClass, Networks};

/// How much of an answer is read.
const MOST_OF_AN_ANSWER_BYTES: usize = 64 * 1024;
/// How long an answer's body may take once its status is there.
const BODY_PATIENCE: Duration = Duration::from_secs(1);
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(30);

const AGENT: &str = concat!("etalon/", env!("CARGO_PKG_VERSION"));

/// Calls other servers.
pub struct Client {
    client: legacy::Client<HttpsConnector<Connector>, Full<Bytes>>,
    timeout: Duration,
}

/// What a server answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whatever it is.
    pub status: StatusCode,
    /// What it says of itself.
    pub headers: HeaderMap,
    /// Or why it could not be read: that costs its connection and nothing else.
    pub body: Result<Bytes, Failure>,
}

impl Client {
    /// A client that calls these networks, and waits so long for an answer.
    ///
    /// The machine's own list of authorities is trusted. Where it has none, no HTTPS server can be reached: that is
    /// logged here, and every request says so.
    #[must_use]
    pub fn new(networks: Networks, timeout: Duration) -> Self {
        Self::trusting(Vec::new(), networks, timeout)
    }

    /// The same, which trusts these authorities besides.
    #[must_use]
    pub fn trusting(besides: Vec<CertificateDer<'static>>, networks: Networks, timeout: Duration) -> Self {
        let mut roots = RootCertStore::empty();
        let authorities = rustls_native_certs::load_native_certs().certs.into_iter().chain(besides);
        let (known, _) = roots.add_parsable_certificates(authorities);
        if known == 0 {
            tracing::warn!("this machine trusts no certificate authority: nobody can be called by HTTPS");
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(Connector::new(networks, timeout));
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Self { client, timeout }
    }

    /// Gets what is there.
    ///
    /// # Errors
    /// When no answer comes; one of any status is an answer.
    pub async fn get(&self, endpoint: &Endpoint) -> Result<Answer, Failure> {
        self.send(Request::get(endpoint.0.clone()), Bytes::new()).await
    }

    /// Posts a body.
    ///
    /// # Errors
    /// When no answer comes; one of any status is an answer.
    pub async fn post(
        &self,
        endpoint: &Endpoint,
        content_type: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let request = Request::post(endpoint.0.clone()).header(CONTENT_TYPE, content_type);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        self.send(request, body).await
    }

    pub(super) async fn send(&self, request: Builder, body: Bytes) -> Result<Answer, Failure> {
        let request = request.header(USER_AGENT, AGENT).body(Full::new(body)).expect("every header is visible ASCII");
        let answer = match tokio::time::timeout(self.timeout, self.client.request(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(failure_of(&error)),
            Err(_) => {
                let reason = format!("no answer within {} ms", self.timeout.as_millis());
                return Err(Failure::new(FailureClass::Timeout, reason));
            }
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok(Answer { status, headers, body: read(answer).await })
    }
}

async fn read(answer: Response<impl HttpBody<Data = Bytes, Error: Into<BoxError>>>) -> Result<Bytes, Failure> {
    let status = Some(answer.status().as_u16());
    let failed = |class, reason| Failure { status, ..Failure::new(class, reason) };
    let body = Limited::new(answer.into_body(), MOST_OF_AN_ANSWER_BYTES).collect();
    match tokio::time::timeout(BODY_PATIENCE, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => {
            let reason = format!("its answer is longer than {MOST_OF_AN_ANSWER_BYTES} bytes, or broke off");
            Err(failed(FailureClass::Interrupted, reason))
        }
        Err(_) => {
            let reason = format!("its answer had begun and did not end within {} ms", BODY_PATIENCE.as_millis());
            Err(failed(FailureClass::Timeout, reason))
        }
    }
}

/// What stands behind an error of the client: a failure of our own connector, or somebody else's.
fn failure_of(error: &legacy::Error) -> Failure {
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
