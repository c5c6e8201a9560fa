//! JSON Lines: one object a line. Nested members are named by their path, as in `fields/labels/0`; numbers keep the
//! digits they were written with; `null` says nothing and is left out.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, BufRead};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::interchange::read::error::ReadError;
use crate::interchange::read::input::{Input, is_over_budget};
use crate::interchange::read::{DEEPEST, LARGEST_EVENT_BYTES, Place, Row, Weight};

pub(super) struct Rows {
    input: Input,
    line: Vec<u8>,
    number: u64,
    last: Option<Place>,
}

impl Rows {
    pub(super) fn new(input: Input) -> Self {
        Self { input, line: Vec::new(), number: 0, last: None }
    }

    pub(super) fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        let is_too_large = loop {
            self.line.clear();
            self.input.begin_event();
            match self.input.read_until(b'\n', &mut self.line) {
                Ok(0) => return Ok(None),
                Ok(_) => {
                    self.number += 1;
                    if !self.line.trim_ascii().is_empty() {
                        break false;
                    }
                }
                Err(error) if is_over_budget(&error) => {
                    self.pass_over_line().map_err(|error| self.input.explain(error, self.last))?;
                    self.number += 1;
                    break true;
                }
                Err(error) => return Err(self.input.explain(error, self.last)),
            }
        };
        let place = Place::Line(self.number);
        self.last = Some(place);
        let mut row = Row { attributes: BTreeMap::new(), empty: BTreeSet::new(), place, problem: None };
        row.problem = match is_too_large {
            true => Some(format!("the line takes up more than {LARGEST_EVENT_BYTES} bytes: no event may be larger")),
            false => read_line(&self.line, &mut row).err(),
        };
        Ok(Some(row))
    }

    /// Goes on to behind the next line break.
    fn pass_over_line(&mut self) -> io::Result<()> {
        loop {
            self.input.begin_event();
            match self.input.skip_until(b'\n') {
                Err(error) if is_over_budget(&error) => {}
                passed => return passed.map(drop),
            }
        }
    }
}

fn read_line(line: &[u8], row: &mut Row) -> Result<(), String> {
    let line =
        std::str::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned())?.trim_end_matches(['\r', '\n']);
    let object: Members = serde_json::from_str(line)
        .map_err(|error| format!("the line is no JSON object: {}", told(&error, line, line)))?;
    object.flatten_into(&mut Flat { line, row, weight: Weight::default() }, "", 0)
}

/// What is wrong with a part of a line, by its place in the line: the library tells that in the part.
fn told(error: &serde_json::Error, part: &str, line: &str) -> String {
    let message = error.to_string();
    let in_the_part = format!(" at line {} column {}", error.line(), error.column());
    let Some(message) = message.strip_suffix(&in_the_part) else { return message };
    let before = (part.as_ptr().addr() - line.as_ptr().addr() + error.column()).min(line.len());
    let begins_a_character = |byte: &&u8| **byte & 0b1100_0000 != 0b1000_0000;
    let column = line.as_bytes()[..before].iter().filter(begins_a_character).count();
    format!("{message} at column {column}")
}

/// The members of an object and of all within it.
struct Flat<'a> {
    line: &'a str,
    row: &'a mut Row,
    weight: Weight,
}

impl Flat<'_> {
    /// Takes a value in, or that there is none in a list or an object.
    fn insert(&mut self, path: String, text: Option<String>) -> Result<(), String> {
        if self.row.attributes.contains_key(&path) || self.row.empty.contains(&path) {
            return Err(format!("the member `{path}` stands there twice"));
        }
        match text {
            Some(text) => {
                self.weight.add(&text)?;
                self.row.attributes.insert(path, text);
            }
            None => {
                self.row.empty.insert(path);
            }
        }
        Ok(())
    }
}

/// The members of an object as they stand there, doubles included.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

impl Members<'_> {
    fn flatten_into(self, flat: &mut Flat<'_>, path: &str, depth: usize) -> Result<(), String> {
        for (name, value) in self.0 {
            flatten(value, flat, format!("{path}{name}"), depth)?;
        }
        Ok(())
    }
}

fn flatten(value: &RawValue, flat: &mut Flat<'_>, path: String, depth: usize) -> Result<(), String> {
    flat.weight.add(&path)?;
    if depth > DEEPEST {
        return Err(format!("`{path}` is nested deeper than {DEEPEST} levels"));
    }
    let raw = value.get();
    let line = flat.line;
    let unreadable = |error: serde_json::Error| format!("`{path}`: {}", told(&error, raw, line));
    let text: String = match raw.as_bytes().first() {
        Some(b'{') => {
            let members: Members = serde_json::from_str(raw).map_err(unreadable)?;
            if members.0.is_empty() {
                return flat.insert(path, None);
            }
            return members.flatten_into(flat, &format!("{path}/"), depth + 1);
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(unreadable)?;
            if items.is_empty() {
                return flat.insert(path, None);
            }
            return (0..)
                .zip(items)
                .try_for_each(|(index, item): (usize, _)| flatten(item, flat, format!("{path}/{index}"), depth + 1));
        }
        Some(b'"') => serde_json::from_str(raw).map_err(unreadable)?,
        Some(b'n') => return Ok(()),
        _ => raw.to_owned(),
    };
    flat.insert(path, Some(text))
}
