use crate::domain::case::command::{CloseCase, ConfirmSolution, RejectSolution, ReopenCase};
use crate::domain::case::event::{
    CaseClosed, CaseReopened, CaseResolved, CaseWithdrawn, SolutionConfirmed, SolutionRejected,
};
use crate::domain::case::tests::actors::*;
use crate::domain::case::tests::commands::*;
use crate::domain::case::tests::story::Story;
use crate::domain::case::values::Status;
use crate::domain::refusal::Code;
use crate::domain::value::Decimal;

/// Awaits confirmation, with U required and U reached.
fn measured(required: &str, reached: &str) -> Story {
    Story::of(Status::OnTrial)
        .then(lead(), require(required, "um"))
        .then(lead(), measure(reached, "um"))
        .then(lead(), trial_passed())
}

fn confirmed(shortfall: bool) -> SolutionConfirmed {
    SolutionConfirmed { statement: None, shortfall_accepted: because().filter(|_| shortfall) }
}

#[test]
fn the_enterprise_confirms() {
    let facts = vec![confirmed(false).into(), CaseResolved { gap: None }.into()];
    Story::of(Status::AwaitingConfirmation).when(enterprise(), confirm()).all_happen(facts);
    let gap = Decimal::parse("0.800000").ok();
    let facts = vec![confirmed(false).into(), CaseResolved { gap: gap.clone() }.into()];
    measured("1.25", "1").when(enterprise(), confirm()).all_happen(facts);
    let file = measured("1.25", "1").then(enterprise(), confirm()).file();
    assert_eq!(file.resolution.and_then(|resolution| resolution.gap), gap);
    assert!(file.status.is_open());
}

#[test]
fn an_open_gap_is_not_confirmed_by_accident() {
    measured("1", "2").when(enterprise(), confirm()).refused(Code::GapOpen, "acceptShortfall");
    let accept = ConfirmSolution { statement: None, accept_shortfall: because() };
    let facts = vec![confirmed(true).into(), CaseResolved { gap: Some(Decimal::from(2)) }.into()];
    measured("1", "2").when(enterprise(), accept.clone()).all_happen(facts);
    // Nothing falls short, so that nothing is accepted.
    let facts = vec![confirmed(false).into(), CaseResolved { gap: Some(Decimal::from(1)) }.into()];
    measured("1", "1").when(enterprise(), accept).all_happen(facts);
}

#[test]
fn a_gap_is_compared_exactly() {
    measured("1", "1.0000001").when(enterprise(), confirm()).refused(Code::GapOpen, "acceptShortfall");
}

#[test]
fn only_the_enterprise_of_the_case_confirms() {
    let awaiting = Story::of(Status::AwaitingConfirmation);
    for somebody in [another_enterprise(), coordinator(), national_manager(), lead(), importer()] {
        awaiting.clone().when(somebody.clone(), confirm()).refused(Code::NotPermitted, "");
        awaiting.clone().when(somebody, reject()).refused(Code::NotPermitted, "");
    }
}

#[test]
fn a_rejected_solution_is_worked_on_again() {
    let fact = SolutionRejected { reason: because().expect("a reason") };
    Story::of(Status::AwaitingConfirmation).when(enterprise(), reject()).happens(fact);
    let after = |story: Story| story.then(enterprise(), reject()).file().status;
    assert_eq!(after(Story::of(Status::AwaitingConfirmation)), Status::Researching);
    assert_eq!(after(Story::of_routine_service()), Status::Triaged);
    let silent = RejectSolution { reason: None };
    Story::of(Status::AwaitingConfirmation).when(enterprise(), silent).refused(Code::ReasonMissing, "reason");
}

#[test]
fn a_case_closes_with_a_lesson_and_the_sum_of_fees() {
    let story = || Story::of(Status::Resolved).then(coordinator(), fee("120.50")).then(coordinator(), fee("79.5"));
    let with = |fee_total: &str| CloseCase { fee_total: Some(yuan(fee_total)), ..close() };
    let lesson = close().lesson.expect("a lesson");
    story().when(manager(), with("200")).happens(CaseClosed { lesson, fee_total: yuan("200.00") });
    story().when(manager(), with("199.99")).refused(Code::FeeStatementWrong, "feeTotal");
    story().when(manager(), CloseCase { fee_total: None, ..close() }).refused(Code::FeeStatementMissing, "feeTotal");
    story().when(manager(), CloseCase { lesson: None, ..with("200") }).refused(Code::LessonMissing, "lesson");
}

#[test]
fn a_case_closes_after_its_parts() {
    for open in [vec![Some(number().with_serial(17))], vec![None]] {
        let command = CloseCase { open_sub_cases: open, ..close() };
        Story::of(Status::Resolved).when(coordinator(), command).refused(Code::SubCaseOpen, "");
    }
}

#[test]
fn a_reopened_case_has_neither_resolution_nor_lesson() {
    let fact = CaseReopened { reason: because().expect("a reason") };
    Story::of(Status::Closed).when(enterprise(), reopen()).happens(fact);
    let file = Story::of(Status::Closed).then(enterprise(), reopen()).file();
    assert_eq!((file.status, file.reopened), (Status::Researching, 1));
    assert_eq!((file.resolution, file.lesson), (None, None));
    let routine = Story::of_routine_service().then(enterprise(), confirm()).then(manager(), reopen()).file();
    assert_eq!(routine.status, Status::Triaged);
    let silent = ReopenCase { reason: None };
    Story::of(Status::Resolved).when(coordinator(), silent).refused(Code::ReasonMissing, "reason");
}

#[test]
fn only_the_enterprise_withdraws() {
    let fact = CaseWithdrawn { reason: withdraw().reason };
    Story::of(Status::OnTrial).when(enterprise(), withdraw()).happens(fact);
    for somebody in [another_enterprise(), coordinator(), national_manager(), importer(), clock()] {
        Story::of(Status::OnTrial).when(somebody, withdraw()).refused(Code::NotPermitted, "");
    }
}
