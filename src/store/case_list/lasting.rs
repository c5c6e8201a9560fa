//! Versions found by how long something of them lasted: one that lasted no longer than n began in the n positions, or
//! the time n, up to any moment at which it was valid.

use crate::store::Moment;
use crate::store::sql::CASE_VERSIONS;
use crate::store::statement::Statement;

/// What lasts, from one column to another.
struct Span {
    from: &'static str,
    to: &'static str,
    /// How long the first class lasts; every further one lasts four times as long.
    first_length: i64,
    classes: u32,
}

/// How long the versions lasted that are looked for, which tells where to look for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasting {
    /// However long.
    Any,
    /// A good while of what there is of the log.
    Long,
    /// Less than that.
    Short,
}

impl Lasting {
    /// Whether a class belongs to it whose versions lasted at least so long.
    fn takes(self, shortest: i64, at: Moment) -> bool {
        let long = match at {
            Moment::Present => return true,
            Moment::Position(position) => (position.cast_signed() / 64).max(1),
            Moment::Occurred(_) => A_MONTH,
        };
        match self {
            Self::Any => true,
            Self::Long => shortest >= long,
            Self::Short => shortest < long,
        }
    }
}

/// In microseconds.
const A_MONTH: i64 = 30 * 24 * 3_600_000_000;

/// How long a version was valid, in positions, up to a billion.
const RECORDED: Span = Span { from: "v.from_position", to: "v.to_position", first_length: 64, classes: 13 };

/// How long it was so, in microseconds, from an hour up to seven years.
const OCCURRED: Span = Span { from: "v.occurred_from", to: "v.occurred_to", first_length: 3_600_000_000, classes: 9 };

/// How long the log did not hear of it, in microseconds, from four hours up to seven years.
const UNHEARD: Span = Span { from: "v.occurred_from", to: "v.updated_at", first_length: 14_400_000_000, classes: 8 };

impl Span {
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

    /// The class of a version, as the indexes have it.
    fn class(&self) -> String {
        let cases: Vec<_> = self
            .lengths()
            .enumerate()
            .map(|(class, length)| format!(" when {} - {} < {length} then {class}", self.to, self.from))
            .collect();
        format!("(case{} else {} end)", cases.concat(), self.classes)
    }

    /// The versions of every class whose shortest are wanted, with the length that it has at most.
    fn push_by_class(&self, statement: &mut Statement, is_wanted: impl Fn(i64) -> bool) {
        let shortest = std::iter::once(0).chain(self.lengths());
        let classes = self.lengths().chain([LONGER_THAN_ANY]).zip(shortest).enumerate();
        let wanted = classes.filter(|(_, (_, shortest))| is_wanted(*shortest));
        let classes: Vec<_> =
            wanted.map(|(class, (length, _))| format!("({class}, cast({length} as bigint))")).collect();
        // Rows of `values` bear these names in both databases. PostgreSQL would start processes for a union of as many.
        statement.push("(select n.column1 as class, n.column2 as length from (values ");
        statement.push(&classes.join(", "));
        statement.push(") n) c cross join ");
        statement.push(CASE_VERSIONS);
        statement.push(&format!(" where {} = c.class", self.class()));
    }
}

/// Longer than anything lasts, and still no overflow when a moment is added.
const LONGER_THAN_ANY: i64 = i64::MAX / 2;

/// The versions that had begun by the moment.
pub(super) fn push_began(statement: &mut Statement, at: Moment) {
    if let Some((span, at)) = Span::of(at) {
        statement.push(" and ");
        statement.push(span.from);
        statement.push(" <= ");
        statement.push_integer(at);
    }
}

/// The versions that were valid at the moment and have ended since: of every class those that began so shortly before
/// it that they can have lasted until then. With a bound, only those that began by it, too: a query for a number.
pub(super) fn push_ended(statement: &mut Statement, at: Moment, lasting: Lasting, bound: Option<&str>) {
    let is_wanted = |shortest| lasting.takes(shortest, at);
    let Some((span, at)) = Span::of(at) else { return };
    span.push_by_class(statement, is_wanted);
    statement.push(&format!(" and {} < {} and {} < {}", span.from, span.to, span.to, i64::MAX));
    statement.push(&format!(" and {} > ", span.from));
    statement.push_integer(at);
    statement.push(" - c.length");
    statement.push(&format!(" and {} <= ", span.from));
    match bound {
        None => statement.push_integer(at),
        // One end of the walk and not two, of which SQLite might take the later one.
        Some(bound) => {
            statement.push("(select min(b.column1) from (values (");
            statement.push_integer(at);
            statement.push(&format!("), (({bound}))) b)"));
        }
    }
    statement.push(&format!(" and {} > ", span.to));
    statement.push_integer(at);
}

/// Of the versions that were so at a time, those that the log heard of within four hours: where a walk by when it did
/// must begin is known.
pub(super) fn push_heard_at_once(statement: &mut Statement, time: i64) {
    let longest = UNHEARD.first_length;
    statement.push(&format!(" and {} - {} < {longest} and {} < ", UNHEARD.to, UNHEARD.from, UNHEARD.to));
    statement.push_integer(time.saturating_add(longest));
}

/// The versions that were so at a time and that the log heard of later: of every class up to where it can have.
pub(super) fn push_heard_late(statement: &mut Statement, time: i64) {
    UNHEARD.push_by_class(statement, |_| true);
    statement.push(&format!(" and {} < {}", OCCURRED.from, OCCURRED.to));
    statement.push(&format!(" and {} - {} >= {}", UNHEARD.to, UNHEARD.from, UNHEARD.first_length));
    statement.push(&format!(" and {} < ", UNHEARD.to));
    statement.push_integer(time);
    statement.push(" + c.length");
    statement.push(&format!(" and {} <= ", OCCURRED.from));
    statement.push_integer(time);
    statement.push(&format!(" and {} > ", OCCURRED.to));
    statement.push_integer(time);
}
