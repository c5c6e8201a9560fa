//! What the migrations make of the columns of tables and of the constraints on their rows, in the words that PostgreSQL has
//! for them.
//!
//! As its neighbour for the rest, it reads what migrations here are written in and no more: types of one word, defaults of
//! one, and checks of one column, against a number or with a list. A test holds it against a database that was migrated.

use std::collections::BTreeMap;

/// Tables and names, each with a definition.
pub(super) type Definitions = BTreeMap<(String, String), String>;

/// Names of columns that PostgreSQL quotes, as words of its own.
const QUOTED: [&str; 1] = ["position"];

/// What an up-to-date schema has.
#[derive(Debug, Default)]
pub(super) struct Columns {
    columns: BTreeMap<(String, String), Column>,
    /// Checks: no migration makes another constraint besides keys, of whose indexes it is known that they are there.
    pub(super) constraints: Definitions,
}

/// A column.
#[derive(Debug, Default)]
struct Column {
    /// Its type.
    kind: String,
    /// The name in quotes, where the migration gives one.
    collation: Option<String>,
    is_needed: bool,
    /// As the migration has it.
    default: Option<String>,
}

impl Columns {
    /// Takes in a statement of a migration that has no comments. Only its literals have capitals.
    pub(super) fn take(&mut self, statement: &str) {
        let words: Vec<&str> = statement.split_whitespace().collect();
        let text = words.join(" ");
        if let Some(text) = text.strip_prefix("create table ") {
            let (name, body) = text.split_once('(').unwrap_or((text, ""));
            for part in parts(body) {
                self.begin(name.trim_end(), part);
            }
        } else if let Some((name, actions)) = text.strip_prefix("alter table ").and_then(|text| text.split_once(' ')) {
            for action in parts(actions) {
                self.change(name, action);
            }
        } else if let Some(name) = text.strip_prefix("drop table ") {
            self.columns.retain(|(table, _), _| table != name);
            self.constraints.retain(|(table, _), _| table != name);
        }
    }

    /// The columns, defined as PostgreSQL would.
    pub(super) fn definitions(&self) -> Definitions {
        self.columns.iter().map(|(key, column)| (key.clone(), column.definition())).collect()
    }

    /// A part of what stands in the brackets of a table.
    fn begin(&mut self, table: &str, part: &str) {
        match part.split_once(" (") {
            Some(("primary key", columns)) => self.need(table, columns),
            Some(("unique", _)) => {}
            _ => self.add(table, part),
        }
    }

    fn change(&mut self, table: &str, action: &str) {
        let words: Vec<&str> = action.split(' ').collect();
        let key = |name: &str| (table.to_owned(), name.to_owned());
        match words.as_slice() {
            ["add", "column", column @ ..] => self.add(table, &column.join(" ")),
            ["add", "primary", "key", columns @ ..] => self.need(table, &columns.join(" ")),
            ["add", "constraint", name, "check", condition @ ..] => self.check(table, name, &condition.join(" ")),
            ["drop", "constraint", name] => {
                self.constraints.remove(&key(name));
            }
            ["alter", "column", name, "drop", "default"] => {
                if let Some(column) = self.columns.get_mut(&key(name)) {
                    column.default = None;
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, table: &str, definition: &str) {
        let (definition, condition) = definition
            .split_once(" check ")
            .map_or((definition, None), |(before, condition)| (before, Some(condition)));
        let mut words = definition.split(' ');
        let name = words.next().unwrap_or_default();
        let mut column = Column { kind: words.next().unwrap_or_default().to_owned(), ..Column::default() };
        while let Some(word) = words.next() {
            match word {
                "collate" => column.collation = words.next().map(str::to_owned),
                "default" => column.default = words.next().map(str::to_owned),
                "not" | "primary" => column.is_needed = true,
                _ => {}
            }
        }
        self.columns.insert((table.to_owned(), name.to_owned()), column);
        if let Some(condition) = condition {
            self.check(table, &format!("{table}_{name}_check"), condition);
        }
    }

    /// What is of a key is never null.
    fn need(&mut self, table: &str, columns: &str) {
        for name in columns.trim_matches(['(', ')']).split(", ") {
            if let Some(column) = self.columns.get_mut(&(table.to_owned(), name.to_owned())) {
                column.is_needed = true;
            }
        }
    }

    /// A check, as PostgreSQL writes one down: a list becomes an array of the type of its column.
    fn check(&mut self, table: &str, name: &str, condition: &str) {
        let condition = condition.strip_prefix('(').and_then(|condition| condition.strip_suffix(')'));
        let (column, rest) = condition.and_then(|condition| condition.split_once(' ')).unwrap_or_default();
        let quoted = if QUOTED.contains(&column) { format!("\"{column}\"") } else { column.to_owned() };
        let list = rest.strip_prefix("in (").and_then(|list| list.strip_suffix(')'));
        let checked = match list {
            Some(list) => {
                let kind = self.columns.get(&(table.to_owned(), column.to_owned())).map_or("", |column| &column.kind);
                let element = |element: &str| match element.starts_with('\'') {
                    true => format!("{element}::{kind}"),
                    false => format!("({element})::{kind}"),
                };
                let elements: Vec<_> = list.split(", ").map(element).collect();
                format!("{quoted} = ANY (ARRAY[{}])", elements.join(", "))
            }
            None => format!("{quoted} {rest}"),
        };
        self.constraints.insert((table.to_owned(), name.to_owned()), format!("CHECK (({checked}))"));
    }
}

impl Column {
    fn definition(&self) -> String {
        let mut definition = self.kind.clone();
        if let Some(collation) = &self.collation {
            definition.extend([" collate ", collation]);
        }
        if self.is_needed {
            definition.push_str(" not null");
        }
        if let Some(default) = &self.default {
            definition.extend([" default ", &self.constant(default)]);
        }
        definition
    }

    /// A constant as PostgreSQL writes it down: with its type, but for a number that an `integer` holds.
    fn constant(&self, written: &str) -> String {
        let kind = &self.kind;
        match (written, kind.as_str()) {
            ("''", "bytea") => r"'\x'::bytea".to_owned(),
            (text, _) if text.starts_with('\'') => format!("{text}::{kind}"),
            (number, _) if number.parse::<i32>().is_ok() => number.to_owned(),
            (number, _) => format!("'{number}'::{kind}"),
        }
    }
}

/// What stands between commas outside of brackets, up to the bracket that closes.
pub(super) fn parts(text: &str) -> Vec<&str> {
    let (mut all, mut begin, mut depth) = (Vec::new(), 0, 0_usize);
    let mut end = text.len();
    for (place, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => {
                end = place;
                break;
            }
            ')' => depth -= 1,
            ',' if depth == 0 => {
                all.push(text[begin..place].trim());
                begin = place + 1;
            }
            _ => {}
        }
    }
    all.push(text[begin..end].trim());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_the_last_migration_leaves_it() {
        let mut columns = Columns::default();
        for statement in [
            "create table gone (id bigint primary key check (id = 1))",
            "create table kept (\n    id text collate \"C\" primary key,\n    a bigint check (a in (0, 1)),\n    \
             b bigint not null default 3000000000,\n    state text not null check (state in ('ON', 'OFF')),\n    \
             unique (a, b)\n) with (fillfactor = 70)",
            "drop table gone",
            "alter table kept add column c bytea not null default '', add column d bigint not null default 0",
            "alter table kept alter column b drop default, add primary key (id, a)",
            "alter table kept add constraint kept_position_check check (position >= 0)",
            "alter table kept drop constraint kept_state_check",
            "alter table kept set (fillfactor = 80)",
        ] {
            columns.take(statement);
        }
        let written = |definitions: Definitions| -> Vec<String> {
            definitions.into_iter().map(|((table, name), definition)| format!("{table}.{name}: {definition}")).collect()
        };
        assert_eq!(
            written(columns.definitions()),
            [
                "kept.a: bigint not null",
                "kept.b: bigint not null",
                r"kept.c: bytea not null default '\x'::bytea",
                "kept.d: bigint not null default 0",
                "kept.id: text collate \"C\" not null",
                "kept.state: text not null",
            ]
        );
        assert_eq!(
            written(columns.constraints),
            [
                "kept.kept_a_check: CHECK ((a = ANY (ARRAY[(0)::bigint, (1)::bigint])))",
                "kept.kept_position_check: CHECK ((\"position\" >= 0))",
            ]
        );
        let mut listed = Columns::default();
        listed.take("create table t (state text check (state in ('ON', 'OFF')), n bigint default 3000000000)");
        assert_eq!(written(listed.definitions()), ["t.n: bigint default '3000000000'::bigint", "t.state: text"]);
        assert_eq!(
            written(listed.constraints),
            ["t.t_state_check: CHECK ((state = ANY (ARRAY['ON'::text, 'OFF'::text])))"]
        );
    }
}
