//! 难点问题, the case: one measurement difficulty of one enterprise, from the factory floor to its resolution.

pub mod command;
pub mod event;
pub mod gap;
pub mod number;
pub mod state;
pub mod values;

mod authority;
mod decide;
mod evolve;
mod questions;
mod rules;

#[cfg(test)]
mod tests;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;

use crate::domain::case::command::CaseCommand;
use crate::domain::case::event::CaseFact;
pub use crate::domain::case::state::Case;
use crate::domain::event::Recorded;
use crate::domain::order::Order;
use crate::domain::refusal::Refusal;

impl Aggregate for Case {
    const TYPE: &'static str = "Case";
    type Command = Order<CaseCommand>;
    type Event = Recorded<CaseFact>;
    type Error = Refusal;
    type Services = ();

    async fn handle(
        &mut self,
        order: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(&order)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        self.evolve(&event);
    }
}
