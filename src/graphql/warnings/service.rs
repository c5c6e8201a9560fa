//! Of a service by an edition of a regulation that was not in force on its day.

use async_graphql::{Context, Result};
use jiff::civil::Date;

use crate::app::Moment;
use crate::codec;
use crate::domain::case::Case;
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::state::Edition;
use crate::domain::value::calendar::date_of;
use crate::domain::value::{CatalogueId, Division, RegulationRef};
use crate::graphql::context::loaders;
use crate::graphql::errors;
use crate::graphql::warnings::code::{Warning, WarningCode};

const SERVED: &str = "RoutineServiceProvided";

/// A service that followed a regulation.
pub(super) struct Service {
    regulation: RegulationRef,
    day: Date,
}

impl Service {
    pub(super) fn of(event_type: &str, payload: &str) -> Option<Self> {
        if event_type != SERVED {
            return None;
        }
        let said: serde_json::Value = serde_json::from_str(payload).ok()?;
        let regulation = RegulationRef::parse(said["fact"][SERVED]["regulation"].as_str()?).ok()?;
        Some(Self { regulation, day: date_of(codec::occurred_at(payload).ok()?) })
    }

    /// That another edition was in force on its day, or none, where a catalogue tells of the regulation at all: that of the
    /// province comes before that of the nation.
    pub(super) async fn warning(&self, ctx: &Context<'_>, case: &Case) -> Result<Option<Warning>> {
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
