//! JSON Lines: what is read, and what is said of lines that are none.

use super::*;

#[test]
fn lines_are_events_and_nested_members_have_paths() {
    let log = concat!(
        r#"{"ticket":"A","action":"报\u544a","when":"2012-03-15","n":1.20,"big":12345678901234567890123,"no":null,"deep":{"list":["x",{"y":true}],"none":{},"nothing":[ ]}}"#,
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
    assert_eq!(events[0].empty, ["deep/none", "deep/nothing"].map(str::to_owned).into());
}

#[test]
fn a_bad_line_is_named_and_the_next_ones_are_read() {
    for (bad, said) in [
        (&b"{\"ticket\":\"A\""[..], "line 2: the line is no JSON object: EOF while parsing an object at column 13"),
        (
            r#"{"ticket":"A","测":{"note":"a\ud800b"}}"#.as_bytes(),
            "line 2: `测/note`: unexpected end of hex escape at column 35",
        ),
        (b"[1]", "line 2: the line is no JSON object: invalid type: sequence, expected an object"),
        (b"{\"a\":1,\"a\":2}", "line 2: the member `a` stands there twice"),
        (b"{\"a\":{\"b\":1},\"a/b\":2}", "line 2: the member `a/b` stands there twice"),
        (b"{\"a\":[],\"a\":{}}", "line 2: the member `a` stands there twice"),
        (b"{\"a\":\"\xff\"}", "line 2: the line is not UTF-8"),
        (b"{\"action\":\"a\",\"when\":\"2012-03-15\"}", "line 2: no case id"),
        (br#"{"ticket":"A","note":"a\u0000b"}"#, "line 2: the attribute `note` has the character U+0000"),
        (br#"{"ticket":"A","a":{"\u0000":[]}}"#, "line 2: the attribute `a/\\0` has the character U+0000"),
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
    let good = r#"{"ticket":"A","action":"a","when":"2012-03-15"}"#;
    let around = read(format!("{long}\n{good}\n{long}{long}").as_bytes(), Format::Jsonl);
    let told: Vec<_> = around
        .iter()
        .map(|event| event.as_ref().map_or_else(ToString::to_string, |event| event.place.to_string()))
        .collect();
    let large = |line| format!("line {line}: the line takes up more than 1048576 bytes: no event may be larger");
    assert_eq!(told, [large(1), "line 2".to_owned(), large(3)]);
    // A quarter of a megabyte, which would take 10 GB: every item has the long name before it.
    let named = format!("{{\"{}\":[{}0]}}", "k".repeat(100_000), "0,".repeat(100_000));
    let read = read(format!("{named}\n{good}").as_bytes(), Format::Jsonl);
    let heavy = read[0].as_ref().unwrap_err();
    assert!(heavy.to_string().contains("named by its whole path, have more than 1048576 bytes"), "{heavy}");
    assert!(heavy.concerns_one_event() && read[1].is_ok());
}
