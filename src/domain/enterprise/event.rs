//! What can happen to an enterprise. A published fact never changes: a new field is optional, or the fact gets a new
//! version and an upcaster.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::domain::case::values::Kind;
use crate::domain::change::Change;
use crate::domain::enterprise::values::{Consent, Contact, Identity, Visitor};
use crate::domain::event::{facts, payloads};
use crate::domain::person::values::LegalBasis;
use crate::domain::value::{CampaignId, Division, Label, Statement, VisitId};

facts! {
    /// What can happen to an enterprise.
    EnterpriseFact {
        "EnterpriseEnrolled" "1.0" => EnterpriseEnrolled,
        "EnterpriseAmended" "1.0" => EnterpriseAmended,
        "EnrolmentWithdrawn" "1.0" => EnrolmentWithdrawn,
        "FieldVisitRecorded" "1.0" => FieldVisitRecorded,
        "ContactErased" "1.0" => ContactErased,
    }
}

payloads! {
    /// 自愿报名.
    EnterpriseEnrolled {
        /// What identifies it.
        identity: Identity,
        /// Its name.
        name: Label,
        /// Where it stands.
        division: Division,
        /// Its address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Label>,
        /// Whom to call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contact: Option<Contact>,
        /// The campaign.
        campaign: CampaignId,
        /// The version of the campaign in which it was seen open.
        campaign_version: u64,
        /// How it came to be on the list.
        consent: Consent,
    }
    #[derive(Default)]
    /// 变更企业: only what is different from before.
    EnterpriseAmended {
        /// Its new name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Label>,
        /// Where it stands from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        division: Option<Division>,
        /// Its address; `null` where none is known any more.
        #[serde(default, skip_serializing_if = "Change::is_kept")]
        address: Change<Label>,
        /// Whom to call; `null` where nobody is named any more, which erases nothing of whoever was.
        #[serde(default, skip_serializing_if = "Change::is_kept")]
        contact: Change<Contact>,
    }
    /// 退出.
    EnrolmentWithdrawn {
        /// The campaign.
        campaign: CampaignId,
        /// Why, if said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Statement>,
    }
    /// 现场走访.
    FieldVisitRecorded {
        /// Its id.
        id: VisitId,
        /// The campaign it was part of.
        campaign: CampaignId,
        /// Who went: at least one.
        visitors: Vec<Visitor>,
        /// The day, in UTC+8.
        visited_on: Date,
        /// The workshop or line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Label>,
        /// What was seen.
        seen: Statement,
        /// The help that seemed to be needed.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        needs: BTreeSet<Kind>,
    }
    /// 删除联系人信息: the keys of what was said of whom to call are destroyed with it, whoever it was.
    ContactErased {
        /// What obliged to it.
        legal_basis: LegalBasis,
        /// Who asked and how it was judged.
        reason: Statement,
    }
}
