//! A page whose name is made to lead to the server (DNS rebinding) is no page of the server.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::front::{JSON, QUERY};
use crate::support::server::{Installation, Server, Who};

const EVIL: &str = "evil.example";

struct Named {
    server: Server,
    /// Its folder goes when it is dropped.
    _installation: Installation,
    token: String,
}

impl Named {
    fn start(listen: &str, hosts: Option<&str>) -> Self {
        let installation = Installation::embedded();
        let token = installation.token(&Who::new("front-tester", "MANAGER", "CN"));
        let mut command = installation.command();
        command.envs(hosts.map(|hosts| ("ETALON_HOSTS", hosts)));
        let server = Server::start(command.args(["serve", "--listen", listen]));
        Self { server, _installation: installation, token }
    }

    /// What is said to a page that the browser finds under that name, which shows a token of somebody.
    async fn says(&self, method: &str, path: &str, host: &str, headers: &str) -> (u16, String) {
        let address = self.server.graphql.replace("http://", "").replace("/graphql", "");
        let mut stream = TcpStream::connect(address).await.expect("it is there");
        let body = if method == "POST" { QUERY } else { "" };
        let (length, token) = (body.len(), &self.token);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\nauthorization: Bearer {token}\r\n\
             content-type: {JSON}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.expect("it is sent");
        let mut said = String::new();
        stream.read_to_string(&mut said).await.expect("text");
        let (head, body) = said.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, body.to_owned())
    }

    async fn answers_to(&self, host: &str) -> bool {
        let (status, body) = self.says("POST", "/graphql", host, "").await;
        assert!(matches!(status, 200 | 421), "{status} {body}");
        status == 200
    }
}

#[tokio::test]
async fn a_server_at_loopback_answers_to_its_own_names_alone() {
    let named = Named::start("127.0.0.1:0", None);
    for known in ["localhost", "localhost.:8080", "127.0.0.1", "[::1]:80", "[0:0:0:0:0:0:0:1]"] {
        assert!(named.answers_to(known).await, "{known}");
    }
    assert!(!named.answers_to(EVIL).await);
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n";
    for (method, path, headers) in [
        ("POST", "/graphql", ""),
        ("POST", "/graphql", "accept: text/event-stream\r\n"),
        ("GET", "/graphql?query=%7B__typename%7D", "apollo-require-preflight: true\r\n"),
        ("GET", "/graphql", upgrade),
        ("OPTIONS", "/graphql", "access-control-request-method: POST\r\n"),
        ("GET", "/graphiql", ""),
        ("GET", "/log/checkpoint", ""),
        ("GET", "/no/such/path", ""),
        ("GET", "http://127.0.0.1/graphiql", ""),
    ] {
        let (status, body) = named.says(method, path, EVIL, headers).await;
        assert_eq!(status, 421, "{method} {path}: {body}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body["errors"][0]["extensions"]["code"], "HOST_UNKNOWN");
    }
    // Whoever looks after a server asks by any name, and learns that it lives.
    for path in ["/healthz", "/readyz"] {
        assert_eq!(named.says("GET", path, EVIL, "").await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn a_server_answers_to_the_names_that_it_is_given() {
    let named = Named::start("127.0.0.1:0", Some("etalon.example, 192.0.2.7, [2001:db8::7]"));
    let names = ["etalon.example", "Etalon.Example:8443", "etalon.example.", "etalon.example.:8443", "localhost"];
    let addresses = ["192.0.2.7", "[::ffff:192.0.2.7]", "[2001:DB8:0:0:0:0:0:7]:8443"];
    for known in names.into_iter().chain(addresses) {
        assert!(named.answers_to(known).await, "{known}");
    }
    for unknown in [EVIL, "etalon.example.evil.example", "sub.etalon.example", "[2001:db8::8]"] {
        assert!(!named.answers_to(unknown).await, "{unknown}");
    }
}

#[tokio::test]
async fn a_server_that_others_reach_answers_to_any_name_until_it_is_given_some() {
    assert!(Named::start("0.0.0.0:0", None).answers_to(EVIL).await);
    let named = Named::start("0.0.0.0:0", Some("etalon.example"));
    assert!(named.answers_to("etalon.example").await && !named.answers_to(EVIL).await);
}
