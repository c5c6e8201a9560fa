use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::command::{DeleteView, SaveView, ShareView, UpdateView, ViewCommand};
use super::event::{ViewDeleted, ViewSaved, ViewShared, ViewUnshared, ViewUpdated};
use super::state::View;
use super::values::{FilterWords, OrderKey, Question};
use crate::domain::actor::{Actor, Role};
use crate::domain::fixtures::*;
use crate::domain::order::Order;
use crate::domain::refusal::Code;

fn words(json: serde_json::Value) -> FilterWords {
    FilterWords::new(json.as_object().expect("an object").clone()).expect("a short filter")
}

fn question() -> Question {
    Question {
        filter: words(json!({ "open": true, "deadline": { "lt": "TODAY" } })),
        order: vec![OrderKey { field: label("DEADLINE"), descending: false }],
        group_by: vec![label("INSTITUTION")],
    }
}

fn save() -> SaveView {
    SaveView { name: label("逾期未答复"), question: question() }
}

/// Saved by the actor of the tests in `recorded`.
fn saved() -> ViewSaved {
    ViewSaved { name: label("逾期未答复"), jurisdiction: division("4403"), question: question() }
}

fn update() -> UpdateView {
    UpdateView { name: None, filter: None, order: None, group_by: None }
}

fn share(with: &str) -> ShareView {
    ShareView { with: Some(division(with)) }
}

/// Whoever recorded what was before.
fn owner(role: Role) -> Actor {
    Actor { id: recorded::<super::event::ViewFact>(saved()).by, ..actor(role, "4403") }
}

fn kept() -> Given<View> {
    Given::<View>::that(saved())
}

fn shared() -> Given<View> {
    kept().and(ViewShared { with: division("4403") })
}

#[test]
fn everybody_keeps_questions() {
    for role in [Role::Enterprise, Role::Expert, Role::Auditor] {
        Given::<View>::nothing().when(order(actor(role, "4403"), save())).then(saved());
    }
    kept().when(order(owner(Role::Expert), save())).then_refused(Code::AlreadyExists, "");
    Given::<View>::nothing()
        .when(order_of_tomorrow(owner(Role::Lead), save()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
}

#[test]
fn an_update_records_what_is_different() {
    let command = UpdateView { name: Some(label("逾期")), filter: Some(question().filter), ..update() };
    kept()
        .when(order(owner(Role::Lead), command))
        .then(ViewUpdated { name: Some(label("逾期")), ..ViewUpdated::default() });
    kept().when(order(owner(Role::Lead), update())).then_refused(Code::NothingToAmend, "");
    kept().when(order(actor(Role::Manager, "44"), update())).then_refused(Code::NotPermitted, "");
    Given::<View>::nothing().when(order(owner(Role::Lead), update())).then_refused(Code::NotFound, "viewId");
    let cleared = ViewUpdated { order: Some(Vec::new()), group_by: Some(Vec::new()), ..ViewUpdated::default() };
    let file = kept().and(cleared).state().file.expect("it was saved");
    assert_eq!(file.question, Question { filter: question().filter, ..Question::default() });
}

#[test]
fn a_manager_shares_within_the_jurisdiction() {
    kept().when(order(owner(Role::Manager), share("440305"))).then(ViewShared { with: division("440305") });
    kept().when(order(owner(Role::Manager), share("44"))).then_refused(Code::OutsideJurisdiction, "divisionCode");
    kept().when(order(owner(Role::Coordinator), share("4403"))).then_refused(Code::NotPermitted, "");
    kept().when(order(actor(Role::Manager, "CN"), share("4403"))).then_refused(Code::NotPermitted, "");
    shared().when(order(owner(Role::Manager), share("4403"))).then_refused(Code::NothingToAmend, "divisionCode");
}

#[test]
fn a_manager_of_where_it_is_shared_takes_it_back() {
    let back = || ShareView { with: None };
    shared().when(order(owner(Role::Manager), back())).then(ViewUnshared {});
    shared().when(order(actor(Role::Manager, "44"), back())).then(ViewUnshared {});
    shared().when(order(actor(Role::Manager, "440305"), back())).then_refused(Code::NotPermitted, "");
    kept().when(order(owner(Role::Manager), back())).then_refused(Code::NothingToAmend, "divisionCode");
}

#[test]
fn what_was_thrown_away_is_gone() {
    kept().when(order(owner(Role::Lead), DeleteView {})).then(ViewDeleted {});
    shared().when(order(actor(Role::Manager, "44"), DeleteView {})).then_refused(Code::NotPermitted, "");
    let deleted = kept().and(ViewDeleted {});
    deleted.when(order(owner(Role::Lead), DeleteView {})).then_refused(Code::NotFound, "viewId");
}

#[test]
fn who_sees_a_view() {
    let sees = |given: Given<View>, actor: &Actor| given.state().file.expect("it was saved").is_visible_to(actor);
    let deleted = || shared().and(ViewDeleted {});
    for (who, private, common, gone) in [
        (owner(Role::Lead), true, true, false),
        (actor(Role::Lead, "4403"), false, true, false),
        (actor(Role::Visitor, "440305"), false, true, false),
        (actor(Role::Manager, "44"), false, false, false),
        (actor(Role::Auditor, "44"), true, true, true),
        (actor(Role::Auditor, "11"), false, false, false),
    ] {
        let seen = (sees(kept(), &who), sees(shared(), &who), sees(deleted(), &who));
        assert_eq!(seen, (private, common, gone), "{who:?}");
    }
}

#[test]
fn a_filter_has_an_end() {
    let long = json!({ "title": { "contains": "长".repeat(30_000) } });
    let refused = FilterWords::new(long.as_object().expect("an object").clone()).unwrap_err();
    assert_eq!(refused.code, Code::TextTooLong);
}

fn palette() -> Vec<Order<ViewCommand>> {
    let named = |name| UpdateView { name: Some(label(name)), ..update() };
    vec![
        order(owner(Role::Manager), save()),
        order(owner(Role::Manager), named("一")),
        order(owner(Role::Manager), named("二")),
        order(owner(Role::Manager), UpdateView { filter: Some(FilterWords::default()), ..update() }),
        order(owner(Role::Manager), share("4403")),
        order(owner(Role::Manager), ShareView { with: None }),
        order(owner(Role::Manager), DeleteView {}),
    ]
}

proptest! {
    #[test]
    fn any_orders_fold_to_one_state(orders in prop::collection::vec(select(palette()), 0..16)) {
        check_walk::<View>(orders);
    }
}
