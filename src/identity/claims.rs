//! What a token claims, and the rules that make a claim an identity.
//!
//! The same check runs when a token is issued, where its message helps whoever typed the command, and when one is
//! verified, so that a token of an older version or of another tool with the same key passes no weaker door.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::identity::Identity;
use crate::identity::credential::Credential;

/// Every role that a token can carry. The clock is a role as well, but nobody holds a token for it.
pub const ROLES: [&str; 8] =
    ["ENTERPRISE", "VISITOR", "COORDINATOR", "MANAGER", "LEAD", "EXPERT", "REVIEWER", "AUDITOR"];

/// The jurisdiction of the whole nation.
pub const NATION: &str = "CN";

/// The longest that a token may last: revocations are kept in memory for as long as one of them may be taken.
pub const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(366 * 24);

/// How far two machines' clocks may be apart before a token counts as expired or not yet valid.
pub const LEEWAY: SignedDuration = SignedDuration::from_secs(30);

const LONGEST_ACTOR_CHARACTERS: usize = 128;

/// What somebody wants a token to say, unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The actor's id.
    pub actor: String,
    /// Role names, in either case.
    pub roles: Vec<String>,
    /// A division code of 2, 4 or 6 digits, or `CN`.
    pub jurisdiction: String,
    /// The actor's institution.
    pub institution: Option<Uuid>,
    /// The actor's enterprise.
    pub enterprise: Option<Uuid>,
    /// From when the token holds, UTC. Cut to whole seconds.
    pub issued_at: Timestamp,
    /// Until when the token holds, UTC. Cut to whole seconds.
    pub expires_at: Timestamp,
}

/// Why no token can say this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// The actor is empty, too long, or has white space or control characters in it.
    #[error("an actor is 1 to 128 characters without white space")]
    Actor,
    /// There is no role.
    #[error("at least one role is required: {}", ROLES.join(", "))]
    NoRole,
    /// The role does not exist.
    #[error("there is no role `{role}`; the roles are {known}", role = .0, known = ROLES.join(", "))]
    UnknownRole(String),
    /// The jurisdiction has another shape.
    #[error("`{0}` is no jurisdiction; it is a division code of 2, 4 or 6 digits, or CN for the nation")]
    Jurisdiction(String),
    /// The role speaks for an enterprise, and none is named.
    #[error("the role ENTERPRISE needs the enterprise it speaks for")]
    NoEnterprise,
    /// The role works for an institution, and none is named.
    #[error("the role {0} needs the institution it works for")]
    NoInstitution(&'static str),
    /// The token would end before it begins, or last too long.
    #[error("a token lasts from one second to 366 days")]
    Life,
}

impl Claims {
    /// Checks the claims and answers the identity that they make.
    ///
    /// # Errors
    ///
    /// The first rule that the claims break, in the order of [`ClaimsError`].
    pub fn check(&self) -> Result<Identity, ClaimsError> {
        let roles = self.checked_roles()?;
        if !is_jurisdiction(&self.jurisdiction) {
            return Err(ClaimsError::Jurisdiction(self.jurisdiction.clone()));
        }
        if roles.contains("ENTERPRISE") && self.enterprise.is_none() {
            return Err(ClaimsError::NoEnterprise);
        }
        if let Some(role) = ["LEAD", "EXPERT"].into_iter().find(|role| roles.contains(role))
            && self.institution.is_none()
        {
            return Err(ClaimsError::NoInstitution(role));
        }
        let life = self.expires_at.as_second() - self.issued_at.as_second();
        if life < 1 || life > LONGEST_LIFE.as_secs() {
            return Err(ClaimsError::Life);
        }
        Ok(Identity {
            actor: self.actor.clone(),
            roles,
            jurisdiction: self.jurisdiction.clone(),
            institution: self.institution,
            enterprise: self.enterprise,
            expires_at: self.expires_at,
            credential: Credential::of_actor(&self.actor, self.issued_at),
        })
    }

    fn checked_roles(&self) -> Result<BTreeSet<&'static str>, ClaimsError> {
        let characters = self.actor.chars().count();
        if characters == 0
            || characters > LONGEST_ACTOR_CHARACTERS
            || self.actor.chars().any(|character| character.is_whitespace() || character.is_control())
        {
            return Err(ClaimsError::Actor);
        }
        if self.roles.is_empty() {
            return Err(ClaimsError::NoRole);
        }
        let known = |given: &String| ROLES.into_iter().find(|role| role.eq_ignore_ascii_case(given));
        self.roles.iter().map(|given| known(given).ok_or_else(|| ClaimsError::UnknownRole(given.clone()))).collect()
    }
}

/// Whether the text has the shape of a jurisdiction. Whether the division exists is for the domain's table to say.
fn is_jurisdiction(text: &str) -> bool {
    text == NATION || (matches!(text.len(), 2 | 4 | 6) && text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coordinator() -> Claims {
        Claims {
            actor: "bureau-4401".into(),
            roles: vec!["COORDINATOR".into()],
            jurisdiction: "4401".into(),
            institution: None,
            enterprise: None,
            issued_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::from_second(3_600).expect("in range"),
        }
    }

    #[test]
    fn roles_are_read_in_either_case_and_once() {
        let claims = Claims { roles: vec!["coordinator".into(), "MANAGER".into(), "Manager".into()], ..coordinator() };
        assert_eq!(claims.check().expect("valid").roles, BTreeSet::from(["COORDINATOR", "MANAGER"]));
    }

    #[test]
    fn jurisdictions_are_divisions_or_the_nation() {
        for good in ["44", "4401", "440106", "CN"] {
            assert!(Claims { jurisdiction: good.into(), ..coordinator() }.check().is_ok(), "{good}");
        }
        for bad in ["", "4", "440", "44010", "4401060", "cn", "4a", "四四", "44%"] {
            let refused = Claims { jurisdiction: bad.into(), ..coordinator() }.check();
            assert_eq!(refused, Err(ClaimsError::Jurisdiction(bad.into())));
        }
    }

    #[test]
    fn every_broken_rule_is_named() {
        let id = Some(Uuid::nil());
        let with_role = |role: &str| Claims { roles: vec![role.into()], ..coordinator() };
        let refusals = [
            (Claims { actor: String::new(), ..coordinator() }, ClaimsError::Actor),
            (Claims { actor: "李 娜".into(), ..coordinator() }, ClaimsError::Actor),
            (Claims { actor: "a".repeat(129), ..coordinator() }, ClaimsError::Actor),
            (Claims { roles: vec![], ..coordinator() }, ClaimsError::NoRole),
            (with_role("CLOCK"), ClaimsError::UnknownRole("CLOCK".into())),
            (with_role("ENTERPRISE"), ClaimsError::NoEnterprise),
            (Claims { institution: id, ..with_role("ENTERPRISE") }, ClaimsError::NoEnterprise),
            (Claims { enterprise: id, ..with_role("LEAD") }, ClaimsError::NoInstitution("LEAD")),
            (with_role("EXPERT"), ClaimsError::NoInstitution("EXPERT")),
            (Claims { expires_at: Timestamp::UNIX_EPOCH, ..coordinator() }, ClaimsError::Life),
            (
                Claims {
                    expires_at: Timestamp::UNIX_EPOCH + LONGEST_LIFE + SignedDuration::from_secs(1),
                    ..coordinator()
                },
                ClaimsError::Life,
            ),
        ];
        for (claims, expected) in refusals {
            assert_eq!(claims.check(), Err(expected), "{claims:?}");
        }
    }

    #[test]
    fn the_longest_life_is_allowed() {
        let claims = Claims { expires_at: Timestamp::UNIX_EPOCH + LONGEST_LIFE, ..coordinator() };
        assert_eq!(claims.check().map(|identity| identity.expires_at), Ok(claims.expires_at));
    }
}
