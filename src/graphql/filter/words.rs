//! A filter in words that can be kept: JSON in the shape of the input, and back.

use async_graphql::{InputType, Result};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::graphql::errors;
use crate::graphql::filter::CaseFilter;

impl Serialize for CaseFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.kept().serialize(serializer)
    }
}

impl CaseFilter {
    /// What it says, as a client would write it: what is not said is left out.
    pub(crate) fn kept(&self) -> Map<String, Value> {
        let said = InputType::to_value(self).into_json().map(said);
        match said {
            Ok(Value::Object(words)) => words,
            // An input object without a field, or one whose fields are all left out.
            Ok(_) | Err(_) => Map::new(),
        }
    }

    /// The filter of words that were kept.
    ///
    /// # Errors
    /// `VIEW_OUTDATED` when this server knows a word no longer: what it does not know it would leave out, and answer
    /// another question.
    pub(crate) fn of_words(words: &Map<String, Value>) -> Result<Self> {
        let value = async_graphql::Value::from_json(Value::Object(words.clone())).ok();
        let read = value.and_then(|value| <Self as InputType>::parse(Some(value)).ok());
        read.filter(|filter| filter.kept() == *words).ok_or_else(outdated)
    }
}

/// The answer to a view whose words are not known any more.
pub(crate) fn outdated() -> async_graphql::Error {
    let message = "the view asks in words that this server no longer knows: look at its `filter` and `orderBy`, and \
        update it";
    errors::argument("VIEW_OUTDATED", "view", message)
}

fn said(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let given = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(given.map(|(name, value)| (name, said(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(said).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(words: &Value) -> Result<CaseFilter> {
        CaseFilter::of_words(words.as_object().expect("an object"))
    }

    #[test]
    fn a_filter_comes_back_from_its_words() {
        for words in [
            json!({}),
            json!({ "open": true, "status": { "in": ["TRIAGED", "ASSIGNED"] } }),
            json!({ "deadline": { "lt": "TODAY", "isNull": false }, "gap": { "gt": "1.50" } }),
            json!({ "or": [{ "title": { "contains": "难" } }, { "not": { "level": { "eq": "NATION" } } }], "and": [] }),
        ] {
            let filter = read(&words).unwrap();
            assert_eq!(Value::Object(filter.kept()), words);
            assert_eq!(serde_json::to_value(&filter).unwrap(), words);
        }
    }

    #[test]
    fn a_word_that_is_not_known_is_never_left_out() {
        for words in [
            json!({ "colour": { "eq": "red" } }),
            json!({ "open": true, "status": { "resembles": "TRIAGED" } }),
            json!({ "status": { "eq": "REJECTED" } }),
            json!({ "open": "yes" }),
            json!({ "open": null }),
        ] {
            let error = read(&words).unwrap_err();
            let code = error.extensions.expect("it has extensions").get("code").expect("a code").to_string();
            assert_eq!(code, "\"VIEW_OUTDATED\"", "{words}");
        }
    }
}
