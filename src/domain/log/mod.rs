//! 日志, the log itself: what happens to it as a whole. One stream for every name that the log takes.

pub mod command;
pub mod event;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::domain::actor::Role;
use crate::domain::aggregate::aggregate;
use crate::domain::event::Recorded;
use crate::domain::log::command::{LogCommand, RecordRecovery};
use crate::domain::log::event::{LogFact, RecoveredFrom};
use crate::domain::order::Order;
use crate::domain::refusal::{Code, Refusal};

aggregate!(Log, "Log", LogCommand, LogFact);

/// 日志. Before its first event it has no name but the one that it was made with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Log {
    /// What it goes on from, once it was recovered.
    pub recovered: Option<RecoveredFrom>,
}

impl Log {
    /// What happens when the order is carried out.
    ///
    /// # Errors
    /// The reason not to.
    pub fn decide(&self, order: &Order<LogCommand>) -> Result<Vec<Recorded<LogFact>>, Refusal> {
        order.by.check_role(&[Role::Clock])?;
        let LogCommand::RecordRecovery(RecordRecovery { recovery }) = &order.command;
        if self.recovered.is_some() {
            let message = "a log of this name was recovered already: take another name";
            return Err(Refusal::new(Code::AlreadyExists, "origin", message));
        }
        Ok(vec![order.record(recovery.clone())])
    }

    /// Takes up what has happened. Total: an event of the log never fails.
    pub fn evolve(&mut self, event: &Recorded<LogFact>) {
        let LogFact::RecoveredFrom(fact) = &event.fact;
        self.recovered = Some(fact.clone());
    }
}
