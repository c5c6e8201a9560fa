//! Entries of the registers → their read rows. The row's document is the whole aggregate, since registers are small.

use serde::Serialize;

use crate::domain::annual_summary::AnnualSummary;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::enterprise::Enterprise;
use crate::domain::institution::Institution;
use crate::domain::person::Person;
use crate::domain::view::View;
use crate::store::{DELETED, RegisterRow, RowChanges, SHARED};

/// What a register's list shows and is searched by.
struct Heading {
    code: String,
    name: String,
    division: String,
    state: &'static str,
}

/// An enterprise: found by its credit code or its name in the log it was imported from.
#[must_use]
pub fn enterprise(after: &Enterprise) -> RowChanges {
    changes(
        after,
        after.file.as_ref().map(|file| Heading {
            code: file.identity.to_string(),
            name: file.name.to_string(),
            division: file.division.code().to_owned(),
            state: if file.enrolments.values().any(|enrolment| enrolment.stands()) { "ENROLLED" } else { "WITHDRAWN" },
        }),
    )
}

/// A campaign.
#[must_use]
pub fn campaign(after: &Campaign) -> RowChanges {
    changes(
        after,
        after.file.as_ref().map(|file| Heading {
            code: file.kind.name().to_owned(),
            name: file.name.to_string(),
            division: file.jurisdiction.code().to_owned(),
            state: if after.is_open() { "OPEN" } else { "CLOSED" },
        }),
    )
}

/// An institution.
#[must_use]
pub fn institution(after: &Institution) -> RowChanges {
    changes(
        after,
        after.file.as_ref().map(|file| Heading {
            code: file.kind.name().to_owned(),
            name: file.name.to_string(),
            division: file.division.code().to_owned(),
            state: "REGISTERED",
        }),
    )
}

/// A person. Its name is personal: it stands in the document in its sealed form only, and the list is in no order that
/// tells it.
#[must_use]
pub fn person(after: &Person) -> RowChanges {
    changes(
        after,
        after.file.as_ref().map(|file| Heading {
            code: file.capacity.name().to_owned(),
            name: String::new(),
            division: file.division.code().to_owned(),
            state: if file.is_erased() { "ERASED" } else { "REGISTERED" },
        }),
    )
}

/// A catalogue.
#[must_use]
pub fn catalogue(after: &Catalogue) -> RowChanges {
    changes(
        after,
        after.file.as_ref().map(|file| Heading {
            code: file.division.to_string(),
            name: file.division.to_string(),
            division: file.division.code().to_owned(),
            state: "KEPT",
        }),
    )
}

/// An annual summary.
#[must_use]
pub fn annual_summary(after: &AnnualSummary) -> RowChanges {
    changes(
        after,
        after.file.as_ref().map(|file| Heading {
            code: file.year.to_string(),
            name: format!("{} {}", file.year, file.jurisdiction),
            division: file.jurisdiction.code().to_owned(),
            state: if file.late { "LATE" } else { "IN_TIME" },
        }),
    )
}

/// A saved view: found by its owner, or by the jurisdiction that it is shared with.
#[must_use]
pub fn view(after: &View) -> RowChanges {
    changes(
        after,
        after.file.as_ref().map(|file| Heading {
            code: file.owner.to_string(),
            name: file.name.to_string(),
            division: file.place().code().to_owned(),
            state: match (file.deleted, &file.shared_with) {
                (true, _) => DELETED,
                (false, Some(_)) => SHARED,
                (false, None) => "PRIVATE",
            },
        }),
    )
}

fn changes(after: &impl Serialize, heading: Option<Heading>) -> RowChanges {
    let register = heading.map(|heading| RegisterRow {
        code: heading.code,
        name: heading.name,
        division: heading.division,
        state: heading.state.to_owned(),
        document: serde_json::to_string(after).expect("aggregates have string keys and no failing values"),
    });
    RowChanges { register, ..RowChanges::default() }
}
