//! What can happen to an annual summary. A published fact never changes: a new field is optional, or the fact gets a
//! new version and an upcaster.

use std::collections::BTreeMap;

use crate::domain::annual_summary::figure::ComputedFigures;
use crate::domain::event::{facts, payloads};
use crate::domain::value::{CaseId, Decimal, Division, Label, Statement};

facts! {
    /// What can happen to an annual summary.
    AnnualSummaryFact {
        "AnnualSummarySubmitted" "1.0" => AnnualSummarySubmitted,
        "AnnualSummaryAmended" "1.0" => AnnualSummaryAmended,
    }
}

payloads! {
    /// 提交年度总结.
    AnnualSummarySubmitted {
        /// Whose report.
        jurisdiction: Division,
        /// Which year.
        year: i16,
        /// Whether it came after 31 October of the year.
        late: bool,
        /// What is reported.
        text: Statement,
        /// Figures by name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        figures: BTreeMap<Label, Decimal>,
        /// What the log gave for the year then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        computed: Option<ComputedFigures>,
        /// Good practice worth spreading.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        good_practice: Vec<Statement>,
        /// Cases worth telling.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        typical_cases: Vec<CaseId>,
    }
    /// 修订年度总结.
    AnnualSummaryAmended {
        /// Why.
        reason: Statement,
        /// Whether it came after 31 October of the year.
        late: bool,
        /// What is reported in place of what was.
        text: Statement,
        /// Figures by name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        figures: BTreeMap<Label, Decimal>,
        /// What the log gave for the year then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        computed: Option<ComputedFigures>,
        /// Good practice worth spreading.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        good_practice: Vec<Statement>,
        /// Cases worth telling.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        typical_cases: Vec<CaseId>,
    }
}
