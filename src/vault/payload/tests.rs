use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::vault::reference::{Digest, KeyId, commitment};

fn reference(value: &str) -> Reference {
    Reference {
        key: KeyId(Uuid::from_u128(10)),
        commitment: commitment(&[0; 32], value),
        ciphertext: Digest([value.len() as u8; 32]),
    }
}

fn text_of(value: &str) -> String {
    serde_json::to_string(&reference(value)).expect("text")
}

/// Seals with references that this remembers the values of.
fn remembering(payload: &str) -> (String, HashMap<Reference, String>) {
    let mut values = HashMap::new();
    let sealed = sealed(payload, |value| {
        values.insert(reference(value), value.to_owned());
        reference(value)
    });
    (sealed.expect("sealed").into_owned(), values)
}

#[test]
fn values_are_replaced_and_every_other_byte_stays() {
    let payload = r#"{"b":1.50,"name":{"$p":{"v":"王\"建国"}}, "a":[{"$p":{"v":""}},{"$p":{"v":"x"}}],"b":1e2 }"#;
    let (sealed, values) = remembering(payload);
    assert_eq!(
        sealed,
        format!(r#"{{"b":1.50,"name":{}, "a":[{},{}],"b":1e2 }}"#, text_of("王\"建国"), text_of(""), text_of("x"))
    );
    assert_eq!(references(&sealed).expect("read"), ["王\"建国", "", "x"].map(reference));
    assert_eq!(opened(&sealed, |reference| values.get(reference).cloned()).expect("opened"), payload);
    assert_eq!(opened(&sealed, |_| None).expect("opened"), sealed);
    let partly = opened(&sealed, |found| (*found == reference("x")).then(|| "x".to_owned())).expect("opened");
    assert_eq!(partly, sealed.replace(&text_of("x"), r#"{"$p":{"v":"x"}}"#));
}

#[test]
fn a_payload_without_marks_is_not_touched() {
    for payload in [
        "",
        "not JSON",
        r#"{"a":1}"#,
        r#"{"v":"x","k":"$p"}"#,
        r#"["$p","\"$p\":","\\\"$p",{"a":"$p"},"{\"$p\":{\"v\":\"x\"}}"]"#,
        r#"{"$pp":1,"x$p":{"v":1}}"#,
        r#"{"\"$p":{"v":"x"},"a\\\"$p" :1}"#,
        // What others name so.
        r#"{"$p":"x"}"#,
        r#"{"a":"1","$p" : "{\"v\":\"x\"}"}"#,
        r#"[{"$p":null},{"$p":[]},{"$p":1}]"#,
    ] {
        let sealed = sealed(payload, |_| unreachable!("no value")).expect("sealed");
        assert!(matches!(sealed, Cow::Borrowed(same) if same == payload), "{payload}");
        let opened = opened(payload, |_| unreachable!("no reference")).expect("opened");
        assert!(matches!(opened, Cow::Borrowed(same) if same == payload), "{payload}");
        assert_eq!(references(payload), Ok(vec![]));
        assert!(matches!(without_values(payload), Ok(Cow::Borrowed(same)) if same == payload), "{payload}");
        assert!(!has_marks(payload), "{payload}");
    }
}

#[test]
fn a_name_like_that_of_a_mark_hides_none() {
    let payload = r#"{"attributes":{"$p":"x"},"personal":{"$p":{"$p":{"v":"王"}},"z":{"$p":{"v":"y"}}}}"#;
    assert!(has_marks(payload));
    let (sealed, values) = remembering(payload);
    let expected = r#"{"attributes":{"$p":"x"},"personal":{"$p":1,"z":2}}"#;
    assert_eq!(sealed, expected.replace('1', &text_of("王")).replacen(":2", &format!(":{}", text_of("y")), 1));
    assert_eq!(opened(&sealed, |reference| values.get(reference).cloned()).expect("opened"), payload);
    let bare = expected.replace('1', r#"{"$p":{}}"#).replacen(":2", r#":{"$p":{}}"#, 1);
    assert_eq!(without_values(payload).expect("bare"), bare);
    assert_eq!(without_values(&sealed).expect("bare"), sealed, "a reference says nothing");
}

#[test]
fn what_is_sealed_is_not_sealed_again() {
    let (sealed_once, _) = remembering(r#"{"a":{"$p":{"v":"x"}}}"#);
    assert!(matches!(sealed(&sealed_once, |_| unreachable!("no value")), Ok(Cow::Borrowed(_))));
    let both = format!(r#"[{},{{"$p":{{"v":"y"}}}}]"#, text_of("x"));
    assert_eq!(remembering(&both).0, format!("[{},{}]", text_of("x"), text_of("y")));
    assert_eq!(references(&both), Ok(vec![reference("x")]));
    assert!(matches!(opened(r#"{"$p":{"v":"x"}}"#, |_| unreachable!("no reference")), Ok(Cow::Borrowed(_))));
}

#[test]
fn a_value_may_look_like_a_mark() {
    for value in ["$p", "\"$p\":", r#"{"$p":{"v":"x"}}"#, "\\", "}}"] {
        let payload = format!("[{}]", json!({ "$p": { "v": value } }));
        let (sealed, values) = remembering(&payload);
        assert_eq!(sealed, format!("[{}]", text_of(value)));
        assert_eq!(opened(&sealed, |reference| values.get(reference).cloned()).expect("opened"), payload);
    }
}

#[test]
fn spaces_do_not_hide_a_mark() {
    let payload = "{\"a\": {\n \"$p\" :\t{ \"v\" : \"x\" } } }";
    assert_eq!(remembering(payload).0, format!("{{\"a\": {} }}", text_of("x")));
}

#[test]
fn a_mark_of_another_form_is_an_error_without_its_content() {
    for (payload, place) in [
        (r#"{"$p":{"v":"王","w":"王"}}"#, 1),
        (r#"{"$p":{"v":"王"},"王":1}"#, 1),
        (r#"{"a":1,"$p":{"v":"王"}}"#, 7),
        (r#"{"$p":{"v":["王"]}}"#, 1),
        (r#"{"$p":{"v":"王","v":"王"}}"#, 1),
        (r#"{"$p":{"v":"王"},"$p":{"v":"王"}}"#, 1),
        (r#"{"$p":{"k":"王","c":"王","h":"王"}}"#, 1),
        (r#"{"$p":{"v":"王"#, 1),
        (r#"{"$p":{}}"#, 1),
        (r#"[{"$p":{"v":"a"}},{"$p":{"w":1}}]"#, 19),
    ] {
        let refused = [
            sealed(payload, reference).expect_err("refused"),
            opened(payload, |_| None).expect_err("refused"),
            references(payload).expect_err("refused"),
            without_values(payload).expect_err("refused"),
        ];
        assert_eq!(refused, [MarkError { place }; 4], "{payload}");
        assert!(has_marks(payload), "{payload}");
        assert!(!format!("{} {:?}", refused[0], refused[0]).contains('王'));
    }
}

/// Any document with marks anywhere; member names and texts come near the mark's own form.
fn documents() -> impl Strategy<Value = Value> {
    let text = || {
        prop_oneof![
            Just("$p".to_owned()),
            Just("\"$p".to_owned()),
            Just("\"$p\":".to_owned()),
            "[a\"\\\\$p:{}v王\n]{0,8}"
        ]
    };
    // Under the mark's own name stands what an imported attribute may hold: a text, or a mark.
    let is_mark =
        |value: &Value| value.pointer("/$p/v").is_some() && value.as_object().is_some_and(|all| all.len() == 1);
    let is_held = move |(name, value): &(String, Value)| name != "$p" || !value.is_object() || is_mark(value);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
        text().prop_map(|value| json!({ "$p": { "v": value } })),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text(), inner).prop_filter("a mark of another form", is_held), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The values in a parsed document, the slow way.
fn values_in(document: &Value, found: &mut Vec<String>) {
    match document {
        Value::Array(items) => items.iter().for_each(|item| values_in(item, found)),
        Value::Object(members) => match members.get("$p").and_then(|personal| personal.get("v")) {
            Some(value) => found.push(value.as_str().expect("a text").to_owned()),
            None => members.values().for_each(|member| values_in(member, found)),
        },
        _ => (),
    }
}

proptest! {
    #[test]
    fn sealing_and_opening_gives_the_same_bytes(document in documents(), pretty: bool) {
        let payload = document.to_string();
        let mut expected = Vec::new();
        values_in(&document, &mut expected);
        let mut seen = Vec::new();
        let sealed_payload = sealed(&payload, |value| { seen.push(value.to_owned()); reference(value) }).expect("sealed");
        prop_assert_eq!(&seen, &expected);
        let found = references(&sealed_payload).expect("read");
        prop_assert_eq!(found, expected.iter().map(|value| reference(value)).collect::<Vec<_>>());
        let mut left = Vec::new();
        sealed(&sealed_payload, |value| { left.push(value.to_owned()); reference(value) }).expect("sealed");
        prop_assert!(left.is_empty());
        let values: HashMap<_, _> = expected.iter().map(|value| (reference(value), value.clone())).collect();
        let restored = opened(&sealed_payload, |reference| values.get(reference).cloned()).expect("opened");
        prop_assert_eq!(restored, payload.as_str());
        if pretty {
            let payload = serde_json::to_string_pretty(&document).expect("text");
            let (sealed_payload, values) = remembering(&payload);
            let restored = opened(&sealed_payload, |reference| values.get(reference).cloned()).expect("opened");
            let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
            prop_assert_eq!(parsed(&restored), parsed(&payload));
        }
    }

    #[test]
    fn no_text_makes_it_panic(payload in "[\"$p:{}v\\\\ a王]{0,40}") {
        let _ = sealed(&payload, reference);
        let _ = opened(&payload, |_| Some(String::new()));
    }
}
