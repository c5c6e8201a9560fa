use super::*;
use crate::domain::refusal::Code;

fn enrolling(by: Actor, command: EnrolEnterprise) -> Outcome<Enterprise> {
    Given::<Enterprise>::nothing().when(order(by, command))
}

fn enrolling_in(known: Option<KnownCampaign>) -> Outcome<Enterprise> {
    let campaign = CampaignFacts { campaign: this_year(), known };
    enrolling(own_contact(), EnrolEnterprise { campaign, ..enrol() })
}

#[test]
fn an_enterprise_enrols_itself_or_through_its_coordinator() {
    enrolling(own_contact(), enrol()).then(enrolled());
    enrolling(coordinator(), enrol()).then(enrolled());
    enrolling(actor(Role::Coordinator, "4401"), enrol()).then_refused(Code::OutsideJurisdiction, "divisionCode");
    enrolling(contact_of(EnterpriseId::named("another")), enrol()).then_refused(Code::NotPermitted, "");
    for role in [Role::Manager, Role::Visitor, Role::Importer, Role::Auditor] {
        enrolling(actor(role, "CN"), enrol()).then_refused(Code::NotPermitted, "");
    }
}

#[test]
fn enrolment_needs_consent() {
    let silent = EnrolEnterprise { consent: None, ..enrol() };
    enrolling(own_contact(), silent.clone()).then_refused(Code::ConsentMissing, "consent");
    enrolling(coordinator(), silent).then_refused(Code::ConsentMissing, "consent");
}

#[test]
fn enrolment_needs_an_open_campaign_that_serves_there() {
    enrolling_in(None).then_refused(Code::CampaignUnknown, "campaignId");
    enrolling_in(Some(KnownCampaign { open: false, ..open_campaign() }))
        .then_refused(Code::CampaignClosed, "campaignId");
    enrolling_in(Some(KnownCampaign { jurisdiction: division("4401"), ..open_campaign() }))
        .then_refused(Code::OutsideJurisdiction, "divisionCode");
    enrolling_in(Some(KnownCampaign { kind: CampaignKind::Import, ..open_campaign() }))
        .then_refused(Code::NotPermitted, "campaignId");
}

#[test]
fn nothing_happens_in_the_future() {
    Given::<Enterprise>::nothing()
        .when(order_of_tomorrow(own_contact(), enrol()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
    given_enrolled()
        .when(order_of_tomorrow(own_contact(), withdraw()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
}

#[test]
fn an_enterprise_is_enrolled_once_in_each_campaign() {
    given_enrolled().when(order(own_contact(), enrol())).then_refused(Code::AlreadyEnrolled, "campaignId");
    let refusal = given_enrolled().state().decide(&order(own_contact(), enrol())).expect_err("it is on the list");
    assert!(refusal.message.contains("amendEnterprise"), "{refusal}");

    let next_year = EnrolEnterprise {
        name: label("深圳精密机械股份有限公司"),
        address: None,
        contact: None,
        campaign: campaign_facts(campaign_of("2027"), open_campaign()),
        ..enrol()
    };
    let again = EnterpriseEnrolled {
        name: label("深圳精密机械股份有限公司"),
        address: None,
        contact: None,
        campaign: campaign_of("2027"),
        ..enrolled()
    };
    given_enrolled().when(order(own_contact(), next_year)).then(again.clone());

    let state = given_enrolled().and(again).state();
    assert!(state.is_enrolled(this_year()) && state.is_enrolled(campaign_of("2027")));
    let file = state.file.expect("it is registered");
    assert_eq!(file.name, label("深圳精密机械股份有限公司"));
    assert_eq!(file.address, enrol().address);
    assert_eq!(file.contact, enrol().contact);
}

#[test]
fn an_enterprise_that_has_withdrawn_may_come_back() {
    given_enrolled().and(withdrawn()).when(order(own_contact(), enrol())).then(enrolled());
    let state = given_enrolled().and(withdrawn()).and(enrolled()).state();
    assert!(state.is_enrolled(this_year()));
}

#[test]
fn a_coordinator_does_not_take_another_ones_enterprise() {
    let moved = EnrolEnterprise {
        division: division("4401"),
        campaign: campaign_facts(campaign_of("2027"), open_campaign()),
        ..enrol()
    };
    let there = EnterpriseEnrolled { division: division("4401"), campaign: campaign_of("2027"), ..enrolled() };
    given_enrolled()
        .when(order(actor(Role::Coordinator, "4401"), moved.clone()))
        .then_refused(Code::OutsideJurisdiction, "");
    given_enrolled().when(order(actor(Role::Coordinator, "44"), moved.clone())).then(there.clone());
    given_enrolled().when(order(own_contact(), moved)).then(there);
}

/// As it does when its entry is amended.
#[test]
fn an_enrolment_moves_no_enterprise_out_of_where_an_open_campaign_serves() {
    let of_the_nation = KnownCampaign { jurisdiction: Division::nation(), ..open_campaign() };
    let moved = |known| EnrolEnterprise {
        division: division("3205"),
        campaign: campaign_facts(campaign_of("2027"), of_the_nation.clone()),
        campaigns: vec![campaign_facts(this_year(), known)],
        ..enrol()
    };
    let there = EnterpriseEnrolled { division: division("3205"), campaign: campaign_of("2027"), ..enrolled() };
    let enrolling = |command: EnrolEnterprise| given_enrolled().when(order(actor(Role::Coordinator, "CN"), command));
    enrolling(moved(open_campaign())).then_refused(Code::OutsideJurisdiction, "divisionCode");
    // What is closed serves nobody any more.
    enrolling(moved(KnownCampaign { open: false, ..open_campaign() })).then(there.clone());
    // It stays where it is, wherever that is.
    let elsewhere = KnownCampaign { jurisdiction: division("32"), ..open_campaign() };
    let stays = EnrolEnterprise { division: enrol().division, ..moved(elsewhere) };
    enrolling(stays).then(EnterpriseEnrolled { division: enrolled().division, ..there });
}

#[test]
fn the_importer_enrols_what_another_tracker_knew_without_consent() {
    let foreign = |kind| EnrolEnterprise {
        identity: foreign_identity(),
        consent: None,
        campaign: campaign_facts(this_year(), KnownCampaign { kind, ..open_campaign() }),
        ..enrol()
    };
    enrolling(importer(), foreign(CampaignKind::Import)).then(EnterpriseEnrolled {
        identity: foreign_identity(),
        consent: Consent::Imported,
        ..enrolled()
    });
    enrolling(importer(), foreign(CampaignKind::Service)).then_refused(Code::NotPermitted, "campaignId");
    enrolling(coordinator(), foreign(CampaignKind::Import)).then_refused(Code::NotPermitted, "");
    enrolling(contact_of(foreign_identity().enterprise()), foreign(CampaignKind::Import))
        .then_refused(Code::NotPermitted, "");
}

#[test]
fn the_importer_does_not_bring_back_who_has_withdrawn() {
    let enrolled = EnterpriseEnrolled { identity: foreign_identity(), consent: Consent::Imported, ..enrolled() };
    let again = |campaign| EnrolEnterprise {
        identity: foreign_identity(),
        consent: None,
        campaign: campaign_facts(campaign, KnownCampaign { kind: CampaignKind::Import, ..open_campaign() }),
        ..enrol()
    };
    let given = || Given::<Enterprise>::that(enrolled.clone());
    given().when(order(importer(), again(this_year()))).then_refused(Code::AlreadyEnrolled, "campaignId");
    let given = || given().and(withdrawn());
    given().when(order(importer(), again(this_year()))).then_refused(Code::ConsentMissing, "consent");
    let next_year = EnterpriseEnrolled { campaign: campaign_of("2027"), ..enrolled.clone() };
    given().when(order(importer(), again(campaign_of("2027")))).then(next_year);
}

#[test]
fn the_importer_tells_of_an_earlier_beginning() {
    let enrolled = EnterpriseEnrolled {
        identity: foreign_identity(),
        consent: Consent::Imported,
        address: None,
        contact: None,
        ..enrolled()
    };
    let again = EnrolEnterprise {
        identity: foreign_identity(),
        name: label("改了名"),
        consent: None,
        campaign: campaign_facts(this_year(), KnownCampaign { kind: CampaignKind::Import, ..open_campaign() }),
        ..enrol()
    };
    let given = || Given::<Enterprise>::that(enrolled.clone());
    let at = |text| order(importer(), again.clone()).occurred(time(text));
    given().when(at("2012-03-14T01:30:00Z")).then(enrolled.clone());
    given().when(at("2026-03-09T02:00:00Z")).then_refused(Code::AlreadyEnrolled, "campaignId");
    given().and(withdrawn()).when(at("2012-03-14T01:30:00Z")).then_refused(Code::ConsentMissing, "consent");
    // Whoever enrolled by consent did so when it says.
    let by_consent = EnterpriseEnrolled { identity: foreign_identity(), ..super::enrolled() };
    let given = Given::<Enterprise>::that(by_consent);
    given.when(at("2012-03-14T01:30:00Z")).then_refused(Code::AlreadyEnrolled, "campaignId");
}

#[test]
fn an_enterprise_withdraws_itself_or_through_its_coordinator() {
    let withdrawing = |by| given_enrolled().when(order(by, withdraw()));
    withdrawing(own_contact()).then(withdrawn());
    withdrawing(coordinator()).then(withdrawn());
    withdrawing(actor(Role::Coordinator, "4401")).then_refused(Code::OutsideJurisdiction, "");
    withdrawing(contact_of(EnterpriseId::named("another"))).then_refused(Code::NotPermitted, "");
    withdrawing(actor(Role::Manager, "44")).then_refused(Code::NotPermitted, "");

    let enrolment = &given_enrolled().and(withdrawn()).state().file.expect("it is registered");
    assert!(!enrolment.enrolments[&this_year()].stands());
}

#[test]
fn only_an_enrolment_that_stands_is_withdrawn() {
    Given::<Enterprise>::nothing()
        .when(order(coordinator(), withdraw()))
        .then_refused(Code::EnterpriseUnknown, "enterpriseId");
    given_enrolled()
        .and(withdrawn())
        .when(order(own_contact(), withdraw()))
        .then_refused(Code::NotEnrolled, "campaignId");
    let another = WithdrawEnrolment { campaign: campaign_of("2027"), ..withdraw() };
    given_enrolled().when(order(own_contact(), another)).then_refused(Code::NotEnrolled, "campaignId");
}
