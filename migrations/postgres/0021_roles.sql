-- The role of servers owns nothing: whoever owns a table or may make functions can have code run by everybody who reads it,
-- an auditor and the owner of the log among them. What a rebuild of the read rows asks for beyond adding and changing rows,
-- these functions do with the rights of the owner of the log, and nothing else.
--
-- Each begins on a path that has the schema of the log alone, which tells where it is, and goes on with one of what PostgreSQL
-- itself has made: a function that somebody has put beside the log is run by none of them, whatever its name is.

create function etalon_row_tables() returns text[] language sql immutable as $$
    select array['cases', 'case_versions', 'case_members', 'case_links', 'register_versions', 'figures',
                 'case_number_series', 'search_texts']
$$;

-- Whoever may do something with a served table may do it with its shadow.
create function etalon_grant_rebuilt() returns void language plpgsql security definer as $$
declare
    home text := pg_catalog.current_schema();
    path text := pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    tables text[];
    statement text;
begin
    execute format('select %I.etalon_row_tables()', home) into tables;
    for statement in
        with given as (
            select t.relname, a.privilege_type,
                case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as grantee
            from pg_class t join pg_namespace n on n.oid = t.relnamespace
            cross join lateral aclexplode(coalesce(t.relacl, acldefault('r', t.relowner))) a
            where t.relname = any(tables) and n.nspname = home and pg_get_userbyid(a.grantee) <> current_user
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
    home text := pg_catalog.current_schema();
    path text := pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    tables text[];
    shadow text;
    statement text;
begin
    execute format('select %I.etalon_row_tables()', home) into tables;
    drop schema if exists etalon_rebuild cascade;
    create schema etalon_rebuild;
    foreach shadow in array tables loop
        execute format('create table etalon_rebuild.%2$I (like %1$I.%2$I including all excluding indexes)', home, shadow);
    end loop;
    alter table etalon_rebuild.cases set (fillfactor = 70);
    for statement in
        select format('alter table etalon_rebuild.%I add constraint %I %s', t.relname, k.conname, pg_get_constraintdef(k.oid))
        from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_namespace n on n.oid = t.relnamespace
        where k.contype = 'p' and t.relname = any(tables) and n.nspname = home
    loop
        execute statement;
    end loop;
    create index search_texts_case_id_text_id_idx on etalon_rebuild.search_texts (case_id, text_id);
    execute format('select %I.etalon_grant_rebuilt()', home);
end
$$;

-- The indexes that the served tables have and the shadow tables have not yet: sorting all rows once takes a fraction of what
-- putting each in its place does. And statistics for the planner, where any was made.
create function etalon_index_rebuilt() returns void language plpgsql security definer as $$
declare
    home text := pg_catalog.current_schema();
    path text := pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    tables text[];
    shadow text;
    statement text;
begin
    execute format('select %I.etalon_row_tables()', home) into tables;
    set local maintenance_work_mem = '256MB';
    for statement in
        select regexp_replace(pg_get_indexdef(i.indexrelid), ' ON .*? USING ', format(' ON etalon_rebuild.%I USING ', t.relname))
        from pg_index i join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace
        join pg_class x on x.oid = i.indexrelid
        where t.relname = any(tables) and n.nspname = home
            and to_regclass(format('etalon_rebuild.%I', x.relname)) is null
    loop
        execute statement;
    end loop;
    if found then
        foreach shadow in array tables loop
            execute format('analyze etalon_rebuild.%I', shadow);
        end loop;
    end if;
end
$$;

-- Readers wait for the length of this function only. They name the tables in any order, so nothing is held for long while the
-- next is waited for: each try gives back what it has got, before the server would take it for a deadlock and end a reader.
-- An autovacuum goes only when it has been waited for longer than that: so a lock that meets nobody else comes first.
create function etalon_finish_rebuild() returns void language plpgsql security definer as $$
declare
    home text := pg_catalog.current_schema();
    path text := pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    give_up_at timestamptz := clock_timestamp() + interval '5s';
    tables text[];
    named text;
    swapped text;
begin
    execute format('select %I.etalon_row_tables()', home) into tables;
    -- A table without one of its indexes would never get it back: they are made after those that are served.
    execute format('select %I.etalon_index_rebuilt()', home);
    select string_agg(format('%I.%I', home, t), ', ') into named from unnest(tables) t;
    set local lock_timeout = '5s';
    execute format('lock table %s in share update exclusive mode', named);
    set local lock_timeout = '200ms';
    loop
        begin
            execute format('lock table %s in access exclusive mode', named);
            exit;
        exception when lock_not_available then
            if clock_timestamp() > give_up_at then
                raise;
            end if;
        end;
    end loop;
    set local lock_timeout = '5s';
    -- What was given meanwhile.
    execute format('select %I.etalon_grant_rebuilt()', home);
    foreach swapped in array tables loop
        execute format('drop table %I.%I', home, swapped);
        execute format('alter table etalon_rebuild.%I set schema %I', swapped, home);
    end loop;
    -- What the planner is told besides does not go with its table.
    for swapped in
        select s.stxname from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
        where n.nspname = 'etalon_rebuild'
    loop
        execute format('alter statistics etalon_rebuild.%I set schema %I', swapped, home);
    end loop;
    drop schema etalon_rebuild;
end
$$;

-- They are the owner's of the log, whoever migrates, and for nobody who was not given them: those who own read rows from
-- before, to make them anew, until `etalon migrate --server-role` takes the rows from them.
do $$
declare
    home text := pg_catalog.current_schema();
    path text := pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    owner name;
    step text;
    server name;
begin
    select pg_get_userbyid(t.relowner) into owner
    from pg_class t join pg_namespace n on n.oid = t.relnamespace where t.relname = 'events' and n.nspname = home;
    foreach step in array array['row_tables', 'grant_rebuilt', 'start_rebuild', 'index_rebuilt', 'finish_rebuild'] loop
        execute format('alter function %I.etalon_%s() set search_path = %I, pg_temp', home, step, home);
        execute format('revoke execute on function %I.etalon_%s() from public', home, step);
        execute format('alter function %I.etalon_%s() owner to %I', home, step, owner);
    end loop;
    for server in
        select distinct pg_get_userbyid(t.relowner) from pg_class t join pg_namespace n on n.oid = t.relnamespace
        where t.relname in ('cases', 'case_versions', 'search_texts') and n.nspname = home
            and pg_get_userbyid(t.relowner) <> owner
    loop
        execute format('grant execute on function %1$I.etalon_start_rebuild(), %1$I.etalon_index_rebuilt(), '
            '%1$I.etalon_finish_rebuild() to %2$I', home, server);
    end loop;
    -- The path of the migrations that follow is theirs.
    perform set_config('search_path', format('%I, pg_temp', home), true);
end
$$;
