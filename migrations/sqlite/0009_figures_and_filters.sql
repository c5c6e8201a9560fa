-- What an event adds to the figures may differ by what had happened: a case that was triaged before, as is only told
-- today, came into its status on another day. So each row says for which times of that axis it holds, as versions do;
-- what is asked of the log alone reads lane 0, and what had happened by a time reads the rows that hold there.

-- Rows are still only ever added: what an event adds depends on those before it in the log, and never on a later one.
-- The table is made anew because every row of it is made from the log: a program that finds older rows does so before it
-- serves.
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
    primary key (aggregate_id, position, kind, lane)
) without rowid;

-- Who reported a case, who works on it and what it has cost are asked for as of any moment, as everything else of a row.
-- `members` holds the ids of the lead and of every expert invited or active, with a space before and behind each;
-- `fee_fen` the sum of the fees in hundredths of a yuan, because decimal text has no order.
alter table case_versions add column reported_by text not null default '';
alter table case_versions add column members text not null default '';
alter table case_versions add column fee_fen bigint not null default 0;
-- Lists of the present by who reported and by who leads.
create index case_versions_reported_by_idx on case_versions (reported_by)
    where to_position = 9223372036854775807;
create index case_versions_lead_id_idx on case_versions (lead_id)
    where to_position = 9223372036854775807 and lead_id is not null;
