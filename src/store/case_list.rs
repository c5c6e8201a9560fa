//! Lists of cases become statements that find their first rows without looking at many others, at present and as of
//! the past.
//!
//! A list is read as one walk of an index in its order, or put together from several. The versions that were valid at a
//! moment of the past are those that still are, in the indexes of the present, and those that have ended since, which
//! are found by how long they lasted: one that lasted no longer than n began in the n positions up to the moment.

use crate::store::condition::{Sense, argument, invalid, push_in, push_or_null};
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
        push_part(&mut statement, query, &order, &Part::Valid(None))?;
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
    push_order(&mut statement, query, &order, "k.key_");
    statement.push(") k cross join ");
    statement.push(CASE_VERSIONS);
    statement
        .push(" where v.case_id = k.key_case_id and v.from_position = k.key_from_position and v.lane = k.key_lane");
    push_order(&mut statement, query, &order, "v.");
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
    /// What is valid at the moment, of this status alone.
    Valid(Option<Argument>),
    /// What is valid at the moment and still is, of this status alone.
    Still(Option<Argument>),
    /// What is valid at the moment and has ended since, of these statuses.
    Ended(Vec<Argument>),
}

/// What a list is put together from; nothing where one walk in its order will do.
fn parts(query: &CaseQuery, leading: (CaseColumn, Direction)) -> Vec<Part> {
    let statuses = statuses_of(&query.condition);
    let each = |part: fn(Option<Argument>) -> Part| statuses.iter().cloned().map(move |status| part(Some(status)));
    let (column, direction) = leading;
    let is_walked_backwards =
        matches!((direction, query.keep), (Direction::Descending, Keep::First) | (Direction::Ascending, Keep::Last));
    let is_walked = match query.at {
        Moment::Present => matches!(column, CaseColumn::ReportedAt | CaseColumn::UpdatedAt),
        // What was reported or changed last before the moment was mostly valid then.
        Moment::Position(_) => is_walked_backwards && matches!(column, CaseColumn::ReportedAt | CaseColumn::UpdatedAt),
        Moment::Occurred(_) => is_walked_backwards && column == CaseColumn::ReportedAt,
    };
    match column {
        _ if statuses.is_empty() || statuses.len() > MOST_STATUSES => Vec::new(),
        _ if is_walked && statuses.len() > 1 => each(Part::Valid).collect(),
        _ if is_walked || query.at == Moment::Present => Vec::new(),
        CaseColumn::ReportedAt | CaseColumn::UpdatedAt => {
            each(Part::Still).chain([Part::Ended(statuses.clone())]).collect()
        }
        _ => vec![Part::Still(None), Part::Ended(statuses)],
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
        Part::Valid(status) => {
            statement.push(CASE_VERSIONS);
            push_valid_at(statement, query.at);
            push_status(statement, status.as_ref());
        }
        Part::Still(status) => {
            statement.push(CASE_VERSIONS);
            statement.push(concat!(" where v.", is_open_version!()));
            push_began(statement, query.at);
            push_status(statement, status.as_ref());
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
    push_order(statement, query, order, "v.");
    Ok(())
}

fn push_status(statement: &mut Statement, status: Option<&Argument>) {
    if let Some(status) = status {
        statement.push(" and v.status = ");
        statement.push_argument(status.clone());
    }
}

/// An axis on which versions are valid.
struct Axis {
    from: &'static str,
    to: &'static str,
    /// How long the first class lasts; every further one lasts four times as long.
    first_length: i64,
    classes: u32,
}

/// In positions, up to a billion.
const RECORDED: Axis = Axis { from: "v.from_position", to: "v.to_position", first_length: 64, classes: 13 };

/// In microseconds, from an hour up to seven years.
const OCCURRED: Axis = Axis { from: "v.occurred_from", to: "v.occurred_to", first_length: 3_600_000_000, classes: 9 };

impl Axis {
    fn of(at: Moment) -> Option<(Self, i64)> {
        match at {
            Moment::Present => None,
            Moment::Position(position) => Some((RECORDED, position.cast_signed())),
            Moment::Occurred(time) => Some((OCCURRED, time)),
        }
    }

    /// The lengths of its classes, without the last one, which has no end.
    fn lengths(&self) -> impl Iterator<Item = i64> {
        (0..self.classes).map(|class| self.first_length * 4_i64.pow(class))
    }

    /// The class of a version, as the index of ended versions has it.
    fn class(&self) -> String {
        let cases: Vec<_> = self
            .lengths()
            .enumerate()
            .map(|(class, length)| format!(" when {} - {} < {length} then {class}", self.to, self.from))
            .collect();
        format!("(case{} else {} end)", cases.concat(), self.classes)
    }
}

/// The versions that had begun by the moment.
fn push_began(statement: &mut Statement, at: Moment) {
    if let Some((axis, at)) = Axis::of(at) {
        statement.push(" and ");
        statement.push(axis.from);
        statement.push(" <= ");
        statement.push_integer(at);
    }
}

/// The versions that were valid at the moment and have ended since: of every class those that began so shortly before
/// it that they can have lasted until then.
fn push_ended(statement: &mut Statement, at: Moment) {
    let Some((axis, at)) = Axis::of(at) else { return };
    for (class, length) in axis.lengths().enumerate() {
        statement.push(if class == 0 { "(" } else { " union all " });
        statement.push(&format!("select {class} as class, cast({length} as bigint) as length"));
    }
    statement.push(&format!(" union all select {}, {}) c cross join ", axis.classes, i64::MAX));
    statement.push(CASE_VERSIONS);
    statement.push(&format!(
        " where {} = c.class and {} < {} and {} < {}",
        axis.class(),
        axis.from,
        axis.to,
        axis.to,
        i64::MAX
    ));
    statement.push(&format!(" and {} > ", axis.from));
    statement.push_integer(at);
    statement.push(" - c.length");
    statement.push(&format!(" and {} <= ", axis.from));
    statement.push_integer(at);
    statement.push(&format!(" and {} > ", axis.to));
    statement.push_integer(at);
}

/// The asked order of columns whose names begin so, and the limit.
fn push_order(statement: &mut Statement, query: &CaseQuery, order: &[(CaseColumn, Direction)], prefix: &str) {
    for (index, (column, direction)) in order.iter().enumerate() {
        statement.push(if index == 0 { " order by " } else { ", " });
        statement.push(prefix);
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
