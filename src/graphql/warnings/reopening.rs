//! Of a case that is taken up again: what has ended with it, or meanwhile, and stays so.

use std::sync::Arc;

use async_graphql::{Context, Result};
use futures::future::try_join_all;

use crate::app::{Moment, StoredCase, Versioned};
use crate::domain::case::Case;
use crate::domain::case::facts::GoesOn;
use crate::domain::case::state::File;
use crate::domain::case::values::{LinkRelation, Status};
use crate::graphql::context::loaders;
use crate::graphql::errors;
use crate::graphql::warnings::code::{Warning, WarningCode};
use crate::graphql::warnings::enrolment;

/// What ended with the case, or by the moment of its reopening, is not taken up again with it.
pub(super) async fn of_reopening(
    ctx: &Context<'_>,
    before: Option<&Versioned<Case>>,
    at: Moment,
) -> Result<Vec<Warning>> {
    let Some(file) = before.and_then(|case| case.state.file.as_ref()) else { return Ok(Vec::new()) };
    let mut warnings = Vec::from_iter(of_ended_deadline(file));
    warnings.extend(of_ended_wholes(ctx, file).await?);
    warnings.extend(enrolment::of_reopening(ctx, file, at).await?);
    Ok(warnings)
}

/// The deadline was for the end that came: the case that is taken up again has none.
fn of_ended_deadline(before: &File) -> Option<Warning> {
    let message = format!(
        "the deadline of {} ended when the case did: it has none until `setDeadline` sets a new one",
        before.deadline?.on
    );
    Some(Warning { code: WarningCode::DeadlineEnded, message })
}

/// Those that the case is part of, of which whoever asks sees that they have ended: all are one read.
async fn of_ended_wholes(ctx: &Context<'_>, file: &File) -> Result<Vec<Warning>> {
    let links = file.links.iter().filter(|link| link.relation == LinkRelation::SubCaseOf);
    let wholes = links.map(|link| loaders(ctx).case(link.other, Moment::Present));
    let wholes = try_join_all(wholes).await.map_err(|fault| errors::fault(ctx, fault))?;
    let ended = wholes.into_iter().flatten().filter(|whole| !whole.row.is_open);
    try_join_all(ended.map(|whole| of_ended_whole(ctx, whole))).await
}

async fn of_ended_whole(ctx: &Context<'_>, whole: Arc<StoredCase>) -> Result<Warning> {
    let (number, status) = (&whole.row.number, &whole.row.status);
    let then = match Status::named(status) {
        Some(Status::Duplicate) => {
            let goes_on_in = loaders(ctx).going_on(whole.row.case_id.into(), Moment::Present).await;
            let goes_on_in = goes_on_in.map_err(|fault| errors::fault(ctx, fault))?;
            let there = GoesOn::called(goes_on_in.as_ref());
            format!("in whose place {there} goes on: make it part of that too if that is not solved without it")
        }
        Some(Status::Withdrawn) => "which stays so: the part goes on by itself".to_owned(),
        _ => "which stays so: reopen that too if it is not solved without this part".to_owned(),
    };
    let message = format!("the case is part of {number}, {status}, {then}");
    Ok(Warning { code: WarningCode::WholeEnded, message })
}
