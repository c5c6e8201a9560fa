//! A time-stamp token: what it says. Whether it is true is for [`verify`](crate::ledger::timestamp::verify).

use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::asn1::OctetString;
use der::oid::ObjectIdentifier;
use der::oid::db::rfc5911::ID_SIGNED_DATA;
use der::oid::db::rfc5912::ID_SHA_256;
use der::{Any, Decode as _, Tag, Tagged as _};
use jiff::{SignedDuration, Timestamp};

use crate::ledger::timestamp::asn1::{Accuracy, TstInfo};
use crate::ledger::timestamp::error::ResponseError;

/// The content type of a token, RFC 3161 §2.4.2.
pub(super) const ID_CT_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// A token as an authority signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    der: Vec<u8>,
    pub(super) stamp: Stamp,
    pub(super) signed: SignedData,
    /// What was signed: the bytes of `TSTInfo`.
    pub(super) content: Vec<u8>,
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The object identifier of the authority's policy.
    pub policy: String,
    /// SHA-256 of what was stamped.
    pub digest: [u8; 32],
    /// The token's number at its authority, in hexadecimal digits.
    pub serial: String,
    /// When it was stamped, by the authority's clock.
    pub time: Timestamp,
    /// How far the clock may be off, when the authority says so.
    pub accuracy: Option<SignedDuration>,
    /// The nonce of the request, when it is one of 64 bits as [`Request`](crate::ledger::timestamp::request::Request)
    /// sends.
    pub nonce: Option<u64>,
}

impl Token {
    /// Reads a token: a CMS `ContentInfo` with signed data with `TSTInfo`.
    ///
    /// # Errors
    /// When the bytes are something else, or stamp another hash than SHA-256.
    pub fn from_der(der: Vec<u8>) -> Result<Self, ResponseError> {
        let malformed = |source| ResponseError::Malformed { expected: "a time-stamp token", source };
        let outer = ContentInfo::from_der(&der).map_err(malformed)?;
        expect("signed data", ID_SIGNED_DATA, outer.content_type)?;
        let signed: SignedData = outer.content.decode_as().map_err(malformed)?;
        expect("TSTInfo", ID_CT_TST_INFO, signed.encap_content_info.econtent_type)?;
        let content = signed
            .encap_content_info
            .econtent
            .as_ref()
            .ok_or_else(|| ResponseError::Unexpected { expected: "content", found: "none".to_owned() })?;
        let content = content.decode_as::<OctetString>().map_err(malformed)?.into_bytes();
        let stamp = TstInfo::from_der(&content).map_err(malformed).and_then(stamp)?;
        Ok(Self { der, stamp, signed, content })
    }

    /// The exact bytes to store.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// What the token says.
    pub fn stamp(&self) -> &Stamp {
        &self.stamp
    }
}

fn expect(expected: &'static str, right: ObjectIdentifier, found: ObjectIdentifier) -> Result<(), ResponseError> {
    if found == right { Ok(()) } else { Err(ResponseError::Unexpected { expected, found: found.to_string() }) }
}

fn stamp(info: TstInfo) -> Result<Stamp, ResponseError> {
    if info.version != 1 {
        return Err(ResponseError::Unexpected { expected: "version 1", found: info.version.to_string() });
    }
    expect("SHA-256", ID_SHA_256, info.message_imprint.hash_algorithm.oid)?;
    let digest = info.message_imprint.hashed_message.as_bytes();
    Ok(Stamp {
        policy: info.policy.to_string(),
        digest: digest.try_into().map_err(|_| ResponseError::Unexpected {
            expected: "a hash of 32 bytes",
            found: format!("{} bytes", digest.len()),
        })?,
        serial: hex::encode(info.serial_number.as_bytes()),
        time: time(&info.gen_time)?,
        accuracy: info.accuracy.as_ref().map(duration),
        nonce: info.nonce.and_then(|nonce| unsigned(nonce.as_bytes())),
    })
}

/// An INTEGER of 64 bits that is not negative.
fn unsigned(bytes: &[u8]) -> Option<u64> {
    if bytes.first()? & 0x80 != 0 {
        return None;
    }
    let digits = bytes.strip_prefix(&[0]).unwrap_or(bytes);
    (digits.len() <= 8).then(|| digits.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn duration(accuracy: &Accuracy) -> SignedDuration {
    SignedDuration::from_secs(accuracy.seconds.unwrap_or(0).into())
        + SignedDuration::from_millis(accuracy.millis.unwrap_or(0).into())
        + SignedDuration::from_micros(accuracy.micros.unwrap_or(0).into())
}

/// A GeneralizedTime as RFC 3161 §2.4.2 restricts it: `YYYYMMDDhhmmss[.s…]Z`.
fn time(value: &Any) -> Result<Timestamp, ResponseError> {
    let text = String::from_utf8_lossy(value.value());
    let parsed = (value.tag() == Tag::GeneralizedTime).then(|| {
        let (date, clock) = text.strip_suffix('Z')?.split_at_checked(8)?;
        let (clock, fraction) = clock.split_at_checked(6)?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let right = digits(date) && digits(clock) && (fraction.is_empty() || digits(fraction.strip_prefix('.')?));
        right.then(|| format!("{date}T{clock}{fraction}Z").parse().ok()).flatten()
    });
    parsed.flatten().ok_or_else(|| ResponseError::Unexpected { expected: "a time", found: text.into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let value = Any::new(Tag::GeneralizedTime, text.as_bytes()).expect("a value");
        time(&value).ok().map(|time| time.to_string())
    }

    #[test]
    fn times_have_seconds_and_perhaps_a_fraction() {
        assert_eq!(read("20260304050607Z").as_deref(), Some("2026-03-04T05:06:07Z"));
        assert_eq!(read("20260304050607.123456Z").as_deref(), Some("2026-03-04T05:06:07.123456Z"));
        for text in [
            "",
            "Z",
            "202603040506Z",
            "20260304050607",
            "20260304050607+0000",
            "20260304050607,5Z",
            "20260304050607.Z",
            "20261304050607Z",
            "2026030405060七Z",
            "2026-03-4050607Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(time(&Any::new(Tag::UtcTime, "20260304050607Z".as_bytes()).expect("a value")).is_err());
    }

    #[test]
    fn nonces_are_unsigned_and_of_64_bits() {
        assert_eq!(unsigned(&[0]), Some(0));
        assert_eq!(unsigned(&[0x7f, 0xff]), Some(0x7fff));
        assert_eq!(unsigned(&[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some(u64::MAX));
        assert_eq!(unsigned(&[0x80]), None);
        assert_eq!(unsigned(&[1; 9]), None);
        assert_eq!(unsigned(&[]), None);
    }
}
