//! Commits the events of some cases, one after the other.

use std::collections::HashSet;

use crate::app::{Earlier, Failure, Request};
use crate::domain::case::Case;
use crate::domain::case::command::CaseCommand;
use crate::domain::case::facts::EnrolmentFacts;
use crate::domain::value::CaseId;
use crate::interchange::import::error::BadEvent;
use crate::interchange::import::{Import, Standing, Step, importer, key_of};
use crate::interchange::mapping::plan::{Opening, Planned, Wish};
use crate::interchange::report::Became;

/// What happens with an event: it came in, or cannot.
type Outcome = Result<Became, BadEvent>;

pub(super) struct Lane {
    import: Import,
    /// Cases of which another import took a number meanwhile that this one had for something else. Whether what stands
    /// behind it is there as well cannot be known any more.
    overtaken: HashSet<CaseId>,
}

impl Lane {
    pub(super) fn new(import: Import) -> Self {
        Self { import, overtaken: HashSet::new() }
    }

    /// Takes an event in, or tells why not.
    pub(super) async fn take(&mut self, step: &Step) -> Result<(), Failure> {
        let outcome = self.outcome(step).await?;
        if matches!(outcome, Err(BadEvent::Overtaken(_))) {
            self.overtaken.insert(step.case);
        }
        self.import.told(|report| match outcome {
            Ok(became) => report.count(became),
            Err(bad) => report.skip(bad.place(), bad),
        });
        Ok(())
    }

    async fn outcome(&self, step: &Step) -> Result<Outcome, Failure> {
        let place = step.event.place;
        if step.standing != Standing::New {
            match (self.import.earlier(&step.event).await?, step.standing) {
                (Earlier::This(_), _) => return Ok(Ok(Became::AlreadyThere)),
                (Earlier::Untold { position }, _) | (_, Standing::Untold(position)) => {
                    return Ok(Err(BadEvent::Untold { place, position }));
                }
                (Earlier::Another, _) => return Ok(Err(BadEvent::Overtaken(place))),
                (Earlier::Nothing, Standing::Changed(missing)) => return Ok(Err(BadEvent::Changed { place, missing })),
                (Earlier::Nothing, Standing::New | Standing::GoesOn) => {}
            }
        }
        if self.overtaken.contains(&step.case) {
            return Ok(Err(BadEvent::Overtaken(place)));
        }
        let (planned, opening) = match self.import.plan(&step.event) {
            Ok(plan) => plan,
            Err(bad) => return Ok(Err(bad)),
        };
        let is_new = !self.import.app.has_case(planned.case).await?;
        if let Some(refusal) = step.refused.clone().filter(|_| is_new) {
            return Ok(Err(BadEvent::refused(place, refusal)));
        }
        match (is_new, opening) {
            (false, _) => self.commit(step, &planned, None).await,
            (true, Ok(opening)) => self.commit(step, &planned, Some(&opening)).await,
            (true, Err(problem)) => Ok(Err(BadEvent::Plan(problem))),
        }
    }

    /// Commits one event.
    async fn commit(&self, step: &Step, planned: &Planned, opening: Option<&Opening>) -> Result<Outcome, Failure> {
        let place = step.event.place;
        let campaign = self.import.mapping.campaign.id;
        let unopened = opening.map(|opening| (opening, EnrolmentFacts::of(opening.enterprise, campaign)));
        let wished = planned.wished(unopened.clone());
        let mut refused = None;
        if let Some(command) = wished {
            match self.give(planned, command).await {
                Ok(true) => return Ok(Ok(Became::AlreadyThere)),
                Ok(false) => return Ok(Ok(Became::Mapped(planned.fact()))),
                Err(Failure::Refused(refusal)) => refused = Some(refusal),
                Err(failure) => return Err(failure),
            }
        }
        if planned.is_internal() {
            return Ok(Err(refused.map_or(BadEvent::Internal(place), |refusal| BadEvent::refused(place, refusal))));
        }
        let legacy = planned.legacy(unopened);
        match self.give(planned, legacy).await {
            Ok(true) => Ok(Ok(Became::AlreadyThere)),
            Ok(false) => Ok(Ok(match &planned.wish {
                Wish::Legacy { .. } => Became::Legacy,
                Wish::Unmade { problem, .. } => {
                    Became::LegacyForValue { wished: planned.fact(), problem: problem.clone() }
                }
                Wish::Report | Wish::Order { .. } => Became::LegacyInsteadOf(planned.fact()),
            })),
            Err(Failure::Refused(refusal)) => Ok(Err(BadEvent::refused(place, refusal))),
            Err(failure) => Err(failure),
        }
    }

    /// Gives the order. Answers whether another import had given it.
    async fn give(&self, planned: &Planned, command: CaseCommand) -> Result<bool, Failure> {
        let request = Request {
            actor: importer(),
            key: key_of(planned),
            expected_version: None,
            occurred_at: Some(planned.occurred_at),
            source: Some(planned.source.clone()),
        };
        let receipt = self.import.app.execute::<Case>(&request, planned.case.into(), command).await?;
        Ok(receipt.replayed)
    }
}
