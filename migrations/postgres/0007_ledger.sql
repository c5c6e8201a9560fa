-- The ledger: the Merkle tree over the log (RFC 9162), what was signed of it and who has seen that. Nothing of it is
-- ever changed, and neither is the log: triggers refuse it to whoever writes here, and the role of the server has no
-- right to it where `etalon migrate` has parted the roles.

-- The roots of the largest whole subtrees, largest first, 32 bytes each: the tree of `next_position` leaves in small.
-- A commit goes on from them without reading more. A log that is older gets them when it is opened.
alter table log_head add column peaks bytea not null default '';

-- Roots of the subtrees of 256, 65,536, … leaves. Level 0, the leaves, stands with the events.
create table ledger_nodes (
    level bigint not null check (level > 0),
    node bigint not null,
    hash bytea not null,
    primary key (level, node)
);

-- What the signer has signed: a C2SP checkpoint a row.
create table checkpoints (
    size bigint primary key,
    root bytea not null,
    signed_at bigint not null,
    note text collate "C" not null
);

-- Witnesses that have seen a checkpoint and found it consistent with all that they had seen.
create table cosignatures (
    size bigint not null,
    witness text collate "C" not null,
    cosigned_at bigint not null,
    signature text collate "C" not null,
    primary key (size, witness)
);

-- RFC 3161 tokens: that a checkpoint existed at a time, by the word of an authority.
create table time_stamps (
    size bigint not null,
    authority text collate "C" not null,
    stamped_at bigint not null,
    token bytea not null,
    primary key (size, authority)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the log is append-only: % is never changed', tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;

create trigger events_only_grow before update or delete or truncate on events
    for each statement execute function refuse_change();
create trigger ledger_nodes_only_grow before update or delete or truncate on ledger_nodes
    for each statement execute function refuse_change();
create trigger checkpoints_only_grow before update or delete or truncate on checkpoints
    for each statement execute function refuse_change();
create trigger cosignatures_only_grow before update or delete or truncate on cosignatures
    for each statement execute function refuse_change();
create trigger time_stamps_only_grow before update or delete or truncate on time_stamps
    for each statement execute function refuse_change();

create function refuse_going_back() returns trigger language plpgsql as $$
begin
    raise exception 'the log is append-only: its head never goes back'
        using errcode = 'insufficient_privilege';
end
$$;

create trigger log_head_only_advances before update on log_head for each row
    when (new.next_position < old.next_position or new.recorded_at < old.recorded_at)
    execute function refuse_going_back();
create trigger log_head_is_not_deleted before delete or truncate on log_head
    for each statement execute function refuse_going_back();
