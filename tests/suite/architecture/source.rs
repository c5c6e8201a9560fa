//! Rust source as the architecture rules look at it: code without comments and texts, which rooms it names, and
//! which part of it is tests.

use std::collections::BTreeSet;
use std::path::Path;

/// One file.
pub struct Source {
    /// Its path from the repository's root, with `/`.
    pub path: String,
    /// How many lines the file has.
    pub lines: usize,
    /// The code, each comment and text blanked, so that line numbers hold.
    code: String,
    /// The first line, from 1, of the tests at the file's end.
    tests_from: usize,
}

/// A place where the code names something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The line, from 1.
    pub line: usize,
    /// What is named there.
    pub name: String,
    /// Whether it is test code.
    pub in_tests: bool,
}

impl Source {
    /// Reads `text` as the file at `path`.
    pub fn new(path: &str, text: &str) -> Self {
        let code = blank_comments_and_texts(text);
        let all_tests = path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/");
        let marker = code.lines().collect::<Vec<_>>().windows(2).position(|pair| {
            pair[0].trim() == "#[cfg(test)]" && pair[1].trim_start().starts_with("mod ") && pair[1].ends_with('{')
        });
        let tests_from = if all_tests { 1 } else { marker.map_or(usize::MAX, |index| index + 1) };
        Self { path: path.to_owned(), lines: text.lines().count(), code, tests_from }
    }

    /// The room in `src` that the file belongs to: its folder, or its own name.
    pub fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        Some(inside.split('/').next()?.trim_end_matches(".rs"))
    }

    /// Where the code says `phrase`, as whole words.
    pub fn mentions(&self, phrase: &str) -> Vec<Mention> {
        let is_word = |character: Option<char>| character.is_some_and(|it| it.is_alphanumeric() || it == '_');
        let starts_with_word = is_word(phrase.chars().next());
        let ends_with_word = is_word(phrase.chars().next_back());
        self.code
            .match_indices(phrase)
            .filter(|(start, _)| !(starts_with_word && is_word(self.code[..*start].chars().next_back())))
            .filter(|(start, _)| !(ends_with_word && is_word(self.code[start + phrase.len()..].chars().next())))
            .map(|(start, _)| self.mention(start, phrase))
            .collect()
    }

    /// Where the code names one of `rooms`: `crate::room`, `crate::{room, …}`, `etalon::room`, or `super::room` from
    /// as deep as reaches the root.
    pub fn rooms_named(&self, rooms: &BTreeSet<String>) -> Vec<Mention> {
        let depth = self.path.trim_start_matches("src/").trim_end_matches("/mod.rs").split('/').count();
        let climb = "super::".repeat(depth);
        let mut found = Vec::new();
        for root in ["crate::", "etalon::", climb.as_str()] {
            for mention_start in self.code.match_indices(root).map(|(start, _)| start) {
                let start = mention_start + root.len();
                for (at, name) in first_names(&self.code[start..]) {
                    if rooms.contains(name) {
                        found.push(self.mention(start + at, name));
                    }
                }
            }
        }
        found
    }

    fn mention(&self, at: usize, name: &str) -> Mention {
        let line = self.code[..at].matches('\n').count() + 1;
        Mention { line, name: name.to_owned(), in_tests: line >= self.tests_from }
    }
}

/// Every file under `folder` that ends in `.rs`, its path from `root`.
pub fn read_all(root: &Path, folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut waiting = vec![root.join(folder)];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be listed") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("the file can be read");
                let path = path.strip_prefix(root).expect("it is below the root").display().to_string();
                found.push(Source::new(&path, &text));
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The name that a path begins with, or each one that a braced group's paths begin with, and where they stand.
fn first_names(path: &str) -> Vec<(usize, &str)> {
    let name_at = |start: usize| {
        let rest = &path[start..];
        let end = rest.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(rest.len());
        (start, &rest[..end])
    };
    if !path.starts_with('{') {
        return vec![name_at(0)];
    }
    let mut names = Vec::new();
    let mut depth = 0;
    let mut expecting = false;
    for (at, character) in path.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if expecting && !character.is_whitespace() {
            names.push(name_at(at));
            expecting = false;
        }
        if depth == 1 && matches!(character, '{' | ',') {
            expecting = true;
        }
    }
    names
}

/// The text with every comment and every string's inside replaced by blanks, newlines kept.
fn blank_comments_and_texts(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let blanked = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => end_of_text(rest),
            '\'' => end_of_character(rest),
            'r' if !code.ends_with(|it: char| it.is_alphanumeric() || it == '_') => end_of_raw_text(rest),
            _ => 0,
        };
        if blanked == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..blanked].chars().map(|it| if it == '\n' { '\n' } else { ' ' }));
            rest = &rest[blanked..];
        }
    }
    code
}

fn end_of_text(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Zero for a lifetime, which looks like the beginning of a character.
fn end_of_character(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(0, |end| end + 4),
        Some(_) => characters.next().filter(|(_, it)| *it == '\'').map_or(0, |(end, _)| end + 1),
        None => 0,
    }
}

/// Zero for anything that only begins with an r.
fn end_of_raw_text(rest: &str) -> usize {
    let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
    let inside = 1 + hashes;
    if !rest[inside..].starts_with('"') {
        return 0;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    rest[inside + 1..].find(&close).map_or(rest.len(), |end| inside + 1 + end + close.len())
}

#[test]
fn comments_and_texts_are_no_code() {
    let text =
        "let a = \"sqlx \\\" sqlx\"; // sqlx\n/* sqlx\n */ let b = r#\"sqlx \" \n\"#; let c = '\"'; sqlx::query();";
    let source = Source::new("src/a.rs", text);
    let found = source.mentions("sqlx");
    assert_eq!(found, [Mention { line: 4, name: "sqlx".into(), in_tests: false }]);
    assert_eq!(Source::new("src/a.rs", "fn f<'a>(x: &'a str) { sqlx('\\'') }").mentions("sqlx").len(), 1);
    assert_eq!(Source::new("src/a.rs", "my_sqlx(); sqlx_too()").mentions("sqlx"), []);
}

#[test]
fn rooms_are_found_in_every_way_to_name_them() {
    let rooms = ["app", "store", "domain"].map(str::to_owned).into();
    let names = |path: &str, text: &str| -> Vec<String> {
        Source::new(path, text).rooms_named(&rooms).into_iter().map(|mention| mention.name).collect()
    };
    assert_eq!(names("src/a.rs", "use crate::store::Row;"), ["store"]);
    assert_eq!(
        names("src/a.rs", "use crate::{\n  app::{store, read},\n  domain,\n  clock::Clock };"),
        ["app", "domain"]
    );
    assert_eq!(names("src/a/b.rs", "super::super::app::run()"), ["app"]);
    assert_eq!(names("src/a/mod.rs", "super::app::run()"), ["app"]);
    assert_eq!(names("src/a/b.rs", "use super::app;"), [] as [&str; 0], "that is a::app");
    assert_eq!(names("src/main.rs", "etalon::app::run()"), ["app"]);
}

#[test]
fn tests_begin_where_their_module_does() {
    let text = "fn f() { sqlx() }\n#[cfg(test)]\nmod tests {\n sqlx()\n}";
    let found = Source::new("src/a.rs", text).mentions("sqlx");
    assert_eq!(found.iter().map(|mention| mention.in_tests).collect::<Vec<_>>(), [false, true]);
    assert!(Source::new("src/a/tests.rs", "sqlx()").mentions("sqlx")[0].in_tests);
}
