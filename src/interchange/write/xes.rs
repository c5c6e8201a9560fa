//! XES 1.0 (IEEE 1849-2016) with the extensions Concept, Time, Organizational and Lifecycle: a trace a case.
//!
//! What came from another tracker goes out in that tracker's words, with its attributes; what happened here goes out
//! under the names of its facts. What only this log knows bears the prefix `etalon:`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::domain::case::number::CaseNumber;
use crate::domain::event::Source;
use crate::interchange::read::{CASE_PREFIX, SOURCE_PREFIX};
use crate::interchange::write::error::WriteError;
use crate::interchange::write::trace::{Circumstances, Follower, ForeignCase, Heading, Step};
use crate::interchange::write::{ExportedCase, ExportedEvent, ExportedLog};
use crate::interchange::xml::carried;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<global scope="trace">
<string key="concept:name" value=""/>
</global>
<global scope="event">
<string key="concept:name" value=""/>
<date key="time:timestamp" value="1970-01-01T00:00:00Z"/>
</global>
<classifier name="Activity" keys="concept:name"/>
"#;

/// The keys that a trace of ours has; a foreign attribute of the same key steps aside.
const TRACE_KEYS: &[&str] = &[
    "concept:name",
    "etalon:campaign",
    "etalon:caseId",
    "etalon:division",
    "etalon:enterprise",
    "etalon:log",
    "etalon:number",
    "etalon:organisation",
    "etalon:title",
];

/// The keys that an event of ours has.
const EVENT_KEYS: &[&str] =
    &["concept:name", "etalon:actor", "etalon:eventType", "etalon:position", "etalon:recordedAt", "time:timestamp"];

pub(super) struct Traces<W: Write> {
    out: W,
    /// The campaign of the log that was imported first.
    first_import: Option<String>,
    follower: Follower,
    /// What the other tracker says of the case that is being written: it stands with the trace, not with each event.
    of_the_case: BTreeMap<String, String>,
    is_open: bool,
}

impl<W: Write> Traces<W> {
    pub(super) fn begin(mut out: W, log: &ExportedLog) -> Result<Self, WriteError> {
        out.write_all(HEAD.as_bytes())?;
        attribute(&mut out, "string", "etalon:origin", &log.origin)?;
        attribute(&mut out, "int", "etalon:upTo", &log.up_to.to_string())?;
        attribute(&mut out, "date", "etalon:asOf", &log.as_of.to_string())?;
        Ok(Self {
            out,
            first_import: log.first_import.map(|campaign| campaign.to_string()),
            follower: Follower::default(),
            of_the_case: BTreeMap::new(),
            is_open: false,
        })
    }

    pub(super) fn write(&mut self, event: &ExportedEvent<'_>) -> Result<(), WriteError> {
        let (heading, circumstances, step) = self.follower.follow(event)?;
        if step == Step::First {
            if self.is_open {
                self.out.write_all(b"</trace>\n")?;
            }
            self.is_open = true;
            self.of_the_case = circumstances.source.as_ref().map_or_else(BTreeMap::new, of_the_case);
            let name = name_of(heading, self.first_import.as_deref());
            write_heading(&mut self.out, &name, heading, event.case, &self.of_the_case)?;
        }
        write_event(&mut self.out, event, &circumstances, &self.of_the_case)?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, WriteError> {
        if self.is_open {
            self.out.write_all(b"</trace>\n")?;
        }
        self.out.write_all(b"</log>\n")?;
        Ok(self.out)
    }
}

/// What a trace is called. Cases of two logs may have one id there, and tools take traces of one name for one: those of the
/// log that was imported first are called what they were, so that it goes out as it came; those of a later one have its
/// name in front, and so do those of the first whose id is such as another case here may be called by, now or after another
/// import. What is imported later changes no name.
fn name_of<'a>(heading: &'a Heading, first_import: Option<&str>) -> Cow<'a, str> {
    let is_of_the_first = first_import.is_some_and(|first| first == heading.opening.campaign);
    match &heading.foreign {
        None => Cow::Borrowed(&heading.opening.number),
        Some(case) if is_of_the_first && !may_be_anothers(&case.id) => Cow::Borrowed(&case.id),
        Some(ForeignCase { log, id }) => Cow::Owned(format!("{log}: {id}")),
    }
}

/// Whether a case that began here, or one of another log, may be called so: a log's name has no colon.
fn may_be_anothers(id: &str) -> bool {
    CaseNumber::parse(id).is_some() || id.contains(": ")
}

fn of_the_case(source: &Source) -> BTreeMap<String, String> {
    let all = source.attributes.iter().filter(|(name, _)| name.starts_with(CASE_PREFIX));
    all.map(|(name, text)| (name.clone(), text.clone())).collect()
}

fn write_heading(
    out: &mut impl Write,
    name: &str,
    heading: &Heading,
    case: Option<ExportedCase<'_>>,
    of_the_case: &BTreeMap<String, String>,
) -> io::Result<()> {
    let opening = &heading.opening;
    out.write_all(b"<trace>\n")?;
    attribute(out, "string", "concept:name", name)?;
    if let Some(case) = &heading.foreign {
        attribute(out, "string", "etalon:log", &case.log)?;
    }
    attribute(out, "string", "etalon:number", &opening.number)?;
    attribute(out, "id", "etalon:caseId", &heading.case_id)?;
    if let Some(case) = case {
        attribute(out, "string", "etalon:title", case.title)?;
        attribute(out, "string", "etalon:organisation", case.organisation)?;
    }
    attribute(out, "id", "etalon:enterprise", &opening.enterprise)?;
    attribute(out, "id", "etalon:campaign", &opening.campaign)?;
    attribute(out, "string", "etalon:division", &opening.division)?;
    let own = of_the_case.iter().map(|(name, text)| (&name[CASE_PREFIX.len()..], text.as_str()));
    write_foreign(out, own.collect(), TRACE_KEYS)
}

fn write_event(
    out: &mut impl Write,
    event: &ExportedEvent<'_>,
    circumstances: &Circumstances<'_>,
    of_the_case: &BTreeMap<String, String>,
) -> io::Result<()> {
    out.write_all(b"<event>\n")?;
    attribute(out, "string", "concept:name", circumstances.activity(event))?;
    attribute(out, "date", "time:timestamp", &circumstances.occurred_at.to_string())?;
    attribute(out, "int", "etalon:position", &event.position.to_string())?;
    attribute(out, "date", "etalon:recordedAt", &event.recorded_at.to_string())?;
    attribute(out, "string", "etalon:eventType", event.event_type)?;
    match &circumstances.source {
        Some(source) => {
            // Who did it there is among its own attributes, if that log told; here it was the importer.
            attribute(out, "string", "etalon:actor", &circumstances.by)?;
            let mut foreign: BTreeMap<&str, &str> = BTreeMap::new();
            for (name, text) in &source.attributes {
                if of_the_case.get(name) != Some(text) {
                    foreign.insert(name, text);
                }
            }
            // What is sealed stays in the house: a file that went out could not be erased any more.
            let said = source.personal.iter().filter_map(|(name, person)| Some((name.as_str(), person.reveal()?)));
            foreign.extend(said);
            write_foreign(out, foreign, EVENT_KEYS)?;
        }
        None => {
            attribute(out, "string", "org:resource", &circumstances.by)?;
            attribute(out, "string", "lifecycle:transition", "complete")?;
        }
    }
    out.write_all(b"</event>\n")
}

/// Writes another tracker's attributes. One whose key is taken here (that log may have been another Etalon's) bears
/// `source:` in front, and so does what a later event says of the case: readers give an event the attributes of its
/// trace under just that prefix.
fn write_foreign(out: &mut impl Write, foreign: BTreeMap<&str, &str>, taken: &[&str]) -> io::Result<()> {
    for (name, text) in &foreign {
        let mut key = (*name).to_owned();
        let is_taken = |key: &str| taken.contains(&key) || key.starts_with(CASE_PREFIX);
        while is_taken(&key) || (key != *name && foreign.contains_key(key.as_str())) {
            key.insert_str(0, SOURCE_PREFIX);
        }
        attribute(out, "string", &key, text)?;
    }
    Ok(())
}

fn attribute(out: &mut impl Write, element: &str, key: &str, value: &str) -> io::Result<()> {
    writeln!(out, r#"<{element} key="{}" value="{}"/>"#, escaped(key), escaped(value))
}

/// Text as the value of an XML attribute. White space is written as references, since XML would make it blanks (XML
/// 1.0, 3.3.3).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            other => escaped.push(carried(other)),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_xml_or_is_visibly_replaced() {
        assert_eq!(escaped("a<b>&\"c\"'\n\t\r测"), "a&lt;b&gt;&amp;&quot;c&quot;'&#10;&#9;&#13;测");
        assert_eq!(escaped("\0\u{1b}\u{ffff}"), "␀␛\u{fffd}");
    }

    #[test]
    fn foreign_keys_step_aside_for_ours() {
        let mut out = Vec::new();
        let foreign =
            BTreeMap::from([("case:product", "3"), ("etalon:position", "1"), ("source:etalon:position", "2")]);
        write_foreign(&mut out, foreign, EVENT_KEYS).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "<string key=\"source:case:product\" value=\"3\"/>\n<string key=\"source:source:etalon:position\" value=\"1\"/>\n<string key=\"source:etalon:position\" value=\"2\"/>\n"
        );
    }
}
