//! The settings of an installation, and the only reader of the environment.
//!
//! Four layers, each overruling the one before: the defaults, a TOML file, `ETALON_*` variables, the command line.
//! A setting has one name everywhere: `log_level` in the file is `ETALON_LOG_LEVEL` and, where the command has it,
//! `--log-level`. Relative paths start from the folder that the command runs in.

mod connections;
mod database;
mod given;
mod layers;
mod ledger;
mod list;
mod logging;
mod number;
mod oidc;
mod place;
mod refused;
mod requests;
mod streams;
mod telemetry;
mod webhooks;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use serde::{Deserialize, Serialize};

pub use connections::{ConnectionSettings, DEFAULT_CONNECTIONS, TlsFiles};
use connections::{HostList, Origins};
pub use database::{DatabaseUrl, file_of, without_login};
use given::given;
use layers::{CommandLine, Environment, File};
use ledger::Witnesses;
pub use ledger::{LedgerSettings, SignerSettings, WitnessSettings};
use logging::Filter;
pub use logging::LogFormat;
use number::Between;
pub use oidc::{ClaimSettings, OidcSettings, Signing};
use place::{Listen, Place};
use refused::describe;
pub use requests::RequestSettings;
pub use streams::{DEFAULT_STREAMS, StreamSettings};
use telemetry::Collector;
pub use telemetry::TelemetrySettings;
use webhooks::NetworkList;
pub use webhooks::WebhookSettings;

const PREFIX: &str = "ETALON_";

/// The file that is read when none is named, if it is there.
const DEFAULT_FILE: &str = "etalon.toml";

/// The settings of a running Etalon, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The log's database. Default: `etalon.db` in the data folder.
    pub database: DatabaseUrl,
    /// How long a PostgreSQL may say nothing when it is asked something, beyond what a statement may take, before it
    /// counts as gone, 100 ms to 10 min; a commit is given up after 60 s in any case. Default: 30 s.
    pub database_timeout: Duration,
    /// Where the server listens. Default: `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Where the embedded database and the token key are kept. Default: `etalon-data`.
    pub data_dir: PathBuf,
    /// The key that signs this installation's tokens. Default: `token-key.pem` in the data folder.
    pub key_file: PathBuf,
    /// The folder of the data keys that personal data is sealed under: outside of the database and of its backups, and
    /// shared by all servers of it. Default: `data-keys` in the data folder.
    pub data_keys_dir: PathBuf,
    /// How log lines are written. Default: text.
    pub log_format: LogFormat,
    /// What is logged, as a `tracing` filter such as `info` or `info,etalon::store=debug`. Default: `info`.
    pub log_level: String,
    /// Working days without an answer after which a case is escalated, 1 to 365. Default: 10.
    pub escalate_after_working_days: u16,
    /// What requests are held to.
    pub requests: RequestSettings,
    /// What connections and those who ask are held to, and the server's certificate.
    pub connections: ConnectionSettings,
    /// What streams are held to.
    pub streams: StreamSettings,
    /// How webhooks are delivered.
    pub webhooks: WebhookSettings,
    /// Who signs the log, and who vouches for it.
    pub ledger: LedgerSettings,
    /// Whose tokens are taken. Default: the installation's own.
    pub oidc: Option<OidcSettings>,
    /// Whom the process tells of itself.
    pub telemetry: TelemetrySettings,
    /// Variables that begin as ours do and name no setting, for whoever starts the program to be told of.
    pub unknown_variables: Vec<String>,
}

/// What the command line says, over everything else.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Overrides {
    /// `--database`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// `--listen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// The folder of `etalon demo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// The key of `etalon demo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// `--data-keys-dir`, and the data keys of `etalon demo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_keys_dir: Option<PathBuf>,
}

/// Why the settings cannot be used. Each text names the setting and where it was set.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A setting that does not exist.
    #[error("there is no setting `{name}` ({origin}){}", nearest.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default())]
    Unknown {
        /// As it was written.
        name: String,
        /// The file or the variable.
        origin: String,
        /// The setting that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A file that was named and is not there, is no TOML, or holds a value that cannot be used; or such a variable
    /// or argument.
    #[error("{0}")]
    Invalid(String),
}

impl Settings {
    /// Reads every layer: `file` is what `--config` names, else `ETALON_CONFIG`, else `etalon.toml` if it is there.
    ///
    /// # Errors
    ///
    /// An unknown setting, a value that cannot be used, or a file that was named and cannot be read.
    pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self, ConfigError> {
        Self::from_layers(file, variables(), overrides)
    }

    /// As [`Self::load`], for a signer or a witness: it asks no signer, and half of what servers are told of one is no
    /// fault while that one is being set up.
    ///
    /// # Errors
    ///
    /// Those of [`Self::load`].
    pub fn load_for_notary(file: Option<&Path>) -> Result<Self, ConfigError> {
        let given = Given::from_layers(file, variables(), Overrides::default())?;
        Given { signer_url: None, signer_key: None, ..given }.with_defaults()
    }

    fn from_layers(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        overrides: Overrides,
    ) -> Result<Self, ConfigError> {
        Given::from_layers(file, environment, overrides)?.with_defaults()
    }
}

fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
}

given! {
    /// What the layers above the defaults said. Its fields are the names that a setting may have.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given, prefixed "" {
        database: DatabaseUrl,
        database_timeout_ms: Between<100, 600_000>,
        listen: Listen,
        data_dir: Place,
        key_file: Place,
        data_keys_dir: Place,
        log_format: LogFormat,
        log_level: Filter,
        escalate_after_working_days: Between<1, 365>,
        body_limit_bytes: Between<1_024, 1_073_741_824>,
        webhook_key_file: Place,
        webhook_networks: NetworkList,
        webhook_attempts: Between<1, 30>,
        webhook_first_retry_ms: Between<10, 3_600_000>,
        webhook_timeout_ms: Between<100, 60_000>,
        streaming_connections: Between<1, 1_000_000>,
        subscriptions_per_connection: Between<1, 10_000>,
        operations_per_connection: Between<1, 10_000>,
        subscriptions_per_actor: Between<1, 1_000_000>,
        connection_init_timeout_ms: Between<100, 600_000>,
        heartbeat_ms: Between<100, 600_000>,
        slow_reader_timeout_ms: Between<100, 600_000>,
        allowed_origins: Origins,
        hosts: HostList,
        cost_limit: Between<5_000, 1_000_000_000>,
        depth_limit: Between<15, 50>,
        token_limit: Between<1_000, 1_000_000>,
        answer_limit_bytes: Between<2_097_152, 1_073_741_824>,
        document_limit_bytes: Between<1_024, 16_777_216>,
        nesting_limit: Between<30, 100>,
        alias_limit: Between<1, 10_000>,
        directive_limit: Between<1, 10_000>,
        root_field_limit: Between<1, 10_000>,
        selection_limit: Between<100, 100_000>,
        page_limit: Between<10, 1_000>,
        query_timeout_ms: Between<100, 600_000>,
        statement_timeout_ms: Between<100, 600_000>,
        header_limit_bytes: Between<8_192, 1_048_576>,
        header_field_limit: Between<20, 1_000>,
        header_timeout_ms: Between<100, 600_000>,
        body_timeout_ms: Between<100, 600_000>,
        shutdown_timeout_ms: Between<100, 600_000>,
        connections: Between<1, 1_000_000>,
        connections_per_address: Between<1, 1_000_000>,
        arriving_limit_bytes: Between<8_388_608, 2_147_483_647>,
        unsent_limit_bytes: Between<8_388_608, 2_147_483_647>,
        concurrent_requests: Between<1, 100_000>,
        database_queue: Between<1, 100_000>,
        actor_cost_per_second: Between<100, 1_000_000_000>,
        actor_cost_burst: Between<1_000, 1_000_000_000>,
        anonymous_requests_per_minute: Between<1, 1_000_000>,
        tls_certificate: Place,
        tls_key: Place,
        ledger_key_file: Place,
        ledger_memory_file: Place,
        signer_url: String,
        signer_key: String,
        signer_token_file: Place,
        witnesses: Witnesses,
        time_stamp_url: String,
        time_stamp_every_ms: Between<1_000, 604_800_000>,
        oidc: oidc::Given,
        metrics_listen: Listen,
        otlp_endpoint: Collector,
    }
    besides {
        #[serde(skip)]
        unknown_variables: Vec<String>,
    }
}

impl Given {
    fn from_layers(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        overrides: Overrides,
    ) -> Result<Self, ConfigError> {
        let mut environment = Environment::from_variables(environment);
        let named = file.map(Path::to_owned).or_else(|| environment.take("config").map(PathBuf::from));
        let unknown_variables = environment.refuse_misspelt()?;
        let mut layers = Figment::new();
        match named {
            Some(path) if path.is_file() => layers = layers.merge(File::under(&environment, &path)),
            Some(path) => {
                let shown = path.display();
                return Err(ConfigError::Invalid(match path.exists() {
                    // A server reads its settings again at SIGHUP: nothing is left of a pipe by then.
                    true => format!("the configuration file {shown} is no regular file"),
                    false => format!("there is no configuration file {shown}"),
                }));
            }
            None if Path::new(DEFAULT_FILE).is_file() => {
                layers = layers.merge(File::under(&environment, Path::new(DEFAULT_FILE)));
            }
            None => {}
        }
        let layers = layers.merge(environment).merge(CommandLine(overrides));
        let given: Self = layers.extract().map_err(|error| describe(&error))?;
        Ok(Self { unknown_variables, ..given })
    }

    fn with_defaults(self) -> Result<Settings, ConfigError> {
        let (requests, connections) = (self.requests(), self.connections()?);
        let data_dir = self.data_dir.map_or_else(|| "etalon-data".into(), |folder| folder.0);
        let within = |place: Option<Place>, name: &str| place.map_or_else(|| data_dir.join(name), |place| place.0);
        let signer = match (self.signer_url, self.signer_key) {
            (Some(url), Some(key)) => {
                let token_file = within(self.signer_token_file, "signer-token");
                Some(SignerSettings { url, key, token_file })
            }
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                let both =
                    "`signer_url` and `signer_key` belong together: where the signer is, and what it is known by";
                return Err(ConfigError::Invalid(both.to_owned()));
            }
        };
        Ok(Settings {
            // The embedded database and the key follow the data folder, unless they have places of their own.
            database: self.database.unwrap_or_else(|| DatabaseUrl::embedded_in(&data_dir)),
            database_timeout: Duration::from_millis(self.database_timeout_ms.map_or(30_000, |time| time.0)),
            listen: self.listen.map_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)), |listen| listen.0),
            key_file: within(self.key_file, "token-key.pem"),
            data_keys_dir: within(self.data_keys_dir, "data-keys"),
            webhooks: WebhookSettings {
                key_file: within(self.webhook_key_file, "webhook-key"),
                networks: self.webhook_networks.map_or_else(Vec::new, |networks| networks.0),
                attempts: self.webhook_attempts.map_or(10, |attempts| attempts.0 as u32),
                first_retry: Duration::from_millis(self.webhook_first_retry_ms.map_or(5_000, |pause| pause.0)),
                timeout: Duration::from_millis(self.webhook_timeout_ms.map_or(15_000, |timeout| timeout.0)),
            },
            ledger: LedgerSettings {
                key_file: within(self.ledger_key_file, "ledger-key.pem"),
                memory_file: within(self.ledger_memory_file, "ledger-memory.json"),
                signer,
                witnesses: self.witnesses.map_or_else(Vec::new, |witnesses| witnesses.0),
                time_stamp_url: self.time_stamp_url,
                time_stamp_every: Duration::from_millis(self.time_stamp_every_ms.map_or(3_600_000, |every| every.0)),
            },
            oidc: self.oidc.map(oidc::Given::with_defaults).transpose()?,
            telemetry: TelemetrySettings {
                metrics_listen: self.metrics_listen.map(|listen| listen.0),
                otlp_endpoint: self.otlp_endpoint.map(|collector| collector.0),
            },
            unknown_variables: self.unknown_variables,
            data_dir,
            log_format: self.log_format.unwrap_or(LogFormat::Text),
            log_level: self.log_level.map_or_else(|| "info".into(), |filter| filter.0),
            escalate_after_working_days: self.escalate_after_working_days.map_or(10, |days| days.0 as u16),
            requests,
            connections,
            streams: StreamSettings {
                connections: self.streaming_connections.map_or(DEFAULT_STREAMS, |most| most.0 as usize),
                subscriptions_per_connection: self.subscriptions_per_connection.map_or(100, |most| most.0 as usize),
                operations_per_connection: self.operations_per_connection.map_or(20, |most| most.0 as usize),
                subscriptions_per_actor: self.subscriptions_per_actor.map_or(1_000, |most| most.0 as usize),
                connection_init_timeout_ms: self.connection_init_timeout_ms.map_or(5_000, |time| time.0),
                heartbeat_ms: self.heartbeat_ms.map_or(15_000, |time| time.0),
                slow_reader_timeout_ms: self.slow_reader_timeout_ms.map_or(30_000, |time| time.0),
            },
        })
    }
}

fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_ascii_uppercase())
}

/// The one of the known settings that a misspelt name probably means: at most a third of its letters are wrong.
fn nearest(name: &str, known: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let distance = |known: &&str| strsim::damerau_levenshtein(name, known);
    known.into_iter().min_by_key(distance).filter(|known| distance(known) * 3 <= known.len())
}

#[cfg(test)]
mod tests;
