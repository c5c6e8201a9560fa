//! What is known of an annual summary: the fold of its events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::actor::ActorId;
use crate::domain::annual_summary::figure::{ComputedFigures, FigureName};
use crate::domain::value::{CaseId, Decimal, Division, Label, Statement};

/// 年度总结. Before its first event there is no `file`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnnualSummary {
    /// Everything known, once it was submitted.
    pub file: Option<AnnualSummaryFile>,
}

/// Everything known of an annual summary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnnualSummaryFile {
    /// Whose report.
    pub jurisdiction: Division,
    /// Which year.
    pub year: i16,
    /// What is reported, as last amended.
    pub text: Statement,
    /// Figures by name.
    pub figures: BTreeMap<Label, Decimal>,
    /// What the log gave when this was reported.
    #[serde(default)]
    pub computed: Option<ComputedFigures>,
    /// Good practice worth spreading.
    pub good_practice: Vec<Statement>,
    /// Cases worth telling.
    pub typical_cases: Vec<CaseId>,
    /// Who submitted it.
    pub submitted_by: ActorId,
    /// When (business time).
    pub submitted_at: Timestamp,
    /// Whether it came after 31 October of the year.
    pub late: bool,
    /// What was amended since, in order.
    pub amendments: Vec<Amendment>,
}

impl AnnualSummaryFile {
    /// What the log gave when the summary was last amended, where that was after the year's 31 October: what is reported
    /// may hold what was recorded since that day, and is held against this. `None` where it is held against the figures
    /// as of that day.
    #[must_use]
    pub fn at_amendment(&self) -> Option<&BTreeMap<FigureName, Decimal>> {
        self.amendments.last().filter(|amendment| amendment.late)?;
        self.computed.as_ref().map(|computed| &computed.figures)
    }
}

/// A replacement of what was reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Amendment {
    /// By whom.
    pub by: ActorId,
    /// When (business time).
    pub at: Timestamp,
    /// Why.
    pub reason: Statement,
    /// Whether it came after 31 October of the year.
    pub late: bool,
}
