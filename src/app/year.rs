//! The figures of a year, computed from the log as of a moment, each with the events that it rests on.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::app::App;
use crate::app::moments::{NoMoment, Point, Then};
use crate::app::reads::{CasePage, query};
use crate::app::request::{Fault, time_of};
use crate::app::scope::RegisterScope;
use crate::app::statistics::fee_total;
use crate::domain::actor::Actor;
use crate::domain::annual_summary::figure::{ComputedFigures, FigureName};
use crate::domain::annual_summary::state::AnnualSummaryFile;
use crate::domain::annual_summary::year::{first_day, last_day};
use crate::domain::case::values::{Kind, Status};
use crate::domain::value::{Decimal, Division, calendar};
use crate::store::{
    AggregateType, CaseColumn, Condition, EvidencePage, FeeSum, FigureEvent, FigureKind, FigureSelection, FigureSum,
    Moment, OfCases, RegisterQuery, YearQuery,
};

/// Whose year, and as of when it is added up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct YearQuestion {
    /// Whose.
    pub jurisdiction: Division,
    /// Which year.
    pub year: i16,
    /// As of when.
    pub at: Moment,
    /// What the time was then, where that is known better than by the last event.
    pub time: Option<Timestamp>,
    /// As of when it is counted which cases are open and which publications stand, where that is another moment.
    pub standing_at: Option<Moment>,
}

impl YearQuestion {
    /// The same as of when it is counted what stands.
    #[must_use]
    pub fn of_what_stands(&self) -> Self {
        match self.standing_at {
            Some(at) => Self { at, time: None, standing_at: None, ..self.clone() },
            None => self.clone(),
        }
    }
}

/// The figures of a year.
#[derive(Clone, Debug)]
pub struct Year {
    /// What was asked, with the moment that was settled on.
    pub question: YearQuestion,
    /// As of when it was asked: what was submitted by then is compared, however late it came.
    pub asked_at: Moment,
    /// What the time was then.
    pub time: Timestamp,
    /// In the order of their names.
    pub figures: Vec<YearFigure>,
    /// The figures as of 31 October, where it was asked about a later moment of the past; without what stood then, where
    /// what is known today alone tells it, and not what was known at that moment.
    pub when_due: Option<BTreeMap<FigureName, Decimal>>,
}

impl Year {
    /// What of the log a figure is held against that was submitted, by whatever moment the year is shown as of: what it
    /// gave to the last amendment, where that was late; else what it was as of 31 October, and until then as of now. Where
    /// that day is before the log, what stood on it is what the log gave to the summary.
    #[must_use]
    pub fn compared_with<'a>(&'a self, summary: &'a AnnualSummaryFile, figure: &'a YearFigure) -> &'a Decimal {
        let when_reported = summary.computed.as_ref().filter(|_| self.when_due.is_some());
        let when_reported = when_reported.map(|computed| &computed.figures);
        let mut then = [summary.at_amendment(), self.when_due.as_ref(), when_reported].into_iter().flatten();
        then.find_map(|figures| figures.get(&figure.name)).unwrap_or(&figure.value)
    }
}

/// A figure of a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearFigure {
    /// Which.
    pub name: FigureName,
    /// How many or how much.
    pub value: Decimal,
    /// How many events it rests on.
    pub events: u64,
    /// The amounts that it sums, by item.
    pub amounts: Vec<FeeSum>,
}

/// The report is due on 31 October, the last day of its year: what stands at its end is what the year is measured by.
fn due(year: i16) -> Timestamp {
    calendar::end_of(last_day(year))
}

/// How a year ended, by what is known now: what is open or published today is not the year's.
fn end(year: i16) -> Moment {
    Moment::Occurred(due(year).as_microsecond())
}

impl App {
    /// Settles as of when a year is added up that is asked about today: as of the end of 31 October, in UTC+8; now
    /// while that is to come, and where the log began later, for what it tells of that year was recorded since. What stood
    /// is then as of the end of 31 October all the same. Any other moment stays as it is, but that a position within a
    /// command is the one at its end. And what the time is then.
    async fn settle_year(&self, actor: &Actor, mut question: YearQuestion) -> Result<(YearQuestion, Timestamp), Fault> {
        let time = if let Moment::Position(position) = question.at {
            let append = self.append_around(position).await?;
            question.at = Moment::Position(append.last_position);
            question.time.unwrap_or_else(|| time_of(append.recorded_at))
        } else if question.at != Moment::Present {
            self.time_of(question.at, question.time).await?
        } else if let Some(then) = self.when_due(actor, question.year).await? {
            question.at = then.moment;
            then.time
        } else {
            let now = self.now();
            question.at = self.head().await?.map_or(Moment::Present, Moment::Position);
            question.standing_at = (due(question.year) < now).then(|| end(question.year));
            now
        };
        question.time = Some(time);
        Ok((question, time))
    }

    /// The moment at which the year's summary was due; `None` while that is to come, and where the log began later.
    async fn when_due(&self, actor: &Actor, year: i16) -> Result<Option<Then>, Fault> {
        match self.recorded_by(actor, Point::Time(due(year))).await {
            Ok(then) => Ok(Some(then)),
            Err(NoMoment::Fault(fault)) => Err(fault),
            Err(_) => Ok(None),
        }
    }

    /// The figures of a year, of what this actor may see: one statement, besides those that settle the moment, one more
    /// where what stood is as of another, and as many again where that is in the past and after the year's 31 October.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn year(&self, actor: &Actor, question: YearQuestion) -> Result<Year, Fault> {
        let is_of_today = question.at == Moment::Present;
        let (question, time) = self.settle_year(actor, question).await?;
        let asked_at = if is_of_today { Moment::Present } else { question.at };
        let figures = self.figures(actor, &question).await?;
        let when_due = match asked_at {
            // Such are the figures themselves.
            Moment::Present => None,
            Moment::Position(_) | Moment::Occurred(_) => self.figures_when_due(actor, &question, time).await?,
        };
        Ok(Year { question, asked_at, time, figures, when_due })
    }

    /// The figures as of the end of 31 October, beside those of the question, which has been settled to that time; `None`
    /// where that is no later moment. Where the log began later they are of what the question knows, and what stood is told
    /// of what had happened alone: as of a position it would be another thing whenever more of that year is recorded.
    async fn figures_when_due(
        &self,
        actor: &Actor,
        question: &YearQuestion,
        time: Timestamp,
    ) -> Result<Option<BTreeMap<FigureName, Decimal>>, Fault> {
        if time <= due(question.year) {
            return Ok(None);
        }
        let when_due = self.when_due(actor, question.year).await?;
        let began_later = when_due.is_none();
        let of_that_day = match when_due {
            Some(then) if then.moment == question.at => return Ok(None),
            Some(then) => YearQuestion { at: then.moment, ..question.clone() },
            None => YearQuestion { standing_at: Some(end(question.year)), ..question.clone() },
        };
        let mut figures = values(self.figures(actor, &of_that_day).await?);
        if began_later && matches!(question.at, Moment::Position(_)) {
            figures.retain(|name, _| !is_of_what_stands(*name));
        }
        Ok(Some(figures))
    }

    /// The figures of a year as of the moment of the question, which has been settled, in the order of their names. What
    /// stood as of another moment is read just after the others, and may know a little more.
    async fn figures(&self, actor: &Actor, question: &YearQuestion) -> Result<Vec<YearFigure>, Fault> {
        let mut figures = Vec::new();
        for (question, names) in by_moment(question, FigureName::ALL) {
            let selections: Vec<_> = names.iter().map(|name| selection(*name)).collect();
            let sums = self.store.year_sums(&year_query(actor, &question), &selections).await?;
            for (name, sum) in names.into_iter().zip(sums) {
                figures.push(figure(name, sum)?);
            }
        }
        figures.sort_by_key(|figure| figure.name);
        Ok(figures)
    }

    /// The figures of a year as a summary that is submitted now is compared with; `None` while the log is empty.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn computed_figures(
        &self,
        actor: &Actor,
        jurisdiction: &Division,
        year: i16,
    ) -> Result<Option<ComputedFigures>, Fault> {
        let (at, jurisdiction) = (Moment::Present, jurisdiction.clone());
        let year = self.year(actor, YearQuestion { jurisdiction, year, at, time: None, standing_at: None }).await?;
        let position = year.question.at.last_position();
        Ok(position.map(|position| ComputedFigures { position, figures: values(year.figures) }))
    }

    /// The figures of a year that is over as a summary that is amended now is compared with: of what happened in the
    /// year and is recorded by now. How many cases were open, and which publications stood, is as of the end of the year,
    /// by what is known now. `None` while the log is empty.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn figures_at_amendment(
        &self,
        actor: &Actor,
        jurisdiction: &Division,
        year: i16,
    ) -> Result<Option<ComputedFigures>, Fault> {
        let Some(position) = self.head().await? else { return Ok(None) };
        let (at, standing_at) = (Moment::Position(position), Some(end(year)));
        let question = YearQuestion { jurisdiction: jurisdiction.clone(), year, at, time: None, standing_at };
        let figures = values(self.figures(actor, &question).await?);
        Ok(Some(ComputedFigures { position, figures }))
    }

    /// The events that figures rest on, a list for each in their order: one statement, or two where what stood is as of
    /// another moment. The question has been settled.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn year_events(
        &self,
        actor: &Actor,
        question: &YearQuestion,
        names: &[FigureName],
        page: EvidencePage,
    ) -> Result<Vec<Vec<FigureEvent>>, Fault> {
        let mut events = BTreeMap::new();
        for (question, names) in by_moment(question, names) {
            let selections: Vec<_> = names.iter().map(|name| selection(*name)).collect();
            let found = self.store.year_events(&year_query(actor, &question), &selections, page).await?;
            events.extend(names.into_iter().zip(found));
        }
        Ok(names.iter().map(|name| events.get(name).cloned().unwrap_or_default()).collect())
    }
}

/// Whether the figure counts what stands as of a moment, and not what happened in the year.
fn is_of_what_stands(name: FigureName) -> bool {
    matches!(name, FigureName::CasesOpen | FigureName::TypicalCases)
}

/// The names of figures by the moment that these are as of.
fn by_moment(question: &YearQuestion, names: &[FigureName]) -> impl Iterator<Item = (YearQuestion, Vec<FigureName>)> {
    let has_another = question.standing_at.is_some();
    let (standing, others): (Vec<_>, Vec<_>) =
        names.iter().copied().partition(|name| has_another && is_of_what_stands(*name));
    let parts = [(question.clone(), others), (question.of_what_stands(), standing)];
    parts.into_iter().filter(|(_, names)| !names.is_empty())
}

fn year_query(actor: &Actor, question: &YearQuestion) -> YearQuery {
    let division = question.jurisdiction.code();
    let condition = Condition::StartsWith { column: CaseColumn::Division, text: division.to_owned() };
    let page = CasePage::of(condition, 0, question.at);
    let enterprises = RegisterQuery {
        ids: None,
        division_prefix: Some(division.to_owned()),
        at: question.at,
        ..RegisterQuery::of(AggregateType::Enterprise, Vec::new())
    };
    YearQuery {
        cases: query(actor, &page),
        enterprises: RegisterScope::of(actor, AggregateType::Enterprise).narrow(enterprises),
        first_day: first_day(question.year).to_string(),
        last_day: last_day(question.year).to_string(),
    }
}

/// Which events a figure is added up from.
fn selection(name: FigureName) -> FigureSelection {
    let of =
        |of: &[(FigureKind, Option<&'static str>)]| FigureSelection { of: of.to_vec(), ..FigureSelection::default() };
    let reported = || of(&[(FigureKind::Reported, None)]);
    let entered = |status: Status| of(&[(FigureKind::Entered, Some(status.name()))]);
    match name {
        FigureName::VisitsMade => of(&[(FigureKind::Visit, None)]),
        FigureName::EnterprisesEnrolled => of(&[(FigureKind::Enrolled, None)]),
        FigureName::EnterprisesServed => of(&[
            (FigureKind::Visit, None),
            (FigureKind::Reported, None),
            (FigureKind::Entered, None),
            (FigureKind::Training, None),
            (FigureKind::Technique, None),
        ]),
        FigureName::CasesReported => reported(),
        FigureName::CasesResolved => entered(Status::Resolved),
        FigureName::CasesClosed => entered(Status::Closed),
        FigureName::CasesWithdrawn => entered(Status::Withdrawn),
        FigureName::CasesDuplicate => entered(Status::Duplicate),
        FigureName::CasesReopened => of(&[(FigureKind::Reopened, None)]),
        FigureName::CasesEscalated => of(&[(FigureKind::Escalated, None)]),
        FigureName::CasesOpen => FigureSelection { cases: OfCases::Open, ..reported() },
        FigureName::DeadlinesMissed => of(&[(FigureKind::DeadlineMissed, None)]),
        FigureName::GapsClosed => of(&[(FigureKind::GapClosed, None)]),
        FigureName::EnergyCases => FigureSelection { case_kind: Some(Kind::EnergyMetrology.name()), ..reported() },
        FigureName::Trainings | FigureName::Trainees => of(&[(FigureKind::Training, None)]),
        FigureName::TechniquesIntroduced => of(&[(FigureKind::Technique, None)]),
        FigureName::TypicalCases => FigureSelection { cases: OfCases::Typical, ..of(&[(FigureKind::Published, None)]) },
        FigureName::FeesCharged | FigureName::FeeTotal => of(&[(FigureKind::Fee, None)]),
    }
}

/// What of the sum is the figure. A case that was closed twice in a year is one closed case.
fn figure(name: FigureName, sum: FigureSum) -> Result<YearFigure, Fault> {
    let value = match name {
        FigureName::VisitsMade
        | FigureName::DeadlinesMissed
        | FigureName::Trainings
        | FigureName::TechniquesIntroduced => whole(sum.events),
        FigureName::EnterprisesEnrolled
        | FigureName::CasesReported
        | FigureName::CasesResolved
        | FigureName::CasesClosed
        | FigureName::CasesWithdrawn
        | FigureName::CasesDuplicate
        | FigureName::CasesReopened
        | FigureName::CasesEscalated
        | FigureName::CasesOpen
        | FigureName::GapsClosed
        | FigureName::EnergyCases
        | FigureName::TypicalCases => whole(sum.aggregates),
        FigureName::EnterprisesServed => whole(sum.enterprises),
        FigureName::Trainees | FigureName::FeesCharged => whole(sum.numbers),
        FigureName::FeeTotal => fee_total(&sum.amounts)?,
    };
    Ok(YearFigure { name, value, events: sum.events, amounts: sum.amounts })
}

/// The figures by name.
fn values(figures: impl IntoIterator<Item = YearFigure>) -> BTreeMap<FigureName, Decimal> {
    figures.into_iter().map(|figure| (figure.name, figure.value)).collect()
}

fn whole(count: u64) -> Decimal {
    Decimal::from(count.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_due_when_october_ends_in_china() {
        assert_eq!(due(2026).to_string(), "2026-10-31T15:59:59.999999Z");
    }
}
