//! Where something is: a path, or an address to listen at.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// A path that is not empty. An empty one would be the folder that the command runs in.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Place(pub(super) PathBuf);

impl TryFrom<String> for Place {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.is_empty() {
            true => Err("the path is empty: write one, `.` for the current folder, or leave the setting out"),
            false => Ok(Self(text.into())),
        }
    }
}

/// An address with a port.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Listen(pub(super) SocketAddr);

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let address = text.parse().map(Self);
        address.map_err(|_| format!("`{text}` is no address with a port, such as 127.0.0.1:8080 or [::1]:8080"))
    }
}
