//! The rules of the lifecycle in one table: who may give a command, from which status, and what else has to stand,
//! whatever its input. `decide` asks it before the input is looked at; `allowed_commands` asks it for all commands.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::authority::{self, Party, Subject};
use crate::domain::case::command::CaseCommand;
use crate::domain::case::decide::{
    collaboration, deadlines, escalation, fees, legacy, links, publication, report, research, triage, trial,
};
use crate::domain::case::state::{Case, File};
use crate::domain::case::values::Status;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::calendar;

/// What has to hold before a command's input is looked at.
pub(crate) struct Rule {
    /// The command's name.
    command: &'static str,
    /// Who may give it.
    who: &'static [Party],
    /// Where the case has to be.
    from: &'static [Status],
    /// What else has to stand.
    standing: Standing,
}

/// A condition of the case alone; `Date` is today.
type Standing = fn(&File, &Actor, Date) -> Result<(), Refusal>;

use Party::{
    Clock, Coordinator, Enterprise, Importer, Invitee, Lead, Manager, Member, NationalManager, Reviewer, Visitor,
};
use Status::{
    Assigned, AwaitingConfirmation, Closed, Duplicate, OnTrial, Reported, Researching, Resolved, SolutionProposed,
    Triaged, Withdrawn,
};

const ANY: &[Status] = Status::ALL;
const BEFORE_RESOLVED: &[Status] =
    &[Reported, Triaged, Assigned, Researching, SolutionProposed, OnTrial, AwaitingConfirmation];
const OPEN: &[Status] =
    &[Reported, Triaged, Assigned, Researching, SolutionProposed, OnTrial, AwaitingConfirmation, Resolved];
const OPEN_OR_CLOSED: &[Status] =
    &[Reported, Triaged, Assigned, Researching, SolutionProposed, OnTrial, AwaitingConfirmation, Resolved, Closed];
const ANY_BUT_DUPLICATE: &[Status] = &[
    Reported,
    Triaged,
    Assigned,
    Researching,
    SolutionProposed,
    OnTrial,
    AwaitingConfirmation,
    Resolved,
    Closed,
    Withdrawn,
];
/// Where somebody is at work who may be relieved.
pub(super) const ASSIGNED_TO_TRIAL: &[Status] = &[Assigned, Researching, SolutionProposed, OnTrial];
const ASSIGNED_TO_CONFIRMATION: &[Status] = &[Assigned, Researching, SolutionProposed, OnTrial, AwaitingConfirmation];
const RESEARCH: &[Status] = &[Researching, SolutionProposed, OnTrial];
/// A trial's result leads on to where the enterprise judges by it: what was measured wrongly can be taken back there, and
/// what is right recorded, before it confirms.
const RESEARCH_TO_CONFIRMATION: &[Status] = &[Researching, SolutionProposed, OnTrial, AwaitingConfirmation];
/// What was withdrawn is not reopened, and a duplicate need not be: what was measured wrongly would stay in the figures of
/// its year.
const RESEARCH_OR_ENDED_OTHERWISE: &[Status] =
    &[Researching, SolutionProposed, OnTrial, AwaitingConfirmation, Withdrawn, Duplicate];
/// So would what was required wrongly; nothing new is required where a case has ended.
const BEFORE_RESOLVED_OR_ENDED_OTHERWISE: &[Status] =
    &[Reported, Triaged, Assigned, Researching, SolutionProposed, OnTrial, AwaitingConfirmation, Withdrawn, Duplicate];

fn nothing_else(_: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    Ok(())
}

macro_rules! rules {
    ($($command:ident by [$($party:ident)+] from $from:expr, if $standing:path;)+) => {
        /// One rule a command, in the order of the lifecycle.
        const RULES: &[Rule] = &[$(
            Rule { command: stringify!($command), who: &[$($party,)+], from: $from, standing: $standing },
        )+];

        impl Rule {
            /// The rule of a command.
            pub(crate) fn of(command: &CaseCommand) -> &'static Self {
                match command {
                    $(CaseCommand::$command(_) => const {
                        &Rule { command: stringify!($command), who: &[$($party,)+], from: $from, standing: $standing }
                    },)+
                }
            }
        }
    };
}

rules! {
    ReportCase by [Enterprise Visitor Coordinator Importer] from ANY, if report::not_reported_yet;
    SpecifyRequirement by [Enterprise Coordinator Lead Importer] from BEFORE_RESOLVED_OR_ENDED_OTHERWISE,
        if research::may_require;
    RenameCase by [Enterprise Coordinator Lead Importer] from OPEN, if nothing_else;
    TriageCase by [Coordinator Importer] from OPEN, if nothing_else;
    ProvideRoutineService by [Coordinator Importer] from &[Triaged], if triage::is_no_research;
    AssignResearch by [Coordinator Manager Importer] from &[Triaged], if nothing_else;
    ReassignResearch by [Coordinator Manager Importer] from ASSIGNED_TO_TRIAL, if nothing_else;
    AcceptAssignment by [Lead Importer] from &[Assigned], if nothing_else;
    DeclineAssignment by [Lead Importer] from &[Assigned], if nothing_else;
    InviteExpert by [Lead Coordinator Importer] from ASSIGNED_TO_CONFIRMATION, if nothing_else;
    AcceptInvitation by [Invitee Importer] from ASSIGNED_TO_CONFIRMATION, if collaboration::is_invited;
    DeclineInvitation by [Invitee Importer] from ANY, if collaboration::is_invited;
    LeaveCase by [Member Importer] from ANY, if collaboration::may_leave;
    RemoveExpert by [Lead Coordinator Manager Importer] from ANY, if collaboration::has_expert;
    RecordFinding by [Member Importer] from RESEARCH, if nothing_else;
    RecordMeasurement by [Member Importer] from RESEARCH_TO_CONFIRMATION, if nothing_else;
    RetractMeasurement by [Member Importer] from RESEARCH_OR_ENDED_OTHERWISE, if research::has_measurement;
    ProposeSolution by [Lead Importer] from &[Researching], if research::has_finding;
    ReviewSolution by [Reviewer Importer] from &[SolutionProposed], if nothing_else;
    StartTrial by [Lead Enterprise Importer] from &[SolutionProposed], if trial::is_reviewed;
    RecordTrialResult by [Lead Enterprise Importer] from &[OnTrial], if nothing_else;
    ConfirmSolution by [Enterprise] from &[AwaitingConfirmation], if nothing_else;
    RejectSolution by [Enterprise] from &[AwaitingConfirmation], if nothing_else;
    CloseCase by [Coordinator Manager Importer] from &[Resolved], if nothing_else;
    ReopenCase by [Enterprise Coordinator Manager Importer] from &[Resolved, Closed, Duplicate], if nothing_else;
    EscalateCase by [Coordinator Manager Clock Importer] from BEFORE_RESOLVED, if escalation::is_below_nation;
    ParkCase by [NationalManager Importer] from BEFORE_RESOLVED, if escalation::may_be_parked;
    UnparkCase by [NationalManager Importer] from BEFORE_RESOLVED, if escalation::has_been_parked;
    SetDeadline by [Coordinator Manager Importer] from BEFORE_RESOLVED, if deadlines::may_be_set;
    ExtendDeadline by [Coordinator Manager Importer] from BEFORE_RESOLVED, if deadlines::is_set;
    MissDeadline by [Clock] from BEFORE_RESOLVED, if deadlines::has_passed;
    PauseClock by [Coordinator Lead Importer] from BEFORE_RESOLVED, if deadlines::clock_is_not_paused;
    ResumeClock by [Coordinator Lead Importer] from BEFORE_RESOLVED, if deadlines::clock_is_paused;
    WithdrawCase by [Enterprise] from BEFORE_RESOLVED, if nothing_else;
    MarkDuplicate by [Coordinator Importer] from OPEN, if nothing_else;
    LinkCases by [Coordinator Importer] from OPEN, if nothing_else;
    UnlinkCases by [Coordinator Importer] from ANY, if links::is_linked;
    RecordFee by [Coordinator Importer] from OPEN_OR_CLOSED, if nothing_else;
    RetractFee by [Coordinator Importer] from ANY, if fees::has_fee;
    IntroduceTechnique by [Member Visitor Importer] from OPEN_OR_CLOSED, if nothing_else;
    RecordTraining by [Member Visitor Importer] from OPEN_OR_CLOSED, if nothing_else;
    AddComment by [Member Enterprise Coordinator Manager Visitor Importer] from ANY_BUT_DUPLICATE, if nothing_else;
    AddAttachment by [Member Enterprise Coordinator Manager Visitor Importer] from ANY_BUT_DUPLICATE, if nothing_else;
    PublishTypicalCase by [Manager Importer] from &[Closed], if publication::is_unpublished;
    RetractTypicalCase by [Manager Importer] from ANY, if publication::is_published;
    EraseImportedPersons by [Manager] from ANY, if legacy::names_persons;
    RecordLegacyActivity by [Importer] from ANY, if nothing_else;
}

impl Rule {
    /// Whether the actor holds a role that may give the command, to whatever case.
    ///
    /// # Errors
    /// As [`authority::check_role`].
    pub(crate) fn check_role(&self, actor: &Actor) -> Result<(), Refusal> {
        authority::check_role(self.command, self.who, actor)
    }

    /// Whether the actor may give the command at all.
    ///
    /// # Errors
    /// As [`authority::check`].
    pub(crate) fn check_actor(&self, actor: &Actor, subject: Subject<'_>) -> Result<(), Refusal> {
        authority::check(self.command, self.who, actor, subject)
    }

    /// Whether the case is where the command can be carried out.
    ///
    /// # Errors
    /// `WRONG_STATUS`, or what else does not stand.
    pub(crate) fn check_case(&self, file: &File, actor: &Actor, today: Date) -> Result<(), Refusal> {
        if !self.from.contains(&file.status) {
            let names: Vec<_> = self.from.iter().map(|status| status.name()).collect();
            return Err(Refusal::new(
                Code::WrongStatus,
                "",
                format!("the case is {}; {} needs it to be {}", file.status, self.command, names.join(" or ")),
            ));
        }
        (self.standing)(file, actor, today)
    }
}

impl Case {
    /// Which commands the actor may give now, and why not the others: in the order of the lifecycle, by name. Whether a
    /// given input is accepted is for `decide`. Empty before the case is reported.
    #[must_use]
    pub fn allowed_commands(&self, actor: &Actor, now: Timestamp) -> Vec<(&'static str, Result<(), Refusal>)> {
        let today = calendar::date_of(now);
        let answer = |file: &File, rule: &Rule| {
            rule.check_actor(actor, Subject::from(file))?;
            rule.check_case(file, actor, today)
        };
        self.file.iter().flat_map(|file| RULES.iter().map(move |rule| (rule.command, answer(file, rule)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_rule_in_the_order_of_the_lifecycle() {
        let names: Vec<_> = RULES.iter().map(|rule| rule.command).collect();
        assert_eq!(names, CaseCommand::NAMES);
    }
}
