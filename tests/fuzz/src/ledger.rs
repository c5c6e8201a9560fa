//! What an auditor, a witness or a signer is given: signed texts, entries of the log, time stamps, bundles.

use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::LazyLock;

use ed25519_dalek::SigningKey;
use etalon::audit::{Trusted, state_of_case, verify};
use etalon::ledger::checkpoint::Checkpoint;
use etalon::ledger::entry::{Entry, leaf_hash};
use etalon::ledger::inclusion_file::InclusionFile;
use etalon::ledger::note::{Algorithm, Note, NoteSigner, VerifierKey};
use etalon::ledger::parsed_entry::ParsedEntry;
use etalon::ledger::proof::verify_consistency;
use etalon::ledger::tile::TilePath;
use etalon::ledger::timestamp::request::Request;
use etalon::ledger::timestamp::token::Token;
use etalon::ledger::timestamp::verify::Roots;
use etalon::ledger::tree::{Frontier, TreeHead};
use etalon::ledger::witness::AddCheckpoint;

/// The seed of the key of the log, which the corpora are signed with.
const SEED: [u8; 32] = [7; 32];

static LOG: LazyLock<NoteSigner> = LazyLock::new(|| {
    NoteSigner::new("log.example", Algorithm::Ed25519, SigningKey::from_bytes(&SEED)).expect("a name")
});

/// Notes, checkpoints, proofs, keys and paths: what is read is written as it was, or is no other thing when it is read again.
pub fn signed_text(bytes: &[u8]) {
    let text = &String::from_utf8_lossy(bytes);
    is_written_as_it_was_read::<VerifierKey>(text);
    is_written_as_it_was_read::<TilePath>(text);
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint));
    }
    if let Ok(request) = text.parse::<AddCheckpoint>() {
        assert_eq!(request.to_text(), **text);
        let later = TreeHead { size: request.old_size.saturating_add(1), root: [1; 32] };
        let earlier = TreeHead { size: request.old_size, root: [2; 32] };
        assert!(verify_consistency(earlier, later, &request.proof).is_err(), "nobody knows such a tree");
    }
    if let Ok(file) = text.parse::<InclusionFile>() {
        assert_eq!(file.to_text().parse(), Ok(file.clone()));
        assert!(file.verify(&[1; 32], &[LOG.verifier().clone()]).is_err(), "the leaf is in no log");
    }
    if let Ok(note) = Note::parse(text) {
        assert!(text.starts_with(note.text()));
        let signed = note.verify(&[LOG.verifier().clone()]);
        let again = format!("{}\n{}", note.text(), LOG.sign(note.text(), 0));
        let again = Note::parse(&again).expect("its text is one");
        assert!(again.verify(&[LOG.verifier().clone()]).is_ok());
        assert!(signed.is_err() || signed == again.verify(&[LOG.verifier().clone()]), "one signature for a text");
    }
    let _ = Roots::from_pem(bytes);
}

fn is_written_as_it_was_read<T: FromStr + Display>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert_eq!(read.to_string(), text);
    }
}

/// An entry has one way to be written.
pub fn entry(bytes: &[u8]) {
    if let Ok(parsed) = ParsedEntry::parse(bytes) {
        let _ = (parsed.has_payload(bytes), parsed.has_metadata(b"{}"), leaf_hash(bytes));
        // The hashes are of what is not here, so that it is another entry, of the same form.
        let entry = Entry {
            origin: &parsed.origin,
            position: parsed.position,
            aggregate_type: &parsed.aggregate_type,
            aggregate_id: &parsed.aggregate_id,
            sequence: parsed.sequence,
            event_type: &parsed.event_type,
            event_version: &parsed.event_version,
            recorded_at: parsed.recorded_at,
            actor: &parsed.actor,
            command_id: &parsed.command_id,
            random: parsed.random,
            payload: b"{}",
            metadata: b"{}",
        };
        let written = entry.to_bytes().expect("it is as long as the first");
        let again = ParsedEntry::parse(&written).expect("what is written is read");
        assert!(again.has_payload(b"{}") && again.position == parsed.position && written.len() == bytes.len());
    }
    let Some((size, peaks)) = bytes.split_first_chunk() else { return };
    let size = u64::from_le_bytes(*size);
    if let Ok(frontier) = Frontier::from_bytes(size, peaks) {
        assert_eq!((frontier.to_bytes().as_slice(), frontier.head().size), (peaks, size));
    }
}

/// An authority's answer, and a token that was kept of one.
pub fn time_stamp(bytes: &[u8]) {
    assert!(Request::new(b"nobody has stamped it", 7).accept(bytes).is_err());
    if let Ok(token) = Token::from_der(bytes.to_vec()) {
        assert_eq!(token.as_der(), bytes);
        if let Ok(roots) = Roots::from_pem(b"") {
            assert!(token.verify(b"nobody has stamped it", &roots).is_err());
        }
    }
}

/// What parts the files of a bundle in one input: it is followed by the name of the next, and a newline.
const NEXT_FILE: &[u8] = b"\n@@@ ";

/// The files of a bundle. Nothing that one says makes the verification fail otherwise than by a verdict.
pub fn bundle(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    write_files(bytes, folder.path());
    let trusted = Trusted { keys: vec![LOG.verifier().clone()], ..Trusted::default() };
    if let Ok(verdict) = verify(folder.path(), &trusted, |_| ()) {
        assert!(verdict.to_json()["good"].is_boolean());
    }
    let _ = state_of_case(folder.path());
}

fn write_files(bytes: &[u8], folder: &Path) {
    let mut rest = bytes;
    while let Some(start) = find(rest, NEXT_FILE) {
        rest = &rest[start + NEXT_FILE.len()..];
        let Some(line) = find(rest, b"\n") else { return };
        let (name, content) = (&rest[..line], &rest[line + 1..]);
        let content = &content[..find(content, NEXT_FILE).unwrap_or(content.len())];
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-./".contains(byte);
        let Ok(name) = std::str::from_utf8(name) else { continue };
        if name.is_empty() || !name.bytes().all(|byte| is_name(&byte)) || name.starts_with('/') || name.contains("..") {
            continue;
        }
        let path = folder.join(name);
        // A file may be where another has its folder: then it is not there.
        if path.parent().is_some_and(|parent| fs::create_dir_all(parent).is_ok()) {
            let _ = fs::write(path, content);
        }
    }
}

fn find(bytes: &[u8], sought: &[u8]) -> Option<usize> {
    bytes.windows(sought.len()).position(|window| window == sought)
}
