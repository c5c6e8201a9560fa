//! What a case waits for, and for how long: levels, deadlines, pauses, parking.

use jiff::Timestamp;

use crate::domain::actor::ActorId;
use crate::domain::case::event::{CaseEscalated, CaseFact, CaseParked, CaseUnparked, ClockResumed};
use crate::domain::case::state::File;
use crate::domain::event::Recorded;
use crate::domain::value::calendar;

impl File {
    pub(super) fn case_escalated(&mut self, fact: &CaseEscalated, event: &Recorded<CaseFact>) {
        self.level = fact.to;
        // The clock's own escalation is no answer: the next level has as long to give one.
        match event.by == ActorId::clock() {
            true => self.wait_for_answer_since(calendar::date_of(event.occurred_at)),
            false => self.answer_missed_deadline(),
        }
    }

    pub(super) fn case_parked(&mut self, fact: &CaseParked, at: Timestamp) {
        self.parked_from = Some(fact.from.unwrap_or_else(|| calendar::date_of(at)));
        self.parked_until = Some(fact.review_on);
        self.answer_missed_deadline();
    }

    pub(super) fn case_unparked(&mut self, fact: &CaseUnparked, at: Timestamp) {
        self.parked_from = None;
        self.parked_until = None;
        self.shift_deadline(fact.deadline, fact.on.unwrap_or_else(|| calendar::date_of(at)));
    }

    pub(super) fn deadline_missed(&mut self, at: Timestamp) {
        if let Some(deadline) = &mut self.deadline {
            deadline.was_missed = true;
            deadline.missed_on = Some(calendar::date_of(at));
        }
    }

    pub(super) fn clock_resumed(&mut self, fact: &ClockResumed) {
        self.paused_from = None;
        self.shift_deadline(fact.deadline, fact.on);
    }
}
