//! One command, one transaction: look up, decide, commit, answer.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tracing::{Instrument, Span, field};
use uuid::Uuid;

use crate::app::App;
use crate::app::commanded::Commanded;
use crate::app::earlier::key_reused;
use crate::app::facts::ReliedOn;
use crate::app::happened::{self, Placed};
use crate::app::personal::SealedEvents;
use crate::app::request::{Failure, Fault, Receipt, Request, Subject};
use crate::app::streams::Versioned;
use crate::blocking::blocking;
use crate::codec::{self, Encoded};
use crate::domain::actor::Actor;
use crate::domain::event::Recorded;
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};
use crate::store::{
    Append, AppendError, Body, CommandKey, Committed, Content, NewAttachment, NewCiphertext, NewEvent, StreamId,
    for_all,
};
use crate::telemetry::causes::with_causes;
use crate::telemetry::metrics::{CommandLabels, metrics};

/// How often a command without an expected version is decided anew after another server was faster.
const ATTEMPTS: usize = 32;

impl App {
    /// Carries out a command.
    ///
    /// Decided first on what this server knows, or on nothing where it is about something new. Only a refusal, a conflict
    /// or an unexpected version makes it look again, so that the usual command costs one commit and nothing else.
    ///
    /// # Errors
    /// A refusal, a conflict with `expected_version`, or a fault; in each case nothing is recorded, unless nobody knows that
    /// ([`Fault::is_unsettled`]).
    pub async fn execute<A: Commanded>(&self, request: &Request, id: Uuid, body: A::Body) -> Result<Receipt, Failure> {
        self.execute_with::<A>(request, Subject::Of(id), body, Vec::new()).await
    }

    /// Carries out a command whose events refer to files by digest.
    ///
    /// Boxed, as [`App::preview`] is: every mutation holds one of these, and the compiler would look through each of
    /// them down to the store.
    ///
    /// # Errors
    /// As [`App::execute`].
    pub fn execute_with<'a, A: Commanded>(
        &'a self,
        request: &'a Request,
        subject: Subject,
        body: A::Body,
        attachments: Vec<NewAttachment>,
    ) -> BoxFuture<'a, Result<Receipt, Failure>> {
        let aggregate = A::AGGREGATE.as_str();
        let span = tracing::debug_span!("command", aggregate, outcome = field::Empty, etalon.position = field::Empty);
        // Others who order something of the same aggregate wait for what is read here.
        let decided =
            for_all(self.decide_and_commit::<A>(request, subject, body, attachments)).instrument(span.clone());
        let counted = async move {
            let answer = decided.await;
            let outcome = outcome_of(&answer, &span);
            metrics().commands.get_or_create(&CommandLabels { aggregate, outcome }).inc();
            answer
        };
        counted.boxed()
    }

    async fn decide_and_commit<A: Commanded>(
        &self,
        request: &Request,
        subject: Subject,
        body: A::Body,
        attachments: Vec<NewAttachment>,
    ) -> Result<Receipt, Failure> {
        let id = subject.id();
        // Commands on one aggregate queue here rather than conflict in the commit.
        let _turn = self.turns.take(id).await;
        let streams = A::streams(&self.aggregates);
        let (mut known, mut is_present) = match subject {
            Subject::New(_) => (Arc::default(), true),
            Subject::Of(_) => match streams.kept(id).await {
                Some(kept) => (kept, false),
                None => (streams.present(id).await?, true),
            },
        };
        for _ in 0..ATTEMPTS {
            let considered = self.consider(request, id, &known, body.clone()).await?;
            let failure = match self.attempt(request, id, &known, considered, &attachments).await {
                Ok(receipt) => return Ok(receipt),
                Err(Setback::Outdated) => continue,
                // By an event of another server, which is there by now; or by one that a restored log has lost.
                Err(Setback::Erased) => {
                    let present = streams.present(id).await?;
                    if present.version == known.version {
                        return Err(Fault::KeyErased.into());
                    }
                    (known, is_present) = (present, true);
                    continue;
                }
                Err(Setback::Failure(Failure::Fault(fault))) => return Err(fault.into()),
                Err(Setback::Failure(failure)) => failure,
            };
            let outrun = matches!(failure, Failure::Conflict { .. }) && request.expected_version.is_none();
            if is_present && !outrun {
                return self.first_answer(request, failure).await;
            }
            known = streams.present(id).await?;
            is_present = true;
        }
        Err(Fault::Outrun { attempts: ATTEMPTS }.into())
    }

    /// What is ordered, with what it needs to know of other aggregates.
    pub(super) async fn consider<A: Commanded>(
        &self,
        request: &Request,
        id: Uuid,
        known: &Versioned<A>,
        body: A::Body,
    ) -> Result<Considered<A>, Fault> {
        let mut order = Order {
            by: request.actor.clone(),
            now: self.present_of(request, known).await?,
            occurred_at: request.occurred_at,
            source: request.source.clone(),
            command: body,
        };
        let relied_on = A::look_up(self, id, &known.state, &mut order).await?;
        Ok(Considered { order, relied_on })
    }

    /// The present of an order, no earlier than what it follows, nor than what it is dated to where the log has told that
    /// time: the clock of another server may be ahead of this one, which may have been set back, too.
    async fn present_of<A: Commanded>(&self, request: &Request, known: &Versioned<A>) -> Result<Timestamp, Fault> {
        let now = known.happened_until.into_iter().fold(self.now(), Timestamp::max);
        if let Some(at) = request.occurred_at
            && at > now
            && self.has_told(at).await?
        {
            return Ok(at);
        }
        Ok(now)
    }

    async fn attempt<A: Commanded>(
        &self,
        request: &Request,
        id: Uuid,
        known: &Arc<Versioned<A>>,
        considered: Considered<A>,
        attachments: &[NewAttachment],
    ) -> Result<Receipt, Setback> {
        let stream = A::streams(&self.aggregates).stream(id);
        let events = considered.decide(request, stream, &*self.opened(known, &considered.order.command).await?)?;
        let mut sealed = SealedEvents::<A>::of(events);
        // A command that was carried out before is decided for an id or a key that was drawn now: it would leave a data
        // key of nobody's.
        if (A::KEY_PER_EVENT || known.version == 0)
            && sealed.have_personal_data()
            && let Some(receipt) = self.answer_to(&request.actor.id, &request.key).await?
        {
            return Ok(receipt);
        }
        match self.seal_personal(id, &mut sealed).await {
            Err(Fault::KeyErased) => return Err(Setback::Erased),
            sealed => sealed?,
        }
        let SealedEvents { events, encoded, ciphertexts, key } = sealed;
        let erased_keys = match events.iter().any(A::erases) {
            true => self.keys_to_erase(A::streams(&self.aggregates), id, known.version).await?,
            false => Vec::new(),
        };
        let past = match happened::in_order(known, &events) {
            Some(_) => Vec::new(),
            None => A::streams(&self.aggregates).placed(id, known.version).await?,
        };
        let (before, attachments, metadata) = (known.clone(), attachments.to_vec(), metadata_of(&request.actor));
        let to_destroy = erased_keys.clone();
        let made = Made { id, before, past, events, encoded, ciphertexts, erased_keys, attachments, metadata };
        let digest = self.digest_to_keep(&request.key).await?;
        // A history that is told anew may be long, and others go on meanwhile.
        let (body, after) = match made.past.is_empty() {
            true => made.body(),
            false => blocking(move || made.body()).await,
        };
        let append = Append {
            stream,
            expected_version: known.version,
            relied_on: considered.relied_on,
            command: CommandKey {
                actor: request.actor.id.to_string(),
                idempotency_key: request.key.text().to_owned(),
                digest,
            },
            body,
        };
        let appended = self.writer.append(append).await;
        if let Some(key) = key.filter(|_| leaves_key::<A>(stream, &appended)) {
            self.discard_key(key).await;
        }
        match appended {
            Ok(committed) => {
                if !committed.replayed
                    && let Some(after) = after
                {
                    A::streams(&self.aggregates).keep(id, Arc::new(after)).await;
                }
                if !to_destroy.is_empty() {
                    // An earlier command of this key erased what was said by then, and none of what is said since.
                    let decided_now = if committed.replayed { &[][..] } else { &to_destroy };
                    if let Err(fault) = self.carry_out_erasure(decided_now).await {
                        tracing::error!(fault = %with_causes(&fault), "an erasure is not complete; it is tried again");
                    }
                }
                Ok(committed.into())
            }
            Err(AppendError::Conflict { current_version }) => {
                Err(Failure::Conflict { stream, expected: known.version, current: current_version }.into())
            }
            Err(AppendError::Outdated { .. }) => Err(Setback::Outdated),
            Err(AppendError::KeyReused) => Err(key_reused().into()),
            Err(AppendError::Store(error)) => Err(error.into()),
        }
    }

    /// The first answer, when a refusal only says that the command was carried out before.
    async fn first_answer(&self, request: &Request, failure: Failure) -> Result<Receipt, Failure> {
        self.answer_to(&request.actor.id, &request.key).await?.ok_or(failure)
    }
}

/// Whether the data key that an append was sealed under was made for it alone, and nothing of it is in the log for
/// certain.
fn leaves_key<A: Commanded>(stream: StreamId, appended: &Result<Committed, AppendError>) -> bool {
    match appended {
        // To the same stream it may be this append that was committed, when its first answer was lost.
        Ok(committed) => committed.replayed && committed.stream != stream,
        Err(AppendError::Conflict { .. } | AppendError::Outdated { .. } | AppendError::KeyReused) => A::KEY_PER_EVENT,
        Err(AppendError::Store(_)) => false,
    }
}

/// What came of a command, told to its span too.
fn outcome_of(answer: &Result<Receipt, Failure>, span: &Span) -> &'static str {
    let outcome = match answer {
        Ok(receipt) if receipt.replayed => "replayed",
        Ok(_) => "recorded",
        Err(Failure::Refused(_)) => "refused",
        Err(Failure::Conflict { .. }) => "conflict",
        Err(Failure::Fault(_)) => "fault",
    };
    span.record("outcome", outcome);
    if let Ok(receipt) = answer {
        span.record("etalon.position", receipt.position().cast_signed());
    }
    outcome
}

/// An order that knows what it has to know: all that is left is to decide.
pub(super) struct Considered<A: Commanded> {
    pub(super) order: Order<A::Body>,
    relied_on: ReliedOn,
}

impl<A: Commanded> Considered<A> {
    /// What happens when it is carried out on what is known. A command and its preview are decided here alike.
    ///
    /// # Errors
    /// A refusal, or a conflict with the version that the client expected.
    pub(super) fn decide(
        &self,
        request: &Request,
        stream: StreamId,
        known: &Versioned<A>,
    ) -> Result<Vec<Recorded<A::Fact>>, Failure> {
        if known.version == 0 || !known.state.is_visible_to(stream.aggregate_id, &request.actor) {
            // Before anything else is said: whoever may not see it gets the refusal of an id that nothing has, and is
            // told no version.
            A::default().decide(&self.order)?;
            if known.version > 0 {
                return Err(Refusal::new(Code::NotFound, "id", "nothing of this id is there for you").into());
            }
        }
        if let Some(expected) = request.expected_version
            && expected != known.version
        {
            return Err(Failure::Conflict { stream, expected, current: known.version });
        }
        let events = known.state.decide(&self.order)?;
        Ok(happened::dated(known, &self.order, events)?)
    }
}

/// Why an attempt came to nothing.
enum Setback {
    /// What was looked up elsewhere no longer holds: look again.
    Outdated,
    /// The key of whom it is about was destroyed, and this server has not seen by what.
    Erased,
    /// The command failed.
    Failure(Failure),
}

impl<F: Into<Failure>> From<F> for Setback {
    fn from(failure: F) -> Self {
        Self::Failure(failure.into())
    }
}

/// What a decision made of an aggregate, ready to be committed.
struct Made<A: Commanded> {
    id: Uuid,
    before: Arc<Versioned<A>>,
    /// The events before these, where these did not happen last.
    past: Vec<Placed<A>>,
    /// Sealed.
    events: Vec<Recorded<A::Fact>>,
    /// The same, unless the commit gives them a number.
    encoded: Vec<Encoded>,
    ciphertexts: Vec<NewCiphertext>,
    erased_keys: Vec<Uuid>,
    attachments: Vec<NewAttachment>,
    metadata: String,
}

impl<A: Commanded> Made<A> {
    /// What is written, and what is known after it unless the commit gives it a number.
    fn body(mut self) -> (Body, Option<Versioned<A>>) {
        let Some(series) = self.events.iter().find_map(A::series) else {
            let encoded = std::mem::take(&mut self.encoded);
            let (content, after) = self.content(&self.events, encoded);
            return (Body::Ready(content), Some(after));
        };
        let write = move |serial| {
            let numbered: Vec<_> = self.events.iter().map(|event| A::numbered(event, serial)).collect();
            let (content, _) = self.content(&numbered, numbered.iter().map(codec::encode).collect());
            content
        };
        (Body::Numbered { series, write: Arc::new(write) }, None)
    }

    fn content(&self, events: &[Recorded<A::Fact>], encoded: Vec<Encoded>) -> (Content, Versioned<A>) {
        let (rows, mut after) = happened::grown(self.id, &self.before, &self.past, events);
        after.weigh(encoded.iter().map(|encoded| encoded.payload.as_str()));
        let origin = events.iter().find_map(A::names_log).map(str::to_owned);
        let events = encoded
            .into_iter()
            .map(|encoded| NewEvent {
                event_type: encoded.event_type,
                event_version: encoded.event_version,
                payload: encoded.payload,
                metadata: self.metadata.clone(),
            })
            .collect();
        let (attachments, ciphertexts) = (self.attachments.clone(), self.ciphertexts.clone());
        let erased_keys = self.erased_keys.clone();
        (Content { events, rows, attachments, ciphertexts, erased_keys, origin }, after)
    }
}

/// What is known after these events.
pub(super) fn evolved<A: Commanded>(before: &Versioned<A>, events: &[Recorded<A::Fact>]) -> Versioned<A> {
    let mut after = before.clone();
    for event in events {
        after.take(event);
    }
    after
}

/// Under which authority it was done, as the stock crates' flat map of strings.
pub(super) fn metadata_of(actor: &Actor) -> String {
    let roles: Vec<_> = actor.roles.iter().map(|role| role.name()).collect();
    serde_json::json!({
        "jurisdiction": actor.jurisdiction.to_string(),
        "roles": roles.join(","),
    })
    .to_string()
}
