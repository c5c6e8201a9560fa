//! A lane: the events of one stream on their way to one endpoint, one after the other.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::revocations::Standing;
use crate::app::webhooks::Outlet;
use crate::app::webhooks::apart::apart;
use crate::app::webhooks::envelope::{Envelope, MEDIA_TYPE};
use crate::identity::credential::Credential;
use crate::identity::webhook_key::WebhookSecret;
use crate::outbound::{Endpoint, Failure, FailureClass, Message};
use crate::store::{Delivery, DeliveryState, EventRecord, Failed, HELD, StreamId, Webhook};

/// How old, in microseconds, what is known of the endpoint may be when something is sent to it.
const KNOWN_FOR: i64 = 1_000_000;

/// An event that is to be delivered in this round.
pub(super) struct Pending {
    /// What is known of it.
    pub(super) delivery: Delivery,
    /// Not in the database yet.
    pub(super) is_new: bool,
    /// The event; none when the endpoint does not hear it any more, by its filter or by its owner's rights, or when the
    /// stream has none there.
    pub(super) record: Option<EventRecord>,
}

/// The events of one stream that are to be delivered in this round, in order.
pub(super) struct Lane {
    /// Which stream.
    pub(super) stream: StreamId,
    /// What is to be delivered.
    pub(super) pending: Vec<Pending>,
    /// The one that waits behind them, when there are more than a round delivers.
    pub(super) beyond: Option<Delivery>,
}

/// What came of a lane.
#[derive(Default)]
pub(super) struct Driven {
    /// Deliveries to keep.
    pub(super) kept: Vec<Delivery>,
    /// Positions of deliveries that need not be kept any more.
    pub(super) done: Vec<u64>,
    /// How many arrived.
    pub(super) arrived: u64,
    /// How many attempts failed.
    pub(super) failures: u64,
    /// How many were given up.
    pub(super) dead: u64,
    /// The last that arrived: when, and which.
    pub(super) delivered: Option<(i64, u64)>,
    /// The last that failed.
    pub(super) failed: Option<(i64, Failed)>,
}

/// What was seen of the endpoint while a round goes on.
pub(super) struct Seen {
    /// When (microseconds since the Unix epoch).
    pub(super) at: i64,
    /// It is another than when the round began, or could not be looked at.
    pub(super) is_changed: bool,
}

/// What all lanes of a round share.
pub(super) struct Road<'a> {
    pub(super) app: &'a App,
    pub(super) outlet: &'a Outlet,
    pub(super) webhook: &'a Webhook,
    /// Where it leads, or why it leads nowhere under today's settings.
    pub(super) endpoint: Result<Endpoint, Failure>,
    pub(super) origin: &'a str,
    pub(super) stop: &'a CancellationToken,
    /// What the owner's rights rest on.
    pub(super) owner: Credential,
    /// When the round has sent for long enough (microseconds since the Unix epoch).
    pub(super) ends_at: i64,
    /// What the last look at the endpoint has shown. Whoever looks holds it, and the other lanes wait for what is seen.
    pub(super) seen: Mutex<Seen>,
    /// The endpoint is gone.
    pub(super) is_gone: AtomicBool,
    /// Nothing is sent before (microseconds since the Unix epoch).
    pub(super) rest_until: AtomicI64,
}

impl Road<'_> {
    /// Nothing more is sent in this round.
    async fn is_closed(&self) -> bool {
        let now = self.app.now().as_microsecond();
        self.stop.is_cancelled()
            || now >= self.ends_at
            || self.is_gone.load(Ordering::Relaxed)
            || self.rest_until.load(Ordering::Relaxed) > now
            || self.app.standing(&self.owner) != Standing::Good
            || self.is_changed(now).await
    }

    /// Whether the endpoint was paused, deleted or changed in any way since the round began, as of a second ago at most.
    async fn is_changed(&self, now: i64) -> bool {
        let mut seen = self.seen.lock().await;
        if !seen.is_changed && now >= seen.at + KNOWN_FOR {
            let present = self.app.store.webhook(self.webhook.id).await;
            let is_same = matches!(present, Ok(Some(present)) if present.version == self.webhook.version);
            *seen = Seen { at: now, is_changed: !is_same };
        }
        seen.is_changed
    }

    /// Delivers what it can of a lane. What fails holds up what is behind it; what is given up does not.
    pub(super) async fn drive(&self, lane: Lane) -> Driven {
        let mut driven = Driven::default();
        let mut is_held_up = false;
        for Pending { mut delivery, is_new, record } in lane.pending {
            if is_held_up {
                // One that is in the database is held there already.
                if is_new {
                    driven.kept.push(Delivery { due_at: HELD, ..delivery });
                }
                continue;
            }
            let Some(record) = record else {
                driven.done.push(delivery.position);
                continue;
            };
            if self.is_closed().await {
                is_held_up = true;
                delivery.due_at = self.app.now().as_microsecond();
                driven.kept.push(delivery);
                continue;
            }
            match self.send(&record, lane.stream).await {
                Ok(_) => {
                    tracing::debug!(webhook = %self.webhook.id, delivery.position, delivery.attempts, "delivered");
                    driven.arrived += 1;
                    driven.delivered = Some((self.app.now().as_microsecond(), delivery.position));
                    if !is_new {
                        driven.done.push(delivery.position);
                    }
                }
                Err(failure) => {
                    self.fail(&mut delivery, &failure, &mut driven);
                    is_held_up = delivery.state == DeliveryState::Waiting;
                    driven.kept.push(delivery);
                }
            }
        }
        if let Some(beyond) = lane.beyond.filter(|_| !is_held_up) {
            driven.kept.push(Delivery { due_at: self.app.now().as_microsecond(), ..beyond });
        }
        driven
    }

    /// Sends one apart from all others: an event that cannot be put into a message is a dead letter like any other in the
    /// end, and holds up no other stream.
    async fn send(&self, record: &EventRecord, stream: StreamId) -> Result<u16, Failure> {
        let endpoint = self.endpoint.as_ref().map_err(Clone::clone)?;
        let failed = |reason| Failure { class: FailureClass::Internal, status: None, retry_after: None, reason };
        let sending = async {
            let envelope =
                Envelope::of_event(self.origin, record, stream).map_err(|error| failed(error.to_string()))?;
            self.outlet.post(self.app, self.webhook, endpoint, envelope).await
        };
        apart(self.webhook.id, sending).await.unwrap_or_else(|| {
            let reason = "this server failed in making or sending the message; its own log says why".to_owned();
            Err(failed(reason))
        })
    }

    fn fail(&self, delivery: &mut Delivery, failure: &Failure, driven: &mut Driven) {
        let now = self.app.now().as_microsecond();
        let failed = Failed {
            class: failure.class.name().to_owned(),
            status: failure.status.unwrap_or_default(),
            reason: failure.reason.clone(),
        };
        driven.failures += 1;
        driven.failed = Some((now, failed.clone()));
        delivery.failed = failed;
        delivery.last_tried_at = now;
        if delivery.first_tried_at == 0 {
            delivery.first_tried_at = now;
        }
        if failure.class == FailureClass::Gone {
            // It is sent when the endpoint is resumed; that it is gone is no fault of the event.
            self.is_gone.store(true, Ordering::Relaxed);
            delivery.due_at = now;
            return;
        }
        delivery.attempts += 1;
        let after = |pause: std::time::Duration| now.saturating_add(i64::try_from(pause.as_micros()).unwrap_or(HELD));
        let seed = delivery.position ^ u64::from(self.webhook.secret_number) ^ self.webhook.id.as_u64_pair().1;
        match self.outlet.schedule.pause_after(delivery.attempts, seed, failure.retry_after) {
            Some(pause) => {
                delivery.due_at = after(pause);
                if let Some(asked_for) = failure.retry_after {
                    // It has too much to do: nothing is sent to it meanwhile, whatever the stream.
                    self.rest_until.fetch_max(after(asked_for), Ordering::Relaxed);
                }
            }
            None => {
                delivery.state = DeliveryState::Dead;
                delivery.due_at = 0;
                driven.dead += 1;
            }
        }
        tracing::warn!(
            webhook = %self.webhook.id,
            delivery.position,
            delivery.attempts,
            class = failure.class.name(),
            status = failure.status,
            given_up = delivery.state == DeliveryState::Dead,
            "a webhook was not delivered: {}",
            failure.reason,
        );
    }
}

impl Outlet {
    /// Sends an envelope, signed with the present secret and, during a rotation, with those before it that sign still.
    pub(super) async fn post(
        &self,
        app: &App,
        webhook: &Webhook,
        endpoint: &Endpoint,
        envelope: Envelope,
    ) -> Result<u16, Failure> {
        let at = app.now();
        let is_over = at.as_microsecond() >= webhook.old_secret_until;
        let oldest = if is_over { webhook.secret_number } else { webhook.oldest_secret_number };
        let numbers = (oldest..=webhook.secret_number).rev();
        let secrets: Vec<_> = numbers.map(|number| self.key.secret(webhook.id, number)).collect();
        let message = Message {
            id: &envelope.id,
            content_type: MEDIA_TYPE,
            body: envelope.body,
            at,
            secrets: secrets.iter().map(WebhookSecret::bytes).collect(),
        };
        self.sender.send(endpoint, &message).await
    }
}
