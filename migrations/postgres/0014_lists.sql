-- Open cases, few beside those that have ended: with it the last ones of a list by deadline, which have none, are found.
create index case_versions_case_id_idx on case_versions (case_id)
    where to_position = 9223372036854775807 and is_open = 1 and deadline_on is null;
