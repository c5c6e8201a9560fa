//! Conditions on columns become SQL. Only columns, operators and placeholders of the program's
//! own go into the text; everything from outside is an argument.

use crate::store::statement::{Argument, Statement};
use crate::store::{CaseColumn, Condition, Moment, Operator, StoreError, Value};

/// Whether a condition is wanted to hold or to fail. `Not` is carried down to the comparisons,
/// so that their SQL never has to negate "unknown".
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sense {
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

/// Pushes a condition on rows that are valid at the moment.
pub(super) fn push_condition(
    statement: &mut Statement,
    condition: &Condition,
    sense: Sense,
    at: Moment,
) -> Result<(), StoreError> {
    let push = |statement: &mut Statement, part: &Condition| push_condition(statement, part, sense, at);
    match condition {
        Condition::All(parts) => push_junction(statement, parts, sense, push),
        Condition::Any(parts) => push_junction(statement, parts, sense.opposite(), push),
        Condition::Not(inner) => push_condition(statement, inner, sense.opposite(), at),
        Condition::Compare { column, operator: Operator::NotEqual, value } => {
            let (column, operator, value) = (*column, Operator::Equal, value.clone());
            let equal = Condition::Compare { column, operator, value };
            push_condition(statement, &equal, sense.opposite(), at)
        }
        Condition::Compare { column, operator: Operator::Equal, value: Value::Null } => {
            push_is_null(statement, *column, sense);
            Ok(())
        }
        // Nothing is less or greater than a missing value.
        Condition::Compare { value: Value::Null, .. } => {
            push_holds_never(statement, sense);
            Ok(())
        }
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
        Condition::Members(actors) if at == Moment::Present => {
            push_members(statement, actors, sense);
            Ok(())
        }
        // Who worked on a case then stands in its version alone.
        Condition::Members(actors) => {
            let works =
                |actor: &String| Condition::Contains { column: CaseColumn::Members, text: format!(" {actor} ") };
            push(statement, &Condition::Any(actors.iter().map(works).collect()))
        }
        Condition::StartsWith { column, text } => {
            require_text(*column)?;
            statement.push(if sense == Sense::Holds { "(" } else { "(not " });
            push_starts_with(statement, &format!("v.{}", column.name()), text);
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
    shape: Sense,
    push: impl Fn(&mut Statement, &Condition) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (neutral, joint) = match shape {
        Sense::Holds => ("(1 = 1", " and "),
        Sense::Fails => ("(1 = 0", " or "),
    };
    statement.push(neutral);
    for part in parts {
        statement.push(joint);
        push(statement, part)?;
    }
    statement.push(")");
    Ok(())
}

/// The actors of the present have an index.
fn push_members(statement: &mut Statement, actors: &[String], sense: Sense) {
    if actors.is_empty() {
        return push_holds_never(statement, sense);
    }
    statement.push(match sense {
        Sense::Holds => "v.case_id in (",
        Sense::Fails => "v.case_id not in (",
    });
    push_ids_of_members(statement, actors);
    statement.push(")");
}

/// The ids of the cases that one of these works on, who are somebody, once for each of them.
pub(super) fn push_ids_of_members(statement: &mut Statement, actors: &[String]) {
    statement.push("select m.case_id from case_members m where m.actor in ");
    push_list(statement, actors.iter().cloned().map(Argument::Text));
}

/// Of what holds for no row.
fn push_holds_never(statement: &mut Statement, sense: Sense) {
    statement.push(match sense {
        Sense::Holds => "1 = 0",
        Sense::Fails => "1 = 1",
    });
}

/// `(v.column … or v.column is null)`, the latter only where a missing value satisfies.
fn push_leaf(statement: &mut Statement, column: CaseColumn, sense: Sense, comparison: impl FnOnce(&mut Statement)) {
    statement.push("(v.");
    statement.push(column.name());
    comparison(statement);
    push_or_null(statement, column, sense);
}

pub(super) fn push_or_null(statement: &mut Statement, column: CaseColumn, sense: Sense) {
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

pub(super) fn argument(column: CaseColumn, value: &Value) -> Result<Argument, StoreError> {
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

pub(super) fn invalid(reason: String) -> StoreError {
    StoreError::Invalid { reason }
}

pub(super) fn push_in(statement: &mut Statement, column: &str, values: impl ExactSizeIterator<Item = Argument>) {
    if values.len() == 0 {
        statement.push("1 = 0");
        return;
    }
    statement.push("v.");
    statement.push(column);
    statement.push(" in ");
    push_list(statement, values);
}

/// `(…, …)`, of at least one value.
pub(super) fn push_list(statement: &mut Statement, values: impl Iterator<Item = Argument>) {
    for (index, value) in values.enumerate() {
        statement.push(if index == 0 { "(" } else { ", " });
        statement.push_argument(value);
    }
    statement.push(")");
}

/// A range instead of `like`, so that an index serves it on both databases. The column comes with the name of its
/// table, where there are several.
pub(super) fn push_starts_with(statement: &mut Statement, column: &str, prefix: &str) {
    statement.push("(");
    statement.push(column);
    statement.push(" >= ");
    statement.push_text(prefix);
    if let Some(end) = end_of_prefix(prefix) {
        statement.push(" and ");
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
pub(super) fn push_pattern(statement: &mut Statement, text: &str) {
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
        push_condition(&mut statement, &condition, Sense::Holds, Moment::Present).expect("a valid condition");
        assert_eq!(statement.sql, "(1 = 1 and (v.kind >= $1 or v.kind is null) and v.lead_id is not null)");
    }

    #[test]
    fn who_works_on_a_case_is_told_by_an_index_now_and_by_its_version_then() {
        let sql = |actors: &[&str], sense, at| {
            let mut statement = Statement::new("");
            let condition = Condition::Members(actors.iter().map(ToString::to_string).collect());
            push_condition(&mut statement, &condition, sense, at).expect("a valid condition");
            statement.sql
        };
        let of_the_present = "select m.case_id from case_members m where m.actor in ($1, $2)";
        assert_eq!(sql(&["a", "b"], Sense::Holds, Moment::Present), format!("v.case_id in ({of_the_present})"));
        assert_eq!(sql(&["a", "b"], Sense::Fails, Moment::Present), format!("v.case_id not in ({of_the_present})"));
        assert_eq!(sql(&[], Sense::Holds, Moment::Present), "1 = 0");
        assert_eq!(sql(&[], Sense::Fails, Moment::Present), "1 = 1");
        let then = sql(&["a"], Sense::Holds, Moment::Position(7));
        assert!(then.contains("v.members") && !then.contains("case_members"), "{then}");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused_before_the_database_sees_it() {
        let error = argument(CaseColumn::IsOpen, &"yes".into()).expect_err("a flag is a number");
        assert!(matches!(error, StoreError::Invalid { .. }));
    }
}
