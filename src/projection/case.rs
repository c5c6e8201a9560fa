//! A case → its read row and relations.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::domain::case::state::{Case, File, Membership};
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
    let links_before = had.map_or(0, |file| file.links.len());
    RowChanges {
        case: Some(row(id, file, &members_after)),
        members_added: members_after.difference(&members_before).map(PersonId::to_string).collect(),
        members_removed: members_before.difference(&members_after).map(PersonId::to_string).collect(),
        links_added: file.links[links_before..]
            .iter()
            .map(|link| CaseLink { other_id: link.other.into(), relation: link.relation.name().to_owned() })
            .collect(),
        ..RowChanges::default()
    }
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
