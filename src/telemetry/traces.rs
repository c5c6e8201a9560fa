//! Spans on their way to a collector of OpenTelemetry (OTLP over HTTP, protobuf), where the settings name one.
//!
//! A batch is sent every few seconds by a thread of its own; a collector that does not answer costs what it would have
//! been sent, and no command.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Request, Response};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::outbound::{Client, Endpoint, EndpointError, Networks};
use crate::telemetry::causes::with_causes;

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many spans wait while the collector is slow, some seconds of a busy server; beyond them they are dropped.
const MOST_WAITING: usize = 16_384;

/// What is sent: where to, and by whom.
pub struct Traces(SdkTracerProvider);

/// Why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum NoTraces {
    /// The collector's URL is none.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The exporter does not take what it was given.
    #[error(transparent)]
    Exporter(#[from] ExporterBuildError),
}

impl Traces {
    /// To the collector at that URL, on this thread's runtime.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn to(collector: &str) -> Result<Self, NoTraces> {
        let url = format!("{}/v1/traces", collector.trim_end_matches('/'));
        let networks = Networks::any();
        let carrier = Carrier {
            endpoint: Endpoint::parse(&url, &networks)?,
            client: Arc::new(Client::new(networks, PATIENCE)),
            runtime: Handle::current(),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(url)
            .with_timeout(PATIENCE)
            .with_http_client(carrier)
            .build()?;
        let batches = BatchConfigBuilder::default().with_max_queue_size(MOST_WAITING).build();
        let provider = SdkTracerProvider::builder()
            .with_resource(Resource::builder().with_service_name("etalon").build())
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
            .build();
        Ok(Self(provider))
    }

    /// Whoever makes spans of this program.
    #[must_use]
    pub fn tracer(&self) -> SdkTracer {
        self.0.tracer("etalon")
    }

    /// Sends what is left, and waits for it. The runtime has to be there still, and not on this thread.
    pub fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(error = %with_causes(&error), "the last traces are lost");
        }
    }
}

/// Whether it is traced: the spans of this program. What it logs beside them is for its log.
#[must_use]
pub fn is_traced(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target().starts_with("etalon")
}

/// Makes the span a part of the caller's trace, where the request names one (W3C Trace Context).
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        let caller = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // Without a collector there is no trace to be a part of.
        let _ = span.set_parent(caller);
    }
}

/// Tells the span that is entered as of which position its answer is.
pub fn answered_as_of(position: u64) {
    Span::current().record("etalon.position", position.cast_signed());
}

/// Takes batches from the exporter's thread to the collector.
struct Carrier {
    client: Arc<Client>,
    endpoint: Endpoint,
    runtime: Handle,
}

impl fmt::Debug for Carrier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Carrier").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for Carrier {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (client, endpoint) = (self.client.clone(), self.endpoint.clone());
        let (parts, body) = request.into_parts();
        let mut headers = parts.headers;
        headers.remove(CONTENT_TYPE);
        let sent =
            self.runtime.spawn(async move { client.post(&endpoint, "application/x-protobuf", &headers, body).await });
        let answer = sent.await?.inspect_err(|failure| tracing::warn!(%failure, "the collector takes no traces"))?;
        if !answer.status.is_success() {
            tracing::warn!(status = answer.status.as_u16(), "the collector takes no traces");
        }
        let mut response = Response::new(answer.body.unwrap_or_default());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}
