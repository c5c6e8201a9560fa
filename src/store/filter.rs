//! Queries become statements. Only columns, operators and placeholders of the program's own go
//! into the text; everything from outside is an argument.

use crate::store::condition::{
    Sense, argument, invalid, push_condition, push_in, push_list, push_or_null, push_pattern, push_starts_with,
};
use crate::store::sight::{push_scope, push_within};
use crate::store::sql::{
    CASES, CASES_AND_HEAD, COUNT_CASES, COUNT_CASES_AND_HEAD, COUNT_REGISTERS, EVENTS, HEAD_UNLESS_CASES,
    HEAD_UNLESS_REGISTERS, REGISTERS, REGISTERS_AND_HEAD, is_open_version,
};
use crate::store::statement::{Argument, Statement};
use crate::store::{CaseColumn, CaseQuery, Direction, EventQuery, Keep, Moment, RegisterQuery, StoreError, Value};

pub(super) fn events(query: &EventQuery) -> Statement {
    let mut statement = Statement::new(EVENTS);
    statement.push(" where position > ");
    statement.push_integer(query.after.map_or(-1, u64::cast_signed));
    if let Some(up_to) = query.up_to {
        statement.push(" and position <= ");
        statement.push_integer(up_to.cast_signed());
    }
    if let Some(before) = query.before {
        statement.push(" and position < ");
        statement.push_integer(before.cast_signed());
    }
    if let Some(stream) = query.stream {
        statement.push(" and aggregate_id = ");
        statement.push_text(&stream.aggregate_id.to_string());
    }
    let of_stream = query.stream.map(|stream| stream.aggregate_type);
    for aggregate_type in of_stream.into_iter().chain(query.aggregate_type) {
        statement.push(" and aggregate_type = ");
        statement.push_text(aggregate_type.as_str());
    }
    if let Some(actor) = &query.actor {
        statement.push(" and actor = ");
        statement.push_text(actor);
    }
    if !query.types.is_empty() {
        statement.push(" and event_type in ");
        push_list(&mut statement, query.types.iter().cloned().map(Argument::Text));
    }
    // Within a stream both orders are the same, and the stream's key serves the second one.
    statement.push(if query.stream.is_some() { " order by sequence" } else { " order by position" });
    statement.push(turned(query.keep));
    push_limit(&mut statement, query.limit);
    statement
}

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
    push_listed(&mut statement, query, &full_order(query))?;
    statement.push(")");
    Ok(statement)
}

/// What a list finds from its cursor on.
fn push_listed(
    statement: &mut Statement,
    query: &CaseQuery,
    order: &[(CaseColumn, Direction)],
) -> Result<(), StoreError> {
    push_case_filter(statement, query)?;
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
    let mut statement = Statement::new(select);
    let order = full_order(query);
    push_listed(&mut statement, query, &order)?;
    push_start(&mut statement, query.at, order[0]);
    for (index, (column, direction)) in order.iter().enumerate() {
        statement.push(if index == 0 { " order by v." } else { ", v." });
        statement.push(column.name());
        statement.push(match (direction, query.keep) {
            (Direction::Ascending, Keep::First) | (Direction::Descending, Keep::Last) => "",
            (Direction::Descending, Keep::First) | (Direction::Ascending, Keep::Last) => " desc",
        });
        if column.is_nullable() {
            statement.push(match query.keep {
                Keep::First => " nulls last",
                Keep::Last => " nulls first",
            });
        }
    }
    push_limit(&mut statement, query.limit);
    Ok(statement)
}

pub(super) fn count_cases(query: &CaseQuery) -> Result<Statement, StoreError> {
    let mut statement = Statement::new(COUNT_CASES);
    push_case_filter(&mut statement, query)?;
    Ok(statement)
}

/// The count with the head of the log.
pub(super) fn count_cases_and_head(query: &CaseQuery) -> Result<Statement, StoreError> {
    let mut statement = Statement::new(COUNT_CASES_AND_HEAD);
    push_case_filter(&mut statement, query)?;
    Ok(statement)
}

/// Where a walk backwards in time begins: nothing was reported or changed after the moment. Implied by the rest, and
/// said because an index on the column then starts there instead of at the present.
fn push_start(statement: &mut Statement, at: Moment, leading: (CaseColumn, Direction)) {
    let (CaseColumn::ReportedAt | CaseColumn::UpdatedAt, Direction::Descending) = leading else { return };
    match at {
        Moment::Present => {}
        Moment::Position(position) => {
            statement.push(" and v.");
            statement.push(leading.0.name());
            statement.push(" <= (select e.recorded_at from events e where e.position = ");
            statement.push_integer(position.cast_signed());
            statement.push(")");
        }
        // When the log took something says nothing of when it happened.
        Moment::Occurred(_) if leading.0 == CaseColumn::UpdatedAt => {}
        Moment::Occurred(time) => {
            statement.push(" and v.reported_at <= ");
            statement.push_integer(time);
        }
    }
}

/// One case, as of a moment.
pub(super) fn one_case(column: CaseColumn, value: &str, at: Moment) -> Statement {
    let mut statement = Statement::new(CASES);
    push_valid_at(&mut statement, at);
    statement.push(" and v.");
    statement.push(column.name());
    statement.push(" = ");
    statement.push_text(value);
    // Versions have no gap between them: the latest that has begun is the valid one, and the
    // index gives it first.
    statement.push(" order by v.from_position desc limit 1");
    statement
}

pub(super) fn registers(query: &RegisterQuery) -> Statement {
    list_of_registers(REGISTERS, query)
}

/// The same with the head of the log.
pub(super) fn registers_and_head(query: &RegisterQuery) -> Statement {
    list_of_registers(REGISTERS_AND_HEAD, query)
}

/// The head of the log, if the list is empty.
pub(super) fn head_unless_registers(query: &RegisterQuery) -> Statement {
    let mut statement = Statement::new(HEAD_UNLESS_REGISTERS);
    push_listed_registers(&mut statement, query);
    statement.push(")");
    statement
}

fn list_of_registers(select: &str, query: &RegisterQuery) -> Statement {
    let mut statement = Statement::new(select);
    push_listed_registers(&mut statement, query);
    statement.push(" order by v.name");
    statement.push(turned(query.keep));
    statement.push(", v.aggregate_id");
    statement.push(turned(query.keep));
    push_limit(&mut statement, query.limit);
    statement
}

/// What a list finds from its cursor on.
fn push_listed_registers(statement: &mut Statement, query: &RegisterQuery) {
    push_register_filter(statement, query);
    if let Some((name, id)) = &query.after {
        statement.push(" and (v.name, v.aggregate_id) > (");
        statement.push_text(name);
        statement.push(", ");
        statement.push_text(&id.to_string());
        statement.push(")");
    }
    if let Some((name, id)) = &query.before {
        statement.push(" and (v.name, v.aggregate_id) < (");
        statement.push_text(name);
        statement.push(", ");
        statement.push_text(&id.to_string());
        statement.push(")");
    }
}

pub(super) fn count_registers(query: &RegisterQuery) -> Statement {
    let mut statement = Statement::new(COUNT_REGISTERS);
    push_register_filter(&mut statement, query);
    statement
}

pub(super) fn push_register_filter(statement: &mut Statement, query: &RegisterQuery) {
    push_valid_at(statement, query.at);
    statement.push(" and v.aggregate_type = ");
    statement.push_text(query.aggregate_type.as_str());
    if let Some(ids) = &query.ids {
        statement.push(" and ");
        push_in(statement, "aggregate_id", ids.iter().map(|id| Argument::Text(id.to_string())));
    }
    if let Some(prefix) = &query.division_prefix {
        statement.push(" and ");
        push_starts_with(statement, "v.division", prefix);
    }
    if let Some(prefix) = &query.within {
        push_within(statement, query, prefix);
    }
    if let Some(readers) = &query.readers {
        readers.push(statement, query.aggregate_type);
    }
    if let Some(code) = &query.code {
        statement.push(" and v.code = ");
        statement.push_text(code);
    }
    if let Some(text) = &query.name_contains {
        statement.push(" and lower(v.name) like ");
        push_pattern(statement, text);
    }
}

pub(super) fn push_case_filter(statement: &mut Statement, query: &CaseQuery) -> Result<(), StoreError> {
    push_valid_at(statement, query.at);
    statement.push(" and ");
    push_scope(statement, &query.scope, query.at);
    statement.push(" and ");
    push_condition(statement, &query.condition, Sense::Holds)
}

/// Holds for every row: it is the condition of the indexes for the past.
const OF_THE_PAST: &str = " and v.lane >= 0";

fn push_valid_at(statement: &mut Statement, at: Moment) {
    match at {
        Moment::Present => statement.push(concat!(" where v.", is_open_version!())),
        Moment::Position(position) => {
            statement.push(" where v.from_position <= ");
            statement.push_integer(position.cast_signed());
            statement.push(" and v.to_position > ");
            statement.push_integer(position.cast_signed());
            statement.push(OF_THE_PAST);
        }
        Moment::Occurred(time) => {
            statement.push(" where v.occurred_from <= ");
            statement.push_integer(time);
            statement.push(" and v.occurred_to > ");
            statement.push_integer(time);
            statement.push(OF_THE_PAST);
        }
    }
}

/// The rows of figures that count as of a moment.
pub(super) fn push_figures_at(statement: &mut Statement, at: Moment) {
    match at {
        Moment::Present => statement.push("1 = 1"),
        Moment::Position(position) => {
            statement.push("f.from_position <= ");
            statement.push_integer(position.cast_signed());
        }
        Moment::Occurred(time) => {
            statement.push("f.occurred_at <= ");
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

/// The end of a list is read backwards, and its rows are turned round when they are there.
fn turned(keep: Keep) -> &'static str {
    match keep {
        Keep::First => "",
        Keep::Last => " desc",
    }
}

/// On which side of a key rows are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    After,
    Before,
}

impl Side {
    /// How a column of that direction compares with the key's value, strictly and not.
    fn operators(self, direction: Direction) -> (&'static str, &'static str) {
        match (self, direction) {
            (Self::After, Direction::Ascending) | (Self::Before, Direction::Descending) => (" > ", " >= "),
            (Self::After, Direction::Descending) | (Self::Before, Direction::Ascending) => (" < ", " <= "),
        }
    }
}

/// The rows beyond a key: beyond it in the first column, or equal there and beyond it in the second, …
fn push_beyond(
    statement: &mut Statement,
    order: &[(CaseColumn, Direction)],
    key: &[Value],
    side: Side,
) -> Result<(), StoreError> {
    if key.len() != order.len() {
        let (given, wanted) = (key.len(), order.len());
        return Err(invalid(format!("a key of {given} values for an order of {wanted}")));
    }
    statement.push("(");
    // Said first because an index on the leading column can use it; implied by what follows.
    if let [(column, direction), ..] = order
        && !column.is_nullable()
    {
        statement.push("v.");
        statement.push(column.name());
        statement.push(side.operators(*direction).1);
        statement.push_argument(argument(*column, &key[0])?);
        statement.push(" and ");
    }
    statement.push("(1 = 0");
    for (index, (column, direction)) in order.iter().enumerate() {
        let is_missing = key[index] == Value::Null;
        if is_missing && side == Side::After {
            // Missing values are last: only a tie can go on.
            continue;
        }
        statement.push(" or (");
        for ((tied, _), value) in order.iter().zip(key).take(index) {
            statement.push("v.");
            statement.push(tied.name());
            if *value == Value::Null {
                statement.push(" is null and ");
            } else {
                statement.push(" = ");
                statement.push_argument(argument(*tied, value)?);
                statement.push(" and ");
            }
        }
        statement.push("(v.");
        statement.push(column.name());
        if is_missing {
            // Everything that has a value comes before what has none.
            statement.push(" is not null))");
            continue;
        }
        statement.push(side.operators(*direction).0);
        statement.push_argument(argument(*column, &key[index])?);
        match side {
            Side::After => push_or_null(statement, *column, Sense::Fails),
            Side::Before => statement.push(")"),
        }
        statement.push(")");
    }
    statement.push("))");
    Ok(())
}

fn push_limit(statement: &mut Statement, limit: u32) {
    statement.push(" limit ");
    statement.push_integer(limit.into());
}
