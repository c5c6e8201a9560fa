//! The application in this process, over a database with some history, and an office that comments on its cases.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use etalon::app::{Anchors, App, Key, Request, Sealer, Seals};
use etalon::clock::SystemClock;
use etalon::domain::actor::{Actor, ActorId, Role as Office};
use etalon::domain::case::Case;
use etalon::domain::case::command::{AddComment, CaseCommand};
use etalon::domain::case::values::{Audience, CommentId};
use etalon::domain::value::{Division, Statement};
use etalon::signer::{Notary, Role};
use etalon::store;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::database::{Database, Kind};
use crate::history::told;
use crate::life::{Life, PROBLEMS, STEPS};
use crate::load_driver::{Driven, drive};

/// The most clients that anybody measures with.
pub(crate) const CLIENTS: usize = 32;
/// Cases that are there before anything is measured, as many for each client.
const CASES: u32 = CLIENTS as u32 * 160;

/// What becomes of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ledger {
    /// It is written with each event.
    Kept,
    /// It is written, and signed within a second, as a server does it.
    Sealed,
    /// There is none, which no server can be told.
    LeftOut,
}

/// The application.
pub(crate) struct Etalon {
    app: Arc<App>,
    actor: Actor,
    /// A multiple of [`CLIENTS`], so that no two of them meet.
    cases: u32,
    /// How many cases its history was made with.
    among: u32,
    database: Database,
    _sealing: Option<(DropGuard, TempDir)>,
}

impl Etalon {
    /// Over a database of that name with a history of its own, of at most so many cases.
    pub(crate) async fn on(kind: Kind, name: &str, most: u32, ledger: Ledger) -> Arc<Self> {
        let database = Database::fresh(kind, name).await;
        let cases = most.min(CASES);
        told(&database, cases).await;
        Arc::new(Self::over(database, cases, ledger).await)
    }

    /// Over a database with the history of so many cases.
    pub(crate) async fn over(database: Database, cases: u32, ledger: Ledger) -> Self {
        let clock = Arc::new(SystemClock);
        let store = match ledger {
            Ledger::Kept | Ledger::Sealed => database.open(clock.clone()).await,
            Ledger::LeftOut => {
                store::open_without_ledger(&database.url, clock.clone()).await.expect("the database opens")
            }
        };
        let mut app = App::new(store, clock);
        let mut sealing = None;
        if ledger == Ledger::Sealed {
            let folder = tempfile::tempdir().expect("a temporary folder");
            app = app.with_seals(seals(folder.path()));
            sealing = Some((CancellationToken::new(), folder));
        }
        let app = Arc::new(app);
        let sealing = sealing.map(|(stop, folder)| {
            tokio::spawn(Sealer.run(app.clone(), stop.clone()));
            (stop.drop_guard(), folder)
        });
        let actor = Actor {
            id: ActorId::parse("bureau").expect("an actor id"),
            roles: [Office::Coordinator].into(),
            jurisdiction: Division::nation(),
            institution: None,
            enterprise: None,
        };
        let clients = CLIENTS as u32;
        Self { app, actor, cases: cases / clients * clients, among: cases, database, _sealing: sealing }
    }

    /// Ends it. What it has written stays.
    pub(crate) async fn end(self) -> Database {
        self.app.shutdown().await;
        self.database
    }

    /// The case of that number; from the last one on they come again.
    pub(crate) fn case(&self, number: u32) -> Uuid {
        Life::id_of(number % self.cases, self.among)
    }

    /// Comments on a case; its version afterwards.
    pub(crate) async fn comment(&self, number: u32, version: Option<u64>) -> u64 {
        let text = Statement::parse(&comment()).expect("a statement");
        let request = Request {
            actor: self.actor.clone(),
            key: Key::unique(Uuid::new_v4()),
            expected_version: version,
            occurred_at: None,
            source: None,
        };
        let body =
            CaseCommand::AddComment(AddComment { id: CommentId(Uuid::new_v4()), text, audience: Audience::Everybody });
        self.app.execute::<Case>(&request, self.case(number), body).await.expect("it is committed").version
    }

    /// Has so many clients comment, each twelve times on a case of its own before it takes the next, with the version
    /// that it expects. Rounds of another number have other cases.
    pub(crate) async fn drive(self: &Arc<Self>, clients: usize, lasts: Duration, round: usize) -> Driven {
        let etalon = self.clone();
        let versions: Arc<Vec<Mutex<u64>>> = Arc::new((0..clients).map(|_| Mutex::new(0)).collect());
        drive(clients, lasts, move |client, times| {
            let (etalon, versions) = (etalon.clone(), versions.clone());
            async move {
                let number = (client + CLIENTS * (round * 41 + times / STEPS)) as u32;
                let mut known = versions[client].lock().await;
                let expected = (times % STEPS != 0).then_some(*known);
                *known = etalon.comment(number, expected).await;
            }
        })
        .await
    }
}

/// What is commented: about 400 bytes as JSON with everything that goes with it.
pub(crate) fn comment() -> String {
    format!("{} {}", PROBLEMS[0], PROBLEMS[2])
}

/// A signer with a key of its own.
fn seals(folder: &Path) -> Seals {
    let notary = Notary::open(&folder.join("key.pem"), &folder.join("memory.json"), Role::Log).expect("a key");
    Seals { signer: Arc::new(notary), anchors: Arc::new(Anchors::default()), pause: Duration::from_millis(100) }
}
