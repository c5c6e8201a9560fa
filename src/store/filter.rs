//! Queries become statements. Only columns, operators and placeholders of the program's own go
//! into the text; everything from outside is an argument.

use crate::store::sql::{
    CASES, COUNT_CASES, COUNT_REGISTERS, EVENTS, REGISTERS, is_open_version,
};
use crate::store::statement::{Argument, Statement};
use crate::store::{
    CaseColumn, CaseQuery, Condition, Direction, EventQuery, Operator, RegisterQuery, Scope,
    StoreError, Value,
};

pub(super) fn events(query: &EventQuery) -> Statement {
    let mut statement = Statement::new(EVENTS);
    statement.push(" where position > ");
    statement.push_integer(query.after.map_or(-1, u64::cast_signed));
    if let Some(up_to) = query.up_to {
        statement.push(" and position <= ");
        statement.push_integer(up_to.cast_signed());
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
    push_limit(&mut statement, query.limit);
    statement
}

pub(super) fn cases(query: &CaseQuery) -> Result<Statement, StoreError> {
    let mut statement = Statement::new(CASES);
    push_case_filter(&mut statement, query)?;
    let order = full_order(query);
    if let Some(after) = &query.after {
        statement.push(" and ");
        push_after(&mut statement, &order, after)?;
    }
    for (index, (column, direction)) in order.iter().enumerate() {
        statement.push(if index == 0 { " order by v." } else { ", v." });
        statement.push(column.name());
        statement.push(match direction {
            Direction::Ascending => "",
            Direction::Descending => " desc",
        });
        if column.is_nullable() {
            statement.push(" nulls last");
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

/// One case, as of a position.
pub(super) fn one_case(column: CaseColumn, value: &str, at: Option<u64>) -> Statement {
    let mut statement = Statement::new(CASES);
    push_valid_at(&mut statement, at);
    statement.push(" and v.");
    statement.push(column.name());
    statement.push(" = ");
    statement.push_text(value);
    statement
}

pub(super) fn registers(query: &RegisterQuery) -> Statement {
    let mut statement = Statement::new(REGISTERS);
    push_register_filter(&mut statement, query);
    if let Some((name, id)) = &query.after {
        statement.push(" and (v.name, v.aggregate_id) > (");
        statement.push_text(name);
        statement.push(", ");
        statement.push_text(&id.to_string());
        statement.push(")");
    }
    statement.push(" order by v.name, v.aggregate_id");
    push_limit(&mut statement, query.limit);
    statement
}

pub(super) fn count_registers(query: &RegisterQuery) -> Statement {
    let mut statement = Statement::new(COUNT_REGISTERS);
    push_register_filter(&mut statement, query);
    statement
}

fn push_register_filter(statement: &mut Statement, query: &RegisterQuery) {
    push_valid_at(statement, query.at);
    statement.push(" and v.aggregate_type = ");
    statement.push_text(query.aggregate_type.as_str());
    if let Some(ids) = &query.ids {
        statement.push(" and ");
        push_in(statement, "aggregate_id", ids.iter().map(|id| Argument::Text(id.to_string())));
    }
    if let Some(prefix) = &query.division_prefix {
        statement.push(" and ");
        push_starts_with(statement, "division", prefix);
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

fn push_case_filter(statement: &mut Statement, query: &CaseQuery) -> Result<(), StoreError> {
    push_valid_at(statement, query.at);
    statement.push(" and ");
    push_scope(statement, &query.scope);
    statement.push(" and ");
    push_condition(statement, &query.condition, Sense::Holds)
}

fn push_valid_at(statement: &mut Statement, at: Option<u64>) {
    match at {
        None => statement.push(concat!(" where v.", is_open_version!())),
        Some(position) => {
            statement.push(" where v.from_position <= ");
            statement.push_integer(position.cast_signed());
            statement.push(" and v.to_position > ");
            statement.push_integer(position.cast_signed());
        }
    }
}

fn push_scope(statement: &mut Statement, scope: &Scope) {
    if scope.everything {
        statement.push("1 = 1");
        return;
    }
    // Nothing set = nothing visible.
    statement.push("(1 = 0");
    if let Some(prefix) = &scope.division_prefix {
        statement.push(" or ");
        push_starts_with(statement, "division", prefix);
    }
    let owners = [("enterprise_id", scope.enterprise), ("institution_id", scope.institution)];
    for (column, owner) in owners {
        if let Some(id) = owner {
            statement.push(" or v.");
            statement.push(column);
            statement.push(" = ");
            statement.push_text(&id.to_string());
        }
    }
    if let Some(actor) = &scope.member {
        statement.push(" or v.case_id in (select m.case_id from case_members m where m.actor = ");
        statement.push_text(actor);
        statement.push(")");
    }
    statement.push(")");
}

/// Whether a condition is wanted to hold or to fail. `Not` is carried down to the comparisons,
/// so that their SQL never has to negate "unknown".
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Holds,
    Fails,
}

impl Sense {
    fn opposite(self) -> Self {
        match self {
            Self::Holds => Self::Fails,
            Self::Fails => Self::Holds,
        }
    }
}

fn push_condition(
    statement: &mut Statement,
    condition: &Condition,
    sense: Sense,
) -> Result<(), StoreError> {
    match condition {
        Condition::All(parts) => push_junction(statement, parts, sense, sense),
        Condition::Any(parts) => push_junction(statement, parts, sense, sense.opposite()),
        Condition::Not(inner) => push_condition(statement, inner, sense.opposite()),
        Condition::Compare { column, operator: Operator::NotEqual, value } => {
            let (column, operator, value) = (*column, Operator::Equal, value.clone());
            let equal = Condition::Compare { column, operator, value };
            push_condition(statement, &equal, sense.opposite())
        }
        Condition::Compare { column, operator: Operator::Equal, value: Value::Null } => {
            push_is_null(statement, *column, sense);
            Ok(())
        }
        // Nothing is less or greater than a missing value.
        Condition::Compare { value: Value::Null, .. } => push_junction(statement, &[], sense, sense.opposite()),
        Condition::Compare { column, operator, value } => {
            let argument = argument(*column, value)?;
            push_leaf(statement, *column, sense, |statement| {
                statement.push(comparison(*operator, sense));
                statement.push_argument(argument);
            });
            Ok(())
        }
        Condition::In { column, values } => push_membership(statement, *column, values, sense),
        Condition::IsNull { column } => {
            push_is_null(statement, *column, sense);
            Ok(())
        }
        Condition::Contains { column, text } => {
            require_text(*column)?;
            statement.push(if sense == Sense::Holds { "(lower(v." } else { "(not lower(v." });
            statement.push(column.name());
            statement.push(") like ");
            push_pattern(statement, text);
            push_or_null(statement, *column, sense);
            Ok(())
        }
        Condition::StartsWith { column, text } => {
            require_text(*column)?;
            statement.push(if sense == Sense::Holds { "(" } else { "(not " });
            push_starts_with(statement, column.name(), text);
            push_or_null(statement, *column, sense);
            Ok(())
        }
    }
}

/// `All` wanted is a conjunction, `All` denied the disjunction of its denied parts; `Any` the
/// other way round.
fn push_junction(
    statement: &mut Statement,
    parts: &[Condition],
    sense: Sense,
    shape: Sense,
) -> Result<(), StoreError> {
    let (neutral, joint) = match shape {
        Sense::Holds => ("(1 = 1", " and "),
        Sense::Fails => ("(1 = 0", " or "),
    };
    statement.push(neutral);
    for part in parts {
        statement.push(joint);
        push_condition(statement, part, sense)?;
    }
    statement.push(")");
    Ok(())
}

/// `(v.column … or v.column is null)`, the latter only where a missing value satisfies.
fn push_leaf(
    statement: &mut Statement,
    column: CaseColumn,
    sense: Sense,
    comparison: impl FnOnce(&mut Statement),
) {
    statement.push("(v.");
    statement.push(column.name());
    comparison(statement);
    push_or_null(statement, column, sense);
}

fn push_or_null(statement: &mut Statement, column: CaseColumn, sense: Sense) {
    if sense == Sense::Fails && column.is_nullable() {
        statement.push(" or v.");
        statement.push(column.name());
        statement.push(" is null");
    }
    statement.push(")");
}

fn push_is_null(statement: &mut Statement, column: CaseColumn, sense: Sense) {
    statement.push("v.");
    statement.push(column.name());
    statement.push(match sense {
        Sense::Holds => " is null",
        Sense::Fails => " is not null",
    });
}

fn push_membership(
    statement: &mut Statement,
    column: CaseColumn,
    values: &[Value],
    sense: Sense,
) -> Result<(), StoreError> {
    let arguments = values
        .iter()
        .filter(|value| **value != Value::Null)
        .map(|value| argument(column, value))
        .collect::<Result<Vec<_>, _>>()?;
    statement.push(if sense == Sense::Holds { "(" } else { "(not (" });
    push_in(statement, column.name(), arguments.into_iter());
    if sense == Sense::Fails {
        statement.push(")");
    }
    let null_is_member = values.contains(&Value::Null);
    match sense {
        Sense::Holds if null_is_member => {
            statement.push(" or ");
            push_is_null(statement, column, Sense::Holds);
        }
        Sense::Fails if null_is_member => {
            statement.push(" and ");
            push_is_null(statement, column, Sense::Fails);
        }
        Sense::Holds => {}
        Sense::Fails => {
            push_or_null(statement, column, sense);
            return Ok(());
        }
    }
    statement.push(")");
    Ok(())
}

fn comparison(operator: Operator, sense: Sense) -> &'static str {
    match (operator, sense) {
        (Operator::Equal, Sense::Holds) | (Operator::NotEqual, Sense::Fails) => " = ",
        (Operator::Equal, Sense::Fails) | (Operator::NotEqual, Sense::Holds) => " <> ",
        (Operator::Less, Sense::Holds) | (Operator::GreaterOrEqual, Sense::Fails) => " < ",
        (Operator::LessOrEqual, Sense::Holds) | (Operator::Greater, Sense::Fails) => " <= ",
        (Operator::Greater, Sense::Holds) | (Operator::LessOrEqual, Sense::Fails) => " > ",
        (Operator::GreaterOrEqual, Sense::Holds) | (Operator::Less, Sense::Fails) => " >= ",
    }
}

/// The asked order up to the case id, which decides every tie.
fn full_order(query: &CaseQuery) -> Vec<(CaseColumn, Direction)> {
    let mut order = query.order.clone();
    order.push((CaseColumn::CaseId, Direction::Ascending));
    order
}

/// The rows after a key: later in the first column, or equal there and later in the second, …
fn push_after(
    statement: &mut Statement,
    order: &[(CaseColumn, Direction)],
    key: &[Value],
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
        statement.push(match direction {
            Direction::Ascending => " >= ",
            Direction::Descending => " <= ",
        });
        statement.push_argument(argument(*column, &key[0])?);
        statement.push(" and ");
    }
    statement.push("(1 = 0");
    for (index, (column, direction)) in order.iter().enumerate() {
        if key[index] == Value::Null {
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
        statement.push(match direction {
            Direction::Ascending => " > ",
            Direction::Descending => " < ",
        });
        statement.push_argument(argument(*column, &key[index])?);
        push_or_null(statement, *column, Sense::Fails);
        statement.push(")");
    }
    statement.push("))");
    Ok(())
}

fn argument(column: CaseColumn, value: &Value) -> Result<Argument, StoreError> {
    match (value, column.is_text()) {
        (Value::Text(text), true) => Ok(Argument::Text(text.clone())),
        (Value::Integer(number), false) => Ok(Argument::Integer(*number)),
        _ => Err(invalid(format!("{value:?} is no value of column {}", column.name()))),
    }
}

fn require_text(column: CaseColumn) -> Result<(), StoreError> {
    if column.is_text() {
        return Ok(());
    }
    Err(invalid(format!("column {} holds no text", column.name())))
}

fn invalid(reason: String) -> StoreError {
    StoreError::Invalid { reason }
}

fn push_in(statement: &mut Statement, column: &str, values: impl ExactSizeIterator<Item = Argument>) {
    if values.len() == 0 {
        statement.push("1 = 0");
        return;
    }
    statement.push("v.");
    statement.push(column);
    statement.push(" in ");
    push_list(statement, values);
}

fn push_list(statement: &mut Statement, values: impl Iterator<Item = Argument>) {
    for (index, value) in values.enumerate() {
        statement.push(if index == 0 { "(" } else { ", " });
        statement.push_argument(value);
    }
    statement.push(")");
}

/// A range instead of `like`, so that an index serves it on both databases.
fn push_starts_with(statement: &mut Statement, column: &str, prefix: &str) {
    statement.push("(v.");
    statement.push(column);
    statement.push(" >= ");
    statement.push_text(prefix);
    if let Some(end) = end_of_prefix(prefix) {
        statement.push(" and v.");
        statement.push(column);
        statement.push(" < ");
        statement.push_text(&end);
    }
    statement.push(")");
}

/// The smallest text after all that start with the prefix, if there is one.
fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // The range skips the surrogates, which are no characters.
        if let Some(next) = (last..=char::MAX).nth(1) {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

/// The other side of `lower(column) like`. In C collation `lower` changes ASCII letters only, as
/// it does in SQLite.
fn push_pattern(statement: &mut Statement, text: &str) {
    let mut pattern = String::from("%");
    for character in text.to_ascii_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    statement.push_text(&pattern);
    statement.push(" escape '\\'");
}

fn push_limit(statement: &mut Statement, limit: u32) {
    statement.push(" limit ");
    statement.push_integer(limit.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_its_last_character_has_a_successor() {
        assert_eq!(end_of_prefix("44").as_deref(), Some("45"));
        assert_eq!(end_of_prefix("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(end_of_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(end_of_prefix("\u{10ffff}"), None);
        assert_eq!(end_of_prefix(""), None);
    }

    #[test]
    fn a_denied_comparison_counts_missing_values() {
        let mut statement = Statement::new("");
        let condition = Condition::Not(Box::new(Condition::Any(vec![
            Condition::Compare { column: CaseColumn::Kind, operator: Operator::Less, value: "x".into() },
            Condition::IsNull { column: CaseColumn::LeadId },
        ])));
        push_condition(&mut statement, &condition, Sense::Holds).expect("a valid condition");
        assert_eq!(
            statement.sql,
            "(1 = 1 and (v.kind >= $1 or v.kind is null) and v.lead_id is not null)"
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused_before_the_database_sees_it() {
        let error = argument(CaseColumn::IsOpen, &"yes".into()).expect_err("a flag is a number");
        assert!(matches!(error, StoreError::Invalid { .. }));
    }
}
