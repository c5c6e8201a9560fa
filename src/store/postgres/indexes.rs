//! The indexes that the migrations make, each with its definition in one form, however that is written.
//!
//! As its neighbours for the rest, it reads what migrations here are written in and no more: every index has its name, and
//! keys stand behind their column or in a part of their own. A test holds it against a database that was migrated.

use std::collections::BTreeMap;

use sqlx::FromRow;

use crate::store::postgres::catalogue::shown;
use crate::store::postgres::columns::parts;
use crate::store::schema::{Alteration, Altered};

/// What an up-to-date schema has, by name.
#[derive(Debug, Default)]
pub(super) struct Indexes(BTreeMap<String, Index>);

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) table: String,
    /// As [`defined`] has it.
    pub(super) definition: String,
}

impl Indexes {
    /// Takes in a statement of a migration that has no comments. Only its literals have capitals.
    pub(super) fn take(&mut self, statement: &str) {
        let words: Vec<&str> = statement.split_whitespace().collect();
        match words.as_slice() {
            ["create", "table", rest @ ..] => {
                let text = rest.join(" ");
                let (table, body) = text.split_once('(').unwrap_or((&text, ""));
                parts(body).into_iter().for_each(|part| self.begin(table.trim_end(), part));
            }
            ["alter", "table", table, "add", "primary", "key", columns @ ..] => self.key(table, &columns.join(" ")),
            ["create", "index", name, "on", rest @ ..] => self.make(name, rest, false),
            ["create", "unique", "index", name, "on", rest @ ..] => self.make(name, rest, true),
            ["drop", "index", name] => {
                self.0.remove(*name);
            }
            ["drop", "table", table, ..] => self.0.retain(|_, index| index.table != *table),
            ["alter", "index", name, "rename", "to", renamed] => {
                if let Some(index) = self.0.remove(*name) {
                    self.0.insert((*renamed).to_owned(), index);
                }
            }
            _ => {}
        }
    }

    /// Names with what they are of.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Index)> {
        self.0.iter().map(|(name, index)| (name.as_str(), index))
    }

    /// The index of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Index> {
        self.0.get(name)
    }

    /// A part of what stands in the brackets of a table.
    fn begin(&mut self, table: &str, part: &str) {
        let column = part.split(' ').next().unwrap_or_default();
        match part.split_once(" (") {
            Some(("primary key", _)) => self.key(table, &part["primary key".len()..]),
            Some(("unique", columns)) => self.unique(table, columns.trim_end_matches(')')),
            _ if part.contains(" primary key") => self.key(table, column),
            _ if part.split(' ').any(|word| word == "unique") => self.unique(table, column),
            _ => {}
        }
    }

    fn key(&mut self, table: &str, columns: &str) {
        self.insert(&format!("{table}_pkey"), table, columns, true);
    }

    fn unique(&mut self, table: &str, columns: &str) {
        self.insert(&format!("{table}_{}_key", columns.replace(", ", "_")), table, columns, true);
    }

    /// What stands behind `on`.
    fn make(&mut self, name: &str, rest: &[&str], is_unique: bool) {
        let rest = rest.join(" ");
        let (table, definition) = rest.split_at(rest.find([' ', '(']).unwrap_or(rest.len()));
        self.insert(name, table, definition, is_unique);
    }

    fn insert(&mut self, name: &str, table: &str, definition: &str, is_unique: bool) {
        let index = Index { table: table.to_owned(), definition: defined(definition, is_unique) };
        self.0.insert(name.to_owned(), index);
    }
}

/// A definition from its columns on in one form: without the brackets, casts and quotes that PostgreSQL writes and migrations
/// leave out, the method of nearly all, and what it is stored with.
pub(super) fn defined(definition: &str, is_unique: bool) -> String {
    let mut text = String::new();
    let mut is_literal = false;
    for character in definition.chars() {
        match character {
            '\'' => is_literal = !is_literal,
            _ if is_literal => text.push(character),
            '"' => {}
            '(' | ')' => text.push(' '),
            _ => text.extend(character.to_lowercase()),
        }
    }
    let mut is_storage = false;
    let said = text.split_whitespace().filter(|word| {
        is_storage = *word == "with" || (is_storage && *word != "where");
        !is_storage
    });
    let said = said.map(|word| word.split_once("::").map_or(word, |(word, _)| word));
    let words: Vec<_> = said.skip_while(|word| ["using", "btree"].contains(word)).collect();
    let definition = words.join(" ").replace(" ,", ",");
    if is_unique { format!("unique {definition}") } else { definition }
}

/// An index of the catalogue.
#[derive(FromRow)]
pub(super) struct IndexRow {
    of_table: String,
    name: String,
    definition: String,
    is_unique: bool,
    is_immediate: bool,
}

/// What of the indexes is otherwise than expected; whether one is there is told by its name.
pub(super) fn altered(expected: &Indexes, found: Vec<IndexRow>) -> Vec<Alteration> {
    let altered =
        found.into_iter().filter_map(|IndexRow { of_table: table, name, definition, is_unique, is_immediate }| {
            let columns = definition.split_once(" USING ").map_or(definition.as_str(), |(_, columns)| columns);
            let definition = defined(columns, is_unique);
            match expected.get(&name).filter(|made| made.table == table) {
                None if is_unique => {
                    let name = shown(&name);
                    Some(Altered::Table.told(format!(
                        "no migration makes the unique index {name} of {table}, which may refuse what is written"
                    )))
                }
                Some(made) if made.definition != definition || !is_immediate => {
                    let definition = shown(&definition);
                    let made = &made.definition;
                    Some(Altered::IndexNotValid.told(format!(
                        "the index {name} of {table} is `{definition}`, and the migrations make it `{made}`"
                    )))
                }
                _ => None,
            }
        });
    altered.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(statements: &[&str]) -> Vec<(String, String, String)> {
        let mut indexes = Indexes::default();
        statements.iter().for_each(|statement| indexes.take(statement));
        let told = |(name, index): (&str, &Index)| (name.to_owned(), index.table.clone(), index.definition.clone());
        indexes.iter().map(told).collect()
    }

    #[test]
    fn keys_are_indexes_and_what_is_dropped_or_renamed_is_not_expected() {
        let told = made(&[
            "create table gone (id bigint primary key)",
            "create table kept (id bigint not null primary key check (id = 1), a text unique, b text, unique (a, b))",
            "create table several (a text, b text, primary key (a, b))",
            "create index i on kept (b)",
            "create index j on kept(a)",
            "drop index j",
            "drop table gone",
            "alter index i rename to renamed",
            "alter table several add primary key (b, a)",
        ]);
        let told: Vec<_> = told.iter().map(|(name, table, is)| (name.as_str(), table.as_str(), is.as_str())).collect();
        assert_eq!(
            told,
            [
                ("kept_a_b_key", "kept", "unique a, b"),
                ("kept_a_key", "kept", "unique a"),
                ("kept_pkey", "kept", "unique id"),
                ("renamed", "kept", "b"),
                ("several_pkey", "several", "unique b, a"),
            ]
        );
    }

    #[test]
    fn a_definition_is_the_same_as_postgresql_writes_it_and_another_where_it_says_another_thing() {
        let written = "(status, (case when to_position - from_position < 64 then 0 else 1 end), position) \
                       where from_position < to_position and state = 'WAITING'";
        let catalogued = |more: &str, state: &str| {
            format!(
                "btree (status{more}, (\nCASE\n    WHEN ((to_position - from_position) < '64'::bigint) THEN 0\n    ELSE 1\nEND), \
                 \"position\") WITH (fillfactor='90') WHERE ((from_position < to_position) AND (state = '{state}'::text))"
            )
        };
        let expected = defined(written, false);
        assert_eq!(defined(&catalogued("", "WAITING"), false), expected);
        for (more, state, is_unique) in
            [("", "waiting", false), ("", "DEAD", false), (" DESC", "WAITING", false), ("", "WAITING", true)]
        {
            assert_ne!(defined(&catalogued(more, state), is_unique), expected, "{more} {state} {is_unique}");
        }
        assert_eq!(
            defined("using gin (terms)", false),
            defined("gin (terms) WITH (gin_pending_list_limit='512')", false)
        );
        assert_ne!(defined("gin (terms)", false), defined("btree (terms)", false));
    }
}
