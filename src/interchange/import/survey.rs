//! The first of two readings of a log: what is in it, and whether anything of it ends the import.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::app::{Earlier, Failure};
use crate::domain::refusal::Refusal;
use crate::domain::value::{CaseId, Division, EnterpriseId, Label};
use crate::interchange::import::error::{BadEvent, ImportError};
use crate::interchange::import::known::Known;
use crate::interchange::import::{BadEvents, Import, Standing, Step};
use crate::interchange::mapping::Mapping;
use crate::interchange::mapping::plan::Opening;
use crate::interchange::read::{Events, ForeignEvent};

/// What a log holds.
#[derive(Default)]
pub(super) struct Survey {
    /// How many events, readable or not.
    pub(super) events: u64,
    /// The cases that can come in.
    cases: HashMap<CaseId, Found>,
    /// Whose new cases these are, each once, in the order of the file.
    pub(super) organisations: Vec<Organisation>,
    /// Where each stands in that order.
    enterprises: HashMap<EnterpriseId, usize>,
}

/// A case that can come in.
enum Found {
    /// Earlier imports brought in this of it.
    Earlier(Known),
    /// It is new, and the organisation's at that place.
    New { owner: usize },
}

impl Survey {
    /// An event on its way in, when the file is read again.
    pub(super) fn step(&self, mapping: &Mapping, mut event: ForeignEvent) -> Step {
        let case = mapping.case_of(&event);
        let (standing, refused) = match self.cases.get(&case) {
            Some(Found::Earlier(known)) => {
                event.number = known.number_of(event.index);
                let standing = match (known.untold(), known.missing_since()) {
                    (Some(position), _) => Standing::Untold(position),
                    (None, Some(missing)) => Standing::Changed(missing),
                    (None, None) => Standing::GoesOn,
                };
                (standing, None)
            }
            Some(Found::New { owner }) => (Standing::New, self.organisations[*owner].refused.clone()),
            None => (Standing::New, None),
        };
        Step { event, case, standing, refused }
    }

    fn add_case(&mut self, case: CaseId, opening: Opening, at: Timestamp) {
        let Opening { enterprise, organisation: name, division, .. } = opening;
        let owner = *self.enterprises.entry(enterprise).or_insert_with(|| {
            self.organisations.push(Organisation { enterprise, name, division, since: at, refused: None });
            self.organisations.len() - 1
        });
        self.cases.insert(case, Found::New { owner });
    }

    /// A new case has an event of that time: whose it is was there by then.
    fn note_time(&mut self, case: CaseId, at: Timestamp) {
        if let Some(Found::New { owner }) = self.cases.get(&case) {
            let since = &mut self.organisations[*owner].since;
            *since = at.min(*since);
        }
    }

    /// The first event of the file that may be another one, changed.
    fn first_conflict(&self) -> Option<BadEvent> {
        let conflicts = self.cases.values().filter_map(|found| match found {
            Found::Earlier(known) => known.conflict(),
            Found::New { .. } => None,
        });
        let first = conflicts.min_by_key(|(place, _)| place.order());
        first.map(|(place, missing)| BadEvent::Changed { place, missing })
    }
}

/// An organisation of the log, as its first case shows it.
pub(super) struct Organisation {
    pub(super) enterprise: EnterpriseId,
    pub(super) name: Label,
    pub(super) division: Division,
    /// When the first thing happened that the log tells of it.
    pub(super) since: Timestamp,
    /// Why it takes no new case, where it could not be put on record.
    pub(super) refused: Option<Refusal>,
}

impl Import {
    /// Reads everything and commits nothing: what would end the import is met before anything of it is on record.
    pub(super) async fn survey(&self, events: Events, bad_events: BadEvents) -> Result<Survey, ImportError> {
        let mut survey = Survey::default();
        let mut personal = self.mapping.personal_names();
        events.header().iter().for_each(|name| personal.meet(name));
        for event in events {
            survey.events += 1;
            let looked_at = match event {
                Ok(event) => {
                    personal.look_at(&event);
                    self.look_at(event, &mut survey).await.map_err(ImportError::Interrupted)?
                }
                Err(error) => Err(BadEvent::Read(error)),
            };
            if bad_events == BadEvents::EndTheImport {
                looked_at.map_err(ImportError::Bad)?;
            }
        }
        // What is missing of a case is known only now, as what nothing in the file has is.
        if bad_events == BadEvents::EndTheImport
            && let Some(conflict) = survey.first_conflict()
        {
            return Err(ImportError::Bad(conflict));
        }
        // No event is left out for this: each would come in, with its names for everybody to read.
        let unmet = personal.unmet();
        if !unmet.is_empty() {
            return Err(ImportError::PersonalUnmet(unmet));
        }
        Ok(survey)
    }

    /// Whether the event opens its case, goes on with it, or is there already.
    async fn look_at(&self, mut event: ForeignEvent, survey: &mut Survey) -> Result<Result<(), BadEvent>, Failure> {
        let case = self.mapping.case_of(&event);
        if !survey.cases.contains_key(&case) && self.app.has_case(case).await? {
            let known = Known::of(&self.app.imported(case).await?);
            survey.cases.insert(case, Found::Earlier(known));
        }
        if let Some(Found::Earlier(known)) = survey.cases.get_mut(&case) {
            for number in known.candidates(event.index, event.at) {
                event.number = number;
                match self.earlier(&event).await? {
                    Earlier::This(_) => {
                        known.meet(event.index, event.at, number);
                        return Ok(Ok(()));
                    }
                    Earlier::Untold { position } => known.note_untold(position),
                    Earlier::Nothing | Earlier::Another => {}
                }
            }
            if let Some(position) = known.untold() {
                return Ok(Err(BadEvent::Untold { place: event.place, position }));
            }
            event.number = known.number_anew(event.index);
            return Ok(self.plan(&event).map(|_| known.note_new(event.place)));
        }
        let (planned, opening) = match self.plan(&event) {
            Ok(plan) => plan,
            Err(bad) => return Ok(Err(bad)),
        };
        if !survey.cases.contains_key(&case) {
            if planned.is_internal() {
                return Ok(Err(BadEvent::Internal(event.place)));
            }
            match opening {
                Ok(opening) => survey.add_case(case, opening, event.at),
                Err(problem) => return Ok(Err(BadEvent::Plan(problem))),
            }
        }
        survey.note_time(case, event.at);
        Ok(Ok(()))
    }
}
