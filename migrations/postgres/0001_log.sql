-- The log: every event once, in commit order, with its ledger entry. It is a superset of the
-- stock cqrs-es table, so that the stock crates can read it; streams are loaded by
-- (aggregate_type, aggregate_id), everything else is read by position.
-- Payload and metadata are json, not jsonb: only so does PostgreSQL keep every byte. Texts compare
-- by their bytes (collate "C"), as they do in SQLite.

-- One row: where the log ends. Locking it is what serialises commits of several processes.
create table log_head (
    id bigint primary key check (id = 1),
    next_position bigint not null,
    recorded_at bigint not null,
    origin text collate "C" not null
);

create table events (
    position bigint not null unique,
    aggregate_type text collate "C" not null,
    aggregate_id text collate "C" not null,
    sequence bigint not null,
    event_type text collate "C" not null,
    event_version text collate "C" not null,
    payload json not null,
    metadata json not null,
    recorded_at bigint not null,
    actor text collate "C" not null,
    command_id text collate "C" not null,
    entry bytea not null,
    leaf_hash bytea not null,
    primary key (aggregate_type, aggregate_id, sequence)
);

-- What each command key was answered, so that sending it again does nothing twice.
create table commands (
    actor text collate "C" not null,
    idempotency_key text collate "C" not null,
    digest bytea not null,
    aggregate_type text collate "C" not null,
    aggregate_id text collate "C" not null,
    version bigint not null,
    first_position bigint not null,
    event_count bigint not null,
    recorded_at bigint not null,
    primary key (actor, idempotency_key)
);

-- Files that events refer to by digest.
create table attachments (
    digest text collate "C" primary key,
    size_bytes bigint not null,
    media_type text collate "C" not null,
    content bytea not null
);

-- Which process does what only one may do at a time.
create table leases (
    name text collate "C" primary key,
    holder text collate "C" not null,
    expires_at bigint not null
);
