//! Warnings: what is worth knowing about a command that was, or would be, carried out all the same.
//!
//! They are found when they are asked for, in the events of the command and the state that it leaves.

use std::sync::Arc;

use async_graphql::{Context, Result};
use futures::future::try_join_all;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::app::{AggregateType, Commanded, Entry, EventRecord, Foreseen, Moment, Receipt, StoredCase, Versioned};
use crate::codec;
use crate::domain::case::facts::GoesOn;
use crate::domain::case::state::File;
use crate::domain::case::values::{LinkRelation, Status};
use crate::domain::case::{Case, Misdated};
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::state::Edition;
use crate::domain::enterprise::Enterprise;
use crate::domain::value::calendar::date_of;
use crate::domain::value::{CaseId, CatalogueId, Division, ExpandedUncertainty, RegulationRef};
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
        if event.event_type == RESOLVED {
            let case = after(ctx, receipt).await?;
            warnings.extend(case.and_then(|case| of_resolution(&case.state)));
        }
        if event.event_type == REOPENED
            && let Some(case) = before(ctx, receipt).await?
        {
            warnings.extend(of_reopening(ctx, &case.state).await?);
        }
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
    if let Some(withdrawn) = events.iter().find(|event| event.event_type == WITHDRAWN) {
        warnings.extend(of_withdrawal(ctx, receipt, withdrawn).await?);
    }
    Ok(warnings)
}

/// A service that followed a regulation.
struct Service {
    regulation: RegulationRef,
    day: Date,
}

impl Service {
    fn of(event_type: &str, payload: &str) -> Option<Self> {
        if event_type != SERVED {
            return None;
        }
        let said: serde_json::Value = serde_json::from_str(payload).ok()?;
        let regulation = RegulationRef::parse(said["fact"][SERVED]["regulation"].as_str()?).ok()?;
        Some(Self { regulation, day: date_of(codec::occurred_at(payload).ok()?) })
    }

    /// That another edition was in force on its day, or none, where a catalogue tells of the regulation at all: that of the
    /// province comes before that of the nation.
    async fn warning(&self, ctx: &Context<'_>, case: &Case) -> Result<Option<Warning>> {
        let Some(file) = &case.file else { return Ok(None) };
        let (code, mut is_known) = (self.regulation.code(), false);
        for keeper in [file.division.province(), Division::nation()] {
            let id = CatalogueId::of(&keeper).into();
            let found = loaders(ctx).visible::<Catalogue>(id, Moment::Present).await;
            let Some(entry) = found.map_err(|fault| errors::fault(ctx, fault))? else { continue };
            if let Some(edition) = entry.state.edition_on(code, self.day) {
                // The number is the same, whichever mark is written before the year.
                let is_followed = edition.reference.edition() == self.regulation.edition();
                return Ok((!is_followed).then(|| self.not_in_force(Some(edition))));
            }
            is_known |= entry.state.editions().iter().any(|edition| edition.reference.code() == code);
        }
        Ok(is_known.then(|| self.not_in_force(None)))
    }

    fn not_in_force(&self, instead: Option<&Edition>) -> Warning {
        let Self { regulation, day } = self;
        let message = match instead {
            Some(edition) => format!("the service followed {regulation}; in force on {day} is {}", edition.reference),
            None => format!("the service followed {regulation}, of which no edition is in force on {day}"),
        };
        Warning { code: WarningCode::RegulationNotInForce, message }
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

/// Of an enrolment that is given up, where that is dated before it began.
async fn of_withdrawal(ctx: &Context<'_>, receipt: &Receipt, withdrawn: &EventRecord) -> Result<Option<Warning>> {
    let before = enterprise_at(ctx, receipt, withdrawn.position.saturating_sub(1)).await?;
    let after = enterprise_at(ctx, receipt, withdrawn.position).await?;
    let (Some(before), Some(after)) = (before, after) else { return Ok(None) };
    let at = codec::occurred_at(&withdrawn.payload).ok();
    Ok(at.and_then(|at| of_date(&before.state, &after.state, at)))
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
    let resolves = foreseen.events.iter().any(|event| event.encoded.event_type == RESOLVED);
    let resolution = resolves.then(|| of_resolution(&foreseen.after.state)).flatten();
    let reopens = foreseen.events.iter().any(|event| event.encoded.event_type == REOPENED);
    let reopening = match reopens {
        true => of_reopening(ctx, &foreseen.before.state).await?,
        false => Vec::new(),
    };
    let mut warnings: Vec<_> = resolution.into_iter().chain(reopening).chain(of_events(foreseen)).collect();
    for event in &foreseen.events {
        if let Some(service) = Service::of(event.encoded.event_type, &event.encoded.payload) {
            warnings.extend(service.warning(ctx, &foreseen.after.state).await?);
        }
    }
    warnings.extend(of_foreseen_date(foreseen));
    Ok(warnings)
}

/// What would be worth knowing about a command, whatever it is about.
pub(crate) fn foreseen<A: Commanded>(foreseen: &Foreseen<A>) -> Vec<Warning> {
    of_events(foreseen).chain(of_foreseen_date(foreseen)).collect()
}

fn of_events<A: Commanded>(foreseen: &Foreseen<A>) -> impl Iterator<Item = Warning> {
    let encoded = foreseen.events.iter().map(|event| &event.encoded);
    encoded.filter_map(|event| of_event(event.event_type, &event.payload))
}

fn of_foreseen_date<A: Commanded>(foreseen: &Foreseen<A>) -> Option<Warning> {
    let at = foreseen.events.first()?.event.occurred_at;
    of_date(&foreseen.before.state, &foreseen.after.state, at)
}

const RESOLVED: &str = "CaseResolved";
const REOPENED: &str = "CaseReopened";
const SERVED: &str = "RoutineServiceProvided";
const WITHDRAWN: &str = "EnrolmentWithdrawn";

/// A requirement was set and nothing was measured that can be held against it: the gap is unknown, not closed.
fn of_resolution(case: &Case) -> Option<Warning> {
    let file = case.file.as_ref()?;
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

/// What ended with the case is not taken up again with it.
async fn of_reopening(ctx: &Context<'_>, before: &Case) -> Result<Vec<Warning>> {
    let Some(file) = &before.file else { return Ok(Vec::new()) };
    Ok(of_ended_deadline(file).into_iter().chain(of_ended_wholes(ctx, file).await?).collect())
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

async fn of_ended_whole(ctx: &Context<'_>, whole: StoredCase) -> Result<Warning> {
    let (number, status) = (whole.row.number, whole.row.status);
    let then = match Status::named(&status) {
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

/// It is taken as it is dated: a log that is filled in afterwards is written in whatever order it is remembered.
fn of_date<A: Commanded>(before: &A, after: &A, at: Timestamp) -> Option<Warning> {
    let (code, message) = match before.misdated(after, at)? {
        Misdated::BeforeLastStep { status, at: last } => (
            WarningCode::OccurredBeforeLastStep,
            format!("this is dated {at}, and the case became {status} at {last}: a step comes after the one before it"),
        ),
        Misdated::BeforeRetracted { at: retracted } => (
            WarningCode::OccurredBeforeRetracted,
            format!("this is dated {at}, and what it takes back is dated {retracted}: that comes first"),
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
