//! What has come in on a WebSocket and is no whole message yet: the library keeps it until it is one, and tells nobody.
//!
//! It is counted where bytes are read, and its reader is told when it is much: a long message then has its room and its
//! time as a long body has, and whoever has not said who is asking has no room for one.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::http::arriving::SMALL_BODY_BYTES;

/// What a frame of a control message has besides its payload: two bytes of head, and the mask of a client's.
const CONTROL_FRAME_BYTES: u64 = 6;

/// The bytes that have come in on a connection since its last message was whole.
#[derive(Debug)]
pub(super) struct Incoming {
    bytes: AtomicU64,
    most_bytes: AtomicU64,
    much: Notify,
    /// Whether what comes is thrown away.
    is_in_vain: AtomicBool,
}

impl Default for Incoming {
    fn default() -> Self {
        Self {
            bytes: AtomicU64::new(0),
            most_bytes: AtomicU64::new(u64::MAX),
            much: Notify::new(),
            is_in_vain: AtomicBool::new(false),
        }
    }
}

impl Incoming {
    /// Counts anew, up to so many.
    pub(super) fn begin(&self, most_bytes: u64) {
        self.most_bytes.store(most_bytes, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// Nobody will hear what comes from now on. Little of it may come; where a long message is on its way all of it
    /// may, and is thrown away, so that the last words are not lost over it.
    pub(super) fn end(&self) {
        let is_long = self.bytes.load(Ordering::Relaxed) > SMALL_BODY_BYTES as u64;
        self.is_in_vain.store(is_long, Ordering::Relaxed);
        self.begin(SMALL_BODY_BYTES as u64);
    }

    /// Whether what comes is thrown away.
    pub(super) fn is_in_vain(&self) -> bool {
        self.is_in_vain.load(Ordering::Relaxed)
    }

    /// Notes that so many bytes more have come.
    ///
    /// # Errors
    /// When that is more than may come.
    pub(super) fn note(&self, bytes: usize) -> io::Result<()> {
        let there = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if there > SMALL_BODY_BYTES as u64 {
            self.much.notify_waiters();
        }
        if self.is_over() { Err(io::Error::other("more has come than a message may have")) } else { Ok(()) }
    }

    /// Whether more has come than may.
    pub(super) fn is_over(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.most_bytes.load(Ordering::Relaxed)
    }

    /// Notes that a message is whole.
    pub(super) fn is_whole(&self) {
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// Notes that a control message is whole, which may come within another one.
    pub(super) fn is_controlled(&self, payload_bytes: usize) {
        let frame = payload_bytes as u64 + CONTROL_FRAME_BYTES;
        let less = |bytes: u64| Some(bytes.saturating_sub(frame));
        let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Waits until more than so many bytes are there; how many are.
    pub(super) async fn beyond(&self, bytes: u64) -> u64 {
        loop {
            let much = self.much.notified();
            match self.bytes.load(Ordering::Relaxed) {
                there if there > bytes => return there,
                _ => much.await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    const SMALL: u64 = SMALL_BODY_BYTES as u64;

    #[test]
    fn what_is_whole_counts_no_more() {
        let incoming = Incoming::default();
        incoming.begin(SMALL);
        assert!(incoming.note(SMALL_BODY_BYTES).is_ok());
        incoming.is_whole();
        assert!(incoming.note(SMALL_BODY_BYTES).is_ok());
        // A pong in the middle of it.
        assert!(incoming.note(10).is_err());
        incoming.is_controlled(4);
        assert!(!incoming.is_over());
        assert!(incoming.note(1).is_err() && incoming.is_over());
    }

    #[test]
    fn only_the_rest_of_a_long_message_is_thrown_away() {
        for (bytes, is_in_vain) in [(SMALL_BODY_BYTES, false), (SMALL_BODY_BYTES + 1, true)] {
            let incoming = Incoming::default();
            assert!(incoming.note(bytes).is_ok());
            incoming.end();
            assert_eq!((incoming.is_in_vain(), incoming.is_over()), (is_in_vain, false));
            assert!(incoming.note(SMALL_BODY_BYTES + 1).is_err(), "and nobody keeps another one");
        }
    }

    #[tokio::test]
    async fn its_reader_is_told_when_it_is_much() {
        let incoming = Incoming::default();
        assert!(incoming.note(SMALL_BODY_BYTES).is_ok());
        assert_eq!(incoming.beyond(SMALL).now_or_never(), None);
        let (there, noted) = tokio::join!(incoming.beyond(SMALL), async { incoming.note(3) });
        assert_eq!((there, noted.is_ok()), (SMALL + 3, true));
        assert_eq!(incoming.beyond(2 * SMALL).now_or_never(), None);
    }
}
