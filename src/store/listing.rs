//! Lists in their order; those of the present with the head of the log that they were read at. What is as of the head is
//! the present, whose tables and indexes hold no past.

use tracing::Instrument;
use uuid::Uuid;

use crate::store::backend::{Backend, SqlStore};
use crate::store::sql::HEAD;
use crate::store::statement::Statement;
use crate::store::stored::{CaseIdRow, Count, Decoded, FoundTextRow, HeadRow, WithHead};
use crate::store::{CaseQuery, Head, Keep, Moment, StoreError, StoredText, TextQuery, case_list, filter, texts};
use crate::telemetry::traces::answered_as_of;

/// Rows in the order of their list: the end of one was read backwards.
pub(super) fn in_order<T>(keep: Keep, mut rows: Vec<T>) -> Vec<T> {
    if keep == Keep::Last {
        rows.reverse();
    }
    rows
}

pub(super) fn headless() -> StoreError {
    StoreError::Corrupt { what: "table log_head is empty".to_owned() }
}

impl<B: Backend> SqlStore<B> {
    pub(super) async fn head_row(&self) -> Result<HeadRow, StoreError> {
        self.one::<HeadRow, HeadRow>("read the head of the log", Statement::new(HEAD)).await?.ok_or_else(headless)
    }

    /// The rows of a list of the present, and the head that they were read at. Rows bring it with them; of an empty
    /// list it is asked for on condition that the list is still empty, so that both are of one snapshot.
    pub(super) async fn with_head<Row, T>(
        &self,
        operation: &'static str,
        list: Statement,
        head_unless_any: Statement,
    ) -> Result<(Vec<T>, Moment), StoreError>
    where
        WithHead<Row>: Decoded,
        T: TryFrom<Row>,
        StoreError: From<T::Error>,
    {
        loop {
            let read = self.backend.fetch(&list).instrument(tracing::debug_span!("read", operation));
            let rows: Vec<WithHead<Row>> = read.await.map_err(StoreError::during(operation))?;
            let head = match rows.first() {
                Some(first) => Some(Head { next_position: first.next_position.cast_unsigned(), recorded_at: 0 }),
                None => self.one::<HeadRow, HeadRow>(operation, head_unless_any.clone()).await?.map(|row| row.head()),
            };
            let Some(head) = head else { continue };
            let moment = head.last_position().map_or(Moment::Present, Moment::Position);
            head.last_position().into_iter().for_each(answered_as_of);
            let rows =
                rows.into_iter().map(|listed| Ok(T::try_from(listed.row)?)).collect::<Result<_, StoreError>>()?;
            return Ok((rows, moment));
        }
    }

    /// The rows of a question about the present, if what is asked is as of a position and the log still ends there:
    /// `None` where it does not. Of no rows the head tells by what it is afterwards, since it never goes back.
    async fn as_of_head<Row, T>(
        &self,
        operation: &'static str,
        at: Moment,
        of_the_present: Statement,
    ) -> Result<Option<Vec<T>>, StoreError>
    where
        WithHead<Row>: Decoded,
        T: TryFrom<Row>,
        StoreError: From<T::Error>,
    {
        let Moment::Position(position) = at else { return Ok(None) };
        if self.head_row().await?.head().last_position() != Some(position) {
            return Ok(None);
        }
        let read = self.backend.fetch(&of_the_present).instrument(tracing::debug_span!("read", operation));
        let rows: Vec<WithHead<Row>> = read.await.map_err(StoreError::during(operation))?;
        let next_position = match rows.first() {
            Some(first) => first.next_position,
            None => self.head_row().await?.next_position,
        };
        if next_position.cast_unsigned() != position + 1 {
            return Ok(None);
        }
        rows.into_iter().map(|found| Ok(T::try_from(found.row)?)).collect::<Result<_, StoreError>>().map(Some)
    }

    pub(super) async fn ids_of_cases(&self, query: &CaseQuery) -> Result<Vec<Uuid>, StoreError> {
        let operation = "list the ids of cases";
        let present = case_list::ids_and_head(&of_the_present(query))?;
        match self.as_of_head::<CaseIdRow, _>(operation, query.at, present).await? {
            Some(ids) => Ok(ids),
            None => self.many::<CaseIdRow, _>(operation, case_list::ids(query)?).await,
        }
    }

    pub(super) async fn number_of_cases(&self, query: &CaseQuery) -> Result<u64, StoreError> {
        let operation = "count cases";
        let present = filter::count_cases_and_head(&of_the_present(query))?;
        match self.as_of_head::<Count, Count>(operation, query.at, present).await?.and_then(|mut rows| rows.pop()) {
            Some(counted) => Ok(counted.count.cast_unsigned()),
            None => self.count(operation, filter::count_cases(query)?).await,
        }
    }

    pub(super) async fn texts_found(&self, query: &TextQuery) -> Result<Vec<StoredText>, StoreError> {
        let operation = "look for texts";
        let present = TextQuery { at: Moment::Present, ..query.clone() };
        let present = texts::with_and_head(&present, &B::INDEX)?;
        match self.as_of_head::<FoundTextRow, _>(operation, query.at, present).await? {
            Some(texts) => Ok(texts),
            None => self.many::<FoundTextRow, _>(operation, texts::with(query, &B::INDEX)?).await,
        }
    }
}

fn of_the_present(query: &CaseQuery) -> CaseQuery {
    CaseQuery { at: Moment::Present, ..query.clone() }
}
