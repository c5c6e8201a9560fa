//! A new key-encryption key: every data key is wrapped anew, and the old one is destroyed last.

use crate::vault::keys::files::{self, Lock};
use crate::vault::keys::wrapped::Wrapped;
use crate::vault::keys::{KeyStore, KeyStoreError};
use crate::vault::reference::KeyId;

/// What a rotation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The number of the key-encryption key that is in use now.
    pub kek: u32,
    /// How many data keys were wrapped anew by this call.
    pub rewrapped: usize,
}

impl KeyStore {
    /// Makes a new key-encryption key, wraps every data key by it and destroys the old one. Whatever a backup holds of
    /// data keys that were destroyed before is unreadable from then on.
    ///
    /// One that was cut short anywhere is made up for when this is called again; meanwhile every key can be read. What it
    /// had wrapped by its new key is wrapped anew all the same: a backup may have been taken since, and keys destroyed.
    /// The store is locked for a key at a time, so that others go on working.
    ///
    /// # Errors
    /// When a key cannot be read or written. The old key-encryption key is there then, and this can be called again.
    pub fn rotate_kek(&self) -> Result<Rotation, KeyStoreError> {
        self.rotate(&mut |_| Ok(()))
    }

    /// `before` is asked before every step that changes the folder.
    fn rotate(
        &self,
        before: &mut dyn FnMut(&'static str) -> Result<(), KeyStoreError>,
    ) -> Result<Rotation, KeyStoreError> {
        let target = {
            let lock = self.lock()?;
            let target = self.newest_kek()? + 1;
            before("make the new key-encryption key")?;
            self.make_kek(target, &lock)?;
            target
        };
        let mut rewrapped = 0;
        for id in self.keys()? {
            rewrapped += usize::from(self.rewrap(id, target, &self.lock()?, before)?);
        }
        let lock = self.lock()?;
        // Nothing is wrapped by an old one any more: new keys take the newest. Looked at again under the lock, for a
        // key that is overlooked is lost.
        for id in self.keys()? {
            rewrapped += usize::from(self.rewrap(id, target, &lock, before)?);
        }
        for old in self.keks()?.into_iter().filter(|number| *number < target) {
            before("destroy the old key-encryption key")?;
            let path = self.kek_path(old);
            files::remove_stale_draft(&files::draft_of(&path), &lock, self.entropy)?;
            files::shred(&path, &lock, self.entropy)?;
        }
        Ok(Rotation { kek: target, rewrapped })
    }

    /// Wraps a key by the target unless it is. Answers whether it had to.
    fn rewrap(
        &self,
        id: KeyId,
        target: u32,
        lock: &Lock,
        before: &mut dyn FnMut(&'static str) -> Result<(), KeyStoreError>,
    ) -> Result<bool, KeyStoreError> {
        if self.is_destroyed(id)? {
            before("complete a destruction")?;
            self.shred_key(id, lock)?;
            return Ok(false);
        }
        let path = self.path(id);
        let Some(bytes) = files::read(&path)? else { return Ok(false) };
        files::remove_stale_draft(&files::draft_of(&path), lock, self.entropy)?;
        let number = Wrapped::parse(&bytes, &path)?.kek();
        // A later rotation may have overtaken this one.
        if number >= target {
            return Ok(false);
        }
        let Some(key) = self.get(id)? else { return Ok(false) };
        before("wrap a key anew")?;
        let kek = self.kek(target)?;
        let wrapped = Wrapped::close(&key, target, &kek, self.entropy);
        files::replace(&path, &wrapped.to_bytes(), lock, self.entropy)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
