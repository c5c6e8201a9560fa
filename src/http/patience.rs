//! Connections whose peer does not take what was written for it: they are hung up on, so that it is not kept for ever, and the server can end.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::http::gate::Seat;

/// What a peer that waits for an answer takes in a second at least: whoever takes a byte now and then keeps what is left as well as who takes none.
const SLOWEST_BYTES_A_SECOND: u64 = 16 << 10;

/// By so much longer is a stream waited for, which has last words to say before.
const LAST_WORDS: Duration = Duration::from_secs(90);

/// A connection that fails when its peer takes too little for too long.
pub(super) struct Patient<S> {
    stream: S,
    /// Whether it carries a stream.
    seat: Arc<Seat>,
    /// How long a peer is waited for.
    patience: Duration,
    /// Set since a write has waited, until everything is written.
    wait: Option<Wait>,
}

/// A while in which the peer has to take something.
struct Wait {
    ends: Pin<Box<Sleep>>,
    /// How much it has to take.
    least_bytes: u64,
    /// How much it has taken.
    taken_bytes: u64,
}

impl<S> Patient<S> {
    /// Such a connection over that one.
    pub(super) fn new(stream: S, seat: Arc<Seat>, patience: Duration) -> Self {
        Self { stream, seat, patience, wait: None }
    }

    /// The outcome of writing so many bytes, or the end of waiting for it.
    fn written(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Pending => self.wait(context),
            Poll::Ready(outcome) => {
                if let (Some(wait), Ok(bytes)) = (&mut self.wait, &outcome) {
                    wait.taken_bytes += *bytes as u64;
                }
                Poll::Ready(outcome)
            }
        }
    }

    /// The outcome of writing everything that there is, or the end of waiting for it.
    fn emptied(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        match outcome {
            Poll::Pending => self.wait(context),
            Poll::Ready(outcome) => {
                self.wait = None;
                Poll::Ready(outcome)
            }
        }
    }

    /// Waits on while the peer takes enough.
    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            let wait = self.wait.get_or_insert_with(|| Wait::new(self.seat.is_of_stream(), self.patience));
            ready!(wait.ends.as_mut().poll(context));
            if wait.taken_bytes < wait.least_bytes {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes too little")));
            }
            self.wait = None;
        }
    }
}

impl Wait {
    fn new(is_of_stream: bool, patience: Duration) -> Self {
        // What follows a stream takes nothing but its own time.
        let (time, least_bytes) = match is_of_stream {
            true => (patience + LAST_WORDS, 1),
            false => (patience, (SLOWEST_BYTES_A_SECOND as f64 * patience.as_secs_f64()) as u64),
        };
        Self { ends: Box::pin(sleep(time)), least_bytes, taken_bytes: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.written(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.emptied(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(context);
        self.emptied(context, outcome)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::time::{Instant, interval};

    use super::*;
    use crate::graphql::Limits;
    use crate::http::admission::Peer;
    use crate::http::gate::Gate;

    const PATIENCE: Duration = Duration::from_millis(50);

    /// A connection, and who is to take what is written: four bytes are on the way at most.
    fn connected() -> (Patient<DuplexStream>, DuplexStream) {
        let (stream, peer) = tokio::io::duplex(4);
        let seat = Gate::new(&Limits::default()).enter(Peer::of(SocketAddr::from((Ipv4Addr::LOCALHOST, 1))));
        (Patient::new(stream, Arc::new(seat.expect("it is the first")), PATIENCE), peer)
    }

    #[tokio::test]
    async fn who_takes_nothing_is_hung_up_on() {
        let (mut connection, _peer) = connected();
        let began = Instant::now();
        let error = connection.write_all(b"more than four").await.expect_err("nobody takes it");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= PATIENCE);
    }

    #[tokio::test]
    async fn who_takes_a_little_now_and_then_is_hung_up_on_as_well() {
        let (mut connection, mut peer) = connected();
        let dribbling = async {
            let mut moments = interval(PATIENCE / 10);
            loop {
                moments.tick().await;
                peer.read_exact(&mut [0; 1]).await.expect("there is more");
            }
        };
        let error = tokio::select! {
            written = connection.write_all(&[0; 10_000]) => written.expect_err("it would take a minute"),
            () = dribbling => panic!("it goes on"),
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_stream_may_dribble() {
        let (mut connection, mut peer) = connected();
        connection.seat.becomes_stream();
        let wait = Wait::new(true, PATIENCE);
        assert_eq!((wait.ends.deadline() >= Instant::now() + PATIENCE, wait.least_bytes), (true, 1));
        let mut taken = [0; 14];
        let (written, read) = tokio::join!(connection.write_all(b"more than four"), peer.read_exact(&mut taken));
        assert!(written.is_ok() && read.is_ok());
    }

    #[tokio::test]
    async fn who_takes_it_gets_it() {
        let (mut connection, mut peer) = connected();
        let mut taken = [0; 14];
        let (written, read) = tokio::join!(connection.write_all(b"more than four"), peer.read_exact(&mut taken));
        assert!(written.is_ok() && read.is_ok());
        assert_eq!(&taken, b"more than four");
        assert!(connection.wait.is_some(), "it has waited");
        connection.flush().await.expect("it is written");
        assert!(connection.wait.is_none(), "the next answer has its own time");
    }
}
