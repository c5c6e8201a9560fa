//! Personal data within a payload: every `{"$p":{"v":"…"}}` becomes a reference, and a reference becomes the value.
//!
//! A payload is JSON as the serialiser writes it (it never escapes the `$`), and every byte beside the marks stays as
//! it was: hashes are over bytes. In JSON the characters `"$p"` are a whole string wherever the first of them is not
//! escaped, so that the marks are found without parsing anything else.
//!
//! Texts and names of others may be `$p` as well. A mark is a member of that name that holds an object, and not one
//! that begins with another such member: attributes of an imported event hold texts, or a mark each.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::vault::reference::Reference;

/// The name of a mark's only member. What bears it is a mark only where [`next_mark`] finds it.
const MARK: &str = "\"$p\"";

/// Something that is marked as personal data in a form that is not known. Holds no word of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the mark of personal data at byte {place} of the payload is neither {{\"$p\":{{\"v\":…}}}} nor \
     {{\"$p\":{{\"k\":…,\"c\":…,\"h\":…}}}}"
)]
pub struct MarkError {
    /// Where the mark is, in bytes from 0.
    pub place: usize,
}

/// What a mark holds.
#[derive(Deserialize)]
#[serde(untagged)]
enum Mark {
    Open(Marked),
    Sealed(Reference),
}

/// A value that can be read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marked {
    #[serde(rename = "$p")]
    personal: Open,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    v: String,
}

/// Whether anything of the payload is personal data, sealed or not.
#[must_use]
pub fn has_marks(payload: &str) -> bool {
    next_mark(payload, 0).is_some()
}

/// The payload with every readable value replaced by what `seal` answers for it, in the order they stand in.
/// References that it holds already stay.
///
/// # Errors
/// When a mark has another form.
pub fn sealed(payload: &str, mut seal: impl FnMut(&str) -> Reference) -> Result<Cow<'_, str>, MarkError> {
    replaced(payload, |mark| match mark {
        Mark::Open(Marked { personal }) => Some(json(&seal(&personal.v))),
        Mark::Sealed(_) => None,
    })
}

/// The payload with every reference replaced by the value that `value_of` answers for it; one without a value stays.
///
/// # Errors
/// When a mark has another form.
pub fn opened(
    payload: &str,
    mut value_of: impl FnMut(&Reference) -> Option<String>,
) -> Result<Cow<'_, str>, MarkError> {
    replaced(payload, |mark| match mark {
        Mark::Open(_) => None,
        Mark::Sealed(reference) => value_of(&reference).map(|v| json(&Marked { personal: Open { v } })),
    })
}

/// The payload without any readable value: of its mark nothing stays but `{"$p":{}}`. References stay.
///
/// # Errors
/// When a mark has another form.
pub fn without_values(payload: &str) -> Result<Cow<'_, str>, MarkError> {
    replaced(payload, |mark| match mark {
        Mark::Open(_) => Some(format!("{{{MARK}:{{}}}}")),
        Mark::Sealed(_) => None,
    })
}

/// The references in a payload, in the order they stand in.
///
/// # Errors
/// When a mark has another form.
pub fn references(payload: &str) -> Result<Vec<Reference>, MarkError> {
    let mut found = Vec::new();
    replaced(payload, |mark| {
        if let Mark::Sealed(reference) = mark {
            found.push(reference);
        }
        None
    })?;
    Ok(found)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings always serialise")
}

/// The payload with every mark replaced for which `by` answers something. Untouched where there is none.
fn replaced(payload: &str, mut by: impl FnMut(Mark) -> Option<String>) -> Result<Cow<'_, str>, MarkError> {
    let mut written = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(place) = next_mark(payload, from) {
        let (start, end, mark) = mark_around(payload, place)?;
        from = end;
        if let Some(replacement) = by(mark) {
            written.push_str(&payload[copied..start]);
            written.push_str(&replacement);
            copied = end;
        }
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(payload));
    }
    written.push_str(&payload[copied..]);
    Ok(Cow::Owned(written))
}

/// Where the next mark at or behind `from` has its member's name.
fn next_mark(payload: &str, from: usize) -> Option<usize> {
    let mut named = payload[from..].match_indices(MARK).map(|(offset, _)| from + offset);
    named.find(|place| is_of_a_mark(payload, *place))
}

/// Whether the string at `place` names the member of a mark. It may be a text or a name that somebody else wrote, or
/// the end of one.
fn is_of_a_mark(payload: &str, place: usize) -> bool {
    let behind = payload[place + MARK.len()..].trim_start();
    let held = behind.strip_prefix(':').and_then(|value| value.trim_start().strip_prefix('{'));
    !payload[..place].ends_with('\\') && held.is_some_and(|held| !held.trim_start().starts_with(MARK))
}

/// The object whose first member is named at `place`: where it starts, where it ends, what it holds.
fn mark_around(payload: &str, place: usize) -> Result<(usize, usize, Mark), MarkError> {
    let unknown = MarkError { place };
    let start = payload[..place].trim_end().strip_suffix('{').map(str::len).ok_or(unknown)?;
    let mut objects = serde_json::Deserializer::from_str(&payload[start..]).into_iter::<Mark>();
    // The parser's own error is dropped, for it may quote the value.
    let mark = objects.next().and_then(Result::ok).ok_or(unknown)?;
    Ok((start, start + objects.byte_offset(), mark))
}

#[cfg(test)]
mod tests;
