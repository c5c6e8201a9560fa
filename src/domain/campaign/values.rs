//! The small words of a campaign.

use crate::domain::vocabulary::vocabulary;

vocabulary! {
    /// What a campaign is for.
    CampaignKind {
        /// 服务: enterprises enrol by their own consent and are served.
        Service = "SERVICE",
        /// 导入: holds the cases of another tracker's log.
        Import = "IMPORT",
    }
}
