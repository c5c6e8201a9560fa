//! Who sees register rows that belong to somebody: `code` is whose they are, `division` where they are shared or their
//! owner works, `state` whether they are shared or thrown away.

use crate::store::AggregateType;
use crate::store::condition::{push_list, push_starts_with};
use crate::store::sql::is_open_version;
use crate::store::statement::{Argument, Statement};

/// The state of a row that others see.
pub const SHARED: &str = "SHARED";

/// The state of a row that was thrown away.
pub const DELETED: &str = "DELETED";

/// What a reader sees of rows that belong to somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readers {
    /// Those of this owner, unless they were thrown away.
    pub owner: String,
    /// Those that are shared with one of these divisions.
    pub shared_with: Vec<String>,
    /// Those of this division and below it, whosever they are.
    pub audited: Option<String>,
}

impl Readers {
    /// Judged on the present row, whatever is asked as of: what is shared no longer is hidden with its past.
    pub(super) fn push(&self, statement: &mut Statement, aggregate_type: AggregateType) {
        statement.push(" and v.aggregate_id in (select p.aggregate_id from register_versions p where p.");
        statement.push(concat!(is_open_version!(), " and p.aggregate_type = "));
        statement.push_text(aggregate_type.as_str());
        statement.push(" and ((p.code = ");
        statement.push_text(&self.owner);
        statement.push(" and p.state <> ");
        statement.push_text(DELETED);
        statement.push(")");
        if !self.shared_with.is_empty() {
            statement.push(" or (p.state = ");
            statement.push_text(SHARED);
            statement.push(" and p.division in ");
            push_list(statement, self.shared_with.iter().cloned().map(Argument::Text));
            statement.push(")");
        }
        if let Some(prefix) = &self.audited {
            statement.push(" or ");
            push_starts_with(statement, "p.division", prefix);
        }
        statement.push("))");
    }
}
