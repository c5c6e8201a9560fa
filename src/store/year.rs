//! Figures of a year: sums over what its events added, and the events that each sum rests on.

use uuid::Uuid;

use crate::store::filter::{push_cases, push_figures_at, push_register_filter};
use crate::store::statement::{Argument, Statement};
use crate::store::statistics::FeeSum;
use crate::store::stored::{SumRow, corrupt};
use crate::store::{CaseQuery, FigureKind, RegisterQuery, StoreError};

/// What a year's figures are added up over.
#[derive(Clone, Debug)]
pub struct YearQuery {
    /// Which cases, as of when; order, place and limit are not looked at.
    pub cases: CaseQuery,
    /// Which enterprises, as of the same moment; `None` = none.
    pub enterprises: Option<RegisterQuery>,
    /// `YYYY-MM-DD`: what counts for this day or a later one is added up.
    pub first_day: String,
    /// `YYYY-MM-DD`: what counts for this day or an earlier one.
    pub last_day: String,
}

/// Which events a figure is added up from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FigureSelection {
    /// What they add, each with its detail if only one counts.
    pub of: Vec<(FigureKind, Option<&'static str>)>,
    /// Only of cases of this kind now.
    pub case_kind: Option<&'static str>,
    /// Of which cases.
    pub cases: OfCases,
}

/// An event that a figure rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureEvent {
    /// Where the log has it.
    pub position: u64,
    /// What it happened to.
    pub aggregate_id: Uuid,
}

/// Which of the events of a figure are listed, in the order of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EvidencePage {
    /// Only after this position.
    pub after: Option<u64>,
    /// At most so many of each figure.
    pub limit: u32,
}

/// Of which cases the events of a figure are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OfCases {
    /// Any, in the year.
    #[default]
    Any,
    /// Those that are open as of the moment, whenever it was.
    Open,
    /// Those that stand published as typical as of the moment, in the year.
    Typical,
}

/// A sum over the events of a selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FigureSum {
    /// Events, with those that take something back.
    pub events: u64,
    /// Cases or enterprises that they are of, and of which not everything was taken back.
    pub aggregates: u64,
    /// Enterprises that they are of, a case counting for its own.
    pub enterprises: u64,
    /// The sum of their numbers.
    pub numbers: u64,
    /// Their amounts by item and its list, in that order.
    pub amounts: Vec<FeeSum>,
}

pub(super) fn sums(query: &YearQuery, figures: &[FigureSelection]) -> Result<Statement, StoreError> {
    let mut statement = events_of(query)?;
    for (index, figure) in figures.iter().enumerate() {
        statement.push(if index == 0 { " select " } else { " union all select " });
        statement.push(&format!("'{index}' as sum_of, 'SUM' as measure, '' as detail, '' as amount, "));
        if figure.of.iter().any(|(kind, _)| kind.is_taken_back()) {
            statement
                .push("count(distinct position) as number_1, (select count(*) from (select 1 as one from f where ");
            push_selection(&mut statement, query, figure);
            statement.push(" group by aggregate_id having sum(number) > 0) standing) as number_2, ");
        } else {
            statement.push("count(*) as number_1, count(distinct aggregate_id) as number_2, ");
        }
        statement.push(
            "count(distinct enterprise_id) as number_3, cast(coalesce(sum(number), 0) as bigint) as number_4 from f where ",
        );
        push_selection(&mut statement, query, figure);
        statement.push(&format!(
            " union all select '{index}', 'AMOUNT', detail, amount, cast(sum(number) as bigint), 0, 0, 0 \
             from f where amount is not null and "
        ));
        push_selection(&mut statement, query, figure);
        statement.push(" group by detail, amount having sum(number) > 0");
    }
    Ok(statement)
}

/// The rows in the order of the selections.
pub(super) fn summed(figures: &[FigureSelection], rows: Vec<SumRow>) -> Result<Vec<FigureSum>, StoreError> {
    let mut sums = vec![FigureSum::default(); figures.len()];
    for row in rows {
        let Some(sum) = row.sum_of.parse().ok().and_then(|index: usize| sums.get_mut(index)) else { continue };
        if row.measure == "AMOUNT" {
            sum.amounts.push(FeeSum::of(row)?);
        } else {
            sum.events = row.number_1.cast_unsigned();
            sum.aggregates = row.number_2.cast_unsigned();
            sum.enterprises = row.number_3.cast_unsigned();
            sum.numbers = row.number_4.cast_unsigned();
        }
    }
    sums.iter_mut().for_each(|sum| sum.amounts.sort());
    Ok(sums)
}

pub(super) fn events(
    query: &YearQuery,
    figures: &[FigureSelection],
    page: EvidencePage,
) -> Result<Statement, StoreError> {
    let mut statement = events_of(query)?;
    for (index, figure) in figures.iter().enumerate() {
        statement.push(if index == 0 { " select " } else { " union all select " });
        statement.push(&format!(
            "'{index}' as sum_of, 'EVENT' as measure, aggregate_id as detail, '' as amount, position as number_1, \
             cast(0 as bigint) as number_2, cast(0 as bigint) as number_3, cast(0 as bigint) as number_4 \
             from (select distinct position, aggregate_id from f where position > "
        ));
        statement.push_integer(page.after.map_or(-1, u64::cast_signed));
        statement.push(" and ");
        push_selection(&mut statement, query, figure);
        statement.push(" order by position limit ");
        statement.push_integer(page.limit.into());
        statement.push(&format!(") e{index}"));
    }
    Ok(statement)
}

/// The rows in the order of the selections, each in the order of the log.
pub(super) fn listed(figures: &[FigureSelection], rows: Vec<SumRow>) -> Result<Vec<Vec<FigureEvent>>, StoreError> {
    let mut events = vec![Vec::new(); figures.len()];
    for row in rows {
        let Some(of_figure) = row.sum_of.parse().ok().and_then(|index: usize| events.get_mut(index)) else { continue };
        let aggregate_id = row.detail.parse().map_err(|_| corrupt("figures", "aggregate_id", &row.detail))?;
        of_figure.push(FigureEvent { position: row.number_1.cast_unsigned(), aggregate_id });
    }
    events.iter_mut().for_each(|events| events.sort_by_key(|event| event.position));
    Ok(events)
}

/// `f`: what the events of the cases and enterprises add, with what selections look at.
fn events_of(query: &YearQuery) -> Result<Statement, StoreError> {
    let mut statement = Statement::new(
        "with s as materialized (select v.case_id as aggregate_id, v.enterprise_id, coalesce(v.kind, '') as case_kind, \
         v.is_open, v.typical from ",
    );
    push_cases(&mut statement, &query.cases)?;
    if let Some(enterprises) = &query.enterprises {
        statement.push(
            " union all select v.aggregate_id, v.aggregate_id, '', cast(0 as bigint), cast(0 as bigint) \
             from register_versions v",
        );
        push_register_filter(&mut statement, enterprises);
    }
    statement.push(
        "), f as materialized (select s.aggregate_id, s.enterprise_id, s.case_kind, s.is_open, s.typical, \
         f.position, f.kind, f.detail, f.number, f.amount, f.counted_on \
         from s join figures f on f.aggregate_id = s.aggregate_id where ",
    );
    push_figures_at(&mut statement, query.cases.at);
    statement.push(")");
    Ok(statement)
}

fn push_selection(statement: &mut Statement, query: &YearQuery, figure: &FigureSelection) {
    statement.push("(1 = 0");
    for (kind, detail) in &figure.of {
        statement.push(" or kind = ");
        statement.push_text(kind.name());
        if let Some(detail) = detail {
            statement.push(" and detail = ");
            statement.push_argument(Argument::Text((*detail).to_owned()));
        }
    }
    statement.push(")");
    if let Some(kind) = figure.case_kind {
        statement.push(" and case_kind = ");
        statement.push_text(kind);
    }
    match figure.cases {
        OfCases::Any => push_year(statement, query),
        OfCases::Open => statement.push(" and is_open = 1"),
        OfCases::Typical => {
            push_year(statement, query);
            statement.push(" and typical = 1");
        }
    }
}

fn push_year(statement: &mut Statement, query: &YearQuery) {
    statement.push(" and counted_on >= ");
    statement.push_text(&query.first_day);
    statement.push(" and counted_on <= ");
    statement.push_text(&query.last_day);
}
