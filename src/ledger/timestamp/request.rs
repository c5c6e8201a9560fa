//! What is asked of a time-stamping authority.

use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use der::asn1::{Null, OctetString};
use der::oid::db::rfc5912::ID_SHA_256;
use der::{Any, Decode as _, Encode as _};
use sha2::{Digest as _, Sha256};

use crate::ledger::timestamp::asn1::{MessageImprint, PkiStatusInfo, TimeStampReq, TimeStampResp};
use crate::ledger::timestamp::error::ResponseError;
use crate::ledger::timestamp::token::Token;

/// RFC 3161 §2.4.2: granted, and granted with changes.
const GRANTED: [u8; 2] = [0, 1];

/// The names of PKIFailureInfo's bits, RFC 3161 §2.4.2.
const FAILURES: [(usize, &str); 8] = [
    (0, "badAlg"),
    (2, "badRequest"),
    (5, "badDataFormat"),
    (14, "timeNotAvailable"),
    (15, "unacceptedPolicy"),
    (16, "unacceptedExtension"),
    (17, "addInfoNotAvailable"),
    (25, "systemFailure"),
];

/// A request for a time stamp, kept until it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    digest: [u8; 32],
    nonce: u64,
}

impl Request {
    /// Asks for a stamp on the SHA-256 of these bytes. The nonce must be random: it tells the answer from older ones.
    pub fn new(bytes: &[u8], nonce: u64) -> Self {
        Self { digest: Sha256::digest(bytes).into(), nonce }
    }

    /// The `TimeStampReq` to send as `application/timestamp-query`. It asks for the certificates to come along.
    pub fn to_der(&self) -> Vec<u8> {
        let hash_algorithm = AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: Some(Any::from(Null)) };
        let hashed_message = OctetString::new(self.digest).expect("32 bytes are an octet string");
        let message_imprint = MessageImprint { hash_algorithm, hashed_message };
        let request = TimeStampReq { version: 1, message_imprint, nonce: self.nonce, cert_req: true };
        request.to_der().expect("a request always encodes")
    }

    /// The token of a `TimeStampResp` that came as `application/timestamp-reply`, when it answers this request.
    ///
    /// Who signed it is for [`Token::verify`] to say.
    ///
    /// # Errors
    /// When the authority refuses, or the answer is malformed or stamps something else.
    pub fn accept(&self, response: &[u8]) -> Result<Token, ResponseError> {
        let response = TimeStampResp::from_der(response)
            .map_err(|source| ResponseError::Malformed { expected: "a time-stamp response", source })?;
        let token = match response.token {
            Some(token) if GRANTED.contains(&response.status.status) => token,
            _ => return Err(refusal(response.status)),
        };
        let expected = "a time-stamp token";
        let token = Token::from_der(token.to_der().map_err(|source| ResponseError::Malformed { expected, source })?)?;
        if token.stamp().digest != self.digest {
            return Err(ResponseError::OtherImprint);
        }
        if token.stamp().nonce != Some(self.nonce) {
            return Err(ResponseError::OtherNonce);
        }
        Ok(token)
    }
}

fn refusal(PkiStatusInfo { status, status_string, fail_info }: PkiStatusInfo) -> ResponseError {
    let mut reasons = status_string.unwrap_or_default();
    if let Some(bits) = fail_info {
        let set: Vec<bool> = bits.bits().collect();
        let named = FAILURES.iter().filter(|(bit, _)| set.get(*bit) == Some(&true));
        reasons.extend(named.map(|(_, name)| (*name).to_owned()));
    }
    let reason = if reasons.is_empty() { "no reason given".to_owned() } else { reasons.join(", ") };
    ResponseError::Refused { status, reason }
}
