//! What other aggregates know that a command on a case needs. Named in the command, filled in before `decide`; the
//! event records the version that was relied on.

use jiff::Timestamp;

use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::Status;
use crate::domain::value::{
    CampaignId, CaseId, CatalogueId, Division, EnterpriseId, InstitutionId, Money, PersonId, Statement, Title,
};

/// What the enterprise aggregate says of an enrolment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnrolmentFacts {
    /// Which enterprise.
    pub enterprise: EnterpriseId,
    /// Its version when asked; 0 where nobody is registered under the id.
    pub enterprise_version: u64,
    /// Where it stands.
    pub division: Division,
    /// The campaign asked about.
    pub campaign: CampaignId,
    /// Whether it is enrolled there today.
    pub enrolled: bool,
    /// Whether that campaign is still open.
    pub campaign_open: bool,
    /// Whether the named field visit, if any, is on record.
    pub visit_known: bool,
}

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
            campaign_open: false,
            visit_known: false,
        }
    }
}

/// What the person aggregate says of somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonFacts {
    /// Who.
    pub person: PersonId,
    /// Its version when asked; 0 where nobody is registered under the id.
    pub version: u64,
    /// The institution worked for.
    pub institution: Option<InstitutionId>,
    /// Whether the person's data was erased.
    pub erased: bool,
}

impl PersonFacts {
    /// Not looked up yet: what there is to know of this person.
    #[must_use]
    pub fn of(person: PersonId) -> Self {
        Self { person, version: 0, institution: None, erased: false }
    }
}

/// What the institution aggregate says of an institution.
#[derive(Clone, Debug, PartialEq)]
pub struct InstitutionFacts {
    /// Which.
    pub institution: InstitutionId,
    /// Its version when asked; 0 where no institution is registered under the id.
    pub version: u64,
}

impl InstitutionFacts {
    /// Not looked up yet: what there is to know of this institution.
    #[must_use]
    pub fn of(institution: InstitutionId) -> Self {
        Self { institution, version: 0 }
    }
}

/// What another case says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseFacts {
    /// Which.
    pub case: CaseId,
    /// Its version when asked; 0 where there is no such case.
    pub version: u64,
    /// Where it is in its life.
    pub status: Option<Status>,
    /// The case that goes on in its place, where it is a duplicate.
    pub goes_on_in: Option<GoesOn>,
    /// The cases it is a sub-case of, directly or not.
    pub ancestors: Vec<CaseId>,
}

impl CaseFacts {
    /// Not looked up yet: what there is to know of this case.
    #[must_use]
    pub fn of(case: CaseId) -> Self {
        Self { case, version: 0, status: None, goes_on_in: None, ancestors: Vec::new() }
    }
}

/// How many times an original that is a duplicate in turn is followed to the case that goes on in its place. No case in
/// earnest is behind more of them, and a circle, which no command makes, has no end.
pub const LONGEST_CHAIN: usize = 32;

/// The case that goes on in the place of a duplicate: where its original is a duplicate in turn, the one of that.
#[derive(Clone, Debug, PartialEq)]
pub struct GoesOn {
    /// Which.
    pub case: CaseId,
    /// Its number, where whoever gives the command sees it.
    pub number: Option<CaseNumber>,
    /// Where it is in its life; `None` where there is no such case.
    pub status: Option<Status>,
    /// When it came there (business time).
    pub since: Option<Timestamp>,
}

impl GoesOn {
    /// Not looked up yet: what there is to know of this case.
    #[must_use]
    pub fn of(case: CaseId) -> Self {
        Self { case, number: None, status: None, since: None }
    }

    /// What that case is called to whoever gives the command.
    #[must_use]
    pub fn called(goes_on_in: Option<&Self>) -> String {
        let number = goes_on_in.and_then(|other| other.number.as_ref());
        number.map_or_else(|| "one that is not yours to see".to_owned(), ToString::to_string)
    }
}

/// What a catalogue says of a chargeable item on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedItemFacts {
    /// The list.
    pub catalogue: CatalogueId,
    /// Its version when asked.
    pub catalogue_version: u64,
    /// The most that may be charged.
    pub tariff: Money,
}

/// A case as another tracker knew it.
#[derive(Clone, Debug, PartialEq)]
pub struct LegacyCase {
    /// Series of the number; the commit adds the serial.
    pub number: CaseNumber,
    /// In a line.
    pub title: Title,
    /// What it was about.
    pub problem: Statement,
    /// The organisation whose case it was, in the import campaign.
    pub enrolment: EnrolmentFacts,
    /// Where.
    pub division: Division,
}
