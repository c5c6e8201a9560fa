//! What comes with every command, and what goes back.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::room::Full;
use crate::codec::DecodeError;
use crate::domain::actor::Actor;
use crate::domain::event::Source;
use crate::domain::refusal::{Code, Refusal};
use crate::store::{Committed, EventRecord, StoreError, StreamId};
use crate::vault::keys::KeyStoreError;

/// The circumstances of a command.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who gives it.
    pub actor: Actor,
    /// What makes it the same command when it is sent again.
    pub key: Key,
    /// The version that the client saw; none means the present one, whatever it is.
    pub expected_version: Option<u64>,
    /// When it happened, where that is not now.
    pub occurred_at: Option<Timestamp>,
    /// The place in another tracker's log, when it is imported.
    pub source: Option<Source>,
}

/// What a command is about.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    /// What has this id, if anything has.
    Of(Uuid),
    /// What the command brings into being, under an id that was drawn for it: there is nothing to look for.
    New(Uuid),
}

impl Subject {
    /// The id that it has or gets.
    #[must_use]
    pub fn id(self) -> Uuid {
        let (Self::Of(id) | Self::New(id)) = self;
        id
    }
}

/// What makes a command the same when it is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    text: String,
    digest: [u8; 32],
}

impl Key {
    /// The longest key, in characters.
    pub const LONGEST: usize = 128;

    /// Whether a text can be a key of at most so many characters.
    ///
    /// # Errors
    /// `IDEMPOTENCY_KEY_INVALID` unless it is as many visible ASCII characters, and one at least.
    pub fn check(text: &str, longest: usize) -> Result<(), Refusal> {
        if (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(());
        }
        let message = format!("a key is 1 to {longest} visible ASCII characters here");
        Err(Refusal::new(Code::IdempotencyKeyInvalid, "idempotencyKey", message))
    }

    /// A key that the client chose, with the whole of its input.
    ///
    /// # Errors
    /// As [`Key::check`], of [`Key::LONGEST`] characters.
    pub fn chosen(text: &str, command: &str, input: &[u8]) -> Result<Self, Refusal> {
        Self::check(text, Self::LONGEST)?;
        let digest = Sha256::new().chain_update(command).chain_update([0]).chain_update(input).finalize();
        Ok(Self { text: text.to_owned(), digest: digest.into() })
    }

    /// A key that was made, with the digest of what it stands for.
    #[must_use]
    pub fn of_digest(text: String, digest: [u8; 32]) -> Self {
        Self { text, digest }
    }

    /// A key of its own, for a command that will not be sent again.
    #[must_use]
    pub fn unique(id: Uuid) -> Self {
        Self { text: id.to_string(), digest: Sha256::digest(id.as_bytes()).into() }
    }

    /// The key's text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The digest of the whole input: not to be kept as it is, for who knows the rest of an input could try names.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

/// Where in the log a command's events stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The stream that grew.
    pub stream: StreamId,
    /// Its version after it.
    pub version: u64,
    /// The position of the first event.
    pub first_position: u64,
    /// How many events.
    pub event_count: u64,
    /// When the log took them.
    pub recorded_at: Timestamp,
    /// The command was carried out before, and this is the first receipt again.
    pub replayed: bool,
}

impl Receipt {
    /// The position of the last event: what a read must have reached to see the write.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.first_position + self.event_count - 1
    }
}

impl From<Committed> for Receipt {
    fn from(committed: Committed) -> Self {
        Self {
            stream: committed.stream,
            version: committed.version,
            first_position: committed.first_position,
            event_count: committed.event_count,
            recorded_at: time_of(committed.recorded_at),
            replayed: committed.replayed,
        }
    }
}

/// The time of so many microseconds since the Unix epoch, of a row that the store has read: it gives none that no
/// calendar has. Of an event it gives what stands there, so that the log can be read past a damaged one; see
/// [`recorded_at`].
#[must_use]
pub fn time_of(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).expect("the store gives times that a calendar has")
}

/// When the log took an event.
///
/// # Errors
/// [`StoreError::Corrupt`] where its column says no time.
pub fn recorded_at(record: &EventRecord) -> Result<Timestamp, Fault> {
    Timestamp::from_microsecond(record.recorded_at).map_err(|_| {
        let what = format!("time \"{}\" in events.recorded_at at position {}", record.recorded_at, record.position);
        StoreError::Corrupt { what }.into()
    })
}

/// What an event happened to.
///
/// # Errors
/// [`StoreError::Corrupt`] where its columns name nothing.
pub fn stream_of(record: &EventRecord) -> Result<StreamId, Fault> {
    record.stream().ok_or_else(|| {
        let (aggregate_type, aggregate_id) = (&record.aggregate_type, &record.aggregate_id);
        let what = format!("stream {aggregate_type:?} {aggregate_id:?} in events at position {}", record.position);
        StoreError::Corrupt { what }.into()
    })
}

/// Events whose times can be told.
///
/// # Errors
/// As [`recorded_at`].
pub(in crate::app) fn with_times(events: Vec<EventRecord>) -> Result<Vec<EventRecord>, Fault> {
    events.iter().try_for_each(|event| recorded_at(event).map(drop))?;
    Ok(events)
}

/// Why a command was not carried out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// The domain says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The stream is not at the version that the client expected.
    #[error("the stream is at version {current}, not {expected}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// What the client expected.
        expected: u64,
        /// Where it is.
        current: u64,
    },
    /// The house failed, not the order.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A failure of the house. Users are told that it happened, the log of the server what.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log holds an event that this version cannot read.
    #[error(transparent)]
    Decode(#[from] Arc<DecodeError>),
    /// Webhooks need settings that this process was not given.
    #[error("this process does not deliver webhooks")]
    NoWebhooks,
    /// Personal data needs data keys that this process was not given.
    #[error("this process was given no data keys for personal data")]
    NoVault,
    /// The database has gone on with other data keys than this process has.
    #[error("the database has gone on with other data keys than those of this server (DATA_KEYS_OTHER)")]
    OtherDataKeys,
    /// The last commit of this process has failed, and no write has gone well since.
    #[error("commits fail")]
    CommitsFail,
    /// The data key of whom it is about was destroyed.
    #[error("the data key was destroyed")]
    KeyErased,
    /// The data keys cannot be used.
    #[error("the data keys cannot be used")]
    Keys(#[from] Arc<KeyStoreError>),
    /// Sealed personal data is not in its form.
    #[error("sealed personal data is damaged: {0}")]
    Sealed(&'static str),
    /// Others were faster, however often it was tried anew.
    #[error("others were faster at each of {attempts} attempts: nothing was recorded")]
    Outrun {
        /// How often it was tried.
        attempts: usize,
    },
    /// Another rebuild of the read rows goes on.
    #[error("another rebuild goes on; try again when it has ended")]
    RebuildUnderWay,
    /// As many requests wait for a position as may.
    #[error("there is no room to wait for a position")]
    NoRoomToWait(#[from] Full),
    /// A position was asked for that this server has not reached in time.
    #[error("position {wanted} is not here yet; the log ends before {next}")]
    NotThereYet {
        /// What was asked for.
        wanted: u64,
        /// The position that the next event will have.
        next: u64,
    },
}

impl Fault {
    /// Whether the database gave a read up that took too long.
    #[must_use]
    pub fn has_timed_out(&self) -> bool {
        matches!(self, Self::Store(StoreError::TimedOut { .. }))
    }

    /// Whether the read rows are those of another version of the program, which keeps this process from recording anything
    /// more.
    #[must_use]
    pub fn is_of_other_rows(&self) -> bool {
        matches!(self, Self::Store(StoreError::OtherRows { .. }))
    }

    /// Whether the database was found to take no writes.
    #[must_use]
    pub fn is_of_read_only(&self) -> bool {
        matches!(self, Self::Store(StoreError::ReadOnly))
    }

    /// Whether nothing is recorded because the clock of this process is ahead of that of the database.
    #[must_use]
    pub fn is_of_the_clock(&self) -> bool {
        matches!(self, Self::Store(StoreError::ClockAhead { .. }))
    }

    /// Whether a command may be on record although it has failed.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unsettled())
    }

    /// Whether what is stored is not what this program writes, as against a database that fails.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Store(error) => error.is_damage(),
            Self::Decode(_) | Self::Sealed(_) => true,
            _ => false,
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error) => error.is_retryable(),
            Self::Decode(_) | Self::NoWebhooks | Self::NoVault | Self::KeyErased | Self::Keys(_) | Self::Sealed(_) => {
                false
            }
            // Another server may have the right ones, and this one once it was started anew.
            Self::OtherDataKeys
            | Self::CommitsFail
            | Self::NotThereYet { .. }
            | Self::NoRoomToWait(_)
            | Self::Outrun { .. }
            | Self::RebuildUnderWay => true,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}
