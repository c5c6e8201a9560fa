//! Reads. Every field may carry `minPosition`: the answer then includes that position, whichever server gives it.

mod cases;
mod node;
mod registers;
mod server;

use async_graphql::MergedObject;

/// 查询: what there is for you to see. Everything is answered within the rights of your token.
#[derive(Default, MergedObject)]
pub(crate) struct Query(node::NodeQuery, cases::CaseQuery, registers::RegisterQuery, server::ServerQuery);

/// As of when a query is answered: `None` is the present.
pub(super) const PRESENT: Option<u64> = None;
