-- The ledger: the Merkle tree over the log (RFC 9162), what was signed of it and who has seen that. Nothing of it is
-- ever changed, and neither is the log: triggers refuse it to whoever writes here.

-- The roots of the largest whole subtrees, largest first, 32 bytes each: the tree of `next_position` leaves in small.
-- A commit goes on from them without reading more. A log that is older gets them when it is opened.
alter table log_head add column peaks blob not null default x'';

-- Roots of the subtrees of 256, 65,536, … leaves. Level 0, the leaves, stands with the events.
create table ledger_nodes (
    level bigint not null check (level > 0),
    node bigint not null,
    hash blob not null,
    primary key (level, node)
) without rowid;

-- What the signer has signed: a C2SP checkpoint a row.
create table checkpoints (
    size bigint primary key,
    root blob not null,
    signed_at bigint not null,
    note text not null
);

-- Witnesses that have seen a checkpoint and found it consistent with all that they had seen.
create table cosignatures (
    size bigint not null,
    witness text not null,
    cosigned_at bigint not null,
    signature text not null,
    primary key (size, witness)
) without rowid;

-- RFC 3161 tokens: that a checkpoint existed at a time, by the word of an authority.
create table time_stamps (
    size bigint not null,
    authority text not null,
    stamped_at bigint not null,
    token blob not null,
    primary key (size, authority)
) without rowid;

create trigger events_are_not_updated before update on events
begin select raise(abort, 'the log is append-only: an event is never updated'); end;
create trigger events_are_not_deleted before delete on events
begin select raise(abort, 'the log is append-only: an event is never deleted'); end;
create trigger ledger_nodes_are_not_updated before update on ledger_nodes
begin select raise(abort, 'the ledger is append-only: a node is never updated'); end;
create trigger ledger_nodes_are_not_deleted before delete on ledger_nodes
begin select raise(abort, 'the ledger is append-only: a node is never deleted'); end;
create trigger checkpoints_are_not_updated before update on checkpoints
begin select raise(abort, 'the ledger is append-only: a checkpoint is never updated'); end;
create trigger checkpoints_are_not_deleted before delete on checkpoints
begin select raise(abort, 'the ledger is append-only: a checkpoint is never deleted'); end;
create trigger cosignatures_are_not_updated before update on cosignatures
begin select raise(abort, 'the ledger is append-only: a cosignature is never updated'); end;
create trigger cosignatures_are_not_deleted before delete on cosignatures
begin select raise(abort, 'the ledger is append-only: a cosignature is never deleted'); end;
create trigger time_stamps_are_not_updated before update on time_stamps
begin select raise(abort, 'the ledger is append-only: a time stamp is never updated'); end;
create trigger time_stamps_are_not_deleted before delete on time_stamps
begin select raise(abort, 'the ledger is append-only: a time stamp is never deleted'); end;
create trigger log_head_only_advances before update on log_head
when new.next_position < old.next_position or new.recorded_at < old.recorded_at
begin select raise(abort, 'the log is append-only: its head never goes back'); end;
create trigger log_head_is_not_deleted before delete on log_head
begin select raise(abort, 'the log is append-only: it has one head'); end;
-- `insert or replace` deletes without the triggers of a deletion.
create trigger events_are_not_replaced before insert on events
when new.position <= (select max(position) from events)
    or exists (select 1 from events where aggregate_type = new.aggregate_type
               and aggregate_id = new.aggregate_id and sequence = new.sequence)
begin select raise(abort, 'the log is append-only: an event is never replaced'); end;
