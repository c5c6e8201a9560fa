//! A plan as lists of rows and as JSON arrays, one after the other.

use serde::Serialize;
use sqlx::Executor;
use sqlx::sqlite::SqliteConnection;

use crate::store::StreamId;
use crate::store::plan::Plan;
use crate::store::row_writes::{Closing, RowWrites};
use crate::store::sqlite::insert::{IndexedTerms, insert_all};
use crate::store::sqlite::sql::{self, RowStatements};

/// Writes head, events, commands, attachments and ciphertexts; an erasure takes away what came before it.
pub(super) async fn log(connection: &mut SqliteConnection, plan: &Plan) -> Result<(), sqlx::Error> {
    let head = sqlx::query(sql::MOVE_HEAD)
        .bind(plan.head.next_position.cast_signed())
        .bind(plan.head.recorded_at)
        .bind(plan.tree.to_bytes())
        .bind(&plan.origin);
    connection.execute(head).await?;
    insert_all(connection, sql::INSERT_EVENTS, &plan.events).await?;
    insert_all(connection, sql::INSERT_NODES, &plan.nodes).await?;
    insert_all(connection, sql::INSERT_COMMANDS, &plan.commands).await?;
    insert_all(connection, sql::INSERT_ATTACHMENTS, &plan.attachments).await?;
    insert_all(connection, sql::INSERT_CIPHERTEXTS, &plan.ciphertexts).await?;
    let erased: Vec<_> = plan.erased_keys.iter().map(|(key, position)| (key.to_string(), position)).collect();
    execute_with(connection, sql::DELETE_CIPHERTEXTS, &erased).await?;
    execute_with(connection, sql::INSERT_ERASED_KEYS, &erased).await
}

/// Writes the read rows; a table that does not change costs no statement.
pub(super) async fn rows(
    connection: &mut SqliteConnection,
    statements: &RowStatements,
    rows: &RowWrites,
) -> Result<(), sqlx::Error> {
    let case_closings: Vec<_> = rows
        .case_closings
        .iter()
        .map(|closing| (closing.stream.aggregate_id.to_string(), closing.to_position, closing.occurred_to))
        .collect();
    let cases_anew: Vec<_> = rows.cases_anew.iter().map(ToString::to_string).collect();
    let registers_anew: Vec<_> = rows.registers_anew.iter().map(|stream| name_of(*stream)).collect();
    let register_closings: Vec<_> = rows.register_closings.iter().map(register_closing).collect();
    let links: Vec<_> = rows
        .links
        .iter()
        .map(|write| {
            let ids = (write.case_id.to_string(), write.link.other_id.to_string());
            (ids.0, ids.1, &write.link.relation, write.from_position)
        })
        .collect();
    let series: Vec<_> = rows.series.iter().collect();
    execute_with(connection, statements.drop_past_cases, &cases_anew).await?;
    execute_with(connection, statements.take_off_cases, &cases_anew).await?;
    execute_with(connection, statements.close_cases, &case_closings).await?;
    insert_all(connection, statements.insert_cases, &rows.cases).await?;
    insert_all(connection, statements.insert_cases, &rows.past_cases).await?;
    execute_with(connection, statements.drop_past_registers, &registers_anew).await?;
    execute_with(connection, statements.take_off_registers, &registers_anew).await?;
    execute_with(connection, statements.close_registers, &register_closings).await?;
    insert_all(connection, statements.insert_registers, &rows.registers).await?;
    insert_all(connection, statements.insert_registers, &rows.past_registers).await?;
    execute_with(connection, statements.insert_members, &rows.members_added()).await?;
    execute_with(connection, statements.delete_members, &rows.members_removed()).await?;
    execute_with(connection, statements.insert_links, &links).await?;
    insert_all(connection, statements.insert_figures, &rows.figures).await?;
    execute_with(connection, statements.set_series, &series).await?;
    texts(connection, statements, rows).await
}

async fn texts(
    connection: &mut SqliteConnection,
    statements: &RowStatements,
    rows: &RowWrites,
) -> Result<(), sqlx::Error> {
    let closings: Vec<_> = rows
        .text_closings
        .iter()
        .map(|closing| (closing.case_id.to_string(), &closing.field, closing.to_position, closing.occurred_until))
        .collect();
    let mut terms: Vec<_> = rows.texts.iter().map(IndexedTerms).collect();
    // The index writes out what it has gathered whenever a row comes before the last one.
    terms.sort_unstable_by_key(|terms| terms.0.text_id);
    execute_with(connection, statements.close_texts, &closings).await?;
    insert_all(connection, statements.insert_texts, &rows.texts).await?;
    insert_all(connection, statements.index_texts, &terms).await
}

fn name_of(stream: StreamId) -> (&'static str, String) {
    (stream.aggregate_type.as_str(), stream.aggregate_id.to_string())
}

fn register_closing(closing: &Closing) -> (&'static str, String, i64, i64) {
    let (aggregate_type, id) = name_of(closing.stream);
    (aggregate_type, id, closing.to_position, closing.occurred_to)
}

/// Runs a statement over a list, which it gets as one JSON array; nothing for an empty one.
async fn execute_with<T: Serialize>(
    connection: &mut SqliteConnection,
    text: &str,
    list: &[T],
) -> Result<(), sqlx::Error> {
    if !list.is_empty() {
        connection.execute(sqlx::query(text).bind(json(list))).await?;
    }
    Ok(())
}

/// A list as SQLite takes it apart again.
pub(super) fn json<T: Serialize + ?Sized>(list: &T) -> String {
    serde_json::to_string(list).expect("texts and numbers always serialise")
}
