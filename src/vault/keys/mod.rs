//! The data keys of personal data: a folder outside of the database and its backups.
//!
//! ```text
//! lock                      held by whoever changes something
//! kek-<n>                   a key-encryption key, 32 bytes in Base64; the highest number is in use
//! data/<xx>/<id>            a data key, wrapped; <xx> are the last two digits of its id
//! data/<xx>/<id>.destroyed  an empty file: this key is gone for good and is never made again
//! data/<xx>/<id>.draft      a file that is being written
//! ```
//!
//! Ids are version 7 UUIDs, whose first digits are the time and would fill one folder.
//!
//! Several servers may share the folder: readers take no lock and see each file whole, the first to make a key makes it
//! for all. Whoever keeps keys in memory has to drop them when they are destroyed elsewhere.
//!
//! Overwriting reaches the file's blocks on an ordinary disk, and not those that a copying file system, a flash
//! controller or a backup keeps. What they hold is wrapped, and [`KeyStore::rotate_kek`] destroys what it is wrapped
//! by.

mod error;
mod files;
mod rotation;
mod wrapped;

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::vault::Entropy;
use crate::vault::keys::files::Lock;
use crate::vault::keys::wrapped::Wrapped;
use crate::vault::reference::KeyId;
use crate::vault::seal::DataKey;

pub use error::KeyStoreError;
pub use rotation::Rotation;

/// The data keys in a folder. Its methods read and write files and wait for the lock: not for an async task's thread.
#[derive(Debug, Clone)]
pub struct KeyStore {
    folder: PathBuf,
    entropy: Entropy,
}

impl KeyStore {
    /// Opens the store in this folder, or makes one there (folders 0700, files 0600) with its first key-encryption key.
    ///
    /// # Errors
    /// When the folder or a file is open to others, is not what it should be, or holds data keys and no key-encryption
    /// key.
    pub fn open_or_create(folder: &Path, entropy: Entropy) -> Result<Self, KeyStoreError> {
        let store = Self { folder: folder.to_owned(), entropy };
        files::make_folder(folder)?;
        files::make_folder(&store.data())?;
        let lock = store.lock()?;
        if store.keks()?.is_empty() {
            // A new one would hide that the one which is needed is gone.
            for orphan in store.keys()? {
                store.get(orphan)?;
            }
            store.make_kek(1, &lock)?;
        }
        drop(lock);
        store.kek(store.newest_kek()?)?;
        Ok(store)
    }

    /// Opens the store in this folder, if one was ever made there, and makes nothing.
    ///
    /// # Errors
    /// When the folder or a file is open to others, is not what it should be, or there is no key-encryption key.
    pub fn open(folder: &Path, entropy: Entropy) -> Result<Option<Self>, KeyStoreError> {
        if !files::exists(folder)? {
            return Ok(None);
        }
        files::check_folder(folder)?;
        let store = Self { folder: folder.to_owned(), entropy };
        if store.keks()?.is_empty() && !files::exists(&store.data())? {
            return Ok(None);
        }
        store.kek(store.newest_kek()?)?;
        Ok(Some(store))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The key with this id, when there is one: it may never have been made, or have been destroyed.
    ///
    /// # Errors
    /// When its file or its key-encryption key cannot be read or is not what it should be.
    pub fn get(&self, id: KeyId) -> Result<Option<DataKey>, KeyStoreError> {
        let mut before = None;
        loop {
            // Asked first: a destruction begins with the mark and may have been cut short after it.
            if self.is_destroyed(id)? {
                return Ok(None);
            }
            let path = self.path(id);
            let Some(bytes) = files::read(&path)? else { return Ok(None) };
            match self.unwrap(id, &path, &bytes) {
                Ok(key) => return Ok(Some(key)),
                // It may have been rewrapped or destroyed meanwhile; a file that stays as it was is at fault itself.
                Err(error) if before.as_ref() == Some(&bytes) => return Err(error),
                Err(_) => before = Some(bytes),
            }
        }
    }

    /// The key with this id, made now unless it is there already.
    ///
    /// # Errors
    /// [`KeyStoreError::Destroyed`] when there was one; else as [`KeyStore::get`], or when it cannot be written.
    pub fn create(&self, id: KeyId) -> Result<DataKey, KeyStoreError> {
        if let Some(key) = self.get(id)? {
            return Ok(key);
        }
        let lock = self.lock()?;
        if self.is_destroyed(id)? {
            return Err(KeyStoreError::Destroyed { id });
        }
        let path = self.path(id);
        if !files::exists(&path)? {
            let mut bytes = Zeroizing::new([0; 32]);
            (self.entropy)(&mut *bytes);
            let key = DataKey::new(id, *bytes);
            let number = self.newest_kek()?;
            let kek = self.kek(number)?;
            let wrapped = Wrapped::close(&key, number, &kek, self.entropy);
            files::make_folder(&self.shard(id))?;
            files::write_new(&path, &wrapped.to_bytes(), &lock, self.entropy)?;
        }
        drop(lock);
        // Read back what the file holds: another server may have been first.
        self.get(id)?.ok_or(KeyStoreError::Destroyed { id })
    }

    /// Destroys the key with this id for good, whether there is one or not: it is never made again.
    ///
    /// A destruction that was cut short is completed by calling this again, and by the next rotation.
    ///
    /// # Errors
    /// When a file cannot be overwritten or removed. The key is not handed out any more from the first step on.
    pub fn destroy(&self, id: KeyId) -> Result<(), KeyStoreError> {
        // Each start asks for all that were ever destroyed: nothing of those is left to be done, nor waited for.
        if self.is_destroyed(id)? && !self.has_remains(id)? {
            return Ok(());
        }
        let lock = self.lock()?;
        files::make_folder(&self.shard(id))?;
        files::write_mark(&self.mark(id), &lock)?;
        self.shred_key(id, &lock)
    }

    /// Removes a key under which nothing was ever kept. Nothing tells of it, and it may be made anew.
    ///
    /// # Errors
    /// When its file cannot be overwritten or removed.
    pub fn discard(&self, id: KeyId) -> Result<(), KeyStoreError> {
        let lock = self.lock()?;
        // No mark says that it is gone: what is cut short here must leave nothing under its name but the key.
        files::withdraw(&self.path(id), &lock, self.entropy)?;
        self.shred_key(id, &lock)
    }

    /// Whether the key with this id was destroyed.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn is_destroyed(&self, id: KeyId) -> Result<bool, KeyStoreError> {
        files::exists(&self.mark(id))
    }

    /// How many keys there are. Walks through the folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn count(&self) -> Result<usize, KeyStoreError> {
        let mut count = 0;
        for id in self.keys()? {
            count += usize::from(!self.is_destroyed(id)?);
        }
        Ok(count)
    }

    fn unwrap(&self, id: KeyId, path: &Path, bytes: &[u8]) -> Result<DataKey, KeyStoreError> {
        let wrapped = Wrapped::parse(bytes, path)?;
        let kek = self.kek(wrapped.kek())?;
        wrapped.open(id, path, &kek, &self.kek_path(wrapped.kek()))
    }

    fn shred_key(&self, id: KeyId, lock: &Lock) -> Result<(), KeyStoreError> {
        let path = self.path(id);
        files::shred(&path, lock, self.entropy)?;
        files::shred(&files::draft_of(&path), lock, self.entropy)
    }

    /// Whether anything of a key is left that an interrupted destruction would have overwritten.
    fn has_remains(&self, id: KeyId) -> Result<bool, KeyStoreError> {
        let path = self.path(id);
        Ok(files::exists(&path)? || files::exists(&files::draft_of(&path))?)
    }

    fn make_kek(&self, number: u32, lock: &Lock) -> Result<(), KeyStoreError> {
        let mut bytes = Zeroizing::new([0; 32]);
        (self.entropy)(&mut *bytes);
        files::write_new(&self.kek_path(number), &*wrapped::kek_to_bytes(&bytes), lock, self.entropy)
    }

    fn kek(&self, number: u32) -> Result<Zeroizing<[u8; 32]>, KeyStoreError> {
        let path = self.kek_path(number);
        match files::read(&path)? {
            Some(bytes) => wrapped::parse_kek(&bytes, &path),
            None => Err(KeyStoreError::MissingKek { path }),
        }
    }

    fn newest_kek(&self) -> Result<u32, KeyStoreError> {
        self.keks()?.last().copied().ok_or_else(|| KeyStoreError::MissingKek { path: self.kek_path(1) })
    }

    /// The numbers of the key-encryption keys, ascending.
    fn keks(&self) -> Result<Vec<u32>, KeyStoreError> {
        let number = |name: &String| {
            let number = name.strip_prefix("kek-")?.parse().ok()?;
            (*name == format!("kek-{number}")).then_some(number)
        };
        let mut numbers: Vec<u32> = files::names(&self.folder)?.iter().filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The ids of the keys that have a file, those among them whose destruction was cut short.
    fn keys(&self) -> Result<Vec<KeyId>, KeyStoreError> {
        let mut ids = Vec::new();
        for shard in files::names(&self.data())? {
            let names = files::names(&self.data().join(shard))?;
            ids.extend(names.into_iter().filter_map(|name| KeyId::try_from(name).ok()));
        }
        Ok(ids)
    }

    fn lock(&self) -> Result<Lock, KeyStoreError> {
        Lock::take(&self.folder.join("lock"))
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn kek_path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("kek-{number}"))
    }

    fn shard(&self, KeyId(id): KeyId) -> PathBuf {
        self.data().join(format!("{:02x}", id.as_bytes()[15]))
    }

    fn path(&self, id: KeyId) -> PathBuf {
        self.shard(id).join(id.to_string())
    }

    fn mark(&self, id: KeyId) -> PathBuf {
        self.shard(id).join(format!("{id}.destroyed"))
    }
}

#[cfg(test)]
mod tests;
