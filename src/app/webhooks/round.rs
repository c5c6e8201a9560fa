//! A round: what is due and what is new of one endpoint, lanes side by side, and what came of it written down at once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use futures::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::app::follow::STRETCH;
use crate::app::request::{Fault, time_of};
use crate::app::webhooks::lane::{Driven, Lane, Pending, Road, Seen};
use crate::app::webhooks::{Outlet, ownership};
use crate::clock::CLOCKS_DIFFER;
use crate::outbound::{Endpoint, Failure, FailureClass, Schedule};
use crate::store::{
    Delivery, DeliveryState, EventQuery, EventRecord, Failed, HELD, PassedBy, StreamId, Turn, Webhook, WebhookAction,
    WebhookState,
};
use crate::telemetry::metrics::{Outcome, metrics};

/// How many events of the log a round reads.
const FRESH: u32 = 256;
/// How many streams of which something waits a round takes up.
const DUE: u32 = 64;
/// How many waiting events of a stream a round delivers.
const OF_A_STREAM: u32 = 32;
/// How many requests to an endpoint are under way at a time.
const AT_A_TIME: usize = 8;
/// How long a round sends. What is left then is due at once, in a round that is planned by what the endpoint is by then.
const SENDS_FOR: SignedDuration = SignedDuration::from_secs(10);
/// How many events wait in the database at most; while there are so many, the log is not read on.
const MOST_WAITING: u64 = 10_000;

/// What a round did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// How many events arrived.
    pub delivered: u64,
    /// How many attempts failed.
    pub failed: u64,
    /// How many events were given up.
    pub dead: u64,
    /// What comes next.
    pub next: Next,
}

/// What comes after a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another round at once.
    AtOnce,
    /// Another one when the log has more, or at this time.
    Waits(Option<Timestamp>),
    /// None: the endpoint is not served any more, or not by this server.
    Over,
}

impl App {
    /// Delivers to an endpoint what can be delivered now. Whoever calls it holds the lease of the endpoint.
    ///
    /// # Errors
    /// When the store fails. What was sent by then is sent again in another round.
    pub async fn deliver(&self, webhook: Uuid, stop: &CancellationToken) -> Result<Round, Fault> {
        let outlet = self.outlet()?;
        let over = Round { delivered: 0, failed: 0, dead: 0, next: Next::Over };
        // Before the endpoint: what is committed after a change of it is left to a round that knows the change.
        let log_end = self.store.head().await?.next_position;
        let Some(webhook) = self.store.webhook(webhook).await? else { return Ok(over) };
        let is_ours = webhook.state == WebhookState::Enabled && webhook.key_id == outlet.key.id();
        if !is_ours || stop.is_cancelled() {
            return Ok(over);
        }
        if self.is_disowned(&webhook).await? {
            return Ok(Round { next: self.pause_disowned(webhook).await?, ..over });
        }
        let now = self.now();
        if webhook.rest_until > now.as_microsecond() && webhook.rest_until <= latest_wait(now) {
            return Ok(Round { next: Next::Waits(Some(time_of(webhook.rest_until))), ..over });
        }
        let next_position = outlet.passed.reached(webhook.id, webhook.turn, webhook.next_position);
        let webhook = Webhook { next_position, ..webhook };
        let plan = self.plan(&webhook, log_end).await?;
        if plan.lanes.is_empty() && plan.held.is_empty() {
            return Ok(Round { next: self.pass_by(outlet, &webhook, &plan).await?, ..over });
        }
        self.carry_out(outlet, &webhook, plan, stop).await
    }

    /// Nothing that was read concerns the endpoint: nothing is sent, and nothing is written of it now.
    async fn pass_by(&self, outlet: &Outlet, webhook: &Webhook, plan: &Plan) -> Result<Next, Fault> {
        if plan.next_position > webhook.next_position {
            let (webhook_id, turn) = (webhook.id, webhook.turn);
            outlet.passed.note(PassedBy { webhook_id, turn, next_position: plan.next_position });
        }
        Ok(match plan.has_more {
            true => Next::AtOnce,
            false => Next::Waits(self.store.next_due(webhook.id).await?.map(time_of)),
        })
    }

    async fn carry_out(
        &self,
        outlet: &Outlet,
        webhook: &Webhook,
        plan: Plan,
        stop: &CancellationToken,
    ) -> Result<Round, Fault> {
        let origin = self.store.origin().await?;
        let begins = self.now();
        let road = Road {
            app: self,
            outlet,
            webhook,
            endpoint: Endpoint::parse(&webhook.configuration.url, &outlet.networks).map_err(|error| Failure {
                class: FailureClass::AddressForbidden,
                status: None,
                retry_after: None,
                reason: error.to_string(),
            }),
            origin: &origin,
            stop,
            owner: ownership::credential(&webhook.owner, webhook.owned_since),
            ends_at: (begins + SENDS_FOR).as_microsecond(),
            seen: Mutex::new(Seen { at: begins.as_microsecond(), is_changed: false }),
            is_gone: AtomicBool::new(false),
            rest_until: AtomicI64::new(0),
        };
        let lanes = futures::stream::iter(plan.lanes).enumerate();
        let driving = lanes.map(|(place, lane)| road.drive(lane).map(move |driven| (place, driven)));
        let mut driven: Vec<(usize, Driven)> = driving.buffer_unordered(AT_A_TIME).collect().await;
        // In the order of their streams: of several that failed at the same time the same one is told, whichever ended last.
        driven.sort_unstable_by_key(|(place, _)| *place);
        let mut is_gone = road.is_gone.load(Ordering::Relaxed);
        let mut round = Round { delivered: 0, failed: 0, dead: 0, next: Next::Over };
        let mut turn = Turn {
            webhook_id: webhook.id,
            turn: webhook.turn,
            version: webhook.version,
            url: webhook.configuration.url.clone(),
            next_position: plan.next_position,
            rest_until: road.rest_until.load(Ordering::Relaxed),
            delivered: None,
            failed: None,
            kept: plan.held,
            done: Vec::new(),
            gone: is_gone.then(|| self.change_by_the_server(webhook, WebhookAction::Gone)),
        };
        for (_, lane) in driven {
            round.delivered += lane.arrived;
            round.failed += lane.failures;
            round.dead += lane.dead;
            turn.kept.extend(lane.kept);
            turn.done.extend(lane.done);
            turn.delivered = turn.delivered.max(lane.delivered);
            turn.failed = turn.failed.into_iter().chain(lane.failed).max_by_key(|(at, _): &(i64, Failed)| *at);
        }
        for (outcome, count) in [("delivered", round.delivered), ("failed", round.failed), ("given_up", round.dead)] {
            metrics().webhook_deliveries.get_or_create(&Outcome { outcome }).inc_by(count);
        }
        let mut is_written = self.store.write_turn(&turn).await?;
        if !is_written && turn.gone.take().is_some() {
            // If it was changed meanwhile, what said that it is gone is not what is there now.
            is_gone = false;
            is_written = self.store.write_turn(&turn).await?;
        }
        if !is_written {
            tracing::info!(
                webhook = %webhook.id,
                "changed or deleted meanwhile, by this server or another: what was sent may be sent again"
            );
            // One that only goes to another address by now is still this server's.
            let present = self.store.webhook(webhook.id).await?;
            let is_ours = present.is_some_and(|present| present.turn == webhook.turn);
            return Ok(Round { next: if is_ours { Next::AtOnce } else { Next::Over }, ..round });
        }
        outlet.passed.forget(webhook.id);
        tracing::debug!(webhook = %webhook.id, round.delivered, round.failed, round.dead, plan.next_position, "a round");
        if is_gone {
            tracing::warn!(webhook = %webhook.id, "a webhook is disabled: it answered 410 Gone");
        } else {
            round.next = match plan.has_more {
                _ if turn.rest_until > 0 => Next::Waits(Some(time_of(turn.rest_until))),
                true => Next::AtOnce,
                false => Next::Waits(self.store.next_due(webhook.id).await?.map(time_of)),
            };
        }
        Ok(round)
    }

    /// What is due, and what is new before the end of the log as it was.
    async fn plan(&self, webhook: &Webhook, log_end: u64) -> Result<Plan, Fault> {
        let mut lanes = self.due_lanes(webhook).await?;
        let mut plan = Plan {
            lanes: Vec::new(),
            held: Vec::new(),
            next_position: webhook.next_position,
            has_more: lanes.len() >= DUE as usize || lanes.values().any(|lane| lane.beyond.is_some()),
        };
        let is_behind = webhook.next_position < log_end;
        if is_behind && self.store.count_deliveries(webhook.id, DeliveryState::Waiting).await? < MOST_WAITING {
            let end = log_end.min(webhook.next_position + STRETCH);
            let fresh = self.fresh(webhook, end).await?;
            let is_full = fresh.len() >= FRESH as usize;
            plan.next_position = fresh.last().filter(|_| is_full).map_or(end, |last| last.position + 1);
            plan.has_more |= plan.next_position < log_end;
            let heard = self.heard(webhook, fresh).await?;
            let streams: HashSet<_> = heard.iter().map(|(stream, _)| *stream).collect();
            let streams: Vec<_> = streams.into_iter().filter(|stream| !lanes.contains_key(stream)).collect();
            let waiting: HashSet<_> = self.store.waiting_among(webhook.id, &streams).await?.into_iter().collect();
            for (stream, event) in heard {
                let delivery = new_delivery(webhook, stream, &event);
                let is_held = waiting.contains(&stream) || lanes.get(&stream).is_some_and(|lane| lane.beyond.is_some());
                if is_held {
                    plan.held.push(Delivery { due_at: HELD, ..delivery });
                    continue;
                }
                let lane = lanes.entry(stream).or_insert(Lane { stream, pending: Vec::new(), beyond: None });
                lane.pending.push(Pending { delivery, is_new: true, record: Some(event) });
            }
        }
        plan.lanes = lanes.into_values().collect();
        Ok(plan)
    }

    /// The next events of the log before `end`, as far as the store can choose.
    async fn fresh(&self, webhook: &Webhook, end: u64) -> Result<Vec<EventRecord>, Fault> {
        let query = EventQuery {
            after: webhook.next_position.checked_sub(1),
            up_to: end.checked_sub(1),
            limit: FRESH,
            types: webhook.configuration.event_types.clone(),
            ..EventQuery::default()
        };
        Ok(self.store.events(&query).await?)
    }

    /// The streams of which something is due, with what waits behind it.
    async fn due_lanes(&self, webhook: &Webhook) -> Result<BTreeMap<StreamId, Lane>, Fault> {
        let now = self.now();
        let due = self.store.due_deliveries(webhook.id, now.as_microsecond(), latest_wait(now), DUE).await?;
        let streams: Vec<_> = due.into_iter().map(|first| first.stream).collect();
        let lane = |stream: &StreamId| (*stream, Lane { stream: *stream, pending: Vec::new(), beyond: None });
        let mut lanes: BTreeMap<_, _> = streams.iter().map(lane).collect();
        let mut positions = Vec::new();
        for delivery in self.store.waiting_of(webhook.id, &streams, OF_A_STREAM + 1).await? {
            let Some(lane) = lanes.get_mut(&delivery.stream) else { continue };
            if lane.pending.len() >= OF_A_STREAM as usize {
                lane.beyond = Some(delivery);
                continue;
            }
            positions.push(delivery.position);
            lane.pending.push(Pending { delivery, is_new: false, record: None });
        }
        let records = self.records(positions).await?;
        // What it heard when it began to wait it may not hear any more.
        let heard = self.heard(webhook, records).await?;
        let mut heard: HashMap<_, _> =
            heard.into_iter().map(|(stream, event)| ((stream, event.position), event)).collect();
        for Pending { delivery, record, .. } in lanes.values_mut().flat_map(|lane| &mut lane.pending) {
            // An event of another stream is not the one that waits: it came in its place when the log went back.
            *record = heard.remove(&(delivery.stream, delivery.position));
        }
        Ok(lanes)
    }

    /// The events that wait.
    async fn records(&self, positions: Vec<u64>) -> Result<Vec<EventRecord>, Fault> {
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        let query = EventQuery { positions, limit: DUE * OF_A_STREAM, ..EventQuery::default() };
        Ok(self.store.events(&query).await?)
    }
}

/// Until when anything waits at most, in microseconds since the Unix epoch: what is to wait for longer was told so by a
/// clock that was ahead, and is waited for no more.
fn latest_wait(now: Timestamp) -> i64 {
    (now + Schedule::LONGEST_PAUSE + CLOCKS_DIFFER).as_microsecond()
}

/// What a round is going to do.
struct Plan {
    lanes: Vec<Lane>,
    /// New events that wait behind others of their streams.
    held: Vec<Delivery>,
    /// How far the log was read.
    next_position: u64,
    has_more: bool,
}

fn new_delivery(webhook: &Webhook, stream: StreamId, event: &EventRecord) -> Delivery {
    Delivery {
        webhook_id: webhook.id,
        position: event.position,
        stream,
        event_type: event.event_type.clone(),
        state: DeliveryState::Waiting,
        attempts: 0,
        first_tried_at: 0,
        last_tried_at: 0,
        due_at: 0,
        failed: Failed::default(),
    }
}
