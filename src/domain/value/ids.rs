//! Identifiers: a UUID each, typed by what it names, so that an enterprise's id is never
//! taken for a case's.
//!
//! Where something has a natural key (a credit code, a division, a year) its id is derived
//! from it by UUID version 5 (RFC 9562, 5.5): the same thing is never registered twice
//! under two ids.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::refusal::Code;
use crate::domain::value::credit_code::UnifiedSocialCreditCode;
use crate::domain::value::division::Division;
use crate::domain::value::{ValueError, quoted};

/// The length of `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, the only form accepted.
const HYPHENATED_LENGTH: usize = 36;

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $namespace:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The version 5 namespace of these ids. It never changes: ids in logs come
            /// from it.
            pub const NAMESPACE: Uuid = Uuid::from_u128($namespace);

            /// The id in this hyphenated UUID, in either case of letters.
            ///
            /// # Errors
            /// `ID_INVALID`.
            pub fn parse(text: &str) -> Result<Self, ValueError> {
                Uuid::parse_str(text)
                    .ok()
                    .filter(|_| text.len() == HYPHENATED_LENGTH)
                    .map(Self)
                    .ok_or_else(|| {
                        ValueError::new(
                            Code::IdInvalid,
                            format!(
                                "{} is not the id of {}: write a UUID of 32 hexadecimal digits in groups of 8-4-4-4-12",
                                quoted(text),
                                $what
                            ),
                        )
                    })
            }

            /// The id that always belongs to this name.
            pub fn named(name: &str) -> Self {
                Self(Uuid::new_v5(&Self::NAMESPACE, name.as_bytes()))
            }

            /// The UUID.
            pub fn uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            /// Lower case and hyphenated.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

typed_id! {
    /// Names a case.
    CaseId, "a case", 0xa15aac8b_bfdb49a1_9df6f88c_b843f713
}
typed_id! {
    /// Names an enterprise.
    EnterpriseId, "an enterprise", 0xae871f12_af684589_ab3a9be6_e487e4ad
}
typed_id! {
    /// Names a campaign.
    CampaignId, "a campaign", 0xf91d95f7_6daf4b0e_99298538_f0de1c05
}
typed_id! {
    /// Names an institution.
    InstitutionId, "an institution", 0xb24fa28b_45284f0a_b8566ef6_6abf14d3
}
typed_id! {
    /// Names a person.
    PersonId, "a person", 0x0467ede8_a3a04594_8b9484c4_26648c00
}
typed_id! {
    /// Names the catalogue of a division.
    CatalogueId, "a catalogue", 0x76c15f48_4cf342a8_be1bffca_8f87ebd9
}
typed_id! {
    /// Names the annual summary of a division and a year.
    AnnualSummaryId, "an annual summary", 0xca64be0d_4c4c4d03_be41373d_198b7afe
}
typed_id! {
    /// Names a field visit, which is on record with its enterprise.
    VisitId, "a field visit", 0x5b9d5a0e_3f0c4b0e_8d0b6e3c_94c7a6d2
}

typed_id! {
    /// Names a saved view.
    ViewId, "a view", 0x3c0f7a52_61d84e0b_9a57d2e4_80b6f1c9
}

impl EnterpriseId {
    /// The id of the enterprise with this credit code.
    pub fn of(code: &UnifiedSocialCreditCode) -> Self {
        Self::named(code.as_str())
    }
}

impl CatalogueId {
    /// The id of the catalogue of this division.
    pub fn of(division: &Division) -> Self {
        Self::named(&division.to_string())
    }
}

impl AnnualSummaryId {
    /// The id of the summary of this division for this year.
    pub fn of(division: &Division, year: i16) -> Self {
        Self::named(&format!("{division}/{year}"))
    }
}

/// Ids as somebody lists them, each once: one that is there twice is taken where it comes first.
pub(crate) fn each_once<I: Copy + PartialEq>(listed: &[I]) -> Vec<I> {
    let mut once = Vec::with_capacity(listed.len());
    for id in listed {
        if !once.contains(id) {
            once.push(*id);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_lower_case_and_hyphenated() {
        let id = CaseId::parse("0190A0B0-0000-7000-8000-0123456789AB").unwrap();
        assert_eq!(id.to_string(), "0190a0b0-0000-7000-8000-0123456789ab");
        assert_eq!(CaseId::parse(&id.to_string()).unwrap(), id);
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"0190a0b0-0000-7000-8000-0123456789ab\"");
    }

    #[test]
    fn other_forms_of_a_uuid_are_refused() {
        for text in [
            "",
            "0190a0b00000700080000123456789ab",
            "{0190a0b0-0000-7000-8000-0123456789ab}",
            "urn:uuid:0190a0b0-0000-7000-8000-0123456789ab",
            "0190a0b0-0000-7000-8000-0123456789ag",
        ] {
            assert_eq!(CaseId::parse(text).unwrap_err().code, Code::IdInvalid, "{text}");
        }
    }

    /// Frozen: a changed answer here would orphan every enterprise in a log.
    #[test]
    fn a_named_id_never_changes() {
        let code = UnifiedSocialCreditCode::parse("914403001922038216").unwrap();
        assert_eq!(EnterpriseId::of(&code), EnterpriseId::named("914403001922038216"));
        assert_eq!(EnterpriseId::of(&code).to_string(), "caef57cb-1790-5331-818f-eb49b2ce04cf");
        let guangdong = Division::parse("44").unwrap();
        assert_eq!(AnnualSummaryId::of(&guangdong, 2026), AnnualSummaryId::named("44/2026"));
        assert_eq!(CatalogueId::of(&Division::nation()), CatalogueId::named("CN"));
    }

    #[test]
    fn the_same_name_gives_each_kind_its_own_id() {
        assert_ne!(CatalogueId::named("44").uuid(), PersonId::named("44").uuid());
    }
}
