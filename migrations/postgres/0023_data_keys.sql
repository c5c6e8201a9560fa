-- Which data keys the personal data of this database was sealed under: a server that was started with another folder of
-- keys, or with none, would make new keys of the same ids, and what is sealed under them opens with no other.

-- One row, written by whoever opens the database with keys first: a digest made under one of them. It tells nothing of
-- any key, and is compared whenever the database is opened with keys.
create table data_keys (
    id bigint primary key check (id = 1),
    fingerprint bytea not null
);
