//! What a notary has signed, in a file of its own: how far, for each log.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::ledger::tree::TreeHead;
use crate::small_file::{self, RECORD_BYTES};
use crate::whole_file::{self, Access};

/// The file. One process at a time has it open to write.
pub(super) struct Memory {
    path: PathBuf,
}

/// What the file holds.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Content {
    logs: BTreeMap<String, Entry>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    size: u64,
    root: String,
}

impl Memory {
    /// The memory at this path; `is_new` where there may be none yet.
    pub(super) fn open(path: &Path, is_new: bool) -> io::Result<Self> {
        // Behind all links, so that whoever comes to the file by another name takes turns, too.
        let memory = Self { path: whole_file::led_to(path)? };
        if !path.exists() {
            if !is_new {
                let why = "it is missing, and without it the key would sign anything; put it back as it was last. Where it \
                           is lost for good, so is the key: move that away, and a witness goes on with a new one; a log does \
                           under another name, where `etalon restore` puts a backup of its database into a new one";
                return Err(io::Error::new(io::ErrorKind::NotFound, why));
            }
            memory.write(&Content::default())?;
        }
        memory.read().map(|_| memory)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Asks `judge` about how far that log was signed. Where it agrees, what it answers is remembered, durably, before
    /// this returns. Two processes that share the file take turns.
    pub(super) fn advance<E>(
        &self,
        origin: &str,
        judge: impl FnOnce(TreeHead) -> Result<TreeHead, E>,
    ) -> io::Result<Result<(), E>> {
        let turn = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(self.turn())?;
        turn.lock()?;
        let mut content = self.read()?;
        let last = content.logs.get(origin).map_or_else(|| Ok(TreeHead::empty()), Entry::seen)?;
        let seen = match judge(last) {
            Ok(seen) => seen,
            Err(refused) => return Ok(Err(refused)),
        };
        if last != seen {
            let entry = Entry { size: seen.size, root: STANDARD.encode(seen.root) };
            content.logs.insert(origin.to_owned(), entry);
            self.write(&content)?;
        }
        Ok(Ok(()))
    }

    fn turn(&self) -> PathBuf {
        self.path.with_extension("lock")
    }

    fn read(&self) -> io::Result<Content> {
        Ok(serde_json::from_slice(&small_file::read(&self.path, RECORD_BYTES)?)?)
    }

    fn write(&self, content: &Content) -> io::Result<()> {
        std::fs::create_dir_all(whole_file::folder_of(&self.path))?;
        let mut json = serde_json::to_vec_pretty(content)?;
        json.push(b'\n');
        whole_file::write(&self.path, &json, Access::Owner)
    }
}

impl Entry {
    fn seen(&self) -> io::Result<TreeHead> {
        let root = STANDARD.decode(&self.root).ok().and_then(|root| root.try_into().ok());
        let root = root.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a root is 32 bytes in Base64"))?;
        Ok(TreeHead { size: self.size, root })
    }
}
