//! What can happen to a person. A published fact never changes: a new field is optional, or the fact gets a new version
//! and an upcaster.

use std::collections::BTreeSet;

use crate::domain::change::Change;
use crate::domain::event::{facts, payloads};
use crate::domain::person::values::{Affiliation, Capacity, LegalBasis};
use crate::domain::value::{Division, Personal, ServiceCategory, Statement};

facts! {
    /// What can happen to a person.
    PersonFact {
        "PersonRegistered" "1.0" => PersonRegistered,
        "PersonAmended" "1.0" => PersonAmended,
        "PersonErased" "1.0" => PersonErased,
    }
}

payloads! {
    /// 登记人员.
    PersonRegistered {
        /// The name.
        name: Personal,
        /// The number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        telephone: Option<Personal>,
        /// Where the person belongs.
        affiliation: Affiliation,
        /// Where that body stood then.
        division: Division,
        /// What the person is there for.
        capacity: Capacity,
        /// The KCDB categories the person knows.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        fields: BTreeSet<ServiceCategory>,
    }
    #[derive(Default)]
    /// 变更人员: only what is different from before.
    PersonAmended {
        /// The new name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Personal>,
        /// The number; `null` where there is none any more.
        #[serde(default, skip_serializing_if = "Change::is_kept")]
        telephone: Change<Personal>,
        /// Where the person belongs from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        affiliation: Option<Affiliation>,
        /// Where that body stands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        division: Option<Division>,
        /// What the person is there for from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capacity: Option<Capacity>,
        /// All KCDB categories the person knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fields: Option<BTreeSet<ServiceCategory>>,
    }
    /// 删除个人信息: the key of the person's data is destroyed with it, and what was sealed under it is gone.
    PersonErased {
        /// What obliged to it.
        legal_basis: LegalBasis,
        /// Who asked and how it was judged.
        reason: Statement,
    }
}
