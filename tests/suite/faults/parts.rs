//! A part of a server that breaks takes the server with it, so that whoever runs it starts it again.
//!
//! The server runs in this process: what breaks is a clock and a way to read older events, which the test has made.

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use etalon::app::{App, Failure, Fault, Interest, Start};
use etalon::cli::problem::Problem;
use etalon::cli::serve::{Hours, serve};
use etalon::clock::{Clock, SystemClock};
use etalon::config::{Overrides, Settings};
use etalon::domain::person::Person;
use etalon::identity::Verifier;
use etalon::identity::key::LocalKey;
use etalon::store::{self, StoreError};
use futures::future::join;
use jiff::Timestamp;
use tempfile::TempDir;

use crate::erasure::servers::{official, request};
use crate::store::on_both_databases;
use crate::store::samples::{case_stream, commit_one, note};
use crate::store::support::Database;

/// The machine's clock, until it breaks.
#[derive(Default)]
struct BreakableClock(AtomicBool);

impl Clock for BreakableClock {
    fn now(&self) -> Timestamp {
        assert!(!self.0.load(Ordering::SeqCst), "no day has 25 hours");
        SystemClock.now()
    }

    fn random(&self) -> [u8; 16] {
        SystemClock.random()
    }
}

/// Breaks at every event.
struct BrokenUpcaster;

impl EventUpcaster for BrokenUpcaster {
    fn can_upcast(&self, event_type: &str, _: &str) -> bool {
        panic!("{event_type} is of no edition")
    }

    fn upcast(&self, event: SerializedEvent) -> SerializedEvent {
        event
    }
}

/// The settings as they are where nobody has set any, for a server with its files in that folder.
pub fn settings(folder: &Path) -> Settings {
    let listen = Some("127.0.0.1:0".to_owned());
    let overrides = Overrides { listen, data_dir: Some(folder.to_owned()), ..Overrides::default() };
    Settings::load(None, overrides).expect("sound settings")
}

/// Serves until it ends.
pub async fn serves(app: &Arc<App>, settings: &Settings) -> Result<(), Problem> {
    let key = LocalKey::open_or_create(&settings.key_file).expect("a key");
    let hours = Hours { ready: |_: String| {}, ends: pending() };
    serve(app.clone(), Verifier::Local(key), settings, hours).await
}

async fn a_server_that_cannot_commit_any_more_ends(database: Database) {
    let folder = TempDir::new().expect("a temporary folder");
    let clock = Arc::new(BreakableClock::default());
    let opened = store::open(&database.url, clock.clone()).await.expect("the database opens");
    let app = Arc::new(App::new(opened, Arc::new(SystemClock)).with_vault(database.vault()));
    let breaks = async {
        clock.0.store(true, Ordering::SeqCst);
        app.execute::<Person>(&request(&app), app.new_id(), official().into()).await
    };
    let (ended, refused) = join(serves(&app, &settings(folder.path())), breaks).await;
    assert!(matches!(refused, Err(Failure::Fault(Fault::Store(StoreError::WriterBroken)))), "{refused:?}");
    let told = ended.expect_err("it has not ended well").to_string();
    assert_eq!(told, "the task that commits has ended by itself");
}

async fn a_server_that_cannot_follow_the_log_any_more_ends(database: Database) {
    let folder = TempDir::new().expect("a temporary folder");
    let elsewhere = database.open().await;
    let app =
        App::new(database.open().await, Arc::new(SystemClock)).with_upcasters(Arc::new([Box::new(BrokenUpcaster)]));
    let app = Arc::new(app.with_vault(database.vault()));
    let mut follower = app.follow(Start::Now, Interest::default()).await.expect("the log can be read");
    let breaks = async {
        commit_one(&*elsewhere, note(case_stream(1), 0, "1")).await.expect("accepted");
        let known = follower.more().await?;
        follower.read(known).await
    };
    let (ended, told) = join(serves(&app, &settings(folder.path())), breaks).await;
    assert!(matches!(told, Err(Fault::Store(StoreError::Closed))), "{told:?}");
    let told = ended.expect_err("it has not ended well").to_string();
    assert_eq!(told, "the task that reads the log for subscriptions has ended by itself");
}

on_both_databases! {
    a_server_that_cannot_commit_any_more_ends,
    a_server_that_cannot_follow_the_log_any_more_ends,
}
