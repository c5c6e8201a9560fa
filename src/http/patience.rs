//! Connections whose peer does not take what was written for it: they are hung up on, so that it is not kept for ever,
//! and the server can end.
//!
//! A peer that waits for an answer takes something of it within each time of patience, and [`SLOWEST_BYTES_A_SECOND`]
//! over all the time that it is waited for, so an answer of so many bytes is kept for so long at most. What it has
//! taken shows in what the kernel has room for, and the kernel tells that in steps: on Linux, when half of what it may
//! keep unsent was sent (see `serving`), which it can once the peer's own kernel has room, and that one says so when a
//! sixteenth of its buffer is free. So a peer is given [`UNTOLD_BYTES`] that it may have taken without a word of it;
//! given once and not again with each time of patience, they let nobody take less for long.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::http::gate::Seat;
use crate::http::lingering::{Lingering, throw_away};

/// What a peer that waits for an answer takes in a second at least: whoever takes a byte now and then keeps what is
/// left as well as who takes none.
const SLOWEST_BYTES_A_SECOND: u64 = 16 << 10;

/// What a peer may have taken and nobody here knows: a sixteenth of the largest buffer that Linux gives a connection by
/// itself to receive with, 6 MiB, and what is between.
const UNTOLD_BYTES: u64 = 512 << 10;

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
    /// Set since everything is written that there will be.
    lingering: Option<Lingering>,
}

/// The time since a write has waited.
struct Wait {
    /// Whose the time is.
    of: Waiting,
    /// When something has to be taken again.
    ends: Pin<Box<Sleep>>,
    /// How long it is until then from the beginning.
    until_then: Duration,
    /// How much was taken from the beginning.
    taken_bytes: u64,
    /// How much of that was taken since something had to be taken the last time.
    lately_bytes: u64,
}

/// What waits for its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    /// A stream that goes on, in its own time: whoever is too slow for it ends it.
    Stream,
    /// An answer, or what is left of a stream that has ended.
    Answer,
}

impl Waiting {
    /// How long it waits for something to be taken.
    fn time(self, patience: Duration) -> Duration {
        match self {
            Self::Stream => patience + LAST_WORDS,
            Self::Answer => patience,
        }
    }
}

impl<S> Patient<S> {
    /// Such a connection over that one.
    pub(super) fn new(stream: S, seat: Arc<Seat>, patience: Duration) -> Self {
        Self { stream, seat, patience, wait: None, lingering: None }
    }

    /// The outcome of writing so many bytes, or the end of waiting for it.
    fn written(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Pending => self.wait(context),
            Poll::Ready(outcome) => {
                if let (Some(wait), Ok(bytes)) = (&mut self.wait, &outcome) {
                    wait.taken_bytes += *bytes as u64;
                    wait.lately_bytes += *bytes as u64;
                    // Whoever begins to take what is left of a stream takes it like every answer from then on.
                    if wait.of == Waiting::Stream && !self.seat.is_streaming() {
                        self.wait = None;
                    }
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
        let wait = self.wait.get_or_insert_with(|| {
            let of = if self.seat.is_streaming() { Waiting::Stream } else { Waiting::Answer };
            Wait::new(of, self.patience)
        });
        loop {
            ready!(wait.ends.as_mut().poll(context));
            if wait.is_in_vain() {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes too little")));
            }
            wait.go_on(self.patience);
        }
    }
}

impl Wait {
    fn new(of: Waiting, patience: Duration) -> Self {
        let until_then = of.time(patience);
        Self { of, ends: Box::pin(sleep(until_then)), until_then, taken_bytes: 0, lately_bytes: 0 }
    }

    /// Whether too little was taken.
    fn is_in_vain(&self) -> bool {
        let least = match self.of {
            Waiting::Stream => 0,
            Waiting::Answer => (SLOWEST_BYTES_A_SECOND as f64 * self.until_then.as_secs_f64()) as u64,
        };
        self.lately_bytes == 0 || self.taken_bytes + UNTOLD_BYTES < least
    }

    /// Waits once more.
    fn go_on(&mut self, patience: Duration) {
        let time = self.of.time(patience);
        self.ends.as_mut().reset(Instant::now() + time);
        self.until_then += time;
        self.lately_bytes = 0;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.seat.incoming.is_in_vain() {
            while ready!(throw_away(&mut self.stream, context))? > 0 {}
            return Poll::Ready(Ok(()));
        }
        let there = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, into))?;
        Poll::Ready(self.seat.incoming.note(into.filled().len() - there))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
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
        let Self { stream, lingering, .. } = &mut *self;
        if let Some(lingering) = lingering {
            return lingering.poll(stream, context).map(Ok);
        }
        let outcome = Pin::new(stream).poll_shutdown(context);
        ready!(self.emptied(context, outcome))?;
        self.lingering = Some(Lingering::new(&self.seat));
        self.poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::time::Instant;

    use prometheus_client::metrics::gauge::Gauge;

    use super::*;
    use crate::graphql::{Limits, StreamLimits};
    use crate::http::admission::Peer;
    use crate::http::gate::Gate;
    use crate::http::streams::Streams;

    const PATIENCE: Duration = Duration::from_millis(50);

    /// A connection, and who is to take what is written: four bytes are on the way at most.
    fn connected() -> (Patient<DuplexStream>, DuplexStream) {
        let (stream, peer) = tokio::io::duplex(4);
        let gate = Gate::new(&Limits::default(), &Gauge::default());
        let seat = gate.enter(Peer::of(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)))).expect("it is the first");
        (Patient::new(stream, Arc::new(seat), PATIENCE), peer)
    }

    #[tokio::test]
    async fn who_takes_nothing_is_hung_up_on() {
        let (mut connection, _peer) = connected();
        let began = Instant::now();
        let error = connection.write_all(b"more than four").await.expect_err("nobody takes it");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= PATIENCE);
    }

    /// What is seen of a peer that takes so much a second, when the kernel tells of it in steps of so many bytes: when
    /// it is hung up on, in times of patience.
    fn hung_up_on_after(bytes_a_second: u64, step_bytes: u64) -> Option<u64> {
        let patience = Duration::from_secs(30);
        let mut wait = Wait::new(Waiting::Answer, patience);
        (1..=100).find(|time| {
            let told = (bytes_a_second * patience.as_secs() * time) / step_bytes * step_bytes;
            wait.lately_bytes = told - wait.taken_bytes;
            wait.taken_bytes = told;
            let is_in_vain = wait.is_in_vain();
            wait.go_on(patience);
            is_in_vain
        })
    }

    #[tokio::test]
    async fn who_takes_little_is_hung_up_on_and_who_takes_enough_never() {
        for step_bytes in [1, 16 << 10, 64 << 10, 384 << 10] {
            assert_eq!(hung_up_on_after(SLOWEST_BYTES_A_SECOND, step_bytes), None, "in steps of {step_bytes}");
            assert_eq!(hung_up_on_after(10 * SLOWEST_BYTES_A_SECOND, step_bytes), None, "in steps of {step_bytes}");
            let too_slow = hung_up_on_after(SLOWEST_BYTES_A_SECOND / 2, step_bytes);
            assert!(too_slow.is_some_and(|times| times <= 4), "{too_slow:?} in steps of {step_bytes}");
        }
        assert_eq!(hung_up_on_after(1, 1), Some(2), "what it may have taken untold is given it once");
        assert_eq!(hung_up_on_after(1, 1_000), Some(1), "it has taken nothing that anybody knows");
    }

    #[tokio::test]
    async fn a_stream_may_dribble_until_it_has_ended() {
        let (mut connection, mut peer) = connected();
        let streaming = Streams::new(StreamLimits::default()).connect().expect("there is room");
        let going_on = streaming.going_on();
        connection.seat.becomes_stream(streaming);
        let mut wait = Wait::new(Waiting::Stream, PATIENCE);
        (wait.until_then, wait.lately_bytes) = (Duration::from_secs(1_000_000), 1);
        assert!(!wait.is_in_vain());
        let mut taken = [0; 14];
        let (written, read) = tokio::join!(connection.write_all(b"more than four"), peer.read_exact(&mut taken));
        assert!(written.is_ok() && read.is_ok());
        assert_eq!(connection.wait.as_ref().map(|wait| wait.of), Some(Waiting::Stream));
        drop(going_on);
        let error = connection.write_all(b"more than four").await.expect_err("nobody takes it");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut, "within the patience for every answer");
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
