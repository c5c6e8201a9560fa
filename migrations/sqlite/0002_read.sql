-- The read rows: what lists, filters and work lists are answered from. They are rebuilt from
-- the log at will, so nothing here is a source of truth.

-- The case as it was in [from_position, to_position); the open end is 2^63 - 1. Flags are 0 and 1
-- and identifiers are text, so that one statement serves both databases.
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
    primary key (case_id, from_position)
) without rowid;

-- Case by number, also as of a position.
create index case_versions_number_from_position_idx on case_versions (number, from_position);
-- Lists of the present: all, by status, and by what limits a reader's scope.
create index case_versions_reported_at_case_id_idx on case_versions (reported_at, case_id)
    where to_position = 9223372036854775807;
create index case_versions_status_reported_at_case_id_idx on case_versions (status, reported_at, case_id)
    where to_position = 9223372036854775807;
create index case_versions_division_reported_at_idx on case_versions (division, reported_at)
    where to_position = 9223372036854775807;
create index case_versions_enterprise_id_idx on case_versions (enterprise_id)
    where to_position = 9223372036854775807;
create index case_versions_institution_id_idx on case_versions (institution_id)
    where to_position = 9223372036854775807 and institution_id is not null;
-- The work lists of deadlines.
create index case_versions_deadline_on_idx on case_versions (deadline_on)
    where to_position = 9223372036854775807 and is_open = 1 and deadline_on is not null;
create index case_versions_deadline_missed_on_idx on case_versions (deadline_missed_on)
    where to_position = 9223372036854775807 and is_open = 1 and deadline_missed_on is not null;

-- Who may see a case as invited, member or lead, at present.
create table case_members (
    case_id text not null,
    actor text not null,
    primary key (case_id, actor)
) without rowid;
create index case_members_actor_case_id_idx on case_members (actor, case_id);

-- Relations of a case to others; the index follows them backwards.
create table case_links (
    case_id text not null,
    other_id text not null,
    relation text not null,
    from_position bigint not null,
    primary key (case_id, other_id, relation)
) without rowid;
create index case_links_other_id_relation_idx on case_links (other_id, relation);

-- Enterprises, campaigns, institutions, persons, catalogues and annual summaries: few and small.
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
    primary key (aggregate_type, aggregate_id, from_position)
);
-- Lists of a register by name, and look-ups by code.
create index register_versions_aggregate_type_name_aggregate_id_idx on register_versions (aggregate_type, name, aggregate_id)
    where to_position = 9223372036854775807;
create index register_versions_aggregate_type_code_idx on register_versions (aggregate_type, code)
    where to_position = 9223372036854775807;

-- The last number given in each series of case numbers: given inside the commit, so no gaps.
create table case_number_series (
    series text primary key,
    last bigint not null
);
