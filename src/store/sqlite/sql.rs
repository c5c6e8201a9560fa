//! The statements that only SQLite runs. Those that write are run for each row.

use crate::store::sql::{
    case_columns, case_facts, command_columns, event_columns, figure_columns, present_case_columns, register_columns,
    span_columns, text_row_columns,
};
use crate::store::texts::IndexDialect;

/// Takes the write lock at once: a deferred transaction would fail when it has to upgrade.
pub(super) const BEGIN: &str = "begin immediate";

/// The time by the clock of the machine, in microseconds since the Unix epoch.
macro_rules! time {
    () => {
        "cast((julianday('now') - 2440587.5) * 86400000000 as integer)"
    };
}

/// Asks for it.
pub(in crate::store) const TIME: &str = concat!("select ", time!(), " as count");

/// `$1` `[[actor, key], …]`, `$2` `[[type, id], …]`, `$3` `[series, …]`; the rows are those of `known.rs`.
pub(super) const KNOWN: &str = concat!(
    "\
select 0 as kind, origin as text_1, '' as text_2, '' as text_3, '' as text_4,
       next_position as number_1, recorded_at as number_2, rows_version as number_3, ",
    time!(),
    " as number_4, peaks as digest
from log_head where id = 1
union all
select 1, c.actor, c.idempotency_key, c.aggregate_type, c.aggregate_id,
       c.version, c.first_position, c.event_count, c.recorded_at, c.digest
from json_each($1) k cross join commands c
where c.actor = k.value ->> 0 and c.idempotency_key = k.value ->> 1
union all
select 2, k.value ->> 0, k.value ->> 1, '', '',
       coalesce((select max(e.sequence) from events e
                 where e.aggregate_type = k.value ->> 0 and e.aggregate_id = k.value ->> 1), 0),
       0, 0, 0, x''
from json_each($2) k
union all
select 3, s.series, '', '', '', s.last, 0, 0, 0, x''
from json_each($3) k cross join case_number_series s
where s.series = k.value"
);

/// The index gives its texts the latest first by itself, one after another as they are wanted.
pub(super) const INDEX: IndexDialect = IndexDialect {
    found_in: " from search_index(",
    closing: ") i cross join search_texts t on t.text_id = i.rowid where 1 = 1",
    text_id: "i.rowid",
    quote: '"',
    and: " AND ",
    or: " OR ",
};

/// How many marks of being restored the database has: one, or none.
pub(in crate::store) const RESTORING: &str = "select count(*) from sqlite_master where name = 'etalon_restoring'";

/// How many logs the database has: one, or none.
pub(in crate::store) const LOGS: &str = "select count(*) from sqlite_master where name = 'log_head'";

pub(super) const MOVE_HEAD: &str =
    "update log_head set next_position = ?, recorded_at = ?, peaks = ?, origin = ? where id = 1";

pub(super) const INSERT_EVENTS: &str =
    concat!("insert into events (", event_columns!(), ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

pub(super) const INSERT_COMMANDS: &str =
    concat!("insert into commands (", command_columns!(), ") values (?, ?, ?, ?, ?, ?, ?, ?, ?)");

pub(super) const INSERT_NODES: &str = "insert into ledger_nodes (level, node, hash) values (?, ?, ?)";

pub(super) const INSERT_ATTACHMENTS: &str =
    "insert or ignore into attachments (digest, size_bytes, media_type, content) values (?, ?, ?, ?)";

pub(super) const INSERT_CIPHERTEXTS: &str = "insert into ciphertexts (digest, key_id, ciphertext) values (?, ?, ?)";

pub(super) const DELETE_CIPHERTEXTS: &str = "delete from ciphertexts where key_id = ?";

pub(super) const INSERT_ERASED_KEYS: &str = "insert or ignore into erased_keys (key_id, position) values (?, ?)";

/// Empties the WAL, in which the pages of before an erasure still stand.
pub(super) const EMPTY_WAL: &str = "pragma wal_checkpoint(truncate)";

/// The statements that write read rows, into the served tables or those of a rebuild. The open
/// version of an aggregate is its latest: so the primary key finds it without an index of its own.
pub(super) struct RowStatements {
    /// Case id; the two statements take stored rows off the axis of what had happened. Those that are off it already, as
    /// most are of a stream that is dated back again and again, are not written anew.
    pub(super) drop_past_cases: &'static str,
    pub(super) take_off_cases: &'static str,
    /// Case id, `to_position`, `occurred_to`.
    pub(super) close_cases: &'static str,
    pub(super) insert_cases: &'static str,
    /// Case id and `from_position`, after the version has come. An index of the present is touched for a case that is
    /// new or says something else of itself.
    pub(super) bring_cases: &'static str,
    /// Case id, `from_position`, version, `updated_at`, `occurred_from`: what none of those indexes has.
    pub(super) move_cases: &'static str,
    /// Type and id.
    pub(super) drop_past_registers: &'static str,
    pub(super) take_off_registers: &'static str,
    /// Type, id, `to_position`, `occurred_to`.
    pub(super) close_registers: &'static str,
    pub(super) insert_registers: &'static str,
    /// Case id and actor.
    pub(super) insert_members: &'static str,
    pub(super) delete_members: &'static str,
    /// Case id, other id, relation, `from_position`.
    pub(super) insert_links: &'static str,
    pub(super) insert_figures: &'static str,
    /// Series and last number.
    pub(super) set_series: &'static str,
    /// Case id, field, `to_position`, `occurred_until`.
    pub(super) close_texts: &'static str,
    pub(super) insert_texts: &'static str,
    /// Text id and terms.
    pub(super) index_texts: &'static str,
}

macro_rules! row_statements {
    ($prefix:literal) => {
        RowStatements {
            drop_past_cases: concat!("delete from ", $prefix, "case_versions where lane > 0 and case_id = ?"),
            take_off_cases: concat!(
                "update ",
                $prefix,
                "case_versions set occurred_from = 0, occurred_to = 0 \
                 where case_id = ? and (occurred_from <> 0 or occurred_to <> 0)"
            ),
            close_cases: concat!(
                "update ",
                $prefix,
                "case_versions set to_position = ?2, occurred_to = min(occurred_to, ?3) \
                 where case_id = ?1 and lane = 0 and from_position = (select max(o.from_position) from ",
                $prefix,
                "case_versions o where o.case_id = ?1)"
            ),
            insert_cases: concat!(
                "insert into ",
                $prefix,
                "case_versions (",
                case_columns!(),
                ", ",
                span_columns!(),
                ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            ),
            bring_cases: concat!(
                "insert into ",
                $prefix,
                "cases (",
                present_case_columns!(),
                ") select ",
                present_case_columns!(),
                " from ",
                $prefix,
                "case_versions where case_id = ?1 and from_position = ?2 and lane = 0 \
                 on conflict (case_id) do update set (",
                case_facts!(""),
                ") = (",
                case_facts!("excluded."),
                ") where (",
                case_facts!(""),
                ") is not (",
                case_facts!("excluded."),
                ")"
            ),
            move_cases: concat!(
                "update ",
                $prefix,
                "cases set from_position = ?2, version = ?3, updated_at = ?4, occurred_from = ?5 where case_id = ?1"
            ),
            drop_past_registers: concat!(
                "delete from ",
                $prefix,
                "register_versions where lane > 0 and aggregate_type = ? and aggregate_id = ?"
            ),
            take_off_registers: concat!(
                "update ",
                $prefix,
                "register_versions set occurred_from = 0, occurred_to = 0 \
                 where aggregate_type = ? and aggregate_id = ? and (occurred_from <> 0 or occurred_to <> 0)"
            ),
            close_registers: concat!(
                "update ",
                $prefix,
                "register_versions set to_position = ?3, occurred_to = min(occurred_to, ?4) \
                 where aggregate_type = ?1 and aggregate_id = ?2 and lane = 0 and from_position = \
                 (select max(o.from_position) from ",
                $prefix,
                "register_versions o where o.aggregate_type = ?1 and o.aggregate_id = ?2)"
            ),
            insert_registers: concat!(
                "insert into ",
                $prefix,
                "register_versions (",
                register_columns!(),
                ", ",
                span_columns!(),
                ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            ),
            insert_members: concat!(
                "insert or ignore into ",
                $prefix,
                "case_members (case_id, actor) values (?, ?)"
            ),
            delete_members: concat!("delete from ", $prefix, "case_members where case_id = ? and actor = ?"),
            insert_links: concat!(
                "insert or ignore into ",
                $prefix,
                "case_links (case_id, other_id, relation, from_position) values (?, ?, ?, ?)"
            ),
            insert_figures: concat!(
                "insert into ",
                $prefix,
                "figures (",
                figure_columns!(),
                ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            ),
            set_series: concat!(
                "insert into ",
                $prefix,
                "case_number_series (series, last) values (?, ?) \
                 on conflict (series) do update set last = max(last, excluded.last)"
            ),
            close_texts: concat!(
                "update ",
                $prefix,
                "search_texts set to_position = min(to_position, ?3), occurred_until = min(occurred_until, ?4) \
                 where case_id = ?1 and field = ?2"
            ),
            insert_texts: concat!(
                "insert into ",
                $prefix,
                "search_texts (",
                text_row_columns!(),
                ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            ),
            index_texts: concat!("insert into ", $prefix, "search_index (rowid, terms) values (?, ?)"),
        }
    };
}

pub(super) const SERVED: RowStatements = row_statements!("");
pub(super) const REBUILT: RowStatements = row_statements!("rebuild_");
