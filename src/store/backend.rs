//! What a database must be able to do, and the [`Store`] that is made of it: every read is here
//! once, for both.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use cqrs_es::persist::PersistenceError;
use tokio::sync::watch;
use tracing::Instrument;
use uuid::Uuid;

use crate::clock::Clock;
use crate::store::clocks::Clocked;
use crate::store::compare;
use crate::store::condition::push_list;
use crate::store::known::Known;
use crate::store::line::Lines;
use crate::store::listing::in_order;
use crate::store::plan::{Ledger, Plan};
use crate::store::row::ROWS_VERSION;
use crate::store::row_writes::RowWrites;
use crate::store::seen::{InPlace, Loaded, Seen};
use crate::store::statement::{Argument, Statement};
use crate::store::stored::{
    AttachmentRow, CommandRow, Count, Decoded, EventCount, FoundTextRow, LinkRow, MemberRow, Scanned, SubCaseRow,
    SumRow,
};
use crate::store::texts::IndexDialect;
use crate::store::version_row::{CaseVersionRow, RegisterVersionRow};
use crate::store::{
    AggregateType, Append, AppendError, AppendSpan, Attachment, CaseLink, CaseQuery, Committed, EventQuery,
    EventRecord, EvidencePage, FigureEvent, FigureSelection, FigureSum, Grouped, Head, Moment, NumberTaken, PoolState,
    Reading, RebuildOutcome, RebuiltRow, RegisterQuery, RowDifference, RowsCompared, RowsDigest, RowsForm, SUB_CASE_OF,
    StatisticsQuery, Store, StoreError, StoredCase, StoredCommand, StoredRegister, StoredText, StreamEvent, StreamId,
    StreamRange, TextQuery, Texts, YearQuery, case_list, digest, filter, schema::Catalogued, sql, statistics, texts,
    year,
};

/// What differs between the databases.
pub(super) trait Backend: Catalogued + Clocked + InPlace + Send + Sync + 'static {
    /// How it is asked for the terms of texts.
    const INDEX: IndexDialect;

    /// The terms of texts, as [`MadeTerms`](crate::store::line::made::MadeTerms); `None` where an index beside them has
    /// them.
    const TERMS: Option<Lines>;

    /// 1 where nothing can be written, else 0: an expression of a query.
    const IS_READ_ONLY: &'static str;

    /// The texts of which such an index has other terms than they have.
    fn unlike_terms(&self) -> impl Future<Output = Result<Vec<RowDifference>, sqlx::Error>> + Send;

    /// The query for the rows `r` of a source as [`Lines`] has them; a condition and an order may follow.
    fn lines(columns: &str, source: &str) -> String;

    /// The lines of such a query, in its order, with room for about so many bytes.
    fn read_lines(
        &self,
        statement: &Statement,
        room: usize,
    ) -> impl Future<Output = Result<Vec<u8>, sqlx::Error>> + Send;

    /// Runs a query that goes through much of a table. Nobody asks it who waits for no longer than a time.
    fn scan<T: Scanned>(&self, statement: &Statement) -> impl Future<Output = Result<Vec<T>, sqlx::Error>> + Send;

    /// Runs a query on any connection.
    fn fetch<T: Decoded>(&self, statement: &Statement) -> impl Future<Output = Result<Vec<T>, sqlx::Error>> + Send;

    /// The plan of a query, a line a step.
    fn explain(&self, statement: &Statement) -> impl Future<Output = Result<Vec<String>, sqlx::Error>> + Send;

    /// Runs one writing statement as a transaction of its own; the number of rows it touched.
    fn execute(&self, statement: &Statement) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Runs writing statements as one transaction, if each of the first `guards` touches exactly one row; else none of
    /// them has any effect and the answer is `false`. Nothing is written where what was seen of the log is gone.
    fn execute_together(
        &self,
        operation: &'static str,
        guards: usize,
        statements: &[Statement],
        seen: &Seen,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The events of a stream after a version.
    fn load(
        &self,
        stream: StreamId,
        after_version: u64,
    ) -> impl Future<Output = Result<Loaded, PersistenceError>> + Send;

    /// In one transaction: holds the head of the log, and writes what `decide` makes of the batch and of what is known
    /// of it. Durable when it returns. Nothing is written where what was seen of the log is found to be gone.
    fn commit(
        &self,
        batch: Vec<Append>,
        decide: impl Fn(Vec<Append>, Known) -> Plan + Send + Sync + 'static,
        seen: &Seen,
    ) -> impl Future<Output = Result<Plan, StoreError>> + Send;

    /// As [`PersonalStore::scrub`](crate::store::PersonalStore::scrub).
    fn scrub(&self) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// As [`Store::news`].
    fn news(&self) -> watch::Receiver<u64>;

    /// As [`ObservedStore::pool`](crate::store::ObservedStore::pool).
    fn pool(&self) -> PoolState;

    /// Makes empty shadow tables.
    fn start_rebuild(&self, holder: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes into the shadow tables.
    fn write_rebuilt(&self, holder: &str, rows: RowWrites) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Makes their indexes, where that may be done before they are swapped in.
    fn index_rebuilt(&self, holder: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Swaps the shadow tables in if the log still ends at `expected_head`.
    fn finish_rebuild(
        &self,
        holder: &str,
        expected_head: u64,
    ) -> impl Future<Output = Result<RebuildOutcome, StoreError>> + Send;
}

/// The store over one of the databases.
pub(super) struct SqlStore<B> {
    pub(super) backend: B,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ledger: Ledger,
    pub(super) seen: Seen,
}

impl<B: Backend> SqlStore<B> {
    /// Takes an opened database as it is.
    pub(super) fn as_it_is(backend: B, clock: Arc<dyn Clock>) -> Self {
        Self { backend, clock, ledger: Ledger::Kept, seen: Seen::default() }
    }

    /// Takes an opened and migrated database and names its log if it has no name yet.
    pub(super) async fn over(backend: B, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let store = Self::as_it_is(backend, clock);
        let name = Uuid::from_bytes(store.clock.random()).simple().to_string();
        let origin = format!("etalon.local/{name}");
        let head = Statement::new(sql::CREATE_HEAD).text(&origin).integer(ROWS_VERSION.cast_signed());
        store.backend.execute(&head).await.map_err(StoreError::during("create the head of the log"))?;
        store.plant().await?;
        Ok(store)
    }

    pub(super) async fn many<Row, T>(&self, operation: &'static str, statement: Statement) -> Result<Vec<T>, StoreError>
    where
        Row: Decoded,
        T: TryFrom<Row>,
        StoreError: From<T::Error>,
    {
        let read = self.backend.fetch(&statement).instrument(tracing::debug_span!("read", operation));
        let rows: Vec<Row> = read.await.map_err(StoreError::during(operation))?;
        rows.into_iter().map(|row| Ok(T::try_from(row)?)).collect()
    }

    pub(super) async fn one<Row, T>(
        &self,
        operation: &'static str,
        statement: Statement,
    ) -> Result<Option<T>, StoreError>
    where
        Row: Decoded,
        T: TryFrom<Row>,
        StoreError: From<T::Error>,
    {
        Ok(self.many(operation, statement).await?.pop())
    }

    /// Rows of a table that is gone through.
    pub(super) async fn scan<T: Scanned>(
        &self,
        operation: &'static str,
        statement: &Statement,
    ) -> Result<Vec<T>, StoreError> {
        let read = self.backend.scan(statement).instrument(tracing::debug_span!("read", operation));
        read.await.map_err(StoreError::during(operation))
    }

    pub(super) async fn count(&self, operation: &'static str, statement: Statement) -> Result<u64, StoreError> {
        let counted = self.one::<Count, Count>(operation, statement).await?;
        Ok(counted.map_or(0, |row| row.count.cast_unsigned()))
    }
}

#[async_trait]
impl<B: Backend> Store for SqlStore<B> {
    async fn commit(&self, batch: Vec<Append>) -> Result<Vec<Result<Committed, AppendError>>, StoreError> {
        self.commit_seen(batch).await
    }

    async fn load(&self, stream: StreamId, after_version: u64) -> Result<Vec<StreamEvent>, StoreError> {
        self.load_seen(stream, after_version).await
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<EventRecord>, StoreError> {
        self.read_seen(query).await
    }

    async fn log(&self, after: Option<u64>, up_to: Option<u64>, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        self.scan_seen(&EventQuery { after, up_to, limit, ..EventQuery::default() }).await
    }

    async fn count_events(&self, query: &EventQuery) -> Result<HashMap<Uuid, u64>, StoreError> {
        let counted = self.many::<EventCount, _>("count events", filter::count_events(query)).await?;
        Ok(counted.into_iter().collect())
    }

    fn news(&self) -> watch::Receiver<u64> {
        self.backend.news()
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.head_seen().await
    }

    async fn rows_form(&self) -> Result<RowsForm, StoreError> {
        Ok(RowsForm { stored: self.head_row().await?.rows_version.cast_unsigned(), ours: ROWS_VERSION })
    }

    async fn origin(&self) -> Result<String, StoreError> {
        Ok(self.head_row().await?.origin)
    }

    async fn position_at(&self, time: i64) -> Result<Option<u64>, StoreError> {
        let statement = Statement::new(sql::COUNT_RECORDED_BY).integer(time);
        let recorded = self.count("find the position at a time", statement).await?;
        Ok(recorded.checked_sub(1))
    }

    async fn append_around(&self, position: u64) -> Result<(Option<AppendSpan>, Head), StoreError> {
        self.around_seen(position).await
    }

    async fn command(&self, actor: &str, idempotency_key: &str) -> Result<Option<StoredCommand>, StoreError> {
        let statement = Statement::new(sql::COMMAND).text(actor).text(idempotency_key);
        self.one::<CommandRow, _>("look up a command", statement).await
    }

    async fn page_of_cases(&self, query: &CaseQuery) -> Result<(Vec<StoredCase>, Moment), StoreError> {
        if query.at != Moment::Present {
            return Ok((self.cases(query).await?, query.at));
        }
        let (list, head) = (case_list::cases_and_head(query)?, case_list::head_unless_cases(query)?);
        let (rows, at) = self.with_head::<CaseVersionRow, _>("list cases", list, head).await?;
        Ok((in_order(query.keep, rows), at))
    }

    async fn cases(&self, query: &CaseQuery) -> Result<Vec<StoredCase>, StoreError> {
        Ok(in_order(query.keep, self.many::<CaseVersionRow, _>("list cases", case_list::cases(query)?).await?))
    }

    async fn case_ids(&self, query: &CaseQuery) -> Result<Vec<Uuid>, StoreError> {
        self.ids_of_cases(query).await
    }

    async fn count_cases(&self, query: &CaseQuery) -> Result<u64, StoreError> {
        self.number_of_cases(query).await
    }

    async fn texts_with(&self, query: &TextQuery) -> Result<Vec<StoredText>, StoreError> {
        self.texts_found(query).await
    }

    async fn texts(&self, which: &Texts, reading: Reading) -> Result<Vec<StoredText>, StoreError> {
        self.many::<FoundTextRow, _>("read texts", texts::these(which, reading)).await
    }

    async fn page_of_registers(&self, query: &RegisterQuery) -> Result<(Vec<StoredRegister>, Moment), StoreError> {
        if query.at != Moment::Present {
            return Ok((self.registers(query).await?, query.at));
        }
        let (list, head) = (filter::registers_and_head(query), filter::head_unless_registers(query));
        let (rows, at) = self.with_head::<RegisterVersionRow, _>("list a register", list, head).await?;
        Ok((in_order(query.keep, rows), at))
    }

    async fn registers(&self, query: &RegisterQuery) -> Result<Vec<StoredRegister>, StoreError> {
        Ok(in_order(query.keep, self.many::<RegisterVersionRow, _>("list a register", filter::registers(query)).await?))
    }

    async fn first_of_registers(&self, of: AggregateType, ids: &[Uuid]) -> Result<Vec<StoredRegister>, StoreError> {
        self.many::<RegisterVersionRow, _>("read a register", filter::first_of_registers(of, ids)).await
    }

    async fn count_registers(&self, query: &RegisterQuery) -> Result<u64, StoreError> {
        self.count("count a register", filter::count_registers(query)).await
    }

    async fn statistics(&self, query: &StatisticsQuery) -> Result<Grouped, StoreError> {
        let rows = self.many::<SumRow, SumRow>("add up statistics", statistics::statement(query)?).await?;
        statistics::grouped(query, rows)
    }

    async fn year_sums(&self, query: &YearQuery, figures: &[FigureSelection]) -> Result<Vec<FigureSum>, StoreError> {
        let rows = self.many::<SumRow, SumRow>("add up a year", year::sums(query, figures)?).await?;
        year::summed(figures, rows)
    }

    async fn year_events(
        &self,
        query: &YearQuery,
        figures: &[FigureSelection],
        page: EvidencePage,
    ) -> Result<Vec<Vec<FigureEvent>>, StoreError> {
        let statement = year::events(query, figures, page)?;
        year::listed(figures, self.many::<SumRow, SumRow>("list what figures rest on", statement).await?)
    }

    async fn sub_cases(&self, case_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
        let mut statement = Statement::new(sql::SUB_CASES).text(SUB_CASE_OF);
        push_list(&mut statement, case_ids.iter().map(|id| Argument::Text(id.to_string())));
        statement.push(" order by other_id, case_id");
        self.many::<SubCaseRow, _>("list sub-cases", statement).await
    }

    async fn links_of(&self, case_id: Uuid) -> Result<Vec<CaseLink>, StoreError> {
        let statement = Statement::new(sql::LINKS).text(&case_id.to_string());
        self.many::<LinkRow, _>("list the links of a case", statement).await
    }

    async fn members(&self, case_id: Uuid) -> Result<Vec<String>, StoreError> {
        let statement = Statement::new(sql::MEMBERS).text(&case_id.to_string());
        let rows = self.many::<MemberRow, MemberRow>("list the members of a case", statement).await?;
        Ok(rows.into_iter().map(|row| row.actor).collect())
    }

    async fn attachment(&self, digest: &str) -> Result<Option<Attachment>, StoreError> {
        let statement = Statement::new(sql::ATTACHMENT).text(digest);
        self.one::<AttachmentRow, _>("read an attachment", statement).await
    }

    async fn try_lease(&self, name: &str, holder: &str, now: i64, expires_at: i64) -> Result<bool, StoreError> {
        let lease = Statement::new(sql::TRY_LEASE).text(name).text(holder);
        let statement = lease.integer(expires_at).integer(now);
        let taken = self.backend.execute(&statement).await;
        Ok(taken.map_err(StoreError::during("take a lease"))? == 1)
    }

    async fn release_lease(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        let statement = Statement::new(sql::RELEASE_LEASE).text(name).text(holder);
        let released = self.backend.execute(&statement).await;
        released.map(drop).map_err(StoreError::during("release a lease"))
    }

    async fn start_rebuild(&self, holder: &str) -> Result<(), StoreError> {
        self.backend.start_rebuild(holder).await
    }

    async fn write_rebuilt(&self, holder: &str, rows: Vec<RebuiltRow>) -> Result<(), StoreError> {
        let mut writes = RowWrites::default();
        rows.into_iter().for_each(|row| writes.add(row));
        self.backend.write_rebuilt(holder, writes).await
    }

    async fn index_rebuilt(&self, holder: &str) -> Result<(), StoreError> {
        self.backend.index_rebuilt(holder).await
    }

    async fn finish_rebuild(&self, holder: &str, expected_head: u64) -> Result<RebuildOutcome, StoreError> {
        self.backend.finish_rebuild(holder, expected_head).await
    }

    async fn events_of_streams(&self, range: &StreamRange, limit: Option<u32>) -> Result<Vec<EventRecord>, StoreError> {
        compare::events(&self.backend, range, limit).await
    }

    async fn compare_rows(&self, range: &StreamRange, made: compare::RowsMade) -> Result<RowsCompared, StoreError> {
        compare::rows(&self.backend, range, made).await
    }

    async fn unlike_terms(&self) -> Result<RowsCompared, StoreError> {
        compare::terms(&self.backend).await
    }

    async fn stray_rows(&self, known_figures: u64) -> Result<RowsCompared, StoreError> {
        compare::strays(&self.backend, known_figures).await
    }

    async fn compare_series(&self, made: &[NumberTaken]) -> Result<RowsCompared, StoreError> {
        compare::series(&self.backend, made).await
    }

    async fn rows_digest(&self) -> Result<RowsDigest, StoreError> {
        let last_position = self.head().await?.last_position();
        digest::rows(&self.backend, last_position).await
    }
}
