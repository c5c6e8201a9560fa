//! Statistics: one statement over the cases of a question and their figures, so that all sums are of one moment.
//!
//! Percentiles are by nearest rank: the p-th of n values in order is the one at rank ⌈p·n/100⌉ (Hyndman and Fan, Sample
//! Quantiles in Statistical Packages, The American Statistician 50 (1996), definition 1, without its averages). Every
//! sum is a whole number and fees go out by their amounts, so that both databases give the same to the byte.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::store::condition::{Sense, push_condition};
use crate::store::figure::parts_of_fee_item;
use crate::store::filter::{push_cases, push_figures_at};
use crate::store::statement::Statement;
use crate::store::stored::{SumRow, corrupt};
use crate::store::{CaseQuery, Condition, Moment, StoreError};

/// What is added up, and by which groups.
#[derive(Clone, Debug)]
pub struct StatisticsQuery {
    /// Which cases, as of when; order, place and limit are not looked at.
    pub cases: CaseQuery,
    /// What the groups are made by; none = one group.
    pub keys: Vec<GroupKey>,
    /// `YYYY-MM-DD`: a running deadline before this day is late.
    pub today: String,
    /// More groups than this are not answered.
    pub most_groups: u32,
}

/// What a group has in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKey {
    /// So many digits of the division: 0, 2, 4 or 6.
    Division(u8),
    /// The institution that is responsible.
    Institution,
    /// The KCDB category.
    Category,
    /// The kind.
    Kind,
    /// The severity.
    Severity,
    /// The status.
    Status,
    /// The level that handles it.
    Level,
    /// `YYYY-MM` of the report, Asia/Shanghai.
    Month,
}

/// The sums, or how many groups there would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grouped {
    /// In the order of their keys.
    Groups(Vec<GroupSums>),
    /// Too many to answer.
    TooMany(u64),
}

/// The sums over the cases of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GroupSums {
    /// What it has in common, one for each key; empty where the cases have no value.
    pub key: Vec<String>,
    /// Cases.
    pub cases: u64,
    /// Those that somebody has to do something about.
    pub open: u64,
    /// Those whose deadline runs and has passed.
    pub late: u64,
    /// Those published as typical.
    pub typical: u64,
    /// Those that were ever resolved or closed.
    pub resolved: u64,
    /// Those of them that were ever reopened.
    pub reopened: u64,
    /// By wire name of the status, in the order of the names.
    pub times: Vec<TimeToState>,
    /// The first gaps known.
    pub gap_before: GapSums,
    /// The gaps known now.
    pub gap_after: GapSums,
    /// By item, its list and amount, in that order.
    pub fees: Vec<FeeSum>,
    /// Trainings.
    pub trainings: u64,
    /// Who learnt something.
    pub trainees: u64,
    /// Techniques brought in.
    pub techniques: u64,
}

/// How long cases took from their report to their first entry into a status, by business time. What is dated before the
/// report counts as at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimeToState {
    /// Wire name of the status.
    pub status: String,
    /// Cases that have entered it.
    pub cases: u64,
    /// Median, in microseconds, from 0.
    pub median: i64,
    /// 90th percentile, in microseconds, from 0.
    pub ninetieth: i64,
}

/// Capability gaps of cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GapSums {
    /// Cases that have one.
    pub cases: u64,
    /// Median, in millionths; nothing where no case has one.
    pub median_ppm: i64,
    /// Cases whose gap is 1 or less, by exact comparison.
    pub closed: u64,
}

/// Fees of one amount for one item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FeeSum {
    /// Code of the item.
    pub item: String,
    /// Code of the division whose list has the item; empty for the nation. Another's item of the same code is another.
    pub list: String,
    /// Decimal CNY.
    pub amount: String,
    /// How many.
    pub count: u64,
}

impl FeeSum {
    /// Of a row of an answer.
    pub(super) fn of(row: SumRow) -> Result<Self, StoreError> {
        let (list, item) = parts_of_fee_item(&row.detail)?;
        let (list, item) = (list.to_owned(), item.to_owned());
        Ok(Self { item, list, amount: row.amount, count: row.number_1.cast_unsigned() })
    }

    /// Whether both are of one item.
    #[must_use]
    pub fn is_of_the_item_of(&self, other: &Self) -> bool {
        (&self.item, &self.list) == (&other.item, &other.list)
    }
}

/// Between the parts of a group's key. No division, identifier, code or wire name contains it.
const SEPARATOR: char = '|';

impl GroupKey {
    fn push(self, statement: &mut Statement, at: Moment) {
        match self {
            Self::Division(digits) => statement.push(&format!("substr(v.division, 1, {digits})")),
            Self::Institution => statement.push("coalesce(v.institution_id, '')"),
            Self::Category => statement.push("coalesce(v.category, '')"),
            Self::Kind => statement.push("coalesce(v.kind, '')"),
            Self::Severity => statement.push("coalesce(v.severity, '')"),
            Self::Status => statement.push("v.status"),
            Self::Level => statement.push("v.level"),
            // The report's own figure has its day; dates are not reckoned alike by the databases.
            Self::Month => {
                statement.push(
                    "coalesce((select substr(min(f.counted_on), 1, 7) from figures f \
                     where f.aggregate_id = v.case_id and f.kind = 'REPORTED' and ",
                );
                push_figures_at(statement, at);
                statement.push("), '')");
            }
        }
    }
}

/// The sums after the cases and their figures, which are `c` and `f`.
const SUMS: &str = "\
entries as (
    select sum_of, detail,
           case when min(occurred_at) < reported_at then 0 else min(occurred_at) - reported_at end as took
    from f where kind = 'ENTERED' and detail <> 'REPORTED'
    group by sum_of, detail, case_id, reported_at
),
ranked_entries as (
    select sum_of, detail, took, count(*) over (partition by sum_of, detail) as cases,
           row_number() over (partition by sum_of, detail order by took) as place
    from entries
),
gap_events as (
    select sum_of, case kind when 'GAP' then 'AFTER' else 'BEFORE' end as measure, number, detail,
           row_number() over (partition by case_id, kind order by position desc) as nth_last
    from f where kind in ('FIRST_GAP', 'GAP')
),
gaps as (
    select sum_of, measure, number, detail from gap_events where nth_last = 1 and number is not null
),
ranked_gaps as (
    select sum_of, measure, number, count(*) over (partition by sum_of, measure) as cases,
           sum(case when detail = 'CLOSED' then 1 else 0 end) over (partition by sum_of, measure) as closed,
           row_number() over (partition by sum_of, measure order by number) as place
    from gaps
),
solved as (
    select sum_of, case_id, max(case when kind = 'REOPENED' then 1 else 0 end) as reopened
    from f where kind = 'REOPENED' or kind = 'ENTERED' and detail in ('RESOLVED', 'CLOSED')
    group by sum_of, case_id
    having max(case when kind = 'ENTERED' then 1 else 0 end) = 1
)
select '' as sum_of, 'GROUPS' as measure, '' as detail, '' as amount, group_count as number_1,
       cast(0 as bigint) as number_2, cast(0 as bigint) as number_3, cast(0 as bigint) as number_4
from size
union all
select sum_of, 'CASES', '', '', cases, open, late, typical from sums where (select group_count from size) <= $1
union all
select sum_of, 'TIME', detail, '', cases, min(case when place = (cases + 1) / 2 then took end),
       min(case when place = (9 * cases + 9) / 10 then took end), 0
from ranked_entries group by sum_of, detail, cases
union all
select sum_of, measure, '', '', cases, min(case when place = (cases + 1) / 2 then number end),
       cast(closed as bigint), 0
from ranked_gaps group by sum_of, measure, cases, closed
union all
select sum_of, 'FEE', detail, amount, cast(sum(number) as bigint), 0, 0, 0
from f where kind = 'FEE' group by sum_of, detail, amount having sum(number) > 0
union all
select sum_of, 'TRAINING', '', '', count(*), cast(sum(number) as bigint), 0, 0
from f where kind = 'TRAINING' group by sum_of
union all
select sum_of, 'TECHNIQUE', '', '', count(*), 0, 0, 0 from f where kind = 'TECHNIQUE' group by sum_of
union all
select sum_of, 'RESOLVED', '', '', count(*), cast(sum(reopened) as bigint), 0, 0 from solved group by sum_of";

pub(super) fn statement(query: &StatisticsQuery) -> Result<Statement, StoreError> {
    let mut statement = Statement::new("").integer(query.most_groups.into());
    statement.push("with c as materialized (select v.case_id, v.reported_at, v.is_open, v.typical, ");
    statement.push("case when ");
    push_condition(&mut statement, &Condition::is_late(&query.today), Sense::Holds, query.cases.at)?;
    statement.push(" then 1 else 0 end as is_late, ");
    for (index, key) in query.keys.iter().enumerate() {
        if index > 0 {
            statement.push(&format!(" || '{SEPARATOR}' || "));
        }
        key.push(&mut statement, query.cases.at);
    }
    if query.keys.is_empty() {
        statement.push("''");
    }
    statement.push(" as sum_of from ");
    push_cases(&mut statement, &query.cases)?;
    statement.push(
        "), sums as materialized (select sum_of, count(*) as cases, cast(sum(is_open) as bigint) as open, \
         cast(sum(is_late) as bigint) as late, cast(sum(typical) as bigint) as typical from c group by sum_of), \
         size as materialized (select count(*) as group_count from sums), \
         f as materialized (select c.sum_of, c.case_id, c.reported_at, f.position, f.kind, f.detail, f.number, \
         f.amount, f.occurred_at from c join figures f on f.aggregate_id = c.case_id \
         where (select group_count from size) <= $1 and ",
    );
    push_figures_at(&mut statement, query.cases.at);
    statement.push("), ");
    statement.push(SUMS);
    Ok(statement)
}

/// The rows as groups.
pub(super) fn grouped(query: &StatisticsQuery, rows: Vec<SumRow>) -> Result<Grouped, StoreError> {
    let mut groups: BTreeMap<Vec<String>, GroupSums> = BTreeMap::new();
    for row in rows {
        if row.measure == "GROUPS" {
            let count = row.number_1.cast_unsigned();
            if count > query.most_groups.into() {
                return Ok(Grouped::TooMany(count));
            }
            continue;
        }
        let key = key_of(query, &row.sum_of);
        let group = groups.entry(key.clone()).or_insert_with(|| GroupSums { key, ..GroupSums::default() });
        take(group, row)?;
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    for group in &mut groups {
        group.times.sort_by(|one, other| one.status.cmp(&other.status));
        group.fees.sort();
    }
    Ok(Grouped::Groups(groups))
}

fn key_of(query: &StatisticsQuery, sum_of: &str) -> Vec<String> {
    if query.keys.is_empty() {
        return Vec::new();
    }
    sum_of.split(SEPARATOR).map(str::to_owned).collect()
}

fn take(group: &mut GroupSums, row: SumRow) -> Result<(), StoreError> {
    let [first, second, third, fourth] =
        [row.number_1, row.number_2, row.number_3, row.number_4].map(i64::cast_unsigned);
    match row.measure.as_str() {
        "CASES" => (group.cases, group.open, group.late, group.typical) = (first, second, third, fourth),
        "TIME" => group.times.push(TimeToState {
            status: row.detail,
            cases: first,
            median: row.number_2,
            ninetieth: row.number_3,
        }),
        "BEFORE" => group.gap_before = GapSums { cases: first, median_ppm: row.number_2, closed: third },
        "AFTER" => group.gap_after = GapSums { cases: first, median_ppm: row.number_2, closed: third },
        "FEE" => group.fees.push(FeeSum::of(row)?),
        "TRAINING" => (group.trainings, group.trainees) = (first, second),
        "TECHNIQUE" => group.techniques = first,
        "RESOLVED" => (group.resolved, group.reopened) = (first, second),
        measure => return Err(corrupt("the answer to statistics", "measure", measure)),
    }
    Ok(())
}
