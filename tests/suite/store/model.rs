//! What a list of cases must be: conditions and orders in memory, and conditions drawn at random.

use std::cmp::Ordering;

use etalon::store::{CaseColumn, Condition, Direction, Operator, StoredCase, Value};
use proptest::prelude::*;

pub(crate) fn sorted(mut cases: Vec<StoredCase>, order: &[(CaseColumn, Direction)]) -> Vec<StoredCase> {
    cases.sort_by(|one, other| {
        let by_columns = order.iter().map(|(column, direction)| match (column.value_of(one), column.value_of(other)) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Greater,
            (_, Value::Null) => Ordering::Less,
            (one, other) => {
                let ascending = compared(&one, &other).expect("both have a value");
                match direction {
                    Direction::Ascending => ascending,
                    Direction::Descending => ascending.reverse(),
                }
            }
        });
        let by_id = one.row.case_id.cmp(&other.row.case_id);
        let by_id = match order.last() {
            Some((_, Direction::Descending)) => by_id.reverse(),
            _ => by_id,
        };
        by_columns.fold(Ordering::Equal, Ordering::then).then(by_id)
    });
    cases
}

/// How two values compare; not at all if one is missing.
fn compared(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
        (Value::Integer(one), Value::Integer(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

pub(crate) fn holds(condition: &Condition, case: &StoredCase) -> bool {
    match condition {
        Condition::All(parts) => parts.iter().all(|part| holds(part, case)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, case)),
        Condition::Not(inner) => !holds(inner, case),
        Condition::Compare { column, operator, value } => {
            let stored = column.value_of(case);
            let compared = compared(&stored, value);
            match operator {
                Operator::Equal => stored == *value,
                Operator::NotEqual => stored != *value,
                Operator::Less => compared.is_some_and(Ordering::is_lt),
                Operator::LessOrEqual => compared.is_some_and(Ordering::is_le),
                Operator::Greater => compared.is_some_and(Ordering::is_gt),
                Operator::GreaterOrEqual => compared.is_some_and(Ordering::is_ge),
            }
        }
        Condition::In { column, values } => values.contains(&column.value_of(case)),
        Condition::Members(actors) => actors.iter().any(|actor| case.row.members.contains(&format!(" {actor} "))),
        Condition::IsNull { column } => column.value_of(case) == Value::Null,
        Condition::Contains { column, text } => match column.value_of(case) {
            Value::Text(stored) => stored.to_ascii_lowercase().contains(&text.to_ascii_lowercase()),
            _ => false,
        },
        Condition::StartsWith { column, text } => match column.value_of(case) {
            Value::Text(stored) => stored.starts_with(text),
            _ => false,
        },
    }
}

/// Conditions with every shape, on columns that have ties and missing values.
pub(crate) fn conditions() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        (fitting_value(), operators()).prop_map(|((column, value), operator)| Condition::Compare {
            column,
            operator,
            value
        }),
        proptest::collection::vec(fitting_value(), 1..4).prop_map(|drawn| {
            let column = drawn[0].0;
            let of_column = drawn.into_iter().filter(|(other, _)| *other == column);
            Condition::In { column, values: of_column.map(|(_, value)| value).collect() }
        }),
        text_columns().prop_map(|column| Condition::In { column, values: Vec::new() }),
        fitting_value().prop_map(|(column, _)| Condition::IsNull { column }),
        (text_columns(), texts()).prop_map(|(column, text)| Condition::Contains { column, text }),
        (text_columns(), texts()).prop_map(|(column, text)| Condition::StartsWith { column, text }),
        proptest::collection::vec((0..5).prop_map(|number| format!("p-{number}")), 0..3).prop_map(Condition::Members),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Condition::All),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Condition::Any),
            inner.prop_map(|condition| Condition::Not(Box::new(condition))),
        ]
    })
}

/// A column with a value of its type, sometimes a missing one.
fn fitting_value() -> impl Strategy<Value = (CaseColumn, Value)> {
    let integer_columns = proptest::sample::select(vec![
        CaseColumn::GapPpm,
        CaseColumn::IsOpen,
        CaseColumn::ReportedAt,
        CaseColumn::Version,
    ]);
    prop_oneof![
        4 => (text_columns(), texts()).prop_map(|(column, text)| (column, Value::Text(text))),
        2 => (integer_columns, -9..3_i64).prop_map(|(column, number)| (column, Value::Integer(number))),
        1 => text_columns().prop_map(|column| (column, Value::Null)),
    ]
}

fn text_columns() -> impl Strategy<Value = CaseColumn> {
    proptest::sample::select(vec![
        CaseColumn::Title,
        CaseColumn::Status,
        CaseColumn::Kind,
        CaseColumn::Category,
        CaseColumn::Severity,
        CaseColumn::Division,
    ])
}

fn texts() -> impl Strategy<Value = String> {
    let some = ["Ab", "aB", "b", "ä", "计量", "量", "50%_\\", "%", "_", "\\", "B", "44", "4403", ""];
    proptest::sample::select(some.map(str::to_owned).to_vec())
}

fn operators() -> impl Strategy<Value = Operator> {
    proptest::sample::select(vec![
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
    ])
}
