//! Delivery over TLS, to a receiver whose authority the sender's machine trusts or does not.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::faults::report_cases;
use crate::support::authority::Authority;
use crate::support::server::{Installation, Server};
use crate::webhooks::receiver::{Answer, Receiver, in_order};
use crate::webhooks::serving::{CREATE, comment, order, serving};

/// How many comments are made before the receiver is trusted.
const COMMENTS: usize = 5;

/// A receiver with a certificate of that authority.
async fn receiver(authority: &Authority) -> Receiver {
    let certificate = CertificateDer::from_pem_file(authority.certificate()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(authority.key()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key is the certificate's");
    let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}/events", tcp.local_addr().expect("an address"));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Receiver::at(url, SecureListener { tcp, acceptor }, |_| Answer::Status(200))
}

/// A server on a machine that trusts this authority and no other.
fn trusting(authority: &Authority, installation: &Installation) -> Server {
    let mut command = serving(installation);
    command.env("SSL_CERT_FILE", authority.root()).env_remove("SSL_CERT_DIR");
    Server::start(&mut command)
}

struct SecureListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for SecureListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.tcp.accept().await.expect("it listens");
            // Who does not trust the certificate breaks off here.
            if let Ok(secure) = self.acceptor.accept(stream).await {
                return (secure, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_receiver_whose_authority_is_trusted_is_told_anything() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let receiver = receiver(&authority).await;
    let installation = Installation::embedded();
    let server = trusting(&stranger, &installation);
    let cases = report_cases(&installation, &server.graphql).await;
    let input = json!({ "url": receiver.url, "subjects": ["CASE"], "eventTypes": ["CommentAdded"], "after": "0" });
    let made = order(&installation, &server, CREATE, "createWebhook", input).await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    receiver.expect_signed_with(&[made["secret"].as_str().expect("a secret")]);
    let about = json!({ "webhookId": made["webhook"]["id"] });
    let test = "mutation($input: TestWebhookInput!) { testWebhook(input: $input) { delivered failure } }";
    let tested = order(&installation, &server, test, "testWebhook", about.clone()).await;
    assert_eq!(tested, json!({ "delivered": false, "failure": "CONNECTION" }));
    comment(&installation, &server, &cases, 0..COMMENTS).await;
    assert!(server.stop(), "it ends in order");
    assert!(receiver.all().is_empty(), "who is not trusted is told nothing");

    let server = trusting(&authority, &installation);
    let tested = order(&installation, &server, test, "testWebhook", about).await;
    assert_eq!(tested, json!({ "delivered": true, "failure": null }));
    receiver.has_taken(1 + COMMENTS).await;
    let events: Vec<_> = receiver.taken().into_iter().filter(|message| message.event["position"].is_string()).collect();
    assert_eq!(in_order(&events).len(), COMMENTS, "what could not be delivered then is now");
    assert!(server.stop(), "it ends in order");
}
