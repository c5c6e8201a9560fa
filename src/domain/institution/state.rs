//! What is known of an institution: the fold of its events.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::institution::values::InstitutionKind;
use crate::domain::person::command::Standing;
use crate::domain::value::{Division, Label, ServiceCategory};

/// 计量技术机构. Before its first event there is no `file`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Institution {
    /// Everything known, once it was registered.
    pub file: Option<InstitutionFile>,
}

/// Everything known of an institution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstitutionFile {
    /// Its name.
    pub name: Label,
    /// Where it stands.
    pub division: Division,
    /// What sort of body it is.
    pub kind: InstitutionKind,
    /// The KCDB categories it serves.
    pub capabilities: BTreeSet<ServiceCategory>,
    /// Its accreditation or authorisation.
    pub accreditation: Option<Label>,
}

impl Institution {
    /// What a person that belongs to it is told of it, at this version.
    #[must_use]
    pub fn standing(&self, version: u64) -> Option<Standing> {
        let file = self.file.as_ref()?;
        Some(Standing { version, division: file.division.clone() })
    }
}
