//! What can be ordered of an institution.

use std::collections::BTreeSet;

use crate::domain::change::Change;
use crate::domain::institution::values::InstitutionKind;
use crate::domain::order::commands;
use crate::domain::value::{Division, Label, ServiceCategory};

commands! {
    /// What can be ordered of an institution.
    InstitutionCommand {
        /// Puts an institution on the register.
        RegisterInstitution {
            /// Its name.
            name: Label,
            /// Where it stands.
            division: Division,
            /// What sort of body it is.
            kind: InstitutionKind,
            /// The KCDB categories it serves.
            capabilities: BTreeSet<ServiceCategory>,
            /// Its accreditation or authorisation.
            accreditation: Option<Label>,
        }
        /// Changes what the register says of it; what is not given stays.
        AmendInstitution {
            /// Its name.
            name: Option<Label>,
            /// Where it stands.
            division: Option<Division>,
            /// What sort of body it is.
            kind: Option<InstitutionKind>,
            /// The KCDB categories it serves: all of them, not those added.
            capabilities: Option<BTreeSet<ServiceCategory>>,
            /// Its accreditation or authorisation.
            accreditation: Change<Label>,
        }
    }
}
