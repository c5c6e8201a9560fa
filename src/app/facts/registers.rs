//! Look-ups of commands on registers.

use uuid::Uuid;

use crate::app::commanded::Commanded;
use crate::app::facts::{LookUp, ReliedOn};
use crate::app::reads::CasePage;
use crate::app::registers::RegisterPage;
use crate::app::request::Fault;
use crate::domain::actor::Actor;
use crate::domain::campaign::Campaign;
use crate::domain::campaign::command::{CampaignCommand, CampaignFacts};
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::command::EnterpriseCommand;
use crate::domain::institution::Institution;
use crate::domain::order::Order;
use crate::domain::person::command::{AffiliationFacts, PersonCommand};
use crate::domain::value::{CampaignId, Division};
use crate::store::{CaseColumn, Condition, Moment, Operator, Value};

impl LookUp<'_> {
    /// What a command on an enterprise needs.
    pub(in crate::app) async fn of_enterprise(
        mut self,
        enterprise: &Enterprise,
        order: &mut Order<EnterpriseCommand>,
    ) -> Result<ReliedOn, Fault> {
        match &mut order.command {
            EnterpriseCommand::EnrolEnterprise(command) => {
                command.campaign = self.campaign(command.campaign.campaign).await?;
                command.campaigns = self.campaigns_left(enterprise, Some(&command.division)).await?;
            }
            EnterpriseCommand::AmendEnterprise(command) => {
                command.campaigns = self.campaigns_left(enterprise, command.division.as_ref()).await?;
            }
            EnterpriseCommand::RecordFieldVisit(command) => {
                for visitor in &mut command.visitors {
                    self.person(Some(visitor)).await?;
                }
            }
            EnterpriseCommand::WithdrawEnrolment(_) | EnterpriseCommand::EraseContact(_) => {}
        }
        Ok(self.relied_on)
    }

    /// What a command on a campaign needs.
    pub(in crate::app) async fn of_campaign(
        mut self,
        id: CampaignId,
        order: &mut Order<CampaignCommand>,
    ) -> Result<ReliedOn, Fault> {
        match &mut order.command {
            CampaignCommand::CloseCampaign(command) => {
                let answers_for = self.campaigns_ending_in(id).await?;
                command.open_cases = self.app.count_cases(&Actor::clock(), &open_cases_of(&answers_for)).await?;
                if let Some(successor) = &mut command.successor {
                    *successor = self.campaign(successor.campaign).await?;
                }
            }
            CampaignCommand::OpenCampaign(_) => {}
        }
        Ok(self.relied_on)
    }

    /// What a command on a person needs.
    pub(in crate::app) async fn of_person(mut self, order: &mut Order<PersonCommand>) -> Result<ReliedOn, Fault> {
        let Order { by, command, .. } = order;
        let affiliation = match command {
            PersonCommand::RegisterPerson(command) => &mut command.affiliation,
            PersonCommand::AmendPerson(command) => &mut command.affiliation,
            PersonCommand::ErasePerson(_) => return Ok(self.relied_on),
        };
        match affiliation {
            Some(AffiliationFacts::Institution { institution, known }) => {
                let present = self.present::<Institution>((*institution).into()).await?;
                *known = present.state.standing(present.version);
            }
            Some(AffiliationFacts::Enterprise { enterprise, known }) => {
                let id = (*enterprise).into();
                let present = self.present::<Enterprise>(id).await?;
                let is_there = present.state.is_visible_to(id, by);
                *known = present.state.standing(present.version).filter(|_| is_there);
            }
            Some(AffiliationFacts::Bureau { .. }) | None => {}
        }
        Ok(self.relied_on)
    }

    /// The campaigns that have the enterprise on their list, where it leaves the division that it stands in.
    async fn campaigns_left(
        &mut self,
        enterprise: &Enterprise,
        to: Option<&Division>,
    ) -> Result<Vec<CampaignFacts>, Fault> {
        let mut campaigns = Vec::new();
        if to.is_some_and(|division| enterprise.is_elsewhere(division)) {
            for campaign in enterprise.campaigns() {
                campaigns.push(self.campaign(campaign).await?);
            }
        }
        Ok(campaigns)
    }

    async fn campaign(&mut self, campaign: CampaignId) -> Result<CampaignFacts, Fault> {
        let present = self.present::<Campaign>(campaign.into()).await?;
        Ok(present.state.facts(campaign, present.version))
    }

    /// The campaign, and those that were closed in its favour, directly or through others. It answers for the cases of
    /// all of them: a case keeps the campaign that it was reported to. That the others are open is relied on, since any
    /// of them might be closed in its favour meanwhile.
    async fn campaigns_ending_in(&mut self, campaign: CampaignId) -> Result<Vec<CampaignId>, Fault> {
        let everywhere = RegisterPage { limit: u32::MAX, ..RegisterPage::default() };
        let all = self.app.registers::<Campaign>(&Actor::clock(), &everywhere).await?;
        let streams = Campaign::streams(&self.app.aggregates);
        let others = all.iter().filter(|entry| entry.id != campaign.uuid() && entry.state.is_open());
        self.relied_on.extend(others.map(|entry| (streams.stream(entry.id), entry.version)));
        let closings: Vec<(CampaignId, CampaignId)> =
            all.iter().filter_map(|entry| Some((entry.id.into(), entry.state.successor()?))).collect();
        let mut found = vec![campaign];
        let mut ahead = vec![campaign];
        while let Some(next) = ahead.pop() {
            for (closed, _) in closings.iter().filter(|(_, successor)| *successor == next) {
                if !found.contains(closed) {
                    found.push(*closed);
                    ahead.push(*closed);
                }
            }
        }
        Ok(found)
    }
}

fn open_cases_of(campaigns: &[CampaignId]) -> CasePage {
    let campaigns = campaigns.iter().map(|campaign| Value::from(Uuid::from(*campaign))).collect();
    let conditions = vec![
        Condition::In { column: CaseColumn::CampaignId, values: campaigns },
        Condition::Compare { column: CaseColumn::IsOpen, operator: Operator::Equal, value: Value::Integer(1) },
    ];
    CasePage::of(Condition::All(conditions), 0, Moment::Present)
}
