//! Few cases that are found first, and then looked up one by one, whatever else is asked of them. SQLite takes open cases, and
//! those of a status, for rarer than they are, and would walk all of them.

use crate::store::condition::push_ids_of_members;
use crate::store::filter::{push_asked, push_cases_at};
use crate::store::sight::push_seen;
use crate::store::statement::Statement;
use crate::store::{CaseQuery, Condition, Moment, Scope, StoreError};

/// Who works on all cases that a condition is about, if it says so and the present tells: who worked on one in the past stands
/// in its version alone.
pub(super) fn members(condition: &Condition, at: Moment) -> Option<&[String]> {
    match condition {
        Condition::All(parts) => parts.iter().find_map(|part| members(part, at)),
        Condition::Members(actors) if at == Moment::Present && !actors.is_empty() => Some(actors),
        _ => None,
    }
}

/// What comes after a `from`: a row, `v`, for each case of the moment, or of those among them that somebody works on where
/// the condition asks for these. It is held against each of them all the same.
pub(super) fn push_rows_asked(statement: &mut Statement, query: &CaseQuery) {
    match members(&query.condition, query.at) {
        Some(actors) => push_each_of(statement, query.at, |statement| push_ids_of_members(statement, actors)),
        None => push_cases_at(statement, query.at),
    }
}

/// What comes after a `from`: the cases that are asked for, looked up among those that the reader sees at present. Rights are
/// those of today.
pub(super) fn push_cases_of_seen(statement: &mut Statement, query: &CaseQuery) -> Result<(), StoreError> {
    push_each_of(statement, query.at, |statement| push_seen(statement, &query.scope));
    let scope = Scope { everything: true, but_of_enterprise: query.scope.but_of_enterprise, ..Scope::default() };
    push_asked(statement, &CaseQuery { scope, ..query.clone() })
}

/// A row, `v`, for each case of the moment that is among these. PostgreSQL takes several lists of ids that are told once each
/// for few, whatever it knows of them: so it looks them up, too.
fn push_each_of(statement: &mut Statement, at: Moment, push_ids: impl FnOnce(&mut Statement)) {
    statement.push("(select distinct u.case_id as found_id from (");
    push_ids(statement);
    statement.push(") u) f cross join ");
    push_cases_at(statement, at);
    statement.push(" and v.case_id = f.found_id");
}
