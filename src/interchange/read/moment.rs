//! When an event of another tracker happened, from the text that says so.

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::Offset;
use jiff::{Timestamp, Unit, Zoned};

/// How a log writes its times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeFormat {
    /// A pattern of strptime; ISO 8601 when absent.
    pub pattern: Option<String>,
    /// The offset of times that state none.
    pub offset: Option<Offset>,
}

impl TimeFormat {
    /// The instant, to the microsecond: digits beyond are cut off.
    ///
    /// # Errors
    /// A sentence that says what was found and what would be right.
    pub fn parse(&self, text: &str) -> Result<Timestamp, String> {
        let text = text.trim();
        let at = match &self.pattern {
            Some(pattern) => self.by_pattern(pattern, text)?,
            None => self.by_standard(text)?,
        };
        let cut = jiff::TimestampRound::new().smallest(Unit::Microsecond).mode(jiff::RoundMode::Floor);
        at.round(cut).map_err(|error| format!("{}: {error}", quoted(text)))
    }

    fn by_standard(&self, text: &str) -> Result<Timestamp, String> {
        // As in 2012-03-15T11:53:52+08:00[Asia/Shanghai] (RFC 9557): whoever takes the offset alone does not hear that the zone
        // has another one then, or that nobody knows it.
        if text.contains('[') {
            let zoned = text.parse::<Zoned>();
            return zoned.map(|zoned| zoned.timestamp()).map_err(|error| unplaced(text, &error));
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(at);
        }
        let local = text.parse::<DateTime>().map_err(|_| {
            format!(
                "{} is no time of ISO 8601, such as 2012-03-15T11:53:52+01:00; other ways of writing need `event.format` in the mapping",
                quoted(text)
            )
        })?;
        self.place(local, text)
    }

    fn by_pattern(&self, pattern: &str, text: &str) -> Result<Timestamp, String> {
        let broken = BrokenDownTime::parse(pattern, text)
            .map_err(|error| format!("{} is not written as `{pattern}`: {error}", quoted(text)))?;
        let says_its_place =
            broken.timestamp().is_some() || broken.offset().is_some() || broken.iana_time_zone().is_some();
        if says_its_place {
            let zoned = broken.to_zoned();
            return zoned.map(|zoned| zoned.timestamp()).map_err(|error| unplaced(text, &error));
        }
        let local =
            broken.to_datetime().map_err(|error| format!("{} by `{pattern}` is no time: {error}", quoted(text)))?;
        self.place(local, text)
    }

    /// The instant of a text that says nothing about its place.
    fn place(&self, local: DateTime, text: &str) -> Result<Timestamp, String> {
        let offset = self.offset.ok_or_else(|| {
            format!(
                "{} does not say its offset from UTC: state `event.utc_offset` in the mapping, such as \"+08:00\"",
                quoted(text)
            )
        })?;
        offset.to_timestamp(local).map_err(|error| format!("{}: {error}", quoted(text)))
    }
}

/// What is wrong with a text that says its offset or its zone: the mapping's offset is not for it.
fn unplaced(text: &str, error: &jiff::Error) -> String {
    format!("{} is no time of the offset or time zone that it says: {error}", quoted(text))
}

/// What was found, short enough for a message.
fn quoted(text: &str) -> String {
    let mut start: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().nth(40).is_some() {
        start.push('…');
    }
    format!("\"{start}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &TimeFormat, text: &str) -> String {
        format.parse(text).map_or_else(|message| message, |at| at.to_string())
    }

    #[test]
    fn an_offset_is_taken_into_account() {
        let iso = TimeFormat::default();
        assert_eq!(read(&iso, "2012-03-15T11:53:52+01:00"), "2012-03-15T10:53:52Z");
        assert_eq!(read(&iso, "2012-03-15 11:53:52.1234567Z"), "2012-03-15T11:53:52.123456Z");
        assert_eq!(read(&iso, "1969-12-31T23:59:59.1234567Z"), "1969-12-31T23:59:59.123456Z");
    }

    #[test]
    fn a_time_without_an_offset_needs_one_from_the_mapping() {
        let iso = TimeFormat::default();
        assert!(read(&iso, "2012-03-15T11:53:52").contains("event.utc_offset"));
        let china = TimeFormat { offset: Some(jiff::tz::offset(8)), ..TimeFormat::default() };
        assert_eq!(read(&china, "2012-03-15T11:53:52"), "2012-03-15T03:53:52Z");
        assert_eq!(read(&china, "2012-03-15"), "2012-03-14T16:00:00Z");
        assert_eq!(read(&china, "2012-03-15T11:53:52Z"), "2012-03-15T11:53:52Z");
    }

    #[test]
    fn a_pattern_reads_other_ways_of_writing() {
        let format = TimeFormat { pattern: Some("%d.%m.%Y %H:%M".to_owned()), offset: Some(jiff::tz::offset(8)) };
        assert_eq!(read(&format, "15.03.2012 11:53"), "2012-03-15T03:53:00Z");
        assert!(read(&format, "2012-03-15").contains("is not written as `%d.%m.%Y %H:%M`"));
        let seconds = TimeFormat { pattern: Some("%s".to_owned()), offset: None };
        assert_eq!(read(&seconds, "1331812432"), "2012-03-15T11:53:52Z");
    }

    #[test]
    fn a_time_that_says_its_zone_is_taken_by_that_and_not_by_the_mapping() {
        let china = Some(jiff::tz::offset(8));
        let iso = TimeFormat { pattern: None, offset: china };
        assert_eq!(read(&iso, "2012-03-01T08:00:00[Europe/Paris]"), "2012-03-01T07:00:00Z");
        assert_eq!(read(&iso, "2012-07-01T08:00:00[Europe/Paris]"), "2012-07-01T06:00:00Z");
        assert_eq!(read(&iso, "2012-07-01T08:00:00+02:00[Europe/Paris]"), "2012-07-01T06:00:00Z");
        assert_eq!(read(&iso, "2012-07-01T06:00:00Z[Europe/Paris]"), "2012-07-01T06:00:00Z");
        let pattern = |pattern: &str| TimeFormat { pattern: Some(pattern.to_owned()), offset: china };
        assert_eq!(read(&pattern("%Y-%m-%d %H:%M %Q"), "2012-07-01 08:00 Europe/Paris"), "2012-07-01T06:00:00Z");
        assert_eq!(read(&pattern("%Y-%m-%d %H:%M %z"), "2012-07-01 08:00 +0200"), "2012-07-01T06:00:00Z");
        // One that nobody knows, one that is none, and an offset that the zone did not have then.
        for (format, text) in [
            (&iso, "2012-03-01T08:00:00[Europe/Nowhere]"),
            (&iso, "2012-03-01T08:00:00[u-ca=gregory]"),
            (&iso, "2012-03-01T08:00:00+02:00[Europe/Nowhere]"),
            (&iso, "2012-07-01T08:00:00+01:00[Europe/Paris]"),
            (&pattern("%Y-%m-%d %H:%M %Q"), "2012-07-01 08:00 Europe/Nowhere"),
            (&pattern("%Y-%m-%d %H:%M %z %Q"), "2012-07-01 08:00 +0100 Europe/Paris"),
        ] {
            let said = read(format, text);
            assert!(said.contains("is no time of the offset or time zone that it says: "), "{said}");
        }
    }

    #[test]
    fn what_is_no_time_is_said_so() {
        assert!(read(&TimeFormat::default(), "soon").starts_with("\"soon\" is no time"));
        assert!(read(&TimeFormat::default(), &"x".repeat(100)).contains("x…\""));
    }
}
