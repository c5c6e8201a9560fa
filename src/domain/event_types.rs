//! The types of the events that one can ask to hear of, as the log names them. Those of saved views are not among them:
//! how somebody looks at cases is nobody else's news.

use crate::domain::annual_summary::event::AnnualSummaryFact;
use crate::domain::campaign::event::CampaignFact;
use crate::domain::case::event::CaseFact;
use crate::domain::catalogue::event::CatalogueFact;
use crate::domain::enterprise::event::EnterpriseFact;
use crate::domain::event::Fact;
use crate::domain::institution::event::InstitutionFact;
use crate::domain::log::event::LogFact;
use crate::domain::person::event::PersonFact;

const SHAPES: [&[(&str, &str)]; 8] = [
    CaseFact::SHAPES,
    EnterpriseFact::SHAPES,
    CampaignFact::SHAPES,
    InstitutionFact::SHAPES,
    PersonFact::SHAPES,
    CatalogueFact::SHAPES,
    AnnualSummaryFact::SHAPES,
    LogFact::SHAPES,
];

/// Whether one can ask for events of that type.
#[must_use]
pub fn is_event_type(name: &str) -> bool {
    SHAPES.into_iter().flatten().any(|(known, _)| *known == name)
}
