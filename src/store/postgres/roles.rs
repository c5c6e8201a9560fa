//! Who may do what. The owner of the tables migrates them. A server may have a role of its own, which adds to the log and
//! can neither change nor shorten it; the read rows are that role's, since it makes them anew.

use sqlx::postgres::PgConnection;
use sqlx::{Executor, Row};

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

/// Gives a server's role what it needs and no more. The role exists, and the owner is a member of it.
pub(super) async fn grant(connection: &mut PgConnection, server: &str) -> Result<(), sqlx::Error> {
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
    statements.push("commit".to_owned());
    connection.execute(sqlx::raw_sql(&statements.join("; "))).await.map(drop)
}
