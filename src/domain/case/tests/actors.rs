//! One actor a role, as the case of these tests knows them; and some that have no tie to it.

use std::collections::BTreeSet;

use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::value::{Division, EnterpriseId, InstitutionId, PersonId};

pub(super) fn division(code: &str) -> Division {
    Division::parse(code).expect("the tests use divisions of the table")
}

pub(super) fn enterprise_id() -> EnterpriseId {
    EnterpriseId::named("a maker of gauges in Shenzhen")
}

pub(super) fn institute() -> InstitutionId {
    InstitutionId::named("the metrology institute of Shenzhen")
}

pub(super) fn university() -> InstitutionId {
    InstitutionId::named("a university")
}

/// A registered person by the name of the fixture that acts for it.
pub(super) fn person(name: &str) -> PersonId {
    PersonId::named(name)
}

fn actor(name: &str, role: Role, jurisdiction: &str) -> Actor {
    Actor {
        id: ActorId::from(person(name)),
        roles: BTreeSet::from([role]),
        jurisdiction: division(jurisdiction),
        institution: None,
        enterprise: None,
    }
}

/// E of the case.
pub(super) fn enterprise() -> Actor {
    Actor { enterprise: Some(enterprise_id()), ..actor("enterprise", Role::Enterprise, "440305") }
}

/// E of another case.
pub(super) fn another_enterprise() -> Actor {
    Actor {
        enterprise: Some(EnterpriseId::named("another enterprise")),
        ..actor("another enterprise", Role::Enterprise, "440305")
    }
}

/// V of the city.
pub(super) fn visitor() -> Actor {
    actor("visitor", Role::Visitor, "4403")
}

/// C of the city.
pub(super) fn coordinator() -> Actor {
    actor("coordinator", Role::Coordinator, "4403")
}

/// C of a neighbouring city.
pub(super) fn neighbour() -> Actor {
    actor("neighbour", Role::Coordinator, "4401")
}

/// B of the province.
pub(super) fn manager() -> Actor {
    actor("manager", Role::Manager, "44")
}

/// B of the nation.
pub(super) fn national_manager() -> Actor {
    actor("national manager", Role::Manager, "CN")
}

/// L, once assigned.
pub(super) fn lead() -> Actor {
    Actor { institution: Some(institute()), ..actor("lead", Role::Lead, "CN") }
}

/// L of no case, until it is reassigned.
pub(super) fn another_lead() -> Actor {
    Actor { institution: Some(university()), ..actor("another lead", Role::Lead, "CN") }
}

/// X, once joined.
pub(super) fn expert() -> Actor {
    Actor { institution: Some(university()), ..actor("expert", Role::Expert, "CN") }
}

/// X that is invited and has not answered, where the story says so.
pub(super) fn invitee() -> Actor {
    actor("invitee", Role::Expert, "CN")
}

/// X that nobody invited.
pub(super) fn stranger() -> Actor {
    actor("stranger", Role::Expert, "CN")
}

/// R of the province.
pub(super) fn reviewer() -> Actor {
    actor("reviewer", Role::Reviewer, "44")
}

/// A of the nation.
pub(super) fn auditor() -> Actor {
    actor("auditor", Role::Auditor, "CN")
}

/// S.
pub(super) fn clock() -> Actor {
    Actor::clock()
}

/// The importer.
pub(super) fn importer() -> Actor {
    Actor::of_the_server(ActorId::importer(), Role::Importer)
}
