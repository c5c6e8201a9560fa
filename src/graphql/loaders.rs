//! What a page's rows point at, loaded in one batch each: fifty cases of fifty enterprises are two reads.
//!
//! What waits for them is boxed: a load is some thousand bytes, and the library makes room for the largest field of an
//! object whichever is asked for.
//!
//! Loaders live for one request and read as of the moment that the row was read at. Whoever was shown a row is shown
//! who it names; see [`Way`](crate::graphql::types::register::Way).

mod duplicates;
mod files;
mod histories;
mod loads;
mod parts;
mod positions;
mod proofs;

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::parser::types::OperationType;
use futures::FutureExt;
use uuid::Uuid;

use crate::app::{
    App, Commanded, Entry, EventPage, EventRecord, EvidencePage, Fault, FigureEvent, HistoryEvent, Moment, Opened,
    RegisterPage, StoredCase, Versioned, YearQuestion,
};
use crate::domain::actor::Actor;
use crate::domain::annual_summary::figure::FigureName;
use crate::domain::campaign::Campaign;
use crate::domain::case::Case;
use crate::domain::case::facts::GoesOn;
use crate::domain::enterprise::Enterprise;
use crate::domain::institution::Institution;
use crate::domain::person::Person;
use crate::domain::value::personal::Sealed;
use crate::domain::value::{CaseId, EnterpriseId, Personal};
use crate::graphql::loaders::duplicates::GoingOn;
use crate::graphql::loaders::files::{FileKey, Files, Visited};
use crate::graphql::loaders::histories::{Counts, Histories, HistoryKey, ToldKey};
pub(crate) use crate::graphql::loaders::loads::Loads;
use crate::graphql::loaders::loads::Remembering;
use crate::graphql::loaders::parts::Parts;
use crate::graphql::loaders::positions::{Events, PositionKey};
use crate::graphql::loaders::proofs::{Proofs, Vouchers};

/// The loaders of one request.
pub(crate) struct Loaders {
    files: Remembering<Files>,
    visited: Remembering<Visited>,
    cases: DataLoader<Cases>,
    going_on: DataLoader<GoingOn>,
    parts: DataLoader<Parts>,
    told: DataLoader<Histories>,
    counts: DataLoader<Counts>,
    events: DataLoader<Events>,
    visible: DataLoader<Visible>,
    proofs: DataLoader<Proofs>,
    vouchers: DataLoader<Vouchers>,
    evidence: Remembering<Evidence>,
    enterprises: Remembering<Entries<Enterprise>>,
    institutions: Remembering<Entries<Institution>>,
    campaigns: Remembering<Entries<Campaign>>,
    persons: Remembering<Entries<Person>>,
    personal: Remembering<Texts>,
}

impl Loaders {
    /// Loaders for an operation of that kind by that actor, whose loads are these.
    pub(crate) fn new(app: &Arc<App>, actor: &Actor, loads: &Loads, kind: OperationType) -> Self {
        let loaders = Self {
            files: loads.remembering(Files { app: app.clone(), actor: actor.clone() }),
            visited: loads.remembering(Visited { app: app.clone() }),
            cases: loads.batching(Cases { app: app.clone(), actor: actor.clone() }),
            going_on: loads.batching(GoingOn { app: app.clone(), actor: actor.clone() }),
            parts: loads.batching(Parts { app: app.clone(), actor: actor.clone() }),
            visible: loads.batching(Visible { app: app.clone(), actor: actor.clone() }),
            told: loads.batching(Histories { app: app.clone(), actor: actor.clone() }),
            counts: loads.batching(Counts { app: app.clone(), actor: actor.clone() }),
            events: loads.batching(Events { app: app.clone(), actor: actor.clone() }),
            proofs: loads.batching(Proofs { app: app.clone(), actor: actor.clone() }),
            vouchers: loads.batching(Vouchers { app: app.clone() }),
            evidence: loads.remembering(Evidence { app: app.clone(), actor: actor.clone() }),
            enterprises: loads.remembering(Entries::new(app)),
            institutions: loads.remembering(Entries::new(app)),
            campaigns: loads.remembering(Entries::new(app)),
            persons: loads.remembering(Entries::new(app)),
            personal: loads.remembering(Texts { app: app.clone() }),
        };
        if kind == OperationType::Mutation {
            loaders.forget_what_changes();
        }
        loaders
    }

    /// A field of a mutation sees what the fields before it have changed: nothing is remembered but what a version of a
    /// case or of an enterprise is.
    fn forget_what_changes(&self) {
        self.evidence.enable_all_cache(false);
        self.enterprises.enable_all_cache(false);
        self.institutions.enable_all_cache(false);
        self.campaigns.enable_all_cache(false);
        self.persons.enable_all_cache(false);
        self.personal.enable_all_cache(false);
    }

    /// Everything known of a case at that version, as of that moment, once per request however many fields ask.
    pub(crate) async fn file(
        &self,
        id: CaseId,
        version: u64,
        at: Moment,
    ) -> Result<Option<Arc<Versioned<Case>>>, Fault> {
        self.files.load_one(FileKey::new(id, version, at)).boxed().await
    }

    /// What is known of an enterprise at that version, as of that moment, with the visits to it: once per request, too.
    pub(crate) async fn visited(
        &self,
        id: EnterpriseId,
        version: u64,
        at: Moment,
    ) -> Result<Arc<Versioned<Enterprise>>, Fault> {
        Ok(self.visited.load_one(FileKey::new(id, version, at)).boxed().await?.unwrap_or_default())
    }

    /// A case as of that moment, if it is there for who asks.
    pub(crate) async fn case(&self, id: CaseId, at: Moment) -> Result<Option<Arc<StoredCase>>, Fault> {
        self.cases.load_one(CaseKey { id, at }).boxed().await
    }

    /// Everything known of a case today, if it is there for who asks.
    pub(crate) async fn present(&self, id: CaseId) -> Result<Option<Arc<Versioned<Case>>>, Fault> {
        match self.case(id, Moment::Present).await? {
            Some(row) => self.file(id, row.version, Moment::Present).await,
            None => Ok(None),
        }
    }

    /// What goes on in the place of the duplicates of that case as of that moment, be it there for who asks or not.
    pub(crate) async fn going_on(&self, original: CaseId, at: Moment) -> Result<Option<GoesOn>, Fault> {
        self.going_on.load_one(CaseKey { id: original, at }).boxed().await
    }

    /// The parts of that case as of that moment, as far as they are there for who asks.
    pub(crate) async fn parts(&self, whole: CaseId, at: Moment) -> Result<Vec<Arc<StoredCase>>, Fault> {
        Ok(self.parts.load_one(CaseKey { id: whole, at }).boxed().await?.unwrap_or_default())
    }

    /// An entry of a register as of that moment, if it is there for who asks.
    pub(crate) async fn visible<A: Commanded>(&self, id: Uuid, at: Moment) -> Result<Option<Arc<Entry<A>>>, Fault> {
        self.visible.load_one(EntryKey::<A>::new(id, at)).boxed().await
    }

    /// Everything that had happened to a case as of that moment.
    pub(crate) async fn history(&self, id: CaseId, at: Moment) -> Result<Arc<[HistoryEvent]>, Fault> {
        Ok(self.told.load_one(HistoryKey { id, at }).boxed().await?.unwrap_or_default())
    }

    /// A page of what has happened to a case: the same pages of several cases are one read.
    pub(crate) async fn told(&self, id: CaseId, page: &EventPage) -> Result<Arc<[HistoryEvent]>, Fault> {
        Ok(self.told.load_one(ToldKey { id, page: page.clone() }).boxed().await?.unwrap_or_default())
    }

    /// How many events of a case there are on all pages.
    pub(crate) async fn count_told(&self, id: CaseId, page: &EventPage) -> Result<u64, Fault> {
        Ok(self.counts.load_one(ToldKey { id, page: page.clone() }).boxed().await?.unwrap_or_default())
    }

    /// The event at a position as of that moment, if it is there for who asks.
    pub(crate) async fn event(&self, position: u64, at: Moment) -> Result<Option<EventRecord>, Fault> {
        self.events.load_one(PositionKey { position, at }).boxed().await
    }

    /// The events that a figure of a year rests on: those of all its figures are one read.
    pub(crate) async fn evidence(
        &self,
        question: &YearQuestion,
        name: FigureName,
        page: EvidencePage,
    ) -> Result<Vec<FigureEvent>, Fault> {
        let found = self.evidence.load_one(EvidenceKey { question: question.clone(), page, name }).boxed().await?;
        Ok(found.unwrap_or_default())
    }

    /// What a personal text says: all names of a page are opened together.
    pub(crate) async fn personal(&self, personal: &Personal) -> Result<Opened, Fault> {
        match personal {
            Personal::Text(text) => Ok(Opened::Text(text.clone())),
            Personal::Sealed(sealed) => {
                let opened = self.personal.load_one((**sealed).clone()).boxed().await?;
                Ok(opened.unwrap_or(Opened::Unreadable))
            }
        }
    }

    /// An entry of a register as of that moment.
    pub(crate) async fn entry<A: Batched>(&self, id: Uuid, at: Moment) -> Result<Option<Arc<Entry<A>>>, Fault> {
        A::entries(self).load_one(EntryKey::new(id, at)).boxed().await
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
struct CaseKey {
    id: CaseId,
    at: Moment,
}

struct Cases {
    app: Arc<App>,
    actor: Actor,
}

impl Loader<CaseKey> for Cases {
    type Value = Arc<StoredCase>;
    type Error = Fault;

    async fn load(&self, keys: &[CaseKey]) -> Result<HashMap<CaseKey, Arc<StoredCase>>, Fault> {
        let mut found = HashMap::with_capacity(keys.len());
        for (at, keys) in grouped(keys, |key| key.at) {
            let ids: Vec<_> = keys.iter().map(|key| key.id.into()).collect();
            let cases = self.app.cases_named(&self.actor, &ids, at).await?;
            found.extend(cases.into_iter().map(|case| (CaseKey { id: case.row.case_id.into(), at }, Arc::new(case))));
        }
        Ok(found)
    }
}

/// Which events a figure of a year rests on, from where on and how many.
#[derive(Clone, PartialEq, Eq, Hash)]
struct EvidenceKey {
    question: YearQuestion,
    page: EvidencePage,
    name: FigureName,
}

struct Evidence {
    app: Arc<App>,
    actor: Actor,
}

impl Loader<EvidenceKey> for Evidence {
    type Value = Vec<FigureEvent>;
    type Error = Fault;

    async fn load(&self, keys: &[EvidenceKey]) -> Result<HashMap<EvidenceKey, Self::Value>, Fault> {
        let mut asked: HashMap<(&YearQuestion, EvidencePage), Vec<&EvidenceKey>> = HashMap::new();
        for key in keys {
            asked.entry((&key.question, key.page)).or_default().push(key);
        }
        let mut found = HashMap::with_capacity(keys.len());
        for ((question, page), keys) in asked {
            let names: Vec<_> = keys.iter().map(|key| key.name).collect();
            let events = self.app.year_events(&self.actor, question, &names, page).await?;
            found.extend(keys.into_iter().cloned().zip(events));
        }
        Ok(found)
    }
}

/// The keys, by what those have in common that are one read.
fn grouped<K: Clone, G: Eq + Hash>(keys: &[K], group: impl Fn(&K) -> G) -> HashMap<G, Vec<K>> {
    let mut grouped: HashMap<G, Vec<K>> = HashMap::new();
    for key in keys {
        grouped.entry(group(key)).or_default().push(key.clone());
    }
    grouped
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
        let mut found = HashMap::with_capacity(keys.len());
        for (at, keys) in grouped(keys, |key| key.at) {
            let ids = keys.iter().map(|key| key.id).collect();
            for entry in self.app.named_by_a_case::<A>(ids, at).await? {
                found.insert(EntryKey::new(entry.id, at), Arc::new(entry));
            }
        }
        Ok(found)
    }
}

/// Loads entries of any register, of those that are there for who asks.
struct Visible {
    app: Arc<App>,
    actor: Actor,
}

impl<A: Commanded> Loader<EntryKey<A>> for Visible {
    type Value = Arc<Entry<A>>;
    type Error = Fault;

    async fn load(&self, keys: &[EntryKey<A>]) -> Result<HashMap<EntryKey<A>, Self::Value>, Fault> {
        let mut found = HashMap::with_capacity(keys.len());
        for (at, keys) in grouped(keys, |key| key.at) {
            let limit = u32::try_from(keys.len()).unwrap_or(u32::MAX);
            let ids = Some(keys.iter().map(|key| key.id).collect());
            let page = RegisterPage { ids, limit, at, ..RegisterPage::default() };
            for entry in self.app.registers::<A>(&self.actor, &page).await? {
                found.insert(EntryKey::new(entry.id, at), Arc::new(entry));
            }
        }
        Ok(found)
    }
}
