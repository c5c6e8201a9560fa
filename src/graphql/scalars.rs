//! Scalars: what a leaf of the schema looks like on the wire.
//!
//! A value that is not of its scalar's form never reaches a resolver: validation refuses the request. Whether a
//! well-formed value is a sound one is for the door.

pub(crate) mod moment;

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, OutputType, Positioned, Scalar, ScalarType,
    ServerResult, Value,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil;
use serde::{Serialize, Serializer};

/// A moment as RFC 3339 writes it, to the microsecond. Answers are in UTC and end in `Z`; any offset is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct DateTime(pub Timestamp);

/// A moment as RFC 3339 writes it, to the microsecond. Answers are in UTC and end in `Z`; any offset is accepted.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let read = text(&value).and_then(moment::read);
        let whole = read.and_then(|time| Timestamp::from_microsecond(time.as_microsecond()).ok());
        whole.map(Self).ok_or_else(|| not(MOMENT))
    }

    fn is_valid(value: &Value) -> bool {
        text(value).and_then(moment::read).is_some()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<Timestamp> for DateTime {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

/// A day of the civil calendar in UTC+8, as `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Date(pub civil::Date);

/// A day of the civil calendar in UTC+8, as `YYYY-MM-DD`.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value).and_then(day).map(Self).ok_or_else(|| not(DAY))
    }

    fn is_valid(value: &Value) -> bool {
        text(value).and_then(day).is_some()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<civil::Date> for Date {
    fn from(day: civil::Date) -> Self {
        Self(day)
    }
}

impl Date {
    /// The day that a row holds as text.
    pub(crate) fn of_row(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

/// Ten characters and nothing else: the calendar library would accept a time behind the day.
fn day(text: &str) -> Option<civil::Date> {
    Some(text).filter(|text| text.len() == 10)?.parse().ok()
}

/// A number as text, so that no digit is lost on its way through a float: `"0.050"` and `"0.05"` state different resolutions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Decimal(pub String);

/// A number as text, so that no digit is lost on its way through a float: `"0.050"` and `"0.05"` state different resolutions.
#[Scalar(specified_by_url = "https://www.w3.org/TR/xmlschema11-2/#decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            _ => Err(not(NUMBER)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl Decimal {
    /// Any number of the domain, as it writes itself.
    pub(crate) fn of(number: impl ToString) -> Self {
        Self(number.to_string())
    }
}

/// A place in the log: a whole number from 0 as text, because it outgrows `Int`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Position(pub u64);

/// A place in the log: a whole number from 0 as text, because it outgrows `Int`. Positions have no gap and are in the order of commits.
#[Scalar]
impl ScalarType for Position {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value).and_then(position).map(Self).ok_or_else(|| not(POSITION))
    }

    fn is_valid(value: &Value) -> bool {
        text(value).and_then(position).is_some()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The log's positions are signed 64-bit numbers in both databases.
fn position(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?.filter(|position| i64::try_from(*position).is_ok())
}

/// Bytes, in Base64 with padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base64(pub Vec<u8>);

/// Bytes, in Base64 with padding.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc4648#section-4")]
impl ScalarType for Base64 {
    fn parse(value: Value) -> InputValueResult<Self> {
        let bytes = text(&value).and_then(|text| STANDARD.decode(text).ok());
        bytes.map(Self).ok_or_else(|| not(BASE64))
    }

    fn is_valid(value: &Value) -> bool {
        text(value).is_some_and(|text| STANDARD.decode(text).is_ok())
    }

    fn to_value(&self) -> Value {
        Value::String(STANDARD.encode(&self.0))
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

/// A place in a list. Opaque: its form may change at any time. In the schema it is a `String`, because the clients of connections declare their variables so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(pub String);

impl InputType for Cursor {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <String as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <String as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value {
            Some(Value::String(text)) => Ok(Self(text)),
            _ => Err(not("a cursor that another page gave")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl OutputType for Cursor {
    fn type_name() -> Cow<'static, str> {
        <String as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <String as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.0.clone()))
    }
}

/// JSON as text, to the byte as the log holds it: what an auditor hashes is not rebuilt from parsed values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonText(pub String);

/// JSON as text, to the byte as the log holds it: what an auditor hashes is not rebuilt from parsed values.
#[Scalar(name = "JSONText", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc8259")]
impl ScalarType for JsonText {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            _ => Err(not(JSON)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// JSON: an object or a list in the shape of an input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Json(pub serde_json::Value);

/// JSON in the shape of an input: it can be given back as a variable as it is.
#[Scalar(name = "JSON", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc8259")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        value.into_json().map(Self).map_err(|_| not("JSON"))
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

const MOMENT: &str = "a moment such as \"2026-10-31T16:00:00Z\"";
const DAY: &str = "a day such as \"2026-10-31\"";
const NUMBER: &str = "a number in quotation marks such as \"0.05\"";
const POSITION: &str = "a position such as \"1234\"";
const BASE64: &str = "Base64 with padding";
const JSON: &str = "JSON as text";

/// What would be a value of that scalar of the schema, where this text is none. All of them are texts; `None` as text is something else.
pub(crate) fn unfit(scalar: &str, text: Option<&str>) -> Option<&'static str> {
    let (fits, right): (fn(&str) -> bool, _) = match scalar {
        "DateTime" => (|text| moment::read(text).is_some(), MOMENT),
        "Date" => (|text| day(text).is_some(), DAY),
        "Decimal" => (|_| true, NUMBER),
        "Position" => (|text| position(text).is_some(), POSITION),
        "Base64" => (|text| STANDARD.decode(text).is_ok(), BASE64),
        "JSONText" => (|_| true, JSON),
        _ => return None,
    };
    (!text.is_some_and(fits)).then_some(right)
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn not<T: InputType>(right: &str) -> InputValueError<T> {
    InputValueError::custom(format_args!("write {right}"))
}

#[cfg(test)]
mod tests {
    use async_graphql::{ScalarType, Value};

    use super::{Base64, Date, DateTime, Decimal, Position, unfit};

    fn string(text: &str) -> Value {
        Value::String(text.to_owned())
    }

    #[test]
    fn moments_are_utc_and_whole_microseconds() {
        let time = DateTime::parse(string("2026-11-01T00:00:00.1234567+08:00")).unwrap();
        assert_eq!(time.to_value(), string("2026-10-31T16:00:00.123456Z"));
        assert!(!DateTime::is_valid(&Value::from(1_700_000_000)));
    }

    #[test]
    fn a_moment_has_one_form_wherever_it_stands() {
        for (text, fits) in [("2026-10-31 16:00:00+08:00", true), ("20261031T160000Z", false), ("", false)] {
            assert_eq!(DateTime::is_valid(&string(text)), fits, "{text}");
            assert_eq!(DateTime::parse(string(text)).is_ok(), fits, "{text}");
            assert_eq!(unfit("DateTime", Some(text)).is_none(), fits, "{text}");
        }
    }

    #[test]
    fn days_have_no_time() {
        assert_eq!(Date::parse(string("2026-10-31")).unwrap().to_value(), string("2026-10-31"));
        for text in ["2026-02-30", "2026-10-31T00:00:00Z", "31.10.2026", ""] {
            assert!(!Date::is_valid(&string(text)), "{text}");
        }
    }

    #[test]
    fn a_decimal_is_never_a_float() {
        assert!(Decimal::is_valid(&string("0.050")));
        assert!(!Decimal::is_valid(&Value::from(0.05)));
        assert!(Decimal::parse(Value::from(0.05)).is_err());
    }

    #[test]
    fn positions_are_what_the_log_can_hold() {
        assert_eq!(Position::parse(string("9223372036854775807")).unwrap().0, i64::MAX.cast_unsigned());
        for text in ["9223372036854775808", "-1", "+1", "1.0", "", " 1"] {
            assert!(!Position::is_valid(&string(text)), "{text}");
        }
        assert!(!Position::is_valid(&Value::from(1)));
    }

    #[test]
    fn bytes_come_back() {
        let bytes = Base64(vec![0, 255, 7]);
        assert_eq!(Base64::parse(bytes.to_value()).unwrap(), bytes);
        assert!(Base64::parse(string("not base64!")).is_err());
    }
}
