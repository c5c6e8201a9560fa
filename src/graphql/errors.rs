//! The one table of errors: what a refusal, a conflict and a fault become in an answer.
//!
//! | What went wrong | Where it stands | Code |
//! | --- | --- | --- |
//! | the domain refuses, or a value is unsound | `userErrors` of the payload | [`ErrorCode`] |
//! | the version has moved on | `userErrors` and `conflict` | `VERSION_CONFLICT` |
//! | an argument of a query makes no sense | `errors`, `extensions.code` | [`ErrorCode`], or `CURSOR_INVALID`, `CURSOR_OUTDATED`, `PAGE_SIZE_INVALID`, `FILTER_TOO_LARGE`, `SEARCH_EMPTY`, `SEARCH_TOO_LONG`, `LIST_TOO_LONG`, `TOO_MANY_IDS`, `TOO_MANY_GROUPS`, `NAMES_SEALED` |
//! | the house may succeed later | `errors`, `extensions.code`, `extensions.retryable` | `UNAVAILABLE` |
//! | others were faster at every attempt | the same | `OUTRUN` |
//! | the database has gone on with other data keys | the same | `DATA_KEYS_OTHER` |
//! | the server's clock is ahead of the database's | the same | `CLOCK_AHEAD` |
//! | nobody knows whether a command is on record | the same; `retryable` where its input had a key | `OUTCOME_UNKNOWN` |
//! | it took too long | the same, and `limit`, `maximum` | `TIMED_OUT` |
//! | a position is not here yet | the same | `POSITION_NOT_REACHED` |
//! | no room for another answer, for what a payload shows, or to wait for a position | the same, and `limit`, `maximum` | `SERVER_BUSY` |
//! | the answer would be too long, or what a payload shows | `errors`, `extensions.code`, `limit`, `maximum` | `ANSWER_TOO_LARGE` |
//! | the house failed | `errors`, `extensions.code`, `extensions.requestId` | `INTERNAL` |
//!
//! Users see nothing internal; the server's log says what happened, once, under the request's id.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::Field;
use async_graphql::registry::{EnumBuilder, MetaEnumValue, MetaTypeId, Registry};
use async_graphql::{
    Context, ContextSelectionSet, Error, ErrorExtensions, Name, OutputType, Positioned, Result, ServerError,
    ServerResult, SimpleObject, Value,
};
use futures::future::{BoxFuture, FutureExt};
use serde::{Serialize, Serializer};

use crate::app::{Fault, Full};
use crate::domain::refusal::{Code, Refusal};
use crate::graphql::answer_size::SERVER_BUSY;
use crate::graphql::context::session;
use crate::graphql::execution::TIMED_OUT;
use crate::graphql::limits::{Limits, NamedLimit};
use crate::telemetry::causes::with_causes;

/// How many characters of a message are told: it may repeat what was sent, and that may be long.
const LONGEST_MESSAGE: usize = 600;

/// A code of the domain's closed list. The list itself is the enum's declaration, so that the two never differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ErrorCode(pub Code);

impl OutputType for ErrorCode {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("ErrorCode")
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Enum, |_| {
            let values: IndexMap<_, _> = Code::ALL
                .iter()
                .map(|code| {
                    let mut value = MetaEnumValue::new(code.name());
                    value.description = Some(code.meaning().to_owned());
                    (code.name().to_owned(), value)
                })
                .collect();
            EnumBuilder::new("ErrorCode".to_owned(), values)
                .description(Some("错误代码: why something was refused. Stable: a program can act on it.".to_owned()))
                .rust_typename(std::any::type_name::<Self>())
                .build()
        })
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Enum(Name::new(self.0.name())))
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

/// A reason why nothing was recorded, with the input that it is about.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct UserError {
    /// What a program can act on.
    pub(crate) code: ErrorCode,
    /// The path into the input, such as `["requirement", "interval", "unit"]`; empty when it is about the command as a whole.
    pub(crate) field: Vec<String>,
    /// What is wrong and what would be right, for people.
    pub(crate) message: String,
}

impl From<Refusal> for UserError {
    fn from(refusal: Refusal) -> Self {
        Self { code: ErrorCode(refusal.code), field: path(&refusal.field), message: short(refusal.message) }
    }
}

/// A refusal of a query's argument: a top-level error with the code and the argument's path.
pub(crate) fn refused(refusal: &Refusal) -> Error {
    let field: Vec<Value> = path(&refusal.field).into_iter().map(Value::String).collect();
    Error::new(short(refusal.message.clone())).extend_with(|_, extensions| {
        extensions.set("code", refusal.code.name());
        extensions.set("field", Value::List(field.clone()));
    })
}

/// An argument of a query that makes no sense, of a kind that no command knows.
pub(crate) fn argument(code: &'static str, argument: &str, message: impl Into<String>) -> Error {
    Error::new(short(message.into())).extend_with(|_, extensions| {
        extensions.set("code", code);
        let field = path(argument).into_iter().map(Value::String);
        extensions.set("field", Value::List(field.collect()));
    })
}

/// An argument of a query that asks for more than there may be: the limit is named as `serviceConfig` has it.
pub(crate) fn over(code: &'static str, path: &str, limit: NamedLimit, message: impl std::fmt::Display) -> Error {
    argument(code, path, format!("{message} ({})", limit.name)).extend_with(|_, extensions| {
        extensions.set("limit", limit.name);
        extensions.set("maximum", limit.maximum);
    })
}

/// A failure of the house, in a field.
pub(crate) fn fault(ctx: &Context<'_>, fault: Fault) -> Error {
    of_fault(&session(ctx).request_id, ctx.data_unchecked(), fault)
}

/// A failure of the house: logged here, once, and answered with the request's id.
pub(crate) fn of_fault(request_id: &str, limits: &Limits, fault: Fault) -> Error {
    let limit = match &fault {
        fault if fault.has_timed_out() => Some(limits.of_statement()),
        Fault::NoRoomToWait(Full::OfActor) => Some(limits.of_room_of_actor()),
        Fault::NoRoomToWait(Full::OfAll) => Some(limits.of_room()),
        _ => None,
    };
    let (code, message) = match &fault {
        fault if fault.has_timed_out() => {
            let NamedLimit { name, maximum } = limits.of_statement();
            let message =
                format!("the database took longer than {maximum} ms for it ({name}): ask for less, or again later");
            (TIMED_OUT, message)
        }
        Fault::NoRoomToWait(full) => {
            let requests = match full {
                Full::OfActor => "your requests",
                Full::OfAll => "requests",
            };
            (SERVER_BUSY, format!("as many {requests} wait for a position as may; send it again a little later"))
        }
        Fault::NotThereYet { next, .. } => (
            "POSITION_NOT_REACHED",
            format!(
                "this server has not seen that position in time; its log ends before {next}, and has lost what came later \
                 if it was put back from a backup"
            ),
        ),
        Fault::Outrun { .. } => {
            ("OUTRUN", "others changed it each time that this was tried; the same request may be sent again".to_owned())
        }
        Fault::OtherDataKeys => (
            "DATA_KEYS_OTHER",
            "the database has gone on with other data keys than those of this server, which records nothing more; another server \
             may, or this one once it was started anew"
                .to_owned(),
        ),
        fault if fault.is_of_other_rows() => (
            UNAVAILABLE,
            "the database has gone on with another version of etalon than this server's, which records nothing more; the same \
             request may be sent to another server, or to this one once it was started with that version"
                .to_owned(),
        ),
        fault if fault.is_of_the_clock() => (
            "CLOCK_AHEAD",
            "the clock of this server is ahead of that of the database, and nothing is recorded before it is set right; another \
             server may"
                .to_owned(),
        ),
        fault if fault.is_retryable() => {
            (UNAVAILABLE, "not possible at the moment; the same request may be sent again".to_owned())
        }
        _ => ("INTERNAL", format!("the server failed; its log knows more under {request_id}")),
    };
    match code {
        "POSITION_NOT_REACHED" => {
            tracing::debug!(%request_id, fault = %with_causes(&fault), "a position was not reached in time");
        }
        SERVER_BUSY => tracing::debug!(%request_id, "a request found no room to wait in"),
        "OUTRUN" => tracing::warn!(%request_id, fault = %with_causes(&fault), "a request was outrun"),
        _ => tracing::error!(%request_id, fault = %with_causes(&fault), "a request failed"),
    }
    let retryable = fault.is_retryable();
    Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", code);
        extensions.set("requestId", request_id);
        if retryable {
            extensions.set("retryable", true);
        }
        if let Some(NamedLimit { name, maximum }) = limit {
            extensions.set("limit", name);
            extensions.set("maximum", maximum);
        }
    })
}

/// A failure of the house in the commit of an order, which came with that key: nobody knows whether it is on record.
pub(crate) fn outcome_unknown(request_id: &str, fault: &Fault, key: Option<&str>) -> Error {
    tracing::error!(%request_id, fault = %with_causes(fault), "nobody knows what came of a command");
    let what_to_do = match key {
        Some(_) => "send it again with the same `idempotencyKey`: if it is on record, the answer says so (`replayed`)",
        None => "look before you send it again, or it may be recorded twice; an `idempotencyKey` keeps it from that",
    };
    let message = format!("the database failed in the commit, and the command may be on record or not: {what_to_do}");
    Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", "OUTCOME_UNKNOWN");
        extensions.set("requestId", request_id);
        extensions.set("retryable", key.is_some());
    })
}

/// The outcome of a field that is `null` when it fails.
///
/// For async-graphql an `Err` is the failure of whatever holds the field, up to the whole answer; within an `Option` it is the field's own. The neighbours then stay.
///
/// Boxed: the library makes room for the largest field of an object whichever is asked for, and so for each title of a list.
pub(crate) fn nullable<'a, T: Send + 'a>(
    load: impl Future<Output = Result<Option<T>>> + Send + 'a,
) -> BoxFuture<'a, Option<Result<T>>> {
    load.map(Result::transpose).boxed()
}

/// A message, or as much of it as is told.
pub(crate) fn short(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
        message.truncate(end);
        message.push('…');
    }
    message
}

/// What the code of a refused argument is among those of the domain, if it is one; and the argument's path, with full
/// stops between its steps.
pub(crate) fn told(error: &Error) -> (Option<Code>, String) {
    let said = |name| error.extensions.as_ref().and_then(|extensions| extensions.get(name));
    let code = match said("code") {
        Some(Value::String(name)) => Code::named(name),
        _ => None,
    };
    let steps = match said("field") {
        Some(Value::List(steps)) => steps.as_slice(),
        _ => &[],
    };
    let steps = steps.iter().filter_map(|step| match step {
        Value::String(step) => Some(step.as_str()),
        _ => None,
    });
    (code, steps.collect::<Vec<_>>().join("."))
}

fn path(field: &str) -> Vec<String> {
    field.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect()
}

/// What did not fail by the request or by what is stored, and may well go better in a moment.
pub(super) const UNAVAILABLE: &str = "UNAVAILABLE";

/// Whether an error has one of these codes.
pub(super) fn is_one_of(error: &ServerError, codes: &[&str]) -> bool {
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    matches!(code, Some(Value::String(code)) if codes.contains(&code.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_a_name_of_the_schema_with_a_meaning() {
        let mut registry = Registry::default();
        ErrorCode::create_type_info(&mut registry);
        for code in Code::ALL {
            let name = code.name();
            assert!(
                name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'),
                "{name}"
            );
            assert!(!code.meaning().is_empty(), "{name} says nothing");
            assert_eq!(Code::named(name), Some(*code), "{name} is there twice");
        }
    }

    #[test]
    fn a_refusal_keeps_its_path() {
        let refusal = Refusal::new(Code::ReasonMissing, "requirement.interval.unit", "why");
        assert_eq!(UserError::from(refusal).field, ["requirement", "interval", "unit"]);
        let whole = Refusal::new(Code::WrongStatus, "", "no");
        assert!(UserError::from(whole).field.is_empty());
    }

    #[test]
    fn no_message_is_as_long_as_what_it_repeats() {
        let long = format!("no case has the number {}", "难".repeat(100_000));
        let error = UserError::from(Refusal::new(Code::IdInvalid, "number", long));
        assert!(error.message.starts_with("no case has the number 难") && error.message.ends_with('…'));
        assert_eq!(error.message.chars().count(), LONGEST_MESSAGE + 1);
        assert_eq!(short("as it is".to_owned()), "as it is");
    }

    #[test]
    fn a_failure_tells_whether_the_same_may_be_sent_again() {
        for (fault, code, is_retryable) in [
            (Fault::Outrun { attempts: 32 }, "OUTRUN", true),
            (Fault::RebuildUnderWay, "UNAVAILABLE", true),
            (Fault::OtherDataKeys, "DATA_KEYS_OTHER", true),
            (Fault::NoRoomToWait(Full::OfActor), "SERVER_BUSY", true),
            (Fault::Sealed("it is damaged"), "INTERNAL", false),
        ] {
            let error = of_fault("request-1", &Limits::default(), fault);
            let extensions = error.extensions.expect("it has extensions");
            assert_eq!(extensions.get("code"), Some(&Value::from(code)));
            assert_eq!(extensions.get("retryable").is_some(), is_retryable, "{code}");
        }
    }

    #[test]
    fn what_may_be_on_record_is_sent_again_under_its_key_alone() {
        for (key, told) in [(Some("once"), "send it again with the same"), (None, "look before you send it again")] {
            let error = outcome_unknown("request-1", &Fault::RebuildUnderWay, key);
            assert!(error.message.contains(told), "{}", error.message);
            let extensions = error.extensions.expect("it has extensions");
            assert_eq!(extensions.get("code"), Some(&Value::from("OUTCOME_UNKNOWN")));
            assert_eq!(extensions.get("retryable"), Some(&Value::from(key.is_some())));
        }
    }

    #[test]
    fn a_refused_argument_tells_its_code_and_its_path() {
        let refused = refused(&Refusal::new(Code::IdInvalid, "filter.id.in.0", "not an id"));
        assert_eq!(told(&refused), (Some(Code::IdInvalid), "filter.id.in.0".to_owned()));
        assert_eq!(told(&argument("FILTER_TOO_LARGE", "filter", "less")), (None, "filter".to_owned()));
    }

    #[test]
    fn a_refused_argument_has_its_code() {
        let error = refused(&Refusal::new(Code::IdInvalid, "id", "not an id"));
        let extensions = error.extensions.expect("it has extensions");
        assert_eq!(extensions.get("code"), Some(&Value::from("ID_INVALID")));
    }
}
