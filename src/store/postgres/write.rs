//! A plan as columns: one array a column, one statement a table.

use sqlx::Executor;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::store::plan::{NewCommand, Plan};
use crate::store::postgres::sql::{
    ERASE_KEYS, INSERT_ATTACHMENTS, INSERT_CIPHERTEXTS, INSERT_NODES, RowStatements, WRITE_LOG,
};
use crate::store::row_writes::{CaseVersion, Closing, FigureWrite, RegisterVersion, RowWrites, TextWrite};
use crate::store::sql::OPEN;
use crate::store::{CaseRow, EventRecord, LedgerNode, NewAttachment, NewCiphertext, RegisterRow, StreamId};

/// Writes head, commands, events, attachments and ciphertexts; an erasure takes away what came before it.
pub(super) async fn log(connection: &mut PgConnection, plan: &Plan) -> Result<(), sqlx::Error> {
    let (commands, events) = (&plan.commands, &plan.events);
    let command = |value: fn(&NewCommand) -> &str| column(commands, value);
    let text = |value: fn(&EventRecord) -> &str| column(events, value);
    let query = sqlx::query(WRITE_LOG)
        .bind(plan.head.next_position.cast_signed())
        .bind(plan.head.recorded_at)
        .bind(command(|new| &new.key.actor))
        .bind(command(|new| &new.key.idempotency_key))
        .bind(column(commands, |new| &new.key.digest[..]))
        .bind(command(|new| new.stream.aggregate_type.as_str()))
        .bind(column(commands, |new| new.stream.aggregate_id.to_string()))
        .bind(column(commands, |new| new.committed.version.cast_signed()))
        .bind(column(commands, |new| new.committed.first_position.cast_signed()))
        .bind(column(commands, |new| new.committed.event_count.cast_signed()))
        .bind(column(commands, |new| new.committed.recorded_at))
        .bind(column(events, |event| event.position.cast_signed()))
        .bind(text(|event| &event.aggregate_type))
        .bind(text(|event| &event.aggregate_id))
        .bind(column(events, |event| event.sequence.cast_signed()))
        .bind(text(|event| &event.event_type))
        .bind(text(|event| &event.event_version))
        .bind(text(|event| &event.payload))
        .bind(text(|event| &event.metadata))
        .bind(column(events, |event| event.recorded_at))
        .bind(text(|event| &event.actor))
        .bind(text(|event| &event.command_id))
        .bind(column(events, |event| &event.entry[..]))
        .bind(column(events, |event| &event.leaf_hash[..]))
        .bind(plan.tree.to_bytes())
        .bind(&plan.origin);
    connection.execute(query).await?;
    if !plan.nodes.is_empty() {
        nodes(connection, &plan.nodes).await?;
    }
    if !plan.attachments.is_empty() {
        attachments(connection, &plan.attachments).await?;
    }
    if !plan.ciphertexts.is_empty() {
        ciphertexts(connection, &plan.ciphertexts).await?;
    }
    if !plan.erased_keys.is_empty() {
        erase(connection, &plan.erased_keys).await?;
    }
    Ok(())
}

pub(super) async fn nodes(connection: &mut PgConnection, nodes: &[LedgerNode]) -> Result<(), sqlx::Error> {
    let query = sqlx::query(INSERT_NODES)
        .bind(column(nodes, |node| i64::from(node.level)))
        .bind(column(nodes, |node| node.index.cast_signed()))
        .bind(column(nodes, |node| &node.hash[..]));
    connection.execute(query).await.map(drop)
}

async fn attachments(connection: &mut PgConnection, attachments: &[NewAttachment]) -> Result<(), sqlx::Error> {
    let query = sqlx::query(INSERT_ATTACHMENTS)
        .bind(column(attachments, |attachment| attachment.digest.as_str()))
        .bind(column(attachments, |attachment| attachment.media_type.as_str()))
        .bind(column(attachments, |attachment| &attachment.content[..]));
    connection.execute(query).await.map(drop)
}

async fn ciphertexts(connection: &mut PgConnection, ciphertexts: &[NewCiphertext]) -> Result<(), sqlx::Error> {
    let query = sqlx::query(INSERT_CIPHERTEXTS)
        .bind(column(ciphertexts, |sealed| &sealed.digest[..]))
        .bind(column(ciphertexts, |sealed| sealed.key_id.to_string()))
        .bind(column(ciphertexts, |sealed| &sealed.ciphertext[..]));
    connection.execute(query).await.map(drop)
}

async fn erase(connection: &mut PgConnection, keys: &[(Uuid, u64)]) -> Result<(), sqlx::Error> {
    let query = sqlx::query(ERASE_KEYS)
        .bind(column(keys, |(key, _)| key.to_string()))
        .bind(column(keys, |(_, position)| position.cast_signed()));
    connection.execute(query).await.map(drop)
}

/// Writes the read rows; a table that does not change costs no statement.
pub(super) async fn rows(
    connection: &mut PgConnection,
    statements: &RowStatements,
    rows: &RowWrites,
) -> Result<(), sqlx::Error> {
    if !rows.cases_anew.is_empty() {
        let ids: Vec<_> = rows.cases_anew.iter().map(ToString::to_string).collect();
        connection.execute(sqlx::query(statements.drop_past_cases).bind(&ids)).await?;
        connection.execute(sqlx::query(statements.take_off_cases).bind(&ids)).await?;
    }
    if !rows.cases.is_empty() {
        cases(connection, statements.write_cases, &rows.case_closings, &rows.cases).await?;
    }
    if !rows.past_cases.is_empty() {
        cases(connection, statements.write_cases, &[], &rows.past_cases).await?;
    }
    if !rows.registers_anew.is_empty() {
        let types: Vec<_> = rows.registers_anew.iter().map(|stream| stream.aggregate_type.as_str()).collect();
        let ids: Vec<_> = rows.registers_anew.iter().map(|stream| stream.aggregate_id.to_string()).collect();
        connection.execute(sqlx::query(statements.drop_past_registers).bind(&types).bind(&ids)).await?;
        connection.execute(sqlx::query(statements.take_off_registers).bind(&types).bind(&ids)).await?;
    }
    if !rows.registers.is_empty() {
        registers(connection, statements.write_registers, &rows.register_closings, &rows.registers).await?;
    }
    if !rows.past_registers.is_empty() {
        registers(connection, statements.write_registers, &[], &rows.past_registers).await?;
    }
    let changes =
        [(statements.insert_members, rows.members_added()), (statements.delete_members, rows.members_removed())];
    for (text, members) in changes {
        if !members.is_empty() {
            let (cases, actors): (Vec<_>, Vec<_>) = members.into_iter().unzip();
            connection.execute(sqlx::query(text).bind(cases).bind(actors)).await?;
        }
    }
    if !rows.links.is_empty() {
        let query = sqlx::query(statements.insert_links)
            .bind(column(&rows.links, |write| write.case_id.to_string()))
            .bind(column(&rows.links, |write| write.link.other_id.to_string()))
            .bind(column(&rows.links, |write| write.link.relation.as_str()))
            .bind(column(&rows.links, |write| write.from_position));
        connection.execute(query).await?;
    }
    if !rows.texts.is_empty() {
        texts(connection, statements.write_texts, rows).await?;
    }
    if !rows.figures.is_empty() {
        figures(connection, statements.insert_figures, &rows.figures).await?;
    }
    if !rows.series.is_empty() {
        let series: Vec<_> = rows.series.keys().collect();
        let last: Vec<_> = rows.series.values().map(|number| number.cast_signed()).collect();
        connection.execute(sqlx::query(statements.set_series).bind(series).bind(last)).await?;
    }
    Ok(())
}

async fn cases(
    connection: &mut PgConnection,
    text: &str,
    closings: &[Closing],
    versions: &[CaseVersion],
) -> Result<(), sqlx::Error> {
    let always = |value: fn(&CaseRow) -> &str| column(versions, |new| value(&new.row));
    let sometimes = |value: fn(&CaseRow) -> Option<&str>| column(versions, |new| value(&new.row));
    let id =
        |value: fn(&CaseRow) -> Option<uuid::Uuid>| column(versions, |new| value(&new.row).map(|id| id.to_string()));
    let number = |value: fn(&CaseVersion) -> i64| column(versions, value);
    let query = sqlx::query(text)
        .bind(column(closings, |closing| closing.stream.aggregate_id.to_string()))
        .bind(column(closings, |closing| closing.to_position))
        .bind(column(closings, |closing| closing.occurred_to))
        .bind(id(|row| Some(row.case_id)))
        .bind(number(|new| new.span.from_position))
        .bind(number(|new| new.span.version))
        .bind(number(|new| new.span.recorded_at))
        .bind(always(|row| &row.number))
        .bind(always(|row| &row.title))
        .bind(always(|row| &row.status))
        .bind(sometimes(|row| row.kind.as_deref()))
        .bind(sometimes(|row| row.category.as_deref()))
        .bind(sometimes(|row| row.severity.as_deref()))
        .bind(always(|row| &row.level))
        .bind(always(|row| &row.division))
        .bind(id(|row| Some(row.enterprise_id)))
        .bind(id(|row| Some(row.campaign_id)))
        .bind(id(|row| row.institution_id))
        .bind(id(|row| row.lead_id))
        .bind(always(|row| &row.origin))
        .bind(number(|new| new.row.is_open.into()))
        .bind(number(|new| new.row.reported_at))
        .bind(sometimes(|row| row.deadline_on.as_deref()))
        .bind(sometimes(|row| row.deadline_missed_on.as_deref()))
        .bind(number(|new| new.row.clock_paused.into()))
        .bind(sometimes(|row| row.parked_until.as_deref()))
        .bind(column(versions, |new| new.row.gap_ppm))
        .bind(always(|row| &row.fee_total))
        .bind(number(|new| new.row.typical.into()))
        .bind(always(|row| &row.reported_by))
        .bind(always(|row| &row.members))
        .bind(number(|new| new.row.fee_fen))
        .bind(number(|new| new.span.to_position))
        .bind(number(|new| new.span.lane))
        .bind(number(|new| new.span.occurred_from))
        .bind(number(|new| new.span.occurred_to));
    connection.execute(query).await.map(drop)
}

async fn figures(connection: &mut PgConnection, text: &str, figures: &[FigureWrite]) -> Result<(), sqlx::Error> {
    let of_row = |value: fn(&FigureWrite) -> &str| column(figures, value);
    let query = sqlx::query(text)
        .bind(column(figures, |write| write.aggregate_id.to_string()))
        .bind(column(figures, |write| write.position))
        .bind(of_row(|write| write.row.kind.name()))
        .bind(column(figures, |write| i64::from(write.row.happened.lane)))
        .bind(column(figures, |write| write.from_position))
        .bind(of_row(|write| &write.row.detail))
        .bind(column(figures, |write| write.row.number))
        .bind(column(figures, |write| write.row.amount.as_deref()))
        .bind(column(figures, |write| write.row.occurred_at))
        .bind(of_row(|write| &write.row.counted_on))
        .bind(column(figures, |write| write.row.happened.from))
        .bind(column(figures, |write| write.row.happened.to.unwrap_or(OPEN)));
    connection.execute(query).await.map(drop)
}

async fn registers(
    connection: &mut PgConnection,
    text: &str,
    closings: &[Closing],
    versions: &[RegisterVersion],
) -> Result<(), sqlx::Error> {
    let of_row = |value: fn(&RegisterRow) -> &str| column(versions, |new| value(&new.row));
    let number = |value: fn(&RegisterVersion) -> i64| column(versions, value);
    let type_of = |stream: StreamId| stream.aggregate_type.as_str();
    let id_of = |stream: StreamId| stream.aggregate_id.to_string();
    let query = sqlx::query(text)
        .bind(column(closings, |closing: &Closing| type_of(closing.stream)))
        .bind(column(closings, |closing| id_of(closing.stream)))
        .bind(column(closings, |closing| closing.to_position))
        .bind(column(closings, |closing| closing.occurred_to))
        .bind(column(versions, |new| type_of(new.stream)))
        .bind(column(versions, |new| id_of(new.stream)))
        .bind(number(|new| new.span.from_position))
        .bind(number(|new| new.span.version))
        .bind(of_row(|row| &row.code))
        .bind(of_row(|row| &row.name))
        .bind(of_row(|row| &row.division))
        .bind(of_row(|row| &row.state))
        .bind(of_row(|row| &row.document))
        .bind(number(|new| new.span.recorded_at))
        .bind(number(|new| new.span.to_position))
        .bind(number(|new| new.span.lane))
        .bind(number(|new| new.span.occurred_from))
        .bind(number(|new| new.span.occurred_to));
    connection.execute(query).await.map(drop)
}

async fn texts(connection: &mut PgConnection, text: &str, rows: &RowWrites) -> Result<(), sqlx::Error> {
    let (closings, texts) = (&rows.text_closings, &rows.texts);
    let number = |value: fn(&TextWrite) -> i64| column(texts, value);
    let query = sqlx::query(text)
        .bind(column(closings, |closing| closing.case_id.to_string()))
        .bind(column(closings, |closing| closing.field.as_str()))
        .bind(column(closings, |closing| closing.to_position))
        .bind(column(closings, |closing| closing.occurred_until))
        .bind(number(|new| new.text_id))
        .bind(column(texts, |new| new.case_id.to_string()))
        .bind(column(texts, |new| new.row.field.as_str()))
        .bind(number(|new| new.from_position))
        .bind(number(|new| new.to_position))
        .bind(number(|new| new.row.occurred_at))
        .bind(number(|new| new.occurred_until))
        .bind(number(|new| new.row.length.into()))
        .bind(column(texts, |new| new.row.words.as_str()))
        .bind(column(texts, |new| new.row.body.as_str()))
        .bind(column(texts, |new| new.row.terms.as_str()));
    connection.execute(query).await.map(drop)
}

fn column<'a, Row, Value>(rows: &'a [Row], value: impl Fn(&'a Row) -> Value) -> Vec<Value> {
    rows.iter().map(value).collect()
}
