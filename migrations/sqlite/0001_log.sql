-- The log: every event once, in commit order, with its ledger entry. It is a superset of the
-- stock cqrs-es table, so that the stock crates can read it; streams are loaded by
-- (aggregate_type, aggregate_id), everything else is read by position.
-- Payload and metadata are declared text, not json: only so does SQLite keep every byte.

-- One row: where the log ends. Locking it is what serialises commits of several processes.
create table log_head (
    id bigint primary key check (id = 1),
    next_position bigint not null,
    recorded_at bigint not null,
    origin text not null
);

create table events (
    position integer primary key,
    aggregate_type text not null,
    aggregate_id text not null,
    sequence bigint not null,
    event_type text not null,
    event_version text not null,
    payload text not null,
    metadata text not null,
    recorded_at bigint not null,
    actor text not null,
    command_id text not null,
    entry blob not null,
    leaf_hash blob not null,
    unique (aggregate_type, aggregate_id, sequence)
);

-- What each command key was answered, so that sending it again does nothing twice.
create table commands (
    actor text not null,
    idempotency_key text not null,
    digest blob not null,
    aggregate_type text not null,
    aggregate_id text not null,
    version bigint not null,
    first_position bigint not null,
    event_count bigint not null,
    recorded_at bigint not null,
    primary key (actor, idempotency_key)
) without rowid;

-- Files that events refer to by digest.
create table attachments (
    digest text primary key,
    size_bytes bigint not null,
    media_type text not null,
    content blob not null
);

-- Which process does what only one may do at a time.
create table leases (
    name text primary key,
    holder text not null,
    expires_at bigint not null
);
