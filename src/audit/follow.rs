//! An auditor's daemon: it keeps its own last checkpoint of a log, and asks at each new one for the proof that the log goes
//! on from there.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::audit::{AuditError, Trusted};
use crate::ledger::checkpoint::{Checkpoint, hash};
use crate::ledger::note::Note;
use crate::ledger::proof::verify_consistency;
use crate::ledger::tree::TreeHead;
use crate::outbound::{Client, Endpoint, Networks};

const QUESTION: &str = "query Checkpoint { checkpoint { note } }";
const PROOF: &str =
    "query Proof($from: Position!, $to: Position!) { consistencyProof(from: $from, to: $to) { hashes } }";

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Follows the checkpoints of a server.
pub struct Follower {
    client: Client,
    endpoint: Endpoint,
    headers: HeaderMap,
    trusted: Trusted,
    memory: PathBuf,
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
    },
    /// Something is wrong.
    Alarm {
        /// What kind of fault: a stable code.
        kind: &'static str,
        /// In words.
        message: String,
    },
}

impl Follower {
    /// Follows the server whose GraphQL is at that URL, with that bearer token, remembering in that file.
    ///
    /// # Errors
    /// When the URL or the token is none, or the keys are not enough.
    pub fn new(url: &str, token: &str, trusted: Trusted, memory: &Path) -> Result<Self, AuditError> {
        trusted.origin()?;
        let networks = Networks::any();
        let endpoint = Endpoint::parse(url, &networks).map_err(|error| AuditError::Server(error.to_string()))?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| AuditError::Keys("the token is no bearer token".to_owned()))?;
        bearer.set_sensitive(true);
        let headers = [(AUTHORIZATION, bearer)].into_iter().collect();
        Ok(Self { client: Client::new(networks, PATIENCE), endpoint, headers, trusted, memory: memory.to_owned() })
    }

    /// Looks once.
    ///
    /// # Errors
    /// When the server gives no answer or the memory cannot be used: then nothing is said of the log.
    pub async fn look(&self) -> Result<Followed, AuditError> {
        let alarm = |kind, message: String| Ok(Followed::Alarm { kind, message });
        let answer = self.ask(QUESTION, json!({})).await?;
        let Some(note) = answer["checkpoint"]["note"].as_str() else {
            return match self.remembered()? {
                None => Ok(Followed::Good { size: 0, grown_by: 0 }),
                Some(_) => alarm("CHECKPOINT", "the server has no checkpoint any more".to_owned()),
            };
        };
        let head = match self.head(note) {
            Ok(head) => head,
            Err(message) => return alarm("CHECKPOINT", message),
        };
        let last = match self.remembered()? {
            None => TreeHead::empty(),
            Some(note) => {
                self.head(&note).map_err(|reason| AuditError::NoBundle { path: self.memory.clone(), reason })?
            }
        };
        if head.size < last.size {
            let message = format!("the log had {} events and has {} now", last.size, head.size);
            return alarm("LOG_SHRUNK", message);
        }
        if head.size == last.size && head.root != last.root {
            return alarm("LOG_FORKED", format!("two trees of {} events are signed", head.size));
        }
        if last.size > 0 && head.size > last.size {
            let sizes = json!({ "from": last.size.to_string(), "to": head.size.to_string() });
            let answer = self.ask(PROOF, sizes).await?;
            let hashes = answer["consistencyProof"]["hashes"].as_array();
            let proof: Option<Vec<_>> =
                hashes.and_then(|hashes| hashes.iter().map(|text| hash(text.as_str()?)).collect());
            let Some(proof) = proof else {
                return alarm("CONSISTENCY_PROOF", format!("there is no proof from {} to {}", last.size, head.size));
            };
            if let Err(error) = verify_consistency(last, head, &proof) {
                return alarm("CONSISTENCY_PROOF", format!("from {} to {} events: {error}", last.size, head.size));
            }
        }
        self.remember(note)?;
        Ok(Followed::Good { size: head.size, grown_by: head.size - last.size })
    }

    fn head(&self, note: &str) -> Result<TreeHead, String> {
        let note = Note::parse(note).map_err(|error| error.to_string())?;
        let signatures = note.verify(&self.trusted.keys).map_err(|error| error.to_string())?;
        let checkpoint: Checkpoint = note.text().parse().map_err(|error| format!("{error}"))?;
        let origin = self.trusted.origin().map_err(|error| error.to_string())?;
        if checkpoint.origin != origin || !signatures.iter().any(|signed| signed.key.name() == origin) {
            return Err(format!("it is of the log {:?}, or its log has not signed it", checkpoint.origin));
        }
        Ok(checkpoint.head)
    }

    fn remembered(&self) -> Result<Option<String>, AuditError> {
        match fs::read_to_string(&self.memory) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(AuditError::of_file(&self.memory)(error)),
        }
    }

    /// Keeps the checkpoint before anything else is done: a crash never forgets what was seen.
    fn remember(&self, note: &str) -> Result<(), AuditError> {
        let folder = self.memory.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let kept = fs::create_dir_all(folder).and_then(|()| {
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(note.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.memory).map_err(|error| error.error)?;
            fs::File::open(folder)?.sync_all()
        });
        kept.map_err(AuditError::of_file(&self.memory))
    }

    async fn ask(&self, query: &str, variables: Value) -> Result<Value, AuditError> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let answer = self.client.post(&self.endpoint, "application/json", &self.headers, Bytes::from(body)).await;
        let answer = answer.map_err(|failure| AuditError::Server(failure.to_string()))?;
        let mut said: Value = serde_json::from_slice(&answer.body)
            .map_err(|_| AuditError::Server(format!("it answered {} and no JSON", answer.status)))?;
        match said["data"].take() {
            Value::Null => Err(AuditError::Server(said["errors"].to_string())),
            data => Ok(data),
        }
    }
}
