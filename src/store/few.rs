//! Few cases that are found first, and then looked up one by one, whatever else is asked of them. SQLite takes open cases, and
//! those of a status, for rarer than they are, and would walk all of them.

use crate::store::filter::{push_asked, push_cases_at};
use crate::store::sight::push_seen;
use crate::store::statement::Statement;
use crate::store::{CaseQuery, Moment, Scope, StoreError};

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
