//! Who sees which case: one rule, for lists in SQL and for a single case alike.

use crate::domain::actor::{Actor, Role};
use crate::domain::case::state::File;
use crate::domain::value::InstitutionId;
use crate::projection;
use crate::store::Scope;

/// Roles that see all cases of their jurisdiction.
const OF_A_JURISDICTION: &[Role] = &[
    Role::Visitor,
    Role::Coordinator,
    Role::Manager,
    Role::Reviewer,
    Role::Auditor,
];

/// Roles that see the cases of their institution and those they were invited to.
const OF_AN_INSTITUTION: &[Role] = &[Role::Lead, Role::Expert];

/// What the actor may see, as the store's lists filter by it.
#[must_use]
pub fn scope_of(actor: &Actor) -> Scope {
    let works = actor.holds_any(OF_AN_INSTITUTION);
    Scope {
        everything: is_of_the_server(actor),
        division_prefix: actor
            .holds_any(OF_A_JURISDICTION)
            .then(|| actor.jurisdiction.code().to_owned()),
        enterprise: actor
            .enterprise
            .filter(|_| actor.holds(Role::Enterprise))
            .map(Into::into),
        institution: actor.institution.filter(|_| works).map(Into::into),
        member: works.then(|| actor.id.to_string()),
    }
}

/// Whether the actor may see this case. The same rule as [`scope_of`], for a case at hand.
#[must_use]
pub fn sees(actor: &Actor, case: &File) -> bool {
    let in_jurisdiction = actor.holds_any(OF_A_JURISDICTION) && actor.covers(&case.division);
    let own = actor.holds(Role::Enterprise) && actor.enterprise == Some(case.enterprise);
    let works = actor.holds_any(OF_AN_INSTITUTION);
    let of_institution = works
        && actor.institution.is_some()
        && current_institution(case) == actor.institution;
    let member = works && projection::case::members(case).contains(actor.id.as_str());
    is_of_the_server(actor) || in_jurisdiction || own || of_institution || member
}

fn current_institution(case: &File) -> Option<InstitutionId> {
    case.assignment.as_ref().map(|assignment| assignment.institution)
}

/// The clock and the importer belong to no jurisdiction.
pub(crate) fn is_of_the_server(actor: &Actor) -> bool {
    actor.holds_any(&[Role::Clock, Role::Importer])
}
