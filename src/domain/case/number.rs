//! Case numbers such as `GD-2026-000123`: what people say on the telephone.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::case::event::CaseFact;
use crate::domain::event::Recorded;

/// Province letters, year, serial within both. Numbers of a series have no gap: the commit gives them. The default
/// stands for a number that no series was looked up for yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNumber {
    series: String,
    serial: u64,
}

impl CaseNumber {
    /// The number before the commit has given its serial.
    #[must_use]
    pub fn provisional(letters: &str, year: i16) -> Self {
        Self { series: format!("{letters}-{year:04}"), serial: 0 }
    }

    /// The series that the serial counts in.
    #[must_use]
    pub fn series(&self) -> &str {
        &self.series
    }

    /// The place in the series, from 1; 0 before the commit has given it.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// The same number with its serial.
    #[must_use]
    pub fn with_serial(&self, serial: u64) -> Self {
        Self { series: self.series.clone(), serial }
    }

    /// Reads a number as people write it; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (series, serial) = text.trim().rsplit_once('-')?;
        let (letters, year) = series.split_once('-')?;
        let plausible = (2..=3).contains(&letters.len())
            && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
            && year.len() == 4
            && year.bytes().all(|byte| byte.is_ascii_digit())
            && serial.len() >= 6
            && serial.bytes().all(|byte| byte.is_ascii_digit());
        if !plausible {
            return None;
        }
        Some(Self { series: series.to_ascii_uppercase(), serial: serial.parse().ok()? })
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:06}", self.series, self.serial)
    }
}

impl Serialize for CaseNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CaseNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a case number"))
    }
}

impl Recorded<CaseFact> {
    /// The number, if this is the first event of a case.
    #[must_use]
    pub fn number(&self) -> Option<&CaseNumber> {
        if let CaseFact::CaseReported(reported) = &self.fact {
            Some(&reported.number)
        } else if let CaseFact::LegacyActivityRecorded(activity) = &self.fact {
            activity.opening.as_ref().map(|opening| &opening.number)
        } else {
            None
        }
    }

    /// The same event with the serial that the commit has given; as it is, if it is not the first of a case.
    #[must_use]
    pub fn numbered(&self, serial: u64) -> Self {
        let mut event = self.clone();
        if let CaseFact::CaseReported(reported) = &mut event.fact {
            reported.number = reported.number.with_serial(serial);
        } else if let CaseFact::LegacyActivityRecorded(activity) = &mut event.fact
            && let Some(opening) = &mut activity.opening
        {
            opening.number = opening.number.with_serial(serial);
        }
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let number = CaseNumber::provisional("GD", 2026).with_serial(123);
        assert_eq!(number.to_string(), "GD-2026-000123");
        assert_eq!(CaseNumber::parse("gd-2026-000123"), Some(number));
        let large = CaseNumber::provisional("GD", 2026).with_serial(1_234_567);
        assert_eq!(CaseNumber::parse(&large.to_string()), Some(large));
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in ["", "GD", "GD-2026", "GD-26-000001", "GD-2026-1", "44-2026-000001", "GD-2026-00000x"] {
            assert_eq!(CaseNumber::parse(text), None, "{text}");
        }
    }
}
