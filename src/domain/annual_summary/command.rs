//! What can be ordered of an annual summary.

use std::collections::BTreeMap;

use crate::domain::order::commands;
use crate::domain::value::{CaseId, Decimal, Division, Label, Statement};

commands! {
    /// What can be ordered of an annual summary.
    AnnualSummaryCommand {
        /// Reports a year.
        SubmitAnnualSummary {
            /// Whose report.
            jurisdiction: Division,
            /// Which year.
            year: i16,
            /// What is reported.
            text: Statement,
            /// Figures by name.
            figures: BTreeMap<Label, Decimal>,
            /// Good practice worth spreading.
            good_practice: Vec<Statement>,
            /// Cases worth telling.
            typical_cases: Vec<CaseId>,
        }
        /// Replaces what was reported.
        AmendAnnualSummary {
            /// Why; absence is refused.
            reason: Option<Statement>,
            /// What is reported.
            text: Statement,
            /// Figures by name.
            figures: BTreeMap<Label, Decimal>,
            /// Good practice worth spreading.
            good_practice: Vec<Statement>,
            /// Cases worth telling.
            typical_cases: Vec<CaseId>,
        }
    }
}
