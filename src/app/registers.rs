//! Questions about the registers: enterprises, campaigns, institutions, persons, catalogues, annual summaries.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::App;
use crate::app::commanded::Commanded;
use crate::app::request::{Fault, time_of};
use crate::app::scope::RegisterScope;
use crate::app::streams::Versioned;
use crate::domain::actor::Actor;
use crate::domain::enterprise::Enterprise;
use crate::domain::value::{Division, EnterpriseId};
use crate::store::{AggregateType, Keep, Moment, RegisterQuery, StoreError, StoredRegister};

/// A page of a register, in the order of names.
#[derive(Clone, Debug, Default)]
pub struct RegisterPage {
    /// Only these.
    pub ids: Option<Vec<Uuid>>,
    /// Only in this division.
    pub division: Option<Division>,
    /// Only with this code.
    pub code: Option<String>,
    /// Only with this in the name.
    pub name_contains: Option<String>,
    /// Without what is there for an audit alone: views of others, and those that were thrown away.
    pub as_reader: bool,
    /// Only after the entry of this name and id.
    pub after: Option<(String, Uuid)>,
    /// Only before the entry of this name and id.
    pub before: Option<(String, Uuid)>,
    /// At most so many.
    pub limit: u32,
    /// Which of them the limit keeps.
    pub keep: Keep,
    /// As of when.
    pub at: Moment,
}

/// An entry of a register as it was.
#[derive(Clone, Debug)]
pub struct Entry<A> {
    /// Its id.
    pub id: Uuid,
    /// Its name in the register's order.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// The position of the event that made it so.
    pub from_position: u64,
    /// When the log took that event.
    pub updated_at: Timestamp,
    /// What is known of it; of an enterprise all but the visits to it.
    pub state: A,
}

impl App {
    /// What is known of each of the enterprises at its version, as of that moment, with the visits to it; each in its
    /// place. Whom they are shown to is for the register's own rule.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn visited_enterprises(
        &self,
        enterprises: &[(EnterpriseId, u64)],
        at: Moment,
    ) -> Result<Vec<Arc<Versioned<Enterprise>>>, Fault> {
        let asked: Vec<_> = enterprises.iter().map(|(id, version)| (Uuid::from(*id), *version)).collect();
        self.aggregates.enterprises.at_versions(&asked, at).await
    }

    /// An entry of a register, if it is there for this actor.
    ///
    /// # Errors
    /// When the store fails or the entry cannot be read.
    pub async fn register<A: Commanded>(&self, actor: &Actor, id: Uuid, at: Moment) -> Result<Option<Entry<A>>, Fault> {
        let page = RegisterPage { ids: Some(vec![id]), limit: 1, at, ..RegisterPage::default() };
        Ok(self.registers(actor, &page).await?.pop())
    }

    /// A page of the entries that this actor may see, and the moment of it: for the present, the head of the log that
    /// it was read at.
    ///
    /// # Errors
    /// When the store fails or an entry cannot be read.
    pub async fn page_of_registers<A: Commanded>(
        &self,
        actor: &Actor,
        page: &RegisterPage,
    ) -> Result<(Vec<Entry<A>>, Moment), Fault> {
        let Some(query) = visible::<A>(actor, page) else {
            return Ok((Vec::new(), page.at));
        };
        let (stored, at) = self.store.page_of_registers(&query).await?;
        Ok((stored.into_iter().map(entry).collect::<Result<_, _>>()?, at))
    }

    /// Entries of a register that this actor may see.
    ///
    /// # Errors
    /// When the store fails or an entry cannot be read.
    pub async fn registers<A: Commanded>(&self, actor: &Actor, page: &RegisterPage) -> Result<Vec<Entry<A>>, Fault> {
        let Some(query) = visible::<A>(actor, page) else {
            return Ok(Vec::new());
        };
        self.store.registers(&query).await?.into_iter().map(entry).collect()
    }

    /// How many entries there are for this actor, on all pages.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_registers<A: Commanded>(&self, actor: &Actor, page: &RegisterPage) -> Result<u64, Fault> {
        match visible::<A>(actor, page) {
            Some(query) => Ok(self.store.count_registers(&query).await?),
            None => Ok(0),
        }
    }

    /// Entries that a case names: whoever sees the case sees who they are. What else is shown of them is for the
    /// register's own rule. A case may be dated before what it names was put on record: as of what had happened by a time
    /// such an entry is told as it was first.
    ///
    /// # Errors
    /// When the store fails or an entry cannot be read.
    pub async fn named_by_a_case<A: Commanded>(&self, ids: Vec<Uuid>, at: Moment) -> Result<Vec<Entry<A>>, Fault> {
        let mut found =
            self.store.registers(&RegisterQuery { at, ..RegisterQuery::of(A::AGGREGATE, ids.clone()) }).await?;
        if matches!(at, Moment::Occurred(_)) {
            let there: HashSet<_> = found.iter().map(|entry| entry.stream.aggregate_id).collect();
            let later: Vec<_> = ids.into_iter().filter(|id| !there.contains(id)).collect();
            if !later.is_empty() {
                found.extend(self.store.first_of_registers(A::AGGREGATE, &later).await?);
            }
        }
        found.into_iter().map(entry).collect()
    }

    /// Those of the entries of a register that are there for this actor.
    pub(super) async fn seen_entries(
        &self,
        actor: &Actor,
        aggregate_type: AggregateType,
        ids: Vec<Uuid>,
    ) -> Result<Vec<Uuid>, Fault> {
        self.named_within(&RegisterScope::of(actor, aggregate_type), RegisterQuery::of(aggregate_type, ids)).await
    }

    /// Those of the entries that a question names which it finds within the scope. The log itself is no entry of any
    /// register and lies nowhere: what happens to it concerns whoever reads events.
    pub(super) async fn named_within(&self, scope: &RegisterScope, query: RegisterQuery) -> Result<Vec<Uuid>, Fault> {
        if query.aggregate_type == AggregateType::Log {
            return Ok(query.ids.unwrap_or_default());
        }
        let Some(query) = scope.narrow(query) else { return Ok(Vec::new()) };
        let entries = self.store.registers(&query).await?;
        Ok(entries.into_iter().map(|entry| entry.stream.aggregate_id).collect())
    }
}

fn entry<A: Commanded>(stored: StoredRegister) -> Result<Entry<A>, Fault> {
    let state = serde_json::from_str(&stored.row.document).map_err(|error| StoreError::Corrupt {
        what: format!("register_versions.document of {}: {error}", stored.stream),
    })?;
    Ok(Entry {
        id: stored.stream.aggregate_id,
        name: stored.row.name,
        version: stored.version,
        from_position: stored.from_position,
        updated_at: time_of(stored.updated_at),
        state,
    })
}

/// The question within what the actor may see; `None` when nothing can answer it.
fn visible<A: Commanded>(actor: &Actor, page: &RegisterPage) -> Option<RegisterQuery> {
    let mut query = RegisterScope::of(actor, A::AGGREGATE).narrow(register_query::<A>(page))?;
    if let Some(readers) = query.readers.as_mut().filter(|_| page.as_reader) {
        readers.audited = None;
    }
    Some(query)
}

fn register_query<A: Commanded>(page: &RegisterPage) -> RegisterQuery {
    RegisterQuery {
        aggregate_type: A::AGGREGATE,
        ids: page.ids.clone(),
        division_prefix: page.division.as_ref().map(|division| division.code().to_owned()),
        readers: None,
        within: None,
        code: page.code.clone(),
        name_contains: page.name_contains.clone(),
        after: page.after.clone(),
        before: page.before.clone(),
        limit: page.limit,
        keep: page.keep,
        at: page.at,
        heard_after: None,
    }
}
