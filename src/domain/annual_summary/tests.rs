use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::command::{AmendAnnualSummary, AnnualSummaryCommand, Beside, SubmitAnnualSummary, TypicalCaseFacts};
use super::event::{AnnualSummaryAmended, AnnualSummarySubmitted};
use super::figure::{ComputedFigures, FigureName};
use super::state::AnnualSummary;
use crate::domain::actor::{Actor, Role};
use crate::domain::fixtures::*;
use crate::domain::order::Order;
use crate::domain::refusal::Code;
use crate::domain::value::{CaseId, Decimal};

fn manager() -> Actor {
    actor(Role::Manager, "44")
}

/// A case that is published.
fn typical() -> TypicalCaseFacts {
    let case = CaseId::named("typical");
    TypicalCaseFacts { division: Some(division("4403")), published: true, ..TypicalCaseFacts::of(case) }
}

fn submit(year: i16) -> SubmitAnnualSummary {
    SubmitAnnualSummary {
        jurisdiction: division("44"),
        year,
        text: statement("312 enterprises were served"),
        figures: [(label("enterprises"), Decimal::parse("312").expect("a number"))].into(),
        computed: None,
        beside: Beside::Nothing,
        good_practice: vec![statement("gauges are lent for the trial")],
        // Each counts once.
        typical_cases: vec![typical(), typical()],
    }
}

fn submitted(year: i16, late: bool) -> AnnualSummarySubmitted {
    AnnualSummarySubmitted {
        jurisdiction: division("44"),
        year,
        late,
        text: submit(year).text,
        figures: submit(year).figures,
        computed: None,
        good_practice: submit(year).good_practice,
        typical_cases: vec![CaseId::named("typical")],
    }
}

fn amend() -> AmendAnnualSummary {
    AmendAnnualSummary {
        reason: Some(statement("one county was missing")),
        text: statement("320 enterprises were served"),
        figures: [].into(),
        computed: None,
        beside: Beside::Nothing,
        good_practice: Vec::new(),
        typical_cases: Vec::new(),
    }
}

fn amended(late: bool) -> AnnualSummaryAmended {
    AnnualSummaryAmended {
        reason: statement("one county was missing"),
        late,
        text: statement("320 enterprises were served"),
        figures: [].into(),
        computed: None,
        good_practice: Vec::new(),
        typical_cases: Vec::new(),
    }
}

fn submitting(by: Actor, year: i16) -> Outcome<AnnualSummary> {
    Given::<AnnualSummary>::nothing().when(order(by, submit(year)))
}

fn amending(by: Actor, command: AmendAnnualSummary) -> Outcome<AnnualSummary> {
    Given::<AnnualSummary>::that(submitted(2026, false)).when(order(by, command))
}

#[test]
fn a_manager_submits_the_summary_of_the_own_jurisdiction() {
    submitting(manager(), 2026).then(submitted(2026, false));
    submitting(actor(Role::Manager, "CN"), 2026).then(submitted(2026, false));
    submitting(actor(Role::Manager, "4403"), 2026).then_refused(Code::OutsideJurisdiction, "divisionCode");
    submitting(actor(Role::Coordinator, "44"), 2026).then_refused(Code::NotPermitted, "");
}

#[test]
fn a_summary_after_31_october_is_late_and_taken() {
    let at = |now: &str| {
        let order = Order { now: time(now), ..order(manager(), submit(2025)) };
        Given::<AnnualSummary>::nothing().when(order)
    };
    // Midnight in UTC+8 is 16:00 in UTC.
    at("2025-10-31T15:59:59Z").then(submitted(2025, false));
    at("2025-10-31T16:00:00Z").then(submitted(2025, true));
    at("2026-01-02T00:00:00Z").then(submitted(2025, true));
}

#[test]
fn a_summary_that_is_said_to_be_punctual_is_late_all_the_same() {
    let order = order(manager(), submit(2025)).occurred(time("2025-10-01T00:00:00Z"));
    Given::<AnnualSummary>::nothing().when(order).then(submitted(2025, true));
}

#[test]
fn a_year_is_from_1949_to_the_present_one() {
    submitting(manager(), 1949).then(submitted(1949, true));
    submitting(manager(), 1948).then_refused(Code::YearInvalid, "year");
    submitting(manager(), 2027).then_refused(Code::YearInvalid, "year");
}

#[test]
fn november_and_december_are_of_the_next_year() {
    let at = |now: &str, year| {
        let order = Order { now: time(now), ..order(manager(), submit(year)) };
        Given::<AnnualSummary>::nothing().when(order)
    };
    at("2025-10-31T15:59:59Z", 2026).then_refused(Code::YearInvalid, "year");
    at("2025-10-31T16:00:00Z", 2026).then(submitted(2026, false));
    at("2025-12-31T16:00:00Z", 2027).then_refused(Code::YearInvalid, "year");
}

fn computed() -> ComputedFigures {
    ComputedFigures { position: 41, figures: [(FigureName::CasesReported, Decimal::from(3))].into() }
}

#[test]
fn what_the_log_gave_is_recorded_with_what_is_submitted() {
    let command = SubmitAnnualSummary { computed: Some(computed()), ..submit(2026) };
    let expected = AnnualSummarySubmitted { computed: Some(computed()), ..submitted(2026, false) };
    Given::<AnnualSummary>::nothing().when(order(manager(), command)).then(expected.clone());
    let state = Given::<AnnualSummary>::that(expected).state();
    assert_eq!(state.file.and_then(|file| file.computed), Some(computed()));
}

#[test]
fn computed_figures_are_reported_where_that_is_wanted() {
    let wanted = |computed| SubmitAnnualSummary { computed, beside: Beside::TheComputed, ..submit(2026) };
    let mut expected = AnnualSummarySubmitted { computed: Some(computed()), ..submitted(2026, false) };
    expected.figures.insert(label("受理难点"), Decimal::from(3));
    Given::<AnnualSummary>::nothing().when(order(manager(), wanted(Some(computed())))).then(expected);
    Given::<AnnualSummary>::nothing().when(order(manager(), wanted(None))).then_refused(Code::YearInvalid, "year");
}

#[test]
fn a_figure_is_given_under_one_of_its_names() {
    let figures = |names: [&str; 2]| BTreeMap::from(names.map(|name| (label(name), Decimal::from(2))));
    for names in [["VISITS_MADE", "走访次数"], ["Visits made", "走访次数"], ["visits made", "Visits made"]] {
        for beside in [Beside::Nothing, Beside::TheComputed] {
            let computed = Some(computed());
            let order =
                order(manager(), SubmitAnnualSummary { figures: figures(names), computed, beside, ..submit(2026) });
            let refusal = AnnualSummary::default().decide(&order).expect_err("one figure is there twice");
            assert!(names.iter().all(|name| refusal.message.contains(name)), "{refusal}");
            Given::<AnnualSummary>::nothing().when(order).then_refused(Code::AlreadyExists, "figures");
        }
        amending(manager(), AmendAnnualSummary { figures: figures(names), ..amend() })
            .then_refused(Code::AlreadyExists, "figures");
    }
    let others = ["走访次数", "cases reported"];
    amending(manager(), AmendAnnualSummary { figures: figures(others), ..amend() })
        .then(AnnualSummaryAmended { figures: figures(others), ..amended(false) });
}

#[test]
fn a_summary_that_has_a_figure_twice_stays_as_it_is() {
    let figures = [(label("VISITS_MADE"), Decimal::from(2)), (label("走访次数"), Decimal::from(777))];
    let figures = BTreeMap::from(figures);
    let submitted = AnnualSummarySubmitted { figures: figures.clone(), ..submitted(2026, false) };
    let given = || Given::<AnnualSummary>::that(submitted.clone());
    assert_eq!(given().state().file.expect("it was submitted").figures, figures);
    given().when(order(manager(), amend())).then(amended(false));
}

#[test]
fn a_summary_names_published_cases_of_its_jurisdiction() {
    let elsewhere = TypicalCaseFacts { division: Some(division("4601")), ..typical() };
    let unpublished = TypicalCaseFacts { published: false, ..typical() };
    for (named, code) in [
        (TypicalCaseFacts::of(CaseId::named("nowhere")), Code::NotFound),
        (elsewhere, Code::OutsideJurisdiction),
        (unpublished, Code::NotPublished),
    ] {
        let typical_cases = vec![typical(), named];
        let command = SubmitAnnualSummary { typical_cases: typical_cases.clone(), ..submit(2026) };
        Given::<AnnualSummary>::nothing().when(order(manager(), command)).then_refused(code, "typicalCaseIds.1");
        amending(manager(), AmendAnnualSummary { typical_cases, ..amend() }).then_refused(code, "typicalCaseIds.1");
    }
    let named = vec![typical().case];
    amending(manager(), AmendAnnualSummary { typical_cases: vec![typical()], ..amend() })
        .then(AnnualSummaryAmended { typical_cases: named, ..amended(false) });
}

#[test]
fn a_summary_is_submitted_once() {
    Given::<AnnualSummary>::that(submitted(2026, false))
        .when(order(manager(), submit(2026)))
        .then_refused(Code::AlreadySubmitted, "year");
}

#[test]
fn nothing_happens_in_the_future() {
    Given::<AnnualSummary>::nothing()
        .when(order_of_tomorrow(manager(), submit(2026)))
        .then_refused(Code::OccurredInFuture, "occurredAt");
    Given::<AnnualSummary>::that(submitted(2026, false))
        .when(order_of_tomorrow(manager(), amend()))
        .then_refused(Code::OccurredInFuture, "occurredAt");
}

#[test]
fn an_amendment_replaces_what_was_reported() {
    amending(manager(), amend()).then(amended(false));
    Given::<AnnualSummary>::that(submitted(2025, false)).when(order(manager(), amend())).then(amended(true));

    let state = Given::<AnnualSummary>::that(submitted(2025, false)).and(amended(true)).state();
    let file = state.file.expect("it was submitted");
    assert_eq!(file.text, statement("320 enterprises were served"));
    assert!(file.figures.is_empty() && file.good_practice.is_empty());
    assert!(file.typical_cases.is_empty());
    assert!(!file.late && file.amendments[0].late);
    assert_eq!(file.amendments[0].reason, statement("one county was missing"));
}

#[test]
fn only_a_late_amendment_is_held_against_what_the_log_gave_to_it() {
    let then = |late| AnnualSummaryAmended { computed: Some(computed()), ..amended(late) };
    let submission = AnnualSummarySubmitted { computed: Some(computed()), ..submitted(2025, true) };
    let held_against = |given: Given<AnnualSummary>| {
        let file = given.state().file.expect("it was submitted");
        file.at_amendment().cloned()
    };
    let given = || Given::<AnnualSummary>::that(submission.clone());
    assert_eq!(held_against(given()), None, "a submission, however late, is held against the end of the year");
    assert_eq!(held_against(given().and(then(false))), None);
    assert_eq!(held_against(given().and(then(true))), Some(computed().figures));
    assert_eq!(held_against(given().and(then(true)).and(amended(true))), None, "the log gave nothing");
}

#[test]
fn an_amendment_needs_a_reason() {
    let silent = AmendAnnualSummary { reason: None, ..amend() };
    amending(manager(), silent).then_refused(Code::ReasonMissing, "reason");
}

#[test]
fn a_manager_amends_the_summary_of_the_own_jurisdiction() {
    amending(actor(Role::Manager, "11"), amend()).then_refused(Code::OutsideJurisdiction, "");
    amending(actor(Role::Auditor, "44"), amend()).then_refused(Code::NotPermitted, "");
}

#[test]
fn only_what_was_submitted_is_amended() {
    Given::<AnnualSummary>::nothing().when(order(manager(), amend())).then_refused(Code::NotSubmitted, "");
}

fn palette() -> Vec<Order<AnnualSummaryCommand>> {
    vec![order(manager(), submit(2025)), order(manager(), submit(2026)), order(manager(), amend())]
}

proptest! {
    #[test]
    fn any_orders_fold_to_one_state(orders in prop::collection::vec(select(palette()), 0..12)) {
        check_walk::<AnnualSummary>(orders);
    }
}
