//! Warnings: what is worth knowing about a command that was carried out all the same.
//!
//! They are found when they are asked for, in the events that the command recorded and the state it left.

use async_graphql::{Context, Result};

use crate::app::{EventRecord, Moment, Receipt};
use crate::domain::value::CaseId;
use crate::graphql::context::{app, loaders};
use crate::graphql::errors::{self, Warning, WarningCode};

/// What is worth knowing about the command of that receipt.
///
/// # Errors
/// When the house fails.
pub(crate) async fn of(ctx: &Context<'_>, receipt: &Receipt) -> Result<Vec<Warning>> {
    let events = app(ctx).events_of(receipt).await.map_err(|fault| errors::fault(ctx, fault))?;
    let mut warnings = Vec::new();
    for event in &events {
        match event.event_type.as_str() {
            "CaseResolved" => warnings.extend(of_resolution(ctx, receipt).await?),
            "AnnualSummarySubmitted" => warnings.extend(of_summary(event)),
            _ => {}
        }
    }
    Ok(warnings)
}

/// A requirement was set and nothing was measured: the gap is unknown, not closed.
async fn of_resolution(ctx: &Context<'_>, receipt: &Receipt) -> Result<Option<Warning>> {
    let id = CaseId::from(receipt.stream.aggregate_id);
    let file =
        loaders(ctx).file(id, receipt.version, Moment::Present).await.map_err(|fault| errors::fault(ctx, fault))?;
    let unmeasured = file
        .as_ref()
        .and_then(|case| case.state.file.as_ref())
        .is_some_and(|file| file.requirement.is_some() && file.measurements.is_empty());
    Ok(unmeasured.then(|| Warning {
        code: WarningCode::NothingMeasured,
        message: "a measurement requirement is set, and nothing was ever measured against it: no number shows that the gap closed".to_owned(),
    }))
}

fn of_summary(event: &EventRecord) -> Option<Warning> {
    let payload: serde_json::Value = serde_json::from_str(&event.payload).ok()?;
    let late = payload["fact"]["AnnualSummarySubmitted"]["late"].as_bool()?;
    late.then(|| Warning {
        code: WarningCode::SubmittedLate,
        message: "the annual summary was due on 31 October; it is on record as late".to_owned(),
    })
}
