//! Connections, from the listener to the routes: TLS, how long a head may take, and the end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use crate::graphql::Limits;
use crate::http::admission::Peer;
use crate::http::patience::Patient;
use crate::http::tls::Tls;

/// How connections are spoken with.
#[derive(Clone)]
pub(super) struct Speech {
    /// The certificate; none where plain HTTP is spoken.
    pub(super) tls: Option<Arc<Tls>>,
    /// How long the head of a request may take, that of the next one on the same connection too, and the handshake before the first.
    pub(super) header_timeout: Duration,
    /// Of a longer head nothing more is read. What is a little too long is read, so that it can be refused in words.
    pub(super) most_header_bytes: usize,
}

impl Speech {
    /// Plain HTTP within those limits.
    pub(super) fn plain(limits: &Limits) -> Self {
        Self { tls: None, header_timeout: limits.header_timeout, most_header_bytes: 2 * limits.header_bytes }
    }

    /// Gives the requests of all connections to the routes until it is told to end, then answers what is under way.
    pub(super) async fn serve(self, mut listener: TcpListener, routes: Router, ends: impl Future<Output = ()>) {
        let (stop, connections) = (CancellationToken::new(), TaskTracker::new());
        tokio::pin!(ends);
        loop {
            // The library's own way of accepting: it logs what cannot be accepted and goes on.
            let (stream, address) = tokio::select! {
                accepted = Listener::accept(&mut listener) => accepted,
                () = &mut ends => break,
            };
            let (speech, routes, stop) = (self.clone(), routes.clone(), stop.clone());
            connections.spawn(async move { speech.attend(stream, Peer::of(address), routes, stop).await });
        }
        drop(listener);
        stop.cancel();
        connections.close();
        connections.wait().await;
    }

    /// Serves one connection to its end.
    async fn attend(self, stream: TcpStream, peer: Peer, routes: Router, stop: CancellationToken) {
        let Some(tls) = &self.tls else { return self.speak(stream, peer, routes, stop).await };
        let handshake = timeout(self.header_timeout, tls.acceptor().accept(stream));
        match stop.run_until_cancelled(handshake).await {
            Some(Ok(Ok(stream))) => self.speak(stream, peer, routes, stop).await,
            Some(Ok(Err(error))) => tracing::debug!(%error, "a handshake failed"),
            Some(Err(_)) | None => {}
        }
    }

    async fn speak<S>(self, stream: S, peer: Peer, routes: Router, stop: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            let answered = routes.clone().call(request);
            async { Ok::<_, Infallible>(answered.await.unwrap_or_else(|never| match never {})) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_timeout)
            .max_header_size(self.most_header_bytes)
            .serve_connection(TokioIo::new(Patient::new(stream)), service)
            .with_upgrades();
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
