//! The versions that have ended, found by how long they lasted: one that lasted no longer than n began in the n positions
//! up to any moment at which it was valid.

use crate::store::Moment;
use crate::store::sql::CASE_VERSIONS;
use crate::store::statement::Statement;

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
pub(super) fn push_began(statement: &mut Statement, at: Moment) {
    if let Some((axis, at)) = Axis::of(at) {
        statement.push(" and ");
        statement.push(axis.from);
        statement.push(" <= ");
        statement.push_integer(at);
    }
}

/// The versions that were valid at the moment and have ended since: of every class those that began so shortly before
/// it that they can have lasted until then.
pub(super) fn push_ended(statement: &mut Statement, at: Moment) {
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
