//! Lists of cases become statements that find their first rows without looking at many others, at present and as of
//! the past.
//!
//! A list is read as one walk of an index in its order, or put together from several. The versions that were valid at a
//! moment of the past are those that still are, in the indexes of the present, and those that have ended since, which
//! are found by how long they lasted.

mod keyset;
mod lasting;

use crate::store::case_list::keyset::{Side, push_beyond};
use crate::store::case_list::lasting::{push_began, push_ended};
use crate::store::condition::push_in;
use crate::store::filter::{push_asked, push_limit, push_valid_at};
use crate::store::sql::{CASE_VERSIONS, CASES, CASES_AND_HEAD, HEAD_UNLESS_CASES, is_open_version};
use crate::store::statement::{Argument, Statement};
use crate::store::{CaseColumn, CaseQuery, Condition, Direction, Keep, Moment, Operator, StoreError, Value};

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
    push_valid_at(&mut statement, query.at);
    push_from_cursor(&mut statement, query, &full_order(query))?;
    statement.push(")");
    Ok(statement)
}

/// What a list finds from its cursor on.
fn push_from_cursor(
    statement: &mut Statement,
    query: &CaseQuery,
    order: &[(CaseColumn, Direction)],
) -> Result<(), StoreError> {
    push_asked(statement, query)?;
    if let Some(after) = &query.after {
        statement.push(" and ");
        push_beyond(statement, order, after, Side::After)?;
    }
    if let Some(before) = &query.before {
        statement.push(" and ");
        push_beyond(statement, order, before, Side::Before)?;
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
    let keys = keys(&order);
    statement.push("(select * from (");
    for (index, part) in parts.iter().enumerate() {
        // SQLite takes no limit in a part that does not stand in brackets of its own.
        statement.push(if index == 0 { "select * from (select " } else { " union all select * from (select " });
        statement.push(&keys);
        statement.push(" from ");
        push_part(&mut statement, query, &order, part)?;
        statement.push(") u");
    }
    statement.push(") k");
    push_order(&mut statement, query, &order, "k.key_", None);
    statement.push(") k cross join ");
    statement.push(CASE_VERSIONS);
    statement
        .push(" where v.case_id = k.key_case_id and v.from_position = k.key_from_position and v.lane = k.key_lane");
    push_order(&mut statement, query, &order, "v.", None);
    Ok(statement)
}

/// What tells a row, and where it stands in the order.
fn keys(order: &[(CaseColumn, Direction)]) -> String {
    let mut keys = vec!["case_id", "from_position", "lane"];
    for (column, _) in order {
        if !keys.contains(&column.name()) {
            keys.push(column.name());
        }
    }
    keys.iter().map(|key| format!("v.{key} as key_{key}")).collect::<Vec<_>>().join(", ")
}

/// Rows that a list is put together from.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// What is valid at the moment.
    Valid(Only),
    /// What is valid at the moment and still is.
    Still(Only),
    /// What is valid at the moment and has ended since, of these statuses.
    Ended(Vec<Argument>),
}

/// What the walk of an index finds by itself. It is said in the words of the index where that is a partial one.
#[derive(Debug, PartialEq, Eq)]
enum Only {
    All,
    Status(Argument),
    /// Open cases that have a deadline.
    Dated,
    /// Open cases that have none: the last ones of every list by deadline.
    Undated,
}

/// What a list is put together from; nothing where one walk in its order will do.
fn parts(query: &CaseQuery, leading: (CaseColumn, Direction)) -> Vec<Part> {
    let statuses = statuses_of(&query.condition);
    let each = |part: fn(Only) -> Part| statuses.iter().cloned().map(move |status| part(Only::Status(status)));
    let (column, direction) = leading;
    let is_present = query.at == Moment::Present;
    let is_walked_backwards =
        matches!((direction, query.keep), (Direction::Descending, Keep::First) | (Direction::Ascending, Keep::Last));
    let is_walked = match query.at {
        Moment::Present => matches!(column, CaseColumn::ReportedAt | CaseColumn::UpdatedAt),
        // What was reported or changed last before the moment was mostly valid then.
        Moment::Position(_) => is_walked_backwards && matches!(column, CaseColumn::ReportedAt | CaseColumn::UpdatedAt),
        Moment::Occurred(_) => is_walked_backwards && column == CaseColumn::ReportedAt,
    };
    match column {
        CaseColumn::DeadlineOn if asks_for_open_ones(&query.condition) && is_present => {
            vec![Part::Valid(Only::Dated), Part::Valid(Only::Undated)]
        }
        _ if statuses.is_empty() => Vec::new(),
        CaseColumn::DeadlineOn if asks_for_open_ones(&query.condition) => {
            vec![Part::Still(Only::Dated), Part::Still(Only::Undated), Part::Ended(statuses)]
        }
        _ if statuses.len() > MOST_STATUSES => Vec::new(),
        _ if is_walked && statuses.len() > 1 => each(Part::Valid).collect(),
        _ if is_walked || is_present => Vec::new(),
        CaseColumn::ReportedAt | CaseColumn::UpdatedAt => {
            each(Part::Still).chain([Part::Ended(statuses.clone())]).collect()
        }
        _ => vec![Part::Still(Only::All), Part::Ended(statuses)],
    }
}

/// Whether a condition limits the cases to open ones.
fn asks_for_open_ones(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) => parts.iter().any(asks_for_open_ones),
        Condition::Compare { column: CaseColumn::IsOpen, operator: Operator::Equal, value } => {
            *value == Value::Integer(1)
        }
        _ => false,
    }
}

/// Beyond so many a list is not put together from its statuses.
const MOST_STATUSES: usize = 8;

/// The statuses that a condition limits the cases to; none where it does not.
fn statuses_of(condition: &Condition) -> Vec<Argument> {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(Argument::Text(text.clone())),
        Value::Integer(_) | Value::Null => None,
    };
    match condition {
        Condition::All(parts) => {
            parts.iter().map(statuses_of).find(|statuses| !statuses.is_empty()).unwrap_or_default()
        }
        Condition::Compare { column: CaseColumn::Status, operator: Operator::Equal, value } => {
            text(value).into_iter().collect()
        }
        Condition::In { column: CaseColumn::Status, values } => {
            let mut statuses: Vec<Argument> = Vec::new();
            for status in values.iter().filter_map(text) {
                // What comes twice would be listed twice.
                if !statuses.contains(&status) {
                    statuses.push(status);
                }
            }
            statuses
        }
        _ => Vec::new(),
    }
}

/// One part of a list, in its order.
fn push_part(
    statement: &mut Statement,
    query: &CaseQuery,
    order: &[(CaseColumn, Direction)],
    part: &Part,
) -> Result<(), StoreError> {
    match part {
        Part::Valid(only) => {
            statement.push(CASE_VERSIONS);
            push_valid_at(statement, query.at);
            push_only(statement, only);
        }
        Part::Still(only) => {
            statement.push(CASE_VERSIONS);
            statement.push(concat!(" where v.", is_open_version!()));
            push_began(statement, query.at);
            push_only(statement, only);
        }
        Part::Ended(statuses) => {
            push_ended(statement, query.at);
            statement.push(" and ");
            push_in(statement, CaseColumn::Status.name(), statuses.iter().cloned());
        }
    }
    push_from_cursor(statement, query, order)?;
    if !matches!(part, Part::Ended(_)) {
        push_bound(statement, query.at, order[0].0);
    }
    let is_dated = matches!(part, Part::Valid(Only::Dated) | Part::Still(Only::Dated));
    push_order(statement, query, order, "v.", is_dated.then_some(CaseColumn::DeadlineOn));
    Ok(())
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

/// The asked order of columns whose names begin so, and the limit. A column that every row has a value of gets no place for
/// the others, which would keep an index from giving the order.
fn push_order(
    statement: &mut Statement,
    query: &CaseQuery,
    order: &[(CaseColumn, Direction)],
    prefix: &str,
    filled: Option<CaseColumn>,
) {
    for (index, (column, direction)) in order.iter().enumerate() {
        statement.push(if index == 0 { " order by " } else { ", " });
        statement.push(prefix);
        statement.push(column.name());
        statement.push(match (direction, query.keep) {
            (Direction::Ascending, Keep::First) | (Direction::Descending, Keep::Last) => "",
            (Direction::Descending, Keep::First) | (Direction::Ascending, Keep::Last) => " desc",
        });
        if column.is_nullable() && Some(*column) != filled {
            statement.push(match query.keep {
                Keep::First => " nulls last",
                Keep::Last => " nulls first",
            });
        }
    }
    push_limit(statement, query.limit);
}

/// Where a walk in time begins or ends: nothing was reported or changed after the moment. Implied by the rest, and said
/// because an index on the column then stops there instead of at the present.
fn push_bound(statement: &mut Statement, at: Moment, column: CaseColumn) {
    let (CaseColumn::ReportedAt | CaseColumn::UpdatedAt) = column else { return };
    match at {
        Moment::Present => {}
        Moment::Position(position) => {
            statement.push(" and v.");
            statement.push(column.name());
            statement.push(" <= (select e.recorded_at from events e where e.position = ");
            statement.push_integer(position.cast_signed());
            statement.push(")");
        }
        // When the log took something says nothing of when it happened.
        Moment::Occurred(_) if column == CaseColumn::UpdatedAt => {}
        Moment::Occurred(time) => {
            statement.push(" and v.reported_at <= ");
            statement.push_integer(time);
        }
    }
}

/// The asked order up to the case id, which decides every tie.
fn full_order(query: &CaseQuery) -> Vec<(CaseColumn, Direction)> {
    let mut order = query.order.clone();
    order.push((CaseColumn::CaseId, Direction::Ascending));
    order
}
