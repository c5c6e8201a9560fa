//! Who may do what. The owner of the tables migrates them. A server may have a role of its own, which adds to the log
//! and can neither change nor shorten it; the read rows are that role's, since it makes them anew.

use sqlx::postgres::PgConnection;
use sqlx::{Executor, Row};

use crate::store::StoreError;
use crate::store::sql::ROW_TABLES;

/// What the server's role may only add to.
const GROWING: &str = "events, ledger_nodes, checkpoints, cosignatures, time_stamps, commands, attachments, \
                       webhook_changes, erased_keys, revocations";

/// What the server's role adds to, and takes away from when somebody is erased.
const ERASABLE: &str = "ciphertexts";

/// What the server's role changes as it likes: none of it is the log.
const WORKING: &str = "leases, webhooks, webhook_deliveries";

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

/// Gives a server's role what it needs and no more, however often. The role exists, and the owner is a member of it.
pub(super) async fn grant(connection: &mut PgConnection, server: &str) -> Result<(), StoreError> {
    let granted = grant_all(connection, server).await;
    granted.map_err(StoreError::during("grant the rights of the server's role"))
}

async fn grant_all(connection: &mut PgConnection, server: &str) -> Result<(), sqlx::Error> {
    let quoted: String = sqlx::query_scalar("select quote_ident($1)").bind(server).fetch_one(&mut *connection).await?;
    let place = connection.fetch_one("select quote_ident(current_schema()), quote_ident(current_database())").await?;
    let (schema, database): (String, String) = (place.try_get(0)?, place.try_get(1)?);
    let mut statements = vec![
        "begin".to_owned(),
        format!("grant usage, create on schema {schema} to {quoted}"),
        // A rebuild fills a schema of its own and swaps its tables in.
        format!("grant connect, create, temporary on database {database} to {quoted}"),
        format!("revoke all on all tables in schema {schema} from {quoted}"),
        format!("grant select on _sqlx_migrations to {quoted}"),
        format!("grant select, insert on {GROWING} to {quoted}"),
        format!("grant select, insert, delete on {ERASABLE} to {quoted}"),
        format!("grant select, insert, update on log_head to {quoted}"),
        format!("grant select, insert, update, delete on {WORKING} to {quoted}"),
    ];
    statements.extend(ROW_TABLES.iter().map(|table| format!("alter table {table} owner to {quoted}")));
    // An owner has the rights of one until they are revoked, as they were above from whoever owned the rows already.
    statements.push(format!("grant all on {} to {quoted}", ROW_TABLES.join(", ")));
    statements.push("commit".to_owned());
    connection.execute(sqlx::raw_sql(&statements.join("; "))).await.map(drop)
}
