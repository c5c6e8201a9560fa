//! A log of another tracker comes in: read, mapped, decided, committed. One event there is one event here.
//!
//! The file is read twice. First all of it is looked at, so that nothing is half imported because of what stands in it;
//! then it is committed, a bounded number of cases at a time. What is interrupted between goes on where it stopped when
//! the same file is given again, since every event has a key of its own.

pub mod error;

mod lanes;
mod survey;

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::{App, Failure, Key, Request};
use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::campaign::Campaign;
use crate::domain::campaign::command::{CampaignFacts, OpenCampaign};
use crate::domain::campaign::values::CampaignKind;
use crate::domain::case::Case;
use crate::domain::case::command::CaseCommand;
use crate::domain::case::facts::EnrolmentFacts;
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::command::EnrolEnterprise;
use crate::domain::order::check_occurred;
use crate::domain::refusal::Code;
use crate::domain::value::Period;
use crate::interchange::format::Format;
use crate::interchange::import::error::{BadEvent, ImportError};
use crate::interchange::import::lanes::Lanes;
use crate::interchange::import::survey::Organisation;
use crate::interchange::mapping::Mapping;
use crate::interchange::mapping::plan::{Opening, PlanError, Planned};
use crate::interchange::read::error::ReadError;
use crate::interchange::read::{Events, ForeignEvent, Place, open};
use crate::interchange::report::ImportReport;

/// What becomes of every event that the lifecycle does not allow to be what the mapping wishes.
const LEGACY: &str = "LegacyActivityRecorded";

/// What happens with an event that cannot come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadEvents {
    /// Nothing is imported.
    EndTheImport,
    /// It is left out and told.
    AreLeftOut,
}

/// Imports a log.
///
/// `progress` is told how many events are done and how many there are.
///
/// # Errors
/// As [`ImportError`] says.
pub async fn import(
    app: &Arc<App>,
    mut file: File,
    format: Format,
    mapping: &Arc<Mapping>,
    bad_events: BadEvents,
    progress: impl Fn(u64, u64),
) -> Result<ImportReport, ImportError> {
    let import = Import { app: app.clone(), mapping: mapping.clone(), report: Arc::default() };
    let survey = import.survey(read(&mut file, format, mapping)?, bad_events).await?;
    import.frame(&survey.organisations).await?;
    let mut lanes = Lanes::open(&import);
    let mut events = read(&mut file, format, mapping)?;
    let mut done = 0;
    for event in events.by_ref() {
        done += 1;
        match import.step(event) {
            Err(problem) => import.told(|report| report.skip(problem.place(), &problem)),
            Ok(step) => {
                if !lanes.take(step).await {
                    break;
                }
            }
        }
        progress(done, survey.events.max(done));
    }
    lanes.finish().await.map_err(ImportError::Interrupted)?;
    import.told(|report| report.count_cases(&events));
    Ok(import.told(std::mem::take))
}

fn read(file: &mut File, format: Format, mapping: &Mapping) -> Result<Events, ImportError> {
    file.seek(SeekFrom::Start(0)).map_err(ImportError::File)?;
    let again = file.try_clone().map_err(ImportError::File)?;
    open(again, format, &mapping.columns).map_err(|error| ImportError::Bad(BadEvent::Read(error)))
}

/// An event on its way in.
struct Step {
    planned: Planned,
    /// The case as this event would open it, or why it cannot.
    opening: Result<Opening, PlanError>,
    place: Place,
}

#[derive(Clone)]
struct Import {
    app: Arc<App>,
    mapping: Arc<Mapping>,
    report: Arc<Mutex<ImportReport>>,
}

impl Import {
    fn told<T>(&self, tell: impl FnOnce(&mut ImportReport) -> T) -> T {
        tell(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn step(&self, event: Result<ForeignEvent, ReadError>) -> Result<Step, BadEvent> {
        let event = event.map_err(BadEvent::Read)?;
        check_occurred(event.at, self.app.now()).map_err(|refusal| BadEvent::Misdated(event.place, refusal))?;
        let planned = self.mapping.plan(&event).map_err(BadEvent::Plan)?;
        Ok(Step { planned, opening: self.mapping.opening(&event), place: event.place })
    }

    /// Puts on record what the cases belong to, where there are any.
    async fn frame(&self, organisations: &[Organisation]) -> Result<(), ImportError> {
        if organisations.is_empty() {
            return Ok(());
        }
        self.open_campaign().await?;
        for organisation in organisations {
            self.enrol(organisation).await?;
        }
        Ok(())
    }

    async fn open_campaign(&self) -> Result<(), ImportError> {
        let campaign = &self.mapping.campaign;
        let command = OpenCampaign {
            name: campaign.name.clone(),
            kind: CampaignKind::Import,
            jurisdiction: campaign.jurisdiction.clone(),
            period: Period::new(campaign.starts_on, None).expect("a period without an end is not empty"),
            reporting_deadline: campaign.reporting_deadline,
        };
        let request = self.request(&format!("import:{}", campaign.id));
        let outcome = self.app.execute::<Campaign>(&request, campaign.id.into(), command.into()).await;
        there_or(outcome.map(drop), Code::AlreadyExists)
            .map_err(|source| ImportError::Frame { what: format!("the campaign {}", campaign.name), source })
    }

    async fn enrol(&self, organisation: &Organisation) -> Result<(), ImportError> {
        let Organisation { enterprise, name, division } = organisation;
        let command = EnrolEnterprise {
            identity: self.mapping.identity(name),
            name: name.clone(),
            division: division.clone(),
            address: None,
            contact: None,
            campaign: CampaignFacts { campaign: self.mapping.campaign.id, known: None },
            consent: None,
        };
        let request = self.request(&format!("import:{enterprise}"));
        let outcome = self.app.execute::<Enterprise>(&request, (*enterprise).into(), command.into()).await;
        there_or(outcome.map(drop), Code::AlreadyEnrolled)
            .map_err(|source| ImportError::Frame { what: format!("the organisation {name}"), source })
    }

    /// Commits one event.
    async fn take(&self, step: Step) -> Result<(), Failure> {
        let Step { planned, opening, place } = step;
        let is_new = !self.app.has_case(planned.case).await?;
        let opening = match (is_new, opening) {
            (false, _) => None,
            (true, Ok(opening)) => Some(opening),
            (true, Err(problem)) => {
                self.told(|report| report.skip(Some(place), &problem));
                return Ok(());
            }
        };
        let enrolment = |opening: &Opening| EnrolmentFacts::of(opening.enterprise, self.mapping.campaign.id);
        let wished = planned.wished(opening.as_ref().map(|opening| (opening, enrolment(opening))));
        let mut refused = None;
        if let Some(command) = wished {
            match self.give(&planned, command).await {
                Ok(is_replay) => {
                    self.told(|report| {
                        if is_replay { report.count_already_there() } else { report.count_mapped(planned.fact()) }
                    });
                    return Ok(());
                }
                Err(Failure::Refused(refusal)) => refused = Some(refusal),
                Err(failure) => return Err(failure),
            }
        }
        if planned.is_internal() {
            let bad = refused.map_or(BadEvent::Internal(place), |refusal| BadEvent::refused(place, refusal));
            self.told(|report| report.skip(Some(place), bad));
            return Ok(());
        }
        let legacy = planned.legacy(opening.as_ref().map(|opening| (opening, &*self.mapping)));
        match self.give(&planned, legacy).await {
            Ok(true) => self.told(ImportReport::count_already_there),
            Ok(false) if planned.fact() != LEGACY => self.told(|report| report.count_refused(planned.fact())),
            Ok(false) => self.told(ImportReport::count_legacy),
            Err(Failure::Refused(refusal)) => {
                let bad = BadEvent::refused(place, refusal);
                self.told(|report| report.skip(bad.place(), &bad));
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    /// Gives the order. Answers whether an earlier import had given it.
    async fn give(&self, planned: &Planned, command: CaseCommand) -> Result<bool, Failure> {
        let request = Request {
            actor: importer(),
            key: key_of(planned),
            expected_version: None,
            occurred_at: Some(planned.occurred_at),
            source: Some(planned.source.clone()),
        };
        let receipt = self.app.execute::<Case>(&request, planned.case.into(), command).await?;
        Ok(receipt.replayed)
    }

    fn request(&self, key: &str) -> Request {
        Request {
            actor: importer(),
            key: Key::of_digest(key.to_owned(), [0; 32]),
            expected_version: None,
            occurred_at: None,
            source: None,
        }
    }
}

fn key_of(planned: &Planned) -> Key {
    Key::of_digest(planned.key.clone(), planned.digest)
}

/// What is there already need not be put there.
fn there_or(outcome: Result<(), Failure>, there: Code) -> Result<(), Failure> {
    match outcome {
        Err(Failure::Refused(refusal)) if refusal.code == there => Ok(()),
        outcome => outcome,
    }
}

fn importer() -> Actor {
    Actor::of_the_server(ActorId::importer(), Role::Importer)
}
