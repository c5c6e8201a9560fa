//! Where the log's database is.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

/// Where the log's database is. Its `Debug` and `Display` hide the login.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The embedded database in a data folder.
    pub fn embedded_in(data_dir: &Path) -> Self {
        Self(format!("sqlite:{}", data_dir.join("etalon.db").display()))
    }

    /// The file of an embedded database.
    pub fn file(&self) -> Option<&Path> {
        file_of(&self.0)
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
        let is_of_server = ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        if is_of_server || file_of(&text).is_some_and(|file| !file.as_os_str().is_empty()) {
            Ok(Self(text))
        } else {
            Err("a database is `sqlite:FILE` or `postgres://USER@HOST/NAME`")
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&without_login(&self.0))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.to_string())
    }
}

/// The file that a URL `sqlite:PATH` names, or `sqlite://PATH`, as other programs write it.
pub fn file_of(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?;
    Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
}

/// The URL of a database as it may be logged and shown: its scheme, host and path. The user goes with the password, and
/// so does the query, which may hold one. Where it is not certain what the password is, the scheme stays alone.
pub fn without_login(url: &str) -> String {
    if url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let (scheme, rest) = url.split_once("://").unwrap_or((url.split(':').next().unwrap_or_default(), ""));
    // A password may hold any character that should have been escaped, even a `/` or an `@`.
    let (login, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let place = place.split(['?', '#']).next().unwrap_or_default();
    let authority = place.split('/').next().unwrap_or_default();
    // Behind a `?` the last `@` may be of the query; a port that is none may be the password of a login without a host.
    if place.is_empty() || login.contains(['?', '#']) || !has_sound_port(authority) {
        return format!("{scheme}://…");
    }
    format!("{scheme}://{place}")
}

/// Whether what follows the host, if anything does, is a port.
fn has_sound_port(authority: &str) -> bool {
    // The colons of an address of IPv6 stand in brackets.
    let behind_address = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    behind_address.split_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}
