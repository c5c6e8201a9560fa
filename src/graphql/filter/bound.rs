//! Bounds of comparisons in time: said outright, or relative to the moment that the question is about.
//!
//! A scalar takes any text, so that what is wrong with it is told by a code of its own and with the field it stands in.

use async_graphql::{Error, InputValueError, InputValueResult, Result, Scalar, ScalarType, Value};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::fmt::temporal::SpanParser;
use jiff::{Span, Timestamp};

use crate::domain::value::calendar;
use crate::graphql::errors;
use crate::graphql::filter::path::Path;
use crate::graphql::scalars::moment;

/// A day of the civil calendar in UTC+8: `2026-10-31`; or one relative to the day of the moment that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DateOrRelative(pub String);

/// A day of the civil calendar in UTC+8: `2026-10-31`; or one relative to the day of the moment that is asked about: the present, or that of `asOf`. Relative is a duration of ISO 8601 in years, months, weeks and days (`P3D` in three days, `-P2W` two weeks ago), the beginning of something (`TODAY`, `START_OF_WEEK` on Monday, `START_OF_MONTH`, `START_OF_QUARTER`, `START_OF_YEAR`), or both: `START_OF_MONTH-P1M`. All pages of a list are about the moment of its first.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339#appendix-A")]
impl ScalarType for DateOrRelative {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(value, Self)
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A moment as RFC 3339 writes it; or one relative to the moment that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DateTimeOrRelative(pub String);

/// A moment as RFC 3339 writes it; or one relative to the moment that is asked about: the present, or that of `asOf`. Relative is a duration of ISO 8601 (`-PT90M` ninety minutes ago; years, months, weeks and days as the calendar in UTC+8 has them), the beginning of something at midnight in UTC+8 (`TODAY`, `START_OF_WEEK` on Monday, `START_OF_MONTH`, `START_OF_QUARTER`, `START_OF_YEAR`), `NOW`, or both: `TODAY-P1D`. All pages of a list are about the moment of its first.
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339#appendix-A")]
impl ScalarType for DateTimeOrRelative {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(value, Self)
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

fn text<T: async_graphql::InputType>(value: Value, of: impl FnOnce(String) -> T) -> InputValueResult<T> {
    match value {
        Value::String(text) => Ok(of(text)),
        _ => Err(InputValueError::custom("write text such as \"2026-10-31\" or \"-P2W\"")),
    }
}

/// Where a bound stands, and the moment that the question is about.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// Its path into the filter.
    pub(super) path: Path<'a>,
    /// What a relative bound counts from.
    pub(super) now: Timestamp,
}

impl DateOrRelative {
    /// The day that is meant.
    ///
    /// # Errors
    /// `DATE_INVALID`, `RELATIVE_DATE_INVALID`, `RELATIVE_DATE_UNIT`, `RELATIVE_DATE_OUT_OF_RANGE`.
    pub(super) fn day(&self, place: Place<'_>) -> Result<Date> {
        let text = self.0.as_str();
        if is_absolute(text) {
            // Ten characters and nothing else: the calendar library would accept a time behind the day.
            let day = Some(text).filter(|text| text.len() == 10).and_then(|text| text.parse().ok());
            return day.ok_or_else(|| place.refuse("DATE_INVALID", text, "no day: write one such as 2026-10-31"));
        }
        let relative = Relative::read(text, place)?;
        if relative.anchor == Anchor::Now && text.starts_with("NOW") || has_time(&relative.span) {
            let told =
                "no day: count in years, months, weeks and days, as in -P2W, from TODAY or the start of something";
            return Err(place.refuse("RELATIVE_DATE_UNIT", text, told));
        }
        Ok(relative.counted(text, place)?.date())
    }
}

impl DateTimeOrRelative {
    /// The moment that is meant.
    ///
    /// # Errors
    /// `DATE_INVALID`, `RELATIVE_DATE_INVALID`, `RELATIVE_DATE_OUT_OF_RANGE`.
    pub(super) fn moment(&self, place: Place<'_>) -> Result<Timestamp> {
        let text = self.0.as_str();
        if is_absolute(text) {
            let told = "no moment: write one such as 2026-10-31T16:00:00Z";
            return moment::read(text).ok_or_else(|| place.refuse("DATE_INVALID", text, told));
        }
        let counted = Relative::read(text, place)?.counted(text, place)?;
        calendar::moment_of(counted).ok_or_else(|| place.out_of_range(text))
    }
}

/// Absolute ones begin with the year.
fn is_absolute(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

fn has_time(span: &Span) -> bool {
    let units = [
        i64::from(span.get_hours()),
        span.get_minutes(),
        span.get_seconds(),
        span.get_milliseconds(),
        span.get_microseconds(),
        span.get_nanoseconds(),
    ];
    units.iter().any(|unit| *unit != 0)
}

/// What a relative bound counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    Now,
    Today,
    Week,
    Month,
    Quarter,
    Year,
}

const ANCHORS: [(&str, Anchor); 6] = [
    ("NOW", Anchor::Now),
    ("TODAY", Anchor::Today),
    ("START_OF_WEEK", Anchor::Week),
    ("START_OF_MONTH", Anchor::Month),
    ("START_OF_QUARTER", Anchor::Quarter),
    ("START_OF_YEAR", Anchor::Year),
];

struct Relative {
    anchor: Anchor,
    span: Span,
}

impl Relative {
    /// `[anchor][duration]`; behind an anchor the duration has a sign.
    fn read(text: &str, place: Place<'_>) -> Result<Self> {
        let invalid = || {
            let told = "neither absolute nor relative: write one such as 2026-10-31, -P2W, TODAY or START_OF_MONTH-P1M";
            place.refuse("RELATIVE_DATE_INVALID", text, told)
        };
        let anchored = ANCHORS.iter().find_map(|(name, anchor)| Some((*anchor, text.strip_prefix(name)?)));
        let (anchor, duration) = match anchored {
            Some((anchor, "")) => return Ok(Self { anchor, span: Span::new() }),
            Some((anchor, duration)) if duration.starts_with(['+', '-']) => (anchor, duration),
            Some(_) => return Err(invalid()),
            None => (Anchor::Now, text),
        };
        // The library reads small letters as well; here there is one way to write it.
        if !duration.trim_start_matches(['+', '-']).starts_with('P') || duration.contains(char::is_lowercase) {
            return Err(invalid());
        }
        let span = SpanParser::new().parse_span(duration).map_err(|_| match is_too_long(duration) {
            true => place.out_of_range(text),
            false => invalid(),
        })?;
        Ok(Self { anchor, span })
    }

    /// The civil time in UTC+8 that it comes to.
    fn counted(&self, text: &str, place: Place<'_>) -> Result<DateTime> {
        let now = calendar::civil_time_of(place.now);
        let day = now.date();
        let first = |month: i8| Date::new(day.year(), month, 1).ok();
        let begin = match self.anchor {
            Anchor::Now => Some(now),
            Anchor::Today => Some(day.into()),
            Anchor::Week => {
                let since = day.weekday().since(Weekday::Monday);
                day.checked_sub(Span::new().days(since)).ok().map(Into::into)
            }
            Anchor::Month => first(day.month()).map(Into::into),
            Anchor::Quarter => first((day.month() - 1) / 3 * 3 + 1).map(Into::into),
            Anchor::Year => first(1).map(Into::into),
        };
        let counted = begin.and_then(|begin| begin.checked_add(self.span).ok());
        // Rows hold days as text, whose order is that of the calendar in these years.
        counted.filter(|time| (0..=9999).contains(&time.year())).ok_or_else(|| place.out_of_range(text))
    }
}

/// A duration in form, whose numbers no calendar holds.
fn is_too_long(duration: &str) -> bool {
    if !duration.is_ascii() {
        return false;
    }
    // Every number is cut to one digit, and the form is looked at again.
    let units = duration.split_inclusive(|letter: char| !letter.is_ascii_digit());
    let shortened: String = units.map(|unit| unit.len().checked_sub(2).map_or(unit, |start| &unit[start..])).collect();
    SpanParser::new().parse_span(&shortened).is_ok()
}

impl Place<'_> {
    fn refuse(self, code: &'static str, text: &str, told: &str) -> Error {
        let shown: String = text.chars().take(40).collect();
        errors::argument(code, &self.path.to_string(), format!("{shown:?} is {told}"))
    }

    fn out_of_range(self, text: &str) -> Error {
        self.refuse(
            "RELATIVE_DATE_OUT_OF_RANGE",
            text,
            "further away than the calendar goes: it has the years 0 to 9999",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 00:30 on Wednesday, 18 November 2026 in UTC+8, when it was still Tuesday in UTC.
    fn place() -> Place<'static> {
        Place { path: Path::of("deadline"), now: "2026-11-17T16:30:00Z".parse().unwrap() }
    }

    fn day(text: &str) -> String {
        DateOrRelative(text.to_owned()).day(place()).map_or_else(code, |day| day.to_string())
    }

    fn moment(text: &str) -> String {
        DateTimeOrRelative(text.to_owned()).moment(place()).map_or_else(code, |moment| moment.to_string())
    }

    fn code(error: Error) -> String {
        let extensions = error.extensions.expect("it has extensions");
        assert_eq!(extensions.get("field").unwrap().to_string(), r#"["deadline"]"#);
        extensions.get("code").expect("it has a code").to_string().trim_matches('"').to_owned()
    }

    #[test]
    fn days_are_those_of_china() {
        let table = [
            ("2026-01-01", "2026-01-01"),
            ("TODAY", "2026-11-18"),
            ("P0D", "2026-11-18"),
            ("P3D", "2026-11-21"),
            ("+P3D", "2026-11-21"),
            ("-P2W", "2026-11-04"),
            ("-P2W1D", "2026-11-03"),
            ("P1Y2M3D", "2028-01-21"),
            ("TODAY-P1D", "2026-11-17"),
            ("START_OF_WEEK", "2026-11-16"),
            ("START_OF_WEEK+P1W", "2026-11-23"),
            ("START_OF_MONTH", "2026-11-01"),
            ("START_OF_MONTH-P1M", "2026-10-01"),
            ("START_OF_QUARTER", "2026-10-01"),
            ("START_OF_YEAR+P1Y", "2027-01-01"),
        ];
        for (text, expected) in table {
            assert_eq!(day(text), expected, "{text}");
        }
    }

    #[test]
    fn moments_count_to_the_second() {
        let table = [
            ("2026-11-01T00:00:00+08:00", "2026-10-31T16:00:00Z"),
            ("NOW", "2026-11-17T16:30:00Z"),
            ("-PT90M", "2026-11-17T15:00:00Z"),
            ("-P1M", "2026-10-17T16:30:00Z"),
            ("TODAY", "2026-11-17T16:00:00Z"),
            ("TODAY-P1D", "2026-11-16T16:00:00Z"),
            ("TODAY+PT9H", "2026-11-18T01:00:00Z"),
            ("START_OF_YEAR", "2025-12-31T16:00:00Z"),
        ];
        for (text, expected) in table {
            assert_eq!(moment(text), expected, "{text}");
        }
    }

    #[test]
    fn nonsense_is_told_by_its_kind() {
        for text in ["", "P", "-P", "PT", "yesterday", "p2w", "TODAYP1D", "TODAY--P1D", "P1D TODAY", "难", "P1难"] {
            assert_eq!((day(text), moment(text)), ("RELATIVE_DATE_INVALID".into(), "RELATIVE_DATE_INVALID".into()));
        }
        for text in ["2026-02-30", "2026-10-31T00:00", "20261031T160000Z", "31.10.2026", "2 weeks", "1"] {
            assert_eq!((day(text), moment(text)), ("DATE_INVALID".into(), "DATE_INVALID".into()), "{text}");
        }
        for text in ["PT36H", "P1DT1S", "NOW", "NOW-P1D", "PT0.5S"] {
            assert_eq!(day(text), "RELATIVE_DATE_UNIT", "{text}");
        }
        for text in ["P9999Y", "-P3000Y", "P99999999999999999999D", "-P99999999999999999999W", "START_OF_YEAR+P9000Y"] {
            assert_eq!(day(text), "RELATIVE_DATE_OUT_OF_RANGE", "{text}");
            assert_eq!(moment(text), "RELATIVE_DATE_OUT_OF_RANGE", "{text}");
        }
    }
}
