-- The second axis of the read rows, and their version.
-- A question as of a time at which something happened is answered from the same rows as any other: a version of a case
-- or of a register's entry is also what was so in [occurred_from, occurred_to), by the events that occurred by then.
-- While the events of a stream come in the order in which they happened, one row serves both axes. Where one is
-- back-dated, the stream's rows of the log get an empty interval on the second axis, and rows of the second axis alone
-- (lane > 0, an empty interval of positions) take their place.
-- A key cannot be changed here: the tables are made anew, and their rows from the log before anything is served, since
-- rows_version says which form they have.
alter table log_head add column rows_version bigint not null default 0;

drop table case_versions;
create table case_versions (
    case_id text not null,
    from_position bigint not null,
    to_position bigint not null default 9223372036854775807,
    version bigint not null,
    updated_at bigint not null,
    number text not null,
    title text not null,
    status text not null,
    kind text,
    category text,
    severity text,
    level text not null,
    division text not null,
    enterprise_id text not null,
    campaign_id text not null,
    institution_id text,
    lead_id text,
    origin text not null,
    is_open bigint not null check (is_open in (0, 1)),
    reported_at bigint not null,
    deadline_on text,
    deadline_missed_on text,
    clock_paused bigint not null check (clock_paused in (0, 1)),
    parked_until text,
    gap_ppm bigint,
    fee_total text not null,
    typical bigint not null check (typical in (0, 1)),
    lane bigint not null,
    occurred_from bigint not null,
    occurred_to bigint not null,
    primary key (case_id, from_position, lane)
) without rowid;
create index case_versions_number_from_position_idx on case_versions (number, from_position);
create index case_versions_reported_at_case_id_idx on case_versions (reported_at, case_id)
    where to_position = 9223372036854775807;
create index case_versions_status_reported_at_case_id_from_position_idx
    on case_versions (status, reported_at, case_id, from_position)
    where to_position = 9223372036854775807;
create index case_versions_division_reported_at_idx on case_versions (division, reported_at)
    where to_position = 9223372036854775807;
create index case_versions_enterprise_id_idx on case_versions (enterprise_id)
    where to_position = 9223372036854775807;
create index case_versions_institution_id_idx on case_versions (institution_id)
    where to_position = 9223372036854775807 and institution_id is not null;
create index case_versions_deadline_on_idx on case_versions (deadline_on)
    where to_position = 9223372036854775807 and is_open = 1 and deadline_on is not null;
create index case_versions_deadline_missed_on_idx on case_versions (deadline_missed_on)
    where to_position = 9223372036854775807 and is_open = 1 and deadline_missed_on is not null;

drop table register_versions;
create table register_versions (
    aggregate_type text not null,
    aggregate_id text not null,
    from_position bigint not null,
    to_position bigint not null default 9223372036854775807,
    version bigint not null,
    code text not null,
    name text not null,
    division text not null,
    state text not null,
    document text not null,
    recorded_at bigint not null,
    lane bigint not null,
    occurred_from bigint not null,
    occurred_to bigint not null,
    primary key (aggregate_type, aggregate_id, from_position, lane)
);
create index register_versions_aggregate_type_name_aggregate_id_idx on register_versions (aggregate_type, name, aggregate_id)
    where to_position = 9223372036854775807;
create index register_versions_aggregate_type_code_idx on register_versions (aggregate_type, code)
    where to_position = 9223372036854775807;

-- Lists as of a moment in the past: by the time of the report and by the last change, all and by status. They are walked
-- from that moment backwards, since nothing was reported or changed after it. The condition holds for every row; a
-- question about the past says it, one about the present does not and goes on with the indexes of the present.
create index case_versions_reported_at_from_position_idx on case_versions (reported_at, from_position)
    where lane >= 0;
create index case_versions_status_reported_at_from_position_idx on case_versions (status, reported_at, from_position)
    where lane >= 0;
create index case_versions_updated_at_case_id_idx on case_versions (updated_at, case_id)
    where lane >= 0;
create index case_versions_status_updated_at_case_id_idx on case_versions (status, updated_at, case_id)
    where lane >= 0;
-- The list of the present by the last change: what clients ask for most.
create index case_versions_updated_at_case_id_idx1 on case_versions (updated_at, case_id)
    where to_position = 9223372036854775807;

-- Lists as of the past by status in any other order: the versions that have ended, by how long they lasted. One that
-- lasted no longer than n began in the n positions up to any moment at which it was valid, so a few short ranges of this
-- index hold all of them; it holds what they are ordered by and their keys as well, so that only the rows of the page are
-- read. A version comes in here once, when it ends; those that have not are in the indexes of the present. The classes
-- are those of src/store/case_list.rs.
create index case_versions_status_case_from_position_to_position_reporte_idx on case_versions (
    status,
    (case when to_position - from_position < 64 then 0 when to_position - from_position < 256 then 1 when to_position - from_position < 1024 then 2 when to_position - from_position < 4096 then 3 when to_position - from_position < 16384 then 4 when to_position - from_position < 65536 then 5 when to_position - from_position < 262144 then 6 when to_position - from_position < 1048576 then 7 when to_position - from_position < 4194304 then 8 when to_position - from_position < 16777216 then 9 when to_position - from_position < 67108864 then 10 when to_position - from_position < 268435456 then 11 when to_position - from_position < 1073741824 then 12 else 13 end),
    from_position, to_position, reported_at, updated_at, case_id, lane
) where from_position < to_position and to_position < 9223372036854775807;
create index case_versions_status_case_occurred_from_occurred_to_reporte_idx on case_versions (
    status,
    (case when occurred_to - occurred_from < 3600000000 then 0 when occurred_to - occurred_from < 14400000000 then 1 when occurred_to - occurred_from < 57600000000 then 2 when occurred_to - occurred_from < 230400000000 then 3 when occurred_to - occurred_from < 921600000000 then 4 when occurred_to - occurred_from < 3686400000000 then 5 when occurred_to - occurred_from < 14745600000000 then 6 when occurred_to - occurred_from < 58982400000000 then 7 when occurred_to - occurred_from < 235929600000000 then 8 else 9 end),
    occurred_from, occurred_to, reported_at, updated_at, case_id, from_position, lane
) where occurred_from < occurred_to and occurred_to < 9223372036854775807;
create index case_versions_status_updated_at_case_id_idx1 on case_versions (status, updated_at, case_id)
    where to_position = 9223372036854775807;
