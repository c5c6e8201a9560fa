//! What can happen to a campaign. A published fact never changes: a new field is optional, or the fact gets a new
//! version and an upcaster.

use jiff::civil::Date;

use crate::domain::campaign::values::CampaignKind;
use crate::domain::event::{facts, payloads};
use crate::domain::value::{CampaignId, Division, Label, Period, Statement};

facts! {
    /// What can happen to a campaign.
    CampaignFact {
        "CampaignOpened" "1.0" => CampaignOpened,
        "CampaignClosed" "1.0" => CampaignClosed,
    }
}

payloads! {
    /// 启动活动.
    CampaignOpened {
        /// What people call it.
        name: Label,
        /// What it is for.
        kind: CampaignKind,
        /// Where it serves.
        jurisdiction: Division,
        /// When it serves.
        period: Period,
        /// The last day for its summary.
        reporting_deadline: Date,
    }
    /// 结束活动.
    CampaignClosed {
        /// How many cases were open then, of it and of the campaigns that were closed in its favour.
        open_cases: u64,
        /// The campaign that answers for them from then on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        successor: Option<CampaignId>,
        /// The version of the successor in which it was seen open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        successor_version: Option<u64>,
        /// Why, if said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Statement>,
    }
}
