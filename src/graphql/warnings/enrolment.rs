//! Of a case that is reported or taken up again: what its enterprise's enrolment and its campaign were at the time. Nothing
//! is refused for it: the difficulty is there all the same.

use std::sync::Arc;

use async_graphql::{Context, Result};

use crate::app::{Entry, Moment, Versioned};
use crate::domain::campaign::Campaign;
use crate::domain::case::Case;
use crate::domain::case::state::File;
use crate::domain::enterprise::Enterprise;
use crate::domain::value::{CampaignId, EnterpriseId, calendar};
use crate::graphql::context::loaders;
use crate::graphql::errors;
use crate::graphql::types::common::campaigns_after;
use crate::graphql::warnings::code::{Warning, WarningCode};

/// Of a case that was reported by that moment: dated before its enterprise was enrolled, or before its campaign served.
pub(super) async fn of_report(ctx: &Context<'_>, after: Option<&Versioned<Case>>, at: Moment) -> Result<Vec<Warning>> {
    let Some(file) = after.and_then(|case| case.state.file.as_ref()) else { return Ok(Vec::new()) };
    let enterprise = enterprise(ctx, file.enterprise, at).await?;
    let enrolment = enterprise.as_ref().and_then(|entry| entry.state.enrolment(file.campaign));
    let campaign = campaign(ctx, file.campaign, at).await?;
    let campaign = campaign.as_ref().and_then(|entry| entry.state.file.as_ref());
    let reported = file.reported_at;
    let mut enrolled = enrolment.map(|enrolment| enrolment.at).filter(|enrolled| reported < *enrolled);
    if enrolled.is_some() && was_enrolled(ctx, file).await? {
        enrolled = None;
    }
    let starts_on = campaign.map(|campaign| campaign.period.from());
    let starts_on = starts_on.filter(|starts_on| calendar::date_of(reported) < *starts_on);
    let before_enrolment = enrolled.map(|enrolled| Warning {
        code: WarningCode::OccurredBeforeEnrolment,
        message: format!("this is dated {reported}, and the enterprise was enrolled at {enrolled}"),
    });
    let before_campaign = starts_on.map(|starts_on| Warning {
        code: WarningCode::OccurredBeforeCampaign,
        message: format!("this is dated {reported}, and the campaign starts on {starts_on}"),
    });
    Ok(before_enrolment.into_iter().chain(before_campaign).collect())
}

/// Whether the enterprise was on the campaign's list when its case was reported, and has come back to it since.
async fn was_enrolled(ctx: &Context<'_>, file: &File) -> Result<bool> {
    let reported = file.reported_at;
    let then = enterprise(ctx, file.enterprise, Moment::Occurred(reported.as_microsecond())).await?;
    let enrolment = then.as_ref().and_then(|entry| entry.state.enrolment(file.campaign));
    // One that was not registered yet is told as it was first.
    Ok(enrolment.is_some_and(|enrolment| enrolment.at <= reported))
}

/// Of a case that was taken up again by that moment: nothing would be reported for its enterprise, or in its campaign. One
/// that was closed in favour of another goes on in that, and so does an enrolment in it.
pub(super) async fn of_reopening(ctx: &Context<'_>, file: &File, at: Moment) -> Result<Vec<Warning>> {
    let campaigns = campaigns_after(ctx, file.campaign, at).await?;
    let enterprise = enterprise(ctx, file.enterprise, at).await?;
    let is_enrolled =
        enterprise.is_some_and(|entry| campaigns.iter().any(|campaign| entry.state.is_enrolled(*campaign)));
    let ended = (!is_enrolled).then(|| Warning {
        code: WarningCode::EnrolmentEnded,
        message: "the enterprise has withdrawn from the campaign of this case, and takes part in it no more".to_owned(),
    });
    let mut is_open = false;
    if let Some(last) = campaigns.last() {
        is_open = campaign(ctx, *last, at).await?.is_some_and(|entry| entry.state.is_open());
    }
    let closed = (!is_open).then(|| Warning {
        code: WarningCode::CampaignEnded,
        message: "the campaign of this case is closed, and no other looks after its cases".to_owned(),
    });
    Ok(ended.into_iter().chain(closed).collect())
}

async fn enterprise(ctx: &Context<'_>, id: EnterpriseId, at: Moment) -> Result<Option<Arc<Entry<Enterprise>>>> {
    loaders(ctx).entry(id.into(), at).await.map_err(|fault| errors::fault(ctx, fault))
}

async fn campaign(ctx: &Context<'_>, id: CampaignId, at: Moment) -> Result<Option<Arc<Entry<Campaign>>>> {
    loaders(ctx).entry(id.into(), at).await.map_err(|fault| errors::fault(ctx, fault))
}
