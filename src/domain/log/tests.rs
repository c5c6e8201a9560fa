//! Given, when, then.

use jiff::Timestamp;

use super::command::{LogCommand, RecordRecovery};
use super::event::{LogFact, RecoveredFrom, SignedTree};
use super::*;
use crate::domain::actor::{Actor, ActorId};

fn recovery() -> RecoveredFrom {
    RecoveredFrom {
        origin: "etalon.local/b".to_owned(),
        previous_origin: "etalon.local/a".to_owned(),
        size: 412,
        root: "AAAA".to_owned(),
        last_signed: Some(SignedTree { size: 420, root: Some("BBBB".to_owned()) }),
    }
}

fn order(role: Role) -> Order<LogCommand> {
    let by = Actor::of_the_server(ActorId::clock(), role);
    Order::new(by, Timestamp::UNIX_EPOCH, RecordRecovery { recovery: recovery() }.into())
}

#[test]
fn a_recovery_is_recorded_once_for_a_name() {
    let mut log = Log::default();
    let events = log.decide(&order(Role::Clock)).expect("recorded");
    assert_eq!(events.iter().map(|event| &event.fact).collect::<Vec<_>>(), [&LogFact::from(recovery())]);
    events.iter().for_each(|event| log.evolve(event));
    assert_eq!(log.recovered, Some(recovery()));
    let refused = log.decide(&order(Role::Clock)).expect_err("recorded twice");
    assert_eq!((refused.code, refused.field.as_str()), (Code::AlreadyExists, "origin"));
}

#[test]
fn nobody_outside_records_a_recovery() {
    for role in Role::ALL.iter().filter(|role| **role != Role::Clock) {
        let refused = Log::default().decide(&order(*role)).expect_err("recorded by somebody");
        assert_eq!(refused.code, Code::NotPermitted, "{role}");
    }
}
