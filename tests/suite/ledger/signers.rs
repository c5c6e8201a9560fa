//! Signers that do not keep to what they say, or say nothing: a server asks no more than makes sense, and ends.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use etalon::app::{App, Sealer, Seals};
use etalon::ledger::note::VerifierKey;
use etalon::ledger::witness::{AddCheckpoint, NotSigned};
use etalon::signer::{SignError, Signer};
use etalon::store::Sealed;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::ledger::bundles::{grow, seals};
use crate::store::on_both_databases;
use crate::store::support::{Database, TestClock};

const EVENTS: u64 = 10;

#[derive(Clone, Copy)]
enum Manner {
    /// As two behind one address with a memory each: the one has signed one event, the other two.
    SaysNowThisNowThat,
    /// The first request is never answered.
    IsSilentAtFirst,
}

struct Strange {
    manner: Manner,
    signer: Arc<dyn Signer>,
    asked: AtomicU64,
    was_asked: Notify,
}

#[async_trait]
impl Signer for Strange {
    fn verifier(&self, origin: &str) -> Result<VerifierKey, SignError> {
        self.signer.verifier(origin)
    }

    async fn sign(&self, request: &AddCheckpoint, now: Timestamp) -> Result<String, SignError> {
        let before = self.asked.fetch_add(1, Ordering::SeqCst);
        self.was_asked.notify_one();
        match self.manner {
            Manner::SaysNowThisNowThat => Err(NotSigned::Outdated { size: before % 2 + 1 }.into()),
            Manner::IsSilentAtFirst if before == 0 => pending().await,
            Manner::IsSilentAtFirst => self.signer.sign(request, now).await,
        }
    }
}

/// A log with some events, which nobody else signs.
async fn signed_by(manner: Manner, database: &Database, folder: &TempDir) -> (Arc<App>, Arc<Strange>) {
    let seals = seals(folder);
    let signer = seals.signer.clone();
    let signer = Arc::new(Strange { manner, signer, asked: AtomicU64::default(), was_asked: Notify::new() });
    let clock = TestClock::new();
    let store = database.open_with(clock.clone()).await;
    let app = App::new(store, clock.clone()).with_seals(Seals { signer: signer.clone(), ..seals });
    grow(database, &clock, 0, EVENTS).await;
    (Arc::new(app), signer)
}

async fn one_that_says_now_this_now_that_is_not_asked_for_ever(database: Database) {
    let folder = TempDir::new().expect("a folder");
    let (app, signer) = signed_by(Manner::SaysNowThisNowThat, &database, &folder).await;
    let refused = app.seal_now().await.expect_err("there is no signature").to_string();
    assert_eq!(refused, "the tree of size 2 was signed last");
    assert_eq!(signer.asked.load(Ordering::SeqCst), 4, "once, and three times from where it says that it was");
}

async fn one_that_is_silent_keeps_no_server_from_its_end(database: Database) {
    let folder = TempDir::new().expect("a folder");
    let (app, signer) = signed_by(Manner::IsSilentAtFirst, &database, &folder).await;
    let stop = CancellationToken::new();
    let sealing = tokio::spawn(Sealer.run(app.clone(), stop.clone()));
    signer.was_asked.notified().await;
    stop.cancel();
    sealing.await.expect("it ends");
    let sealed = app.checkpoint(Sealed::Latest).await.expect("it reads").expect("it is sealed a last time");
    assert_eq!(sealed.checkpoint.size, EVENTS);
}

on_both_databases! {
    one_that_says_now_this_now_that_is_not_asked_for_ever,
    one_that_is_silent_keeps_no_server_from_its_end,
}
