//! What may be ordered of an annual summary.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::domain::actor::Role;
use crate::domain::annual_summary::command::{
    AmendAnnualSummary, AnnualSummaryCommand, Beside, SubmitAnnualSummary, TypicalCaseFacts,
};
use crate::domain::annual_summary::event::{AnnualSummaryAmended, AnnualSummaryFact, AnnualSummarySubmitted};
use crate::domain::annual_summary::figure::{ComputedFigures, FigureName};
use crate::domain::annual_summary::state::{AnnualSummary, AnnualSummaryFile};
use crate::domain::annual_summary::year::{is_late, year_of};
use crate::domain::authority::outside;
use crate::domain::event::Recorded;
use crate::domain::order::{FIRST_YEAR, Order};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::ids::each_once;
use crate::domain::value::{CaseId, Decimal, Division, Label};

impl AnnualSummary {
    /// What happens when the order is carried out.
    ///
    /// # Errors
    /// The reason not to.
    pub fn decide(&self, order: &Order<AnnualSummaryCommand>) -> Result<Vec<Recorded<AnnualSummaryFact>>, Refusal> {
        order.by.check_role(&[Role::Manager])?;
        let fact: AnnualSummaryFact = match &order.command {
            AnnualSummaryCommand::SubmitAnnualSummary(command) => {
                order.by.check_covers(&command.jurisdiction, "divisionCode")?;
                order.check_occurred()?;
                self.submit(order.today(), command)?.into()
            }
            AnnualSummaryCommand::AmendAnnualSummary(command) => {
                let file = self.submitted()?;
                order.by.check_covers(&file.jurisdiction, "")?;
                order.check_occurred()?;
                amend(file, order.today(), command)?.into()
            }
        };
        Ok(vec![order.record(fact)])
    }

    fn submit(&self, today: Date, command: &SubmitAnnualSummary) -> Result<AnnualSummarySubmitted, Refusal> {
        if self.file.is_some() {
            return Err(Refusal::new(
                Code::AlreadySubmitted,
                "year",
                format!("the summary of {} was submitted: amend it", command.year),
            ));
        }
        let latest = year_of(today);
        if !(FIRST_YEAR..=latest).contains(&command.year) {
            return Err(Refusal::new(
                Code::YearInvalid,
                "year",
                format!("{} is not a year from {FIRST_YEAR} to {latest}", command.year),
            ));
        }
        Ok(AnnualSummarySubmitted {
            jurisdiction: command.jurisdiction.clone(),
            year: command.year,
            late: is_late(command.year, today),
            text: command.text.clone(),
            figures: reported(&command.figures, command.computed.as_ref(), command.beside)?,
            computed: command.computed.clone(),
            good_practice: command.good_practice.clone(),
            typical_cases: published(&command.jurisdiction, &command.typical_cases)?,
        })
    }

    fn submitted(&self) -> Result<&AnnualSummaryFile, Refusal> {
        self.file
            .as_ref()
            .ok_or_else(|| Refusal::new(Code::NotSubmitted, "", "no summary was submitted that could be amended"))
    }
}

fn amend(file: &AnnualSummaryFile, today: Date, command: &AmendAnnualSummary) -> Result<AnnualSummaryAmended, Refusal> {
    let Some(reason) = &command.reason else {
        return Err(Refusal::new(Code::ReasonMissing, "reason", "say why what was reported is replaced"));
    };
    Ok(AnnualSummaryAmended {
        reason: reason.clone(),
        late: is_late(file.year, today),
        text: command.text.clone(),
        figures: reported(&command.figures, command.computed.as_ref(), command.beside)?,
        computed: command.computed.clone(),
        good_practice: command.good_practice.clone(),
        typical_cases: published(&file.jurisdiction, &command.typical_cases)?,
    })
}

/// The cases that are named as worth telling, each once. Their enterprises agreed to it when they were published.
fn published(jurisdiction: &Division, named: &[TypicalCaseFacts]) -> Result<Vec<CaseId>, Refusal> {
    for (index, facts) in named.iter().enumerate() {
        let field = format!("typicalCaseIds.{index}");
        let Some(division) = &facts.division else {
            return Err(Refusal::new(Code::NotFound, field, "no such case"));
        };
        if !jurisdiction.covers(division) {
            return Err(outside(jurisdiction, division, &field));
        }
        if !facts.published {
            return Err(Refusal::new(Code::NotPublished, field, "the case is not published as good practice"));
        }
    }
    let cases: Vec<_> = named.iter().map(|facts| facts.case).collect();
    Ok(each_once(&cases))
}

/// The figures that are given, each under one of its names, since two could contradict each other; and those that shall
/// stand beside them.
fn reported(
    given: &BTreeMap<Label, Decimal>,
    computed: Option<&ComputedFigures>,
    beside: Beside,
) -> Result<BTreeMap<Label, Decimal>, Refusal> {
    if let Some((one, other)) = FigureName::given_twice(given) {
        let message = format!("{one} and {other} are names of one figure: give it once");
        return Err(Refusal::new(Code::AlreadyExists, "figures", message));
    }
    match (beside, computed) {
        (Beside::Nothing, _) => Ok(given.clone()),
        (Beside::TheComputed, Some(computed)) => Ok(computed.beside(given)),
        (Beside::TheComputed, None) => {
            let message = "nothing is recorded yet: the log has no figures to report";
            Err(Refusal::new(Code::YearInvalid, "year", message))
        }
    }
}
