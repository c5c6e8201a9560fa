//! What every aggregate of the house can do: decide on an order, and evolve by what then has happened.

use cqrs_es::Aggregate;

use crate::domain::event::{Fact, Recorded};
use crate::domain::order::Order;
use crate::domain::refusal::Refusal;

/// An aggregate. `handle` and `apply` of cqrs-es are `decide` and `evolve` and nothing else.
pub trait Root:
    Aggregate<
        Command = Order<Self::Body>,
        Event = Recorded<Self::Fact>,
        Error = Refusal,
        Services = (),
    > + Clone
    + 'static
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
