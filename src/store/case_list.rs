//! Lists of cases become statements that find their first rows without looking at many others, at present and as of
//! the past.
//!
//! A list is read as one walk of an index in its order, or put together from several. The versions that were valid at a
//! moment of the past are those that still are, in the indexes of the present, and those that have ended since, which
//! are found by how long they lasted. As of a time at which something had happened, they are also those that the log
//! heard of at once and those that it heard of late.
//!
//! The present of the cases is a table of its own, of which no index has what every event changes. So a list by the
//! last change is one of versions, among which those that are still valid have indexes in that order.

mod keyset;
mod lasting;
mod parts;

use crate::store::case_list::keyset::{Side, push_beyond};
use crate::store::case_list::lasting::{push_began, push_ended, push_heard_at_once, push_heard_late};
use crate::store::case_list::parts::{Only, Part, asks_for_few, is_of_the_case, parts};
use crate::store::condition::push_in;
use crate::store::few::{push_cases_of_seen, push_rows_asked};
use crate::store::filter::{push_asked, push_cases, push_cases_at, push_filter, push_valid_at};
use crate::store::sight::{is_narrow, push_scope};
use crate::store::sql::{CASE_IDS, CASE_IDS_AND_HEAD, CASE_VERSIONS, CASES, CASES_AND_HEAD, HEAD_UNLESS_CASES};
use crate::store::statement::Statement;
use crate::store::{CaseColumn, CaseQuery, Direction, Keep, Moment, StoreError};

pub(super) fn cases(query: &CaseQuery) -> Result<Statement, StoreError> {
    list_of_cases(CASES, query)
}

/// The same with the head of the log.
pub(super) fn cases_and_head(query: &CaseQuery) -> Result<Statement, StoreError> {
    list_of_cases(CASES_AND_HEAD, query)
}

/// The head of the log, if the list is empty.
pub(super) fn head_unless_cases(query: &CaseQuery) -> Result<Statement, StoreError> {
    let mut statement = Statement::new(HEAD_UNLESS_CASES);
    push_cases(&mut statement, query)?;
    push_from_cursor(&mut statement, query, &full_order(query), "v.")?;
    statement.push(")");
    Ok(statement)
}

/// The ids of so many of the cases. They come in no order, so that whatever index finds the fewest is walked.
pub(super) fn ids(query: &CaseQuery) -> Result<Statement, StoreError> {
    list_of_ids(CASE_IDS, query)
}

/// The same with the head of the log.
pub(super) fn ids_and_head(query: &CaseQuery) -> Result<Statement, StoreError> {
    list_of_ids(CASE_IDS_AND_HEAD, query)
}

fn list_of_ids(select: &str, query: &CaseQuery) -> Result<Statement, StoreError> {
    let mut statement = Statement::new(select);
    // By what is asked an index of the present may find fewer than the reader sees.
    let are_few = query.at == Moment::Present && asks_for_few(&query.condition, query.at);
    match is_narrow(&query.scope) && !are_few {
        true => push_cases_of_seen(&mut statement, query)?,
        false => push_cases(&mut statement, query)?,
    }
    // Part of the text, as that of a list is.
    statement.push(&format!(" limit {}", query.limit));
    Ok(statement)
}

/// That a list begins at its cursor, walked along a column of the row of that name.
fn push_from_cursor(
    statement: &mut Statement,
    query: &CaseQuery,
    order: &[(CaseColumn, Direction)],
    walked: &str,
) -> Result<(), StoreError> {
    if let Some(after) = &query.after {
        statement.push(" and ");
        push_beyond(statement, order, after, Side::After, walked)?;
    }
    if let Some(before) = &query.before {
        statement.push(" and ");
        push_beyond(statement, order, before, Side::Before, walked)?;
    }
    Ok(())
}

fn list_of_cases(select: &str, query: &CaseQuery) -> Result<Statement, StoreError> {
    let order = full_order(query);
    let parts = parts(query, order[0]);
    let mut statement = Statement::new(select);
    if parts.is_empty() {
        push_part(&mut statement, query, &order, &Part::Valid(Only::All))?;
        return Ok(statement);
    }
    // Of most rows only the key is read, which an index may hold.
    statement.push("(select * from (");
    match parts.split_last() {
        // The first ones have the page or most of it, and tell how far the last one must be looked through.
        Some((last, first)) if last.is_bounded(order[0].0) => {
            statement.push("with known as materialized (select * from (");
            push_union(&mut statement, query, &order, first)?;
            statement.push(") f");
            push_order(&mut statement, query, &order, |_| "f.key_", None);
            statement.push(") select * from known union all ");
            push_union(&mut statement, query, &order, std::slice::from_ref(last))?;
        }
        _ => push_union(&mut statement, query, &order, &parts)?,
    }
    statement.push(") k");
    push_order(&mut statement, query, &order, |_| "k.key_", None);
    statement.push(") k cross join ");
    statement.push(CASE_VERSIONS);
    statement
        .push(" where v.case_id = k.key_case_id and v.from_position = k.key_from_position and v.lane = k.key_lane");
    push_order(&mut statement, query, &order, |_| "v.", None);
    Ok(statement)
}

fn push_union(
    statement: &mut Statement,
    query: &CaseQuery,
    order: &[(CaseColumn, Direction)],
    parts: &[Part],
) -> Result<(), StoreError> {
    for (index, part) in parts.iter().enumerate() {
        // SQLite takes no limit in a part that does not stand in brackets of its own.
        statement.push(if index == 0 { "select * from (select " } else { " union all select * from (select " });
        statement.push(&keys(order, part.is_of_present(query, order[0].0)));
        statement.push(" from ");
        push_part(statement, query, order, part)?;
        statement.push(") u");
    }
    Ok(())
}

/// What tells a version, and where it stands in the order. A row of the present is the version of its append.
fn keys(order: &[(CaseColumn, Direction)], is_of_present: bool) -> String {
    let mut columns = vec!["case_id", "from_position"];
    for (column, _) in order {
        if !columns.contains(&column.name()) {
            columns.push(column.name());
        }
    }
    let lane = if is_of_present { "cast(0 as bigint)" } else { "v.lane" };
    let columns: Vec<_> = columns.iter().map(|column| format!(", v.{column} as key_{column}")).collect();
    format!("{lane} as key_lane{}", columns.concat())
}

/// The statuses that there are, each found by a step in an index that begins with them, as that of the ended versions
/// does.
const EVERY_STATUS: &str = "(with recursive w (status) as (select min(o.status) from case_versions o where o.lane >= 0 \
     union all select (select min(o.status) from case_versions o where o.lane >= 0 and o.status > w.status) \
     from w where w.status is not null) select w.status from w where w.status is not null) w";

/// One part of a list, in its order.
fn push_part(
    statement: &mut Statement,
    query: &CaseQuery,
    order: &[(CaseColumn, Direction)],
    part: &Part,
) -> Result<(), StoreError> {
    let is_of_present = part.is_of_present(query, order[0].0);
    match part {
        Part::Valid(only) => {
            match is_of_present {
                true => push_rows_asked(statement, query),
                false => push_rows(statement, query.at, is_of_present),
            }
            push_only(statement, only);
        }
        Part::CaseByCase => {
            statement.push("cases o cross join ");
            push_rows(statement, query.at, is_of_present);
            statement.push(" and v.case_id = o.case_id");
        }
        Part::Still(only) => {
            push_rows(statement, Moment::Present, is_of_present);
            push_began(statement, query.at);
            push_only(statement, only);
        }
        Part::Ended(statuses, lasting) => {
            if statuses.is_empty() {
                statement.push(EVERY_STATUS);
                statement.push(" cross join ");
            }
            let bound = part.is_bounded(order[0].0).then(|| last_known(query));
            push_ended(statement, query.at, *lasting, bound.as_deref());
            statement.push(" and ");
            match statuses.is_empty() {
                true => statement.push("v.status = w.status"),
                false => push_in(statement, CaseColumn::Status.name(), statuses.iter().cloned()),
            }
        }
        Part::HeardAtOnce(only, time) => {
            push_rows(statement, query.at, is_of_present);
            push_heard_at_once(statement, *time);
            push_only(statement, only);
        }
        Part::HeardLate(time) => {
            push_heard_late(statement, *time);
            push_after_known(statement, query);
        }
    }
    // Rights are those of the present, whose row is at hand there.
    let is_by_case = *part == Part::CaseByCase;
    if is_by_case {
        statement.push(" and ");
        push_scope(statement, &query.scope, Moment::Present, "o");
        push_filter(statement, query)?;
    } else {
        push_asked(statement, query)?;
    }
    push_from_cursor(statement, query, order, if is_by_case { "o." } else { "v." })?;
    match part {
        Part::CaseByCase => push_bound(statement, query.at, "o.", CaseColumn::ReportedAt),
        Part::Still(_) if is_of_present => push_bound(statement, query.at, "v.", CaseColumn::ReportedAt),
        Part::Valid(_) | Part::Still(_) => push_bound(statement, query.at, "v.", order[0].0),
        Part::Ended(..) | Part::HeardAtOnce(..) | Part::HeardLate(_) => {}
    }
    let is_alike = matches!(part, Part::Valid(Only::Dated | Only::Undated) | Part::Still(Only::Dated | Only::Undated));
    let prefix = |column| if is_by_case && is_of_the_case(column) { "o." } else { "v." };
    push_order(statement, query, order, prefix, is_alike.then_some(CaseColumn::DeadlineOn));
    Ok(())
}

/// The cases as they are, or the versions that are valid at the moment.
fn push_rows(statement: &mut Statement, at: Moment, is_of_present: bool) {
    if is_of_present {
        push_cases_at(statement, Moment::Present);
    } else {
        statement.push(CASE_VERSIONS);
        push_valid_at(statement, at);
    }
}

/// Where the versions begin that were changed no later than the last one of a page that is known already, in an order
/// by the first change. None is so before the log has heard of it.
fn last_known(query: &CaseQuery) -> String {
    let (limit, end) = (query.limit, i64::MAX);
    let last = |column| format!("select case when count(*) < {limit} then {end} else max(k.{column}) end from known k");
    match query.at {
        // Positions and the times at which they were recorded grow together, and the index goes by positions.
        Moment::Present | Moment::Position(_) => format!(
            "select coalesce((select e.position - 1 from events e where e.position > ({}) and e.recorded_at > \
             (select max(k.key_updated_at) from known k) order by e.position limit 1), {end})",
            last("key_from_position")
        ),
        Moment::Occurred(_) => last("key_updated_at"),
    }
}

/// Versions that were changed after the last one of a page that is known already, in an order by the last change.
fn push_after_known(statement: &mut Statement, query: &CaseQuery) {
    let (limit, beginning) = (query.limit, i64::MIN + 1);
    statement.push(&format!(
        " and v.updated_at >= (select case when count(*) < {limit} then {beginning} else min(k.key_updated_at) end from known k)"
    ));
}

fn push_only(statement: &mut Statement, only: &Only) {
    match only {
        Only::All => {}
        Only::Status(status) => {
            statement.push(" and v.status = ");
            statement.push_argument(status.clone());
        }
        Only::Dated => statement.push(" and v.is_open = 1 and v.deadline_on is not null"),
        Only::Undated => statement.push(" and v.is_open = 1 and v.deadline_on is null"),
    }
}

/// The asked order of columns whose names begin so, and the limit. A column that every row has a value of, or none has,
/// gets no place for the others, which would keep an index from giving the order.
///
/// The limit is part of the text: PostgreSQL would take one that it is not told for a tenth of all rows, and plan every
/// list anew, which takes ten times as long as a list.
fn push_order(
    statement: &mut Statement,
    query: &CaseQuery,
    order: &[(CaseColumn, Direction)],
    prefix: impl Fn(CaseColumn) -> &'static str,
    alike: Option<CaseColumn>,
) {
    for (index, (column, direction)) in order.iter().enumerate() {
        statement.push(if index == 0 { " order by " } else { ", " });
        statement.push(prefix(*column));
        statement.push(column.name());
        statement.push(match (direction, query.keep) {
            (Direction::Ascending, Keep::First) | (Direction::Descending, Keep::Last) => "",
            (Direction::Descending, Keep::First) | (Direction::Ascending, Keep::Last) => " desc",
        });
        if column.is_nullable() && Some(*column) != alike {
            statement.push(match query.keep {
                Keep::First => " nulls last",
                Keep::Last => " nulls first",
            });
        }
    }
    statement.push(&format!(" limit {}", query.limit));
}

/// Where a walk in time begins or ends: nothing was reported or changed after the moment. Implied by the rest, and said
/// because an index with the column then tells it, and one on the column stops there instead of at the present.
fn push_bound(statement: &mut Statement, at: Moment, prefix: &str, column: CaseColumn) {
    let (CaseColumn::ReportedAt | CaseColumn::UpdatedAt) = column else { return };
    match at {
        Moment::Present => {}
        Moment::Position(position) => {
            statement.push(" and ");
            statement.push(prefix);
            statement.push(column.name());
            statement.push(" <= (select e.recorded_at from events e where e.position = ");
            statement.push_integer(position.cast_signed());
            statement.push(")");
        }
        // When the log took something says nothing of when it happened.
        Moment::Occurred(_) if column == CaseColumn::UpdatedAt => {}
        Moment::Occurred(time) => {
            statement.push(" and ");
            statement.push(prefix);
            statement.push("reported_at <= ");
            statement.push_integer(time);
        }
    }
}

/// The asked order up to the case id, which decides every tie. It goes the way of the last column, so that the walk of
/// an index that ends with it gives the whole order.
fn full_order(query: &CaseQuery) -> Vec<(CaseColumn, Direction)> {
    let mut order = query.order.clone();
    let direction = order.last().map_or(Direction::Ascending, |(_, direction)| *direction);
    order.push((CaseColumn::CaseId, direction));
    order
}
