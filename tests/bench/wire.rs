//! A client that costs next to nothing: one connection that is kept alive, requests that are bytes already. What answers
//! shares the machine with it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const END_OF_HEAD: &[u8] = b"\r\n\r\n";
const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

/// A connection to an HTTP server.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// A `POST` of JSON.
pub(crate) fn post(address: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\naccept: application/json\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

impl Connection {
    pub(crate) async fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        Self { stream, received: Vec::with_capacity(64 << 10) }
    }

    /// The body of the answer, which must be good. One that comes in chunks has their lengths in it.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.expect("it is sent");
        self.received.clear();
        let head = loop {
            if let Some(at) = place_of(END_OF_HEAD, &self.received) {
                break at + END_OF_HEAD.len();
            }
            self.more().await;
        };
        match self.length_of_body(head) {
            Some(length) => {
                while self.received.len() < head + length {
                    self.more().await;
                }
            }
            None => {
                while !self.received.ends_with(LAST_CHUNK) {
                    self.more().await;
                }
            }
        }
        &self.received[head..]
    }

    /// As the head says; nothing where the body comes in chunks.
    fn length_of_body(&self, head: usize) -> Option<usize> {
        let head = str::from_utf8(&self.received[..head]).expect("a head is ASCII");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let mut headers = head.lines().filter_map(|line| line.split_once(':'));
        let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        length.map(|(_, value)| value.trim().parse().expect("a length"))
    }

    async fn more(&mut self) {
        let count = self.stream.read_buf(&mut self.received).await.expect("it can be read");
        assert!(count > 0, "the server has closed the connection");
    }
}

/// Where these bytes stand first.
pub(crate) fn place_of(bytes: &[u8], within: &[u8]) -> Option<usize> {
    within.windows(bytes.len()).position(|window| window == bytes)
}
