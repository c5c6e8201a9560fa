-- Nobody commits from here on; what waited then finds rows of another form.
lock table log_head in exclusive mode;

-- The present of the cases, a row each: what lists of the present, rights, counts and statistics are answered from. A new
-- version of a case came into every index of the present versions and went out of it for the one before, whatever the event
-- said; here it is a row that is changed where it stands, and an index has its entry again only if what it holds has changed.
-- So none of them has a column that every event changes: `from_position`, `version`, `updated_at` and `occurred_from`. Then
-- PostgreSQL puts the changed row beside the old one, if there is room on its page, and takes no entry at all.
create table cases (
    case_id text collate "C" not null primary key,
    from_position bigint not null,
    version bigint not null,
    updated_at bigint not null,
    number text collate "C" not null,
    title text collate "C" not null,
    status text collate "C" not null,
    kind text collate "C",
    category text collate "C",
    severity text collate "C",
    level text collate "C" not null,
    division text collate "C" not null,
    enterprise_id text collate "C" not null,
    campaign_id text collate "C" not null,
    institution_id text collate "C",
    lead_id text collate "C",
    origin text collate "C" not null,
    is_open bigint not null check (is_open in (0, 1)),
    reported_at bigint not null,
    deadline_on text collate "C",
    deadline_missed_on text collate "C",
    clock_paused bigint not null check (clock_paused in (0, 1)),
    parked_until text collate "C",
    gap_ppm bigint,
    fee_total text collate "C" not null,
    typical bigint not null check (typical in (0, 1)),
    reported_by text collate "C" not null,
    members text collate "C" not null,
    fee_fen bigint not null,
    occurred_from bigint not null
) with (fillfactor = 70);
insert into cases
select
    case_id, from_position, version, updated_at, number, title, status, kind, category, severity, level, division,
    enterprise_id, campaign_id, institution_id, lead_id, origin, is_open, reported_at, deadline_on, deadline_missed_on,
    clock_paused, parked_until, gap_ppm, fee_total, typical, reported_by, members, fee_fen, occurred_from
from case_versions where to_position = 9223372036854775807 and lane = 0;

create index cases_number_idx on cases (number);
create index cases_reported_at_case_id_idx on cases (reported_at, case_id);
create index cases_status_reported_at_case_id_is_open_idx on cases (status, reported_at, case_id, is_open);
create index cases_division_reported_at_idx on cases (division, reported_at);
create index cases_enterprise_id_idx on cases (enterprise_id);
create index cases_institution_id_idx on cases (institution_id) where institution_id is not null;
create index cases_reported_by_idx on cases (reported_by);
create index cases_lead_id_idx on cases (lead_id) where lead_id is not null;
-- With the report, before which no version of a case began: so of a moment of the past most others are told by the index.
create index cases_is_open_deadline_on_case_id_status_reported_at_idx on cases
    (is_open, deadline_on, case_id, status, reported_at)
    where is_open = 1;
create index cases_deadline_missed_on_idx on cases (deadline_missed_on) where is_open = 1 and deadline_missed_on is not null;

-- How often words stand in titles, as of the versions.
create statistics cases_expr_stat on (lower(title)) from cases;
analyze cases;

-- Of the present versions only those by the last change are listed. By what never changes of a case, its number and its
-- report, the past is listed case by case.
drop index case_versions_number_from_position_idx;
drop index case_versions_reported_at_from_position_to_position_occurre_idx;
drop index case_versions_reported_at_case_id_idx;
drop index case_versions_status_reported_at_case_id_from_position_occu_idx;
drop index case_versions_division_reported_at_idx;
drop index case_versions_enterprise_id_idx;
drop index case_versions_institution_id_idx;
drop index case_versions_reported_by_idx;
drop index case_versions_lead_id_idx;
drop index case_versions_is_open_deadline_on_case_id_from_position_occ_idx;
drop index case_versions_deadline_missed_on_idx;

-- The rows are those of the form that comes next: none need be made anew, and servers that do not know the table write no
-- more.
update log_head set rows_version = 4 where rows_version = 3;
