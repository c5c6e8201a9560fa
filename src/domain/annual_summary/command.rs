//! What can be ordered of an annual summary.

use std::collections::BTreeMap;

use crate::domain::annual_summary::figure::ComputedFigures;
use crate::domain::order::commands;
use crate::domain::value::{CaseId, Decimal, Division, Label, Statement};

/// Which figures are reported beside those that are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beside {
    /// None.
    #[default]
    Nothing,
    /// Those that the log gives, where none is given under any of their names.
    TheComputed,
}

/// What a case that is named as worth telling says of itself. Named in the command, filled in before `decide`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypicalCaseFacts {
    /// Which.
    pub case: CaseId,
    /// Where it is; `None` where there is no such case for whoever reports.
    pub division: Option<Division>,
    /// Whether it is published as good practice.
    pub published: bool,
}

impl TypicalCaseFacts {
    /// Not looked up yet: what there is to know of this case.
    #[must_use]
    pub fn of(case: CaseId) -> Self {
        Self { case, division: None, published: false }
    }
}

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
            /// What the log gives for the year, as of its 31 October once that is over.
            computed: Option<ComputedFigures>,
            /// Which figures are reported beside those that are given.
            beside: Beside,
            /// Good practice worth spreading.
            good_practice: Vec<Statement>,
            /// Cases worth telling.
            typical_cases: Vec<TypicalCaseFacts>,
        }
        /// Replaces what was reported.
        AmendAnnualSummary {
            /// Why; absence is refused.
            reason: Option<Statement>,
            /// What is reported.
            text: Statement,
            /// Figures by name.
            figures: BTreeMap<Label, Decimal>,
            /// What the log gives for the year, with what was recorded after its 31 October.
            computed: Option<ComputedFigures>,
            /// Which figures are reported beside those that are given.
            beside: Beside,
            /// Good practice worth spreading.
            good_practice: Vec<Statement>,
            /// Cases worth telling.
            typical_cases: Vec<TypicalCaseFacts>,
        }
    }
}
