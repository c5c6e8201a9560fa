//! Whether the variables fit the operation, before any of it runs: a wrong one would otherwise be found in the middle,
//! when half of the answer is there.

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::executable::Operation;
use apollo_compiler::schema::{EnumType, ExtendedType, InputObjectType};
use apollo_compiler::validation::Valid;
use serde_json::{Map, Value};

use crate::graphql::scalars;

/// How many characters of a name that nobody knows are told.
const LONGEST_NAME: usize = 100;

/// How many names of an enum are told.
const MOST_NAMES: usize = 50;

/// A variable that does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// The variable's name, and the path into its value.
    pub(crate) path: Vec<String>,
    /// What is wrong and what would be right, for people.
    pub(crate) message: String,
}

/// Holds the variables against what the operation declares.
///
/// # Errors
/// The first that is missing or does not fit.
pub(crate) fn check(schema: &Valid<Schema>, operation: &Operation, given: &Map<String, Value>) -> Result<(), Unfit> {
    let mut check = Check { schema, path: Vec::new() };
    for variable in &operation.variables {
        check.path.push(variable.name.to_string());
        match given.get(variable.name.as_str()) {
            Some(value) => check.value(&variable.ty, value)?,
            None if variable.ty.is_non_null() && variable.default_value.is_none() => {
                return Err(check.unfit(format!("the variable ${} is required", variable.name)));
            }
            None => {}
        }
        check.path.pop();
    }
    Ok(())
}

struct Check<'a> {
    schema: &'a Valid<Schema>,
    path: Vec<String>,
}

impl Check<'_> {
    fn unfit(&mut self, message: String) -> Unfit {
        Unfit { path: std::mem::take(&mut self.path), message }
    }

    fn value(&mut self, ty: &Type, value: &Value) -> Result<(), Unfit> {
        match (ty, value) {
            (Type::NonNullNamed(_) | Type::NonNullList(_), Value::Null) => {
                Err(self.unfit(format!("null: a value of type {ty} is required")))
            }
            (_, Value::Null) => Ok(()),
            (Type::List(item) | Type::NonNullList(item), Value::Array(values)) => {
                for (place, value) in values.iter().enumerate() {
                    self.within(place.to_string(), item, value)?;
                }
                Ok(())
            }
            // One value stands for a list of it.
            (Type::List(item) | Type::NonNullList(item), value) => self.value(item, value),
            (Type::Named(name) | Type::NonNullNamed(name), value) => self.named(name, value),
        }
    }

    fn within(&mut self, step: String, ty: &Type, value: &Value) -> Result<(), Unfit> {
        self.path.push(step);
        self.value(ty, value)?;
        self.path.pop();
        Ok(())
    }

    fn named(&mut self, name: &str, value: &Value) -> Result<(), Unfit> {
        let right = match self.schema.types.get(name) {
            Some(ExtendedType::InputObject(object)) => return self.object(object, value),
            Some(ExtendedType::Enum(words)) => {
                let known = value.as_str().is_some_and(|word| words.values.contains_key(word));
                (!known).then(|| one_of(words, value.as_str()))
            }
            _ => unfit_scalar(name, value).map(str::to_owned),
        };
        match right {
            Some(right) => Err(self.unfit(format!("no value of type {name}: write {right}"))),
            None => Ok(()),
        }
    }

    fn object(&mut self, object: &InputObjectType, value: &Value) -> Result<(), Unfit> {
        let Value::Object(given) = value else {
            return Err(self.unfit(format!("no value of type {}: write an object", object.name)));
        };
        if let Some(unknown) = given.keys().find(|name| !object.fields.contains_key(name.as_str())) {
            self.path.push(unknown.chars().take(LONGEST_NAME).collect());
            return Err(self.unfit(format!("{} has no such field", object.name)));
        }
        if is_one_of(object) && (given.len() != 1 || given.values().any(Value::is_null)) {
            return Err(self.unfit(format!("{} takes exactly one of its fields, and not null", object.name)));
        }
        for (name, field) in &object.fields {
            match given.get(name.as_str()) {
                Some(value) => self.within(name.to_string(), &field.ty, value)?,
                None if field.is_required() => {
                    self.path.push(name.to_string());
                    return Err(self.unfit(format!("a value of type {} is required", field.ty)));
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// Whether exactly one of its fields is to be given.
pub(crate) fn is_one_of(object: &InputObjectType) -> bool {
    object.directives.has("oneOf")
}

/// The names that there are, and the word that is none of them.
fn one_of(words: &EnumType, given: Option<&str>) -> String {
    let mut names = words.values.keys().take(MOST_NAMES).map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    if words.values.len() > MOST_NAMES {
        names.push_str(", …");
    }
    match given.map(|word| word.chars().take(LONGEST_NAME).collect::<String>()) {
        Some(word) => format!("one of {names}; {word:?} is none of them"),
        None => format!("one of {names}, as a text"),
    }
}

/// What would be a value of that scalar, where this is none.
fn unfit_scalar(name: &str, value: &Value) -> Option<&'static str> {
    let (fits, right) = match name {
        "Int" => (value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()), "a whole number of 32 bits"),
        "Float" => (value.is_number(), "a number"),
        "Boolean" => (value.is_boolean(), "true or false"),
        "String" => (value.is_string(), "a text"),
        "ID" => (value.is_string() || value.is_i64() || value.is_u64(), "an id"),
        _ => return scalars::unfit(name, value.as_str()),
    };
    (!fits).then_some(right)
}

#[cfg(test)]
mod tests {
    use apollo_compiler::ExecutableDocument;
    use serde_json::json;

    use super::*;

    const SDL: &str = "
        scalar Date
        enum Kind { CALIBRATION }
        input Point { position: String, time: String }
        directive @oneOf on INPUT_OBJECT
        input Which @oneOf { id: ID, number: String }
        input Input { ids: [ID!]!, day: Date, count: Int = 1, kind: Kind, which: Which }
        type Query { a(input: Input, n: Int!): Int }";

    fn unfit(variables: Value) -> Option<Vec<String>> {
        refused(variables).map(|unfit| unfit.path)
    }

    fn refused(variables: Value) -> Option<Unfit> {
        let schema = Schema::parse_and_validate(SDL, "schema").expect("a schema");
        let text = "query($input: Input!, $n: Int! = 2) { a(input: $input, n: $n) }";
        let document = ExecutableDocument::parse_and_validate(&schema, text, "document").expect("a document");
        let operation = document.operations.get(None).expect("one operation");
        let Value::Object(given) = variables else { panic!("variables are an object") };
        check(&schema, operation, &given).err()
    }

    #[test]
    fn what_fits_passes() {
        for variables in [
            json!({ "input": { "ids": [] } }),
            json!({ "input": { "ids": "one", "day": "2026-10-31", "kind": "CALIBRATION" }, "n": 3, "more": 1 }),
            json!({ "input": { "ids": ["a", 7], "day": null, "count": null, "which": { "id": "a" } } }),
        ] {
            assert_eq!(unfit(variables.clone()), None, "{variables}");
        }
    }

    #[test]
    fn a_wrong_name_is_told_with_the_names_that_there_are() {
        let long = "X".repeat(LONGEST_NAME + 1);
        for (given, told) in [
            (json!("TESTING"), "one of CALIBRATION; \"TESTING\" is none of them".to_owned()),
            (json!(long), format!("one of CALIBRATION; \"{}\" is none of them", &long[1..])),
            (json!(7), "one of CALIBRATION, as a text".to_owned()),
        ] {
            let unfit = refused(json!({ "input": { "ids": [], "kind": given } })).expect("no name of the enum");
            assert_eq!(unfit.message, format!("no value of type Kind: write {told}"));
        }
        let names: String = (0..=MOST_NAMES).map(|place| format!(" N{place}")).collect();
        let schema = Schema::parse_and_validate(format!("type Query {{ a: K }} enum K {{{names} }}"), "schema");
        let schema = schema.expect("a schema");
        let told = one_of(schema.get_enum("K").expect("an enum"), None);
        assert!(
            told.contains(&format!("N{}, …", MOST_NAMES - 1)) && !told.contains(&format!("N{MOST_NAMES}")),
            "{told}"
        );
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_path() {
        let table = [
            (json!({}), "input"),
            (json!({ "input": null }), "input"),
            (json!({ "input": [] }), "input"),
            (json!({ "input": { "ids": [] }, "n": null }), "n"),
            (json!({ "input": { "ids": [] }, "n": 2_147_483_648_u64 }), "n"),
            (json!({ "input": { "ids": [] }, "n": 1.5 }), "n"),
            (json!({ "input": {} }), "input.ids"),
            (json!({ "input": { "ids": ["a", null] } }), "input.ids.1"),
            (json!({ "input": { "ids": [], "day": "31.10.2026" } }), "input.day"),
            (json!({ "input": { "ids": [], "day": 7 } }), "input.day"),
            (json!({ "input": { "ids": [], "kind": "TESTING" } }), "input.kind"),
            (json!({ "input": { "ids": [], "unknown": 1 } }), "input.unknown"),
            (json!({ "input": { "ids": [], "which": {} } }), "input.which"),
            (json!({ "input": { "ids": [], "which": { "id": "a", "number": "b" } } }), "input.which"),
        ];
        for (variables, path) in table {
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            assert_eq!(unfit(variables.clone()), Some(path), "{variables}");
        }
    }
}
