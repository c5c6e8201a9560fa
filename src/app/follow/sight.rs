//! Who may see what a follower is given: by today's rights, asked anew for every event.
//!
//! Events near the end of the log carry what decides it, as it was after them; what has changed since is known to the cases kept in memory. Older ones are judged by the present rows, a page at a time.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::app::App;
use crate::app::follow::{Happened, Interest};
use crate::app::request::Fault;
use crate::app::scope::{self, RegisterScope};
use crate::domain::actor::Actor;
use crate::domain::case::state::File;
use crate::domain::value::{Division, EnterpriseId, InstitutionId};
use crate::projection;
use crate::store::{AggregateType, CaseColumn, CaseQuery, Condition, Keep, Moment, RegisterQuery, StreamId, Value};

/// What decides who sees a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct CaseSight {
    /// Where it is.
    pub(in crate::app) division: Division,
    /// Whose it is.
    pub(in crate::app) enterprise: EnterpriseId,
    /// Who works on it.
    pub(in crate::app) institution: Option<InstitutionId>,
    /// The lead, and every expert invited or active.
    pub(in crate::app) members: BTreeSet<String>,
}

impl CaseSight {
    /// Of a case as it is.
    pub(in crate::app) fn of(file: &File) -> Self {
        Self {
            division: file.division.clone(),
            enterprise: file.enterprise,
            institution: file.assignment.as_ref().map(|assignment| assignment.institution),
            members: projection::case::members(file),
        }
    }
}

/// What decides who sees an event.
#[derive(Debug)]
pub(super) enum Sight {
    /// It is of a case.
    Case {
        /// The version that this was so at.
        version: u64,
        /// What decides.
        case: CaseSight,
    },
    /// It is of an entry of a register in this division.
    Entry(Division),
}

impl App {
    /// Those of the events that this actor may see at this moment, and that lie where the interest is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn visible(
        &self,
        actor: &Actor,
        interest: &Interest,
        events: Vec<Arc<Happened>>,
    ) -> Result<Vec<Arc<Happened>>, Fault> {
        let mut verdicts = Vec::with_capacity(events.len());
        let mut unknown = BTreeMap::<AggregateType, BTreeSet<Uuid>>::new();
        for event in &events {
            let Some(stream) = event.record.stream() else {
                verdicts.push(Some(false));
                continue;
            };
            let verdict = match &event.sight {
                Some(sight) => Some(self.judged(actor, interest, stream, sight).await),
                None => None,
            };
            if verdict.is_none() {
                unknown.entry(stream.aggregate_type).or_default().insert(stream.aggregate_id);
            }
            verdicts.push(verdict);
        }
        let found = self.found(actor, interest, unknown).await?;
        let is_visible = |(event, verdict): (Arc<Happened>, Option<bool>)| {
            let verdict =
                verdict.unwrap_or_else(|| event.record.stream().is_some_and(|stream| found.contains(&stream)));
            verdict.then_some(event)
        };
        Ok(events.into_iter().zip(verdicts).filter_map(is_visible).collect())
    }

    /// By what is in memory.
    async fn judged(&self, actor: &Actor, interest: &Interest, stream: StreamId, sight: &Sight) -> bool {
        let lies_within = |division: &Division| interest.within.as_ref().is_none_or(|within| within.covers(division));
        match sight {
            Sight::Entry(division) => {
                let scope = RegisterScope::of(actor, stream.aggregate_type);
                lies_within(division) && scope.admits(stream.aggregate_id, division)
            }
            Sight::Case { version, case } => {
                let later = self.aggregates.cases.kept(stream.aggregate_id).await;
                let later = later.filter(|later| later.version > *version);
                let later = later.as_ref().and_then(|later| later.state.file.as_ref()).map(CaseSight::of);
                lies_within(&case.division) && scope::admits(actor, later.as_ref().unwrap_or(case))
            }
        }
    }

    /// By the present rows: those of the aggregates that are there for this actor.
    async fn found(
        &self,
        actor: &Actor,
        interest: &Interest,
        asked: BTreeMap<AggregateType, BTreeSet<Uuid>>,
    ) -> Result<HashSet<StreamId>, Fault> {
        let mut found = HashSet::new();
        for (aggregate_type, ids) in asked {
            let stream = |aggregate_id| StreamId { aggregate_type, aggregate_id };
            if aggregate_type == AggregateType::Case {
                let cases = self.store.cases(&case_query(actor, interest, &ids)).await?;
                found.extend(cases.into_iter().map(|case| stream(case.row.case_id)));
                continue;
            }
            let query = RegisterQuery {
                division_prefix: interest.within.as_ref().map(|within| within.code().to_owned()),
                ..RegisterQuery::of(aggregate_type, ids.into_iter().collect())
            };
            if let Some(query) = RegisterScope::of(actor, aggregate_type).narrow(query) {
                found.extend(self.store.registers(&query).await?.into_iter().map(|entry| entry.stream));
            }
        }
        Ok(found)
    }
}

fn case_query(actor: &Actor, interest: &Interest, ids: &BTreeSet<Uuid>) -> CaseQuery {
    let values = ids.iter().map(|id| Value::Text(id.to_string())).collect();
    let mut conditions = vec![Condition::In { column: CaseColumn::CaseId, values }];
    conditions.extend(
        interest
            .within
            .as_ref()
            .map(|within| Condition::StartsWith { column: CaseColumn::Division, text: within.code().to_owned() }),
    );
    CaseQuery {
        condition: Condition::All(conditions),
        scope: scope::scope_of(actor),
        order: Vec::new(),
        after: None,
        before: None,
        limit: u32::try_from(ids.len()).unwrap_or(u32::MAX),
        keep: Keep::First,
        at: Moment::Present,
    }
}
