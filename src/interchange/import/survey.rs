//! The first of two readings of a log: what is in it, and whether anything of it ends the import.

use std::collections::{HashMap, HashSet};

use crate::app::Failure;
use crate::domain::actor::ActorId;
use crate::domain::value::{CaseId, Division, EnterpriseId, Label};
use crate::interchange::import::error::{BadEvent, ImportError};
use crate::interchange::import::{BadEvents, Import, Step, key_of};
use crate::interchange::mapping::plan::Opening;
use crate::interchange::read::Events;

/// What a log holds.
#[derive(Default)]
pub(super) struct Survey {
    /// How many events, readable or not.
    pub(super) events: u64,
    /// The cases that can come in, and whether an earlier import brought them in.
    cases: HashMap<CaseId, bool>,
    /// Whose new cases these are, each once, in the order of the file.
    pub(super) organisations: Vec<Organisation>,
    enterprises: HashSet<EnterpriseId>,
}

impl Survey {
    fn add_organisation(&mut self, opening: Opening) {
        let Opening { enterprise, organisation: name, division, .. } = opening;
        if self.enterprises.insert(enterprise) {
            self.organisations.push(Organisation { enterprise, name, division });
        }
    }
}

/// An organisation of the log, as its first case shows it.
pub(super) struct Organisation {
    pub(super) enterprise: EnterpriseId,
    pub(super) name: Label,
    pub(super) division: Division,
}

impl Import {
    /// Reads everything and commits nothing: what would end the import is met before anything of it is on record.
    pub(super) async fn survey(&self, events: Events, bad_events: BadEvents) -> Result<Survey, ImportError> {
        let mut survey = Survey::default();
        for event in events {
            survey.events += 1;
            let looked_at = match self.step(event) {
                Ok(step) => self.look_at(step, &mut survey).await.map_err(ImportError::Interrupted)?,
                Err(bad) => Err(bad),
            };
            if bad_events == BadEvents::EndTheImport {
                looked_at.map_err(ImportError::Bad)?;
            }
        }
        Ok(survey)
    }

    /// Whether the event opens its case, goes on with it, or is not what an earlier import brought in.
    async fn look_at(&self, step: Step, survey: &mut Survey) -> Result<Result<(), BadEvent>, Failure> {
        let Step { planned, opening, place } = step;
        let is_there = match survey.cases.get(&planned.case) {
            Some(is_there) => *is_there,
            None => {
                let is_there = self.app.has_case(planned.case).await?;
                if !is_there {
                    if planned.is_internal() {
                        return Ok(Err(BadEvent::Internal(place)));
                    }
                    match opening {
                        Ok(opening) => survey.add_organisation(opening),
                        Err(problem) => return Ok(Err(BadEvent::Plan(problem))),
                    }
                }
                survey.cases.insert(planned.case, is_there);
                is_there
            }
        };
        if is_there {
            match self.app.answer_to(&ActorId::importer(), &key_of(&planned)).await {
                Ok(_) => {}
                Err(Failure::Refused(refusal)) => return Ok(Err(BadEvent::refused(place, refusal))),
                Err(failure) => return Err(failure),
            }
        }
        Ok(Ok(()))
    }
}
