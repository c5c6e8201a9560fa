//! What the application has to know of each aggregate: its streams, its rows, who sees it, which facts its commands
//! need.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::app::App;
use crate::app::aggregates::Aggregates;
use crate::app::facts::{LookUp, ReliedOn};
use crate::app::request::Fault;
use crate::app::scope::{self, RegisterScope};
use crate::app::streams::Streams;
use crate::domain::actor::Actor;
use crate::domain::aggregate::Root;
use crate::domain::annual_summary::AnnualSummary;
use crate::domain::campaign::Campaign;
use crate::domain::case::event::CaseFact;
use crate::domain::case::{Case, Misdated};
use crate::domain::catalogue::Catalogue;
use crate::domain::change::Change;
use crate::domain::enterprise::Enterprise;
use crate::domain::enterprise::command::{AmendEnterprise, EnterpriseCommand};
use crate::domain::enterprise::event::EnterpriseFact;
use crate::domain::event::{Fact, Recorded};
use crate::domain::institution::Institution;
use crate::domain::log::Log;
use crate::domain::log::event::LogFact;
use crate::domain::order::Order;
use crate::domain::person::Person;
use crate::domain::person::command::PersonCommand;
use crate::domain::view::View;
use crate::projection;
use crate::projection::figure::Growth;
use crate::store::{AggregateType, FigureRow, RowChanges, TextRow};

/// An aggregate that the application carries commands out on.
#[async_trait]
pub trait Commanded: Root + DeserializeOwned {
    /// Its kind in the log.
    const AGGREGATE: AggregateType;

    /// Its streams.
    fn streams(all: &Aggregates) -> &Streams<Self>;

    /// What the read side takes up when it has gone from `before` to `after`.
    fn rows(id: Uuid, before: &Self, after: &Self) -> RowChanges;

    /// Whether anything of its row depends on the event, but for how many there are and when.
    fn moves_row(_event: &Recorded<Self::Fact>) -> bool {
        true
    }

    /// The texts that it is found by, of these events.
    fn texts(_events: &[Recorded<Self::Fact>]) -> Vec<TextRow> {
        Vec::new()
    }

    /// What the events that it has grown by add to the figures.
    fn figures(_growth: &Growth<'_, Self>) -> Vec<FigureRow> {
        Vec::new()
    }

    /// Before what a command is dated which happened at that time and made `after` of it, if before anything.
    fn misdated(&self, _after: &Self, _at: Timestamp) -> Option<Misdated> {
        None
    }

    /// Whether it is there for this actor.
    fn is_visible_to(&self, id: Uuid, actor: &Actor) -> bool;

    /// What a decision on that command knows of it, where it compares personal data, so that this is opened for it.
    fn compared_by(&self, _command: &Self::Body) -> Option<Self> {
        None
    }

    /// Whether every event that names somebody is sealed under a key of its own, whose id is drawn and tells nothing.
    /// Otherwise the key has the id of the aggregate, which is about one person, or was brought by one imported case.
    /// Either way the key's id is in every reference.
    const KEY_PER_EVENT: bool = false;

    /// The type of the events that erase the personal data of all events before them, where there is one.
    const ERASURE: Option<&'static str> = None;

    /// Whether the event erases the personal data of all events before it.
    fn erases(event: &Recorded<Self::Fact>) -> bool {
        Self::ERASURE == Some(event.fact.name())
    }

    /// The name that the log has from the event on, if it gives it another.
    fn names_log(_event: &Recorded<Self::Fact>) -> Option<&str> {
        None
    }

    /// Puts into the command what other aggregates know. Answers the versions that were relied on: the commit holds
    /// only while they are the present ones.
    async fn look_up(app: &App, id: Uuid, state: &Self, order: &mut Order<Self::Body>) -> Result<ReliedOn, Fault>;

    /// The series in which the event needs a number.
    fn series(_event: &Recorded<Self::Fact>) -> Option<String> {
        None
    }

    /// The event with its number.
    fn numbered(event: &Recorded<Self::Fact>, _serial: u64) -> Recorded<Self::Fact> {
        event.clone()
    }

    /// The number that a recorded event took, by series.
    fn number_taken(_event: &Recorded<Self::Fact>) -> Option<(String, u64)> {
        None
    }
}

#[async_trait]
impl Commanded for Case {
    const AGGREGATE: AggregateType = AggregateType::Case;
    const ERASURE: Option<&'static str> = Some("ImportedPersonsErased");

    fn streams(all: &Aggregates) -> &Streams<Self> {
        &all.cases
    }

    fn rows(id: Uuid, before: &Self, after: &Self) -> RowChanges {
        projection::case::changes(id, before, after)
    }

    fn moves_row(event: &Recorded<CaseFact>) -> bool {
        projection::case::moves_row(event)
    }

    fn texts(events: &[Recorded<CaseFact>]) -> Vec<TextRow> {
        projection::text::of_case(events)
    }

    fn figures(growth: &Growth<'_, Self>) -> Vec<FigureRow> {
        projection::figure::of_case(growth)
    }

    fn misdated(&self, after: &Self, at: Timestamp) -> Option<Misdated> {
        self.file.as_ref()?.misdated(after.file.as_ref()?, at)
    }

    fn is_visible_to(&self, _id: Uuid, actor: &Actor) -> bool {
        self.file.as_ref().is_some_and(|file| scope::sees(actor, file))
    }

    async fn look_up(app: &App, id: Uuid, state: &Self, order: &mut Order<Self::Body>) -> Result<ReliedOn, Fault> {
        LookUp::new(app).of_case(id.into(), state, order).await
    }

    fn series(event: &Recorded<CaseFact>) -> Option<String> {
        event.number().map(|number| number.series().to_owned())
    }

    fn numbered(event: &Recorded<CaseFact>, serial: u64) -> Recorded<CaseFact> {
        event.clone().numbered(serial)
    }

    fn number_taken(event: &Recorded<CaseFact>) -> Option<(String, u64)> {
        event.number().map(|number| (number.series().to_owned(), number.serial()))
    }
}

#[async_trait]
impl Commanded for View {
    const AGGREGATE: AggregateType = AggregateType::View;

    fn streams(all: &Aggregates) -> &Streams<Self> {
        &all.views
    }

    fn rows(_id: Uuid, _before: &Self, after: &Self) -> RowChanges {
        projection::register::view(after)
    }

    fn is_visible_to(&self, _id: Uuid, actor: &Actor) -> bool {
        self.file.as_ref().is_some_and(|file| file.is_visible_to(actor))
    }

    async fn look_up(_app: &App, _id: Uuid, _state: &Self, _order: &mut Order<Self::Body>) -> Result<ReliedOn, Fault> {
        Ok(ReliedOn::new())
    }
}

#[async_trait]
impl Commanded for Log {
    const AGGREGATE: AggregateType = AggregateType::Log;

    fn streams(all: &Aggregates) -> &Streams<Self> {
        &all.logs
    }

    /// Nothing of it is served but its events.
    fn rows(_id: Uuid, _before: &Self, _after: &Self) -> RowChanges {
        RowChanges::default()
    }

    fn is_visible_to(&self, _id: Uuid, _actor: &Actor) -> bool {
        true
    }

    fn names_log(event: &Recorded<LogFact>) -> Option<&str> {
        let LogFact::RecoveredFrom(fact) = &event.fact;
        Some(&fact.origin)
    }

    async fn look_up(_app: &App, _id: Uuid, _state: &Self, _order: &mut Order<Self::Body>) -> Result<ReliedOn, Fault> {
        Ok(ReliedOn::new())
    }
}

/// Declares a register: its streams, its projection, its look-up, and its figures if it has any.
macro_rules! register {
    (
        $root:ident, $streams:ident, $rows:ident, $division:ident,
        |$app:ident, $id:ident, $state:ident, $order:ident| $look_up:expr $(, figures: $figures:path)? $(, { $($own:tt)* })?
    ) => {
        #[async_trait]
        impl Commanded for $root {
            const AGGREGATE: AggregateType = AggregateType::$root;

            fn streams(all: &Aggregates) -> &Streams<Self> {
                &all.$streams
            }

            fn rows(_id: Uuid, _before: &Self, after: &Self) -> RowChanges {
                projection::register::$rows(after)
            }

            $(fn figures(growth: &Growth<'_, Self>) -> Vec<FigureRow> {
                $figures(growth)
            })?

            $($($own)*)?

            fn is_visible_to(&self, id: Uuid, actor: &Actor) -> bool {
                let division = self.file.as_ref().map(|file| &file.$division);
                division.is_some_and(|division| RegisterScope::of(actor, Self::AGGREGATE).admits(id, division))
            }

            async fn look_up(
                $app: &App,
                $id: Uuid,
                $state: &Self,
                $order: &mut Order<Self::Body>,
            ) -> Result<ReliedOn, Fault> {
                $look_up
            }
        }
    };
}

register!(
    Enterprise,
    enterprises,
    enterprise,
    division,
    |app, _id, state, order| LookUp::new(app).of_enterprise(state, order).await,
    figures: projection::figure::of_enterprise,
    {
        // Whom to call changes, and each of them is a person.
        const KEY_PER_EVENT: bool = true;
        const ERASURE: Option<&'static str> = Some("ContactErased");

        /// Whom to call, where an amendment says it. It asks for no visits, and these may be much.
        fn compared_by(&self, command: &EnterpriseCommand) -> Option<Self> {
            let names_somebody = matches!(
                command,
                EnterpriseCommand::AmendEnterprise(AmendEnterprise { contact: Change::To(_), .. })
            );
            names_somebody.then(|| self.without_visits())
        }

        fn moves_row(event: &Recorded<EnterpriseFact>) -> bool {
            projection::register::moves_enterprise(event)
        }

        fn misdated(&self, after: &Self, at: Timestamp) -> Option<Misdated> {
            let given_up = self.given_up_in(after).filter(|began| at < *began).map(|at| Misdated::BeforeRetracted { at });
            given_up.or_else(|| {
                let (visited_on, at) = self.visited_too_early_in(after)?;
                Some(Misdated::BeforeEnrolment { visited_on, at })
            })
        }
    }
);
register!(Campaign, campaigns, campaign, jurisdiction, |app, id, _state, order| LookUp::new(app)
    .of_campaign(id.into(), order)
    .await);
register!(Institution, institutions, institution, division, |_app, _id, _state, _order| Ok(ReliedOn::new()));
register!(Person, persons, person, division, |app, _id, _state, order| LookUp::new(app).of_person(order).await, {
    const ERASURE: Option<&'static str> = Some("PersonErased");

    fn compared_by(&self, _command: &PersonCommand) -> Option<Self> {
        Some(self.clone())
    }
});
register!(Catalogue, catalogues, catalogue, division, |_app, _id, _state, _order| Ok(ReliedOn::new()));
register!(AnnualSummary, annual_summaries, annual_summary, jurisdiction, |app, _id, state, order| LookUp::new(app)
    .of_annual_summary(state, order)
    .await);
