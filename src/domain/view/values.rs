//! What a view keeps: a question in the words of the API.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::refusal::Code;
use crate::domain::value::{Label, ValueError};

/// The most bytes of JSON that a filter may have: above what the largest filter with long words takes.
const MOST_BYTES: usize = 65_536;

/// A filter in the words of the API, as a JSON object. What they mean is not for the domain: whether they still mean
/// something is seen when the question is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FilterWords(Map<String, Value>);

impl FilterWords {
    /// The words of that object.
    ///
    /// # Errors
    /// `TEXT_TOO_LONG`.
    pub fn new(words: Map<String, Value>) -> Result<Self, ValueError> {
        let size_bytes = serde_json::to_string(&words).map_or(usize::MAX, |text| text.len());
        if size_bytes > MOST_BYTES {
            let message = format!("the filter has {size_bytes} bytes as JSON: a view keeps at most {MOST_BYTES}");
            return Err(ValueError::new(Code::TextTooLong, message));
        }
        Ok(Self(words))
    }

    /// The object.
    #[must_use]
    pub fn object(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// A key of an order, in the words of the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderKey {
    /// By what.
    pub field: Label,
    /// Largest or latest first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub descending: bool,
}

/// A question about cases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Which cases.
    pub filter: FilterWords,
    /// In which order; the list's own where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<OrderKey>,
    /// By what they are shown together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<Label>,
}
