//! What the catalogue says of the tables, their guards, indexes and rights, against what the migrations make.
//!
//! The catalogue is read with a path on which nothing stands but what PostgreSQL itself has made: whoever asks may have been
//! given another one.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Executor, FromRow};

use crate::ledger::finding::harmless;
use crate::store::postgres::columns::Definitions;
use crate::store::postgres::expected::{Expected, normal};
use crate::store::postgres::indexes::{self, IndexRow};
use crate::store::postgres::roles::{ERASABLE, GROWING, NOTHING_ELSE};
use crate::store::postgres::{MIGRATIONS, PostgresBackend};
use crate::store::schema::{Alteration, Altered, Catalogued};

/// Where the statements of this connection find their tables, in order.
const PATH: &str = "select pg_catalog.current_schemas(true)::pg_catalog.text[]";

/// Definitions are written in one way, whatever a session was set to.
const PLAIN: &str = "set local bytea_output to hex; set local quote_all_identifiers to off";

/// What the names of the tables stand for where they are looked for, and the schema and owner of the log. `$1` tables,
/// `$2` those of them that are the log, `$3` schemas, `$4` indexes, `$5` the table of each.
macro_rules! named {
    () => {
        "with named as (
    select x.name, x.name = any($2::text[]) as is_log, c.*
    from unnest($1::text[]) x (name) left join lateral (
        select c.oid, c.relnamespace, c.relowner, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
            c.relacl
        from unnest($3::text[]) with ordinality p (name, place)
        join pg_namespace n on n.nspname = cast(p.name as name)
        join pg_class c on c.relnamespace = n.oid and c.relname = cast(x.name as name)
        order by p.place limit 1
    ) c on true
), home as (
    select t.oid, t.relnamespace, t.relowner, n.nspname
    from named t join pg_namespace n on n.oid = t.relnamespace where t.name = 'log_head'
), expected_indexes as (
    select * from unnest($4::text[], $5::text[]) x (name, of_table)
)"
    };
}

/// The triggers of the tables, without those of PostgreSQL's own constraints.
const TRIGGERS: &str = concat!(
    named!(),
    " select cast(t.name as text) as of_table, cast(g.tgname as text) as name, cast(g.tgenabled as text) as enabled,
    pg_get_triggerdef(g.oid) as definition, quote_ident(n.nspname) as schema
from named t join pg_namespace n on n.oid = t.relnamespace join pg_trigger g on g.tgrelid = t.oid
join pg_proc f on f.oid = g.tgfoid
where not (g.tgisinternal and f.pronamespace = (select oid from pg_namespace where nspname = 'pg_catalog'))"
);

/// The functions beside the log, and whether whoever can change them owns the log.
const FUNCTIONS: &str = concat!(
    named!(),
    " select cast(f.proname as text) as name, f.prosrc as source,
    pg_has_role(f.proowner, h.relowner, 'member') as is_of_owner
from home h join pg_proc f on f.pronamespace = h.relnamespace"
);

/// The columns of the tables, each as it is defined. A table without any has lost its key, which is told of its index.
const COLUMNS: &str = concat!(
    named!(),
    " select t.name as of_table, cast(a.attname as text) as name, concat_ws(' ',
    format_type(a.atttypid, a.atttypmod),
    'collate ' || cast(cast(nullif(a.attcollation, y.typcollation) as regcollation) as text),
    case when a.attnotnull then 'not null' end,
    case when a.attgenerated <> '' or a.attidentity <> '' then 'generated' end,
    'default ' || pg_get_expr(d.adbin, d.adrelid)) as definition
from named t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
join pg_type y on y.oid = a.atttypid left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
where t.relkind = 'r'"
);

/// The indexes of the tables. One of a constraint that waits for the end of a transaction is not what statements here take
/// it for.
const INDEXES: &str = concat!(
    named!(),
    " select t.name as of_table, cast(i.relname as text) as name, pg_get_indexdef(d.indexrelid) as definition,
    d.indisunique as is_unique, d.indimmediate as is_immediate
from named t join pg_index d on d.indrelid = t.oid join pg_class i on i.oid = d.indexrelid where t.relkind = 'r'"
);

/// What the rows of the tables have to be besides, where no index and no trigger says it: checks, exclusions and what other
/// tables have to hold.
const CONSTRAINTS: &str = concat!(
    named!(),
    " select t.name as of_table, cast(k.conname as text) as name, pg_get_constraintdef(k.oid) as definition
from named t join pg_constraint k on k.conrelid = t.oid and k.contype in ('c', 'f', 'x') where t.relkind = 'r'"
);

/// What is wrong by itself: a code and words. A setting of a role counts where the role may write, of `every role` always.
/// The log is in the hands of its owner, of who is a member of that and of superusers, whoever they are: of these it is told
/// who was given the rights of a server as well, which `etalon migrate --server-role` gives none of them.
/// What is found is a table of the first schema that has one of that name, so that others behind it do no harm.
const FAULTS: &str = concat!(
    named!(),
    ", settings as (
    select cast(r.rolname as text) as role, c.setting
    from home h cross join pg_db_role_setting s cross join unnest(s.setconfig) c (setting)
    left join pg_roles r on r.oid = s.setrole
    where s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
        and (s.setrole = 0 or has_table_privilege(s.setrole, h.oid, 'insert'))
), paths as (
    select coalesce(s.role, 'every role') as role, array(
        select replace(btrim(p.name, ' \"'), '$user', coalesce(s.role, ''))
        from unnest(string_to_array(substr(s.setting, 13), ',')) with ordinality p (name, place) order by p.place
    ) as schemas
    from settings s where left(s.setting, 12) = 'search_path='
    union all
    select cast(r.rolname as text), array[cast(r.rolname as text)]
    from home h cross join pg_roles r
    where r.rolcanlogin and not r.rolsuper and has_table_privilege(r.oid, h.oid, 'insert')
), rights as (
    select t.name, t.relowner, t.is_log, a.grantee, a.privilege_type
    from named t cross join aclexplode(t.relacl) a
    union
    select t.name, t.relowner, t.is_log, a.grantee, a.privilege_type
    from named t join pg_attribute c on c.attrelid = t.oid cross join aclexplode(c.attacl) a
), found_indexes as (
    select x.name, x.of_table, d.indisvalid and d.indisready and d.indislive as is_used
    from home h cross join expected_indexes x
    left join pg_class t on t.relnamespace = h.relnamespace and t.relname = cast(x.of_table as name)
    left join pg_class i on i.relnamespace = h.relnamespace and i.relname = cast(x.name as name)
    left join pg_index d on d.indexrelid = i.oid and d.indrelid = t.oid
)
select 'TABLE_ALTERED' as code, format('the table %s is not there', t.name) as message
from named t where t.oid is null
union all
select 'TABLE_ALTERED', format('%s is no ordinary table (relkind %s)', t.name, t.relkind)
from named t where t.relkind <> 'r'
union all
select 'TABLE_ALTERED', format('the table %s is not logged: PostgreSQL empties it after a crash', t.name)
from named t where t.relpersistence <> 'p'
union all
select 'TABLE_ALTERED', format('the table %s has row security, and shows not all of its rows to everybody', t.name)
from named t where t.relrowsecurity or t.relforcerowsecurity
union all
select 'TABLE_ALTERED', format('the table %s has the policy %I', t.name, p.polname)
from named t join pg_policy p on p.polrelid = t.oid
union all
select 'TABLE_ALTERED', format('the table %s has the rule %I', t.name, r.rulename)
from named t join pg_rewrite r on r.ev_class = t.oid where t.relkind = 'r'
union all
select 'TABLE_ALTERED', format('the table %s inherits from another, or another from it', t.name)
from named t where exists (select from pg_inherits i where t.oid in (i.inhrelid, i.inhparent))
union all
select 'INDEX_MISSING', format('the index %s of %s is not there', x.name, x.of_table)
from found_indexes x where x.is_used is null
union all
select 'INDEX_NOT_VALID', format('the index %s of %s is not valid, or not kept up', x.name, x.of_table)
from found_indexes x where not x.is_used
union all
select 'INDEX_NOT_VALID', format('the index %I of %s is read and not kept up', i.relname, t.name)
from named t join pg_index d on d.indrelid = t.oid join pg_class i on i.oid = d.indexrelid
where d.indisvalid and not (d.indisready and d.indislive)
    and not exists (select from expected_indexes x where x.name = cast(i.relname as text))
union all
select 'NAME_SHADOWED', format('%s is found in the schema %I, and the log in %I', t.name, n.nspname, h.nspname)
from home h cross join named t join pg_namespace n on n.oid = t.relnamespace where t.relnamespace <> h.relnamespace
union all
select distinct 'NAME_SHADOWED', format('%s of the schema %I is found by %s before that of the log', t.name, n.nspname, p.role)
from home h cross join paths p cross join unnest(p.schemas) with ordinality e (name, place)
join pg_namespace n on n.nspname = cast(e.name as name) and n.oid <> h.relnamespace
cross join named t join pg_class c on c.relnamespace = n.oid and c.relname = cast(t.name as name)
where not exists (
    select from unnest(p.schemas) with ordinality f (name, place)
    where f.place < e.place and f.name = cast(h.nspname as text)
)
union all
select 'GUARD_WRONG', format('a setting of %s keeps triggers from being run', coalesce(s.role, 'every role'))
from settings s where lower(s.setting) = 'session_replication_role=replica'
union all
select 'GUARD_WRONG', 'a setting of the server keeps triggers from being run'
where current_setting('session_replication_role') = 'replica'
union all
select 'RIGHT_TOO_WIDE', format('%s is owned by %I, who is not the owner of the log', t.name, pg_get_userbyid(t.relowner))
from home h cross join named t
where t.relowner <> h.relowner and not pg_has_role(t.relowner, h.relowner, 'member')
union all
select 'RIGHT_TOO_WIDE', format('%s is owned by %I, who is not the owner of the log', cast(f.oid as regprocedure),
    pg_get_userbyid(f.proowner))
from home h join pg_proc f on f.pronamespace = h.relnamespace where not pg_has_role(f.proowner, h.relowner, 'member')
union all
select 'RIGHT_TOO_WIDE', format('everybody may run %s', cast(f.oid as regprocedure))
from home h join pg_proc f on f.pronamespace = h.relnamespace
cross join aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
where f.prosecdef and a.grantee = 0 and left(f.proname, 7) = 'etalon_'
union all
select 'RIGHT_TOO_WIDE', format('%I may write every table (pg_write_all_data)', r.rolname)
from home h cross join pg_roles r
where pg_has_role(r.oid, to_regrole('pg_write_all_data'), 'member') and r.oid <> to_regrole('pg_write_all_data')
    and not r.rolsuper and not pg_has_role(r.oid, h.relowner, 'member')
union all
select 'RIGHT_TOO_WIDE', format('%I has the rights of a server, and may do whatever %I may, who owns the log',
    pg_get_userbyid(r.grantee), pg_get_userbyid(r.relowner))
from rights r
where r.name = 'log_head' and r.privilege_type = 'INSERT' and r.grantee <> 0 and r.grantee <> r.relowner
    and pg_has_role(r.grantee, r.relowner, 'member')
union all
select 'RIGHT_TOO_WIDE', format('%I may make something beside the log', r.rolname)
from home h cross join pg_roles r
where has_schema_privilege(r.oid, h.relnamespace, 'create') and has_table_privilege(r.oid, h.oid, 'insert')
    and not pg_has_role(r.oid, h.relowner, 'member') and not pg_has_role(r.oid,
        (select n.nspowner from pg_namespace n where n.oid = h.relnamespace), 'member')
union all
select 'RIGHT_TOO_WIDE', format('%s has the right %s on %s',
    case r.grantee when 0 then 'everybody' else quote_ident(pg_get_userbyid(r.grantee)) end, r.privilege_type, r.name)
from rights r
where r.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')
    and case
        when r.grantee = 0 then true
        when r.grantee = r.relowner or not r.is_log or pg_has_role(r.grantee, r.relowner, 'member') then false
        when r.privilege_type = 'UPDATE' then r.name <> 'log_head'
        when r.privilege_type = 'DELETE' then r.name <> $6
        else r.privilege_type <> 'INSERT'
    end"
);

#[derive(FromRow)]
struct FaultRow {
    code: String,
    message: String,
}

#[derive(FromRow)]
struct TriggerRow {
    of_table: String,
    name: String,
    enabled: String,
    definition: String,
    schema: String,
}

/// A column or a constraint.
#[derive(FromRow)]
struct DefinedRow {
    of_table: String,
    name: String,
    definition: String,
}

#[derive(FromRow)]
struct FunctionRow {
    name: String,
    source: String,
    is_of_owner: bool,
}

impl Catalogued for PostgresBackend {
    async fn alterations(&self) -> Result<Vec<Alteration>, sqlx::Error> {
        let expected = Expected::of(MIGRATIONS.iter().map(|migration| &*migration.sql));
        let tables: Vec<_> = expected.tables.iter().map(String::as_str).collect();
        let log: Vec<_> = GROWING.split(", ").chain([ERASABLE, "log_head"]).map(str::trim).collect();
        let indexes = expected.indexes.iter().map(|(name, index)| (name, index.table.as_str()));
        let (indexes, of_tables): (Vec<_>, Vec<_>) = indexes.unzip();
        let unlimited = self.connections.unlimited();
        let read = async {
            let mut reading = unlimited.pool.begin().await?;
            let path: Vec<String> = sqlx::query_scalar(PATH).fetch_one(&mut *reading).await?;
            reading.execute(NOTHING_ELSE).await?;
            reading.execute(sqlx::raw_sql(PLAIN)).await?;
            macro_rules! asked {
                ($sql:ident) => {
                    sqlx::query_as($sql).bind(&tables).bind(&log).bind(&path).bind(&indexes).bind(&of_tables)
                };
            }
            let faults: Vec<FaultRow> = asked!(FAULTS).bind(ERASABLE).fetch_all(&mut *reading).await?;
            let triggers: Vec<TriggerRow> = asked!(TRIGGERS).fetch_all(&mut *reading).await?;
            let functions: Vec<FunctionRow> = asked!(FUNCTIONS).fetch_all(&mut *reading).await?;
            let columns: Vec<DefinedRow> = asked!(COLUMNS).fetch_all(&mut *reading).await?;
            let constraints: Vec<DefinedRow> = asked!(CONSTRAINTS).fetch_all(&mut *reading).await?;
            let indexes: Vec<IndexRow> = asked!(INDEXES).fetch_all(&mut *reading).await?;
            reading.rollback().await?;
            Ok((faults, triggers, functions, columns, constraints, indexes))
        };
        let (faults, triggers, functions, columns, constraints, indexes) = unlimited.answer(read).await.flatten()?;
        let mut alterations: Vec<_> = faults.into_iter().map(told).collect();
        let there: BTreeSet<_> = columns.iter().map(|column| column.of_table.clone()).collect();
        for (word, made, found) in [
            ("column", expected.columns.definitions(), columns),
            ("constraint", expected.columns.constraints, constraints),
        ] {
            // Of a table that is not there, or no table, that is told.
            let made = made.into_iter().filter(|((table, _), _)| there.contains(table));
            alterations.extend(altered_definitions(word, &made.collect(), found));
        }
        alterations.extend(indexes::altered(&expected.indexes, indexes));
        alterations.extend(altered_triggers(&expected.triggers, triggers));
        alterations.extend(altered_functions(&expected.functions, &functions));
        Ok(alterations)
    }
}

fn told(row: FaultRow) -> Alteration {
    let what = Altered::ALL.into_iter().find(|altered| altered.code() == row.code);
    what.expect("the statement has codes that there are").told(row.message)
}

/// How many characters are told of a definition.
const SHOWN_CHARACTERS: usize = 200;

/// What stands in the catalogue may have been made to reach the terminal, or to say nothing else.
pub(super) fn shown(text: &str) -> String {
    harmless(text, SHOWN_CHARACTERS)
}

fn altered_definitions(word: &str, made: &Definitions, found: Vec<DefinedRow>) -> Vec<Alteration> {
    let found: Definitions = found.into_iter().map(|row| ((row.of_table, row.name), row.definition)).collect();
    let missing = made.keys().filter(|key| !found.contains_key(*key));
    let missing = missing.map(|(table, name)| format!("the {word} {name} of {table} is not there"));
    let others = found.iter().filter_map(|(key @ (table, name), definition)| match made.get(key) {
        None => {
            let name = shown(name);
            Some(format!("no migration makes the {word} {name} of {table}, which may refuse what is written"))
        }
        Some(made) if made != definition => {
            let definition = shown(definition);
            Some(format!("the {word} {name} of {table} is `{definition}`, and the migrations make it `{made}`"))
        }
        Some(_) => None,
    });
    missing.chain(others).map(|message| Altered::Table.told(message)).collect()
}

fn altered_triggers(expected: &BTreeMap<(String, String), String>, found: Vec<TriggerRow>) -> Vec<Alteration> {
    let mut alterations = Vec::new();
    let mut there = BTreeSet::new();
    for TriggerRow { of_table, name, enabled, definition, schema } in found {
        let key = (of_table, name);
        let (table, name) = &key;
        let Some(expected) = expected.get(&key) else {
            let message = format!("no migration makes the trigger {name} of {table}, which may change what is written");
            alterations.push(Altered::Table.told(message));
            continue;
        };
        // One that always fires does so as well where those of its kind do not.
        if !matches!(enabled.as_str(), "O" | "A") {
            alterations.push(Altered::GuardWrong.told(format!("the trigger {name} of {table} is switched off")));
        }
        // What stands in another schema keeps its name.
        if normal(&definition.replace(&format!(" {schema}."), " ")) != *expected {
            let message = format!("the trigger {name} of {table} is not the one that the migrations make");
            alterations.push(Altered::GuardWrong.told(message));
        }
        there.insert(key);
    }
    let missing = expected.keys().filter(|key| !there.contains(*key));
    alterations.extend(
        missing.map(|(table, name)| Altered::GuardMissing.told(format!("the trigger {name} of {table} is not there"))),
    );
    alterations
}

fn altered_functions(expected: &BTreeMap<String, String>, found: &[FunctionRow]) -> Vec<Alteration> {
    let mut alterations = Vec::new();
    for (name, source) in expected {
        let of_name: Vec<_> = found.iter().filter(|found| found.name == *name).collect();
        if of_name.is_empty() {
            alterations.push(Altered::GuardMissing.told(format!("the function {name}() is not there")));
        }
        if of_name.iter().any(|found| found.source != *source) {
            let message = format!("the function {name}() is not the one that the migrations make");
            alterations.push(Altered::GuardWrong.told(message));
        }
        if of_name.iter().any(|found| !found.is_of_owner) {
            let message = format!("the function {name}() can be changed by somebody who does not own the log");
            alterations.push(Altered::GuardWrong.told(message));
        }
    }
    alterations
}
