//! Signers that do not keep to what they say, or say nothing: a server asks no more than makes sense, and ends.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{MethodRouter, post};
use ed25519_dalek::SigningKey;
use etalon::app::{Anchors, App, NotResumed, Resumed, Sealer, Seals, Witness};
use etalon::clock::Clock;
use etalon::ledger::checkpoint::Checkpoint;
use etalon::ledger::note::{Algorithm, Note, NoteSigner, VerifierKey};
use etalon::ledger::tree::{TreeHead, base64};
use etalon::ledger::witness::{AddCheckpoint, NotSigned};
use etalon::signer::{RemoteSigner, SignError, Signer};
use etalon::store::Sealed;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::ledger::bundles::{House, grow, seals};
use crate::store::on_both_databases;
use crate::store::support::{Database, TestClock};

const EVENTS: u64 = 10;

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// Two servers of a new log that have a ledger key each: nothing says that one of them is wrong before one has sealed.
async fn a_sealer_with_another_key_ends_where_the_first_has_sealed(database: Database) {
    let (house, folder) = (House::on(&database).await, TempDir::new().expect("a folder"));
    let store = database.open_with(house.clock.clone()).await;
    let other = App::new(store, house.clock.clone()).with_seals(seals(&folder));
    assert_eq!(other.seal_now().await.expect("nothing is sealed"), 0);
    grow(&database, &house.clock, 0, EVENTS).await;
    assert_eq!(house.app.seal_now().await.expect("sealed"), EVENTS);
    let refused = other.seal_now().await.expect_err("although everything is sealed").to_string();
    assert!(refused.contains("by another key before (LEDGER_KEY_OTHER)"), "{refused}");
    let ended = timeout(PATIENCE, Sealer.run(Arc::new(other), CancellationToken::new())).await;
    ended.expect("it ends untold");
    grow(&database, &house.clock, EVENTS, EVENTS + 5).await;
    assert_eq!(house.app.seal_now().await.expect("sealed"), EVENTS + 5);
}

fn witness() -> NoteSigner {
    NoteSigner::new("w.example", Algorithm::Cosignature, SigningKey::from_bytes(&[7; 32])).expect("a name")
}

/// The witness, which answers so.
async fn answering(routes: MethodRouter) -> Anchors {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let routes = Router::new().route("/add-checkpoint", routes);
    // Ends with the runtime of the test.
    tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
    let witness = RemoteSigner::witness(&url, witness().verifier().clone()).expect("a URL");
    Anchors { witnesses: vec![Witness(witness)], authority: None }
}

/// A witness that answers that it has cosigned so many events last, whatever it is asked.
async fn has_cosigned(size: u64) -> Anchors {
    answering(post(async move || (StatusCode::CONFLICT, format!("{size}\n")))).await
}

/// A witness that cosigns whatever it is asked, at that second by its clock.
async fn cosigning_at(second: i64) -> Anchors {
    let cosigns = async move |asked: String| {
        let asked: AddCheckpoint = asked.parse().expect("a request");
        let note = Note::parse(&asked.checkpoint).expect("a signed note");
        witness().sign(note.text(), second.unsigned_abs())
    };
    answering(post(cosigns)).await
}

async fn a_witness_that_has_seen_more_than_the_log_has_says_that_events_are_lost(database: Database) {
    let house = House::on(&database).await;
    grow(&database, &house.clock, 0, EVENTS).await;
    house.app.seal_now().await.expect("sealed");
    let witness = has_cosigned(EVENTS + 5).await;
    let told = house.app.anchor(&witness).await.expect_err("five events are lost").to_string();
    assert!(
        told.contains("w.example has seen 15 events of this log, which has 10: events that were signed are lost"),
        "{told}"
    );
    // Sealed by another server, which this one has not heard of.
    grow(&database, &house.clock, EVENTS, EVENTS + 5).await;
    house.app.anchor(&witness).await.expect("there are as many");
}

/// Kept, it would be a fault of the log to every auditor from then on.
async fn a_word_of_a_time_to_come_is_not_kept(database: Database) {
    let house = House::on(&database).await;
    grow(&database, &house.clock, 0, EVENTS).await;
    house.app.seal_now().await.expect("sealed");
    let now = house.clock.now().as_second();
    let cosignatures =
        async || house.app.checkpoint(Sealed::Latest).await.expect("it reads").expect("sealed").cosignatures;
    for ahead in [61, 86_400] {
        let told = house.app.anchor(&cosigning_at(now + ahead).await).await.expect_err("it is not so late").to_string();
        let why = "by its clock, and 2026-03-04T05:06:07Z here: one of the two is wrong";
        assert!(told.starts_with("the witness w.example gave no cosignature: it is ") && told.ends_with(why), "{told}");
        assert_eq!(cosignatures().await, [], "{ahead}");
    }
    // Clocks may differ by a minute.
    house.app.anchor(&cosigning_at(now + 60).await).await.expect("cosigned");
    let kept = cosignatures().await;
    assert_eq!(kept.iter().map(|kept| kept.cosigned_at).collect::<Vec<_>>(), [(now + 60) * 1_000_000]);
}

/// A log that comes from a backup, with those who sign it and vouch for it: all of its events are sealed.
async fn restored(database: &Database, anchors: Anchors) -> (House, App) {
    let house = House::on(database).await;
    grow(database, &house.clock, 0, EVENTS).await;
    house.app.seal_now().await.expect("sealed");
    let seals = Seals { anchors: Arc::new(anchors), ..seals(&house.folder) };
    let app = signing(database, &house, seals).await;
    (house, app)
}

async fn signing(database: &Database, house: &House, seals: Seals) -> App {
    App::new(database.open_with(house.clock.clone()).await, house.clock.clone()).with_seals(seals)
}

/// How a log went on that took another name: whether its signer knew the one of before, and what was signed last.
async fn renamed(app: &App, seen: Option<TreeHead>) -> (bool, Option<(u64, Option<String>)>) {
    match app.resume(seen).await.expect("it goes on") {
        Resumed::Renamed { recovery, is_remembered } => {
            (is_remembered, recovery.last_signed.map(|last| (last.size, last.root)))
        }
        Resumed::AsItWas => panic!("it goes on as it was"),
    }
}

async fn a_restored_log_goes_on_as_it_was_where_its_own_events_were_signed_last(database: Database) {
    let (house, app) = restored(&database, Anchors::default()).await;
    let head = app.head().await.expect("it reads");
    assert_eq!(app.resume(None).await.expect("it goes on"), Resumed::AsItWas);
    // One who has signed as many other events under its name, and a witness that has seen them.
    let stranger = TempDir::new().expect("a folder");
    let of_others = seals(&stranger);
    let origin = app.origin().await.expect("a name");
    let checkpoint = Checkpoint { origin, head: TreeHead { size: EVENTS, root: [9; 32] } }.to_string();
    let request = AddCheckpoint { old_size: 0, proof: Vec::new(), checkpoint };
    of_others.signer.sign(&request, house.clock.now()).await.expect("signed");
    let seen_by_another = Seals { anchors: Arc::new(has_cosigned(EVENTS).await), ..seals(&house.folder) };
    for seals in [of_others, seen_by_another] {
        let refused = signing(&database, &house, seals).await.resume(None).await.expect_err("it is another log");
        assert!(matches!(refused, NotResumed::Forked { size: EVENTS }), "{refused:?}");
    }
    assert_eq!(app.head().await.expect("it reads"), head);
}

async fn a_restored_log_of_which_a_witness_has_seen_more_takes_another_name(database: Database) {
    let (_house, app) = restored(&database, has_cosigned(EVENTS + 5).await).await;
    assert_eq!(renamed(&app, None).await, (true, Some((EVENTS + 5, None))));
}

async fn a_restored_log_of_which_somebody_has_kept_more_takes_another_name(database: Database) {
    let (_house, app) = restored(&database, Anchors::default()).await;
    let seen = TreeHead { size: EVENTS + 5, root: [9; 32] };
    assert_eq!(renamed(&app, Some(seen)).await, (true, Some((EVENTS + 5, Some(base64(&seen.root))))));
}

on_both_databases! {
    a_restored_log_goes_on_as_it_was_where_its_own_events_were_signed_last,
    a_restored_log_of_which_a_witness_has_seen_more_takes_another_name,
    a_restored_log_of_which_somebody_has_kept_more_takes_another_name,
    a_sealer_with_another_key_ends_where_the_first_has_sealed,
    a_word_of_a_time_to_come_is_not_kept,
    a_witness_that_has_seen_more_than_the_log_has_says_that_events_are_lost,
    one_that_says_now_this_now_that_is_not_asked_for_ever,
    one_that_is_silent_keeps_no_server_from_its_end,
}
