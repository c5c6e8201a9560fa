//! As of when the pages of a list are read, and what becomes of them where that has changed since.
//!
//! What the log had at a position stays as it was. What had happened by a time is told by the log of now, which may still
//! hear of something that happened by then; rows of that axis are not kept as they were. So such a list knows where the
//! log ended when it began, and a page after which something was heard of is refused instead of skipping or repeating.

use async_graphql::{Context, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::{AggregateType, Moment};
use crate::graphql::connection::{self, Slice};
use crate::graphql::context::{actor, app, loaders};
use crate::graphql::errors;
use crate::graphql::query::Viewpoint;

/// As of when all pages of a list are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadAt {
    /// The moment.
    pub(crate) at: Moment,
    /// Where the log ended before the first page was read, for what had happened by a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<u64>,
    /// What the time was at the position that was asked about; `None` for the present, which is read at a position as
    /// well, and for what had happened by a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<Timestamp>,
}

impl ReadAt {
    /// Of a list that begins.
    ///
    /// # Errors
    /// When the house fails.
    pub(crate) async fn begun(ctx: &Context<'_>, asked: Viewpoint) -> Result<Self> {
        let (head, time) = match asked.moment {
            Moment::Present => (None, None),
            Moment::Position(_) => (None, asked.time),
            Moment::Occurred(_) => (app(ctx).head().await.map_err(|fault| errors::fault(ctx, fault))?, None),
        };
        Ok(Self { at: asked.moment, head, time })
    }

    /// Of a list that goes on from a cursor which says this: one of the present where its first page was read, any
    /// other where it is asked for.
    ///
    /// # Errors
    /// `CURSOR_INVALID` when the cursor is of a list of another moment or another time, or of a moment that is not there
    /// yet; or when the house fails.
    pub(crate) async fn continued(self, ctx: &Context<'_>, asked: Viewpoint) -> Result<Self> {
        let goes_on = match (asked.moment, self.at) {
            // A list of the past is read at a position as well, but is about another time.
            (Moment::Present, Moment::Position(position)) => self.time.is_none() && is_there(ctx, position).await?,
            (Moment::Position(asked_at), Moment::Position(position)) => asked_at == position && asked.time == self.time,
            (Moment::Occurred(asked), Moment::Occurred(time)) if asked == time => match self.head {
                Some(head) => is_there(ctx, head).await?,
                None => true,
            },
            _ => false,
        };
        if goes_on { Ok(self) } else { Err(connection::invalid("after")) }
    }

    /// Checks, when a page of cases or of a register was read, or the view that a page of cases is asked by, that it goes
    /// on from the one before.
    ///
    /// # Errors
    /// `CURSOR_OUTDATED` when the log has heard since of something that had happened by the moment, or the cursor does
    /// not say since when; or when the house fails.
    pub(crate) async fn check(self, ctx: &Context<'_>, slice: &Slice, listed: AggregateType) -> Result<()> {
        let (Some(argument), Moment::Occurred(time)) = (slice.goes_on_from(), self.at) else { return Ok(()) };
        let has_heard = match self.head {
            Some(head) => app(ctx).has_heard_since(actor(ctx), listed, time, head).await,
            None => Ok(true),
        };
        match has_heard.map_err(|fault| errors::fault(ctx, fault))? {
            true => Err(outdated(argument)),
            false => Ok(()),
        }
    }
}

/// Whether the log has the position: it may have been put back from a backup since.
async fn is_there(ctx: &Context<'_>, position: u64) -> Result<bool> {
    loaders(ctx).has(position).await.map_err(|fault| errors::fault(ctx, fault))
}

fn outdated(argument: &'static str) -> Error {
    let message = "since the list began the log has heard of something that had happened by then: begin the list again";
    errors::argument("CURSOR_OUTDATED", argument, message)
}
