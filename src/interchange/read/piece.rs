//! The pieces of XML that an XES log is made of, and those that it may not have.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

/// What matters of a piece of XML.
pub(super) enum Piece {
    Open(Element),
    Close,
    End,
}

pub(super) struct Element {
    pub(super) name: String,
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
    pub(super) is_closed: bool,
}

/// What a piece of XML is in an XES log; `None` when it is nothing.
pub(super) fn interpret(event: Event<'_>, version: &mut XmlVersion) -> Result<Option<Piece>, String> {
    let blank_or_refused = |text: &str| match text.trim().is_empty() {
        true => Ok(None),
        false => Err(format!("text stands between elements: {:?}", text.trim().chars().take(40).collect::<String>())),
    };
    match event {
        Event::Start(start) => element(&start, *version, false).map(|element| Some(Piece::Open(element))),
        Event::Empty(start) => element(&start, *version, true).map(|element| Some(Piece::Open(element))),
        Event::End(_) => Ok(Some(Piece::Close)),
        Event::Eof => Ok(Some(Piece::End)),
        Event::Decl(declaration) => {
            *version = declaration.xml_version().map_err(|error| error.to_string())?;
            match declaration.encoding() {
                Some(Ok(name)) if !["utf-8", "utf8", "us-ascii"].contains(&name.to_ascii_lowercase().as_str()) => {
                    Err(format!("the file is encoded in {name}: save it as UTF-8"))
                }
                _ => Ok(None),
            }
        }
        Event::DocType(_) => Err("there is a document type (DTD): XES has none, and none is read".to_owned()),
        Event::Text(text) => blank_or_refused(&text.into_inner()),
        Event::CData(text) => blank_or_refused(&text.into_inner()),
        Event::GeneralRef(reference) => blank_or_refused(&format!("&{};", reference.into_inner())),
        Event::Comment(_) | Event::PI(_) => Ok(None),
    }
}

fn element(start: &BytesStart<'_>, version: XmlVersion, is_closed: bool) -> Result<Element, String> {
    let mut element = Element { name: start.local_name().as_ref().to_owned(), key: None, value: None, is_closed };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("<{}>: {error}", element.name))?;
        let text = || {
            attribute
                .normalized_value(version)
                .map(|text| Some(text.into_owned()))
                .map_err(|error| format!("<{}>: {error}", element.name))
        };
        match attribute.key.as_ref() {
            "key" => element.key = text()?,
            "value" => element.value = text()?,
            _ => {}
        }
    }
    Ok(element)
}
