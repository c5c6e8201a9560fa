//! Digests of the read rows, the same on both databases for the same log.

use sha2::{Digest, Sha256};

use crate::store::backend::Backend;
use crate::store::line::{self, Lines, count};
use crate::store::sql::{case_columns, figure_columns, register_columns};
use crate::store::{RowsDigest, ServedRows, StoreError, TableDigest};

/// Rows read at once: memory stays flat however long the log is.
const PAGE_ROWS: usize = 2_000;

/// For how many bytes of them there is room at once.
const PAGE_BYTES: usize = 1 << 20;

/// What a commit after position `$1` does not change, as it was then.
const VERSIONS: [Lines; 5] = [
    Lines::CASES
        .side(
            "case_versions",
            concat!(case_columns!(), ", to_position"),
            concat!(
                "(select ",
                case_columns!(),
                ", case when to_position > $1 then 9223372036854775807 else to_position end as to_position \
                 from case_versions where lane = 0 and from_position <= $1)"
            ),
        )
        .by("case_id, from_position"),
    Lines::REGISTERS
        .side(
            "register_versions",
            concat!(register_columns!(), ", to_position"),
            concat!(
                "(select ",
                register_columns!(),
                ", case when to_position > $1 then 9223372036854775807 else to_position end as to_position \
                 from register_versions where lane = 0 and from_position <= $1)"
            ),
        )
        .by("aggregate_type, aggregate_id, from_position"),
    Lines::LINKS.side(
        "case_links",
        "case_id, other_id, relation, from_position",
        "(select case_id, other_id, relation, from_position from case_links where from_position <= $1)",
    ),
    // Without `occurred_until`, which tells of no position from which it holds.
    Lines::TEXTS.side(
        "search_texts",
        "text_id, case_id, field, from_position, to_position, occurred_at, length, words, body",
        "(select text_id, case_id, field, from_position, occurred_at, length, words, body, \
         case when to_position > $1 then 9223372036854775807 else to_position end as to_position \
         from search_texts where from_position <= $1)",
    ),
    Lines::FIGURES.side(
        "figures",
        figure_columns!(),
        concat!("(select ", figure_columns!(), " from figures where from_position <= $1)"),
    ),
];

/// What later commits change: the cases as they are, what had happened by any time, members and number series.
const PRESENT: [Lines; 5] = [
    Lines::PRESENT_CASES,
    Lines::CASES.side(
        "case_versions.occurred",
        concat!(case_columns!(), ", lane, occurred_from, occurred_to"),
        concat!(
            "(select ",
            case_columns!(),
            ", lane, occurred_from, occurred_to from case_versions where occurred_from < occurred_to)"
        ),
    ),
    Lines::REGISTERS.side(
        "register_versions.occurred",
        concat!(register_columns!(), ", lane, occurred_from, occurred_to"),
        concat!(
            "(select ",
            register_columns!(),
            ", lane, occurred_from, occurred_to from register_versions where occurred_from < occurred_to)"
        ),
    ),
    Lines::MEMBERS,
    Lines::SERIES,
];

/// The digest of the rows as they were at a position.
pub(super) async fn rows<B: Backend>(backend: &B, last_position: Option<u64>) -> Result<RowsDigest, StoreError> {
    let last = last_position.map_or(-1, u64::cast_signed);
    let (mut versions, mut present) = (Vec::new(), Vec::new());
    for lines in VERSIONS {
        versions.push(table(backend, &lines, &[last]).await?);
    }
    for lines in PRESENT {
        present.push(table(backend, &lines, &[]).await?);
    }
    let count = versions.iter().map(|table| table.rows).sum();
    Ok(RowsDigest { count, last_position, versions, present })
}

/// The digest of a table, page by page.
async fn table<B: Backend>(backend: &B, lines: &Lines, arguments: &[i64]) -> Result<TableDigest, StoreError> {
    let mut digest = Digesting::of(lines.table);
    let mut last: Option<Vec<u8>> = None;
    loop {
        let mut statement = arguments.iter().fold(lines.query::<B>(), |query, argument| query.integer(*argument));
        if let Some(last) = &last {
            statement.push(" where");
            lines.push_after(&mut statement, last)?;
        }
        let mut statement = lines.ordered(statement);
        statement.push(" limit ");
        statement.push_integer(PAGE_ROWS as i64);
        let page = line::read(backend, &statement, PAGE_BYTES).await?;
        if digest.take(&page) < PAGE_ROWS {
            return Ok(digest.finish());
        }
        last = line::each(&page).next_back().map(<[u8]>::to_owned);
    }
}

/// The digest of a table under way: each row as a line of JSON, in key order.
struct Digesting {
    table: &'static str,
    rows: u64,
    sha256: Sha256,
}

impl Digesting {
    fn of(table: &'static str) -> Self {
        Self { table, rows: 0, sha256: Sha256::new() }
    }

    /// Takes the next rows; how many there are.
    fn take(&mut self, lines: &[u8]) -> usize {
        let rows = count(lines);
        self.rows += rows as u64;
        self.sha256.update(lines);
        rows
    }

    fn finish(self) -> TableDigest {
        TableDigest { table: self.table, rows: self.rows, sha256: self.sha256.finalize().into() }
    }
}

/// Digests of what is served, put together from stretches of each table in key order.
pub struct ServedDigest([Digesting; 8]);

impl Default for ServedDigest {
    fn default() -> Self {
        let tables = [
            Lines::PRESENT_CASES,
            Lines::CASES,
            Lines::REGISTERS,
            Lines::LINKS,
            Lines::MEMBERS,
            Lines::TEXTS,
            Lines::FIGURES,
            Lines::SERIES,
        ];
        Self(tables.map(|lines| Digesting::of(lines.table)))
    }
}

impl ServedDigest {
    /// Takes the next stretch of a table.
    pub fn take(&mut self, served: &ServedRows) {
        let of_table = self.0.iter_mut().find(|digesting| digesting.table == served.table);
        of_table.expect("what is compared is digested").take(&served.lines);
    }

    /// How many figures it has taken.
    #[must_use]
    pub fn figures(&self) -> u64 {
        let of_figures = self.0.iter().find(|digesting| digesting.table == Lines::FIGURES.table);
        of_figures.map_or(0, |digesting| digesting.rows)
    }

    /// The digest of each table.
    #[must_use]
    pub fn finish(self) -> Vec<TableDigest> {
        self.0.into_iter().map(Digesting::finish).collect()
    }
}
