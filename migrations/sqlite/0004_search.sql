-- What is found by words: the texts of the cases, each with its words as terms of an index.
-- `texts_with` looks the terms up (search_index), latest text first;
-- `texts_of` reads the texts of cases that were found (search_texts_case_id_text_id_idx).
-- A text that is replaced by another, as a title is, ends at to_position and, by what its authors
-- say, at occurred_until.
create table search_texts (
    text_id integer primary key,
    case_id text not null,
    field text not null,
    from_position bigint not null,
    to_position bigint not null default 9223372036854775807,
    occurred_at bigint not null,
    occurred_until bigint not null default 9223372036854775807,
    length bigint not null,
    words text not null,
    body text not null
);
create index search_texts_case_id_text_id_idx on search_texts (case_id, text_id);

-- The row id is the text's. Only which text has which term is kept: terms come with spaces between
-- them and are taken as they are, whatever their script (`ascii`).
create virtual table search_index using fts5
    (terms, content = '', columnsize = 0, detail = none, tokenize = "ascii tokenchars '.'");
