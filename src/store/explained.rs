//! How the database goes about a question, for tests that see to it that an index is walked. No server asks.

use std::sync::Arc;

use async_trait::async_trait;

use crate::clock::Clock;
use crate::store::backend::{Backend, SqlStore};
use crate::store::opening::Schema;
use crate::store::place::{Place, Target, place};
use crate::store::postgres::PostgresBackend;
use crate::store::sqlite::SqliteBackend;
use crate::store::{
    CaseQuery, EventQuery, Moment, Reading, Store, StoreError, TextQuery, Texts, case_list, filter, texts,
};

/// A question to texts, to see how the database answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedTexts {
    /// Which ones have these terms.
    With(TextQuery),
    /// These, and that much of them.
    Known(Texts, Reading),
}

/// A store that tells by which plan the database answers, a line a step, in its own words.
#[async_trait]
pub trait ExplainedStore: Store {
    /// The plan of [`Store::page_of_cases`].
    ///
    /// # Errors
    /// As [`Store::cases`].
    async fn plan_of_cases(&self, query: &CaseQuery) -> Result<Vec<String>, StoreError>;

    /// The plan of [`Store::case_ids`].
    ///
    /// # Errors
    /// As [`Store::cases`].
    async fn plan_of_case_ids(&self, query: &CaseQuery) -> Result<Vec<String>, StoreError>;

    /// The plan of [`Store::events`].
    ///
    /// # Errors
    /// As [`Store::cases`].
    async fn plan_of_events(&self, query: &EventQuery) -> Result<Vec<String>, StoreError>;

    /// The plan of [`Store::texts_with`] or [`Store::texts`].
    ///
    /// # Errors
    /// As [`Store::cases`].
    async fn plan_of_texts(&self, asked: &AskedTexts) -> Result<Vec<String>, StoreError>;
}

/// Opens a database as [`open`](crate::store::open) does.
///
/// # Errors
/// As [`open`](crate::store::open).
pub async fn open_explained(url: &str, clock: Arc<dyn Clock>) -> Result<Arc<dyn ExplainedStore>, StoreError> {
    Ok(match place(url)? {
        Place::Sqlite { shown, path } => {
            Arc::new(SqlStore::over(SqliteBackend::open(&shown, path, Schema::Migrated).await?, clock).await?)
        }
        Place::Postgres { shown, options } => Arc::new(
            SqlStore::over(PostgresBackend::open(&shown, *options, Target::PATIENCE, Schema::Migrated).await?, clock)
                .await?,
        ),
    })
}

#[async_trait]
impl<B: Backend> ExplainedStore for SqlStore<B> {
    async fn plan_of_cases(&self, query: &CaseQuery) -> Result<Vec<String>, StoreError> {
        let statement = match query.at {
            Moment::Present => case_list::cases_and_head(query)?,
            Moment::Position(_) | Moment::Occurred(_) => case_list::cases(query)?,
        };
        self.backend.explain(&statement).await.map_err(StoreError::during("explain a list of cases"))
    }

    async fn plan_of_case_ids(&self, query: &CaseQuery) -> Result<Vec<String>, StoreError> {
        let statement = match query.at {
            Moment::Present => case_list::ids_and_head(query)?,
            Moment::Position(_) | Moment::Occurred(_) => case_list::ids(query)?,
        };
        self.backend.explain(&statement).await.map_err(StoreError::during("explain a list of ids"))
    }

    async fn plan_of_events(&self, query: &EventQuery) -> Result<Vec<String>, StoreError> {
        let statement = filter::events(query);
        self.backend.explain(&statement).await.map_err(StoreError::during("explain a page of events"))
    }

    async fn plan_of_texts(&self, asked: &AskedTexts) -> Result<Vec<String>, StoreError> {
        let statement = match asked {
            AskedTexts::With(query) => texts::with(query, &B::INDEX)?,
            AskedTexts::Known(which, reading) => texts::these(which, *reading),
        };
        self.backend.explain(&statement).await.map_err(StoreError::during("explain a question to texts"))
    }
}
