//! What the migrations make, read from their text: tables and indexes, triggers, and the sources of functions.
//!
//! It reads what migrations here are written in and no more: a name a statement, and sources between `$$`. A test holds it
//! against a database that was migrated.

use std::collections::{BTreeMap, BTreeSet};

use crate::store::postgres::columns::Columns;
use crate::store::postgres::indexes::Indexes;

/// What an up-to-date schema has.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// The names of the tables.
    pub(super) tables: BTreeSet<String>,
    /// Their columns and the constraints on their rows.
    pub(super) columns: Columns,
    /// Their indexes.
    pub(super) indexes: Indexes,
    /// Tables and names of triggers, each with its definition as [`normal`] has it.
    pub(super) triggers: BTreeMap<(String, String), String>,
    /// Names of functions, each with its source.
    pub(super) functions: BTreeMap<String, String>,
}

impl Expected {
    /// What these migrations make, one after the other.
    pub(super) fn of<'a>(migrations: impl IntoIterator<Item = &'a str>) -> Self {
        let mut expected = Self::default();
        for Statement { text, source } in migrations.into_iter().flat_map(statements) {
            expected.columns.take(&text);
            expected.indexes.take(&text);
            expected.take(&text, source);
        }
        expected
    }

    fn take(&mut self, text: &str, source: String) {
        let text = text.to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["create", "table", name, ..] => {
                self.tables.insert(bare(name).to_owned());
            }
            ["drop", "table", name, ..] => self.end(bare(name)),
            ["create", "trigger", name, rest @ ..] => {
                let table = rest.iter().skip_while(|word| **word != "on").nth(1).copied().unwrap_or_default();
                self.triggers.insert((table.to_owned(), (*name).to_owned()), normal(&text));
            }
            ["drop", "trigger", name, "on", table, ..] => {
                self.triggers.remove(&((*table).to_owned(), (*name).to_owned()));
            }
            ["create", "function", name, ..] | ["create", "or", "replace", "function", name, ..] => {
                self.functions.insert(bare(name).to_owned(), source);
            }
            ["drop", "function", name, ..] => {
                self.functions.remove(bare(name));
            }
            _ => {}
        }
    }

    fn end(&mut self, table: &str) {
        self.tables.remove(table);
        self.triggers.retain(|(of, _), _| of != table);
    }
}

/// A name without what stands in brackets behind it.
fn bare(name: &str) -> &str {
    name.split_once('(').map_or(name, |(name, _)| name)
}

/// A statement of a migration without its comments.
struct Statement {
    text: String,
    /// What stands between `$$`, as it stands there.
    source: String,
}

fn statements(script: &str) -> Vec<Statement> {
    let mut all = Vec::new();
    let (mut text, mut source) = (String::new(), String::new());
    let mut rest = script;
    while let Some(next) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
            text.push(' ');
        } else if let Some(quoted) = rest.strip_prefix("$$") {
            let (inner, after) = quoted.split_once("$$").unwrap_or((quoted, ""));
            inner.clone_into(&mut source);
            rest = after;
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            // A quote that is doubled ends one literal and begins the next.
            let (literal, after) = quoted.split_once('\'').unwrap_or((quoted, ""));
            text.extend(["'", literal, "'"]);
            rest = after;
        } else {
            rest = &rest[next.len_utf8()..];
            match next {
                ';' => all.push(Statement { text: std::mem::take(&mut text), source: std::mem::take(&mut source) }),
                _ => text.push(next),
            }
        }
    }
    all.push(Statement { text, source });
    all
}

/// The definition of a trigger in one form, however many brackets it is written with and in whatever order it names what
/// it is before.
pub(super) fn normal(definition: &str) -> String {
    let lower = definition.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let text = without_idle_brackets(&words.join(" "));
    let before = |text: &str| -> Option<String> {
        let (head, rest) = text.split_once(" before ")?;
        let (events, rest) = rest.split_once(" on ")?;
        let mut events: Vec<_> = events.split(" or ").collect();
        events.sort_unstable();
        Some(format!("{head} before {} on {rest}", events.join(" or ")))
    };
    before(&text).unwrap_or(text)
}

/// Brackets say something only around alternatives.
fn without_idle_brackets(text: &str) -> String {
    let mut open = vec![String::new()];
    for character in text.chars() {
        match character {
            '(' => open.push(String::new()),
            ')' if open.len() > 1 => {
                let inner = open.pop().unwrap_or_default();
                let is_bracketed = inner
                    .strip_prefix('(')
                    .and_then(|inner| inner.strip_suffix(')'))
                    .is_some_and(|inner| !inner.contains(['(', ')']));
                let is_needed = inner.contains(" or ") && !is_bracketed;
                let outer = open.last_mut().expect("it is not the last");
                match is_needed {
                    true => outer.extend(["(", inner.as_str(), ")"]),
                    false => outer.push_str(&inner),
                }
            }
            character => open.last_mut().expect("one is always open").push(character),
        }
    }
    open.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_later_migration_takes_away_or_renames_is_not_expected() {
        let expected = Expected::of([
            "create table gone (id bigint); create table kept (id bigint); -- create table never ();\n\
             create index i on kept (id); create index j on gone(id); create index k on kept (id)",
            "drop table gone; alter index i rename to renamed; drop index k;\n\
             create function f() returns trigger language plpgsql as $$ begin; raise 'it''s'; end $$;\n\
             create trigger t before update or delete on kept for each statement execute function f();\n\
             create trigger u before update on kept for each statement execute function f(); drop trigger u on kept",
        ]);
        assert_eq!(expected.tables.iter().collect::<Vec<_>>(), ["kept"]);
        assert_eq!(expected.indexes.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["renamed"]);
        assert_eq!(expected.functions["f"], " begin; raise 'it''s'; end ");
        let triggers: Vec<_> = expected.triggers.into_iter().collect();
        let definition = "create trigger t before delete or update on kept for each statement execute function f";
        assert_eq!(triggers, [(("kept".to_owned(), "t".to_owned()), definition.to_owned())]);
    }

    #[test]
    fn a_condition_is_the_same_with_more_brackets_and_another_where_they_say_something() {
        let of = |when: &str| normal(&format!("create trigger t before update on x for each row when {when} execute"));
        let written = of("(new.a < old.a or new.b < old.b\n    or (new.c <> old.c and new.a = old.a))");
        for same in [
            "(((new.a < old.a) OR (new.b < old.b) OR ((new.c <> old.c) AND (new.a = old.a))))",
            "(new.a < old.a OR new.b < old.b OR new.c <> old.c AND new.a = old.a)",
        ] {
            assert_eq!(of(same), written, "{same}");
        }
        for other in [
            "((((new.a < old.a) OR (new.b < old.b) OR (new.c <> old.c)) AND (new.a = old.a)))",
            "(new.a < old.a or new.b < old.b)",
        ] {
            assert_ne!(of(other), written, "{other}");
        }
    }
}
