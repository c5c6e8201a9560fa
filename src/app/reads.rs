//! Questions about cases and the log: what there is now, what there was at a moment, and what has happened.

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::App;
use crate::app::internal::internal_types;
use crate::app::request::{Fault, Receipt, with_times};
use crate::app::scope::scope_of;
use crate::domain::actor::Actor;
use crate::domain::case::number::CaseNumber;
use crate::domain::value::{CaseId, Sha256Digest};
use crate::store::{
    AggregateType, CaseColumn, CaseQuery, Condition, Direction, EventQuery, EventRecord, Keep, Moment, Operator, Span,
    StoredCase, StreamId, Value, key_of,
};

/// A page of cases.
#[derive(Clone, Debug)]
pub struct CasePage {
    /// Which.
    pub condition: Condition,
    /// In which order; the case's id is always the last key.
    pub order: Vec<(CaseColumn, Direction)>,
    /// Only after the row with these values of the order and this id.
    pub after: Option<Vec<Value>>,
    /// Only before the row with these.
    pub before: Option<Vec<Value>>,
    /// At most so many.
    pub limit: u32,
    /// Which of them the limit keeps.
    pub keep: Keep,
    /// As of when.
    pub at: Moment,
}

impl CasePage {
    /// The first so many of the cases, in the order of their ids.
    #[must_use]
    pub fn of(condition: Condition, limit: u32, at: Moment) -> Self {
        Self { condition, order: Vec::new(), after: None, before: None, limit, keep: Keep::First, at }
    }

    /// What to give as `after` to go on behind this case.
    #[must_use]
    pub fn key_of(&self, case: &StoredCase) -> Vec<Value> {
        key_of(&self.order, case)
    }
}

/// A page of a stream's events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventPage {
    /// Only after this position.
    pub after: Option<u64>,
    /// Up to this position, inclusive.
    pub up_to: Option<u64>,
    /// Only before this position.
    pub before: Option<u64>,
    /// As of when.
    pub at: Moment,
    /// At most so many.
    pub limit: u32,
    /// Which of them the limit keeps.
    pub keep: Keep,
    /// Only of these types; none means all.
    pub types: Vec<String>,
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only after so many events of the stream.
    pub after_version: u64,
    /// Only what the log took then.
    pub recorded: Span,
    /// Only what happened then, as its author says.
    pub occurred: Span,
}

impl EventPage {
    fn query(&self, stream: StreamId) -> EventQuery {
        EventQuery { stream: Some(stream), ..self.of_any() }
    }

    /// Of each of the cases the same page.
    pub(super) fn of_cases(&self, cases: &[CaseId]) -> EventQuery {
        let aggregate_ids = cases.iter().map(|id| Uuid::from(*id)).collect();
        EventQuery { aggregate_type: Some(AggregateType::Case), aggregate_ids, ..self.of_any() }
    }

    fn of_any(&self) -> EventQuery {
        EventQuery {
            after_version: self.after_version,
            after: self.after,
            up_to: self.up_to.into_iter().chain(self.at.last_position()).min(),
            before: self.before,
            limit: self.limit,
            keep: self.keep,
            types: self.types.clone(),
            actor: self.actor.clone(),
            recorded: self.recorded,
            occurred: self.occurred.happened_by(self.at),
            ..EventQuery::default()
        }
    }
}

impl App {
    /// The last position of the log; `None` while it is empty.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn head(&self) -> Result<Option<u64>, Fault> {
        Ok(self.store.head().await?.next_position.checked_sub(1))
    }

    /// Those of the positions that the log has an event at. Where it ends is asked once for all of them, and only for
    /// those beyond what this process has seen of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn there_among(&self, positions: &[u64]) -> Result<Vec<u64>, Fault> {
        let ours = self.writer.committed().borrow().map_or(0, |last| last + 1);
        let seen = ours.max(*self.events.known().borrow());
        let next = match positions.iter().max() {
            Some(last) if *last >= seen => {
                let next = self.store.head().await?.next_position;
                self.events.tell(next);
                next
            }
            _ => seen,
        };
        Ok(positions.iter().copied().filter(|position| *position < next).collect())
    }

    /// The last position that the log had taken by then; `None` before its first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn position_at(&self, time: Timestamp) -> Result<Option<u64>, Fault> {
        Ok(self.store.position_at(time.as_microsecond()).await?)
    }

    /// A case, if it is there for this actor.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn case(&self, actor: &Actor, id: CaseId, at: Moment) -> Result<Option<StoredCase>, Fault> {
        self.one_case(actor, CaseColumn::CaseId, id.to_string(), at).await
    }

    /// A case by the number that people use, if it is there for this actor.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn case_by_number(
        &self,
        actor: &Actor,
        number: &CaseNumber,
        at: Moment,
    ) -> Result<Option<StoredCase>, Fault> {
        self.one_case(actor, CaseColumn::Number, number.to_string(), at).await
    }

    async fn one_case(
        &self,
        actor: &Actor,
        column: CaseColumn,
        value: String,
        at: Moment,
    ) -> Result<Option<StoredCase>, Fault> {
        let condition = Condition::Compare { column, operator: Operator::Equal, value: Value::Text(value) };
        let page = CasePage::of(condition, 1, at);
        Ok(self.cases(actor, &page).await?.pop())
    }

    /// A page of the cases that this actor may see, and the moment of it: for the present, the head of the log that it
    /// was read at.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn page_of_cases(&self, actor: &Actor, page: &CasePage) -> Result<(Vec<StoredCase>, Moment), Fault> {
        Ok(self.store.page_of_cases(&query(actor, page)).await?)
    }

    /// Cases that this actor may see.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cases(&self, actor: &Actor, page: &CasePage) -> Result<Vec<StoredCase>, Fault> {
        Ok(self.store.cases(&query(actor, page)).await?)
    }

    /// How many cases there are for this actor, on all pages.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_cases(&self, actor: &Actor, page: &CasePage) -> Result<u64, Fault> {
        Ok(self.store.count_cases(&query(actor, page)).await?)
    }

    /// Whether there is a case of that id, for whomever.
    ///
    /// # Errors
    /// When the store fails or an event cannot be read.
    pub async fn has_case(&self, id: CaseId) -> Result<bool, Fault> {
        Ok(self.aggregates.cases.kept(id.into()).await.is_some()
            || self.aggregates.cases.present(id.into()).await?.version > 0)
    }

    /// The log from a position on, for whoever may read all of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn log(&self, after: Option<u64>, up_to: Option<u64>, limit: u32) -> Result<Vec<EventRecord>, Fault> {
        Ok(self.store.log(after, up_to, limit).await?)
    }

    /// Events of one stream in the order of the log, after that position and up to that one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn log_of(
        &self,
        stream: StreamId,
        after: Option<u64>,
        up_to: u64,
        limit: u32,
    ) -> Result<Vec<EventRecord>, Fault> {
        let query = EventQuery { stream: Some(stream), after, up_to: Some(up_to), limit, ..EventQuery::default() };
        Ok(self.store.events(&query).await?)
    }

    /// Those of the cases that are there for this actor, in no order that means something.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cases_named(&self, actor: &Actor, ids: &[Uuid], at: Moment) -> Result<Vec<StoredCase>, Fault> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let values = ids.iter().copied().map(Value::from).collect();
        let condition = Condition::In { column: CaseColumn::CaseId, values };
        let page = CasePage::of(condition, u32::try_from(ids.len()).unwrap_or(u32::MAX), at);
        self.cases(actor, &page).await
    }

    /// What has happened to a case, for whoever may read all of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn case_events(&self, id: CaseId, page: &EventPage) -> Result<Vec<EventRecord>, Fault> {
        with_times(self.store.events(&page.query(self.aggregates.cases.stream(id.into()))).await?)
    }

    /// The name of the log.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn origin(&self) -> Result<String, Fault> {
        Ok(self.store.origin().await?)
    }

    /// What this actor may see of a page of a stream. They have been shown what it is about.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stream_events(
        &self,
        actor: &Actor,
        stream: StreamId,
        page: &EventPage,
    ) -> Result<Vec<EventRecord>, Fault> {
        let query = page.query(stream);
        let is_case = stream.aggregate_type == AggregateType::Case;
        let query = match is_case && !self.privy(actor, &[stream.aggregate_id]).await?.contains(&stream.aggregate_id) {
            true => EventQuery { but_types: internal_types(), ..query },
            false => query,
        };
        with_times(self.store.events(&query).await?)
    }

    /// The events that a command recorded.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn events_of(&self, receipt: &Receipt) -> Result<Vec<EventRecord>, Fault> {
        let page = EventPage {
            after: receipt.first_position.checked_sub(1),
            up_to: Some(receipt.position()),
            limit: u32::try_from(receipt.event_count).unwrap_or(u32::MAX),
            ..EventPage::default()
        };
        with_times(self.store.events(&page.query(receipt.stream)).await?)
    }

    /// The bytes of a document, for whoever sees it in a case.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn content(&self, digest: &Sha256Digest) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.store.attachment(digest.as_str()).await?.map(|attachment| attachment.content))
    }
}

pub(super) fn query(actor: &Actor, page: &CasePage) -> CaseQuery {
    CaseQuery {
        condition: page.condition.clone(),
        scope: scope_of(actor),
        order: page.order.clone(),
        after: page.after.clone(),
        before: page.before.clone(),
        limit: page.limit,
        keep: page.keep,
        at: page.at,
    }
}
