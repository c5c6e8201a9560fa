//! The tables with all that keeps and serves them: whether a database has them as its migrations make them. Rows may be as
//! the log says, and be kept by nothing, or be shown to nobody.

use async_trait::async_trait;

use crate::store::StoreError;
use crate::store::backend::{Backend, SqlStore};
use crate::store::statement::Statement;

/// How many heads the log has: one, or none before it begins.
const HEADS: &str = "select count(*) as count from log_head";

/// Something that is not as the migrations make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alteration {
    /// What.
    pub what: Altered,
    /// In words.
    pub message: String,
}

/// What is not as the migrations make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Altered {
    /// A guard of the log is not there.
    GuardMissing,
    /// A guard is switched off, or does something else.
    GuardWrong,
    /// What is read as a table is another one, has other columns or constraints, or shows or does more or less than one.
    Table,
    /// An index is not there.
    IndexMissing,
    /// An index is there, and may be another than that of its rows.
    IndexNotValid,
    /// A name of a table stands for one that is not beside the log.
    Name,
    /// Somebody may change the log.
    Right,
    /// The log has several heads.
    Head,
}

impl Altered {
    /// All of them.
    pub(super) const ALL: [Self; 8] = [
        Self::GuardMissing,
        Self::GuardWrong,
        Self::Table,
        Self::IndexMissing,
        Self::IndexNotValid,
        Self::Name,
        Self::Right,
        Self::Head,
    ];

    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::GuardMissing => "GUARD_MISSING",
            Self::GuardWrong => "GUARD_WRONG",
            Self::Table => "TABLE_ALTERED",
            Self::IndexMissing => "INDEX_MISSING",
            Self::IndexNotValid => "INDEX_NOT_VALID",
            Self::Name => "NAME_SHADOWED",
            Self::Right => "RIGHT_TOO_WIDE",
            Self::Head => "HEAD_WRONG",
        }
    }

    pub(super) fn told(self, message: impl Into<String>) -> Alteration {
        Alteration { what: self, message: message.into() }
    }
}

/// The part of the store that looks at its own tables. Fails as [`Store`](crate::store::Store) does.
#[async_trait]
pub trait SchemaStore: Send + Sync {
    /// What of the tables, their guards, indexes and rights is not as the migrations make it.
    ///
    /// # Errors
    /// When the database fails.
    async fn alterations(&self) -> Result<Vec<Alteration>, StoreError>;
}

/// A database that says what stands in it.
pub(super) trait Catalogued {
    /// As [`SchemaStore::alterations`], but for the rows.
    fn alterations(&self) -> impl Future<Output = Result<Vec<Alteration>, sqlx::Error>> + Send;
}

#[async_trait]
impl<B: Backend> SchemaStore for SqlStore<B> {
    async fn alterations(&self) -> Result<Vec<Alteration>, StoreError> {
        let looked = self.backend.alterations().await;
        let mut alterations = looked.map_err(StoreError::during("look at the schema"))?;
        if self.count("count the heads of the log", Statement::new(HEADS)).await? > 1 {
            alterations.push(Altered::Head.told("the log has more than one head"));
        }
        Ok(alterations)
    }
}
