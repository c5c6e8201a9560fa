//! The rows that a fold of the log makes against those that are served, stream by stream: reads only, and of each table
//! the range of its key that these streams have, so that rows of streams that do not exist are found as well.

use std::collections::{BTreeSet, HashMap};

use crate::store::backend::Backend;
use crate::store::condition::push_list;
use crate::store::line::made::{
    Made, MadeCase, MadeFigure, MadeLink, MadeMember, MadePresentCase, MadeRegister, MadeSeries, MadeTerms, MadeText,
    lines_of,
};
use crate::store::line::{self, Lines};
use crate::store::row_writes::RowWrites;
use crate::store::sql::EVENTS_TO_FOLD;
use crate::store::statement::{Argument, Statement};
use crate::store::stored::{Count, EventToFoldRow};
use crate::store::{
    AggregateType, EventRecord, NumberTaken, RebuiltRow, RowDifference, RowsCompared, ServedRows, StoreError,
    StreamRange,
};

/// What SQLite says of an index that it cannot make sense of: SQLITE_ERROR, SQLITE_CORRUPT.
const DAMAGED: [i32; 2] = [1, 11];

/// Of no stream at all, or of none of a known type.
const WITHOUT_EVENTS: &str =
    " where not exists (select 1 from events e where e.aggregate_id = r.aggregate_id and e.aggregate_type in ";

/// What the streams of a range make, append after append. Of a history that comes anew again and again the latest alone
/// is held.
#[derive(Debug, Default)]
pub struct RowsMade {
    writes: RowWrites,
    streams: BTreeSet<String>,
}

impl RowsMade {
    /// Takes in what the next append makes; positions grow within a stream.
    pub fn add(&mut self, row: RebuiltRow) {
        self.streams.insert(row.stream.aggregate_id.to_string());
        self.writes.add(row);
    }
}

/// The events of whole streams of a range in the order of their ids, as far as the limit goes.
pub(super) async fn events<B: Backend>(
    backend: &B,
    range: &StreamRange,
    limit: Option<u32>,
) -> Result<Vec<EventRecord>, StoreError> {
    let mut statement = Statement::new(EVENTS_TO_FOLD);
    push_type(&mut statement, range);
    push_range(&mut statement, " and ", "aggregate_id", range);
    statement.push(" order by aggregate_type, aggregate_id, sequence");
    if let Some(limit) = limit {
        statement.push(" limit ");
        statement.push_integer(limit.into());
    }
    let rows: Vec<EventToFoldRow> =
        backend.scan(&statement).await.map_err(StoreError::during("read the events of streams"))?;
    rows.into_iter().map(|row| row.of(range.aggregate_type)).collect()
}

/// What the streams of the range make, all of whose appends are given, against what is served of them.
pub(super) async fn rows<B: Backend>(
    backend: &B,
    range: &StreamRange,
    made: RowsMade,
) -> Result<RowsCompared, StoreError> {
    let RowsMade { writes, streams } = made;
    let mut compared = Comparison { backend, compared: RowsCompared::default() };
    if range.aggregate_type == AggregateType::Case {
        let of_cases = |mut statement| {
            push_range(&mut statement, " where ", "case_id", range);
            statement
        };
        let cases = writes.case_versions().map(MadeCase);
        compared.digested(&Lines::CASES, cases, of_cases).await?;
        let present = writes.present_cases().map(MadePresentCase);
        compared.digested(&Lines::PRESENT_CASES, present, of_cases).await?;
        let members = writes.members_added().into_iter().map(MadeMember);
        compared.digested(&Lines::MEMBERS, members, of_cases).await?;
        compared.digested(&Lines::LINKS, writes.links.iter().map(MadeLink), of_cases).await?;
        compared.digested(&Lines::TEXTS, writes.texts.iter().map(MadeText), of_cases).await?;
        if let Some(terms) = B::TERMS {
            compared.rows(&terms, writes.texts.iter().map(MadeTerms), of_cases).await?;
        }
    }
    let registers = writes.register_versions().map(MadeRegister);
    let of_registers = |mut statement| {
        push_type(&mut statement, range);
        push_range(&mut statement, " and ", "aggregate_id", range);
        statement
    };
    compared.digested(&Lines::REGISTERS, registers, of_registers).await?;
    if !streams.is_empty() {
        let of_streams = |mut statement: Statement| {
            statement.push(" where aggregate_id in ");
            push_list(&mut statement, streams.into_iter().map(Argument::Text));
            statement
        };
        compared.digested(&Lines::FIGURES, writes.figures.iter().map(MadeFigure), of_streams).await?;
    }
    Ok(compared.compared)
}

/// What an index of the search tells otherwise than the texts that it is of.
pub(super) async fn terms<B: Backend>(backend: &B) -> Result<RowsCompared, StoreError> {
    let differences = match backend.unlike_terms().await {
        Err(error) if is_damage(&error) => {
            vec![RowDifference { table: "search_index", key: format!("cannot be read ({error})"), is_served: true }]
        }
        unlike => unlike.map_err(StoreError::during("read the index of the search"))?,
    };
    Ok(RowsCompared { differences, ..RowsCompared::default() })
}

/// Whether an index is not what its database has made, as against a database that fails.
fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|said| said.code()?.parse::<i32>().ok());
    match error {
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => true,
        // The code of an error is in its first byte, whatever it says more.
        _ => code.is_some_and(|code| DAMAGED.contains(&(code & 0xff))),
    }
}

/// Rows that no stream of the log can have made, where so many figures are known to have one.
pub(super) async fn strays<B: Backend>(backend: &B, known_figures: u64) -> Result<RowsCompared, StoreError> {
    let mut compared = Comparison { backend, compared: RowsCompared::default() };
    let push_types = |statement: &mut Statement| {
        push_list(statement, AggregateType::ALL.iter().map(|known| Argument::Text(known.as_str().to_owned())));
    };
    let of_no_type = |mut statement: Statement| {
        statement.push(" where aggregate_type not in ");
        push_types(&mut statement);
        statement
    };
    compared.rows(&Lines::REGISTERS, None::<MadeRegister<'_>>, of_no_type).await?;
    let figures = Statement::new("select count(*) as count from figures");
    let counted: Vec<Count> = backend.fetch(&figures).await.map_err(StoreError::during("count the figures"))?;
    if counted.iter().all(|counted| counted.count.cast_unsigned() == known_figures) {
        return Ok(compared.compared);
    }
    let of_no_stream = |mut statement: Statement| {
        statement.push(WITHOUT_EVENTS);
        push_types(&mut statement);
        statement.push(")");
        statement
    };
    compared.rows(&Lines::FIGURES, None::<MadeFigure<'_>>, of_no_stream).await?;
    Ok(compared.compared)
}

/// The last number of each series against that which is served.
pub(super) async fn series<B: Backend>(backend: &B, made: &[NumberTaken]) -> Result<RowsCompared, StoreError> {
    let mut compared = Comparison { backend, compared: RowsCompared::default() };
    compared.digested(&Lines::SERIES, made.iter().map(MadeSeries), |statement| statement).await?;
    Ok(compared.compared)
}

fn push_type(statement: &mut Statement, range: &StreamRange) {
    statement.push(" where aggregate_type = ");
    statement.push_text(range.aggregate_type.as_str());
}

fn push_range(statement: &mut Statement, word: &str, column: &str, range: &StreamRange) {
    statement.push(word);
    statement.push(column);
    statement.push(" > ");
    statement.push_text(range.after.as_deref().unwrap_or(""));
    if let Some(until) = &range.until {
        statement.push(" and ");
        statement.push(column);
        statement.push(" <= ");
        statement.push_text(until);
    }
}

struct Comparison<'a, B> {
    backend: &'a B,
    compared: RowsCompared,
}

impl<B: Backend> Comparison<'_, B> {
    /// Compares rows, and keeps those that are served for the digest of their table.
    async fn digested<Row: Made>(
        &mut self,
        lines: &Lines,
        made: impl IntoIterator<Item = Row>,
        narrow: impl FnOnce(Statement) -> Statement,
    ) -> Result<(), StoreError> {
        let served = self.rows(lines, made, narrow).await?;
        self.compared.served.push(ServedRows { table: lines.table, lines: served });
        Ok(())
    }

    /// Tells every row that only one side has; one that differs is a row of each. Those that are served come back.
    async fn rows<Row: Made>(
        &mut self,
        lines: &Lines,
        made: impl IntoIterator<Item = Row>,
        narrow: impl FnOnce(Statement) -> Statement,
    ) -> Result<Vec<u8>, StoreError> {
        let made = lines_of(made);
        let statement = lines.ordered(narrow(lines.query::<B>()));
        let served = line::read(self.backend, &statement, made.len()).await?;
        // Both are in the order of the key.
        if made != served {
            let [made, served] = [&made, &served].map(|lines| line::each(lines).collect::<Vec<_>>());
            for (rows, others, is_served) in [(&made, &served, false), (&served, &made, true)] {
                let mut unmatched = HashMap::<_, usize>::new();
                others.iter().for_each(|line| *unmatched.entry(*line).or_default() += 1);
                for line in rows {
                    // A row that is there twice is one too many.
                    match unmatched.get_mut(line).filter(|left| **left > 0) {
                        Some(left) => *left -= 1,
                        None => {
                            let key = lines.name_of(line)?;
                            self.compared.differences.push(RowDifference { table: lines.table, key, is_served });
                        }
                    }
                }
            }
        }
        Ok(served)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        CaseLink, Happened, LastEvent, PastRow, PastState, RegisterRow, RowChanges, SUB_CASE_OF, StreamId,
    };

    #[test]
    fn of_a_history_that_comes_anew_again_and_again_the_latest_is_held() {
        let stream = StreamId { aggregate_type: AggregateType::Person, aggregate_id: uuid::Uuid::nil() };
        let row = RegisterRow::default();
        let mut made = RowsMade::default();
        for position in 0..100 {
            let last = LastEvent::OfAppend { followed_by: 0 };
            let state = |from| PastState { from, version: 1, last, row: PastRow::Register(row.clone()) };
            let happened = Happened::Anew { states: (0..100).map(state).collect(), last_at: 100 };
            made.add(RebuiltRow {
                stream,
                version: position + 1,
                event_count: 1,
                position,
                recorded_at: 0,
                changes: RowChanges { register: Some(row.clone()), happened, ..RowChanges::default() },
                number_taken: None,
            });
        }
        assert_eq!(made.writes.register_versions().count(), 100 + 100, "its appends, and one history");
    }

    #[test]
    fn of_a_link_that_is_made_again_the_first_row_is_held() {
        let stream = StreamId { aggregate_type: AggregateType::Case, aggregate_id: uuid::Uuid::nil() };
        let link = |other| CaseLink { other_id: uuid::Uuid::from_u128(other), relation: SUB_CASE_OF.to_owned() };
        let mut made = RowsMade::default();
        for (position, other) in (0..).zip([1, 2, 1]) {
            made.add(RebuiltRow {
                stream,
                version: position + 1,
                event_count: 1,
                position,
                recorded_at: 0,
                changes: RowChanges { links_added: vec![link(other)], ..RowChanges::default() },
                number_taken: None,
            });
        }
        let positions: Vec<_> = made.writes.links.iter().map(|write| write.from_position).collect();
        assert_eq!(positions, [0, 1]);
    }
}
