//! How a row gets into its statement: the columns in the order of the writes.

use rusqlite::{Statement, params};

use crate::store::plan::NewCommand;
use crate::store::row_writes::{CaseVersion, FigureWrite, RegisterVersion, TextWrite};
use crate::store::sql::OPEN;
use crate::store::{EventRecord, LedgerNode, NewAttachment, NewCiphertext};

pub(super) fn event(statement: &mut Statement<'_>, event: &EventRecord) -> rusqlite::Result<usize> {
    statement.execute(params![
        event.position.cast_signed(),
        event.aggregate_type,
        event.aggregate_id,
        event.sequence.cast_signed(),
        event.event_type,
        event.event_version,
        event.payload,
        event.metadata,
        event.recorded_at,
        event.actor,
        event.command_id,
        event.entry,
        event.leaf_hash,
    ])
}

pub(super) fn node(statement: &mut Statement<'_>, node: &LedgerNode) -> rusqlite::Result<usize> {
    statement.execute(params![node.level, node.index.cast_signed(), node.hash])
}

pub(super) fn command(statement: &mut Statement<'_>, command: &NewCommand) -> rusqlite::Result<usize> {
    statement.execute(params![
        command.key.actor,
        command.key.idempotency_key,
        command.key.digest,
        command.stream.aggregate_type.as_str(),
        command.stream.aggregate_id.to_string(),
        command.committed.version.cast_signed(),
        command.committed.first_position.cast_signed(),
        command.committed.event_count.cast_signed(),
        command.committed.recorded_at,
    ])
}

pub(super) fn attachment(statement: &mut Statement<'_>, attachment: &NewAttachment) -> rusqlite::Result<usize> {
    statement.execute(params![
        attachment.digest,
        attachment.content.len() as i64,
        attachment.media_type,
        &attachment.content[..],
    ])
}

pub(super) fn ciphertext(statement: &mut Statement<'_>, sealed: &NewCiphertext) -> rusqlite::Result<usize> {
    statement.execute(params![sealed.digest, sealed.key_id.to_string(), sealed.ciphertext])
}

pub(super) fn case(statement: &mut Statement<'_>, version: &CaseVersion) -> rusqlite::Result<usize> {
    let CaseVersion { row, span } = version;
    statement.execute(params![
        row.case_id.to_string(),
        span.from_position,
        span.version,
        span.recorded_at,
        row.number,
        row.title,
        row.status,
        row.kind,
        row.category,
        row.severity,
        row.level,
        row.division,
        row.enterprise_id.to_string(),
        row.campaign_id.to_string(),
        row.institution_id.map(|id| id.to_string()),
        row.lead_id.map(|id| id.to_string()),
        row.origin,
        row.is_open,
        row.reported_at,
        row.deadline_on,
        row.deadline_missed_on,
        row.clock_paused,
        row.parked_until,
        row.gap_ppm,
        row.fee_total,
        row.typical,
        row.reported_by,
        row.members,
        row.fee_fen,
        span.to_position,
        span.lane,
        span.occurred_from,
        span.occurred_to,
    ])
}

pub(super) fn register(statement: &mut Statement<'_>, version: &RegisterVersion) -> rusqlite::Result<usize> {
    let RegisterVersion { stream, row, span } = version;
    statement.execute(params![
        stream.aggregate_type.as_str(),
        stream.aggregate_id.to_string(),
        span.from_position,
        span.version,
        row.code,
        row.name,
        row.division,
        row.state,
        row.document,
        span.recorded_at,
        span.to_position,
        span.lane,
        span.occurred_from,
        span.occurred_to,
    ])
}

pub(super) fn figure(statement: &mut Statement<'_>, figure: &FigureWrite) -> rusqlite::Result<usize> {
    let row = &figure.row;
    statement.execute(params![
        figure.aggregate_id.to_string(),
        figure.position,
        row.kind.name(),
        row.happened.lane,
        figure.from_position,
        row.detail,
        row.number,
        row.amount,
        row.occurred_at,
        row.counted_on,
        row.happened.from,
        row.happened.to.unwrap_or(OPEN),
    ])
}

pub(super) fn text(statement: &mut Statement<'_>, text: &TextWrite) -> rusqlite::Result<usize> {
    let row = &text.row;
    statement.execute(params![
        text.text_id,
        text.case_id.to_string(),
        row.field,
        text.from_position,
        text.to_position,
        row.occurred_at,
        text.occurred_until,
        row.length,
        row.words,
        row.body,
    ])
}
