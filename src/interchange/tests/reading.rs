//! Logs as files: what is read, and what is said of a file that is not what it should be.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::tz::offset;

use crate::interchange::format::Format;
use crate::interchange::read::error::ReadError;
use crate::interchange::read::moment::TimeFormat;
use crate::interchange::read::{Columns, Events, ForeignEvent, open};
use crate::interchange::template::Template;

fn xes_columns() -> Columns {
    Columns {
        case: Template::parse("{case:concept:name}").unwrap(),
        activity: "concept:name".to_owned(),
        at: "time:timestamp".to_owned(),
        time: TimeFormat::default(),
        delimiter: b',',
    }
}

fn table_columns() -> Columns {
    Columns {
        case: Template::parse("{ticket}").unwrap(),
        activity: "action".to_owned(),
        at: "when".to_owned(),
        time: TimeFormat { pattern: None, offset: Some(offset(8)) },
        delimiter: b';',
    }
}

fn opened(bytes: &[u8], format: Format) -> Result<Events, ReadError> {
    let columns = match format {
        Format::Xes => xes_columns(),
        Format::Csv | Format::Jsonl => table_columns(),
    };
    open(Cursor::new(bytes.to_vec()), format, &columns)
}

fn read(bytes: &[u8], format: Format) -> Vec<Result<ForeignEvent, ReadError>> {
    opened(bytes, format).unwrap().collect()
}

fn events(bytes: &[u8], format: Format) -> Vec<ForeignEvent> {
    read(bytes, format).into_iter().map(Result::unwrap).collect()
}

/// The message of the only error, which is the last thing read.
fn message(bytes: &[u8], format: Format) -> String {
    match opened(bytes, format) {
        Err(error) => error.to_string(),
        Ok(events) => {
            let mut errors: Vec<_> = events.filter_map(Result::err).collect();
            assert_eq!(errors.len(), 1, "{errors:?}");
            errors.pop().unwrap().to_string()
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn trace(inside: &str) -> String {
    format!(r#"<log><trace><string key="concept:name" value="c1"/>{inside}</trace></log>"#)
}

const EVENT: &str = r#"<event><string key="concept:name" value="Queued"/><date key="time:timestamp" value="2012-03-15T11:53:52+01:00"/></event>"#;

mod xes {
    use super::*;

    #[test]
    fn events_come_with_their_case_in_the_order_of_the_file() {
        let log = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <!-- a comment --><x:log xmlns:x="http://www.xes-standard.org/" xes.version="1.0">
            <x:extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
            <x:global scope="event"><x:string key="impact" value="UNKNOWN"/></x:global>
            <x:classifier name="Activity" keys="concept:name"/>
            <x:float key="statistics" value="1"><x:float key="nested" value="2"/></x:float>
            <x:trace><x:string key="concept:name" value="c1"/><x:string key="product" value="P &amp; Q&#10;&#x6d4b;"/>{EVENT}{EVENT}</x:trace>
            <x:trace/><x:trace><x:string key="concept:name" value="c3"/></x:trace>
            <x:trace><x:string key="concept:name" value="c2"/>{EVENT}</x:trace></x:log>"#
        );
        let mut read = opened(log.as_bytes(), Format::Xes).unwrap();
        let events: Vec<_> = read.by_ref().map(Result::unwrap).collect();
        let places: Vec<_> =
            events.iter().map(|event| (event.case.as_str(), event.index, event.place.to_string())).collect();
        assert_eq!(
            places,
            [
                ("c1", 0, "trace 1, event 1".to_owned()),
                ("c1", 1, "trace 1, event 2".to_owned()),
                ("c2", 0, "trace 4, event 1".to_owned()),
            ]
        );
        assert_eq!(read.empty_cases(), 2);
        assert_eq!(read.cases(), 2);
        assert_eq!(events[0].activity, "Queued");
        assert_eq!(events[0].at.to_string(), "2012-03-15T10:53:52Z");
        assert_eq!(events[0].attributes["case:product"], "P & Q\n测");
        assert!(!events[0].attributes.contains_key("impact"), "a global is no record");
    }

    #[test]
    fn nested_attributes_lists_and_all_types_are_kept_as_text() {
        let event = trace(
            r#"<event><string key="concept:name" value="Queued"/><date key="time:timestamp" value="2012-03-15T11:53:52Z"/>
            <int key="count" value="007"/><float key="cost" value="1.20"/><boolean key="late" value="true"/><id key="id" value="x"/>
            <string key="owner" value="a"><string key="country" value="se"/></string>
            <list key="tags"><string key="by" value="us"/><values><string key="tag" value="1"/><string key="tag" value="2"/></values></list>
            <container key="box"><string key="in" value="3"/></container><list key="none"><values/></list></event>"#,
        );
        let event = &events(event.as_bytes(), Format::Xes)[0];
        let attributes: Vec<_> = event.attributes.iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(
            attributes,
            [
                "box/0/in=3",
                "case:concept:name=c1",
                "concept:name=Queued",
                "cost=1.20",
                "count=007",
                "id=x",
                "late=true",
                "none=",
                "owner=a",
                "owner/country=se",
                "tags/0/tag=1",
                "tags/1/tag=2",
                "tags/by=us",
                "time:timestamp=2012-03-15T11:53:52Z",
            ]
        );
    }

    #[test]
    fn one_bad_event_is_named_and_the_next_ones_keep_their_places() {
        for (bad, said) in [
            (
                r#"<event><string key="concept:name" value="Queued"/></event>"#,
                "no time: the attribute `time:timestamp`",
            ),
            (
                r#"<event><date key="time:timestamp" value="2012-03-15T11:53:52Z"/></event>"#,
                "no activity: the attribute `concept:name`",
            ),
            (r#"<event/>"#, "no activity"),
            (
                r#"<event><string key="concept:name" value="a"/><string key="concept:name" value="b"/></event>"#,
                "`concept:name` stands there twice",
            ),
            (r#"<event><string value="a"/></event>"#, "a <string> has no key"),
            (r#"<event><string key="a"/></event>"#, "the attribute `a` has no value"),
            (r#"<event><complex key="a" value="b"/></event>"#, "<complex> is no attribute"),
            (
                r#"<event><string key="concept:name" value="a"/><date key="time:timestamp" value="2012-03-15T11:53:52"/></event>"#,
                "utc_offset",
            ),
            (
                r#"<event><string key="concept:name" value="a"/><date key="time:timestamp" value="soon"/></event>"#,
                "\"soon\" is no time",
            ),
        ] {
            let log = trace(&format!("{EVENT}{bad}{EVENT}"));
            let read = read(log.as_bytes(), Format::Xes);
            assert_eq!(read.len(), 3, "{bad}");
            let error = read[1].as_ref().unwrap_err();
            assert!(error.concerns_one_event());
            assert!(error.to_string().starts_with("trace 1, event 2: "), "{error}");
            assert!(error.to_string().contains(said), "{error}");
            assert_eq!(read[2].as_ref().unwrap().index, 2, "{bad}");
        }
    }

    #[test]
    fn a_case_without_an_id_is_named() {
        let log = format!("<log><trace>{EVENT}</trace></log>");
        assert_eq!(
            message(log.as_bytes(), Format::Xes),
            "trace 1, event 1: no case id: the attribute `case:concept:name` is missing or empty"
        );
    }

    #[test]
    fn what_cannot_be_read_past_ends_the_log() {
        let nested = format!("<event>{}", r#"<string key="a" value="b">"#.repeat(40));
        let endless = format!("<event>{}", r#"<string key="a" value="b"/>"#.repeat(60_000));
        for (log, said) in [
            (trace("<event></trace>"), "expected `</event>`"),
            (trace("<event>").replace("</trace></log>", ""), "the file ends in the middle"),
            (trace("<event><string key=\"a\" value=\"b/></event>"), "attribute value not closed"),
            (trace("<event>text</event>"), "text stands between elements"),
            (trace("<event>&bomb;</event>"), "text stands between elements"),
            (trace("<event><string key=\"a\" value=\"&bomb;\"/></event>"), "bomb"),
            (trace(&format!("{EVENT}<string key=\"late\" value=\"a\"/>")), "has to come before its events"),
            (trace(&nested), "nested deeper than 32 levels"),
            (trace(&endless), "takes up more than 1048576 bytes"),
            (format!("<log>{EVENT}</log>"), "an event stands outside of a trace"),
            ("<html></html>".to_owned(), "the file begins with <html>"),
            ("no xml".to_owned(), "text stands between elements"),
            ("<!DOCTYPE log [<!ENTITY a \"b\">]><log/>".to_owned(), "document type (DTD)"),
            ("<?xml version=\"1.0\" encoding=\"GBK\"?><log/>".to_owned(), "encoded in GBK: save it as UTF-8"),
            (String::new(), "no <log>"),
        ] {
            let said_now = message(log.as_bytes(), Format::Xes);
            assert!(said_now.contains(said), "{said_now}");
        }
        assert!(message(b"<log><trace><string key='a' value='\xb2'/>", Format::Xes).contains("UTF-8"));
    }

    #[test]
    fn what_attributes_take_with_their_paths_has_a_limit() {
        let within: String = (0..10_000).map(|n| format!("<id key=\"{n}\" value=\"\"/>")).collect();
        let key = "k".repeat(100_000);
        let heavy = format!("<event><string key=\"{key}\" value=\"a\">{within}</string></event>");
        let read = read(trace(&format!("{heavy}{EVENT}")).as_bytes(), Format::Xes);
        let said = read[0].as_ref().unwrap_err();
        assert!(said.to_string().contains("named by its whole path, have more than 1048576 bytes"), "{said}");
        assert!(said.concerns_one_event() && read[1].is_ok());
        // What a trace says of its case is said of each of its events.
        let case: String =
            (0..3).map(|n| format!("<string key=\"a{n}\" value=\"{}\"/>", "v".repeat(500_000))).collect();
        let said = message(trace(&format!("{case}{EVENT}")).as_bytes(), Format::Xes);
        assert!(said.contains("have more than 1048576 bytes together"), "{said}");
    }

    #[test]
    fn a_gzip_cut_off_or_damaged_tells_what_it_came_after() {
        let log = gzip(trace(&EVENT.repeat(3)).as_bytes());
        assert_eq!(events(&log, Format::Xes).len(), 3);
        let cut = message(&log[..log.len() - 4], Format::Xes);
        assert_eq!(cut, "the gzip data is cut off or damaged after trace 1, event 3");
        let mut damaged = log.clone();
        let checksum = log.len() - 8;
        damaged[checksum] ^= 1;
        assert_eq!(message(&damaged, Format::Xes), cut);
        assert_eq!(message(&log[..12], Format::Xes), "the gzip data is cut off or damaged before its first event");
    }
}

mod csv {
    use super::*;

    #[test]
    fn rows_are_events_and_empty_fields_say_nothing() {
        let log = "\u{feff}ticket;action;when;note\r\nA-1;报告;2012-03-15 11:53;\"two\nlines; \"\"quoted\"\"\"\r\nB-1;open;2012-03-15T11:53:52Z;\r\nA-1;close;2012-03-16 08:00;x";
        let events = events(&gzip(log.as_bytes()), Format::Csv);
        let short: Vec<_> = events
            .iter()
            .map(|event| (event.case.as_str(), event.index, event.activity.as_str(), event.place.to_string()))
            .collect();
        assert_eq!(
            short,
            [
                ("A-1", 0, "报告", "line 2".to_owned()),
                ("B-1", 0, "open", "line 4".to_owned()),
                ("A-1", 1, "close", "line 5".to_owned()),
            ]
        );
        assert_eq!(events[0].attributes["note"], "two\nlines; \"quoted\"");
        assert_eq!(events[0].at.to_string(), "2012-03-15T03:53:00Z");
        assert!(!events[1].attributes.contains_key("note"));
    }

    #[test]
    fn a_bad_row_is_named_by_its_line_and_the_next_ones_keep_their_places() {
        let log = b"ticket;action;when\nA;a;2012-03-15\nA;b\nA;c;2012-03-15;more\nA;\xb2;2012-03-15\n;d;2012-03-15\nA;e;2012-03-16\n";
        let read = read(log, Format::Csv);
        let said: Vec<_> = read
            .iter()
            .map(|event| {
                event.as_ref().map_or_else(ToString::to_string, |event| format!("{} {}", event.index, event.activity))
            })
            .collect();
        assert_eq!(
            said,
            [
                "0 a",
                "line 3: the row has 2 fields, the header 3: is the delimiter right, are quotation marks closed?",
                "line 4: the row has 4 fields, the header 3: is the delimiter right, are quotation marks closed?",
                "line 5: the field `action` is not UTF-8: save the file as UTF-8",
                "line 6: no case id: the attribute `ticket` is missing or empty",
                "4 e",
            ]
        );
    }

    #[test]
    fn a_header_that_names_no_columns_is_refused() {
        for (log, said) in [
            (&b""[..], "the file is empty"),
            (b"a;;b", "line 1: column 2 has no name"),
            (b"a;b;a", "line 1: two columns are named `a`"),
            (b"\xb2", "line 1: the header is not UTF-8"),
            (b"a\nb;c\n\"d", "a quotation mark is opened"),
        ] {
            let said_now = read_all_messages(log);
            assert!(said_now.contains(said), "{said_now}");
        }
    }

    fn read_all_messages(log: &[u8]) -> String {
        match opened(log, Format::Csv) {
            Err(error) => error.to_string(),
            Ok(events) => events.filter_map(Result::err).map(|error| error.to_string()).collect::<Vec<_>>().join("\n"),
        }
    }

    #[test]
    fn a_row_without_an_end_is_stopped() {
        let log = format!("ticket;action;when\nA;a;2012-03-15\nA;\"{}", "x".repeat(1 << 21));
        assert!(message(log.as_bytes(), Format::Csv).contains("after line 2 takes up more than 1048576 bytes"));
    }
}

mod jsonl {
    use super::*;

    #[test]
    fn lines_are_events_and_nested_members_have_paths() {
        let log = concat!(
            r#"{"ticket":"A","action":"报\u544a","when":"2012-03-15","n":1.20,"big":12345678901234567890123,"no":null,"deep":{"list":["x",{"y":true}],"none":{}}}"#,
            "\r\n\n",
            r#"{"ticket":"A","action":"b","when":"2012-03-15T00:00:00Z"}"#
        );
        let events = events(log.as_bytes(), Format::Jsonl);
        assert_eq!(events[1].place.to_string(), "line 3");
        assert_eq!(events[1].index, 1);
        let attributes: Vec<_> = events[0].attributes.iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(
            attributes,
            [
                "action=报告",
                "big=12345678901234567890123",
                "deep/list/0=x",
                "deep/list/1/y=true",
                "n=1.20",
                "ticket=A",
                "when=2012-03-15",
            ]
        );
    }

    #[test]
    fn a_bad_line_is_named_and_the_next_ones_are_read() {
        for (bad, said) in [
            (&b"{\"ticket\":\"A\""[..], "line 2: the line is no JSON object: EOF"),
            (b"[1]", "line 2: the line is no JSON object: invalid type: sequence, expected an object"),
            (b"{\"a\":1,\"a\":2}", "line 2: the member `a` stands there twice"),
            (b"{\"a\":{\"b\":1},\"a/b\":2}", "line 2: the member `a/b` stands there twice"),
            (b"{\"a\":\"\xff\"}", "line 2: the line is not UTF-8"),
            (b"{\"action\":\"a\",\"when\":\"2012-03-15\"}", "line 2: no case id"),
            (br#"{"ticket":"A","note":"a\u0000b"}"#, "line 2: the attribute `note` has the character U+0000"),
            (br#"{"ticket":"A","a":[{"\u0000":"b"}]}"#, "line 2: the attribute `a/0/\\0` has the character U+0000"),
        ] {
            let good = r#"{"ticket":"A","action":"a","when":"2012-03-15"}"#;
            let log = [good.as_bytes(), bad, good.as_bytes()].join(&b'\n');
            let read = read(&log, Format::Jsonl);
            assert_eq!(read.len(), 3);
            let error = read[1].as_ref().unwrap_err();
            assert!(error.to_string().starts_with(said), "{error}");
            assert!(error.concerns_one_event());
        }
    }

    #[test]
    fn depth_and_length_have_their_limits() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(40), "]".repeat(40));
        assert!(message(deep.as_bytes(), Format::Jsonl).contains("nested deeper than 32 levels"));
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
        assert!(message(long.as_bytes(), Format::Jsonl).contains("before its first event takes up more than"));
        // A quarter of a megabyte, which would take 10 GB: every item has the long name before it.
        let named = format!("{{\"{}\":[{}0]}}", "k".repeat(100_000), "0,".repeat(100_000));
        let good = r#"{"ticket":"A","action":"a","when":"2012-03-15"}"#;
        let read = read(format!("{named}\n{good}").as_bytes(), Format::Jsonl);
        let heavy = read[0].as_ref().unwrap_err();
        assert!(heavy.to_string().contains("named by its whole path, have more than 1048576 bytes"), "{heavy}");
        assert!(heavy.concerns_one_event() && read[1].is_ok());
    }
}

#[test]
fn the_digest_of_an_event_is_about_what_the_file_says() {
    let log = trace(EVENT);
    let event = &events(log.as_bytes(), Format::Xes)[0];
    let changed = &events(log.replace("Queued", "Closed").as_bytes(), Format::Xes)[0];
    assert_eq!(event.digest(), events(gzip(log.as_bytes()).as_slice(), Format::Xes)[0].digest());
    assert_ne!(event.digest(), changed.digest());
}
