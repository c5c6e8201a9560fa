//! Facts of other aggregates before they are looked up: a command names what it is about, and the application fills in what is known.

use crate::domain::case::command::{CaseFacts, EnrolmentFacts, PersonFacts};
use crate::domain::value::{CampaignId, CaseId, Division, EnterpriseId, PersonId};

impl EnrolmentFacts {
    /// Not looked up yet: what there is to know of this enterprise in this campaign.
    #[must_use]
    pub fn of(enterprise: EnterpriseId, campaign: CampaignId) -> Self {
        Self {
            enterprise,
            enterprise_version: 0,
            division: Division::nation(),
            campaign,
            enrolled: false,
            visit_known: false,
        }
    }
}

impl PersonFacts {
    /// Not looked up yet: what there is to know of this person.
    #[must_use]
    pub fn of(person: PersonId) -> Self {
        Self { person, version: 0, institution: None }
    }
}

impl CaseFacts {
    /// Not looked up yet: what there is to know of this case.
    #[must_use]
    pub fn of(case: CaseId) -> Self {
        Self { case, version: 0, duplicate_of: None, ancestors: Vec::new() }
    }
}
