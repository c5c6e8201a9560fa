//! JSON that comes in. How deep it nests is looked at before it is parsed, so that it is refused by the name of the
//! limit and no parser has to be trusted with its stack.

use axum::http::StatusCode;
use serde_json::Value;

use crate::graphql::Limits;
use crate::http::answer::Refused;

/// Reads a text.
///
/// # Errors
/// 400 for one that nests too deep or is no JSON, with the place and without a word of the parser's own.
pub(super) fn json(text: &[u8], what: &str, limits: &Limits) -> Result<Value, Refused> {
    if nests_deeper(text, limits.nesting) {
        let limit = limits.of_nesting();
        let message = format!("the brackets of JSON nest at most {} deep", limit.maximum);
        return Err(Refused::over(StatusCode::BAD_REQUEST, "NESTING_LIMIT_EXCEEDED", limit, message));
    }
    serde_json::from_slice(text).map_err(|error| {
        Refused::bad_request(format!("{what} cannot be read as JSON: line {}, column {}", error.line(), error.column()))
    })
}

fn nests_deeper(text: &[u8], most: u64) -> bool {
    let (mut depth, mut is_in_string, mut is_escaped) = (0_u64, false, false);
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_in_string => is_escaped = true,
            b'"' => is_in_string = !is_in_string,
            _ if is_in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > most {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_where_they_are_brackets() {
        for (text, deeper) in [
            ("[[]]", false),
            ("[[[]]]", true),
            (r#"{"a":{},"b":{}}"#, false),
            (r#"{"a":{"b":{}}}"#, true),
            (r#"["[[[[","\"[[[[","\\"]"#, false),
            (r#"["\\",[["#, true),
            ("]]]][[", false),
        ] {
            assert_eq!(nests_deeper(text.as_bytes(), 2), deeper, "{text}");
        }
    }

    #[test]
    fn a_hundred_thousand_brackets_are_refused_by_the_name_of_the_limit() {
        for bracket in ["[", "{\"a\":"] {
            let refused = json(bracket.repeat(100_000).as_bytes(), "the body", &Limits::default()).unwrap_err();
            assert_eq!((refused.status, refused.code), (StatusCode::BAD_REQUEST, "NESTING_LIMIT_EXCEEDED"));
            assert!(refused.message.ends_with("at most 60 deep (deepestNesting)"), "{}", refused.message);
        }
        let refused = json(b"{\"query\": ", "the body", &Limits::default()).unwrap_err();
        assert_eq!(refused.message, "the body cannot be read as JSON: line 1, column 10");
    }
}
