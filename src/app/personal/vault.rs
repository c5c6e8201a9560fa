//! The data keys as the application uses them: off the async threads, and kept for a while.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use moka::future::Cache;
use uuid::Uuid;

use crate::app::App;
use crate::app::request::{Fault, Key};
use crate::clock::fill_with_secrets;
use crate::vault::keys::{KeyStore, KeyStoreError, Rotation};
use crate::vault::reference::KeyId;
use crate::vault::seal::{Ciphertext, DataKey};

/// How many keys are kept in memory.
const KEPT: u64 = 10_000;
/// How long a key is kept: the longest that one lives on here after another server destroyed it. Without its
/// ciphertexts, which went with the event that erased it, it opens nothing.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// The key that the inputs of commands are digested under. No aggregate has its id.
const DIGESTS: KeyId = KeyId(Uuid::max());

/// What is digested under that key to tell a folder of keys from another. Of a command 32 bytes are digested, and so
/// never these.
const FINGERPRINT: &[u8] = b"etalon data keys";

/// The data keys of this installation.
#[derive(Clone)]
pub struct Vault {
    keys: KeyStore,
    kept: Cache<KeyId, Arc<DataKey>>,
}

impl Vault {
    /// Opens the folder of the data keys, or makes one. Reads and writes files.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open_or_create(folder: &Path) -> Result<Self, KeyStoreError> {
        KeyStore::open_or_create(folder, fill_with_secrets).map(Self::over)
    }

    /// Opens the folder of the data keys, if it is there, and makes nothing. Reads files.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open(folder: &Path) -> Result<Option<Self>, KeyStoreError> {
        Ok(KeyStore::open(folder, fill_with_secrets)?.map(Self::over))
    }

    fn over(keys: KeyStore) -> Self {
        Self { keys, kept: Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build() }
    }

    /// Where the keys are.
    pub(super) fn folder(&self) -> &Path {
        self.keys.folder()
    }

    /// Makes a new key-encryption key and wraps every data key by it. Reads and writes files.
    ///
    /// # Errors
    /// When a key cannot be read or written.
    pub fn rotate(&self) -> Result<Rotation, KeyStoreError> {
        self.keys.rotate_kek()
    }

    /// The key, if there is one.
    pub(super) async fn get(&self, id: KeyId) -> Result<Option<Arc<DataKey>>, Fault> {
        if let Some(kept) = self.kept.get(&id).await {
            return Ok(Some(kept));
        }
        let found = self.blocking(move |keys| keys.get(id)).await?.map(Arc::new);
        if let Some(key) = &found {
            self.kept.insert(id, key.clone()).await;
        }
        Ok(found)
    }

    /// The key, made now unless it is there.
    pub(super) async fn create(&self, id: KeyId) -> Result<Arc<DataKey>, Fault> {
        if let Some(kept) = self.kept.get(&id).await {
            return Ok(kept);
        }
        let key = Arc::new(self.blocking(move |keys| keys.create(id)).await?);
        self.kept.insert(id, key.clone()).await;
        Ok(key)
    }

    /// What tells these keys from those of another folder, and nothing of any of them; `None` where nothing was ever
    /// digested under them.
    async fn fingerprint(&self) -> Result<Option<[u8; 32]>, Fault> {
        Ok(self.get(DIGESTS).await?.map(|key| key.digest(FINGERPRINT)))
    }

    /// The same, which makes the key that it takes.
    async fn made_fingerprint(&self) -> Result<[u8; 32], Fault> {
        Ok(self.create(DIGESTS).await?.digest(FINGERPRINT))
    }

    /// Whether the key was destroyed, be it not to the end.
    pub(super) async fn is_destroyed(&self, id: KeyId) -> Result<bool, Fault> {
        self.blocking(move |keys| keys.is_destroyed(id)).await
    }

    /// Destroys the key for good, whether it is there or not; `false` when it was destroyed before.
    pub(super) async fn destroy(&self, id: KeyId) -> Result<bool, Fault> {
        self.kept.invalidate(&id).await;
        self.blocking(move |keys| {
            let is_new = !keys.is_destroyed(id)?;
            // A destruction that was cut short has its mark already and is completed by another one.
            keys.destroy(id)?;
            Ok(is_new)
        })
        .await
    }

    /// Removes the key, under which nothing was ever kept.
    pub(super) async fn discard(&self, id: KeyId) -> Result<(), Fault> {
        self.kept.invalidate(&id).await;
        self.blocking(move |keys| keys.discard(id)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&KeyStore) -> Result<T, KeyStoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        let keys = self.keys.clone();
        let done = crate::blocking::blocking(move || work(&keys)).await;
        done.map_err(|error| match error {
            KeyStoreError::Destroyed { .. } => Fault::KeyErased,
            error => Fault::Keys(Arc::new(error)),
        })
    }
}

impl App {
    /// The application, able to keep personal data: it seals it under the keys of this vault.
    #[must_use]
    pub fn with_vault(self, vault: Vault) -> Self {
        Self { vault: Some(vault), ..self }
    }

    /// Whether nothing in the database was written under data keys, so that the first ones may be made.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_no_data_keys_yet(&self) -> Result<bool, Fault> {
        Ok(self.store.data_keys().await?.is_none() && !self.store.is_written_under_data_keys().await?)
    }

    /// Whether these are the data keys that the database was written with.
    ///
    /// # Errors
    /// When the store or the folder of the keys fails.
    pub async fn has_data_keys(&self, vault: &Vault) -> Result<bool, Fault> {
        match self.store.data_keys().await? {
            Some(known) => Ok(vault.fingerprint().await? == Some(known.fingerprint)),
            None => Ok(!self.store.is_written_under_data_keys().await? || self.fits(vault).await?),
        }
    }

    /// Whether what an earlier version has written, which did not say under which data keys, was written under these: they
    /// open it. Where nothing is left to be tried, inputs were digested under them at least.
    async fn fits(&self, vault: &Vault) -> Result<bool, Fault> {
        let mut is_any_tried = false;
        for stored in self.store.some_ciphertexts().await? {
            let key = KeyId(stored.key_id);
            // Those that were erased come back with a copy of the database, and their keys do not.
            if vault.is_destroyed(key).await? {
                continue;
            }
            is_any_tried = true;
            let ciphertext = Ciphertext::from_bytes(stored.ciphertext);
            if vault.get(key).await?.is_some_and(|key| key.opens(&ciphertext)) {
                return Ok(true);
            }
        }
        Ok(!is_any_tried && vault.fingerprint().await?.is_some())
    }

    /// Has the database know these data keys, if it was written with no others; whether they are its keys now.
    ///
    /// # Errors
    /// When the store or the folder of the keys fails.
    pub async fn take_data_keys_on(&self, vault: &Vault) -> Result<bool, Fault> {
        if self.store.data_keys().await?.is_none() && self.has_data_keys(vault).await? {
            self.store.take_data_keys_on(vault.made_fingerprint().await?).await?;
        }
        // Another server may have been first, with other keys.
        self.has_data_keys(vault).await
    }

    /// Has the database know these data keys in the place of those that it was written with. No server may be beside.
    ///
    /// # Errors
    /// When the store or the folder of the keys fails.
    pub async fn adopt_data_keys(&self, vault: &Vault) -> Result<(), Fault> {
        Ok(self.store.replace_data_keys(vault.made_fingerprint().await?).await?)
    }

    /// Whether what is kept of an input of that time may have been digested under other data keys than the database has now.
    ///
    /// # Errors
    /// When the store fails.
    pub(in crate::app) async fn is_from_before_these_keys(&self, recorded_at: i64) -> Result<bool, Fault> {
        let adopted_after = self.store.data_keys().await?.and_then(|known| known.adopted_after);
        Ok(adopted_after.is_some_and(|adopted_after| recorded_at <= adopted_after))
    }

    /// What is kept of a command's input to know it again. Without the keys nobody finds out from it what the input
    /// said, not even of whom it was: trying names does not help. An application without keys takes nobody's data in.
    pub(in crate::app) async fn digest_to_keep(&self, key: &Key) -> Result<[u8; 32], Fault> {
        self.may_write_under_data_keys()?;
        match &self.vault {
            Some(vault) => Ok(vault.create(DIGESTS).await?.digest(&key.digest())),
            None => Ok(key.digest()),
        }
    }

    /// What may be kept of the same input: before digests had a key they were kept as they are.
    pub(in crate::app) async fn digests_kept(&self, key: &Key) -> Result<[[u8; 32]; 2], Fault> {
        Ok([self.digest_to_keep(key).await?, key.digest()])
    }

    /// Looks whether the database still has the data keys of this process. Once others were adopted, nothing more comes in:
    /// it would be sealed and digested under keys that no other server has.
    ///
    /// # Errors
    /// When the store or the folder of the keys fails.
    pub async fn look_for_other_data_keys(&self) -> Result<(), Fault> {
        let (Some(vault), Some(known)) = (&self.vault, self.store.data_keys().await?) else { return Ok(()) };
        let has_other = vault.fingerprint().await? != Some(known.fingerprint);
        let had_other = self.has_other_data_keys.swap(has_other, Ordering::AcqRel);
        let folder = vault.folder().display();
        if has_other && !had_other {
            tracing::error!(
                data_keys = %folder,
                "the database has gone on with other data keys than these (DATA_KEYS_OTHER): no more commands are taken. End \
                 this server, and start it with the keys that were adopted; where they were adopted by mistake, end all \
                 servers and run `etalon keys adopt` with these"
            );
        } else if had_other && !has_other {
            tracing::info!(data_keys = %folder, "the database has these data keys again: commands are taken");
        }
        Ok(())
    }

    /// Whether anything may be written under the data keys of this process.
    ///
    /// # Errors
    /// [`Fault::OtherDataKeys`].
    pub(in crate::app) fn may_write_under_data_keys(&self) -> Result<(), Fault> {
        if self.has_other_data_keys.load(Ordering::Acquire) { Err(Fault::OtherDataKeys) } else { Ok(()) }
    }

    pub(super) fn vault(&self) -> Result<&Vault, Fault> {
        self.vault.as_ref().ok_or(Fault::NoVault)
    }
}
