//! Structured logs on standard error, for people or a JSON object a line for programs; and the spans that go to a
//! collector.
//!
//! What is logged can be changed while a server runs: it reads its settings anew at SIGHUP, takes `log_level` and no
//! other of them, and stays as it was where the new one is no filter.

use std::io::{self, IsTerminal};

use tokio::signal::unix::{SignalKind, signal};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{DynFilterFn, FilterExt, FilterFn, LevelFilter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::cli::problem::Problem;
use crate::config::{ConfigError, LogFormat, Settings};
use crate::telemetry::causes::with_causes;
use crate::telemetry::traces::{Traces, is_traced};

/// The log of a server.
pub struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    traces: Option<Traces>,
}

/// Starts the log of this process. The filter was checked with the settings.
pub fn start(settings: &Settings) {
    begin(settings, None);
}

impl Log {
    /// Starts the log of a server, and sends its spans to the collector of the settings, on this thread's runtime.
    ///
    /// # Errors
    /// When the collector's URL is none.
    pub fn of_server(settings: &Settings) -> Result<Self, Problem> {
        let traces = settings.telemetry.otlp_endpoint.as_deref().map(Traces::to).transpose();
        let traces = traces.map_err(Problem::while_doing("traces cannot be sent to `otlp_endpoint`"))?;
        Ok(begin(settings, traces))
    }

    /// From now on the log level is taken anew whenever the process is told to.
    ///
    /// # Errors
    /// When the signal cannot be heard.
    pub fn follow(&self, load: impl Fn() -> Result<Settings, ConfigError> + Send + 'static) -> Result<(), Problem> {
        let mut told = signal(SignalKind::hangup()).map_err(Problem::while_doing("SIGHUP cannot be heard"))?;
        let filter = self.filter.clone();
        tokio::spawn(async move {
            while told.recv().await.is_some() {
                match load() {
                    Ok(settings) => take(&filter, &settings.log_level),
                    Err(error) => tracing::error!(error = %with_causes(&error), "the log level stays as it is"),
                }
            }
        });
        Ok(())
    }

    /// Sends what is left of traces. The runtime has to be there still, and not on this thread.
    pub fn end(self) {
        if let Some(traces) = self.traces {
            traces.end();
        }
    }
}

/// The settings have checked it. A warning, so that most levels show that it came.
fn take(filter: &reload::Handle<EnvFilter, Registry>, level: &str) {
    match filter.reload(EnvFilter::new(level)) {
        Ok(()) => tracing::warn!(level, "the log level was taken anew"),
        Err(error) => tracing::error!(error = %with_causes(&error), "the log level stays as it is"),
    }
}

fn begin(settings: &Settings, traces: Option<Traces>) -> Log {
    let (filter, handle) = reload::Layer::new(EnvFilter::new(&settings.log_level));
    let log = fmt::layer().with_writer(io::stderr);
    // The library has no colours where `NO_COLOR` is set (no-color.org), but does not look where the log goes.
    let log = if io::stderr().is_terminal() { log } else { log.with_ansi(false) };
    let log = match settings.log_format {
        LogFormat::Text => log.with_target(false).boxed(),
        LogFormat::Json => log.json().flatten_event(true).boxed(),
    };
    // Asked at every span and event, not once for each kind of them: sqlx asks whether a statement would be logged and
    // then logs none, and what was answered to that would be taken for the answer to the next span that nobody asks
    // about.
    let said = DynFilterFn::new(|metadata, _| may_be_said(metadata));
    let log = log.with_filter(filter.and(said.with_max_level_hint(LevelFilter::TRACE)));
    let spans = traces.as_ref().map(|traces| {
        let layer = tracing_opentelemetry::layer().with_tracer(traces.tracer());
        let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false);
        layer.with_filter(FilterFn::new(is_traced).with_max_level_hint(LevelFilter::DEBUG))
    });
    tracing_subscriber::registry().with(log).with(spans).init();
    for variable in &settings.unknown_variables {
        tracing::warn!(
            variable,
            "no setting has this name, and nothing comes of the variable: README.md names them all"
        );
    }
    Log { filter: handle, traces }
}

/// At the level `trace` libraries tell the bytes that come and go, tokens and names among them. Those are in no log,
/// whatever its level.
fn may_be_said(metadata: &Metadata<'_>) -> bool {
    *metadata.level() < Level::TRACE || metadata.target().starts_with("etalon")
}
