//! Where a database is, by its URL.

use std::path::Path;

use sqlx::postgres::PgConnectOptions;

use crate::config::{file_of, without_login};
use crate::store::StoreError;

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
