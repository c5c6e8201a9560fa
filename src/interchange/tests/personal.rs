//! What a mapping calls personal is kept apart from what everybody reads.

use std::io::Cursor;

use crate::domain::event::Source;
use crate::interchange::format::Format;
use crate::interchange::mapping::Mapping;
use crate::interchange::read::open;

const EXAMPLE: &str = include_str!("../../../schema/mappings/example-csv.toml");
const BPIC2013: &str = include_str!("../../../schema/mappings/bpic2013.toml");

/// What becomes of the only event of a line, where these are personal.
fn source_of_line(line: &str, personal: &str) -> Source {
    let mapping = EXAMPLE.replace(r#"format = "%d.%m.%Y %H:%M""#, "").replace("[\"changed_by\"]", personal);
    source_of(&line.replace('\n', ""), Format::Jsonl, &mapping)
}

fn source_of(log: &str, format: Format, mapping: &str) -> Source {
    let mapping = Mapping::parse("my.toml", mapping).unwrap();
    let event = open(Cursor::new(log.to_owned()), format, &mapping.columns).unwrap().next().unwrap().unwrap();
    mapping.plan(&event).unwrap().source
}

fn kept(source: &Source) -> Vec<&str> {
    source.attributes.keys().map(String::as_str).collect()
}

fn apart(source: &Source) -> Vec<(&str, &str)> {
    source.personal.iter().map(|(name, text)| (name.as_str(), text.reveal().unwrap())).collect()
}

#[test]
fn what_is_within_a_person_or_said_by_a_trace_is_kept_apart_too() {
    let line = r#"{"ticket":"T-1","company":"Delta","status":"new","changed":"2012-05-10T23:26:15Z","authors":"two","case:creator":"Sun Qi",
        "author":{"name":"Li Wei","mail":"li@x.cn","titles":[]},"assignees":["Zhao Liu",""]}"#;
    let source = source_of_line(line, "[\"author\", \"assignees\", \"creator\"]");
    assert_eq!(kept(&source), ["assignees/1", "author/titles", "authors", "company"]);
    let expected = [
        ("assignees/0", "Zhao Liu"),
        ("author/mail", "li@x.cn"),
        ("author/name", "Li Wei"),
        ("case:creator", "Sun Qi"),
    ];
    assert_eq!(apart(&source), expected);
}

#[test]
fn a_person_in_every_item_of_a_list_is_kept_apart_whichever_is_listed() {
    let line = r#"{"ticket":"T-1","company":"Delta","status":"new","changed":"2012-05-10T23:26:15Z",
        "comments":[{"author":"Li Wei","text":"seen"},{"author":"Zhao Liu","text":"done"}]}"#;
    for listed in ["[\"comments/author\"]", "[\"comments/0/author\"]", "[\"comments/7/author\"]"] {
        let source = source_of_line(line, listed);
        assert_eq!(kept(&source), ["comments/0/text", "comments/1/text", "company"], "{listed}");
        let expected = [("comments/0/author", "Li Wei"), ("comments/1/author", "Zhao Liu")];
        assert_eq!(apart(&source), expected, "{listed}");
    }
    let mapping = EXAMPLE.replace("[\"changed_by\"]", "[\"comments/0/author\"]");
    let mapping = mapping.replace("title = \"{subject}\"", "title = \"{comments/1/author}\"");
    let said = Mapping::parse("my.toml", &mapping).unwrap_err().to_string();
    assert!(said.contains("`case.title`: `comments/1/author` is listed as personal by `comments/author`"), "{said}");
}

#[test]
fn what_a_log_says_of_a_person_is_kept_apart_as_it_was_written() {
    let paragraphs = format!(" Li Wei\\n\\u202e{}\\t", "测".repeat(201));
    let line = format!(
        r#"{{"ticket":"T-1","company":"Delta","status":"new","changed":"2012-05-10T23:26:15Z","author":{{"about":"{paragraphs}","phone":" "}}}}"#
    );
    let source = source_of_line(&line, "[\"author\"]");
    assert_eq!(kept(&source), ["author/phone", "company"], "a blank names nobody");
    let said = format!(" Li Wei\n\u{202e}{}\t", "测".repeat(201));
    assert_eq!(apart(&source), [("author/about", said.as_str())]);
}

/// Our own export has what a later event says of its case under a name of its own.
#[test]
fn a_person_of_a_case_is_kept_apart_in_an_export_of_ours_too() {
    let log = r#"<log><trace><string key="concept:name" value="1"/><event><string key="concept:name" value="Queued"/>
        <date key="time:timestamp" value="2012-01-01T00:00:00Z"/><string key="source:case:creator" value="Sun Qi"/>
        <string key="source:concept:name" value="Queued there"/></event></trace></log>"#;
    for listed in ["[\"creator\"]", "[\"case:creator\"]"] {
        let source = source_of(log, Format::Xes, &BPIC2013.replace("[\"org:resource\"]", listed));
        assert_eq!(apart(&source), [("source:case:creator", "Sun Qi")], "{listed}");
        assert_eq!(source.attributes["source:concept:name"], "Queued there");
    }
}
