//! Words in: the schema, and what its fields do. A resolver has three moves: parse, call, shape.
//!
//! Nothing is decided here and nothing stored: commands go to `app` as the domain's own, questions as conditions on
//! rows.

mod answer_size;
mod connection;
mod context;
mod counting;
mod door;
mod errors;
mod execution;
mod filter;
pub(crate) mod ids;
mod limits;
mod loaders;
mod mutation;
mod orders;
mod part;
mod personal;
mod query;
mod read_at;
mod reading;
mod scalars;
mod subscription;
mod types;
mod warnings;
mod words;

use std::sync::Arc;

use async_graphql::{Response, SDLExportOptions, SchemaBuilder, ServerError, ValidationMode, Value, value};
use tracing::Instrument;

use crate::app::App;
use answer_size::{AnswerRoom, Counting, SERVER_BUSY};
pub use context::Session;
use execution::Shares;
pub use limits::{Limits, NamedLimit};
use loaders::{Loaders, Loads};
use mutation::Mutation;
use query::Query;
use reading::Reader;
use reading::weight::Weight;
pub use reading::{Asked, Document, Persisted};
use subscription::Subscription;
pub use subscription::{Delivery, Ended, StreamLimits, Subscribed};
use types::event::CaseEvent;

/// The schema as the library has it.
type Executable = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema with everything that executes it.
pub struct Schema {
    schema: Executable,
    app: Arc<App>,
    reader: Reader,
    limits: Limits,
    room: AnswerRoom,
    shares: Shares,
}

impl Schema {
    /// The schema over that application.
    #[must_use]
    pub fn new(app: Arc<App>, limits: Limits, streams: StreamLimits) -> Self {
        // What is executed has been validated before.
        let builder = builder().data(app.clone()).data(limits).data(streams).validation_mode(ValidationMode::Fast);
        // The library counts from 0, and has a limit of its own where none is set.
        let builder = builder.limit_recursive_depth(usize::try_from(limits.levels()).unwrap_or(usize::MAX));
        let schema = builder.extension(Counting).finish();
        let (room, shares) = (AnswerRoom::new(&limits), Shares::default());
        Self { reader: Reader::new(&schema.sdl(), limits), schema, app, limits, room, shares }
    }

    /// What requests are held to.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Reads what is asked for: see [`reading`].
    ///
    /// # Errors
    /// What is wrong with it, as an answer.
    pub fn read(&self, asked: Asked) -> Result<Document, Box<Response>> {
        self.reader.read(asked).inspect_err(|refused| counting::refused(refused))
    }

    /// Executes a document for whoever asks.
    pub async fn execute(&self, document: Document, session: Session) -> Response {
        let counted = counting::CountedOperation::begin(document.kind(), document.weight.cost);
        let response = self.answer(document, session).instrument(counted.span()).await;
        counted.end(&response);
        response
    }

    async fn answer(&self, document: Document, session: Session) -> Response {
        let loads = Loads::default();
        let (kind, weight) = (document.kind(), document.weight);
        let loaders = Loaders::new(&self.app, &session.actor, &loads, kind);
        let (size, share) = (self.room.answer(kind, &session.actor.id), self.shares.of(&session.actor.id));
        let request = document.into_request().data(size).data(session).data(loaders);
        let mut response =
            execution::in_time(kind, &self.limits, share, loads.serve(self.schema.execute(request))).await;
        response.errors.iter_mut().for_each(name_library_error);
        response.extensions.insert("cost".to_owned(), of_cost(weight, &self.limits));
        response
    }
}

/// What an operation was charged, as `extensions.cost` tells it.
fn of_cost(weight: Weight, limits: &Limits) -> Value {
    value!({
        "requested": weight.cost.saturating_add(weight.per_row),
        "limit": limits.cost,
        "depth": weight.depth,
        "depthLimit": limits.depth,
    })
}

/// Errors of our own have a code; those of the library, about the document or a value in it, get one here.
fn name_library_error(error: &mut ServerError) {
    let code = match error.path.is_empty() {
        true => "GRAPHQL_VALIDATION_FAILED",
        false => "BAD_USER_INPUT",
    };
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
}

/// Whether the request itself was refused: nothing was executed, and there is no `data`.
#[must_use]
pub fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null && response.errors.iter().any(|error| error.path.is_empty())
}

/// Whether the answer was given up because it took too long, because there was no room for it or because the database did not
/// answer: nothing is wrong with the request.
#[must_use]
pub fn was_given_up(response: &Response) -> bool {
    let momentary = [execution::TIMED_OUT, SERVER_BUSY, errors::UNAVAILABLE];
    is_request_error(response) && response.errors.iter().any(|error| errors::is_one_of(error, &momentary))
}

/// The schema in the schema definition language, as it is checked in.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new().include_specified_by().sorted_fields().sorted_arguments().sorted_enum_items();
    let mut sdl = builder().finish().sdl_with_options(options);
    sdl.truncate(sdl.trim_end().len());
    sdl.push('\n');
    sdl
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    async_graphql::Schema::build(Query::default(), Mutation::default(), Subscription)
        .register_output_type::<CaseEvent>()
}
