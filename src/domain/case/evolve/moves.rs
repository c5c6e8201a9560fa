//! What several events have in common.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::case::event::CaseFact;
use crate::domain::case::state::{Deadline, File, Membership, Retraction, Step};
use crate::domain::case::values::Status;
use crate::domain::event::Recorded;
use crate::domain::value::{Statement, calendar};

impl File {
    /// A step takes up what another tracker was done with. It answers a missed deadline where the work is done, for now or for
    /// good, and nowhere else: whoever is late would give the answer to themselves.
    pub(super) fn move_to(&mut self, status: Status, at: Timestamp) {
        // A reassignment may find it where it puts it, and is a step all the same.
        self.last_step = Step { number: self.last_step.number.saturating_add(1), at };
        self.take_up_concluded();
        if status == self.status {
            return;
        }
        let was_done = is_done(self.status);
        self.status = status;
        match (was_done, is_done(status)) {
            (_, true) => self.answer_missed_deadline(),
            (true, false) => self.wait_for_answer_again(calendar::date_of(at)),
            (false, false) => {}
        }
        if !status.is_before_resolved() {
            // Whoever has solved it need not look at it again, and waits for nothing.
            self.parked_from = None;
            self.parked_until = None;
            self.paused_from = None;
            self.let_invitations_lapse();
        }
    }

    fn take_up_concluded(&mut self) {
        if let Some(legacy) = &mut self.legacy {
            legacy.concluded = false;
        }
    }

    /// Whoever has not answered by then is asked for nothing any more, and reads no further. Taken up again, the case has
    /// others to ask, or asks anew.
    fn let_invitations_lapse(&mut self) {
        let unanswered = self.experts.values_mut().filter(|membership| **membership == Membership::Invited);
        unanswered.for_each(|membership| *membership = Membership::Lapsed);
    }

    /// Whoever gives the case a deadline here, or has another level look at it, takes up what another tracker was done with.
    /// What that tracker's own log has of the kind came before it was done.
    pub(super) fn look_after(&mut self, event: &Recorded<CaseFact>) {
        if event.source.is_none() {
            self.take_up_concluded();
        }
    }

    /// Back to those who work on it: to the assignment, or to triage where there is none. A duplicate may have ended
    /// before its lead had answered, or before it was sorted.
    pub(super) fn take_up_again(&mut self, at: Timestamp) {
        let status = match &self.assignment {
            Some(assignment) if assignment.accepted_at.is_some() => Status::Researching,
            Some(_) => Status::Assigned,
            None if self.triage.is_some() => Status::Triaged,
            None => Status::Reported,
        };
        self.move_to(status, at);
    }

    pub(super) fn set_deadline(&mut self, on: Date, set_on: Date) {
        self.deadline = Some(Deadline { on, set_on, missed_on: None, was_missed: false });
    }

    /// A deadline that stayed where it was is the same one: it is not missed again.
    pub(super) fn shift_deadline(&mut self, to: Option<Date>, day: Date) {
        if let Some(on) = to.filter(|on| self.deadline.is_none_or(|deadline| deadline.on != *on)) {
            self.set_deadline(on, day);
        }
    }

    /// What does not change the deadline itself and answers a missed one all the same.
    pub(super) fn answer_missed_deadline(&mut self) {
        if let Some(deadline) = &mut self.deadline {
            deadline.missed_on = None;
        }
    }

    /// The answer to a missed deadline was none after all, and there is no new one: the wait for one starts again, and not
    /// before the deadline. Whoever parked the case has answered otherwise, and so has who did the work.
    pub(super) fn wait_for_answer_again(&mut self, day: Date) {
        let is_answered = self.parked_until.is_some() || is_done(self.status);
        if let Some(deadline) = self.deadline.as_mut().filter(|deadline| deadline.was_missed && !is_answered) {
            deadline.missed_on = deadline.missed_on.or(Some(day.max(deadline.on)));
        }
    }

    /// Nobody has answered a missed deadline: the wait for an answer starts anew, and not on a day before the miss.
    pub(super) fn wait_for_answer_since(&mut self, day: Date) {
        if let Some(missed_on) = self.deadline.as_mut().and_then(|deadline| deadline.missed_on.as_mut()) {
            *missed_on = day.max(*missed_on);
        }
    }

    /// An imported activity takes the case up again, unless it is the one that concludes it, or internal: then nobody
    /// is told that it was there.
    pub(super) fn count_import(&mut self, event: &Recorded<CaseFact>) {
        let Some(source) = &event.source else { return };
        let concludes = matches!(&event.fact, CaseFact::LegacyActivityRecorded(activity) if activity.concludes);
        let legacy = self.legacy.get_or_insert_default();
        if !matches!(event.fact, CaseFact::InternalCommentAdded(_)) {
            legacy.imported = legacy.imported.saturating_add(1);
            legacy.concluded = concludes;
        }
        legacy.names_persons |= !source.personal.is_empty();
    }
}

/// What was retracted before stays so, as it was said first.
pub(super) fn retract(retraction: &mut Option<Retraction>, reason: &Statement, event: &Recorded<CaseFact>) {
    retraction.get_or_insert_with(|| Retraction {
        at: event.occurred_at,
        by: event.by.clone(),
        reason: reason.clone(),
    });
}

/// Whether those who work on the case have done what there is to do: it waits for the enterprise, or has ended.
pub(super) fn is_done(status: Status) -> bool {
    status == Status::AwaitingConfirmation || !status.is_before_resolved()
}
