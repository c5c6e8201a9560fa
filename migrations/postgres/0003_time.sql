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
