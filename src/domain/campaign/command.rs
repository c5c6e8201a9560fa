//! What can be ordered of a campaign.

use jiff::civil::Date;

use crate::domain::campaign::values::CampaignKind;
use crate::domain::order::commands;
use crate::domain::value::{CampaignId, Division, Label, Period, Statement};

commands! {
    /// What can be ordered of a campaign.
    CampaignCommand {
        /// Begins a programme of service.
        OpenCampaign {
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
        /// Ends it.
        CloseCampaign {
            /// The campaign's own id, so that it is not its own successor.
            this: CampaignId,
            /// How many cases are open, as was counted: of it, and of the campaigns that were closed in its favour,
            /// directly or through others.
            open_cases: u64,
            /// The campaign that answers for them from then on.
            successor: Option<CampaignFacts>,
            /// Why, if said.
            reason: Option<Statement>,
        }
    }
}

/// What the campaign aggregate says of a campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct CampaignFacts {
    /// Which.
    pub campaign: CampaignId,
    /// What is known of it; absent where nothing is of that id.
    pub known: Option<KnownCampaign>,
}

impl CampaignFacts {
    /// Not looked up yet: what there is to know of this campaign.
    #[must_use]
    pub fn of(campaign: CampaignId) -> Self {
        Self { campaign, known: None }
    }
}

/// What is known of a campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownCampaign {
    /// Its version when asked.
    pub version: u64,
    /// Whether it is open.
    pub open: bool,
    /// What it is for.
    pub kind: CampaignKind,
    /// Where it serves.
    pub jurisdiction: Division,
}
