//! What of a token can be revoked: what it is known by, and when it was issued.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// What a revocation names, as it stands in the database. It holds neither a token nor the name of a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RevocationKey(String);

impl RevocationKey {
    /// The longest `jti` that can be named, in bytes.
    pub const LONGEST_TOKEN_ID: usize = 255;

    /// All tokens of that actor.
    #[must_use]
    pub fn of_actor(actor: &str) -> Self {
        Self(format!("actor:{actor}"))
    }

    /// All tokens that the issuer gave to that subject, whatever actor they name.
    #[must_use]
    pub fn of_subject(issuer: &str, subject: &str) -> Self {
        Self(format!("subject:{}", opaque(issuer, subject)))
    }

    /// The one token whose `jti` it is.
    #[must_use]
    pub fn of_token(token_id: &str) -> Self {
        Self(format!("token:{token_id}"))
    }

    /// As it stands in the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id under which the issuer's subject acts: version 5 (RFC 9562, section 5.5), the same wherever and whenever it
/// is made. Nobody reads the subject's text in it; whoever guesses the text, as that of an address, makes the same id of it.
#[must_use]
pub fn opaque(issuer: &str, subject: &str) -> Uuid {
    Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_URL, issuer.as_bytes()), subject.as_bytes())
}

/// What a verified token is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Everything that a revocation may name it by.
    pub known_by: Vec<RevocationKey>,
    /// Since when it exists; a revocation of a later moment holds for it.
    pub issued_at: Timestamp,
}

impl Credential {
    /// A token of that actor.
    #[must_use]
    pub fn of_actor(actor: &str, issued_at: Timestamp) -> Self {
        Self { known_by: vec![RevocationKey::of_actor(actor)], issued_at }
    }

    /// The same, issued as early as it can have been: by a clock that was ahead by so much. Whoever revokes tokens
    /// means every one that exists by then, and rather one more than one less.
    pub(super) fn issued_by_a_clock_within(self, leeway: SignedDuration) -> Self {
        let issued_at = self.issued_at.checked_sub(leeway).unwrap_or(Timestamp::MIN);
        Self { issued_at, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opaque_id_is_of_one_subject_of_one_issuer() {
        let one = opaque("https://sso.example", "li.na@example.org");
        assert_eq!(one, opaque("https://sso.example", "li.na@example.org"));
        assert_eq!(one.get_version_num(), 5);
        for (issuer, subject) in [
            ("https://sso.example/", "li.na@example.org"),
            ("https://sso.example", "LI.NA@example.org"),
            ("https://sso.exampl", "eli.na@example.org"),
        ] {
            assert_ne!(one, opaque(issuer, subject));
        }
        assert!(!RevocationKey::of_subject("https://sso.example", "li.na@example.org").as_str().contains("li.na"));
    }
}
