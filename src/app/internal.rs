//! What is internal to cases, and is not there for whoever it is kept from.
//!
//! Who sees it is for [`scope`](crate::app::scope) to say; like all rights it is judged by what they are today.

use std::collections::HashSet;

use uuid::Uuid;

use crate::app::App;
use crate::app::reads::{CasePage, query};
use crate::app::request::Fault;
use crate::app::scope::{internal_scope_of, scope_of};
use crate::domain::actor::Actor;
use crate::domain::case::event::INTERNAL;
use crate::search::field::Field;
use crate::store::{CaseColumn, CaseQuery, Condition, Confined, EventRecord, Moment, Value};

/// The types of the events that are internal.
pub(super) fn internal_types() -> Vec<String> {
    INTERNAL.iter().map(|name| (*name).to_owned()).collect()
}

/// Whether the event is internal to a case.
fn is_internal(record: &EventRecord) -> bool {
    INTERNAL.contains(&record.event_type.as_str())
}

/// The texts that the actor may not read in all the cases that they see.
pub(super) fn confined(actor: &Actor) -> Option<Confined> {
    let scope = internal_scope_of(actor);
    (scope != scope_of(actor)).then(|| Confined { field: Field::InternalComment.name().to_owned(), scope })
}

impl App {
    /// Those of the cases to whose internal events the actor is privy. Whoever asks has been shown the cases.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn privy(&self, actor: &Actor, cases: &[Uuid]) -> Result<HashSet<Uuid>, Fault> {
        let scope = internal_scope_of(actor);
        if scope == scope_of(actor) {
            return Ok(cases.iter().copied().collect());
        }
        if cases.is_empty() || scope.is_nothing() {
            return Ok(HashSet::new());
        }
        let values = cases.iter().map(|id| Value::from(*id)).collect();
        let condition = Condition::In { column: CaseColumn::CaseId, values };
        let page = CasePage::of(condition, u32::try_from(cases.len()).unwrap_or(u32::MAX), Moment::Present);
        let cases = self.store.cases(&CaseQuery { scope, ..query(actor, &page) }).await?;
        Ok(cases.into_iter().map(|case| case.row.case_id).collect())
    }

    /// Those of the events that the actor may see, of all whose aggregates they see.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn without_internal<E>(
        &self,
        actor: &Actor,
        events: Vec<E>,
        record: impl Fn(&E) -> &EventRecord,
    ) -> Result<Vec<E>, Fault> {
        let case_of = |event: &E| record(event).stream().filter(|_| is_internal(record(event)));
        let cases: HashSet<Uuid> = events.iter().filter_map(case_of).map(|stream| stream.aggregate_id).collect();
        if cases.is_empty() {
            return Ok(events);
        }
        let privy = self.privy(actor, &Vec::from_iter(cases)).await?;
        let is_seen = |event: &E| case_of(event).is_none_or(|stream| privy.contains(&stream.aggregate_id));
        Ok(events.into_iter().filter(is_seen).collect())
    }
}
