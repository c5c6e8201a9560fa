//! Queries become statements. Only columns, operators and placeholders of the program's own go
//! into the text; everything from outside is an argument.

use jiff::Timestamp;
use uuid::Uuid;

use crate::store::condition::{Sense, push_condition, push_in, push_list, push_pattern, push_starts_with};
use crate::store::few::push_rows_asked;
use crate::store::sight::{push_scope, push_within};
use crate::store::sql::{
    CASE_VERSIONS, COUNT_CASES, COUNT_CASES_AND_HEAD, COUNT_EVENTS, COUNT_REGISTERS, EVENTS, FIRST_OF_REGISTERS,
    HEAD_UNLESS_REGISTERS, PRESENT_CASES, REGISTERS, REGISTERS_AND_HEAD, is_open_version,
};
use crate::store::statement::{Argument, Statement};
use crate::store::{
    Access, AggregateType, Among, CaseColumn, CaseQuery, Condition, EventQuery, Keep, Moment, Operator, Picked,
    RegisterQuery, Span, StoreError,
};

pub(super) fn events(query: &EventQuery) -> Statement {
    if query.aggregate_ids.len() > 1 {
        return pages(query);
    }
    let mut statement = Statement::new(EVENTS);
    push_event_filter(&mut statement, query);
    // Within a stream both orders are the same, and the stream's key serves the second one.
    let of_one_stream = query.stream.is_some() || !query.aggregate_ids.is_empty();
    statement.push(if of_one_stream { " order by sequence" } else { " order by position" });
    statement.push(turned(query.keep));
    push_limit(&mut statement, query.limit);
    statement
}

/// The same page of several streams, one after the other. They are not told apart by the bare column: PostgreSQL would
/// walk all of the key to have its order.
fn pages(query: &EventQuery) -> Statement {
    let mut statement = Statement::new(
        "select * from (select e.*, row_number() over (partition by e.aggregate_id || '' order by e.sequence",
    );
    statement.push(turned(query.keep));
    statement.push(") as place from (");
    statement.push(EVENTS);
    push_event_filter(&mut statement, query);
    statement.push(") e) p where place <= ");
    statement.push_integer(query.limit.into());
    statement.push(" order by aggregate_id || '', sequence");
    statement.push(turned(query.keep));
    statement
}

pub(super) fn count_events(query: &EventQuery) -> Statement {
    let mut statement = Statement::new(COUNT_EVENTS);
    push_event_filter(&mut statement, query);
    statement.push(" group by aggregate_id");
    statement
}

fn push_event_filter(statement: &mut Statement, query: &EventQuery) {
    statement.push(" where position > ");
    statement.push_integer(query.after.map_or(-1, u64::cast_signed));
    if !query.positions.is_empty() {
        // There are as many texts as there are numbers of positions.
        statement.is_planned_anew = true;
        statement.push(" and position in ");
        push_list(statement, query.positions.iter().map(|position| Argument::Integer(position.cast_signed())));
    }
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
    if !query.aggregate_ids.is_empty() {
        statement.push(" and aggregate_id in ");
        push_list(statement, query.aggregate_ids.iter().map(|id| Argument::Text(id.to_string())));
    }
    push_among(statement, query);
    if let Some(actor) = &query.actor {
        statement.push(" and actor = ");
        statement.push_text(actor);
    }
    if !query.types.is_empty() {
        statement.push(" and event_type in ");
        push_list(statement, query.types.iter().cloned().map(Argument::Text));
    }
    if !query.but_types.is_empty() {
        statement.push(" and event_type not in ");
        push_list(statement, query.but_types.iter().cloned().map(Argument::Text));
    }
    if query.after_version > 0 {
        statement.push(" and sequence > ");
        statement.push_integer(query.after_version.cast_signed());
    }
    let ends = |span: &Span| [(" >= ", span.from), (" < ", span.until)];
    for (compared, end) in ends(&query.recorded) {
        if let Some(end) = end {
            statement.push(" and recorded_at");
            statement.push(compared);
            statement.push_integer(microseconds_from(end));
        }
    }
    for (compared, end) in ends(&query.occurred) {
        if let Some(end) = end {
            statement.push(" and ");
            statement.push(OCCURRED_AT);
            statement.push(compared);
            statement.push_text(end.to_string().trim_end_matches('Z'));
        }
    }
}

/// Whoever walks the log does not look at the bare columns: SQLite would take the key of the streams for any of them, and
/// put all events of a type in order to have the first few.
fn push_among(statement: &mut Statement, query: &EventQuery) {
    let bare = match query.access {
        Access::Walk => " || ''",
        Access::Gather => "",
    };
    let mut joint = " and (";
    for Among { aggregate_type, picked } in &query.among {
        statement.push(joint);
        joint = " or ";
        statement.push("(aggregate_type");
        statement.push(bare);
        statement.push(" = ");
        statement.push_text(aggregate_type.as_str());
        match picked {
            Picked::All => {}
            Picked::These(ids) if ids.is_empty() => statement.push(" and 1 = 0"),
            Picked::These(ids) => {
                // There are as many texts as there are numbers of ids.
                statement.is_planned_anew = true;
                statement.push(" and aggregate_id");
                statement.push(bare);
                statement.push(" in ");
                push_list(statement, ids.iter().map(|id| Argument::Text(id.to_string())));
            }
            // Asked of each event that is come by: to gather the cases of a province first would take longer.
            Picked::Cases { scope, division_prefix } => {
                statement.push(" and exists (select 1 from ");
                statement.push(PRESENT_CASES);
                statement.push(" where v.case_id = events.aggregate_id and ");
                push_scope(statement, scope, Moment::Present, "v");
                if let Some(prefix) = division_prefix {
                    statement.push(" and ");
                    push_starts_with(statement, "v.division", prefix);
                }
                statement.push(")");
            }
            Picked::Entries(query) => {
                statement.push(" and exists (select 1 from register_versions v");
                push_register_filter(statement, query);
                statement.push(" and v.aggregate_id = events.aggregate_id)");
            }
        }
        statement.push(")");
    }
    if !query.among.is_empty() {
        statement.push(")");
    }
}

/// The first whole microsecond at or after the time: the log takes events at whole ones.
fn microseconds_from(time: Timestamp) -> i64 {
    time.as_microsecond() + i64::from(time.as_nanosecond() % 1_000 > 0)
}

/// When an event happened, as its payload has it in UTC (RFC 3339), without the `Z`: all fields but the last are of one
/// length, and the fraction at the end has no zeros to spare, so texts stand in the order of time in any collation.
const OCCURRED_AT: &str = "rtrim(payload ->> 'occurredAt', 'Z')";

pub(super) fn count_cases(query: &CaseQuery) -> Result<Statement, StoreError> {
    let mut statement = Statement::new(COUNT_CASES);
    push_cases(&mut statement, query)?;
    Ok(statement)
}

/// The count with the head of the log.
pub(super) fn count_cases_and_head(query: &CaseQuery) -> Result<Statement, StoreError> {
    let mut statement = Statement::new(COUNT_CASES_AND_HEAD);
    push_cases(&mut statement, query)?;
    Ok(statement)
}

pub(super) fn registers(query: &RegisterQuery) -> Statement {
    list_of_registers(REGISTERS, query)
}

/// Of each of the entries the row that is first on the axis of what had happened.
pub(super) fn first_of_registers(of: AggregateType, ids: &[Uuid]) -> Statement {
    let mut statement = Statement::new(FIRST_OF_REGISTERS);
    statement.push_text(of.as_str());
    statement.push(" and ");
    push_in(&mut statement, "aggregate_id", ids.iter().map(|id| Argument::Text(id.to_string())));
    statement
}

/// The list with the head of the log.
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
    if let Some(within) = &query.within {
        push_within(statement, query, within);
    }
    if let Some(readers) = &query.readers {
        readers.push(statement, query.aggregate_type);
    }
    if let Some(position) = query.heard_after {
        statement.push(" and v.from_position > ");
        statement.push_integer(position.cast_signed());
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

/// The cases that are asked for.
pub(super) fn push_cases(statement: &mut Statement, query: &CaseQuery) -> Result<(), StoreError> {
    push_rows_asked(statement, query);
    push_asked(statement, query)
}

/// What comes after a `from`: a row, `v`, for each case of the moment. Those of the present are a table of their own.
pub(super) fn push_cases_at(statement: &mut Statement, at: Moment) {
    match at {
        Moment::Present => {
            statement.push(PRESENT_CASES);
            statement.push(" where 1 = 1");
        }
        Moment::Position(_) | Moment::Occurred(_) => {
            statement.push(CASE_VERSIONS);
            push_valid_at(statement, at);
        }
    }
}

/// What is asked and may be seen, of whatever rows.
pub(super) fn push_asked(statement: &mut Statement, query: &CaseQuery) -> Result<(), StoreError> {
    statement.push(" and ");
    push_scope(statement, &query.scope, query.at, "v");
    push_filter(statement, query)
}

/// What is asked, whoever may see it.
pub(super) fn push_filter(statement: &mut Statement, query: &CaseQuery) -> Result<(), StoreError> {
    statement.push(" and ");
    push_condition(statement, &query.condition, Sense::Holds, query.at)?;
    if query.at != Moment::Present
        && let Some(numbers) = numbers(&query.condition)
    {
        // A number never changes, and has an index in the present.
        statement.push(" and v.case_id in (select v.case_id from ");
        statement.push(PRESENT_CASES);
        statement.push(" where ");
        push_condition(statement, numbers, Sense::Holds, Moment::Present)?;
        statement.push(")");
    }
    Ok(())
}

/// The part of a condition that limits the cases to some numbers.
pub(super) fn numbers(condition: &Condition) -> Option<&Condition> {
    match condition {
        Condition::All(parts) => parts.iter().find_map(numbers),
        Condition::Compare { column: CaseColumn::Number, operator: Operator::Equal, .. }
        | Condition::In { column: CaseColumn::Number, .. }
        | Condition::StartsWith { column: CaseColumn::Number, .. } => Some(condition),
        _ => None,
    }
}

/// Holds for every row: it is the condition of the indexes for the past.
const OF_THE_PAST: &str = " and v.lane >= 0";

pub(super) fn push_valid_at(statement: &mut Statement, at: Moment) {
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

/// The rows of figures, as `f`, that count as of a moment.
pub(super) fn push_figures_at(statement: &mut Statement, at: Moment) {
    match at {
        Moment::Present => statement.push("f.lane = 0"),
        Moment::Position(position) => {
            statement.push("f.lane = 0 and f.from_position <= ");
            statement.push_integer(position.cast_signed());
        }
        Moment::Occurred(time) => {
            statement.push("f.occurred_from <= ");
            statement.push_integer(time);
            statement.push(" and f.occurred_to > ");
            statement.push_integer(time);
        }
    }
}

/// The end of a list is read backwards, and its rows are turned round when they are there.
fn turned(keep: Keep) -> &'static str {
    match keep {
        Keep::First => "",
        Keep::Last => " desc",
    }
}

pub(super) fn push_limit(statement: &mut Statement, limit: u32) {
    statement.push(" limit ");
    statement.push_integer(limit.into());
}
