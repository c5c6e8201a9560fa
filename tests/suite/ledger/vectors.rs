//! What others have published to be checked with: Merkle proofs, signed notes, canonical JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use etalon::ledger::checkpoint::hash;
use etalon::ledger::entry::Entry;
use etalon::ledger::note::{Algorithm, Note, NoteError, NoteSigner, VerifierKey};
use etalon::ledger::parsed_entry::ParsedEntry;
use etalon::ledger::proof::{verify_consistency, verify_inclusion};
use etalon::ledger::tree::{Hash, TreeHead};
use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};

const MERKLE: &str = include_str!("../../data/transparency-dev.jsonl");

/// A line of `transparency-dev.jsonl`.
#[derive(Deserialize)]
struct Case {
    file: String,
    proof: Vec<String>,
    holds: bool,
    #[serde(flatten)]
    claim: Claim,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Claim {
    Inclusion { index: u64, size: u64, root: String, leaf: String },
    Consistency { size1: u64, size2: u64, root1: String, root2: String },
}

impl Case {
    /// What is made of it with this reading of hashes; `None` where a text is no hash, which nobody gets to verify.
    fn verdict(&self, read: fn(&str) -> Option<Hash>) -> Option<bool> {
        let proof = self.proof.iter().map(|text| read(text)).collect::<Option<Vec<_>>>()?;
        Some(match &self.claim {
            Claim::Inclusion { index, size, root, leaf } => {
                verify_inclusion(*index, *size, &read(leaf)?, &proof, &read(root)?).is_ok()
            }
            Claim::Consistency { size1, size2, root1, root2 } => {
                let earlier = TreeHead { size: *size1, root: read(root1)? };
                let later = TreeHead { size: *size2, root: read(root2)? };
                verify_consistency(earlier, later, &proof).is_ok()
            }
        })
    }
}

#[test]
fn merkle_proofs_are_judged_as_transparency_dev_has_published() {
    let cases: Vec<Case> = MERKLE
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect();
    let inclusions = cases.iter().filter(|case| matches!(case.claim, Claim::Inclusion { .. })).count();
    assert_eq!((inclusions, cases.len() - inclusions), (98, 97));
    // Two trees that are the same have any root there, even one of 12 bytes. Here a root is a hash; that any will do is
    // seen with the hashes of those texts.
    let mut any_root = 0;
    for case in &cases {
        match case.verdict(hash) {
            Some(is_good) => assert_eq!(is_good, case.holds, "{}", case.file),
            None if case.holds => {
                any_root += 1;
                assert_eq!(case.verdict(|text| Some(Sha256::digest(text).into())), Some(true), "{}", case.file);
            }
            None => {}
        }
    }
    assert_eq!(any_root, 2);
}

/// From the tests and the documentation of Go's golang.org/x/mod/sumdb/note, whose private key is published as well.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETERS_SECRET: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const BY_PETER: &str =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const BY_ENOCH: &str =
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

fn key(text: &str) -> VerifierKey {
    text.parse().expect("a key")
}

#[test]
fn a_note_is_signed_to_the_byte_as_go_signs_it() {
    let secret = STANDARD.decode(PETERS_SECRET).expect("Base64");
    let seed = secret[1..].try_into().expect("32 bytes behind the algorithm's");
    let signer = NoteSigner::new("PeterNeumann", Algorithm::Ed25519, SigningKey::from_bytes(seed)).expect("a name");
    assert_eq!(signer.verifier().to_string(), PETER);
    assert_eq!(signer.sign(TEXT, 0), BY_PETER);
}

#[test]
fn notes_are_opened_as_go_opens_them() {
    let signers = |lines: &str, keys: &[&str]| -> Result<Vec<String>, NoteError> {
        let note = Note::parse(&format!("{TEXT}\n{lines}"))?;
        assert_eq!(note.text(), TEXT);
        let keys: Vec<_> = keys.iter().map(|text| key(text)).collect();
        let verified = note.verify(&keys)?;
        Ok(verified.into_iter().map(|verified| verified.key.name().to_owned()).collect::<Vec<_>>())
    };
    let both = format!("{BY_PETER}{BY_ENOCH}");
    assert_eq!(signers(&both, &[PETER]), Ok(vec!["PeterNeumann".to_owned()]));
    assert_eq!(signers(&both, &[PETER, ENOCH]), Ok(vec!["PeterNeumann".to_owned(), "EnochRoot".to_owned()]));
    assert_eq!(signers(&both, &[]), Err(NoteError::Unsigned { signatures: 2 }));
    let (start, end) = BY_PETER.split_at(BY_PETER.len() - 40);
    let longer = format!("{start}ABCD{end}");
    assert_eq!(signers(&longer, &[PETER]), Err(NoteError::BadSignature { name: "PeterNeumann".to_owned() }));
    // What is damaged and by nobody who is known is ignored, and so is what comes twice.
    let (start, end) = BY_ENOCH.split_at(BY_ENOCH.len() - 40);
    let lines = format!("{BY_PETER}{BY_PETER}{BY_ENOCH}{BY_ENOCH}{start}ABCD{end}");
    assert_eq!(signers(&lines, &[PETER]), Ok(vec!["PeterNeumann".to_owned()]));
    let renamed = BY_PETER.replace("PeterNeumann", "CarmenSandiego");
    assert_eq!(signers(&renamed, &[PETER]), Err(NoteError::Unsigned { signatures: 1 }));
    let other_id = BY_PETER.replace("x08g", "xxxx");
    assert_eq!(signers(&other_id, &[PETER]), Err(NoteError::Unsigned { signatures: 1 }));
    for malformed in [
        TEXT.to_owned(),
        format!("{TEXT}\n"),
        format!("{TEXT}\n{}", BY_PETER.trim_end()),
        format!("\u{1}{TEXT}\n{BY_PETER}"),
        format!("{TEXT}\n— Bad Name {}", BY_PETER.rsplit(' ').next().expect("a signature")),
        format!("{TEXT}\n{BY_PETER}Unexpected line.\n"),
        format!("{TEXT}\n{}", BY_PETER.repeat(101)),
    ] {
        assert!(Note::parse(&malformed).is_err(), "{malformed:?}");
    }
}

#[test]
fn keys_that_go_refuses_are_refused() {
    for start in 0..PETER.len() {
        for end in start + 1..=PETER.len() {
            let part = &PETER[start..end];
            assert!(part == PETER || part.parse::<VerifierKey>().is_err(), "{part}");
        }
    }
    for place in 0..PETER.len() {
        let mut bytes = PETER.as_bytes().to_vec();
        bytes[place] += 1;
        let other = String::from_utf8(bytes).expect("ASCII");
        assert!(other.parse::<VerifierKey>().is_err(), "{other}");
    }
    for other in [
        // Of another length, and of an unknown algorithm: both with the id that fits.
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ] {
        assert!(other.parse::<VerifierKey>().is_err(), "{other}");
    }
}

/// RFC 8785 §3.2.2.2 and §3.2.3, and the texts of its author's test data (cyberphone/json-canonicalization, Apache 2.0).
#[test]
fn texts_of_an_entry_are_written_as_rfc_8785_has_them() {
    for (text, canonical) in [
        ("€$\u{f}\nA'B\"\\\\\"/", r#""€$\u000f\nA'B\"\\\\\"/""#),
        ("\u{8}\t\n\u{c}\r", r#""\b\t\n\f\r""#),
        ("\u{0}\u{1}\u{1f} ", r#""\u0000\u0001\u001f ""#),
        ("Control\u{7f}", "\"Control\u{7f}\""),
        ("\u{80}", "\"\u{80}\""),
        ("</script>", "\"</script>\""),
        ("ö", "\"ö\""),
        ("דּ", "\"דּ\""),
        ("😂", "\"😂\""),
        ("A\u{30a}", "\"A\u{30a}\""),
        ("this is a test string 1235", "\"this is a test string 1235\""),
        ("", "\"\""),
    ] {
        let entry = Entry {
            origin: "etalon.local/00",
            position: 0,
            aggregate_type: "Case",
            aggregate_id: "01920000-0000-7000-8000-000000000001",
            sequence: 1,
            event_type: "CaseReported",
            event_version: "1.0",
            recorded_at: Timestamp::UNIX_EPOCH,
            actor: text,
            command_id: "k",
            random: [0; 16],
            payload: b"{}",
            metadata: b"{}",
        };
        let bytes = entry.to_bytes().expect("short");
        let written = std::str::from_utf8(&bytes).expect("text");
        assert!(written.starts_with(&format!("{{\"actor\":{canonical},\"agg\":[")), "{written}");
        assert_eq!(ParsedEntry::parse(&bytes).expect("canonical").actor, text);
    }
}
