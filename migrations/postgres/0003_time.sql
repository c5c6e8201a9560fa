-- The second axis of the read rows, and their version.
-- A question as of a time at which something happened is answered from the same rows as any other: a version of a case
-- or of a register's entry is also what was so in [occurred_from, occurred_to), by the events that occurred by then.
-- While the events of a stream come in the order in which they happened, one row serves both axes. Where one is
-- back-dated, the stream's rows of the log get an empty interval on the second axis, and rows of the second axis alone
-- (lane > 0, an empty interval of positions) take their place.
-- The rows that are there have empty intervals until they are made anew, which is done before anything is served:
-- rows_version says which form they have.
alter table log_head add column rows_version bigint not null default 0;

alter table case_versions
    add column lane bigint not null default 0,
    add column occurred_from bigint not null default 0,
    add column occurred_to bigint not null default 0;
alter table case_versions
    alter column lane drop default,
    alter column occurred_from drop default,
    alter column occurred_to drop default;
alter table case_versions drop constraint case_versions_pkey;
alter table case_versions add primary key (case_id, from_position, lane);

alter table register_versions
    add column lane bigint not null default 0,
    add column occurred_from bigint not null default 0,
    add column occurred_to bigint not null default 0;
alter table register_versions
    alter column lane drop default,
    alter column occurred_from drop default,
    alter column occurred_to drop default;
alter table register_versions drop constraint register_versions_pkey;
alter table register_versions add primary key (aggregate_type, aggregate_id, from_position, lane);

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

-- Which of the present versions had begun by a moment is told by the index of their lists.
drop index case_versions_status_reported_at_case_id_idx;
create index case_versions_status_reported_at_case_id_from_position_idx
    on case_versions (status, reported_at, case_id, from_position)
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
