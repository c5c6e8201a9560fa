//! Why the key store cannot do what was asked.

use std::io;
use std::path::PathBuf;

use crate::vault::reference::KeyId;

/// Why the key store cannot do what was asked. Names the file and what would be right, and never a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The operating system refuses.
    #[error("cannot {operation} {}", path.display())]
    File {
        /// What was tried.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Somebody else than the owner may read or write it, so it may be known or changed by now.
    #[error("{} is open to others (mode {mode:03o}); run `chmod {right:o}` on it", path.display())]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// What they should be.
        right: u32,
    },
    /// Another user owns it, who may have put there what leads this one elsewhere.
    #[error(
        "{} belongs to the user {owner}, and this is the user {user}: run it as the user {owner}, as the server is run, or \
         give the folder and all that is in it to the user {user}",
        path.display()
    )]
    OfAnother {
        /// The file or folder.
        path: PathBuf,
        /// The number of the user who owns it.
        owner: u32,
        /// That of the user who runs this.
        user: u32,
    },
    /// A link stands in the place of a file.
    #[error("{} is a link, which is not followed: put the file itself there", path.display())]
    Link {
        /// Where.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("{} is not {expected}; put back the file from where it was kept", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// A key-encryption key is gone.
    #[error(
        "the key-encryption key {} is missing; put it back from where it was kept: the data keys that it wraps cannot \
         be read without it",
        path.display()
    )]
    MissingKek {
        /// Where it should be.
        path: PathBuf,
    },
    /// A data key was wrapped by something else than its key-encryption key, or was moved or changed.
    #[error(
        "the data key {} does not open with {}; put back the two files that belong together",
        path.display(),
        kek.display()
    )]
    KekRefused {
        /// The data key.
        path: PathBuf,
        /// The key-encryption key that it names.
        kek: PathBuf,
    },
    /// There was a key with this id, and there is none any more.
    #[error("the data key {id} was destroyed and is never made again; take a new id")]
    Destroyed {
        /// The key.
        id: KeyId,
    },
}
