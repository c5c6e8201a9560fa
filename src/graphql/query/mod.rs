//! Reads. Every field may carry `minPosition`: the answer then includes that position, whichever server gives it.

pub(crate) mod as_of;
mod cases;
mod events;
mod ledger;
pub(crate) mod node;
mod preview;
mod registers;
mod search;
mod server;
mod statistics;
mod webhooks;

use async_graphql::MergedObject;
use jiff::Timestamp;

use crate::app::Moment;

pub(crate) use search::score;

/// 查询: what there is for you to see. Everything is answered within the rights of your token.
#[derive(Default, MergedObject)]
pub(crate) struct Query(
    node::NodeQuery,
    cases::CaseQuery,
    registers::RegisterQuery,
    search::SearchQuery,
    events::EventQuery,
    statistics::StatisticsQuery,
    as_of::AsOfQuery,
    ledger::LedgerQuery,
    preview::PreviewQuery,
    server::ServerQuery,
    webhooks::WebhookQuery,
);

impl Query {
    /// The whole query as it is answered from there.
    fn from(view: Viewpoint) -> Self {
        Self(
            node::NodeQuery(view),
            cases::CaseQuery(view),
            registers::RegisterQuery(view),
            search::SearchQuery(view),
            events::EventQuery(view),
            statistics::StatisticsQuery(view),
            as_of::AsOfQuery(view),
            ledger::LedgerQuery(view),
            preview::PreviewQuery(view),
            server::ServerQuery(view),
            webhooks::WebhookQuery,
        )
    }
}

/// From where a query looks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Viewpoint {
    /// As of when rows are read.
    pub(crate) moment: Moment,
    /// What is the present time there; `None` is now, or when the log took the position.
    pub(crate) time: Option<Timestamp>,
}

impl From<Moment> for Viewpoint {
    fn from(moment: Moment) -> Self {
        Self { moment, time: None }
    }
}
