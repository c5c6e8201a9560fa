//! The leaf of the log: one canonical JSON entry per event, and its hash.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ledger::tree::Hash;

/// C2SP tlog-tiles stores the length of an entry in 16 bits.
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// RFC 9162 §2.1.1: what a leaf is prefixed with, so that it is never taken for a node.
const LEAF_PREFIX: u8 = 0x00;

/// The only version of the form there is.
pub(super) const VERSION: &str = "1";

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
            actor: Text(self.actor.into()),
            agg: [Text(self.aggregate_type.into()), Text(self.aggregate_id.into())],
            at: &rfc3339_microseconds(self.recorded_at),
            cmd: Text(self.command_id.into()),
            i: &self.position.to_string(),
            log: Text(self.origin.into()),
            mh: &STANDARD.encode(Sha256::digest(self.metadata)),
            n: &self.sequence.to_string(),
            ph: &STANDARD.encode(Sha256::digest(self.payload)),
            r: &STANDARD.encode(self.random),
            tv: Text(self.event_version.into()),
            r#type: Text(self.event_type.into()),
            v: VERSION,
        };
        let bytes = serde_json::to_vec(&canonical).expect("strings always serialise");
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryTooLong { size_bytes: bytes.len() });
        }
        Ok(bytes)
    }
}

/// SHA-256 of the prefixed entry, RFC 9162 §2.1.1.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([LEAF_PREFIX]).chain_update(entry).finalize().into()
}

/// The members in JCS order, which for ASCII keys is the order of their bytes. `serde_json`
/// escapes strings exactly as RFC 8785 §3.2.2.2 asks, and there are no numbers: so the plain
/// serialisation is canonical.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Canonical<'a> {
    #[serde(borrow)]
    pub(super) actor: Text<'a>,
    pub(super) agg: [Text<'a>; 2],
    pub(super) at: &'a str,
    pub(super) cmd: Text<'a>,
    pub(super) i: &'a str,
    pub(super) log: Text<'a>,
    pub(super) mh: &'a str,
    pub(super) n: &'a str,
    pub(super) ph: &'a str,
    pub(super) r: &'a str,
    pub(super) tv: Text<'a>,
    pub(super) r#type: Text<'a>,
    pub(super) v: &'a str,
}

/// A string that may need escapes, and is borrowed where it has none.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Always six digits, so that texts sort as times do.
pub(super) fn rfc3339_microseconds(time: Timestamp) -> String {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
    PRINTER.timestamp_to_string(&time)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::ledger) fn sample() -> Entry<'static> {
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
    fn an_entry_beyond_16_bits_of_length_is_refused() {
        let long = "k".repeat(MAX_ENTRY_BYTES);
        let entry = Entry { command_id: &long, ..sample() };
        assert!(entry.to_bytes().expect_err("too long").size_bytes > MAX_ENTRY_BYTES);
    }
}
