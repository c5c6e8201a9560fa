//! Reading an entry back, for those who verify it: only the exact canonical bytes are an entry.

use std::borrow::Cow;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::ledger::checkpoint::hash;
use crate::ledger::entry::{Canonical, EntryTooLong, MAX_ENTRY_BYTES, VERSION, rfc3339_microseconds};
use crate::ledger::finding::FindingKind;
use crate::ledger::tile::number;
use crate::ledger::tree::Hash;

/// What the bytes of an entry say. Texts are borrowed from them where they have no escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedEntry<'a> {
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
    /// When the log took it, to the microsecond.
    pub recorded_at: Timestamp,
    /// Opaque id of who caused it.
    pub actor: Cow<'a, str>,
    /// Idempotency key of the command that caused it.
    pub command_id: Cow<'a, str>,
    /// Keeps a published leaf hash from being guessed.
    pub random: [u8; 16],
    /// Hash of the payload's bytes.
    pub payload_hash: Hash,
    /// Hash of the metadata's bytes.
    pub metadata_hash: Hash,
}

/// Bytes that are no entry.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// No log can store it.
    #[error(transparent)]
    TooLong(#[from] EntryTooLong),
    /// Not UTF-8.
    #[error("the entry is no text")]
    NotText,
    /// Not JSON, or not the members of an entry.
    #[error("the entry is not of its form")]
    Form(#[source] serde_json::Error),
    /// A member says what it cannot say, or says it in another way than the canonical one.
    #[error("the member {member} of the entry is not of its form")]
    Member {
        /// Name of the member.
        member: &'static str,
    },
    /// The same content in other bytes: order, space, escapes.
    #[error("the entry is not in canonical form (RFC 8785)")]
    NotCanonical,
}

impl EntryError {
    /// What kind of fault of a log it is.
    pub fn kind(&self) -> FindingKind {
        match self {
            Self::TooLong(_) => FindingKind::EntryTooLong,
            Self::NotText | Self::Form(_) | Self::Member { .. } | Self::NotCanonical => FindingKind::EntryNotCanonical,
        }
    }
}

impl<'a> ParsedEntry<'a> {
    /// Reads an entry.
    ///
    /// # Errors
    /// When the bytes are not exactly those that [`Entry::to_bytes`](super::entry::Entry::to_bytes) makes of what they
    /// say.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryTooLong { size_bytes: bytes.len() }.into());
        }
        let text = str::from_utf8(bytes).map_err(|_| EntryError::NotText)?;
        let members: Canonical<'a> = serde_json::from_str(text).map_err(EntryError::Form)?;
        let mut comparison = Comparison { expected: bytes };
        let same = serde_json::to_writer(&mut comparison, &members).is_ok() && comparison.expected.is_empty();
        if !same {
            return Err(EntryError::NotCanonical);
        }
        let wrong = |member| EntryError::Member { member };
        if members.v != VERSION {
            return Err(wrong("v"));
        }
        let [aggregate_type, aggregate_id] = members.agg;
        Ok(Self {
            origin: members.log.0,
            position: number(members.i).ok_or(wrong("i"))?,
            aggregate_type: aggregate_type.0,
            aggregate_id: aggregate_id.0,
            sequence: number(members.n).filter(|sequence| *sequence > 0).ok_or(wrong("n"))?,
            event_type: members.r#type.0,
            event_version: members.tv.0,
            recorded_at: time(members.at).ok_or(wrong("at"))?,
            actor: members.actor.0,
            command_id: members.cmd.0,
            random: random(members.r).ok_or(wrong("r"))?,
            payload_hash: hash(members.ph).ok_or(wrong("ph"))?,
            metadata_hash: hash(members.mh).ok_or(wrong("mh"))?,
        })
    }

    /// Whether these are the payload's bytes.
    pub fn has_payload(&self, payload: &[u8]) -> bool {
        self.payload_hash[..] == Sha256::digest(payload)[..]
    }

    /// Whether these are the metadata's bytes.
    pub fn has_metadata(&self, metadata: &[u8]) -> bool {
        self.metadata_hash[..] == Sha256::digest(metadata)[..]
    }
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().filter(|time| rfc3339_microseconds(*time) == text)
}

fn random(text: &str) -> Option<[u8; 16]> {
    // The decoder wants room for whole groups of three bytes.
    let mut decoded = [0; 18];
    let length = STANDARD.decode_slice(text, &mut decoded).ok()?;
    decoded[..length].try_into().ok()
}

/// Takes what is written for equal to what is expected, or fails; so nothing is copied.
struct Comparison<'a> {
    expected: &'a [u8],
}

impl io::Write for Comparison<'_> {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        self.expected = self.expected.strip_prefix(written).ok_or(io::ErrorKind::InvalidData)?;
        Ok(written.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::entry::Entry;
    use crate::ledger::entry::tests::sample;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let bytes = sample().to_bytes().unwrap();
        let parsed = ParsedEntry::parse(&bytes).unwrap();
        assert_eq!((parsed.position, parsed.sequence), (7, 2));
        assert_eq!(parsed.recorded_at, sample().recorded_at);
        assert_eq!(parsed.command_id, sample().command_id);
        assert!(matches!(parsed.origin, Cow::Borrowed("etalon.local/00")));
        assert!(matches!(parsed.aggregate_id, Cow::Borrowed(_)) && matches!(parsed.command_id, Cow::Owned(_)));
        assert!(parsed.has_payload(b"abc") && !parsed.has_payload(b"abd"));
        assert!(parsed.has_metadata(b"") && !parsed.has_metadata(b"{}"));
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let bytes = sample().to_bytes().unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        for (from, to) in [
            ("{\"actor\"", "{ \"actor\""),
            ("\"v\":\"1\"}", "\"v\":\"1\"}\n"),
            ("\"v\":\"1\"}", "\"v\":\"1\"} "),
            ("\"v\":\"1\"}", "\"v\":\"2\"}"),
            ("\"v\":\"1\"}", "\"v\":1}"),
            ("\"v\":\"1\"}", "\"v\":\"1\",\"w\":\"1\"}"),
            ("\"v\":\"1\"}", "\"v\":\"1\",\"v\":\"1\"}"),
            (",\"v\":\"1\"}", "}"),
            ("\\u001f", "\\u001F"),
            ("\\n", "\\u000a"),
            ("计", "\\u8ba1"),
            ("p-1", "p\\u002d1"),
            ("p-1", "p\\/1"),
            ("p-1", "p\\ud8001"),
            ("\"7\"", "\"07\""),
            ("\"7\"", "\"-7\""),
            ("\"7\"", "7"),
            ("\"7\"", "\"\\u0037\""),
            ("\"7\"", "\"9223372036854775808\""),
            ("\"n\":\"2\"", "\"n\":\"0\""),
            ("\"n\":\"2\"", "\"n\":\"+2\""),
            (".000000Z", "Z"),
            (".000000Z", ".0000000Z"),
            (".000000Z", ".000000z"),
            (".000000Z", ".000000+00:00"),
            (":07.000000Z", ":60.000000Z"),
            ("T05", " 05"),
            ("2026-03", "2026-13"),
            ("AAAAAA==", "AAAAAB=="),
            ("AAAAAA==", "AAAAAA"),
            ("AAAAAA==", "AAAAAAAA"),
            ("AAAAAAAAAA==", "AAAAAA=="),
            ("SuFU=", "SuFV="),
            ("+/TImW", "-_TImW"),
            ("[\"Case\",", "["),
            ("[\"Case\",", "[\"\",\"Case\","),
            ("\"log\":\"etalon.local/00\"", "\"log\":null"),
        ] {
            assert!(text.contains(from), "{from}");
            let other = text.replacen(from, to, 1);
            assert!(ParsedEntry::parse(other.as_bytes()).is_err(), "{other}");
        }
        assert!(matches!(ParsedEntry::parse(&[b' '; MAX_ENTRY_BYTES + 1]), Err(EntryError::TooLong(_))));
        assert!(ParsedEntry::parse(b"").is_err());
        assert!(matches!(ParsedEntry::parse(b"\xff"), Err(EntryError::NotText)));
    }

    #[test]
    fn members_in_another_order_are_refused() {
        let bytes = sample().to_bytes().unwrap();
        let text = std::str::from_utf8(&bytes).unwrap().replacen("\"actor\":\"p-1\",", "", 1);
        let other = format!("{},\"actor\":\"p-1\"}}", text.strip_suffix('}').unwrap());
        assert!(matches!(ParsedEntry::parse(other.as_bytes()), Err(EntryError::NotCanonical)));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(actor in any::<String>(), command_id in any::<String>(), position in 0..=i64::MAX as u64, microsecond in 0i64..4_000_000_000_000_000) {
            let recorded_at = Timestamp::from_microsecond(microsecond).unwrap();
            let entry = Entry { actor: &actor, command_id: &command_id, position, recorded_at, ..sample() };
            let bytes = entry.to_bytes().unwrap();
            let parsed = ParsedEntry::parse(&bytes).unwrap();
            prop_assert_eq!((&*parsed.actor, &*parsed.command_id), (&*actor, &*command_id));
            prop_assert_eq!((parsed.position, parsed.recorded_at), (position, recorded_at));
        }

        #[test]
        fn a_flipped_bit_is_refused_or_says_something_else(place: prop::sample::Index, bit in 0u8..8) {
            let bytes = sample().to_bytes().unwrap();
            let mut other = bytes.clone();
            other[place.index(bytes.len())] ^= 1 << bit;
            if let Ok(parsed) = ParsedEntry::parse(&other) {
                prop_assert_ne!(parsed, ParsedEntry::parse(&bytes).unwrap());
            }
        }
    }
}
