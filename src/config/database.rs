//! Where the log's database is.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

/// Where the log's database is. Its `Debug` and `Display` hide the password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The embedded database in a data folder.
    pub fn embedded_in(data_dir: &Path) -> Self {
        Self(format!("sqlite:{}", data_dir.join("etalon.db").display()))
    }

    /// The whole URL, password and all: for the connection, never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = &'static str;

    /// The text is not repeated in the error, since it may hold a password.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            Ok(Self(text))
        } else {
            Err("a database is `sqlite:FILE` or `postgres://USER@HOST/NAME`")
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0.split('?').next().unwrap_or_default();
        let Some((scheme, rest)) = url.split_once("://") else { return out.write_str(url) };
        // A password may hold any character but `/`, even an `@` that should have been escaped.
        let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
        let shown = match authority.rsplit_once('@') {
            Some((login, host)) => format!("{}@{host}", login.split(':').next().unwrap_or_default()),
            None => authority.to_owned(),
        };
        write!(out, "{scheme}://{shown}")?;
        path.map_or(Ok(()), |path| write!(out, "/{path}"))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.to_string())
    }
}
