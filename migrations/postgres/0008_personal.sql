-- Personal data that can be erased: an event holds a reference in its place, and the ciphertext that it stands for is
-- here, written in the transaction of the event. The data keys that open it are outside of the database.

-- Found by the reference when a name is shown, and by the key when its person is erased. A ciphertext is never changed,
-- and deleting it is what this table is for.
create table ciphertexts (
    digest bytea primary key,
    key_id text collate "C" not null,
    ciphertext bytea not null
);
create index ciphertexts_by_key on ciphertexts (key_id);

-- Keys whose destruction the event at the position has decided, in its transaction: every server that holds them looks
-- here for what is left to destroy. A ciphertext that is gone without a row here was taken away.
create table erased_keys (
    key_id text collate "C" primary key,
    position bigint not null
);
create index erased_keys_in_order on erased_keys (position);

create trigger ciphertexts_are_not_updated before update on ciphertexts
    for each statement execute function refuse_change();
create trigger erased_keys_only_grow before update or delete or truncate on erased_keys
    for each statement execute function refuse_change();
