//! Time stamps by an authority that `openssl ts` plays: asked for by the server, shown, exported, verified by everybody.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use etalon::app::{self, Anchors, Sealed};
use etalon::audit::{Part, Trusted, export, replay, verify};
use etalon::clock::{Clock, SystemClock};
use etalon::ledger::timestamp::request::Request;
use etalon::ledger::timestamp::verify::Roots;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::ledger::bundles::{House, codes, grow};
use crate::ledger::hostile::Intruder;
use crate::ledger::processes::commit;
use crate::ledger::serving::{key_of, sealed};
use crate::life::world::text;
use crate::store::on_both_databases;
use crate::store::support::Database;
use crate::support::postgres::fresh_database;
use crate::support::server::{Installation, Server, Who, ask};

/// What an authority does with what it is asked.
pub enum Manner {
    /// Stamps it.
    Granting,
    /// Takes no digest that anybody here asks with.
    Refusing,
    /// Stamps this request instead, whatever it is asked.
    Stamping(Request),
    /// Is out of order.
    Broken,
}

/// A time-stamping authority with a root of its own.
pub struct Authority {
    folder: Arc<TempDir>,
    url: String,
}

impl Authority {
    pub async fn open(manner: Manner) -> Self {
        let folder = Arc::new(TempDir::new().expect("a folder"));
        certify(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        // One at a time: the serial number is in a file.
        let (at_work, place) = (Arc::new(Mutex::new(manner)), folder.clone());
        let routes = Router::new().route(
            "/",
            post(async move |query: Bytes| {
                let manner = at_work.lock().await;
                reply(place.path(), &manner, &query)
            }),
        );
        // Ends with the runtime of the test.
        tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
        Self { folder, url }
    }

    /// The certificate that an auditor trusts.
    fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    pub fn roots(&self) -> Roots {
        Roots::from_pem(&fs::read(self.root()).expect("it reads")).expect("a root")
    }

    pub fn anchors(&self) -> Anchors {
        let authority = app::Authority::new(&self.url, Duration::from_secs(3_600)).expect("a URL");
        Anchors { witnesses: Vec::new(), authority: Some(authority) }
    }
}

fn reply(folder: &Path, manner: &Manner, query: &[u8]) -> Response {
    let (section, query) = match manner {
        Manner::Granting => ("granting", query.to_vec()),
        Manner::Refusing => ("refusing", query.to_vec()),
        Manner::Stamping(request) => ("granting", request.to_der()),
        Manner::Broken => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    fs::write(folder.join("query"), query).expect("written");
    let reply = ["ts", "-reply", "-config", "cnf", "-section", section, "-queryfile", "query"];
    run(folder, &[&reply[..], &["-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "response"]].concat());
    let response = fs::read(folder.join("response")).expect("a response");
    ([(header::CONTENT_TYPE, "application/timestamp-reply")], response).into_response()
}

/// A root and, under it, the certificate of the authority: for time stamping alone, critically (RFC 3161 §2.3).
fn certify(folder: &Path) {
    let work = |section: &str, digest: &str| {
        format!(
            "[{section}]\nserial=serial\nsigner_digest=sha256\ndefault_policy=1.3.6.1.4.1.99999.1\n\
             digests={digest}\naccuracy=secs:1\ness_cert_id_alg=sha256\n"
        )
    };
    let configuration = "[req]\ndistinguished_name=name\n[name]\n\
        [ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n\
        [tsa]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
        extendedKeyUsage=critical,timeStamping\n";
    let configuration = format!("{configuration}{}{}", work("granting", "sha256"), work("refusing", "sha512"));
    fs::write(folder.join("cnf"), configuration).expect("written");
    fs::write(folder.join("serial"), "0A").expect("written");
    let key = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-config", "cnf"];
    let root = ["req", "-x509", "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root", "-days", "30"];
    run(folder, &[&root[..], &["-extensions", "ca"], &key].concat());
    run(
        folder,
        &[&["req", "-new", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Authority"][..], &key].concat(),
    );
    let sign = ["x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial"];
    run(folder, &[&sign[..], &["-days", "30", "-extfile", "cnf", "-extensions", "tsa", "-out", "tsa.pem"]].concat());
}

fn openssl(folder: &Path, arguments: &[&str]) -> Output {
    let run = Command::new("openssl").args(arguments).current_dir(folder).output();
    run.expect("the tests of time stamps need the `openssl` command")
}

fn run(folder: &Path, arguments: &[&str]) {
    let output = openssl(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// `etalon audit verify` of a bundle: its exit code and what it says.
fn verified(installation: &Installation, bundle: &Path, authority: &Authority) -> (Option<i32>, Value) {
    audited(installation, &["verify".as_ref(), bundle.as_os_str()], authority)
}

/// `etalon audit replay` of the database: its exit code and what it says.
fn replayed(installation: &Installation, authority: &Authority) -> (Option<i32>, Value) {
    audited(installation, &["replay".as_ref()], authority)
}

fn audited(installation: &Installation, audit: &[&OsStr], authority: &Authority) -> (Option<i32>, Value) {
    let mut command = installation.command();
    command.arg("audit").args(audit).args(["--format", "json", "--key", &key_of(installation).to_string()]);
    let output = command.arg("--authorities").arg(authority.root()).output().expect("the program runs");
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("JSON"))
}

async fn checkpoints_are_stamped(installation: Installation) {
    let authority = Authority::open(Manner::Granting).await;
    let mut serving = installation.command();
    serving.args(["serve", "--listen", "127.0.0.1:0"]).env("ETALON_TIME_STAMP_URL", &authority.url);
    let server = Server::start(&mut serving);
    let manager = installation.token(&Who::new("manager", "MANAGER", "44"));
    let position = commit(&server.graphql, &manager, "计量服务").await;
    sealed(&server.graphql, &manager, position).await;
    let query = "{ checkpoint { note timeStamps { authority stampedAt token } } }";
    let client = reqwest::Client::new();
    // The authority is asked after that: its word is waited for by looking again.
    let checkpoint = loop {
        let answer = ask(&client, &server.graphql, &manager, query, json!({})).await.expect("an answer");
        if answer["checkpoint"]["timeStamps"][0].is_object() {
            break answer["checkpoint"].clone();
        }
    };
    let stamp = &checkpoint["timeStamps"][0];
    assert_eq!(stamp["authority"], authority.url);
    // The bundle has the token, and what was stamped are the bytes that the log signed.
    let folder = TempDir::new().expect("a folder");
    let bundle = folder.path().join("bundle");
    let mut exporting = installation.command();
    let exported = exporting.args(["audit", "export", "--output"]).arg(&bundle).output().expect("the program runs");
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let (token, stamped) = (bundle.join("time-stamps/0.tst"), bundle.join("time-stamps/stamped"));
    assert_eq!(STANDARD.encode(fs::read(&token).expect("a token")), text(&stamp["token"]));
    assert_eq!(fs::read_to_string(&stamped).expect("a note"), text(&checkpoint["note"]));
    let (code, verdict) = verified(&installation, &bundle, &authority);
    assert_eq!((code, &verdict["good"]), (Some(0), &json!(true)), "{verdict}");
    let notes = verdict["notes"].as_array().expect("notes");
    assert!(notes.iter().any(|note| text(note).starts_with("stamped at ")), "{verdict}");
    // So says the database itself, to whoever trusts that authority.
    let (code, verdict) = replayed(&installation, &authority);
    assert_eq!((code, &verdict["good"]), (Some(0), &json!(true)), "{verdict}");
    let notes = verdict["notes"].as_array().expect("notes");
    assert!(notes.iter().any(|note| text(note).contains(" was stamped at ")), "{verdict}");
    // Somebody else's tool says the same, of the same bytes.
    let other = Authority::open(Manner::Granting).await;
    let path = |path: &Path| path.display().to_string();
    let check = |root: PathBuf| {
        let what = ["ts", "-verify", "-token_in", "-in", &path(&token), "-data", &path(&stamped)];
        openssl(folder.path(), &[&what[..], &["-CAfile", &path(&root)]].concat()).status.success()
    };
    assert!(check(authority.root()) && !check(other.root()));
    // Whoever trusts another authority, and whoever finds another token, has no time stamp.
    let (code, verdict) = verified(&installation, &bundle, &other);
    assert_eq!((code, &verdict["faults"][0]["kind"]), (Some(3), &json!("TIME_STAMP")), "{verdict}");
    let (code, verdict) = replayed(&installation, &other);
    assert_eq!((code, &verdict["faults"][0]["kind"]), (Some(3), &json!("TIME_STAMP")), "{verdict}");
    let mut bytes = fs::read(&token).expect("a token");
    *bytes.last_mut().expect("it has bytes") ^= 1;
    fs::write(&token, bytes).expect("written");
    let (code, verdict) = verified(&installation, &bundle, &authority);
    assert_eq!((code, &verdict["faults"][0]["kind"]), (Some(3), &json!("TIME_STAMP")), "{verdict}");
}

#[tokio::test]
async fn checkpoints_are_stamped_on_sqlite() {
    checkpoints_are_stamped(Installation::embedded()).await;
}

#[tokio::test]
async fn checkpoints_are_stamped_on_postgresql() {
    let database = fresh_database();
    checkpoints_are_stamped(Installation::on(database.url())).await;
}

/// Twenty events and a checkpoint of them, all of this moment: the authority's clock is the machine's, and an auditor
/// compares the two.
pub async fn sealed_today(database: &Database) -> House {
    let house = House::on(database).await;
    house.clock.set(SystemClock.now().as_microsecond());
    grow(database, &house.clock, 0, 20).await;
    house.app.seal_now().await.expect("sealed");
    house
}

#[tokio::test]
async fn an_answer_that_does_not_stamp_what_was_asked_is_not_kept() {
    let database = Database::sqlite();
    let house = sealed_today(&database).await;
    let latest = async || house.app.checkpoint(Sealed::Latest).await.expect("it reads").expect("sealed");
    let note = latest().await.checkpoint.note;
    for (manner, reason) in [
        (Manner::Refusing, "refuses (status 2)"),
        (Manner::Stamping(Request::new(note.as_bytes(), 77)), "its nonce is not the one that was sent"),
        (Manner::Stamping(Request::new(b"another checkpoint", 0)), "stamps other bytes"),
        (Manner::Broken, "it answered 503"),
    ] {
        let authority = Authority::open(manner).await;
        let refused = house.app.anchor(&authority.anchors()).await.expect_err(reason).to_string();
        assert!(refused.contains(reason) && refused.contains(&authority.url), "{refused}");
        assert!(latest().await.time_stamps.is_empty(), "{reason}");
    }
    // An authority that answers is believed by the server, which trusts nobody's root, and not by every auditor.
    let (known, unknown) = (Authority::open(Manner::Granting).await, Authority::open(Manner::Granting).await);
    house.app.anchor(&unknown.anchors()).await.expect("stamped");
    assert_eq!(latest().await.time_stamps.len(), 1);
    let bundle = house.folder.path().join("bundle");
    export(&house.app, Part::Whole, None, &bundle, |_| ()).await.expect("exported");
    let trusting = async |roots: Roots| Trusted { roots: Some(roots), ..house.trusted().await };
    let verdict = verify(&bundle, &trusting(unknown.roots()).await, |_| ()).expect("a bundle");
    assert!(verdict.is_good(), "{verdict}");
    let verdict = verify(&bundle, &trusting(known.roots()).await, |_| ()).expect("a bundle");
    assert_eq!(codes(&verdict), [("TIME_STAMP", None)], "{verdict}");
}

#[tokio::test]
async fn what_is_missing_of_the_time_stamps_of_a_bundle_is_told() {
    let database = Database::sqlite();
    let house = sealed_today(&database).await;
    let authority = Authority::open(Manner::Granting).await;
    house.app.anchor(&authority.anchors()).await.expect("stamped");
    let trusting = Trusted { roots: Some(authority.roots()), ..house.trusted().await };
    for (part, name) in [(Part::Whole, "whole"), (Part::Range(3, Some(9)), "range")] {
        let bundle = house.folder.path().join(name);
        export(&house.app, part, None, &bundle, |_| ()).await.expect("exported");
        let stamps = bundle.join("time-stamps");
        let token = |number: u64| stamps.join(format!("{number}.tst"));
        let found = |trusted: &Trusted| {
            let verdict = verify(&bundle, trusted, |_| ()).expect("a bundle");
            let told = |said: &str| verdict.notes().iter().filter(|note| note.starts_with(said)).count();
            (codes(&verdict), told("stamped at "), told("no time stamp "))
        };
        for number in [1, 2, u64::MAX] {
            fs::copy(token(0), token(number)).expect("copied");
        }
        assert_eq!(found(&trusting), (vec![("TIME_STAMP", None)], 4, 0), "a wide gap is told once");
        fs::remove_file(token(u64::MAX)).expect("removed");
        assert_eq!(found(&trusting), (vec![], 3, 0), "{name}");
        fs::rename(stamps.join("stamped"), bundle.join("aside")).expect("moved");
        assert_eq!(found(&trusting), (vec![("TIME_STAMP", None)], 0, 1), "{name}");
        fs::rename(bundle.join("aside"), stamps.join("stamped")).expect("moved");
        fs::remove_file(token(0)).expect("removed");
        assert_eq!(found(&trusting), (vec![("TIME_STAMP", None)], 2, 0), "{name}: those behind it are verified");
        assert_eq!(found(&house.trusted().await).0, [("TIME_STAMP", None)], "{name}: anybody sees that");
        for number in [1, 2] {
            fs::remove_file(token(number)).expect("removed");
        }
        assert_eq!(found(&trusting), (vec![("TIME_STAMP", None)], 0, 1), "{name}");
        fs::remove_dir_all(&stamps).expect("removed");
        // As a bundle is of what nobody has stamped.
        assert_eq!(found(&trusting), (vec![], 0, 1), "{name}");
        assert_eq!(found(&house.trusted().await), (vec![], 0, 0), "{name}: nobody was asked for");
    }
}

on_both_databases! { an_older_time_stamp_is_of_its_checkpoint }

async fn an_older_time_stamp_is_of_its_checkpoint(database: Database) {
    let house = House::on(&database).await;
    let authority = Authority::open(Manner::Granting).await;
    for (from, hours) in [(0, 0), (10, 2)] {
        // An authority is asked once an hour.
        house.clock.set((SystemClock.now() + SignedDuration::from_hours(hours)).as_microsecond());
        grow(&database, &house.clock, from, from + 10).await;
        house.app.seal_now().await.expect("sealed");
        house.app.anchor(&authority.anchors()).await.expect("stamped");
    }
    // The clock of the house is ahead of the authority's.
    let tolerance = Some(SignedDuration::from_hours(5));
    let trusting = Trusted { roots: Some(authority.roots()), tolerance, ..house.trusted().await };
    let found = async |trusted: &Trusted| {
        let verdict = replay(&house.app, trusted, |_, _| ()).await.expect("it reads");
        let mut found = codes(&verdict);
        // No program of today folds these events.
        found.retain(|(kind, _)| *kind != "ROWS_NOT_COMPARED");
        (found, verdict.notes().to_vec())
    };
    let (good, notes) = found(&trusting).await;
    assert!(good.is_empty(), "{good:?}");
    for said in ["1 earlier time stamps are verified", "the checkpoint of 20 events was stamped at "] {
        assert!(notes.iter().any(|note| note.starts_with(said)), "{said}: {notes:?}");
    }
    let intruder = Intruder::of(&database).await;
    intruder.does("create table kept_time_stamps as select * from time_stamps").await;
    let stamps = house.app.checkpoint(Sealed::Size(10)).await.expect("it reads").expect("sealed").time_stamps;
    let mut token = stamps[0].token.clone();
    *token.last_mut().expect("it has bytes") ^= 1;
    for (change, is_seen_by_all) in [
        (format!("token = {}", intruder.bytes(&token)), false),
        ("token = (select token from kept_time_stamps where size = 20)".to_owned(), true),
        ("stamped_at = stamped_at + 1".to_owned(), true),
        ("size = 11".to_owned(), true),
    ] {
        intruder.does(&format!("update time_stamps set {change} where size = 10")).await;
        let expected = [("TIME_STAMP", None)].as_slice();
        assert_eq!(found(&trusting).await.0, expected, "{change}");
        // Whom a signature is of, only the certificates tell; the rest is seen without them.
        let (of_others, notes) = found(&Trusted { tolerance, ..house.trusted().await }).await;
        assert_eq!(of_others, if is_seen_by_all { expected } else { &[] }, "{change}");
        assert!(notes.iter().any(|note| note.starts_with("time stamps are not verified")), "{change}: {notes:?}");
        intruder.does("delete from time_stamps").await;
        intruder.does("insert into time_stamps select * from kept_time_stamps").await;
    }
    intruder.does("delete from time_stamps").await;
    let (silent, notes) = found(&trusting).await;
    assert!(silent.is_empty() && notes.iter().any(|note| note.starts_with("no time stamp ")), "{silent:?} {notes:?}");
    let (_, notes) = found(&Trusted { tolerance, ..house.trusted().await }).await;
    assert!(!notes.iter().any(|note| note.starts_with("no time stamp ")), "nobody was asked for: {notes:?}");
}
