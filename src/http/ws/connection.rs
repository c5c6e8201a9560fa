//! One connection: who is asking, and then its operations, at the reader's pace.

mod reading;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Response as Answer;
use async_graphql::parser::types::OperationType;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_util::task::TaskTracker;

use crate::app::in_place;
use crate::domain::actor::ActorId;
use crate::graphql::{Session, StreamLimits, is_request_error};
use crate::http::answer::Refused;
use crate::http::arriving::SMALL_BODY_BYTES;
use crate::http::authentication::{self, Asker};
use crate::http::incoming::Incoming;
use crate::http::request::of_fields;
use crate::http::streams::Farewell;
use crate::http::trace::RequestId;
use crate::http::updates::{Update, Updates};
use crate::http::ws::Greeting;
use crate::http::ws::connection::reading::{Long, Whole, reached};
use crate::http::ws::message::{self, Closing, Told};
use crate::http::ws::operations::{Operations, Step, Task, Ticket};
use crate::http::{Front, answer};
use crate::tally::Counted;
use crate::telemetry::metrics::metrics;

/// How long the last message waits for a reader who does not read, and how long it may take the client to close its
/// side.
const LAST_WORDS_WAIT: Duration = Duration::from_secs(60);
const GOODBYE_WAIT: Duration = Duration::from_secs(5);

/// A connection, from its upgrade to its end.
pub(super) struct Connection {
    front: Arc<Front>,
    socket: WebSocket,
    request_id: RequestId,
    /// Who is asking, until the first message has come.
    greeting: Option<Greeting>,
    /// From when it is known who is asking: it is one of the actor's.
    counted: Option<Counted<ActorId>>,
    operations: Operations,
    /// Had by the update of a subscription that is being made or sent.
    turn: Arc<Semaphore>,
    /// What has come of the next message.
    incoming: Arc<Incoming>,
    long: Long,
}

/// Why a connection ends.
enum End {
    /// The client is not there any more.
    Gone,
    /// The server closes it.
    Close(Closing),
}

impl From<Closing> for End {
    fn from(closing: Closing) -> Self {
        Self::Close(closing)
    }
}

impl Connection {
    /// A connection that was just made.
    pub(super) fn new(
        front: Arc<Front>,
        socket: WebSocket,
        request_id: RequestId,
        greeting: Greeting,
        incoming: Arc<Incoming>,
    ) -> Self {
        incoming.begin(StreamLimits::of_greeting().maximum);
        let (operations, turn, long) = (Operations::default(), Updates::turns(), Long::default());
        Self { front, socket, request_id, greeting: Some(greeting), counted: None, operations, turn, incoming, long }
    }

    /// The mutations that are under way on it.
    pub(super) fn mutations(&self) -> TaskTracker {
        self.operations.mutations()
    }

    /// Serves it to its end.
    pub(super) async fn serve(mut self) {
        let end = match self.greeted().await {
            Ok(session) => self.run(&session).await,
            Err(end) => end,
        };
        match end {
            End::Gone => self.hang_up().await,
            End::Close(closing) => self.close(closing).await,
        }
    }

    /// Ends it, because it speaks something else.
    pub(super) async fn refuse_protocol(self) {
        self.close(Closing::wrong_protocol()).await;
    }

    /// Waits until the client has said who is asking.
    async fn greeted(&mut self) -> Result<Session, End> {
        let front = self.front.clone();
        tokio::select! {
            () = front.streams.stop.cancelled() => Err(Closing::farewell(Farewell::ShuttingDown, None).into()),
            greeted = timeout(front.streams.limits.init_timeout, self.greet()) => {
                greeted.unwrap_or_else(|_| Err(Closing::init_timeout().into()))
            }
        }
    }

    async fn greet(&mut self) -> Result<Session, End> {
        loop {
            let Some((told, _)) = self.told().await? else { continue };
            match told {
                Told::Init { authorization } => {
                    let session = self.session(authorization).await?;
                    self.incoming.begin(u64::MAX);
                    self.send(message::ack()).await?;
                    return Ok(session);
                }
                Told::Ping { payload } => self.send(message::pong(payload)).await?,
                Told::Subscribe { .. } => return Err(Closing::unauthorized().into()),
                Told::Pong | Told::Complete { .. } => {}
            }
        }
    }

    /// Who is asking: as the first message says, else as the upgrade has said.
    async fn session(&mut self, authorization: Option<String>) -> Result<Session, Closing> {
        let asker = match (authorization, self.greeting.take()) {
            (None, Some(Greeting::Known(asker))) => asker,
            (authorization, greeting) => {
                let known = authentication::bearer(authorization.as_deref(), &self.front).await;
                let asker = known.map_err(Closing::unknown)?;
                if let Some(Greeting::Stranger(peer)) = greeting {
                    self.front.admission.welcome(peer);
                }
                asker
            }
        };
        let Asker { actor, expires_at, credential } = asker;
        authentication::may_begin(expires_at, &self.front).map_err(Closing::unknown)?;
        let counted = self.front.streams.open_socket(&actor.id).map_err(|refused| Closing::later(&refused))?;
        self.counted = Some(counted);
        Ok(Session { actor, expires_at, credential, request_id: self.request_id.0.clone() })
    }

    /// Takes messages and gives answers until it ends.
    async fn run(&mut self, session: &Session) -> End {
        let Err(end) = self.converse(session).await;
        end
    }

    async fn converse(&mut self, session: &Session) -> Result<std::convert::Infallible, End> {
        let front = self.front.clone();
        let limits = front.streams.limits;
        let mut alive = tokio::time::interval_at(Instant::now() + limits.heartbeat, limits.heartbeat);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let expiry = tokio::time::sleep_until(front.instant_of(session.expires_at));
        let revoked = front.app.revoked(&session.credential);
        tokio::pin!(expiry, revoked);
        let (mut is_heard, mut is_ending, mut told) = (true, false, None);
        loop {
            if is_ending && self.operations.is_empty() {
                return Err(Closing::farewell(Farewell::ShuttingDown, told).into());
            }
            tokio::select! {
                // Whoever may hear no more is told nothing else; what a client says comes before what it is told.
                biased;
                () = front.streams.stop.cancelled(), if !is_ending => {
                    is_ending = true;
                    told = self.operations.end_subscriptions();
                }
                () = &mut expiry => return Err(self.farewell(Farewell::TokenExpired)),
                () = &mut revoked => return Err(self.farewell(Farewell::TokenRevoked)),
                message = self.socket.recv(), if !is_ending => {
                    is_heard = true;
                    if let Some((told, whole)) = self.read(message)? {
                        self.hear(told, whole, session).await?;
                    }
                }
                bytes = self.incoming.beyond(self.long.room.bytes.max(SMALL_BODY_BYTES) as u64), if !is_ending => {
                    self.make_room(bytes, session)?;
                }
                () = reached(self.long.until) => {
                    return Err(Closing::message_timeout(front.schema.limits().of_body_time()).into());
                }
                _ = alive.tick(), if !is_ending => {
                    // Whoever is there answers a ping by itself, so two of silence are the end.
                    if !std::mem::take(&mut is_heard) {
                        return Err(End::Gone);
                    }
                    self.send(Message::Ping(Bytes::new())).await?;
                }
                Some((ticket, step)) = self.operations.next() => self.step(ticket, step).await?,
            }
        }
    }

    async fn told(&mut self) -> Result<Option<(Told, Whole)>, End> {
        let message = self.socket.recv().await;
        self.read(message)
    }

    async fn hear(&mut self, told: Told, whole: Whole, session: &Session) -> Result<(), End> {
        let bytes = whole.bytes;
        match told {
            Told::Init { .. } => Err(Closing::init_again().into()),
            Told::Ping { payload } => {
                self.pay(bytes, session)?;
                let _unsent = self.front.admission.unsent.count(&session.actor.id, bytes);
                self.send(message::pong(payload)).await
            }
            Told::Pong => self.pay(bytes, session),
            Told::Complete { id } => {
                self.pay(bytes, session)?;
                self.operations.end(&id);
                Ok(())
            }
            Told::Subscribe { id, .. } if self.operations.has(&id) => Err(Closing::id_taken(&id).into()),
            Told::Subscribe { id, payload } => self.begin(id, payload, whole, session).await,
        }
    }

    /// Begins an operation, of whatever kind.
    async fn begin(
        &mut self,
        id: String,
        payload: Map<String, Value>,
        mut whole: Whole,
        session: &Session,
    ) -> Result<(), End> {
        let asked = of_fields(payload).map_err(|refused| Closing::invalid(refused.message))?;
        let (mut account, place) = match self.admitted(&mut whole, session) {
            Ok(admitted) => admitted,
            Err(refused) => return self.refuse(&id, &refused).await,
        };
        let document = match self.front.schema.read(asked) {
            Ok(document) => document,
            Err(refused) => return self.send(message::error(&id, &answer::errors(&refused))).await,
        };
        if let Err(refused) = self.front.admission.charge(&mut account, document.cost()) {
            return self.refuse(&id, &refused).await;
        }
        let (front, session) = (self.front.clone(), session.clone());
        let task = match self.room_for(document.kind(), &session) {
            Ok(task) => task,
            Err(refused) => return self.send(message::error(&id, &answer::errors(&refused))).await,
        };
        if document.kind() != OperationType::Subscription {
            let answered = async move {
                let is_query = document.kind() == OperationType::Query;
                let actor = session.actor.id.clone();
                let answer = in_place(place.clone(), front.schema.execute(document, session)).await;
                if is_request_error(&answer) {
                    return Step::Refused(Box::new(answer));
                }
                let body = answer::body(&answer);
                drop(whole);
                front.admission.charge_for_answer(&mut account, body.len() as u64);
                let unsent = &front.admission.unsent;
                // Others may have taken the room meanwhile. What came of a command is told whatever it takes.
                match unsent.room(&actor) {
                    Err(refused) if is_query => Step::Crowded(refused),
                    _ => Step::Answered { unsent: unsent.count(&actor, body.len()), body },
                }
            };
            self.operations.begin(id, task, answered);
            return Ok(());
        }
        let turn = self.turn.clone();
        let opened = async move {
            let opened = in_place(place, Updates::open(front, document, session, None, turn)).await;
            drop(whole);
            opened.map_or_else(Step::Refused, Step::Opened)
        };
        self.operations.begin(id, task, opened);
        Ok(())
    }

    /// Refuses an operation that may be asked for again.
    async fn refuse(&mut self, id: &str, refused: &Refused) -> Result<(), End> {
        metrics().count_refusal(refused.code);
        self.send(message::error(id, &refused.errors().to_string())).await
    }

    /// Room for one more operation of that kind.
    fn room_for(&self, kind: OperationType, session: &Session) -> Result<Task, Answer> {
        let (streams, limits) = (&self.front.streams, self.front.streams.limits);
        match kind {
            OperationType::Subscription if self.operations.subscriptions() >= limits.subscriptions_per_connection => {
                Err(answer::too_many_subscriptions(limits.of_connection()))
            }
            OperationType::Subscription => {
                let counted = streams.subscribe(&session.actor.id);
                counted.map(Task::Subscription).ok_or_else(|| answer::too_many_subscriptions(limits.of_actor()))
            }
            OperationType::Query | OperationType::Mutation
                if self.operations.under_way() >= limits.operations_per_connection =>
            {
                Err(answer::too_many_operations(limits.of_operations()))
            }
            OperationType::Query => Ok(Task::Query),
            OperationType::Mutation => Ok(Task::Mutation),
        }
    }

    /// Takes an operation one step on.
    async fn step(&mut self, ticket: Ticket, step: Step) -> Result<(), End> {
        let id = &ticket.id;
        match step {
            Step::Opened(updates) => {
                self.operations.tell(&ticket, updates.position());
                self.operations.follow(&ticket, updates);
                Ok(())
            }
            Step::Delivered(updates, outcome) => match outcome {
                Ok(Update { body, position, unsent, turn }) => {
                    // Whatever is given to the socket comes before everything that it is given later, its close
                    // included.
                    self.operations.tell(&ticket, Some(position));
                    self.operations.follow(&ticket, updates);
                    self.send(message::next(id, &body)).await?;
                    drop((unsent, turn));
                    Ok(())
                }
                Err(farewell) => Err(self.farewell(farewell)),
            },
            Step::Refused(refused) => {
                self.operations.end(id);
                self.send(message::error(id, &answer::errors(&refused))).await
            }
            Step::Crowded(refused) => {
                self.operations.end(id);
                self.refuse(id, &refused).await
            }
            Step::Answered { body, unsent } => {
                self.operations.end(id);
                self.send(message::next(id, &body)).await?;
                drop(unsent);
                self.send(message::complete(id)).await
            }
        }
    }

    /// Sends a message. While it waits for the reader nothing new begins on the connection, so that nothing piles up;
    /// each operation that is under way takes one step.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        let sent = timeout(self.front.streams.limits.patience, self.socket.send(message));
        let sent = tokio::select! {
            biased;
            sent = sent => sent,
            never = self.operations.go_on() => match never {},
        };
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(self.farewell(Farewell::SlowReader)),
        }
    }

    fn farewell(&mut self, farewell: Farewell) -> End {
        let told = self.operations.end_subscriptions();
        Closing::farewell(farewell, told).into()
    }

    /// Says why, and waits for the client to take it: to hang up on what it has sent meanwhile would tear the last
    /// words from its hands.
    async fn close(mut self, closing: Closing) {
        // Its subscriptions end here, whatever the reader does.
        self.operations = Operations::default();
        self.incoming.end();
        tracing::debug!(code = closing.code, reason = closing.reason, "a connection is closed");
        if matches!(timeout(LAST_WORDS_WAIT, self.socket.send(closing.frame())).await, Ok(Ok(()))) {
            self.hang_up().await;
        }
    }

    /// Reads to the end: that is also what answers a client who closes.
    async fn hang_up(mut self) {
        self.operations = Operations::default();
        let goodbye = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        // Whoever says nothing is hung up on.
        let _ = timeout(GOODBYE_WAIT, goodbye).await;
    }
}
