//! A plan as lists of rows and as JSON arrays, one after the other.

use serde::Serialize;
use sqlx::sqlite::SqliteConnection;

use crate::store::StreamId;
use crate::store::plan::Plan;
use crate::store::row_writes::{CaseVersion, Closing, RowWrites, Span};
use crate::store::sqlite::insert::{IndexedTerms, insert_all};
use crate::store::sqlite::script::Script;
use crate::store::sqlite::sql::{self, RowStatements};

/// Writes a plan and commits it.
pub(super) async fn commit(connection: &mut SqliteConnection, plan: &Plan) -> Result<(), sqlx::Error> {
    let terms = sorted_terms(&plan.rows);
    let mut script = Script::on(connection);
    log(&mut script, plan).await?;
    rows(&mut script, &sql::SERVED, &plan.rows, &terms).await?;
    script.add(sql::COMMIT).run().await
}

/// Writes into the shadow tables.
pub(super) async fn rebuilt(connection: &mut SqliteConnection, written: &RowWrites) -> Result<(), sqlx::Error> {
    let terms = sorted_terms(written);
    let mut script = Script::on(connection);
    rows(&mut script, &sql::REBUILT, written, &terms).await?;
    script.run().await
}

/// Writes head, events, commands, attachments and ciphertexts; an erasure takes away what came before it.
async fn log<'q>(script: &mut Script<'_, 'q>, plan: &'q Plan) -> Result<(), sqlx::Error> {
    script
        .add(sql::MOVE_HEAD)
        .bind(plan.head.next_position.cast_signed())
        .bind(plan.head.recorded_at)
        .bind(plan.tree.to_bytes())
        .bind(&plan.origin);
    insert_all(script, sql::INSERT_EVENTS, &plan.events).await?;
    insert_all(script, sql::INSERT_NODES, &plan.nodes).await?;
    insert_all(script, sql::INSERT_COMMANDS, &plan.commands).await?;
    insert_all(script, sql::INSERT_ATTACHMENTS, &plan.attachments).await?;
    insert_all(script, sql::INSERT_CIPHERTEXTS, &plan.ciphertexts).await?;
    let erased: Vec<_> = plan.erased_keys.iter().map(|(key, position)| (key.to_string(), position)).collect();
    add_with(script, sql::DELETE_CIPHERTEXTS, &erased);
    add_with(script, sql::INSERT_ERASED_KEYS, &erased);
    Ok(())
}

/// Writes the read rows; a table that does not change costs no statement.
async fn rows<'q>(
    script: &mut Script<'_, 'q>,
    statements: &RowStatements,
    rows: &'q RowWrites,
    terms: &'q [IndexedTerms],
) -> Result<(), sqlx::Error> {
    let case_closings: Vec<_> = rows
        .case_closings
        .iter()
        .map(|closing| (closing.stream.aggregate_id.to_string(), closing.to_position, closing.occurred_to))
        .collect();
    let present_cases: Vec<_> = rows.present_cases().map(present_case).collect();
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
    add_with(script, statements.drop_past_cases, &cases_anew);
    add_with(script, statements.take_off_cases, &cases_anew);
    add_with(script, statements.close_cases, &case_closings);
    insert_all(script, statements.insert_cases, rows.case_versions()).await?;
    add_with(script, statements.bring_cases, &present_cases);
    add_with(script, statements.move_cases, &present_cases);
    add_with(script, statements.drop_past_registers, &registers_anew);
    add_with(script, statements.take_off_registers, &registers_anew);
    add_with(script, statements.close_registers, &register_closings);
    insert_all(script, statements.insert_registers, rows.register_versions()).await?;
    add_with(script, statements.insert_members, &rows.members_added());
    add_with(script, statements.delete_members, &rows.members_removed());
    add_with(script, statements.insert_links, &links);
    insert_all(script, statements.insert_figures, &rows.figures).await?;
    add_with(script, statements.set_series, &series);
    let closings: Vec<_> = rows
        .text_closings
        .iter()
        .map(|closing| (closing.case_id.to_string(), &closing.field, closing.to_position, closing.occurred_until))
        .collect();
    add_with(script, statements.close_texts, &closings);
    insert_all(script, statements.insert_texts, &rows.texts).await?;
    insert_all(script, statements.index_texts, terms).await
}

/// The index writes out what it has gathered whenever a row comes before the last one.
fn sorted_terms(rows: &RowWrites) -> Vec<IndexedTerms> {
    let mut terms: Vec<_> = rows.texts.iter().map(IndexedTerms::from).collect();
    terms.sort_unstable_by_key(|terms| terms.text_id);
    terms
}

fn name_of(stream: StreamId) -> (&'static str, String) {
    (stream.aggregate_type.as_str(), stream.aggregate_id.to_string())
}

fn present_case(version: &CaseVersion) -> (String, i64, i64, i64, i64) {
    let Span { from_position, version: number, recorded_at, occurred_from, .. } = version.span;
    (version.row.case_id.to_string(), from_position, number, recorded_at, occurred_from)
}

fn register_closing(closing: &Closing) -> (&'static str, String, i64, i64) {
    let (aggregate_type, id) = name_of(closing.stream);
    (aggregate_type, id, closing.to_position, closing.occurred_to)
}

/// Adds a statement over a list, which it gets as one JSON array; nothing for an empty one.
fn add_with<T: Serialize>(script: &mut Script<'_, '_>, text: &str, list: &[T]) {
    if !list.is_empty() {
        script.add(text).bind(json(list));
    }
}

/// A list as SQLite takes it apart again.
pub(super) fn json<T: Serialize + ?Sized>(list: &T) -> String {
    serde_json::to_string(list).expect("texts and numbers always serialise")
}
