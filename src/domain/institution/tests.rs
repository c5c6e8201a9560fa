use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::command::{AmendInstitution, InstitutionCommand, RegisterInstitution};
use super::event::{InstitutionAmended, InstitutionRegistered};
use super::state::Institution;
use super::values::InstitutionKind;
use crate::domain::actor::{Actor, Role};
use crate::domain::change::Change;
use crate::domain::fixtures::*;
use crate::domain::order::Order;
use crate::domain::refusal::Code;

fn coordinator() -> Actor {
    actor(Role::Coordinator, "44")
}

fn register() -> RegisterInstitution {
    RegisterInstitution {
        name: label("深圳市计量质量检测研究院"),
        division: division("4403"),
        kind: InstitutionKind::MetrologyInstitute,
        capabilities: categories(&["L", "T"]),
        accreditation: Some(label("CNAS L0579")),
    }
}

fn registered() -> InstitutionRegistered {
    InstitutionRegistered {
        name: label("深圳市计量质量检测研究院"),
        division: division("4403"),
        kind: InstitutionKind::MetrologyInstitute,
        capabilities: categories(&["L", "T"]),
        accreditation: Some(label("CNAS L0579")),
    }
}

fn amend() -> AmendInstitution {
    AmendInstitution { name: None, division: None, kind: None, capabilities: None, accreditation: Change::Keep }
}

fn registering(by: Actor) -> Outcome<Institution> {
    Given::<Institution>::nothing().when(order(by, register()))
}

fn amending(by: Actor, command: AmendInstitution) -> Outcome<Institution> {
    Given::<Institution>::that(registered()).when(order(by, command))
}

#[test]
fn a_bureau_registers_an_institution_of_its_jurisdiction() {
    registering(coordinator()).then(registered());
    registering(actor(Role::Manager, "CN")).then(registered());
    registering(actor(Role::Manager, "11")).then_refused(Code::OutsideJurisdiction, "divisionCode");
    for role in [Role::Visitor, Role::Lead, Role::Auditor, Role::Importer] {
        registering(actor(role, "CN")).then_refused(Code::NotPermitted, "");
    }
}

#[test]
fn an_institution_is_registered_once() {
    Given::<Institution>::that(registered())
        .when(order(coordinator(), register()))
        .then_refused(Code::AlreadyRegistered, "");
}

#[test]
fn nothing_happens_in_the_future() {
    Given::<Institution>::nothing()
        .when(order_of_tomorrow(coordinator(), register()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
    Given::<Institution>::that(registered())
        .when(order_of_tomorrow(coordinator(), amend()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
}

#[test]
fn an_amendment_records_what_is_different() {
    let command = AmendInstitution {
        name: Some(label("深圳市计量院")),
        kind: Some(InstitutionKind::MetrologyInstitute),
        capabilities: Some(categories(&["L"])),
        accreditation: Change::Clear,
        ..amend()
    };
    let amended = InstitutionAmended {
        name: Some(label("深圳市计量院")),
        capabilities: Some(categories(&["L"])),
        accreditation: Change::Clear,
        ..InstitutionAmended::default()
    };
    amending(coordinator(), command).then(amended.clone());

    let state = Given::<Institution>::that(registered()).and(amended).state();
    let file = state.file.expect("it is registered");
    assert_eq!(file.name, label("深圳市计量院"));
    assert_eq!(file.division, division("4403"));
    assert_eq!(file.capabilities, categories(&["L"]));
    assert_eq!(file.accreditation, None);
}

#[test]
fn an_amendment_changes_something() {
    amending(coordinator(), amend()).then_refused(Code::NothingToAmend, "");
    let the_same = AmendInstitution {
        name: Some(register().name),
        division: Some(division("4403")),
        accreditation: Change::To(label("CNAS L0579")),
        ..amend()
    };
    amending(coordinator(), the_same).then_refused(Code::NothingToAmend, "");
}

#[test]
fn an_institution_moves_within_the_jurisdiction_of_whoever_says_so() {
    let move_to = |code| AmendInstitution { division: Some(division(code)), ..amend() };
    amending(coordinator(), move_to("4401"))
        .then(InstitutionAmended { division: Some(division("4401")), ..InstitutionAmended::default() });
    amending(coordinator(), move_to("11")).then_refused(Code::OutsideJurisdiction, "divisionCode");
    amending(actor(Role::Coordinator, "11"), move_to("11")).then_refused(Code::OutsideJurisdiction, "");
    amending(actor(Role::Expert, "CN"), move_to("11")).then_refused(Code::NotPermitted, "");
}

#[test]
fn only_a_registered_institution_is_amended() {
    Given::<Institution>::nothing()
        .when(order(coordinator(), amend()))
        .then_refused(Code::InstitutionUnknown, "institutionId");
}

#[test]
fn it_says_of_itself_what_others_ask() {
    assert_eq!(Given::<Institution>::nothing().state().standing(0), None);
    let standing = Given::<Institution>::that(registered()).state().standing(1);
    let standing = standing.expect("it is registered");
    assert_eq!((standing.version, standing.division), (1, division("4403")));
}

fn palette() -> Vec<Order<InstitutionCommand>> {
    let capabilities = |capabilities: BTreeSet<_>| AmendInstitution { capabilities: Some(capabilities), ..amend() };
    let accreditation = |accreditation| AmendInstitution { accreditation, ..amend() };
    vec![
        order(coordinator(), register()),
        order(coordinator(), amend()),
        order(coordinator(), capabilities(BTreeSet::new())),
        order(coordinator(), capabilities(categories(&["M"]))),
        order(coordinator(), accreditation(Change::Clear)),
        order(coordinator(), accreditation(Change::To(label("CMA")))),
    ]
}

proptest! {
    #[test]
    fn any_orders_fold_to_one_state(orders in prop::collection::vec(select(palette()), 0..16)) {
        check_walk::<Institution>(orders);
    }
}
