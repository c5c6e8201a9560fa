-- As of the past a page is found by walking past versions that are not its own, or not any more: whether they are is told
-- by the index of the walk itself, on both axes, so that a row is read only for the page. Without it SQLite would look at
-- the row of every version that it passes, and PostgreSQL at most of them.
drop index case_versions_reported_at_from_position_idx;
drop index case_versions_status_reported_at_from_position_to_position_idx;
drop index case_versions_updated_at_case_id_idx;
drop index case_versions_status_updated_at_case_id_idx;
create index case_versions_reported_at_from_position_to_position_occurre_idx on case_versions
    (reported_at, from_position, to_position, occurred_from, occurred_to, division)
    where lane >= 0;
create index case_versions_status_reported_at_from_position_to_position__idx on case_versions
    (status, reported_at, from_position, to_position, occurred_from, occurred_to, is_open, division)
    where lane >= 0;
create index case_versions_updated_at_case_id_occurred_from_idx on case_versions (updated_at, case_id, occurred_from)
    where lane >= 0;
create index case_versions_status_updated_at_case_id_occurred_from_idx on case_versions
    (status, updated_at, case_id, occurred_from)
    where lane >= 0;

-- The list of the present by the last change, under the name that it has in PostgreSQL as well.
drop index case_versions_updated_at_case_id_idx1;
create index case_versions_updated_at_case_id_idx on case_versions (updated_at, case_id)
    where to_position = 9223372036854775807;

-- Which of the present versions had begun by a moment of either axis.
drop index case_versions_status_reported_at_case_id_from_position_idx;
drop index case_versions_status_updated_at_case_id_idx1;
create index case_versions_status_reported_at_case_id_from_position_occu_idx on case_versions
    (status, reported_at, case_id, from_position, occurred_from, is_open)
    where to_position = 9223372036854775807;
create index case_versions_status_updated_at_case_id_from_position_occur_idx on case_versions
    (status, updated_at, case_id, from_position, occurred_from, is_open)
    where to_position = 9223372036854775807;

-- Open cases by deadline, those without one included. It begins with a column that is the same in all of it: else SQLite
-- would rather go by the statuses that such a question names.
drop index case_versions_deadline_on_idx;
drop index case_versions_case_id_idx;
create index case_versions_is_open_deadline_on_case_id_from_position_occ_idx on case_versions
    (is_open, deadline_on, case_id, from_position, occurred_from, status)
    where to_position = 9223372036854775807 and is_open = 1;

-- The versions that have ended, as before, with their deadline and whether they were open.
drop index case_versions_status_case_from_position_to_position_reporte_idx;
drop index case_versions_status_case_occurred_from_occurred_to_reporte_idx;
create index case_versions_status_case_from_position_to_position_reporte_idx on case_versions (
    status,
    (case when to_position - from_position < 64 then 0 when to_position - from_position < 256 then 1 when to_position - from_position < 1024 then 2 when to_position - from_position < 4096 then 3 when to_position - from_position < 16384 then 4 when to_position - from_position < 65536 then 5 when to_position - from_position < 262144 then 6 when to_position - from_position < 1048576 then 7 when to_position - from_position < 4194304 then 8 when to_position - from_position < 16777216 then 9 when to_position - from_position < 67108864 then 10 when to_position - from_position < 268435456 then 11 when to_position - from_position < 1073741824 then 12 else 13 end),
    from_position, to_position, reported_at, updated_at, deadline_on, is_open, case_id, lane
) where from_position < to_position and to_position < 9223372036854775807;
create index case_versions_status_case_occurred_from_occurred_to_reporte_idx on case_versions (
    status,
    (case when occurred_to - occurred_from < 3600000000 then 0 when occurred_to - occurred_from < 14400000000 then 1 when occurred_to - occurred_from < 57600000000 then 2 when occurred_to - occurred_from < 230400000000 then 3 when occurred_to - occurred_from < 921600000000 then 4 when occurred_to - occurred_from < 3686400000000 then 5 when occurred_to - occurred_from < 14745600000000 then 6 when occurred_to - occurred_from < 58982400000000 then 7 when occurred_to - occurred_from < 235929600000000 then 8 else 9 end),
    occurred_from, occurred_to, reported_at, updated_at, deadline_on, is_open, case_id, from_position, lane
) where occurred_from < occurred_to and occurred_to < 9223372036854775807;

-- What had happened by a time and was recorded four hours later or more, by how much later: what was recorded sooner is found
-- by when it was recorded.
create index case_versions_case_updated_at_occurred_from_occurred_to_sta_idx on case_versions (
    (case when updated_at - occurred_from < 14400000000 then 0 when updated_at - occurred_from < 57600000000 then 1 when updated_at - occurred_from < 230400000000 then 2 when updated_at - occurred_from < 921600000000 then 3 when updated_at - occurred_from < 3686400000000 then 4 when updated_at - occurred_from < 14745600000000 then 5 when updated_at - occurred_from < 58982400000000 then 6 when updated_at - occurred_from < 235929600000000 then 7 else 8 end),
    updated_at, occurred_from, occurred_to, status, is_open, case_id, from_position, lane
) where occurred_from < occurred_to and updated_at - occurred_from >= 14400000000;
