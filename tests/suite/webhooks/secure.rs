//! Delivery over TLS, to a receiver whose authority the sender's machine trusts or does not.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::faults::report_cases;
use crate::support::server::{Installation, Server};
use crate::webhooks::receiver::{Answer, Receiver, in_order};
use crate::webhooks::serving::{CREATE, comment, order, serving};

/// How many comments are made before the receiver is trusted.
const COMMENTS: usize = 5;

const SETTINGS: &str = "[req]
distinguished_name = name
prompt = no
[name]
CN = receiver
[authority]
basicConstraints = critical, CA:true
[receiver]
basicConstraints = CA:false
subjectAltName = IP:127.0.0.1
";

/// An authority of its own, and a certificate of a receiver on this machine.
struct Authority(TempDir);

impl Authority {
    fn new() -> Self {
        let authority = Self(tempfile::tempdir().expect("a temporary folder"));
        std::fs::write(authority.file("settings"), SETTINGS).expect("written");
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config settings";
        for arguments in [
            format!("req -x509 -extensions authority {key} -subj /CN=authority -keyout ca.key -out ca.pem -days 2"),
            format!("req -new {key} -keyout receiver.key -out receiver.csr"),
            "x509 -req -in receiver.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile settings -extensions receiver \
             -days 2 -out receiver.pem"
                .to_owned(),
        ] {
            let mut openssl = Command::new("openssl");
            let run = openssl.args(arguments.split_whitespace()).current_dir(authority.0.path()).output();
            let run = run.expect("the tests of TLS need the `openssl` command");
            assert!(run.status.success(), "{arguments}: {}", String::from_utf8_lossy(&run.stderr));
        }
        authority
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    async fn receiver(&self) -> Receiver {
        let certificate = CertificateDer::from_pem_file(self.file("receiver.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(self.file("receiver.key")).expect("a key");
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
    fn trusted_by(&self, installation: &Installation) -> Server {
        let mut command = serving(installation);
        command.env("SSL_CERT_FILE", self.file("ca.pem")).env_remove("SSL_CERT_DIR");
        Server::start(&mut command)
    }
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
    let receiver = authority.receiver().await;
    let installation = Installation::embedded();
    let server = stranger.trusted_by(&installation);
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

    let server = authority.trusted_by(&installation);
    let tested = order(&installation, &server, test, "testWebhook", about).await;
    assert_eq!(tested, json!({ "delivered": true, "failure": null }));
    receiver.has_taken(1 + COMMENTS).await;
    let events: Vec<_> = receiver.taken().into_iter().filter(|message| message.event["position"].is_string()).collect();
    assert_eq!(in_order(&events).len(), COMMENTS, "what could not be delivered then is now");
    assert!(server.stop(), "it ends in order");
}
