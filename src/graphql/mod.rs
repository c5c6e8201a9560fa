//! Words in: the schema, and what its fields do. A resolver has three moves: parse, call, shape.
//!
//! Nothing is decided here and nothing stored: commands go to `app` as the domain's own, questions as conditions on rows.

mod connection;
mod context;
mod door;
mod errors;
mod filter;
pub(crate) mod ids;
mod limits;
mod loaders;
mod mutation;
mod orders;
mod query;
mod scalars;
mod subscription;
mod types;
mod warnings;
mod words;

use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Request, Response, SDLExportOptions, SchemaBuilder, ServerError, Value, Variables};

use crate::app::App;
pub use context::Session;
pub use limits::Limits;
use loaders::Loaders;
use mutation::Mutation;
use query::Query;
use subscription::Subscription;
pub use subscription::{Delivery, StreamLimits, Subscribed};
use types::event::CaseEvent;

/// The schema as the library has it.
type Executable = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema with everything that executes it.
pub struct Schema {
    schema: Executable,
    app: Arc<App>,
    limits: Limits,
}

/// A document that was parsed and is within the limits.
pub struct Document {
    query: String,
    parsed: ExecutableDocument,
    operation_name: Option<String>,
    variables: Variables,
}

impl Document {
    /// The kind of the operation that is asked for; `None` when it cannot be told which one is.
    #[must_use]
    pub fn kind(&self) -> Option<OperationType> {
        self.operation().map(|operation| operation.ty)
    }

    fn operation(&self) -> Option<&OperationDefinition> {
        let mut operations = self.parsed.operations.iter();
        let found = match &self.operation_name {
            Some(wanted) => operations.find(|(name, _)| name.is_some_and(|name| name == wanted.as_str())),
            None => operations.next().filter(|_| operations.next().is_none()),
        };
        found.map(|(_, operation)| &operation.node)
    }

    /// A variable that has to be given and is not. Without this the operation would begin to run before it is noticed.
    fn missing_variable(&self) -> Option<&str> {
        let mut definitions = self.operation()?.variable_definitions.iter().map(|definition| &definition.node);
        let missing = definitions.find(|definition| {
            let given = self.variables.get(&definition.name.node).is_some_and(|value| *value != Value::Null);
            !definition.var_type.node.nullable && definition.default_value.is_none() && !given
        });
        missing.map(|definition| definition.name.node.as_str())
    }
}

impl Schema {
    /// The schema over that application.
    #[must_use]
    pub fn new(app: Arc<App>, limits: Limits, streams: StreamLimits) -> Self {
        Self { schema: builder().data(app.clone()).data(limits).data(streams).finish(), app, limits }
    }

    /// What requests are held to.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Parses a document and weighs it.
    ///
    /// # Errors
    /// What is wrong with it, as an answer: it does not parse or is over the limits.
    pub fn read(
        &self,
        query: String,
        operation_name: Option<String>,
        variables: Variables,
    ) -> Result<Document, Box<Response>> {
        let parsed = parse_query(&query).map_err(|error| {
            let mut error = ServerError::from(error);
            error.extensions.get_or_insert_default().set("code", "GRAPHQL_PARSE_FAILED");
            Box::new(Response::from_errors(vec![error]))
        })?;
        if let Err(over) = self.limits.check(&parsed, &variables) {
            let mut error = ServerError::new(over.to_string(), None);
            error.extensions.get_or_insert_default().set("code", over.code());
            return Err(Box::new(Response::from_errors(vec![error])));
        }
        let document = Document { query, parsed, operation_name, variables };
        if let Some(name) = document.missing_variable() {
            let mut error = ServerError::new(format!("the variable ${name} is required"), None);
            error.extensions.get_or_insert_default().set("code", "BAD_USER_INPUT");
            return Err(Box::new(Response::from_errors(vec![error])));
        }
        Ok(document)
    }

    /// Executes a document for whoever asks.
    pub async fn execute(&self, document: Document, session: Session) -> Response {
        let loaders = Loaders::new(&self.app);
        let mut request = Request::new(document.query).variables(document.variables).data(session).data(loaders);
        request.operation_name = document.operation_name;
        request.set_parsed_query(document.parsed);
        let mut response = self.schema.execute(request).await;
        response.errors.iter_mut().for_each(name_library_error);
        response
    }
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

/// The schema in the schema definition language, as it is checked in.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    let mut sdl = builder().finish().sdl_with_options(options);
    sdl.truncate(sdl.trim_end().len());
    sdl.push('\n');
    sdl
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    async_graphql::Schema::build(Query::default(), Mutation::default(), Subscription)
        .register_output_type::<CaseEvent>()
}
