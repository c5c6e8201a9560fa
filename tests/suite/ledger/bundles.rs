//! Bundles: what an auditor makes of one, of a whole log and of a part.

use std::fs;
use std::process::Output;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use etalon::app::{App, Seals};
use etalon::audit::{Part, Trusted, Verdict, export, verify};
use etalon::ledger::note::{Algorithm, Note, NoteSigner, VerifierKey};
use etalon::signer::{Notary, Role};
use etalon::store::{Sealed, StoredCosignature};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::ledger::serving::{key_of, sealed};
use crate::life::scene::{Scene, triage};
use crate::life::world::World;
use crate::store::samples::{case_stream, note};
use crate::store::support::{Database, TestClock};

/// A log with a signer, in this process.
pub struct House {
    pub app: App,
    pub clock: Arc<TestClock>,
    pub folder: TempDir,
}

impl House {
    pub async fn on(database: &Database) -> Self {
        let folder = TempDir::new().expect("a folder");
        let clock = TestClock::new();
        let store = database.open_with(clock.clone()).await;
        Self { app: App::new(store, clock.clone()).with_seals(seals(&folder)), clock, folder }
    }

    pub async fn key(&self) -> VerifierKey {
        let origin = self.app.origin().await.expect("a name");
        seals(&self.folder).signer.verifier(&origin).expect("a key")
    }

    pub async fn trusted(&self) -> Trusted {
        Trusted { keys: vec![self.key().await], ..Trusted::default() }
    }

    /// A witness, and what trusts it as well.
    pub async fn witnessed(&self) -> (NoteSigner, Trusted) {
        let witness = NoteSigner::new("w.example", Algorithm::Cosignature, SigningKey::from_bytes(&[7; 32]));
        let (witness, mut trusted) = (witness.expect("a name"), self.trusted().await);
        trusted.keys.push(witness.verifier().clone());
        (witness, trusted)
    }

    /// Keeps that the witness has cosigned the checkpoint of so many events, at that second by its clock.
    pub async fn cosign(&self, database: &Database, witness: &NoteSigner, size: u64, second: i64) {
        let sealed = self.app.checkpoint(Sealed::Size(size)).await.expect("it reads").expect("sealed").checkpoint;
        let note = Note::parse(&sealed.note).expect("a note");
        let cosignature = StoredCosignature {
            size,
            witness: witness.verifier().name().to_owned(),
            cosigned_at: second * 1_000_000,
            signature: witness.sign(note.text(), second.unsigned_abs()),
        };
        database.open_with(self.clock.clone()).await.add_cosignature(&cosignature).await.expect("kept");
    }
}

pub fn seals(folder: &TempDir) -> Seals {
    let notary = Notary::open(&folder.path().join("key.pem"), &folder.path().join("memory.json"), Role::Log);
    Seals { signer: Arc::new(notary.expect("a signer")), anchors: Arc::default(), pause: std::time::Duration::ZERO }
}

/// Adds so many events to the database, of ten to a stream.
pub async fn grow(database: &Database, clock: &Arc<TestClock>, from: u64, to: u64) {
    let store = database.open_with(clock.clone()).await;
    for first in (from..to).step_by(500) {
        let batch: Vec<_> = (first..to.min(first + 500))
            .map(|number| note(case_stream(u128::from(number / 10)), number % 10, &number.to_string()))
            .collect();
        for outcome in store.commit(batch).await.expect("the transaction succeeds") {
            outcome.expect("accepted");
        }
    }
}

#[tokio::test]
async fn a_part_of_a_log_is_proved_event_by_event() {
    let database = Database::sqlite();
    let house = House::on(&database).await;
    grow(&database, &house.clock, 0, 700).await;
    house.app.seal_now().await.expect("sealed");
    let trusted = house.trusted().await;
    let bundle = house.folder.path().join("part");
    let exported = export(&house.app, Part::Range(250, Some(270)), None, &bundle, |_| ()).await.expect("exported");
    assert_eq!(exported, 21);
    let verdict = verify(&bundle, &trusted, |_| ()).expect("a bundle");
    assert!(verdict.is_good(), "{verdict}");
    assert_eq!((verdict.events, verdict.sealed), (21, Some(700)));
    fs::remove_file(bundle.join("proofs/260.tlog-proof")).expect("removed");
    let other = fs::read(bundle.join("proofs/250.tlog-proof")).expect("it reads");
    fs::write(bundle.join("proofs/251.tlog-proof"), other).expect("written");
    let verdict = verify(&bundle, &trusted, |_| ()).expect("a bundle");
    let faults: Vec<_> = verdict.faults().iter().map(|fault| (fault.kind, fault.index)).collect();
    assert_eq!(faults, [("PROOF_WRONG", Some(251)), ("PROOF_MISSING", Some(260))]);
    let case = house.folder.path().join("case");
    let part = Part::Stream(case_stream(3));
    assert_eq!(export(&house.app, part, None, &case, |_| ()).await.expect("exported"), 10);
    assert!(verify(&case, &trusted, |_| ()).expect("a bundle").is_good());
    let refused = export(&house.app, Part::Range(5, Some(700)), None, &house.folder.path().join("no"), |_| ()).await;
    assert!(refused.expect_err("beyond what is sealed").to_string().contains("700 events that are sealed"));
}

fn etalon(world: &World, arguments: &[&str]) -> Output {
    world.installation.command().args(arguments).output().expect("the program runs")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn an_auditor_goes_through_the_log(world: World) {
    let scene = Scene::set(&world).await;
    let confirmed = scene.reported(&world, "检定").await;
    confirmed.takes("coordinator", "triageCase", triage("TESTING")).await;
    let service = json!({ "institutionId": scene.institute, "certificate": "JZ-1" });
    confirmed.takes("coordinator", "provideRoutineService", service).await;
    confirmed.takes("enterprise", "confirmSolution", json!({})).await;
    let case = scene.researching(&world, "轴承内径测量 bore").await;
    let last = world.position().await as u64;
    sealed(&world.server.graphql, &world.token("watcher"), last).await;
    let key = key_of(&world.installation).to_string();
    let database = world.installation.database();
    let folder = TempDir::new().expect("a folder");
    let bundle = folder.path().join("bundle").display().to_string();
    let exported = etalon(&world, &["audit", "export", "--output", &bundle, "--database", &database]);
    assert!(exported.status.success(), "{}", told(&exported));
    let verified = etalon(&world, &["audit", "verify", &bundle, "--key", &key, "--format", "json"]);
    assert_eq!(verified.status.code(), Some(0), "{}", told(&verified));
    let verdict: Value = serde_json::from_slice(&verified.stdout).expect("JSON");
    assert_eq!((&verdict["good"], &verdict["faultCount"]), (&true.into(), &0.into()));
    assert_eq!(verdict["events"].as_u64(), Some(last + 1));
    let replayed = etalon(&world, &["audit", "replay", "--key", &key, "--database", &database]);
    assert_eq!(replayed.status.code(), Some(0), "{}", told(&replayed));
    assert!(told(&replayed).contains("GOOD: ") && told(&replayed).contains("0 rows differ"), "{}", told(&replayed));
    let one = folder.path().join("case").display().to_string();
    let audit = |arguments: &[&str]| etalon(&world, &[&["audit"], arguments, &["--database", &database]].concat());
    let shown = audit(&["case", &case.id, "--output", &one, "--key", &key]);
    assert!(shown.status.success() && told(&shown).contains("轴承内径测量 bore"), "{}", told(&shown));
    assert!(told(&shown).contains("GOOD: ") && told(&shown).contains("a part: the stream of Case"), "{}", told(&shown));
    // As it was before what happened last, which was sealed later or together with it.
    let (by_then, then) = (folder.path().join("then").display().to_string(), (last - 1).to_string());
    let shown = audit(&["case", &case.id, "--as-of", &then, "--output", &by_then, "--key", &key, "--format", "json"]);
    assert_eq!(shown.status.code(), Some(0), "{}", told(&shown));
    let proved: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert!(proved["good"] == true && proved["state"].is_object(), "{proved}");
    assert!(proved["notes"].to_string().contains(&format!("up to position {then}")), "{proved}");
    let lines = |bundle: &str| fs::read_to_string(format!("{bundle}/entries.jsonl")).expect("it reads").lines().count();
    assert_eq!(lines(&one), lines(&by_then) + 1);
    let range = folder.path().join("range").display().to_string();
    let exported = audit(&["export", "--from", "1", "--as-of", &then, "--output", &range, "--format", "json"]);
    let written: Value = serde_json::from_slice(&exported.stdout).expect("JSON");
    assert_eq!((&written["events"], lines(&range) as u64), (&(last - 1).into(), last - 1), "{}", told(&exported));
    let verified = etalon(&world, &["audit", "verify", &range, "--key", &key]);
    assert_eq!(verified.status.code(), Some(0), "{}", told(&verified));
    let verified = etalon(&world, &["audit", "verify", &one, "--key", &key]);
    assert_eq!(verified.status.code(), Some(0), "{}", told(&verified));
    // Within a command nobody was ever shown anything.
    let export = |last: u64| {
        let last = last.to_string();
        etalon(&world, &["export", "--format", "jsonl", "--as-of", &last, "--database", &database]).stdout
    };
    let events: Vec<Value> =
        serde_json::Deserializer::from_slice(&export(last)).into_iter().map(|event| event.expect("JSON")).collect();
    let command = |event: &Value| ["aggregateId", "recordedAt"].map(|name| event[name].clone());
    let is_one_command = |pair: &[Value]| command(&pair[0]) == command(&pair[1]);
    let within = events.windows(2).position(is_one_command).expect("a command of two events") as u64;
    assert_eq!(export(within), export(within + 1));
    // Somebody else's key, and a touched payload.
    let stranger = TempDir::new().expect("a folder");
    let other = seals(&stranger).signer.verifier(key_of(&world.installation).name()).expect("a name");
    let refused = etalon(&world, &["audit", "verify", &bundle, "--key", &other.to_string()]);
    assert_eq!(refused.status.code(), Some(3), "{}", told(&refused));
    let payloads = folder.path().join("bundle/payloads.jsonl");
    let touched = fs::read_to_string(&payloads).expect("it reads").replacen("轴承内径测量 bore", "别的标题", 1);
    fs::write(&payloads, touched).expect("written");
    let refused = etalon(&world, &["audit", "verify", &bundle, "--key", &key]);
    assert_eq!(refused.status.code(), Some(3), "{}", told(&refused));
    assert!(told(&refused).contains("FAULT PAYLOAD_HASH at position"), "{}", told(&refused));
}

#[tokio::test]
async fn an_auditor_goes_through_the_log_on_sqlite() {
    an_auditor_goes_through_the_log(World::embedded().await).await;
}

#[tokio::test]
async fn an_auditor_goes_through_the_log_on_postgresql() {
    an_auditor_goes_through_the_log(World::on_postgresql().await).await;
}

/// For other tests: whether a verdict notes something that says so.
pub fn notes(verdict: &Verdict, said: &str) -> bool {
    verdict.notes().iter().any(|note| note.contains(said))
}

/// For other tests: the codes of a verdict, with their places.
pub fn codes(verdict: &Verdict) -> Vec<(&'static str, Option<u64>)> {
    verdict.faults().iter().map(|fault| (fault.kind, fault.index)).collect()
}
