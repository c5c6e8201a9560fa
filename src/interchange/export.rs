//! The log goes out: all of it by position, or the cases one by one, as of any moment.

use std::collections::HashMap;
use std::io::Write;

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::{App, CasePage, EventPage, Fault, recorded_at};
use crate::domain::actor::Actor;
use crate::domain::campaign::Campaign;
use crate::domain::enterprise::Enterprise;
use crate::domain::value::{CampaignId, CaseId};
use crate::interchange::format::Format;
use crate::interchange::write::error::WriteError;
use crate::interchange::write::{ExportedCase, ExportedEvent, ExportedLog, Feed, LogWriter, feed};
use crate::store::{CaseColumn, Condition, Direction, EventRecord, Moment, Operator, StoreError, Value};

/// How many events are in memory at a time.
const EVENTS: u32 = 1_000;
/// How many cases are listed at a time.
const CASES: u32 = 100;

/// What is exported.
#[derive(Clone, Copy, Debug)]
pub struct Export {
    /// In which format.
    pub format: Format,
    /// Up to which position, inclusive.
    pub up_to: u64,
    /// Only the cases of this campaign.
    pub campaign: Option<CampaignId>,
}

/// Why an export ended.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no such campaign.
    #[error("there is no campaign {campaign} at position {up_to}: `campaigns` of the API lists them with their ids")]
    NoCampaign {
        /// Its id.
        campaign: CampaignId,
        /// As of when it was looked for.
        up_to: u64,
    },
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Read(#[from] Fault),
    /// The export cannot be written.
    #[error("the export cannot be written")]
    Write(#[from] WriteError),
}

/// Writes the export, and answers as of when it is. `progress` is told how many events are written.
///
/// # Errors
/// When there is no such campaign, the log cannot be read or the export not be written.
pub async fn export<W: Write>(
    app: &App,
    export: Export,
    out: W,
    mut progress: impl FnMut(u64),
) -> Result<(W, Timestamp), ExportError> {
    if let Some(campaign) = export.campaign {
        let at = Moment::Position(export.up_to);
        if app.named_by_a_case::<Campaign>(vec![campaign.into()], at).await?.is_empty() {
            return Err(ExportError::NoCampaign { campaign, up_to: export.up_to });
        }
    }
    let log = ExportedLog {
        origin: app.origin().await?,
        up_to: export.up_to,
        as_of: time_at(app, export.up_to).await?,
        first_import: app.first_import().await?,
    };
    let writer = LogWriter::begin(export.format, out, &log)?;
    let mut out = Out { writer, written: 0, progress: &mut progress };
    match (feed(export.format), export.campaign) {
        (Feed::Log, None) => whole_log(app, export.up_to, &mut out).await?,
        (Feed::Log | Feed::Cases, _) => case_by_case(app, export, &mut out).await?,
    }
    Ok((out.writer.finish()?, log.as_of))
}

/// When the log took the event at a position. The event says so itself: the log goes out whatever has become of what stands
/// beside it.
async fn time_at(app: &App, position: u64) -> Result<Timestamp, Fault> {
    let there = app.log(position.checked_sub(1), Some(position), 1).await?.pop();
    recorded_at(&there.ok_or_else(|| StoreError::Corrupt { what: format!("no event at position {position}") })?)
}

struct Out<'a, W: Write> {
    writer: LogWriter<W>,
    written: u64,
    progress: &'a mut dyn FnMut(u64),
}

impl ExportError {
    /// What kind of failure: a stable code, where it has one of its own.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::NoCampaign { .. } => Some("NO_CAMPAIGN"),
            Self::Read(_) | Self::Write(_) => None,
        }
    }
}

impl<W: Write> Out<'_, W> {
    fn take(&mut self, events: &[EventRecord], case: Option<ExportedCase<'_>>) -> Result<(), ExportError> {
        for event in events {
            self.writer.write(&ExportedEvent {
                position: event.position,
                aggregate_type: &event.aggregate_type,
                aggregate_id: &event.aggregate_id,
                sequence: event.sequence,
                event_type: &event.event_type,
                event_version: &event.event_version,
                recorded_at: recorded_at(event)?,
                actor: &event.actor,
                payload: &event.payload,
                metadata: &event.metadata,
                case,
            })?;
        }
        self.written += events.len() as u64;
        (self.progress)(self.written);
        Ok(())
    }
}

async fn whole_log<W: Write>(app: &App, up_to: u64, out: &mut Out<'_, W>) -> Result<(), ExportError> {
    let mut after = None;
    loop {
        let events = app.log(after, Some(up_to), EVENTS).await?;
        let Some(last) = events.last() else {
            return Ok(());
        };
        after = Some(last.position);
        out.take(&events, None)?;
    }
}

async fn case_by_case<W: Write>(app: &App, export: Export, out: &mut Out<'_, W>) -> Result<(), ExportError> {
    let exporter = Actor::clock();
    let mut page = first_page(export);
    let mut names = HashMap::new();
    loop {
        let cases = app.cases(&exporter, &page).await?;
        let Some(last) = cases.last() else {
            return Ok(());
        };
        page.after = Some(page.key_of(last));
        for case in &cases {
            let name = name_of(app, &mut names, case.row.enterprise_id, export.up_to).await?;
            let called = ExportedCase { title: &case.row.title, organisation: &name };
            one_case(app, export.up_to, case.row.case_id.into(), called, out).await?;
        }
    }
}

async fn one_case<W: Write>(
    app: &App,
    up_to: u64,
    id: CaseId,
    called: ExportedCase<'_>,
    out: &mut Out<'_, W>,
) -> Result<(), ExportError> {
    let mut page = EventPage { up_to: Some(up_to), limit: EVENTS, ..EventPage::default() };
    loop {
        let events = app.case_events(id, &page).await?;
        let Some(last) = events.last() else {
            return Ok(());
        };
        page.after = Some(last.position);
        out.take(&events, Some(called))?;
    }
}

/// An enterprise's name, asked for once.
async fn name_of(app: &App, names: &mut HashMap<Uuid, String>, enterprise: Uuid, at: u64) -> Result<String, Fault> {
    if let Some(name) = names.get(&enterprise) {
        return Ok(name.clone());
    }
    let found = app.named_by_a_case::<Enterprise>(vec![enterprise], Moment::Position(at)).await?;
    let name = found.into_iter().next().map_or_else(|| enterprise.to_string(), |entry| entry.name);
    names.insert(enterprise, name.clone());
    Ok(name)
}

fn first_page(export: Export) -> CasePage {
    let condition = match export.campaign {
        None => Condition::All(Vec::new()),
        Some(campaign) => Condition::Compare {
            column: CaseColumn::CampaignId,
            operator: Operator::Equal,
            value: Value::Text(campaign.to_string()),
        },
    };
    CasePage {
        order: vec![(CaseColumn::Number, Direction::Ascending)],
        ..CasePage::of(condition, CASES, Moment::Position(export.up_to))
    }
}
