mod authority;

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::ledger::timestamp::error::{ResponseError, VerifyError};
use crate::ledger::timestamp::request::Request;
use crate::ledger::timestamp::tests::authority::{Authority, Manner, USUAL};
use crate::ledger::timestamp::token::Token;
use crate::ledger::timestamp::verify::Roots;

const DOCUMENT: &[u8] = b"a checkpoint";
const NONCE: u64 = 0xfedc_ba98_7654_3210;

#[test]
fn openssl_reads_a_request() {
    let authority = Authority::new(USUAL);
    authority.write("document", DOCUMENT);
    authority.write("query", &Request::new(DOCUMENT, NONCE).to_der());
    let text = authority.run(&["ts", "-query", "-in", "query", "-text"]);
    for line in ["Version: 1", "Hash Algorithm: sha256", "Nonce: 0xFEDCBA9876543210", "Certificate required: yes"] {
        assert!(text.contains(line), "{text}");
    }
    // Byte for byte what OpenSSL asks, but for the nonce.
    authority.run(&["ts", "-query", "-data", "document", "-sha256", "-cert", "-no_nonce", "-out", "theirs"]);
    let theirs = fs::read(authority.path("theirs")).expect("read");
    let ours = Request::new(DOCUMENT, NONCE).to_der();
    let nonce = [&[2, 9, 0][..], &NONCE.to_be_bytes()].concat();
    let certificates = theirs.len() - 3;
    assert_eq!(ours[2..], [&theirs[2..certificates], &nonce, &theirs[certificates..]].concat());
}

#[test]
fn a_token_says_what_was_asked() {
    let authority = Authority::new(Manner { fraction_digits: 6, ..USUAL });
    let token = authority.stamp();
    let stamp = token.stamp();
    assert_eq!(stamp.policy, "1.3.6.1.4.1.99999.1");
    assert_eq!(stamp.serial, "0b");
    assert_eq!(stamp.nonce, Some(NONCE));
    assert_eq!(stamp.accuracy.expect("told").as_micros(), 1_500_100);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64;
    assert!((now - 60..=now + 1).contains(&stamp.time.as_second()), "{}", stamp.time);
    assert_eq!(Token::from_der(token.as_der().to_vec()).expect("read"), token);
    assert!(Token::from_der(authority.reply(&Request::new(DOCUMENT, 1).to_der())).is_err(), "a response is no token");
}

#[test]
fn authorities_of_every_manner_are_verified() {
    let rsa = &["-newkey", "rsa:2048"][..];
    let p384 = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"][..];
    for manner in [
        USUAL,
        Manner { fraction_digits: 3, intermediate: true, certificate_hash: "sha1", ..USUAL },
        Manner { key: rsa, ..USUAL },
        Manner { key: rsa, signer_digest: "sha512", certificate_hash: "sha512", ..USUAL },
        Manner { key: p384, signer_digest: "sha384", certificate_hash: "sha384", intermediate: true, ..USUAL },
    ] {
        let authority = Authority::new(manner);
        let token = authority.stamp();
        assert_eq!(token.verify(DOCUMENT, &authority.roots()).expect("verified"), "CN=tsa");
        // OpenSSL takes what is stored for what it is.
        authority.write("document", DOCUMENT);
        authority.write("token", token.as_der());
        let verified =
            authority.run(&["ts", "-verify", "-data", "document", "-in", "token", "-token_in", "-CAfile", "root.pem"]);
        assert!(verified.contains("Verification: OK"), "{verified}");
    }
}

#[test]
fn another_document_nonce_or_root_is_refused() {
    let authority = Authority::new(USUAL);
    let request = Request::new(DOCUMENT, NONCE);
    let response = authority.reply(&request.to_der());
    let token = request.accept(&response).expect("accepted");
    assert!(matches!(Request::new(b"another", NONCE).accept(&response), Err(ResponseError::OtherImprint)));
    assert!(matches!(Request::new(DOCUMENT, NONCE + 1).accept(&response), Err(ResponseError::OtherNonce)));
    assert!(matches!(token.verify(b"another", &authority.roots()), Err(VerifyError::OtherImprint)));
    let mut signature = token.as_der().to_vec();
    *signature.last_mut().expect("not empty") ^= 1;
    let forged = Token::from_der(signature).expect("a token");
    assert!(matches!(forged.verify(DOCUMENT, &authority.roots()), Err(VerifyError::Signature)));
    let stranger = Authority::new(USUAL);
    assert!(matches!(token.verify(DOCUMENT, &stranger.roots()), Err(VerifyError::Chain(_))));
}

#[test]
fn certificates_are_judged_as_of_the_stamp() {
    let authority = Authority::new(USUAL);
    let mut token = authority.stamp();
    token.stamp.time = "2001-01-01T00:00:00Z".parse().expect("a time");
    let early = token.verify(DOCUMENT, &authority.roots());
    assert!(matches!(early, Err(VerifyError::Chain(webpki::Error::CertNotValidYet { .. }))));
    token.stamp.time = "2101-01-01T00:00:00Z".parse().expect("a time");
    let late = token.verify(DOCUMENT, &authority.roots());
    assert!(matches!(late, Err(VerifyError::Chain(webpki::Error::CertExpired { .. }))));
}

#[test]
fn a_refusal_tells_its_reason() {
    let authority = Authority::new(USUAL);
    // SHA-1 is not among the authority's digests.
    authority.write("document", DOCUMENT);
    authority.run(&["ts", "-query", "-data", "document", "-sha1", "-out", "sha1"]);
    let response = authority.reply(&fs::read(authority.path("sha1")).expect("read"));
    let refused = Request::new(DOCUMENT, NONCE).accept(&response).expect_err("refused");
    assert!(matches!(refused, ResponseError::Refused { status: 2, .. }), "{refused}");
    assert!(refused.to_string().contains("badAlg"), "{refused}");
    let request = Request::new(DOCUMENT, NONCE);
    let mut response = authority.reply(&request.to_der());
    // The status: an INTEGER that is the only member of the first member.
    assert_eq!(response[4..9], [0x30, 3, 2, 1, 0]);
    response[8] = 2;
    let refused = request.accept(&response).expect_err("refused");
    assert_eq!(refused.to_string(), "the time-stamping authority refuses (status 2): no reason given");
    let refused = Request::new(DOCUMENT, NONCE).accept(b"<html>").expect_err("refused");
    assert_eq!(refused.to_string(), "this is not a time-stamp response in DER");
}

#[test]
fn a_certificate_for_something_else_is_refused() {
    let right = Authority::new(USUAL);
    let content = right.stamp().content;
    for usage in ["timeStamping", "critical,timeStamping,serverAuth", "critical,serverAuth"] {
        // OpenSSL does not stamp with these: the token is made of its parts.
        let authority = Authority::new(Manner { usage, ..USUAL });
        let token = authority.sign(&content);
        assert!(matches!(token.verify(DOCUMENT, &authority.roots()), Err(VerifyError::Purpose)), "{usage}");
    }
    right.sign(&content).verify(DOCUMENT, &right.roots()).expect("verified");
}

#[test]
fn a_token_without_its_certificate_is_refused() {
    let authority = Authority::new(USUAL);
    authority.write("document", DOCUMENT);
    authority.run(&["ts", "-query", "-data", "document", "-sha256", "-out", "bare"]);
    authority.reply(&fs::read(authority.path("bare")).expect("read"));
    authority.run(&["ts", "-reply", "-in", "response", "-token_out", "-out", "token"]);
    let token = Token::from_der(fs::read(authority.path("token")).expect("read")).expect("a token");
    assert!(matches!(token.verify(DOCUMENT, &authority.roots()), Err(VerifyError::NoCertificate)));
}

#[test]
fn no_flipped_bit_of_what_is_signed_is_taken_for_true() {
    let authority = Authority::new(USUAL);
    let token = authority.stamp();
    let roots = authority.roots();
    let der = token.as_der();
    let content = der.windows(token.content.len()).position(|window| window == token.content).expect("within");
    for bit in 0..der.len() * 8 {
        let place = bit / 8;
        let mut changed = der.to_vec();
        changed[place] ^= 1 << (bit % 8);
        if let Ok(changed) = Token::from_der(changed)
            && changed.verify(DOCUMENT, &roots).is_ok()
        {
            // What CMS says without signing it: the version and the digests before the content, and an algorithm's
            // empty parameters.
            assert!(place < content || der[place..].starts_with(&[5, 0]), "byte {place}");
            assert_eq!(changed.stamp(), token.stamp(), "byte {place}");
        }
    }
}

#[test]
fn roots_are_certificates() {
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(matches!(Roots::from_pem(pem.as_bytes()), Err(VerifyError::Roots { .. })), "{pem}");
    }
}
