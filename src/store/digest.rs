//! A digest of the read rows, the same on both databases for the same log.

use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::FromRow;

use crate::store::backend::{Backend, Decoded};
use crate::store::statement::Statement;
use crate::store::stored::SeriesRow;
use crate::store::version_row::{CaseVersionRow, RegisterVersionRow};
use crate::store::{RowsDigest, StoreError, TableDigest, sql};

/// Rows read at once: memory stays flat however long the log is.
const PAGE_ROWS: usize = 2_000;

/// Computes the digest of the rows as they were at a position.
pub(super) async fn rows<B: Backend>(backend: &B, last_position: Option<u64>) -> Result<RowsDigest, StoreError> {
    let last = Some(last_position.map_or(-1, u64::cast_signed));
    let versions = vec![
        table::<DigestCase, _>(backend, "case_versions", sql::DIGEST_CASES, last).await?,
        table::<DigestRegister, _>(backend, "register_versions", sql::DIGEST_REGISTERS, last).await?,
        table::<DigestLink, _>(backend, "case_links", sql::DIGEST_LINKS, last).await?,
        table::<DigestText, _>(backend, "search_texts", sql::DIGEST_TEXTS, last).await?,
        table::<DigestFigure, _>(backend, "figures", sql::DIGEST_FIGURES, last).await?,
    ];
    let present = vec![
        table::<DigestPastCase, _>(backend, "case_versions.occurred", sql::DIGEST_PAST_CASES, None).await?,
        table::<DigestPastRegister, _>(backend, "register_versions.occurred", sql::DIGEST_PAST_REGISTERS, None).await?,
        table::<DigestMember, _>(backend, "case_members", sql::DIGEST_MEMBERS, None).await?,
        table::<SeriesRow, _>(backend, "case_number_series", sql::DIGEST_SERIES, None).await?,
    ];
    let count = versions.iter().map(|table| table.rows).sum();
    Ok(RowsDigest { count, last_position, versions, present })
}

/// The digest of a table: page by page in key order, each row as a line of JSON.
async fn table<Row: Keyed, B: Backend>(
    backend: &B,
    table: &'static str,
    text: &str,
    last: Option<i64>,
) -> Result<TableDigest, StoreError> {
    let (mut sha256, mut rows) = (Sha256::new(), 0);
    let mut after: Option<Row> = None;
    loop {
        let statement = last.into_iter().fold(Statement::new(text), Statement::integer);
        let statement = Row::bind_key(after.as_ref(), statement).integer(PAGE_ROWS as i64);
        let page: Vec<Row> =
            backend.fetch(&statement).await.map_err(StoreError::during("compute the digest of the read rows"))?;
        for row in &page {
            let line = serde_json::to_vec(row).expect("texts and numbers always serialise");
            sha256.update(line);
            sha256.update(b"\n");
        }
        rows += page.len() as u64;
        if page.len() < PAGE_ROWS {
            return Ok(TableDigest { table, rows, sha256: sha256.finalize().into() });
        }
        after = page.into_iter().next_back();
    }
}

/// A row with a key to go on from; no row = before the first.
trait Keyed: Decoded + Serialize {
    fn bind_key(after: Option<&Self>, statement: Statement) -> Statement;
}

#[derive(FromRow, Serialize)]
struct DigestCase {
    #[sqlx(flatten)]
    row: CaseVersionRow,
    to_position: i64,
}

impl Keyed for DigestCase {
    fn bind_key(after: Option<&Self>, statement: Statement) -> Statement {
        let row = after.map(|after| &after.row);
        statement.text(row.map_or("", |row| &row.case_id)).integer(row.map_or(-1, |row| row.from_position))
    }
}

#[derive(FromRow, Serialize)]
struct DigestRegister {
    #[sqlx(flatten)]
    row: RegisterVersionRow,
    to_position: i64,
}

impl Keyed for DigestRegister {
    fn bind_key(after: Option<&Self>, statement: Statement) -> Statement {
        let row = after.map(|after| &after.row);
        statement
            .text(row.map_or("", |row| &row.aggregate_type))
            .text(row.map_or("", |row| &row.aggregate_id))
            .integer(row.map_or(-1, |row| row.from_position))
    }
}

#[derive(FromRow, Serialize)]
struct DigestPastCase {
    #[sqlx(flatten)]
    row: CaseVersionRow,
    lane: i64,
    occurred_from: i64,
    occurred_to: i64,
}

impl Keyed for DigestPastCase {
    fn bind_key(after: Option<&Self>, statement: Statement) -> Statement {
        let row = after.map(|after| &after.row);
        let statement = statement.text(row.map_or("", |row| &row.case_id));
        statement.integer(row.map_or(-1, |row| row.from_position)).integer(after.map_or(-1, |after| after.lane))
    }
}

#[derive(FromRow, Serialize)]
struct DigestPastRegister {
    #[sqlx(flatten)]
    row: RegisterVersionRow,
    lane: i64,
    occurred_from: i64,
    occurred_to: i64,
}

impl Keyed for DigestPastRegister {
    fn bind_key(after: Option<&Self>, statement: Statement) -> Statement {
        let row = after.map(|after| &after.row);
        let statement =
            statement.text(row.map_or("", |row| &row.aggregate_type)).text(row.map_or("", |row| &row.aggregate_id));
        statement.integer(row.map_or(-1, |row| row.from_position)).integer(after.map_or(-1, |after| after.lane))
    }
}

#[derive(FromRow, Serialize)]
struct DigestLink {
    case_id: String,
    other_id: String,
    relation: String,
    from_position: i64,
}

impl Keyed for DigestLink {
    fn bind_key(after: Option<&Self>, statement: Statement) -> Statement {
        statement
            .text(after.map_or("", |row| &row.case_id))
            .text(after.map_or("", |row| &row.other_id))
            .text(after.map_or("", |row| &row.relation))
    }
}

#[derive(FromRow, Serialize)]
struct DigestText {
    text_id: i64,
    case_id: String,
    field: String,
    from_position: i64,
    to_position: i64,
    occurred_at: i64,
    length: i64,
    words: String,
    body: String,
}

impl Keyed for DigestText {
    fn bind_key(after: Option<&Self>, statement: Statement) -> Statement {
        statement.integer(after.map_or(-1, |row| row.text_id))
    }
}

#[derive(FromRow, Serialize)]
struct DigestFigure {
    aggregate_id: String,
    position: i64,
    kind: String,
    lane: i64,
    from_position: i64,
    detail: String,
    number: Option<i64>,
    amount: Option<String>,
    occurred_at: i64,
    counted_on: String,
    occurred_from: i64,
    occurred_to: i64,
}

impl Keyed for DigestFigure {
    fn bind_key(after: Option<&Self>, statement: Statement) -> Statement {
        statement
            .text(after.map_or("", |row| &row.aggregate_id))
            .integer(after.map_or(-1, |row| row.position))
            .text(after.map_or("", |row| &row.kind))
            .integer(after.map_or(-1, |row| row.lane))
    }
}

#[derive(FromRow, Serialize)]
struct DigestMember {
    case_id: String,
    actor: String,
}

impl Keyed for DigestMember {
    fn bind_key(after: Option<&Self>, statement: Statement) -> Statement {
        statement.text(after.map_or("", |row| &row.case_id)).text(after.map_or("", |row| &row.actor))
    }
}

impl Keyed for SeriesRow {
    fn bind_key(after: Option<&Self>, statement: Statement) -> Statement {
        statement.text(after.map_or("", |row| &row.series))
    }
}
