//! Pages of the log: what a follower would have heard, read back from the latest on.
//!
//! The rights are a follower's: [`App::visible`] judges every event by what they are today. Events of what is not there for
//! the actor are not read to begin with, so that pages are full; but nobody looks through a whole log for one page, and
//! one that has looked far enough says where to go on.

use std::ops::Range;
use std::sync::Arc;

use uuid::Uuid;

use crate::app::App;
use crate::app::follow::{Interest, LogEvent};
use crate::app::reads::CasePage;
use crate::app::request::Fault;
use crate::app::scope::{RegisterScope, is_wide, scope_of, sees_much};
use crate::domain::actor::Actor;
use crate::domain::value::Division;
use crate::store::{
    Access, AggregateType, Among, CaseColumn, Condition, EventQuery, Keep, Moment, Picked, RegisterQuery,
};

/// How many positions of the log each read of a page looks at, where the log is walked: those who see much have their
/// page with the first one.
const STRETCHES: [u64; 3] = [2_048, 8_192, 32_768];

/// At most so many events are judged at a time.
const MOST_AT_ONCE: u32 = 1_024;

/// Whoever sees no more cases and no more entries of each register than this has their events gathered, however long the
/// log is.
const FEW: u32 = 500;

/// Registers with so few events that all of them can be gathered.
const SMALL: [AggregateType; 5] = [
    AggregateType::Institution,
    AggregateType::Campaign,
    AggregateType::Catalogue,
    AggregateType::AnnualSummary,
    AggregateType::Log,
];

/// A page of the log, the latest first.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// Which events.
    pub interest: Interest,
    /// Only those after this position of the log, exclusive.
    pub after: Option<u64>,
    /// Only those before this position of the log, exclusive.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
    /// From which end: first is the latest.
    pub keep: Keep,
    /// As of when.
    pub at: Moment,
}

/// What was found for a page.
#[derive(Debug)]
pub struct LogFound {
    /// The latest first.
    pub events: Vec<Arc<LogEvent>>,
    /// Where the page stopped although it is not full: there may be more on the other side of this position, and there is
    /// none on this side.
    pub stopped_at: Option<u64>,
}

impl App {
    /// A page of what this actor may see of the log, in a bounded number of reads.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn log_page(&self, actor: &Actor, page: &LogPage) -> Result<LogFound, Fault> {
        let among = self.among(actor, &page.interest, page.at).await?;
        let mut rest = self.between(page).await?;
        if among.is_empty() || rest.is_empty() {
            return Ok(LogFound { events: Vec::new(), stopped_at: None });
        }
        let access = access_to(&among);
        let asked = EventQuery { among, access, ..page.asked() };
        let mut events = Vec::new();
        for (turn, stretch) in STRETCHES.into_iter().enumerate() {
            let part = match access {
                Access::Gather => rest.clone(),
                Access::Walk => page.nearest(&rest, stretch),
            };
            let query = EventQuery {
                after: part.start.checked_sub(1),
                before: Some(part.end),
                limit: if turn == 0 { page.limit } else { page.limit.max(MOST_AT_ONCE) },
                ..asked.clone()
            };
            let mut records = self.store.events(&query).await?;
            let is_cut = records.len() as u64 >= u64::from(query.limit);
            if page.keep == Keep::First {
                records.reverse();
            }
            rest = page.beyond(&rest, &part, records.last().filter(|_| is_cut).map(|last| last.position));
            let happened = |record| Arc::new(LogEvent { record, command_end: None });
            let happened = records.into_iter().map(happened).collect();
            events.extend(self.visible(actor, &page.interest, page.at, happened).await?);
            if page.is_filled_by(&events) || rest.is_empty() {
                break;
            }
        }
        let stopped_at = (!page.is_filled_by(&events) && !rest.is_empty()).then(|| match page.keep {
            Keep::First => rest.end,
            Keep::Last => rest.start.saturating_sub(1),
        });
        events.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
        if page.keep == Keep::Last {
            events.reverse();
        }
        Ok(LogFound { events, stopped_at })
    }

    /// The positions that the page is of, as far as the log has them.
    async fn between(&self, page: &LogPage) -> Result<Range<u64>, Fault> {
        let size = self.store.head().await?.next_position;
        let known = page.at.last_position().map_or(size, |last| size.min(last.saturating_add(1)));
        let end = page.before.map_or(known, |before| known.min(before));
        Ok(page.after.map_or(0, |after| after.saturating_add(1)).min(end)..end)
    }

    /// What may be of interest as of the moment, and there for the actor: nothing is of other aggregates.
    async fn among(&self, actor: &Actor, interest: &Interest, at: Moment) -> Result<Vec<Among>, Fault> {
        let is_asked = |kind: &AggregateType| interest.kinds.is_empty() || interest.kinds.contains(kind);
        let mut among = Vec::new();
        for aggregate_type in AggregateType::ALL.into_iter().filter(is_asked) {
            among.extend(self.among_type(actor, interest, at, aggregate_type).await?);
        }
        Ok(among)
    }

    async fn among_type(
        &self,
        actor: &Actor,
        interest: &Interest,
        at: Moment,
        aggregate_type: AggregateType,
    ) -> Result<Option<Among>, Fault> {
        let within = interest.within.as_ref();
        let picked = if !interest.streams.is_empty() {
            let named = interest.streams.iter().filter(|stream| stream.aggregate_type == aggregate_type);
            Picked::These(named.map(|stream| stream.aggregate_id).collect())
        } else if aggregate_type == AggregateType::Case {
            self.seen_cases(actor, within).await?
        } else {
            let scope = RegisterScope::followed(actor, aggregate_type);
            match scope {
                RegisterScope::Nothing => return Ok(None),
                RegisterScope::Only(own) => Picked::These(vec![own]),
                _ if SMALL.contains(&aggregate_type) => Picked::All,
                _ => self.seen_of_register(&scope, aggregate_type, within, at).await?,
            }
        };
        let is_nothing = matches!(&picked, Picked::These(ids) if ids.is_empty());
        Ok((!is_nothing).then_some(Among { aggregate_type, picked }))
    }

    /// The cases that the actor sees within the division: by their ids, if they are few.
    async fn seen_cases(&self, actor: &Actor, within: Option<&Division>) -> Result<Picked, Fault> {
        let scope = scope_of(actor);
        let division_prefix = within.map(|within| within.code().to_owned());
        if sees_much(&scope) && within.is_none_or(|within| is_wide(within.code())) {
            return Ok(Picked::Cases { scope, division_prefix });
        }
        let lies_within = |text: &String| Condition::StartsWith { column: CaseColumn::Division, text: text.clone() };
        let condition = Condition::All(division_prefix.iter().map(lies_within).collect());
        let cases = self.cases(actor, &CasePage::of(condition, FEW + 1, Moment::Present)).await?;
        let ids = cases.into_iter().map(|case| case.row.case_id).collect();
        Ok(these_if_few(ids).unwrap_or(Picked::Cases { scope, division_prefix }))
    }

    /// The entries of a register that are in the scope, and were within the division as of the moment: by their ids, if
    /// they are few.
    async fn seen_of_register(
        &self,
        scope: &RegisterScope,
        aggregate_type: AggregateType,
        within: Option<&Division>,
        at: Moment,
    ) -> Result<Picked, Fault> {
        let all = RegisterQuery {
            ids: None,
            limit: FEW + 1,
            division_prefix: within.map(|within| within.code().to_owned()),
            // Lists of the present are quick to read; which of the entries had events by then, the events tell.
            at: within.map_or(Moment::Present, |_| at),
            ..RegisterQuery::of(aggregate_type, Vec::new())
        };
        let Some(query) = scope.narrow(all) else { return Ok(Picked::These(Vec::new())) };
        let jurisdiction = query.within.as_ref().map(|within| within.division_prefix.as_str());
        if [jurisdiction, query.division_prefix.as_deref()].into_iter().flatten().all(is_wide) {
            return Ok(Picked::Entries(Box::new(query)));
        }
        let entries = self.store.registers(&query).await?;
        let ids = entries.into_iter().map(|entry| entry.stream.aggregate_id).collect();
        Ok(these_if_few(ids).unwrap_or_else(|| Picked::Entries(Box::new(query))))
    }
}

/// All of them by their ids, unless they are too many.
fn these_if_few(ids: Vec<Uuid>) -> Option<Picked> {
    (ids.len() as u64 <= u64::from(FEW)).then_some(Picked::These(ids))
}

impl LogPage {
    /// What is asked of the store, wherever it looks.
    fn asked(&self) -> EventQuery {
        EventQuery {
            types: self.interest.types.clone(),
            actor: self.interest.actor.as_ref().map(ToString::to_string),
            recorded: self.interest.recorded,
            occurred: self.interest.occurred.happened_by(self.at),
            // The latest are the last of the log.
            keep: match self.keep {
                Keep::First => Keep::Last,
                Keep::Last => Keep::First,
            },
            ..EventQuery::default()
        }
    }

    /// So many of the positions, from the end that the page is of.
    fn nearest(&self, rest: &Range<u64>, stretch: u64) -> Range<u64> {
        match self.keep {
            Keep::First => rest.end.saturating_sub(stretch).max(rest.start)..rest.end,
            Keep::Last => rest.start..rest.start.saturating_add(stretch).min(rest.end),
        }
    }

    /// What is left of the positions when the part was looked at, or only up to a position of it.
    fn beyond(&self, rest: &Range<u64>, part: &Range<u64>, seen_to: Option<u64>) -> Range<u64> {
        match self.keep {
            Keep::First => rest.start..seen_to.unwrap_or(part.start),
            Keep::Last => seen_to.map_or(part.end, |seen_to| seen_to + 1)..rest.end,
        }
    }

    fn is_filled_by(&self, events: &[Arc<LogEvent>]) -> bool {
        events.len() as u64 >= u64::from(self.limit)
    }
}

/// Few are gathered; of many the log is walked, for a page has enough of them soon.
fn access_to(among: &[Among]) -> Access {
    let is_little = |among: &Among| match &among.picked {
        Picked::All => SMALL.contains(&among.aggregate_type),
        Picked::These(_) => true,
        Picked::Cases { .. } | Picked::Entries(_) => false,
    };
    if among.iter().all(is_little) { Access::Gather } else { Access::Walk }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Scope;

    fn page(keep: Keep) -> LogPage {
        LogPage { interest: Interest::default(), after: None, before: None, limit: 2, keep, at: Moment::Present }
    }

    #[test]
    fn a_log_is_looked_through_from_the_end_that_the_page_is_of() {
        let (latest, oldest) = (page(Keep::First), page(Keep::Last));
        assert_eq!((latest.nearest(&(3..20), 5), oldest.nearest(&(3..20), 5)), (15..20, 3..8));
        assert_eq!((latest.nearest(&(3..20), 50), oldest.nearest(&(3..20), 50)), (3..20, 3..20));
        // All of a part was looked at, or a part of it.
        assert_eq!((latest.beyond(&(3..20), &(15..20), None), oldest.beyond(&(3..20), &(3..8), None)), (3..15, 8..20));
        assert_eq!(latest.beyond(&(3..20), &(15..20), Some(17)), 3..17);
        assert_eq!(oldest.beyond(&(3..20), &(3..8), Some(5)), 6..20);
    }

    #[test]
    fn few_are_gathered_and_many_are_walked_to() {
        let of = |aggregate_type, picked| Among { aggregate_type, picked };
        let few = of(AggregateType::Case, Picked::These(vec![Uuid::nil()]));
        let campaigns = of(AggregateType::Campaign, Picked::All);
        assert_eq!(access_to(&[few.clone(), campaigns.clone()]), Access::Gather);
        assert_eq!(access_to(&[few, campaigns, of(AggregateType::Enterprise, Picked::All)]), Access::Walk);
        let seen = Picked::Cases { scope: Scope::default(), division_prefix: None };
        assert_eq!(access_to(&[of(AggregateType::Case, seen)]), Access::Walk);
    }
}
