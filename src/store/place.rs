//! Where a database is, by its URL, and how long it is listened to.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::config::{file_of, without_login};
use crate::store::StoreError;

/// A database that is opened.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    url: &'a str,
    patience: Duration,
}

impl<'a> Target<'a> {
    /// How long a PostgreSQL may say nothing when it is asked something, beyond what a statement has for its limit; only
    /// what goes through a table or makes it anew is given more. What was not answered by then fails, and its
    /// connection is not used again. A host that has gone with its network says nothing, and TCP would wait a quarter of
    /// an hour for a word of it. By default a server looks for revocations again before it takes no token any more.
    pub const PATIENCE: Duration = Duration::from_secs(30);

    /// With another patience.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// How long it is listened to.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Reads the URL.
    pub(super) fn place(&self) -> Result<Place<'a>, StoreError> {
        place(self.url)
    }
}

impl<'a> From<&'a str> for Target<'a> {
    fn from(url: &'a str) -> Self {
        Self { url, patience: Self::PATIENCE }
    }
}

impl<'a> From<&'a String> for Target<'a> {
    fn from(url: &'a String) -> Self {
        url.as_str().into()
    }
}

/// A database of one kind or the other, with its URL as it may be logged and shown.
pub(super) enum Place<'a> {
    Sqlite { shown: String, path: &'a Path },
    Postgres { shown: String, options: Box<PgConnectOptions> },
}

/// Reads a URL: `sqlite:PATH` or `postgres://…`.
pub(super) fn place(url: &str) -> Result<Place<'_>, StoreError> {
    let shown = without_login(url);
    let bad = |reason: String| StoreError::BadUrl { url: shown.clone(), reason };
    if let Some(path) = file_of(url) {
        let text = path.to_string_lossy();
        if text.is_empty() || text.contains(":memory:") || text.contains('?') {
            return Err(bad("expected the path of a file after sqlite:".to_owned()));
        }
        return Ok(Place::Sqlite { shown, path });
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let options = url.parse().map_err(|error: sqlx::Error| bad(error.to_string()))?;
        return Ok(Place::Postgres { shown, options: Box::new(options) });
    }
    Err(bad("expected sqlite:PATH or postgres://…".to_owned()))
}
