//! XES: what is read, and what is said of a file that is none.

use super::*;
use crate::interchange::read::Place;

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
        (r#"<event><string key="concept:name" value="Queued"/></event>"#, "no time: the attribute `time:timestamp`"),
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
fn two_traces_with_one_case_id_do_not_become_one_case() {
    let named = |attributes: &str| {
        format!(r#"<trace><string key="concept:name" value="c1"/>{attributes}{EVENT}{EVENT}</trace>"#)
    };
    let log = format!("<log>{}{}</log>", named(r#"<id key="id" value="1"/>"#), named(r#"<id key="id" value="2"/>"#));
    let told: Vec<_> = read(log.as_bytes(), Format::Xes)
        .iter()
        .map(|event| event.as_ref().map_or_else(ToString::to_string, |event| format!("{} {}", event.case, event.index)))
        .collect();
    let second = "trace 1 has the same case id, and two cases would become one: give this one another name in the file; or, \
                  where nothing of this log has come in yet, make `case.id` in the mapping of what tells them apart: with \
                  another `case.id` every case comes in anew";
    assert_eq!(told[..2], ["c1 0", "c1 1"]);
    assert_eq!(told[2..], [format!("trace 2, event 1: {second}"), format!("trace 2, event 2: {second}")]);

    // What tells them apart may be another attribute, or one of the event, by which a case may have several traces.
    for (case, cases) in [("{case:concept:name}/{case:id}", ["c1/1", "c1/2"]), ("{concept:name}", ["Queued", "Queued"])]
    {
        let columns = Columns { case: Template::parse(case).unwrap(), ..xes_columns() };
        let events = open(Cursor::new(log.clone()), Format::Xes, &columns).unwrap().map(Result::unwrap);
        let read: Vec<_> = events.map(|event| event.case).collect();
        assert_eq!(read, [cases[0], cases[0], cases[1], cases[1]]);
    }
}

#[test]
fn what_cannot_be_read_past_ends_the_log() {
    let nested = format!("<event>{}", r#"<string key="a" value="b">"#.repeat(40));
    let endless = format!("<event><!--{}-->", "x".repeat(9 << 20));
    for (log, said) in [
        (trace("<event></trace>"), "expected `</event>`"),
        (trace("<event>").replace("</trace></log>", ""), "the file ends in the middle"),
        (trace("<event><string key=\"a\" value=\"b/></event>"), "attribute value not closed"),
        (trace("<event>text</event>"), "text stands between elements"),
        (trace("<event>&bomb;</event>"), "text stands between elements"),
        (trace("<event><string key=\"a\" value=\"&bomb;\"/></event>"), "bomb"),
        (trace(&format!("{EVENT}<string key=\"late\" value=\"a\"/>")), "has to come before its events"),
        (trace(&nested), "nested deeper than 32 levels"),
        (trace(&endless), "trace 1, event 1: the event takes up more than 8388608 bytes: no event may be larger"),
        (trace(&format!("{EVENT}{endless}")), "trace 1, event 2: the event takes up more than"),
        (
            trace(&format!("<string key=\"long\" value=\"{}\"/>", "v".repeat(9 << 20))),
            "trace 1: what stands before its first event takes up more than",
        ),
        (format!("<log>{}", " ".repeat(9 << 20)), "what stands before its first event takes up more than"),
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
fn what_cannot_be_read_past_is_told_with_its_line_in_the_file() {
    let log = trace(&format!("\n{EVENT}\r\n<event>\n\n  text</event>"));
    let said = message(log.as_bytes(), Format::Xes);
    assert_eq!(said, "trace 1, event 2: text stands between elements: \"text\" (line 5 of the file)");
    let said = message(b"\n\n<html>\n</html>", Format::Xes);
    assert!(said.starts_with("the file begins with <html>") && said.ends_with(" (line 3 of the file)"), "{said}");
}

#[test]
fn what_is_wrong_in_one_event_is_told_with_its_line_in_the_file() {
    let bad = "<event>\n<string value=\"a\"/>\n</event>";
    let log = trace(&format!("\n{EVENT}\r\n{bad}\n\n{bad}{EVENT}"));
    let read = read(log.as_bytes(), Format::Xes);
    let said: Vec<_> = read[1..3].iter().map(|event| event.as_ref().unwrap_err().to_string()).collect();
    let [second, third] = [(2, 3), (3, 7)]
        .map(|(event, line)| format!("trace 1, event {event}: a <string> has no key (line {line} of the file)"));
    assert_eq!(said, [second, third]);
    assert!(read.len() == 4 && read[3].is_ok());
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
    let case: String = (0..3).map(|n| format!("<string key=\"a{n}\" value=\"{}\"/>", "v".repeat(500_000))).collect();
    let said = message(trace(&format!("{case}{EVENT}")).as_bytes(), Format::Xes);
    assert!(said.contains("have more than 1048576 bytes together"), "{said}");
}

#[test]
fn what_a_trace_says_of_its_case_fills_no_log_by_its_events() {
    let long = "x".repeat(1_000_000);
    let case =
        |name| format!(r#"<trace><string key="concept:name" value="{name}"/><string key="note" value="{long}"/>"#);
    let log = format!("<log>{}{}</trace>{}{EVENT}</trace></log>", case("c1"), EVENT.repeat(69), case("c2"));
    let mut come_in = Vec::new();
    let mut told = Vec::new();
    for event in opened(log.as_bytes(), Format::Xes).unwrap() {
        match event {
            Ok(event) => come_in.push(event.place),
            Err(error) => told.push(error),
        }
    }
    // 67 times a million bytes are within 64 MiB, and each trace has its own.
    let places: Vec<_> = (1..=67).map(|event| Place::Event { trace: 1, event }).collect();
    assert_eq!(come_in, [places, vec![Place::Event { trace: 2, event: 1 }]].concat());
    let first = told[0].to_string();
    assert!(first.starts_with("trace 1, event 68: what the trace says of its case comes in with each"), "{first}");
    assert!(told.len() == 2 && told.iter().all(ReadError::concerns_one_event), "{told:?}");
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
