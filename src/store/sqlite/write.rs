//! A plan as statements that are prepared once and run for each row.

use rusqlite::{Connection, Statement};

use crate::store::StreamId;
use crate::store::plan::Plan;
use crate::store::row_writes::{Closing, RowWrites, Span};
use crate::store::sqlite::insert;
use crate::store::sqlite::sql::{self, RowStatements};

/// Writes a plan.
pub(super) fn planned(on: &Connection, plan: &Plan) -> rusqlite::Result<()> {
    log(on, plan)?;
    rows(on, &sql::SERVED, &plan.rows)
}

/// Writes into the shadow tables.
pub(super) fn rebuilt(on: &Connection, written: &RowWrites) -> rusqlite::Result<()> {
    rows(on, &sql::REBUILT, written)
}

/// Writes head, events, commands, attachments and ciphertexts; an erasure takes away what came before it.
fn log(on: &Connection, plan: &Plan) -> rusqlite::Result<()> {
    each(on, sql::MOVE_HEAD, [plan], |statement, plan| {
        let (next_position, peaks) = (plan.head.next_position.cast_signed(), plan.tree.to_bytes());
        statement.execute((next_position, plan.head.recorded_at, peaks, &plan.origin))
    })?;
    each(on, sql::INSERT_EVENTS, &plan.events, insert::event)?;
    each(on, sql::INSERT_NODES, &plan.nodes, insert::node)?;
    each(on, sql::INSERT_COMMANDS, &plan.commands, insert::command)?;
    each(on, sql::INSERT_ATTACHMENTS, &plan.attachments, insert::attachment)?;
    each(on, sql::INSERT_CIPHERTEXTS, &plan.ciphertexts, insert::ciphertext)?;
    each(on, sql::DELETE_CIPHERTEXTS, &plan.erased_keys, |statement, (key, _)| statement.execute([key.to_string()]))?;
    each(on, sql::INSERT_ERASED_KEYS, &plan.erased_keys, |statement, (key, position)| {
        statement.execute((key.to_string(), position.cast_signed()))
    })
}

/// Writes the read rows.
fn rows(on: &Connection, statements: &RowStatements, rows: &RowWrites) -> rusqlite::Result<()> {
    for text in [statements.drop_past_cases, statements.take_off_cases] {
        each(on, text, &rows.cases_anew, |statement, id| statement.execute([id.to_string()]))?;
    }
    each(on, statements.close_cases, &rows.case_closings, |statement, closing| {
        let id = closing.stream.aggregate_id.to_string();
        statement.execute((id, closing.to_position, closing.occurred_to))
    })?;
    each(on, statements.insert_cases, rows.case_versions(), insert::case)?;
    each(on, statements.bring_cases, rows.present_cases(), |statement, version| {
        statement.execute((version.row.case_id.to_string(), version.span.from_position))
    })?;
    each(on, statements.move_cases, rows.present_cases(), |statement, version| {
        let Span { from_position, version: number, recorded_at, occurred_from, .. } = version.span;
        statement.execute((version.row.case_id.to_string(), from_position, number, recorded_at, occurred_from))
    })?;
    for text in [statements.drop_past_registers, statements.take_off_registers] {
        each(on, text, &rows.registers_anew, |statement, stream| statement.execute(name_of(*stream)))?;
    }
    each(on, statements.close_registers, &rows.register_closings, |statement, closing| {
        let Closing { stream, to_position, occurred_to } = *closing;
        let (aggregate_type, id) = name_of(stream);
        statement.execute((aggregate_type, id, to_position, occurred_to))
    })?;
    each(on, statements.insert_registers, rows.register_versions(), insert::register)?;
    each(on, statements.insert_members, rows.members_added(), |statement, member| statement.execute(member))?;
    each(on, statements.delete_members, rows.members_removed(), |statement, member| statement.execute(member))?;
    each(on, statements.insert_links, &rows.links, |statement, write| {
        let (case_id, other_id) = (write.case_id.to_string(), write.link.other_id.to_string());
        statement.execute((case_id, other_id, &write.link.relation, write.from_position))
    })?;
    each(on, statements.insert_figures, &rows.figures, insert::figure)?;
    each(on, statements.set_series, &rows.series, |statement, (series, last)| {
        statement.execute((series, last.cast_signed()))
    })?;
    each(on, statements.close_texts, &rows.text_closings, |statement, closing| {
        let id = closing.case_id.to_string();
        statement.execute((id, &closing.field, closing.to_position, closing.occurred_until))
    })?;
    each(on, statements.insert_texts, &rows.texts, insert::text)?;
    // The index writes out what it has gathered whenever a row comes before the last one.
    let mut indexed: Vec<_> = rows.texts.iter().collect();
    indexed.sort_unstable_by_key(|text| text.text_id);
    each(on, statements.index_texts, indexed, |statement, text| statement.execute((text.text_id, text.row.terms())))
}

/// Runs a statement for each of a list; for an empty one it is not even looked up.
fn each<T>(
    on: &Connection,
    text: &str,
    list: impl IntoIterator<Item = T>,
    run: impl Fn(&mut Statement<'_>, T) -> rusqlite::Result<usize>,
) -> rusqlite::Result<()> {
    let mut list = list.into_iter().peekable();
    if list.peek().is_none() {
        return Ok(());
    }
    let mut statement = on.prepare_cached(text)?;
    let touched = list.try_fold(0, |touched, row| run(&mut statement, row).map(|more| touched + more))?;
    log_of(text, touched);
    Ok(())
}

/// Tells of a statement as the other driver does, and nothing of its arguments.
pub(super) fn log_of(text: &str, touched: usize) {
    tracing::debug!(db.statement = text, rows_affected = touched);
}

fn name_of(stream: StreamId) -> (&'static str, String) {
    (stream.aggregate_type.as_str(), stream.aggregate_id.to_string())
}
