//! The statements that only PostgreSQL runs: every list is an array a column, so that a batch of
//! any size is one prepared statement a table.

use crate::store::line::Lines;
use crate::store::sql::{
    case_columns, command_columns, event_columns, figure_columns, register_columns, span_columns, text_row_columns,
};
use crate::store::texts::IndexDialect;

/// Opens the transaction and locks the head in one round trip. What the batch builds on is read
/// by the next statement, whose snapshot (READ COMMITTED) is taken after the lock is held.
pub(super) const BEGIN: &str = "begin; select 1 from log_head where id = 1 for update";

/// `$1` actors, `$2` keys, `$3` aggregate types, `$4` aggregate ids, `$5` series; the rows are
/// those of `known.rs`.
pub(super) const KNOWN: &str = "\
select cast(0 as bigint) as kind, origin as text_1, '' as text_2, '' as text_3, '' as text_4,
       next_position as number_1, recorded_at as number_2,
       rows_version as number_3, cast(0 as bigint) as number_4, peaks as digest
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
from case_number_series where series = any($5::text[])";

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

/// Whether the database is marked as one that is being restored.
pub(super) const RESTORING: &str = "select count(*) as count from pg_class where oid = to_regclass('etalon_restoring')";

/// Head, commands and events in one statement.
pub(super) const WRITE_LOG: &str = concat!(
    "with head as (update log_head set next_position = $1, recorded_at = $2, peaks = $25, origin = $26 where id = 1), \
     new_commands as (insert into commands (",
    command_columns!(),
    ") \
     select * from unnest($3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], \
     $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])) \
     insert into events (",
    event_columns!(),
    ") \
     select n.position, n.aggregate_type, n.aggregate_id, n.sequence, n.event_type, \
     n.event_version, n.payload::json, n.metadata::json, n.recorded_at, n.actor, n.command_id, \
     n.entry, n.leaf_hash \
     from unnest($12::bigint[], $13::text[], $14::text[], $15::bigint[], $16::text[], \
     $17::text[], $18::text[], $19::text[], $20::bigint[], $21::text[], $22::text[], \
     $23::bytea[], $24::bytea[]) n (",
    event_columns!(),
    ")"
);

pub(super) const INSERT_NODES: &str = "\
insert into ledger_nodes (level, node, hash)
select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])";

pub(super) const INSERT_ATTACHMENTS: &str = "\
insert into attachments (digest, size_bytes, media_type, content)
select n.digest, length(n.content), n.media_type, n.content
from unnest($1::text[], $2::text[], $3::bytea[]) n (digest, media_type, content)
on conflict (digest) do nothing";

pub(super) const INSERT_CIPHERTEXTS: &str = "\
insert into ciphertexts (digest, key_id, ciphertext)
select * from unnest($1::bytea[], $2::text[], $3::bytea[])";

pub(super) const ERASE_KEYS: &str = "\
with gone as (delete from ciphertexts where key_id = any($1::text[]))
insert into erased_keys (key_id, position)
select * from unnest($1::text[], $2::bigint[])
on conflict (key_id) do nothing";

/// The statements that write read rows, into the served tables or those of a rebuild. The open
/// version of an aggregate is its latest: so the primary key finds it without an index of its own.
pub(super) struct RowStatements {
    /// Takes stored rows off the axis of what had happened; the first of two.
    pub(super) drop_past_cases: &'static str,
    pub(super) take_off_cases: &'static str,
    /// Closings and new versions in one statement.
    pub(super) write_cases: &'static str,
    pub(super) drop_past_registers: &'static str,
    pub(super) take_off_registers: &'static str,
    /// Closings and new versions in one statement.
    pub(super) write_registers: &'static str,
    pub(super) insert_members: &'static str,
    pub(super) delete_members: &'static str,
    pub(super) insert_links: &'static str,
    pub(super) insert_figures: &'static str,
    pub(super) set_series: &'static str,
    /// Closings and new texts in one statement. The texts that end are looked up case by case whatever the planner thinks of
    /// the table: where it knows of no rows, it would walk all of them for a batch that ends none.
    pub(super) write_texts: &'static str,
}

macro_rules! row_statements {
    ($schema:literal) => {
        RowStatements {
            drop_past_cases: concat!(
                "delete from ",
                $schema,
                "case_versions where lane > 0 and case_id = any($1::text[])"
            ),
            take_off_cases: concat!(
                "update ",
                $schema,
                "case_versions set occurred_from = 0, occurred_to = 0 where case_id = any($1::text[])"
            ),
            write_cases: concat!(
                "with closed as (update ",
                $schema,
                "case_versions v \
                 set to_position = c.to_position, occurred_to = least(v.occurred_to, c.occurred_to) \
                 from unnest($1::text[], $2::bigint[], $3::bigint[]) c (case_id, to_position, occurred_to) \
                 where v.case_id = c.case_id and v.lane = 0 and v.from_position = \
                 (select max(o.from_position) from ",
                $schema,
                "case_versions o \
                  where o.case_id = c.case_id)) \
                 insert into ",
                $schema,
                "case_versions (",
                case_columns!(),
                ", ",
                span_columns!(),
                ") \
                 select * from unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], \
                 $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], \
                 $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], \
                 $20::text[], $21::bigint[], $22::bigint[], $23::text[], $24::text[], \
                 $25::bigint[], $26::text[], $27::bigint[], $28::text[], $29::bigint[], \
                 $30::text[], $31::text[], $32::bigint[], $33::bigint[], $34::bigint[], $35::bigint[], \
                 $36::bigint[])"
            ),
            drop_past_registers: concat!(
                "delete from ",
                $schema,
                "register_versions v using unnest($1::text[], $2::text[]) k (aggregate_type, aggregate_id) \
                 where v.lane > 0 and v.aggregate_type = k.aggregate_type and v.aggregate_id = k.aggregate_id"
            ),
            take_off_registers: concat!(
                "update ",
                $schema,
                "register_versions v set occurred_from = 0, occurred_to = 0 \
                 from unnest($1::text[], $2::text[]) k (aggregate_type, aggregate_id) \
                 where v.aggregate_type = k.aggregate_type and v.aggregate_id = k.aggregate_id"
            ),
            write_registers: concat!(
                "with closed as (update ",
                $schema,
                "register_versions v \
                 set to_position = c.to_position, occurred_to = least(v.occurred_to, c.occurred_to) \
                 from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) \
                 c (aggregate_type, aggregate_id, to_position, occurred_to) \
                 where v.aggregate_type = c.aggregate_type and v.aggregate_id = c.aggregate_id \
                 and v.lane = 0 and v.from_position = (select max(o.from_position) from ",
                $schema,
                "register_versions o \
                 where o.aggregate_type = c.aggregate_type and o.aggregate_id = c.aggregate_id)) \
                 insert into ",
                $schema,
                "register_versions (",
                register_columns!(),
                ", ",
                span_columns!(),
                ") \
                 select * from unnest($5::text[], $6::text[], $7::bigint[], $8::bigint[], \
                 $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], \
                 $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[])"
            ),
            insert_members: concat!(
                "insert into ",
                $schema,
                "case_members (case_id, actor) \
                 select * from unnest($1::text[], $2::text[]) on conflict do nothing"
            ),
            delete_members: concat!(
                "delete from ",
                $schema,
                "case_members m \
                 using unnest($1::text[], $2::text[]) k (case_id, actor) \
                 where m.case_id = k.case_id and m.actor = k.actor"
            ),
            insert_links: concat!(
                "insert into ",
                $schema,
                "case_links (case_id, other_id, relation, from_position) \
                 select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) \
                 on conflict do nothing"
            ),
            insert_figures: concat!(
                "insert into ",
                $schema,
                "figures (",
                figure_columns!(),
                ") \
                 select * from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], \
                 $6::text[], $7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::bigint[], $12::bigint[])"
            ),
            set_series: concat!(
                "insert into ",
                $schema,
                "case_number_series as s (series, last) \
                 select * from unnest($1::text[], $2::bigint[]) \
                 on conflict (series) do update set last = greatest(s.last, excluded.last)"
            ),
            write_texts: concat!(
                "with closed as (update ",
                $schema,
                "search_texts t set to_position = least(t.to_position, c.to_position), \
                 occurred_until = least(t.occurred_until, c.occurred_until) \
                 from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) \
                 c (case_id, field, to_position, occurred_until) \
                 cross join lateral (select o.text_id from ",
                $schema,
                "search_texts o where o.case_id = c.case_id and o.field = c.field offset 0) o \
                 where t.text_id = o.text_id) \
                 insert into ",
                $schema,
                "search_texts (",
                text_row_columns!(),
                ", terms) \
                 select ",
                text_row_columns!(),
                ", array_to_tsvector(string_to_array(terms, ' ')) \
                 from unnest($5::bigint[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], \
                 $11::bigint[], $12::bigint[], $13::text[], $14::text[], $15::text[]) n (",
                text_row_columns!(),
                ", terms)"
            ),
        }
    };
}

pub(super) const SERVED: RowStatements = row_statements!("");
pub(super) const REBUILT: RowStatements = row_statements!("etalon_rebuild.");

/// The shadow tables live in a schema of their own, where everything has the name that it will be served under. They have
/// their keys, and what ending a text needs: the other indexes are made when the rows are there.
pub(super) const START_REBUILD: &str = "\
create schema etalon_rebuild;
create table etalon_rebuild.case_versions (like case_versions including all excluding indexes);
create table etalon_rebuild.case_members (like case_members including all excluding indexes);
create table etalon_rebuild.case_links (like case_links including all excluding indexes);
create table etalon_rebuild.register_versions (like register_versions including all excluding indexes);
create table etalon_rebuild.figures (like figures including all excluding indexes);
create table etalon_rebuild.case_number_series (like case_number_series including all excluding indexes);
create table etalon_rebuild.search_texts (like search_texts including all excluding indexes);
do $$
declare
    statement text;
begin
    for statement in
        select format('alter table etalon_rebuild.%I add constraint %I %s', t.relname, k.conname, pg_get_constraintdef(k.oid))
        from pg_constraint k join pg_class t on t.oid = k.conrelid
        where k.contype = 'p' and t.relnamespace = current_schema()::regnamespace
            and to_regclass(format('etalon_rebuild.%I', t.relname)) is not null
    loop
        execute statement;
    end loop;
end
$$;
create index search_texts_case_id_text_id_idx on etalon_rebuild.search_texts (case_id, text_id)";

/// Makes the indexes that the served tables have and the shadow tables have not yet: sorting all rows once takes a fraction
/// of what putting each in its place does.
pub(super) const INDEX_REBUILT: &str = "\
begin;
set local maintenance_work_mem = '256MB';
do $$
declare
    statement text;
begin
    for statement in
        select regexp_replace(pg_get_indexdef(i.indexrelid), ' ON .*? USING ', format(' ON etalon_rebuild.%I USING ', t.relname))
        from pg_index i join pg_class t on t.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
        where t.relnamespace = current_schema()::regnamespace
            and to_regclass(format('etalon_rebuild.%I', t.relname)) is not null
            and to_regclass(format('etalon_rebuild.%I', x.relname)) is null
    loop
        execute statement;
    end loop;
end
$$;
commit";

/// Leaves nothing of a rebuild.
pub(super) const DROP_REBUILD: &str = "drop schema if exists etalon_rebuild cascade";

/// Statistics for the planner.
pub(super) const ANALYZE_REBUILT: &str = "\
analyze etalon_rebuild.case_versions, etalon_rebuild.case_members, etalon_rebuild.case_links, \
etalon_rebuild.register_versions, etalon_rebuild.figures, etalon_rebuild.case_number_series, \
etalon_rebuild.search_texts";

/// Readers wait for the length of this script only. The tables are locked in the order in which
/// every read names them, and no reader is waited for longer than the time-out.
pub(super) const FINISH_REBUILD: &str = "\
set local lock_timeout = '5s';
lock table case_versions, case_members, case_links, register_versions, figures, case_number_series, search_texts
    in access exclusive mode;
do $$
declare
    served text := current_schema();
    swapped text;
begin
    foreach swapped in array array['case_versions', 'case_members', 'case_links',
                                   'register_versions', 'figures', 'case_number_series',
                                   'search_texts'] loop
        execute format('drop table %I', swapped);
        execute format('alter table etalon_rebuild.%I set schema %I', swapped, served);
    end loop;
    -- What the planner is told besides does not go with its table.
    for swapped in select stxname from pg_statistic_ext where stxnamespace = 'etalon_rebuild'::regnamespace loop
        execute format('alter statistics etalon_rebuild.%I set schema %I', swapped, served);
    end loop;
end
$$;
drop schema etalon_rebuild";
