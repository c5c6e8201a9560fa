//! What the file says of its tables, indexes and triggers, against what the migrations make in an empty one, and whether
//! the indexes lead to what is there: a row that they do not lead to is right, and shown to nobody.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::store::schema::{Alteration, Altered, Catalogued};
use crate::store::sqlite::{MIGRATIONS, SqliteBackend};

/// All that has a definition.
const OBJECTS: &str = "select type, name, tbl_name, sql from sqlite_schema where sql is not null";

/// What SQLite keeps for itself.
const OF_SQLITE: &str = "sqlite_";

/// The tables that SQLite keeps the index of the search in.
const OF_SEARCH: [&str; 5] =
    ["search_index_config", "search_index_content", "search_index_data", "search_index_docsize", "search_index_idx"];

/// Whether the pages of a table are sound, and each of its indexes has an entry for each row and no other. The quick check
/// leaves indexes out.
const CHECK: &str = "pragma integrity_check";

/// The index of the search, of which it is asked what it finds.
const SEARCH: &str = "search_index";

/// What stands before the name of an index that is not as its table is.
const OF_INDEX: [&str; 3] = ["missing from index ", "wrong # of entries in index ", "non-unique entry in index "];

/// What a line about pages begins with.
const OF_PAGES: [&str; 5] = ["*** in database", "Tree ", "Page ", "Freelist: ", "Main freelist: "];

/// What the definition of an index begins with that refuses what is there already.
const UNIQUE: &str = "unique ";

impl Catalogued for SqliteBackend {
    async fn alterations(&self) -> Result<Vec<Alteration>, sqlx::Error> {
        let look = |connection: &mut Connection| {
            let made = Connection::open_in_memory()?;
            for migration in MIGRATIONS.iter() {
                made.execute_batch(&migration.sql)?;
            }
            let (made, found) = (objects(&made)?, objects(connection)?);
            let mut alterations = altered(&made, &found);
            for (_, table) in made.keys().filter(|object| object.0 == Kind::Table && found.contains_key(*object)) {
                if table != SEARCH {
                    alterations.extend(unsound(connection, table)?);
                }
            }
            Ok(alterations)
        };
        self.scanner.look(look).await
    }
}

/// The definitions by kind and name. A trigger may have the name of a table.
type Objects = BTreeMap<(Kind, String), String>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Table,
    Index,
    Trigger,
    View,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Index => "index",
            Self::Trigger => "trigger",
            Self::View => "view",
        }
    }

    /// What it is when one is not there, and when it is another.
    fn alterations(self) -> (Altered, Altered) {
        match self {
            Self::Table | Self::View => (Altered::Table, Altered::Table),
            Self::Index => (Altered::IndexMissing, Altered::IndexNotValid),
            Self::Trigger => (Altered::GuardMissing, Altered::GuardWrong),
        }
    }
}

fn objects(connection: &Connection) -> rusqlite::Result<Objects> {
    let mut look = connection.prepare(OBJECTS)?;
    let mut rows = look.query(())?;
    let mut objects = Objects::new();
    while let Some(row) = rows.next()? {
        let (kind, name, table, definition): (String, String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let kind = match kind.as_str() {
            "table" => Kind::Table,
            "index" => Kind::Index,
            "trigger" => Kind::Trigger,
            _ => Kind::View,
        };
        let is_of_search = kind == Kind::Table && OF_SEARCH.contains(&name.as_str());
        if is_of_search || (kind != Kind::Trigger && name.starts_with(OF_SQLITE)) {
            continue;
        }
        // What a rebuild has made was renamed: its definition is the same from the bracket on.
        let from_bracket = &definition[definition.find('(').unwrap_or_default()..];
        let definition = match kind {
            Kind::Index if definition.to_lowercase().starts_with("create unique ") => {
                format!("{UNIQUE}{table} {from_bracket}")
            }
            Kind::Table | Kind::Index | Kind::View => format!("{table} {from_bracket}"),
            Kind::Trigger => definition,
        };
        objects.insert((kind, name), definition);
    }
    Ok(objects)
}

/// Indexes of a table that do not lead to what is in it, each once, and whether its pages are damaged. Values that a column should
/// not have are told where rows are compared.
fn unsound(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Alteration>> {
    let mut told = BTreeMap::new();
    let mut look = connection.prepare(&format!("{CHECK}({table})"))?;
    let mut rows = look.query(())?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        let of_index = OF_INDEX.iter().find_map(|before| line.split_once(before));
        if let Some((_, name)) = of_index {
            let message = || Altered::IndexNotValid.told(format!("the index {name} is not as its table is: {line}"));
            told.entry(name.to_owned()).or_insert_with(message);
        } else if OF_PAGES.iter().any(|beginning| line.starts_with(beginning)) {
            let message = || Altered::Table.told(format!("the table {table} is damaged: {}", line.replace('\n', "; ")));
            told.entry(String::new()).or_insert_with(message);
        }
    }
    Ok(told.into_values().collect())
}

fn altered(made: &Objects, found: &Objects) -> Vec<Alteration> {
    let mut alterations = Vec::new();
    for (object @ (kind, name), definition) in made {
        let (missing, wrong) = kind.alterations();
        let word = kind.word();
        match found.get(object) {
            None => alterations.push(missing.told(format!("the {word} {name} is not there"))),
            Some(found) if found != definition => {
                let message = format!("the {word} {name} is not the one that the migrations make");
                alterations.push(wrong.told(message));
            }
            Some(_) => {}
        }
    }
    for ((kind, name), definition) in found.iter().filter(|(object, _)| !made.contains_key(*object)) {
        match (kind, definition.strip_prefix(UNIQUE).and_then(|definition| definition.split_once(' '))) {
            (Kind::Trigger, _) => alterations.push(
                Altered::Table.told(format!("no migration makes the trigger {name}, which may change what is written")),
            ),
            (Kind::Index, Some((table, _))) if made.contains_key(&(Kind::Table, table.to_owned())) => {
                alterations.push(Altered::Table.told(format!(
                    "no migration makes the unique index {name} of {table}, which may refuse what is written"
                )));
            }
            _ => {}
        }
    }
    alterations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(script: &str) -> Objects {
        let connection = Connection::open_in_memory().expect("memory");
        connection.execute_batch(script).expect("it runs");
        objects(&connection).expect("it reads")
    }

    #[test]
    fn a_table_that_was_renamed_with_its_index_is_the_same() {
        let made = of("create table x (a text not null); create index i on x (a)");
        let renamed = of("create table y (a text not null); alter table y rename to x; create index i on \"x\" (a)");
        assert_eq!(altered(&made, &renamed), []);
        let other = of("create table x (a text); create index i on x (a) where a > ''");
        let found: Vec<_> = altered(&made, &other).into_iter().map(|alteration| alteration.what).collect();
        assert_eq!(found, [Altered::Table, Altered::IndexNotValid]);
    }

    #[test]
    fn an_index_that_leads_past_a_row_is_told() {
        let sound = "create table x (a text not null); create index i on x (a); insert into x values ('b'), ('c')";
        let connection = Connection::open_in_memory().expect("memory");
        connection.execute_batch(sound).expect("it runs");
        assert_eq!(unsound(&connection, "x"), Ok(Vec::new()));
        let hole = "drop index i; create index i on x (a) where a <> 'b'; pragma writable_schema = on;
                    update sqlite_schema set sql = 'create index i on x (a)' where name = 'i';
                    pragma writable_schema = reset";
        connection.execute_batch(hole).expect("it runs");
        let told = unsound(&connection, "x").expect("it reads");
        assert_eq!(told.iter().map(|alteration| alteration.what).collect::<Vec<_>>(), [Altered::IndexNotValid]);
        assert!(told[0].message.starts_with("the index i is not as its table is: "), "{told:?}");
    }

    #[test]
    fn an_index_is_none_of_the_search_by_its_name() {
        let table = "create table x (a text)";
        let made = of(table);
        let told = altered(&made, &of(&format!("{table}; create unique index search_index_x on x (a)")));
        assert_eq!(told.iter().map(|alteration| alteration.what).collect::<Vec<_>>(), [Altered::Table]);
    }

    #[test]
    fn what_is_unique_and_should_not_be_is_told() {
        let made = of("create table x (a text not null, b text); create index i on x (a)");
        let more = "create table x (a text not null, b text); create table other (a text);
                    create unique index more on other (a); create index slow on x (b)";
        assert_eq!(altered(&made, &of(&format!("{more}; create index i on x (a)"))), []);
        let found = of(&format!("{more}; create unique index i on x (a); create unique index j on x (b)"));
        let told = altered(&made, &found);
        let codes: Vec<_> = told.iter().map(|alteration| alteration.what).collect();
        assert_eq!(codes, [Altered::IndexNotValid, Altered::Table]);
        assert!(told[1].message.contains("the unique index j of x"), "{told:?}");
    }
}
