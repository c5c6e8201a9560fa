//! Of a person who is erased: the open cases that are left with somebody whom nobody knows by a name.

use async_graphql::{Context, Result};

use crate::app::{Commanded, Foreseen, Moment, OpenCases};
use crate::domain::value::PersonId;
use crate::graphql::context::{actor, app};
use crate::graphql::errors;
use crate::graphql::warnings::code::{Warning, WarningCode};

pub(super) const ERASED: &str = "PersonErased";

/// Whom a command would erase, if it is one that does.
pub(crate) fn erased_in<A: Commanded>(foreseen: &Foreseen<A>) -> Option<PersonId> {
    let erases = foreseen.events.iter().any(|event| event.encoded.event_type == ERASED);
    erases.then(|| foreseen.stream.aggregate_id.into())
}

/// What the person has a part in as of that moment. None of it is changed by the erasure.
///
/// # Errors
/// When the house fails.
pub(crate) async fn of_erasure(ctx: &Context<'_>, person: PersonId, at: Moment) -> Result<Vec<Warning>> {
    let (app, actor) = (app(ctx), actor(ctx));
    let led = app.led_by(actor, person, at).await.map_err(|fault| errors::fault(ctx, fault))?;
    let joined = app.joined_by(actor, person, at).await.map_err(|fault| errors::fault(ctx, fault))?;
    let led = named(&led).map(|cases| {
        format!("the person leads {cases}: give those still at work to another lead with `reassignResearch`")
    });
    let joined = named(&joined)
        .map(|cases| format!("the person works on {cases}, or is invited to do so: `removeExpert` ends that"));
    let warning = |message| Warning { code: WarningCode::PersonAtWork, message };
    Ok(led.into_iter().chain(joined).map(warning).collect())
}

/// What the cases are called; nothing where there are none.
fn named(cases: &OpenCases) -> Option<String> {
    let further = (cases.further > 0).then(|| format!("{} more", cases.further));
    let unseen = cases.unseen.then(|| "cases that are not yours to see".to_owned());
    let parts: Vec<_> = cases.numbers.iter().cloned().chain(further).chain(unseen).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
