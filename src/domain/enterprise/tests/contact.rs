use super::*;
use crate::domain::refusal::Code;

fn erasing(by: Actor, command: EraseContact) -> Outcome<Enterprise> {
    given_enrolled().when(order(by, command))
}

#[test]
fn a_manager_with_a_legal_basis_erases_whom_to_call() {
    erasing(actor(Role::Manager, "44"), erase()).then(erased());
    erasing(actor(Role::Manager, "4403"), erase()).then(erased());
    erasing(actor(Role::Manager, "4401"), erase()).then_refused(Code::OutsideJurisdiction, "");
    erasing(coordinator(), erase()).then_refused(Code::NotPermitted, "");
    erasing(own_contact(), erase()).then_refused(Code::NotPermitted, "");
    let silent = EraseContact { reason: None, ..erase() };
    erasing(actor(Role::Manager, "44"), silent).then_refused(Code::ReasonMissing, "reason");
    given_enrolled()
        .when(order_of_tomorrow(actor(Role::Manager, "44"), erase()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
    Given::<Enterprise>::nothing()
        .when(order(actor(Role::Manager, "44"), erase()))
        .then_refused(Code::EnterpriseUnknown, "enterpriseId");
}

#[test]
fn nobody_is_erased_where_nobody_is_on_record() {
    let manager = || actor(Role::Manager, "44");
    given_enrolled().and(erased()).when(order(manager(), erase())).then_refused(Code::NotFound, "enterpriseId");
    let state = given_enrolled().and(erased()).state();
    let file = state.file.expect("the entry stays");
    assert_eq!((file.contact, file.address), (None, enrol().address));
    // An enrolment that leaves the contact out brings nobody back, and one that names somebody counts.
    let again = |contact| EnterpriseEnrolled { contact, ..enrolled() };
    let file = given_enrolled().and(erased()).and(again(None)).state().file.expect("it is registered");
    assert_eq!(file.contact, None);
    let given = given_enrolled().and(erased()).and(again(enrol().contact));
    given.when(order(manager(), erase())).then(erased());
}
