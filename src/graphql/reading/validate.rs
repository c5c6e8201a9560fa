//! Whether a document makes sense for the schema: the verdicts of the specification (section 5), and whether the
//! literals in it are of their scalars' forms.

use apollo_compiler::ast::{Type, Value};
use apollo_compiler::executable::{ExecutableDocument, Selection, SelectionSet};
use apollo_compiler::parser::{LineColumn, Parser};
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};
use async_graphql::{Pos, ServerError};

use crate::graphql::reading::{refusal, variables};
use crate::graphql::scalars;

/// What a program can act on.
const CODE: &str = "GRAPHQL_VALIDATION_FAILED";

/// How many errors are told of one document.
const MOST_ERRORS: usize = 20;

/// How deep the second parser may go. The first look at the document has measured it before.
const RECURSION: usize = 500;

/// Validates a document.
///
/// # Errors
/// What is wrong with it, at most 20 errors.
pub(crate) fn validate(schema: &Valid<Schema>, text: &str) -> Result<Valid<ExecutableDocument>, Vec<ServerError>> {
    let parsed = Parser::new().recursion_limit(RECURSION).parse_executable(schema, text, "document");
    let document = parsed.and_then(|document| document.validate(schema)).or_else(|invalid| {
        // The validator counts how often a subscription selects fields of its root.
        let stand_alone = stand_alone(&invalid.partial);
        let diagnostics = invalid.errors.iter().filter(|diagnostic| {
            !(stand_alone && diagnostic.error.unstable_error_name() == Some("SubscriptionUsesMultipleFields"))
        });
        let errors = diagnostics.take(MOST_ERRORS).map(|diagnostic| {
            let error = diagnostic.to_json();
            refusal(CODE, error.message, error.locations.into_iter().map(position).collect())
        });
        let errors: Vec<_> = errors.collect();
        if errors.is_empty() { Ok(Valid::assume_valid(invalid.partial)) } else { Err(errors) }
    })?;
    let mut literals = Literals { schema, document: &document, errors: Vec::new() };
    for operation in document.operations.iter() {
        for variable in &operation.variables {
            if let Some(value) = &variable.default_value {
                literals.value(&variable.ty, value);
            }
        }
        literals.selection(&operation.selection_set);
    }
    for fragment in document.fragments.values() {
        literals.selection(&fragment.selection_set);
    }
    let mut errors = literals.errors;
    errors.truncate(MOST_ERRORS);
    if errors.is_empty() { Ok(document) } else { Err(errors) }
}

/// Whether each subscription selects one field of its root: those of one response name are one (GraphQL, 5.2.4.1).
fn stand_alone(document: &ExecutableDocument) -> bool {
    let mut subscriptions = document.operations.iter().filter(|operation| operation.is_subscription());
    subscriptions.all(|operation| {
        let mut names = operation.root_fields(document).map(|field| field.response_key());
        let first = names.next();
        names.all(|name| Some(name) == first)
    })
}

/// A place of the one parser as the other has it.
fn position(place: LineColumn) -> Pos {
    Pos { line: place.line, column: place.column }
}

/// Looks at what the validator does not know: the literals of the schema's own scalars, and input objects of which exactly one
/// field is given (`@oneOf`).
struct Literals<'a> {
    schema: &'a Valid<Schema>,
    document: &'a ExecutableDocument,
    errors: Vec<ServerError>,
}

impl Literals<'_> {
    fn selection(&mut self, selection: &SelectionSet) {
        for item in &selection.selections {
            match item {
                Selection::Field(field) => {
                    for argument in &field.arguments {
                        if let Some(definition) = field.definition.argument_by_name(&argument.name) {
                            self.value(&definition.ty, &argument.value);
                        }
                    }
                    self.selection(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => self.selection(&fragment.selection_set),
                // A fragment is looked at once, where it is defined.
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn value(&mut self, ty: &Type, value: &Node<Value>) {
        match &**value {
            Value::Null | Value::Variable(_) => {}
            Value::List(items) => {
                let item_type = if ty.is_list() { ty.item_type() } else { ty };
                items.iter().for_each(|item| self.value(item_type, item));
            }
            Value::Object(fields) => {
                let Some(ExtendedType::InputObject(object)) = self.schema.types.get(ty.inner_named_type()) else {
                    return;
                };
                if variables::is_one_of(object) {
                    self.one_of(object, fields, value);
                }
                for (name, value) in fields {
                    if let Some(field) = object.fields.get(name) {
                        self.value(&field.ty, value);
                    }
                }
            }
            leaf => {
                let name = ty.inner_named_type();
                if let Some(right) = scalars::unfit(name, leaf.as_str()) {
                    self.refuse(value, format!("no value of type {name}: write {right}"));
                }
            }
        }
    }

    /// Exactly one field, which is not null, and no variable that may be.
    fn one_of(&mut self, object: &InputObjectType, fields: &[(Name, Node<Value>)], place: &Node<Value>) {
        let given = match fields {
            [(_, given)] if !given.is_null() => given,
            _ => return self.refuse(place, format!("{} takes exactly one of its fields, and not null", object.name)),
        };
        let Some(name) = given.as_variable() else { return };
        // A fragment may stand in any operation that declares the variable.
        let declared = self.document.operations.iter().flat_map(|operation| &operation.variables);
        if declared.into_iter().any(|variable| variable.name == *name && !variable.ty.is_non_null()) {
            let message =
                format!("a field of {} takes no variable that may be null: declare ${name} with `!`", object.name);
            self.refuse(given, message);
        }
    }

    fn refuse(&mut self, value: &Node<Value>, message: String) {
        let place = value.line_column_range(&self.document.sources).map(|range| position(range.start));
        self.errors.push(refusal(CODE, message, place.into_iter().collect()));
    }
}
