//! Given / when / then for enterprises: what the tests share, and the walk over all of it.

use proptest::prelude::*;
use proptest::sample::select;

use crate::domain::actor::{Actor, Role};
use crate::domain::campaign::command::{CampaignFacts, KnownCampaign};
use crate::domain::campaign::values::CampaignKind;
use crate::domain::change::Change;
use crate::domain::enterprise::command::{
    AmendEnterprise, EnrolEnterprise, EnterpriseCommand, EraseContact, RecordFieldVisit, WithdrawEnrolment,
};
use crate::domain::enterprise::event::{ContactErased, EnrolmentWithdrawn, EnterpriseAmended, EnterpriseEnrolled};
use crate::domain::enterprise::state::Enterprise;
use crate::domain::enterprise::values::{Consent, Contact, Identity};
use crate::domain::fixtures::*;
use crate::domain::order::Order;
use crate::domain::person::values::LegalBasis;
use crate::domain::value::{CampaignId, Division, EnterpriseId, UnifiedSocialCreditCode, VisitId};

mod amendment;
mod contact;
mod enrolment;
mod visit;

fn coordinator() -> Actor {
    actor(Role::Coordinator, "4403")
}

fn campaign_of(year: &str) -> CampaignId {
    CampaignId::named(year)
}

fn this_year() -> CampaignId {
    campaign_of("2026")
}

fn identity() -> Identity {
    Identity::CreditCode { code: UnifiedSocialCreditCode::parse("914403001922038216").expect("a credit code") }
}

fn foreign_identity() -> Identity {
    Identity::External { log: label("bpic2013"), organisation: label("Org line C") }
}

fn own_contact() -> Actor {
    contact_of(identity().enterprise())
}

fn campaign_facts(campaign: CampaignId, known: KnownCampaign) -> CampaignFacts {
    CampaignFacts { campaign, known: Some(known) }
}

fn open_campaign() -> KnownCampaign {
    KnownCampaign { version: 1, open: true, kind: CampaignKind::Service, jurisdiction: division("44") }
}

fn enrol() -> EnrolEnterprise {
    EnrolEnterprise {
        identity: identity(),
        name: label("深圳精密机械有限公司"),
        division: division("440305"),
        address: Some(label("科技园南路1号")),
        contact: Some(Contact { name: personal("李明"), telephone: None }),
        campaign: campaign_facts(this_year(), open_campaign()),
        campaigns: Vec::new(),
        consent: Some(statement("signed on 5 March")),
    }
}

fn enrolled() -> EnterpriseEnrolled {
    EnterpriseEnrolled {
        identity: identity(),
        name: label("深圳精密机械有限公司"),
        division: division("440305"),
        address: Some(label("科技园南路1号")),
        contact: Some(Contact { name: personal("李明"), telephone: None }),
        campaign: this_year(),
        campaign_version: 1,
        consent: Consent::Given { statement: statement("signed on 5 March") },
    }
}

/// What changes nothing.
fn amend() -> AmendEnterprise {
    AmendEnterprise {
        name: None,
        division: None,
        address: Change::Keep,
        contact: Change::Keep,
        campaigns: vec![campaign_facts(this_year(), open_campaign())],
    }
}

fn withdraw() -> WithdrawEnrolment {
    WithdrawEnrolment { campaign: this_year(), reason: Some(statement("the workshop has moved")) }
}

fn withdrawn() -> EnrolmentWithdrawn {
    EnrolmentWithdrawn { campaign: this_year(), reason: Some(statement("the workshop has moved")) }
}

fn erase() -> EraseContact {
    EraseContact { legal_basis: LegalBasis::ConsentWithdrawn, reason: Some(statement("asked in writing")) }
}

fn erased() -> ContactErased {
    ContactErased { legal_basis: LegalBasis::ConsentWithdrawn, reason: statement("asked in writing") }
}

fn visit() -> RecordFieldVisit {
    RecordFieldVisit {
        id: VisitId::named("first"),
        campaign: this_year(),
        visitors: Vec::new(),
        visited_on: day("2026-03-10"),
        place: Some(label("thread rolling")),
        seen: statement("gauges are checked against each other"),
        needs: Vec::new(),
    }
}

fn given_enrolled() -> Given<Enterprise> {
    Given::<Enterprise>::that(enrolled())
}

fn palette() -> Vec<Order<EnterpriseCommand>> {
    let elsewhere = EnrolEnterprise {
        campaign: campaign_facts(campaign_of("2027"), open_campaign()),
        address: None,
        contact: None,
        ..enrol()
    };
    let colleague = Contact { name: personal("赵敏"), telephone: None };
    let there = Some(division("440306"));
    let second_visit = RecordFieldVisit { id: VisitId::named("second"), ..visit() };
    vec![
        order(own_contact(), enrol()),
        order(coordinator(), elsewhere),
        order(own_contact(), AmendEnterprise { contact: Change::Clear, ..amend() }),
        order(coordinator(), AmendEnterprise { contact: Change::To(colleague), division: there, ..amend() }),
        order(own_contact(), withdraw()),
        order(coordinator(), withdraw()),
        order(coordinator(), visit()),
        order(actor(Role::Manager, "44"), erase()),
        order(actor(Role::Visitor, "44"), second_visit),
    ]
}

proptest! {
    #[test]
    fn any_orders_fold_to_one_state(orders in prop::collection::vec(select(palette()), 0..20)) {
        check_walk::<Enterprise>(orders);
    }
}

#[test]
fn an_enterprise_is_named_from_what_identifies_it() {
    assert_eq!(identity().enterprise(), EnterpriseId::named("914403001922038216"));
    assert_eq!(foreign_identity().enterprise(), EnterpriseId::named("import:bpic2013:Org line C"));
}

#[test]
fn it_says_of_itself_what_others_ask() {
    let unknown = Given::<Enterprise>::nothing().state();
    assert_eq!(unknown.standing(0), None);
    assert!(unknown.enrolment_facts(0, this_year(), None).is_none());

    let known = given_enrolled().state();
    let standing = known.standing(1).expect("it is registered");
    assert_eq!((standing.version, standing.division), (1, division("440305")));
    let asked = |campaign, visit| {
        let facts = known.enrolment_facts(1, campaign, visit);
        facts.expect("it is registered")
    };
    let facts = asked(this_year(), None);
    assert_eq!(facts.enterprise, identity().enterprise());
    assert!(facts.enrolled && facts.visit_known);
    assert!(!asked(campaign_of("2027"), None).enrolled);
    assert!(!asked(this_year(), Some(VisitId::named("first"))).visit_known);
}
