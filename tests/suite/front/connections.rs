//! So many connections may be open, and one too many is told so: nobody takes the server away from the others by holding on to it.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::following::subscriber::greeted;
use crate::front::Front;
use crate::support::server::{Installation, Server};

/// Nothing is there, and nobody has to be known to be told so.
const NOTHING: &str = "/nothing/of/that/name";
/// How many may be refused in words at once.
const REFUSALS_AT_ONCE: usize = 64;
/// How often something that is about to happen is looked for.
const LOOKS: usize = 10_000;

/// A server of that many connections, that waits for heads longer than a test takes.
fn narrow(settings: &[(&str, &str)]) -> Front {
    let patient = [("ETALON_HEADER_TIMEOUT_MS", "600000"), ("ETALON_METRICS_LISTEN", "127.0.0.1:0")];
    Front::with(&[settings, &patient].concat())
}

/// A connection that says nothing.
async fn silent(front: &Front) -> TcpStream {
    TcpStream::connect(front.address()).await.expect("it is there")
}

/// All that is answered to a request until the connection is closed.
async fn told(mut stream: TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    // Whoever is hung up on at once may notice it here, or at the next line.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut said = String::new();
    let _ = stream.read_to_string(&mut said).await;
    said
}

async fn asked(front: &Front, path: &str) -> String {
    told(silent(front).await, path).await
}

/// The limit that a refusal names, and its number.
fn refusal(said: &str) -> (String, u64) {
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or_else(|| panic!("an answer is expected: {said}"));
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("retry-after: 10"), "{said}");
    assert!(head.contains("connection: close") && head.contains("x-request-id: "), "{said}");
    assert!(head.contains("x-content-type-options: nosniff"), "{said}");
    let body: Value = serde_json::from_str(body).expect("JSON");
    let told = &body["errors"][0]["extensions"];
    assert_eq!((&told["code"], &told["retryable"]), (&json!("TOO_MANY_CONNECTIONS"), &json!(true)), "{told}");
    (told["limit"].as_str().expect("a name").to_owned(), told["maximum"].as_u64().expect("a number"))
}

/// Asks until a connection is let in again.
async fn is_let_in(front: &Front) {
    for _ in 0..LOOKS {
        if asked(front, NOTHING).await.starts_with("HTTP/1.1 404 ") {
            return;
        }
    }
    panic!("there is no room for anybody");
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_let_in_when_another_has_ended() {
    let front = narrow(&[("ETALON_CONNECTIONS", "2")]);
    let first = silent(&front).await;
    let _second = silent(&front).await;
    assert_eq!(refusal(&asked(&front, NOTHING).await), ("connections".to_owned(), 2));
    for path in ["/healthz", "/readyz"] {
        assert!(asked(&front, path).await.starts_with("HTTP/1.1 200 "), "{path} is answered whoever else is there");
    }
    // Those two: whoever asks for figures, at their own listener, is none of them.
    assert_eq!(front.figure("etalon_connections_open").await as u64, 2);
    assert!(front.figure("etalon_refused_total{code=\"TOO_MANY_CONNECTIONS\"}").await >= 1.0);
    drop(first);
    is_let_in(&front).await;
    assert!(front.server.stop(), "it ends in order");
}

#[tokio::test]
async fn where_it_rains_refusals_they_are_without_words() {
    let front = narrow(&[("ETALON_CONNECTIONS", "1")]);
    let open = silent(&front).await;
    let mut refused = Vec::new();
    for _ in 0..REFUSALS_AT_ONCE {
        refused.push(silent(&front).await);
    }
    assert_eq!(asked(&front, "/healthz").await, "");
    // Whoever has a refusal to come gets it.
    assert_eq!(refusal(&told(refused.pop().expect("one of them"), NOTHING).await).1, 1);
    drop((open, refused));
    is_let_in(&front).await;
}

#[tokio::test]
async fn an_address_has_so_many_connections_where_that_is_said() {
    let front = narrow(&[("ETALON_CONNECTIONS", "9"), ("ETALON_CONNECTIONS_PER_ADDRESS", "1")]);
    let _open = silent(&front).await;
    assert_eq!(refusal(&asked(&front, NOTHING).await), ("connectionsPerAddress".to_owned(), 1));
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.2:0".parse().expect("an address")).expect("it is of this machine as well");
    let other = socket.connect(front.address().parse().expect("an address")).await.expect("it is there");
    assert!(told(other, NOTHING).await.starts_with("HTTP/1.1 404 "), "another address has its own");
}

/// Streams are counted among streams, of which there are so many.
#[tokio::test]
async fn a_stream_leaves_its_place_to_others() {
    let front = narrow(&[("ETALON_CONNECTIONS", "1")]);
    let body = json!({ "query": "subscription { events { position } }" });
    let request = front.client.post(&front.server.graphql).bearer_auth(&front.token).json(&body);
    let stream = request.header("accept", "text/event-stream").send().await.expect("an answer");
    assert_eq!((stream.status().as_u16(), &stream.headers()["connection"]), (200, &"close".parse().expect("a value")));
    let socket = greeted(&front.server.graphql, &front.token).await.expect("there is room");
    assert!(asked(&front, NOTHING).await.starts_with("HTTP/1.1 404 "));
    assert_eq!(front.figure("etalon_streams_open").await as u64, 2);
    drop((stream, socket));
    is_let_in(&front).await;
}

/// A server whose shell has set the limits of its file descriptors so.
fn limited(installation: &Installation, limit: &str, settings: &[(&str, &str)]) -> Server {
    let plain = installation.command();
    let mut command = Command::new("sh");
    let script = format!("ulimit {limit}; exec \"$0\" serve --listen 127.0.0.1:0");
    command.args(["-c", &script]).arg(plain.get_program());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?)))).envs(settings.iter().copied());
    Server::start(command.current_dir(installation.folder()))
}

/// A shell gives a process fewer than it may have.
#[test]
fn a_server_takes_the_descriptors_that_it_may_have() {
    let installation = Installation::embedded();
    let server = limited(&installation, "-Sn 128", &[]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.id())).expect("it runs");
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).expect("they are limited");
    let [soft, hard] = [0, 1].map(|place| files.split_whitespace().nth(place).expect("a number"));
    assert!(soft == hard && soft != "128", "{files}");
}

/// Whoever starts it for the first time has promised nobody so many connections.
#[test]
fn a_server_warns_of_descriptors_where_it_matters() {
    const MANY: &[(&str, &str)] = &[("ETALON_CONNECTIONS", "3000")];
    const FEW: &[(&str, &str)] = &[("ETALON_CONNECTIONS", "500"), ("ETALON_STREAMING_CONNECTIONS", "500")];
    let cases = [("-n 2000", &[][..], false), ("-n 2000", MANY, true), ("-n 2000", FEW, false), ("-n 1000", &[], true)];
    for (limit, settings, is_warned) in cases {
        let installation = Installation::embedded();
        let server = limited(&installation, limit, settings);
        assert_eq!(server.log().contains("file descriptors are fewer"), is_warned, "{limit}: {}", server.log());
    }
}
