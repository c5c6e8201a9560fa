use super::*;

/// The example of the documentation of Go's golang.org/x/mod/sumdb/note.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn signer(name: &str, algorithm: Algorithm, seed: u8) -> NoteSigner {
    NoteSigner::new(name, algorithm, SigningKey::from_bytes(&[seed; 32])).expect("a name")
}

#[test]
fn a_note_that_go_has_signed_is_verified() {
    let key: VerifierKey = KEY.parse().expect("a key");
    assert_eq!(key.to_string(), KEY);
    let note = Note::parse(NOTE).expect("a note");
    assert_eq!(note.text(), NOTE.split("\n\n").next().unwrap().to_owned() + "\n");
    assert_eq!(note.verify(&[key]).expect("verified").len(), 1);
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let key: VerifierKey = KEY.parse().expect("a key");
    for place in 0..NOTE.len() * 8 {
        let mut bytes = NOTE.as_bytes().to_vec();
        bytes[place / 8] ^= 1 << (place % 8);
        let is_believed = String::from_utf8(bytes)
            .ok()
            .and_then(|note| Note::parse(&note).ok())
            .is_some_and(|note| note.verify(std::slice::from_ref(&key)).is_ok());
        assert!(!is_believed, "bit {place}");
    }
}

#[test]
fn a_cosignature_says_when() {
    let (log, witness) = (signer("log.example", Algorithm::Ed25519, 1), signer("w.example", Algorithm::Cosignature, 2));
    let text = "log.example\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let note = format!("{text}\n{}{}", log.sign(text, 7), witness.sign(text, 1_679_315_147));
    let note = Note::parse(&note).expect("a note");
    let verified = note.verify(&[witness.verifier().clone(), log.verifier().clone()]).expect("verified");
    let times: Vec<_> = verified.iter().map(|verified| (verified.key.name(), verified.time)).collect();
    assert_eq!(times, [("log.example", None), ("w.example", Some(1_679_315_147))]);
}

#[test]
fn strangers_are_ignored_and_known_keys_held_to_their_word() {
    let (log, other) = (signer("log.example", Algorithm::Ed25519, 1), signer("other", Algorithm::Ed25519, 2));
    let note = |lines: &str| Note::parse(&format!("text\n\n{lines}")).expect("a note");
    let keys = [log.verifier().clone()];
    let both = note(&(other.sign("text\n", 0) + &log.sign("text\n", 0)));
    assert_eq!(both.verify(&keys).expect("verified").len(), 1);
    assert_eq!(note(&other.sign("text\n", 0)).verify(&keys), Err(NoteError::Unsigned { signatures: 1 }));
    let forged = note(&(log.sign("text\n", 0) + &log.sign("other\n", 0)));
    assert_eq!(forged.verify(&keys).expect("the first counts").len(), 1);
    let forged = note(&(log.sign("other\n", 0) + &log.sign("text\n", 0)));
    assert_eq!(forged.verify(&keys), Err(NoteError::BadSignature { name: "log.example".to_owned() }));
}

#[test]
fn what_is_written_otherwise_is_no_note() {
    let line = "\u{2014} a AAAAAAAA\n";
    for note in [
        String::new(),
        "text\n".to_owned(),
        format!("text\n{line}"),
        format!("text\r\n\n{line}"),
        format!("te\txt\n\n{line}"),
        "text\n\n".to_owned(),
        format!("text\n\n{}", line.trim_end()),
        format!("text\n\n{line}\n"),
        "text\n\n- a AAAAAAAA\n".to_owned(),
        "text\n\n\u{2014} a+b AAAAAAAA\n".to_owned(),
        "text\n\n\u{2014} a AAAA\n".to_owned(),
        "text\n\n\u{2014} a AAAAAAA\n".to_owned(),
        "text\n\n\u{2014}  AAAAAAAA\n".to_owned(),
        format!("text\n\n{}", line.repeat(101)),
    ] {
        assert!(Note::parse(&note).is_err(), "{note:?}");
    }
}

#[test]
fn what_is_written_otherwise_is_no_key() {
    for key in [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10Q",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ] {
        assert!(key.parse::<VerifierKey>().is_err(), "{key}");
    }
}
