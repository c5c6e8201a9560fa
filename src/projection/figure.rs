//! Events → what they add to the figures.
//!
//! Statistics and annual summaries are sums over these rows, so that each figure can name the events it rests on.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::aggregate::Root;
use crate::domain::case::Case;
use crate::domain::case::event::CaseFact;
use crate::domain::case::state::{Fee, File};
use crate::domain::case::values::Status;
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::event::EnterpriseFact;
use crate::domain::event::Recorded;
use crate::domain::value::{CapabilityGap, calendar};
use crate::projection::case::is_only_kept;
use crate::projection::states::every_state;
use crate::store::{FigureKind, FigureRow, FigureSpan, GAP_CLOSED, GAP_STANDS, fee_item};

/// How an append has led an aggregate on.
pub struct Growth<'a, A: Root> {
    /// What was known of it.
    pub before: &'a A,
    /// The events that made `before`; not looked at, and may be left out, where none of them happened after one of the
    /// append.
    pub earlier: &'a [Recorded<A::Fact>],
    /// Those of the append.
    pub events: &'a [Recorded<A::Fact>],
    /// What is known of it with them.
    pub after: &'a A,
}

/// What the events of a case add to the figures.
#[must_use]
pub fn of_case(growth: &Growth<'_, Case>) -> Vec<FigureRow> {
    let mut rows = Vec::new();
    let told: Vec<_> = growth.earlier.iter().chain(growth.events).collect();
    // The usual append has one event: then nothing is folded here again.
    let mut reached: Option<Case> = None;
    for (index, event) in growth.events.iter().enumerate() {
        let author = Author { event, events_after: (growth.events.len() - index - 1) as u64 };
        let known = reached.as_ref().unwrap_or(growth.before);
        let later = (author.events_after > 0).then(|| evolved(known, event));
        let recorded = author.adds(known, later.as_ref().unwrap_or(growth.after));
        rows.extend(author.by_what_had_happened(&told[..growth.earlier.len() + index], recorded));
        reached = later;
    }
    rows
}

/// What the events of an enterprise add to the figures.
#[must_use]
pub fn of_enterprise(growth: &Growth<'_, Enterprise>) -> Vec<FigureRow> {
    let mut rows = Vec::new();
    let mut known = growth.before.clone();
    for (events_after, event) in (0..growth.events.len() as u64).rev().zip(growth.events) {
        let author = Author { event, events_after };
        match &event.fact {
            EnterpriseFact::EnterpriseEnrolled(fact) => {
                let before = known.enrolment(fact.campaign).map(|enrolment| enrolment.at);
                rows.extend(author.of_the_enrolment(before));
            }
            EnterpriseFact::EnterpriseAmended(_)
            | EnterpriseFact::EnrolmentWithdrawn(_)
            | EnterpriseFact::ContactErased(_) => {}
            // It counts for the year of the visit, whenever somebody wrote of it.
            EnterpriseFact::FieldVisitRecorded(fact) => {
                rows.push(FigureRow { counted_on: fact.visited_on.to_string(), ..author.row(FigureKind::Visit, "") });
            }
        }
        known.evolve(event);
    }
    rows
}

fn evolved(case: &Case, event: &Recorded<CaseFact>) -> Case {
    let mut case = case.clone();
    case.evolve(event);
    case
}

/// Whether a status or a gap may depend on it. What is only said or kept moves neither, and is not folded again and again.
fn moves(event: &Recorded<CaseFact>) -> bool {
    match &event.fact {
        CaseFact::LegacyActivityRecorded(fact) => fact.opening.is_some(),
        fact => !is_only_kept(fact),
    }
}

/// Whether it has ended as the duplicate of another case, and was not solved before.
fn is_unsolved_duplicate(file: &File) -> bool {
    file.status == Status::Duplicate && file.resolution.is_none()
}

struct Author<'a, F> {
    event: &'a Recorded<F>,
    events_after: u64,
}

impl<F> Author<'_, F> {
    fn row(&self, kind: FigureKind, detail: &str) -> FigureRow {
        FigureRow {
            events_after: self.events_after,
            kind,
            detail: detail.to_owned(),
            number: None,
            amount: None,
            occurred_at: self.event.occurred_at.as_microsecond(),
            counted_on: calendar::date_of(self.event.occurred_at).to_string(),
            happened: FigureSpan { lane: 0, from: self.event.occurred_at.as_microsecond(), to: None },
        }
    }
}

impl Author<'_, EnterpriseFact> {
    /// One that was on the list since another time, as was told before, counts for the day on which it began, and not for
    /// the other any more.
    fn of_the_enrolment(&self, before: Option<Timestamp>) -> Vec<FigureRow> {
        let enrolled = FigureRow { number: Some(1), ..self.row(FigureKind::Enrolled, "") };
        let Some(since) = before else { return vec![enrolled] };
        let taken_back = FigureRow {
            number: Some(-1),
            counted_on: calendar::date_of(since).to_string(),
            happened: FigureSpan { from: since.as_microsecond(), ..enrolled.happened },
            ..enrolled.clone()
        };
        // Of one day it is told once.
        if taken_back.counted_on == enrolled.counted_on { Vec::new() } else { vec![enrolled, taken_back] }
    }
}

impl Author<'_, CaseFact> {
    /// What it adds to a case that is known so, and so with it.
    fn adds(&self, before: &Case, after: &Case) -> Vec<FigureRow> {
        let Some(file) = &after.file else { return Vec::new() };
        let had = before.file.as_ref();
        self.of_the_status(had, file).into_iter().chain(self.of_the_fact(had, file)).collect()
    }

    /// A duplicate that is taken up again before it was sorted comes into the status of a report once more, and is not
    /// reported once more.
    fn of_the_status(&self, before: Option<&File>, after: &File) -> Option<FigureRow> {
        match before {
            None => Some(self.row(FigureKind::Reported, "")),
            Some(file) if file.status == after.status => None,
            Some(_) => Some(self.row(FigureKind::Entered, after.status.name())),
        }
    }

    /// The rows of both axes: `recorded` are those of the log, which hold for what had happened too from the time on by
    /// which everything had happened that was told before. For every time before, what is told of it counts.
    fn by_what_had_happened(&self, told_before: &[&Recorded<CaseFact>], recorded: Vec<FigureRow>) -> Vec<FigureRow> {
        if !moves(self.event) {
            return recorded;
        }
        let happened_at = self.event.occurred_at.as_microsecond();
        let told: Vec<_> = told_before.iter().copied().filter(|event| moves(event)).collect();
        // What had happened before it had happened by its own time, too.
        let times: Vec<_> = told.iter().map(|event| event.occurred_at.as_microsecond().max(happened_at)).collect();
        let last = times.iter().copied().max().unwrap_or(happened_at);
        let mut added = BTreeMap::new();
        if happened_at < last {
            let with_it = |known: &Case| self.adds(known, &evolved(known, self.event));
            added.insert(happened_at, with_it(&Case::default()));
            let take = |known: &mut Case, place: usize| known.evolve(told[place]);
            every_state(&times, Case::default(), take, |time, known, _| drop(added.insert(time, with_it(known))));
        }
        added.insert(last, recorded);
        let mut rows: Vec<FigureRow> = Vec::new();
        let mut times = added.into_iter().peekable();
        while let Some((from, added)) = times.next() {
            let to = times.peek().map(|(next, _)| *next);
            for row in added {
                let goes_on = |had: &&mut FigureRow| {
                    had.happened.to == Some(from) && FigureRow { happened: row.happened, ..(**had).clone() } == row
                };
                match rows.iter_mut().find(goes_on) {
                    Some(had) => had.happened.to = to,
                    None => rows.push(FigureRow { happened: FigureSpan { lane: 0, from, to }, ..row }),
                }
            }
        }
        let of_the_past = rows.iter_mut().filter(|row| row.happened.to.is_some());
        of_the_past.zip(1..).for_each(|(row, lane)| row.happened.lane = lane);
        rows
    }

    /// What the fact adds beside a change of status.
    fn of_the_fact(&self, before: Option<&File>, after: &File) -> Vec<FigureRow> {
        match &self.event.fact {
            // Only what was solved is reopened.
            CaseFact::CaseReopened(_) if before.is_some_and(is_unsolved_duplicate) => Vec::new(),
            CaseFact::CaseReopened(_) => vec![self.row(FigureKind::Reopened, "")],
            CaseFact::CaseEscalated(fact) => vec![self.row(FigureKind::Escalated, fact.to.name())],
            CaseFact::DeadlineMissed(_) => vec![self.row(FigureKind::DeadlineMissed, "")],
            CaseFact::RequirementSpecified(_)
            | CaseFact::MeasurementRecorded(_)
            | CaseFact::MeasurementRetracted(_) => self.of_the_gap(before, after),
            CaseFact::TrialResultRecorded(fact) => {
                fact.measurement.iter().flat_map(|_| self.of_the_gap(before, after)).collect()
            }
            CaseFact::FeeRecorded(fact) => {
                let recorded = after.fees.iter().rfind(|fee| fee.id == fact.id);
                recorded.map(|fee| self.fee(fee, after, 1)).into_iter().collect()
            }
            CaseFact::FeeRetracted(fact) => {
                let fees = before.into_iter().flat_map(|file| &file.fees);
                let counted = fees.filter(|fee| fee.id == fact.fee && fee.retraction.is_none());
                counted.map(|fee| self.fee(fee, after, -1)).collect()
            }
            CaseFact::TrainingDelivered(fact) => {
                vec![FigureRow { number: Some(fact.trainees.into()), ..self.row(FigureKind::Training, "") }]
            }
            CaseFact::TechniqueIntroduced(_) => vec![self.row(FigureKind::Technique, "")],
            CaseFact::TypicalCasePublished(_) => vec![self.row(FigureKind::Published, "")],
            CaseFact::CaseReported(_)
            | CaseFact::CaseRenamed(_)
            | CaseFact::CaseTriaged(_)
            | CaseFact::RoutineServiceProvided(_)
            | CaseFact::ResearchAssigned(_)
            | CaseFact::ResearchReassigned(_)
            | CaseFact::AssignmentAccepted(_)
            | CaseFact::AssignmentDeclined(_)
            | CaseFact::ExpertInvited(_)
            | CaseFact::ExpertJoined(_)
            | CaseFact::InvitationDeclined(_)
            | CaseFact::ExpertLeft(_)
            | CaseFact::ExpertRemoved(_)
            | CaseFact::FindingRecorded(_)
            | CaseFact::SolutionProposed(_)
            | CaseFact::SolutionReviewed(_)
            | CaseFact::TrialStarted(_)
            | CaseFact::SolutionConfirmed(_)
            | CaseFact::CaseResolved(_)
            | CaseFact::SolutionRejected(_)
            | CaseFact::CaseClosed(_)
            | CaseFact::CaseParked(_)
            | CaseFact::CaseUnparked(_)
            | CaseFact::DeadlineSet(_)
            | CaseFact::DeadlineExtended(_)
            | CaseFact::ClockPaused(_)
            | CaseFact::ClockResumed(_)
            | CaseFact::CaseWithdrawn(_)
            | CaseFact::CaseMarkedDuplicate(_)
            | CaseFact::CasesLinked(_)
            | CaseFact::CasesUnlinked(_)
            | CaseFact::CommentAdded(_)
            | CaseFact::InternalCommentAdded(_)
            | CaseFact::AttachmentAdded(_)
            | CaseFact::TypicalCaseRetracted(_)
            | CaseFact::LegacyActivityRecorded(_)
            | CaseFact::ImportedPersonsErased(_) => Vec::new(),
        }
    }

    /// So many of a fee, for the day of its service: what is taken back goes out of the year that it was counted in.
    fn fee(&self, fee: &Fee, case: &File, number: i64) -> FigureRow {
        FigureRow {
            number: Some(number),
            amount: Some(fee.amount.to_string()),
            counted_on: fee.service_date.to_string(),
            ..self.row(FigureKind::Fee, &fee_item(case.keeper_of(fee.catalogue).code(), fee.item.as_str()))
        }
    }

    /// The gap after an event that may have moved it, the first one that was known where the event has changed that, and
    /// on which days the gap has come to 1 or less, or has not after all: a retraction tells the history anew.
    fn of_the_gap(&self, before: Option<&File>, after: &File) -> Vec<FigureRow> {
        let mut rows = vec![self.gap(FigureKind::Gap, after.capability_gap())];
        let first = after.first_gap();
        if before.and_then(File::first_gap) != first {
            rows.push(self.gap(FigureKind::FirstGap, first));
        }
        let mut closings: BTreeMap<_, i64> = BTreeMap::new();
        after.gap_closings().for_each(|day| *closings.entry(day).or_default() += 1);
        let known = before.into_iter().flat_map(File::gap_closings);
        known.for_each(|day| *closings.entry(day).or_default() -= 1);
        let changed = closings.into_iter().filter(|(_, number)| *number != 0);
        rows.extend(changed.map(|(day, number)| FigureRow {
            number: Some(number),
            counted_on: day.to_string(),
            ..self.row(FigureKind::GapClosed, "")
        }));
        rows
    }

    /// A gap in millionths, and whether it is closed. An event that leaves nothing to compare says so: the gap before no
    /// longer holds.
    fn gap(&self, kind: FigureKind, known: Option<CapabilityGap>) -> FigureRow {
        let detail = match &known {
            None => "",
            Some(gap) if gap.is_closed() => GAP_CLOSED,
            Some(_) => GAP_STANDS,
        };
        FigureRow { number: known.map(|gap| gap.parts_per_million()), ..self.row(kind, detail) }
    }
}
