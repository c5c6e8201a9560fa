//! Who gives an order: an opaque id, the roles held, and where they hold.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::{Division, EnterpriseId, InstitutionId, PersonId};
use crate::domain::vocabulary::vocabulary;

/// An opaque id of whoever acts, as a token names it or as it is made of one; never a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActorId(String);

impl ActorId {
    /// The longest id, in characters.
    pub const LONGEST: usize = 128;

    /// What the ids of the server's own actors begin with.
    const OF_THE_SERVER: &'static str = "etalon:";

    /// Reads the id of a caller: 1 to 128 visible ASCII characters, and none of the server's own.
    ///
    /// # Errors
    /// `ACTOR_INVALID` for anything else.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.starts_with(Self::OF_THE_SERVER) {
            let message = format!("an actor id does not begin with `{}`, as the server's own do", Self::OF_THE_SERVER);
            return Err(Refusal::new(Code::ActorInvalid, "actor", message));
        }
        Self::parse_any(text)
    }

    /// Reads the id of whoever may stand in the log: of a caller, or one of the server's own. Nobody acts by it.
    ///
    /// # Errors
    /// `ACTOR_INVALID` for anything but 1 to 128 visible ASCII characters.
    pub fn parse_any(text: &str) -> Result<Self, Refusal> {
        let fits = (1..=Self::LONGEST).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Refusal::new(Code::ActorInvalid, "actor", "an actor id is 1 to 128 visible ASCII characters"))
    }

    /// The server's own clock, which misses deadlines and escalates.
    #[must_use]
    pub fn clock() -> Self {
        Self("etalon:clock".to_owned())
    }

    /// The server's own importer, which speaks for another tracker's log.
    #[must_use]
    pub fn importer() -> Self {
        Self("etalon:import".to_owned())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The registered person who acts: its actor id is the id of its register entry.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        PersonId::parse(&self.0).ok()
    }

    /// Whether this registered person acts.
    #[must_use]
    pub fn is_person(&self, person: PersonId) -> bool {
        self.person() == Some(person)
    }
}

impl From<PersonId> for ActorId {
    fn from(person: PersonId) -> Self {
        Self(person.to_string())
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

vocabulary! {
    /// What an actor may act as. The names are those of tokens and of the log.
    Role {
        /// 企业联系人: speaks for one enterprise.
        Enterprise = "ENTERPRISE",
        /// 走访人员、志愿者: visits production lines.
        Visitor = "VISITOR",
        /// 协调员: runs the bureau's cases.
        Coordinator = "COORDINATOR",
        /// 质监局管理者: leads the bureau of a jurisdiction.
        Manager = "MANAGER",
        /// 攻关负责人: may lead assignments of its institution.
        Lead = "LEAD",
        /// 专家: collaborates where invited.
        Expert = "EXPERT",
        /// 评审员: reviews proposed solutions.
        Reviewer = "REVIEWER",
        /// 审计员: reads everything in scope, changes nothing.
        Auditor = "AUDITOR",
        /// The server's clock; no token carries it.
        Clock = "CLOCK",
        /// The server's importer; no token carries it.
        Importer = "IMPORTER",
    }
}

/// Whoever gives an order, as its token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Opaque id.
    pub id: ActorId,
    /// Roles held.
    pub roles: BTreeSet<Role>,
    /// Where the roles of a bureau hold: this division and all below it.
    pub jurisdiction: Division,
    /// The institution worked for.
    pub institution: Option<InstitutionId>,
    /// The enterprise spoken for.
    pub enterprise: Option<EnterpriseId>,
}

impl Actor {
    /// One of the server's own actors: no jurisdiction bounds it.
    #[must_use]
    pub fn of_the_server(id: ActorId, role: Role) -> Self {
        Self {
            id,
            roles: BTreeSet::from([role]),
            jurisdiction: Division::nation(),
            institution: None,
            enterprise: None,
        }
    }

    /// The server itself, which does by the clock what is due and reads what nobody in particular asks for.
    #[must_use]
    pub fn clock() -> Self {
        Self::of_the_server(ActorId::clock(), Role::Clock)
    }

    /// Whether the role is held.
    #[must_use]
    pub fn holds(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether one of the roles is held.
    #[must_use]
    pub fn holds_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.holds(*role))
    }

    /// Whether a role of a bureau, a visitor, a reviewer or an auditor is held here.
    #[must_use]
    pub fn covers(&self, division: &Division) -> bool {
        self.jurisdiction.covers(division)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_the_servers_own_is_refused_with_what_it_begins_with() {
        let refused = ActorId::parse("etalon:clock").expect_err("it is the server's own");
        assert_eq!(refused.code, Code::ActorInvalid);
        assert_eq!(refused.message, "an actor id does not begin with `etalon:`, as the server's own do");
        assert!(ActorId::parse("etalon").is_ok());
    }

    #[test]
    fn an_id_of_the_servers_own_is_found_in_the_log() {
        assert_eq!(ActorId::parse_any("etalon:clock"), Ok(ActorId::clock()));
        assert_eq!(ActorId::parse_any("etalon:import"), Ok(ActorId::importer()));
        assert_eq!(ActorId::parse_any("p-1"), ActorId::parse("p-1"));
        for unsound in ["", " ", "难", "etalon:\n"] {
            assert_eq!(ActorId::parse_any(unsound).map_err(|refusal| refusal.code), Err(Code::ActorInvalid));
        }
    }
}
