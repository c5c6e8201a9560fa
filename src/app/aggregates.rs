//! The streams of every type of aggregate.

use std::sync::Arc;

use crate::app::streams::Streams;
use crate::codec::Upcasters;
use crate::domain::annual_summary::AnnualSummary;
use crate::domain::campaign::Campaign;
use crate::domain::case::Case;
use crate::domain::catalogue::Catalogue;
use crate::domain::enterprise::Enterprise;
use crate::domain::institution::Institution;
use crate::domain::log::Log;
use crate::domain::person::Person;
use crate::domain::view::View;
use crate::store::{AggregateType, Store};

/// What is kept of every type in memory: for commands by the application, as far as the log was read by a rebuild.
pub struct Aggregates {
    pub(super) cases: Streams<Case>,
    pub(super) enterprises: Streams<Enterprise>,
    pub(super) campaigns: Streams<Campaign>,
    pub(super) institutions: Streams<Institution>,
    pub(super) persons: Streams<Person>,
    pub(super) catalogues: Streams<Catalogue>,
    pub(super) annual_summaries: Streams<AnnualSummary>,
    pub(super) views: Streams<View>,
    pub(super) logs: Streams<Log>,
}

impl Aggregates {
    pub(super) fn new(store: &Arc<dyn Store>, upcasters: &Upcasters) -> Self {
        Self {
            cases: Streams::new(AggregateType::Case, store.clone(), upcasters.clone()),
            enterprises: Streams::new(AggregateType::Enterprise, store.clone(), upcasters.clone()),
            campaigns: Streams::new(AggregateType::Campaign, store.clone(), upcasters.clone()),
            institutions: Streams::new(AggregateType::Institution, store.clone(), upcasters.clone()),
            persons: Streams::new(AggregateType::Person, store.clone(), upcasters.clone()),
            catalogues: Streams::new(AggregateType::Catalogue, store.clone(), upcasters.clone()),
            annual_summaries: Streams::new(AggregateType::AnnualSummary, store.clone(), upcasters.clone()),
            views: Streams::new(AggregateType::View, store.clone(), upcasters.clone()),
            logs: Streams::new(AggregateType::Log, store.clone(), upcasters.clone()),
        }
    }
}

/// Does something with the streams of that type.
macro_rules! with_streams {
    ($all:expr, $aggregate_type:expr, $streams:ident => $done:expr) => {{
        use $crate::store::AggregateType;
        match $aggregate_type {
            AggregateType::Case => with_streams!(@ &$all.cases, $streams => $done),
            AggregateType::Enterprise => with_streams!(@ &$all.enterprises, $streams => $done),
            AggregateType::Campaign => with_streams!(@ &$all.campaigns, $streams => $done),
            AggregateType::Institution => with_streams!(@ &$all.institutions, $streams => $done),
            AggregateType::Person => with_streams!(@ &$all.persons, $streams => $done),
            AggregateType::Catalogue => with_streams!(@ &$all.catalogues, $streams => $done),
            AggregateType::AnnualSummary => with_streams!(@ &$all.annual_summaries, $streams => $done),
            AggregateType::View => with_streams!(@ &$all.views, $streams => $done),
            AggregateType::Log => with_streams!(@ &$all.logs, $streams => $done),
        }
    }};
    (@ $of_type:expr, $streams:ident => $done:expr) => {{
        let $streams = $of_type;
        $done
    }};
}
pub(super) use with_streams;
