use jiff::civil::Date;
use proptest::prelude::*;
use proptest::sample::select;

use super::command::{CatalogueCommand, DelistChargeableItem, ListChargeableItem, RegisterRegulationEdition};
use super::event::{ChargeableItemDelisted, ChargeableItemListed, RegulationEditionRegistered};
use super::state::Catalogue;
use crate::domain::actor::{Actor, Role};
use crate::domain::fixtures::*;
use crate::domain::order::Order;
use crate::domain::refusal::Code;
use crate::domain::value::{CatalogueId, Money, Period, Reference, RegulationRef};

fn manager() -> Actor {
    actor(Role::Manager, "44")
}

fn tariff() -> Money {
    Money::parse("120.50").expect("an amount")
}

fn regulation(text: &str) -> RegulationRef {
    RegulationRef::parse(text).expect("a reference")
}

fn list(period: Period) -> ListChargeableItem {
    ListChargeableItem {
        division: division("44"),
        code: label("0101"),
        name: label("量块检定"),
        unit: label("台件"),
        tariff: tariff(),
        basis: Reference::parse("粤价〔2012〕1号").expect("a reference"),
        period,
    }
}

fn listed(period: Period) -> ChargeableItemListed {
    ChargeableItemListed {
        division: division("44"),
        code: label("0101"),
        name: label("量块检定"),
        unit: label("台件"),
        tariff: tariff(),
        basis: Reference::parse("粤价〔2012〕1号").expect("a reference"),
        period,
    }
}

fn delist(last_day: &str) -> DelistChargeableItem {
    DelistChargeableItem {
        division: division("44"),
        code: label("0101"),
        last_day: day(last_day),
        reason: Some(statement("财税〔2015〕102号")),
    }
}

fn delisted(last_day: &str) -> ChargeableItemDelisted {
    ChargeableItemDelisted {
        code: label("0101"),
        listed_from: day("2026-01-01"),
        last_day: day(last_day),
        reason: statement("财税〔2015〕102号"),
    }
}

fn edition(reference: &str, from: &str, replaces: Option<&str>) -> RegisterRegulationEdition {
    RegisterRegulationEdition {
        division: division("44"),
        reference: regulation(reference),
        title: label("常用玻璃量器检定规程"),
        period: period(from, None),
        replaces: replaces.map(regulation),
    }
}

fn registered(reference: &str, from: &str, replaces: Option<(&str, Option<&str>)>) -> RegulationEditionRegistered {
    RegulationEditionRegistered {
        division: division("44"),
        reference: regulation(reference),
        title: label("常用玻璃量器检定规程"),
        period: period(from, None),
        replaces: replaces.map(|(reference, _)| regulation(reference)),
        replaced_until: replaces.and_then(|(_, until)| until.map(day)),
    }
}

fn whole_year() -> Period {
    period("2026-01-01", Some("2026-12-31"))
}

fn given_listed() -> Given<Catalogue> {
    Given::<Catalogue>::that(listed(whole_year()))
}

fn given_old_edition() -> Given<Catalogue> {
    Given::<Catalogue>::that(registered("JJG 196-1990", "1991-01-01", None))
}

fn listing(by: Actor, code: &str) -> Outcome<Catalogue> {
    let command = ListChargeableItem { division: division(code), ..list(whole_year()) };
    Given::<Catalogue>::nothing().when(order(by, command))
}

#[test]
fn managers_of_provinces_and_of_the_nation_keep_catalogues() {
    listing(manager(), "44").then(listed(whole_year()));
    listing(actor(Role::Manager, "CN"), "44").then(listed(whole_year()));
    listing(actor(Role::Manager, "CN"), "CN")
        .then(ChargeableItemListed { division: division("CN"), ..listed(whole_year()) });
    listing(manager(), "CN").then_refused(Code::OutsideJurisdiction, "divisionCode");
    listing(manager(), "11").then_refused(Code::OutsideJurisdiction, "divisionCode");
    listing(manager(), "4403").then_refused(Code::NotPermitted, "divisionCode");
    listing(actor(Role::Manager, "4403"), "4403").then_refused(Code::NotPermitted, "");
    listing(actor(Role::Coordinator, "44"), "44").then_refused(Code::NotPermitted, "");
}

#[test]
fn who_may_list_may_delist_and_register_and_nobody_else() {
    let commands: [CatalogueCommand; 2] =
        [delist("2026-06-30").into(), edition("JJG 196-2006", "2007-01-01", None).into()];
    for command in commands {
        given_listed()
            .when(order(actor(Role::Coordinator, "44"), command.clone()))
            .then_refused(Code::NotPermitted, "");
        given_listed()
            .when(order(actor(Role::Manager, "11"), command.clone()))
            .then_refused(Code::OutsideJurisdiction, "divisionCode");
        given_listed().when(order_of_tomorrow(manager(), command)).then_refused(Code::OccurredInFuture, "occurredAt");
    }
}

#[test]
fn an_item_is_listed_once_at_a_time() {
    let overlapping = period("2026-12-31", None);
    given_listed().when(order(manager(), list(overlapping))).then_refused(Code::PeriodOverlaps, "inForceFrom");
    let afterwards = period("2027-01-01", None);
    given_listed().when(order(manager(), list(afterwards))).then(listed(afterwards));
    let another = ListChargeableItem { code: label("0102"), ..list(whole_year()) };
    given_listed()
        .when(order(manager(), another))
        .then(ChargeableItemListed { code: label("0102"), ..listed(whole_year()) });
}

#[test]
fn a_delisted_item_may_be_charged_until_its_last_day() {
    given_listed().when(order(manager(), delist("2026-06-30"))).then(delisted("2026-06-30"));

    let state = given_listed().and(delisted("2026-06-30")).state();
    let on = |text| state.listed_item(&label("0101"), day(text), 2);
    let facts = on("2026-06-30").expect("it is listed until then");
    assert_eq!(facts.tariff, tariff());
    assert_eq!(facts.catalogue_version, 2);
    assert_eq!(facts.catalogue, CatalogueId::of(&division("44")));
    assert_eq!(on("2026-07-01"), None);
    assert_eq!(on("2025-12-31"), None);
    assert_eq!(state.items()[0].delisted, Some(statement("财税〔2015〕102号")));
    assert!(state.listed_item(&label("0102"), day("2026-06-30"), 2).is_none());
}

#[test]
fn only_what_is_listed_is_delisted() {
    Given::<Catalogue>::nothing()
        .when(order(manager(), delist("2026-06-30")))
        .then_refused(Code::ItemNotListed, "code");
    given_listed().when(order(manager(), delist("2027-01-01"))).then_refused(Code::ItemNotListed, "code");
    given_listed().when(order(manager(), delist("2026-12-31"))).then_refused(Code::NothingToAmend, "lastDay");
}

#[test]
fn delisting_needs_a_reason() {
    let silent = DelistChargeableItem { reason: None, ..delist("2026-06-30") };
    given_listed().when(order(manager(), silent)).then_refused(Code::ReasonMissing, "reason");
}

#[test]
fn the_listing_in_force_on_the_last_day_is_the_one_that_ends() {
    let next_year = listed(period("2027-01-01", None));
    given_listed()
        .and(next_year.clone())
        .when(order(manager(), delist("2027-06-30")))
        .then(ChargeableItemDelisted { listed_from: day("2027-01-01"), ..delisted("2027-06-30") });
    let state = given_listed().and(next_year).and(delisted("2026-06-30")).state();
    let item = |text| state.item_on(&label("0101"), day(text)).map(|item| item.period);
    assert_eq!(item("2026-09-01"), None);
    assert_eq!(item("2027-09-01"), Some(period("2027-01-01", None)));
}

#[test]
fn a_new_edition_ends_the_one_that_it_replaces() {
    let new = edition("JJG 196-2006", "2007-06-08", Some("JJG 196-1990"));
    let ends = registered("JJG 196-2006", "2007-06-08", Some(("JJG 196-1990", Some("2007-06-07"))));
    given_old_edition().when(order(manager(), new)).then(ends.clone());

    let state = given_old_edition().and(ends).state();
    let on = |date: Date| state.edition_on("JJG 196", date).map(|edition| &edition.reference);
    assert_eq!(on(day("2007-06-07")), Some(&regulation("JJG 196-1990")));
    assert_eq!(on(day("2007-06-08")), Some(&regulation("JJG 196-2006")));
    assert_eq!(on(day("1990-12-31")), None);
    assert_eq!(state.edition_on("JJG 197", day("2007-06-08")), None);
}

#[test]
fn two_editions_are_not_in_force_together() {
    let refused = |command| {
        given_old_edition().when(order(manager(), command)).then_refused(Code::PeriodOverlaps, "inForceFrom");
    };
    refused(edition("JJG 196-2006", "2007-06-08", None));
    refused(edition("JJG 196-2006", "2007-06-08", Some("JJG 195-1990")));
    // The old one was not in force before the new one: there is nothing that could end.
    refused(edition("JJG 196-2006", "1991-01-01", Some("JJG 196-1990")));
    refused(edition("JJG 196-2006", "1980-01-01", Some("JJG 196-1990")));
}

#[test]
fn an_edition_may_replace_one_of_another_code_or_one_that_is_not_in_the_catalogue() {
    given_old_edition()
        .when(order(manager(), edition("JJF 2000-2020", "2020-01-01", Some("JJG 196-1990"))))
        .then(registered("JJF 2000-2020", "2020-01-01", Some(("JJG 196-1990", Some("2019-12-31")))));
    Given::<Catalogue>::nothing()
        .when(order(manager(), edition("JJG 196-2006", "2007-06-08", Some("JJG 196-1990"))))
        .then(registered("JJG 196-2006", "2007-06-08", Some(("JJG 196-1990", None))));
}

fn palette() -> Vec<Order<CatalogueCommand>> {
    vec![
        order(manager(), list(whole_year())),
        order(manager(), list(period("2026-07-01", None))),
        order(manager(), delist("2026-06-30")),
        order(manager(), delist("2026-08-31")),
        order(manager(), edition("JJG 196-1990", "1991-01-01", None)),
        order(manager(), edition("JJG 196-2006", "2007-06-08", Some("JJG 196-1990"))),
        order(manager(), edition("JJG 196-2026", "2026-01-01", Some("JJG 196-2006"))),
    ]
}

fn share_no_day<'a>(periods: impl Iterator<Item = &'a Period>) -> bool {
    let periods: Vec<_> = periods.collect();
    periods.iter().enumerate().all(|(index, period)| periods[..index].iter().all(|earlier| !earlier.overlaps(period)))
}

proptest! {
    #[test]
    fn any_orders_fold_to_one_state(orders in prop::collection::vec(select(palette()), 0..20)) {
        let mut state = Catalogue::default();
        for order in &orders {
            for event in state.decide(order).unwrap_or_default() {
                state.evolve(&event);
            }
        }
        prop_assert!(share_no_day(state.items().iter().map(|item| &item.period)));
        prop_assert!(share_no_day(state.editions().iter().map(|edition| &edition.period)));
        check_walk::<Catalogue>(orders);
    }
}
