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
    let ways = [
        scope.division_prefix.as_deref().map(Way::Division),
        scope.enterprise.map(|id| Way::Owner("enterprise_id", id)),
        scope.institution.map(|id| Way::Owner("institution_id", id)),
        scope.member.as_deref().map(Way::Member),
    ];
    // Nothing set = nothing visible. A single way stands alone: an index serves it on both databases.
    let mut joint = "(";
    for way in ways.into_iter().flatten() {
        statement.push(joint);
        joint = " or ";
        push_way(statement, way, at, row);
    }
    statement.push(if joint == "(" { "1 = 0" } else { ")" });
}

/// One way to see a case.
enum Way<'a> {
    Division(&'a str),
    Owner(&'static str, Uuid),
    Member(&'a str),
}

/// A province or the nation holds too many cases to be gathered first; its lists are walked in their order.
const PROVINCE_DIGITS: usize = 2;

fn push_way(statement: &mut Statement, way: Way<'_>, at: Moment, row: &str) {
    const OF_THE_PRESENT: &str = ".case_id in (select p.case_id from cases p where ";
    match way {
        Way::Division(prefix) if at == Moment::Present || prefix.len() <= PROVINCE_DIGITS => {
            push_starts_with(statement, &format!("{row}.division"), prefix);
        }
        Way::Division(prefix) => {
            statement.push(row);
            statement.push(OF_THE_PRESENT);
            push_starts_with(statement, "p.division", prefix);
            statement.push(")");
        }
        Way::Owner(column, id) if at == Moment::Present => {
            statement.push(row);
            statement.push(".");
            statement.push(column);
            statement.push(" = ");
            statement.push_text(&id.to_string());
        }
        Way::Owner(column, id) => {
            statement.push(row);
            statement.push(OF_THE_PRESENT);
            statement.push("p.");
            statement.push(column);
            statement.push(" = ");
            statement.push_text(&id.to_string());
            statement.push(")");
        }
        Way::Member(actor) => {
            statement.push(row);
            statement.push(".case_id in (select m.case_id from case_members m where m.actor = ");
            statement.push_text(actor);
            statement.push(")");
        }
    }
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
