//! Connections: a name is looked up, every address judged, and a connection made to one that was.
//!
//! The judged address is the connected one, so a name that changes its answer between two looks (DNS rebinding) gains
//! nothing. Addresses written as numbers take the same way as names.

use std::collections::VecDeque;
use std::io;
use std::net::ToSocketAddrs;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tower_service::Service;

use super::address::host_of;
use super::names::{LookUp, on_threads};
use super::{Failure, FailureClass, Networks};

/// How many names are looked up at once. The system's look-up keeps a thread waiting for as long as nobody answers for a
/// name, whether anybody still waits for it or not, and commits and data keys want the same threads.
const LOOK_UPS: usize = 16;

/// Makes connections to addresses that may be called.
#[derive(Clone)]
pub(super) struct Connector {
    networks: Networks,
    look_up: LookUp,
    /// How long all addresses of a name may take together.
    patience: Duration,
}

impl Connector {
    /// With the system's own look-up.
    pub(super) fn new(networks: Networks, patience: Duration) -> Self {
        let look_up = on_threads(LOOK_UPS, |host, port| Ok((host, port).to_socket_addrs()?.collect()));
        Self::with(networks, look_up, patience)
    }

    pub(super) fn with(networks: Networks, look_up: LookUp, patience: Duration) -> Self {
        Self { networks, look_up, patience }
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<TcpStream>, Failure> {
        let has_tls = uri.scheme_str() != Some("http");
        let port = uri.port_u16().unwrap_or(if has_tls { 443 } else { 80 });
        let host = host_of(uri.host().unwrap_or_default()).to_owned();
        let found = (self.look_up)(host, port).await;
        let found = found.map_err(|_| Failure::new(FailureClass::Name, "its name has no address"))?;
        let is_forbidden = found.iter().any(|address| !self.networks.admit(address.ip(), has_tls));
        let admitted = found.into_iter().filter(|address| self.networks.admit(address.ip(), has_tls));
        let mut left: VecDeque<_> = admitted.collect();
        let until = Instant::now() + self.patience;
        let mut last = None;
        while let Some(address) = left.pop_front() {
            // One that does not answer leaves the others their part of the time.
            let part = until.saturating_duration_since(Instant::now()) / (left.len() as u32 + 1);
            match timeout(part, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // A request is written at once; there is nothing to wait for.
                    let _ = stream.set_nodelay(true);
                    return Ok(TokioIo::new(stream));
                }
                Ok(Err(error)) => last = Some(error.kind()),
                Err(_) => last = Some(io::ErrorKind::TimedOut),
            }
        }
        Err(match last {
            Some(kind) => Failure::new(FailureClass::Connection, format!("no connection: {kind}")),
            None if is_forbidden => {
                Failure::new(FailureClass::AddressForbidden, "its address is in a network that is not called")
            }
            None => Failure::new(FailureClass::Name, "its name has no address"),
        })
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    fn answering(answers: Vec<Vec<SocketAddr>>) -> LookUp {
        let asked = AtomicUsize::new(0);
        Arc::new(move |_, _| {
            let answer = answers[asked.fetch_add(1, Ordering::SeqCst) % answers.len()].clone();
            Box::pin(std::future::ready(Ok(answer)))
        })
    }

    /// Longer than anything here takes that answers at all.
    const PATIENCE: Duration = Duration::from_secs(2);

    async fn class(networks: &Networks, look_up: &LookUp, url: &str) -> Option<FailureClass> {
        let connector = Connector::with(networks.clone(), look_up.clone(), PATIENCE);
        connector.connect(url.parse().expect("a URL")).await.err().map(|failure| failure.class)
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_followed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let inside = listener.local_addr().expect("an address");
        let none = Networks::default();
        let look_up = answering(vec![vec![inside]]);
        assert_eq!(class(&none, &look_up, "https://rebind.example/").await, Some(FailureClass::AddressForbidden));
        assert_eq!(class(&none, &look_up, "https://127.0.0.1/").await, Some(FailureClass::AddressForbidden));
        let loopback = Networks::new(vec!["127.0.0.0/8".parse().expect("a network")]);
        assert_eq!(class(&loopback, &look_up, "https://rebind.example/").await, None);
    }

    #[tokio::test]
    async fn the_address_that_is_judged_is_the_one_that_is_called() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let inside = listener.local_addr().expect("an address");
        // Whoever judged by one answer and connected by the next would be led inside.
        let look_up = answering(vec![vec!["203.0.113.7:1".parse().expect("an address")], vec![inside]]);
        for _ in 0..4 {
            let refused = class(&Networks::default(), &look_up, "https://rebind.example/").await;
            assert_eq!(refused, Some(FailureClass::AddressForbidden));
        }
        let accepted = timeout(Duration::ZERO, listener.accept()).await;
        assert!(accepted.is_err(), "nobody came inside");
    }

    #[tokio::test]
    async fn an_address_that_does_not_answer_leaves_time_for_the_next() {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let listener = socket.listen(0).expect("it listens");
        let silent = listener.local_addr().expect("an address");
        // Nobody accepts: once its queue is full, the kernel answers nobody who comes.
        let mut queued = Vec::new();
        while let Ok(stream) = timeout(Duration::from_millis(200), TcpStream::connect(silent)).await {
            queued.push(stream.expect("it is queued"));
        }
        let next = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let loopback = Networks::new(vec!["127.0.0.0/8".parse().expect("a network")]);
        let look_up = answering(vec![vec![silent, next.local_addr().expect("an address")], vec![silent]]);
        assert_eq!(class(&loopback, &look_up, "http://half-silent.example/").await, None);
        assert_eq!(class(&loopback, &look_up, "http://silent.example/").await, Some(FailureClass::Connection));
    }

    #[tokio::test]
    async fn of_several_addresses_the_admitted_ones_are_tried() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let open = listener.local_addr().expect("an address");
        let forbidden = "10.0.0.1:1".parse().expect("an address");
        let loopback = Networks::new(vec!["127.0.0.0/8".parse().expect("a network")]);
        let look_up = answering(vec![vec![forbidden, open]]);
        assert_eq!(class(&loopback, &look_up, "http://mixed.example/").await, None);
        assert_eq!(class(&loopback, &answering(vec![vec![]]), "http://none.example/").await, Some(FailureClass::Name));
    }
}
