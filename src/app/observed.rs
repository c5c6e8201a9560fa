//! The figures that are a state rather than a count: brought up to date when somebody asks for them.

use std::sync::atomic::Ordering;

use jiff::Timestamp;

use crate::app::App;
use crate::app::clocks::ahead;
use crate::app::request::Fault;
use crate::store::{Sealed, StoredCheckpoint};
use crate::telemetry::causes::with_causes;
use crate::telemetry::metrics::{Connections, Metrics, metrics};

impl App {
    /// Brings the figures of this process up to date. Where the database does not answer, those that it knows stay as
    /// they were, and one says so; the latest checkpoint grows older.
    pub async fn observe(&self) {
        let metrics = metrics();
        metrics.queue.set(self.writer.waiting() as i64);
        metrics.queue_limit.set(self.writer.capacity() as i64);
        let pool = self.store.pool();
        for (state, count) in [("in_use", pool.in_use), ("idle", pool.idle)] {
            metrics.database_connections.get_or_create(&Connections { state }).set(count.into());
        }
        metrics.database_connections_limit.set(pool.limit.into());
        let looked = self.look(metrics).await;
        metrics.database_up.set(looked.is_ok().into());
        // Of the last one that was seen, while the database is away as well: whoever waits for the age to pass a bound
        // has to hear of it.
        if let Ok(signed_at) = Timestamp::from_microsecond(self.last_signed_at.load(Ordering::Relaxed)) {
            metrics.checkpoint_age.set(self.clock.now().duration_since(signed_at).as_secs_f64());
        }
        if let Err(fault) = looked {
            tracing::warn!(fault = %with_causes(&fault), "the figures of the log cannot be read for now");
        }
    }

    /// Takes note of a checkpoint: for those who follow them, and for whoever asks how old the latest is when the database
    /// cannot say.
    pub(in crate::app) fn has_seen(&self, checkpoint: &StoredCheckpoint) {
        self.last_signed_at.store(checkpoint.signed_at, Ordering::Relaxed);
        self.checkpoints.sealed.tell(checkpoint.size);
    }

    /// How many reads wait for a connection of the database.
    #[must_use]
    pub fn waiting_reads(&self) -> u64 {
        self.store.pool().waiting.into()
    }

    /// What the database knows.
    async fn look(&self, metrics: &Metrics) -> Result<(), Fault> {
        let head = self.store.head().await?;
        metrics.log_ahead.set(ahead(head, self.now()).as_secs_f64());
        let head = head.next_position;
        metrics.log.set(head.cast_signed());
        if let Some(latest) = self.store.checkpoint(Sealed::Latest).await? {
            metrics.checkpoint.set(latest.size.cast_signed());
            self.has_seen(&latest);
        }
        let standing = self.store.webhook_standing().await?;
        let behind = |position: Option<u64>| position.map_or(0, |position| head.saturating_sub(position)).cast_signed();
        metrics.webhooks.set(standing.enabled.cast_signed());
        metrics.webhook_lag.set(behind(standing.next_position));
        metrics.webhook_waiting.set(standing.waiting.cast_signed());
        metrics.webhook_dead.set(standing.dead.cast_signed());
        let (followers, last) = self.hub.get().map_or((0, None), |hub| hub.followers());
        metrics.followers.set(followers as i64);
        metrics.follower_lag.set(behind(last));
        Ok(())
    }
}
