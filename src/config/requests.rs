//! The settings of what a single request is held to.

use std::time::Duration;

use super::Given;

/// What a request is held to, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestSettings {
    /// The longest request body in bytes, 1 KiB to 1 GiB. Default: 8 MiB.
    pub body_limit_bytes: usize,
    /// The longest answer in bytes, 2 MiB to 1 GiB: less would keep tools from reading the schema. Default: 8 MiB.
    pub answer_limit_bytes: u64,
    /// The longest document in bytes, 1 KiB to 16 MiB. Default: 1 MiB.
    pub document_limit_bytes: u64,
    /// How many tokens a document may have, 1,000 to 1,000,000. Default: 10,000.
    pub token_limit: u64,
    /// How deep brackets may nest, of documents and of JSON, 30 to 100. Default: 60.
    pub nesting_limit: u64,
    /// How many aliases a document may give, 1 to 10,000. Default: 100.
    pub alias_limit: u64,
    /// How many directives it may use, 1 to 10,000. Default: 100.
    pub directive_limit: u64,
    /// How many fields an operation may ask of its root, 1 to 10,000. Default: 50.
    pub root_field_limit: u64,
    /// How many fields one selection may hold, 100 to 100,000. Default: 500.
    pub selection_limit: u64,
    /// How deep a selection may nest, 15 to 50. Default: 20.
    pub depth_limit: u64,
    /// What an operation may cost, 5,000 to 1,000,000,000: less would keep tools from reading the schema. Default:
    /// 50,000.
    pub cost_limit: u64,
    /// The most rows of a page, 10 to 1,000. Default: 100.
    pub page_limit: u32,
    /// How long a query may be executed, 100 ms to 10 min. Default: 10 s.
    pub query_timeout: Duration,
    /// How long the database may run a statement that is read for an operation, 100 ms to 10 min. Default: 5 s.
    pub statement_timeout: Duration,
}

impl Given {
    pub(super) fn requests(&self) -> RequestSettings {
        RequestSettings {
            body_limit_bytes: self.body_limit_bytes.map_or(8 << 20, |bytes| bytes.0 as usize),
            answer_limit_bytes: self.answer_limit_bytes.map_or(8 << 20, |bytes| bytes.0),
            document_limit_bytes: self.document_limit_bytes.map_or(1 << 20, |bytes| bytes.0),
            token_limit: self.token_limit.map_or(10_000, |tokens| tokens.0),
            nesting_limit: self.nesting_limit.map_or(60, |depth| depth.0),
            alias_limit: self.alias_limit.map_or(100, |aliases| aliases.0),
            directive_limit: self.directive_limit.map_or(100, |directives| directives.0),
            root_field_limit: self.root_field_limit.map_or(50, |fields| fields.0),
            selection_limit: self.selection_limit.map_or(500, |fields| fields.0),
            depth_limit: self.depth_limit.map_or(20, |depth| depth.0),
            cost_limit: self.cost_limit.map_or(50_000, |cost| cost.0),
            page_limit: self.page_limit.map_or(100, |rows| rows.0 as u32),
            query_timeout: Duration::from_millis(self.query_timeout_ms.map_or(10_000, |time| time.0)),
            statement_timeout: Duration::from_millis(self.statement_timeout_ms.map_or(5_000, |time| time.0)),
        }
    }
}
