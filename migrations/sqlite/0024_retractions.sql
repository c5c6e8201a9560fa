-- What is retracted goes out of the figures by a row more, which counts below 0 for the day that it was counted for. A
-- measurement that is taken back may leave a gap unclosed that it had closed on several days, as requirements changed, and
-- another may turn out to have closed it: so one event has a row of a kind for each day.

-- The table is made anew because every row of it is made from the log: a program that finds older rows does so before it
-- serves. A rebuild of an older program that is under way has its table from before, and would put it in the place of this one:
-- it is done anew.
drop table if exists rebuild_figures;
drop table figures;
create table figures (
    aggregate_id text not null,
    position bigint not null,
    kind text not null,
    lane bigint not null,
    from_position bigint not null,
    detail text not null,
    number bigint,
    amount text,
    occurred_at bigint not null,
    counted_on text not null,
    occurred_from bigint not null,
    occurred_to bigint not null,
    primary key (aggregate_id, position, kind, lane, counted_on)
) without rowid;
