//! `etalon demo`: a database to look around in, filled and served.

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::cli::problem::Problem;
use crate::cli::serve::{self, Hours};
use crate::cli::{Demo, identity, seals};
use crate::clock::{Clock, ManualClock, SystemClock};
use crate::config::Settings;
use crate::demo::{self, Filled, Persona};
use crate::domain::value::Division;
use crate::identity::Verifier;
use crate::identity::claims::Claims;
use crate::identity::key::LocalKey;
use crate::store;

/// How long the tokens of the demonstration last.
const TOKENS_LAST: SignedDuration = SignedDuration::from_hours(12);
/// Makes the demonstration the same every time, relative to its start.
const SEED: u64 = 2012;

/// Where the demonstration is kept: a given folder stays, a temporary one goes with the process.
pub enum Folder {
    /// Given on the command line.
    Given(PathBuf),
    /// Thrown away at the end.
    Temporary(TempDir),
}

impl Folder {
    /// The folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Given(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }

    /// Why there is no demonstration in it, where the process was told to end too early.
    fn left_unfilled(&self) -> Problem {
        let told = "told to end before the demonstration was filled";
        match self {
            Self::Given(path) => Problem::new(format!("{told}: empty {} before you begin again", path.display())),
            Self::Temporary(_) => Problem::new(told),
        }
    }
}

/// Makes the folder of the demonstration.
///
/// # Errors
/// When it cannot be made, or a given one holds a demonstration or anything else already.
pub fn folder(arguments: &Demo) -> Result<Folder, Problem> {
    let Some(given) = &arguments.folder else {
        let folder = tempfile::Builder::new().prefix("etalon-demo-").tempdir();
        return folder.map(Folder::Temporary).map_err(Problem::while_doing("no temporary folder can be made"));
    };
    let cannot = || format!("{} cannot be used", given.display());
    // Names and telephones are in it, so it is for its owner alone.
    DirBuilder::new().recursive(true).mode(0o700).create(given).map_err(Problem::while_doing(cannot()))?;
    let mut entries = std::fs::read_dir(given).map_err(Problem::while_doing(cannot()))?;
    if entries.next().is_some() {
        return Err(Problem::new(format!(
            "{} is not empty: a demonstration begins in an empty folder",
            given.display()
        )));
    }
    Ok(Folder::Given(given.clone()))
}

/// Fills a fresh database, says how to look around, and serves until the process is told to end. Whoever keeps the folder
/// throws it away after that.
///
/// # Errors
/// When the folder, the database or the address cannot be used, and when the process is told to end before it serves.
pub async fn run(settings: Settings, folder: &Folder) -> Result<(), Problem> {
    let mut ends = Box::pin(told_to_end().map_err(Problem::while_doing("signals cannot be heard"))?);
    let (filled, app) = tokio::select! {
        there = opened(&settings) => there?,
        () = &mut ends => return Err(folder.left_unfilled()),
    };
    // Whatever provider the installation has: the tokens that are printed here are this key's.
    let key = identity::key(&settings)?;
    let welcome = welcome(&filled, &key, folder)?;
    let ready = move |place: String| {
        let text = welcome.replace("{place}", &place);
        // The server is of use even where its welcome cannot be shown.
        let _ = io::stdout().write_all(text.as_bytes());
    };
    serve::serve(app, Verifier::Local(key), &settings, Hours { ready, ends }).await
}

/// Comes back when the process is told to end, which the terminal does as well when it is closed.
fn told_to_end() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let (signals, mut hung_up) = (serve::signals()?, signal(SignalKind::hangup())?);
    Ok(async move {
        tokio::select! {
            () = signals => {}
            _ = hung_up.recv() => {}
        }
    })
}

async fn opened(settings: &Settings) -> Result<(Filled, Arc<App>), Problem> {
    let filled = fill(settings).await?;
    let app = serve::open_serving(settings, Arc::new(SystemClock), seals::of_demonstration).await?;
    Ok((filled, app))
}

/// Writes the past on a clock of its own; the server then opens the database on the real one.
async fn fill(settings: &Settings) -> Result<Filled, Problem> {
    let end = SystemClock.now();
    let clock = Arc::new(ManualClock::new(demo::begins(end), SEED));
    let store = store::open(settings.database.as_str(), clock.clone())
        .await
        .map_err(Problem::while_doing("the database cannot be opened"))?;
    let app = App::new(store, clock.clone()).with_vault(serve::vault(settings)?);
    tracing::info!("filling the demonstration");
    let filled =
        demo::fill(&app, &clock, end).await.map_err(Problem::while_doing("the demonstration cannot be filled"))?;
    app.shutdown().await;
    Ok(filled)
}

fn welcome(filled: &Filled, key: &LocalKey, folder: &Folder) -> Result<String, Problem> {
    use std::fmt::Write as _;

    let now = SystemClock.now();
    let mut text = String::from(
        "\nOpen {place}/graphiql in a browser, and give Etalon 标准器 one of these tokens.\nPrograms ask {place}/graphql\n",
    );
    let _ = match folder {
        Folder::Given(path) => writeln!(text, "The demonstration is kept in {}.", path.display()),
        Folder::Temporary(_) => writeln!(text, "The demonstration is thrown away when you press Ctrl-C."),
    };
    let _ = writeln!(text, "\nA token for every role, good for 12 hours:\n");
    let mut managers = None;
    for persona in &filled.personas {
        let token = token(persona, key, now)?;
        let actor = &persona.actor;
        let _ = writeln!(text, "{} ({}, {})\n{token}\n", persona.role, actor.id, place(&actor.jurisdiction));
        if persona.role.name() == "MANAGER" {
            managers = Some(token);
        }
    }
    let token = managers.ok_or_else(|| Problem::new("the demonstration has no manager"))?;
    let body = serde_json::json!({ "query": filled.query }).to_string();
    let _ = writeln!(
        text,
        "Ask as the manager which cases wait and how far they are from being measured:\n\ncurl -s {{place}}/graphql \\\n  -H 'content-type: application/json' \\\n  -H 'authorization: Bearer {token}' \\\n  -d '{body}'\n\nThe same question in GraphQL:\n\n{}",
        filled.query
    );
    Ok(text)
}

fn token(persona: &Persona, key: &LocalKey, now: Timestamp) -> Result<String, Problem> {
    let actor = &persona.actor;
    let claims = Claims {
        actor: actor.id.to_string(),
        roles: vec![persona.role.name().to_owned()],
        jurisdiction: actor.jurisdiction.to_string(),
        institution: actor.institution.map(Into::into),
        enterprise: actor.enterprise.map(Into::into),
        issued_at: now,
        expires_at: now + TOKENS_LAST,
    };
    key.issue(&claims).map_err(Problem::while_doing("a token cannot be made"))
}

fn place(division: &Division) -> String {
    division.name().map_or_else(|| division.to_string(), |name| format!("{division} {name}"))
}
