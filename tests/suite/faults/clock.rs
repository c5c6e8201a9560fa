//! A clock that is set forward and back.
//!
//! The server runs in this process, on a clock of its own that the scenario shifts: libfaketime, which would do that to a process, is on few machines. It is asked over HTTP all the same.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use etalon::app::{App, Clockwork, Revoker, Sealer, Seals, Vault};
use etalon::clock::{Clock, SystemClock};
use etalon::graphql::{Limits, StreamLimits};
use etalon::http::{self, Entrance};
use etalon::identity::Verifier;
use etalon::identity::key::LocalKey;
use etalon::signer::{Notary, Role};
use etalon::store;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::faults::dice::Dice;
use crate::faults::load::Pace;
use crate::faults::scene::Scene;
use crate::faults::{coordinator, scaled};
use crate::support::postgres::fresh_database;
use crate::support::server::Installation;

const EXPIRED: &str = "TOKEN_EXPIRED";
const NOT_YET_VALID: &str = "TOKEN_NOT_YET_VALID";

/// By how many days the clock is wrong, one after the other. Every jump is longer than any token's life.
const SHIFTS: [i64; 5] = [400, 0, -30, 365_000, 0];

/// The machine's clock, and how wrong it is, in days.
#[derive(Default)]
struct WrongClock(AtomicI64);

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_hours(24 * self.0.load(Ordering::SeqCst))
    }

    fn random(&self) -> [u8; 16] {
        SystemClock.random()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_clock_of_a_server_on_sqlite_is_set() {
    is_set("clock set, SQLite", &Installation::embedded()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_the_clock_of_a_server_on_postgresql_is_set() {
    let database = fresh_database();
    is_set("clock set, PostgreSQL", &Installation::on(database.url())).await;
}

async fn is_set(name: &str, installation: &Installation) {
    let clock = Arc::new(WrongClock::default());
    let stop = CancellationToken::new();
    let (address, served) = serve(installation, clock.clone(), stop.clone()).await;
    let pace = Pace { excused: &[EXPIRED, NOT_YET_VALID], ..Pace::of(scaled(24, 80)) };
    let scene = Scene::set(name, installation, &[&address], pace).await;
    let rounds = scaled(1, 4);
    let shifts = SHIFTS.iter().cycle().take(rounds * SHIFTS.len());
    let moments = Dice::of_this_run().moments(rounds * SHIFTS.len(), scene.load.commands());
    scene
        .play(async {
            for (moment, days) in moments.into_iter().zip(shifts) {
                scene.load.has_acknowledged(moment).await;
                clock.0.store(*days, Ordering::SeqCst);
                // A token's time is over then, or has not begun.
                scene.load.is_set_back_again(1, pace.excused).await;
                let since = Instant::now();
                scene.load.shows(installation.token_since(&coordinator(), clock.now()));
                scene.goes_on(since).await;
            }
        })
        .await;
    stop.cancel();
    served.close();
    served.wait().await;
    scene.audit().await;
}

/// Serves with everything that looks at the clock again and again, until `stop`.
async fn serve(installation: &Installation, clock: Arc<WrongClock>, stop: CancellationToken) -> (String, TaskTracker) {
    let of = |file: &str| -> Box<Path> { installation.folder().join(file).into() };
    let store = store::open(&installation.database(), clock.clone()).await.expect("the database opens");
    let notary = Notary::open(&of("ledger-key.pem"), &of("ledger-memory.json"), Role::Log).expect("a key");
    let seals = Seals { signer: Arc::new(notary), anchors: Arc::default(), pause: Duration::from_millis(100) };
    let vault = Vault::open_or_create(&of("data-keys")).expect("a folder of keys");
    let app = Arc::new(App::new(store, clock).with_vault(vault).with_seals(seals));
    app.look_for_revocations().await.expect("the database answers");
    let key = LocalKey::open_or_create(&of("token-key.pem")).expect("a key");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/graphql", listener.local_addr().expect("an address"));
    let limits = http::Limits {
        requests: Limits::default(),
        streams: StreamLimits::default(),
        allowed_origins: Vec::new(),
        hosts: Vec::new(),
        shutdown_timeout: Duration::from_secs(20),
    };

    let tasks = TaskTracker::new();
    tasks.spawn(Sealer.run(app.clone(), stop.clone()));
    tasks.spawn(Revoker.run(app.clone(), stop.clone()));
    tasks.spawn({
        let (app, stop) = (app.clone(), stop.clone());
        let clockwork = Clockwork { every: Duration::from_millis(200), escalate_after_working_days: 10 };
        async move { clockwork.run(&app, "clockwork of this server", stop).await }
    });
    tasks.spawn(async move {
        let ends = stop.cancelled_owned();
        let entrance = Entrance { listener, tls: None };
        http::serve(entrance, app.clone(), Verifier::Local(key), limits, ends).await;
        app.shutdown().await;
    });
    (address, tasks)
}
