//! What the file says of its tables, indexes and triggers, against what the migrations make in an empty one.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::store::schema::{Alteration, Altered, Catalogued};
use crate::store::sqlite::{MIGRATIONS, SqliteBackend};

/// All that has a definition.
const OBJECTS: &str = "select type, name, tbl_name, sql from sqlite_schema where sql is not null";

/// What SQLite keeps for itself, and the tables that it keeps the index of the search in.
const OF_SQLITE: [&str; 2] = ["sqlite_", "search_index_"];

/// What the definition of an index begins with that refuses what is there already.
const UNIQUE: &str = "unique ";

impl Catalogued for SqliteBackend {
    async fn alterations(&self) -> Result<Vec<Alteration>, sqlx::Error> {
        let look = |connection: &mut Connection| {
            let made = Connection::open_in_memory()?;
            for migration in MIGRATIONS.iter() {
                made.execute_batch(&migration.sql)?;
            }
            Ok(altered(&objects(&made)?, &objects(connection)?))
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
        if kind != Kind::Trigger && OF_SQLITE.iter().any(|of_sqlite| name.starts_with(of_sqlite)) {
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
