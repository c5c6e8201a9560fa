//! Campaigns.

use async_graphql::ID;

use crate::domain::campaign::Campaign;
use crate::domain::campaign::command::{CampaignFacts, CloseCampaign, OpenCampaign};
use crate::domain::value::{CampaignId, Period};
use crate::graphql::door::day;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::scalars::Date;
use crate::graphql::types::campaign::CampaignNode;
use crate::graphql::types::conflict::RegisterConflict;
use crate::graphql::words::CampaignKind;

mutations! {
    /// 活动: programmes of service.
    CampaignMutation answers campaign: CampaignNode, RegisterConflict {
        /// 开始活动: begins a programme of service. By a manager of its jurisdiction.
        open_campaign(OpenCampaignInput) -> OpenCampaignPayload;
        /// 结束活动: ends it. While cases are open, of it or of campaigns that were closed in its favour, directly or through others, it needs a successor campaign. By a manager of its jurisdiction.
        close_campaign(CloseCampaignInput) -> CloseCampaignPayload;
    }
}

input! {
    /// 开始活动: what, where and when.
    OpenCampaignInput creates Campaign by OpenCampaign, about "campaignId" {
        /// 名称: what people call it.
        name: String,
        /// 类型: what it is for.
        #[graphql(default_with = "CampaignKind::Service")]
        kind: CampaignKind,
        /// 行政区划: where it serves: a code of GB/T 2260 of 2, 4 or 6 digits, or `CN`.
        division_code: String,
        /// 开始日期: its first day.
        starts_on: Date,
        /// 结束日期: its last day, if that is known.
        ends_on: Option<Date>,
        /// 总结期限: the last day for its summary.
        reporting_deadline: Date,
    }
    |input, door| {
        let name = door.text("name", &input.name);
        let jurisdiction = door.text("divisionCode", &input.division_code);
        let period = door.value("endsOn", Period::new(input.starts_on.0, day(input.ends_on)));
        Some(Ordered::of_new(door, OpenCampaign {
            name: name?,
            kind: input.kind.into(),
            jurisdiction: jurisdiction?,
            period: period?,
            reporting_deadline: input.reporting_deadline.0,
        }))
    }
}

input! {
    /// 结束活动: which, and what follows.
    CloseCampaignInput updates Campaign by CloseCampaign, about "campaignId" {
        /// 活动: the campaign.
        campaign_id: ID,
        /// 后续活动: the open campaign that answers for the open cases from then on. They keep the campaign that they were reported to.
        successor_id: Option<ID>,
        /// 原因: why, if you like.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CampaignId>("campaignId", &input.campaign_id);
        let successor = door.optional_id::<CampaignId>("successorId", input.successor_id.as_ref());
        let reason = door.optional("reason", input.reason.as_deref());
        let id = id?;
        Some(Ordered::new(id, CloseCampaign {
            this: id,
            open_cases: 0,
            successor: successor?.map(CampaignFacts::of),
            reason: reason?,
        }))
    }
}
