//! Look-ups: what a decision needs to know of other aggregates, as the log has it now.
//!
//! A command names what it is about; here its facts are filled in. What was relied on is checked again by the commit,
//! so that a decision never rests on what another server has changed meanwhile. What has no stream yet when it is
//! looked for cannot be relied on: that no case of a campaign is open, or that a case has no further part, is so as of
//! the look-up.

use std::sync::Arc;

use jiff::civil::Date;
use uuid::Uuid;

use crate::app::App;
use crate::app::commanded::Commanded;
use crate::app::reads::CasePage;
use crate::app::registers::RegisterPage;
use crate::app::request::Fault;
use crate::app::scope;
use crate::app::streams::Versioned;
use crate::domain::actor::Actor;
use crate::domain::annual_summary::AnnualSummary;
use crate::domain::annual_summary::command::AnnualSummaryCommand;
use crate::domain::annual_summary::state::AnnualSummaryFile;
use crate::domain::annual_summary::year::{is_late, year_of};
use crate::domain::campaign::Campaign;
use crate::domain::campaign::command::{CampaignCommand, CampaignFacts};
use crate::domain::case::Case;
use crate::domain::case::command::{CaseCommand, ReportCase};
use crate::domain::case::facts::{CaseFacts, EnrolmentFacts, GoesOn, LONGEST_CHAIN, ListedItemFacts, PersonFacts};
use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::{LinkRelation, Origin};
use crate::domain::catalogue::Catalogue;
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::command::EnterpriseCommand;
use crate::domain::institution::Institution;
use crate::domain::order::{FIRST_YEAR, Order};
use crate::domain::person::Person;
use crate::domain::person::command::{AffiliationFacts, PersonCommand};
use crate::domain::value::{CampaignId, CaseId, CatalogueId, Division, Label, VisitId};
use crate::store::{CaseColumn, Condition, Moment, Operator, StreamId, Value};

/// The versions of other streams that a decision rests on.
pub(super) type ReliedOn = Vec<(StreamId, u64)>;

/// One command's look-ups.
pub(super) struct LookUp<'a> {
    app: &'a App,
    relied_on: ReliedOn,
}

impl<'a> LookUp<'a> {
    pub(super) fn new(app: &'a App) -> Self {
        Self { app, relied_on: ReliedOn::new() }
    }

    /// An aggregate as the log has it now, to be relied on.
    async fn present<A: Commanded>(&mut self, id: Uuid) -> Result<Arc<Versioned<A>>, Fault> {
        let streams = A::streams(&self.app.aggregates);
        let present = streams.present(id).await?;
        self.relied_on.push((streams.stream(id), present.version));
        Ok(present)
    }

    /// Cases as the log has them now, each in its place, to be relied on.
    async fn present_cases(&mut self, ids: &[Uuid]) -> Result<Vec<Arc<Versioned<Case>>>, Fault> {
        let streams = Case::streams(&self.app.aggregates);
        let present = streams.present_all(ids).await?;
        let versions = present.iter().map(|present| present.version);
        self.relied_on.extend(ids.iter().map(|id| streams.stream(*id)).zip(versions));
        Ok(present)
    }

    /// What a command on a case needs.
    pub(super) async fn of_case(
        mut self,
        id: CaseId,
        case: &Case,
        order: &mut Order<CaseCommand>,
    ) -> Result<ReliedOn, Fault> {
        let year = order.day().year();
        match &mut order.command {
            CaseCommand::ReportCase(command) => self.report(command, year, &order.by).await?,
            CaseCommand::RecordLegacyActivity(command) => {
                if let Some(opening) = &mut command.opening {
                    self.enrolment(&mut opening.enrolment, None, &order.by).await?;
                }
            }
            CaseCommand::AssignResearch(command) => self.person(command.lead.as_mut()).await?,
            CaseCommand::ReassignResearch(command) => self.person(command.lead.as_mut()).await?,
            CaseCommand::InviteExpert(command) => self.person(Some(&mut command.expert)).await?,
            CaseCommand::ProvideRoutineService(command) => {
                let present = self.present::<Institution>(command.institution.institution.into()).await?;
                command.institution.version = present.version;
            }
            CaseCommand::CloseCase(command) => command.open_sub_cases = self.open_sub_cases(id, &order.by).await?,
            CaseCommand::ReopenCase(command) => {
                if let Some(original) = case.file.as_ref().and_then(|file| file.duplicate_of) {
                    command.goes_on_in = Some(self.goes_on_in(original, &order.by).await?);
                }
            }
            CaseCommand::MarkDuplicate(command) => {
                self.other_case(&mut command.of, &order.by).await?;
                command.open_sub_cases = self.open_sub_cases(id, &order.by).await?;
            }
            CaseCommand::LinkCases(command) => self.other_case(&mut command.other, &order.by).await?,
            CaseCommand::RecordFee(command) => {
                if let Some(file) = &case.file {
                    command.listed = self.listed(&command.item, command.service_date, &file.division).await?;
                }
            }
            CaseCommand::SpecifyRequirement(_)
            | CaseCommand::RenameCase(_)
            | CaseCommand::TriageCase(_)
            | CaseCommand::AcceptAssignment(_)
            | CaseCommand::DeclineAssignment(_)
            | CaseCommand::AcceptInvitation(_)
            | CaseCommand::DeclineInvitation(_)
            | CaseCommand::LeaveCase(_)
            | CaseCommand::RecordFinding(_)
            | CaseCommand::RecordMeasurement(_)
            | CaseCommand::RetractMeasurement(_)
            | CaseCommand::ProposeSolution(_)
            | CaseCommand::ReviewSolution(_)
            | CaseCommand::StartTrial(_)
            | CaseCommand::RecordTrialResult(_)
            | CaseCommand::ConfirmSolution(_)
            | CaseCommand::RejectSolution(_)
            | CaseCommand::EscalateCase(_)
            | CaseCommand::ParkCase(_)
            | CaseCommand::UnparkCase(_)
            | CaseCommand::SetDeadline(_)
            | CaseCommand::ExtendDeadline(_)
            | CaseCommand::MissDeadline(_)
            | CaseCommand::PauseClock(_)
            | CaseCommand::ResumeClock(_)
            | CaseCommand::WithdrawCase(_)
            | CaseCommand::RetractFee(_)
            | CaseCommand::IntroduceTechnique(_)
            | CaseCommand::RecordTraining(_)
            | CaseCommand::AddComment(_)
            | CaseCommand::AddAttachment(_)
            | CaseCommand::PublishTypicalCase(_)
            | CaseCommand::RetractTypicalCase(_)
            | CaseCommand::EraseImportedPersons(_) => {}
        }
        Ok(self.relied_on)
    }

    /// What a command on an enterprise needs.
    pub(super) async fn of_enterprise(mut self, order: &mut Order<EnterpriseCommand>) -> Result<ReliedOn, Fault> {
        match &mut order.command {
            EnterpriseCommand::EnrolEnterprise(command) => {
                command.campaign = self.campaign(command.campaign.campaign).await?;
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
    pub(super) async fn of_campaign(
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

    /// What a command on an annual summary needs.
    pub(super) async fn of_annual_summary(
        self,
        summary: &AnnualSummary,
        order: &mut Order<AnnualSummaryCommand>,
    ) -> Result<ReliedOn, Fault> {
        let (by, today) = (order.by.clone(), order.today());
        let computed = async |jurisdiction: &Division, year: i16| {
            // Any other year is refused.
            match (FIRST_YEAR..=year_of(today)).contains(&year) {
                true => self.app.computed_figures(&by, jurisdiction, year).await,
                false => Ok(None),
            }
        };
        match &mut order.command {
            AnnualSummaryCommand::SubmitAnnualSummary(command) => {
                command.computed = computed(&command.jurisdiction, command.year).await?;
            }
            AnnualSummaryCommand::AmendAnnualSummary(command) => {
                if let Some(AnnualSummaryFile { jurisdiction, year, .. }) = &summary.file {
                    // What was recorded after the year belongs in an amendment.
                    command.computed = match is_late(*year, today) {
                        true => self.app.figures_at_amendment(&by, jurisdiction, *year).await?,
                        false => computed(jurisdiction, *year).await?,
                    };
                }
            }
        }
        // The figures are those as of a position, which is recorded with them: nothing that comes later makes them
        // wrong.
        Ok(self.relied_on)
    }

    /// What a command on a person needs.
    pub(super) async fn of_person(mut self, order: &mut Order<PersonCommand>) -> Result<ReliedOn, Fault> {
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

    /// What the enterprise's enrolment is, and in which series the case gets its number by that.
    async fn report(&mut self, command: &mut ReportCase, year: i16, actor: &Actor) -> Result<(), Fault> {
        let visit = match &command.origin {
            Origin::FieldVisit { visit } => Some(*visit),
            Origin::Survey { .. } | Origin::OwnReport | Origin::Import => None,
        };
        self.enrolment(&mut command.enrolment, visit, actor).await?;
        let division = command.division.as_ref().unwrap_or(&command.enrolment.division);
        command.number = CaseNumber::provisional(division.letters(), year);
        Ok(())
    }

    /// What the enterprise's enrolment is, if the enterprise is there for this actor.
    async fn enrolment(
        &mut self,
        facts: &mut EnrolmentFacts,
        visit: Option<VisitId>,
        actor: &Actor,
    ) -> Result<(), Fault> {
        let EnrolmentFacts { enterprise, campaign, .. } = *facts;
        let present = self.present::<Enterprise>(enterprise.into()).await?;
        if !present.state.is_visible_to(enterprise.into(), actor) {
            return Ok(());
        }
        if let Some(known) = present.state.enrolment_facts(present.version, campaign, visit) {
            let campaign_open = self.present::<Campaign>(campaign.into()).await?.state.is_open();
            *facts = EnrolmentFacts { campaign_open, ..known };
        }
        Ok(())
    }

    async fn campaign(&mut self, campaign: CampaignId) -> Result<CampaignFacts, Fault> {
        let present = self.present::<Campaign>(campaign.into()).await?;
        Ok(present.state.facts(campaign, present.version))
    }

    async fn person(&mut self, facts: Option<&mut PersonFacts>) -> Result<(), Fault> {
        if let Some(facts) = facts {
            let present = self.present::<Person>(facts.person.into()).await?;
            *facts = present.state.facts(facts.person, present.version);
        }
        Ok(())
    }

    /// The item on the list of the province or of the nation, whichever has it on that day.
    async fn listed(&mut self, item: &Label, day: Date, division: &Division) -> Result<Option<ListedItemFacts>, Fault> {
        for keeper in [division.province(), Division::nation()] {
            let present = self.present::<Catalogue>(CatalogueId::of(&keeper).into()).await?;
            if let Some(facts) = present.state.listed_item(item, day, present.version) {
                return Ok(Some(facts));
            }
        }
        Ok(None)
    }

    /// The other case as it is, if it is there for this actor.
    async fn other_case(&mut self, facts: &mut CaseFacts, actor: &Actor) -> Result<(), Fault> {
        let present = self.present::<Case>(facts.case.into()).await?;
        let Some(file) = present.state.file.as_ref().filter(|file| scope::sees(actor, file)) else {
            return Ok(());
        };
        facts.version = present.version;
        facts.status = Some(file.status);
        facts.goes_on_in = match file.duplicate_of {
            Some(original) => Some(self.goes_on_in(original, actor).await?),
            None => None,
        };
        facts.ancestors = self.ancestors(facts.case).await?;
        Ok(())
    }

    /// The case that goes on in the place of the duplicates of that one.
    async fn goes_on_in(&mut self, original: CaseId, actor: &Actor) -> Result<GoesOn, Fault> {
        let mut goes_on_in = GoesOn::of(original);
        for _ in 0..LONGEST_CHAIN {
            let present = self.present::<Case>(goes_on_in.case.into()).await?;
            let is_duplicate = present.state.file.as_ref().is_some_and(|file| {
                let shown = scope::sees(actor, file).then(|| file.number.clone());
                goes_on_in.follow(file, shown)
            });
            if !is_duplicate {
                break;
            }
        }
        Ok(goes_on_in)
    }

    /// Every case that this one is part of, directly or not, read level by level however many there are on each.
    async fn ancestors(&mut self, case: CaseId) -> Result<Vec<CaseId>, Fault> {
        let mut found = Vec::new();
        let mut level = vec![Uuid::from(case)];
        while !level.is_empty() {
            let mut above = Vec::new();
            for present in self.present_cases(&level).await? {
                let links = present.state.file.iter().flat_map(|file| &file.links);
                for link in links.filter(|link| link.relation == LinkRelation::SubCaseOf) {
                    if !found.contains(&link.other) {
                        found.push(link.other);
                        above.push(link.other.into());
                    }
                }
            }
            level = above;
        }
        Ok(found)
    }

    /// The sub-cases that wait for somebody, as lists call open, with the number of each that is there for this actor.
    async fn open_sub_cases(&mut self, case: CaseId, actor: &Actor) -> Result<Vec<Option<CaseNumber>>, Fault> {
        let mut open = Vec::new();
        let sub_cases = self.app.store.sub_cases(case.into()).await?;
        for present in self.present_cases(&sub_cases).await? {
            if let Some(file) = present.state.file.as_ref().filter(|file| file.waits()) {
                open.push(scope::sees(actor, file).then(|| file.number.clone()));
            }
        }
        Ok(open)
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
