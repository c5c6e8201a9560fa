//! What a case waits for, and for how long: levels, deadlines, pauses, parking.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::case::event::{CaseEscalated, CaseFact, CaseParked, CaseUnparked, ClockResumed};
use crate::domain::case::evolve::moves::is_done;
use crate::domain::case::state::File;
use crate::domain::event::Recorded;
use crate::domain::value::calendar;

impl File {
    /// No answer to a missed deadline, whoever escalates it: the next level has as long to give one.
    pub(super) fn case_escalated(&mut self, fact: &CaseEscalated, event: &Recorded<CaseFact>) {
        self.level = fact.to;
        self.wait_for_answer_since(calendar::date_of(event.occurred_at));
        self.look_after(event);
    }

    pub(super) fn case_parked(&mut self, fact: &CaseParked, event: &Recorded<CaseFact>) {
        self.parked_from = Some(fact.from.unwrap_or_else(|| calendar::date_of(event.occurred_at)));
        self.parked_until = Some(fact.review_on);
        self.answer_missed_deadline();
        self.look_after(event);
    }

    pub(super) fn deadline_set(&mut self, on: Date, event: &Recorded<CaseFact>) {
        self.set_deadline(on, calendar::date_of(event.occurred_at));
        self.look_after(event);
    }

    pub(super) fn case_unparked(&mut self, fact: &CaseUnparked, at: Timestamp) {
        self.parked_from = None;
        self.parked_until = None;
        let day = fact.on.unwrap_or_else(|| calendar::date_of(at));
        self.shift_deadline(fact.deadline, day);
        self.wait_for_answer_again(day);
    }

    /// A solution that stands by then has answered it, as one that comes later does.
    pub(super) fn deadline_missed(&mut self, at: Timestamp) {
        let is_unanswered = !is_done(self.status);
        if let Some(deadline) = &mut self.deadline {
            deadline.was_missed = true;
            deadline.missed_on = is_unanswered.then(|| calendar::date_of(at));
        }
    }

    pub(super) fn clock_resumed(&mut self, fact: &ClockResumed) {
        self.paused_from = None;
        self.shift_deadline(fact.deadline, fact.on);
    }
}
