//! The steps of a rebuild: tables beside the served ones, which take their place.

use rusqlite::{Connection, Transaction};

use crate::store::RebuildOutcome;
use crate::store::row::ROWS_VERSION;
use crate::store::sql::{HEAD, ROW_TABLES, SET_ROWS_VERSION};
use crate::store::stored::{HeadRow, Scanned};

/// How a table is defined.
const DEFINITION: &str = "select sql from sqlite_schema where type = 'table' and name = ?";

/// What the new tables have besides their keys: what ending a text needs, and the index of the texts.
const START: &str = "\
create index rebuild_search_texts_case on rebuild_search_texts (case_id);
create virtual table rebuild_search_index using fts5
    (terms, content = '', columnsize = 0, detail = none, tokenize = \"ascii tokenchars '.'\")";

/// The indexes of a table, without that of its key, and whether the new one has its like.
const INDEXES: &str = "\
select name, sql, exists (select 1 from sqlite_schema n where n.type = 'index' and n.name = 'rebuild_' || s.name) \
from sqlite_schema s where type = 'index' and sql is not null and tbl_name = ?";

/// An index of a new table under the name and by the definition of the one that it comes after. SQLite has no statement
/// that renames an index, and to make them under their names in the end would keep commits waiting for as long as it
/// took to sort all of the rows.
const RENAME_INDEX: &str =
    "update sqlite_schema set name = ?1, sql = ?2 where type = 'index' and name = 'rebuild_' || ?1";

/// The last of what is served in the place of what was.
const FINISH: &str = "\
drop index rebuild_search_texts_case;
drop table search_index;
alter table rebuild_search_index rename to search_index";

/// Makes the new tables, empty. Nothing is left of a rebuild that did not end.
pub(super) fn start(on: &Transaction<'_>) -> rusqlite::Result<()> {
    on.execute_batch("drop table if exists rebuild_search_index")?;
    for table in ROW_TABLES {
        on.execute_batch(&format!("drop table if exists rebuild_{table}"))?;
        let served: String = on.query_row(DEFINITION, [table], |row| row.get(0))?;
        on.execute_batch(&format!("create table rebuild_{table} {}", without_names(&served)))?;
    }
    on.execute_batch(START)
}

/// Makes one of the indexes that the new tables still need; `false` when there is none. That takes a fraction of what
/// putting each row in its place in every one does.
pub(super) fn index_one(on: &Transaction<'_>) -> rusqlite::Result<bool> {
    let Some(index) = indexes(on)?.into_iter().find(|index| !index.is_made) else { return Ok(false) };
    let Index { table, name, definition, .. } = index;
    on.execute_batch(&format!("create index rebuild_{name} on rebuild_{table} {}", without_names(&definition)))?;
    Ok(true)
}

/// Puts the new tables in the place of the served ones. Readers go on with the snapshot that they have.
pub(super) fn finish(on: &Transaction<'_>, expected_head: u64) -> rusqlite::Result<RebuildOutcome> {
    let head = on.query_row(HEAD, (), HeadRow::scanned)?.head();
    if head.next_position != expected_head {
        return Ok(RebuildOutcome::Behind(head));
    }
    while index_one(on)? {}
    let indexes = indexes(on)?;
    for table in ROW_TABLES {
        on.execute_batch(&format!("drop table {table}; alter table rebuild_{table} rename to {table}"))?;
    }
    on.execute_batch(FINISH)?;
    on.pragma_update(None, "writable_schema", true)?;
    for Index { name, definition, .. } in indexes {
        on.execute(RENAME_INDEX, (name, definition))?;
    }
    // It is read anew with the next statement.
    on.pragma_update(None, "writable_schema", "reset")?;
    on.execute(SET_ROWS_VERSION, [ROWS_VERSION.cast_signed()])?;
    Ok(RebuildOutcome::Swapped)
}

/// An index of a served table.
struct Index {
    table: &'static str,
    name: String,
    definition: String,
    /// Whether the new table has its like.
    is_made: bool,
}

fn indexes(on: &Connection) -> rusqlite::Result<Vec<Index>> {
    let mut all = Vec::new();
    let mut look = on.prepare_cached(INDEXES)?;
    for table in ROW_TABLES {
        let found = look.query_map([table], |row| {
            Ok(Index { table, name: row.get(0)?, definition: row.get(1)?, is_made: row.get(2)? })
        })?;
        for index in found {
            all.push(index?);
        }
    }
    Ok(all)
}

/// A definition from its bracket on, behind which there is no name of a table or an index.
fn without_names(definition: &str) -> &str {
    &definition[definition.find('(').unwrap_or_default()..]
}
