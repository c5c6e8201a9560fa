//! What was recorded wrongly is taken back: it stays on file, and counts no more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::domain::actor::{Actor, Role};
use crate::domain::case::command::{AcceptAssignment, CloseCase, ConfirmSolution, RecordTrialResult};
use crate::domain::case::event::{CaseFact, FeeRetracted, MeasurementRetracted};
use crate::domain::case::state::{Case, File};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::{MONDAY, Story, moment};
use crate::domain::case::values::{MeasurementId, Status, Verdict};
use crate::domain::refusal::Code;
use crate::domain::value::Decimal;

fn researching() -> Story {
    Story::of(Status::Researching)
}

fn gaps(file: &File) -> Vec<Option<String>> {
    file.gap_history().iter().map(|point| point.gap.as_ref().map(ToString::to_string)).collect()
}

fn known(gaps: &[&str]) -> Vec<Option<String>> {
    gaps.iter().map(|gap| Some((*gap).to_owned())).collect()
}

#[test]
fn a_result_is_taken_back_once_and_by_its_id() {
    let measured = researching().then(lead(), measure_as(1, "2", "um")).then(lead(), measure_as(2, "3", "um"));
    let fact = MeasurementRetracted { measurement: measure_as(2, "3", "um").id, reason: retract_measurement(2).reason };
    measured.clone().when(expert(), retract_measurement(2)).happens(fact);
    measured.clone().when(lead(), retract_measurement(3)).refused(Code::MeasurementUnknown, "measurementId");
    researching().when(lead(), retract_measurement(1)).refused(Code::MeasurementUnknown, "measurementId");
    let retracted = measured.then(lead(), retract_measurement(2));
    retracted.clone().when(lead(), retract_measurement(2)).refused(Code::AlreadyRetracted, "measurementId");
    let all = retracted.then(lead(), retract_measurement(1));
    all.when(lead(), retract_measurement(1)).refused(Code::AlreadyRetracted, "measurementId");
}

#[test]
fn a_retracted_result_stays_on_file_and_counts_for_no_gap() {
    let file = researching()
        .then(lead(), require("1", "um"))
        .then(lead(), measure_as(1, "2", "um"))
        .then(expert(), measure_as(2, "1", "nm"))
        .then(lead(), measure_as(3, "1.5", "um"))
        .then(lead(), retract_measurement(2))
        .file();
    assert_eq!(file.gap_in_six_decimals(), Decimal::parse("1.5").ok());
    assert_eq!(file.best_uncertainty().map(|best| best.id.0.as_u128()), Some(3));
    assert_eq!(gaps(&file), known(&["2.000000", "1.500000"]), "as though it had never been measured");
    assert_eq!(file.gap_closings().count(), 0);
    let [_, retracted, _] = file.measurements.as_slice() else { panic!("{:?}", file.measurements) };
    let retraction = retracted.retraction.as_ref().expect("it says so");
    assert_eq!((&retracted.by, &retraction.by), (&expert().id, &lead().id));
    assert_eq!((retraction.at, &retraction.reason), (moment(MONDAY), &retract_measurement(2).reason));
}

/// The first result was wrong, and so was what was taken for the gap before and for its closing.
#[test]
fn what_came_first_is_what_counts_of_it() {
    let (monday, tuesday): (Date, Date) = (date(2026, 3, 16), date(2026, 3, 17));
    let told = |story: &Story| {
        let file = story.file();
        let first = file.first_gap().map(|gap| (gap.to_decimals(6).to_string(), gap.is_closed()));
        (first, file.gap_closings().collect::<Vec<_>>())
    };
    let story = researching()
        .then(lead(), require("1", "um"))
        .then(lead(), measure_as(1, "0.5", "um"))
        .then(coordinator(), require("2", "um"))
        .at("2026-03-17T02:00:00Z")
        .then(lead(), measure_as(2, "3", "um"))
        .then(lead(), measure_as(3, "1", "um"));
    assert_eq!(told(&story), (Some(("0.250000".to_owned(), true)), vec![monday]), "against what is required now");
    let story = story.then(lead(), retract_measurement(1));
    assert_eq!(gaps(&story.file()), known(&["1.500000", "0.500000"]), "each by the requirement of its time");
    assert_eq!(told(&story), (Some(("1.500000".to_owned(), false)), vec![tuesday]));
    let story = story.then(lead(), retract_measurement(3)).then(lead(), retract_measurement(2));
    assert_eq!(told(&story), (None, Vec::new()));
    assert_eq!((story.file().capability_gap(), gaps(&story.file())), (None, Vec::new()));
}

#[test]
fn what_was_measured_before_anything_was_required_is_told_anew_too() {
    let story = researching()
        .then(lead(), measure_as(1, "2", "um"))
        .then(lead(), measure_as(2, "4", "um"))
        .then(lead(), require("1", "um"));
    assert_eq!(gaps(&story.then(lead(), retract_measurement(1)).file()), known(&["4.000000"]));
}

/// How a trial went stands; that its result was wrong is known before the enterprise confirms by it.
#[test]
fn a_result_of_a_trial_is_taken_back_and_its_verdict_stands() {
    let passed = RecordTrialResult { measurement: Some(measure_as(2, "0.5", "um")), ..trial_passed() };
    let story = Story::of(Status::OnTrial)
        .then(enterprise(), require("1", "um"))
        .then(lead(), measure_as(1, "3", "um"))
        .then(lead(), passed)
        .then(lead(), retract_measurement(2));
    let file = story.file();
    assert_eq!((file.status, file.gap_in_six_decimals()), (Status::AwaitingConfirmation, Some(Decimal::from(3))));
    assert!(file.trial.is_some_and(|trial| trial.outcome.is_some_and(|(passed, _)| passed)));
    story.clone().when(enterprise(), confirm()).refused(Code::GapOpen, "acceptShortfall");
    let accepted = ConfirmSolution { accept_shortfall: because(), ..confirm() };
    assert_eq!(story.then(enterprise(), accepted).file().status, Status::Resolved);
}

/// The solution held, and is neither rejected for a slip of the pen nor confirmed at a shortfall that there is not.
#[test]
fn what_is_right_of_a_trial_is_recorded_before_the_enterprise_confirms() {
    let passed = RecordTrialResult { measurement: Some(measure_as(2, "1", "um")), ..trial_passed() };
    let story = Story::of(Status::OnTrial)
        .then(enterprise(), require("2", "um"))
        .then(lead(), measure_as(1, "3", "um"))
        .then(lead(), passed)
        .then(lead(), retract_measurement(2))
        .then(expert(), measure_as(3, "1.5", "um"));
    assert_eq!(gaps(&story.file()), known(&["1.500000", "0.750000"]));
    story.clone().when(enterprise(), measure_as(4, "1.5", "um")).refused(Code::NotPermitted, "");
    let resolved = story.then(enterprise(), confirm());
    let resolution = resolved.file().resolution.expect("it is resolved");
    assert_eq!((resolution.gap, resolution.shortfall_accepted), (Decimal::parse("0.75").ok(), None));
    resolved.when(lead(), measure_as(4, "1.5", "um")).refused(Code::WrongStatus, "");
}

#[test]
fn what_a_case_was_resolved_by_stands_until_it_is_reopened() {
    let measured = Story::of(Status::OnTrial).then(lead(), measure_as(1, "3", "um")).then(lead(), trial_passed());
    let resolved = measured.then(enterprise(), confirm());
    resolved.clone().when(lead(), retract_measurement(1)).refused(Code::WrongStatus, "");
    let closed = resolved.then(coordinator(), close());
    closed.clone().when(lead(), retract_measurement(1)).refused(Code::WrongStatus, "");
    let reopened = closed.then(enterprise(), reopen()).then(lead(), retract_measurement(1));
    assert!(reopened.file().measurements[0].retraction.is_some());
}

/// A gap that it closed is not closed in the figures of that year.
#[test]
fn a_result_is_taken_back_from_what_was_withdrawn_or_goes_on_elsewhere() {
    let measured = researching().then(lead(), require("1", "um")).then(lead(), measure_as(1, "0.5", "um"));
    assert_eq!(measured.file().gap_closings().collect::<Vec<_>>(), [date(2026, 3, 16)]);
    let ended = [
        (measured.clone().then(enterprise(), withdraw()), Status::Withdrawn),
        (measured.then(coordinator(), duplicate(another_case())), Status::Duplicate),
    ];
    for (story, status) in ended {
        story.clone().when(lead(), measure_as(2, "0.5", "um")).refused(Code::WrongStatus, "");
        story.clone().when(enterprise(), retract_measurement(1)).refused(Code::NotPermitted, "");
        let file = story.then(expert(), retract_measurement(1)).file();
        assert_eq!((file.status, file.capability_gap(), file.gap_closings().count()), (status, None, 0));
    }
}

#[test]
fn who_measured_what_was_retracted_is_no_independent_reviewer() {
    let reviewer = Actor { roles: BTreeSet::from([Role::Reviewer]), ..lead() };
    let story = Story::of(Status::Assigned)
        .then(lead(), AcceptAssignment {})
        .then(lead(), measure("2", "um"))
        .then(lead(), retract_measurement(1))
        .then(manager(), reassign("another lead", university()))
        .then(another_lead(), AcceptAssignment {})
        .then(another_lead(), find())
        .then(another_lead(), propose());
    story.when(reviewer, review(Verdict::Approved)).refused(Code::ReviewerNotIndependent, "");
}

#[test]
fn a_fee_is_taken_back_once_and_by_its_id() {
    let charged =
        Story::of(Status::Resolved).then(coordinator(), fee_as(1, "120")).then(coordinator(), fee_as(2, "120"));
    let fact = FeeRetracted { fee: fee_as(2, "120").id, reason: retract_fee(2).reason };
    charged.clone().when(coordinator(), retract_fee(2)).happens(fact);
    charged.clone().when(coordinator(), retract_fee(3)).refused(Code::FeeUnknown, "feeId");
    Story::of(Status::Resolved).when(coordinator(), retract_fee(1)).refused(Code::FeeUnknown, "feeId");
    let retracted = charged.then(coordinator(), retract_fee(2));
    retracted.clone().when(coordinator(), retract_fee(2)).refused(Code::AlreadyRetracted, "feeId");

    let file = retracted.file();
    assert_eq!((file.fees.len(), file.fee_total()), (2, yuan("120")));
    let retraction = file.fees[1].retraction.as_ref().expect("it says so");
    assert_eq!((&retraction.by, retraction.at), (&coordinator().id, moment(MONDAY)));
    let stated = |amount| CloseCase { fee_total: Some(yuan(amount)), ..close() };
    retracted.clone().when(coordinator(), stated("240")).refused(Code::FeeStatementWrong, "feeTotal");
    // What was stated stands; what is found out afterwards is put right all the same.
    let closed = retracted.then(coordinator(), stated("120")).then(coordinator(), retract_fee(1));
    assert_eq!(closed.file().fee_total(), yuan("0"));
    closed.when(coordinator(), retract_fee(1)).refused(Code::AlreadyRetracted, "feeId");
}

/// It is no fee: the sum of a year is mended where nothing is charged any more.
#[test]
fn a_fee_is_taken_back_from_what_was_withdrawn_or_goes_on_elsewhere() {
    let charged = Story::of(Status::Triaged).then(coordinator(), fee_as(1, "120"));
    let ended = [
        (charged.clone().then(enterprise(), withdraw()), Status::Withdrawn),
        (charged.then(coordinator(), duplicate(another_case())), Status::Duplicate),
    ];
    for (story, status) in ended {
        let answer = |story: &Story, wanted: &str| {
            let answers = story.case().allowed_commands(&coordinator(), moment(MONDAY));
            let (_, answer) = answers.into_iter().find(|(name, _)| *name == wanted).expect("every command is told");
            answer.map_err(|refusal| refusal.code)
        };
        story.clone().when(coordinator(), fee_as(2, "120")).refused(Code::WrongStatus, "");
        assert_eq!(answer(&story, "RecordFee"), Err(Code::WrongStatus), "{status}");
        assert_eq!(answer(&story, "RetractFee"), Ok(()), "{status}");
        story.clone().when(coordinator(), retract_fee(2)).refused(Code::FeeUnknown, "feeId");
        story.clone().when(enterprise(), retract_fee(1)).refused(Code::NotPermitted, "");
        let retracted = story.then(coordinator(), retract_fee(1));
        assert_eq!((retracted.file().status, retracted.file().fee_total()), (status, yuan("0")));
        assert_eq!(answer(&retracted, "RetractFee"), Err(Code::AlreadyRetracted), "{status}");
    }
}

#[derive(Clone, Debug)]
enum Move {
    Require(u8),
    Measure(u8),
    Retract(Index),
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        1 => (1_u8..4).prop_map(Move::Require),
        3 => (1_u8..9).prop_map(Move::Measure),
        2 => any::<Index>().prop_map(Move::Retract),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    /// The history of a gap is that of a log which never had what was retracted.
    #[test]
    fn a_history_is_told_as_though_nothing_had_been_retracted(moves in vec(moves(), 1..24)) {
        let mut story = researching();
        let mut standing: BTreeMap<u128, MeasurementId> = BTreeMap::new();
        for (step, made) in (1..).zip(moves) {
            story = story.at(&format!("2026-04-{:02}T02:00:00Z", 1 + step % 28));
            story = match made {
                Move::Require(value) => story.then(lead(), require(&value.to_string(), "um")),
                Move::Measure(value) => {
                    let measured = measure_as(step, &value.to_string(), "um");
                    standing.insert(step, measured.id);
                    story.then(lead(), measured)
                }
                Move::Retract(_) if standing.is_empty() => continue,
                Move::Retract(index) => {
                    let number = *index.get(&standing.keys().copied().collect::<Vec<_>>());
                    standing.remove(&number);
                    story.then(lead(), retract_measurement(number))
                }
            };
        }
        let stands = |fact: &CaseFact| match fact {
            CaseFact::MeasurementRecorded(fact) => standing.values().any(|id| *id == fact.id),
            CaseFact::MeasurementRetracted(_) => false,
            _ => true,
        };
        let mut without = Case::default();
        story.events().iter().filter(|event| stands(&event.fact)).for_each(|event| without.evolve(event));
        let (told, without) = (story.file(), without.file.expect("it was reported"));
        prop_assert_eq!(told.gap_history(), without.gap_history());
        prop_assert_eq!(told.capability_gap(), without.capability_gap());
        prop_assert_eq!(told.best_uncertainty(), without.best_uncertainty());
    }
}
