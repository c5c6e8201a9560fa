//! The server with a certificate of its own.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use etalon::clock::{Clock, SystemClock};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::front::{JSON, QUERY};
use crate::support::authority::Authority;
use crate::support::server::{Installation, Server, Who};

/// An installation with a certificate in its folder.
struct Secure {
    installation: Installation,
    server: Server,
}

impl Secure {
    fn start(authority: &Authority) -> Self {
        let installation = Installation::embedded();
        put(authority, installation.folder());
        let mut command = installation.command();
        command.env("ETALON_TLS_CERTIFICATE", "tls.pem").env("ETALON_TLS_KEY", "tls.key");
        command.env("ETALON_HEADER_TIMEOUT_MS", "2000").env("ETALON_METRICS_LISTEN", "127.0.0.1:0");
        let server = Server::start(command.args(["serve", "--listen", "127.0.0.1:0"]));
        Self { installation, server }
    }

    fn address(&self) -> String {
        self.server.graphql.replace("https://", "").replace("/graphql", "")
    }

    /// When its certificate ends, in seconds since the Unix epoch, as a figure tells.
    async fn ends(&self) -> Option<f64> {
        let log = self.server.log();
        let (_, address) = log.lines().find_map(|line| line.split_once("figures at ")).expect("it says where");
        let text = reqwest::get(address.trim()).await.expect("an answer").text().await.expect("text");
        let told = text.lines().find(|line| line.starts_with("etalon_tls_certificate_expires_seconds"))?;
        Some(told.rsplit(' ').next()?.parse().expect("a number"))
    }

    /// What is answered to somebody who trusts that authority; `None` where the certificate is not its.
    async fn asked(&self, authority: &Authority, request: &str) -> Option<String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority.root()).expect("a certificate")).expect("it is one");
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address()).await.expect("it is there");
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let mut secure = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
        secure.write_all(request.as_bytes()).await.expect("it is sent");
        let mut said = String::new();
        secure.read_to_string(&mut said).await.expect("it ends in order");
        Some(said)
    }
}

/// Puts a certificate of that authority and its key where the server finds them.
fn put(authority: &Authority, folder: &Path) {
    fs::copy(authority.certificate(), folder.join("tls.pem")).expect("copied");
    fs::copy(authority.key(), folder.join("tls.key")).expect("copied");
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_server_with_a_certificate_speaks_tls_and_nothing_else() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let secure = Secure::start(&authority);
    assert!(secure.server.graphql.starts_with("https://"), "{}", secure.server.graphql);
    let said = secure.asked(&authority, HEALTH).await.expect("it is trusted");
    assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("alive\n"), "{said}");
    assert!(said.contains("strict-transport-security: max-age="), "{said}");
    let token = secure.installation.token(&Who::new("front-tester", "MANAGER", "CN"));
    let length = QUERY.len();
    let question = format!(
        "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         content-type: {JSON}\r\ncontent-length: {length}\r\n\r\n{QUERY}"
    );
    let said = secure.asked(&authority, &question).await.expect("it is trusted");
    assert!(said.contains("{\"viewer\":{\"roles\":[\"MANAGER\"]}}"), "{said}");
    assert_eq!(secure.asked(&stranger, HEALTH).await, None, "another authority vouches for nothing");

    // Whoever speaks plainly, or says nothing at all, is hung up on.
    for words in [HEALTH, ""] {
        let mut plain = TcpStream::connect(secure.address()).await.expect("it is there");
        plain.write_all(words.as_bytes()).await.expect("it is sent");
        let mut said = Vec::new();
        let ended = timeout(Duration::from_secs(20), plain.read_to_end(&mut said)).await;
        assert!(ended.is_ok() && !String::from_utf8_lossy(&said).contains("HTTP/1.1 200"), "{said:?}");
    }
    assert!(secure.server.stop(), "it ends in order");
}

#[tokio::test]
async fn a_certificate_is_taken_anew_while_the_server_runs() {
    let (first, second) = (Authority::new(), Authority::new());
    let secure = Secure::start(&first);
    fs::write(secure.installation.folder().join("tls.pem"), "nothing of the kind").expect("written");
    assert!(secure.server.tell("HUP"));
    secure.server.says("the certificate stays as it is").await;
    assert!(secure.asked(&first, HEALTH).await.is_some(), "it goes on with the old one");
    put(&second, secure.installation.folder());
    assert!(secure.server.tell("HUP"));
    secure.server.says("the certificate was taken anew").await;
    assert!(secure.asked(&second, HEALTH).await.is_some(), "it is the new one that is shown");
    assert!(secure.asked(&first, HEALTH).await.is_none(), "the old one is not shown any more");
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_told_at_the_start_and_when_it_is_taken_anew() {
    let soon = "the certificate ends in less than 14 days";
    let (authority, lasting) = (Authority::new(), Authority::of_days(30));
    let secure = Secure::start(&authority);
    secure.server.says(soon).await;
    let days_left = async || {
        let ends = secure.ends().await.expect("it is told");
        (ends - SystemClock.now().as_second() as f64) / 86_400.0
    };
    assert!((1.0..3.0).contains(&days_left().await));
    put(&lasting, secure.installation.folder());
    assert!(secure.server.tell("HUP"));
    secure.server.says("the certificate was taken anew").await;
    // The figure is set after that was said: it is waited for by looking again.
    while days_left().await < 29.0 {}
    assert_eq!(secure.server.log().matches(soon).count(), 1, "of the new one there is nothing to be said");
    assert!(secure.server.stop(), "it ends in order");
}

#[tokio::test]
async fn of_a_certificate_whose_end_cannot_be_read_no_figure_tells_one() {
    let authority = Authority::new();
    let secure = Secure::start(&authority);
    secure.server.says("the certificate ends in less than 14 days").await;
    assert!(secure.ends().await.is_some());
    let mut certificate = CertificateDer::from_pem_file(authority.certificate()).expect("a certificate").to_vec();
    // Two times of 13 characters, one after the other (UTCTime): of the later one the month becomes the 99th.
    let mut pairs = certificate.windows(17);
    let begins = pairs.position(|bytes| bytes[..2] == [0x17, 13] && bytes[15..] == [0x17, 13]);
    let month = begins.expect("it is good from then until then") + 19;
    certificate[month..month + 2].copy_from_slice(b"99");
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(certificate));
    fs::write(secure.installation.folder().join("tls.pem"), pem).expect("written");
    assert!(secure.server.tell("HUP"));
    secure.server.says("it cannot be read when the certificate ends").await;
    assert_eq!(secure.ends().await, None);
}

#[test]
fn files_that_cannot_be_used_are_told_by_their_names() {
    let (authority, other) = (Authority::new(), Authority::new());
    let installation = Installation::embedded();
    put(&authority, installation.folder());
    fs::copy(other.key(), installation.folder().join("other.key")).expect("copied");
    fs::write(installation.folder().join("empty.pem"), "").expect("written");
    for (certificate, key, expected) in [
        ("none.pem", "tls.key", "none.pem holds no certificate in PEM that can be read"),
        ("empty.pem", "tls.key", "empty.pem holds no certificate in PEM that can be read"),
        ("tls.pem", "tls.pem", "tls.pem holds no private key in PEM that can be read"),
        ("tls.pem", "other.key", "the key of other.key does not go with the certificate of tls.pem"),
    ] {
        let mut command = installation.command();
        command.env("ETALON_TLS_CERTIFICATE", certificate).env("ETALON_TLS_KEY", key);
        let ended = command.args(["serve", "--listen", "127.0.0.1:0"]).output().expect("the program starts");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success() && said.contains(expected), "{said}");
        assert!(said.contains("tls_certificate, tls_key"), "{said}");
    }
    let mut command = installation.command();
    command.env("ETALON_TLS_CERTIFICATE", "tls.pem").args(["serve", "--listen", "127.0.0.1:0"]);
    let ended = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("`tls_certificate` and `tls_key` belong together"), "{said}");
}
