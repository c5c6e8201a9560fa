//! A digest of the read rows, the same on both databases for the same log.

use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::FromRow;

use crate::store::backend::{Backend, Decoded};
use crate::store::statement::Statement;
use crate::store::stored::{CaseVersionRow, RegisterVersionRow, SeriesRow};
use crate::store::{RowsDigest, StoreError, sql};

/// Rows read at once: memory stays flat however long the log is.
const PAGE_ROWS: usize = 2_000;

/// Computes the digest of the rows as they were at a position.
pub(super) async fn rows<B: Backend>(backend: &B, last_position: Option<u64>) -> Result<RowsDigest, StoreError> {
    let last = last_position.map_or(-1, u64::cast_signed);
    let mut versions = Hasher::default();
    versions.add_all::<DigestCase, _>(backend, sql::DIGEST_CASES, Some(last)).await?;
    versions.add_all::<DigestRegister, _>(backend, sql::DIGEST_REGISTERS, Some(last)).await?;
    versions.add_all::<DigestLink, _>(backend, sql::DIGEST_LINKS, Some(last)).await?;
    versions.add_all::<DigestText, _>(backend, sql::DIGEST_TEXTS, Some(last)).await?;
    versions.add_all::<DigestFigure, _>(backend, sql::DIGEST_FIGURES, Some(last)).await?;
    let mut present = Hasher::default();
    present.add_all::<DigestPastCase, _>(backend, sql::DIGEST_PAST_CASES, None).await?;
    present.add_all::<DigestPastRegister, _>(backend, sql::DIGEST_PAST_REGISTERS, None).await?;
    present.add_all::<DigestMember, _>(backend, sql::DIGEST_MEMBERS, None).await?;
    present.add_all::<SeriesRow, _>(backend, sql::DIGEST_SERIES, None).await?;
    Ok(RowsDigest {
        count: versions.count,
        last_position,
        versions_sha256: versions.sha256.finalize().into(),
        present_sha256: present.sha256.finalize().into(),
    })
}

#[derive(Default)]
struct Hasher {
    sha256: Sha256,
    count: u64,
}

impl Hasher {
    /// Adds a table in key order, page by page, each row as a line of JSON.
    async fn add_all<Row: Keyed, B: Backend>(
        &mut self,
        backend: &B,
        text: &str,
        last: Option<i64>,
    ) -> Result<(), StoreError> {
        let mut after: Option<Row> = None;
        loop {
            let statement = last.into_iter().fold(Statement::new(text), Statement::integer);
            let statement = Row::bind_key(after.as_ref(), statement).integer(PAGE_ROWS as i64);
            let page: Vec<Row> =
                backend.fetch(&statement).await.map_err(StoreError::during("compute the digest of the read rows"))?;
            for row in &page {
                let line = serde_json::to_vec(row).expect("texts and numbers always serialise");
                self.sha256.update(line);
                self.sha256.update(b"\n");
            }
            self.count += page.len() as u64;
            if page.len() < PAGE_ROWS {
                return Ok(());
            }
            after = page.into_iter().next_back();
        }
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
