//! Who sees which case, what of it is internal, and which entry: one rule, for lists in SQL and for a single case
//! alike.

use crate::app::follow::CaseSight;
use crate::domain::actor::{Actor, Role};
use crate::domain::case::state::File;
use crate::domain::value::Division;
use crate::store::{AggregateType, Readers, RegisterQuery, Scope, Within};
use uuid::Uuid;

/// Roles that see all cases of their jurisdiction.
const OF_A_JURISDICTION: &[Role] = &[Role::Visitor, Role::Coordinator, Role::Manager, Role::Reviewer, Role::Auditor];

/// Roles that see the cases of their institution and those they were invited to.
const OF_AN_INSTITUTION: &[Role] = &[Role::Lead, Role::Expert];

/// Roles that see what is internal to the cases of their jurisdiction.
const OVER_A_JURISDICTION: &[Role] = &[Role::Coordinator, Role::Manager, Role::Auditor];

/// The digits of a province's code.
const PROVINCE_DIGITS: usize = 2;

/// What the actor may see, as the store's lists filter by it.
#[must_use]
pub(super) fn scope_of(actor: &Actor) -> Scope {
    let works = actor.holds_any(OF_AN_INSTITUTION);
    Scope {
        everything: is_of_the_server(actor),
        division_prefix: actor.holds_any(OF_A_JURISDICTION).then(|| actor.jurisdiction.code().to_owned()),
        enterprise: actor.enterprise.filter(|_| actor.holds(Role::Enterprise)).map(Into::into),
        institution: actor.institution.filter(|_| works).map(Into::into),
        member: works.then(|| actor.id.to_string()),
        but_of_enterprise: None,
    }
}

/// Whether so many cases may be in it that they are not gathered before it is known what is asked of them.
#[must_use]
pub(super) fn sees_much(scope: &Scope) -> bool {
    scope.everything || scope.division_prefix.as_deref().is_some_and(is_wide)
}

/// Whether too much lies in the division of that code to be gathered: in the nation, or in a province.
#[must_use]
pub(super) fn is_wide(code: &str) -> bool {
    code.len() <= PROVINCE_DIGITS
}

/// The cases whose internal comments the actor may see, all of which are in [`scope_of`] the same actor: of those who
/// have a hand in a case, and of those who oversee it. Whoever speaks for its enterprise does not, whatever else they
/// are.
#[must_use]
pub(super) fn internal_scope_of(actor: &Actor) -> Scope {
    Scope {
        everything: is_of_the_server(actor),
        division_prefix: actor.holds_any(OVER_A_JURISDICTION).then(|| actor.jurisdiction.code().to_owned()),
        enterprise: None,
        institution: None,
        member: actor.holds_any(OF_AN_INSTITUTION).then(|| actor.id.to_string()),
        but_of_enterprise: actor.enterprise.filter(|_| actor.holds(Role::Enterprise)).map(Into::into),
    }
}

/// Whether the actor may see this case. The same rule as [`scope_of`], for a case at hand.
#[must_use]
pub(super) fn sees(actor: &Actor, case: &File) -> bool {
    admits(actor, &CaseSight::of(case))
}

/// The same, by what decides it.
#[must_use]
pub(super) fn admits(actor: &Actor, case: &CaseSight) -> bool {
    let own = actor.speaks_for(case.enterprise);
    let works = actor.holds_any(OF_AN_INSTITUTION);
    let of_institution = works && actor.institution.is_some() && case.institution == actor.institution;
    let member = works && case.members.contains(actor.id.as_str());
    sees_all_of(actor, &case.division) || own || of_institution || member
}

/// Whether all cases and enterprises of this jurisdiction are there for the actor: what they are shown of it is then
/// the whole, and not what they have a hand in.
#[must_use]
pub fn sees_all_of(actor: &Actor, jurisdiction: &Division) -> bool {
    is_of_the_server(actor) || (actor.holds_any(OF_A_JURISDICTION) && actor.covers(jurisdiction))
}

/// Whether the actor and the case's enterprise work on the case together, and so have to reach each other. Who is
/// invited and has not joined sees the case, and nobody's number.
#[must_use]
pub fn works_on(actor: &Actor, case: &File) -> bool {
    actor.speaks_for(case.enterprise) || (actor.holds_any(OF_AN_INSTITUTION) && case.is_member(actor))
}

/// What an actor sees of a register.
pub(super) enum RegisterScope {
    /// All of it: institutions, campaigns and lists of fees are public among those who work here.
    Everything,
    /// What lies in a jurisdiction, and one's own entry.
    Division(Division, Option<Uuid>),
    /// What belongs to somebody and is there for the reader.
    Readers(Readers),
    /// This entry alone.
    Only(Uuid),
    /// Nothing.
    Nothing,
}

impl RegisterScope {
    /// What this actor sees of that register.
    pub(super) fn of(actor: &Actor, register: AggregateType) -> Self {
        let is_public = matches!(
            register,
            AggregateType::Institution | AggregateType::Campaign | AggregateType::Catalogue | AggregateType::Log
        );
        if is_public || is_of_the_server(actor) {
            return Self::Everything;
        }
        if register == AggregateType::View {
            let audited = actor.holds(Role::Auditor).then(|| actor.jurisdiction.code().to_owned());
            return Self::Readers(Readers { audited, ..own_and_shared(actor) });
        }
        let own = match register {
            AggregateType::Enterprise => actor.enterprise.filter(|_| actor.holds(Role::Enterprise)).map(Uuid::from),
            AggregateType::Person => actor.id.as_str().parse().ok(),
            _ => None,
        };
        match actor.holds_any(OF_A_JURISDICTION) {
            true => Self::Division(actor.jurisdiction.clone(), own),
            false => own.map_or(Self::Nothing, Self::Only),
        }
    }

    /// What of that register this actor hears of in following the log, by subscription and webhook alike, from the
    /// beginning or as it happens. How somebody looks at cases is no news: views are followed by nobody, and read by
    /// whoever [`RegisterScope::of`] says.
    pub(super) fn followed(actor: &Actor, register: AggregateType) -> Self {
        match register {
            AggregateType::View => Self::Nothing,
            _ => Self::of(actor, register),
        }
    }

    /// Whether the entry is in it.
    pub(super) fn admits(&self, id: Uuid, division: &Division) -> bool {
        match self {
            Self::Everything => true,
            // Whose an entry is stands in its row alone.
            Self::Readers(_) => false,
            Self::Division(jurisdiction, own) => jurisdiction.covers(division) || *own == Some(id),
            Self::Only(own) => *own == id,
            Self::Nothing => false,
        }
    }

    /// The question within it; `None` when nothing can answer it.
    pub(super) fn narrow(&self, mut query: RegisterQuery) -> Option<RegisterQuery> {
        match self {
            Self::Everything => {}
            Self::Readers(readers) => query.readers = Some(readers.clone()),
            Self::Division(jurisdiction, own) => {
                query.within = Some(Within { division_prefix: jurisdiction.code().to_owned(), own: *own });
            }
            Self::Only(own) => {
                if query.ids.as_ref().is_some_and(|ids| !ids.contains(own)) {
                    return None;
                }
                query.ids = Some(vec![*own]);
            }
            Self::Nothing => return None,
        }
        Some(query)
    }
}

/// What somebody sees of saved views: their own, and what is shared with where they work.
fn own_and_shared(actor: &Actor) -> Readers {
    let code = actor.jurisdiction.code();
    // A division's code begins with the codes of all that it lies in; the nation's is empty.
    let shared_with = (0..=code.len()).step_by(2).map(|length| code[..length].to_owned()).collect();
    Readers { owner: actor.id.to_string(), shared_with, audited: None }
}

/// The clock and the importer belong to no jurisdiction.
fn is_of_the_server(actor: &Actor) -> bool {
    actor.holds_any(&[Role::Clock, Role::Importer])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::actor;

    #[test]
    fn views_are_read_and_not_followed() {
        for role in [Role::Auditor, Role::Manager, Role::Coordinator, Role::Importer] {
            let somebody = actor(role, "44");
            let query = || RegisterQuery::of(AggregateType::View, vec![Uuid::nil()]);
            assert!(RegisterScope::of(&somebody, AggregateType::View).narrow(query()).is_some(), "{role}");
            let followed = RegisterScope::followed(&somebody, AggregateType::View);
            assert!(followed.narrow(query()).is_none(), "{role}");
            assert!(!followed.admits(Uuid::nil(), &somebody.jurisdiction), "{role}");
        }
    }

    #[test]
    fn what_is_not_ones_own_is_followed_as_it_is_read() {
        let (coordinator, place) = (actor(Role::Coordinator, "44"), Division::parse("4403").expect("a division"));
        let elsewhere = Division::parse("32").expect("a division");
        let persons = RegisterScope::followed(&coordinator, AggregateType::Person);
        assert!(persons.admits(Uuid::nil(), &place) && !persons.admits(Uuid::nil(), &elsewhere));
    }

    #[test]
    fn all_of_a_jurisdiction_is_seen_by_who_oversees_it() {
        let (city, province) = (actor(Role::Manager, "4403"), actor(Role::Auditor, "44"));
        let of = |code: &str| Division::parse(code).expect("a division");
        for (code, by_city, by_province) in [
            ("440305", true, true),
            ("4403", true, true),
            ("4401", false, true),
            ("44", false, true),
            ("CN", false, false),
        ] {
            assert_eq!(
                (sees_all_of(&city, &of(code)), sees_all_of(&province, &of(code))),
                (by_city, by_province),
                "{code}"
            );
        }
        for role in [Role::Enterprise, Role::Lead, Role::Expert] {
            assert!(!sees_all_of(&actor(role, "44"), &of("4403")), "{role} sees what concerns them");
        }
        assert!(sees_all_of(&actor(Role::Clock, "44"), &of("CN")), "the server sees everything");
    }

    #[test]
    fn who_sees_what_is_internal_sees_the_case() {
        for role in Role::ALL {
            let somebody = Actor { enterprise: Some(Uuid::nil().into()), ..actor(*role, "44") };
            let (whole, internal) = (scope_of(&somebody), internal_scope_of(&somebody));
            let within = [
                !internal.everything || whole.everything,
                internal.division_prefix.is_none() || internal.division_prefix == whole.division_prefix,
                internal.member.is_none() || internal.member == whole.member,
                internal.enterprise.is_none() && internal.institution.is_none(),
            ];
            assert_eq!(within, [true; 4], "{role}");
            assert_eq!(internal.but_of_enterprise.is_some(), *role == Role::Enterprise, "{role}");
        }
    }

    #[test]
    fn who_holds_several_roles_sees_what_each_of_them_sees() {
        let elsewhere = Division::parse("32").expect("a division");
        let mut contact = actor(Role::Visitor, "44");
        contact.roles.insert(Role::Enterprise);
        contact.enterprise = Some(Uuid::nil().into());
        let enterprises = RegisterScope::of(&contact, AggregateType::Enterprise);
        assert!(enterprises.admits(Uuid::nil(), &elsewhere) && enterprises.admits(Uuid::max(), &contact.jurisdiction));
        assert!(!enterprises.admits(Uuid::max(), &elsewhere));
    }
}
