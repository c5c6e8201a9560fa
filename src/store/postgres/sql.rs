//! The statements that only PostgreSQL runs, and the parts that the statement of a commit is made of: every list is an
//! array a column, so that what writes the same tables is the same prepared statement for a batch of any size.

use crate::store::line::Lines;
use crate::store::sql::{
    case_columns, case_facts, command_columns, event_columns, figure_columns, is_open_version, present_case_columns,
    register_columns, span_columns, text_row_columns,
};
use crate::store::texts::IndexDialect;

/// Opens the transaction and locks the head in one round trip. What the batch builds on is read
/// by the next statement, whose snapshot (READ COMMITTED) is taken after the lock is held.
pub(super) const BEGIN: &str = "begin; select 1 from log_head where id = 1 for update";

/// Opens the transaction that swaps tables. The statement of a commit locks the tables that it writes, that of the head
/// first: so whoever waits for this lock holds none of those that the swap needs.
pub(super) const BEGIN_SWAP: &str = "begin; lock table log_head in exclusive mode";

/// Statements that are prepared are kept with the plans that were right for the tables as they were: the end of a case's
/// open version is found by a scan while there are few of them, and that plan would scan many as well.
pub(super) const PLAN_ANEW: &str = "discard plans";

/// The time by the clock of the database, in microseconds since the Unix epoch.
macro_rules! time {
    () => {
        "cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)"
    };
}

/// Asks for it.
pub(in crate::store) const TIME: &str = concat!("select ", time!(), " as count");

/// The condition that a clock was not ahead: behind what it showed, less what it may be ahead.
pub(super) const IS_IN_TIME: &str = concat!(" <= ", time!());

/// `$1` actors, `$2` keys, `$3` aggregate types, `$4` aggregate ids, `$5` series; the rows are
/// those of `known.rs`.
pub(super) const KNOWN: &str = concat!(
    "\
select cast(0 as bigint) as kind, origin as text_1, '' as text_2, '' as text_3, '' as text_4,
       next_position as number_1, recorded_at as number_2,
       rows_version as number_3, ",
    time!(),
    " as number_4, peaks as digest
from log_head where id = 1
union all
select 1, c.actor, c.idempotency_key, c.aggregate_type, c.aggregate_id,
       c.version, c.first_position, c.event_count, c.recorded_at, c.digest
from unnest($1::text[], $2::text[]) k (actor, idempotency_key)
join commands c on c.actor = k.actor and c.idempotency_key = k.idempotency_key
union all
select 2, k.aggregate_type, k.aggregate_id, '', '', e.sequence, 0, 0, 0, ''
from unnest($3::text[], $4::text[]) k (aggregate_type, aggregate_id)
cross join lateral (
    select sequence from events
    where aggregate_type = k.aggregate_type and aggregate_id = k.aggregate_id
    order by sequence desc limit 1
) e
union all
select 3, series, '', '', '', last, 0, 0, 0, ''
from case_number_series where series = any($5::text[])"
);

/// What is asked for is a list of quoted terms: PostgreSQL parses no text and knows no language here.
pub(super) const INDEX: IndexDialect = IndexDialect {
    found_in: " from search_texts t where t.terms @@ cast(",
    closing: " as tsquery)",
    text_id: "t.text_id",
    quote: '\'',
    and: " & ",
    or: " | ",
};

/// The terms of texts. Lexemes are kept in the order of their bytes, as the terms were.
pub(super) const TERMS: Lines = Lines::TEXTS.side(
    "search_texts",
    "case_id, text_id, terms",
    "(select case_id, text_id, array_to_string(tsvector_to_array(terms), ' ') as terms from search_texts)",
);

/// How many marks of being restored the database has: one, or none.
pub(super) const RESTORING: &str = "select count(*) from pg_catalog.pg_class \
                                    where oid operator(pg_catalog.=) pg_catalog.to_regclass('etalon_restoring')";

/// How many logs the database has: one, or none.
pub(in crate::store) const LOGS: &str = "select count(*) from pg_catalog.pg_class \
                                         where oid operator(pg_catalog.=) pg_catalog.to_regclass('log_head')";

/// A part of the statement of a batch that puts rows into a table.
pub(super) struct Insert {
    pub(super) table: &'static str,
    pub(super) columns: &'static str,
    /// What the arrays become, column by column; they are called like the columns.
    pub(super) values: &'static str,
    pub(super) on_conflict: &'static str,
    /// What later parts see of the new rows.
    pub(super) returning: &'static str,
}

impl Insert {
    /// Arrays that are columns as they stand.
    const fn of(table: &'static str, columns: &'static str) -> Self {
        Self { table, columns, values: columns, on_conflict: "", returning: "" }
    }

    /// What is there already stays as it is.
    const fn unless_there(self) -> Self {
        Self { on_conflict: " on conflict do nothing", ..self }
    }
}

/// A part that changes what is there; its keys are arrays that stand between its halves.
pub(super) struct Change {
    pub(super) name: &'static str,
    pub(super) begins: &'static str,
    /// Goes on after a condition.
    pub(super) ends: &'static str,
}

/// The conditions of what was assumed: around the keys of the commands, around the streams with their versions, and
/// around the series with their last numbers.
pub(super) const NO_KEY_IS_USED: (&str, &str) = (
    " and not exists (select from ",
    " k (actor, idempotency_key) \
     join commands c on c.actor = k.actor and c.idempotency_key = k.idempotency_key)",
);
pub(super) const VERSIONS_ARE: (&str, &str) = (
    " and not exists (select from ",
    " k (aggregate_type, aggregate_id, version) where version <> coalesce((\
     select max(e.sequence) from events e \
     where e.aggregate_type = k.aggregate_type and e.aggregate_id = k.aggregate_id), 0))",
);

pub(super) const LAST_NUMBERS_ARE: (&str, &str) = (
    " and not exists (select from ",
    " k (series, last) where k.last <> coalesce((\
     select s.last from case_number_series s where s.series = k.series), 0))",
);

pub(super) const COMMANDS: Insert = Insert::of("commands", command_columns!());

pub(super) const EVENTS: Insert = Insert {
    values: "position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
             payload::json, metadata::json, recorded_at, actor, command_id, entry, leaf_hash",
    ..Insert::of("events", event_columns!())
};

pub(super) const NODES: Insert = Insert::of("ledger_nodes", "level, node, hash");

pub(super) const ATTACHMENTS: Insert =
    Insert::of("attachments", "digest, size_bytes, media_type, content").unless_there();

pub(super) const CIPHERTEXTS: Insert = Insert::of("ciphertexts", "digest, key_id, ciphertext");

pub(super) const CASES: Insert = Insert {
    returning: concat!(" returning ", present_case_columns!(), ", to_position"),
    ..Insert::of("case_versions", concat!(case_columns!(), ", ", span_columns!()))
};

/// The present of cases that are there, of those whose new versions another part puts in. No index has a column that
/// every event changes: so one that says nothing else of its case takes no entry of any.
pub(super) const MOVE_CASES: (&str, &str) = (
    "moved_cases",
    concat!(
        "update {schema}cases c set (from_position, version, updated_at, occurred_from, ",
        case_facts!(""),
        ") = (n.from_position, n.version, n.updated_at, n.occurred_from, ",
        case_facts!("n."),
        ") from new_case_versions n where c.case_id = n.case_id and n.",
        is_open_version!()
    ),
);

/// The present of cases that are new.
pub(super) const BRING_CASES: (&str, &str) = (
    "new_cases",
    concat!(
        "insert into {schema}cases (",
        present_case_columns!(),
        ") select ",
        present_case_columns!(),
        " from new_case_versions where ",
        is_open_version!(),
        " on conflict (case_id) do nothing"
    ),
);

pub(super) const REGISTERS: Insert =
    Insert::of("register_versions", concat!(register_columns!(), ", ", span_columns!()));

pub(super) const MEMBERS: Insert = Insert::of("case_members", "case_id, actor").unless_there();

pub(super) const LINKS: Insert = Insert::of("case_links", "case_id, other_id, relation, from_position").unless_there();

pub(super) const FIGURES: Insert = Insert::of("figures", figure_columns!());

pub(super) const SERIES: Insert = Insert {
    on_conflict: " on conflict (series) do update set last = greatest(case_number_series.last, excluded.last)",
    ..Insert::of("case_number_series", "series, last")
};

pub(super) const TEXTS: Insert = Insert {
    values: concat!(text_row_columns!(), ", array_to_tsvector(string_to_array(terms, ' '))"),
    ..Insert::of("search_texts", concat!(text_row_columns!(), ", terms"))
};

/// The open version of an aggregate is its latest: so the primary key finds it without an index of its own.
pub(super) const END_CASES: Change = Change {
    name: "ended_cases",
    begins: "update {schema}case_versions v \
             set to_position = c.to_position, occurred_to = least(v.occurred_to, c.occurred_to) from ",
    ends: " c (case_id, to_position, occurred_to) \
           where v.case_id = c.case_id and v.lane = 0 and v.from_position = \
           (select max(o.from_position) from {schema}case_versions o where o.case_id = c.case_id)",
};

pub(super) const END_REGISTERS: Change = Change {
    name: "ended_registers",
    begins: "update {schema}register_versions v \
             set to_position = c.to_position, occurred_to = least(v.occurred_to, c.occurred_to) from ",
    ends: " c (aggregate_type, aggregate_id, to_position, occurred_to) \
           where v.aggregate_type = c.aggregate_type and v.aggregate_id = c.aggregate_id \
           and v.lane = 0 and v.from_position = (select max(o.from_position) from {schema}register_versions o \
           where o.aggregate_type = c.aggregate_type and o.aggregate_id = c.aggregate_id)",
};

pub(super) const END_MEMBERS: Change = Change {
    name: "gone_members",
    begins: "delete from {schema}case_members m using ",
    ends: " k (case_id, actor) where m.case_id = k.case_id and m.actor = k.actor",
};

/// The texts that end are looked up case by case whatever the planner thinks of the table: where it knows of no rows,
/// it would walk all of them for a batch that ends none.
pub(super) const END_TEXTS: Change = Change {
    name: "ended_texts",
    begins: "update {schema}search_texts t set to_position = least(t.to_position, c.to_position), \
             occurred_until = least(t.occurred_until, c.occurred_until) from ",
    ends: " c (case_id, field, to_position, occurred_until) \
           cross join lateral (select o.text_id from {schema}search_texts o \
           where o.case_id = c.case_id and o.field = c.field offset 0) o \
           where t.text_id = o.text_id",
};

pub(super) const ERASE_KEYS: &str = "\
with gone as (delete from ciphertexts where key_id = any($1::text[]))
insert into erased_keys (key_id, position)
select * from unnest($1::text[], $2::bigint[])
on conflict (key_id) do nothing";

/// The statements that take the stored rows of aggregates off the axis of what had happened: those of this axis alone
/// go. Rows that are off it already, as most are of a stream that is dated back again and again, are not written anew.
pub(super) struct TakeOff {
    pub(super) drop_past_cases: &'static str,
    pub(super) cases: &'static str,
    pub(super) drop_past_registers: &'static str,
    pub(super) registers: &'static str,
}

macro_rules! take_off {
    ($schema:literal) => {
        TakeOff {
            drop_past_cases: concat!(
                "delete from ",
                $schema,
                "case_versions where lane > 0 and case_id = any($1::text[])"
            ),
            cases: concat!(
                "update ",
                $schema,
                "case_versions set occurred_from = 0, occurred_to = 0 \
                 where case_id = any($1::text[]) and (occurred_from <> 0 or occurred_to <> 0)"
            ),
            drop_past_registers: concat!(
                "delete from ",
                $schema,
                "register_versions v using unnest($1::text[], $2::text[]) k (aggregate_type, aggregate_id) \
                 where v.lane > 0 and v.aggregate_type = k.aggregate_type and v.aggregate_id = k.aggregate_id"
            ),
            registers: concat!(
                "update ",
                $schema,
                "register_versions v set occurred_from = 0, occurred_to = 0 \
                 from unnest($1::text[], $2::text[]) k (aggregate_type, aggregate_id) \
                 where v.aggregate_type = k.aggregate_type and v.aggregate_id = k.aggregate_id \
                 and (v.occurred_from <> 0 or v.occurred_to <> 0)"
            ),
        }
    };
}

pub(super) const SERVED: TakeOff = take_off!("");
pub(super) const REBUILT: TakeOff = take_off!("etalon_rebuild.");

/// The steps of a rebuild that a server has no rights for itself: functions of the owner of the log, in its migrations.
pub(super) const START_REBUILD: &str = "select etalon_start_rebuild()";
pub(super) const INDEX_REBUILT: &str = "select etalon_index_rebuilt()";
pub(super) const FINISH_REBUILD: &str = "select etalon_finish_rebuild()";
