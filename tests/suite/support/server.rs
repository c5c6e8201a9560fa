//! The `etalon` program as a server of its own process: started, killed, started again; asked over HTTP.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use etalon::clock::{Clock, SystemClock};
use etalon::identity::claims::Claims;
use etalon::identity::key::LocalKey;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

const READY: &str = "GraphQL at ";

/// How long a client waits before it sends something again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How often a client sends the same thing before the server counts as one that does not go on.
const MOST_ATTEMPTS: usize = 300;

/// A folder with the token key of an installation; servers that share it take each other's tokens.
pub struct Installation {
    folder: TempDir,
    database: Option<String>,
}

impl Installation {
    /// On an embedded database in the folder.
    pub fn embedded() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), database: None }
    }

    /// On an embedded database in a folder within that one.
    pub fn embedded_in(folder: &Path) -> Self {
        Self { folder: tempfile::tempdir_in(folder).expect("a temporary folder"), database: None }
    }

    /// On a database of that URL.
    pub fn on(database: &str) -> Self {
        Self { database: Some(database.to_owned()), ..Self::embedded() }
    }

    /// The database's URL.
    pub fn database(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite:{}", self.folder.path().join("etalon.db").display()))
    }

    /// Where it keeps its keys, and its database if that is embedded.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a server.
    pub fn start(&self) -> Server {
        Server::start(self.command().args(["serve", "--listen", "127.0.0.1:0"]))
    }

    /// The program in this installation, still without arguments.
    pub fn command(&self) -> Command {
        let mut command = program();
        command.env("ETALON_DATA_DIR", self.folder.path()).env("ETALON_DATABASE", self.database());
        command.current_dir(self.folder.path());
        command
    }

    /// A token of this installation.
    pub fn token(&self, who: &Who) -> String {
        self.token_since(who, SystemClock.now())
    }

    /// A token of this installation that holds for an hour from then on.
    pub fn token_since(&self, who: &Who, then: Timestamp) -> String {
        let claims = Claims {
            actor: who.actor.clone(),
            roles: who.roles.iter().map(|role| (*role).to_owned()).collect(),
            jurisdiction: who.jurisdiction.to_owned(),
            institution: who.institution,
            enterprise: who.enterprise,
            issued_at: then,
            expires_at: then + SignedDuration::from_hours(1),
        };
        let key = LocalKey::open_or_create(&self.key_file()).expect("a key");
        key.issue(&claims).expect("sound claims")
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("token-key.pem")
    }
}

/// Whose token it is.
#[derive(Clone, Debug)]
pub struct Who {
    pub actor: String,
    pub roles: Vec<&'static str>,
    pub jurisdiction: &'static str,
    pub institution: Option<Uuid>,
    pub enterprise: Option<Uuid>,
}

impl Who {
    pub fn new(actor: impl Into<String>, role: &'static str, jurisdiction: &'static str) -> Self {
        Self { actor: actor.into(), roles: vec![role], jurisdiction, institution: None, enterprise: None }
    }
}

/// The program, without any setting of the environment.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etalon"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ETALON_")) {
        command.env_remove(name);
    }
    command
}

/// A running server; killed when dropped.
pub struct Server {
    child: Mutex<Child>,
    /// Where it takes requests: GraphQL, or what else it is for.
    pub graphql: String,
    said: Arc<Mutex<String>>,
}

impl Server {
    /// Starts the command and waits until it takes requests.
    pub fn start(command: &mut Command) -> Self {
        Self::start_until(command, READY)
    }

    /// Starts the command and waits until it says this; what stands behind it is its address.
    pub fn start_until(command: &mut Command, ready: &str) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut log = BufReader::new(child.stderr.take().expect("its log is piped"));
        let mut told = String::new();
        let graphql = loop {
            let mut line = String::new();
            let length = log.read_line(&mut line).expect("its log can be read");
            assert!(length > 0, "the server ended before it was ready:\n{told}");
            told.push_str(&line);
            if let Some((_, address)) = line.split_once(ready) {
                break address.trim().to_owned();
            }
        };
        // Somebody has to read the log to its end, or the server would block on a full pipe.
        let said = Arc::new(Mutex::new(told));
        let saying = said.clone();
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let mut said = saying.lock().expect("nobody panics with it");
                said.push_str(&line);
                said.push('\n');
            }
        });
        Self { child: Mutex::new(child), graphql, said }
    }

    /// Its log up to now.
    pub fn log(&self) -> String {
        self.said.lock().expect("nobody panics with it").clone()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.child.lock().expect("nobody panics with it").try_wait().expect("it can be looked at").is_some()
    }

    /// kill -9: the process gets no chance to do anything.
    pub fn kill(&self) {
        let mut child = self.child.lock().expect("nobody panics with it");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&self) -> bool {
        let told = self.tell("TERM");
        told && self.child.lock().expect("nobody panics with it").wait().expect("it ends").success()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.lock().expect("nobody panics with it").id()
    }

    /// Sends it a signal by its name.
    pub fn tell(&self, signal: &str) -> bool {
        Command::new("kill").args(["-s", signal, &self.id().to_string()]).status().expect("kill is there").success()
    }

    /// How much memory of its is resident, by proc_pid_status(5).
    pub fn resident_bytes(&self) -> u64 {
        let id = self.child.lock().expect("nobody panics with it").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory is told");
        line.trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1_024
    }

    /// Comes back when its log says this.
    pub async fn says(&self, words: &str) {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..1_000 {
            looks.tick().await;
            if self.log().contains(words) {
                return;
            }
        }
        panic!("it does not say `{words}`:\n{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let child = self.child.get_mut().expect("nobody panics with it");
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Asks in GraphQL. `None` when there was no answer, or one that says to try again.
pub async fn ask(client: &reqwest::Client, url: &str, token: &str, query: &str, variables: Value) -> Option<Value> {
    answer(client, url, token, query, variables).await.ok()
}

/// Sends a command as a client does: again, under its key, for as long as there is no answer or one that says so. It is
/// carried out once, however often it was sent. What is refused for good is a failure, and told with what was answered.
pub async fn carry_out(client: &reqwest::Client, url: &str, token: &str, mutation: &str, input: Value) -> Value {
    assert!(input["idempotencyKey"].is_string(), "only under a key is it safe to send something again: {input}");
    let mut attempts = tokio::time::interval(AGAIN_AFTER);
    let mut setbacks = Vec::new();
    for _ in 0..MOST_ATTEMPTS {
        attempts.tick().await;
        match answer(client, url, token, mutation, json!({ "input": input })).await {
            Ok(data) => return data,
            Err(Setback { is_passing: true, told }) => setbacks.push(told),
            Err(Setback { is_passing: false, told }) => panic!("{input} is refused: {told}"),
        }
    }
    panic!("{input} has no answer: {setbacks:#?}")
}

/// Why there are no data.
pub struct Setback {
    /// The same may be sent again.
    is_passing: bool,
    /// What was answered, or what went wrong.
    pub told: String,
}

/// Asks in GraphQL: the data, if nothing else was answered.
pub async fn answer(
    client: &reqwest::Client,
    url: &str,
    token: &str,
    query: &str,
    variables: Value,
) -> Result<Value, Setback> {
    let broken = |error: reqwest::Error| Setback { is_passing: true, told: format!("{error:?}") };
    let body = json!({ "query": query, "variables": variables });
    let answer = client.post(url).bearer_auth(token).json(&body).send().await.map_err(broken)?;
    let status = answer.status();
    let mut answer: Value = answer.json().await.map_err(broken)?;
    if !status.is_server_error() && answer.get("errors").is_none() {
        return Ok(answer["data"].take());
    }
    let is_passing = status.is_server_error() || answer["errors"][0]["extensions"]["retryable"] == true;
    Err(Setback { is_passing, told: format!("{status}: {answer}") })
}
