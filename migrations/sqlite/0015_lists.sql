-- Whether a version was still valid is told by the index of the walk itself: SQLite would look at the row of every version
-- that it passes, some hundred for a page.
drop index case_versions_status_reported_at_from_position_idx;
create index case_versions_status_reported_at_from_position_to_position_idx
    on case_versions (status, reported_at, from_position, to_position)
    where lane >= 0;
