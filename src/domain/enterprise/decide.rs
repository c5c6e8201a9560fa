//! What may be ordered of an enterprise.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::actor::{Actor, Role};
use crate::domain::authority::outside;
use crate::domain::campaign::command::CampaignFacts;
use crate::domain::campaign::values::CampaignKind;
use crate::domain::enterprise::command::{
    AmendEnterprise, EnrolEnterprise, EnterpriseCommand, EraseContact, RecordFieldVisit, WithdrawEnrolment,
};
use crate::domain::enterprise::event::{
    ContactErased, EnrolmentWithdrawn, EnterpriseAmended, EnterpriseEnrolled, EnterpriseFact, FieldVisitRecorded,
};
use crate::domain::enterprise::state::{Enterprise, EnterpriseFile};
use crate::domain::enterprise::values::{Consent, Identity, Visitor};
use crate::domain::event::Recorded;
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::{CampaignId, Division, calendar};

impl Enterprise {
    /// What happens when the order is carried out.
    ///
    /// # Errors
    /// The reason not to.
    pub fn decide(&self, order: &Order<EnterpriseCommand>) -> Result<Vec<Recorded<EnterpriseFact>>, Refusal> {
        let fact: EnterpriseFact = match &order.command {
            EnterpriseCommand::EnrolEnterprise(command) => {
                self.check_may_enrol(&order.by, command)?;
                order.check_occurred()?;
                self.enrol(order, command)?.into()
            }
            EnterpriseCommand::AmendEnterprise(command) => {
                let file = self.kept_by(&order.by)?;
                if let Some(division) = &command.division {
                    // As at an enrolment: whoever amends it does not move it out of their own sight.
                    order.by.check_covers(division, "divisionCode")?;
                }
                order.check_occurred()?;
                amend(file, command)?.into()
            }
            EnterpriseCommand::WithdrawEnrolment(command) => {
                self.kept_by(&order.by)?;
                order.check_occurred()?;
                self.withdraw(command)?.into()
            }
            EnterpriseCommand::RecordFieldVisit(command) => {
                order.by.check_role(&[Role::Visitor, Role::Coordinator])?;
                let file = self.known()?;
                order.by.check_covers(&file.division, "")?;
                order.check_occurred()?;
                let fact = self.record_visit(order, command)?;
                return Ok(vec![Recorded { occurred_at: visited_at(order, command.visited_on), ..order.record(fact) }]);
            }
            EnterpriseCommand::EraseContact(command) => {
                order.by.check_role(&[Role::Manager])?;
                let file = self.known()?;
                order.by.check_covers(&file.division, "")?;
                order.check_occurred()?;
                erase_contact(file, command)?.into()
            }
        };
        Ok(vec![order.record(fact)])
    }

    /// The enterprise itself, a coordinator of where it stands, or the importer for what another tracker knew.
    fn check_may_enrol(&self, by: &Actor, command: &EnrolEnterprise) -> Result<(), Refusal> {
        match &command.identity {
            Identity::External { .. } => return by.check_role(&[Role::Importer]),
            Identity::CreditCode { .. } => by.check_role(&[Role::Enterprise, Role::Coordinator])?,
        }
        if by.speaks_for(command.identity.enterprise()) {
            // Its own token says where it stands: it does not move itself out of its bureau's sight.
            return by.check_covers(&command.division, "divisionCode");
        }
        by.check_role(&[Role::Coordinator])?;
        by.check_covers(&command.division, "divisionCode")?;
        // An enterprise that moves away takes its register entry along: not without the coordinator whose it is.
        match &self.file {
            Some(file) => by.check_covers(&file.division, ""),
            None => Ok(()),
        }
    }

    /// The enterprise, where this is itself or a coordinator of where it stands.
    fn kept_by(&self, by: &Actor) -> Result<&EnterpriseFile, Refusal> {
        by.check_role(&[Role::Enterprise, Role::Coordinator])?;
        let file = self.known()?;
        if !by.speaks_for(file.enterprise()) {
            by.check_role(&[Role::Coordinator])?;
            by.check_covers(&file.division, "")?;
        }
        Ok(file)
    }

    fn enrol(
        &self,
        order: &Order<EnterpriseCommand>,
        command: &EnrolEnterprise,
    ) -> Result<EnterpriseEnrolled, Refusal> {
        let campaign = command.campaign.campaign;
        let campaign_version = check_campaign(command)?;
        if let Some(file) = self.begins_earlier(campaign, order) {
            // Nothing but the beginning is another.
            return Ok(EnterpriseEnrolled {
                identity: file.identity.clone(),
                name: file.name.clone(),
                division: file.division.clone(),
                address: None,
                contact: None,
                campaign,
                campaign_version,
                consent: Consent::Imported,
            });
        }
        if self.is_enrolled(campaign) {
            return Err(Refusal::new(
                Code::AlreadyEnrolled,
                "campaignId",
                "the enterprise is on this campaign's list already: amendEnterprise corrects its entry",
            ));
        }
        if self.is_elsewhere(&command.division) {
            check_stays_served(&command.division, &command.campaigns)?;
        }
        let consent = self.consent(&order.by, command)?;
        Ok(EnterpriseEnrolled {
            identity: command.identity.clone(),
            name: command.name.clone(),
            division: command.division.clone(),
            address: command.address.clone(),
            contact: command.contact.clone(),
            campaign,
            campaign_version,
            consent,
        })
    }

    /// What it is put on the list by.
    fn consent(&self, by: &Actor, command: &EnrolEnterprise) -> Result<Consent, Refusal> {
        let missing = |message: &str| Err(Refusal::new(Code::ConsentMissing, "consent", message));
        let has_withdrawn =
            self.file.as_ref().is_some_and(|file| file.enrolments.contains_key(&command.campaign.campaign));
        match &command.consent {
            Some(statement) => Ok(Consent::Given { statement: statement.clone() }),
            None if by.holds(Role::Importer) && has_withdrawn => missing(
                "the enterprise has withdrawn from this campaign, and another tracker's log is no consent to come back: \
                 leave its new cases out",
            ),
            None if by.holds(Role::Importer) => Ok(Consent::Imported),
            None => missing("enrolment is voluntary: state how and when the enterprise agreed"),
        }
    }

    /// The enterprise, where another file of a log that is imported tells of it before those that came in: it was on the
    /// list by then.
    fn begins_earlier(&self, campaign: CampaignId, order: &Order<EnterpriseCommand>) -> Option<&EnterpriseFile> {
        let enrolment = self.enrolment(campaign)?;
        let is_imported = order.by.holds(Role::Importer) && enrolment.consent == Consent::Imported;
        self.file.as_ref().filter(|_| is_imported && order.happened_at() < enrolment.at)
    }

    fn withdraw(&self, command: &WithdrawEnrolment) -> Result<EnrolmentWithdrawn, Refusal> {
        self.check_enrolled(command.campaign)?;
        Ok(EnrolmentWithdrawn { campaign: command.campaign, reason: command.reason.clone() })
    }

    fn record_visit(
        &self,
        order: &Order<EnterpriseCommand>,
        command: &RecordFieldVisit,
    ) -> Result<FieldVisitRecorded, Refusal> {
        self.check_enrolled(command.campaign)?;
        if self.visit(command.id).is_some() {
            return Err(Refusal::new(Code::AlreadyExists, "id", "a visit of that id is on record already"));
        }
        self.check_room(&order.by.id, command)?;
        order.check_had_come(command.visited_on, "visitedOn", Code::VisitInFuture)?;
        Ok(FieldVisitRecorded {
            id: command.id,
            campaign: command.campaign,
            visitors: visitors(&order.by, command)?,
            visited_on: command.visited_on,
            place: command.place.clone(),
            seen: command.seen.clone(),
            needs: command.needs.iter().copied().collect(),
        })
    }

    fn known(&self) -> Result<&EnterpriseFile, Refusal> {
        self.file.as_ref().ok_or_else(|| {
            Refusal::new(Code::EnterpriseUnknown, "enterpriseId", "no enterprise of that id is registered")
        })
    }

    fn check_enrolled(&self, campaign: CampaignId) -> Result<(), Refusal> {
        if self.is_enrolled(campaign) {
            return Ok(());
        }
        Err(Refusal::new(Code::NotEnrolled, "campaignId", "the enterprise is not on this campaign's list"))
    }
}

fn amend(file: &EnterpriseFile, command: &AmendEnterprise) -> Result<EnterpriseAmended, Refusal> {
    let amended = EnterpriseAmended {
        name: command.name.clone().filter(|new| *new != file.name),
        division: command.division.clone().filter(|new| *new != file.division),
        address: command.address.unless(file.address.as_ref()),
        contact: command.contact.unless(file.contact.as_ref()),
    };
    if amended == EnterpriseAmended::default() {
        return Err(Refusal::new(Code::NothingToAmend, "", "the register says all of this already"));
    }
    if let Some(division) = &amended.division {
        check_stays_served(division, &command.campaigns)?;
    }
    Ok(amended)
}

/// Whether every open campaign that the enterprise is on the list of serves there. One that is closed serves nobody any
/// more, and none is opened again.
fn check_stays_served(division: &Division, campaigns: &[CampaignFacts]) -> Result<(), Refusal> {
    let mut open = campaigns.iter().filter_map(|facts| facts.known.as_ref()).filter(|known| known.open);
    let Some(left) = open.find(|known| !known.jurisdiction.covers(division)) else { return Ok(()) };
    Err(Refusal::new(
        Code::OutsideJurisdiction,
        "divisionCode",
        format!(
            "the enterprise is on the list of a campaign that serves {}, and {division} is not in it: withdraw the \
             enrolment first",
            left.jurisdiction
        ),
    ))
}

fn erase_contact(file: &EnterpriseFile, command: &EraseContact) -> Result<ContactErased, Refusal> {
    if file.contact.is_none() && !file.contact_taken_out {
        return Err(Refusal::new(Code::NotFound, "enterpriseId", "nobody is on record as this enterprise's contact"));
    }
    let reason = command.reason.clone().ok_or_else(|| {
        Refusal::new(Code::ReasonMissing, "reason", "state who asked for the erasure and how it was judged")
    })?;
    Ok(ContactErased { legal_basis: command.legal_basis, reason })
}

/// The version of the campaign, where it takes this enterprise.
fn check_campaign(command: &EnrolEnterprise) -> Result<u64, Refusal> {
    let refused = |code, message: &str| Err(Refusal::new(code, "campaignId", message));
    let Some(known) = &command.campaign.known else {
        return refused(Code::CampaignUnknown, "no campaign of that id was opened");
    };
    if !known.open {
        return refused(Code::CampaignClosed, "the campaign is closed: enrol the enterprise in one that is open");
    }
    match (&command.identity, known.kind) {
        (Identity::CreditCode { .. }, CampaignKind::Service) | (Identity::External { .. }, CampaignKind::Import) => {}
        (Identity::CreditCode { .. }, CampaignKind::Import) => {
            return refused(Code::NotPermitted, "the campaign takes the importer's enterprises alone");
        }
        (Identity::External { .. }, CampaignKind::Service) => {
            return refused(
                Code::NotPermitted,
                "an enterprise of another tracker's log belongs in a campaign of the kind IMPORT",
            );
        }
    }
    if !known.jurisdiction.covers(&command.division) {
        return Err(outside(&known.jurisdiction, &command.division, "divisionCode"));
    }
    Ok(known.version)
}

/// When a visit had been made: where nobody says so, by the end of its day, in UTC+8, or now while that goes on.
fn visited_at(order: &Order<EnterpriseCommand>, visited_on: Date) -> Timestamp {
    match order.occurred_at {
        None if visited_on < order.today() => calendar::end_of(visited_on),
        Some(_) | None => order.happened_at(),
    }
}

/// Everybody who went, each once.
fn visitors(by: &Actor, command: &RecordFieldVisit) -> Result<Vec<Visitor>, Refusal> {
    if command.visitors.is_empty() {
        return Ok(vec![Visitor { actor: by.id.clone(), person_version: None }]);
    }
    let mut seen = BTreeSet::new();
    let mut visitors = Vec::new();
    for (index, facts) in command.visitors.iter().enumerate() {
        if facts.version == 0 {
            return Err(Refusal::new(
                Code::PersonUnknown,
                format!("visitorIds.{index}"),
                format!("nobody is registered under {}", facts.person),
            ));
        }
        if facts.erased {
            return Err(Refusal::new(
                Code::AlreadyErased,
                format!("visitorIds.{index}"),
                "this person's data was erased",
            ));
        }
        if seen.insert(facts.person) {
            visitors.push(Visitor { actor: facts.person.into(), person_version: Some(facts.version) });
        }
    }
    Ok(visitors)
}
