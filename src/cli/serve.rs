//! `etalon serve`: the server, from its settings to its last answer.

mod attendants;
mod limits;
mod working_days;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::{Anchorer, App, Clockwork, Courier, Eraser, LookBack, Outlet, Revoker, Sealer, Seals, Vault};
use crate::cli::problem::Problem;
use crate::cli::{certificate, descriptors, exposure, holding, identity, seals};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::console;
use crate::http::{self, Entrance};
use crate::identity::Verifier;
use crate::identity::webhook_key::WebhookKey;
use crate::outbound::{Networks, Schedule};
use crate::store::{self, Store, StoreError, Target};
use crate::telemetry::metrics::metrics;

use attendants::Attendants;

/// How often the clock looks at deadlines. They are days, so a minute is soon enough.
const CLOCK_LOOKS_EVERY: Duration = Duration::from_secs(60);

/// Serves until the process is told to end.
///
/// # Errors
/// When the database, the key or the address cannot be used.
pub async fn run(settings: Settings) -> Result<(), Problem> {
    let clock = Arc::new(SystemClock);
    match &settings.oidc {
        Some(oidc) => tracing::info!(database = %settings.database, issuer = oidc.issuer, "opening"),
        None => tracing::info!(database = %settings.database, key = %settings.key_file.display(), "opening"),
    }
    exposure::look_at(&settings.database);
    let _held = (holding::to_serve(&settings.database)?, holding::among_servers(&settings).await?);
    let app = open_serving(&settings, clock, seals::of).await?;
    let verifier = identity::verifier(&settings)?;
    let ready = |place: String| {
        tracing::info!("GraphQL at {place}/graphql");
        tracing::info!("a page to ask from at {place}{}", console::PATH);
    };
    let ends = told_to_end().map_err(Problem::while_doing("signals cannot be heard"))?;
    serve(app, verifier, &settings, Hours { ready, ends }).await
}

/// The application over the database of the settings.
///
/// # Errors
/// When the database cannot be used.
pub async fn open(settings: &Settings, keys: KeyFolder, clock: Arc<dyn Clock>) -> Result<Arc<App>, Problem> {
    open_app(settings, keys, clock).await.map(Arc::new)
}

/// What a command has to do with the data keys of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFolder {
    /// It takes data in, and makes the first of the keys.
    Made,
    /// It only reads, and makes none.
    IfThere,
    /// It reads nothing that is sealed.
    Unneeded,
}

async fn open_app(settings: &Settings, keys: KeyFolder, clock: Arc<dyn Clock>) -> Result<App, Problem> {
    over(store::open(target(settings), clock.clone()).await, settings, keys, clock).await
}

/// The database of the settings.
pub(super) fn target(settings: &Settings) -> Target<'_> {
    Target::from(settings.database.as_str()).with_patience(settings.database_timeout)
}

async fn over(
    opened: Result<Arc<dyn Store>, StoreError>,
    settings: &Settings,
    keys: KeyFolder,
    clock: Arc<dyn Clock>,
) -> Result<App, Problem> {
    let store = opened.map_err(Problem::while_doing("the database cannot be opened"))?;
    let app = App::new(store, clock);
    let app = match data_keys(&app, settings, keys).await? {
        Some(vault) => app.with_vault(vault),
        None => app,
    };
    app.renew_rows().await.map_err(Problem::while_doing("the read rows cannot be used"))?;
    Ok(app)
}

/// The data keys that the database was written with, as far as the command has to do with any.
async fn data_keys(app: &App, settings: &Settings, keys: KeyFolder) -> Result<Option<Vault>, Problem> {
    if keys == KeyFolder::Unneeded {
        return Ok(None);
    }
    let failed = || Problem::while_doing("the data keys cannot be compared with those of the database");
    let makes_some = keys == KeyFolder::Made;
    // Where they are missing none are made: they would have the ids of those that the database was written with.
    let vault = match makes_some && app.has_no_data_keys_yet().await.map_err(failed())? {
        true => Some(vault(settings)?),
        false => vault_if_there(settings)?,
    };
    let are_known = match &vault {
        Some(vault) if makes_some => app.take_data_keys_on(vault).await.map_err(failed())?,
        Some(vault) => app.has_data_keys(vault).await.map_err(failed())?,
        None => keys == KeyFolder::IfThere,
    };
    if are_known { Ok(vault) } else { Err(other_data_keys(settings)) }
}

fn other_data_keys(settings: &Settings) -> Problem {
    let place = data_keys_place(settings);
    Problem::coded(
        "DATA_KEYS_OTHER",
        format!(
            "the data keys of this database are not those at {place}: name the folder that its other servers use, or put \
             the keys there from where they were kept; where they are lost for good, or there never were any, run \
             `etalon keys adopt` (DATA_KEYS_OTHER)"
        ),
    )
}

/// The application over the database of the settings, able to deliver webhooks and to seal its log. What keys there are none
/// of are made only once those that the database was written with were found: in another folder than theirs none are.
///
/// # Errors
/// When the database or a key cannot be used, or the data keys or the ledger key are others than the database's.
pub async fn open_serving(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    sealed_by: impl FnOnce(&Settings) -> Result<Seals, Problem>,
) -> Result<Arc<App>, Problem> {
    let app = open_app(settings, KeyFolder::Made, clock).await?;
    seals::must_fit(&app, settings).await?;
    let webhooks = &settings.webhooks;
    let key = WebhookKey::open_or_create(&webhooks.key_file)
        .map_err(Problem::while_doing("the webhook key cannot be used"))?;
    let networks = Networks::new(webhooks.networks.clone());
    let schedule = Schedule { attempts: webhooks.attempts, first_pause: webhooks.first_retry };
    let outlet = Outlet::new(key, networks, schedule, webhooks.timeout);
    Ok(Arc::new(app.with_outlet(outlet).with_seals(sealed_by(settings)?)))
}

/// The application over the database of the settings, if a log is there: a mistyped path or name is no new one.
///
/// # Errors
/// When the database is not there, has no log or cannot be used.
pub async fn open_existing(settings: &Settings, keys: KeyFolder, clock: Arc<dyn Clock>) -> Result<Arc<App>, Problem> {
    must_exist(settings)?;
    let opened = store::open_existing(target(settings), clock.clone()).await;
    over(opened, settings, keys, clock).await.map(Arc::new)
}

/// The application over the database of the settings as it is: nothing of it is migrated or made anew before it was
/// looked at, and no data keys are needed for that.
///
/// # Errors
/// When the database is not there, has another schema or cannot be used.
pub async fn open_evidence(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Arc<App>, Problem> {
    must_exist(settings)?;
    let store = store::open_as_it_is(target(settings), clock.clone()).await;
    Ok(Arc::new(App::new(store.map_err(Problem::while_doing("the database cannot be opened"))?, clock)))
}

/// # Errors
/// When the database of the settings is a file that is not there.
pub fn must_exist(settings: &Settings) -> Result<(), Problem> {
    match settings.database.file().filter(|path| !path.exists()) {
        Some(path) => Err(Problem::coded("NO_DATABASE", format!("there is no database at {}", path.display()))),
        None => Ok(()),
    }
}

/// The application over the database of the settings, which is being restored, able to seal its log. Nobody's data comes
/// in meanwhile: the data keys may be brought later.
///
/// # Errors
/// When the database cannot be used.
pub async fn open_restored(settings: &Settings, clock: Arc<dyn Clock>, seals: Seals) -> Result<App, Problem> {
    let opened = store::open_restored(target(settings), clock.clone()).await;
    Ok(over(opened, settings, KeyFolder::Unneeded, clock).await?.with_seals(seals))
}

/// The data keys of personal data.
///
/// # Errors
/// When their folder cannot be used.
pub fn vault(settings: &Settings) -> Result<Vault, Problem> {
    Vault::open_or_create(&settings.data_keys_dir).map_err(Problem::while_doing("the data keys cannot be used"))
}

/// The data keys of personal data, if their folder is there.
///
/// # Errors
/// When it cannot be used.
pub fn vault_if_there(settings: &Settings) -> Result<Option<Vault>, Problem> {
    Vault::open(&settings.data_keys_dir).map_err(Problem::while_doing("the data keys cannot be used"))
}

/// Where the data keys are looked for, and how that is said.
pub fn data_keys_place(settings: &Settings) -> String {
    let folder = &settings.data_keys_dir;
    // A relative path leads elsewhere in another folder, which is what may be wrong.
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
    format!("{} (data_keys_dir, which is data-keys in data_dir unless it is set)", folder.display())
}

/// From when and until when a server takes requests.
pub struct Hours<Ready, Ends> {
    /// Told where, as a URL without a path, once it does.
    pub ready: Ready,
    /// Comes back when it is to end.
    pub ends: Ends,
}

/// Serves an application that is open already.
///
/// # Errors
/// When the certificate cannot be used, or the address not be listened at; when something that goes on beside requests
/// has ended by itself; and when the database has lost what was seen of the log.
pub async fn serve(
    app: Arc<App>,
    verifier: Verifier,
    settings: &Settings,
    hours: Hours<impl FnOnce(String), impl Future<Output = ()>>,
) -> Result<(), Problem> {
    let Hours { ready, ends } = hours;
    descriptors::take(settings);
    let tls = certificate::of(settings)?;
    app.look_for_revocations().await.map_err(Problem::while_doing("revoked tokens cannot be looked for"))?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(Problem::while_doing(format!("{} cannot be listened at", settings.listen)))?;
    let address = listener.local_addr().map_err(Problem::while_doing("the listener has no address"))?;
    let stop = CancellationToken::new();
    // It ends last, with what the others have committed.
    let sealing = CancellationToken::new();
    metrics().started.set(app.now().as_millisecond() as f64 / 1_000.0);
    let mut attendants = attendants(&app, &verifier, settings, &stop).await?;
    let mut sealer = Attendants::default();
    sealer.spawn("the sealing of the log", Sealer.run(app.clone(), sealing.clone()));
    let scheme = if tls.is_some() { "https" } else { "http" };
    ready(format!("{scheme}://{address}"));
    let failing = CancellationToken::new();
    let ends = async {
        tokio::select! {
            () = ends => {}
            () = failing.cancelled() => {}
        }
    };
    let serving = http::serve(Entrance { listener, tls }, app.clone(), verifier, limits::of(settings), ends);
    tokio::pin!(serving);
    let missed = tokio::select! {
        () = &mut serving => None,
        problem = attendants.missed() => Some(problem),
        problem = sealer.missed() => Some(problem),
        lost = LookBack.lost(app.clone()) => {
            Some(Problem::while_doing("what the server knows is not what the database has")(lost))
        }
    };
    if let Some(problem) = &missed {
        tracing::error!("the server ends, and has to be started again: {problem}");
        failing.cancel();
        serving.await;
    }
    // Requests are answered by now. What the writer has accepted is committed before the process ends.
    stop.cancel();
    attendants.ended().await;
    app.shutdown().await;
    sealing.cancel();
    sealer.ended().await;
    tracing::info!("ended: every accepted command is committed");
    missed.map_or(Ok(()), Err)
}

/// Starts what goes on beside requests until it is told to stop, but for the sealing.
async fn attendants(
    app: &Arc<App>,
    verifier: &Verifier,
    settings: &Settings,
    stop: &CancellationToken,
) -> Result<Attendants, Problem> {
    let mut attendants = Attendants::default();
    if let Some(listener) = figures_listener(settings).await? {
        let (app, stop) = (app.clone(), stop.clone());
        attendants.spawn("the listener for figures", async move {
            // They owe nobody an answer.
            let _ = stop.run_until_cancelled(http::metrics::serve(listener, app)).await;
        });
    }
    attendants.spawn("the work on deadlines", {
        let (app, stop) = (app.clone(), stop.clone());
        let escalate_after_working_days = settings.escalate_after_working_days.into();
        let clockwork = Clockwork { every: CLOCK_LOOKS_EVERY, escalate_after_working_days };
        let holder = app.new_id().to_string();
        async move { clockwork.run(&app, &holder, stop).await }
    });
    let courier = Courier { holder: app.new_id().to_string() };
    attendants.spawn("the work on webhooks", courier.run(app.clone(), stop.clone()));
    attendants.spawn("the anchoring of checkpoints", Anchorer.run(app.clone(), stop.clone()));
    attendants.spawn("the work on erasures", Eraser.run(app.clone(), stop.clone()));
    attendants.spawn("the work on revocations", Revoker.run(app.clone(), stop.clone()));
    attendants.spawn("the look at the calendar", working_days::look(app.clone(), stop.clone()));
    // These two are the application's own, and end with it: after whoever looks at them here.
    attendants.spawn("the task that commits", {
        let (app, stop) = (app.clone(), stop.clone());
        async move {
            let _ = stop.run_until_cancelled(app.writer_ended()).await;
        }
    });
    attendants.spawn("the task that reads the log for subscriptions", {
        let (app, stop) = (app.clone(), stop.clone());
        async move {
            let _ = stop.run_until_cancelled(app.following_ended()).await;
        }
    });
    if let Verifier::Provider(provider) = verifier {
        attendants.spawn("the fetching of the identity provider's keys", provider.clone().run(stop.clone()));
    }
    Ok(attendants)
}

/// Where the figures of the process are served, where the settings say so.
async fn figures_listener(settings: &Settings) -> Result<Option<TcpListener>, Problem> {
    let Some(listen) = settings.telemetry.metrics_listen else { return Ok(None) };
    let listener = TcpListener::bind(listen)
        .await
        .map_err(Problem::while_doing(format!("{listen} (metrics_listen) cannot be listened at")))?;
    let address = listener.local_addr().map_err(Problem::while_doing("the listener has no address"))?;
    tracing::info!("figures at http://{address}/metrics");
    Ok(Some(listener))
}

/// Comes back when the process is told to end, by SIGTERM or by Ctrl-C.
pub(super) fn told_to_end() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let signals = signals()?;
    Ok(async move {
        signals.await;
        tracing::info!("told to end: no new requests, those under way are answered");
    })
}

/// Comes back at SIGTERM and SIGINT.
pub(super) fn signals() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
