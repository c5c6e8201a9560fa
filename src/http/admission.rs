//! Who may ask now: what an actor has left, what a stranger's address has left, and whether there is room. What is
//! refused here has not begun, and may be sent again.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::Instant;

use crate::app::{App, Full, Place, Room};
use crate::domain::actor::ActorId;
use crate::graphql::{Limits, NamedLimit};
use crate::http::answer::{Refused, SOON};
use crate::http::arriving::Arriving;
use crate::http::bucket::Buckets;
use crate::http::unsent::Unsent;

/// What a request costs before anything is known of what it asks for.
const REQUEST_COST: u64 = 10;

/// So many bytes of a body cost one unit: they are read and parsed before they are weighed.
const BYTES_A_UNIT: u64 = 256;

/// Whose connection a request came by: an address of IPv4, or the network of one of IPv6, since whoever has one of
/// those has all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Peer(IpAddr);

impl Peer {
    pub(super) fn of(address: SocketAddr) -> Self {
        Self(match address.ip().to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        })
    }
}

/// What is left of everything that there is only so much of.
pub(super) struct Admission {
    limits: Limits,
    actors: Buckets<ActorId>,
    addresses: Buckets<Peer>,
    room: Room,
    /// Long bodies that are on their way.
    pub(super) arriving: Arriving,
    /// Answers that are made and not read.
    pub(super) unsent: Unsent,
}

/// The account of one request: what it was charged.
#[derive(Debug)]
pub(super) struct Account {
    actor: ActorId,
    charged: u64,
    /// How much of it is for the bytes of a body.
    for_bytes: u64,
}

impl Account {
    /// Who pays.
    pub(super) fn actor(&self) -> &ActorId {
        &self.actor
    }

    #[cfg(test)]
    pub(super) fn charged(&self) -> u64 {
        self.charged
    }
}

impl Admission {
    pub(super) fn new(limits: Limits) -> Self {
        let a_minute = limits.anonymous_requests_per_minute as f64;
        Self {
            actors: Buckets::new(limits.actor_cost_burst as f64, limits.actor_cost_per_second as f64),
            addresses: Buckets::new(a_minute, a_minute / 60.0),
            room: Room::of(limits.of_room().maximum, limits.of_room_of_actor().maximum),
            arriving: Arriving::new(&limits),
            unsent: Unsent::new(&limits),
            limits,
        }
    }

    /// Begins a request of that actor, and charges for it.
    ///
    /// # Errors
    /// 429 when the actor has asked for too much.
    pub(super) fn open(&self, actor: &ActorId) -> Result<Account, Refused> {
        let mut account = Account { actor: actor.clone(), charged: 0, for_bytes: 0 };
        self.charge(&mut account, REQUEST_COST)?;
        Ok(account)
    }

    /// Charges for the bytes of a body.
    ///
    /// # Errors
    /// 429 when the actor has asked for too much.
    pub(super) fn charge_for_bytes(&self, account: &mut Account, bytes: usize) -> Result<(), Refused> {
        let before = account.charged;
        self.charge(account, bytes as u64 / BYTES_A_UNIT)?;
        account.for_bytes += account.charged - before;
        Ok(())
    }

    /// Gives back what was charged for more bytes than so many, which have come. It may be less than they would have
    /// cost: no request is charged more than may be saved up.
    pub(super) fn give_back_bytes(&self, account: &mut Account, came: usize) {
        let cost = account.for_bytes.saturating_sub((came as u64).div_ceil(BYTES_A_UNIT));
        account.for_bytes -= cost;
        account.charged -= cost;
        self.actors.give_back(&account.actor, cost as f64);
    }

    /// Charges for the bytes of an answer. It is made: whoever has not as much left pays nothing for it, and waits with
    /// the next.
    pub(super) fn charge_for_answer(&self, account: &mut Account, bytes: u64) {
        let _ = self.charge(account, bytes / BYTES_A_UNIT);
    }

    /// Charges for an update of a subscription, which costs so much and as an answer of so many bytes. It is made: waits
    /// until the actor has as much left, and half of what may be saved up besides, for what they ask for meanwhile.
    pub(super) async fn pay_for_update(&self, actor: &ActorId, cost: u64, bytes: u64) {
        let burst = self.limits.actor_cost_burst;
        let cost = cost.saturating_add(bytes / BYTES_A_UNIT).min(burst);
        let rest = (burst / 2).min(burst - cost);
        self.actors.take_in_turn(actor, cost as f64, rest as f64).await;
    }

    /// Charges so much, but no request more than may be saved up: else none would do.
    ///
    /// # Errors
    /// 429 when the actor has asked for too much.
    pub(super) fn charge(&self, account: &mut Account, cost: u64) -> Result<(), Refused> {
        let cost = cost.min(self.limits.actor_cost_burst - account.charged);
        match self.actors.take(&account.actor, cost as f64, Instant::now()) {
            Ok(()) => {
                account.charged += cost;
                Ok(())
            }
            Err(wait) => {
                // Whoever comes again is charged again for what was charged already.
                let wait = wait.saturating_add(self.actors.time_of(account.charged as f64));
                let message = format!("an actor may ask for {} a second", self.limits.actor_cost_per_second);
                Err(too_much("ACTOR_RATE_LIMIT_EXCEEDED", self.limits.of_actor(), &message, wait))
            }
        }
    }

    /// Notes that a request without a good token came from there.
    ///
    /// # Errors
    /// 429 when too many did.
    pub(super) fn stranger(&self, peer: Peer) -> Result<(), Refused> {
        self.addresses.take(&peer, 1.0, Instant::now()).map_err(|wait| {
            let limit = self.limits.of_address();
            let message = format!("{} requests a minute without a good token", limit.maximum);
            too_much("ADDRESS_RATE_LIMIT_EXCEEDED", limit, &message, wait)
        })
    }

    /// The stranger has shown a good token after all.
    pub(super) fn welcome(&self, peer: Peer) {
        self.addresses.give_back(&peer, 1.0);
    }

    /// A place to be answered in, held until it is dropped. Nobody waits for it.
    ///
    /// # Errors
    /// 503 when as many are answered as may be, too many reads wait for the database, or too many answers for their
    /// readers; 429 when the actor does not read, or has as many answered as an actor may.
    pub(super) fn enter(&self, app: &App, actor: &ActorId) -> Result<Place, Refused> {
        self.unsent.room(actor)?;
        if app.waiting_reads() >= self.limits.database_queue {
            let message = "too many reads wait for the database; send it again a little later";
            return Err(Refused::no_room("DATABASE_BUSY", self.limits.of_database(), message));
        }
        self.room.enter(actor).map_err(|full| match full {
            Full::OfActor => {
                let message = "wait for the answers that you have asked for before you ask for more";
                let (status, limit) = (StatusCode::TOO_MANY_REQUESTS, self.limits.of_room_of_actor());
                Refused::over(status, "TOO_MANY_REQUESTS", limit, message).again_in(SOON)
            }
            Full::OfAll => {
                let message = "the server answers as many requests as it may; send it again a little later";
                Refused::no_room("SERVER_BUSY", self.limits.of_room(), message)
            }
        })
    }
}

fn too_much(code: &'static str, limit: NamedLimit, message: &str, wait: Duration) -> Refused {
    Refused::over(StatusCode::TOO_MANY_REQUESTS, code, limit, message).again_in(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_charged_for_the_request_its_bytes_and_its_cost() {
        let limits = Limits { actor_cost_per_second: 1, actor_cost_burst: 1_000, ..Limits::default() };
        let admission = Admission::new(limits);
        let actor = ActorId::parse("one").expect("an id");
        let mut account = admission.open(&actor).expect("room");
        admission.charge_for_bytes(&mut account, 256 * 40 + 255).expect("room");
        admission.charge(&mut account, 500).expect("room");
        assert_eq!(account.charged, 550);
        let mut next = admission.open(&actor).expect("room");
        let refused = admission.charge(&mut next, 500).expect_err("440 are left");
        assert_eq!((refused.status, refused.code), (StatusCode::TOO_MANY_REQUESTS, "ACTOR_RATE_LIMIT_EXCEEDED"));
        let wait = refused.again_in.expect("a time").as_secs_f64();
        assert!((68.0..=70.1).contains(&wait), "60 are missing, and 10 are charged again: {wait}");
        // Another one's is another, and what costs more than may be saved up takes all of it.
        let mut account = admission.open(&ActorId::parse("other").expect("an id")).expect("room");
        admission.charge(&mut account, u64::MAX).expect("room");
        assert_eq!(account.charged, 1_000);
        assert!(admission.charge(&mut account, 5).is_ok(), "and nothing besides");
    }

    #[test]
    fn no_more_is_given_back_than_was_charged_for() {
        let admission = Admission::new(Limits { actor_cost_burst: 1_000, ..Limits::default() });
        let mut account = admission.open(&ActorId::parse("one").expect("an id")).expect("room");
        // They would cost 5,000, and no request costs more than 1,000.
        admission.charge_for_bytes(&mut account, 256 * 5_000).expect("room");
        assert_eq!(account.charged, 1_000);
        admission.give_back_bytes(&mut account, 256 * 100);
        assert_eq!(account.charged, 110, "the request, and what has come of it");
    }

    #[test]
    fn strangers_are_counted_by_address_and_those_of_a_network_of_ipv6_together() {
        let admission = Admission::new(Limits { anonymous_requests_per_minute: 2, ..Limits::default() });
        let peer = |text: &str| Peer::of(SocketAddr::new(text.parse().expect("an address"), 1));
        for address in ["2001:db8::1", "2001:db8::ffff:1"] {
            assert!(admission.stranger(peer(address)).is_ok(), "{address}");
        }
        let refused = admission.stranger(peer("2001:db8::2")).expect_err("the third of its network");
        assert_eq!((refused.status, refused.code), (StatusCode::TOO_MANY_REQUESTS, "ADDRESS_RATE_LIMIT_EXCEEDED"));
        admission.welcome(peer("2001:db8::9"));
        assert!(admission.stranger(peer("2001:db8::2")).is_ok(), "one of them was let in");
        for address in ["2001:db8:0:1::1", "192.0.2.1", "::ffff:192.0.2.1"] {
            assert!(admission.stranger(peer(address)).is_ok(), "{address}");
        }
        assert!(admission.stranger(peer("192.0.2.1")).is_err(), "it was counted as it is written in IPv6, too");
        assert!(admission.stranger(peer("192.0.2.2")).is_ok());
    }
}
