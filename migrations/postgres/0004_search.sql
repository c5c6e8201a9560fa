-- What is found by words: the texts of the cases, each with its words as terms of an index.
-- `texts_with` looks the terms up (search_texts_terms_idx), latest text first (primary key);
-- `texts_of` reads the texts of cases that were found (search_texts_case_id_text_id_idx).
-- A text that is replaced by another, as a title is, ends at to_position and, by what its authors
-- say, at occurred_until. The terms come as an array: PostgreSQL parses no text here.
create table search_texts (
    text_id bigint primary key,
    case_id text collate "C" not null,
    field text collate "C" not null,
    from_position bigint not null,
    to_position bigint not null default 9223372036854775807,
    occurred_at bigint not null,
    occurred_until bigint not null default 9223372036854775807,
    length bigint not null,
    words text collate "C" not null,
    body text collate "C" not null,
    terms tsvector not null
);
create index search_texts_terms_idx on search_texts using gin (terms);
create index search_texts_case_id_text_id_idx on search_texts (case_id, text_id);
