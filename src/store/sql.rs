//! The statements that both databases run as they stand. What differs (locks, multi-row
//! writes) is in `sqlite/sql.rs` and `postgres/sql.rs`.

use crate::store::REBUILD_LEASE;
use crate::store::statement::Statement;

/// `to_position` of a row that is still valid; a literal in every statement about the present,
/// because SQLite uses a partial index only when it sees the constant of its condition.
pub(super) const OPEN: i64 = i64::MAX;

/// The tables of read rows: what a rebuild makes anew from the log.
pub(super) const ROW_TABLES: [&str; 8] = [
    "cases",
    "case_versions",
    "case_members",
    "case_links",
    "register_versions",
    "figures",
    "case_number_series",
    "search_texts",
];

/// The condition that a version is the present one.
macro_rules! is_open_version {
    () => {
        "to_position = 9223372036854775807"
    };
}

/// The columns of `case_versions` without where it is valid, in the order of the writes.
macro_rules! case_columns {
    () => {
        concat!("case_id, from_position, version, updated_at, ", $crate::store::sql::case_facts!(""))
    };
}

/// What a case says of itself: the columns that many an event leaves as they are, with what stands before each.
macro_rules! case_facts {
    ($of:literal) => {
        $crate::store::sql::listed!($of: number title status kind category severity level division enterprise_id
            campaign_id institution_id lead_id origin is_open reported_at deadline_on deadline_missed_on clock_paused
            parked_until gap_ppm fee_total typical reported_by members fee_fen)
    };
}

/// Names with commas between them.
macro_rules! listed {
    ($of:literal: $first:ident $($next:ident)*) => {
        concat!($of, stringify!($first) $(, ", ", $of, stringify!($next))*)
    };
}

/// The columns of `cases`, in the order of the writes.
macro_rules! present_case_columns {
    () => {
        concat!($crate::store::sql::case_columns!(), ", occurred_from")
    };
}

/// The columns of `register_versions` without where it is valid, in the order of the writes.
macro_rules! register_columns {
    () => {
        "aggregate_type, aggregate_id, from_position, version, code, name, division, state, \
         document, recorded_at"
    };
}

/// Where a version is valid besides its `from_position`, in the order of the writes.
macro_rules! span_columns {
    () => {
        "to_position, lane, occurred_from, occurred_to"
    };
}

/// The columns of `figures`, in the order of the writes.
macro_rules! figure_columns {
    () => {
        "aggregate_id, position, kind, lane, from_position, detail, number, amount, occurred_at, counted_on, \
         occurred_from, occurred_to"
    };
}

/// The columns of `events`, in the order of the writes.
macro_rules! event_columns {
    () => {
        "position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
         metadata, recorded_at, actor, command_id, entry, leaf_hash"
    };
}

/// The columns of `commands`, in the order of the writes.
macro_rules! command_columns {
    () => {
        "actor, idempotency_key, digest, aggregate_type, aggregate_id, version, first_position, \
         event_count, recorded_at"
    };
}

/// What every read of `search_texts` gives beside words or body.
macro_rules! text_columns {
    () => {
        "t.text_id, t.case_id, t.field, t.occurred_at, t.length"
    };
}

/// The columns of `search_texts` in the order of the writes, without the terms of PostgreSQL.
macro_rules! text_row_columns {
    () => {
        "text_id, case_id, field, from_position, to_position, occurred_at, occurred_until, length, words, body"
    };
}

pub(super) use {
    case_columns, case_facts, command_columns, event_columns, figure_columns, is_open_version, listed,
    present_case_columns, register_columns, span_columns, text_columns, text_row_columns,
};

/// The head of the log in the snapshot of the statement.
macro_rules! head_column {
    () => {
        ", (select h.next_position from log_head h where h.id = 1) as next_position"
    };
}

/// The cast is for PostgreSQL, where these columns are `json`; it gives the stored bytes.
pub(super) const EVENTS: &str = "select position, aggregate_type, aggregate_id, sequence, \
     event_type, event_version, cast(payload as text) as payload, \
     cast(metadata as text) as metadata, recorded_at, actor, command_id, entry, leaf_hash \
     from events";

/// Events as far as a fold of streams of one type needs them.
pub(super) const EVENTS_TO_FOLD: &str = "select position, aggregate_id, sequence, event_type, event_version, \
     cast(payload as text) as payload, recorded_at, actor, command_id from events";

pub(super) const COUNT_EVENTS: &str = "select aggregate_id, count(*) as count from events";

/// What is read follows: [`PRESENT_CASES`], [`CASE_VERSIONS`], or a list in brackets.
pub(super) const CASES: &str = concat!("select ", case_columns!(), " from ");

pub(super) const CASES_AND_HEAD: &str = concat!("select ", case_columns!(), head_column!(), " from ");

pub(super) const PRESENT_CASES: &str = "cases v";

pub(super) const CASE_VERSIONS: &str = "case_versions v";

/// Which cases follows.
pub(super) const CASE_IDS: &str = "select v.case_id from ";

pub(super) const CASE_IDS_AND_HEAD: &str = concat!("select v.case_id", head_column!(), " from ");

/// Where texts stand; how they are found follows.
pub(super) const FOUND_TEXTS: &str = concat!("select ", text_columns!(), ", '' as words, '' as body");

pub(super) const FOUND_TEXTS_AND_HEAD: &str =
    concat!("select ", text_columns!(), ", '' as words, '' as body", head_column!());

/// What is counted follows.
pub(super) const COUNT_CASES: &str = "select count(*) as count from ";

pub(super) const COUNT_CASES_AND_HEAD: &str = concat!("select count(*) as count", head_column!(), " from ");

pub(super) const REGISTERS: &str = concat!("select ", register_columns!(), " from register_versions v");

pub(super) const REGISTERS_AND_HEAD: &str =
    concat!("select ", register_columns!(), head_column!(), " from register_versions v");

/// Rows of entries before which nothing of theirs had happened; the type and the ids follow.
pub(super) const FIRST_OF_REGISTERS: &str = concat!(
    "select ",
    register_columns!(),
    " from register_versions v where v.occurred_from < v.occurred_to \
      and not exists (select 1 from register_versions o where o.aggregate_type = v.aggregate_type \
        and o.aggregate_id = v.aggregate_id and o.occurred_from < v.occurred_from and o.occurred_from < o.occurred_to) \
      and v.aggregate_type = "
);

pub(super) const COUNT_REGISTERS: &str = "select count(*) as count from register_versions v";

pub(super) const HEAD: &str =
    "select next_position, recorded_at, origin, rows_version, peaks from log_head where id = 1";

/// The head, if a list is empty in the same snapshot; the list and `)` follow.
pub(super) const HEAD_UNLESS_CASES: &str = "select next_position, recorded_at, origin, rows_version, peaks from log_head \
     where id = 1 and not exists (select 1 from ";

/// The head, if a list is empty in the same snapshot; the list's condition and `)` follow.
pub(super) const HEAD_UNLESS_REGISTERS: &str = "select next_position, recorded_at, origin, rows_version, peaks from log_head \
     where id = 1 and not exists (select 1 from register_versions v";

pub(super) const SET_ROWS_VERSION: &str = "update log_head set rows_version = $1 where id = 1";

/// The origin is given once, by whoever opens the database first. An empty log has the rows of any program.
pub(super) const CREATE_HEAD: &str = "insert into log_head \
     (id, next_position, recorded_at, origin, rows_version) values (1, 0, 0, $1, $2) on conflict (id) do nothing";

/// Counts the events recorded at or before a time by bisecting the positions: `recorded_at`
/// never decreases with them, so no index is needed that every commit would pay for.
pub(super) const COUNT_RECORDED_BY: &str = "\
with recursive search (low, high) as (
    select cast(0 as bigint), next_position from log_head where id = 1
    union all
    select case when e.recorded_at <= $1 then e.position + 1 else search.low end,
           case when e.recorded_at <= $1 then search.high else e.position end
    from search join events e on e.position = (search.low + search.high) / 2
    where search.low < search.high
)
select low as count from search where low >= high";

/// The append around a position, and the head; -1 where there is no such event.
pub(super) const APPEND_AROUND: &str = "select h.next_position, h.recorded_at as head_recorded_at, \
     coalesce(c.first_position, -1) as first_position, coalesce(c.event_count, 0) as event_count, \
     coalesce(c.recorded_at, 0) as recorded_at, e.leaf_hash \
     from log_head h left join events e on e.position = $1 \
     left join commands c on c.actor = e.actor and c.idempotency_key = e.command_id where h.id = 1";

pub(super) const COMMAND: &str =
    concat!("select ", command_columns!(), " from commands where actor = $1 and idempotency_key = $2");

pub(super) const SUB_CASES: &str = "select other_id, case_id from case_links where relation = $1 and other_id in ";

pub(super) const LINKS: &str =
    "select other_id, relation from case_links where case_id = $1 order by relation, other_id";

pub(super) const MEMBERS: &str = "select actor from case_members where case_id = $1 order by actor";

pub(super) const ATTACHMENT: &str = "select digest, media_type, content from attachments where digest = $1";

/// Whether a lease that somebody has may be taken: it is expired or the holder's own.
///
/// Whoever asks for a lease until that time at that moment asks for no more than the others: one that still lasts more
/// than twice as long was taken by a clock that was ahead, and keeps nobody out until that time has come.
macro_rules! may_be_taken {
    (by $holder:literal, until $until:literal, at $now:literal) => {
        concat!(
            "(leases.holder = ",
            $holder,
            " or leases.expires_at <= ",
            $now,
            " or leases.expires_at - ",
            $until,
            " > ",
            $until,
            " - ",
            $now,
            ")"
        )
    };
}

pub(super) use may_be_taken;

/// Takes a lease that is free, expired or one's own; no row is touched when it is not.
pub(super) const TRY_LEASE: &str = concat!(
    "insert into leases (name, holder, expires_at) values ($1, $2, $3) \
     on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at where ",
    may_be_taken!(by "excluded.holder", until "$3", at "$4")
);

/// Keeps the lease of a rebuild: changes one row if the holder has it still, and then nobody else gets it before the
/// transaction ends.
pub(super) fn keep_rebuild(holder: &str) -> Statement {
    let keep = "update leases set expires_at = expires_at where name = $1 and holder = $2";
    Statement::new(keep).text(REBUILD_LEASE).text(holder)
}

pub(super) const RELEASE_LEASE: &str = "delete from leases where name = $1 and holder = $2";
