//! What then has happened, if an order is carried out; or why it is not.
//!
//! The order of checks is the same for every command: role and tie to the case, `occurredAt`, status and what else
//! stands (the table in `rules`), then the command's own input, which is what the files of this folder look at, and
//! whether there is room for what it adds.

mod assignment;
mod closing;
pub(crate) mod collaboration;
mod confirmation;
pub(crate) mod deadlines;
pub(crate) mod escalation;
pub(crate) mod fees;
pub(crate) mod legacy;
pub(crate) mod links;
pub(crate) mod publication;
mod records;
pub(crate) mod report;
pub(crate) mod research;
pub(crate) mod triage;
pub(crate) mod trial;

use jiff::civil::Date;

use crate::domain::case::authority::Subject;
use crate::domain::case::command::CaseCommand;
use crate::domain::case::event::CaseFact;
use crate::domain::case::rules::Rule;
use crate::domain::case::state::{Case, File};
use crate::domain::event::Recorded;
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::Statement;

/// The facts of a decision, in order.
type Decision = Result<Vec<CaseFact>, Refusal>;

/// What a decision rests on besides the command: the case as it is known, and the order it comes in.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    file: &'a File,
    order: &'a Order<CaseCommand>,
}

impl Case {
    /// What happens when the order is carried out.
    ///
    /// # Errors
    /// The reason not to.
    pub fn decide(&self, order: &Order<CaseCommand>) -> Result<Vec<Recorded<CaseFact>>, Refusal> {
        let facts = self.facts(order)?;
        if let Some(file) = &self.file {
            file.check_room(order, &facts)?;
        }
        let mut events: Vec<_> = facts.into_iter().map(|fact| order.record(fact)).collect();
        // Nothing more is said of whoever was erased: there is no key that it could be sealed under.
        if self.file.as_ref().and_then(|file| file.legacy.as_ref()).is_some_and(|legacy| legacy.persons_erased) {
            events.iter_mut().filter_map(|event| event.source.as_mut()).for_each(|source| source.personal.clear());
        }
        Ok(events)
    }

    fn facts(&self, order: &Order<CaseCommand>) -> Decision {
        let file = self.file.as_ref();
        let given = || admit(file, order);
        match &order.command {
            CaseCommand::ReportCase(command) => report::report_case(file, order, command),
            CaseCommand::SpecifyRequirement(command) => research::specify_requirement(given()?, command),
            CaseCommand::RenameCase(command) => report::rename_case(given()?, command),
            CaseCommand::TriageCase(command) => triage::triage_case(given()?, command),
            CaseCommand::ProvideRoutineService(command) => triage::provide_routine_service(given()?, command),
            CaseCommand::AssignResearch(command) => assignment::assign_research(given()?, command),
            CaseCommand::ReassignResearch(command) => assignment::reassign_research(given()?, command),
            CaseCommand::AcceptAssignment(command) => assignment::accept_assignment(given()?, command),
            CaseCommand::DeclineAssignment(command) => assignment::decline_assignment(given()?, command),
            CaseCommand::InviteExpert(command) => collaboration::invite_expert(given()?, command),
            CaseCommand::AcceptInvitation(command) => collaboration::accept_invitation(given()?, command),
            CaseCommand::DeclineInvitation(command) => collaboration::decline_invitation(given()?, command),
            CaseCommand::LeaveCase(command) => collaboration::leave_case(given()?, command),
            CaseCommand::RemoveExpert(command) => collaboration::remove_expert(given()?, command),
            CaseCommand::RecordFinding(command) => research::record_finding(given()?, command),
            CaseCommand::RecordMeasurement(command) => research::record_measurement(given()?, command),
            CaseCommand::RetractMeasurement(command) => research::retract_measurement(given()?, command),
            CaseCommand::ProposeSolution(command) => research::propose_solution(given()?, command),
            CaseCommand::ReviewSolution(command) => trial::review_solution(given()?, command),
            CaseCommand::StartTrial(command) => trial::start_trial(given()?, command),
            CaseCommand::RecordTrialResult(command) => trial::record_trial_result(given()?, command),
            CaseCommand::ConfirmSolution(command) => confirmation::confirm_solution(given()?, command),
            CaseCommand::RejectSolution(command) => confirmation::reject_solution(given()?, command),
            CaseCommand::CloseCase(command) => closing::close_case(given()?, command),
            CaseCommand::ReopenCase(command) => closing::reopen_case(given()?, command),
            CaseCommand::EscalateCase(command) => escalation::escalate_case(given()?, command),
            CaseCommand::ParkCase(command) => escalation::park_case(given()?, command),
            CaseCommand::UnparkCase(command) => escalation::unpark_case(given()?, command),
            CaseCommand::SetDeadline(command) => deadlines::set_deadline(given()?, command),
            CaseCommand::ExtendDeadline(command) => deadlines::extend_deadline(given()?, command),
            CaseCommand::MissDeadline(command) => deadlines::miss_deadline(given()?, command),
            CaseCommand::PauseClock(command) => deadlines::pause_clock(given()?, command),
            CaseCommand::ResumeClock(command) => deadlines::resume_clock(given()?, command),
            CaseCommand::WithdrawCase(command) => closing::withdraw_case(given()?, command),
            CaseCommand::MarkDuplicate(command) => links::mark_duplicate(given()?, command),
            CaseCommand::LinkCases(command) => links::link_cases(given()?, command),
            CaseCommand::UnlinkCases(command) => links::unlink_cases(given()?, command),
            CaseCommand::RecordFee(command) => fees::record_fee(given()?, command),
            CaseCommand::RetractFee(command) => fees::retract_fee(given()?, command),
            CaseCommand::IntroduceTechnique(command) => records::introduce_technique(given()?, command),
            CaseCommand::RecordTraining(command) => records::record_training(given()?, command),
            CaseCommand::AddComment(command) => records::add_comment(given()?, command),
            CaseCommand::AddAttachment(command) => records::add_attachment(given()?, command),
            CaseCommand::PublishTypicalCase(command) => publication::publish(given()?, command),
            CaseCommand::RetractTypicalCase(command) => publication::retract(given()?, command),
            CaseCommand::EraseImportedPersons(command) => legacy::erase_persons(given()?, command),
            CaseCommand::RecordLegacyActivity(command) => legacy::record_activity(file, order, command),
        }
    }
}

/// The checks that every command on a reported case has in common.
fn admit<'a>(file: Option<&'a File>, order: &'a Order<CaseCommand>) -> Result<Given<'a>, Refusal> {
    let Some(file) = file else {
        return Err(Refusal::new(Code::NotFound, "id", "no case of this id is there for you"));
    };
    let rule = Rule::of(&order.command);
    rule.check_actor(&order.by, Subject::from(file))?;
    order.check_occurred()?;
    rule.check_case(file, &order.by, order.today())?;
    Ok(Given { file, order })
}

/// The decision of one fact, as most are.
fn only(fact: impl Into<CaseFact>) -> Decision {
    Ok(vec![fact.into()])
}

/// Most refusals of an input.
fn refuse<T>(code: Code, field: &str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(code, field, message))
}

/// The reason, where one has to be given.
fn reason(stated: &Option<Statement>) -> Result<Statement, Refusal> {
    let missing = || Refusal::new(Code::ReasonMissing, "reason", "say why");
    stated.clone().ok_or_else(missing)
}

/// A last day, which has to lie after today.
fn last_day(deadline: Date, order: &Order<CaseCommand>) -> Result<Date, Refusal> {
    let today = order.today();
    if deadline > today {
        return Ok(deadline);
    }
    refuse(Code::DeadlineNotInFuture, "deadline", format!("{deadline} is not after today, {today}"))
}
