//! What every aggregate of the house can do: decide on an order, and evolve by what then has happened.

use cqrs_es::Aggregate;

use crate::domain::event::{Fact, Recorded};
use crate::domain::order::Order;
use crate::domain::refusal::Refusal;

/// An aggregate. `handle` and `apply` of cqrs-es are `decide` and `evolve` and nothing else.
pub trait Root:
    Aggregate<Command = Order<Self::Body>, Event = Recorded<Self::Fact>, Error = Refusal, Services = ()> + Clone + 'static
{
    /// What can be ordered of it.
    type Body: Clone + Send + Sync + 'static;
    /// What can happen to it.
    type Fact: Fact + 'static;

    /// What happens when the order is carried out.
    ///
    /// # Errors
    /// The reason not to.
    fn decide(&self, order: &Order<Self::Body>) -> Result<Vec<Recorded<Self::Fact>>, Refusal>;

    /// Takes up what has happened. Total: an event of the log never fails.
    fn evolve(&mut self, event: &Recorded<Self::Fact>);
}

/// Makes a type an aggregate by its inherent `decide` and `evolve`: the same few lines for each of them.
macro_rules! aggregate {
    ($root:ident, $type:literal, $body:ident, $fact:ident) => {
        impl $crate::domain::aggregate::Root for $root {
            type Body = $body;
            type Fact = $fact;

            fn decide(
                &self,
                order: &$crate::domain::order::Order<$body>,
            ) -> Result<Vec<$crate::domain::event::Recorded<$fact>>, $crate::domain::refusal::Refusal> {
                $root::decide(self, order)
            }

            fn evolve(&mut self, event: &$crate::domain::event::Recorded<$fact>) {
                $root::evolve(self, event);
            }
        }

        impl cqrs_es::Aggregate for $root {
            const TYPE: &'static str = $type;
            type Command = $crate::domain::order::Order<$body>;
            type Event = $crate::domain::event::Recorded<$fact>;
            type Error = $crate::domain::refusal::Refusal;
            type Services = ();

            async fn handle(
                &mut self,
                order: Self::Command,
                (): &Self::Services,
                sink: &cqrs_es::event_sink::EventSink<Self>,
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
    };
}
pub(crate) use aggregate;
