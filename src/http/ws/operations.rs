//! The operations of one connection: all are polled by the connection's own task, so that one which waits costs a small
//! future and no task.

use async_graphql::Response as Answer;
use futures::StreamExt;
use futures::future::{AbortHandle, Abortable, BoxFuture};
use futures::stream::FuturesUnordered;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use tokio_util::task::TaskTracker;

use crate::domain::actor::ActorId;
use crate::http::answer::Refused;
use crate::http::streams::Farewell;
use crate::http::updates::{Update, Updates};
use crate::tally::Counted;

/// How far an operation has got.
pub(super) enum Step {
    /// It gave its only answer, which counts as unsent for as long as it is there.
    Answered { body: String, unsent: Counted<ActorId> },
    /// It is a query, and there is no room for its answer.
    Crowded(Refused),
    /// It is a subscription, and open.
    Opened(Updates),
    /// It was refused.
    Refused(Box<Answer>),
    /// It is a subscription, and has an answer, or a reason to have no more.
    Delivered(Updates, Result<Update, Farewell>),
}

/// What goes on on a connection.
#[derive(Default)]
pub(super) struct Operations {
    work: FuturesUnordered<Abortable<BoxFuture<'static, (Ticket, Step)>>>,
    /// Steps that were done while nobody waited for them: one of each operation at most, and one update among them.
    done: VecDeque<(Ticket, Step)>,
    active: HashMap<String, Active>,
    /// Every mutation under way, also one that nobody waits for any more.
    mutations: TaskTracker,
    /// Where the subscriptions go on that were ended, all together.
    ended_at: Option<u64>,
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
    task: Task,
    /// The position to go on from: what was delivered up to, or where the subscription began; none while it has no such
    /// position.
    told: Option<u64>,
}

/// What kind of operation it is, with what it takes up.
pub(super) enum Task {
    Query,
    /// A command that is under way is carried out, even if the client waits for it no more; unless the connection ends,
    /// as a request over HTTP does with its own. What the writer has taken by then is committed, and its key tells.
    Mutation,
    Subscription(#[expect(dead_code, reason = "it counts until it is dropped")] Counted<ActorId>),
}

impl Operations {
    /// Whether something goes on under that id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.active.contains_key(id)
    }

    /// How many subscriptions there are.
    pub(super) fn subscriptions(&self) -> usize {
        self.active.values().filter(|active| active.is_subscription()).count()
    }

    /// How many queries and mutations are under way.
    pub(super) fn under_way(&self) -> usize {
        let queries = self.active.values().filter(|active| matches!(active.task, Task::Query)).count();
        queries + self.mutations.len()
    }

    /// The mutations that are under way.
    pub(super) fn mutations(&self) -> TaskTracker {
        self.mutations.clone()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// Begins an operation.
    pub(super) fn begin(&mut self, id: String, task: Task, first: impl Future<Output = Step> + Send + 'static) {
        let ticket = Ticket { id, serial: self.next_serial };
        self.next_serial += 1;
        let abort = match task {
            Task::Query | Task::Subscription(_) => self.push(ticket.clone(), first),
            Task::Mutation => {
                let held = self.mutations.token();
                self.push(ticket.clone(), async move {
                    let step = first.await;
                    drop(held);
                    step
                })
            }
        };
        self.active.insert(ticket.id, Active { serial: ticket.serial, abort, task, told: None });
    }

    /// Waits for the next answer of the subscription.
    pub(super) fn follow(&mut self, ticket: &Ticket, updates: Updates) {
        let abort = self.push(ticket.clone(), async {
            let (updates, outcome) = updates.next().await;
            Step::Delivered(updates, outcome)
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
            let next = match self.done.pop_front() {
                Some(done) => done,
                None => self.work_done().await?,
            };
            // Else the client has given it up.
            if self.is_active(&next.0) {
                return Some(next);
            }
        }
    }

    /// Lets what is under way go on to its next step, which is kept: what waits for the database must not hold its
    /// connection for as long as the client takes to read. Updates of subscriptions have their [turns](Updates).
    pub(super) async fn go_on(&mut self) -> Infallible {
        while let Some(done) = self.work_done().await {
            self.done.push_back(done);
        }
        std::future::pending().await
    }

    /// The next step that was not given up.
    async fn work_done(&mut self) -> Option<(Ticket, Step)> {
        loop {
            if let Ok(done) = self.work.next().await? {
                return Some(done);
            }
        }
    }

    fn is_active(&self, ticket: &Ticket) -> bool {
        self.active.get(&ticket.id).is_some_and(|active| active.serial == ticket.serial)
    }

    /// Notes where a subscription goes on from: what is on its way to the client, or where it begins.
    pub(super) fn tell(&mut self, ticket: &Ticket, position: Option<u64>) {
        if let Some(active) = self.active.get_mut(&ticket.id) {
            active.told = position;
        }
    }

    /// It has ended, or the client wants no more of it.
    pub(super) fn end(&mut self, id: &str) {
        match self.active.remove(id) {
            None | Some(Active { task: Task::Mutation, .. }) => {}
            Some(Active { task: Task::Query | Task::Subscription(_), abort, .. }) => abort.abort(),
        }
    }

    /// Ends every subscription; the other operations still give their answers. A position that none of them misses
    /// anything behind; none where one of them has no such position yet.
    pub(super) fn end_subscriptions(&mut self) -> Option<u64> {
        let ended: Vec<_> = self.active.extract_if(|_, active| active.is_subscription()).collect();
        if !ended.is_empty() {
            let told: Option<Vec<u64>> = ended.iter().map(|(_, active)| active.told).collect();
            self.ended_at = told.and_then(|told| told.into_iter().min());
        }
        ended.iter().for_each(|(_, active)| active.abort.abort());
        self.ended_at
    }
}

impl Active {
    fn is_subscription(&self) -> bool {
        matches!(self.task, Task::Subscription(_))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures::FutureExt;
    use prometheus_client::metrics::gauge::Gauge;
    use tokio::time::timeout;

    use super::*;
    use crate::graphql::StreamLimits;
    use crate::http::streams::Streams;
    use crate::tally::Tally;

    fn answered() -> Step {
        let actor = ActorId::parse("one").expect("an id");
        Step::Answered { body: String::new(), unsent: Tally::new(&Gauge::default()).add(&actor, 0) }
    }

    #[tokio::test]
    async fn each_operation_takes_one_step_while_nobody_waits_for_it() {
        let mut operations = Operations::default();
        let (permit, room) = (Arc::new(()), Arc::new(()));
        for id in ["a", "b", "c"] {
            let held = (id != "b").then(|| permit.clone());
            operations.begin(id.to_owned(), Task::Query, async move {
                tokio::task::yield_now().await;
                drop(held);
                answered()
            });
        }
        let waiting = room.clone();
        operations.begin("d".to_owned(), Task::Query, async move {
            std::future::pending::<()>().await;
            drop(waiting);
            answered()
        });
        assert!(timeout(Duration::from_millis(1), operations.go_on()).await.is_err(), "it has no end of its own");
        assert_eq!(Arc::strong_count(&permit), 1, "what they held is free");
        operations.end("b");
        let mut done = Vec::new();
        while let Some(Some((ticket, _))) = operations.next().now_or_never() {
            operations.end(&ticket.id);
            done.push(ticket.id);
        }
        done.sort_unstable();
        assert_eq!(done, ["a", "c"], "the client has given one up");
        assert_eq!(Arc::strong_count(&room), 2, "and one goes on");
    }

    #[tokio::test]
    async fn an_id_stands_for_the_latest_operation_under_it() {
        let mut operations = Operations::default();
        operations.begin("a".to_owned(), Task::Mutation, async { answered() });
        assert!(operations.has("a"));
        operations.end("a");
        operations.begin("a".to_owned(), Task::Mutation, async { answered() });
        let (ticket, _) = operations.next().await.expect("the second one");
        assert_eq!(ticket, Ticket { id: "a".to_owned(), serial: 1 });
        operations.end("a");
        assert!(operations.is_empty() && operations.next().await.is_none());
    }

    #[tokio::test]
    async fn what_is_under_way_counts_until_it_has_really_ended() {
        let mut operations = Operations::default();
        operations.begin("a".to_owned(), Task::Mutation, async { answered() });
        operations.begin("b".to_owned(), Task::Query, std::future::pending());
        assert_eq!(operations.under_way(), 2);
        // Nobody waits for the command any more, and it is carried out.
        operations.end("a");
        assert_eq!(operations.under_way(), 2);
        operations.end("b");
        assert_eq!(operations.under_way(), 1, "a query is given up at once");
        assert!(operations.next().await.is_none(), "the client is told of neither");
        assert_eq!(operations.under_way(), 0);
    }

    #[tokio::test]
    async fn all_go_on_where_the_one_that_is_the_least_far_does() {
        let streams = Streams::new(StreamLimits::default());
        let actor = ActorId::parse("one").expect("an id");
        let mut operations = Operations::default();
        let begin = |operations: &mut Operations, id: &str| {
            let counted = streams.subscribe(&actor).expect("room");
            operations.begin(id.to_owned(), Task::Subscription(counted), std::future::pending());
            Ticket { id: id.to_owned(), serial: operations.next_serial - 1 }
        };
        operations.begin("q".to_owned(), Task::Query, std::future::pending());
        assert_eq!(operations.end_subscriptions(), None, "there is none");

        let (a, b) = (begin(&mut operations, "a"), begin(&mut operations, "b"));
        operations.tell(&a, Some(90));
        operations.tell(&b, Some(41));
        operations.tell(&a, Some(91));
        assert_eq!((operations.subscriptions(), operations.under_way()), (2, 1));
        assert_eq!(operations.end_subscriptions(), Some(41));
        assert_eq!((operations.subscriptions(), operations.under_way()), (0, 1));
        assert_eq!(operations.end_subscriptions(), Some(41), "they have ended already");

        // One that was told nothing and begins with the first event would miss it behind any position.
        let (a, b) = (begin(&mut operations, "a"), begin(&mut operations, "b"));
        operations.tell(&a, Some(90));
        operations.tell(&b, None);
        assert_eq!(operations.end_subscriptions(), None);
        // So would one that is still being opened.
        let a = begin(&mut operations, "a");
        begin(&mut operations, "b");
        operations.tell(&a, Some(90));
        assert_eq!(operations.end_subscriptions(), None);
    }
}
