//! The rows that a fold of the log makes against those that are served, compared by the database itself.

use sqlx::FromRow;

use crate::store::{RowDifference, RowsComparison};

/// How many differences of a table are told; all are counted.
const TOLD: u32 = 100;

/// The tables, with what names a row of theirs.
const TABLES: [(&str, &str); 7] = [
    ("case_versions", "case_id || ' from ' || from_position || ' lane ' || lane"),
    ("case_members", "case_id || ' ' || actor"),
    ("case_links", "case_id || ' ' || relation || ' ' || other_id"),
    ("register_versions", "aggregate_type || ' ' || aggregate_id || ' from ' || from_position || ' lane ' || lane"),
    ("figures", "aggregate_id || ' ' || kind || ' at ' || position || ' lane ' || lane"),
    ("case_number_series", "series"),
    ("search_texts", "case_id || ' ' || field || ' text ' || text_id"),
];

/// A row that only one side has.
#[derive(FromRow)]
pub(super) struct DifferenceRow {
    part: String,
    row_key: String,
    served: i64,
    total: i64,
}

/// The statements that find the differences; shadow tables have this prefix.
pub(super) fn statements(shadow: &str) -> Vec<String> {
    let side = |table: &str, key: &str, from: &str, without: &str, served: u8| {
        format!(
            "select '{table}' as part, {key} as row_key, cast({served} as bigint) as served, \
             count(*) over () as total from (select * from {from} except select * from {without}) d \
             order by row_key limit {TOLD}"
        )
    };
    let both = |(table, key): &(&str, &str)| {
        let shadow = format!("{shadow}{table}");
        [side(table, key, &shadow, table, 0), side(table, key, table, &shadow, 1)]
    };
    TABLES.iter().flat_map(both).collect()
}

/// What the rows say together.
pub(super) fn compared(rows: Vec<DifferenceRow>) -> RowsComparison {
    let mut count = 0;
    let mut counted = None;
    let mut differences = Vec::with_capacity(rows.len());
    for row in rows {
        // Every row of a statement tells how many it found.
        if counted.as_ref() != Some(&(row.part.clone(), row.served)) {
            count += row.total.cast_unsigned();
            counted = Some((row.part.clone(), row.served));
        }
        differences.push(RowDifference { table: row.part, key: row.row_key, is_served: row.served == 1 });
    }
    RowsComparison::Compared { differences, count }
}
