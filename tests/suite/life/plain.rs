//! What people read tells nothing of how the server is built.

use serde_json::Value;

/// Words of Rust, of SQL and of the crates in use, and no words of metrology.
const INTERNAL: &[&str] = &[
    "::",
    "Some(",
    "None",
    "Ok(",
    "Err(",
    "unwrap",
    "panick",
    ".rs",
    "src/",
    "serde",
    "sqlx",
    "sqlite",
    "postgres",
    "async_graphql",
    "async-graphql",
    "axum",
    "Uuid",
    "String(",
    "struct ",
    "Option<",
    "Vec<",
    "select ",
    "insert ",
    "case_versions",
    "register_versions",
    "EOF while",
    "at line",
];

/// Every message of the answer, wherever it stands.
///
/// # Panics
///
/// When one is empty or has an internal word.
pub fn check(answer: &Value) {
    match answer {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match (name.as_str(), value) {
            ("message", Value::String(message)) => check_message(message),
            _ => check(value),
        }),
        Value::Array(values) => values.iter().for_each(check),
        _ => {}
    }
}

fn check_message(message: &str) {
    assert!(!message.trim().is_empty(), "a message says nothing");
    for word in INTERNAL {
        assert!(!message.contains(word), "a message says {word:?}: {message}");
    }
}
