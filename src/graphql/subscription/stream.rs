//! A subscription under way: waits for news, judges whether the asker may see it, and executes the document on it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Pos, Response, ServerError};
use futures::StreamExt;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tracing::Instrument;

use crate::app::{App, Fault, Share};
use crate::graphql::answer_size::{AnswerRoom, SERVER_BUSY};
use crate::graphql::context::Session;
use crate::graphql::counting::CountedOperation;
use crate::graphql::execution::TIMED_OUT;
use crate::graphql::limits::Limits;
use crate::graphql::loaders::{Loaders, Loads};
use crate::graphql::subscription::source::Source;
use crate::graphql::subscription::{News, StreamLimits, Turn, Wanted};
use crate::graphql::{Document, Executable, Schema, errors, execution, name_library_error};

/// How long a judgement of what may be seen holds for news that wait for their reader.
const JUDGED_FOR: Duration = Duration::from_secs(1);

/// How often an update is made that takes too long: a database that is busy for a while shows it then.
const ATTEMPTS: usize = 3;

/// One answer of a subscription.
#[derive(Debug)]
pub struct Delivery {
    /// The answer.
    pub response: Response,
    /// The position that it reaches to: where to go on.
    pub position: u64,
}

/// Why a subscription ends: the client goes on elsewhere or later, by its position.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The log cannot be read, or the application shuts down.
    #[error(transparent)]
    Log(#[from] Fault),
    /// What happened at a position cannot be shown at the moment. Why, was logged when it failed.
    #[error("position {0} cannot be shown at the moment")]
    Update(u64),
    /// What happened at a position takes too long to be shown, each time that it is tried.
    #[error("position {0} takes too long to be shown")]
    TooSlow(u64),
}

/// A subscription under way.
pub struct Subscribed {
    app: Arc<App>,
    runner: Runner,
    source: Source,
    /// What is not answered yet, and when it was judged.
    waiting: VecDeque<News>,
    judged_at: Instant,
    heartbeat: Interval,
    /// The position that the client knows of.
    told: Option<u64>,
}

impl Schema {
    /// Opens a subscription. `resume` is the position that the client had got to, where its transport tells; it goes before the document's own, and like that one it has to be in the log.
    ///
    /// # Errors
    /// What is wrong with it, as an answer.
    pub async fn subscribe(
        &self,
        document: Document,
        session: Session,
        resume: Option<u64>,
    ) -> Result<Box<Subscribed>, Box<Response>> {
        let counted = CountedOperation::begin(OperationType::Subscription, document.weight.cost);
        let opened = self.open(document, session, resume).instrument(counted.span()).await;
        match &opened {
            Ok(_) => counted.end(&Response::default()),
            Err(refused) => counted.end(refused),
        }
        opened
    }

    async fn open(
        &self,
        document: Document,
        session: Session,
        resume: Option<u64>,
    ) -> Result<Box<Subscribed>, Box<Response>> {
        if document.kind() != OperationType::Subscription {
            return Err(refused("the operation is no subscription"));
        }
        let limits = self.schema.data::<StreamLimits>().copied().unwrap_or_default();
        let (schema, app, room) = (self.schema.clone(), self.app.clone(), self.room.clone());
        let share = self.shares.of(&session.actor.id);
        let runner = Runner { schema, app, limits: self.limits, room, share, document, session };
        let heard = Arc::<Mutex<Option<Wanted>>>::default();
        if let Some(response) = runner.run(Turn::Opening(heard.clone())).await {
            return Err(Box::new(response));
        }
        let wanted = heard.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(wanted) = wanted else {
            return Err(refused("the subscription asks for nothing that can be followed"));
        };
        let source = async {
            self.app.reached(resume).await?;
            Source::open(&self.app, wanted, resume).await
        };
        let source = source.await.map_err(|fault| {
            let error = errors::of_fault(&runner.session.request_id, &self.limits, fault);
            let mut error = error.into_server_error(Pos::default());
            // It is about no place in the document.
            error.locations.clear();
            Box::new(Response::from_errors(vec![error]))
        })?;
        let mut heartbeat = tokio::time::interval_at(Instant::now() + limits.heartbeat, limits.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut subscribed = Box::new(Subscribed {
            app: self.app.clone(),
            told: source.told(),
            source,
            runner,
            waiting: VecDeque::new(),
            judged_at: Instant::now(),
            heartbeat,
        });
        subscribed.tell_position();
        Ok(subscribed)
    }
}

impl Subscribed {
    /// The position to go on from when nothing more is told; none where that is before the first event.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.told.or_else(|| self.waiting.front().map(|news| news.position))
    }

    /// Waits until there is something to show. Dropping the future may lose an answer, and so drops the subscription.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn heard(&mut self) -> Result<(), Ended> {
        while self.waiting.is_empty() {
            let heard = tokio::select! {
                heard = self.source.next() => Some(heard?),
                _ = self.heartbeat.tick() => None,
            };
            match heard {
                // Not within the `select`: a tick would drop what is read, and it would be read again from where it was.
                Some(heard) => {
                    self.waiting = self.source.read(&self.app, &self.runner.session.actor, heard).await?;
                    self.judged_at = Instant::now();
                }
                None => self.tell_position(),
            }
        }
        Ok(())
    }

    /// Shows what came first of what was heard; nothing where that is nothing to this actor by now. Dropping the future may lose
    /// an answer as well.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn show(&mut self) -> Result<Option<Delivery>, Ended> {
        let Some(mut news) = self.waiting.pop_front() else { return Ok(None) };
        let position = news.position;
        for _ in 0..ATTEMPTS {
            let Some(visible) = self.still_visible(news).await? else { return Ok(None) };
            news = visible;
            let answer = self.runner.run(Turn::Showing(news.clone())).await;
            let fails_by = |codes: &[&str]| {
                let mut errors = answer.iter().flat_map(|response| &response.errors);
                errors.any(|error| errors::is_one_of(error, codes))
            };
            // An update without what happened would look like one that only tells its position, and nobody would ask again.
            if fails_by(&[errors::UNAVAILABLE, SERVER_BUSY]) {
                return Err(Ended::Update(position));
            }
            if !fails_by(&[TIMED_OUT]) {
                self.told = Some(position);
                return Ok(answer.map(|response| Delivery { response, position }));
            }
        }
        Err(Ended::TooSlow(position))
    }

    /// What has waited for a slow reader, or for a slow database: rights may have gone meanwhile.
    async fn still_visible(&self, news: News) -> Result<Option<News>, Fault> {
        if news.events.is_empty() || self.judged_at.elapsed() < JUDGED_FOR {
            return Ok(Some(news));
        }
        let events = self.source.visible(&self.app, &self.runner.session.actor, news.events).await?;
        Ok((!events.is_empty()).then_some(News { events, ..news }))
    }

    /// Lets the next answer tell how far the log has been looked through, unless the client knows.
    fn tell_position(&mut self) {
        let position = self.source.position().filter(|position| Some(*position) > self.told);
        self.waiting.extend(position.map(|position| News { position, events: Vec::new() }));
    }
}

/// Executes the document, every time with nothing left of the time before.
struct Runner {
    schema: Executable,
    app: Arc<App>,
    limits: Limits,
    room: AnswerRoom,
    share: Share,
    document: Document,
    session: Session,
}

impl Runner {
    /// The answer; none when there is nothing to show.
    async fn run(&self, turn: Turn) -> Option<Response> {
        let document = &self.document;
        let loads = Loads::default();
        let request = document.clone().into_request();
        let request = request
            .data(self.room.answer(document.kind(), &self.session.actor.id))
            .data(self.session.clone())
            .data(Loaders::new(&self.app, &self.session.actor, &loads, document.kind()))
            .data(turn);
        let mut answers = self.schema.execute_stream(request);
        let (share, answer) = (self.share.clone(), loads.serve(answers.next()));
        let mut response = execution::in_time(document.kind(), &self.limits, share, answer).await?;
        response.errors.iter_mut().for_each(name_library_error);
        Some(response)
    }
}

fn refused(message: &str) -> Box<Response> {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", "GRAPHQL_VALIDATION_FAILED");
    Box::new(Response::from_errors(vec![error]))
}
