//! One scenario: the load, what breaks meanwhile, and the audit at its end.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::task::JoinError;
use tokio::time::interval;

use crate::faults::dice::seed;
use crate::faults::load::{Load, Pace};
use crate::faults::{audit, coordinator, report};
use crate::support::server::Installation;

/// Enough for commands to meet on a case, and for the scene to be set soon.
const CASES: usize = 40;

/// How soon acknowledgements go on when nothing is broken any more. It is a fraction of a second; this bound is for a
/// machine that does many other things.
const READY_WITHIN: Duration = Duration::from_secs(30);

pub struct Scene<'a> {
    name: &'a str,
    installation: &'a Installation,
    pub load: Arc<Load>,
    client: reqwest::Client,
    ready: Mutex<Vec<Duration>>,
}

impl<'a> Scene<'a> {
    /// Reports cases at the first of these servers; all of them are there for the load.
    pub async fn set(name: &'a str, installation: &'a Installation, servers: &[&str], pace: Pace) -> Self {
        let cases = report(installation, servers[0], CASES).await;
        let load = Arc::new(Load::new(pace, installation.token(&coordinator()), cases, servers));
        Self { name, installation, load, client: reqwest::Client::new(), ready: Mutex::default() }
    }

    /// The load, and meanwhile what breaks; both come to their end.
    pub async fn play(&self, fault: impl Future<Output = ()>) {
        let load = self.load.clone();
        // On a task of its own: a fault may hold this one up.
        let mut clients = tokio::spawn(async move { load.run().await });
        let mut fault = pin!(fault);
        tokio::select! {
            ended = &mut clients => {
                went_well(ended);
                fault.await;
            }
            () = &mut fault => went_well(clients.await),
        }
        self.load.come_late().await;
    }

    /// Comes back when commands are acknowledged again, without anybody's help.
    pub async fn goes_on(&self, since: Instant) {
        self.load.acknowledges_another().await;
        let took = since.elapsed();
        assert!(took < READY_WITHIN, "{}: commands are acknowledged again after {took:?}", self.name);
        self.ready.lock().unwrap().push(took);
    }

    /// What a server says of itself: whether it can serve. That it lives, it always says.
    pub async fn readiness(&self, server: &str) -> StatusCode {
        let place = |path| server.replace("/graphql", path);
        let alive = self.client.get(place("/healthz")).send().await.expect("it lives");
        assert_eq!(alive.status(), StatusCode::OK);
        self.client.get(place("/readyz")).send().await.expect("it tells").status()
    }

    /// Comes back when a server says that it can serve.
    pub async fn becomes_ready(&self, server: &str) {
        self.becomes(server, StatusCode::OK).await;
    }

    /// Comes back when a server answers so to whoever asks whether it can serve.
    pub async fn becomes(&self, server: &str, readiness: StatusCode) {
        let mut looks = interval(Duration::from_millis(20));
        for _ in 0..1_000 {
            looks.tick().await;
            if self.readiness(server).await == readiness {
                return;
            }
        }
        panic!("{}: whether the server is ready is never told by {readiness}", self.name);
    }

    /// Reads the log itself, and compares it with what the clients were told.
    pub async fn audit(self) {
        let counts = audit::of(self.installation, &self.load.acknowledged()).await;
        let (sent_again, refused) = self.load.repeated();
        println!(
            "{} (seed {}): {counts}, sent again {sent_again}, other inputs refused {refused}, ready again after {:?}, set back {:?}",
            self.name,
            seed(),
            self.ready.into_inner().unwrap(),
            self.load.setbacks()
        );
        assert_eq!(counts.acknowledged, self.load.commands(), "every command is acknowledged in the end");
        assert!(counts.are_sound(), "{}: {counts}", self.name);
    }
}

fn went_well(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        std::panic::resume_unwind(error.into_panic());
    }
}
