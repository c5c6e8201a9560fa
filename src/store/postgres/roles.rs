//! Who may do what. The owner of the log owns everything and migrates it. A server may have a role of its own, which adds to
//! the log and can neither change nor shorten it, and writes the read rows. It owns nothing and makes nothing that others
//! would run when they read: what it needs the owner's rights for, to make the rows anew, functions of the owner do.

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor, Row};

use crate::store::StoreError;
use crate::store::postgres::planted;
use crate::store::sql::ROW_TABLES;

/// What the server's role may only add to.
pub(super) const GROWING: &str = "events, ledger_nodes, checkpoints, cosignatures, time_stamps, commands, attachments, \
                       webhook_changes, erased_keys, revocations, data_keys";

/// What the server's role adds to, and takes away from when somebody is erased.
pub(super) const ERASABLE: &str = "ciphertexts";

/// What the server's role changes as it likes: none of it is the log.
const WORKING: &str = "leases, webhooks, webhook_deliveries";

/// What the server's role may have done with the rights of the owner.
const STEPS: &str = "etalon_start_rebuild(), etalon_index_rebuilt(), etalon_finish_rebuild()";

/// What only those steps call.
const WITHIN_STEPS: &str = "etalon_grant_rebuilt(), etalon_row_tables()";

/// One grant at a time; "etalon" in ASCII.
const LOCK: &str = "select pg_catalog.pg_advisory_xact_lock(111550525108078)";

/// Nothing is found but what PostgreSQL itself has made: whoever could make functions may have left some with its names.
pub(super) const NOTHING_ELSE: &str = "set local search_path to pg_catalog, pg_temp";

/// Read rows that an earlier version gave to the server's role go back to the owner of the log; what such a server has not
/// rebuilt to the end goes. Whoever reads is waited for, and not for long.
const TAKE_ROWS: &str = "\
set local lock_timeout = '5s';
do $$
declare
    owner name;
    given record;
begin
    select pg_get_userbyid(relowner) into owner from pg_class where oid = to_regclass('{home}.events');
    for given in
        select n.nspname, t.relname from pg_class t join pg_namespace n on n.oid = t.relnamespace
        where t.oid = any(array[{rows}]::regclass[]) and pg_get_userbyid(t.relowner) <> owner
    loop
        execute format('alter table %I.%I owner to %I', given.nspname, given.relname, owner);
    end loop;
    if exists (select from pg_namespace where nspname = 'etalon_rebuild' and pg_get_userbyid(nspowner) <> owner) then
        drop schema etalon_rebuild cascade;
    end if;
end
$$";

/// Whether a role may make something in a schema.
const MAKES: &str = "select has_schema_privilege(cast($2 as name), $1, 'create')";

/// Who was given the rights of a server, and may not add to one of these tables or run one of these functions. Those who own
/// read rows from before are told `etalon migrate --server-role`, which takes the rows from them.
const SERVERS_LACKING: &str = "\
select distinct cast(pg_get_userbyid(a.grantee) as text)
from pg_class h cross join aclexplode(h.relacl) a
where h.oid = to_regclass('log_head') and a.privilege_type = 'INSERT' and a.grantee <> 0
    and not pg_has_role(a.grantee, h.relowner, 'member')
    and (exists (select from unnest($1::text[]) t where not has_table_privilege(a.grantee, t, 'insert'))
        or exists (select from unnest($2::text[]) f
            where not has_function_privilege(a.grantee, cast(to_regprocedure(f) as oid), 'execute')))
    and not exists (select from pg_class r where r.oid = any($1::text[]::regclass[]) and r.relowner = a.grantee)
order by 1";

/// Whether this connection's role may migrate: it owns the log, or there is none yet.
pub(super) async fn may_migrate(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    const OWNS: &str = "select coalesce((select pg_catalog.pg_has_role(relowner, 'usage') from pg_catalog.pg_class \
                        where oid operator(pg_catalog.=) pg_catalog.to_regclass('events')), true)";
    connection.fetch_one(OWNS).await?.try_get(0)
}

/// Whether this connection's role may give the server's role its rights, and that role be a server's: it may own
/// neither the log nor the schema, whose owner can drop every table in it, and take on no role that does, nor one that
/// writes every table there is.
///
/// # Errors
/// [`StoreError::NotOwner`], [`StoreError::OwnerServes`] and [`StoreError::ServerWritesAll`].
pub(super) async fn may_grant(connection: &mut PgConnection, server: &str) -> Result<(), StoreError> {
    const OWNERS: &str = "\
        select cast(current_user as pg_catalog.text), cast(pg_catalog.pg_get_userbyid(log.owner) as pg_catalog.text), \
        pg_catalog.pg_has_role(log.owner, 'usage'), pg_catalog.pg_has_role(cast($1 as pg_catalog.name), log.owner, 'member') \
        or pg_catalog.pg_has_role(cast($1 as pg_catalog.name), nspowner, 'member'), coalesce(pg_catalog.pg_has_role( \
        cast($1 as pg_catalog.name), pg_catalog.to_regrole('pg_write_all_data'), 'member'), false) \
        from pg_catalog.pg_namespace, (select coalesce((select relowner from pg_catalog.pg_class \
        where oid operator(pg_catalog.=) pg_catalog.to_regclass('events')), (select oid from pg_catalog.pg_roles \
        where rolname operator(pg_catalog.=) current_user)) as owner) log \
        where nspname operator(pg_catalog.=) pg_catalog.current_schema()";
    let looked = sqlx::query_as(OWNERS).bind(server).fetch_one(&mut *connection).await;
    let (role, owner, owns, has_in_reach, writes_all): (String, String, bool, bool, bool) =
        looked.map_err(StoreError::during("look at the server's role"))?;
    match (owns, has_in_reach, writes_all) {
        (false, ..) => Err(StoreError::NotOwner { role, owner }),
        (true, true, _) => Err(StoreError::OwnerServes { role: server.to_owned(), owner }),
        (true, false, true) => Err(StoreError::ServerWritesAll { role: server.to_owned() }),
        (true, false, false) => Ok(()),
    }
}

/// Whether this connection's role may have every step of a rebuild done. It is asked before the first and each that comes
/// late, so that nothing is read for an hour and then refused.
///
/// # Errors
/// [`StoreError::RebuildNotGranted`].
pub(super) async fn may_rebuild(connection: &mut PgConnection) -> Result<(), StoreError> {
    const LACKING: &str = "\
        select s.step, cast(current_user as pg_catalog.text), cast(pg_catalog.pg_get_userbyid(f.proowner) as pg_catalog.text) \
        from pg_catalog.unnest($1::pg_catalog.text[]) with ordinality s (step, place) join pg_catalog.pg_proc f \
        on f.oid operator(pg_catalog.=) pg_catalog.to_regprocedure(s.step) \
        where not pg_catalog.has_function_privilege(f.oid, 'execute') order by s.place limit 1";
    let steps: Vec<_> = STEPS.split(", ").collect();
    let lacking = sqlx::query_as(LACKING).bind(&steps).fetch_optional(connection).await;
    match lacking.map_err(StoreError::during("look at the rights of a rebuild"))? {
        Some((step, role, owner)) => Err(StoreError::RebuildNotGranted { role, step, owner }),
        None => Ok(()),
    }
}

/// Takes from the server's role what it could make things with that others run.
///
/// # Errors
/// [`StoreError::Planted`] where it has, and [`StoreError::ServerMakes`] where the right to is not the owner's to take.
pub(super) async fn part(connection: &mut PgConnection, server: &str) -> Result<(), StoreError> {
    let parted = async {
        let Names { server: quoted, home, schema, database } = Names::of(connection, server).await?;
        let take = format!(
            "revoke create on schema {schema} from public, {quoted}; revoke create on database {database} from {quoted}"
        );
        connection.execute(sqlx::raw_sql(&take)).await?;
        let mut looking = connection.begin().await?;
        looking.execute(NOTHING_ELSE).await?;
        let planted = planted::by_server(&mut looking, &home, server).await?;
        let makes: bool = sqlx::query_scalar(MAKES).bind(&home).bind(server).fetch_one(&mut *looking).await?;
        looking.rollback().await?;
        Ok((planted, makes.then_some(schema)))
    };
    match parted.await.map_err(StoreError::during("part the server's role from the log"))? {
        (Some((what, by)), _) => Err(StoreError::Planted { what, by }),
        (None, Some(schema)) => Err(StoreError::ServerMakes { role: server.to_owned(), schema }),
        (None, None) => Ok(()),
    }
}

/// Names as statements take them.
struct Names {
    server: String,
    /// Where the log is or will be, as it is.
    home: String,
    /// The same as statements take it.
    schema: String,
    database: String,
}

impl Names {
    async fn of(connection: &mut PgConnection, server: &str) -> Result<Self, sqlx::Error> {
        const QUOTED: &str = "select pg_catalog.quote_ident($1), cast(pg_catalog.current_schema() as pg_catalog.text), \
                              pg_catalog.quote_ident(pg_catalog.current_schema()), \
                              pg_catalog.quote_ident(pg_catalog.current_database())";
        let (server, home, schema, database) = sqlx::query_as(QUOTED).bind(server).fetch_one(connection).await?;
        Ok(Self { server, home, schema, database })
    }
}

/// Gives a server's role what it needs and no more, however often. The role exists; where an earlier version gave it the
/// read rows, the owner of the log is a member of it.
pub(super) async fn grant(connection: &mut PgConnection, server: &str) -> Result<(), StoreError> {
    let granted = grant_all(connection, server).await;
    granted.map_err(StoreError::during("grant the rights of the server's role"))
}

/// Gives the roles of servers all of their rights anew, where they may not add to a table of theirs or run a step of a
/// rebuild: what a migration makes is the owner's alone. What else they may have lost is not noticed here.
pub(super) async fn complete(connection: &mut PgConnection) -> Result<(), StoreError> {
    let tables = [GROWING, ERASABLE, WORKING].into_iter().flat_map(|names| names.split(", ")).map(str::trim);
    let tables: Vec<_> = tables.chain(ROW_TABLES).collect();
    let steps: Vec<_> = STEPS.split(", ").collect();
    let lacking = sqlx::query_scalar(SERVERS_LACKING).bind(&tables).bind(&steps).fetch_all(&mut *connection).await;
    let lacking: Vec<String> = lacking.map_err(StoreError::during("look at the rights of servers"))?;
    for role in lacking {
        grant(connection, &role).await?;
        tracing::info!(role, "a role of servers lacked rights: it was given them");
    }
    Ok(())
}

async fn grant_all(connection: &mut PgConnection, server: &str) -> Result<(), sqlx::Error> {
    let Names { server, schema, database, .. } = Names::of(connection, server).await?;
    let of_log = |names: &str| -> String {
        let names: Vec<_> = names.split(", ").map(|name| format!("{schema}.{}", name.trim())).collect();
        names.join(", ")
    };
    let rows = of_log(&ROW_TABLES.join(", "));
    let quoted: Vec<_> = rows.split(", ").map(|row| format!("'{}'", row.replace('\'', "''"))).collect();
    let take_rows = TAKE_ROWS.replace("{home}", &schema.replace('\'', "''")).replace("{rows}", &quoted.join(", "));
    let (growing, erasable, working) = (of_log(GROWING), of_log(ERASABLE), of_log(WORKING));
    let (steps, within_steps) = (of_log(STEPS), of_log(WITHIN_STEPS));
    let statements = [
        "begin",
        LOCK,
        NOTHING_ELSE,
        &take_rows,
        &format!("revoke all on all tables in schema {schema} from {server}"),
        &format!("revoke execute on function {steps}, {within_steps} from public"),
        &format!("grant connect on database {database} to {server}"),
        &format!("grant usage on schema {schema} to {server}"),
        &format!("grant select on {schema}._sqlx_migrations to {server}"),
        &format!("grant select, insert on {growing} to {server}"),
        &format!("grant select, insert, delete on {erasable} to {server}"),
        &format!("grant select, insert, update on {schema}.log_head to {server}"),
        &format!("grant select, insert, update, delete on {working}, {rows} to {server}"),
        &format!("grant execute on function {steps} to {server}"),
        "commit",
    ];
    connection.execute(sqlx::raw_sql(&statements.join("; "))).await.map(drop)
}

/// Takes from everybody else what a copy without rights has given them: the steps of a rebuild.
pub(super) async fn close_steps(connection: &mut PgConnection) -> Result<(), StoreError> {
    let close = format!("revoke execute on function {STEPS}, {WITHIN_STEPS} from public");
    let closed = connection.execute(sqlx::raw_sql(&close)).await;
    closed.map(drop).map_err(StoreError::during("take the rights to rebuild from everybody"))
}
