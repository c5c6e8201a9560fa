//! Walks the cases: finds who takes a step, and carries it out as that person.

use jiff::SignedDuration;

use crate::app::{App, Failure, Request, Subject};
use crate::clock::ManualClock;
use crate::demo::cast::Cast;
use crate::demo::orders::{Scene, order};
use crate::demo::registers::{EnterpriseEntry, Registers};
use crate::demo::script::{Action, Entry, Part, Step, Visit};
use crate::demo::{request, today};
use crate::domain::actor::Actor;
use crate::domain::case::Case;
use crate::domain::case::command::{CaseCommand, ReportCase};
use crate::domain::case::facts::EnrolmentFacts;
use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::{FeeId, MeasurementId, Origin};
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::command::RecordFieldVisit;
use crate::domain::value::{CaseId, Money, VisitId};

/// How long after a visit its case is reported.
const AFTER_A_VISIT: SignedDuration = SignedDuration::from_mins(15);

/// The cases, and how far each has got.
pub(super) struct Player<'a> {
    app: &'a App,
    clock: &'a ManualClock,
    cast: &'a Cast,
    registers: &'a Registers,
    script: &'a [Entry],
    progress: Vec<Progress>,
}

/// How far a case has got.
struct Progress {
    case: CaseId,
    /// Who leads it now.
    lead: Option<String>,
    /// What it has cost, for the statement at the end.
    fees: Vec<(FeeId, Money)>,
    /// What was measured last.
    measured: Option<MeasurementId>,
}

impl<'a> Player<'a> {
    /// Gives every case an id.
    pub(super) fn new(
        app: &'a App,
        clock: &'a ManualClock,
        cast: &'a Cast,
        registers: &'a Registers,
        script: &'a [Entry],
    ) -> Self {
        let unreported =
            |_: &Entry| Progress { case: app.new_id().into(), lead: None, fees: Vec::new(), measured: None };
        Self { app, clock, cast, registers, script, progress: script.iter().map(unreported).collect() }
    }

    /// Reports a case: on a field visit, in a survey, or by the enterprise itself.
    pub(super) async fn report(&mut self, index: usize) -> Result<(), Failure> {
        let entry = &self.script[index];
        let enterprise = self.enterprise_of(entry);
        let visitor = self.cast.actor(&self.registers.province(&enterprise.division.0).visitor);
        let (by, origin) = match (&entry.visit, &entry.survey) {
            (Some(visit), _) => (visitor, Origin::FieldVisit { visit: self.visit(entry, visit, visitor).await? }),
            (None, Some(survey)) => {
                (self.cast.actor(&enterprise.coordinator), Origin::Survey { survey: survey.0.clone() })
            }
            (None, None) => (self.cast.actor(&entry.enterprise), Origin::OwnReport),
        };
        let command = ReportCase {
            number: CaseNumber::provisional(enterprise.division.0.letters(), today(self.app).year()),
            title: entry.title.0.clone(),
            problem: Some(entry.problem.0.clone()),
            origin,
            division: None,
            enrolment: EnrolmentFacts {
                enterprise: self.cast.enterprise(&entry.enterprise),
                enterprise_version: 0,
                division: enterprise.division.0.clone(),
                campaign: self.cast.campaign,
                enrolled: false,
                campaign_open: false,
                visit_known: false,
            },
        };
        let case = self.progress[index].case;
        self.app.execute::<Case>(&request(self.app, by), case.uuid(), command.into()).await?;
        Ok(())
    }

    /// Takes a step of a case.
    pub(super) async fn step(&mut self, index: usize, step: usize) -> Result<(), Failure> {
        let entry = &self.script[index];
        let step = &entry.steps[step];
        let request = self.request_for(index, entry, step);
        let progress = &self.progress[index];
        let scene = Scene {
            app: self.app,
            cast: self.cast,
            case: progress.case,
            fees: &progress.fees,
            measured: progress.measured,
            other: &|key| self.case_of(key),
        };
        let (command, attachments) = order(&scene, &step.action);
        self.app
            .execute_with::<Case>(&request, Subject::Of(progress.case.uuid()), command.clone(), attachments)
            .await?;
        let progress = &mut self.progress[index];
        match command {
            CaseCommand::RecordFee(command) => progress.fees.push((command.id, command.amount)),
            CaseCommand::RetractFee(command) => progress.fees.retain(|(fee, _)| *fee != command.fee),
            CaseCommand::RecordMeasurement(command) => progress.measured = Some(command.id),
            _ => {}
        }
        if let Action::Assign { lead, .. } | Action::Reassign { lead, .. } = &step.action {
            progress.lead = Some(lead.clone());
        }
        Ok(())
    }

    async fn visit(&self, entry: &Entry, visit: &Visit, visitor: &Actor) -> Result<VisitId, Failure> {
        let id = VisitId::from(self.app.new_id());
        let command = RecordFieldVisit {
            id,
            campaign: self.cast.campaign,
            visitors: Vec::new(),
            visited_on: today(self.app),
            place: Some(visit.place.0.clone()),
            seen: visit.seen.0.clone(),
            needs: visit.needs.clone(),
        };
        let enterprise = self.cast.enterprise(&entry.enterprise);
        self.app.execute::<Enterprise>(&request(self.app, visitor), enterprise.uuid(), command.into()).await?;
        self.clock.advance(AFTER_A_VISIT);
        Ok(id)
    }

    fn request_for(&self, index: usize, entry: &Entry, step: &Step) -> Request {
        let part = step.by.as_deref().map_or_else(|| step.action.part(), Part::Person);
        let enterprise = self.enterprise_of(entry);
        let province = self.registers.province(&enterprise.division.0);
        let key: &str = match part {
            Part::Contact => &entry.enterprise,
            Part::Coordinator => &enterprise.coordinator,
            Part::Reviewer => &province.reviewer,
            Part::ProvinceManager => &province.manager,
            Part::NationalManager => &self.registers.campaign.opened_by,
            Part::Person(key) => key,
            Part::Lead => self.progress[index]
                .lead
                .as_deref()
                .unwrap_or_else(|| panic!("{} has a lead before the lead does something", entry.key)),
        };
        let mut request = request(self.app, self.cast.actor(key));
        if step.late_hours > 0 {
            request.occurred_at = Some(self.app.now() - SignedDuration::from_hours(step.late_hours));
        }
        request
    }

    fn enterprise_of(&self, entry: &Entry) -> &EnterpriseEntry {
        let mut enterprises = self.registers.enterprises.iter();
        let found = enterprises.find(|enterprise| enterprise.key == entry.enterprise);
        found.unwrap_or_else(|| panic!("{} is an enterprise of registers.toml", entry.enterprise))
    }

    fn case_of(&self, key: &str) -> CaseId {
        let place = self.script.iter().position(|entry| entry.key == key);
        self.progress[place.unwrap_or_else(|| panic!("{key} is a case of the files"))].case
    }
}
