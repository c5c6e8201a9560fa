//! Sealed personal data beside the log: ciphertexts by what the events say of them, the keys that were erased, and
//! which keys the database was written with.
//!
//! The first two are written by the commit of an event and here only read.

use async_trait::async_trait;
use sqlx::FromRow;
use uuid::Uuid;

use crate::store::StoreError;
use crate::store::backend::{Backend, SqlStore};
use crate::store::condition::push_list;
use crate::store::statement::{Argument, Statement};
use crate::store::stored::{hash, id};

/// Digests of one statement: both databases take many more arguments.
const CHUNK: usize = 500;

const DATA_KEYS: &str = "select fingerprint, adopted_after from data_keys where id = 1";

/// Whoever comes first says which keys they are.
const TAKE_ON: &str = "insert into data_keys (id, fingerprint) values (1, $1) on conflict (id) do nothing";

/// Every command is digested under a data key, and what was sealed or erased had one.
const WRITTEN_UNDER_KEYS: &str = "select count(*) as count from (select 1 as one) o where \
     exists (select 1 from commands) or exists (select 1 from ciphertexts) or exists (select 1 from erased_keys)";

/// Digests have no order that means something: these are drawn from all.
const SOME_CIPHERTEXTS: &str = "select digest, key_id, ciphertext from ciphertexts order by digest limit 100";

/// Those that are known already stay what they are. Inputs of commands are digested under them, and of changes of webhooks,
/// whose times are other servers': the clock of this machine tells nothing of either.
const REPLACE: &str = "insert into data_keys (id, fingerprint, adopted_after) values (1, $1, \
     (select max(o.digested_at) from (select h.recorded_at as digested_at from log_head h where h.id = 1 \
     union all select c.at as digested_at from webhook_changes c) o)) \
     on conflict (id) do update set fingerprint = excluded.fingerprint, adopted_after = excluded.adopted_after \
     where data_keys.fingerprint <> excluded.fingerprint";

/// The data keys that the database was written with, as far as it knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownDataKeys {
    /// What tells them from others.
    pub fingerprint: [u8; 32],
    /// The latest time of what was recorded by when they were adopted in the place of others, in microseconds since the Unix
    /// epoch; `None` where they were not, as far as is known.
    pub adopted_after: Option<i64>,
}

/// A ciphertext that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCiphertext {
    /// Its SHA-256, as the event says it.
    pub digest: [u8; 32],
    /// The id of the key that opens it.
    pub key_id: Uuid,
    /// The bytes.
    pub ciphertext: Vec<u8>,
}

/// A key that an event has erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasedKey {
    /// Its id.
    pub key_id: Uuid,
    /// The position of the event.
    pub position: u64,
}

/// The part of the store that personal data needs. Fails as [`Store`](crate::store::Store) does.
#[async_trait]
pub trait PersonalStore: Send + Sync {
    /// Those of the ciphertexts that are there, in no order.
    ///
    /// # Errors
    /// When the database fails.
    async fn ciphertexts(&self, digests: &[[u8; 32]]) -> Result<Vec<StoredCiphertext>, StoreError>;

    /// Some of the ciphertexts that are there, no matter which: a hundred at most.
    ///
    /// # Errors
    /// When the database fails.
    async fn some_ciphertexts(&self) -> Result<Vec<StoredCiphertext>, StoreError>;

    /// Those of the keys that were erased.
    ///
    /// # Errors
    /// When the database fails.
    async fn erased_among(&self, keys: &[Uuid]) -> Result<Vec<ErasedKey>, StoreError>;

    /// Keys that were erased from that position on, in the order of the log.
    ///
    /// # Errors
    /// When the database fails.
    async fn erased_keys(&self, from_position: u64) -> Result<Vec<ErasedKey>, StoreError>;

    /// The data keys that the database was written with; `None` while it was opened with none.
    ///
    /// # Errors
    /// When the database fails.
    async fn data_keys(&self) -> Result<Option<KnownDataKeys>, StoreError>;

    /// Whether anything was written that has taken data keys, whether they are known or not.
    ///
    /// # Errors
    /// When the database fails.
    async fn is_written_under_data_keys(&self) -> Result<bool, StoreError>;

    /// Keeps the fingerprint of the data keys, unless there is one.
    ///
    /// # Errors
    /// When the database fails.
    async fn take_data_keys_on(&self, fingerprint: [u8; 32]) -> Result<(), StoreError>;

    /// Keeps the fingerprint of the data keys in the place of the one that is there, as adopted after all that is recorded.
    ///
    /// # Errors
    /// When the database fails, or its role may not.
    async fn replace_data_keys(&self, fingerprint: [u8; 32]) -> Result<(), StoreError>;

    /// Takes what was deleted out of the database's files as far as it can be told to; `false` when somebody still read
    /// what was there, so that it has to be asked again.
    ///
    /// # Errors
    /// When the database fails.
    async fn scrub(&self) -> Result<bool, StoreError>;
}

#[derive(FromRow)]
struct CiphertextRow {
    digest: Vec<u8>,
    key_id: String,
    ciphertext: Vec<u8>,
}

impl TryFrom<CiphertextRow> for StoredCiphertext {
    type Error = StoreError;

    fn try_from(row: CiphertextRow) -> Result<Self, StoreError> {
        Ok(Self {
            digest: hash("ciphertexts.digest", &row.digest)?,
            key_id: id("ciphertexts", &row.key_id)?,
            ciphertext: row.ciphertext,
        })
    }
}

#[derive(FromRow)]
struct ErasedKeyRow {
    key_id: String,
    position: i64,
}

impl TryFrom<ErasedKeyRow> for ErasedKey {
    type Error = StoreError;

    fn try_from(row: ErasedKeyRow) -> Result<Self, StoreError> {
        Ok(Self { key_id: id("erased_keys", &row.key_id)?, position: row.position.cast_unsigned() })
    }
}

#[derive(FromRow)]
struct DataKeysRow {
    fingerprint: Vec<u8>,
    adopted_after: Option<i64>,
}

impl TryFrom<DataKeysRow> for KnownDataKeys {
    type Error = StoreError;

    fn try_from(row: DataKeysRow) -> Result<Self, StoreError> {
        Ok(Self { fingerprint: hash("data_keys.fingerprint", &row.fingerprint)?, adopted_after: row.adopted_after })
    }
}

#[async_trait]
impl<B: Backend> PersonalStore for SqlStore<B> {
    async fn ciphertexts(&self, digests: &[[u8; 32]]) -> Result<Vec<StoredCiphertext>, StoreError> {
        let mut found = Vec::with_capacity(digests.len());
        for chunk in digests.chunks(CHUNK) {
            let wanted = chunk.iter().map(|digest| Argument::Bytes(digest.to_vec()));
            let statement = among("select digest, key_id, ciphertext from ciphertexts where digest in ", wanted);
            found.extend(self.many::<CiphertextRow, StoredCiphertext>("read ciphertexts", statement).await?);
        }
        Ok(found)
    }

    async fn some_ciphertexts(&self) -> Result<Vec<StoredCiphertext>, StoreError> {
        self.many::<CiphertextRow, _>("read some ciphertexts", Statement::new(SOME_CIPHERTEXTS)).await
    }

    async fn erased_among(&self, keys: &[Uuid]) -> Result<Vec<ErasedKey>, StoreError> {
        let mut found = Vec::new();
        for chunk in keys.chunks(CHUNK) {
            let wanted = chunk.iter().map(|key| Argument::Text(key.to_string()));
            let statement = among("select key_id, position from erased_keys where key_id in ", wanted);
            found.extend(self.many::<ErasedKeyRow, ErasedKey>("look for erased keys", statement).await?);
        }
        Ok(found)
    }

    async fn erased_keys(&self, from_position: u64) -> Result<Vec<ErasedKey>, StoreError> {
        let statement =
            Statement::new("select key_id, position from erased_keys where position >= $1 order by position")
                .integer(from_position.cast_signed());
        self.many::<ErasedKeyRow, _>("list erased keys", statement).await
    }

    async fn data_keys(&self) -> Result<Option<KnownDataKeys>, StoreError> {
        self.one::<DataKeysRow, _>("read which data keys there are", Statement::new(DATA_KEYS)).await
    }

    async fn is_written_under_data_keys(&self) -> Result<bool, StoreError> {
        let look = Statement::new(WRITTEN_UNDER_KEYS);
        Ok(self.count("look for what was written under data keys", look).await? > 0)
    }

    async fn take_data_keys_on(&self, fingerprint: [u8; 32]) -> Result<(), StoreError> {
        let written = self.backend.execute(&Statement::new(TAKE_ON).bytes(&fingerprint)).await;
        written.map(drop).map_err(StoreError::during("keep which data keys there are"))
    }

    async fn replace_data_keys(&self, fingerprint: [u8; 32]) -> Result<(), StoreError> {
        let statement = Statement::new(REPLACE).bytes(&fingerprint);
        let written = self.backend.execute(&statement).await;
        written.map(drop).map_err(StoreError::during("replace which data keys there are"))
    }

    async fn scrub(&self) -> Result<bool, StoreError> {
        self.backend.scrub().await.map_err(StoreError::during("take what was erased out of the files"))
    }
}

/// A list of arguments at the end of the text. Its length varies, so that the statement is not kept.
fn among(text: &str, wanted: impl Iterator<Item = Argument>) -> Statement {
    let mut statement = Statement { is_planned_anew: true, ..Statement::new(text) };
    push_list(&mut statement, wanted);
    statement
}
