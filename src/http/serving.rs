//! Connections, from the listener to the routes: who is let in, TLS, how long a head may take, and the end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use crate::graphql::{Limits, StreamLimits};
use crate::http::admission::Peer;
use crate::http::drain::{Drain, USUAL};
use crate::http::gate::{Gate, Seat};
use crate::http::lingering::Noted;
use crate::http::patience::Patient;
use crate::http::streams::Streaming;
use crate::http::tls::Tls;
use crate::telemetry::causes::with_causes;

/// How long the refusal of a connection may take, from its handshake to its last byte.
const REFUSAL_TIME: Duration = Duration::from_secs(5);

/// What a connection may buffer at least, in either direction.
const LEAST_BUFFER_BYTES: usize = 64 << 10;

/// What the kernel may keep of an answer that it has not sent yet. It is told of each connection, since the kernel else
/// keeps up to 4 MiB, and says that there is room again when a third of all that has been taken. With this it keeps as
/// little of an answer that nobody reads, which is not counted any more, and says so when half of it has been taken;
/// what is on its way to a fast reader is as much as ever.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 32 << 10;

/// How connections are spoken with.
#[derive(Clone)]
pub(super) struct Speech {
    /// The certificate; none where plain HTTP is spoken.
    pub(super) tls: Option<Arc<Tls>>,
    /// How long the head of a request may take, that of the next one on the same connection too, and the handshake
    /// before the first.
    pub(super) header_timeout: Duration,
    /// Of a longer head nothing more is read. What is a little too long is read, so that it can be refused in words.
    pub(super) most_header_bytes: usize,
    /// The same of how many fields it has.
    pub(super) most_header_fields: usize,
    /// How long an answer waits for a reader who does not read.
    pub(super) patience: Duration,
    /// Who is let in.
    pub(super) gate: Arc<Gate>,
    /// How long they are waited for at the end.
    pub(super) drain: Drain,
}

impl Speech {
    /// Plain HTTP within those limits; the figure tells how many connections are open.
    pub(super) fn plain(limits: &Limits, streams: &StreamLimits, figure: &Gauge) -> Self {
        Self {
            tls: None,
            header_timeout: limits.header_timeout,
            most_header_bytes: 2 * limits.header_bytes,
            most_header_fields: 2 * limits.header_fields,
            patience: streams.patience,
            gate: Arc::new(Gate::new(limits, figure)),
            drain: Drain::within(USUAL),
        }
    }

    /// Gives the requests of all connections to the routes until it is told to end, then answers what is under way to
    /// whoever is there for it in time.
    pub(super) async fn serve(self, mut listener: TcpListener, routes: Router, ends: impl Future<Output = ()>) {
        let (stop, connections) = (CancellationToken::new(), TaskTracker::new());
        tokio::pin!(ends);
        loop {
            // The library's own way of accepting: it logs what cannot be accepted and goes on.
            let (stream, address) = tokio::select! {
                accepted = Listener::accept(&mut listener) => accepted,
                () = &mut ends => break,
            };
            let Some(seat) = self.gate.enter(Peer::of(address)) else { continue };
            #[cfg(target_os = "linux")]
            if let Err(error) = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES) {
                tracing::debug!(error = %with_causes(&error), "the kernel keeps as much of an answer as it likes");
            }
            let (speech, routes, stop) = (self.clone(), routes.clone(), stop.clone());
            connections.spawn(async move {
                match seat.one_too_many() {
                    None => speech.attend(stream, Arc::new(seat), routes, stop).await,
                    // Whoever takes no refusal is not waited for.
                    Some(_) => {
                        let _ = timeout(REFUSAL_TIME, speech.attend(stream, Arc::new(seat), routes, stop)).await;
                    }
                }
            });
        }
        drop(listener);
        stop.cancel();
        connections.close();
        connections.wait().await;
    }

    /// Serves one connection to its end.
    async fn attend(self, stream: TcpStream, seat: Arc<Seat>, routes: Router, stop: CancellationToken) {
        let Some(tls) = &self.tls else { return self.speak(stream, seat, routes, stop).await };
        let handshake = timeout(self.header_timeout, tls.acceptor().accept(stream));
        match stop.run_until_cancelled(handshake).await {
            Some(Ok(Ok(stream))) => self.speak(stream, seat, routes, stop).await,
            Some(Ok(Err(error))) => tracing::debug!(error = %with_causes(&error), "a handshake failed"),
            Some(Err(_)) | None => {}
        }
    }

    async fn speak<S>(self, stream: S, seat: Arc<Seat>, routes: Router, stop: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = Patient::new(stream, seat.clone(), self.patience);
        let (one_too_many, mutations) = (seat.one_too_many(), seat.mutations.clone());
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(|body| Body::new(Noted::new(body, seat.clone())));
            request.extensions_mut().insert(seat.peer);
            request.extensions_mut().insert(seat.incoming.clone());
            request.extensions_mut().insert(seat.mutations.clone());
            if let Some(limit) = one_too_many {
                request.extensions_mut().insert(limit);
            }
            let (answered, seat) = (routes.clone().call(request), seat.clone());
            async move {
                let mut answer = answered.await.unwrap_or_else(|never| match never {});
                if seat.is_unread() {
                    // Nothing that follows on the connection would be read, and a client that keeps it has to know.
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                if let Some(streaming) = answer.extensions().get::<Streaming>() {
                    seat.becomes_stream(streaming.clone());
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .keep_alive(one_too_many.is_none())
            .header_read_timeout(self.header_timeout)
            .max_header_size(self.most_header_bytes)
            .max_headers(self.most_header_fields)
            // A head has to fit, and beyond that little is kept for a reader: answers are counted until they are here.
            .max_buf_size(self.most_header_bytes.max(LEAST_BUFFER_BYTES))
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::pin!(connection);
        let served = async {
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            }
        };
        if let Some(Err(error)) = self.drain.serve(&stop, &mutations, served).await {
            tracing::debug!(error = %with_causes(&error), "a connection ended early");
        }
    }
}
