//! How a mutation is carried out or previewed: parse at the door, call the application, shape the answer.
//!
//! One input and one payload per command. What all inputs and all payloads have in common stands here once; what a command says stands with it in `mutation/`.

use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use serde::Serialize;
use uuid::Uuid;

use crate::app::{
    Commanded, EventPage, Failure, Foreseen, Key, Moment, NewAttachment, Previewed, Receipt, Request, StreamId,
    Subject, Verdict,
};
use crate::domain::refusal::{Code, Refusal};
use crate::graphql::context::{actor, app, session};
use crate::graphql::door::Door;
use crate::graphql::errors::{self, UserError};
use crate::graphql::ids;
use crate::graphql::mutation::canonical::canonical;
use crate::graphql::scalars::{Base64, DateTime, Position};
use crate::graphql::types::ledger::{self, InclusionProof};
use crate::graphql::warnings;
use crate::graphql::warnings::code::Warning;

/// What an input says besides its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'a> {
    /// What makes it the same command when it is sent again.
    pub(crate) idempotency_key: Option<&'a str>,
    /// The version that the client saw.
    pub(crate) expected_version: Option<i32>,
    /// When it happened, where that is not now.
    pub(crate) occurred_at: Option<DateTime>,
}

/// The input of a command.
pub(crate) trait Input: Serialize + Send + Sync {
    /// What it is a command on.
    type Root: Commanded;
    /// The command's name in the domain.
    const COMMAND: &'static str;
    /// The field that says what it is about; refusals of the aggregate's id name it.
    const ABOUT: &'static str;

    /// What it says besides its own.
    fn circumstances(&self) -> Circumstances<'_>;

    /// Reads it; `None` when something was unsound, which the door then knows.
    fn read(&self, door: &mut Door) -> Option<Ordered<Self::Root>>;
}

/// A command that was read.
pub(crate) struct Ordered<A: Commanded> {
    /// What it is about.
    pub(crate) subject: Subject,
    /// The command.
    pub(crate) body: A::Body,
    /// Files that it brings.
    pub(crate) attachments: Vec<NewAttachment>,
}

impl<A: Commanded> Ordered<A> {
    /// A command without files.
    pub(crate) fn new(id: impl Into<Uuid>, body: impl Into<A::Body>) -> Self {
        Self { subject: Subject::Of(id.into()), body: body.into(), attachments: Vec::new() }
    }

    /// One that brings what it is about into being, under the door's id for that.
    pub(crate) fn of_new(door: &Door, body: impl Into<A::Body>) -> Self {
        Self { subject: Subject::New(door.fresh_id()), body: body.into(), attachments: Vec::new() }
    }
}

/// How a command went.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Where its events stand, if there are any.
    pub(crate) receipt: Option<Receipt>,
    /// Why there are none.
    pub(crate) user_errors: Vec<UserError>,
    /// Where the stream is, if it is not where the client expected it.
    pub(crate) conflict: Option<Conflicting>,
}

/// A stream that is not where the client expected it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conflicting {
    /// Which.
    pub(crate) stream: StreamId,
    /// The version that the client saw.
    pub(crate) expected: u64,
    /// The version it is at.
    pub(crate) current: u64,
}

/// Carries a command out, under that key where its input has none.
///
/// # Errors
/// Only when the house fails; what the domain refuses is in the outcome.
pub(crate) async fn carry_out<I: Input>(ctx: &Context<'_>, input: &I, key: Option<&str>) -> Result<Outcome> {
    let (request, ordered) = match read(ctx, input, key) {
        Ok(read) => read,
        Err(unsound) => return Ok(unsound),
    };
    let done = app(ctx).execute_with::<I::Root>(&request, ordered.subject, ordered.body, ordered.attachments).await;
    match done {
        Ok(receipt) => Ok(Outcome { receipt: Some(receipt), ..Outcome::default() }),
        Err(Failure::Fault(fault)) if fault.is_unsettled() => {
            let key = input.circumstances().idempotency_key.or(key);
            Err(errors::outcome_unknown(&session(ctx).request_id, &fault, key))
        }
        Err(failure) => Outcome::of_failure::<I>(ctx, failure),
    }
}

/// What a command would do.
pub(crate) struct Prospect<A: Commanded> {
    /// How far the decision knows the log; absent where nothing was decided, or the log is empty.
    pub(crate) position: Option<u64>,
    /// What would be recorded.
    pub(crate) foreseen: Option<Foreseen<A>>,
    /// Why nothing would be: what is refused, or the receipt of when it was carried out.
    pub(crate) outcome: Outcome,
}

impl<A: Commanded> Prospect<A> {
    /// What is worth knowing where nothing would be recorded: that it was before.
    pub(crate) fn warnings_of_nothing(&self) -> Vec<Warning> {
        self.outcome.receipt.iter().map(|_| warnings::of_replay()).collect()
    }
}

/// Tells what a command would do, under that key where its input has none, and does nothing.
///
/// # Errors
/// Only when the house fails.
pub(crate) async fn foresee<I: Input>(ctx: &Context<'_>, input: &I, key: Option<&str>) -> Result<Prospect<I::Root>> {
    let (request, ordered) = match read(ctx, input, key) {
        Ok(read) => read,
        Err(unsound) => return Ok(Prospect { position: None, foreseen: None, outcome: unsound }),
    };
    let previewed = app(ctx).preview::<I::Root>(&request, ordered.subject.id(), ordered.body).await;
    let Previewed { position, verdict } = previewed.map_err(|fault| errors::fault(ctx, fault))?;
    let (foreseen, outcome) = match verdict {
        Ok(Verdict::Foreseen(foreseen)) => (Some(foreseen), Outcome::default()),
        Ok(Verdict::CarriedOut(receipt)) => (None, Outcome { receipt: Some(receipt), ..Outcome::default() }),
        Err(failure) => (None, Outcome::of_failure::<I>(ctx, failure)?),
    };
    Ok(Prospect { position, foreseen, outcome })
}

impl Outcome {
    /// Where in the log its events stand, as an answer shows it.
    pub(crate) fn receipt_node(&self) -> Option<ReceiptNode> {
        self.receipt.as_ref().map(Into::into)
    }

    /// What is worth knowing of a command that was carried out.
    pub(crate) async fn warnings(&self, ctx: &Context<'_>) -> Option<Result<Vec<Warning>>> {
        errors::nullable(async {
            match &self.receipt {
                Some(receipt) => warnings::of(ctx, receipt).await.map(Some),
                None => Ok(Some(Vec::new())),
            }
        })
        .await
    }

    fn of_failure<I: Input>(ctx: &Context<'_>, failure: Failure) -> Result<Self> {
        match failure {
            Failure::Refused(refusal) => {
                Ok(Self { user_errors: vec![about(refusal, I::ABOUT).into()], ..Self::default() })
            }
            Failure::Conflict { stream, expected, current } => Ok(Self {
                user_errors: vec![moved_on(expected, current).into()],
                conflict: Some(Conflicting { stream, expected, current }),
                ..Self::default()
            }),
            Failure::Fault(fault) => Err(errors::fault(ctx, fault)),
        }
    }
}

/// Reads an input at the door: the command with its circumstances, or everything that is unsound about it.
fn read<I: Input>(ctx: &Context<'_>, input: &I, key: Option<&str>) -> Result<(Request, Ordered<I::Root>), Outcome> {
    let mut door = Door::new(app(ctx).new_id());
    let request = circumstances_of(ctx, input, key, &mut door);
    let ordered = input.read(&mut door);
    request.zip(ordered).ok_or_else(|| {
        let user_errors = door.into_refusals().into_iter().map(UserError::from).collect();
        Outcome { user_errors, ..Outcome::default() }
    })
}

fn circumstances_of<I: Input>(ctx: &Context<'_>, input: &I, key: Option<&str>, door: &mut Door) -> Option<Request> {
    let mut circumstances = input.circumstances();
    circumstances.idempotency_key = circumstances.idempotency_key.or(key);
    let (key, expected_version) = key_and_version(ctx, door, I::COMMAND, input, circumstances)?;
    Some(Request {
        actor: actor(ctx).clone(),
        key,
        expected_version,
        occurred_at: circumstances.occurred_at.map(|at| at.0),
        source: None,
    })
}

/// What makes an order the same when it is sent again, and the version that it expects; `None` when one was unsound, which the door then knows.
pub(crate) fn key_and_version(
    ctx: &Context<'_>,
    door: &mut Door,
    command: &str,
    input: &impl Serialize,
    circumstances: Circumstances<'_>,
) -> Option<(Key, Option<u64>)> {
    let key = match circumstances.idempotency_key {
        None => Ok(Key::unique(app(ctx).new_id())),
        Some(text) => Key::chosen(text, command, &canonical(input)),
    };
    let expected_version = match circumstances.expected_version.map(u64::try_from) {
        None => Ok(None),
        Some(Ok(version)) => Ok(Some(version)),
        Some(Err(_)) => {
            Err(Refusal::new(Code::VersionConflict, "expectedVersion", "a version is a whole number from 0"))
        }
    };
    match (key, expected_version) {
        (Ok(key), Ok(expected_version)) => Some((key, expected_version)),
        (key, version) => {
            key.err().into_iter().chain(version.err()).for_each(|refusal| door.refused(refusal));
            None
        }
    }
}

/// The application calls the aggregate's id `id`; the input calls it by what it is.
fn about(refusal: Refusal, field: &str) -> Refusal {
    match refusal.field.as_str() {
        "id" => Refusal { field: field.to_owned(), ..refusal },
        _ => refusal,
    }
}

fn moved_on(expected: u64, current: u64) -> Refusal {
    Refusal::new(
        Code::VersionConflict,
        "expectedVersion",
        format!("it is at version {current}, not at {expected}: look at what it is now, then decide anew"),
    )
}

/// 回执: where in the log a command's events stand. The same command sent again gets the same receipt.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "Receipt", complex)]
pub(crate) struct ReceiptNode {
    /// The position of the last event: a query with `minPosition` set to it sees this write, on any server.
    position: Position,
    /// The events that were recorded, in order.
    event_ids: Vec<ID>,
    /// The version after them: the next command's `expectedVersion`.
    version: u64,
    /// When the log took them.
    recorded_at: DateTime,
    /// Whether the command was carried out before, and this is the first receipt again.
    replayed: bool,
}

#[ComplexObject]
impl ReceiptNode {
    /// 摘要: the hash of the last event's ledger entry, the leaf of the log's tree: keep it, and nobody can deny that this was recorded.
    async fn digest(&self, ctx: &Context<'_>) -> Option<Result<Base64>> {
        let leaf = app(ctx).leaf(self.position.0).await;
        Some(leaf.map(|leaf| ledger::base64(&leaf)).map_err(|fault| errors::fault(ctx, fault)))
    }

    /// 包含证明: that the last event is in the latest checkpoint; absent until one covers it, within a second: then ask for `inclusionProof`, or follow `checkpoints`.
    async fn inclusion_proof(&self, ctx: &Context<'_>) -> Option<Result<InclusionProof>> {
        errors::nullable(InclusionProof::of_shown(ctx, self.position.0, Moment::Present)).await
    }
}

impl From<&Receipt> for ReceiptNode {
    fn from(receipt: &Receipt) -> Self {
        Self {
            position: Position(receipt.position()),
            event_ids: (receipt.first_position..=receipt.position()).map(ids::of_event).collect(),
            version: receipt.version,
            recorded_at: receipt.recorded_at.into(),
            replayed: receipt.replayed,
        }
    }
}

/// The most events that a conflict tells.
const MOST_EVENTS_SINCE: u32 = 100;

impl Conflicting {
    /// What has happened since the version that the client saw, as far as the actor may see it.
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn events_since(&self, ctx: &Context<'_>) -> Result<Vec<crate::app::EventRecord>> {
        let page = EventPage { after_version: self.expected, limit: MOST_EVENTS_SINCE, ..EventPage::default() };
        app(ctx).stream_events(actor(ctx), self.stream, &page).await.map_err(|fault| errors::fault(ctx, fault))
    }
}

/// What a payload shows of an aggregate.
pub(crate) trait Shown: Sized {
    /// What a preview of a command on it answers.
    type Preview;

    /// It, as it is after the command.
    ///
    /// # Errors
    /// When the house fails.
    fn after(ctx: &Context<'_>, receipt: &Receipt) -> impl Future<Output = Result<Option<Self>>> + Send;
}
