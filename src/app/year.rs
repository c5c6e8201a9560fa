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

impl App {
    /// Settles as of when a year is added up that is asked about today: as of the end of 31 October, in UTC+8; now
    /// while that is to come, and where the log began later, for what it tells of that year was recorded since. Any
    /// other moment stays as it is, but that a position within a command is the one at its end. And what the time is
    /// then.
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
            question.at = self.head().await?.map_or(Moment::Present, Moment::Position);
            self.now()
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

    /// The figures of a year, of what this actor may see: one statement, besides those that settle the moment.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn year(&self, actor: &Actor, question: YearQuestion) -> Result<Year, Fault> {
        let is_of_today = question.at == Moment::Present;
        let (question, time) = self.settle_year(actor, question).await?;
        let asked_at = if is_of_today { Moment::Present } else { question.at };
        let figures = self.figures(actor, &question, FigureName::ALL).await?;
        Ok(Year { question, asked_at, time, figures })
    }

    /// Some figures of a year as of the moment of the question, which has been settled.
    async fn figures(
        &self,
        actor: &Actor,
        question: &YearQuestion,
        names: &[FigureName],
    ) -> Result<Vec<YearFigure>, Fault> {
        let selections: Vec<_> = names.iter().map(|name| selection(*name)).collect();
        let sums = self.store.year_sums(&year_query(actor, question), &selections).await?;
        names.iter().zip(sums).map(|(name, sum)| figure(*name, sum)).collect()
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
        let question = YearQuestion { jurisdiction: jurisdiction.clone(), year, at: Moment::Present, time: None };
        let year = self.year(actor, question).await?;
        let position = year.question.at.last_position();
        Ok(position.map(|position| ComputedFigures { position, figures: values(year.figures) }))
    }

    /// The figures of a year that is over as a summary that is amended now is compared with: of what happened in the
    /// year and is recorded by now. How many cases were open, and which publications stood, is as of the end of the year,
    /// by what is known now: what is so today is not the year's. Those are read just after the others, and may know a
    /// little more.
    /// `None` while the log is empty.
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
        let question = |at| YearQuestion { jurisdiction: jurisdiction.clone(), year, at, time: None };
        let by_now = self.figures(actor, &question(Moment::Position(position)), FigureName::ALL).await?;
        let at_its_end = question(Moment::Occurred(due(year).as_microsecond()));
        let standing = [FigureName::CasesOpen, FigureName::TypicalCases];
        let standing = self.figures(actor, &at_its_end, &standing).await?;
        let figures = values(by_now.into_iter().chain(standing));
        Ok(Some(ComputedFigures { position, figures }))
    }

    /// The events that figures rest on, a list for each in their order: one statement. The question has been settled.
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
        let selections: Vec<_> = names.iter().map(|name| selection(*name)).collect();
        Ok(self.store.year_events(&year_query(actor, question), &selections, page).await?)
    }
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

/// The figures by name; of two of one name the later.
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
