-- What statistics and annual figures are added up from: one row for each thing that an event adds to
-- the figures, such as entering a status, a fee, a training, a visit. Rows are only ever added, so that
-- the figures as of a position are those of its rows up to there, and those as of a moment of what had
-- happened by then. An event that adds nothing to the figures has no row and costs no statement.

-- `position` is that of the event, by which a figure names what it rests on; `from_position` that of the
-- last event of its append, from which on the row is seen, as it is with `case_versions`.
create table figures (
    aggregate_id text collate "C" not null,
    position bigint not null,
    kind text collate "C" not null,
    from_position bigint not null,
    detail text collate "C" not null,
    number bigint,
    amount text collate "C",
    occurred_at bigint not null,
    counted_on text collate "C" not null,
    primary key (aggregate_id, position, kind)
);
