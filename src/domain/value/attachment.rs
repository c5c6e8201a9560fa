//! What identifies an attached file: the digest of its bytes and its media type.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::refusal::Code;
use crate::domain::value::{ValueError, quoted};

/// A SHA-256 digest (FIPS 180-4) in 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Sha256Digest(String);

impl Sha256Digest {
    /// The digest in these 64 hexadecimal digits, lower-cased.
    ///
    /// # Errors
    /// `DIGEST_INVALID`.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(ValueError::new(
                Code::DigestInvalid,
                format!("{} is not a SHA-256 digest: write its 64 hexadecimal digits", quoted(text)),
            ))
        }
    }

    /// The digest of these bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Sha256Digest {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        Self::parse(&text)
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A media type without parameters, `type/subtype` in lower case (RFC 6838, 4.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct MediaType(String);

impl MediaType {
    /// The media type, lower-cased.
    ///
    /// # Errors
    /// `MEDIA_TYPE_INVALID`.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        match text.split_once('/') {
            Some((kind, subtype)) if is_restricted_name(kind) && is_restricted_name(subtype) => {
                Ok(Self(text.to_ascii_lowercase()))
            }
            _ => Err(ValueError::new(
                Code::MediaTypeInvalid,
                format!(
                    "{} is not a media type: write type/subtype without parameters, like application/pdf",
                    quoted(text)
                ),
            )),
        }
    }

    /// `type/subtype`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MediaType {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        Self::parse(&text)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 6838, 4.2: 1 to 127 characters, beginning with a letter or digit.
fn is_restricted_name(name: &str) -> bool {
    matches!(name.len(), 1..=127)
        && name.as_bytes()[0].is_ascii_alphanumeric()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_digests() {
        // FIPS 180-4 example values (NIST): the empty message and "abc".
        assert_eq!(
            Sha256Digest::of_bytes(b"").as_str(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            Sha256Digest::of_bytes(b"abc"),
            Sha256Digest::parse("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD").unwrap()
        );
        for text in ["", "abc", &"g".repeat(64), &"a".repeat(65)] {
            assert_eq!(Sha256Digest::parse(text).unwrap_err().code, Code::DigestInvalid);
        }
    }

    #[test]
    fn media_types_have_two_names() {
        for text in ["application/pdf", "image/svg+xml", "application/vnd.ms-excel"] {
            assert_eq!(MediaType::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(MediaType::parse("Image/PNG").unwrap().as_str(), "image/png");
        for text in ["", "pdf", "/pdf", "text/", "text/html; charset=utf-8", "a/b/c", "*/*"] {
            assert_eq!(MediaType::parse(text).unwrap_err().code, Code::MediaTypeInvalid, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parse_of_display_is_the_same(bytes in any::<Vec<u8>>()) {
            let digest = Sha256Digest::of_bytes(&bytes);
            prop_assert_eq!(Sha256Digest::parse(&digest.to_string()).unwrap(), digest);
        }
    }
}
