//! The small words of a person.

use serde::{Deserialize, Serialize};

use crate::domain::value::{Division, EnterpriseId, InstitutionId};
use crate::domain::vocabulary::vocabulary;

vocabulary! {
    /// What somebody is there for.
    Capacity {
        /// 专家.
        Expert = "EXPERT",
        /// 技术人员.
        Technician = "TECHNICIAN",
        /// 计量志愿者.
        Volunteer = "VOLUNTEER",
        /// 质监局工作人员.
        Official = "OFFICIAL",
        /// 企业联系人.
        Contact = "CONTACT",
    }
}

vocabulary! {
    /// What obliges to erase personal data: the cases of article 47 of the Personal Information Protection Law, and an
    /// order.
    LegalBasis {
        /// 处理目的已实现: it is not needed any more for what it was collected for.
        PurposeEnded = "PURPOSE_ENDED",
        /// 保存期限已届满: the time for which it may be kept has ended.
        RetentionEnded = "RETENTION_ENDED",
        /// 撤回同意: the person has withdrawn consent.
        ConsentWithdrawn = "CONSENT_WITHDRAWN",
        /// 违法处理: it was processed against the law or an agreement.
        UnlawfulProcessing = "UNLAWFUL_PROCESSING",
        /// 法律、行政法规规定: a law, a regulation or a court asks for it.
        LegalObligation = "LEGAL_OBLIGATION",
    }
}

/// Where somebody belongs, and the version in which that was seen to exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all_fields = "camelCase")]
pub enum Affiliation {
    /// 机构.
    #[serde(rename = "INSTITUTION")]
    Institution {
        /// Which.
        institution: InstitutionId,
        /// Its version when it was looked up.
        version: u64,
    },
    /// 质监局.
    #[serde(rename = "BUREAU")]
    Bureau {
        /// Whose bureau.
        division: Division,
    },
    /// 企业.
    #[serde(rename = "ENTERPRISE")]
    Enterprise {
        /// Which.
        enterprise: EnterpriseId,
        /// Its version when it was looked up.
        version: u64,
    },
}

impl Affiliation {
    /// The institution, where it is one.
    #[must_use]
    pub fn institution(&self) -> Option<InstitutionId> {
        match self {
            Self::Institution { institution, .. } => Some(*institution),
            Self::Bureau { .. } | Self::Enterprise { .. } => None,
        }
    }

    /// Whether both name the same body, whatever version of it was seen.
    #[must_use]
    pub fn is_same_body(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Institution { institution, .. }, Self::Institution { institution: its, .. }) => institution == its,
            (Self::Bureau { division }, Self::Bureau { division: its }) => division == its,
            (Self::Enterprise { enterprise, .. }, Self::Enterprise { enterprise: its, .. }) => enterprise == its,
            _ => false,
        }
    }
}
