use super::*;
use crate::domain::refusal::Code;

fn amending(by: Actor, command: AmendEnterprise) -> Outcome<Enterprise> {
    given_enrolled().when(order(by, command))
}

fn another_contact() -> Contact {
    Contact { name: personal("赵敏"), telephone: Some(personal("0755-87654321")) }
}

fn renamed() -> EnterpriseAmended {
    EnterpriseAmended { name: Some(label("深圳精密机械股份有限公司")), ..EnterpriseAmended::default() }
}

fn rename() -> AmendEnterprise {
    AmendEnterprise { name: renamed().name, ..amend() }
}

fn call(contact: Change<Contact>) -> AmendEnterprise {
    AmendEnterprise { contact, ..amend() }
}

fn called(contact: Change<Contact>) -> EnterpriseAmended {
    EnterpriseAmended { contact, ..EnterpriseAmended::default() }
}

fn move_to(code: &str, known: KnownCampaign) -> AmendEnterprise {
    let campaigns = vec![campaign_facts(this_year(), known)];
    AmendEnterprise { division: Some(division(code)), campaigns, ..amend() }
}

fn moved_to(code: &str) -> EnterpriseAmended {
    EnterpriseAmended { division: Some(division(code)), ..EnterpriseAmended::default() }
}

#[test]
fn an_entry_is_amended_by_the_enterprise_or_its_coordinator() {
    amending(own_contact(), rename()).then(renamed());
    amending(coordinator(), rename()).then(renamed());
    amending(actor(Role::Coordinator, "4401"), rename()).then_refused(Code::OutsideJurisdiction, "");
    amending(contact_of(EnterpriseId::named("another")), rename()).then_refused(Code::NotPermitted, "");
    for role in [Role::Manager, Role::Visitor, Role::Importer, Role::Auditor] {
        amending(actor(role, "CN"), rename()).then_refused(Code::NotPermitted, "");
    }
    Given::<Enterprise>::nothing()
        .when(order(coordinator(), rename()))
        .then_refused(Code::EnterpriseUnknown, "enterpriseId");
    given_enrolled()
        .when(order_of_tomorrow(own_contact(), rename()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
}

#[test]
fn an_amendment_says_what_is_different_and_nothing_else() {
    let everything = AmendEnterprise {
        division: Some(division("440305")),
        address: Change::Clear,
        contact: Change::To(another_contact()),
        ..rename()
    };
    let different = EnterpriseAmended { address: Change::Clear, contact: Change::To(another_contact()), ..renamed() };
    amending(own_contact(), everything).then(different.clone());

    let before = given_enrolled().state().file.expect("it is registered");
    let file = given_enrolled().and(different).state().file.expect("it is registered");
    assert_eq!((&file.name, &file.division), (&label("深圳精密机械股份有限公司"), &before.division));
    assert_eq!((&file.address, &file.contact), (&None, &Some(another_contact())));
    assert_eq!((&file.identity, &file.enrolments), (&before.identity, &before.enrolments));
}

#[test]
fn an_amendment_changes_something() {
    amending(own_contact(), amend()).then_refused(Code::NothingToAmend, "");
    let the_same = AmendEnterprise {
        name: Some(enrol().name),
        division: Some(enrol().division),
        address: Change::To(enrol().address.expect("it has one")),
        contact: Change::To(enrol().contact.expect("it has one")),
        ..amend()
    };
    amending(own_contact(), the_same).then_refused(Code::NothingToAmend, "");
    let cleared = call(Change::Clear);
    given_enrolled().and(erased()).when(order(own_contact(), cleared)).then_refused(Code::NothingToAmend, "");
}

#[test]
fn an_entry_is_amended_whether_the_enterprise_is_on_a_list_or_not() {
    given_enrolled().and(withdrawn()).when(order(own_contact(), rename())).then(renamed());
    let state = given_enrolled().and(withdrawn()).and(renamed()).state();
    assert!(!state.is_enrolled(this_year()));
}

#[test]
fn an_enterprise_on_an_open_list_stays_where_its_campaign_serves() {
    amending(coordinator(), move_to("440306", open_campaign())).then(moved_to("440306"));
    let nation = || actor(Role::Coordinator, "CN");
    amending(nation(), move_to("3205", open_campaign())).then_refused(Code::OutsideJurisdiction, "divisionCode");
    amending(own_contact(), move_to("3205", open_campaign())).then_refused(Code::OutsideJurisdiction, "divisionCode");
    // What is closed serves nobody any more.
    let closed = KnownCampaign { open: false, ..open_campaign() };
    amending(nation(), move_to("3205", closed)).then(moved_to("3205"));
    let off_the_list = AmendEnterprise { campaigns: Vec::new(), ..move_to("3205", open_campaign()) };
    given_enrolled().and(withdrawn()).when(order(nation(), off_the_list)).then(moved_to("3205"));
    // It stays where it is, wherever that is.
    let elsewhere = KnownCampaign { jurisdiction: division("32"), ..open_campaign() };
    let stays = AmendEnterprise { name: renamed().name, ..move_to("440305", elsewhere) };
    amending(coordinator(), stays).then(renamed());
}

#[test]
fn nobody_moves_an_enterprise_out_of_their_own_sight() {
    let moved = || move_to("4401", open_campaign());
    amending(coordinator(), moved()).then_refused(Code::OutsideJurisdiction, "divisionCode");
    amending(actor(Role::Coordinator, "4401"), moved()).then_refused(Code::OutsideJurisdiction, "");
    amending(actor(Role::Coordinator, "44"), moved()).then(moved_to("4401"));
    let of_shenzhen = Actor { jurisdiction: division("4403"), ..own_contact() };
    amending(of_shenzhen, moved()).then_refused(Code::OutsideJurisdiction, "divisionCode");
}

#[test]
fn it_is_on_the_list_of_campaigns_that_it_has_not_withdrawn_from() {
    assert_eq!(Given::<Enterprise>::nothing().state().campaigns(), [] as [CampaignId; 0]);
    let next_year = EnterpriseEnrolled { campaign: campaign_of("2027"), ..enrolled() };
    let state = given_enrolled().and(next_year).and(withdrawn()).state();
    assert_eq!(state.campaigns(), [campaign_of("2027")]);
}

#[test]
fn whoever_was_taken_out_as_whom_to_call_is_still_to_be_erased() {
    let manager = || actor(Role::Manager, "44");
    let erasing = |given: Given<Enterprise>| given.when(order(manager(), erase()));
    let replaced = || given_enrolled().and(called(Change::To(another_contact())));
    let taken_out = || replaced().and(called(Change::Clear));
    given_enrolled().when(order(own_contact(), call(Change::Clear))).then(called(Change::Clear));
    erasing(replaced()).then(erased());
    erasing(taken_out()).then(erased());
    assert_eq!(taken_out().state().file.expect("it is registered").contact, None);
    erasing(taken_out().and(erased())).then_refused(Code::NotFound, "enterpriseId");
    // An enrolment since then that names nobody changes nothing of it.
    let again = EnterpriseEnrolled { contact: None, campaign: campaign_of("2027"), ..enrolled() };
    erasing(taken_out().and(again)).then(erased());
    let named_anew = taken_out().and(erased()).and(called(Change::To(another_contact())));
    erasing(named_anew).then(erased());
}
