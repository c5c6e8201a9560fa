-- Personal data that can be erased: an event holds a reference in its place, and the ciphertext that it stands for is
-- here, written in the transaction of the event. The data keys that open it are outside of the database.

-- Found by the reference when a name is shown, and by the key when its person is erased. A ciphertext is never changed,
-- and deleting it is what this table is for.
create table ciphertexts (
    digest blob primary key,
    key_id text not null,
    ciphertext blob not null
) without rowid;
create index ciphertexts_by_key on ciphertexts (key_id);

-- Keys whose destruction the event at the position has decided, in its transaction: every server that holds them looks
-- here for what is left to destroy. A ciphertext that is gone without a row here was taken away.
create table erased_keys (
    key_id text primary key,
    position bigint not null
) without rowid;
create index erased_keys_in_order on erased_keys (position);

create trigger ciphertexts_are_not_updated before update on ciphertexts
begin select raise(abort, 'a ciphertext is never changed'); end;
create trigger erased_keys_are_not_updated before update on erased_keys
begin select raise(abort, 'the log is append-only: an erasure is never updated'); end;
create trigger erased_keys_are_not_deleted before delete on erased_keys
begin select raise(abort, 'the log is append-only: an erasure is never deleted'); end;
