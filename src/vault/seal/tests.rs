use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn key(number: u128, byte: u8) -> DataKey {
    DataKey::new(KeyId(Uuid::from_u128(number)), [byte; 32])
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

fn bits(length: usize) -> impl Iterator<Item = usize> {
    0..length * 8
}

#[test]
fn the_cipher_is_the_one_of_the_draft() {
    // draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    let key: [u8; 32] = std::array::from_fn(|place| 0x80 + place as u8);
    let nonce: [u8; 24] = std::array::from_fn(|place| 0x40 + place as u8);
    let aad = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
    let text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
        sunscreen would be it.";
    let sealed = XChaCha20Poly1305::new(&key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: text, aad: &aad })
        .expect("encrypted");
    assert_eq!(sealed[..8], [0xbd, 0x6d, 0x17, 0x9d, 0x3e, 0x83, 0xd4, 0x3b]);
    let tag = [0xc0, 0x87, 0x59, 0x24, 0xc1, 0xc7, 0x98, 0x79, 0x47, 0xde, 0xaf, 0xd8, 0x78, 0x0a, 0xcf, 0x49];
    assert_eq!(sealed[text.len()..], tag);
}

#[test]
fn any_flipped_bit_of_the_ciphertext_is_found() {
    let key = key(1, 9);
    let (reference, ciphertext) = seal("王建国", &key, [1; 32], [2; 24]);
    for bit in bits(ciphertext.as_bytes().len()) {
        let changed = Ciphertext::from_bytes(flipped(ciphertext.as_bytes(), bit));
        assert_eq!(open(&reference, &changed, &key).expect_err("found"), SealError::CiphertextChanged);
        // Whoever also rewrites the event's hash is found by the cipher.
        let rewritten = Reference { ciphertext: changed.digest(), ..reference };
        assert_eq!(open(&rewritten, &changed, &key).expect_err("found"), SealError::KeyRefused);
    }
}

#[test]
fn any_flipped_bit_of_a_reference_or_key_is_found() {
    let key = key(1, 9);
    let (reference, ciphertext) = seal("13800138000", &key, [1; 32], [2; 24]);
    for bit in bits(32) {
        let digest = |digest: Digest| Digest(flipped(&digest.0, bit).try_into().expect("32 bytes"));
        let changed = Reference { commitment: digest(reference.commitment), ..reference };
        assert_eq!(open(&changed, &ciphertext, &key).expect_err("found"), SealError::CommitmentMismatch);
        let changed = Reference { ciphertext: digest(reference.ciphertext), ..reference };
        assert_eq!(open(&changed, &ciphertext, &key).expect_err("found"), SealError::CiphertextChanged);
        let changed = DataKey::new(key.id, flipped(&key.bytes, bit).try_into().expect("32 bytes"));
        assert_eq!(open(&reference, &ciphertext, &changed).expect_err("found"), SealError::KeyRefused);
    }
    for bit in bits(16) {
        let id = KeyId(Uuid::from_slice(&flipped(key.id.0.as_bytes(), bit)).expect("16 bytes"));
        assert_eq!(
            open(&Reference { key: id, ..reference }, &ciphertext, &key).expect_err("found"),
            SealError::OtherKey
        );
        // The same bytes under another id: the id is part of what was authenticated.
        let renamed = DataKey::new(id, key.bytes);
        assert_eq!(
            open(&Reference { key: id, ..reference }, &ciphertext, &renamed).expect_err("found"),
            SealError::KeyRefused
        );
        assert!(key.opens(&ciphertext) && !renamed.opens(&ciphertext));
    }
}

#[test]
fn a_ciphertext_that_is_too_short_is_refused() {
    let key = key(1, 9);
    let (reference, ciphertext) = seal("x", &key, [1; 32], [2; 24]);
    for length in 0..ciphertext.as_bytes().len() {
        let short = Ciphertext::from_bytes(ciphertext.as_bytes()[..length].to_vec());
        let rewritten = Reference { ciphertext: short.digest(), ..reference };
        assert_eq!(open(&rewritten, &short, &key).expect_err("found"), SealError::KeyRefused);
    }
}

#[test]
fn content_that_is_no_salt_and_text_is_refused() {
    let key = key(1, 9);
    for content in [&b"short"[..], &[0xff; 40]] {
        let sealed = key
            .cipher()
            .encrypt(&XNonce::from([2; 24]), Payload { msg: content, aad: &bound_to(key.id) })
            .expect("encrypted");
        let ciphertext = Ciphertext([&[2; 24][..], &sealed].concat());
        let reference = Reference { key: key.id, commitment: Digest([0; 32]), ciphertext: ciphertext.digest() };
        assert_eq!(open(&reference, &ciphertext, &key).expect_err("found"), SealError::ContentMalformed);
    }
}

#[test]
fn a_disclosure_is_checked_without_a_key() {
    let key = key(1, 9);
    let (reference, ciphertext) = seal("王建国", &key, [1; 32], [2; 24]);
    let text = open(&reference, &ciphertext, &key).expect("opened").to_text();
    assert_eq!(text, r#"{"salt":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=","value":"王建国"}"#);
    let disclosure = Disclosure::parse(&text).expect("read");
    assert_eq!(disclosure.verify(&reference), Ok(()));
    assert_eq!(disclosure.reveal(), "王建国");
    for changed in [text.replace("国", "囯"), text.replace("AQEBAQEBAQE=", "AQEBAQEBAQI=")] {
        let changed = Disclosure::parse(&changed).expect("read");
        assert_eq!(changed.verify(&reference), Err(SealError::CommitmentMismatch));
    }
}

#[test]
fn what_is_no_disclosure_is_refused_without_a_word_of_it() {
    for text in [
        "王建国",
        r#"{"value":"王建国"}"#,
        r#"{"salt":"王建国","value":"王建国"}"#,
        r#"{"salt":"AQEB","value":"王建国"}"#,
        r#"{"salt":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=","value":"王建国","王建国":1}"#,
    ] {
        let refused = Disclosure::parse(text).expect_err("refused");
        assert_eq!(refused.kind(), "DISCLOSURE_MALFORMED");
        assert!(!format!("{refused} {refused:?}").contains('王'));
    }
}

#[test]
fn neither_keys_nor_values_are_printed() {
    let key = key(1, 9);
    let (reference, ciphertext) = seal("王建国", &key, [1; 32], [2; 24]);
    let disclosure = open(&reference, &ciphertext, &key).expect("opened");
    assert_eq!(
        format!("{key:?} {disclosure:?}"),
        "DataKey(00000000-0000-0000-0000-000000000001, [redacted]) Disclosure([personal])"
    );
}

proptest! {
    #[test]
    fn what_is_sealed_opens(value in "\\PC{0,60}|.{0,60}", bytes: [u8; 32], id: u128, salt: [u8; 32], nonce: [u8; 24]) {
        let key = DataKey::new(KeyId(Uuid::from_u128(id)), bytes);
        let (reference, ciphertext) = seal(&value, &key, salt, nonce);
        let stored = Ciphertext::from_bytes(ciphertext.as_bytes().to_vec());
        let disclosure = open(&reference, &stored, &key).expect("opened");
        prop_assert_eq!(disclosure.reveal(), value.as_str());
        prop_assert_eq!(Disclosure::parse(&disclosure.to_text()).expect("read").verify(&reference), Ok(()));
        if value.len() > 3 {
            let found = stored.as_bytes().windows(value.len()).any(|window| window == value.as_bytes());
            prop_assert!(!found, "the ciphertext shows the value");
        }
    }
}
