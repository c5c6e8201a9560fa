//! The execution of a document, within the limits of time and what its actor may read at once.

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, ServerError};
use moka::sync::Cache;
use tokio::time::timeout;

use crate::app::{Share, limited, sharing};
use crate::domain::actor::ActorId;
use crate::graphql::limits::Limits;

/// What a program can act on.
pub(crate) const TIMED_OUT: &str = "TIMED_OUT";

/// How many actors' shares are kept: some megabytes.
const MOST_SHARES: u64 = 100_000;

/// What each actor has of the database. Where there are more than are kept, one whose share is forgotten while they read
/// gets another beside it.
pub(crate) struct Shares(Cache<ActorId, Share>);

impl Default for Shares {
    fn default() -> Self {
        Self(Cache::new(MOST_SHARES))
    }
}

impl Shares {
    /// That actor's.
    pub(crate) fn of(&self, actor: &ActorId) -> Share {
        self.0.get_with_by_ref(actor, Share::default)
    }
}

/// Executes within the limits of time, and reads within that share. What is given up is dropped, with all that it reads.
///
/// A mutation has no limit but that of its statements: whoever stopped waiting for a command would not know whether it is on record.
pub(crate) async fn in_time<T: From<Response>>(
    kind: OperationType,
    limits: &Limits,
    share: Share,
    work: impl Future<Output = T>,
) -> T {
    let work = sharing(share, limited(limits.statement_timeout, work));
    match kind {
        OperationType::Mutation => work.await,
        OperationType::Query | OperationType::Subscription => {
            timeout(limits.query_timeout, work).await.unwrap_or_else(|_| given_up(limits).into())
        }
    }
}

fn given_up(limits: &Limits) -> Response {
    let limit = limits.of_query();
    tracing::warn!(limit_ms = limit.maximum, "a query was given up");
    let message = format!(
        "the query took longer than {} ms ({}): ask for fewer rows or fewer fields, or again later",
        limit.maximum, limit.name
    );
    let mut error = ServerError::new(message, None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", TIMED_OUT);
    extensions.set("limit", limit.name);
    extensions.set("maximum", limit.maximum);
    extensions.set("retryable", true);
    Response::from_errors(vec![error])
}
