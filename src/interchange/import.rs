//! A log of another tracker comes in: read, mapped, decided, committed. One event there is one event here.
//!
//! The file is read twice. First all of it is looked at, so that nothing is half imported because of what stands in it;
//! then it is committed, a bounded number of cases at a time. What is interrupted between goes on where it stopped when
//! the same file is given again, since every event has a key of its own, and a longer file brings in what is new. Of what
//! is there already a number and a time are in memory for each event, until the file shows it.

pub mod error;

mod known;
mod lane;
mod lanes;
mod survey;

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::app::{App, Earlier, Failure, Key, Moment, Request};
use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::campaign::Campaign;
use crate::domain::campaign::command::{CampaignFacts, OpenCampaign};
use crate::domain::campaign::values::CampaignKind;
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::command::EnrolEnterprise;
use crate::domain::order::check_occurred;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::{CaseId, Period};
use crate::interchange::format::Format;
use crate::interchange::import::error::{BadEvent, ImportError};
use crate::interchange::import::lanes::Lanes;
use crate::interchange::import::survey::Organisation;
use crate::interchange::mapping::Mapping;
use crate::interchange::mapping::plan::{Opening, PlanError, Planned};
use crate::interchange::read::{Events, ForeignEvent, open};
use crate::interchange::report::ImportReport;

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
    import.check_jurisdiction().await?;
    let mut survey = import.survey(read(&mut file, format, mapping)?, bad_events).await?;
    import.frame(&mut survey.organisations, bad_events).await?;
    let mut lanes = Lanes::open(&import);
    let mut events = read(&mut file, format, mapping)?;
    let mut done = 0;
    for event in events.by_ref() {
        done += 1;
        match event {
            Err(error) => import.told(|report| report.skip_unread(&error)),
            Ok(event) => {
                if !lanes.take(survey.step(mapping, event)).await {
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
    event: ForeignEvent,
    case: CaseId,
    standing: Standing,
    /// Why the organisation of its case takes no new one.
    refused: Option<Refusal>,
}

/// What earlier imports brought in of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Nothing.
    New,
    /// What the file has as well.
    GoesOn,
    /// What the file does not have as it was: an event of that time, and perhaps others.
    Changed(Timestamp),
    /// What cannot be compared with the file any more: the event at that position, and perhaps others.
    Untold(u64),
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

    /// Cases are held against where the mapping says that the campaign serves, and the campaign is what the log has of it.
    async fn check_jurisdiction(&self) -> Result<(), ImportError> {
        let campaign = &self.mapping.campaign;
        let found = self.app.named_by_a_case::<Campaign>(vec![campaign.id.into()], Moment::Present).await;
        let found = found.map_err(|fault| ImportError::Interrupted(fault.into()))?.pop();
        match found.and_then(|entry| entry.state.file) {
            Some(file) if file.jurisdiction != campaign.jurisdiction => {
                Err(ImportError::Jurisdiction { recorded: file.jurisdiction, mapped: campaign.jurisdiction.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What becomes of an event, and its case as it would open it, or why it cannot.
    fn plan(&self, event: &ForeignEvent) -> Result<(Planned, Result<Opening, PlanError>), BadEvent> {
        check_occurred(event.at, self.app.now()).map_err(|refusal| BadEvent::Misdated(event.place, refusal))?;
        let planned = self.mapping.plan(event).map_err(BadEvent::Plan)?;
        Ok((planned, self.mapping.opening(event)))
    }

    /// What the log has under the number of an event.
    async fn earlier(&self, event: &ForeignEvent) -> Result<Earlier, Failure> {
        let key = Key::of_digest(self.mapping.key_of(event), event.digest());
        Ok(self.app.earlier(&ActorId::importer(), &key).await?)
    }

    /// Puts on record what new cases belong to, where there are any: as of when the log begins to tell of it, so that a
    /// case of the past has an enterprise there, and again where this file begins before those that came in. What has
    /// come to an end since an earlier import takes none: the events of an organisation that is refused are left out
    /// with it, where that is asked for, each told by that refusal.
    async fn frame(&self, organisations: &mut [Organisation], bad_events: BadEvents) -> Result<(), ImportError> {
        let Some(begins) = organisations.iter().map(|organisation| organisation.since).min() else {
            return Ok(());
        };
        if bad_events == BadEvents::EndTheImport {
            self.check_enrolments(organisations).await?;
        }
        self.open_campaign(begins).await?;
        for organisation in organisations {
            let outcome = self.enrol(organisation).await;
            match outcome {
                Err(ImportError::Frame { source: Failure::Refused(refusal), .. })
                    if bad_events == BadEvents::AreLeftOut =>
                {
                    organisation.refused = Some(refusal);
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    async fn open_campaign(&self, begins: Timestamp) -> Result<(), ImportError> {
        let campaign = &self.mapping.campaign;
        let command = OpenCampaign {
            name: campaign.name.clone(),
            kind: CampaignKind::Import,
            jurisdiction: campaign.jurisdiction.clone(),
            period: Period::new(campaign.starts_on, None).expect("a period without an end is not empty"),
            reporting_deadline: campaign.reporting_deadline,
        };
        let request = self.request(begins);
        let outcome = self.app.execute::<Campaign>(&request, campaign.id.into(), command.into()).await;
        there_or(outcome.map(drop), Code::AlreadyExists)
            .map_err(|source| ImportError::Frame { what: format!("the campaign {}", campaign.name), source })
    }

    /// Whoever is refused is met before anybody is on record. A campaign that is not there yet refuses nobody: that
    /// every case lies where it serves, the mapping has seen to.
    async fn check_enrolments(&self, organisations: &[Organisation]) -> Result<(), ImportError> {
        for organisation in organisations {
            let (request, command) = (self.request(organisation.since), self.enrolment(organisation));
            let id = organisation.enterprise.into();
            let previewed = self.app.preview::<Enterprise>(&request, id, command.into()).await;
            match previewed.map_err(Failure::from).and_then(|previewed| previewed.verdict) {
                Err(Failure::Refused(refusal)) if refusal.code == Code::CampaignUnknown => return Ok(()),
                verdict => enrolled(organisation, verdict.map(drop))?,
            }
        }
        Ok(())
    }

    async fn enrol(&self, organisation: &Organisation) -> Result<(), ImportError> {
        let (request, command) = (self.request(organisation.since), self.enrolment(organisation));
        let id = organisation.enterprise.into();
        enrolled(organisation, self.app.execute::<Enterprise>(&request, id, command.into()).await.map(drop))
    }

    fn enrolment(&self, organisation: &Organisation) -> EnrolEnterprise {
        EnrolEnterprise {
            identity: self.mapping.identity(&organisation.name),
            name: organisation.name.clone(),
            division: organisation.division.clone(),
            address: None,
            contact: None,
            campaign: CampaignFacts::of(self.mapping.campaign.id),
            campaigns: Vec::new(),
            consent: None,
        }
    }

    /// An order that is decided by what there is now, however often it was given before.
    fn request(&self, occurred_at: Timestamp) -> Request {
        Request {
            actor: importer(),
            key: Key::unique(self.app.new_id()),
            expected_version: None,
            occurred_at: Some(occurred_at),
            source: None,
        }
    }
}

fn key_of(planned: &Planned) -> Key {
    Key::of_digest(planned.key.clone(), planned.digest)
}

fn enrolled(organisation: &Organisation, outcome: Result<(), Failure>) -> Result<(), ImportError> {
    there_or(outcome, Code::AlreadyEnrolled)
        .map_err(|source| ImportError::Frame { what: format!("the organisation {}", organisation.name), source })
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
