//! A plan as statements: one for nearly every plan.

use sqlx::Executor;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::store::plan::Plan;
use crate::store::postgres::assumed::Assumed;
use crate::store::postgres::parts::Parts;
use crate::store::postgres::sql::{ERASE_KEYS, REBUILT, SERVED, TakeOff};
use crate::store::row_writes::RowWrites;

/// Writes a plan in a transaction that has locked the head and is still to be committed.
pub(super) async fn under_lock(connection: &mut PgConnection, plan: &Plan) -> Result<(), sqlx::Error> {
    take_off(connection, &SERVED, &plan.rows).await?;
    Parts::of_commit(plan, None).run(connection).await?;
    if !plan.erased_keys.is_empty() {
        erase(connection, &plan.erased_keys).await?;
    }
    Ok(())
}

/// Writes and commits a plan that was made on what was assumed: all of it if that is so, and else nothing.
pub(super) async fn if_so(
    connection: &mut PgConnection,
    plan: &Plan,
    assumed: &Assumed<'_>,
) -> Result<bool, sqlx::Error> {
    Parts::of_commit(plan, Some(assumed)).run(connection).await
}

/// Whether a plan is written by the parts of one statement, which do not see what the others do, and writes anything.
pub(super) fn is_one_statement(plan: &Plan) -> bool {
    !plan.writes_nothing()
        && plan.erased_keys.is_empty()
        && plan.rows.cases_anew.is_empty()
        && plan.rows.registers_anew.is_empty()
}

/// Writes into the shadow tables.
pub(super) async fn rebuilt(connection: &mut PgConnection, rows: &RowWrites) -> Result<(), sqlx::Error> {
    take_off(connection, &REBUILT, rows).await?;
    Parts::of_rebuild(rows).run(connection).await.map(drop)
}

/// Takes the stored rows of streams whose history comes anew off the axis of what had happened.
async fn take_off(connection: &mut PgConnection, statements: &TakeOff, rows: &RowWrites) -> Result<(), sqlx::Error> {
    if !rows.cases_anew.is_empty() {
        let ids: Vec<_> = rows.cases_anew.iter().map(ToString::to_string).collect();
        connection.execute(sqlx::query(statements.drop_past_cases).bind(&ids)).await?;
        connection.execute(sqlx::query(statements.cases).bind(&ids)).await?;
    }
    if !rows.registers_anew.is_empty() {
        let types: Vec<_> = rows.registers_anew.iter().map(|stream| stream.aggregate_type.as_str()).collect();
        let ids: Vec<_> = rows.registers_anew.iter().map(|stream| stream.aggregate_id.to_string()).collect();
        connection.execute(sqlx::query(statements.drop_past_registers).bind(&types).bind(&ids)).await?;
        connection.execute(sqlx::query(statements.registers).bind(&types).bind(&ids)).await?;
    }
    Ok(())
}

/// Takes away what came before an erasure, in the same commit as well.
async fn erase(connection: &mut PgConnection, keys: &[(Uuid, u64)]) -> Result<(), sqlx::Error> {
    let (ids, positions): (Vec<_>, Vec<_>) =
        keys.iter().map(|(key, position)| (key.to_string(), position.cast_signed())).unzip();
    connection.execute(sqlx::query(ERASE_KEYS).bind(ids).bind(positions)).await.map(drop)
}
