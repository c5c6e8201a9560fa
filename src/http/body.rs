//! The body of a request, read as it comes.
//!
//! One that says how long it is is judged by that, and has its room, before any of it is kept: it may take its time.
//! One that says nothing, since it comes in chunks, is held to what has come of it.

use std::mem;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::graphql::Limits;
use crate::http::admission::{Account, Admission};
use crate::http::answer::Refused;
use crate::http::arriving::Room;
use crate::telemetry::causes::with_causes;

/// A body that is here, and counts among the long ones until it is dropped where it is one.
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    _room: Room,
}

/// Reads all of a body, at the cost of that account.
///
/// # Errors
/// 413 when it is longer than one may be, 408 when it takes longer, 400 when it cannot be read; 429 and 503 when there
/// is no room for it, or the actor has asked for too much.
pub(super) async fn read(
    body: Body,
    admission: &Admission,
    account: &mut Account,
    limits: &Limits,
) -> Result<Whole, Refused> {
    let mut arrival = Arrival { admission, account, limits, came_bytes: 0, paid_bytes: 0, room: Room::default() };
    if let Some(bytes) = body.size_hint().exact() {
        arrival.make_room(usize::try_from(bytes).unwrap_or(usize::MAX))?;
    }
    let read = timeout(limits.body_timeout, arrival.read(body)).await;
    let bytes = read.unwrap_or_else(|_| {
        let limit = limits.of_body_time();
        let message = format!("the body has not come within {} ms", limit.maximum);
        Err(Refused::over(StatusCode::REQUEST_TIMEOUT, "BODY_TIMED_OUT", limit, message))
    })?;
    Ok(Whole { bytes, _room: mem::take(&mut arrival.room) })
}

/// A body on its way. What it has paid for and has not come is given back, whatever becomes of it.
struct Arrival<'a> {
    admission: &'a Admission,
    account: &'a mut Account,
    limits: &'a Limits,
    came_bytes: usize,
    paid_bytes: usize,
    room: Room,
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        self.admission.give_back_bytes(self.account, self.came_bytes);
    }
}

impl Arrival<'_> {
    async fn read(&mut self, mut body: Body) -> Result<Bytes, Refused> {
        let mut whole = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                tracing::debug!(error = %with_causes(&error), "a body cannot be read");
                Refused::bad_request("the body cannot be read: it ends before its end, or its chunks are none of HTTP")
            })?;
            // What else comes with a body are trailers, which nobody asks for.
            if let Ok(piece) = frame.into_data() {
                self.make_room(self.came_bytes.saturating_add(piece.len()))?;
                whole.extend_from_slice(&piece);
                self.came_bytes = whole.len();
            }
        }
        Ok(whole.into())
    }

    /// Makes room for so many bytes in all, and pays for what it did not have.
    fn make_room(&mut self, bytes: usize) -> Result<(), Refused> {
        let most = self.limits.body_bytes;
        if bytes > most {
            let message = format!("a body has at most {most} bytes");
            return Err(Refused::over(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", self.limits.of_body(), message));
        }
        if bytes > self.room.bytes {
            self.admission.arriving.enlarge(&mut self.room, self.account.actor(), bytes, most)?;
            self.admission.charge_for_bytes(self.account, self.room.bytes - self.paid_bytes)?;
            self.paid_bytes = self.room.bytes;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use hyper::body::{Frame, SizeHint};

    use futures::{StreamExt, stream};

    use super::*;
    use crate::domain::actor::ActorId;

    const ACTOR: &str = "one";

    fn limits() -> Limits {
        Limits { body_bytes: 1_000_000, actor_cost_burst: 5_000, actor_cost_per_second: 1, ..Limits::default() }
    }

    /// A body that says how long it is.
    struct SizedBody {
        announced: u64,
        body: Body,
    }

    impl HttpBody for SizedBody {
        type Data = Bytes;
        type Error = axum::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
            Pin::new(&mut self.body).poll_frame(context)
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.announced)
        }
    }

    /// A body that comes in such pieces, and does not say how long it is.
    fn chunked(pieces: usize, bytes: usize) -> Body {
        Body::from_stream(stream::iter((0..pieces).map(move |_| Ok::<_, std::io::Error>(vec![b' '; bytes]))))
    }

    async fn code(body: Body, admission: &Admission, limits: &Limits) -> Option<(u16, &'static str)> {
        let mut account = admission.open(&ActorId::parse(ACTOR).expect("an id")).expect("room");
        let outcome = read(body, admission, &mut account, limits).await;
        outcome.err().map(|refused| (refused.status.as_u16(), refused.code))
    }

    #[tokio::test]
    async fn a_body_that_does_not_say_how_long_it_is_pays_for_what_comes() {
        let limits = limits();
        let admission = Admission::new(limits);
        let mut account = admission.open(&ActorId::parse(ACTOR).expect("an id")).expect("room");
        let before = account.charged();
        let held: Vec<_> = futures::future::join_all((0..40).map(|_| {
            let admission = &admission;
            async move {
                let mut account = admission.open(&ActorId::parse(ACTOR).expect("an id")).expect("room");
                read(chunked(3, 20), admission, &mut account, &limits).await
            }
        }))
        .await;
        assert!(held.iter().all(Result::is_ok), "small ones have room, however many come");
        let whole = read(chunked(10, 25_600), &admission, &mut account, &limits).await.expect("room");
        assert_eq!(whole.bytes.len(), 256_000);
        assert_eq!(account.charged() - before, 1_000, "what there was room for besides is given back");
    }

    #[tokio::test]
    async fn a_body_is_held_to_its_length_whether_it_says_it_or_not() {
        let limits = limits();
        let admission = Admission::new(limits);
        let too_large = Some((413, "BODY_TOO_LARGE"));
        assert_eq!(code(Body::from(vec![b' '; 1_000_001]), &admission, &limits).await, too_large);
        assert_eq!(code(chunked(11, 100_000), &admission, &limits).await, too_large);
        let never = stream::once(async { Ok::<_, std::io::Error>("{") }).chain(stream::pending());
        let hasty = Limits { body_timeout: Duration::from_millis(1), ..limits };
        assert_eq!(code(Body::from_stream(never), &admission, &hasty).await, Some((408, "BODY_TIMED_OUT")));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_called_too_long() {
        let limits = limits();
        let pieces = [Ok("{"), Err(std::io::Error::other("a chunk that is none"))];
        let broken = Body::from_stream(stream::iter(pieces));
        assert_eq!(code(broken, &Admission::new(limits), &limits).await, Some((400, "BAD_REQUEST")));
    }

    #[tokio::test]
    async fn what_has_not_come_is_not_paid_for_whatever_becomes_of_it() {
        let limits = Limits { actor_cost_burst: 10_000, ..limits() };
        let admission = Admission::new(limits);
        for _ in 0..20 {
            let mut account = admission.open(&ActorId::parse(ACTOR).expect("an id")).expect("room");
            let before = account.charged();
            let pieces = [Ok(vec![b' '; 25_600]), Err(std::io::Error::other("the peer has gone"))];
            let broken = Body::new(SizedBody { announced: 1_000_000, body: Body::from_stream(stream::iter(pieces)) });
            let refused = read(broken, &admission, &mut account, &limits).await.err().map(|refused| refused.code);
            assert_eq!((refused, account.charged() - before), (Some("BAD_REQUEST"), 100));
        }
    }

    #[tokio::test]
    async fn what_is_refused_for_want_of_room_has_cost_no_more_than_a_request() {
        let limits = Limits { arriving_bytes: 400_000, ..limits() };
        let admission = Admission::new(limits);
        let actor = ActorId::parse(ACTOR).expect("an id");
        let _held = admission.arriving.hold(&actor, 90_000).expect("room");
        for _ in 0..20 {
            let refused = code(Body::from(vec![b' '; 500_000]), &admission, &limits).await;
            assert_eq!(refused, Some((429, "TOO_MANY_LONG_BODIES")));
        }
    }
}
