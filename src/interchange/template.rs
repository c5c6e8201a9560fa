//! Text made of attributes: `{product}: {case}`, `{impact|unknown}`.

use std::fmt;

/// Text with places for attributes. `{name}` is the attribute's text, `{name|otherwise}` has a text for where it is
/// missing or empty, `{{` and `}}` are braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Attribute { name: String, otherwise: Option<String> },
}

/// The attribute that is missing or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing(pub String);

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what would be right.
    pub fn parse(source: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = source;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from_brace) = rest.split_at(at);
            text.push_str(before);
            let (brace, after) = from_brace.split_at(1);
            if let Some(behind) = after.strip_prefix(brace) {
                text.push_str(brace);
                rest = behind;
                continue;
            }
            if brace == "}" {
                return Err("a `}` closes nothing: write `}}` for a brace".to_owned());
            }
            let (inside, behind) =
                after.split_once('}').ok_or("a `{` is not closed: write `{attribute}`, or `{{` for a brace")?;
            let (name, otherwise) = match inside.split_once('|') {
                Some((name, otherwise)) => (name, Some(otherwise.to_owned())),
                None => (inside, None),
            };
            if name.trim().is_empty() || inside.contains('{') {
                return Err(format!(
                    "`{{{inside}}}` names no attribute: write `{{attribute}}` or `{{attribute|otherwise}}`"
                ));
            }
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(Part::Attribute { name: name.trim().to_owned(), otherwise });
            rest = behind;
        }
        text.push_str(rest);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Self { source: source.to_owned(), parts })
    }

    /// The text with its attributes in place.
    ///
    /// # Errors
    /// The first attribute that is missing or empty and has no other text.
    pub fn fill<'a>(&self, attribute: impl Fn(&str) -> Option<&'a str>) -> Result<String, Missing> {
        let mut filled = String::new();
        for part in &self.parts {
            filled.push_str(match part {
                Part::Text(text) => text,
                Part::Attribute { name, otherwise } => attribute(name)
                    .filter(|text| !text.is_empty())
                    .or(otherwise.as_deref())
                    .ok_or_else(|| Missing(name.clone()))?,
            });
        }
        Ok(filled)
    }

    /// The attributes it is made of.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Attribute { name, .. } => Some(name.as_str()),
        })
    }

    /// The attribute, where the template is that attribute and nothing else.
    #[must_use]
    pub fn sole_attribute(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Attribute { name, .. }] => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(source: &str) -> Result<String, Missing> {
        Template::parse(source).unwrap().fill(|name| match name {
            "product" => Some("PROD97"),
            "case:concept:name" => Some("1-364"),
            "empty" => Some(""),
            _ => None,
        })
    }

    #[test]
    fn attributes_take_their_places() {
        assert_eq!(fill("{product}: {case:concept:name}"), Ok("PROD97: 1-364".to_owned()));
        assert_eq!(fill("{{{product}}}"), Ok("{PROD97}".to_owned()));
        assert_eq!(fill("plain"), Ok("plain".to_owned()));
        assert_eq!(fill(""), Ok(String::new()));
    }

    #[test]
    fn what_is_missing_has_another_text_or_is_named() {
        assert_eq!(fill("{impact|unknown}, {empty|}."), Ok("unknown, .".to_owned()));
        assert_eq!(fill("{impact}"), Err(Missing("impact".to_owned())));
        assert_eq!(fill("{empty}"), Err(Missing("empty".to_owned())));
    }

    #[test]
    fn a_broken_template_says_what_would_be_right() {
        for (source, right) in [
            ("{product", "`{attribute}`"),
            ("product}", "`}}`"),
            ("{}", "`{attribute}`"),
            ("{|x}", "`{attribute}`"),
            ("{a{b}", "`{attribute}`"),
        ] {
            let message = Template::parse(source).unwrap_err();
            assert!(message.contains(right), "{source}: {message}");
        }
    }

    #[test]
    fn a_sole_attribute_is_known() {
        assert_eq!(Template::parse("{a|b}").unwrap().sole_attribute(), Some("a"));
        assert_eq!(Template::parse("{a}{b}").unwrap().sole_attribute(), None);
    }
}
