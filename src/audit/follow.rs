//! An auditor's daemon: it keeps its own last checkpoint of a log, and asks at each new one for the proof that the log
//! goes on from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::audit::AuditError;
use crate::audit::verify::origin;
use crate::audit::witnesses::{Witnessed, Witnesses};
use crate::ledger::checkpoint::{Checkpoint, hash};
use crate::ledger::counted::counted;
use crate::ledger::names::Names;
use crate::ledger::note::{Algorithm, Note, VerifierKey};
use crate::ledger::proof::verify_consistency;
use crate::ledger::signed::{NotSigned, SignedCheckpoint};
use crate::ledger::tree::TreeHead;
use crate::outbound::{Client, Endpoint, Failure, Networks};
use crate::small_file::{self, CHECKPOINT_BYTES, SECRET_BYTES};
use crate::whole_file::{self, Access};

const QUESTION: &str = "query Checkpoint { checkpoint { note } }";
const QUESTION_OF_WITNESS: &str = "query CosignedBy($witness: String!) { checkpoint(cosignedBy: $witness) { note } }";
const PROOF: &str =
    "query Proof($from: Position!, $to: Position!) { consistencyProof(from: $from, to: $to) { hashes } }";

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Follows the checkpoints of a server.
pub struct Follower {
    client: Client,
    endpoint: Endpoint,
    token_file: PathBuf,
    keys: Vec<VerifierKey>,
    memory: PathBuf,
    /// Since when the log has not grown, beside the memory: a restart forgets no silence.
    since: PathBuf,
    witnesses: Witnesses,
    silent_for: Option<SignedDuration>,
}

/// What a look has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The log goes on, or stands where it stood.
    Good {
        /// How many events it has.
        size: u64,
        /// Since the last look.
        grown_by: u64,
        /// How far each of the witnesses has cosigned whose key is known.
        witnesses: Vec<Witnessed>,
    },
    /// Something is wrong.
    Alarm {
        /// What kind of fault: a stable code.
        kind: &'static str,
        /// In words.
        message: String,
        /// The witnesses that are silent, where that is what is wrong.
        silent_witnesses: Vec<String>,
    },
}

impl Follower {
    /// Follows the server whose GraphQL is at that URL, with the bearer token that is in that file whenever it asks,
    /// remembering in that memory. The keys are those of the log and of witnesses.
    ///
    /// # Errors
    /// When the URL is none, no token can be read, or the keys are not enough.
    pub fn new(url: &str, token_file: &Path, keys: Vec<VerifierKey>, memory: &Path) -> Result<Self, AuditError> {
        // One of them has to be that of a log.
        origin(&keys)?;
        let networks = Networks::any();
        let endpoint = Endpoint::parse(url, &networks).map_err(|error| AuditError::Server(error.to_string()))?;
        bearer(token_file)?;
        Ok(Self {
            client: Client::new(networks, PATIENCE),
            endpoint,
            token_file: token_file.to_owned(),
            witnesses: Witnesses::of(&keys, memory),
            keys,
            memory: memory.to_owned(),
            since: beside(memory, ".since"),
            silent_for: None,
        })
    }

    /// Raises an alarm as well when nothing new was signed for so long, or when a witness has cosigned nothing new for so
    /// long of a log that has grown, if that is bounded.
    #[must_use]
    pub fn with_silence(self, silent_for: Option<SignedDuration>) -> Self {
        Self { silent_for, ..self }
    }

    /// Looks once, at that time by the auditor's own clock.
    ///
    /// # Errors
    /// When the server gives no answer or the memory cannot be used: then nothing is said of the log.
    pub async fn look(&self, now: Timestamp) -> Result<Followed, AuditError> {
        let since = self.since(now)?;
        let looked = self.compared(now).await;
        let is_too_long =
            |since: Timestamp| self.silent_for.is_some_and(|longest| now.duration_since(since) >= longest);
        let why = match &looked {
            Ok(Followed::Good { grown_by: 0, .. }) => Some(String::new()),
            // Who gives no answer, or errors alone, may keep back what was signed as well as who gives an old one.
            Err(AuditError::Server(reason)) => Some(format!("; now it gives no answer: {reason}")),
            Ok(_) | Err(_) => None,
        };
        if let Some(why) = why.filter(|_| is_too_long(since)) {
            let message = format!("the server has shown nothing new since {since}{why}");
            return Ok(alarm("LOG_SILENT", message));
        }
        if let Ok(Followed::Good { size, witnesses, .. }) = &looked {
            let is_silent = |one: &&Witnessed| one.behind_since.is_some_and(is_too_long);
            let silent: Vec<_> = witnesses.iter().filter(is_silent).collect();
            if !silent.is_empty() {
                let message = silent.iter().map(|one| told_silent(one, *size)).collect::<Vec<_>>().join("; ");
                let silent_witnesses = silent.iter().map(|one| one.name.clone()).collect();
                return Ok(Followed::Alarm { kind: "WITNESS_SILENT", message, silent_witnesses });
            }
        }
        looked
    }

    async fn compared(&self, now: Timestamp) -> Result<Followed, AuditError> {
        let alarm = |kind, message: String| Ok(alarm(kind, message));
        let shown = self.ask(QUESTION, json!({}), "checkpoint").await?;
        if shown.is_null() {
            return match read(&self.memory)? {
                None => Ok(Followed::Good { size: 0, grown_by: 0, witnesses: self.witnesses.unheard() }),
                Some(_) => alarm("CHECKPOINT", "the server has no checkpoint any more".to_owned()),
            };
        }
        let note = shown["note"].as_str().ok_or_else(|| AuditError::Server("its checkpoint has no note".to_owned()))?;
        let kept = self.kept();
        let signed = match (self.signed(note), &kept) {
            (Ok(signed), _) => signed,
            (Err(NotSigned::OtherLog { origin }), Ok(Some(kept))) => {
                return alarm("LOG_RENAMED", renamed(kept, &origin, Name::Claimed));
            }
            (Err(error), _) => return alarm("CHECKPOINT", told(&error)),
        };
        let (kept, shown) = (kept?, &signed.checkpoint);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.origin != shown.origin) {
            return alarm("LOG_RENAMED", renamed(kept, &shown.origin, Name::Signed));
        }
        let head = shown.head;
        let mut witnesses = if kept.is_some() { self.witnesses.kept()? } else { self.witnesses.unheard() };
        let last = kept.map_or_else(TreeHead::empty, |kept| kept.head);
        if head.size < last.size {
            let before = counted(last.size, "event", "events");
            let message = format!("the log had {before} and has {} now", head.size);
            return alarm("LOG_SHRUNK", message);
        }
        if let Some(alarm) = self.unproved(last, head).await? {
            return Ok(alarm);
        }
        for one in &mut witnesses {
            one.hear(&signed);
            // A checkpoint is shown before it is cosigned, and of many in a second a witness cosigns some.
            let cosigned = match one.cosigned < Some(head.size) {
                true => self.cosigned_by(&one.name, &shown.origin).await?,
                false => None,
            };
            if let Some(cosigned) = cosigned.filter(|cosigned| Some(cosigned.checkpoint.head.size) > one.cosigned) {
                // It may be of after the other was shown.
                let mut heads = [cosigned.checkpoint.head, head];
                heads.sort_unstable_by_key(|head| head.size);
                if let Some(alarm) = self.unproved(heads[0], heads[1]).await? {
                    return Ok(alarm);
                }
                one.hear(&cosigned);
            }
            one.compare(head.size, now);
        }
        if head.size > last.size {
            // Before the checkpoint: a crash in between makes a silence seem shorter, and never longer.
            keep(&self.since, &now.to_string())?;
        }
        // Kept before anything else is done: a crash never forgets what was seen.
        keep(&self.memory, note)?;
        self.witnesses.keep(&witnesses)?;
        Ok(Followed::Good { size: head.size, grown_by: head.size - last.size, witnesses })
    }

    /// What is wrong where the log does not go on from the one tree to the other.
    async fn unproved(&self, from: TreeHead, to: TreeHead) -> Result<Option<Followed>, AuditError> {
        let alarm = |kind, message: String| Ok(Some(alarm(kind, message)));
        if from.size == to.size && from.root != to.root {
            return alarm("LOG_FORKED", format!("two trees of {} are signed", counted(to.size, "event", "events")));
        }
        if from.size == 0 || from.size == to.size {
            return Ok(None);
        }
        let sizes = json!({ "from": from.size.to_string(), "to": to.size.to_string() });
        let shown = self.ask(PROOF, sizes, "consistencyProof").await?;
        let hashes = shown["hashes"].as_array();
        let proof: Option<Vec<_>> = hashes.and_then(|hashes| hashes.iter().map(|text| hash(text.as_str()?)).collect());
        let Some(proof) = proof else {
            return alarm("CONSISTENCY_PROOF", format!("there is no proof from {} to {}", from.size, to.size));
        };
        match verify_consistency(from, to, &proof) {
            Ok(()) => Ok(None),
            Err(error) => alarm("CONSISTENCY_PROOF", format!("from {} to {} events: {error}", from.size, to.size)),
        }
    }

    /// What that witness has cosigned last of the log of that name, as the server says; nothing where it has no answer:
    /// whatever it keeps back, its witnesses stay silent.
    async fn cosigned_by(&self, witness: &str, origin: &str) -> Result<Option<SignedCheckpoint>, AuditError> {
        let shown = match self.ask(QUESTION_OF_WITNESS, json!({ "witness": witness }), "checkpoint").await {
            Err(AuditError::Server(_)) => return Ok(None),
            shown => shown?,
        };
        let signed = shown["note"].as_str().and_then(|note| self.signed(note).ok());
        Ok(signed.filter(|signed| signed.checkpoint.origin == origin))
    }

    /// The checkpoint that was seen last, if one was.
    fn kept(&self) -> Result<Option<Checkpoint>, AuditError> {
        let Some(note) = read(&self.memory)? else { return Ok(None) };
        let unlike = |error| AuditError::NoCheckpoint { path: self.memory.clone(), reason: told(&error) };
        self.signed(&note).map(|signed| Some(signed.checkpoint)).map_err(unlike)
    }

    /// The checkpoint, under the name that it bears. [`NotSigned::OtherLog`] where the key of no log of that name is known,
    /// whoever has signed it.
    fn signed(&self, note: &str) -> Result<SignedCheckpoint, NotSigned> {
        let claimed: Checkpoint = Note::parse(note)?.text().parse()?;
        let mut logs = self.keys.iter().filter(|key| key.algorithm() == Algorithm::Ed25519);
        if logs.all(|key| key.name() != claimed.origin) {
            return Err(NotSigned::OtherLog { origin: claimed.origin });
        }
        SignedCheckpoint::verify(note.as_bytes(), &Names::new(&[], &claimed.origin), &self.keys)
    }

    /// Since when the log has not grown. Where that is not known yet, or not yet by this clock, it begins now.
    fn since(&self, now: Timestamp) -> Result<Timestamp, AuditError> {
        let kept = read(&self.since)?.and_then(|text| text.parse::<Timestamp>().ok());
        if let Some(since) = kept.filter(|since| *since <= now) {
            return Ok(since);
        }
        keep(&self.since, &now.to_string())?;
        Ok(now)
    }

    /// What the server answers in that field of the query, which may be `null`.
    async fn ask(&self, query: &str, variables: Value, field: &str) -> Result<Value, AuditError> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let headers = bearer(&self.token_file)?;
        let answer = self.client.post(&self.endpoint, "application/json", &headers, Bytes::from(body)).await;
        let unreadable = |failure: Failure| AuditError::Server(failure.to_string());
        let answer = answer.map_err(unreadable)?;
        let mut said: Map<String, Value> = serde_json::from_slice(&answer.body.map_err(unreadable)?)
            .map_err(|_| AuditError::Server(format!("it answered {} and no JSON object", answer.status)))?;
        // With an error, `null` only says that the server could not look.
        if let Some(error) = said.get("errors").and_then(first_error) {
            return Err(AuditError::Server(format!("it answered with the error {error}")));
        }
        let value = said.get_mut("data").and_then(|data| data.get_mut(field)).map(Value::take);
        value.ok_or_else(|| AuditError::Server(format!("it answered {} and nothing of `{field}`", answer.status)))
    }
}

/// Something is wrong, with whatever witnesses.
fn alarm(kind: &'static str, message: String) -> Followed {
    Followed::Alarm { kind, message, silent_witnesses: Vec::new() }
}

/// What is told of a witness that has cosigned nothing new for long.
fn told_silent(Witnessed { name, cosigned, behind_since }: &Witnessed, size: u64) -> String {
    let since = behind_since.map(|since| format!(" since {since}")).unwrap_or_default();
    let cosigned = match cosigned {
        None => "nothing".to_owned(),
        Some(size) => format!("{} and nothing behind them", counted(*size, "event", "events")),
    };
    format!(
        "the witness {name} has cosigned {cosigned}, as far as the server shows, and the log has had more{since}: {size} now; \
         ask the witness what it has seen, for the server may show it another log"
    )
}

/// Why it is no checkpoint of the log, as whoever has given the keys is told.
fn told(error: &NotSigned) -> String {
    match error {
        NotSigned::OtherLog { .. } => format!("{error}, whose key was not given"),
        error => error.to_string(),
    }
}

/// How the name is known that a log has now.
#[derive(Clone, Copy)]
enum Name {
    /// Its checkpoint is signed by a key of that name that is known.
    Signed,
    /// The server says so.
    Claimed,
}

/// What is told where the log has another name than it had.
fn renamed(kept: &Checkpoint, name: &str, known: Name) -> String {
    let Checkpoint { origin, head } = kept;
    let (last, name) = (counted(head.size, "event", "events"), name.escape_debug());
    let (is_called, get_the_key) = match known {
        Name::Signed => (format!("has the name {name} now"), ""),
        Name::Claimed => (
            format!("has the name {name} now, as the server says, which is not verified"),
            "get the key of that name from whoever runs the log; ",
        ),
    };
    format!(
        "the log of the name {origin}, which had {last}, {is_called}: if it was put back from a backup, what was signed since \
         that was made is lost; {get_the_key}`etalon audit replay --checkpoint` tells how much; once that is accepted, keep \
         this memory as what was lost, and follow with the key of the new name and another --memory file"
    )
}

/// What the token says who is asking. It is read each time: it is renewed while a daemon lives.
fn bearer(token_file: &Path) -> Result<HeaderMap, AuditError> {
    let token = small_file::read_text(token_file, SECRET_BYTES).map_err(AuditError::of_file(token_file))?;
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.trim()))
        .map_err(|_| AuditError::Keys("the token is no bearer token".to_owned()))?;
    bearer.set_sensitive(true);
    Ok([(AUTHORIZATION, bearer)].into_iter().collect())
}

/// The first of the errors of an answer, with its code; none where there are none. It is quoted: a server may say there
/// what it likes.
fn first_error(errors: &Value) -> Option<String> {
    if errors.is_null() || errors.as_array().is_some_and(Vec::is_empty) {
        return None;
    }
    let message = errors[0]["message"].as_str().unwrap_or_default();
    let code = errors[0]["extensions"]["code"].as_str().map(|code| format!(" ({})", code.escape_debug()));
    Some(format!("{message:?}{}", code.unwrap_or_default()))
}

/// The file of that name beside the memory.
pub(super) fn beside(memory: &Path, suffix: &str) -> PathBuf {
    let mut name = memory.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(super) fn read(path: &Path) -> Result<Option<String>, AuditError> {
    match small_file::read_text(path, CHECKPOINT_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AuditError::of_file(path)(error)),
    }
}

/// Has the disk keep the text, whole or not at all.
pub(super) fn keep(path: &Path, text: &str) -> Result<(), AuditError> {
    let made = fs::create_dir_all(whole_file::folder_of(path));
    let kept = made.and_then(|()| whole_file::write(path, text.as_bytes(), Access::Owner));
    kept.map_err(AuditError::of_file(path))
}
