//! Who may see what a follower is given: by today's rights, asked anew whenever something is shown.
//!
//! Of the aggregates that the latest events are about, the hub keeps what decides it, as it was at the end of the log;
//! what this process has changed since is known to the cases kept in memory. All others are judged by the present rows,
//! a page at a time. When an event happened plays no part.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::app::follow::{Interest, LogEvent};
use crate::app::request::Fault;
use crate::app::scope::{self, RegisterScope};
use crate::app::{App, CasePage};
use crate::domain::actor::Actor;
use crate::domain::case::state::File;
use crate::domain::value::{Division, EnterpriseId, InstitutionId, PersonId};
use crate::projection;
use crate::store::{AggregateType, CaseColumn, Condition, Moment, RegisterQuery, StreamId, Value};

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
            members: projection::case::members(file).iter().map(PersonId::to_string).collect(),
        }
    }
}

/// What decides who sees the events of an aggregate.
#[derive(Debug)]
pub(super) enum Sight {
    /// It is a case.
    Case {
        /// The version that this was so at.
        version: u64,
        /// What decides.
        case: CaseSight,
    },
    /// It is an entry of a register in this division.
    Entry(Division),
}

impl App {
    /// Those of the events that this actor may see now, of what lay where the interest is as of the moment; where it is
    /// nowhere, the moment plays no part.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn visible(
        &self,
        actor: &Actor,
        interest: &Interest,
        at: Moment,
        events: Vec<Arc<LogEvent>>,
    ) -> Result<Vec<Arc<LogEvent>>, Fault> {
        let within = interest.within.as_ref();
        let at = within.map_or(Moment::Present, |_| at);
        let streams: BTreeSet<_> = events.iter().filter_map(|event| event.record.stream()).collect();
        let (mut seen, mut unknown) = (HashSet::new(), Vec::new());
        for stream in streams {
            match self.judged(actor, within, at, stream).await {
                Some(true) => drop(seen.insert(stream)),
                Some(false) => {}
                None => unknown.push(stream),
            }
        }
        seen.extend(self.followed(actor, within, at, unknown).await?);
        let is_seen = |event: &Arc<LogEvent>| event.record.stream().is_some_and(|stream| seen.contains(&stream));
        let events = events.into_iter().filter(is_seen).collect();
        self.without_internal(actor, events, |event| &event.record).await
    }

    /// By what is in memory; `None` where that does not tell: it knows where something lies now alone.
    async fn judged(&self, actor: &Actor, within: Option<&Division>, at: Moment, stream: StreamId) -> Option<bool> {
        if at != Moment::Present {
            return None;
        }
        let lies_within = |division: &Division| within.is_none_or(|within| within.covers(division));
        Some(match &*self.hub.get()?.sight(stream)? {
            Sight::Entry(division) => {
                let scope = RegisterScope::followed(actor, stream.aggregate_type);
                lies_within(division) && scope.admits(stream.aggregate_id, division)
            }
            Sight::Case { version, case } => {
                let later = self.aggregates.cases.kept(stream.aggregate_id).await;
                let later = later.filter(|later| later.version > *version);
                let later = later.as_ref().and_then(|later| later.state.file.as_ref()).map(CaseSight::of);
                lies_within(&case.division) && scope::admits(actor, later.as_ref().unwrap_or(case))
            }
        })
    }

    /// By the present rows: those of the aggregates whose events this actor hears, within a division as of the moment
    /// where one is named. The log itself lies in none, and is heard of within each; where a case lies never changes.
    ///
    /// # Errors
    /// When the store fails.
    pub(in crate::app) async fn followed(
        &self,
        actor: &Actor,
        within: Option<&Division>,
        at: Moment,
        streams: impl IntoIterator<Item = StreamId>,
    ) -> Result<HashSet<StreamId>, Fault> {
        let mut asked = BTreeMap::<AggregateType, BTreeSet<Uuid>>::new();
        for stream in streams {
            asked.entry(stream.aggregate_type).or_default().insert(stream.aggregate_id);
        }
        let mut found = HashSet::new();
        for (aggregate_type, ids) in asked {
            if aggregate_type == AggregateType::Case {
                let cases = self.cases(actor, &page_of(within, &ids)).await?;
                found.extend(cases.into_iter().map(|case| StreamId { aggregate_type, aggregate_id: case.row.case_id }));
                continue;
            }
            let query = RegisterQuery {
                division_prefix: within.map(|within| within.code().to_owned()),
                at,
                ..RegisterQuery::of(aggregate_type, ids.into_iter().collect())
            };
            let entries = self.named_within(&RegisterScope::followed(actor, aggregate_type), query).await?;
            found.extend(entries.into_iter().map(|aggregate_id| StreamId { aggregate_type, aggregate_id }));
        }
        Ok(found)
    }
}

/// These cases as they are, as far as they lie in the division.
fn page_of(within: Option<&Division>, ids: &BTreeSet<Uuid>) -> CasePage {
    let values = ids.iter().map(|id| Value::from(*id)).collect();
    let mut conditions = vec![Condition::In { column: CaseColumn::CaseId, values }];
    conditions.extend(
        within.map(|within| Condition::StartsWith { column: CaseColumn::Division, text: within.code().to_owned() }),
    );
    CasePage::of(Condition::All(conditions), u32::try_from(ids.len()).unwrap_or(u32::MAX), Moment::Present)
}
