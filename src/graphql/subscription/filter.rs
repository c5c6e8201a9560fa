//! Which events somebody wants to hear of.

use async_graphql::resolver_utils::EnumType;
use async_graphql::{Enum, ID, InputObject, Result};
use serde::Serialize;

use crate::app::{AggregateType, Interest, StreamId};
use crate::domain::actor::ActorId;
use crate::domain::event_types::is_event_type;
use crate::domain::refusal::Refusal;
use crate::domain::value::{CaseId, Division};
use crate::graphql::door::Door;
use crate::graphql::errors;
use crate::graphql::filter::LARGEST;
use crate::graphql::limits::NamedLimit;
use crate::graphql::types::event::TimeRangeFilter;

/// 筛选: which events. Every field that is given has to hold; an empty list, or null, is as if it were not given.
#[derive(Clone, Debug, Default, InputObject)]
pub(crate) struct EventFilter {
    /// 类型: only of these types, as the log names them: `CaseReported`, `EnterpriseEnrolled`, …
    types: Option<Vec<String>>,
    /// 操作者: only by this actor: its id, as the log has it; `etalon:clock` and `etalon:import` are the server's own.
    actor: Option<String>,
    /// 对象类型: only what happened to these.
    subjects: Option<Vec<EventSubject>>,
    /// 案例: only what happened to these cases.
    case_ids: Option<Vec<ID>>,
    /// 行政区划: only what lies in the division of this code.
    division_within: Option<String>,
    /// 记录时间: only what the log took then.
    recorded_at: Option<TimeRangeFilter>,
    /// 发生时间: only what happened then, as its author says.
    occurred_at: Option<TimeRangeFilter>,
}

/// 对象类型: what events happen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
pub(crate) enum EventSubject {
    /// 难点: a case.
    Case,
    /// 企业: an enterprise.
    Enterprise,
    /// 活动: a campaign.
    Campaign,
    /// 机构: an institution.
    Institution,
    /// 人员: a person.
    Person,
    /// 目录: a catalogue.
    Catalogue,
    /// 年度总结: an annual summary.
    AnnualSummary,
    /// 日志: the log itself, which lies in no division: what happens to it is there for everybody, and within each.
    Log,
}

impl From<EventSubject> for AggregateType {
    fn from(subject: EventSubject) -> Self {
        match subject {
            EventSubject::Case => Self::Case,
            EventSubject::Enterprise => Self::Enterprise,
            EventSubject::Campaign => Self::Campaign,
            EventSubject::Institution => Self::Institution,
            EventSubject::Person => Self::Person,
            EventSubject::Catalogue => Self::Catalogue,
            EventSubject::AnnualSummary => Self::AnnualSummary,
            EventSubject::Log => Self::Log,
        }
    }
}

impl EventSubject {
    /// The subject that the log names so, if it is one.
    pub(crate) fn named(aggregate_type: &str) -> Option<Self> {
        let subjects = Self::items().iter().map(|item| item.value);
        subjects.into_iter().find(|subject| AggregateType::from(*subject).as_str() == aggregate_type)
    }
}

impl EventFilter {
    /// The interest that it says.
    ///
    /// # Errors
    /// When a value makes no sense, or there are too many.
    pub(crate) fn interest(self) -> Result<Interest> {
        let types = self.types.unwrap_or_default();
        if let Some((place, unknown)) = types.iter().enumerate().find(|(_, name)| !is_event_type(name)) {
            let message = format!("{unknown:?} is no event type: write one such as CaseReported");
            return Err(errors::argument("EVENT_TYPE_UNKNOWN", &format!("filter.types.{place}"), message));
        }
        let case_ids = self.case_ids.unwrap_or_default();
        if types.len() + case_ids.len() > LARGEST {
            let message = format!("a filter holds at most {LARGEST} values");
            let limit = NamedLimit { name: "largestFilter", maximum: LARGEST as u64 };
            return Err(errors::over("FILTER_TOO_LARGE", "filter", limit, message));
        }
        let actor = self.actor.map(|actor| ActorId::parse_any(&actor)).transpose();
        let division = self.division_within.map(|code| Division::parse(&code)).transpose();
        let mut door = Door::new(uuid::Uuid::nil());
        let cases = door.within("filter", |door| door.all_ids::<CaseId>("caseIds", &case_ids));
        if let Some(refusal) = door.into_refusals().first() {
            return Err(errors::refused(refusal));
        }
        let case = |id: CaseId| StreamId { aggregate_type: AggregateType::Case, aggregate_id: id.into() };
        Ok(Interest {
            types,
            actor: actor.map_err(|refusal| errors::refused(&Refusal { field: "filter.actor".into(), ..refusal }))?,
            kinds: self.subjects.unwrap_or_default().into_iter().map(Into::into).collect(),
            streams: cases.unwrap_or_default().into_iter().map(case).collect(),
            recorded: self.recorded_at.unwrap_or_default().into(),
            occurred: self.occurred_at.unwrap_or_default().into(),
            within: division.map_err(|error| errors::refused(&Refusal::of_value("filter.divisionWithin", error)))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Span;
    use crate::graphql::scalars::DateTime;

    #[test]
    fn a_filter_says_what_is_of_interest() {
        assert_eq!(EventFilter::default().interest().unwrap(), Interest::default());
        let since = "2026-03-01T00:00:00Z".parse().unwrap();
        let filter = EventFilter {
            types: Some(vec!["CaseReported".to_owned(), "PersonRegistered".to_owned()]),
            occurred_at: Some(TimeRangeFilter { from: Some(DateTime(since)), until: None }),
            subjects: Some(vec![EventSubject::Person]),
            division_within: Some("4403".to_owned()),
            ..EventFilter::default()
        };
        let interest = filter.interest().unwrap();
        assert_eq!(interest.types, ["CaseReported", "PersonRegistered"]);
        assert_eq!(interest.kinds, [AggregateType::Person]);
        assert_eq!(interest.within, Some(Division::parse("4403").unwrap()));
        assert_eq!((interest.recorded, interest.occurred), (Span::default(), Span { from: Some(since), until: None }));
    }

    #[test]
    fn the_servers_own_actors_are_asked_for_like_any_other() {
        for actor in ["etalon:clock", "etalon:import", "p-1"] {
            let filter = EventFilter { actor: Some(actor.to_owned()), ..EventFilter::default() };
            let interest = filter.interest().unwrap();
            assert_eq!(interest.actor.map(|actor| actor.to_string()).as_deref(), Some(actor));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let unsound = [
            EventFilter { types: Some(vec!["Nothing".to_owned()]), ..EventFilter::default() },
            EventFilter { actor: Some(" ".to_owned()), ..EventFilter::default() },
            EventFilter { case_ids: Some(vec![ID("x".to_owned())]), ..EventFilter::default() },
            EventFilter { division_within: Some("99".to_owned()), ..EventFilter::default() },
            EventFilter { types: Some(vec!["CaseReported".to_owned(); LARGEST + 1]), ..EventFilter::default() },
        ];
        for filter in unsound {
            assert!(filter.clone().interest().is_err(), "{filter:?}");
        }
    }
}
