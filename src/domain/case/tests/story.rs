//! What has happened so far, told as orders; and what comes of one more.

use std::collections::BTreeMap;

use cqrs_es::test::TestFramework;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::actor::{Actor, Role};
use crate::domain::case::command::{AcceptAssignment, AcceptInvitation, CaseCommand, MissDeadline};
use crate::domain::case::event::CaseFact;
use crate::domain::case::state::{Case, File};
use crate::domain::case::tests::actors::{clock, coordinator, enterprise, expert, importer, lead, reviewer};
use crate::domain::case::tests::commands::*;
use crate::domain::case::values::{Kind, Status, Verdict};
use crate::domain::event::{Recorded, Source};
use crate::domain::fixtures::personal;
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::calendar;

/// 10:00 in Shenzhen on Monday, 16 March 2026: a plain working week.
pub(super) const MONDAY: &str = "2026-03-16T02:00:00Z";

pub(super) fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// Events of the past, and the present.
#[derive(Clone, Debug)]
pub(super) struct Story {
    events: Vec<Recorded<CaseFact>>,
    now: Timestamp,
}

impl Story {
    /// Nothing has happened yet.
    pub(super) fn before() -> Self {
        Self { events: Vec::new(), now: moment(MONDAY) }
    }

    /// The shortest way to a status: by research, with the lead and one expert at work on it from `Assigned` on.
    pub(super) fn of(status: Status) -> Self {
        let reported = || Self::before().then(enterprise(), report());
        let before = Self::of;
        match status {
            Status::Reported => reported(),
            Status::Triaged => before(Status::Reported).then(coordinator(), triage(Kind::ResearchProblem)),
            Status::Assigned => before(Status::Triaged)
                .then(coordinator(), assign())
                .then(coordinator(), invite("expert"))
                .then(expert(), AcceptInvitation {}),
            Status::Researching => before(Status::Assigned).then(lead(), AcceptAssignment {}).then(lead(), find()),
            Status::SolutionProposed => {
                before(Status::Researching).then(lead(), propose()).then(reviewer(), review(Verdict::Approved))
            }
            Status::OnTrial => before(Status::SolutionProposed).then(lead(), try_out()),
            Status::AwaitingConfirmation => before(Status::OnTrial).then(lead(), trial_passed()),
            Status::Resolved => before(Status::AwaitingConfirmation).then(enterprise(), confirm()),
            Status::Closed => before(Status::Resolved).then(coordinator(), close()),
            Status::Withdrawn => before(Status::Reported).then(enterprise(), withdraw()),
            Status::Duplicate => before(Status::Reported).then(coordinator(), duplicate(another_case())),
        }
    }

    /// A routine service awaits the enterprise's answer; there is no assignment.
    pub(super) fn of_routine_service() -> Self {
        Self::of(Status::Reported).then(coordinator(), triage(Kind::Calibration)).then(coordinator(), service())
    }

    /// The deadline of an assignment has passed, and the clock has said so.
    pub(super) fn of_missed_deadline() -> Self {
        Self::of(Status::Researching).at("2026-07-01T02:00:00Z").then(clock(), MissDeadline {})
    }

    /// Another tracker's case, whose first event names somebody.
    pub(super) fn of_imported_persons() -> Self {
        let story = Self::before();
        let order = story.order_naming(legacy(Some(legacy_case())), "Siebel");
        story.then_order(order)
    }

    /// An order of the importer, whose event names somebody.
    pub(super) fn order_naming(&self, command: impl Into<CaseCommand>, name: &str) -> Order<CaseCommand> {
        let mut order = self.order(importer(), command);
        let source = order.source.as_mut().expect("the importer's");
        source.personal = BTreeMap::from([("org:resource".to_owned(), personal(name))]);
        order
    }

    /// Time goes on.
    pub(super) fn at(mut self, now: &str) -> Self {
        self.now = moment(now);
        self
    }

    /// One more thing happens.
    pub(super) fn then(self, by: Actor, command: impl Into<CaseCommand>) -> Self {
        let order = self.order(by, command);
        self.then_order(order)
    }

    /// One more thing happens, as ordered.
    pub(super) fn then_order(mut self, order: Order<CaseCommand>) -> Self {
        match self.case().decide(&order) {
            Ok(events) => self.events.extend(events),
            Err(refusal) => panic!("{} was refused: {refusal}", order.command.name()),
        }
        self
    }

    /// One more thing happens, of which the log has the first event alone, as an older version wrote it.
    pub(super) fn then_alone(mut self, by: Actor, command: impl Into<CaseCommand>) -> Self {
        let before = self.events.len();
        self = self.then(by, command);
        self.events.truncate(before + 1);
        self
    }

    /// An order of the present. The importer's says where it comes from.
    pub(super) fn order(&self, by: Actor, command: impl Into<CaseCommand>) -> Order<CaseCommand> {
        let source = by.holds(Role::Importer).then(|| self.source());
        Order { source, ..Order::new(by, self.now, command.into()) }
    }

    fn source(&self) -> Source {
        let source = serde_json::json!({
            "log": "another tracker", "case": "1-364285768", "index": self.events.len(), "activity": "Accepted",
            "attributes": BTreeMap::from([("impact", "Major")]),
        });
        serde_json::from_value(source).expect("a source")
    }

    /// An order is given now.
    pub(super) fn when(self, by: Actor, command: impl Into<CaseCommand>) -> Outcome {
        let order = self.order(by, command);
        self.when_order(order)
    }

    /// This order is given.
    pub(super) fn when_order(self, order: Order<CaseCommand>) -> Outcome {
        let given = TestFramework::<Case>::with(()).given(self.events);
        Outcome { result: given.when(order.clone()).inspect_result(), order }
    }

    /// The case as it is known.
    pub(super) fn case(&self) -> Case {
        let mut case = Case::default();
        for event in &self.events {
            case.evolve(event);
        }
        case
    }

    /// What is known of it.
    pub(super) fn file(&self) -> File {
        self.case().file.expect("the case was reported")
    }

    /// The present day.
    pub(super) fn today(&self) -> Date {
        calendar::date_of(self.now)
    }

    /// All that has happened.
    pub(super) fn events(&self) -> &[Recorded<CaseFact>] {
        &self.events
    }
}

/// What came of an order.
pub(super) struct Outcome {
    result: Result<Vec<Recorded<CaseFact>>, Refusal>,
    order: Order<CaseCommand>,
}

impl Outcome {
    /// This one fact has happened, by whom and when the order says.
    #[track_caller]
    pub(super) fn happens(self, fact: impl Into<CaseFact>) {
        self.all_happen(vec![fact.into()]);
    }

    /// These facts have happened, in this order.
    #[track_caller]
    pub(super) fn all_happen(self, facts: Vec<CaseFact>) {
        let expected: Vec<_> = facts.into_iter().map(|fact| self.order.record(fact)).collect();
        assert_eq!(self.result, Ok(expected));
    }

    /// It is refused, with this code and about this input.
    #[track_caller]
    pub(super) fn refused(self, code: Code, field: &str) {
        let refusal = self.result.expect_err("a refusal");
        assert_eq!((refusal.code, refusal.field.as_str()), (code, field), "{refusal}");
    }
}
