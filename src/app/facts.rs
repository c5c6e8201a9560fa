//! Look-ups: what a decision needs to know of other aggregates, as the log has it now.
//!
//! A command names what it is about; here its facts are filled in. What was relied on is checked again by the commit,
//! so that a decision never rests on what another server has changed meanwhile. What has no stream yet when it is
//! looked for cannot be relied on: that no case of a campaign is open, or that a case has no further part, is so as of
//! the look-up.

mod annual_summary;
mod registers;

use std::sync::Arc;

use jiff::civil::Date;
use uuid::Uuid;

use crate::app::App;
use crate::app::commanded::Commanded;
use crate::app::request::Fault;
use crate::app::scope;
use crate::app::streams::Versioned;
use crate::domain::actor::Actor;
use crate::domain::campaign::Campaign;
use crate::domain::case::Case;
use crate::domain::case::command::{CaseCommand, ReportCase};
use crate::domain::case::facts::{CaseFacts, EnrolmentFacts, GoesOn, LONGEST_CHAIN, ListedItemFacts, PersonFacts};
use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::{LinkRelation, Origin};
use crate::domain::catalogue::Catalogue;
use crate::domain::enterprise::Enterprise;
use crate::domain::institution::Institution;
use crate::domain::order::Order;
use crate::domain::person::Person;
use crate::domain::value::{CaseId, CatalogueId, Division, Label, VisitId};
use crate::store::StreamId;

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
            | CaseCommand::RemoveExpert(_)
            | CaseCommand::RecordFinding(_)
            | CaseCommand::RecordMeasurement(_)
            | CaseCommand::RetractMeasurement(_)
            | CaseCommand::ProposeSolution(_)
            | CaseCommand::ReviewSolution(_)
            | CaseCommand::StartTrial(_)
            | CaseCommand::RecordTrialResult(_)
            | CaseCommand::ConfirmSolution(_)
            | CaseCommand::RejectSolution(_)
            | CaseCommand::ReopenCase(_)
            | CaseCommand::EscalateCase(_)
            | CaseCommand::ParkCase(_)
            | CaseCommand::UnparkCase(_)
            | CaseCommand::SetDeadline(_)
            | CaseCommand::ExtendDeadline(_)
            | CaseCommand::MissDeadline(_)
            | CaseCommand::PauseClock(_)
            | CaseCommand::ResumeClock(_)
            | CaseCommand::WithdrawCase(_)
            | CaseCommand::UnlinkCases(_)
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
        let sub_cases = self.app.store.sub_cases(&[case.into()]).await?;
        let sub_cases: Vec<_> = sub_cases.into_iter().map(|(_, part)| part).collect();
        for present in self.present_cases(&sub_cases).await? {
            if let Some(file) = present.state.file.as_ref().filter(|file| file.waits() && file.is_part_of(case)) {
                open.push(scope::sees(actor, file).then(|| file.number.clone()));
            }
        }
        Ok(open)
    }
}

#[cfg(test)]
mod tests;
