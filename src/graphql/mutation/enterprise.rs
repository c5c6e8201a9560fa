//! Enterprises: enrolment by their own consent, their entries, and field visits.

use async_graphql::{ID, InputObject, MaybeUndefined};
use serde::Serialize;

use crate::domain::campaign::command::CampaignFacts;
use crate::domain::case::facts::PersonFacts;
use crate::domain::change::Change;
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::command::{
    AmendEnterprise, EnrolEnterprise, EraseContact, RecordFieldVisit, WithdrawEnrolment,
};
use crate::domain::enterprise::values::{Contact, Identity};
use crate::domain::value::{EnterpriseId, VisitId};
use crate::graphql::door::Door;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::scalars::Date;
use crate::graphql::types::conflict::RegisterConflict;
use crate::graphql::types::enterprise::EnterpriseNode;
use crate::graphql::words::{CaseKind, LegalBasis};

mutations! {
    /// 企业: enrolment and visits.
    EnterpriseMutation answers enterprise: EnterpriseNode, RegisterConflict {
        /// 自愿报名: puts an enterprise on a campaign's list, with its consent. By its contact or a coordinator.
        enrol_enterprise(EnrolEnterpriseInput) -> EnrolEnterprisePayload;
        /// 变更企业: changes what the register says of it; what is left out stays, and so do its enrolments, whether it is on a list or not. By its contact or a coordinator.
        amend_enterprise(AmendEnterpriseInput) -> AmendEnterprisePayload;
        /// 退出活动: takes it from the list. By its contact or a coordinator.
        withdraw_enrolment(WithdrawEnrolmentInput) -> WithdrawEnrolmentPayload;
        /// 记录走访: puts a visit to the production line on record. One of a day before the enrolment is warned of (`OCCURRED_BEFORE_ENROLMENT`). By a visitor or a coordinator.
        record_field_visit(RecordFieldVisitInput) -> RecordFieldVisitPayload;
        /// 删除联系人信息: takes the name and telephone of everybody who was ever named as the enterprise's contact out of the register, the log and its past, for good. By a manager with a legal basis.
        erase_contact(EraseContactInput) -> EraseContactPayload;
    }
}

input! {
    /// 自愿报名: who, and how it agreed.
    EnrolEnterpriseInput updates Enterprise by EnrolEnterprise, about "creditCode" {
        /// 统一社会信用代码: 18 characters with their check character (GB 32100).
        credit_code: String,
        /// 活动: the campaign.
        campaign_id: ID,
        /// 名称: its name.
        name: String,
        /// 行政区划: where it stands: a code of GB/T 2260 of 2, 4 or 6 digits; where an open campaign has it on its list already, within what that serves.
        division_code: String,
        /// 地址: its address.
        address: Option<String>,
        /// 联系人: whom to call.
        contact: Option<ContactInput>,
        /// 同意: how and when it agreed. Required by the domain.
        consent: Option<String>,
    }
    |input, door| {
        let code = door.text("creditCode", &input.credit_code);
        let campaign = door.id("campaignId", &input.campaign_id);
        let name = door.text("name", &input.name);
        let division = door.text("divisionCode", &input.division_code);
        let address = door.optional("address", input.address.as_deref());
        let contact = match &input.contact {
            None => Some(None),
            Some(contact) => door.within("contact", |door| contact.read(door)).map(Some),
        };
        let consent = door.optional("consent", input.consent.as_deref());
        let identity = Identity::CreditCode { code: code? };
        Some(Ordered::new(identity.enterprise(), EnrolEnterprise {
            identity,
            name: name?,
            division: division?,
            address: address?,
            contact: contact?,
            campaign: CampaignFacts::of(campaign?),
            campaigns: Vec::new(),
            consent: consent?,
        }))
    }
}

/// 联系人: whom to call at an enterprise. Personal data.
#[derive(Clone, Debug, InputObject, Serialize)]
pub(crate) struct ContactInput {
    /// 姓名: who.
    pub(crate) name: String,
    /// 电话: the number.
    pub(crate) telephone: Option<String>,
}

impl ContactInput {
    fn read(&self, door: &mut Door) -> Option<Contact> {
        let name = door.text("name", &self.name);
        let telephone = door.optional("telephone", self.telephone.as_deref());
        Some(Contact { name: name?, telephone: telephone? })
    }
}

input! {
    /// 变更企业: what changes.
    AmendEnterpriseInput updates Enterprise by AmendEnterprise, about "enterpriseId" {
        /// 企业: the enterprise.
        enterprise_id: ID,
        /// 名称: its name.
        name: Option<String>,
        /// 行政区划: where it stands; where an open campaign has it on its list, within what that serves. Its cases keep the division that they were reported in; its enrolments and visits are counted where it stands.
        division_code: Option<String>,
        /// 地址: its address; `null` takes it away.
        #[serde(serialize_with = "crate::graphql::mutation::canonical::change")]
        address: MaybeUndefined<String>,
        /// 联系人: whom to call, as a whole; `null` takes whoever it is out of the register, and erases nothing: `eraseContact` does, then as well. Personal data.
        #[serde(serialize_with = "crate::graphql::mutation::canonical::change")]
        contact: MaybeUndefined<ContactInput>,
    }
    |input, door| {
        let id = door.id::<EnterpriseId>("enterpriseId", &input.enterprise_id);
        let name = door.optional("name", input.name.as_deref());
        let division = door.optional("divisionCode", input.division_code.as_deref());
        let address = door.change("address", &input.address);
        let contact = match &input.contact {
            MaybeUndefined::Undefined => Some(Change::Keep),
            MaybeUndefined::Null => Some(Change::Clear),
            MaybeUndefined::Value(contact) => door.within("contact", |door| contact.read(door)).map(Change::To),
        };
        Some(Ordered::new(id?, AmendEnterprise {
            name: name?,
            division: division?,
            address: address?,
            contact: contact?,
            campaigns: Vec::new(),
        }))
    }
}

input! {
    /// 退出活动: from which list.
    WithdrawEnrolmentInput updates Enterprise by WithdrawEnrolment, about "enterpriseId" {
        /// 企业: the enterprise.
        enterprise_id: ID,
        /// 活动: the campaign.
        campaign_id: ID,
        /// 原因: why, if you like.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<EnterpriseId>("enterpriseId", &input.enterprise_id);
        let campaign = door.id("campaignId", &input.campaign_id);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, WithdrawEnrolment { campaign: campaign?, reason: reason? }))
    }
}

input! {
    /// 记录走访: who went, when, and what was seen.
    RecordFieldVisitInput updates Enterprise by RecordFieldVisit, about "enterpriseId" {
        /// 企业: the enterprise.
        enterprise_id: ID,
        /// 活动: the campaign it was part of.
        campaign_id: ID,
        /// 走访人员: who went; whoever records it when left out.
        visitor_ids: Option<Vec<ID>>,
        /// 走访日期: the day. Where it is before today and `occurredAt` is left out, the visit happened by its end, in UTC+8, but where more than 2,000 events are on record.
        visited_on: Date,
        /// 地点: the workshop or line.
        place: Option<String>,
        /// 情况: what was seen.
        seen: String,
        /// 需求: the help that seemed to be needed.
        needs: Option<Vec<CaseKind>>,
    }
    |input, door| {
        let id = door.id::<EnterpriseId>("enterpriseId", &input.enterprise_id);
        let campaign = door.id("campaignId", &input.campaign_id);
        let visitors = door.all_ids("visitorIds", input.visitor_ids.as_deref().unwrap_or_default());
        let place = door.optional("place", input.place.as_deref());
        let seen = door.text("seen", &input.seen);
        Some(Ordered::new(id?, RecordFieldVisit {
            id: VisitId::from(door.fresh_id()),
            campaign: campaign?,
            visitors: visitors?.into_iter().map(PersonFacts::of).collect(),
            visited_on: input.visited_on.0,
            place: place?,
            seen: seen?,
            needs: input.needs.iter().flatten().map(|kind| (*kind).into()).collect(),
        }))
    }
}

input! {
    /// 删除联系人信息: whose, and why. What was sealed of the enterprise's contacts, now and at any time before, cannot be read from then on by anybody; nothing brings it back. Somebody else may be named afterwards.
    EraseContactInput updates Enterprise by EraseContact, about "enterpriseId" {
        /// 企业: the enterprise.
        enterprise_id: ID,
        /// 删除依据: what obliges to it.
        legal_basis: LegalBasis,
        /// 理由: who asked and how it was judged, in words that name nobody: they stay in the log. Required by the domain.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<EnterpriseId>("enterpriseId", &input.enterprise_id);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, EraseContact { legal_basis: input.legal_basis.into(), reason: reason? }))
    }
}
