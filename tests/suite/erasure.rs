//! Erasing a person: what was said is found nowhere any more, and nothing else has changed.

mod bytes;
mod contacts;
mod data_keys;
pub mod imported;
mod owners;
mod readers;
mod resends;
pub mod servers;

use std::path::{Path, PathBuf};

use etalon::clock::SystemClock;
use etalon::ledger::entry::leaf_hash;
use etalon::ledger::inclusion_file::InclusionFile;
use etalon::ledger::tree::Frontier;
use etalon::store::{self, EventQuery, EventRecord, Store};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::ledger::serving::key_of;
use crate::life::on_both_databases;
use crate::life::scene::{Scene, person};
use crate::life::world::{World, day, text, uuid_of, with};
use crate::support::server::{Who, ask};

/// Nothing else in the world says this.
pub const NAME: &str = "欧阳不可磨灭";
pub const LATER_NAME: &str = "欧阳難以磨滅";
pub const TELEPHONE: &str = "+86 755 9182 7364 550";

on_both_databases! {
    no_byte_is_left
}

/// Somebody who was registered, renamed, and worked on a case.
async fn worker(world: &World, scene: &Scene) -> String {
    let input = with(person(NAME, &scene.institute), json!({ "telephone": TELEPHONE }));
    let worker = world.creates("coordinator", "registerPerson", input).await;
    world.takes("coordinator", "amendPerson", json!({ "personId": worker, "name": LATER_NAME })).await;
    let institution = Some(uuid_of(&scene.institute));
    let who = Who { institution, ..Who::new(uuid_of(&worker).to_string(), "LEAD", "44") };
    world.admit("worker", &who);
    let case = scene.triaged(world, "谁也测不准").await;
    let assignment = json!({ "institutionId": scene.institute, "leadId": worker, "deadline": day(30) });
    case.takes("coordinator", "assignResearch", assignment).await;
    case.takes("worker", "acceptAssignment", json!({})).await;
    case.takes("worker", "recordFinding", json!({ "text": "温度梯度" })).await;
    assert_eq!(case.shows("lead { name telephone }").await["lead"]["name"], LATER_NAME);
    worker
}

async fn no_byte_is_left(world: &World) {
    let scene = Scene::set(world).await;
    let worker = worker(world, &scene).await;
    let id = uuid_of(&worker).to_string();
    let key = KeyFile::of(&world.installation.folder().join("data-keys"), &id);
    let wrapped = key.wrapped();
    let before = Log::of(world).await;
    let ciphertexts = before.ciphertexts_under(&id).await;
    assert_eq!(ciphertexts.len(), 3, "two names and a telephone");
    // What was said was never in the clear, not even before it was erased.
    let said = [NAME.as_bytes(), LATER_NAME.as_bytes(), TELEPHONE.as_bytes()];
    bytes::are_nowhere(world, &said).await;
    assert!(before.payloads().contains(&id), "the key's id is in the references");

    let position = world.position().await;
    let disclosed = disclosed(world, &before);
    let proof = Proof::of(world, disclosed.position).await;
    let erasure = json!({ "personId": worker, "legalBasis": "CONSENT_WITHDRAWN", "reason": "本人书面申请" });
    world.takes("manager", "erasePerson", erasure).await;

    key.is_destroyed();
    let mut needles = said.to_vec();
    needles.push(wrapped.as_bytes());
    bytes::are_nowhere(world, &needles).await;
    bytes::are_not_in_the_database(world, &ciphertexts).await;
    let bundle = audited(world).await;
    let exports = ["jsonl", "csv", "xes"].map(|format| exported(world, format));
    for export in exports.iter().chain(&bundle) {
        assert!(!export.is_empty());
        for needle in &needles {
            assert!(!export.windows(needle.len()).any(|window| window == *needle));
        }
    }
    let said_by_the_server = world.server.log();
    assert!(said_by_the_server.contains("data keys of erased persons were destroyed"), "{said_by_the_server}");
    assert!(needles.iter().all(|needle| !said_by_the_server.contains(std::str::from_utf8(needle).expect("text"))));

    // What was hashed is as it was: every proof that was given holds.
    let after = Log::of(world).await;
    assert_eq!(after.events[..before.events.len()], before.events[..]);
    assert_eq!(after.events.len(), before.events.len() + 1);
    assert_eq!(after.root_of(before.events.len()), before.root_of(before.events.len()));
    assert_eq!(after.stored_root().await, after.root_of(after.events.len()));
    proof.still_holds(world, &after.events[disclosed.position]);

    is_given_no_work(world, &scene, &worker).await;
    looks_erased(world, &worker, position).await;
    // A disclosure that was made before still says what the payload commits to; there is none any more.
    check_disclosed(world, &before, &disclosed);
    let refused = disclose(world, disclosed.position);
    assert!(refused.is_err_and(|error| error.contains("the person was erased")));
    rotates(world);
}

/// Nobody is asked to work who is known by no name any more.
async fn is_given_no_work(world: &World, scene: &Scene, worker: &str) {
    let case = scene.triaged(world, "换人来测").await;
    let assignment = |lead: &str| json!({ "institutionId": scene.institute, "leadId": lead, "deadline": day(30) });
    case.refuses([("coordinator", "assignResearch", assignment(worker), "ALREADY_ERASED", "leadId")]).await;
    case.takes("coordinator", "assignResearch", assignment(&scene.lead)).await;
    case.refuses([("coordinator", "inviteExpert", json!({ "expertId": worker }), "ALREADY_ERASED", "expertId")]).await;
}

/// A disclosure is checked by the payload, and with the entry it is known of which event it is.
fn check_disclosed(world: &World, log: &Log, Disclosed { position, text }: &Disclosed) {
    let shown = &log.events[*position];
    let (is_good, said) = check(world, text, &shown.payload, None);
    assert!(is_good && said.contains("name of the payload says") && said.contains("--entry"), "{said}");
    let line = format!("{{\"payload\":{},\"metadata\":{}}}\n", shown.payload, shown.metadata);
    let entry = [shown.entry.as_slice(), b"\n"].concat();
    for payload in [&shown.payload, &line] {
        let (is_good, said) = check(world, text, payload, Some(&entry));
        assert!(is_good && said.contains(&format!("name of event {position} says")), "{said}");
    }
    let another = text.replace(NAME, "欧阳");
    assert!(!check(world, &another, &shown.payload, None).0, "another name is not what was disclosed");
    let mut elsewhere: Value = serde_json::from_str(text).expect("JSON");
    elsewhere["position"] = json!("99999");
    let elsewhere = elsewhere.to_string();
    let (is_good, said) = check(world, &elsewhere, &line, None);
    assert!(is_good && !said.contains("99999"), "nobody has shown that: {said}");
    let (is_good, said) = check(world, &elsewhere, &line, Some(&entry));
    let refused = format!("the disclosure is of event \"99999\", and the entry of event {position}");
    assert!(!is_good && said.contains(&refused), "{said}");
    // Of an event that it does name, but whose payload this is not.
    let next = position + 1;
    let of_next = text.replace(&format!("\"position\":\"{position}\""), &format!("\"position\":\"{next}\""));
    let (is_good, said) = check(world, &of_next, &line, Some(&log.events[next].entry));
    assert!(!is_good && said.contains(&format!("not the one that the entry of event {next} names")), "{said}");
    let (is_good, said) = check(world, text, &line, Some(b"{}"));
    assert!(!is_good && said.contains("is no entry of a log"), "{said}");
    let mut other: Value = serde_json::from_str(text).expect("JSON");
    other["reference"]["$p"]["k"] = json!("01920000-0000-7000-8000-00000000000a");
    let (is_good, said) = check(world, &other.to_string(), &line, None);
    assert!(!is_good && said.contains("another reference"), "{said}");
}

/// In the present and in the past, and after a restart.
async fn looks_erased(world: &World, worker: &str, position: i64) {
    let query = "query Look($id: ID!, $then: Position!) {
        person(id: $id) { ...Shown } asOf(point: { position: $then }) { query { person(id: $id) { ...Shown } } }
    } fragment Shown on Person { name telephone erased }";
    let gone = json!({ "name": null, "telephone": null, "erased": true });
    let asked = json!({ "id": worker, "then": position.to_string() });
    let is_gone = |shown: &Value| {
        assert_eq!((&shown["person"], &shown["asOf"]["query"]["person"]), (&gone, &gone));
    };
    is_gone(&world.ask("coordinator", query, asked.clone()).await);
    assert!(world.server.stop(), "{}", world.server.log());
    let again = world.installation.start();
    let shown = ask(&world.client, &again.graphql, &world.token("coordinator"), query, asked).await;
    is_gone(&shown.expect("an answer"));
}

/// The proof of an event, as the API has given it.
struct Proof(InclusionFile);

impl Proof {
    async fn of(world: &World, position: usize) -> Self {
        is_sealed(world, position as u64).await;
        let query = "query Proof($index: Position!) { inclusionProof(index: $index) { file } }";
        let answer = world.ask("watcher", query, json!({ "index": position.to_string() })).await;
        Self(text(&answer["inclusionProof"]["file"]).parse().expect("a proof"))
    }

    /// By what the log has in its place now.
    fn still_holds(&self, world: &World, event: &EventRecord) {
        let (checkpoint, _) =
            self.0.verify(&leaf_hash(&event.entry), &[key_of(&world.installation)]).expect("it is in the log");
        assert!(self.0.index == event.position && checkpoint.head.size > event.position);
    }
}

/// Comes back when the position is sealed.
async fn is_sealed(world: &World, position: u64) {
    loop {
        let answer = world.ask("watcher", "{ checkpoint { size } }", json!({})).await;
        if answer["checkpoint"].is_object()
            && text(&answer["checkpoint"]["size"]).parse::<u64>().is_ok_and(|size| size > position)
        {
            return;
        }
    }
}

/// The files of an auditor's bundle of the whole log, with the erasure in it, which is verified.
async fn audited(world: &World) -> Vec<Vec<u8>> {
    let last = world.position().await;
    is_sealed(world, last.unsigned_abs()).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bundle = folder.path().join("bundle");
    output(world.installation.command().args(["audit", "export", "--output"]).arg(&bundle)).expect("it is exported");
    let key = key_of(&world.installation).to_string();
    let verified = output(world.installation.command().args(["audit", "verify", "--key", &key]).arg(&bundle));
    assert!(verified.is_ok_and(|said| said.contains(&format!("GOOD: {} events", last + 1))));
    let replayed = output(world.installation.command().args(["audit", "replay", "--key", &key]));
    assert!(replayed.is_ok_and(|said| said.contains("GOOD: ")), "what was erased is not missed");
    let files = files(&bundle);
    assert!(files.len() > 4, "entries, payloads, a manifest, a checkpoint and hashes");
    files
}

/// What is in the file, or in the files of the folder.
fn files(path: &Path) -> Vec<Vec<u8>> {
    match path.is_dir() {
        true => std::fs::read_dir(path)
            .expect("it reads")
            .flat_map(|entry| files(&entry.expect("it reads").path()))
            .collect(),
        false => vec![std::fs::read(path).expect("it reads")],
    }
}

/// The log as the database has it.
struct Log {
    store: Arc<dyn Store>,
    events: Vec<EventRecord>,
}

impl Log {
    async fn of(world: &World) -> Self {
        let url = world.installation.database();
        let store = store::open(&url, Arc::new(SystemClock)).await.expect("the database opens");
        let events = store.events(&EventQuery { limit: 10_000, ..EventQuery::default() }).await.expect("it reads");
        Self { store, events }
    }

    fn payloads(&self) -> String {
        self.events.iter().map(|event| event.payload.as_str()).collect()
    }

    fn root_of(&self, size: usize) -> [u8; 32] {
        let mut tree = Frontier::default();
        self.events[..size].iter().for_each(|event| tree.append(event.leaf_hash, |_, _, _| {}));
        tree.root()
    }

    async fn stored_root(&self) -> [u8; 32] {
        self.store.tree().await.expect("the tree reads").root()
    }

    /// The ciphertexts that references under this key name.
    async fn ciphertexts_under(&self, key: &str) -> Vec<Vec<u8>> {
        use base64::Engine;
        let mut digests = Vec::new();
        for event in &self.events {
            collect(&serde_json::from_str(&event.payload).expect("JSON"), &mut |reference| {
                if reference["k"] == key {
                    let digest = base64::engine::general_purpose::STANDARD.decode(text(&reference["h"]));
                    digests.push(digest.expect("Base64").try_into().expect("32 bytes"));
                }
            });
        }
        let found = self.store.ciphertexts(&digests).await.expect("they read");
        found.into_iter().map(|stored| stored.ciphertext).collect()
    }
}

/// Every mark of personal data.
fn collect(value: &Value, take: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match name.as_str() {
            "$p" => take(value),
            _ => collect(value, take),
        }),
        Value::Array(values) => values.iter().for_each(|value| collect(value, take)),
        _ => {}
    }
}

/// Where a data key is kept.
struct KeyFile(PathBuf);

impl KeyFile {
    fn of(folder: &Path, id: &str) -> Self {
        Self(folder.join("data").join(&id[id.len() - 2..]).join(id))
    }

    fn wrapped(&self) -> String {
        let file = std::fs::read_to_string(&self.0).expect("the key is there");
        text(&serde_json::from_str::<Value>(&file).expect("JSON")["wrapped"])
    }

    fn is_destroyed(&self) {
        let mark = self.0.with_file_name(format!("{}.destroyed", self.0.file_name().expect("a name").display()));
        assert!(!self.0.exists() && mark.exists());
    }
}

struct Disclosed {
    position: usize,
    text: String,
}

/// The first name, disclosed.
fn disclosed(world: &World, log: &Log) -> Disclosed {
    let of_worker = |event: &&EventRecord| event.event_type == "PersonAmended";
    let amended = log.events.iter().find(of_worker).expect("the worker was renamed");
    let registered = |event: &EventRecord| event.sequence == 1 && event.aggregate_id == amended.aggregate_id;
    let position = log.events.iter().position(registered).expect("and registered before");
    let text = disclose(world, position).expect("it is disclosed");
    let printed: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(printed["disclosure"]["value"], NAME);
    Disclosed { position, text }
}

fn disclose(world: &World, position: usize) -> Result<String, String> {
    let mut command = world.installation.command();
    command.args(["keys", "disclose", "--field", "/fact/PersonRegistered/name"]);
    output(command.arg("--position").arg(position.to_string()))
}

/// What an auditor does with a disclosure, who has neither database nor keys.
fn check(world: &World, disclosure: &str, payload: &str, entry: Option<&[u8]>) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("it can be written");
        path
    };
    let mut command = world.installation.command();
    command.env("ETALON_DATABASE", "sqlite:/nowhere/at-all.db").args(["keys", "check"]);
    command.arg(file("disclosure.json", disclosure.as_bytes()));
    command.arg("--payload").arg(file("payload.json", payload.as_bytes()));
    if let Some(entry) = entry {
        command.arg("--entry").arg(file("entry.json", entry));
    }
    match output(&mut command) {
        Ok(said) => (said.contains("says what was disclosed"), said),
        Err(said) => (false, said),
    }
}

fn rotates(world: &World) {
    let said = output(world.installation.command().args(["keys", "rotate"])).expect("the keys are wrapped anew");
    assert!(said.contains("key-encryption key 2 wraps"), "{said}");
}

fn exported(world: &World, format: &str) -> Vec<u8> {
    let mut command = world.installation.command();
    let output = command.args(["export", "--format", format]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn output(command: &mut std::process::Command) -> Result<String, String> {
    let output = command.output().expect("it runs");
    let said = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    if output.status.success() { Ok(said(output.stdout)) } else { Err(said(output.stderr)) }
}
