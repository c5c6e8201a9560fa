//! Who may do what. The owner of the log owns everything and migrates it. A server may have a role of its own, which adds to
//! the log and can neither change nor shorten it, and writes the read rows. It owns nothing and makes nothing that others
//! would run when they read: what it needs the owner's rights for, to make the rows anew, functions of the owner do.

use sqlx::postgres::PgConnection;
use sqlx::{Executor, Row};

use crate::store::StoreError;
use crate::store::sql::ROW_TABLES;

/// What the server's role may only add to.
pub(super) const GROWING: &str = "events, ledger_nodes, checkpoints, cosignatures, time_stamps, commands, attachments, \
                       webhook_changes, erased_keys, revocations";

/// What the server's role adds to, and takes away from when somebody is erased.
pub(super) const ERASABLE: &str = "ciphertexts";

/// What the server's role changes as it likes: none of it is the log.
const WORKING: &str = "leases, webhooks, webhook_deliveries";

/// What the server's role may have done with the rights of the owner.
const STEPS: &str = "etalon_start_rebuild(), etalon_index_rebuilt(), etalon_finish_rebuild()";

/// One grant at a time; "etalon" in ASCII.
const LOCK: &str = "select pg_advisory_xact_lock(111550525108078)";

/// Read rows that an earlier version gave to the server's role go back to the owner of the log; what such a server has not
/// rebuilt to the end goes.
const TAKE_ROWS: &str = "\
do $$
declare
    owner regrole;
    given text;
begin
    select relowner into owner from pg_class where oid = to_regclass('events');
    for given in
        select relname from pg_class
        where relname = any(etalon_row_tables()) and relnamespace = current_schema()::regnamespace and relowner <> owner
    loop
        execute format('alter table %I owner to %s', given, owner);
    end loop;
    if exists (select from pg_namespace where nspname = 'etalon_rebuild' and nspowner <> owner) then
        drop schema etalon_rebuild cascade;
    end if;
end
$$";

/// Whether this connection's role may migrate: it owns the log, or there is none yet.
pub(super) async fn may_migrate(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    const OWNS: &str = "select coalesce((select pg_has_role(relowner, 'usage') from pg_class \
                        where oid = to_regclass('events')), true)";
    connection.fetch_one(OWNS).await?.try_get(0)
}

/// Whether this connection's role may give the server's role its rights, and that role be a server's: it may own
/// neither the log nor the schema, whose owner can drop every table in it, and take on no role that does.
///
/// # Errors
/// [`StoreError::NotOwner`] and [`StoreError::OwnerServes`].
pub(super) async fn may_grant(connection: &mut PgConnection, server: &str) -> Result<(), StoreError> {
    const OWNERS: &str = "\
        select cast(current_user as text), cast(pg_get_userbyid(log.owner) as text), pg_has_role(log.owner, 'usage'), \
        pg_has_role(cast($1 as name), log.owner, 'member') or pg_has_role(cast($1 as name), nspowner, 'member') \
        from pg_namespace, (select coalesce((select relowner from pg_class where oid = to_regclass('events')), \
        (select oid from pg_roles where rolname = current_user)) as owner) log where nspname = current_schema()";
    let looked = sqlx::query_as(OWNERS).bind(server).fetch_one(&mut *connection).await;
    let (role, owner, owns, has_in_reach): (String, String, bool, bool) =
        looked.map_err(StoreError::during("look at the server's role"))?;
    match (owns, has_in_reach) {
        (false, _) => Err(StoreError::NotOwner { role, owner }),
        (true, true) => Err(StoreError::OwnerServes { role: server.to_owned(), owner }),
        (true, false) => Ok(()),
    }
}

/// Gives a server's role what it needs and no more, however often. The role exists.
pub(super) async fn grant(connection: &mut PgConnection, server: &str) -> Result<(), StoreError> {
    let granted = grant_all(connection, server).await;
    granted.map_err(StoreError::during("grant the rights of the server's role"))
}

async fn grant_all(connection: &mut PgConnection, server: &str) -> Result<(), sqlx::Error> {
    let quoted: String = sqlx::query_scalar("select quote_ident($1)").bind(server).fetch_one(&mut *connection).await?;
    let place = connection.fetch_one("select quote_ident(current_schema()), quote_ident(current_database())").await?;
    let (schema, database): (String, String) = (place.try_get(0)?, place.try_get(1)?);
    let rows = ROW_TABLES.join(", ");
    let statements = [
        "begin",
        LOCK,
        TAKE_ROWS,
        &format!("revoke create on schema {schema} from public, {quoted}"),
        &format!("revoke create on database {database} from {quoted}"),
        &format!("revoke all on all tables in schema {schema} from {quoted}"),
        &format!("grant connect on database {database} to {quoted}"),
        &format!("grant usage on schema {schema} to {quoted}"),
        &format!("grant select on _sqlx_migrations to {quoted}"),
        &format!("grant select, insert on {GROWING} to {quoted}"),
        &format!("grant select, insert, delete on {ERASABLE} to {quoted}"),
        &format!("grant select, insert, update on log_head to {quoted}"),
        &format!("grant select, insert, update, delete on {WORKING}, {rows} to {quoted}"),
        &format!("grant execute on function {STEPS} to {quoted}"),
        "commit",
    ];
    connection.execute(sqlx::raw_sql(&statements.join("; "))).await.map(drop)
}
