-- `insert or replace` takes the row away that stands in its way, without the triggers of a deletion: so only `events` was
-- guarded against it. Where the program itself leaves what is there (`on conflict do nothing`), such an insert does nothing;
-- elsewhere it is refused. `revocations` need no guard: a row there is nothing but its key.

create trigger log_head_is_not_replaced before insert on log_head
when exists (select 1 from log_head)
begin select raise(ignore); end;
create trigger ledger_nodes_are_not_replaced before insert on ledger_nodes
when exists (select 1 from ledger_nodes where level = new.level and node = new.node)
begin select raise(ignore); end;
-- The only guarded table that has a rowid beside its key, which could be replaced by that one as well.
create trigger checkpoints_are_not_replaced before insert on checkpoints
when exists (select 1 from checkpoints where size = new.size or (new.rowid > 0 and rowid = new.rowid))
begin select raise(ignore); end;
create trigger cosignatures_are_not_replaced before insert on cosignatures
when exists (select 1 from cosignatures where size = new.size and witness = new.witness)
begin select raise(ignore); end;
create trigger time_stamps_are_not_replaced before insert on time_stamps
when exists (select 1 from time_stamps where size = new.size and authority = new.authority)
begin select raise(ignore); end;
create trigger erased_keys_are_not_replaced before insert on erased_keys
when exists (select 1 from erased_keys where key_id = new.key_id)
begin select raise(ignore); end;
create trigger ciphertexts_are_not_replaced before insert on ciphertexts
when exists (select 1 from ciphertexts where digest = new.digest)
begin select raise(abort, 'the log is append-only: a ciphertext is never replaced'); end;

-- What a command was answered is part of the log: nothing prunes it, and whoever took it away could have the command carried
-- out a second time.
create trigger commands_are_not_updated before update on commands
begin select raise(abort, 'the log is append-only: a command is never updated'); end;
create trigger commands_are_not_deleted before delete on commands
begin select raise(abort, 'the log is append-only: a command is never deleted'); end;
create trigger commands_are_not_replaced before insert on commands
when exists (select 1 from commands where actor = new.actor and idempotency_key = new.idempotency_key)
begin select raise(abort, 'the log is append-only: a command is never replaced'); end;
