-- What the peers see of the tables that Etalon has, with the keys that PostGraphile makes relations of, and one function
-- that writes a comment as `alone.rs` does.
create schema peers;

create view peers.persons as
    select aggregate_id as person_id, document::json #>> '{file,name}' as name from public.register_versions
    where aggregate_type = 'Person' and to_position = 9223372036854775807;
comment on view peers.persons is E'@primaryKey person_id';

create view peers.cases as
    select case_id, number, title, status, updated_at, lead_id from public.case_versions
    where to_position = 9223372036854775807 and lane = 0;
comment on view peers.cases is
    E'@primaryKey case_id\n@foreignKey (lead_id) references peers.persons (person_id)|@fieldName lead';

create view peers.events as
    select aggregate_id as case_id, sequence, event_type as type, recorded_at, payload from public.events
    where aggregate_type = 'Case';
comment on view peers.events is
    E'@primaryKey case_id,sequence\n@foreignKey (case_id) references peers.cases (case_id)|@foreignFieldName events';

create function peers.add_comment(id text, body text) returns bigint language plpgsql as $$
declare
    place bigint := nextval('alone.positions');
    happened bigint := extract(epoch from now()) * 1000000;
    next_version bigint;
begin
    update alone.cases set version = version + 1 where case_id = id returning version into strict next_version;
    insert into alone.commands (
        actor, idempotency_key, digest, aggregate_type, aggregate_id, version, first_position, event_count, recorded_at
    ) values ('bureau', gen_random_uuid()::text, sha256('comment'::bytea), 'Case', id, next_version, place, 1, happened);
    insert into alone.events (
        position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at,
        actor, command_id, entry, leaf_hash
    ) values (
        place, 'Case', id, next_version, 'CommentAdded', '1.0', json_build_object('text', body),
        '{"role":"COORDINATOR"}', happened, 'bureau', gen_random_uuid()::text, '', ''
    );
    insert into alone.case_versions (
        case_id, number, title, status, kind, category, severity, level, division, enterprise_id, campaign_id,
        institution_id, lead_id, origin, is_open, reported_at, deadline_on, deadline_missed_on, clock_paused,
        parked_until, gap_ppm, fee_total, typical, reported_by, members, fee_fen, to_position, lane, occurred_to,
        from_position, version, updated_at, occurred_from
    )
    select
        case_id, number, title, status, kind, category, severity, level, division, enterprise_id, campaign_id,
        institution_id, lead_id, origin, is_open, reported_at, deadline_on, deadline_missed_on, clock_paused,
        parked_until, gap_ppm, fee_total, typical, reported_by, members, fee_fen, to_position, lane, occurred_to,
        place, next_version, happened, happened
    from alone.case_versions where case_id = id and to_position = 9223372036854775807;
    update alone.case_versions set to_position = place, occurred_to = least(occurred_to, happened)
    where case_id = id and to_position = 9223372036854775807 and from_position < place;
    update alone.present_cases
    set from_position = place, version = next_version, updated_at = happened, occurred_from = happened where case_id = id;
    return place;
end $$;

create index on alone.cases (case_id);
