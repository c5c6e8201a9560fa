//! What can be ordered of a person.

use std::collections::BTreeSet;

use crate::domain::change::Change;
use crate::domain::order::commands;
use crate::domain::person::values::{Capacity, LegalBasis};
use crate::domain::value::{Division, EnterpriseId, InstitutionId, Personal, ServiceCategory, Statement};

commands! {
    /// What can be ordered of a person.
    PersonCommand {
        /// Puts a person on the register.
        RegisterPerson {
            /// The name.
            name: Personal,
            /// The number.
            telephone: Option<Personal>,
            /// Where the person belongs; absence is refused.
            affiliation: Option<AffiliationFacts>,
            /// What the person is there for.
            capacity: Capacity,
            /// The KCDB categories the person knows.
            fields: BTreeSet<ServiceCategory>,
        }
        /// Changes what the register says of a person; what is not given stays.
        AmendPerson {
            /// The name.
            name: Option<Personal>,
            /// The number.
            telephone: Change<Personal>,
            /// Where the person belongs.
            affiliation: Option<AffiliationFacts>,
            /// What the person is there for.
            capacity: Option<Capacity>,
            /// The KCDB categories the person knows: all of them, not those added.
            fields: Option<BTreeSet<ServiceCategory>>,
        }
        /// Takes what the register and the log say of a person out of both, for good.
        ErasePerson {
            /// What obliges to it.
            legal_basis: LegalBasis,
            /// Who asked and how it was judged, in words that name nobody; absence is refused.
            reason: Option<Statement>,
        }
    }
}

/// Where somebody belongs, and what is known of that body.
#[derive(Clone, Debug, PartialEq)]
pub enum AffiliationFacts {
    /// 机构.
    Institution {
        /// Which.
        institution: InstitutionId,
        /// What is known of it; absent where nothing of that id is on the register.
        known: Option<Standing>,
    },
    /// 质监局.
    Bureau {
        /// Whose bureau.
        division: Division,
    },
    /// 企业.
    Enterprise {
        /// Which.
        enterprise: EnterpriseId,
        /// What is known of it; absent where nothing of that id is on the register.
        known: Option<Standing>,
    },
}

/// What a register says of a body that somebody belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Its version when asked.
    pub version: u64,
    /// Where it stands.
    pub division: Division,
}
