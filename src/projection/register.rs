//! Entries of the registers → their read rows. The row's document is the whole aggregate, since registers are small; but
//! for the visits to an enterprise, which are not: a row is written with every event, and would write all of them again.

use serde::Serialize;

use crate::domain::annual_summary::AnnualSummary;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::event::EnterpriseFact;
use crate::domain::event::Recorded;
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
        &after.without_visits(),
        after.file.as_ref().map(|file| Heading {
            code: file.identity.to_string(),
            name: file.name.to_string(),
            division: file.division.code().to_owned(),
            state: if file.enrolments.values().any(|enrolment| enrolment.stands()) { "ENROLLED" } else { "WITHDRAWN" },
        }),
    )
}

/// Whether anything of an enterprise's row depends on the event.
#[must_use]
pub fn moves_enterprise(event: &Recorded<EnterpriseFact>) -> bool {
    match &event.fact {
        EnterpriseFact::EnterpriseEnrolled(_)
        | EnterpriseFact::EnterpriseAmended(_)
        | EnterpriseFact::EnrolmentWithdrawn(_)
        | EnterpriseFact::ContactErased(_) => true,
        EnterpriseFact::FieldVisitRecorded(_) => false,
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::domain::fixtures::recorded;

    fn event(fact: serde_json::Value) -> Recorded<EnterpriseFact> {
        recorded(serde_json::from_value::<EnterpriseFact>(fact).expect("a fact"))
    }

    fn enrolled() -> Enterprise {
        let mut enterprise = Enterprise::default();
        enterprise.evolve(&event(json!({ "EnterpriseEnrolled": {
            "identity": { "kind": "CREDIT_CODE", "code": "914403001922038216" }, "name": "深圳精密机械有限公司",
            "division": "440305", "campaign": Uuid::nil(), "campaignVersion": 1,
            "consent": { "kind": "GIVEN", "statement": "书面同意" },
        } })));
        enterprise
    }

    #[test]
    fn an_enterprise_has_the_same_row_however_often_somebody_went_there() {
        let row = enterprise(&enrolled());
        assert!(row.register.is_some());
        let mut visited = enrolled();
        for number in 1..=3 {
            let visit = event(json!({ "FieldVisitRecorded": {
                "id": Uuid::from_u128(number), "campaign": Uuid::nil(), "visitors": [{ "actor": "somebody" }],
                "visitedOn": "2026-03-10", "seen": "量规互检",
            } }));
            assert!(!moves_enterprise(&visit));
            visited.evolve(&visit);
        }
        assert_eq!(visited.visits.len(), 3);
        assert_eq!(enterprise(&visited), row);
    }

    #[test]
    fn everything_else_of_an_enterprise_is_in_its_row() {
        let row = enterprise(&enrolled()).register.expect("a row");
        assert_eq!(serde_json::from_str::<Enterprise>(&row.document).expect("an enterprise"), enrolled());
        let withdrawn = event(json!({ "EnrolmentWithdrawn": { "campaign": Uuid::nil() } }));
        let mut changed = enrolled();
        changed.evolve(&withdrawn);
        assert!(moves_enterprise(&withdrawn) && enterprise(&changed).register != Some(row));
    }

    #[test]
    fn an_enterprise_is_found_by_what_it_was_amended_to() {
        let amended =
            event(json!({ "EnterpriseAmended": { "name": "深圳精密机械股份有限公司", "division": "440306" } }));
        assert!(moves_enterprise(&amended));
        let mut changed = enrolled();
        changed.evolve(&amended);
        let row = enterprise(&changed).register.expect("a row");
        let before = enterprise(&enrolled()).register.expect("a row");
        assert_eq!((row.name.as_str(), row.division.as_str()), ("深圳精密机械股份有限公司", "440306"));
        assert_eq!((row.code, row.state), (before.code, before.state));
    }
}
