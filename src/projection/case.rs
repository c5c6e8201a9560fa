//! A case → its read row and relations.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::domain::case::event::CaseFact;
use crate::domain::case::state::{Case, File, Membership};
use crate::domain::event::Recorded;
use crate::domain::value::ratio::{Ratio, Rounding};
use crate::domain::value::{Decimal, PersonId};
use crate::store::{CaseLink, CaseRow, RowChanges};

/// What the read side takes up when a case has gone from `before` to `after`.
#[must_use]
pub fn changes(id: Uuid, before: &Case, after: &Case) -> RowChanges {
    let Some(file) = &after.file else {
        return RowChanges::default();
    };
    let had = before.file.as_ref();
    let members_before = had.map(members).unwrap_or_default();
    let members_after = members(file);
    let links_before = had.map_or(&[][..], |file| file.links.as_slice());
    RowChanges {
        case: Some(row(id, file, &members_after)),
        members_added: members_after.difference(&members_before).map(PersonId::to_string).collect(),
        members_removed: members_before.difference(&members_after).map(PersonId::to_string).collect(),
        links_added: file
            .links
            .iter()
            .filter(|link| !links_before.contains(link))
            .map(|link| CaseLink { other_id: link.other.into(), relation: link.relation.name().to_owned() })
            .collect(),
        ..RowChanges::default()
    }
}

/// Whether anything of the row depends on the event.
#[must_use]
pub fn moves_row(event: &Recorded<CaseFact>) -> bool {
    // What another tracker recorded takes up a case that it was done with, whatever it says.
    event.source.is_some() || !is_only_kept(&event.fact)
}

/// Whether it is only said or kept, as is most of a long case: no status, no gap and no fee depends on it.
pub(super) fn is_only_kept(fact: &CaseFact) -> bool {
    matches!(
        fact,
        CaseFact::FindingRecorded(_)
            | CaseFact::CommentAdded(_)
            | CaseFact::InternalCommentAdded(_)
            | CaseFact::AttachmentAdded(_)
    )
}

/// Who sees the case because of working on it: the lead, and every expert invited or active.
#[must_use]
pub fn members(file: &File) -> BTreeSet<PersonId> {
    let lead = file.assignment.iter().map(|assignment| assignment.lead);
    let experts = file
        .experts
        .iter()
        .filter(|(_, membership)| matches!(membership, Membership::Invited | Membership::Active))
        .map(|(person, _)| *person);
    lead.chain(experts).collect()
}

fn row(id: Uuid, file: &File, members: &BTreeSet<PersonId>) -> CaseRow {
    let fee_total = file.fee_total();
    let assignment = file.assignment.as_ref();
    let triage = file.triage.as_ref();
    CaseRow {
        case_id: id,
        number: file.number.to_string(),
        title: file.title.to_string(),
        status: file.status.name().to_owned(),
        kind: triage.map(|triage| triage.kind.name().to_owned()),
        category: triage.map(|triage| triage.category.to_string()),
        severity: triage.map(|triage| triage.severity.name().to_owned()),
        level: file.level.name().to_owned(),
        division: file.division.code().to_owned(),
        enterprise_id: file.enterprise.into(),
        campaign_id: file.campaign.into(),
        institution_id: assignment.map(|assignment| assignment.institution.into()),
        lead_id: assignment.map(|assignment| assignment.lead.into()),
        origin: file.origin.name().to_owned(),
        is_open: file.waits(),
        reported_at: file.reported_at.as_microsecond(),
        deadline_on: file.deadline.map(|deadline| deadline.on.to_string()),
        deadline_missed_on: file.deadline.and_then(|deadline| deadline.missed_on).map(|date| date.to_string()),
        clock_paused: file.paused_from.is_some(),
        parked_until: file.parked_until.map(|date| date.to_string()),
        gap_ppm: file.capability_gap().map(|gap| gap.parts_per_million()),
        fee_fen: Ratio::from(&(fee_total.yuan() * &Decimal::from(100))).to_i64_saturating(Rounding::HalfEven),
        fee_total: fee_total.to_string(),
        typical: file.publication.is_some(),
        reported_by: file.reported_by.to_string(),
        members: members.iter().map(|id| format!(" {id} ")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::domain::event::Source;
    use crate::domain::fixtures::recorded;

    fn fact(fact: serde_json::Value) -> CaseFact {
        serde_json::from_value(fact).expect("a fact")
    }

    fn imported(fact: CaseFact) -> Recorded<CaseFact> {
        let (log, case, activity) = ("another tracker".to_owned(), "1".to_owned(), "Accepted".to_owned());
        let source = Source { log, case, index: 0, activity, attributes: BTreeMap::new(), personal: BTreeMap::new() };
        Recorded { source: Some(source), ..recorded(fact) }
    }

    /// A case that another tracker was done with.
    fn concluded() -> Case {
        let opening = json!({
            "number": "CN-2026-000001", "title": "1-364285768", "problem": "recorded by another tracker",
            "enterprise": Uuid::nil(), "campaign": Uuid::nil(), "division": "4403",
        });
        let mut case = Case::default();
        case.evolve(&imported(fact(json!({ "LegacyActivityRecorded": { "opening": opening, "concludes": true } }))));
        case
    }

    fn row_with(event: &Recorded<CaseFact>) -> Option<CaseRow> {
        let mut case = concluded();
        case.evolve(event);
        assert_ne!(case, concluded());
        changes(Uuid::nil(), &Case::default(), &case).case
    }

    #[test]
    fn a_link_is_new_where_it_was_not_and_nothing_of_one_that_is_taken_back() {
        let link = |other: u128| json!({ "other": Uuid::from_u128(other), "relation": "SUB_CASE_OF" });
        let linked = |other| recorded(fact(json!({ "CasesLinked": link(other) })));
        let mut unlinked = link(1);
        unlinked["reason"] = json!("选错了");
        let unlinked = recorded(fact(json!({ "CasesUnlinked": unlinked })));
        let (mut case, mut new) = (concluded(), Vec::new());
        for event in [linked(1), linked(2), unlinked, linked(1)] {
            let before = case.clone();
            case.evolve(&event);
            let added = changes(Uuid::nil(), &before, &case).links_added;
            new.push(added.iter().map(|link| link.other_id.as_u128()).collect::<Vec<_>>());
        }
        assert_eq!(new, [vec![1], vec![2], vec![], vec![1]]);
    }

    #[test]
    fn no_row_depends_on_what_is_only_said_or_kept() {
        let row = changes(Uuid::nil(), &Case::default(), &concluded()).case;
        assert!(row.as_ref().is_some_and(|row| !row.is_open));
        for said in [
            json!({ "FindingRecorded": { "id": Uuid::nil(), "text": "三针法" } }),
            json!({ "CommentAdded": { "id": Uuid::nil(), "text": "三针法" } }),
            json!({ "InternalCommentAdded": { "id": Uuid::nil(), "text": "三针法" } }),
            json!({ "AttachmentAdded": {
                "id": Uuid::nil(), "name": "a.pdf", "digest": "0".repeat(64), "sizeBytes": 1, "mediaType": "application/pdf",
            } }),
        ] {
            let event = recorded(fact(said.clone()));
            assert!(!moves_row(&event), "{said}");
            assert_eq!(row_with(&event), row, "{said}");
            assert!(moves_row(&imported(event.fact)), "{said}");
        }
        // What was recorded in another tracker takes up a case that it was done with.
        let said = imported(fact(json!({ "CommentAdded": { "id": Uuid::nil(), "text": "三针法" } })));
        assert!(row_with(&said).is_some_and(|row| row.is_open));
    }
}
