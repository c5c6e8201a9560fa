//! The operations of one connection: all are polled by the connection's own task, so that one which waits costs a small future and no task.

use std::collections::HashMap;

use async_graphql::Response as Answer;
use futures::StreamExt;
use futures::future::{AbortHandle, Abortable, BoxFuture};
use futures::stream::FuturesUnordered;

use crate::app::Fault;
use crate::graphql::{Delivery, Subscribed};
use crate::http::streams::Counted;

/// How far an operation has got.
pub(super) enum Step {
    /// It gave its only answer.
    Answered(Answer),
    /// It is a subscription, and open.
    Opened(Box<Subscribed>),
    /// It was refused.
    Refused(Box<Answer>),
    /// It is a subscription, and has an answer.
    Delivered(Box<Subscribed>, Result<Delivery, Fault>),
}

/// What goes on on a connection.
#[derive(Default)]
pub(super) struct Operations {
    work: FuturesUnordered<Abortable<BoxFuture<'static, (Ticket, Step)>>>,
    active: HashMap<String, Active>,
    /// Tickets tell an operation from an earlier one under the same id.
    next_serial: u64,
}

/// Which operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// The id that the client gave it.
    pub(super) id: String,
    serial: u64,
}

struct Active {
    serial: u64,
    abort: AbortHandle,
    /// Of subscriptions.
    counted: Option<Counted>,
    /// The position that was delivered up to.
    told: Option<u64>,
}

impl Operations {
    /// Whether something goes on under that id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.active.contains_key(id)
    }

    /// How many subscriptions there are.
    pub(super) fn subscriptions(&self) -> usize {
        self.active.values().filter(|active| active.counted.is_some()).count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// Begins an operation; `counted` when it is a subscription.
    pub(super) fn begin(
        &mut self,
        id: String,
        counted: Option<Counted>,
        first: impl Future<Output = Step> + Send + 'static,
    ) {
        let ticket = Ticket { id, serial: self.next_serial };
        self.next_serial += 1;
        let abort = self.push(ticket.clone(), first);
        self.active.insert(ticket.id, Active { serial: ticket.serial, abort, counted, told: None });
    }

    /// Waits for the next answer of the subscription.
    pub(super) fn follow(&mut self, ticket: &Ticket, subscribed: Box<Subscribed>) {
        let abort = self.push(ticket.clone(), async {
            let (subscribed, outcome) = subscribed.next().await;
            Step::Delivered(subscribed, outcome)
        });
        if let Some(active) = self.active.get_mut(&ticket.id) {
            active.abort = abort;
        }
    }

    fn push(&mut self, ticket: Ticket, step: impl Future<Output = Step> + Send + 'static) -> AbortHandle {
        let (abort, registration) = AbortHandle::new_pair();
        let step: BoxFuture<'static, _> = Box::pin(async move { (ticket, step.await) });
        self.work.push(Abortable::new(step, registration));
        abort
    }

    /// The next step of any operation that goes on; `None` when there is nothing to wait for.
    pub(super) async fn next(&mut self) -> Option<(Ticket, Step)> {
        loop {
            match self.work.next().await? {
                Ok((ticket, step)) if self.is_active(&ticket) => return Some((ticket, step)),
                // The client has given it up.
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn is_active(&self, ticket: &Ticket) -> bool {
        self.active.get(&ticket.id).is_some_and(|active| active.serial == ticket.serial)
    }

    /// Notes what is on its way to the client.
    pub(super) fn tell(&mut self, ticket: &Ticket, position: u64) {
        if let Some(active) = self.active.get_mut(&ticket.id) {
            active.told = Some(position);
        }
    }

    /// It has ended, or the client wants no more of it. A command that is under way is carried out all the same.
    pub(super) fn end(&mut self, id: &str) {
        if let Some(active) = self.active.remove(id)
            && active.counted.is_some()
        {
            active.abort.abort();
        }
    }

    /// Ends every subscription; the other operations still give their answers. The position that all were delivered up to.
    pub(super) fn end_subscriptions(&mut self) -> Option<u64> {
        let told = self.active.values().filter_map(|active| active.told).min();
        self.active.retain(|_, active| {
            let goes_on = active.counted.is_none();
            if !goes_on {
                active.abort.abort();
            }
            goes_on
        });
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered() -> Step {
        Step::Answered(Answer::default())
    }

    #[tokio::test]
    async fn an_id_stands_for_the_latest_operation_under_it() {
        let mut operations = Operations::default();
        operations.begin("a".to_owned(), None, async { answered() });
        assert!(operations.has("a"));
        operations.end("a");
        operations.begin("a".to_owned(), None, async { answered() });
        let (ticket, _) = operations.next().await.expect("the second one");
        assert_eq!(ticket, Ticket { id: "a".to_owned(), serial: 1 });
        operations.end("a");
        assert!(operations.is_empty() && operations.next().await.is_none());
    }
}
