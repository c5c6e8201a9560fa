-- The rows of the cases are found by their rowid. In a table without one SQLite looks up the row of every entry of an index
-- that a walk passes, whether what the entry holds is enough to pass it by or not: open cases by deadline as of the past
-- looked at the row of every case that is open today.
create table cases_by_rowid (
    case_id text not null primary key,
    from_position bigint not null,
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
    reported_by text not null,
    members text not null,
    fee_fen bigint not null,
    occurred_from bigint not null
);
insert into cases_by_rowid
select
    case_id, from_position, version, updated_at, number, title, status, kind, category, severity, level, division,
    enterprise_id, campaign_id, institution_id, lead_id, origin, is_open, reported_at, deadline_on, deadline_missed_on,
    clock_paused, parked_until, gap_ppm, fee_total, typical, reported_by, members, fee_fen, occurred_from
from cases order by case_id;
drop table cases;
alter table cases_by_rowid rename to cases;

-- Each with the id of the case, which decides ties and is what is asked for in scopes.
create index cases_number_case_id_idx on cases (number, case_id);
create index cases_reported_at_case_id_idx on cases (reported_at, case_id);
create index cases_status_reported_at_case_id_is_open_idx on cases (status, reported_at, case_id, is_open);
create index cases_division_reported_at_case_id_idx on cases (division, reported_at, case_id);
create index cases_enterprise_id_case_id_idx on cases (enterprise_id, case_id);
create index cases_institution_id_case_id_idx on cases (institution_id, case_id) where institution_id is not null;
create index cases_reported_by_case_id_idx on cases (reported_by, case_id);
create index cases_lead_id_case_id_idx on cases (lead_id, case_id) where lead_id is not null;
-- With the report, before which no version of a case began: so of a moment of the past most others are told by the index.
create index cases_is_open_deadline_on_case_id_status_reported_at_idx on cases
    (is_open, deadline_on, case_id, status, reported_at)
    where is_open = 1;
create index cases_deadline_missed_on_case_id_idx on cases (deadline_missed_on, case_id)
    where is_open = 1 and deadline_missed_on is not null;
