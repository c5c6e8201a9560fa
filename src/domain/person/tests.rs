use proptest::prelude::*;
use proptest::sample::select;

use super::command::{AffiliationFacts, AmendPerson, ErasePerson, PersonCommand, RegisterPerson, Standing};
use super::event::{PersonAmended, PersonErased, PersonRegistered};
use super::state::Person;
use super::values::{Affiliation, Capacity, LegalBasis};
use crate::domain::actor::{Actor, Role};
use crate::domain::change::Change;
use crate::domain::fixtures::*;
use crate::domain::order::Order;
use crate::domain::refusal::Code;
use crate::domain::value::{EnterpriseId, InstitutionId, PersonId};

fn coordinator() -> Actor {
    actor(Role::Coordinator, "44")
}

fn institute() -> InstitutionId {
    InstitutionId::named("institute")
}

fn factory() -> EnterpriseId {
    EnterpriseId::named("factory")
}

fn standing(version: u64, code: &str) -> Standing {
    Standing { version, division: division(code) }
}

fn of_the_institute(version: u64, code: &str) -> AffiliationFacts {
    AffiliationFacts::Institution { institution: institute(), known: Some(standing(version, code)) }
}

fn of_the_factory() -> AffiliationFacts {
    AffiliationFacts::Enterprise { enterprise: factory(), known: Some(standing(7, "4401")) }
}

fn register() -> RegisterPerson {
    RegisterPerson {
        name: personal("王建国"),
        telephone: Some(personal("0755-1234")),
        affiliation: Some(of_the_institute(2, "4403")),
        capacity: Capacity::Expert,
        fields: categories(&["L"]),
    }
}

fn registered() -> PersonRegistered {
    PersonRegistered {
        name: personal("王建国"),
        telephone: Some(personal("0755-1234")),
        affiliation: Affiliation::Institution { institution: institute(), version: 2 },
        division: division("4403"),
        capacity: Capacity::Expert,
        fields: categories(&["L"]),
    }
}

fn amend() -> AmendPerson {
    AmendPerson { name: None, telephone: Change::Keep, affiliation: None, capacity: None, fields: None }
}

fn registering(by: Actor, affiliation: Option<AffiliationFacts>) -> Outcome<Person> {
    let command = RegisterPerson { affiliation, ..register() };
    Given::<Person>::nothing().when(order(by, command))
}

fn amending(by: Actor, command: AmendPerson) -> Outcome<Person> {
    Given::<Person>::that(registered()).when(order(by, command))
}

#[test]
fn a_bureau_registers_persons_of_its_jurisdiction() {
    let institute = Some(of_the_institute(2, "4403"));
    registering(coordinator(), institute.clone()).then(registered());
    registering(actor(Role::Manager, "4403"), institute.clone()).then(registered());
    registering(actor(Role::Manager, "4401"), institute.clone()).then_refused(Code::OutsideJurisdiction, "affiliation");
    registering(actor(Role::Lead, "44"), institute).then_refused(Code::NotPermitted, "");
}

#[test]
fn a_person_belongs_to_a_bureau_or_an_enterprise_as_well() {
    let bureau = AffiliationFacts::Bureau { division: division("4401") };
    registering(coordinator(), Some(bureau)).then(PersonRegistered {
        affiliation: Affiliation::Bureau { division: division("4401") },
        division: division("4401"),
        ..registered()
    });
    registering(coordinator(), Some(of_the_factory())).then(PersonRegistered {
        affiliation: Affiliation::Enterprise { enterprise: factory(), version: 7 },
        division: division("4401"),
        ..registered()
    });
}

#[test]
fn a_person_belongs_to_something_that_is_registered() {
    registering(coordinator(), None).then_refused(Code::AffiliationMissing, "affiliation");
    let institution = AffiliationFacts::Institution { institution: institute(), known: None };
    registering(coordinator(), Some(institution)).then_refused(Code::InstitutionUnknown, "affiliation.institutionId");
    let enterprise = AffiliationFacts::Enterprise { enterprise: factory(), known: None };
    registering(coordinator(), Some(enterprise)).then_refused(Code::EnterpriseUnknown, "affiliation.enterpriseId");
}

#[test]
fn a_person_is_registered_once() {
    Given::<Person>::that(registered())
        .when(order(coordinator(), register()))
        .then_refused(Code::AlreadyRegistered, "");
}

#[test]
fn nothing_happens_in_the_future() {
    Given::<Person>::nothing()
        .when(order_of_tomorrow(coordinator(), register()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
    Given::<Person>::that(registered())
        .when(order_of_tomorrow(coordinator(), amend()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
}

#[test]
fn an_amendment_records_what_is_different() {
    let command = AmendPerson {
        name: Some(personal("王建国")),
        telephone: Change::Clear,
        affiliation: Some(of_the_factory()),
        capacity: Some(Capacity::Contact),
        fields: Some(categories(&[])),
    };
    let amended = PersonAmended {
        name: None,
        telephone: Change::Clear,
        affiliation: Some(Affiliation::Enterprise { enterprise: factory(), version: 7 }),
        division: Some(division("4401")),
        capacity: Some(Capacity::Contact),
        fields: Some(categories(&[])),
    };
    amending(coordinator(), command).then(amended.clone());

    let state = Given::<Person>::that(registered()).and(amended).state();
    let id = PersonId::named("somebody");
    assert_eq!(state.facts(id, 2).institution, None);
    let file = state.file.expect("the person is registered");
    assert_eq!(file.name, personal("王建国"));
    assert_eq!((file.telephone, file.capacity), (None, Capacity::Contact));
    assert_eq!(file.division, division("4401"));
    assert!(file.fields.is_empty());
}

#[test]
fn an_amendment_changes_something() {
    amending(coordinator(), amend()).then_refused(Code::NothingToAmend, "");
    let the_same_institute_later = AmendPerson { affiliation: Some(of_the_institute(9, "4403")), ..amend() };
    amending(coordinator(), the_same_institute_later).then_refused(Code::NothingToAmend, "");
    let the_institute_has_moved = AmendPerson { affiliation: Some(of_the_institute(9, "4401")), ..amend() };
    amending(coordinator(), the_institute_has_moved).then(PersonAmended {
        affiliation: Some(Affiliation::Institution { institution: institute(), version: 9 }),
        division: Some(division("4401")),
        ..PersonAmended::default()
    });
}

#[test]
fn a_person_moves_within_the_jurisdiction_of_whoever_says_so() {
    let to_the_factory = AmendPerson { affiliation: Some(of_the_factory()), ..amend() };
    amending(actor(Role::Coordinator, "4403"), to_the_factory.clone())
        .then_refused(Code::OutsideJurisdiction, "affiliation");
    amending(actor(Role::Coordinator, "4401"), to_the_factory).then_refused(Code::OutsideJurisdiction, "");
    amending(actor(Role::Expert, "CN"), amend()).then_refused(Code::NotPermitted, "");
}

#[test]
fn only_a_registered_person_is_amended() {
    Given::<Person>::nothing().when(order(coordinator(), amend())).then_refused(Code::PersonUnknown, "personId");
}

#[test]
fn the_register_says_what_others_ask() {
    let id = PersonId::named("somebody");
    assert_eq!(Given::<Person>::nothing().state().facts(id, 0).version, 0);
    let facts = Given::<Person>::that(registered()).state().facts(id, 1);
    assert_eq!((facts.person, facts.version, facts.institution), (id, 1, Some(institute())));
}

#[test]
fn names_and_numbers_are_marked_as_personal_in_the_log() {
    let json = serde_json::to_value(recorded::<super::event::PersonFact>(registered()));
    let json = json.expect("it is written as JSON");
    let fact = &json["fact"]["PersonRegistered"];
    assert_eq!(fact["name"]["$p"]["v"], "王建国");
    assert_eq!(fact["telephone"]["$p"]["v"], "0755-1234");
}

fn erase() -> ErasePerson {
    ErasePerson { legal_basis: LegalBasis::ConsentWithdrawn, reason: Some(statement("asked in writing")) }
}

fn erased() -> PersonErased {
    PersonErased { legal_basis: LegalBasis::ConsentWithdrawn, reason: statement("asked in writing") }
}

fn erasing(by: Actor, command: ErasePerson) -> Outcome<Person> {
    Given::<Person>::that(registered()).when(order(by, command))
}

#[test]
fn a_manager_with_a_legal_basis_erases() {
    erasing(actor(Role::Manager, "44"), erase()).then(erased());
    erasing(actor(Role::Manager, "4403"), erase()).then(erased());
    erasing(actor(Role::Manager, "4401"), erase()).then_refused(Code::OutsideJurisdiction, "");
    erasing(coordinator(), erase()).then_refused(Code::NotPermitted, "");
    erasing(actor(Role::Auditor, "CN"), erase()).then_refused(Code::NotPermitted, "");
    erasing(actor(Role::Manager, "44"), ErasePerson { reason: None, ..erase() })
        .then_refused(Code::ReasonMissing, "reason");
    Given::<Person>::nothing()
        .when(order(actor(Role::Manager, "44"), erase()))
        .then_refused(Code::PersonUnknown, "personId");
    Given::<Person>::that(registered())
        .when(order_of_tomorrow(actor(Role::Manager, "44"), erase()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
}

#[test]
fn nothing_more_is_said_of_whoever_was_erased() {
    let given = || Given::<Person>::that(registered()).and(erased());
    given().when(order(actor(Role::Manager, "44"), erase())).then_refused(Code::AlreadyErased, "personId");
    let command = AmendPerson { name: Some(personal("王健国")), ..amend() };
    given().when(order(coordinator(), command)).then_refused(Code::AlreadyErased, "personId");
    let file = given().state().file.expect("the entry stays");
    assert_eq!((file.erased, file.capacity), (Some(LegalBasis::ConsentWithdrawn), Capacity::Expert));
}

fn palette() -> Vec<Order<PersonCommand>> {
    let affiliation = |affiliation| AmendPerson { affiliation: Some(affiliation), ..amend() };
    let telephone = |telephone| AmendPerson { telephone, ..amend() };
    vec![
        order(coordinator(), register()),
        order(coordinator(), amend()),
        order(coordinator(), affiliation(of_the_factory())),
        order(coordinator(), affiliation(of_the_institute(4, "4403"))),
        order(actor(Role::Manager, "44"), erase()),
        order(coordinator(), telephone(Change::Clear)),
        order(coordinator(), telephone(Change::To(personal("020-5678")))),
    ]
}

proptest! {
    #[test]
    fn any_orders_fold_to_one_state(orders in prop::collection::vec(select(palette()), 0..16)) {
        check_walk::<Person>(orders);
    }
}
