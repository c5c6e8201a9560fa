//! What a reader may see, as a condition. It is judged on the present whenever the question is about the past: rights
//! are those of today.

use uuid::Uuid;

use crate::store::condition::push_starts_with;
use crate::store::sql::is_open_version;
use crate::store::statement::Statement;
use crate::store::{Moment, RegisterQuery, Scope, Within};

/// The cases, as rows of that name and moment, that the reader may see: one that was given to another institution is
/// hidden with its past. Where a case lies and whose it is never change.
pub(super) fn push_scope(statement: &mut Statement, scope: &Scope, at: Moment, row: &str) {
    if let Some(enterprise) = scope.but_of_enterprise {
        statement.push(row);
        statement.push(".enterprise_id <> ");
        statement.push_text(&enterprise.to_string());
        statement.push(" and ");
    }
    // The nation is everything, said so that no index of divisions is walked for it.
    if scope.everything || scope.division_prefix.as_deref() == Some("") {
        statement.push("1 = 1");
        return;
    }
    // Nothing set = nothing visible. A single way stands alone: an index serves it on both databases.
    let mut joint = "(";
    for way in ways(scope) {
        statement.push(joint);
        joint = " or ";
        push_way(statement, way, at, row);
    }
    statement.push(if joint == "(" { "1 = 0" } else { ")" });
}

/// Whether what the reader sees may be gathered: something, and no province.
pub(super) fn is_narrow(scope: &Scope) -> bool {
    let is_wide = |prefix: &String| prefix.len() <= PROVINCE_DIGITS;
    !scope.is_nothing() && !scope.everything && !scope.division_prefix.as_ref().is_some_and(is_wide)
}

/// The ids of the cases that the reader sees at present, but for [`Scope::but_of_enterprise`]: once for each way to see
/// one. No index serves several ways that stand in an `or` beside each other.
pub(super) fn push_seen(statement: &mut Statement, scope: &Scope) {
    for (index, way) in ways(scope).enumerate() {
        if index > 0 {
            statement.push(" union all ");
        }
        push_ids(statement, way);
    }
}

/// One way to see a case.
enum Way<'a> {
    Division(&'a str),
    Owner(&'static str, Uuid),
    Member(&'a str),
}

fn ways(scope: &Scope) -> impl Iterator<Item = Way<'_>> {
    let ways = [
        scope.division_prefix.as_deref().map(Way::Division),
        scope.enterprise.map(|id| Way::Owner("enterprise_id", id)),
        scope.institution.map(|id| Way::Owner("institution_id", id)),
        scope.member.as_deref().map(Way::Member),
    ];
    ways.into_iter().flatten()
}

/// A province or the nation holds too many cases to be gathered first; its lists are walked in their order.
const PROVINCE_DIGITS: usize = 2;

fn push_way(statement: &mut Statement, way: Way<'_>, at: Moment, row: &str) {
    match way {
        Way::Division(prefix) if at == Moment::Present || prefix.len() <= PROVINCE_DIGITS => {
            push_starts_with(statement, &format!("{row}.division"), prefix);
        }
        Way::Owner(column, id) if at == Moment::Present => push_owner(statement, row, column, id),
        Way::Division(_) | Way::Owner(..) | Way::Member(_) => {
            statement.push(row);
            statement.push(".case_id in (");
            push_ids(statement, way);
            statement.push(")");
        }
    }
}

/// The ids of the cases that are seen in that way at present.
fn push_ids(statement: &mut Statement, way: Way<'_>) {
    const OF_THE_PRESENT: &str = "select p.case_id from cases p where ";
    match way {
        Way::Division(prefix) => {
            statement.push(OF_THE_PRESENT);
            push_starts_with(statement, "p.division", prefix);
        }
        Way::Owner(column, id) => {
            statement.push(OF_THE_PRESENT);
            push_owner(statement, "p", column, id);
        }
        Way::Member(actor) => {
            statement.push("select m.case_id from case_members m where m.actor = ");
            statement.push_text(actor);
        }
    }
}

fn push_owner(statement: &mut Statement, row: &str, column: &str, id: Uuid) {
    statement.push(row);
    statement.push(".");
    statement.push(column);
    statement.push(" = ");
    statement.push_text(&id.to_string());
}

/// The entries that the reader may see: one that moved away is hidden with its past.
pub(super) fn push_within(statement: &mut Statement, query: &RegisterQuery, within: &Within) {
    let way = |statement: &mut Statement, division: &str, id: &str| {
        statement.push("(");
        push_starts_with(statement, division, &within.division_prefix);
        if let Some(own) = within.own {
            statement.push(" or ");
            statement.push(id);
            statement.push(" = ");
            statement.push_text(&own.to_string());
        }
        statement.push(")");
    };
    statement.push(" and ");
    if query.at == Moment::Present {
        return way(statement, "v.division", "v.aggregate_id");
    }
    statement.push("v.aggregate_id in (select p.aggregate_id from register_versions p where p.aggregate_type = ");
    statement.push_text(query.aggregate_type.as_str());
    statement.push(concat!(" and p.", is_open_version!(), " and "));
    way(statement, "p.division", "p.aggregate_id");
    statement.push(")");
}
