//! Tokens that are refused before their time is over.
//!
//! They stand in the database, every server keeps a copy, and reads it again every few seconds. A request is judged by
//! the copy, and a stream that is open hears of every change of it. Whoever was erased as a person is among them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::request::Fault;
use crate::app::rounds::again_and_again;
use crate::identity::claims::{LEEWAY, LONGEST_LIFE};
use crate::identity::credential::{Credential, RevocationKey};
use crate::store::Revocation;
use crate::telemetry::causes::with_causes;

/// How often a server looks for what was revoked elsewhere. Looking takes a moment too: what is promised is
/// [`Revoker::WITHIN`].
const LOOKS_EVERY: Duration = Duration::from_secs(2);

/// How long a server that cannot look goes on by what it knows. Then it takes no token any more.
const TRUSTED_FOR: Duration = Duration::from_secs(60);

/// What is known of revocations.
#[derive(Default)]
pub(super) struct Revocations {
    listed: watch::Sender<Listed>,
    /// Whoever was erased before this position of the log is listed.
    erased_before: AtomicU64,
    /// When it was read last. Not beside the list, whose followers hear of changes and not of looks. Whoever changes
    /// the list holds it.
    read_at: Mutex<Option<Instant>>,
}

impl Revocations {
    /// Takes what a look has found that began then. One that began before the last that was taken may have read what
    /// is revoked before somebody revoked what is known by now.
    fn take(&self, began: Instant, until: HashMap<String, i64>, erased: Vec<String>) {
        let mut read_at = self.read_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_late = read_at.is_some_and(|last| began < last);
        self.listed.send_if_modified(|listed| {
            let before = listed.erased.len();
            listed.erased.extend(erased);
            let is_news = !is_late && listed.until != until;
            if is_news {
                listed.until = until;
            }
            is_news || listed.erased.len() > before
        });
        if !is_late {
            *read_at = Some(began);
        }
    }

    /// Whether a token that is known by this is good at that time.
    fn standing(&self, credential: &Credential, now: Instant) -> Standing {
        let read_at = *self.read_at.lock().unwrap_or_else(PoisonError::into_inner);
        if read_at.is_none_or(|then| now.saturating_duration_since(then) >= TRUSTED_FOR) {
            return Standing::Unknown;
        }
        match is_listed(&self.listed.borrow(), credential) {
            true => Standing::Revoked,
            false => Standing::Good,
        }
    }
}

/// What tokens are refused by.
#[derive(Default)]
struct Listed {
    /// Until when tokens are refused, in microseconds since the Unix epoch, by what they are known by. As old as a
    /// token may be, and no older.
    until: HashMap<String, i64>,
    /// What is refused for good: whoever was erased.
    erased: HashSet<String>,
}

/// What the server knows of a token that is good in itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing against it.
    Good,
    /// It was revoked.
    Revoked,
    /// It has been too long since it could be looked for.
    Unknown,
}

/// Looks for what was revoked.
#[derive(Clone, Copy, Debug)]
pub struct Revoker;

impl Revoker {
    /// How long a revocation takes to hold at every server, open streams included.
    pub const WITHIN: Duration = Duration::from_secs(5);

    /// Looks again and again until it is stopped. A look that fails is logged, and the next one does its work.
    pub async fn run(self, app: Arc<App>, stop: CancellationToken) {
        let look = || async {
            if let Err(fault) = app.look_for_revocations().await {
                tracing::warn!(fault = %with_causes(&fault), "revoked tokens could not be looked for");
            }
        };
        again_and_again(LOOKS_EVERY, &stop, look).await;
    }
}

impl App {
    /// Reads what was revoked. Until that was done once, no token is good.
    ///
    /// # Errors
    /// When the store fails: what was known before still holds.
    pub async fn look_for_revocations(&self) -> Result<(), Fault> {
        let began = Instant::now();
        // A token that a revocation holds for may have been issued by a clock that was ahead, and is taken for a moment
        // after its end, too.
        let since = self.now() - LONGEST_LIFE - LEEWAY * 2;
        let revoked = self.store.revocations(since.as_microsecond()).await?;
        let until = revoked.into_iter().map(|Revocation { key, revoked_at }| (key, revoked_at)).collect();
        // What was erased stays so: only what is new in the log is read. Everything before its end is there by now, and
        // a mark that lies ahead of it hides nothing that comes later.
        let head = self.store.head().await?.next_position;
        let erased = self.store.erased_keys(self.revocations.erased_before.load(Ordering::Acquire)).await?;
        let actors = erased.iter().map(|erased| RevocationKey::of_actor(&erased.key_id.to_string()));
        let erased = actors.map(|key| key.as_str().to_owned()).collect();
        self.revocations.take(began, until, erased);
        self.revocations.erased_before.fetch_max(head, Ordering::AcqRel);
        Ok(())
    }

    /// Refuses, from now on, every token of that key that exists by now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke(&self, key: &RevocationKey) -> Result<(), Fault> {
        let revocation = Revocation { key: key.as_str().to_owned(), revoked_at: self.now().as_microsecond() };
        self.store.revoke(&revocation).await?;
        self.look_for_revocations().await
    }

    /// Whether a token that is known by this is still good.
    #[must_use]
    pub fn standing(&self, credential: &Credential) -> Standing {
        self.revocations.standing(credential, Instant::now())
    }

    /// Comes back when it was revoked.
    pub async fn revoked(&self, credential: &Credential) {
        let mut listed = self.revocations.listed.subscribe();
        // The sender is the application's own, and so outlives the wait.
        let _ = listed.wait_for(|listed| is_listed(listed, credential)).await;
    }
}

fn is_listed(listed: &Listed, credential: &Credential) -> bool {
    let until = credential.known_by.iter().filter_map(|key| listed.until.get(key.as_str())).max();
    until.is_some_and(|until| credential.issued_at.as_microsecond() <= *until)
        || credential.known_by.iter().any(|key| listed.erased.contains(key.as_str()))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_look_that_ends_late_takes_nothing_back() {
        let revocations = Revocations::default();
        let early = Instant::now();
        let late = early + LOOKS_EVERY;
        let known = || revocations.listed.borrow().until.get("jti:a").copied();
        revocations.take(late, HashMap::from([("jti:a".to_owned(), 1)]), Vec::new());
        revocations.take(early, HashMap::new(), vec!["actor:b".to_owned()]);
        assert_eq!((known(), *revocations.read_at.lock().expect("whole")), (Some(1), Some(late)));
        assert!(revocations.listed.borrow().erased.contains("actor:b"), "who is erased stays so");
        // The next one says what is there now.
        revocations.take(late + LOOKS_EVERY, HashMap::new(), Vec::new());
        assert_eq!(known(), None);
    }

    #[test]
    fn no_token_is_good_once_what_is_known_is_too_old() {
        let revocations = Revocations::default();
        let [revoked, other] = ["a", "b"].map(|actor| Credential::of_actor(actor, Timestamp::UNIX_EPOCH));
        let list = HashMap::from([(revoked.known_by[0].as_str().to_owned(), i64::MAX)]);
        let standing = |now| [&revoked, &other].map(|credential| revocations.standing(credential, now));
        let began = Instant::now();
        assert_eq!(standing(began), [Standing::Unknown; 2], "nobody has looked");
        for began in [began, began + TRUSTED_FOR] {
            revocations.take(began, list.clone(), Vec::new());
            let late = began + TRUSTED_FOR;
            assert_eq!(standing(late - Duration::from_millis(1)), [Standing::Revoked, Standing::Good]);
            assert_eq!(standing(late), [Standing::Unknown; 2]);
        }
    }
}
