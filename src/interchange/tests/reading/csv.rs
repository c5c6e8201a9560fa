//! CSV: what is read, and what is said of rows that are none.

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
fn a_row_with_text_behind_a_closing_quotation_mark_is_bad() {
    let log = "ticket;action;when\nA;\"abc\"def \"x\";2012-03-15\nA;\"of\ntwo\"b;2012-03-15\nA;\"abc\"\"def \"\"x\";2012-03-15";
    let told = told(log);
    let said =
        "text stands behind a closing quotation mark: a mark that is part of a quoted text has to stand there twice";
    assert_eq!(told, [format!("line 2: {said}"), format!("line 3: {said}"), "line 5: abc\"def \"x".to_owned()]);
}

#[test]
fn a_header_that_names_no_columns_is_refused() {
    for (log, said) in [
        (&b""[..], "the file is empty"),
        (b"a;;b", "line 1: column 2 has no name"),
        (b"a;b;a", "line 1: two columns are named `a`"),
        (b"\xb2", "line 1: the header is not UTF-8"),
        (b"\"a\"b;c", "line 1: text stands behind a closing quotation mark"),
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

/// What becomes of each row: its line and what was done, or what is said of it.
fn told(log: &str) -> Vec<String> {
    let told = |event: Result<ForeignEvent, ReadError>| match event {
        Ok(event) => format!("{}: {}", event.place, event.activity),
        Err(error) => error.to_string(),
    };
    read(log.as_bytes(), Format::Csv).into_iter().map(told).collect()
}

#[test]
fn rows_are_named_by_their_lines_whatever_ends_them() {
    let log = "ticket;action;when;note\n\n\nA;a;2012-03-15;\n\nA;b;soon;\nA;c;2012-03-15;\"of\ntwo\"\nA;d;soon;\n";
    let said = ["line 4: a", "line 6: `when`: ", "line 7: c", "line 9: `when`: "];
    let (header, rows) = log.split_once('\n').unwrap();
    for line_break in ["\n", "\r\n", "\r"] {
        let rows = rows.replace('\n', line_break);
        // The header may come from another program.
        for behind_header in ["\n", "\r\n", line_break] {
            let told = told(&format!("{header}{behind_header}{rows}"));
            assert_eq!(told.len(), said.len(), "{told:?}");
            for (told, said) in told.iter().zip(said) {
                assert!(told.starts_with(said), "{line_break:?} behind {behind_header:?}: {told}");
            }
        }
    }
}

#[test]
fn a_row_that_is_too_large_is_passed_over() {
    let large = "x\n".repeat(1 << 20);
    let log = format!(
        "ticket;action;when\nA;\"{large}\";2012-03-15\nA;b;2012-03-15\n{};c\nA;d;2012-03-15\n",
        "y".repeat(1 << 20)
    );
    let told = told(&log);
    let end = 2 + (1 << 20);
    let said = "takes up more than 1048576 bytes: no event may be larger";
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].starts_with(&format!("line 2: the row, which ends in line {end}, {said}")), "{}", told[0]);
    assert_eq!(told[1], format!("line {}: b", end + 1));
    assert!(told[2].starts_with(&format!("line {0}: the row, which ends in line {0}, {said}", end + 2)), "{}", told[2]);
    assert_eq!(told[3], format!("line {}: d", end + 3));
    let header = message(large.replace('\n', "").as_bytes(), Format::Csv);
    assert!(header.starts_with("line 1: the header takes up more than 1048576 bytes"), "{header}");
}

#[test]
fn the_names_of_columns_count_in_each_row_that_has_something_in_them() {
    let long = "n".repeat(1_000);
    let named = |name: &str| format!("ticket;action;when;{name}\nA;a;2012-03-15;x\n");
    assert_eq!(told(&named(&long)), ["line 2: a"]);
    let said = message(named(&format!("{long}n")).as_bytes(), Format::Csv);
    assert!(said.starts_with("line 1: the name of column 4 has 1001 bytes in the header: at most 1000"), "{said}");

    // With their names, which have 1,047,016 bytes, the third row would have more than an event may have, by one.
    let names: String = (0..1_047).map(|n| format!(";{n:0>1000}")).collect();
    let (full, empty) = (";x".repeat(1_047), ";".repeat(1_047));
    let row = |action: &str, rest: &str| format!("A;{action};2012-03-15{rest}\n");
    let most = format!("{full}{}", "y".repeat(501));
    let rows = [row("a", &empty), row("b", &most), row("c", &format!("{most}y")), row("d", &empty)];
    let read = read(format!("ticket;action;when{names}\n{}", rows.concat()).as_bytes(), Format::Csv);
    assert!(read.len() == 4 && read[1].is_ok(), "{:?}", read[1]);
    let heavy = read[2].as_ref().unwrap_err();
    assert!(heavy.to_string().starts_with("line 4: the attributes, each named"), "{heavy}");
    assert!(heavy.concerns_one_event());
    assert_eq!(read[3].as_ref().unwrap().index, 3, "it keeps its place");
}

#[test]
fn a_quotation_mark_that_is_never_closed_ends_the_log() {
    for text in ["x".repeat(1 << 21), "x\nA;b;2012-03-15\n".to_owned()] {
        let log = format!("ticket;action;when\nA;a;2012-03-15\nA;\"{text}");
        let read = read(log.as_bytes(), Format::Csv);
        assert_eq!(read.len(), 2);
        let error = read[1].as_ref().unwrap_err();
        assert_eq!(error.to_string(), "line 3: a quotation mark is opened here or before and never closed");
        assert!(!error.concerns_one_event());
    }
    // Within a field that does not begin with it, it is a character as any other.
    assert_eq!(told("ticket;action;when\nA;3\" gauge;2012-03-15"), ["line 2: 3\" gauge"]);
}
