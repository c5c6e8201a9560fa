//! What tests of registers share: actors, values, and given / when / then.

use std::collections::BTreeSet;
use std::fmt::Debug;

use cqrs_es::test::TestFramework;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::aggregate::Root;
use crate::domain::event::{Fact, Recorded};
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::{Division, EnterpriseId, Label, Period, Personal, ServiceCategory, Statement};

/// The present of all tests: 10 March 2026, 10 o'clock in UTC+8.
pub(crate) const NOW: &str = "2026-03-10T02:00:00Z";

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().expect("an RFC 3339 time")
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().expect("an ISO 8601 date")
}

pub(crate) fn period(from: &str, until: Option<&str>) -> Period {
    Period::new(day(from), until.map(day)).expect("a period with a day")
}

pub(crate) fn division(code: &str) -> Division {
    Division::parse(code).expect("a known division")
}

pub(crate) fn label(text: &str) -> Label {
    Label::parse(text).expect("a label")
}

pub(crate) fn statement(text: &str) -> Statement {
    Statement::parse(text).expect("a statement")
}

pub(crate) fn personal(text: &str) -> Personal {
    Personal::parse(text).expect("personal data")
}

pub(crate) fn categories(codes: &[&str]) -> BTreeSet<ServiceCategory> {
    let parsed = codes.iter().map(|code| ServiceCategory::parse(code));
    parsed.collect::<Result<_, _>>().expect("assigned categories")
}

/// Somebody of a bureau, or any other role with a jurisdiction.
pub(crate) fn actor(role: Role, jurisdiction: &str) -> Actor {
    Actor {
        id: ActorId::parse(&format!("test:{role}:{jurisdiction}")).expect("an actor id"),
        roles: BTreeSet::from([role]),
        jurisdiction: division(jurisdiction),
        institution: None,
        enterprise: None,
    }
}

/// An enterprise's own contact.
pub(crate) fn contact_of(enterprise: EnterpriseId) -> Actor {
    Actor { enterprise: Some(enterprise), ..actor(Role::Enterprise, "CN") }
}

pub(crate) fn importer() -> Actor {
    Actor::of_the_server(ActorId::importer(), Role::Importer)
}

pub(crate) fn order<C>(by: Actor, command: impl Into<C>) -> Order<C> {
    Order::new(by, time(NOW), command.into())
}

/// An order of something that is said to happen tomorrow.
pub(crate) fn order_of_tomorrow<C>(by: Actor, command: impl Into<C>) -> Order<C> {
    order(by, command).occurred(time("2026-03-11T02:00:00Z"))
}

/// The events before the order.
pub(crate) struct Given<A: Root>(Vec<Recorded<A::Fact>>);

impl<A: Root> Given<A> {
    pub(crate) fn nothing() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn that(fact: impl Into<A::Fact>) -> Self {
        Self::nothing().and(fact)
    }

    pub(crate) fn and(mut self, fact: impl Into<A::Fact>) -> Self {
        self.0.push(recorded(fact));
        self
    }

    /// The same, where it was that actor who recorded it.
    pub(crate) fn and_by(mut self, by: &Actor, fact: impl Into<A::Fact>) -> Self {
        self.0.push(Recorded { by: by.id.clone(), ..recorded(fact) });
        self
    }

    /// What is known after these events.
    pub(crate) fn state(&self) -> A {
        fold(&self.0)
    }

    pub(crate) fn when(self, order: Order<A::Body>) -> Outcome<A> {
        let result = TestFramework::<A>::with(()).given(self.0).when(order.clone()).inspect_result();
        Outcome { order, result }
    }
}

/// What came of an order.
pub(crate) struct Outcome<A: Root> {
    order: Order<A::Body>,
    result: Result<Vec<Recorded<A::Fact>>, Refusal>,
}

impl<A: Root> Outcome<A> {
    /// Exactly this happened, and the log reads back what it wrote.
    #[track_caller]
    pub(crate) fn then(self, fact: impl Into<A::Fact>) {
        let expected: Vec<Recorded<A::Fact>> = vec![self.order.record(fact.into())];
        let events = self.result.expect("the order is carried out");
        assert_eq!(events, expected);
        assert_eq!(through_json(&events), expected);
    }

    /// Refused with this code, about this input.
    #[track_caller]
    pub(crate) fn then_refused(self, code: Code, field: &str) {
        let refusal = self.result.expect_err("the order is refused");
        assert_eq!((refusal.code, refusal.field.as_str()), (code, field), "{refusal}");
    }
}

/// The fact as somebody recorded it a day before the present.
pub(crate) fn recorded<F: Fact>(fact: impl Into<F>) -> Recorded<F> {
    Recorded {
        by: ActorId::parse("test:earlier").expect("an actor id"),
        occurred_at: time("2026-03-09T02:00:00Z"),
        source: None,
        fact: fact.into(),
    }
}

/// Carries out what is not refused of the orders. Then every event takes the aggregate from one state to one other,
/// whoever folds it and however often it went through JSON; and no event, however misplaced, makes it panic.
pub(crate) fn check_walk<A: Root + PartialEq + Debug>(orders: Vec<Order<A::Body>>) {
    let mut live = A::default();
    let mut log = Vec::new();
    for order in orders {
        for event in live.decide(&order).unwrap_or_default() {
            live.evolve(&event);
            log.push(event);
        }
    }
    assert_eq!(fold::<A>(&through_json(&log)), live);
    assert_eq!(through_json(&live), live);
    for misplaced in 0..log.len() {
        fold::<A>(&log[misplaced..]);
    }
}

fn fold<A: Root>(events: &[Recorded<A::Fact>]) -> A {
    let mut state = A::default();
    for event in events {
        state.evolve(event);
    }
    state
}

fn through_json<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let json = serde_json::to_string(value).expect("it is written as JSON");
    serde_json::from_str(&json).expect("it is read back")
}
