//! The keys of a provider, kept and renewed.
//!
//! One task asks the provider: now and then, and sooner when a token names a key that is not known. However many such
//! tokens come and whoever hangs up meanwhile, it asks at most once an interval; whoever shows one waits for that
//! answer, or is refused at once when the last one is younger than the interval.

use std::time::Duration;

use futures::FutureExt;
use jsonwebtoken::DecodingKey;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::identity::IdentityError;
use crate::identity::oidc::jwk::KeySet;
use crate::identity::oidc::{Signing, Source};
use crate::telemetry::causes::with_causes;

/// How long a token waits for the provider at most: as long as the provider may take, and some more.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often a provider is asked, and how long its last answer is good.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How old keys get before they are asked for again.
    pub refresh: Duration,
    /// How long the provider is left in peace after it was asked, whatever came of it.
    pub refetch: Duration,
    /// How long keys are good while the provider cannot be asked.
    pub stale: Duration,
}

/// The keys, and the way to new ones.
#[derive(Debug)]
pub(super) struct Keys {
    source: Source,
    signing: Signing,
    pace: Pace,
    kept: watch::Sender<Kept>,
    /// Told when a token names a key that is not known.
    wanted: Notify,
}

/// A key of the provider's.
pub(super) struct Key {
    pub(super) key: DecodingKey,
    /// Which of the provider's answers it is from: keys of one answer stay as they are.
    pub(super) edition: u64,
}

/// What is known of the provider's keys.
#[derive(Default)]
struct Kept {
    keys: KeySet,
    /// How many times the provider has answered.
    edition: u64,
    /// When the provider answered last.
    had_at: Option<Instant>,
    /// When it was asked last.
    tried_at: Option<Instant>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("keys", &self.keys.keys()).finish_non_exhaustive()
    }
}

impl Keys {
    pub(super) fn new(source: Source, signing: Signing, pace: Pace) -> Self {
        Self { source, signing, pace, kept: watch::Sender::default(), wanted: Notify::new() }
    }

    /// The key of that id.
    ///
    /// # Errors
    /// [`IdentityError::UnknownKey`], or [`IdentityError::Unavailable`] where no keys are known that could be trusted.
    pub(super) async fn find(&self, id: &str) -> Result<Key, IdentityError> {
        let mut kept = self.kept.subscribe();
        {
            let known = kept.borrow_and_update();
            let found = self.among(&known, id);
            if found.is_ok() || known.tried_at.is_some_and(|then| then.elapsed() < self.pace.refetch) {
                return found;
            }
        }
        self.wanted.notify_one();
        // The sender is this value's own; when the time is over, what is known by then counts.
        let _ = tokio::time::timeout(PATIENCE, kept.changed()).await;
        self.among(&kept.borrow(), id)
    }

    fn among(&self, kept: &Kept, id: &str) -> Result<Key, IdentityError> {
        if kept.had_at.is_none_or(|then| then.elapsed() >= self.pace.stale) {
            return Err(IdentityError::Unavailable);
        }
        let key = kept.keys.get(id).ok_or(IdentityError::UnknownKey)?;
        Ok(Key { key: key.clone(), edition: kept.edition })
    }

    /// Asks the provider at once, and again and again until it is stopped.
    pub(super) async fn run(&self, stop: &CancellationToken) {
        let _ = stop.run_until_cancelled(self.renew()).await;
    }

    async fn renew(&self) -> std::convert::Infallible {
        loop {
            let is_renewed = self.ask().await;
            // Whoever wanted a key while the provider was asked has the answer now.
            let _ = self.wanted.notified().now_or_never();
            tokio::time::sleep(self.pace.refetch).await;
            if is_renewed {
                let age = self.pace.refresh.saturating_sub(self.pace.refetch);
                let _ = tokio::time::timeout(age, self.wanted.notified()).await;
            }
        }
    }

    /// Asks the provider once; whether it has answered.
    async fn ask(&self) -> bool {
        let had = self.source.keys(self.signing).await;
        match &had {
            Ok(keys) if keys.is_empty() => {
                tracing::warn!(signing = ?self.signing, "the identity provider has no key for this way of signing");
            }
            Ok(_) => {}
            Err(error) => {
                let error = with_causes(error);
                tracing::warn!(error, "the identity provider gives no keys; those that are known are kept for a while");
            }
        }
        let is_renewed = had.is_ok();
        self.kept.send_modify(|kept| {
            let now = Instant::now();
            kept.tried_at = Some(now);
            if let Ok(keys) = had {
                kept.keys = keys;
                kept.edition += 1;
                kept.had_at = Some(now);
            }
        });
        is_renewed
    }
}
