//! What a command on an annual summary needs: the figures of its year, and the cases that it names.

use std::collections::HashMap;

use uuid::Uuid;

use crate::app::facts::{LookUp, ReliedOn};
use crate::app::request::Fault;
use crate::domain::actor::{Actor, Role};
use crate::domain::annual_summary::AnnualSummary;
use crate::domain::annual_summary::command::{AnnualSummaryCommand, TypicalCaseFacts};
use crate::domain::annual_summary::state::AnnualSummaryFile;
use crate::domain::annual_summary::year::{is_late, year_of};
use crate::domain::order::{FIRST_YEAR, Order};
use crate::domain::value::Division;
use crate::store::Moment;

impl LookUp<'_> {
    /// What a command on an annual summary needs.
    pub(in crate::app) async fn of_annual_summary(
        mut self,
        summary: &AnnualSummary,
        order: &mut Order<AnnualSummaryCommand>,
    ) -> Result<ReliedOn, Fault> {
        if !order.by.holds(Role::Manager) {
            // Whoever else orders it is refused before anything of this is asked.
            return Ok(self.relied_on);
        }
        let (app, by, today) = (self.app, order.by.clone(), order.today());
        let computed = async |jurisdiction: &Division, year: i16| {
            // Any other year is refused.
            match (FIRST_YEAR..=year_of(today)).contains(&year) {
                true => app.computed_figures(&by, jurisdiction, year).await,
                false => Ok(None),
            }
        };
        match &mut order.command {
            AnnualSummaryCommand::SubmitAnnualSummary(command) => {
                command.computed = computed(&command.jurisdiction, command.year).await?;
                self.typical_cases(&mut command.typical_cases, &by).await?;
            }
            AnnualSummaryCommand::AmendAnnualSummary(command) => {
                if let Some(AnnualSummaryFile { jurisdiction, year, .. }) = &summary.file {
                    // What was recorded after the year belongs in an amendment.
                    command.computed = match is_late(*year, today) {
                        true => app.figures_at_amendment(&by, jurisdiction, *year).await?,
                        false => computed(jurisdiction, *year).await?,
                    };
                }
                self.typical_cases(&mut command.typical_cases, &by).await?;
            }
        }
        // The figures are those as of a position, which is recorded with them: nothing that comes later makes them
        // wrong.
        Ok(self.relied_on)
    }

    /// The cases as they are, each if it is there for this actor: their rows say all that is asked of them.
    async fn typical_cases(&mut self, named: &mut [TypicalCaseFacts], actor: &Actor) -> Result<(), Fault> {
        let ids: Vec<_> = named.iter().map(|facts| Uuid::from(facts.case)).collect();
        let there = self.app.cases_named(actor, &ids, Moment::Present).await?;
        let streams = &self.app.aggregates.cases;
        self.relied_on.extend(there.iter().map(|case| (streams.stream(case.row.case_id), case.version)));
        let rows: HashMap<_, _> = there.into_iter().map(|case| (case.row.case_id, case.row)).collect();
        for (facts, id) in named.iter_mut().zip(ids) {
            let Some(row) = rows.get(&id) else { continue };
            facts.division = Division::of_code(&row.division).ok();
            facts.published = row.typical;
        }
        Ok(())
    }
}
