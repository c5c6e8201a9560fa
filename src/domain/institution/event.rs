//! What can happen to an institution. A published fact never changes: a new field is optional, or the fact gets a new
//! version and an upcaster.

use std::collections::BTreeSet;

use crate::domain::change::Change;
use crate::domain::event::{facts, payloads};
use crate::domain::institution::values::InstitutionKind;
use crate::domain::value::{Division, Label, ServiceCategory};

facts! {
    /// What can happen to an institution.
    InstitutionFact {
        "InstitutionRegistered" "1.0" => InstitutionRegistered,
        "InstitutionAmended" "1.0" => InstitutionAmended,
    }
}

payloads! {
    /// 登记机构.
    InstitutionRegistered {
        /// Its name.
        name: Label,
        /// Where it stands.
        division: Division,
        /// What sort of body it is.
        kind: InstitutionKind,
        /// The KCDB categories it serves.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        capabilities: BTreeSet<ServiceCategory>,
        /// Its accreditation or authorisation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accreditation: Option<Label>,
    }
    #[derive(Default)]
    /// 变更机构: only what is different from before.
    InstitutionAmended {
        /// Its new name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Label>,
        /// Where it stands from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        division: Option<Division>,
        /// What sort of body it is from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<InstitutionKind>,
        /// All KCDB categories it serves from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capabilities: Option<BTreeSet<ServiceCategory>>,
        /// Its accreditation or authorisation; `null` where it has none any more.
        #[serde(default, skip_serializing_if = "Change::is_kept")]
        accreditation: Change<Label>,
    }
}
