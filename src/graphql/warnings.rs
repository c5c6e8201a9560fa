//! Warnings: what is worth knowing about a command that was, or would be, carried out all the same.
//!
//! They are found when they are asked for, in the events of the command and the state that it leaves.

pub(crate) mod code;
mod enrolment;
pub(crate) mod erasure;
mod reopening;
mod service;

use std::sync::Arc;

use async_graphql::{Context, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::app::{AggregateType, Commanded, Entry, EventRecord, Foreseen, ForeseenEvent, Moment, Receipt, Versioned};
use crate::codec::{self, Encoded};
use crate::domain::case::event::CaseMarkedDuplicate;
use crate::domain::case::state::File;
use crate::domain::case::{Case, Misdated};
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::event::EnterpriseFact;
use crate::domain::event::Recorded;
use crate::domain::value::calendar::date_of;
use crate::domain::value::{CaseId, ExpandedUncertainty};
use crate::graphql::context::{app, loaders};
use crate::graphql::errors;
use crate::graphql::warnings::code::{Warning, WarningCode};
use crate::graphql::warnings::enrolment::of_report;
use crate::graphql::warnings::erasure::{ERASED, of_erasure};
use crate::graphql::warnings::reopening::of_reopening;
use crate::graphql::warnings::service::Service;

/// What is worth knowing about the command of that receipt.
///
/// # Errors
/// When the house fails.
pub(crate) async fn of(ctx: &Context<'_>, receipt: &Receipt) -> Result<Vec<Warning>> {
    let events = app(ctx).events_of(receipt).await.map_err(|fault| errors::fault(ctx, fault))?;
    let mut warnings = Vec::new();
    for event in &events {
        warnings.extend(of_recorded(ctx, receipt, event).await?);
        warnings.extend(of_event(&event.event_type, &event.payload));
    }
    if receipt.stream.aggregate_type == AggregateType::Case {
        for event in &events {
            let Some(service) = Service::of(&event.event_type, &event.payload) else { continue };
            if let Some(case) = after(ctx, receipt).await? {
                warnings.extend(service.warning(ctx, &case.state).await?);
            }
        }
        warnings.extend(of_dates(ctx, receipt, &events).await?);
    }
    if let Some(dated) = events.iter().find(|event| [WITHDRAWN, VISITED].contains(&event.event_type.as_str())) {
        warnings.extend(of_enterprise(ctx, receipt, dated).await?);
    }
    Ok(warnings)
}

/// What is worth knowing about an event by what else is known as of it.
async fn of_recorded(ctx: &Context<'_>, receipt: &Receipt, event: &EventRecord) -> Result<Vec<Warning>> {
    let at = Moment::Position(event.position);
    match event.event_type.as_str() {
        REPORTED => of_report(ctx, after(ctx, receipt).await?.as_deref(), at).await,
        RESOLVED => Ok(of_resolution(after(ctx, receipt).await?.as_deref())),
        REOPENED => of_reopening(ctx, before(ctx, receipt).await?.as_deref(), at).await,
        MARKED_DUPLICATE => of_original(ctx, &event.payload).await,
        // It is about what is to be done now.
        ERASED => of_erasure(ctx, receipt.stream.aggregate_id.into(), Moment::Present).await,
        _ => Ok(Vec::new()),
    }
}

/// The same of an event that a command on a case would record.
async fn of_foreseen(ctx: &Context<'_>, foreseen: &Foreseen<Case>, event: &Encoded) -> Result<Vec<Warning>> {
    let (before, after) = (Some(&*foreseen.before), Some(&foreseen.after));
    match event.event_type {
        REPORTED => of_report(ctx, after, Moment::Present).await,
        RESOLVED => Ok(of_resolution(after)),
        REOPENED => of_reopening(ctx, before, Moment::Present).await,
        MARKED_DUPLICATE => of_original(ctx, &event.payload).await,
        _ => Ok(Vec::new()),
    }
}

/// The case as the command left it.
async fn after(ctx: &Context<'_>, receipt: &Receipt) -> Result<Option<Arc<Versioned<Case>>>> {
    case_at(ctx, receipt, receipt.version).await
}

/// The case as the command found it.
async fn before(ctx: &Context<'_>, receipt: &Receipt) -> Result<Option<Arc<Versioned<Case>>>> {
    case_at(ctx, receipt, receipt.version.saturating_sub(receipt.event_count)).await
}

async fn case_at(ctx: &Context<'_>, receipt: &Receipt, version: u64) -> Result<Option<Arc<Versioned<Case>>>> {
    let id = CaseId::from(receipt.stream.aggregate_id);
    loaders(ctx).file(id, version, Moment::Present).await.map_err(|fault| errors::fault(ctx, fault))
}

/// Of a command on a case whose events are dated before what they follow.
async fn of_dates(ctx: &Context<'_>, receipt: &Receipt, events: &[EventRecord]) -> Result<Option<Warning>> {
    let at = events.first().and_then(|event| codec::occurred_at(&event.payload).ok());
    let (Some(at), Some(after)) = (at, after(ctx, receipt).await?) else { return Ok(None) };
    // The case of before is read only where something has happened later.
    if after.happened_until <= Some(at) {
        return Ok(None);
    }
    let before = before(ctx, receipt).await?;
    Ok(before.and_then(|before| of_date(&before.state, &after.state, at)))
}

/// Of an enrolment that is given up, or of a visit, where that is dated before the enrolment. The event says what it makes of the
/// enterprise: a row is without the visits.
async fn of_enterprise(ctx: &Context<'_>, receipt: &Receipt, dated: &EventRecord) -> Result<Option<Warning>> {
    let before = enterprise_at(ctx, receipt, dated.position.saturating_sub(1)).await?;
    let event: Option<Recorded<EnterpriseFact>> = serde_json::from_str(&dated.payload).ok();
    let (Some(before), Some(event)) = (before, event) else { return Ok(None) };
    let mut after = before.state.clone();
    after.evolve(&event);
    Ok(of_date(&before.state, &after, event.occurred_at))
}

async fn enterprise_at(ctx: &Context<'_>, receipt: &Receipt, position: u64) -> Result<Option<Arc<Entry<Enterprise>>>> {
    let found = loaders(ctx).visible::<Enterprise>(receipt.stream.aggregate_id, Moment::Position(position)).await;
    found.map_err(|fault| errors::fault(ctx, fault))
}

/// Of a preview: nothing would happen, because it has.
pub(crate) fn of_replay() -> Warning {
    Warning {
        code: WarningCode::CarriedOutBefore,
        message: "this command was carried out before, under the same `idempotencyKey`: sent again, it records nothing and is answered by the receipt that it had; for another one, take a new key".to_owned(),
    }
}

/// What would be worth knowing about a command on a case.
///
/// # Errors
/// When the house fails.
pub(crate) async fn foreseen_of_case(ctx: &Context<'_>, foreseen: &Foreseen<Case>) -> Result<Vec<Warning>> {
    let mut warnings = Vec::new();
    for ForeseenEvent { encoded, .. } in &foreseen.events {
        warnings.extend(of_foreseen(ctx, foreseen, encoded).await?);
        warnings.extend(of_event(encoded.event_type, &encoded.payload));
    }
    for ForeseenEvent { encoded, .. } in &foreseen.events {
        if let Some(service) = Service::of(encoded.event_type, &encoded.payload) {
            warnings.extend(service.warning(ctx, &foreseen.after.state).await?);
        }
    }
    warnings.extend(of_foreseen_date(foreseen));
    Ok(warnings)
}

/// What would be worth knowing about a command, whatever it is about.
pub(crate) fn foreseen<A: Commanded>(foreseen: &Foreseen<A>) -> Vec<Warning> {
    let encoded = foreseen.events.iter().map(|event| &event.encoded);
    let of_events = encoded.filter_map(|event| of_event(event.event_type, &event.payload));
    of_events.chain(of_foreseen_date(foreseen)).collect()
}

fn of_foreseen_date<A: Commanded>(foreseen: &Foreseen<A>) -> Option<Warning> {
    let at = foreseen.events.first()?.event.occurred_at;
    of_date(&foreseen.before.state, &foreseen.after.state, at)
}

const REPORTED: &str = "CaseReported";
const RESOLVED: &str = "CaseResolved";
const REOPENED: &str = "CaseReopened";
const MARKED_DUPLICATE: &str = "CaseMarkedDuplicate";
const WITHDRAWN: &str = "EnrolmentWithdrawn";
const VISITED: &str = "FieldVisitRecorded";

/// A requirement was set and nothing was measured that can be held against it: the gap is unknown, not closed.
fn of_resolution(after: Option<&Versioned<Case>>) -> Vec<Warning> {
    let unknown = after.and_then(|case| case.state.file.as_ref()).and_then(of_unknown_gap);
    Vec::from_iter(unknown)
}

fn of_unknown_gap(file: &File) -> Option<Warning> {
    if file.requirement().is_none() || file.capability_gap().is_some() {
        return None;
    }
    let why = match file.measurements.iter().all(|measurement| measurement.retraction.is_some()) {
        true if file.measurements.is_empty() => "nothing was ever measured against it",
        true => "every result on record is retracted",
        false => {
            "no result on record can be held against it, for none is of its measurand, in its interval and with an uncertainty that can be compared"
        }
    };
    let message = format!("a measurement requirement is set, and {why}: no number shows that the gap closed");
    Some(Warning { code: WarningCode::NothingMeasured, message })
}

/// Of a duplicate whose original had ended when it was looked at: nobody goes on with that, and the difficulty may still be
/// there. What was withdrawn is refused.
async fn of_original(ctx: &Context<'_>, payload: &str) -> Result<Vec<Warning>> {
    let Some(CaseMarkedDuplicate { of, of_version }) = marked_duplicate(payload) else { return Ok(Vec::new()) };
    let original = loaders(ctx).file(of, of_version, Moment::Present).await;
    let original = original.map_err(|fault| errors::fault(ctx, fault))?;
    let Some(file) = original.as_ref().and_then(|original| original.state.file.as_ref()) else { return Ok(Vec::new()) };
    if file.waits() {
        return Ok(Vec::new());
    }
    let shown = loaders(ctx).case(of, Moment::Present).await.map_err(|fault| errors::fault(ctx, fault))?;
    let number = shown.map_or_else(|| "that is not yours to see any more".to_owned(), |shown| shown.row.number.clone());
    let ended = match file.is_concluded() {
        true => "was concluded by the tracker that it comes from",
        false => "is CLOSED",
    };
    let message = format!(
        "the case that this is marked as a duplicate of, {number}, {ended}: nobody goes on with it; reopen what is not solved"
    );
    Ok(vec![Warning { code: WarningCode::OriginalEnded, message }])
}

fn marked_duplicate(payload: &str) -> Option<CaseMarkedDuplicate> {
    let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
    CaseMarkedDuplicate::deserialize(&payload["fact"][MARKED_DUPLICATE]).ok()
}

/// It is taken as it is dated: a log that is filled in afterwards is written in whatever order it is remembered.
fn of_date<A: Commanded>(before: &A, after: &A, at: Timestamp) -> Option<Warning> {
    let (code, message) = match before.misdated(after, at)? {
        Misdated::BeforeLastStep { status, at: last } => (
            WarningCode::OccurredBeforeLastStep,
            format!("this is dated {at}, and the case became {status} at {last}: a step comes after the one before it"),
        ),
        Misdated::BeforeRetracted { at: retracted } => (
            WarningCode::OccurredBeforeRetracted,
            format!("this is dated {at}, and what it takes back or replaces is dated {retracted}: that comes first"),
        ),
        Misdated::BeforeEnrolment { visited_on, at: enrolled } => (
            WarningCode::OccurredBeforeEnrolment,
            format!("the visit was made on {visited_on}, and the enterprise was enrolled at {enrolled}"),
        ),
        Misdated::BeforeReport { at: reported } => {
            (WarningCode::OccurredBeforeReport, format!("this is dated {at}, and the case was reported at {reported}"))
        }
    };
    Some(Warning { code, message })
}

/// What an event says by itself.
fn of_event(event_type: &str, payload: &str) -> Option<Warning> {
    match event_type {
        "AnnualSummarySubmitted" => of_summary(payload),
        "MeasurementRecorded" => of_uncertainty(payload, "/fact/MeasurementRecorded/result/uncertainty"),
        "TrialResultRecorded" => of_uncertainty(payload, "/fact/TrialResultRecorded/measurement/result/uncertainty"),
        "RequirementSpecified" => of_uncertainty(payload, "/fact/RequirementSpecified/requirement/target/uncertainty"),
        "ClockPaused" => of_clock(payload, "/fact/ClockPaused/from"),
        "ClockResumed" => of_clock(payload, "/fact/ClockResumed/on"),
        "CaseParked" => of_clock(payload, "/fact/CaseParked/from"),
        "CaseUnparked" => of_clock(payload, "/fact/CaseUnparked/on"),
        _ => None,
    }
}

/// A U counts as it is stated at its p, whatever its k: one of too small a k makes a gap look closed.
fn of_uncertainty(payload: &str, place: &str) -> Option<Warning> {
    let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
    let stated = ExpandedUncertainty::deserialize(payload.pointer(place)?).ok()?;
    let least = stated.least_factor_missed()?;
    let message = format!(
        "{stated} is taken as stated, though k is {least:.2} or more at that p for the usual distributions: write U = k·u with the k of its p, or p = 0.6827 where it is a standard uncertainty"
    );
    Some(Warning { code: WarningCode::CoverageFactorSmall, message })
}

/// The clock stands still and goes on by the days of the record, whatever the day that was said.
fn of_clock(payload: &str, place: &str) -> Option<Warning> {
    let said = date_of(codec::occurred_at(payload).ok()?);
    let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
    let counted = Date::deserialize(payload.pointer(place)?).ok()?;
    (said < counted).then(|| Warning {
        code: WarningCode::CountedFromRecord,
        message: format!(
            "this is dated {said}, and the clock counts from {counted}: no day before moves the deadline, which `extendDeadline` does"
        ),
    })
}

fn of_summary(payload: &str) -> Option<Warning> {
    let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
    let late = payload["fact"]["AnnualSummarySubmitted"]["late"].as_bool()?;
    late.then(|| Warning {
        code: WarningCode::SubmittedLate,
        message: "the annual summary was due on 31 October; it is on record as late".to_owned(),
    })
}
