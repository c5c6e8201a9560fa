//! What others ask of a case: answers that follow from its state.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::actor::Actor;
use crate::domain::case::state::{Deadline, File, Link, Membership};
use crate::domain::case::values::{LinkRelation, Status, Verdict};
use crate::domain::value::{CaseId, CatalogueId, Division, Money, PersonId};

/// What somebody dates before something that has to have come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misdated {
    /// A step of the lifecycle, before the step that it goes on from.
    BeforeLastStep {
        /// Where that one had put the case.
        status: Status,
        /// When it happened.
        at: Timestamp,
    },
    /// What takes something back, before that: a result, a fee, a publication, an enrolment or, by a correction, a
    /// requirement or how the case was sorted. So does a requirement that is recorded after one of a later day: it takes
    /// the place of that.
    BeforeRetracted {
        /// When that happened.
        at: Timestamp,
    },
    /// A visit to an enterprise, before the day on which it was enrolled.
    BeforeEnrolment {
        /// The day of the visit.
        visited_on: Date,
        /// When the enterprise was enrolled.
        at: Timestamp,
    },
    /// Anything, before the report of the case.
    BeforeReport {
        /// When that happened.
        at: Timestamp,
    },
}

impl File {
    /// Whether what happened at that time, and made `after` of the case, is dated before what it follows.
    #[must_use]
    pub fn misdated(&self, after: &File, at: Timestamp) -> Option<Misdated> {
        let last = self.last_step;
        if after.last_step.number != last.number && at < last.at {
            return Some(Misdated::BeforeLastStep { status: self.status, at: last.at });
        }
        if let Some(retracted) = self.retracted_in(after).filter(|retracted| at < *retracted) {
            return Some(Misdated::BeforeRetracted { at: retracted });
        }
        (at < self.reported_at).then_some(Misdated::BeforeReport { at: self.reported_at })
    }

    /// When that happened which stands here, and is retracted, corrected or replaced in `after`.
    fn retracted_in(&self, after: &File) -> Option<Timestamp> {
        let measurements = self.measurements.iter().zip(&after.measurements);
        let measurements = measurements.map(|(was, is)| (was.at, &was.retraction, &is.retraction));
        let fees = self.fees.iter().zip(&after.fees).map(|(was, is)| (was.at, &was.retraction, &is.retraction));
        let retracted = measurements.chain(fees).filter(|(_, was, is)| was.is_none() && is.is_some());
        let requirements = self.requirements.iter().zip(&after.requirements);
        let corrected = requirements.filter(|(was, is)| was.requirement != is.requirement).map(|(was, _)| was.at);
        let is_replaced = after.requirements.len() > self.requirements.len();
        let replaced = self.requirements.last().filter(|_| is_replaced).map(|stated| stated.at);
        let sorted = self.triage.as_ref().filter(|was| after.triage.as_ref() != Some(*was)).map(|sorted| sorted.at);
        let published = self.publication.as_ref().filter(|_| after.publication.is_none()).map(|published| published.at);
        retracted.map(|(at, ..)| at).chain(corrected).chain(replaced).chain(sorted).chain(published).max()
    }

    /// Whether no end is reached. `Resolved` is open: it still has to be closed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status.is_open()
    }

    /// Whether somebody has to do something: open, and not concluded by the tracker it came from. What lists call open.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.is_open() && !self.is_concluded()
    }

    /// Whether the tracker it was imported from was done with it.
    #[must_use]
    pub fn is_concluded(&self) -> bool {
        self.legacy.as_ref().is_some_and(|legacy| legacy.concluded)
    }

    /// Whether the actor leads the assignment.
    #[must_use]
    pub fn is_lead(&self, actor: &Actor) -> bool {
        self.assignment.as_ref().is_some_and(|assignment| actor.id.is_person(assignment.lead))
    }

    /// Whether the actor works on the case: its lead, or an expert who joined and has not left.
    #[must_use]
    pub fn is_member(&self, actor: &Actor) -> bool {
        self.is_lead(actor) || self.membership(actor) == Some(Membership::Active)
    }

    /// How the actor's invitation went, if there was one.
    #[must_use]
    pub fn membership(&self, actor: &Actor) -> Option<Membership> {
        let person = actor.id.person()?;
        self.experts.get(&person).copied()
    }

    /// The lead and the active experts.
    pub fn members(&self) -> impl Iterator<Item = PersonId> {
        let lead = self.assignment.as_ref().map(|assignment| assignment.lead);
        let active = self.experts.iter().filter(|(_, membership)| **membership == Membership::Active);
        lead.into_iter().chain(active.map(|(person, _)| *person).filter(move |person| Some(*person) != lead))
    }

    /// Whether the actor has ever had a hand in what is reviewed, be it retracted since.
    #[must_use]
    pub fn has_worked_on_it(&self, actor: &Actor) -> bool {
        self.worked_on_it.contains(&actor.id)
    }

    /// Whether the case is a part of that one, directly.
    #[must_use]
    pub fn is_part_of(&self, whole: CaseId) -> bool {
        self.links.contains(&Link { other: whole, relation: LinkRelation::SubCaseOf })
    }

    /// Whether the last review of the solution on the table approved it.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        let last = self.solution.as_ref().and_then(|solution| solution.reviews.last());
        last.is_some_and(|review| review.verdict == Verdict::Approved)
    }

    /// The sum of all fees on record that are not retracted.
    #[must_use]
    pub fn fee_total(&self) -> Money {
        self.fees.iter().filter(|fee| fee.retraction.is_none()).map(|fee| &fee.amount).sum()
    }

    /// Whose list that is which has the item of a fee: the nation's, or else that of the province of the case.
    #[must_use]
    pub fn keeper_of(&self, list: CatalogueId) -> Division {
        let nation = Division::nation();
        if list == CatalogueId::of(&nation) { nation } else { self.division.province() }
    }

    /// Whether the case is parked on that day: its review is on that day or a later one. A review that nobody has held
    /// by the end of its day is no reason any more not to be late.
    #[must_use]
    pub fn is_parked(&self, today: Date) -> bool {
        self.parked_until.is_some_and(|until| today <= until)
    }

    /// The deadline, if it runs on that day: before the resolution, neither paused nor parked, and not concluded
    /// elsewhere.
    #[must_use]
    pub fn running_deadline(&self, today: Date) -> Option<Deadline> {
        let stands_still = self.paused_from.is_some() || self.is_parked(today);
        let runs = self.status.is_before_resolved() && !stands_still && !self.is_concluded();
        self.deadline.filter(|_| runs)
    }
}
