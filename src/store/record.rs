//! What goes into the log and what comes back: plain data without meaning to the store.

use std::fmt;
use std::sync::Arc;

use cqrs_es::persist::SerializedEvent;
use uuid::Uuid;

use crate::store::row::RowChanges;

/// The kind of aggregate a stream belongs to; its name is stored with every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AggregateType {
    /// A measurement bottleneck.
    Case,
    /// A company that has one.
    Enterprise,
    /// A drive that collects them.
    Campaign,
    /// A metrology institute.
    Institution,
    /// Somebody who acts.
    Person,
    /// Chargeable items and editions of regulations.
    Catalogue,
    /// A year's figures of a jurisdiction.
    AnnualSummary,
    /// A question that somebody keeps.
    View,
    /// The log itself.
    Log,
}

impl AggregateType {
    /// Every type, in the order of their declaration.
    pub const ALL: [Self; 9] = [
        Self::Case,
        Self::Enterprise,
        Self::Campaign,
        Self::Institution,
        Self::Person,
        Self::Catalogue,
        Self::AnnualSummary,
        Self::View,
        Self::Log,
    ];

    /// The stored name. A literal: renaming the variant changes no stored byte.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Case => "Case",
            Self::Enterprise => "Enterprise",
            Self::Campaign => "Campaign",
            Self::Institution => "Institution",
            Self::Person => "Person",
            Self::Catalogue => "Catalogue",
            Self::AnnualSummary => "AnnualSummary",
            Self::View => "View",
            Self::Log => "Log",
        }
    }

    /// The type with this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// One stream of events: the history of one aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// What it is the history of.
    pub aggregate_type: AggregateType,
    /// Which one.
    pub aggregate_id: Uuid,
}

impl fmt::Display for StreamId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.aggregate_type.as_str(), self.aggregate_id)
    }
}

/// What makes a command the same command when it is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandKey {
    /// Who sends it; keys of different actors never meet.
    pub actor: String,
    /// Chosen by the client.
    pub idempotency_key: String,
    /// Digest of the command, so that a key used for something else is noticed.
    pub digest: [u8; 32],
}

/// An event to store. Payload and metadata are kept and hashed as exactly these bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Wire name, for example `CaseReported`.
    pub event_type: &'static str,
    /// Version of the payload's form, for example `1.0`.
    pub event_version: &'static str,
    /// JSON.
    pub payload: String,
    /// A flat JSON object of strings, as the stock crates expect it.
    pub metadata: String,
}

/// A file to keep; one that is already there is not stored again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttachment {
    /// Lower-case hexadecimal SHA-256 of the content, computed by the caller.
    pub digest: String,
    /// For example `application/pdf`.
    pub media_type: String,
    /// The bytes, shared by everybody who tries to commit them.
    pub content: Arc<[u8]>,
}

/// A kept file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Lower-case hexadecimal SHA-256 of the content.
    pub digest: String,
    /// For example `application/pdf`.
    pub media_type: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// A sealed value that an event refers to by the digest. The store has no key to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCiphertext {
    /// SHA-256 of the ciphertext, computed by the caller.
    pub digest: [u8; 32],
    /// The id of the key that opens it.
    pub key_id: Uuid,
    /// The bytes.
    pub ciphertext: Vec<u8>,
}

/// Everything one append writes, in one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// At least one.
    pub events: Vec<NewEvent>,
    /// Read rows as they are after the last of the events.
    pub rows: RowChanges,
    /// Files that the events refer to by digest.
    pub attachments: Vec<NewAttachment>,
    /// What stands for the references of the events.
    pub ciphertexts: Vec<NewCiphertext>,
    /// Keys that the events erase: their ciphertexts are deleted.
    pub erased_keys: Vec<Uuid>,
    /// The name that the log has from these events on, where they give it another.
    pub origin: Option<String>,
}

/// Builds the content once the case number is known.
pub type WriteNumbered = Arc<dyn Fn(u64) -> Content + Send + Sync>;

/// What an append writes, or how to find out.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "nearly every append is the large variant")]
pub enum Body {
    /// Known before the commit.
    Ready(Content),
    /// The case number is known only in the commit, so that numbers have no gap.
    Numbered {
        /// For example `GD-2026`; the first number of a series is 1.
        series: String,
        /// Gets the next number of the series. Must be pure: it may be called again on a retry.
        write: WriteNumbered,
    },
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(content) => formatter.debug_tuple("Ready").field(content).finish(),
            Self::Numbered { series, .. } => {
                formatter.debug_struct("Numbered").field("series", series).finish_non_exhaustive()
            }
        }
    }
}

/// A decided command, ready to be committed.
#[derive(Clone, Debug)]
pub struct Append {
    /// The stream that grows.
    pub stream: StreamId,
    /// Number of events the decision was based on; 0 = the stream must be new.
    pub expected_version: u64,
    /// Versions of other streams that the decision was based on: it holds only while none of them has moved on.
    pub relied_on: Vec<(StreamId, u64)>,
    /// What makes it idempotent.
    pub command: CommandKey,
    /// What it writes.
    pub body: Body,
}

/// The answer to a committed append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The stream that grew.
    pub stream: StreamId,
    /// Number of events in the stream after it.
    pub version: u64,
    /// Position of its first event; the others follow without a gap.
    pub first_position: u64,
    /// How many events it wrote, at least 1.
    pub event_count: u64,
    /// Microseconds since the Unix epoch, the same for all its events.
    pub recorded_at: i64,
    /// The key was committed before: this is the first answer again.
    pub replayed: bool,
}

impl EventRecord {
    /// The stream it stands in; `None` when the record is damaged.
    pub fn stream(&self) -> Option<StreamId> {
        Some(StreamId {
            aggregate_type: AggregateType::parse(&self.aggregate_type)?,
            aggregate_id: self.aggregate_id.parse().ok()?,
        })
    }

    /// Whether both are of one command, which is of one actor, with one key, on one stream; its events follow each
    /// other.
    pub fn is_of_the_same_command(&self, other: &Self) -> bool {
        (&self.actor, &self.command_id) == (&other.actor, &other.command_id)
            && (&self.aggregate_type, &self.aggregate_id) == (&other.aggregate_type, &other.aggregate_id)
    }
}

impl Committed {
    /// Position of the last event: what a read must have reached to see this write.
    pub fn last_position(&self) -> u64 {
        self.first_position + self.event_count - 1
    }
}

/// Where in the log the events of one append stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppendSpan {
    /// Position of the first.
    pub first_position: u64,
    /// Position of the last.
    pub last_position: u64,
    /// Microseconds since the Unix epoch, the same for all of them.
    pub recorded_at: i64,
}

/// A command that was committed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCommand {
    /// The digest of the command that first used the key.
    pub digest: [u8; 32],
    /// Its answer, marked as replayed.
    pub committed: Committed,
}

/// An event of a stream as it is loaded.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEvent {
    /// Its JSON parsed, as the stock repository gives it, without its metadata.
    Parsed(SerializedEvent),
    /// As the log has it, without what only the ledger asks for.
    Stored(EventRecord),
}

/// An event of the log with everything that was stored about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventRecord {
    /// Place in the whole log, from 0, without gaps, in commit order.
    pub position: u64,
    /// Stored name of the aggregate type.
    pub aggregate_type: String,
    /// Lower-case hyphenated UUID.
    pub aggregate_id: String,
    /// Place in its stream, from 1.
    pub sequence: u64,
    /// Wire name.
    pub event_type: String,
    /// Version of the payload's form.
    pub event_version: String,
    /// The exact stored bytes.
    pub payload: String,
    /// The exact stored bytes.
    pub metadata: String,
    /// Microseconds since the Unix epoch; never decreases with the position.
    pub recorded_at: i64,
    /// Opaque id of who caused it.
    pub actor: String,
    /// The idempotency key of the command that caused it.
    pub command_id: String,
    /// The ledger entry, canonical JSON.
    pub entry: Vec<u8>,
    /// RFC 9162 leaf hash of the entry.
    pub leaf_hash: [u8; 32],
}

/// Where the log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The position the next event gets: also the number of events.
    pub next_position: u64,
    /// `recorded_at` of the last commit, 0 before the first.
    pub recorded_at: i64,
}

impl Head {
    /// Position of the last event, if there is one.
    pub fn last_position(&self) -> Option<u64> {
        self.next_position.checked_sub(1)
    }
}
