//! Opens the campaign and fills the registers that the cases need.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::{Date, date};

use crate::app::{App, Commanded, Failure};
use crate::clock::ManualClock;
use crate::demo::cast::Cast;
use crate::demo::registers::{EnterpriseEntry, Figures, PersonEntry, Registers};
use crate::demo::said::{all, since, some};
use crate::demo::{request, today};
use crate::domain::actor::Actor;
use crate::domain::annual_summary::AnnualSummary;
use crate::domain::annual_summary::command::{AmendAnnualSummary, Beside, SubmitAnnualSummary};
use crate::domain::annual_summary::year::{self, year_of};
use crate::domain::campaign::Campaign;
use crate::domain::campaign::command::{CampaignFacts, OpenCampaign};
use crate::domain::campaign::values::CampaignKind;
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::command::{DelistChargeableItem, ListChargeableItem, RegisterRegulationEdition};
use crate::domain::change::Change;
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::command::{AmendEnterprise, EnrolEnterprise};
use crate::domain::enterprise::values::{Contact, Identity};
use crate::domain::institution::Institution;
use crate::domain::institution::command::RegisterInstitution;
use crate::domain::person::Person;
use crate::domain::person::command::{AffiliationFacts, RegisterPerson};
use crate::domain::person::values::Capacity;
use crate::domain::value::{AnnualSummaryId, CatalogueId, Decimal, Division, Label, Period};

/// How long an entry takes to be made.
const AN_ENTRY: SignedDuration = SignedDuration::from_mins(2);

/// Whoever fills the registers.
pub(super) struct Registrar<'a> {
    pub(super) app: &'a App,
    pub(super) clock: &'a ManualClock,
    pub(super) cast: &'a Cast,
    pub(super) registers: &'a Registers,
    /// The demonstration's first day.
    pub(super) first_day: Date,
}

impl Registrar<'_> {
    /// All that stands before the first enterprise enrols.
    pub(super) async fn begin(&self, last_day: Date) -> Result<(), Failure> {
        self.open_campaign(last_day).await?;
        for entry in &self.registers.institutions {
            let by = self.manager_of(&entry.division.0);
            let command = RegisterInstitution {
                name: entry.name.0.clone(),
                division: entry.division.0.clone(),
                kind: entry.kind,
                capabilities: all(&entry.capabilities).into_iter().collect(),
                accreditation: some(&entry.accreditation),
            };
            self.enter::<Institution>(by, self.cast.institution(&entry.key).uuid(), command).await?;
        }
        for entry in &self.registers.persons {
            self.register(entry).await?;
        }
        self.fill_catalogues().await?;
        self.sum_up().await
    }

    /// Puts an enterprise on the campaign's list by its own consent, and its contact on the register.
    pub(super) async fn enrol(&self, entry: &EnterpriseEntry) -> Result<(), Failure> {
        let enterprise = self.cast.enterprise(&entry.key);
        let command = EnrolEnterprise {
            identity: Identity::CreditCode { code: entry.code.0.clone() },
            name: entry.name.0.clone(),
            division: entry.division.0.clone(),
            address: Some(entry.address.0.clone()),
            contact: Some(Contact { name: entry.contact.0.clone(), telephone: None }),
            campaign: CampaignFacts { campaign: self.cast.campaign, known: None },
            campaigns: Vec::new(),
            consent: Some(entry.consent.0.clone()),
        };
        self.enter::<Enterprise>(self.cast.actor(&entry.key), enterprise.uuid(), command).await?;
        let command = RegisterPerson {
            name: entry.contact.0.clone(),
            telephone: None,
            affiliation: Some(AffiliationFacts::Enterprise { enterprise, known: None }),
            capacity: Capacity::Contact,
            fields: [].into(),
        };
        let by = self.cast.actor(&entry.coordinator);
        self.enter::<Person>(by, self.cast.person(&entry.key).uuid(), command).await
    }

    /// Corrects the entry of an enterprise that is another company by then, as the enterprise does itself.
    pub(super) async fn amend_entry(&self, entry: &EnterpriseEntry) -> Result<(), Failure> {
        let Some(amended) = &entry.amended else { return Ok(()) };
        let contact = Contact { name: entry.contact.0.clone(), telephone: Some(amended.telephone.0.clone()) };
        let command = AmendEnterprise {
            name: Some(amended.name.0.clone()),
            division: None,
            address: Change::To(amended.address.0.clone()),
            contact: Change::To(contact),
            campaigns: Vec::new(),
        };
        self.enter::<Enterprise>(self.cast.actor(&entry.key), self.cast.enterprise(&entry.key).uuid(), command).await
    }

    /// Replaces the summaries that were submitted too early.
    pub(super) async fn amend(&self) -> Result<(), Failure> {
        for entry in &self.registers.summaries {
            let Some(amended) = &entry.amended else { continue };
            let command = AmendAnnualSummary {
                reason: Some(amended.reason.0.clone()),
                text: entry.text.0.clone(),
                figures: figures(&amended.figures),
                computed: None,
                beside: Beside::Nothing,
                good_practice: all(&entry.good_practice),
                typical_cases: Vec::new(),
            };
            let id = AnnualSummaryId::of(&entry.division.0, self.year_before());
            self.enter::<AnnualSummary>(self.cast.actor(&entry.by), id.uuid(), command).await?;
        }
        Ok(())
    }

    /// The campaign reports on the 31 October that follows the demonstration's last day, so that it is under way.
    async fn open_campaign(&self, last_day: Date) -> Result<(), Failure> {
        let year = year_of(last_day);
        let entry = &self.registers.campaign;
        let command = OpenCampaign {
            name: entry.name.0.clone(),
            kind: CampaignKind::Service,
            jurisdiction: Division::nation(),
            period: Period::new(today(self.app), Some(date(year, 12, 31))).expect("the campaign ends after it begins"),
            reporting_deadline: year::last_day(year),
        };
        self.enter::<Campaign>(self.cast.actor(&entry.opened_by), self.cast.campaign.uuid(), command).await
    }

    async fn register(&self, entry: &PersonEntry) -> Result<(), Failure> {
        let affiliation = match (&entry.institution, &entry.bureau) {
            (Some(key), _) => AffiliationFacts::Institution { institution: self.cast.institution(key), known: None },
            (None, bureau) => AffiliationFacts::Bureau {
                division: some(bureau).unwrap_or_else(|| panic!("{} has a bureau or an institution", entry.key)),
            },
        };
        let command = RegisterPerson {
            name: entry.name.0.clone(),
            telephone: None,
            affiliation: Some(affiliation),
            capacity: entry.capacity,
            fields: all(&entry.fields).into_iter().collect(),
        };
        // The nation's manager registers everybody, and first of all itself.
        let by = self.cast.actor(&self.registers.campaign.opened_by);
        self.enter::<Person>(by, self.cast.person(&entry.key).uuid(), command).await
    }

    async fn fill_catalogues(&self) -> Result<(), Failure> {
        for entry in &self.registers.items {
            let command = ListChargeableItem {
                division: entry.division.0.clone(),
                code: entry.code.0.clone(),
                name: entry.name.0.clone(),
                unit: entry.unit.0.clone(),
                tariff: entry.tariff.0.clone(),
                basis: entry.basis.0.clone(),
                period: since(entry.from),
            };
            self.enter_in_catalogue(&entry.division.0, command).await?;
        }
        for entry in &self.registers.delistings {
            let command = DelistChargeableItem {
                division: entry.division.0.clone(),
                code: entry.code.0.clone(),
                last_day: entry.last_day,
                reason: Some(entry.reason.0.clone()),
            };
            self.enter_in_catalogue(&entry.division.0, command).await?;
        }
        for entry in &self.registers.editions {
            let command = RegisterRegulationEdition {
                division: Division::nation(),
                reference: entry.reference.0.clone(),
                title: entry.title.0.clone(),
                period: since(entry.from),
                replaces: some(&entry.replaces),
            };
            self.enter_in_catalogue(&Division::nation(), command).await?;
        }
        Ok(())
    }

    async fn sum_up(&self) -> Result<(), Failure> {
        let year = self.year_before();
        for entry in &self.registers.summaries {
            let command = SubmitAnnualSummary {
                jurisdiction: entry.division.0.clone(),
                year,
                text: entry.text.0.clone(),
                figures: figures(&entry.figures),
                computed: None,
                beside: Beside::Nothing,
                good_practice: all(&entry.good_practice),
                typical_cases: Vec::new(),
            };
            let id = AnnualSummaryId::of(&entry.division.0, year);
            self.enter::<AnnualSummary>(self.cast.actor(&entry.by), id.uuid(), command).await?;
        }
        Ok(())
    }

    async fn enter_in_catalogue(
        &self,
        division: &Division,
        command: impl Into<<Catalogue as crate::domain::aggregate::Root>::Body>,
    ) -> Result<(), Failure> {
        let by = self.manager_of(division);
        self.enter::<Catalogue>(by, CatalogueId::of(division).uuid(), command).await
    }

    async fn enter<A: Commanded>(
        &self,
        by: &Actor,
        id: uuid::Uuid,
        command: impl Into<A::Body>,
    ) -> Result<(), Failure> {
        self.app.execute::<A>(&request(self.app, by), id, command.into()).await?;
        self.clock.advance(AN_ENTRY);
        Ok(())
    }

    fn manager_of(&self, division: &Division) -> &Actor {
        let key = match division.code() {
            "" => &self.registers.campaign.opened_by,
            _ => &self.registers.province(division).manager,
        };
        self.cast.actor(key)
    }

    /// The year that is summed up: the last that is over when the demonstration begins. Another may end before the
    /// summaries are amended.
    fn year_before(&self) -> i16 {
        year_of(self.first_day) - 1
    }
}

fn figures(said: &Figures) -> BTreeMap<Label, Decimal> {
    said.iter().map(|(name, value)| (name.0.clone(), value.0.clone())).collect()
}
