//! Service categories of the BIPM key comparison database (KCDB), by which calibration and
//! measurement capabilities are classified the world over: `T/H-3`, hygrometers.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::domain::refusal::Code;
use crate::domain::value::{ValueError, quoted};

/// A category, a heading above categories, or a whole metrology area.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ServiceCategory(String);

impl ServiceCategory {
    /// The category with this code: an area (`T`), a branch (`T/H`), a service (`T/H-3`) or
    /// a part of one (`T/H-3.1.1`).
    ///
    /// # Errors
    /// `CATEGORY_UNKNOWN` for a code that is not in the table; `CATEGORY_NOT_ASSIGNED` for
    /// one that is, but was only assigned in the past or is not assigned yet.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let text = text.trim();
        let Some(entry) = find(text) else {
            return Err(ValueError::new(
                Code::CategoryUnknown,
                format!(
                    "{} is not a service category of the KCDB: write an area (AUV, EM, L, M, PR, RI, T, TF, QM) or a code like T/H-3",
                    quoted(text)
                ),
            ));
        };
        let not_assigned = |when: &str| {
            ValueError::new(
                Code::CategoryNotAssigned,
                format!(
                    "the service category {} ({}) {when}: write one that is assigned, or the heading above it",
                    entry.code, entry.name
                ),
            )
        };
        match entry.status {
            Status::Assigned | Status::Heading => Ok(Self(entry.code.to_owned())),
            Status::PreviouslyAssigned => Err(not_assigned("was assigned in the past only")),
            Status::NotYetAssigned => Err(not_assigned("is not assigned yet")),
        }
    }

    /// The code.
    pub fn code(&self) -> &str {
        &self.0
    }

    /// The English name in today's table; a category that an old log names may have none.
    pub fn name(&self) -> Option<&'static str> {
        find(&self.0).map(|entry| entry.name)
    }

    /// The metrology area: `T` of `T/H-3`.
    pub fn area(&self) -> &str {
        self.0.split('/').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for ServiceCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ServiceCategory {
    type Error = ValueError;

    /// Reads a code that was accepted before: its shape is checked, not the table.
    fn try_from(text: String) -> Result<Self, ValueError> {
        let shaped = text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-.".contains(&b));
        if shaped {
            Ok(Self(text))
        } else {
            Err(ValueError::new(
                Code::CategoryUnknown,
                format!("{} does not have the shape of a service category", quoted(&text)),
            ))
        }
    }
}

/// Whether services may be declared in a category.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Status {
    Assigned,
    PreviouslyAssigned,
    NotYetAssigned,
    /// An area or a branch, which the KCDB gives no status.
    Heading,
}

struct Entry {
    code: &'static str,
    status: Status,
    name: &'static str,
}

/// Sorted by code.
static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    include_str!("../data/kcdb.csv")
        .lines()
        .skip(1)
        .map(|line| read_entry(line).expect("every line of kcdb.csv is an entry"))
        .collect()
});

/// `code,kind,status,"name"`.
fn read_entry(line: &'static str) -> Option<Entry> {
    let mut fields = line.splitn(4, ',');
    let code = fields.next()?;
    // A category, in which capabilities are declared, or a group of them: a case may be triaged to either.
    fields.next().filter(|kind| ["category", "group"].contains(kind))?;
    let status = match fields.next()? {
        "assigned" => Status::Assigned,
        "previously_assigned" => Status::PreviouslyAssigned,
        "not_yet_assigned" => Status::NotYetAssigned,
        "heading" => Status::Heading,
        _ => return None,
    };
    let name = fields.next()?.strip_prefix('"')?.strip_suffix('"')?;
    Some(Entry { code, status, name })
}

fn find(code: &str) -> Option<&'static Entry> {
    TABLE.binary_search_by_key(&code, |entry| entry.code).ok().map(|place| &TABLE[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assigned_categories_and_headings_are_accepted() {
        let hygrometers = ServiceCategory::parse(" T/H-3 ").unwrap();
        assert_eq!(hygrometers.code(), "T/H-3");
        assert_eq!(hygrometers.name(), Some("Hygrometers"));
        assert_eq!(hygrometers.area(), "T");
        assert!(ServiceCategory::parse("T/H-3.1.1").is_ok());
        for area in ["AUV", "EM", "L", "M", "PR", "RI", "T", "TF", "QM"] {
            let category = ServiceCategory::parse(area).unwrap();
            assert_eq!(category.area(), area);
            assert!(category.name().is_some());
        }
        assert_eq!(serde_json::to_string(&hygrometers).unwrap(), "\"T/H-3\"");
    }

    #[test]
    fn a_refusal_tells_the_status() {
        let with = |status| TABLE.iter().find(|entry| entry.status == status).unwrap();
        for (status, words) in [
            (Status::PreviouslyAssigned, "was assigned in the past only"),
            (Status::NotYetAssigned, "is not assigned yet"),
        ] {
            let refused = ServiceCategory::parse(with(status).code).unwrap_err();
            assert_eq!(refused.code, Code::CategoryNotAssigned);
            assert!(refused.message.contains(words), "{}", refused.message);
        }
        for text in ["", "X", "t/h-3", "T/H-99", "T/"] {
            let refused = ServiceCategory::parse(text).unwrap_err();
            assert_eq!(refused.code, Code::CategoryUnknown, "{text}");
        }
    }

    #[test]
    fn a_category_from_the_log_needs_only_its_shape() {
        let lost: ServiceCategory = serde_json::from_str("\"T/Z-9.9\"").unwrap();
        assert_eq!((lost.name(), lost.area()), (None, "T"));
        assert!(serde_json::from_str::<ServiceCategory>("\"\"").is_err());
    }

    #[test]
    fn the_table_has_every_category_of_the_kcdb() {
        let count = |status| TABLE.iter().filter(|entry| entry.status == status).count();
        assert_eq!(count(Status::Assigned), 996);
        assert_eq!(count(Status::PreviouslyAssigned), 153);
        assert_eq!(count(Status::NotYetAssigned), 18);
        assert_eq!(count(Status::Heading), 44);
        assert!(TABLE.is_sorted_by(|a, b| a.code < b.code));
        for entry in TABLE.iter() {
            assert!(!entry.name.is_empty(), "{}", entry.code);
            assert!(ServiceCategory::try_from(entry.code.to_owned()).is_ok());
        }
    }
}
