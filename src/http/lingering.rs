//! The end of a connection whose peer may still be sending: of one whose request was refused before its body was read.
//!
//! A connection that is closed over bytes which nobody has read is reset by the kernel. A peer that sends all of a
//! request before it looks for an answer then fails to send, and never learns why it was refused. So the answer is sent
//! and the end of it said, and what still comes is read and thrown away: so much of it, and for so long.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::http::gate::Seat;

/// How much is thrown away at most: twice what a body may have where nothing else is set. Whoever sends more is cut
/// off.
const MOST_BYTES: usize = 16 << 20;

/// How long a peer is waited for that sends slowly, or nothing and does not hang up.
const LONGEST: Duration = Duration::from_secs(5);

/// The body of a request, which notes at the connection's seat whether all of it was read.
pub(super) struct Noted {
    body: Incoming,
    seat: Arc<Seat>,
}

impl Noted {
    /// That body of the connection's latest request.
    pub(super) fn new(body: Incoming, seat: Arc<Seat>) -> Self {
        seat.note_unread(!body.is_end_stream());
        Self { body, seat }
    }
}

impl HttpBody for Noted {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.seat.note_unread(false);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The while in which what still comes is thrown away.
pub(super) struct Lingering {
    ends: Pin<Box<Sleep>>,
    left_bytes: usize,
    /// Whether something is waited for; else only what is there already shows that more may come.
    is_awaited: bool,
}

impl Lingering {
    /// From now on.
    pub(super) fn new(seat: &Seat) -> Self {
        Self { ends: Box::pin(sleep(LONGEST)), left_bytes: MOST_BYTES, is_awaited: seat.is_unread() }
    }

    /// Comes back when the peer has sent everything and hung up, or has been waited for long enough.
    pub(super) fn poll<S: AsyncRead + Unpin>(&mut self, stream: &mut S, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match throw_away(stream, context) {
                Poll::Ready(Ok(bytes)) if bytes > 0 && self.left_bytes > 0 => {
                    self.left_bytes = self.left_bytes.saturating_sub(bytes);
                    self.is_awaited = true;
                }
                Poll::Pending if self.is_awaited => return self.ends.as_mut().poll(context),
                Poll::Ready(_) | Poll::Pending => return Poll::Ready(()),
            }
        }
    }
}

/// Reads something and throws it away: how many bytes, none at the end.
pub(super) fn throw_away<S: AsyncRead + Unpin>(stream: &mut S, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut thrown_away = [0; 8 << 10];
    let mut into = ReadBuf::new(&mut thrown_away);
    ready!(Pin::new(stream).poll_read(context, &mut into))?;
    Poll::Ready(Ok(into.filled().len()))
}
