//! The small words of an enterprise: what identifies it, who answers the telephone, how it consented.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::actor::ActorId;
use crate::domain::value::{EnterpriseId, Label, Personal, Statement, UnifiedSocialCreditCode};

/// What identifies an enterprise. Its id is named from it, so that nobody is on the register twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all_fields = "camelCase")]
pub enum Identity {
    /// 统一社会信用代码 (GB 32100).
    #[serde(rename = "CREDIT_CODE")]
    CreditCode {
        /// The code.
        code: UnifiedSocialCreditCode,
    },
    /// An organisation of another tracker's log, which states no credit code.
    #[serde(rename = "EXTERNAL")]
    External {
        /// The log's name, from the mapping file.
        log: Label,
        /// What the log calls the organisation.
        organisation: Label,
    },
}

impl Identity {
    /// The id of the enterprise so identified.
    #[must_use]
    pub fn enterprise(&self) -> EnterpriseId {
        match self {
            Self::CreditCode { code } => EnterpriseId::of(code),
            Self::External { log, organisation } => EnterpriseId::named(&format!("import:{log}:{organisation}")),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreditCode { code } => code.fmt(f),
            Self::External { log, organisation } => write!(f, "{log}:{organisation}"),
        }
    }
}

/// Whom to call at an enterprise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Who.
    pub name: Personal,
    /// The number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telephone: Option<Personal>,
}

/// How an enterprise came to be on a campaign's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all_fields = "camelCase")]
pub enum Consent {
    /// It agreed.
    #[serde(rename = "GIVEN")]
    Given {
        /// How and when.
        statement: Statement,
    },
    /// It was taken over from another tracker's log, which says nothing of consent.
    #[serde(rename = "IMPORTED")]
    Imported,
}

/// Who went on a field visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Visitor {
    /// Who.
    pub actor: ActorId,
    /// The version of the register entry in which the person was seen; absent for whoever recorded its own visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_version: Option<u64>,
}
