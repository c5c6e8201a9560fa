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
        // has to hear of it. Where none was ever signed the log waits for the first one since it began.
        if let Ok(since) = Timestamp::from_microsecond(self.unsealed_since.load(Ordering::Relaxed)) {
            metrics.checkpoint_age.set(self.clock.now().duration_since(since).as_secs_f64());
        }
        if let Err(fault) = looked {
            tracing::warn!(fault = %with_causes(&fault), "the figures of the log cannot be read for now");
        }
    }

    /// Takes note of a checkpoint: for those who follow them, and for whoever asks how old the latest is when the database
    /// cannot say.
    pub(in crate::app) fn has_seen(&self, checkpoint: &StoredCheckpoint) {
        self.unsealed_since.store(checkpoint.signed_at, Ordering::Relaxed);
        self.checkpoints.sealed.tell(checkpoint.size);
    }

    /// Takes note of when a log of which nothing is sealed began.
    async fn look_for_its_begin(&self) -> Result<(), Fault> {
        if self.unsealed_since.load(Ordering::Relaxed) == i64::MIN
            && let Some(first) = self.log(None, Some(0), 1).await?.pop()
        {
            // Its first checkpoint may have been seen meanwhile.
            let (unknown, since) = (i64::MIN, first.recorded_at);
            let _ = self.unsealed_since.compare_exchange(unknown, since, Ordering::Relaxed, Ordering::Relaxed);
        }
        Ok(())
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
        match self.store.checkpoint(Sealed::Latest).await? {
            Some(latest) => {
                metrics.checkpoint.set(latest.size.cast_signed());
                self.has_seen(&latest);
            }
            None => self.look_for_its_begin().await?,
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
