//! How much an answer may hold, and how much all of them while they are made. It is counted field by field: what would be
//! too large never is.
//!
//! What is asked for is weighed before it is executed, but how long texts are, and how many of them a case has, shows
//! only then.
//!
//! What came of a command is told whatever it takes: every field of a mutation's root is run, and `receipt` and
//! `userErrors` of its payload are answered. What else the payload shows is given up by itself where it is too large or
//! there is no room for it; what comes after it is shown where that fits.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo};
use async_graphql::parser::types::OperationType;
use async_graphql::{PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value};
use async_trait::async_trait;

use crate::domain::actor::ActorId;
use crate::graphql::limits::{Limits, NamedLimit};
use crate::tally::{Count, Counted, Tally};
use crate::telemetry::metrics::metrics;

/// What a program can act on.
const ANSWER_TOO_LARGE: &str = "ANSWER_TOO_LARGE";
/// What a program can act on: the same as where there is no room for a request.
pub(crate) const SERVER_BUSY: &str = "SERVER_BUSY";

/// So many of the largest answers may be made at once, and so many of them for one actor.
const AT_ONCE: u64 = 32;
const AT_ONCE_OF_ACTOR: u64 = AT_ONCE / 4;
/// What a value has besides its text: quotes, a comma, a number.
const OF_A_VALUE: u64 = 8;
/// The others are told of every so many bytes.
const PIECE_BYTES: u64 = 4 * 1024;

/// What a payload tells whatever it takes, besides its scalars: what came of a command, or of each of many.
const TOLD: [&str; 3] = ["receipt", "userErrors", "results"];

/// Room for all the answers that are being made.
#[derive(Clone)]
pub(crate) struct AnswerRoom {
    limit: NamedLimit,
    made: Arc<Tally<ActorId>>,
}

impl AnswerRoom {
    /// Room for as many as may be made at once, each under that limit.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { limit: limits.of_answer(), made: Arc::new(Tally::new(&metrics().making)) }
    }

    /// An answer to an operation of that kind by that actor, of which nothing is made yet: a request has it as data.
    pub(crate) fn answer(&self, kind: OperationType, actor: &ActorId) -> AnswerSize {
        let held = Mutex::new(Held { bytes: 0, counted: self.made.add(actor, 0) });
        AnswerSize { limit: self.limit, kind, held, outcome: Outcome::default(), given_up: Mutex::default() }
    }
}

const FITS: u8 = 0;
const TOO_LARGE: u8 = 1;
const NO_ROOM: u8 = 2;

/// Whether something fits, and why it does not: from then on it is given up.
#[derive(Default)]
struct Outcome(AtomicU8);

impl Outcome {
    fn note(&self, outcome: u8) {
        if outcome != FITS {
            self.0.store(outcome, Ordering::Relaxed);
        }
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    fn fits(&self) -> bool {
        self.get() == FITS
    }
}

/// What one answer holds, or one update of a subscription.
pub(crate) struct AnswerSize {
    limit: NamedLimit,
    kind: OperationType,
    held: Mutex<Held>,
    /// Of the whole: a mutation is given up by its parts alone.
    outcome: Outcome,
    /// What was given up of it, where that is not the whole.
    given_up: Mutex<Vec<ServerError>>,
}

/// What is given up by itself.
#[derive(Default)]
struct Part {
    /// How many bytes it has taken.
    taken: AtomicU64,
    outcome: Outcome,
}

struct Held {
    bytes: u64,
    counted: Counted<ActorId>,
}

impl AnswerSize {
    /// Takes so many bytes more, and tells whether they fit.
    fn take(&self, bytes: u64) -> u8 {
        let mut held = locked(&self.held);
        held.bytes += bytes;
        let uncounted = held.bytes - held.counted.amount();
        let mut outcome = FITS;
        if uncounted >= PIECE_BYTES {
            held.counted.grow(uncounted);
            if !self.has_room(&held) {
                outcome = NO_ROOM;
            }
        }
        if held.bytes > self.limit.maximum {
            outcome = TOO_LARGE;
        }
        outcome
    }

    /// So many bytes are thrown away before the answer is made.
    fn give_back(&self, bytes: u64) {
        let mut held = locked(&self.held);
        held.bytes -= bytes;
        // The last of them may not be counted yet.
        let thrown_away = held.counted.amount().saturating_sub(held.bytes);
        held.counted.shrink(thrown_away);
    }

    fn has_room(&self, held: &Held) -> bool {
        let Count { all, of_owner } = held.counted.there();
        let room = |answers: u64| self.limit.maximum.saturating_mul(answers);
        all <= room(AT_ONCE) && of_owner <= room(AT_ONCE_OF_ACTOR)
    }

    /// Why the whole is given up, where it is.
    fn why_not(&self) -> Option<ServerError> {
        match self.outcome.get() {
            TOO_LARGE => Some(self.too_large("the answer is")),
            NO_ROOM => Some(self.no_room()),
            _ => None,
        }
    }

    /// Why a part is given up. The command was carried out: nothing of it is to be sent again.
    fn why_not_shown(&self, part: &Part) -> ServerError {
        let told = "what came of the command is told";
        match part.outcome.get() {
            NO_ROOM => {
                let room = self.room();
                let message =
                    format!("{told}; there is no room for what is shown here: {room}; query it a little later");
                self.refusal(SERVER_BUSY, message, false)
            }
            _ => self.too_large(&format!("{told}; with what is shown here the answer would be")),
        }
    }

    fn too_large(&self, what: &str) -> ServerError {
        let NamedLimit { name, maximum } = self.limit;
        let message = format!("{what} longer than {maximum} bytes ({name}): ask for fewer rows, fields or aliases");
        self.refusal(ANSWER_TOO_LARGE, message, false)
    }

    fn no_room(&self) -> ServerError {
        self.refusal(SERVER_BUSY, format!("{}; send it again a little later", self.room()), true)
    }

    /// How much room there is, in words.
    fn room(&self) -> String {
        let name = self.limit.name;
        format!(
            "at most {AT_ONCE} of the longest answers ({name}) are made at once, and {AT_ONCE_OF_ACTOR} of them for one \
             actor"
        )
    }

    fn refusal(&self, code: &'static str, message: String, is_retryable: bool) -> ServerError {
        let mut error = ServerError::new(message, None);
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", code);
        extensions.set("limit", self.limit.name);
        extensions.set("maximum", self.limit.maximum);
        extensions.set("retryable", is_retryable);
        error
    }
}

tokio::task_local! {
    /// What is resolved within it is of that part.
    static PART: Arc<Part>;
}

/// Counts what answers hold. Each is of the request's data.
pub(crate) struct Counting;

impl ExtensionFactory for Counting {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Counting {
    async fn execute(
        &self,
        context: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let answer = context.data_unchecked::<AnswerSize>();
        if !answer.has_room(&locked(&answer.held)) {
            return Response::from_errors(vec![answer.no_room()]);
        }
        let mut response = next.run(context, operation_name).await;
        if answer.kind != OperationType::Mutation
            && let Some(refused) = answer.why_not()
        {
            return Response::from_errors(vec![refused]);
        }
        response.errors.append(&mut locked(&answer.given_up));
        response
    }

    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let answer = context.data_unchecked::<AnswerSize>();
        if let Ok(part) = PART.try_with(Arc::clone) {
            return while_it_fits(&part.outcome, counted(answer, context, info, next)).await;
        }
        if answer.kind != OperationType::Mutation {
            return while_it_fits(&answer.outcome, counted(answer, context, info, next)).await;
        }
        if !may_be_given_up(&info) {
            return counted(answer, context, info, next).await;
        }
        let field = info.field;
        let position = field.alias.as_ref().map_or(field.name.pos, |alias| alias.pos);
        let path = path(info.path_node);
        let part = Arc::new(Part::default());
        let resolved = counted(answer, context, info, next);
        if let Some(value) = PART.scope(part.clone(), until_given_up(&part.outcome, resolved)).await {
            return value;
        }
        answer.give_back(part.taken.load(Ordering::Relaxed));
        let mut error = answer.why_not_shown(&part);
        error.locations = vec![position];
        locked(&answer.given_up).push(error.with_path(path));
        Ok(Some(Value::Null))
    }
}

/// Whether a field outside of any part is one: what a payload shows besides what came of the command.
fn may_be_given_up(info: &ResolveInfo<'_>) -> bool {
    let is_of_payload = info.parent_type.ends_with("Payload");
    is_of_payload && !info.field.selection_set.node.items.is_empty() && !TOLD.contains(&info.name)
}

/// Resolves a field of what may be given up. What has no room is thrown away: nothing more is added to it.
async fn while_it_fits(
    outcome: &Outcome,
    counted: impl Future<Output = ServerResult<Option<Value>>>,
) -> ServerResult<Option<Value>> {
    match outcome.fits() {
        true => counted.await,
        false => Ok(Some(Value::Null)),
    }
}

/// Resolves a part to its end; `None` where it is given up. It is dropped then and there, with all that it holds: others
/// that are under way beside it have the room that it had.
async fn until_given_up<T>(outcome: &Outcome, part: impl Future<Output = T>) -> Option<T> {
    let mut part = pin!(part);
    poll_fn(|context| match part.as_mut().poll(context) {
        _ if !outcome.fits() => Poll::Ready(None),
        polled => polled.map(Some),
    })
    .await
}

async fn counted(
    answer: &AnswerSize,
    context: &ExtensionContext<'_>,
    info: ResolveInfo<'_>,
    next: NextResolve<'_>,
) -> ServerResult<Option<Value>> {
    // The rows of a list come here as well, and have no name.
    let is_row = info.parent_type.starts_with('[');
    let named = if is_row { 0 } else { info.alias.unwrap_or(info.name).len() as u64 };
    let is_json = info.return_type.trim_end_matches('!') == "JSON";
    let value = next.run(context, info).await?;
    let bytes = named + value.as_ref().map_or(OF_A_VALUE, |value| size(value, is_json));
    let outcome = answer.take(bytes);
    let of_part = PART.try_with(|part| {
        part.taken.fetch_add(bytes, Ordering::Relaxed);
        part.outcome.note(outcome);
    });
    // What is of no part stays to the end.
    if of_part.is_err() {
        answer.outcome.note(outcome);
    }
    Ok(value)
}

/// What a value holds by itself: fields and rows have been counted before it, but for those of JSON of its own.
fn size(value: &Value, is_json: bool) -> u64 {
    OF_A_VALUE
        + match value {
            Value::String(text) => text.len() as u64,
            Value::List(values) if is_json => values.iter().map(|value| size(value, is_json)).sum(),
            Value::Object(fields) if is_json => {
                fields.iter().map(|(name, value)| name.len() as u64 + size(value, is_json)).sum()
            }
            _ => 0,
        }
}

/// The way to a field of the answer.
fn path(node: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let mut path: Vec<_> = std::iter::successors(Some(node), |node| node.parent)
        .map(|node| match node.segment {
            QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
            QueryPathSegment::Index(index) => PathSegment::Index(index),
        })
        .collect();
    path.reverse();
    path
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
