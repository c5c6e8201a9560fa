//! Persons. Names and telephone numbers are personal data: they go from the input into `Personal` and nowhere else.

use async_graphql::{ID, MaybeUndefined, OneofObject};
use serde::Serialize;

use crate::domain::person::Person;
use crate::domain::person::command::{AffiliationFacts, AmendPerson, ErasePerson, RegisterPerson};
use crate::domain::value::PersonId;
use crate::graphql::door::Door;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::types::conflict::RegisterConflict;
use crate::graphql::types::person::PersonNode;
use crate::graphql::words::{Capacity, LegalBasis};

mutations! {
    /// 人员: experts, technicians, volunteers, officials and contacts.
    PersonMutation answers person: PersonNode, RegisterConflict {
        /// 登记人员: puts a person on the register. By a coordinator or a manager.
        register_person(RegisterPersonInput) -> RegisterPersonPayload;
        /// 变更人员: changes what the register says of a person; what is left out stays. By a coordinator or a manager.
        amend_person(AmendPersonInput) -> AmendPersonPayload;
        /// 删除个人信息: takes a person's name and telephone out of the register, the log and its past, for good. Open cases stay as they are, and those that the person leads or works on are named (`PERSON_AT_WORK`). By a manager with a legal basis.
        erase_person(ErasePersonInput) -> ErasePersonPayload;
    }
}

/// 所属单位: where somebody belongs. Exactly one.
#[derive(Clone, Debug, OneofObject, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AffiliationInput {
    /// 机构: an institution.
    InstitutionId(ID),
    /// 质监局: the bureau of a division.
    BureauDivisionCode(String),
    /// 企业: an enterprise.
    EnterpriseId(ID),
}

impl AffiliationInput {
    fn read(&self, door: &mut Door) -> Option<AffiliationFacts> {
        match self {
            Self::InstitutionId(id) => {
                let institution = door.id("institutionId", id)?;
                Some(AffiliationFacts::Institution { institution, known: None })
            }
            Self::BureauDivisionCode(code) => {
                let division = door.text("bureauDivisionCode", code)?;
                Some(AffiliationFacts::Bureau { division })
            }
            Self::EnterpriseId(id) => {
                let enterprise = door.id("enterpriseId", id)?;
                Some(AffiliationFacts::Enterprise { enterprise, known: None })
            }
        }
    }
}

/// An affiliation that may be absent. The outer `None` means unsound.
#[expect(clippy::option_option, reason = "absent and unsound are two things, and `?` takes the second")]
fn affiliation(door: &mut Door, input: Option<&AffiliationInput>) -> Option<Option<AffiliationFacts>> {
    match input {
        None => Some(None),
        Some(input) => door.within("affiliation", |door| input.read(door)).map(Some),
    }
}

input! {
    /// 登记人员: what the register shall say of the person.
    RegisterPersonInput creates Person by RegisterPerson, about "personId" {
        /// 姓名: the name. Personal data.
        name: String,
        /// 电话: the number. Personal data.
        telephone: Option<String>,
        /// 所属单位: where the person belongs. Required by the domain.
        affiliation: Option<AffiliationInput>,
        /// 身份: what the person is there for.
        capacity: Capacity,
        /// 专业: the KCDB categories the person knows.
        fields: Option<Vec<String>>,
    }
    |input, door| {
        let name = door.text("name", &input.name);
        let telephone = door.optional("telephone", input.telephone.as_deref());
        let affiliation = affiliation(door, input.affiliation.as_ref());
        let fields = door.all("fields", input.fields.as_deref().unwrap_or_default());
        Some(Ordered::of_new(door, RegisterPerson {
            name: name?,
            telephone: telephone?,
            affiliation: affiliation?,
            capacity: input.capacity.into(),
            fields: fields?.into_iter().collect(),
        }))
    }
}

input! {
    /// 变更人员: what changes.
    AmendPersonInput updates Person by AmendPerson, about "personId" {
        /// 人员: the person.
        person_id: ID,
        /// 姓名: the name. Personal data.
        name: Option<String>,
        /// 电话: the number; `null` takes it away. Personal data.
        #[serde(serialize_with = "crate::graphql::mutation::canonical::change")]
        telephone: MaybeUndefined<String>,
        /// 所属单位: where the person belongs.
        affiliation: Option<AffiliationInput>,
        /// 身份: what the person is there for.
        capacity: Option<Capacity>,
        /// 专业: the KCDB categories the person knows: all of them, not those added.
        fields: Option<Vec<String>>,
    }
    |input, door| {
        let id = door.id::<PersonId>("personId", &input.person_id);
        let name = door.optional("name", input.name.as_deref());
        let telephone = door.change("telephone", &input.telephone);
        let affiliation = affiliation(door, input.affiliation.as_ref());
        let fields = match &input.fields {
            None => Some(None),
            Some(codes) => door.all("fields", codes).map(Some),
        };
        Some(Ordered::new(id?, AmendPerson {
            name: name?,
            telephone: telephone?,
            affiliation: affiliation?,
            capacity: input.capacity.map(Into::into),
            fields: fields?.map(|codes| codes.into_iter().collect()),
        }))
    }
}

input! {
    /// 删除个人信息: whose, and why. What was sealed under the person's data key, now and at any time before, cannot be read from then on by anybody; nothing brings it back.
    ErasePersonInput updates Person by ErasePerson, about "personId" {
        /// 人员: the person.
        person_id: ID,
        /// 删除依据: what obliges to it.
        legal_basis: LegalBasis,
        /// 理由: who asked and how it was judged, in words that name nobody: they stay in the log. Required by the domain.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<PersonId>("personId", &input.person_id);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, ErasePerson { legal_basis: input.legal_basis.into(), reason: reason? }))
    }
}
