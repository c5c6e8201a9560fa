//! Whoever asks and does not read is kept answers for, so many of them and for so long.

use std::collections::VecDeque;
use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{interval, timeout};

use crate::front::size::schema;
use crate::front::{Front, JSON};
use crate::support::server::{Installation, Who};

const CHEAP: &str = "{ viewer { id } }";
pub(super) const UNSENT: &str = "etalon_unsent_answer_bytes";
/// How often something that is about to happen is looked for.
pub(super) const LOOKS: usize = 10_000;
/// Long after every time of these settings, and soon enough for a test.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What a server keeps of answers here: some of those that are asked for.
const ROOM: u64 = 32 << 20;
/// One actor's part of it: less than one of them.
pub(super) const ROOM_OF_ACTOR: u64 = ROOM / 4;

/// A server that keeps so many bytes of answers and no more.
fn narrow(patience_ms: &str) -> Front {
    narrow_in(Installation::embedded(), &[("ETALON_SLOW_READER_TIMEOUT_MS", patience_ms)])
}

/// The same in that installation, with more settings.
pub(super) fn narrow_in(installation: Installation, settings: &[(&str, &str)]) -> Front {
    let room = ROOM.to_string();
    let narrow = [
        ("ETALON_UNSENT_LIMIT_BYTES", room.as_str()),
        ("ETALON_ANSWER_LIMIT_BYTES", "33554432"),
        ("ETALON_METRICS_LISTEN", "127.0.0.1:0"),
    ];
    Front::of(installation, &[&narrow, settings].concat())
}

/// A connection on which little is on its way at once.
pub(super) async fn connected(front: &Front, buffer_bytes: u32) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(buffer_bytes).expect("it may be small");
    socket.connect(front.address().parse().expect("an address")).await.expect("it is there")
}

/// Asks on a connection.
pub(super) async fn request(stream: &mut TcpStream, token: &str, accept: &str, query: &str) {
    let body = json!({ "query": query }).to_string();
    let length = body.len();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: {JSON}\r\n\
         accept: {accept}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("it is sent");
}

/// Asks for more than the kernel takes from the server, and reads none of it.
pub(super) async fn unread(front: &Front, token: &str) -> TcpStream {
    let mut stream = connected(front, 4_096).await;
    request(&mut stream, token, JSON, &schema(60)).await;
    stream
}

/// Comes back when so much waits for its readers.
pub(super) async fn waits(front: &Front, enough: impl Fn(u64) -> bool) {
    // However fast the server tells: what happens after a time takes that time.
    let mut looks = interval(Duration::from_millis(1));
    for _ in 0..LOOKS {
        looks.tick().await;
        if enough(front.figure(UNSENT).await as u64) {
            return;
        }
    }
    panic!("{} bytes wait", front.figure(UNSENT).await);
}

async fn asks(front: &Front, token: &str, query: &str) -> Response {
    let request = front.client.post(&front.server.graphql).bearer_auth(token).json(&json!({ "query": query }));
    request.send().await.expect("an answer")
}

pub(super) async fn refusal(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["retry-after"], "1");
    let body: Value = answer.json().await.expect("JSON");
    let told = &body["errors"][0]["extensions"];
    (status, json!([told["code"], told["limit"], told["maximum"]]))
}

/// Asks until it is answered.
async fn is_answered(front: &Front, token: &str) {
    for _ in 0..LOOKS {
        if asks(front, token, CHEAP).await.status() == 200 {
            return;
        }
    }
    panic!("there is no room for an answer");
}

#[tokio::test]
async fn who_does_not_read_may_not_ask_for_more() {
    let front = narrow("600000");
    let stream = unread(&front, &front.token).await;
    waits(&front, |bytes| bytes >= ROOM_OF_ACTOR).await;
    let refused = refusal(asks(&front, &front.token, CHEAP).await).await;
    assert_eq!(refused, (429, json!(["TOO_MANY_UNSENT_ANSWERS", "unsentBytesPerActor", ROOM_OF_ACTOR])));
    let other = front.installation.token(&Who::new("somebody-else", "MANAGER", "CN"));
    assert_eq!(asks(&front, &other, CHEAP).await.status(), 200, "another actor reads");
    drop(stream);
    is_answered(&front, &front.token).await;
    waits(&front, |bytes| bytes == 0).await;
}

#[tokio::test]
async fn answers_that_nobody_reads_have_so_much_room_and_no_more() {
    let front = narrow("600000");
    let mut streams = VecDeque::new();
    for number in 0.. {
        assert!(number < 10, "they are all kept");
        let before = front.figure(UNSENT).await as u64;
        if before >= ROOM {
            break;
        }
        let token = front.installation.token(&Who::new(format!("reader-{number}"), "MANAGER", "CN"));
        streams.push_back(unread(&front, &token).await);
        waits(&front, |bytes| bytes > before).await;
    }
    let mutation = "mutation { deleteView(input: { viewId: \"x\" }) { userErrors { code } } }";
    for query in [CHEAP, mutation] {
        let refused = refusal(asks(&front, &front.token, query).await).await;
        assert_eq!(refused, (503, json!(["SERVER_BUSY", "unsentBytes", ROOM])), "{query}");
    }
    let health = front.client.get(front.at("/readyz")).send().await.expect("an answer");
    assert_eq!(health.status(), 200);
    drop(streams.pop_front());
    is_answered(&front, &front.token).await;
    drop(streams);
    waits(&front, |bytes| bytes == 0).await;
}

/// How much of the answer that was promised can be read.
async fn read_of(mut stream: TcpStream) -> (usize, usize) {
    let mut said = Vec::new();
    // It may end with a reset.
    let _ = stream.read_to_end(&mut said).await;
    share(&said)
}

fn share(said: &[u8]) -> (usize, usize) {
    let head = String::from_utf8_lossy(&said[..1_000]).into_owned();
    let promised = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let (head, _) = head.split_once("\r\n\r\n").expect("a head");
    (said.len() - head.len() - 4, promised.parse().expect("a number"))
}

#[tokio::test]
async fn who_takes_nothing_is_cut_off() {
    let front = narrow("2000");
    let stream = unread(&front, &front.token).await;
    waits(&front, |bytes| bytes > 0).await;
    waits(&front, |bytes| bytes == 0).await;
    let (read, promised) = read_of(stream).await;
    assert!(read < promised, "{read} bytes of {promised} had been taken by the kernel");
    is_answered(&front, &front.token).await;
}

/// Takes a few bytes ten times a second, until there are no more or that shows that it was cut off.
pub(super) async fn dribbled(stream: &mut TcpStream, cut_off: impl Future<Output = ()>) {
    let mut moments = interval(Duration::from_millis(100));
    let dribbling = async {
        let mut few = [0; 256];
        while !matches!(stream.read(&mut few).await, Ok(0) | Err(_)) {
            moments.tick().await;
        }
    };
    timeout(PATIENCE, async {
        tokio::select! {
            () = dribbling => {}
            () = cut_off => {}
        }
    })
    .await
    .expect("it is not waited for");
}

#[tokio::test]
async fn who_takes_next_to_nothing_is_cut_off_as_well() {
    let front = narrow("500");
    let mut stream = unread(&front, &front.token).await;
    dribbled(&mut stream, async {
        waits(&front, |bytes| bytes > 0).await;
        waits(&front, |bytes| bytes == 0).await;
    })
    .await;
}

/// A reader who is not fast sees that the kernel keeps little of what waits: it says soon enough that something was taken.
#[tokio::test]
async fn who_takes_enough_is_waited_for() {
    const BYTES_A_TENTH: usize = 8_000;
    const TENTHS: usize = 110;
    let front = narrow("5000");
    let mut stream = connected(&front, 32 << 10).await;
    request(&mut stream, &front.token, JSON, &schema(60)).await;
    waits(&front, |bytes| bytes > 0).await;
    let mut said = vec![0; TENTHS * BYTES_A_TENTH];
    let mut moments = interval(Duration::from_millis(100));
    for part in said.chunks_exact_mut(BYTES_A_TENTH) {
        moments.tick().await;
        stream.read_exact(part).await.expect("it is not cut off");
    }
    let (_, promised) = share(&said);
    let left = promised + said.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4 - said.len();
    stream.read_exact(&mut vec![0; left]).await.expect("all of it comes");
    waits(&front, |bytes| bytes == 0).await;
}
