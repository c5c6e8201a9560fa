//! Connections whose peer takes nothing any more: they are hung up on, so that what was written for them is not kept for ever, and the server can end.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How long a write may stand still. Longer than any patience of a stream, which has last words to say first.
const STANDSTILL: Duration = Duration::from_secs(120);

/// A connection that fails when a write stands still for too long.
pub(super) struct Patient<S> {
    stream: S,
    /// How long a write may stand still.
    wait: Duration,
    /// Set while a write waits.
    standstill: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Such a connection over that one.
    pub(super) fn new(stream: S) -> Self {
        Self { stream, wait: STANDSTILL, standstill: None }
    }

    /// The outcome of a write, or the end of waiting for it.
    fn judged<T>(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.standstill = None;
            return outcome;
        }
        let until = Instant::now() + self.wait;
        let standstill = self.standstill.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(standstill.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing any more")))
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
        self.judged(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.judged(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.judged(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judged(context, outcome)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn who_takes_nothing_is_hung_up_on() {
        let (stream, _peer) = tokio::io::duplex(4);
        let wait = Duration::from_millis(50);
        let mut connection = Patient { stream, wait, standstill: None };
        let began = Instant::now();
        let error = connection.write_all(b"more than four").await.expect_err("nobody takes it");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= wait);
    }

    #[tokio::test]
    async fn who_takes_it_gets_it() {
        let (stream, mut peer) = tokio::io::duplex(4);
        let mut connection = Patient::new(stream);
        let mut taken = [0; 14];
        let (written, read) = tokio::join!(connection.write_all(b"more than four"), peer.read_exact(&mut taken));
        assert!(written.is_ok() && read.is_ok() && connection.standstill.is_none());
        assert_eq!(&taken, b"more than four");
    }
}
