//! Institutions.

use async_graphql::{ID, MaybeUndefined};

use crate::domain::institution::Institution;
use crate::domain::institution::command::{AmendInstitution, RegisterInstitution};
use crate::domain::value::InstitutionId;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::types::conflict::RegisterConflict;
use crate::graphql::types::institution::InstitutionNode;
use crate::graphql::words::InstitutionKind;

mutations! {
    /// 计量技术机构: bodies that do the technical work.
    InstitutionMutation answers institution: InstitutionNode, RegisterConflict {
        /// 登记机构: puts an institution on the register. By a coordinator or a manager of its division.
        register_institution(RegisterInstitutionInput) -> RegisterInstitutionPayload;
        /// 变更机构: changes what the register says of it; what is left out stays. By a coordinator or a manager of its division.
        amend_institution(AmendInstitutionInput) -> AmendInstitutionPayload;
    }
}

input! {
    /// 登记机构: what the register shall say of it.
    RegisterInstitutionInput creates Institution by RegisterInstitution, about "institutionId" {
        /// 名称: its name.
        name: String,
        /// 行政区划: where it stands: a code of GB/T 2260 of 2, 4 or 6 digits.
        division_code: String,
        /// 机构类型: what sort of body it is.
        kind: InstitutionKind,
        /// 能力: the KCDB categories it serves.
        capabilities: Option<Vec<String>>,
        /// 资质: its accreditation or authorisation.
        accreditation: Option<String>,
    }
    |input, door| {
        let name = door.text("name", &input.name);
        let division = door.text("divisionCode", &input.division_code);
        let capabilities = door.all("capabilities", input.capabilities.as_deref().unwrap_or_default());
        let accreditation = door.optional("accreditation", input.accreditation.as_deref());
        Some(Ordered::of_new(door, RegisterInstitution {
            name: name?,
            division: division?,
            kind: input.kind.into(),
            capabilities: capabilities?.into_iter().collect(),
            accreditation: accreditation?,
        }))
    }
}

input! {
    /// 变更机构: what changes.
    AmendInstitutionInput updates Institution by AmendInstitution, about "institutionId" {
        /// 机构: the institution.
        institution_id: ID,
        /// 名称: its name.
        name: Option<String>,
        /// 行政区划: where it stands.
        division_code: Option<String>,
        /// 机构类型: what sort of body it is.
        kind: Option<InstitutionKind>,
        /// 能力: the KCDB categories it serves: all of them, not those added.
        capabilities: Option<Vec<String>>,
        /// 资质: its accreditation or authorisation; `null` takes it away.
        #[serde(serialize_with = "crate::graphql::mutation::canonical::change")]
        accreditation: MaybeUndefined<String>,
    }
    |input, door| {
        let id = door.id::<InstitutionId>("institutionId", &input.institution_id);
        let name = door.optional("name", input.name.as_deref());
        let division = door.optional("divisionCode", input.division_code.as_deref());
        let capabilities = match &input.capabilities {
            None => Some(None),
            Some(codes) => door.all("capabilities", codes).map(Some),
        };
        let accreditation = door.change("accreditation", &input.accreditation);
        Some(Ordered::new(id?, AmendInstitution {
            name: name?,
            division: division?,
            kind: input.kind.map(Into::into),
            capabilities: capabilities?.map(|codes| codes.into_iter().collect()),
            accreditation: accreditation?,
        }))
    }
}
