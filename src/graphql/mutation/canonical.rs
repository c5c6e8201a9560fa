//! One way of writing an input, so that the same input has the same digest: it does not change with the order in which
//! the fields stand in a struct, nor when an optional field comes to it that nobody has sent yet.

use std::collections::BTreeMap;

use async_graphql::MaybeUndefined;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The input as JSON: members by their names, and none of a field that was left out, at any depth. An optional field
/// that is `null` is as one that was left out; where it takes something away ([`change`]), it is not.
pub(crate) fn canonical(input: &impl Serialize) -> Vec<u8> {
    let whole = serde_json::to_value(input).expect("inputs have string keys and no failing values");
    serde_json::to_vec(&sorted(whole)).expect("values always serialise")
}

/// Writes a field that keeps, clears or sets, so that `null` stays apart from what was left out.
///
/// # Errors
/// As the serializer has them.
pub(crate) fn change<T: Serialize, S: Serializer>(said: &MaybeUndefined<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match said {
        MaybeUndefined::Undefined => serializer.serialize_none(),
        // No input has a member of this name.
        MaybeUndefined::Null => serializer.collect_map([("$null", true)]),
        MaybeUndefined::Value(value) => value.serialize(serializer),
    }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            // The library's own map keeps another order when any crate of the build asks it to.
            let said: BTreeMap<_, _> = members.into_iter().filter(|(_, value)| !value.is_null()).collect();
            Value::Object(said.into_iter().map(|(name, value)| (name, sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::InputType;
    use serde_json::json;

    use super::*;
    use crate::app::Key;
    use crate::graphql::mutation::institution::AmendInstitutionInput;
    use crate::graphql::mutation::records::AddCommentInput;
    use crate::graphql::mutation::report::ReportCaseInput;
    use crate::graphql::mutation::triage::TriageCaseInput;
    use crate::graphql::orders::Input;

    /// The input of these variables as it is digested, and the digest.
    fn digested<I: Input + InputType>(variables: Value) -> (String, String) {
        let value = async_graphql::Value::from_json(variables).expect("variables");
        let Ok(input) = I::parse(Some(value)) else { panic!("an input") };
        let written = canonical(&input);
        let key = Key::chosen("key", I::COMMAND, &written).expect("a key");
        (String::from_utf8(written).expect("text"), hex::encode(key.digest()))
    }

    /// Servers of another version, and those after an upgrade, have to know a command again.
    #[test]
    fn digests_stay_what_they_are() {
        let triage = json!({
            "caseId": "Q2FzZTox", "category": "L", "kind": "TESTING", "severity": "MAJOR", "idempotencyKey": "k",
        });
        let (written, digest) = digested::<TriageCaseInput>(triage);
        assert_eq!(
            written,
            r#"{"case_id":"Q2FzZTox","category":"L","idempotency_key":"k","kind":"Testing","severity":"Major"}"#
        );
        assert_eq!(digest, "8b7949987abb7933801a06e60958e3a08713b2ddb46db9961a5fbf65a7169454");
        let report = json!({
            "enterpriseId": "RTox", "campaignId": "Qzox", "title": "内径", "problem": "重复性",
            "origin": { "survey": "2026 年问卷" }, "occurredAt": "2026-03-04T05:06:07.1+08:00",
        });
        let (written, digest) = digested::<ReportCaseInput>(report);
        assert_eq!(
            written,
            concat!(
                r#"{"campaign_id":"Qzox","enterprise_id":"RTox","occurred_at":"2026-03-03T21:06:07.1Z","#,
                r#""origin":{"survey":"2026 年问卷"},"problem":"重复性","title":"内径"}"#
            )
        );
        assert_eq!(digest, "09d3f13cdd91caa71b7f321ce8433d8cdb78ac3944abafbe0151a1073f57ca7e");
        let (written, digest) = digested::<AddCommentInput>(json!({ "caseId": "Q2FzZTox", "text": "一" }));
        assert_eq!(written, r#"{"case_id":"Q2FzZTox","text":"一"}"#);
        assert_eq!(digest, "be9545d89939230ad4bd8e6d58d5cb01c231944ccbbda25d058720840785586e");
    }

    #[test]
    fn what_is_left_out_is_as_if_it_were_not_there() {
        let bare = json!({ "caseId": "Q2FzZTox", "text": "一" });
        let spelled = json!({ "text": "一", "audience": null, "expectedVersion": null, "caseId": "Q2FzZTox" });
        assert_eq!(digested::<AddCommentInput>(bare.clone()), digested::<AddCommentInput>(spelled));
        let versioned = json!({ "caseId": "Q2FzZTox", "text": "一", "expectedVersion": 1 });
        assert_ne!(digested::<AddCommentInput>(bare), digested::<AddCommentInput>(versioned));
        // Within what is within, and the order of a list says something.
        let written = canonical(&json!({ "b": [{ "d": 1, "c": null }, null], "a": { "f": "", "e": { "g": null } } }));
        assert_eq!(String::from_utf8(written).expect("text"), r#"{"a":{"e":{},"f":""},"b":[{"d":1},null]}"#);
    }

    #[test]
    fn taking_away_is_not_leaving_out() {
        let of = |more: Value| {
            let mut input = json!({ "institutionId": "STox" });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            digested::<AmendInstitutionInput>(input)
        };
        let said = [json!({}), json!({ "accreditation": null }), json!({ "accreditation": "" })].map(of);
        assert!(said[0] != said[1] && said[1] != said[2] && said[0] != said[2], "{said:?}");
        assert_eq!(said[0], of(json!({ "name": null })));
    }
}
