//! Reading a request: from a text to a document that is worth executing.
//!
//! The guards come in the order of what they cost: the bytes, the tokens and the nesting of the text, its syntax, what
//! it holds, what its fragments weigh, and only then whether it makes sense for the schema. What has been read once is
//! kept under its SHA-256, with its verdict: a known document costs a look-up, and a client may name it by that digest
//! (automatic persisted queries, as Apollo's clients send them).

pub(crate) mod price;
mod scan;
mod selected;
mod validate;
mod variables;
pub(crate) mod weight;

use std::sync::Arc;

use apollo_compiler::executable;
use apollo_compiler::validation::Valid;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet};
use async_graphql::{Pos, Positioned, Request, Response, ServerError, Value, Variables};
use serde_json::Map;
use sha2::{Digest, Sha256};

use crate::graphql::errors;
use crate::graphql::limits::{Limits, Measure, OverLimit};
use price::Prices;
use scan::scan;
use variables::Unfit;
use weight::{Scale, Unweighed, Values, Weight};

/// How many bytes of memory the documents that are kept may take, all together.
const KEPT_BYTES: u64 = 64 * 1024 * 1024;

/// What a document takes once it is parsed, as was measured: so much in any case, and so much for every byte of its text.
const PARSED_BYTES: usize = 4_096;
const PARSED_BYTES_PER_BYTE: usize = 40;

/// What an error takes with its message.
const ERROR_BYTES: usize = 512;

/// A document of more bytes is read anew every time.
const LONGEST_KEPT: usize = 128 * 1024;

/// What a request asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// The document; a client may leave it out that names it by its digest.
    pub query: Option<String>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The values of its variables.
    pub variables: Map<String, serde_json::Value>,
    /// The digest that the client knows the document by.
    pub persisted: Option<Persisted>,
}

/// A document's name, as `extensions.persistedQuery` gives it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Persisted {
    /// The version of this way of naming; there is one.
    pub version: u64,
    /// SHA-256 of the document's UTF-8 bytes, in hexadecimal.
    pub sha256_hash: String,
}

/// A document that may be executed.
#[derive(Clone)]
pub struct Document {
    /// The operation that is asked for.
    parsed: ExecutableDocument,
    /// The values of its variables.
    variables: Variables,
    /// What the operation weighs.
    pub(crate) weight: Weight,
    kind: OperationType,
}

impl Document {
    /// The kind of the operation that is asked for.
    #[must_use]
    pub fn kind(&self) -> OperationType {
        self.kind
    }

    /// The request for it. Its text is left out: what is parsed is what is executed.
    pub(crate) fn into_request(self) -> Request {
        let mut request = Request::new(String::new()).variables(self.variables);
        request.set_parsed_query(self.parsed);
        request
    }

    /// What the operation costs.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.weight.cost.saturating_add(self.weight.per_row)
    }
}

/// What is known of a document, for whichever operation and variables.
struct Known {
    /// How long its text is.
    bytes: usize,
    parsed: ExecutableDocument,
    valid: Valid<executable::ExecutableDocument>,
}

type Verdict = Result<Known, Vec<ServerError>>;

/// Reads requests, and keeps what it has read.
pub(crate) struct Reader {
    schema: Valid<apollo_compiler::Schema>,
    prices: Prices,
    limits: Limits,
    kept: moka::sync::Cache<[u8; 32], Arc<Verdict>>,
}

/// What the validator's own description of introspection does not know yet (`@oneOf` of the specification).
const ONE_OF: &str = "extend type __Type { isOneOf: Boolean }";

impl Reader {
    /// A reader for a schema in the schema definition language.
    pub(crate) fn new(sdl: &str, limits: Limits) -> Self {
        let builder = apollo_compiler::Schema::builder()
            .ignore_builtin_redefinitions()
            .parse(sdl, "schema.graphql")
            .parse(ONE_OF, "introspection.graphql");
        let schema = builder.build().and_then(|schema| schema.validate());
        let schema = schema.expect("the schema of this program is a sound one");
        let prices = Prices::of(&schema).expect("every list of this program's schema has its line in the table");
        let kept = moka::sync::Cache::builder()
            .weigher(|_: &[u8; 32], verdict: &Arc<Verdict>| u32::try_from(memory_of(verdict)).unwrap_or(u32::MAX))
            .max_capacity(KEPT_BYTES)
            .build();
        Self { schema, prices, limits, kept }
    }

    /// Reads what is asked for.
    ///
    /// # Errors
    /// What is wrong with it, as an answer.
    pub(crate) fn read(&self, mut asked: Asked) -> Result<Document, Box<Response>> {
        let verdict = self.find(asked.query, asked.persisted).map_err(answered)?;
        let known = verdict.as_ref().as_ref().map_err(|errors| answered(errors.clone()))?;
        let operation = chosen(known, asked.operation_name.as_deref()).map_err(answered)?;
        let declared = known.valid.operations.get(asked.operation_name.as_deref()).expect("both parsers saw it");
        variables::check(&self.schema, declared, &asked.variables).map_err(|unfit| answered(of_variable(unfit)))?;
        // What is not declared is not looked at.
        let declared = declared.variables.iter();
        let variables = declared.filter_map(|variable| asked.variables.remove_entry(variable.name.as_str())).collect();
        let values = Values::Given { variables: &variables, declared: &operation.node.variable_definitions };
        let mut scale = Scale::new(&known.parsed, values, &self.prices, &self.limits);
        let weight = scale.operation(&operation.node).map_err(|over| answered(unweighed(over)))?;
        // Made only now: it takes much more memory than the JSON does.
        let mut variables = Variables::from_json(serde_json::Value::Object(variables));
        // The library looks for no default where a variable is a condition.
        for declared in operation.node.variable_definitions.iter().map(|variable| &variable.node) {
            if let Some(default) = &declared.default_value {
                variables.entry(declared.name.node.clone()).or_insert_with(|| default.node.clone());
            }
        }
        let parsed = selected::gather(operation, &known.parsed.fragments, &variables, &self.schema);
        Ok(Document { parsed, kind: operation.node.ty, weight, variables })
    }

    fn find(&self, query: Option<String>, persisted: Option<Persisted>) -> Result<Arc<Verdict>, Vec<ServerError>> {
        if persisted.as_ref().is_some_and(|persisted| persisted.version != 1) {
            return Err(vec![refusal(
                "PERSISTED_QUERY_NOT_SUPPORTED",
                "PersistedQueryNotSupported".into(),
                Vec::new(),
            )]);
        }
        let named = persisted.map(|persisted| persisted.sha256_hash.to_ascii_lowercase());
        let Some(text) = query else {
            let digest = named.as_deref().and_then(digest_of);
            let kept = digest.and_then(|digest| self.kept.get(&digest));
            // The exact words that Apollo's clients wait for before they send the document itself.
            return kept.ok_or_else(|| {
                vec![refusal("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound".into(), Vec::new())]
            });
        };
        self.limits.hold(Measure::DocumentBytes, text.len() as u64).map_err(over_limit)?;
        let digest: [u8; 32] = Sha256::digest(&text).into();
        if named.is_some_and(|named| digest_of(&named) != Some(digest)) {
            let message = "the document is not the one that `sha256Hash` names".to_owned();
            return Err(vec![refusal("PERSISTED_QUERY_HASH_MISMATCH", message, Vec::new())]);
        }
        if let Some(kept) = self.kept.get(&digest) {
            return Ok(kept);
        }
        let is_short = text.len() <= LONGEST_KEPT;
        let verdict = Arc::new(self.judge(&text));
        if is_short {
            self.kept.insert(digest, verdict.clone());
        }
        Ok(verdict)
    }

    fn judge(&self, text: &str) -> Verdict {
        scan(text, &self.limits).map_err(over_limit)?;
        let parsed = parse_query(text).map_err(|error| {
            // The parser's own message repeats the line of the text. Beside an operation without a name it tells of any
            // other, of several not the same every time.
            let mut places = error.positions().collect::<Vec<_>>();
            if matches!(error, async_graphql::parser::Error::MultipleOperations { .. }) {
                places.truncate(1);
            }
            let place = places.first().map(|place| format!(": line {}, column {}", place.line, place.column));
            let what = if is_of_number(&error) {
                "a number of the document is too large"
            } else {
                "the document is no GraphQL"
            };
            let message = format!("{what}{}", place.unwrap_or_default());
            vec![refusal("GRAPHQL_PARSE_FAILED", message, places)]
        })?;
        self.hold_contents(&parsed).map_err(over_limit)?;
        let mut scale = Scale::new(&parsed, Values::Unknown, &self.prices, &self.limits);
        scale.fragments().map_err(unweighed)?;
        // In the order of the text, as fragments are.
        let mut operations = parsed.operations.iter().map(|(_, operation)| operation).collect::<Vec<_>>();
        operations.sort_unstable_by_key(|operation| operation.pos);
        for operation in operations {
            scale.operation(&operation.node).map_err(unweighed)?;
        }
        let valid = validate::validate(&self.schema, text)?;
        Ok(Known { bytes: text.len(), parsed, valid })
    }

    /// Counts what the text of a document holds, without expanding anything.
    fn hold_contents(&self, document: &ExecutableDocument) -> Result<(), OverLimit> {
        let mut found = Contents::default();
        for (_, operation) in document.operations.iter() {
            found.directives += operation.node.directives.len() as u64;
            found.selection(&operation.node.selection_set.node);
        }
        for fragment in document.fragments.values() {
            found.directives += fragment.node.directives.len() as u64;
            found.selection(&fragment.node.selection_set.node);
        }
        self.limits.hold(Measure::Aliases, found.aliases)?;
        self.limits.hold(Measure::Directives, found.directives)
    }
}

/// About how many bytes a verdict takes in memory.
fn memory_of(verdict: &Verdict) -> usize {
    match verdict {
        Ok(known) => PARSED_BYTES + PARSED_BYTES_PER_BYTE * known.bytes,
        Err(errors) => ERROR_BYTES * errors.len(),
    }
}

#[derive(Default)]
struct Contents {
    aliases: u64,
    directives: u64,
}

impl Contents {
    fn selection(&mut self, selection: &SelectionSet) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    self.aliases += u64::from(field.node.alias.is_some());
                    self.directives += field.node.directives.len() as u64;
                    self.selection(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => {
                    self.directives += fragment.node.directives.len() as u64;
                    self.selection(&fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => self.directives += spread.node.directives.len() as u64,
            }
        }
    }
}

/// The operation that is asked for.
fn chosen<'a>(known: &'a Known, name: Option<&str>) -> Result<&'a Positioned<OperationDefinition>, Vec<ServerError>> {
    let mut operations = known.parsed.operations.iter();
    let found = match name {
        Some(wanted) => operations.find(|(name, _)| name.is_some_and(|name| name == wanted)),
        None => operations.next().filter(|_| operations.next().is_none()),
    };
    found.map(|(_, operation)| operation).ok_or_else(|| {
        let message = match name {
            Some(_) => "the document has no operation of that name",
            None => "the document has several operations: say which with `operationName`",
        };
        vec![refusal("OPERATION_RESOLUTION_FAILURE", message.to_owned(), Vec::new())]
    })
}

/// Whether a number was not read, whose form is right: it is larger than any that the parser's numbers reach.
fn is_of_number(error: &async_graphql::parser::Error) -> bool {
    matches!(error, async_graphql::parser::Error::Syntax { message, .. } if message.starts_with("invalid number"))
}

fn digest_of(hexadecimal: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(hexadecimal, &mut digest).ok()?;
    Some(digest)
}

/// An error with a code and the places in the document that it is about.
pub(crate) fn refusal(code: &str, message: String, places: Vec<Pos>) -> ServerError {
    let mut error = ServerError::new(errors::short(message), None);
    error.locations = places;
    error.extensions.get_or_insert_default().set("code", code);
    error
}

fn answered(errors: Vec<ServerError>) -> Box<Response> {
    Box::new(Response::from_errors(errors))
}

fn over_limit(over: OverLimit) -> Vec<ServerError> {
    let mut error = refusal(over.measure.code(), over.message(), Vec::new());
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("limit", over.measure.name());
    extensions.set("maximum", over.limit);
    extensions.set("found", over.found);
    vec![error]
}

fn unweighed(why: Unweighed) -> Vec<ServerError> {
    match why {
        Unweighed::OverLimit(over) => over_limit(over),
        Unweighed::Circle(name) => {
            vec![refusal("GRAPHQL_VALIDATION_FAILED", format!("the fragment {name} spreads itself"), Vec::new())]
        }
    }
}

fn of_variable(unfit: Unfit) -> Vec<ServerError> {
    let message = format!("variable ${}: {}", unfit.path.join("."), unfit.message);
    let mut error = refusal("BAD_USER_INPUT", message, Vec::new());
    let field = unfit.path.into_iter().map(|step| Value::String(errors::short(step))).collect();
    error.extensions.get_or_insert_default().set("field", Value::List(field));
    vec![error]
}

#[cfg(test)]
mod tests;
