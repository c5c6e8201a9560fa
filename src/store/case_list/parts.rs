//! What a list of cases is put together from.

use crate::store::case_list::lasting::Lasting;
use crate::store::few::members;
use crate::store::filter::numbers;
use crate::store::statement::Argument;
use crate::store::{CaseColumn, CaseQuery, Condition, Direction, Keep, Moment, Operator, Scope, Value};

/// Rows that a list is put together from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What is valid at the moment.
    Valid(Only),
    /// What was valid at a moment of the past, case by case in an order of what never changes of one.
    CaseByCase,
    /// What is valid at the moment and still is.
    Still(Only),
    /// What is valid at the moment and has ended since, of these statuses or, where there are none, of any.
    Ended(Vec<Argument>, Lasting),
    /// What was so at that time and was recorded within four hours.
    HeardAtOnce(Only, i64),
    /// What was so at that time and was recorded later.
    HeardLate(i64),
}

impl Part {
    /// Whether it is read from the table of the present, in an order that begins with the column.
    pub(super) fn is_of_present(&self, query: &CaseQuery, leading: CaseColumn) -> bool {
        let is_found =
            leading != CaseColumn::UpdatedAt || asks_for_few(&query.condition, query.at) || shows_few(&query.scope);
        match self {
            Self::Valid(_) => is_found && query.at == Moment::Present,
            Self::Still(_) => is_found,
            Self::CaseByCase | Self::Ended(..) | Self::HeardAtOnce(..) | Self::HeardLate(_) => false,
        }
    }

    /// Whether those before it tell how far it must be looked through, in an order that begins with the column.
    pub(super) fn is_bounded(&self, leading: CaseColumn) -> bool {
        let is_last = matches!(self, Self::Ended(_, Lasting::Any | Lasting::Short) | Self::HeardLate(_));
        leading == CaseColumn::UpdatedAt && is_last
    }
}

/// What the walk of an index finds by itself. It is said in the words of the index where that is a partial one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Only {
    All,
    Status(Argument),
    /// Open cases that have a deadline.
    Dated,
    /// Open cases that have none: the last ones of every list by deadline.
    Undated,
}

/// What a list is put together from; nothing where one walk in its order will do.
pub(super) fn parts(query: &CaseQuery, leading: (CaseColumn, Direction)) -> Vec<Part> {
    let statuses = statuses_of(&query.condition);
    let each = |part: &dyn Fn(Only) -> Part| match statuses.len() {
        0 => vec![part(Only::All)],
        _ => statuses.iter().cloned().map(|status| part(Only::Status(status))).collect(),
    };
    let with = |mut parts: Vec<Part>, last| {
        parts.push(last);
        parts
    };
    let (column, direction) = leading;
    let is_of_open_ones = asks_for_open_ones(&query.condition);
    if query.at == Moment::Present {
        return match column {
            // They are found by who works on them, and no index of statuses or deadlines is walked.
            _ if members(&query.condition, query.at).is_some() => Vec::new(),
            CaseColumn::DeadlineOn if is_of_open_ones => vec![Part::Valid(Only::Dated), Part::Valid(Only::Undated)],
            CaseColumn::ReportedAt | CaseColumn::UpdatedAt if statuses.len() > 1 => each(&Part::Valid),
            _ => Vec::new(),
        };
    }
    let is_walked_backwards =
        matches!((direction, query.keep), (Direction::Descending, Keep::First) | (Direction::Ascending, Keep::Last));
    match (column, query.at) {
        _ if numbers(&query.condition).is_some() => Vec::new(),
        (CaseColumn::Number | CaseColumn::ReportedAt, _) if statuses.is_empty() => vec![Part::CaseByCase],
        // What was reported or changed last before the moment was mostly valid then.
        (CaseColumn::ReportedAt, _) | (CaseColumn::UpdatedAt, Moment::Position(_)) if is_walked_backwards => {
            each(&Part::Valid)
        }
        (CaseColumn::UpdatedAt, Moment::Occurred(time)) if is_walked_backwards => {
            with(each(&|only| Part::HeardAtOnce(only, time)), Part::HeardLate(time))
        }
        // What was changed first is still so or lasted long; of one status little is still so.
        (CaseColumn::UpdatedAt, _) if !statuses.is_empty() => {
            let long = with(each(&Part::Still), Part::Ended(statuses.clone(), Lasting::Long));
            with(long, Part::Ended(statuses.clone(), Lasting::Short))
        }
        // What was reported or changed first has mostly ended.
        (CaseColumn::ReportedAt | CaseColumn::UpdatedAt, _) => {
            with(each(&Part::Still), Part::Ended(statuses.clone(), Lasting::Any))
        }
        _ if statuses.is_empty() => Vec::new(),
        (CaseColumn::DeadlineOn, _) if is_of_open_ones => {
            vec![Part::Still(Only::Dated), Part::Still(Only::Undated), Part::Ended(statuses, Lasting::Any)]
        }
        _ => vec![Part::Still(Only::All), Part::Ended(statuses, Lasting::Any)],
    }
}

/// Whether no event of a case changes it.
pub(super) const fn is_of_the_case(column: CaseColumn) -> bool {
    matches!(column, CaseColumn::CaseId | CaseColumn::Number | CaseColumn::ReportedAt)
}

/// Whether a condition limits the cases to so few, found by an index of the present, that they are sorted at once.
pub(super) fn asks_for_few(condition: &Condition, at: Moment) -> bool {
    use CaseColumn::{CaseId, EnterpriseId, LeadId, Number, ReportedBy};
    match condition {
        Condition::All(parts) => parts.iter().any(|part| asks_for_few(part, at)),
        Condition::Members(_) => at == Moment::Present,
        Condition::Compare { column, operator: Operator::Equal, .. } | Condition::In { column, .. } => {
            matches!(column, CaseId | Number | EnterpriseId | LeadId | ReportedBy)
        }
        _ => false,
    }
}

/// Whether a reader sees so few. An institution may have one case in ten.
fn shows_few(scope: &Scope) -> bool {
    const CITY_DIGITS: usize = 4;
    let is_small = scope.division_prefix.as_ref().is_none_or(|prefix| prefix.len() > CITY_DIGITS);
    !scope.everything && scope.institution.is_none() && is_small
}

/// Whether a condition limits the cases to open ones.
fn asks_for_open_ones(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) => parts.iter().any(asks_for_open_ones),
        Condition::Compare { column: CaseColumn::IsOpen, operator: Operator::Equal, value } => {
            *value == Value::Integer(1)
        }
        _ => false,
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
            if statuses.len() > MOST_STATUSES { Vec::new() } else { statuses }
        }
        _ => Vec::new(),
    }
}
