//! What another tracker recorded and has no counterpart here: kept as it was, in any status, by the importer alone. And
//! the erasure of whom its events name.

use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::authority::Subject;
use crate::domain::case::command::{CaseCommand, EraseImportedPersons, RecordLegacyActivity};
use crate::domain::case::decide::report::check_enrolment;
use crate::domain::case::decide::{Decision, Given, only, reason, refuse};
use crate::domain::case::event::{ImportedPersonsErased, LegacyActivityRecorded, LegacyOpening};
use crate::domain::case::facts::LegacyCase;
use crate::domain::case::rules::Rule;
use crate::domain::case::state::File;
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};

pub(super) fn record_activity(
    file: Option<&File>,
    order: &Order<CaseCommand>,
    command: &RecordLegacyActivity,
) -> Decision {
    let rule = Rule::of(&order.command);
    let opening = command.opening.as_ref();
    match (file.map(Subject::from), opening.map(Subject::from)) {
        (Some(subject), None) | (None, Some(subject)) => rule.check_actor(&order.by, subject)?,
        (Some(subject), Some(_)) => {
            rule.check_actor(&order.by, subject)?;
            return refuse(Code::AlreadyExists, "opening", "the case has been opened before");
        }
        (None, None) => return refuse(Code::NotFound, "", "no case of this id has been reported"),
    }
    order.check_occurred()?;
    if order.source.is_none() {
        return refuse(Code::Required, "source", "say where in the other tracker's log it stands");
    }
    if let Some(case) = opening {
        check_enrolment(&case.enrolment)?;
    }
    only(LegacyActivityRecorded { opening: opening.map(opened), concludes: command.concludes })
}

pub(crate) fn names_persons(file: &File, _: &Actor, _: Date) -> Result<(), Refusal> {
    match &file.legacy {
        Some(legacy) if legacy.names_persons => Ok(()),
        Some(legacy) if legacy.persons_erased => {
            refuse(Code::AlreadyErased, "", "whom the other tracker's events named was erased")
        }
        Some(_) | None => refuse(Code::NotFound, "", "no event of another tracker names anybody in this case"),
    }
}

pub(super) fn erase_persons(_: Given<'_>, command: &EraseImportedPersons) -> Decision {
    only(ImportedPersonsErased { legal_basis: command.legal_basis, reason: reason(&command.reason)? })
}

impl<'a> From<&'a LegacyCase> for Subject<'a> {
    fn from(case: &'a LegacyCase) -> Self {
        Self { enterprise: case.enrolment.enterprise, division: &case.division, file: None }
    }
}

fn opened(case: &LegacyCase) -> LegacyOpening {
    LegacyOpening {
        number: case.number.clone(),
        title: case.title.clone(),
        problem: case.problem.clone(),
        enterprise: case.enrolment.enterprise,
        campaign: case.enrolment.campaign,
        division: case.division.clone(),
    }
}
