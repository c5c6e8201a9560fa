//! What aggregates weigh, and how many are kept.

use std::sync::Arc;

use moka::future::Cache;
use serde_json::Value;
use uuid::Uuid;

use crate::app::streams::Versioned;
use crate::domain::aggregate::Root;
use crate::store::AggregateType;

/// How many bytes of the aggregates of a type are kept, by what they weigh: about as much as 10,000 cases of a dozen events,
/// of what many cases point at a quarter of that each, and as much of catalogues, which are few and long.
pub(super) const fn most_kept_bytes(aggregate_type: AggregateType) -> u64 {
    match aggregate_type {
        AggregateType::Case => 100 << 20,
        AggregateType::Enterprise | AggregateType::Person | AggregateType::Catalogue => 25 << 20,
        AggregateType::Campaign
        | AggregateType::Institution
        | AggregateType::AnnualSummary
        | AggregateType::View
        | AggregateType::Log => 5 << 20,
    }
}

/// What an aggregate weighs beside what its events say.
const AGGREGATE_BYTES: u64 = 2 << 10;

/// Keeps aggregates, as many as there is room for. One is taken to weigh half of that at most: what weighs more than all the
/// room would never be kept, and every command would read it anew.
pub(super) fn kept_within<A: Root>(most_bytes: u64) -> Cache<Uuid, Arc<Versioned<A>>> {
    let weight = move |_: &Uuid, kept: &Arc<Versioned<A>>| {
        let bytes = (AGGREGATE_BYTES + kept.size_bytes).min(most_bytes / 2);
        u32::try_from(bytes).expect("the room is less than 8 GiB")
    };
    Cache::builder().max_capacity(most_bytes).weigher(weight).build()
}

/// About how many bytes the log has of a payload that was parsed: to write it anew would take longer than to read it.
pub(super) fn size(payload: &Value) -> u64 {
    /// Quotes and a comma, a number, or brackets.
    const OF_A_VALUE: u64 = 4;
    OF_A_VALUE
        + match payload {
            Value::String(text) => text.len() as u64,
            Value::Array(values) => values.iter().map(size).sum(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| name.len() as u64 + OF_A_VALUE + size(value)).sum()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}
