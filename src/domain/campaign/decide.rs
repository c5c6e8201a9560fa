//! What may be ordered of a campaign.

use crate::domain::actor::{Actor, Role};
use crate::domain::campaign::command::{CampaignCommand, CampaignFacts, CloseCampaign, KnownCampaign, OpenCampaign};
use crate::domain::campaign::event::{CampaignClosed, CampaignFact, CampaignOpened};
use crate::domain::campaign::state::{Campaign, CampaignFile};
use crate::domain::campaign::values::CampaignKind;
use crate::domain::event::Recorded;
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};

impl Campaign {
    /// What happens when the order is carried out.
    ///
    /// # Errors
    /// The reason not to.
    pub fn decide(&self, order: &Order<CampaignCommand>) -> Result<Vec<Recorded<CampaignFact>>, Refusal> {
        let fact: CampaignFact = match &order.command {
            CampaignCommand::OpenCampaign(command) => {
                check_may_open(&order.by, command)?;
                order.check_occurred()?;
                self.open(order, command)?.into()
            }
            CampaignCommand::CloseCampaign(command) => {
                order.by.check_role(&[Role::Manager])?;
                let file = self.known()?;
                order.by.check_covers(&file.jurisdiction, "")?;
                order.check_occurred()?;
                close(file, command)?.into()
            }
        };
        Ok(vec![order.record(fact)])
    }

    fn open(&self, order: &Order<CampaignCommand>, command: &OpenCampaign) -> Result<CampaignOpened, Refusal> {
        if let Some(file) = &self.file {
            return match begins_earlier(file, order) {
                true => Ok(opened_as(file)),
                false => Err(Refusal::new(Code::AlreadyExists, "", "a campaign of that id was opened before")),
            };
        }
        let starts_on = command.period.from();
        if command.reporting_deadline < starts_on {
            return Err(Refusal::new(
                Code::ReportingDeadlineBeforeStart,
                "reportingDeadline",
                format!("{} is before the campaign's start, {starts_on}", command.reporting_deadline),
            ));
        }
        Ok(CampaignOpened {
            name: command.name.clone(),
            kind: command.kind,
            jurisdiction: command.jurisdiction.clone(),
            period: command.period,
            reporting_deadline: command.reporting_deadline,
        })
    }

    fn known(&self) -> Result<&CampaignFile, Refusal> {
        self.file.as_ref().ok_or_else(|| unknown("campaignId", "no campaign of that id was opened"))
    }
}

/// Whether another file of a log that is imported begins before those that came in: the campaign was there by then.
fn begins_earlier(file: &CampaignFile, order: &Order<CampaignCommand>) -> bool {
    let is_imported = order.by.holds(Role::Importer) && file.kind == CampaignKind::Import;
    is_imported && file.closing.is_none() && order.happened_at() < file.opened_at
}

/// Nothing but its beginning is another.
fn opened_as(file: &CampaignFile) -> CampaignOpened {
    CampaignOpened {
        name: file.name.clone(),
        kind: file.kind,
        jurisdiction: file.jurisdiction.clone(),
        period: file.period,
        reporting_deadline: file.reporting_deadline,
    }
}

/// The importer opens what it imports into; everything else is for the managers.
fn check_may_open(by: &Actor, command: &OpenCampaign) -> Result<(), Refusal> {
    if command.kind == CampaignKind::Import && by.holds(Role::Importer) {
        return Ok(());
    }
    by.check_role(&[Role::Manager])?;
    by.check_covers(&command.jurisdiction, "divisionCode")
}

fn close(file: &CampaignFile, command: &CloseCampaign) -> Result<CampaignClosed, Refusal> {
    if let Some(closing) = &file.closing {
        return Err(Refusal::new(
            Code::CampaignClosed,
            "campaignId",
            format!("the campaign was closed at {}", closing.at),
        ));
    }
    let successor =
        command.successor.as_ref().map(|successor| check_successor(file, command, successor)).transpose()?;
    if command.open_cases > 0 && successor.is_none() {
        return Err(Refusal::new(
            Code::CampaignHasOpenCases,
            "successorId",
            format!(
                "cases still open, with those of campaigns closed in its favour: {}; name the campaign that takes them",
                command.open_cases
            ),
        ));
    }
    Ok(CampaignClosed {
        open_cases: command.open_cases,
        successor: command.successor.as_ref().map(|successor| successor.campaign),
        successor_version: successor.map(|known| known.version),
        reason: command.reason.clone(),
    })
}

/// Whoever takes over the cases is open, is another campaign, and serves everywhere that this one does.
fn check_successor<'a>(
    file: &CampaignFile,
    command: &CloseCampaign,
    successor: &'a CampaignFacts,
) -> Result<&'a KnownCampaign, Refusal> {
    if successor.campaign == command.this {
        return Err(unknown("successorId", "a campaign does not succeed itself"));
    }
    let known = successor
        .known
        .as_ref()
        .filter(|known| known.open)
        .ok_or_else(|| unknown("successorId", "no campaign of that id is open"))?;
    if !known.jurisdiction.covers(&file.jurisdiction) {
        return Err(Refusal::new(
            Code::OutsideJurisdiction,
            "successorId",
            format!("the successor serves {}, which does not cover {}", known.jurisdiction, file.jurisdiction),
        ));
    }
    Ok(known)
}

fn unknown(field: &str, message: &str) -> Refusal {
    Refusal::new(Code::CampaignUnknown, field, message)
}
