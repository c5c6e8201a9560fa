//! What a report says, asked of the application as of one moment.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::app::{
    App, CaseColumn, Condition, EvidencePage, FigureEvent, GroupKey, GroupSums, Grouped, Moment, Operator,
    StatisticsQuestion, Value, Year, YearQuestion,
};
use crate::domain::actor::Actor;
use crate::domain::annual_summary::AnnualSummary;
use crate::domain::annual_summary::figure::FigureName;
use crate::domain::annual_summary::state::AnnualSummaryFile;
use crate::domain::annual_summary::year::first_day;
use crate::domain::catalogue::Catalogue;
use crate::domain::institution::Institution;
use crate::domain::value::{AnnualSummaryId, CatalogueId, Division, Level, calendar};
use crate::report::ReportError;
use crate::report::lines::{self, DifficultLine, GapLine, TrainingLine, TypicalLine};

/// How many positions a figure's evidence shows; the API pages through all.
const POSITIONS: u32 = 12;

/// How many groups a table has at most: more than the nation has institutions.
const MOST_GROUPS: u32 = 100_000;
/// How many names are looked up together.
const NAMES_AT_ONCE: usize = 1_000;

/// What a report says.
#[derive(Clone, Debug)]
pub struct Data {
    /// The figures of the year.
    pub(super) year: Year,
    /// What was submitted, however late.
    pub(super) submitted: Option<AnnualSummaryFile>,
    /// The name of the log.
    pub(super) origin: String,
    /// The cases reported in the year, all together.
    pub(super) whole: GroupSums,
    /// The cases that are open, whenever they were reported, all together.
    pub(super) open: GroupSums,
    /// The same by division, one level below the jurisdiction.
    pub(super) divisions: Vec<GroupSums>,
    /// By institution.
    pub(super) institutions: Vec<GroupSums>,
    /// By KCDB category.
    pub(super) categories: Vec<GroupSums>,
    /// By kind.
    pub(super) kinds: Vec<GroupSums>,
    /// By month of the report.
    pub(super) months: Vec<GroupSums>,
    /// Names of institutions by id.
    pub(super) institution_names: BTreeMap<String, String>,
    /// Names of items by the code of the division whose list they are on, and their own.
    pub(super) item_names: BTreeMap<(String, String), String>,
    /// How far cases were and are from being measured, the greatest gap that is left first.
    pub(super) gaps: Vec<GapLine>,
    /// Trainings of the year.
    pub(super) trainings: Vec<TrainingLine>,
    /// Cases published as typical.
    pub(super) typical: Vec<TypicalLine>,
    /// Difficult cases that are open, those first that are researched and have a gap.
    pub(super) difficult: Vec<DifficultLine>,
    /// The first events that each figure rests on.
    pub(super) evidence: Vec<(FigureName, Vec<u64>)>,
}

/// Who asks for a report: it is made on the server, whose files it reads.
pub(super) fn reporter() -> Actor {
    Actor::clock()
}

/// Asks everything that a report says.
///
/// # Errors
/// When the application fails.
pub async fn gather(app: &App, question: YearQuestion) -> Result<Data, ReportError> {
    let actor = reporter();
    let year = app.year(&actor, question).await?;
    let YearQuestion { jurisdiction, year: of_year, at, .. } = year.question.clone();
    let summed = async |keys: &[GroupKey]| sums(app, of_the_year(&year.question), &year.question, keys).await;
    let standing = year.question.of_what_stands();
    let open = sums(app, open(&jurisdiction), &standing, &[]).await?.pop().unwrap_or_default();
    let summary = app
        .register::<AnnualSummary>(&actor, AnnualSummaryId::of(&jurisdiction, of_year).into(), year.asked_at)
        .await?;
    let institutions = summed(&[GroupKey::Institution]).await?;
    let names: Vec<_> = year.figures.iter().map(|figure| figure.name).collect();
    let page = EvidencePage { after: None, limit: POSITIONS };
    let events = app.year_events(&actor, &year.question, &names, page).await?;
    let positions = |events: Vec<FigureEvent>| events.iter().map(|event| event.position).collect();
    let evidence = names.into_iter().zip(events.into_iter().map(positions)).collect();
    Ok(Data {
        submitted: summary.and_then(|entry| entry.state.file),
        origin: app.origin().await?,
        whole: summed(&[]).await?.pop().unwrap_or_default(),
        open,
        divisions: summed(&[GroupKey::Division(digits_below(&jurisdiction))]).await?,
        categories: summed(&[GroupKey::Category]).await?,
        kinds: summed(&[GroupKey::Kind]).await?,
        months: summed(&[GroupKey::Month]).await?,
        institution_names: institution_names(app, &institutions, at).await?,
        institutions,
        item_names: item_names(app, &year, at).await?,
        gaps: lines::gaps(app, &of_the_year(&year.question), at, lines::AT_ONCE).await?,
        trainings: lines::trainings(app, &year.question).await?,
        typical: lines::typical(app, &standing).await?,
        difficult: lines::difficult(app, &standing, lines::AT_ONCE).await?,
        evidence,
        year,
    })
}

/// Sums of the cases that the condition holds for, as of the moment of the question.
async fn sums(
    app: &App,
    condition: Condition,
    question: &YearQuestion,
    keys: &[GroupKey],
) -> Result<Vec<GroupSums>, ReportError> {
    let (at, time, most_groups) = (question.at, question.time, MOST_GROUPS);
    let question = StatisticsQuestion { condition, keys: keys.to_vec(), at, time, most_groups };
    match app.statistics(&reporter(), &question).await? {
        Grouped::Groups(groups) => Ok(groups),
        Grouped::TooMany(groups) => Err(ReportError::TooManyGroups { groups }),
    }
}

/// The cases of the jurisdiction that were reported in the year.
pub(super) fn of_the_year(question: &YearQuestion) -> Condition {
    let begins = |year: i16| {
        let midnight = calendar::moment_of(first_day(year).at(0, 0, 0, 0));
        Value::Integer(midnight.expect("years of the log are timestamps").as_microsecond())
    };
    let reported = |operator, value| Condition::Compare { column: CaseColumn::ReportedAt, operator, value };
    Condition::All(vec![
        within(&question.jurisdiction),
        reported(Operator::GreaterOrEqual, begins(question.year)),
        reported(Operator::Less, begins(question.year + 1)),
    ])
}

/// The cases of the jurisdiction that are open, of any year: those of the figure.
fn open(jurisdiction: &Division) -> Condition {
    let is_open =
        Condition::Compare { column: CaseColumn::IsOpen, operator: Operator::Equal, value: Value::Integer(1) };
    Condition::All(vec![within(jurisdiction), is_open])
}

/// The cases of the jurisdiction.
pub(super) fn within(jurisdiction: &Division) -> Condition {
    Condition::StartsWith { column: CaseColumn::Division, text: jurisdiction.code().to_owned() }
}

/// Divisions are compared one level below whoever reports; a county is compared with nobody.
fn digits_below(jurisdiction: &Division) -> u8 {
    match jurisdiction.level() {
        Level::Nation => 2,
        Level::Province => 4,
        Level::City | Level::County => 6,
    }
}

async fn institution_names(
    app: &App,
    groups: &[GroupSums],
    at: Moment,
) -> Result<BTreeMap<String, String>, ReportError> {
    let ids: Vec<Uuid> = groups.iter().flat_map(|group| &group.key).filter_map(|id| id.parse().ok()).collect();
    let mut names = BTreeMap::new();
    for ids in ids.chunks(NAMES_AT_ONCE) {
        let entries = app.named_by_a_case::<Institution>(ids.to_vec(), at).await?;
        names.extend(entries.into_iter().map(|entry| (entry.id.to_string(), entry.name)));
    }
    Ok(names)
}

/// What the items of the fees of the year are called in their lists.
async fn item_names(app: &App, year: &Year, at: Moment) -> Result<BTreeMap<(String, String), String>, ReportError> {
    let fees = year.figures.iter().flat_map(|figure| &figure.amounts);
    let lists: BTreeSet<_> = fees.filter_map(|fee| Division::of_code(&fee.list).ok()).collect();
    let ids = lists.iter().map(|division| CatalogueId::of(division).into()).collect();
    let entries = app.named_by_a_case::<Catalogue>(ids, at).await?;
    let files = entries.iter().filter_map(|entry| entry.state.file.as_ref());
    let items = files.flat_map(|file| file.items.iter().map(|item| (file.division.code(), item)));
    Ok(items.map(|(list, item)| ((list.to_owned(), item.code.to_string()), item.name.to_string())).collect())
}
