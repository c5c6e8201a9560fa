//! Values, parsed at the door: inside the domain a `Title` is a title, not a string.
//!
//! `parse` and `new` judge what a user sends, with the tables of today (divisions,
//! categories, units). Reading a value back from the log judges its shape alone: what was
//! once accepted stays readable when a table changes.

pub mod attachment;
pub mod calendar;
pub mod category;
pub mod credit_code;
pub mod decimal;
pub mod division;
pub mod gap;
pub mod ids;
pub mod measurement;
pub mod money;
pub mod period;
pub mod personal;
pub mod ratio;
pub mod regulation;
pub mod text;
pub mod uncertainty;
pub mod unit;

use std::str::FromStr;

use crate::domain::refusal::Code;

pub use attachment::{MediaType, Sha256Digest};
pub use calendar::WorkingCalendar;
pub use category::ServiceCategory;
pub use credit_code::UnifiedSocialCreditCode;
pub use decimal::Decimal;
pub use division::{Division, Level};
pub use gap::CapabilityGap;
pub use ids::{
    AnnualSummaryId, CampaignId, CaseId, CatalogueId, EnterpriseId, InstitutionId, PersonId, ViewId, VisitId,
};
pub use measurement::{
    DecisionRule, Interval, MaximumPermissibleError, Measurand, MeasurementRequirement, MeasurementResult, Quantity,
    RequiredUncertainty, Target,
};
pub use money::Money;
pub use period::Period;
pub use personal::Personal;
pub use ratio::Ratio;
pub use regulation::RegulationRef;
pub use text::{Label, Reference, Statement, Title};
pub use uncertainty::ExpandedUncertainty;
pub use unit::Unit;

/// Why a value was not accepted at the door.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ValueError {
    /// What kind of mistake it is, for programs.
    pub code: Code,
    /// What is wrong and what would be right, for people.
    pub message: String,
}

impl ValueError {
    /// An error with this code and message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Gives values that are parsed at the door to whoever reads a text as whatever value is asked for.
macro_rules! from_text {
    ($($value:ident,)+) => {
        $(impl FromStr for $value {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                Self::parse(text)
            }
        })+
    };
}

from_text! {
    Decimal, Division, Label, Measurand, MediaType, Money, Personal, Reference, RegulationRef, ServiceCategory,
    Sha256Digest, Statement, Title, UnifiedSocialCreditCode, Unit,
}

/// The most characters of a user's input that an error message repeats.
const QUOTED_CHARACTERS: usize = 40;

/// `input` in quotation marks for an error message: abbreviated, and without characters
/// that would break a line of a log or turn it around.
fn quoted(input: &str) -> String {
    let mut characters = input.chars().map(|c| if c.is_control() || text::is_bidi_control(c) { '\u{FFFD}' } else { c });
    let mut quoted: String = characters.by_ref().take(QUOTED_CHARACTERS).collect();
    if characters.next().is_some() {
        quoted.push('…');
    }
    format!("\"{quoted}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_or_unprintable_input_is_not_repeated_whole() {
        assert_eq!(quoted("mm"), "\"mm\"");
        assert_eq!(quoted("a\nb"), "\"a\u{FFFD}b\"");
        assert_eq!(quoted(&"长".repeat(41)), format!("\"{}…\"", "长".repeat(40)));
    }
}
