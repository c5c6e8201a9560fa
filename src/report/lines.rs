//! Single cases in a report: those that are told one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::iter::once;

use jiff::civil::Date;
use uuid::Uuid;

use crate::app::{
    App, CaseColumn, CasePage, Condition, Direction, EventPage, EvidencePage, Fault, Keep, Moment, Opened, Operator,
    StoredCase, Value, YearQuestion, gap_of,
};
use crate::domain::annual_summary::figure::FigureName;
use crate::domain::annual_summary::year::year_of;
use crate::domain::case::gap::GAP_DECIMALS;
use crate::domain::case::state::File;
use crate::domain::case::values::{Kind, Status};
use crate::domain::enterprise::Enterprise;
use crate::domain::institution::Institution;
use crate::domain::person::Person;
use crate::domain::value::{CaseId, Decimal, Level, Personal, calendar};
use crate::report::ReportError;
use crate::report::gather::{reporter, within};

/// How many events or cases are looked at together.
pub(super) const AT_ONCE: u32 = 500;

/// How far a case was and is from being measured.
#[derive(Clone, Debug)]
pub(super) struct GapLine {
    pub(super) number: String,
    pub(super) title: String,
    pub(super) before: Decimal,
    pub(super) after: Decimal,
    pub(super) closed: bool,
}

/// A training.
#[derive(Clone, Debug)]
pub(super) struct TrainingLine {
    pub(super) on: Date,
    pub(super) number: String,
    pub(super) topic: String,
    pub(super) trainees: u32,
    pub(super) hours: Option<Decimal>,
}

/// A case published as good practice.
#[derive(Clone, Debug)]
pub(super) struct TypicalLine {
    pub(super) number: String,
    pub(super) title: String,
    pub(super) enterprise: String,
    pub(super) summary: String,
    pub(super) lesson: Option<String>,
}

/// An open case that is not easily solved.
#[derive(Clone, Debug)]
pub(super) struct DifficultLine {
    pub(super) number: String,
    pub(super) title: String,
    pub(super) enterprise: String,
    pub(super) status: Status,
    pub(super) level: Option<Level>,
    /// The institution that is responsible and who leads the work; nobody while it waits for an assignment.
    pub(super) owner: Option<String>,
    /// Whether the name of who leads the work is not told because it cannot be opened, though nobody has erased it.
    pub(super) has_unreadable_lead: bool,
    pub(super) deadline: Option<String>,
    pub(super) gap: Option<Decimal>,
    /// Why it is where it is, as last said.
    pub(super) reason: Option<String>,
}

/// Events that say why a case is not solved, each with a reason.
const REASONS: [&str; 8] = [
    "CaseEscalated",
    "CaseParked",
    "ResearchReassigned",
    "ClockPaused",
    "DeadlineExtended",
    "SolutionRejected",
    "CaseReopened",
    "AssignmentDeclined",
];

/// All cases with a gap, the greatest that is left first; of equal ones in the order of their numbers. So many of them are
/// in memory as a whole at a time.
pub(super) async fn gaps(
    app: &App,
    condition: &Condition,
    at: Moment,
    at_once: u32,
) -> Result<Vec<GapLine>, ReportError> {
    let has_gap = Condition::Not(Box::new(Condition::IsNull { column: CaseColumn::GapPpm }));
    let mut page = CasePage {
        order: vec![(CaseColumn::Number, Direction::Ascending)],
        ..CasePage::of(Condition::All(vec![condition.clone(), has_gap]), at_once, at)
    };
    let mut lines = Vec::new();
    loop {
        let cases = app.cases(&reporter(), &page).await?;
        let Some(last) = cases.last() else { break };
        page.after = Some(page.key_of(last));
        let named: Vec<_> = cases.iter().map(|case| (case.row.case_id.into(), case.version)).collect();
        let files = app.case_files(&reporter(), &named, at).await?;
        lines.extend(
            cases.into_iter().zip(files).filter_map(|(case, known)| gap_line(case, known.state.file.as_ref()?)),
        );
    }
    lines.sort_by(|one, other| other.after.cmp(&one.after));
    Ok(lines)
}

fn gap_line(case: StoredCase, file: &File) -> Option<GapLine> {
    let (before, after) = (file.first_gap()?, file.capability_gap()?);
    Some(GapLine {
        number: case.row.number,
        title: case.row.title,
        before: before.to_decimals(GAP_DECIMALS),
        after: after.to_decimals(GAP_DECIMALS),
        closed: after.is_closed(),
    })
}

/// The trainings of the year, in the order of their days.
pub(super) async fn trainings(app: &App, question: &YearQuestion) -> Result<Vec<TrainingLine>, ReportError> {
    let mut lines = Vec::new();
    for (number, file) in files_behind(app, question, FigureName::Trainings).await? {
        for training in &file.trainings {
            let on = calendar::date_of(training.at);
            if year_of(on) == question.year {
                lines.push(TrainingLine {
                    on,
                    number: number.clone(),
                    topic: training.topic.to_string(),
                    trainees: training.trainees,
                    hours: training.hours.clone(),
                });
            }
        }
    }
    lines.sort_by(|one, other| (one.on, &one.number).cmp(&(other.on, &other.number)));
    Ok(lines)
}

/// The cases published as typical, in the order of their numbers.
pub(super) async fn typical(app: &App, question: &YearQuestion) -> Result<Vec<TypicalLine>, ReportError> {
    let files = files_behind(app, question, FigureName::TypicalCases).await?;
    let enterprises = files.values().map(|file| file.enterprise.into()).collect();
    let enterprises = enterprise_names(app, enterprises, question.at).await?;
    let mut lines = Vec::new();
    for (number, file) in files {
        let Some(publication) = &file.publication else { continue };
        lines.push(TypicalLine {
            number,
            title: file.title.to_string(),
            enterprise: enterprises.get(&file.enterprise.into()).cloned().unwrap_or_default(),
            summary: publication.summary.to_string(),
            lesson: file.lesson.as_ref().map(ToString::to_string),
        });
    }
    Ok(lines)
}

/// Open cases that are problems of research, of the level of the province or above, late or parked. Those that somebody
/// researches and whose gap is known come first, the greatest gap first; then the others, the highest level first, the
/// oldest of it first. So many of them are looked at together.
pub(super) async fn difficult(
    app: &App,
    question: &YearQuestion,
    at_once: u32,
) -> Result<Vec<DifficultLine>, ReportError> {
    let at = question.at;
    let today = calendar::date_of(app.time_of(at, question.time).await?);
    let equal = |column, value: &str| Condition::Compare {
        column,
        operator: Operator::Equal,
        value: Value::Text(value.to_owned()),
    };
    let is_set = |column| Condition::Not(Box::new(Condition::IsNull { column }));
    let is_open =
        Condition::Compare { column: CaseColumn::IsOpen, operator: Operator::Equal, value: Value::Integer(1) };
    let is_difficult = Condition::Any(vec![
        equal(CaseColumn::Kind, Kind::ResearchProblem.name()),
        equal(CaseColumn::Level, Level::Province.name()),
        equal(CaseColumn::Level, Level::Nation.name()),
        Condition::is_late(&today.to_string()),
        is_set(CaseColumn::ParkedUntil),
    ]);
    let is_unsolved = Condition::Not(Box::new(equal(CaseColumn::Status, Status::Resolved.name())));
    let difficult = Condition::All(vec![within(&question.jurisdiction), is_open, is_unsolved, is_difficult]);
    let is_researched = Condition::All(vec![is_set(CaseColumn::LeadId), is_set(CaseColumn::GapPpm)]);
    let is_other = Condition::Not(Box::new(is_researched.clone()));
    let researched =
        (Condition::All(vec![difficult.clone(), is_researched]), (CaseColumn::GapPpm, Direction::Descending));
    let others = Level::ALL.iter().rev().map(|level| {
        let of_the_level = vec![difficult.clone(), is_other.clone(), equal(CaseColumn::Level, level.name())];
        (Condition::All(of_the_level), (CaseColumn::ReportedAt, Direction::Ascending))
    });
    let mut lines = Vec::new();
    for (condition, order) in once(researched).chain(others) {
        let mut page = CasePage { order: vec![order], ..CasePage::of(condition, at_once, at) };
        loop {
            let cases = app.cases(&reporter(), &page).await?;
            let Some(last) = cases.last() else { break };
            page.after = Some(page.key_of(last));
            lines.extend(difficult_lines(app, cases, at).await?);
        }
    }
    Ok(lines)
}

async fn difficult_lines(app: &App, cases: Vec<StoredCase>, at: Moment) -> Result<Vec<DifficultLine>, ReportError> {
    let enterprises = enterprise_names(app, cases.iter().map(|case| case.row.enterprise_id).collect(), at).await?;
    let institutions = cases.iter().filter_map(|case| case.row.institution_id).collect();
    let institutions = institution_names(app, institutions, at).await?;
    let leads = person_names(app, cases.iter().filter_map(|case| case.row.lead_id).collect(), at).await?;
    let ids: Vec<_> = cases.iter().map(|case| CaseId::from(case.row.case_id)).collect();
    let last_reason =
        EventPage { at, limit: 1, keep: Keep::Last, types: REASONS.map(str::to_owned).into(), ..EventPage::default() };
    let reasons = app.told(&reporter(), &ids, &last_reason).await?;
    let mut lines = Vec::with_capacity(cases.len());
    for case in cases {
        let institution = case.row.institution_id.and_then(|id| institutions.get(&id));
        let lead = case.row.lead_id.and_then(|id| leads.get(&id));
        let owner: Vec<_> = institution.into_iter().chain(lead.and_then(Option::as_ref)).map(String::as_str).collect();
        let reason = reasons.get(&case.row.case_id.into()).and_then(|told| told.last()?.event.fact.reason());
        lines.push(DifficultLine {
            owner: (!owner.is_empty()).then(|| owner.join(" · ")),
            has_unreadable_lead: lead.is_some_and(Option::is_none),
            reason: reason.map(ToString::to_string),
            enterprise: enterprises.get(&case.row.enterprise_id).cloned().unwrap_or_default(),
            status: Status::named(&case.row.status).unwrap_or(Status::Reported),
            level: Level::named(&case.row.level),
            deadline: case.row.deadline_on,
            gap: case.row.gap_ppm.map(gap_of),
            number: case.row.number,
            title: case.row.title,
        });
    }
    Ok(lines)
}

/// The names of institutions, by their ids.
async fn institution_names(app: &App, ids: Vec<Uuid>, at: Moment) -> Result<BTreeMap<Uuid, String>, ReportError> {
    let entries = app.named_by_a_case::<Institution>(ids, at).await?;
    Ok(entries.into_iter().map(|entry| (entry.id, entry.name)).collect())
}

/// The names of persons that are not erased, by their ids; `None` where one cannot be opened.
async fn person_names(app: &App, ids: Vec<Uuid>, at: Moment) -> Result<BTreeMap<Uuid, Option<String>>, ReportError> {
    let entries = app.named_by_a_case::<Person>(ids, at).await?;
    let files = entries.into_iter().filter_map(|entry| Some((entry.id, entry.state.file?)));
    let names: Vec<_> = files.filter(|(_, file)| !file.is_erased()).map(|(id, file)| (id, file.name)).collect();
    let sealed = |name: &Personal| match name {
        Personal::Text(_) => None,
        Personal::Sealed(sealed) => Some((**sealed).clone()),
    };
    let sealed: Vec<_> = names.iter().filter_map(|(_, name)| sealed(name)).collect();
    let opened = match app.open_all(&sealed).await {
        // Whoever asks for the report is told, and knows where the keys were looked for.
        Err(Fault::NoVault) => HashMap::new(),
        opened => opened?,
    };
    let text = |name: Personal| match name {
        Personal::Text(text) => Some(Some(text)),
        Personal::Sealed(sealed) => match opened.get(&*sealed) {
            Some(Opened::Text(text)) => Some(Some(text.clone())),
            Some(Opened::Erased) => None,
            Some(Opened::Unreadable) | None => Some(None),
        },
    };
    Ok(names.into_iter().filter_map(|(id, name)| Some((id, text(name)?))).collect())
}

/// All cases whose events a figure rests on, by number.
async fn files_behind(
    app: &App,
    question: &YearQuestion,
    name: FigureName,
) -> Result<BTreeMap<String, File>, ReportError> {
    let actor = reporter();
    let mut files = BTreeMap::new();
    let mut page = EvidencePage { after: None, limit: AT_ONCE };
    loop {
        let events = app.year_events(&actor, question, &[name], page).await?.pop().unwrap_or_default();
        let Some(last) = events.last() else { return Ok(files) };
        page.after = Some(last.position);
        let ids: BTreeSet<_> = events.iter().map(|event| event.aggregate_id).collect();
        let cases = app.cases_named(&actor, &Vec::from_iter(ids), question.at).await?;
        let named: Vec<_> = cases.iter().map(|case| (case.row.case_id.into(), case.version)).collect();
        for (case, known) in cases.into_iter().zip(app.case_files(&actor, &named, question.at).await?) {
            files.extend(known.state.file.clone().map(|file| (case.row.number, file)));
        }
    }
}

async fn enterprise_names(app: &App, ids: Vec<Uuid>, at: Moment) -> Result<BTreeMap<Uuid, String>, ReportError> {
    let entries = app.named_by_a_case::<Enterprise>(ids, at).await?;
    Ok(entries.into_iter().map(|entry| (entry.id, entry.name)).collect())
}
