//! Which events an endpoint hears: those of its filter that its owner may see, by the rows of the present.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use uuid::Uuid;

use crate::app::App;
use crate::app::request::Fault;
use crate::app::scope::{RegisterScope, scope_of};
use crate::domain::actor::{Actor, ActorId, Role};
use crate::domain::value::Division;
use crate::store::{
    AggregateType, CaseColumn, CaseQuery, Condition, EventRecord, Keep, Moment, RegisterQuery, StoreError, StreamId,
    Value, Webhook,
};

/// The division of a stored code, which is empty for the nation.
pub(super) fn division(code: &str) -> Result<Division, Fault> {
    if code.is_empty() {
        return Ok(Division::nation());
    }
    let read = Division::parse(code);
    read.map_err(|_| StoreError::Corrupt { what: format!("division {code:?} of a webhook") }.into())
}

/// The actor by whose rights the endpoint hears.
pub(super) fn owner(webhook: &Webhook) -> Result<Actor, Fault> {
    let corrupt = || StoreError::Corrupt { what: format!("owner of webhook {}", webhook.id) };
    let id = ActorId::parse(&webhook.owner).map_err(|_| corrupt())?;
    let role = Role::named(&webhook.owner_role).ok_or_else(corrupt)?;
    let jurisdiction = division(&webhook.jurisdiction)?;
    Ok(Actor { id, roles: BTreeSet::from([role]), jurisdiction, institution: None, enterprise: None })
}

impl App {
    /// Those of the streams that the endpoint hears of.
    pub(super) async fn heard_streams(
        &self,
        webhook: &Webhook,
        streams: impl Iterator<Item = StreamId>,
    ) -> Result<HashSet<StreamId>, Fault> {
        let owner = owner(webhook)?;
        let within = &webhook.configuration.division;
        let mut ids: BTreeMap<AggregateType, BTreeSet<Uuid>> = BTreeMap::new();
        for stream in streams {
            ids.entry(stream.aggregate_type).or_default().insert(stream.aggregate_id);
        }
        let mut heard = HashSet::new();
        for (aggregate_type, ids) in ids {
            let ids: Vec<_> = ids.into_iter().collect();
            let limit = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            if aggregate_type == AggregateType::Case {
                let conditions = vec![
                    Condition::In { column: CaseColumn::CaseId, values: ids.into_iter().map(Value::from).collect() },
                    Condition::StartsWith { column: CaseColumn::Division, text: within.clone() },
                ];
                let query = CaseQuery {
                    condition: Condition::All(conditions),
                    scope: scope_of(&owner),
                    order: Vec::new(),
                    after: None,
                    before: None,
                    limit,
                    keep: Keep::First,
                    at: Moment::Present,
                };
                let cases = self.store.cases(&query).await?;
                heard.extend(cases.into_iter().map(|case| StreamId { aggregate_type, aggregate_id: case.row.case_id }));
                continue;
            }
            let query =
                RegisterQuery { division_prefix: Some(within.clone()), ..RegisterQuery::of(aggregate_type, ids) };
            if let Some(query) = RegisterScope::of(&owner, aggregate_type).narrow(query) {
                heard.extend(self.store.registers(&query).await?.into_iter().map(|entry| entry.stream));
            }
        }
        Ok(heard)
    }

    /// Those of the events that the endpoint hears, with their streams.
    pub(super) async fn heard(
        &self,
        webhook: &Webhook,
        events: Vec<EventRecord>,
    ) -> Result<Vec<(StreamId, EventRecord)>, Fault> {
        let configuration = &webhook.configuration;
        let named = |names: &[String], name: &String| names.is_empty() || names.contains(name);
        let events: Vec<_> = events
            .into_iter()
            // How somebody looks at cases is no news.
            .filter(|event| event.aggregate_type != AggregateType::View.as_str())
            .filter(|event| named(&configuration.aggregate_types, &event.aggregate_type))
            .filter(|event| named(&configuration.event_types, &event.event_type))
            .filter_map(|event| Some((event.stream()?, event)))
            .collect();
        let heard = self.heard_streams(webhook, events.iter().map(|(stream, _)| *stream)).await?;
        Ok(events.into_iter().filter(|(stream, _)| heard.contains(stream)).collect())
    }
}
