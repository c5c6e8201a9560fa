//! What a filter says without saying so. It is added when the filter was measured, since nobody wrote it.

use crate::app::{CaseColumn, Condition, Operator, Value};
use crate::domain::case::values::Status;

/// The condition with the statuses of open cases beside every question for those: the indexes of the past are by status.
pub(super) fn with_implied(condition: Condition) -> Condition {
    let each = |parts: Vec<Condition>| parts.into_iter().map(with_implied).collect();
    match condition {
        Condition::All(parts) => Condition::All(each(parts)),
        Condition::Any(parts) => Condition::Any(each(parts)),
        Condition::Not(inner) => Condition::Not(Box::new(with_implied(*inner))),
        is_open if asks_for_open_ones(&is_open) => Condition::All(vec![is_open, has_open_status()]),
        other => other,
    }
}

fn asks_for_open_ones(condition: &Condition) -> bool {
    matches!(
        condition,
        Condition::Compare { column: CaseColumn::IsOpen, operator: Operator::Equal, value: Value::Integer(1) }
    )
}

fn has_open_status() -> Condition {
    let open = Status::ALL.iter().filter(|status| status.is_open());
    let values = open.map(|status| Value::Text(status.name().to_owned())).collect();
    Condition::In { column: CaseColumn::Status, values }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::graphql::filter::{CaseFilter, LARGEST};

    fn open() -> CaseFilter {
        CaseFilter { open: Some(true), ..CaseFilter::default() }
    }

    #[test]
    fn open_cases_are_asked_for_by_their_statuses_too() {
        let is_open = || {
            let (column, operator, value) = (CaseColumn::IsOpen, Operator::Equal, Value::Integer(1));
            Condition::All(vec![Condition::Compare { column, operator, value }, has_open_status()])
        };
        let condition = |filter: CaseFilter| filter.condition(Timestamp::UNIX_EPOCH).expect("a filter");
        assert_eq!(condition(open()), Condition::All(vec![is_open()]));
        let not = CaseFilter { not: Some(Box::new(open())), ..CaseFilter::default() };
        let denied = Condition::Not(Box::new(Condition::All(vec![is_open()])));
        assert_eq!(condition(not), Condition::All(vec![denied]));
        let closed = condition(CaseFilter { open: Some(false), ..CaseFilter::default() });
        assert_eq!(with_implied(closed.clone()), closed);
    }

    #[test]
    fn what_is_implied_does_not_count() {
        let of = |count: usize| {
            let filter = CaseFilter { or: Some(vec![open(); count]), ..CaseFilter::default() };
            filter.condition(Timestamp::UNIX_EPOCH).is_ok()
        };
        assert!(of(LARGEST));
        assert!(!of(LARGEST + 1));
    }
}
