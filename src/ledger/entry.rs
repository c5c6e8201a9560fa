//! The leaf of the log: one canonical JSON entry per event, its hash, and how a verifier reads it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// C2SP tlog-tiles stores the length of an entry in 16 bits.
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// The version of the entry's form.
const VERSION: &str = "1";

/// RFC 9162 §2.1.1: what a leaf is prefixed with, so that it is never taken for a node.
const LEAF_PREFIX: u8 = 0x00;

/// What an entry says about an event.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Name of the log.
    pub origin: &'a str,
    /// Place in the log, from 0.
    pub position: u64,
    /// Stored name of the aggregate type.
    pub aggregate_type: &'a str,
    /// Id of the aggregate.
    pub aggregate_id: &'a str,
    /// Place in the stream, from 1.
    pub sequence: u64,
    /// Wire name of the event.
    pub event_type: &'a str,
    /// Version of the payload's form.
    pub event_version: &'a str,
    /// When the log took it, to the microsecond.
    pub recorded_at: Timestamp,
    /// Opaque id of who caused it.
    pub actor: &'a str,
    /// Idempotency key of the command that caused it.
    pub command_id: &'a str,
    /// Keeps a published leaf hash from being guessed.
    pub random: [u8; 16],
    /// The exact stored bytes.
    pub payload: &'a [u8],
    /// The exact stored bytes.
    pub metadata: &'a [u8],
}

/// An entry that is too long to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ledger entry of {size_bytes} bytes is longer than {MAX_ENTRY_BYTES}")]
pub struct EntryTooLong {
    /// Its length.
    pub size_bytes: usize,
}

impl Entry<'_> {
    /// The canonical bytes (RFC 8785) that are stored and hashed.
    ///
    /// # Errors
    /// When they are longer than [`MAX_ENTRY_BYTES`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryTooLong> {
        let canonical = Canonical {
            actor: self.actor.into(),
            agg: [self.aggregate_type.into(), self.aggregate_id.into()],
            at: rfc3339_microseconds(self.recorded_at).into(),
            cmd: self.command_id.into(),
            i: self.position.to_string().into(),
            log: self.origin.into(),
            mh: digest_of(self.metadata).into(),
            n: self.sequence.to_string().into(),
            ph: digest_of(self.payload).into(),
            r: STANDARD.encode(self.random).into(),
            tv: self.event_version.into(),
            r#type: self.event_type.into(),
            v: VERSION.into(),
        };
        let bytes = serde_json::to_vec(&canonical).expect("strings always serialise");
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryTooLong { size_bytes: bytes.len() });
        }
        Ok(bytes)
    }
}

/// Base64 of SHA-256, as an entry has it of payload and metadata.
pub fn digest_of(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

/// An entry as a verifier reads it: only what is exactly canonical is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadEntry<'a> {
    /// Name of the log.
    pub origin: Cow<'a, str>,
    /// Place in the log, from 0.
    pub position: u64,
    /// Stored name of the aggregate type.
    pub aggregate_type: Cow<'a, str>,
    /// Id of the aggregate.
    pub aggregate_id: Cow<'a, str>,
    /// Place in the stream, from 1.
    pub sequence: u64,
    /// Wire name of the event.
    pub event_type: Cow<'a, str>,
    /// Version of the payload's form.
    pub event_version: Cow<'a, str>,
    /// When the log took it: RFC 3339 with six digits, so that texts sort as times do.
    pub recorded_at: Cow<'a, str>,
    /// Opaque id of who caused it.
    pub actor: Cow<'a, str>,
    /// Idempotency key of the command that caused it.
    pub command_id: Cow<'a, str>,
    /// Base64 of SHA-256 of the payload.
    pub payload_digest: Cow<'a, str>,
    /// Base64 of SHA-256 of the metadata.
    pub metadata_digest: Cow<'a, str>,
}

/// Bytes that are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEntry {
    /// They are too long.
    #[error(transparent)]
    TooLong(#[from] EntryTooLong),
    /// They are no JSON object with exactly the members of an entry.
    #[error("not an entry of this form")]
    Malformed,
    /// They say the same as an entry, written otherwise.
    #[error("not the canonical form of what it says")]
    NotCanonical,
    /// A member holds what no entry holds.
    #[error("member {0:?} holds what no entry does")]
    Member(&'static str),
}

impl<'a> ReadEntry<'a> {
    /// Reads an entry.
    ///
    /// # Errors
    /// See [`NoEntry`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NoEntry> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryTooLong { size_bytes: bytes.len() }.into());
        }
        let read: Canonical<'a> = serde_json::from_slice(bytes).map_err(|_| NoEntry::Malformed)?;
        if serde_json::to_vec(&read).expect("strings always serialise") != bytes {
            return Err(NoEntry::NotCanonical);
        }
        let number = |name, text: &str| {
            let number: Option<u64> = text.parse().ok();
            number.filter(|number| number.to_string() == text).ok_or(NoEntry::Member(name))
        };
        let is_base64 = |text: &str, length| STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == length);
        let held = |name, holds| if holds { Ok(()) } else { Err(NoEntry::Member(name)) };
        held("v", read.v == VERSION)?;
        held("r", is_base64(&read.r, 16))?;
        held("at", is_time(&read.at))?;
        let [aggregate_type, aggregate_id] = read.agg;
        Ok(Self {
            position: number("i", &read.i)?,
            sequence: number("n", &read.n)?,
            origin: read.log,
            aggregate_type,
            aggregate_id,
            event_type: read.r#type,
            event_version: read.tv,
            recorded_at: read.at,
            actor: read.actor,
            command_id: read.cmd,
            payload_digest: read.ph,
            metadata_digest: read.mh,
        })
    }
}

/// Whether a text is a time as entries write it; which day of which month is for whoever reads it as a time.
fn is_time(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00.000000Z";
    let fits = |(byte, form): (u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == *form };
    text.len() == FORM.len() && text.bytes().zip(FORM).all(fits)
}

/// SHA-256 of the prefixed entry, RFC 9162 §2.1.1.
pub fn leaf_hash(entry: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([LEAF_PREFIX]).chain_update(entry).finalize().into()
}

/// The members in JCS order, which for ASCII keys is the order of their bytes. `serde_json`
/// escapes strings exactly as RFC 8785 §3.2.2.2 asks, and there are no numbers: so the plain
/// serialisation is canonical.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Canonical<'a> {
    #[serde(borrow)]
    actor: Cow<'a, str>,
    #[serde(borrow)]
    agg: [Cow<'a, str>; 2],
    #[serde(borrow)]
    at: Cow<'a, str>,
    #[serde(borrow)]
    cmd: Cow<'a, str>,
    #[serde(borrow)]
    i: Cow<'a, str>,
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(borrow)]
    mh: Cow<'a, str>,
    #[serde(borrow)]
    n: Cow<'a, str>,
    #[serde(borrow)]
    ph: Cow<'a, str>,
    #[serde(borrow)]
    r: Cow<'a, str>,
    #[serde(borrow)]
    tv: Cow<'a, str>,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    v: Cow<'a, str>,
}

/// Always six digits, so that texts sort as times do.
fn rfc3339_microseconds(time: Timestamp) -> String {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
    PRINTER.timestamp_to_string(&time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Entry<'static> {
        Entry {
            origin: "etalon.local/00",
            position: 7,
            aggregate_type: "Case",
            aggregate_id: "01920000-0000-7000-8000-000000000001",
            sequence: 2,
            event_type: "CaseReported",
            event_version: "1.0",
            recorded_at: "2026-03-04T05:06:07Z".parse().expect("a time"),
            actor: "p-1",
            command_id: "k\"1\n\u{1f}计",
            random: [0; 16],
            payload: b"abc",
            metadata: b"",
        }
    }

    #[test]
    fn an_entry_has_known_canonical_bytes() {
        // SHA-256 of "abc" and of nothing are the vectors of FIPS 180-4.
        assert_eq!(
            String::from_utf8(sample().to_bytes().expect("short")).expect("text"),
            concat!(
                r#"{"actor":"p-1","agg":["Case","01920000-0000-7000-8000-000000000001"],"#,
                r#""at":"2026-03-04T05:06:07.000000Z","cmd":"k\"1\n\u001f计","i":"7","log":"etalon.local/00","#,
                r#""mh":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","n":"2","#,
                r#""ph":"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=","#,
                r#""r":"AAAAAAAAAAAAAAAAAAAAAA==","tv":"1.0","type":"CaseReported","v":"1"}"#,
            )
        );
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let bytes = sample().to_bytes().expect("short");
        let read = ReadEntry::parse(&bytes).expect("an entry");
        assert_eq!((read.position, read.sequence, &*read.event_type), (7, 2, "CaseReported"));
        assert_eq!(read.command_id, sample().command_id);
        assert_eq!(read.payload_digest, digest_of(b"abc"));
    }

    #[test]
    fn what_is_not_canonical_is_no_entry() {
        let text = String::from_utf8(sample().to_bytes().expect("short")).expect("text");
        for (from, to, why) in [
            (r#"{"actor""#, r#"{ "actor""#, NoEntry::NotCanonical),
            ("计", r"\u8ba1", NoEntry::NotCanonical),
            (r#","v":"1"}"#, r#"}"#, NoEntry::Malformed),
            (r#","v":"1"}"#, r#","v":"1","w":"1"}"#, NoEntry::Malformed),
            (r#","v":"1"}"#, r#","v":"1","v":"1"}"#, NoEntry::Malformed),
            (r#""v":"1""#, r#""v":"2""#, NoEntry::Member("v")),
            (r#""i":"7""#, r#""i":"07""#, NoEntry::Member("i")),
            (r#""i":"7""#, r#""i":7"#, NoEntry::Malformed),
            (r#""n":"2""#, r#""n":"-2""#, NoEntry::Member("n")),
            (r#"07.000000Z"#, r#"07Z"#, NoEntry::Member("at")),
            (r#"AAAAAAAAAAAAAAAAAAAAAA=="#, r#"AAAA"#, NoEntry::Member("r")),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            assert_eq!(ReadEntry::parse(changed.as_bytes()), Err(why), "{changed}");
        }
    }

    #[test]
    fn the_hash_of_an_empty_leaf_is_that_of_rfc_9162_logs() {
        // MTH of a tree with one empty leaf, as in the test vectors of Certificate Transparency.
        let hash: String = leaf_hash(b"").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    }

    #[test]
    fn an_entry_beyond_16_bits_of_length_is_refused() {
        let long = "k".repeat(MAX_ENTRY_BYTES);
        let entry = Entry { command_id: &long, ..sample() };
        assert!(entry.to_bytes().expect_err("too long").size_bytes > MAX_ENTRY_BYTES);
    }
}
