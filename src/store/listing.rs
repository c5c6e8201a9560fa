//! Lists in their order; those of the present with the head of the log that they were read at.

use tracing::Instrument;

use crate::store::backend::{Backend, SqlStore};
use crate::store::sql::HEAD;
use crate::store::statement::Statement;
use crate::store::stored::{Decoded, HeadRow, WithHead};
use crate::store::{Head, Keep, Moment, StoreError};
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
}
