//! What a column is compared with: said or not, and, of numbers, between which values of the rows it lies.

use async_graphql::{MaybeUndefined, Result};
use jiff::Timestamp;

use crate::app::{CaseColumn, Condition, Operator, Value};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::Decimal;
use crate::domain::value::ratio::{Ratio, Rounding};
use crate::graphql::filter::path::Path;
use crate::graphql::{errors, scalars};

/// What an operator was given; nothing when it was left out. Null is no value to compare with: taken for an operator that
/// was left out, it would find everything.
///
/// # Errors
/// `COMPARED_WITH_NULL`.
pub(super) fn given<'a, T>(operand: &'a MaybeUndefined<T>, path: Path<'_>) -> Result<Option<&'a T>> {
    match operand {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Value(value) => Ok(Some(value)),
        MaybeUndefined::Null => {
            let message = "null is nothing to compare with: leave the operator out, or ask with `isNull: true` for what is \
                missing";
            Err(errors::refused(&Refusal::new(Code::ComparedWithNull, path.to_string(), message)))
        }
    }
}

/// Each of a list, with its place in the path.
pub(super) fn each<T, V>(list: &[T], path: Path<'_>, read: impl Fn(&T, Path<'_>) -> Result<V>) -> Result<Vec<V>> {
    list.iter().enumerate().map(|(place, item)| read(item, path.item(place))).collect()
}

/// The values of the rows beside an operand: those that rows can have are whole numbers, and what is asked for may lie
/// between two of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Neighbours {
    /// The largest one that is not above it.
    pub(super) below: Value,
    /// The smallest one that is not below it.
    pub(super) above: Value,
}

impl Neighbours {
    /// Those of a value that rows can have.
    pub(super) fn same(value: Value) -> Self {
        Self { below: value.clone(), above: value }
    }

    /// Those of a number of which rows hold so many parts of each one. Beyond 64 bits rows hold the first or the last
    /// value that there is, and so does what they are compared with.
    ///
    /// # Errors
    /// What is wrong with the number.
    pub(super) fn of_parts(number: &scalars::Decimal, parts: i64, path: Path<'_>) -> Result<Self> {
        let number =
            Decimal::parse(&number.0).map_err(|error| errors::refused(&Refusal::of_value(path.to_string(), error)))?;
        let counted = Ratio::from(&(&number * &Decimal::from(parts)));
        let neighbour = |rounding| Value::Integer(counted.to_i64_saturating(rounding));
        Ok(Self { below: neighbour(Rounding::Down), above: neighbour(Rounding::Up) })
    }

    /// Those of a moment; rows hold microseconds.
    pub(super) fn of_moment(moment: Timestamp) -> Self {
        let (below, rest) = (moment.as_nanosecond().div_euclid(1_000), moment.as_nanosecond().rem_euclid(1_000));
        let value = |microseconds: i128| {
            Value::Integer(i64::try_from(microseconds).expect("a calendar's moments are microseconds of 64 bits"))
        };
        Self { below: value(below), above: value(below + i128::from(rest > 0)) }
    }

    /// The operand itself, if rows can have it.
    pub(super) fn exact(self) -> Option<Value> {
        (self.below == self.above).then_some(self.above)
    }

    /// What holds for a row exactly when its comparison with the operand does.
    pub(super) fn condition(self, column: CaseColumn, operator: Operator) -> Condition {
        let nothing = Condition::In { column, values: Vec::new() };
        let value = match operator {
            Operator::Less | Operator::GreaterOrEqual => Some(self.above),
            Operator::LessOrEqual | Operator::Greater => Some(self.below),
            Operator::Equal | Operator::NotEqual => self.exact(),
        };
        match value {
            Some(value) => Condition::Compare { column, operator, value },
            None if operator == Operator::NotEqual => Condition::Not(Box::new(nothing)),
            None => nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::graphql::filter::comparison::compare;

    const OPERATORS: [Operator; 6] = [
        Operator::Equal,
        Operator::NotEqual,
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
    ];

    fn neighbours(text: &str, parts: i64) -> Neighbours {
        Neighbours::of_parts(&scalars::Decimal(text.to_owned()), parts, Path::of("filter")).unwrap()
    }

    fn compares<T: Ord>(left: &T, operator: Operator, right: &T) -> bool {
        match operator {
            Operator::Equal => left == right,
            Operator::NotEqual => left != right,
            Operator::Less => left < right,
            Operator::LessOrEqual => left <= right,
            Operator::Greater => left > right,
            Operator::GreaterOrEqual => left >= right,
        }
    }

    /// Whether a row with this value is found.
    fn finds(condition: &Condition, row: i64) -> bool {
        match condition {
            Condition::Compare { operator, value: Value::Integer(value), .. } => compares(&row, *operator, value),
            Condition::In { values, .. } => values.contains(&Value::Integer(row)),
            Condition::Not(condition) => !finds(condition, row),
            other => panic!("{other:?} compares no numbers"),
        }
    }

    #[test]
    fn what_lies_between_two_values_is_neither() {
        let column = CaseColumn::FeeFen;
        for (text, operator, value) in [
            ("679.999", Operator::Greater, 67_999),
            ("680.001", Operator::GreaterOrEqual, 68_001),
            ("680.004", Operator::Less, 68_001),
            ("680.004", Operator::LessOrEqual, 68_000),
            ("680.00", Operator::Equal, 68_000),
            ("-0.001", Operator::Less, 0),
            ("-0.001", Operator::Greater, -1),
            ("1e30", Operator::Less, i64::MAX),
            ("-1e30", Operator::GreaterOrEqual, i64::MIN),
        ] {
            assert_eq!(
                neighbours(text, 100).condition(column, operator),
                compare(column, operator, Value::Integer(value)),
                "{text}"
            );
        }
        let nothing = Condition::In { column, values: Vec::new() };
        assert_eq!(neighbours("680.001", 100).condition(column, Operator::Equal), nothing);
        let all = Condition::Not(Box::new(nothing));
        assert_eq!(neighbours("680.001", 100).condition(column, Operator::NotEqual), all);
    }

    #[test]
    fn null_is_refused_and_what_is_left_out_is_not() {
        let path = Path::of("filter");
        assert_eq!(given::<bool>(&MaybeUndefined::Undefined, path).unwrap(), None);
        assert_eq!(given(&MaybeUndefined::Value(true), path).unwrap(), Some(&true));
        let error = given::<bool>(&MaybeUndefined::Null, path.field("eq")).unwrap_err();
        let extensions = error.extensions.expect("it has extensions");
        assert_eq!(extensions.get("code"), Some(&async_graphql::Value::from("COMPARED_WITH_NULL")));
        assert_eq!(extensions.get("field").expect("a path").to_string(), r#"["filter", "eq"]"#);
    }

    proptest! {
        /// Rows hold hundredths; what they are compared with has up to five decimals.
        #[test]
        fn numbers_compare_exactly(row in -300_i64..300, operand in -300_000_i64..300_000) {
            let sign = if operand < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:05}", operand.abs() / 100_000, operand.abs() % 100_000);
            let (held, asked) = (row * 1_000, operand);
            for operator in OPERATORS {
                let condition = neighbours(&text, 100).condition(CaseColumn::FeeFen, operator);
                let right = compares(&held, operator, &asked);
                prop_assert_eq!(finds(&condition, row), right, "{} {:?} {}", row, operator, text);
            }
        }
    }
}
