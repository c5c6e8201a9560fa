//! How much an answer may hold. It is counted field by field while the answer is made: one that would be too large
//! never is.
//!
//! What is asked for is weighed before it is executed, but how long texts are, and how many of them a case has, shows
//! only then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo};
use async_graphql::{Response, ServerError, ServerResult, Value};
use async_trait::async_trait;

use crate::graphql::limits::{Limits, NamedLimit};

/// What a program can act on.
const ANSWER_TOO_LARGE: &str = "ANSWER_TOO_LARGE";
/// What a program can act on: the same as where there is no room for a request.
pub(crate) const SERVER_BUSY: &str = "SERVER_BUSY";

/// So many of the largest answers may be under way at once.
const AT_ONCE: u64 = 32;
/// What a value has besides its text: quotes, a comma, a number.
const OF_A_VALUE: u64 = 8;

/// Counts what all answers hold.
pub(crate) struct AnswerSizes {
    limit: NamedLimit,
    under_way: Arc<AtomicU64>,
}

impl AnswerSizes {
    /// Under that limit.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { limit: limits.of_answer(), under_way: Arc::default() }
    }
}

impl ExtensionFactory for AnswerSizes {
    fn create(&self) -> Arc<dyn Extension> {
        let (limit, under_way) = (self.limit, self.under_way.clone());
        Arc::new(AnswerSize { limit, under_way, bytes: AtomicU64::new(0), outcome: AtomicU8::new(FITS) })
    }
}

const FITS: u8 = 0;
const TOO_LARGE: u8 = 1;
const NO_ROOM: u8 = 2;

/// Counts what one answer holds, or one after the other of a subscription.
struct AnswerSize {
    limit: NamedLimit,
    under_way: Arc<AtomicU64>,
    bytes: AtomicU64,
    outcome: AtomicU8,
}

impl AnswerSize {
    fn take(&self, bytes: u64) {
        let mine = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let all = self.under_way.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if mine > self.limit.maximum {
            self.outcome.store(TOO_LARGE, Ordering::Relaxed);
        } else if all > self.limit.maximum.saturating_mul(AT_ONCE) {
            self.outcome.store(NO_ROOM, Ordering::Relaxed);
        }
    }

    fn give_back(&self) {
        self.under_way.fetch_sub(self.bytes.swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }

    fn refusal(&self, code: &'static str, message: String, is_retryable: bool) -> Response {
        let mut error = ServerError::new(message, None);
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", code);
        extensions.set("limit", self.limit.name);
        extensions.set("maximum", self.limit.maximum);
        extensions.set("retryable", is_retryable);
        Response::from_errors(vec![error])
    }
}

impl Drop for AnswerSize {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[async_trait]
impl Extension for AnswerSize {
    async fn execute(
        &self,
        context: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        self.give_back();
        self.outcome.store(FITS, Ordering::Relaxed);
        let response = next.run(context, operation_name).await;
        let NamedLimit { name, maximum } = self.limit;
        match self.outcome.load(Ordering::Relaxed) {
            FITS => response,
            TOO_LARGE => {
                let message = format!(
                    "the answer is longer than {maximum} bytes ({name}): ask for fewer rows, fields or aliases; a command is \
                     carried out all the same, and sending it again with its key tells what came of it"
                );
                self.refusal(ANSWER_TOO_LARGE, message, false)
            }
            _ => {
                let message = format!(
                    "the server makes more long answers than it has room for ({name}); send it again a little later"
                );
                self.refusal(SERVER_BUSY, message, true)
            }
        }
    }

    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        // What is too large is thrown away: nothing more is added to it.
        if self.outcome.load(Ordering::Relaxed) != FITS {
            return Ok(Some(Value::Null));
        }
        // The rows of a list come here as well, and have no name.
        let is_row = info.parent_type.starts_with('[');
        let named = if is_row { 0 } else { info.alias.unwrap_or(info.name).len() as u64 };
        let is_json = info.return_type.trim_end_matches('!') == "JSON";
        let value = next.run(context, info).await?;
        self.take(named + value.as_ref().map_or(OF_A_VALUE, |value| size(value, is_json)));
        Ok(value)
    }
}

/// What a value holds by itself: fields and rows have been counted before it, but for those of JSON of its own.
fn size(value: &Value, is_json: bool) -> u64 {
    OF_A_VALUE
        + match value {
            Value::String(text) => text.len() as u64,
            Value::List(values) if is_json => values.iter().map(|value| size(value, is_json)).sum(),
            Value::Object(fields) if is_json => {
                fields.iter().map(|(name, value)| name.len() as u64 + size(value, is_json)).sum()
            }
            _ => 0,
        }
}
