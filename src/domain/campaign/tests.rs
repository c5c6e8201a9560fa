use proptest::prelude::*;
use proptest::sample::select;

use super::command::{CampaignCommand, CampaignFacts, CloseCampaign, KnownCampaign, OpenCampaign};
use super::event::{CampaignClosed, CampaignOpened};
use super::state::Campaign;
use super::values::CampaignKind;
use crate::domain::actor::{Actor, Role};
use crate::domain::fixtures::*;
use crate::domain::order::Order;
use crate::domain::refusal::Code;
use crate::domain::value::CampaignId;

fn this() -> CampaignId {
    CampaignId::named("2012")
}

fn manager() -> Actor {
    actor(Role::Manager, "44")
}

fn open() -> OpenCampaign {
    OpenCampaign {
        name: label("计量服务走进万家中小企业"),
        kind: CampaignKind::Service,
        jurisdiction: division("44"),
        period: period("2026-03-01", Some("2026-12-31")),
        reporting_deadline: day("2026-10-31"),
    }
}

fn opened() -> CampaignOpened {
    CampaignOpened {
        name: label("计量服务走进万家中小企业"),
        kind: CampaignKind::Service,
        jurisdiction: division("44"),
        period: period("2026-03-01", Some("2026-12-31")),
        reporting_deadline: day("2026-10-31"),
    }
}

fn close() -> CloseCampaign {
    CloseCampaign { this: this(), open_cases: 0, successor: None, reason: Some(statement("the year is over")) }
}

fn closed() -> CampaignClosed {
    CampaignClosed {
        open_cases: 0,
        successor: None,
        successor_version: None,
        reason: Some(statement("the year is over")),
    }
}

fn successor(open: bool, jurisdiction: &str) -> CampaignFacts {
    CampaignFacts {
        campaign: CampaignId::named("2027"),
        known: Some(KnownCampaign {
            version: 1,
            open,
            kind: CampaignKind::Service,
            jurisdiction: division(jurisdiction),
        }),
    }
}

fn opening(by: Actor, command: OpenCampaign) -> Outcome<Campaign> {
    Given::<Campaign>::nothing().when(order(by, command))
}

fn closing(by: Actor, command: CloseCampaign) -> Outcome<Campaign> {
    Given::<Campaign>::that(opened()).when(order(by, command))
}

#[test]
fn a_manager_opens_a_campaign_in_the_own_jurisdiction() {
    opening(manager(), open()).then(opened());
    opening(actor(Role::Manager, "CN"), open()).then(opened());
    opening(actor(Role::Manager, "4403"), open()).then_refused(Code::OutsideJurisdiction, "divisionCode");
    opening(actor(Role::Coordinator, "44"), open()).then_refused(Code::NotPermitted, "");
}

#[test]
fn an_import_that_begins_earlier_finds_its_campaign_there() {
    let import = || CampaignOpened { kind: CampaignKind::Import, ..opened() };
    let other_words = OpenCampaign { kind: CampaignKind::Import, name: label("改了名"), ..open() };
    let given = || Given::<Campaign>::that(import());
    let at = |by, text| order(by, other_words.clone()).occurred(time(text));
    given().when(at(importer(), "2012-03-14T01:30:00Z")).then(import());
    given().when(at(importer(), "2026-03-09T02:00:00Z")).then_refused(Code::AlreadyExists, "");
    given().when(order(importer(), other_words.clone())).then_refused(Code::AlreadyExists, "");
    given().when(at(manager(), "2012-03-14T01:30:00Z")).then_refused(Code::AlreadyExists, "");
    given().and(closed()).when(at(importer(), "2012-03-14T01:30:00Z")).then_refused(Code::AlreadyExists, "");
}

#[test]
fn the_importer_opens_import_campaigns_alone() {
    let import = OpenCampaign { kind: CampaignKind::Import, ..open() };
    opening(importer(), import.clone()).then(CampaignOpened { kind: CampaignKind::Import, ..opened() });
    opening(manager(), import).then(CampaignOpened { kind: CampaignKind::Import, ..opened() });
    opening(importer(), open()).then_refused(Code::NotPermitted, "");
}

#[test]
fn a_campaign_is_opened_once() {
    closing(manager(), close()).then(closed());
    Given::<Campaign>::that(opened()).when(order(manager(), open())).then_refused(Code::AlreadyExists, "");
}

#[test]
fn the_reporting_deadline_is_not_before_the_start() {
    let on_the_first_day = OpenCampaign { reporting_deadline: day("2026-03-01"), ..open() };
    opening(manager(), on_the_first_day.clone())
        .then(CampaignOpened { reporting_deadline: day("2026-03-01"), ..opened() });
    let before = OpenCampaign { reporting_deadline: day("2026-02-28"), ..on_the_first_day };
    opening(manager(), before).then_refused(Code::ReportingDeadlineBeforeStart, "reportingDeadline");
}

#[test]
fn nothing_happens_in_the_future() {
    Given::<Campaign>::nothing()
        .when(order_of_tomorrow(manager(), open()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
    Given::<Campaign>::that(opened())
        .when(order_of_tomorrow(manager(), close()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
}

#[test]
fn a_manager_closes_the_campaign_of_the_own_jurisdiction() {
    closing(manager(), close()).then(closed());
    closing(actor(Role::Manager, "11"), close()).then_refused(Code::OutsideJurisdiction, "");
    closing(actor(Role::Coordinator, "44"), close()).then_refused(Code::NotPermitted, "");
    closing(importer(), close()).then_refused(Code::NotPermitted, "");
}

#[test]
fn only_an_open_campaign_is_closed() {
    Given::<Campaign>::nothing().when(order(manager(), close())).then_refused(Code::CampaignUnknown, "campaignId");
    Given::<Campaign>::that(opened())
        .and(closed())
        .when(order(manager(), close()))
        .then_refused(Code::CampaignClosed, "campaignId");
}

#[test]
fn open_cases_need_a_successor() {
    let with_cases = CloseCampaign { open_cases: 3, ..close() };
    closing(manager(), with_cases.clone()).then_refused(Code::CampaignHasOpenCases, "successorId");
    let succeeded = CloseCampaign { successor: Some(successor(true, "44")), ..with_cases };
    closing(manager(), succeeded).then(CampaignClosed {
        open_cases: 3,
        successor: Some(CampaignId::named("2027")),
        successor_version: Some(1),
        ..closed()
    });
}

#[test]
fn a_successor_is_another_open_campaign_that_serves_there_too() {
    let with = |successor| CloseCampaign { successor: Some(successor), ..close() };
    let itself = CampaignFacts { campaign: this(), ..successor(true, "44") };
    let unknown = CampaignFacts { known: None, ..successor(true, "44") };
    for refused in [itself, unknown, successor(false, "44")] {
        closing(manager(), with(refused)).then_refused(Code::CampaignUnknown, "successorId");
    }
    closing(manager(), with(successor(true, "4403"))).then_refused(Code::OutsideJurisdiction, "successorId");
}

#[test]
fn it_says_of_itself_what_others_ask() {
    let unknown = Given::<Campaign>::nothing().state();
    assert_eq!(unknown.facts(this(), 0).known, None);
    let open = Given::<Campaign>::that(opened()).state();
    let known = open.facts(this(), 1).known.expect("it was opened");
    assert!(open.is_open() && known.open);
    assert_eq!((known.version, known.jurisdiction), (1, division("44")));
    let ended = Given::<Campaign>::that(opened()).and(closed()).state();
    assert!(!ended.is_open() && !ended.facts(this(), 2).known.expect("it is known").open);
}

fn palette() -> Vec<Order<CampaignCommand>> {
    let with_cases = CloseCampaign { open_cases: 1, ..close() };
    vec![
        order(manager(), open()),
        order(manager(), close()),
        order(manager(), with_cases.clone()),
        order(manager(), CloseCampaign { successor: Some(successor(true, "CN")), ..with_cases }),
    ]
}

proptest! {
    #[test]
    fn any_orders_fold_to_one_state(orders in prop::collection::vec(select(palette()), 0..12)) {
        check_walk::<Campaign>(orders);
    }
}
