//! Lists in the settings.

use serde::Deserialize;

/// Several texts: as a list, or as one text with commas between them, which is how a variable says it. Around a comma
/// blanks do not count.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ListOrText {
    List(Vec<String>),
    Text(String),
}

impl ListOrText {
    pub(super) fn list(self) -> Vec<String> {
        match self {
            Self::List(items) => items,
            Self::Text(text) => text.split(',').map(|item| item.trim().to_owned()).collect(),
        }
    }
}
