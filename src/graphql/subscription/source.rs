//! Where the news of a subscription come from: the log, or its checkpoints.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::app::{App, CheckpointFollower, Fault, Follower, LogEvent, Moment, Start};
use crate::domain::actor::Actor;
use crate::graphql::subscription::{News, Pieces, Wanted};

/// What is followed.
pub(super) enum Source {
    Events { follower: Follower, pieces: Pieces, begins_now: bool },
    Checkpoints { follower: CheckpointFollower, begins_now: bool },
}

impl Source {
    /// Opens what is wanted. `resume` goes before the document's own place to begin.
    pub(super) async fn open(app: &App, wanted: Wanted, resume: Option<u64>) -> Result<Self, Fault> {
        match wanted {
            Wanted::Events { start, interest, pieces } => {
                let start = resume.map_or(start, Start::After);
                let follower = app.follow(start, *interest).await?;
                Ok(Self::Events { follower, pieces, begins_now: start == Start::Now })
            }
            Wanted::Checkpoints { after } => {
                let after = resume.or(after);
                let follower = app.follow_checkpoints(after).await?;
                Ok(Self::Checkpoints { follower, begins_now: after.is_none() })
            }
        }
    }

    /// The last position that everything was seen up to.
    pub(super) fn position(&self) -> Option<u64> {
        match self {
            Self::Events { follower, .. } => follower.position(),
            Self::Checkpoints { follower, .. } => follower.position(),
        }
    }

    /// The position that the client knows of. Whoever begins now has none yet to come back with, and is told it at once,
    /// with the latest checkpoint where these are followed.
    pub(super) fn told(&self) -> Option<u64> {
        match self {
            Self::Events { begins_now: true, .. } | Self::Checkpoints { begins_now: true, .. } => None,
            Self::Events { .. } | Self::Checkpoints { .. } => self.position(),
        }
    }

    /// Waits for what comes next: how many events the log has then, or the last position that a checkpoint covers.
    /// Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<u64, Fault> {
        match self {
            Self::Events { follower, .. } => follower.more().await,
            Self::Checkpoints { follower, .. } => follower.next().await,
        }
    }

    /// What of it is news to this actor; there may be none. What is read is not read again, so this is seen through.
    pub(super) async fn read(&mut self, app: &App, actor: &Actor, heard: u64) -> Result<VecDeque<News>, Fault> {
        match self {
            Self::Events { follower, pieces, .. } => {
                let batch = follower.read(heard).await?;
                Ok(in_pieces(*pieces, app.visible(actor, follower.interest(), Moment::Present, batch.events).await?))
            }
            Self::Checkpoints { .. } => Ok(VecDeque::from([News { position: heard, events: Vec::new() }])),
        }
    }

    /// What the actor may see of these at this moment.
    pub(super) async fn visible(
        &self,
        app: &App,
        actor: &Actor,
        events: Vec<Arc<LogEvent>>,
    ) -> Result<Vec<Arc<LogEvent>>, Fault> {
        match self {
            Self::Events { follower, .. } => app.visible(actor, follower.interest(), Moment::Present, events).await,
            Self::Checkpoints { .. } => Ok(events),
        }
    }
}

/// The events in pieces, each shown in one turn.
fn in_pieces(pieces: Pieces, events: Vec<Arc<LogEvent>>) -> VecDeque<News> {
    let mut news = VecDeque::<News>::with_capacity(events.len());
    for event in events {
        let position = event.record.position;
        match (pieces, news.back_mut()) {
            (Pieces::ByCommand, Some(last)) if last.is_of_the_same_command(&event) => {
                last.events.push(event);
                last.position = position;
            }
            _ => news.push_back(News { position, events: vec![event] }),
        }
    }
    news
}

impl News {
    fn is_of_the_same_command(&self, event: &LogEvent) -> bool {
        self.events.last().is_some_and(|last| last.record.is_of_the_same_command(&event.record))
    }
}
