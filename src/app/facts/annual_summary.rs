//! What a command on an annual summary needs: the figures of its year, and the cases that it names.

use uuid::Uuid;

use crate::app::facts::{LookUp, ReliedOn};
use crate::app::request::Fault;
use crate::app::scope;
use crate::domain::actor::Actor;
use crate::domain::annual_summary::AnnualSummary;
use crate::domain::annual_summary::command::{AnnualSummaryCommand, TypicalCaseFacts};
use crate::domain::annual_summary::state::AnnualSummaryFile;
use crate::domain::annual_summary::year::{is_late, year_of};
use crate::domain::order::{FIRST_YEAR, Order};
use crate::domain::value::Division;

impl LookUp<'_> {
    /// What a command on an annual summary needs.
    pub(in crate::app) async fn of_annual_summary(
        mut self,
        summary: &AnnualSummary,
        order: &mut Order<AnnualSummaryCommand>,
    ) -> Result<ReliedOn, Fault> {
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

    /// The cases as they are, each if it is there for this actor.
    async fn typical_cases(&mut self, named: &mut [TypicalCaseFacts], actor: &Actor) -> Result<(), Fault> {
        let ids: Vec<_> = named.iter().map(|facts| Uuid::from(facts.case)).collect();
        for (facts, present) in named.iter_mut().zip(self.present_cases(&ids).await?) {
            let Some(file) = present.state.file.as_ref().filter(|file| scope::sees(actor, file)) else { continue };
            facts.division = Some(file.division.clone());
            facts.published = file.publication.is_some();
        }
        Ok(())
    }
}
