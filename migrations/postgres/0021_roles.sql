-- The role of servers owns nothing: whoever owns a table or may make functions can have code run by everybody who reads it,
-- an auditor and the owner of the log among them. What a rebuild of the read rows asks for beyond adding and changing rows,
-- these functions do with the rights of the owner of the log, and nothing else.

create function etalon_row_tables() returns text[] language sql immutable as $$
    select array['cases', 'case_versions', 'case_members', 'case_links', 'register_versions', 'figures',
                 'case_number_series', 'search_texts']
$$;

-- Whoever may do something with a served table may do it with its shadow.
create function etalon_grant_rebuilt() returns void language plpgsql security definer as $$
declare
    statement text;
begin
    for statement in
        with given as (
            select t.relname, a.privilege_type,
                case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as grantee
            from pg_class t cross join lateral aclexplode(coalesce(t.relacl, acldefault('r', t.relowner))) a
            where t.relname = any(etalon_row_tables()) and t.relnamespace = current_schema()::regnamespace
                and a.grantee <> current_user::regrole
        )
        select format('grant %s on etalon_rebuild.%I to %s', privilege_type, relname, grantee) from given
        union all
        select distinct format('grant usage on schema etalon_rebuild to %s', grantee) from given
        where privilege_type = 'INSERT'
    loop
        execute statement;
    end loop;
end
$$;

-- The shadow tables live in a schema of their own, where everything has the name that it will be served under. They have
-- their keys, and what ending a text needs: the other indexes are made when the rows are there.
create function etalon_start_rebuild() returns void language plpgsql security definer as $$
declare
    shadow text;
    statement text;
begin
    drop schema if exists etalon_rebuild cascade;
    create schema etalon_rebuild;
    foreach shadow in array etalon_row_tables() loop
        execute format('create table etalon_rebuild.%1$I (like %1$I including all excluding indexes)', shadow);
    end loop;
    alter table etalon_rebuild.cases set (fillfactor = 70);
    for statement in
        select format('alter table etalon_rebuild.%I add constraint %I %s', t.relname, k.conname, pg_get_constraintdef(k.oid))
        from pg_constraint k join pg_class t on t.oid = k.conrelid
        where k.contype = 'p' and t.relname = any(etalon_row_tables()) and t.relnamespace = current_schema()::regnamespace
    loop
        execute statement;
    end loop;
    create index search_texts_case_id_text_id_idx on etalon_rebuild.search_texts (case_id, text_id);
    perform etalon_grant_rebuilt();
end
$$;

-- The indexes that the served tables have and the shadow tables have not yet: sorting all rows once takes a fraction of what
-- putting each in its place does. And statistics for the planner.
create function etalon_index_rebuilt() returns void language plpgsql security definer as $$
declare
    statement text;
begin
    set local maintenance_work_mem = '256MB';
    for statement in
        select regexp_replace(pg_get_indexdef(i.indexrelid), ' ON .*? USING ', format(' ON etalon_rebuild.%I USING ', t.relname))
        from pg_index i join pg_class t on t.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
        where t.relname = any(etalon_row_tables()) and t.relnamespace = current_schema()::regnamespace
            and to_regclass(format('etalon_rebuild.%I', x.relname)) is null
    loop
        execute statement;
    end loop;
    for statement in select format('analyze etalon_rebuild.%I', t) from unnest(etalon_row_tables()) t loop
        execute statement;
    end loop;
end
$$;

-- Readers wait for the length of this function only. They name the tables in any order, so nothing is held for long while the
-- next is waited for: each try gives back what it has got, before the server would take it for a deadlock and end a reader.
-- An autovacuum goes only when it has been waited for longer than that: so a lock that meets nobody else comes first.
create function etalon_finish_rebuild() returns void language plpgsql security definer as $$
declare
    give_up_at timestamptz := clock_timestamp() + interval '5s';
    served text := current_schema();
    swapped text;
begin
    set local lock_timeout = '5s';
    lock table cases, case_versions, case_members, case_links, register_versions, figures, case_number_series,
        search_texts in share update exclusive mode;
    set local lock_timeout = '200ms';
    loop
        begin
            lock table cases, case_versions, case_members, case_links, register_versions, figures, case_number_series,
                search_texts in access exclusive mode;
            exit;
        exception when lock_not_available then
            if clock_timestamp() > give_up_at then
                raise;
            end if;
        end;
    end loop;
    set local lock_timeout = '5s';
    -- What was given meanwhile.
    perform etalon_grant_rebuilt();
    foreach swapped in array etalon_row_tables() loop
        execute format('drop table %I', swapped);
        execute format('alter table etalon_rebuild.%I set schema %I', swapped, served);
    end loop;
    -- What the planner is told besides does not go with its table.
    for swapped in select stxname from pg_statistic_ext where stxnamespace = 'etalon_rebuild'::regnamespace loop
        execute format('alter statistics etalon_rebuild.%I set schema %I', swapped, served);
    end loop;
    drop schema etalon_rebuild;
end
$$;

-- They find what they name in the schema of the log, whoever calls them, and are for nobody who was not given them.
do $$
declare
    function text;
begin
    foreach function in array array['row_tables', 'grant_rebuilt', 'start_rebuild', 'index_rebuilt', 'finish_rebuild'] loop
        execute format('alter function etalon_%s() set search_path = %I, pg_temp', function, current_schema());
        execute format('revoke execute on function etalon_%s() from public', function);
    end loop;
end
$$;
