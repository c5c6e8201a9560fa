//! What a page's rows point at, loaded in one batch each: fifty cases of fifty enterprises are two reads.
//!
//! Loaders live for one request and read as of the moment that the row was read at. Whoever was shown a row is shown what it names.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use async_graphql::runtime::TokioTimer;
use futures::task::{FutureObj, Spawn, SpawnError};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::app::{App, Commanded, Entry, Fault, Moment, Opened, Versioned, limited};
use crate::domain::campaign::Campaign;
use crate::domain::case::Case;
use crate::domain::enterprise::Enterprise;
use crate::domain::institution::Institution;
use crate::domain::person::Person;
use crate::domain::value::personal::Sealed;
use crate::domain::value::{CaseId, Personal};
use crate::graphql::limits::Limits;

/// Siblings ask within one turn of the executor, so waiting longer than this only adds delay.
const WINDOW: Duration = Duration::from_micros(100);

/// A loader that remembers what it loaded for as long as the request lives.
type Remembering<L> = DataLoader<L, HashMapCache>;

/// The loaders of one request.
pub(crate) struct Loaders {
    files: Remembering<Files>,
    enterprises: Remembering<Entries<Enterprise>>,
    institutions: Remembering<Entries<Institution>>,
    campaigns: Remembering<Entries<Campaign>>,
    persons: Remembering<Entries<Person>>,
    personal: Remembering<Texts>,
    /// Ends what still loads when the request is given up.
    _end: DropGuard,
}

impl Loaders {
    /// Loaders for a request. Needs a Tokio runtime around it.
    pub(crate) fn new(app: &Arc<App>, limits: &Limits) -> Self {
        let loads = Loads { limit: limits.statement_timeout, end: CancellationToken::new() };
        Self {
            files: loads.by(Files { app: app.clone() }),
            enterprises: loads.by(Entries::new(app)),
            institutions: loads.by(Entries::new(app)),
            campaigns: loads.by(Entries::new(app)),
            persons: loads.by(Entries::new(app)),
            personal: loads.by(Texts { app: app.clone() }),
            _end: loads.end.drop_guard(),
        }
    }

    /// Everything known of a case at that version, as of that moment, once per request however many fields ask.
    pub(crate) async fn file(
        &self,
        id: CaseId,
        version: u64,
        at: Moment,
    ) -> Result<Option<Arc<Versioned<Case>>>, Fault> {
        // A version of the log is the same whenever it is looked at.
        let at = if matches!(at, Moment::Occurred(_)) { at } else { Moment::Present };
        self.files.load_one(FileKey { id, version, at }).await
    }

    /// What a personal text says: all names of a page are opened together.
    pub(crate) async fn personal(&self, personal: &Personal) -> Result<Opened, Fault> {
        match personal {
            Personal::Text(text) => Ok(Opened::Text(text.clone())),
            Personal::Sealed(sealed) => {
                let opened = self.personal.load_one((**sealed).clone()).await?;
                Ok(opened.unwrap_or(Opened::Unreadable))
            }
        }
    }

    /// An entry of a register as of that moment.
    pub(crate) async fn entry<A: Batched>(&self, id: Uuid, at: Moment) -> Result<Option<Arc<Entry<A>>>, Fault> {
        A::entries(self).load_one(EntryKey::new(id, at)).await
    }
}

/// The tasks that load for one request: they end with it, and read within its limit.
#[derive(Clone)]
struct Loads {
    limit: Duration,
    end: CancellationToken,
}

impl Loads {
    fn by<L>(&self, loader: L) -> Remembering<L> {
        DataLoader::with_cache(loader, self.clone(), TokioTimer::default(), HashMapCache::default()).delay(WINDOW)
    }
}

impl Spawn for Loads {
    fn spawn_obj(&self, load: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        tokio::spawn(self.end.clone().run_until_cancelled_owned(limited(self.limit, load)));
        Ok(())
    }
}

/// A register that rows point at.
pub(crate) trait Batched: Commanded {
    #[doc(hidden)]
    fn entries(loaders: &Loaders) -> &Remembering<Entries<Self>>;
}

macro_rules! batched {
    ($($root:ident => $field:ident,)+) => {
        $(impl Batched for $root {
            fn entries(loaders: &Loaders) -> &Remembering<Entries<Self>> {
                &loaders.$field
            }
        })+
    };
}

batched! {
    Enterprise => enterprises,
    Institution => institutions,
    Campaign => campaigns,
    Person => persons,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct FileKey {
    id: CaseId,
    version: u64,
    at: Moment,
}

struct Files {
    app: Arc<App>,
}

impl Loader<FileKey> for Files {
    type Value = Arc<Versioned<Case>>;
    type Error = Fault;

    async fn load(&self, keys: &[FileKey]) -> Result<HashMap<FileKey, Self::Value>, Fault> {
        let loads = keys.iter().map(async |key| {
            let file = self.app.case_file(key.id, key.version, key.at).await?;
            Ok::<_, Fault>((*key, file))
        });
        Ok(futures::future::try_join_all(loads).await?.into_iter().collect())
    }
}

struct Texts {
    app: Arc<App>,
}

impl Loader<Sealed> for Texts {
    type Value = Opened;
    type Error = Fault;

    async fn load(&self, keys: &[Sealed]) -> Result<HashMap<Sealed, Opened>, Fault> {
        self.app.open_all(keys).await
    }
}

/// An entry of one register, as of a moment. Typed, because the loader keeps its keys by their type.
#[doc(hidden)]
pub(crate) struct EntryKey<A> {
    id: Uuid,
    at: Moment,
    of: PhantomData<fn() -> A>,
}

impl<A> EntryKey<A> {
    fn new(id: Uuid, at: Moment) -> Self {
        Self { id, at, of: PhantomData }
    }
}

impl<A> Clone for EntryKey<A> {
    fn clone(&self) -> Self {
        Self::new(self.id, self.at)
    }
}

impl<A> PartialEq for EntryKey<A> {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.at) == (other.id, other.at)
    }
}

impl<A> Eq for EntryKey<A> {}

impl<A> Hash for EntryKey<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.id, self.at).hash(state);
    }
}

/// Loads entries of one register.
#[doc(hidden)]
pub(crate) struct Entries<A> {
    app: Arc<App>,
    of: PhantomData<fn() -> A>,
}

impl<A> Entries<A> {
    fn new(app: &Arc<App>) -> Self {
        Self { app: app.clone(), of: PhantomData }
    }
}

impl<A: Commanded> Loader<EntryKey<A>> for Entries<A> {
    type Value = Arc<Entry<A>>;
    type Error = Fault;

    async fn load(&self, keys: &[EntryKey<A>]) -> Result<HashMap<EntryKey<A>, Self::Value>, Fault> {
        let mut by_moment: HashMap<Moment, Vec<Uuid>> = HashMap::new();
        for key in keys {
            by_moment.entry(key.at).or_default().push(key.id);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (at, ids) in by_moment {
            for entry in self.app.named_by_a_case::<A>(ids, at).await? {
                found.insert(EntryKey::new(entry.id, at), Arc::new(entry));
            }
        }
        Ok(found)
    }
}
