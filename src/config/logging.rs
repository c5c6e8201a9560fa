//! The settings of the log.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line, for programs.
    Json,
}

impl TryFrom<String> for LogFormat {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("`{text}` is none of text, json")),
        }
    }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// A `tracing` filter that can be parsed.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Filter(pub(super) String);

impl TryFrom<String> for Filter {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refused = |part: &str| {
            let levels = LEVELS.join(", ");
            format!(
                "`{part}` is no log filter: write one of {levels}, or parts such as `etalon::store=debug`, with commas between them"
            )
        };
        // For the library whatever is no level is the name of a module, of which it then logs everything, and of all
        // others nothing: `inof`, `info;warn` or `verbose!` would silence the server. The fields of a span may have
        // commas.
        let has_fields = text.contains('{');
        let says_level = |text: &str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(text));
        let is_misspelt = |part: &&str| {
            let (module, level) = part.rsplit_once('=').unwrap_or(("", part));
            !says_level(level) || module.contains(char::is_whitespace)
        };
        if let Some(part) = text.split(',').find(|part| !has_fields && is_misspelt(part)) {
            return Err(refused(part));
        }
        match EnvFilter::try_new(&text) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err(refused(&text)),
        }
    }
}
