//! Lists in the settings.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// Several texts: as a list, or as one text with commas between them, which is how a variable says it. Around a comma
/// blanks do not count, and an empty text is an empty list; nothing between two commas is an empty text of the list.
pub(super) struct ListOrText(Vec<String>);

impl ListOrText {
    pub(super) fn list(self) -> Vec<String> {
        self.0
    }
}

impl<'de> Deserialize<'de> for ListOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Texts)
    }
}

struct Texts;

impl<'de> Visitor<'de> for Texts {
    type Value = ListOrText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts, or one text with commas between them,")
    }

    fn visit_str<E>(self, text: &str) -> Result<ListOrText, E> {
        if text.trim().is_empty() {
            return Ok(ListOrText(Vec::new()));
        }
        Ok(ListOrText(text.split(',').map(|item| item.trim().to_owned()).collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ListOrText, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(ListOrText(list))
    }
}
