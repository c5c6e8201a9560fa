//! What is known of an enterprise: the fold of its events.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::actor::ActorId;
use crate::domain::case::facts::EnrolmentFacts;
use crate::domain::case::values::Kind;
use crate::domain::enterprise::values::{Consent, Contact, Identity};
use crate::domain::person::command::Standing;
use crate::domain::value::{CampaignId, Division, EnterpriseId, Label, Statement, VisitId, calendar};

/// 企业. Before its first event there is no `file`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Enterprise {
    /// What is known of the enterprise itself, once it was enrolled.
    pub file: Option<EnterpriseFile>,
    /// Visits, in the order in which they were recorded.
    pub visits: Vec<FieldVisit>,
}

/// What is known of an enterprise beside the visits to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnterpriseFile {
    /// What identifies it.
    pub identity: Identity,
    /// Its name, as of the last enrolment or amendment.
    pub name: Label,
    /// Where it stands.
    pub division: Division,
    /// Its address.
    pub address: Option<Label>,
    /// Whom to call.
    pub contact: Option<Contact>,
    /// Whether somebody was taken out as whom to call who was not erased since: what was said of them is still sealed in
    /// the log, and can be erased.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub contact_taken_out: bool,
    /// The last enrolment in each campaign.
    pub enrolments: BTreeMap<CampaignId, Enrolment>,
}

/// 自愿报名: a place on a campaign's list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enrolment {
    /// Since when (business time).
    pub at: Timestamp,
    /// How it came to be.
    pub consent: Consent,
    /// When it was given up (business time).
    pub withdrawn_at: Option<Timestamp>,
}

impl Enrolment {
    /// Whether it was not given up.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.withdrawn_at.is_none()
    }
}

/// 现场走访: a visit to the production line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldVisit {
    /// Its id.
    pub id: VisitId,
    /// The campaign it was part of.
    pub campaign: CampaignId,
    /// Who went.
    pub visitors: Vec<ActorId>,
    /// The day, in UTC+8.
    pub visited_on: Date,
    /// The workshop or line.
    pub place: Option<Label>,
    /// What was seen.
    pub seen: Statement,
    /// The help that seemed to be needed.
    pub needs: BTreeSet<Kind>,
    /// Who put it on record.
    pub recorded_by: ActorId,
}

impl Enterprise {
    /// Its enrolment in the campaign, where it is on the list.
    #[must_use]
    pub fn enrolment(&self, campaign: CampaignId) -> Option<&Enrolment> {
        self.file.as_ref()?.enrolments.get(&campaign).filter(|enrolment| enrolment.stands())
    }

    /// Whether it is on the campaign's list.
    #[must_use]
    pub fn is_enrolled(&self, campaign: CampaignId) -> bool {
        self.enrolment(campaign).is_some()
    }

    /// The campaigns that it is on the list of.
    #[must_use]
    pub fn campaigns(&self) -> Vec<CampaignId> {
        let enrolments = self.file.iter().flat_map(|file| &file.enrolments);
        enrolments.filter(|(_, enrolment)| enrolment.stands()).map(|(campaign, _)| *campaign).collect()
    }

    /// Whether it is registered, and elsewhere than in that division.
    #[must_use]
    pub fn is_elsewhere(&self, division: &Division) -> bool {
        self.file.as_ref().is_some_and(|file| file.division != *division)
    }

    /// When the enrolment began that stands here, and is given up in `after`.
    #[must_use]
    pub fn given_up_in(&self, after: &Self) -> Option<Timestamp> {
        let (file, after) = (self.file.as_ref()?, after.file.as_ref()?);
        let given_up = file.enrolments.iter().filter(|(campaign, was)| {
            was.stands() && after.enrolments.get(*campaign).is_some_and(|enrolment| !enrolment.stands())
        });
        given_up.map(|(_, was)| was.at).max()
    }

    /// The day of the visit that `after` has beside these, where that is before the day of the enrolment; and when that was.
    #[must_use]
    pub fn visited_too_early_in(&self, after: &Self) -> Option<(Date, Timestamp)> {
        let visit = after.visits.get(self.visits.len())?;
        let enrolled = self.enrolment(visit.campaign)?.at;
        (visit.visited_on < calendar::date_of(enrolled)).then_some((visit.visited_on, enrolled))
    }

    /// The visit of that id.
    #[must_use]
    pub fn visit(&self, id: VisitId) -> Option<&FieldVisit> {
        self.visits.iter().find(|visit| visit.id == id)
    }

    /// The enterprise as if nobody had ever gone there. It weighs the same however often somebody did.
    #[must_use]
    pub fn without_visits(&self) -> Self {
        Self { file: self.file.clone(), visits: Vec::new() }
    }

    /// What a case is told of an enrolment, at this version; `None` where no such enterprise is on the register.
    #[must_use]
    pub fn enrolment_facts(
        &self,
        version: u64,
        campaign: CampaignId,
        visit: Option<VisitId>,
    ) -> Option<EnrolmentFacts> {
        let file = self.file.as_ref()?;
        Some(EnrolmentFacts {
            enterprise: file.enterprise(),
            enterprise_version: version,
            division: file.division.clone(),
            campaign,
            enrolled: self.is_enrolled(campaign),
            // That is for the campaign to say, which is asked besides.
            campaign_open: false,
            visit_known: visit.is_none_or(|id| self.visit(id).is_some()),
        })
    }

    /// What a person that belongs to it is told of it, at this version.
    #[must_use]
    pub fn standing(&self, version: u64) -> Option<Standing> {
        let file = self.file.as_ref()?;
        Some(Standing { version, division: file.division.clone() })
    }
}

impl EnterpriseFile {
    /// The enterprise's id.
    #[must_use]
    pub fn enterprise(&self) -> EnterpriseId {
        self.identity.enterprise()
    }
}
