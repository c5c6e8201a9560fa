//! What is known of a campaign: the fold of its events.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::campaign::command::{CampaignFacts, KnownCampaign};
use crate::domain::campaign::values::CampaignKind;
use crate::domain::value::{CampaignId, Division, Label, Period, Statement};

/// 活动. Before its first event there is no `file`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// Everything known, once it was opened.
    pub file: Option<CampaignFile>,
}

/// Everything known of a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CampaignFile {
    /// What people call it.
    pub name: Label,
    /// What it is for.
    pub kind: CampaignKind,
    /// Where it serves.
    pub jurisdiction: Division,
    /// When it serves.
    pub period: Period,
    /// The last day for its summary.
    pub reporting_deadline: Date,
    /// When it was opened (business time).
    pub opened_at: Timestamp,
    /// How it ended, once it has.
    pub closing: Option<Closing>,
}

/// How a campaign ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// When (business time).
    pub at: Timestamp,
    /// How many cases were open then, of it and of the campaigns that were closed in its favour.
    pub open_cases: u64,
    /// The campaign that answers for them from then on.
    pub successor: Option<CampaignId>,
    /// Why, if said.
    pub reason: Option<Statement>,
}

impl Campaign {
    /// Whether it was opened and has not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.closing.is_none())
    }

    /// The campaign in whose favour it was closed.
    #[must_use]
    pub fn successor(&self) -> Option<CampaignId> {
        self.file.as_ref()?.closing.as_ref()?.successor
    }

    /// What a command of another aggregate is told of it, under its id and at its version.
    #[must_use]
    pub fn facts(&self, campaign: CampaignId, version: u64) -> CampaignFacts {
        CampaignFacts {
            campaign,
            known: self.file.as_ref().map(|file| KnownCampaign {
                version,
                open: self.is_open(),
                kind: file.kind,
                jurisdiction: file.jurisdiction.clone(),
            }),
        }
    }
}
