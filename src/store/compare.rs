//! The rows that a fold of the log makes against those that are served, stream by stream: reads only, and of each table the
//! range of its key that these streams have, so that rows of streams that do not exist are found as well.

mod line;

use std::cmp::Ordering;
use std::collections::BTreeSet;

use sqlx::FromRow;

use self::line::{CaseLine, FigureLine, Line, LinkLine, MemberLine, RegisterLine, TextLine};
use crate::store::backend::{Backend, Decoded};
use crate::store::condition::push_list;
use crate::store::row_writes::RowWrites;
use crate::store::sql::{EVENTS, case_columns, figure_columns, register_columns, span_columns, text_row_columns};
use crate::store::statement::{Argument, Statement};
use crate::store::stored::{Count, EventRow, SeriesRow};
use crate::store::{
    AggregateType, EventRecord, NumberTaken, RebuiltRow, RowDifference, RowsCompared, StoreError, StreamRange,
};

const CASES: &str = concat!("select ", case_columns!(), ", ", span_columns!(), " from case_versions");
const REGISTERS: &str = concat!("select ", register_columns!(), ", ", span_columns!(), " from register_versions");
const LINKS: &str = "select case_id, other_id, relation, from_position from case_links";
const MEMBERS: &str = "select case_id, actor from case_members";
const FIGURES: &str = concat!("select ", figure_columns!(), " from figures where aggregate_id in ");
const SERIES: &str = "select series, last from case_number_series";

/// Rows that no stream of the log can have made: of figures those of no stream at all, of registers those of no known type.
const STRAY_FIGURES: &str = "select f.aggregate_id || ' ' || f.kind || ' at ' || f.position || ' lane ' || f.lane as row_key \
     from figures f where not exists (select 1 from events e where e.aggregate_id = f.aggregate_id and e.aggregate_type in ";
const STRAY_REGISTERS: &str = "select aggregate_type || ' ' || aggregate_id || ' from ' || from_position || ' lane ' || lane \
     as row_key from register_versions where aggregate_type not in ";

/// The events of whole streams of a range in the order of their ids, as far as the limit goes.
pub(super) async fn events<B: Backend>(
    backend: &B,
    range: &StreamRange,
    limit: Option<u32>,
) -> Result<Vec<EventRecord>, StoreError> {
    let mut statement = Statement::new(EVENTS);
    statement.push(" where aggregate_type = ");
    statement.push_text(range.aggregate_type.as_str());
    push_range(&mut statement, " and ", "aggregate_id", range);
    statement.push(" order by aggregate_type, aggregate_id, sequence");
    if let Some(limit) = limit {
        statement.push(" limit ");
        statement.push_integer(limit.into());
    }
    let rows: Vec<EventRow> =
        backend.fetch(&statement).await.map_err(StoreError::during("read the events of streams"))?;
    rows.into_iter().map(EventRecord::try_from).collect()
}

/// What the streams of the range make, all of whose appends are given, against what is served of them.
pub(super) async fn rows<B: Backend>(
    backend: &B,
    range: &StreamRange,
    made: Vec<RebuiltRow>,
) -> Result<RowsCompared, StoreError> {
    let ids: BTreeSet<String> = made.iter().map(|row| row.stream.aggregate_id.to_string()).collect();
    let mut writes = RowWrites::default();
    for row in made {
        writes.add(row);
    }
    let mut compared = RowsCompared::default();
    if range.aggregate_type == AggregateType::Case {
        let of_case = |text: &str| {
            let mut statement = Statement::new(text);
            push_range(&mut statement, " where ", "case_id", range);
            statement
        };
        let cases = writes.cases.iter().chain(&writes.past_cases).map(CaseLine::from).collect();
        compare(cases, read::<CaseLine, _>(backend, of_case(CASES)).await?, &mut compared);
        let members = writes.members_added().into_iter().map(MemberLine::from).collect();
        compare(members, read::<MemberLine, _>(backend, of_case(MEMBERS)).await?, &mut compared);
        let links = writes.links.iter().map(LinkLine::from).collect();
        compare(links, read::<LinkLine, _>(backend, of_case(LINKS)).await?, &mut compared);
        let keeps_terms = B::SERVED_TERMS.is_some();
        let texts = writes.texts.iter().map(|text| TextLine::of(text, keeps_terms)).collect();
        let text = format!(
            concat!("select ", text_row_columns!(), ", {} as terms from search_texts"),
            B::SERVED_TERMS.unwrap_or("''")
        );
        compare(texts, read::<TextLine, _>(backend, of_case(&text)).await?, &mut compared);
    }
    let registers = writes.registers.iter().chain(&writes.past_registers).map(RegisterLine::from).collect();
    let mut statement = Statement::new(REGISTERS);
    statement.push(" where aggregate_type = ");
    statement.push_text(range.aggregate_type.as_str());
    push_range(&mut statement, " and ", "aggregate_id", range);
    compare(registers, read::<RegisterLine, _>(backend, statement).await?, &mut compared);
    if !ids.is_empty() {
        let mut statement = Statement::new(FIGURES);
        push_list(&mut statement, ids.into_iter().map(Argument::Text));
        let served = read::<FigureLine, _>(backend, statement).await?;
        compared.figures = served.len() as u64;
        compare(writes.figures.iter().map(FigureLine::from).collect(), served, &mut compared);
    }
    Ok(compared)
}

/// Rows that no stream has, where so many figures are known to have one.
pub(super) async fn strays<B: Backend>(backend: &B, known_figures: u64) -> Result<RowsCompared, StoreError> {
    let mut compared = RowsCompared::default();
    let types = || AggregateType::ALL.iter().map(|known| Argument::Text(known.as_str().to_owned()));
    let mut statement = Statement::new(STRAY_REGISTERS);
    push_list(&mut statement, types());
    stray(backend, "register_versions", statement, &mut compared).await?;
    let counted: Vec<Count> = backend
        .fetch(&Statement::new("select count(*) as count from figures"))
        .await
        .map_err(StoreError::during("count the figures"))?;
    if counted.iter().all(|counted| counted.count.cast_unsigned() == known_figures) {
        return Ok(compared);
    }
    let mut statement = Statement::new(STRAY_FIGURES);
    push_list(&mut statement, types());
    statement.push(")");
    stray(backend, "figures", statement, &mut compared).await?;
    Ok(compared)
}

async fn stray<B: Backend>(
    backend: &B,
    table: &'static str,
    statement: Statement,
    compared: &mut RowsCompared,
) -> Result<(), StoreError> {
    let rows: Vec<Stray> = read(backend, statement).await?;
    compared.differences.extend(rows.into_iter().map(|row| RowDifference { table, key: row.row_key, is_served: true }));
    Ok(())
}

/// The last number of every series that is served.
pub(super) async fn series<B: Backend>(backend: &B) -> Result<Vec<NumberTaken>, StoreError> {
    let rows: Vec<SeriesRow> = read(backend, Statement::new(SERIES)).await?;
    Ok(rows.into_iter().map(|row| NumberTaken { series: row.series, number: row.last.cast_unsigned() }).collect())
}

async fn read<Row: Decoded, B: Backend>(backend: &B, statement: Statement) -> Result<Vec<Row>, StoreError> {
    backend.fetch(&statement).await.map_err(StoreError::during("read what is served"))
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

/// Tells every row that only one side has; one that differs is a row of each.
fn compare<Row: Line>(mut made: Vec<Row>, mut served: Vec<Row>, compared: &mut RowsCompared) {
    made.sort_by(|one, other| one.key().cmp(&other.key()));
    // A link or a membership that is made again changes nothing.
    made.dedup_by(|later, earlier| later.key() == earlier.key());
    served.sort_by(|one, other| one.key().cmp(&other.key()));
    let mut tell = |row: &Row, is_served| {
        compared.differences.push(RowDifference { table: Row::TABLE, key: row.named(), is_served });
    };
    let (mut made, mut served) = (made.iter().peekable(), served.iter().peekable());
    loop {
        let order = match (made.peek(), served.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.key().cmp(&other.key()),
        };
        let of_log = if order.is_le() { made.next() } else { None };
        let of_table = if order.is_ge() { served.next() } else { None };
        if of_log != of_table {
            of_log.into_iter().for_each(|row| tell(row, false));
            of_table.into_iter().for_each(|row| tell(row, true));
        }
    }
}

#[derive(FromRow)]
struct Stray {
    row_key: String,
}
