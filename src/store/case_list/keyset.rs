//! Pages by key: where a page begins is told by the values of its neighbour, so pages stay what they are while rows
//! come and go.

use crate::store::condition::{Sense, argument, invalid, push_or_null};
use crate::store::statement::Statement;
use crate::store::{CaseColumn, Direction, StoreError, Value};

/// On which side of a key rows are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
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

/// The rows beyond a key: beyond it in the first column, or equal there and beyond it in the second, … What is walked
/// along is the first column of the row of that name.
pub(super) fn push_beyond(
    statement: &mut Statement,
    order: &[(CaseColumn, Direction)],
    key: &[Value],
    side: Side,
    walked: &str,
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
        statement.push(walked);
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
