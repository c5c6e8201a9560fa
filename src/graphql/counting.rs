//! What is counted and traced of operations: their kind, how long they took, and the code of their first error. Neither
//! a name that a client gave nor anything of its document is kept.

use std::borrow::Cow;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, Value};
use tokio::time::Instant;
use tracing::{Span, field};

use crate::telemetry::metrics::metrics;

/// An operation under way.
pub(crate) struct CountedOperation {
    operation: &'static str,
    began: Instant,
    span: Span,
}

impl CountedOperation {
    /// An operation of that kind and cost, from now on.
    pub(crate) fn begin(kind: OperationType, cost: u64) -> Self {
        let operation = match kind {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        };
        let cost = cost.cast_signed();
        let span =
            tracing::debug_span!("operation", operation, cost, code = field::Empty, etalon.position = field::Empty);
        Self { operation, began: Instant::now(), span }
    }

    /// Its span, to run it in.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// It has ended with that answer.
    pub(crate) fn end(self, response: &Response) {
        let code = code_of(response);
        self.span.record("code", &*code);
        metrics().count_operation(self.operation, code, self.began.elapsed());
    }
}

/// A document was refused before it was executed.
pub(crate) fn refused(response: &Response) {
    metrics().count_refusal(code_of(response));
}

/// The code of the first error.
fn code_of(response: &Response) -> Cow<'static, str> {
    let Some(error) = response.errors.first() else { return "OK".into() };
    match error.extensions.as_ref().and_then(|extensions| extensions.get("code")) {
        Some(Value::String(code)) => code.clone().into(),
        _ => "UNKNOWN".into(),
    }
}
