//! Which attributes name or describe persons, and which of those a file has.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::interchange::read::{CASE_PREFIX, ForeignEvent, SOURCE_PREFIX};

/// How many names of the file are told that are like one which it does not have.
const MOST_ALIKE: usize = 3;

/// The most bytes of a name of the file that is held against one which it does not have: nobody mistypes a longer one, and
/// all that a path is within would take as many comparisons, each as long as that.
const LONGEST_ALIKE_BYTES: usize = 200;

/// The names that a mapping lists as personal. Each stands for all that is within it, as `author` does for
/// `author/name`, for what a trace says under it, as `creator` does for `case:creator`, and for every item of a list:
/// `comments/author`, `comments/0/author` and `comments/7/author` are one name.
#[derive(Clone, Debug)]
pub(super) struct PersonalNames(BTreeSet<String>);

impl PersonalNames {
    pub(super) fn new(listed: Vec<String>) -> Self {
        Self(listed.into_iter().map(|name| without_numbers(&name).unwrap_or(name)).collect())
    }

    /// The listed name by which an attribute is personal, if it is.
    pub(super) fn lists(&self, attribute: &str) -> Option<&str> {
        let paths = paths_of(attribute);
        names_in(&paths).find_map(|name| self.0.get(name)).map(String::as_str)
    }

    /// All of them, to be met in a file.
    pub(super) fn sought(&self) -> Sought {
        let unmet = self.0.iter().map(|name| (name.clone(), BTreeSet::new())).collect();
        Sought { unmet: Unmet(unmet), has_events: false }
    }
}

/// The paths by whose parts an attribute may be listed: its own; where an export of this program put `source:` in front
/// of it, what it was before; where it is the trace's, what that calls it; and each without its numbers. Names are cut out of
/// these: a path may have a million parts, and nothing is copied for each.
fn paths_of(attribute: &str) -> Vec<Cow<'_, str>> {
    let before = attribute.trim_start_matches(SOURCE_PREFIX);
    let written = [Some(attribute), (before != attribute).then_some(before), before.strip_prefix(CASE_PREFIX)];
    let mut paths = Vec::new();
    for path in written.into_iter().flatten() {
        paths.push(Cow::Borrowed(path));
        paths.extend(without_numbers(path).map(Cow::Owned));
    }
    paths
}

/// What is left of a path without its numbers, which tell the items of a list apart; `None` where it has none, or has
/// nothing else.
fn without_numbers(path: &str) -> Option<String> {
    let is_name = |part: &&str| part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit());
    if path.split('/').all(|part| is_name(&part)) {
        return None;
    }
    let names: Vec<_> = path.split('/').filter(is_name).collect();
    (!names.is_empty()).then(|| names.join("/"))
}

/// The names by which what has these paths may be listed: those of what it is within, from the outermost on, and its own.
fn names_in<'a>(paths: &'a [Cow<'_, str>]) -> impl Iterator<Item = &'a str> {
    paths.iter().flat_map(|path| beginnings(path))
}

fn beginnings(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| end).chain([path.len()]).map(move |end| &path[..end])
}

/// The listed names, while a file is read.
pub struct Sought {
    unmet: Unmet,
    has_events: bool,
}

impl Sought {
    /// The file has an attribute of that name.
    pub fn meet(&mut self, attribute: &str) {
        let paths = paths_of(attribute);
        self.unmet.0.retain(|listed, alike| {
            if names_in(&paths).any(|name| name == listed) {
                return false;
            }
            if alike.len() < MOST_ALIKE {
                let mut short = names_in(&paths).filter(|name| name.len() <= LONGEST_ALIKE_BYTES);
                alike.extend(short.find(|name| are_alike(name, listed)).map(str::to_owned));
            }
            true
        });
    }

    /// The file has this event.
    pub fn look_at(&mut self, event: &ForeignEvent) {
        self.has_events = true;
        event.attributes.keys().chain(&event.empty).for_each(|name| self.meet(name));
    }

    /// What nothing in the file has. Where no event of it can be read, there is nothing to say of it.
    #[must_use]
    pub fn unmet(self) -> Unmet {
        if self.has_events { self.unmet } else { Unmet::default() }
    }
}

/// Names that are listed as personal and are nowhere in a file, each with some of the file that are like it.
#[derive(Clone, Debug, Default)]
pub struct Unmet(BTreeMap<String, BTreeSet<String>>);

impl Unmet {
    /// Whether the file has every name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, alike)) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`", if place == 0 { "" } else { ", " })?;
            if !alike.is_empty() {
                let alike: Vec<_> = alike.iter().map(|name| format!("`{name}`")).collect();
                write!(f, " (the file has {})", alike.join(", "))?;
            }
        }
        Ok(())
    }
}

/// Whether one name may have been meant by the other: but for case and punctuation it is the same, is a part of it, or
/// differs in one place by two characters at most.
fn are_alike(one: &str, other: &str) -> bool {
    let (one, other) = (folded(one), folded(other));
    let (long, short) = if one.len() < other.len() { (&other, &one) } else { (&one, &other) };
    let is_part = short.len() > 2 && long.windows(short.len()).any(|part| part == short.as_slice());
    let before = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let rests = one[before..].iter().rev().zip(other[before..].iter().rev());
    let shared = before + rests.take_while(|(one, other)| one == other).count();
    is_part || (shared > 1 && long.len() - shared <= 2)
}

fn folded(name: &str) -> Vec<char> {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: &[&str]) -> PersonalNames {
        PersonalNames::new(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_listed_name_stands_for_what_is_within_it_and_for_what_a_trace_says() {
        let names = listed(&["author", "org:resource", "case:owner", "fields/contact"]);
        for (attribute, by) in [
            ("author", Some("author")),
            ("author/name", Some("author")),
            ("author/names/0", Some("author")),
            ("org:resource/0/r", Some("org:resource")),
            ("case:author", Some("author")),
            ("case:author/name", Some("author")),
            ("case:owner/0", Some("case:owner")),
            ("fields/contact/mail", Some("fields/contact")),
            // As an export of ours writes what a later event says of its case.
            ("source:case:owner", Some("case:owner")),
            ("source:source:case:author/0", Some("author")),
            ("source:owner", None),
            ("authors", None),
            ("Author", None),
            ("fields/author", None),
            ("owner", None),
            ("fields", None),
            ("", None),
        ] {
            assert_eq!(names.lists(attribute), by, "{attribute}");
        }
    }

    #[test]
    fn a_name_in_one_item_of_a_list_is_that_in_every_item() {
        for written in ["comments/author", "comments/0/author", "comments/7/author"] {
            let names = listed(&[written]);
            for attribute in
                ["comments/0/author", "comments/1/author/name", "comments/author", "case:comments/2/author"]
            {
                assert_eq!(names.lists(attribute), Some("comments/author"), "{written}, {attribute}");
                let mut sought = names.sought();
                sought.has_events = true;
                sought.meet(attribute);
                assert!(sought.unmet().is_empty(), "{written}, {attribute}");
            }
            for attribute in ["comments/0", "comments/0/authors", "author", "0/author"] {
                assert_eq!(names.lists(attribute), None, "{written}, {attribute}");
            }
        }
        // One that is nothing but numbers is the name of a column or a member.
        let names = listed(&["12", "4/2"]);
        for (attribute, by) in [
            ("12", Some("12")),
            ("12/name", Some("12")),
            ("case:12", Some("12")),
            ("4/2", Some("4/2")),
            ("4", None),
            ("3", None),
        ] {
            assert_eq!(names.lists(attribute), by, "{attribute}");
        }
    }

    #[test]
    fn names_are_alike_where_one_may_have_been_meant() {
        for (one, other) in [
            ("Changed_By", "changed_by"),
            ("changed-by", "changed_by"),
            ("chnaged_by", "changed_by"),
            ("changedby", "case:changed_by"),
            ("assignee", "assignees"),
            ("处理人", "处理人员"),
        ] {
            assert!(are_alike(one, other) && are_alike(other, one), "{one}, {other}");
        }
        for (one, other) in [("status", "changed_by"), ("by", "to"), ("a", "changed_by"), ("", "changed_by")] {
            assert!(!are_alike(one, other) && !are_alike(other, one), "{one}, {other}");
        }
    }

    #[test]
    fn what_a_file_does_not_have_is_told_with_what_is_like_it() {
        let mut sought = listed(&["author", "Changed_By", "asignees", "creator", "nobody"]).sought();
        sought.has_events = true;
        for name in ["author/name", "changed_by", "assignees/0", "assignees/1", "case:creator", "status"] {
            sought.meet(name);
        }
        let unmet = sought.unmet();
        assert_eq!(
            unmet.to_string(),
            "`Changed_By` (the file has `changed_by`), `asignees` (the file has `assignees`), `nobody`"
        );
        assert!(!unmet.is_empty() && listed(&["author"]).sought().unmet().is_empty(), "nothing was read");
    }

    #[test]
    fn no_name_is_held_against_one_that_is_much_longer() {
        let told_of = |attribute: &str| {
            let mut sought = listed(&["author"]).sought();
            sought.has_events = true;
            sought.meet(attribute);
            sought.unmet().to_string()
        };
        let longest = format!("{}author", "x".repeat(LONGEST_ALIKE_BYTES - 6));
        assert_eq!(told_of(&longest), format!("`author` (the file has `{longest}`)"));
        assert_eq!(told_of(&format!("x{longest}")), "`author`");
        // Half a million names that this is within, each compared to its end, would take an hour.
        assert_eq!(told_of(&format!("{}author", "x/".repeat(1 << 19))), "`author`");
    }
}
