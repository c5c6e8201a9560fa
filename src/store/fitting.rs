//! What the database would refuse in an append: it is refused before, so that a command fails and not its whole batch.

use serde::de::IgnoredAny;

use crate::store::happened::{Happened, PastRow};
use crate::store::{AggregateType, CaseRow, CommandKey, Content, NumberTaken, RegisterRow, StreamId};

/// Whether an append fits into the tables.
///
/// # Errors
/// Why it does not.
pub(super) fn check(
    stream: StreamId,
    command: &CommandKey,
    content: &Content,
    number_taken: Option<&NumberTaken>,
) -> Result<(), String> {
    if content.events.is_empty() {
        return Err("it has no event".to_owned());
    }
    for event in &content.events {
        for (part, json) in [("payload", &event.payload), ("metadata", &event.metadata)] {
            if let Err(error) = serde_json::from_str::<IgnoredAny>(json) {
                return Err(format!("the {part} of {} is no JSON: {error}", event.event_type));
            }
            if says_nul(json) {
                return Err(format!("the {part} of {} has a text with U+0000", event.event_type));
            }
        }
    }
    let rows = &content.rows;
    let is_case = stream.aggregate_type == AggregateType::Case;
    let changes_case = rows.case.is_some()
        || !rows.members_added.is_empty()
        || !rows.members_removed.is_empty()
        || !rows.links_added.is_empty()
        || !rows.texts.is_empty();
    let names_other = rows.case.as_ref().is_some_and(|case| case.case_id != stream.aggregate_id);
    if changes_case && !is_case || rows.register.is_some() && is_case || names_other {
        return Err("its read rows belong to another stream".to_owned());
    }
    if texts(command, content, number_taken).any(|text| text.contains('\0')) {
        return Err("a text contains U+0000".to_owned());
    }
    Ok(())
}

/// Whether a text in the JSON has U+0000, which JSON has only as an escape. PostgreSQL would keep it in a column of
/// type json, and then fail whenever it is asked for a member of it.
fn says_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(place, _)| {
        let before = json[..place].bytes().rev().take_while(|byte| *byte == b'\\').count();
        before.is_multiple_of(2)
    })
}

/// Every text that becomes a column of type text and is not a literal of this program.
fn texts<'a>(
    command: &'a CommandKey,
    content: &'a Content,
    number_taken: Option<&'a NumberTaken>,
) -> impl Iterator<Item = &'a String> {
    let rows = &content.rows;
    let states = match &rows.happened {
        Happened::InOrder { .. } => [].as_slice(),
        Happened::Anew { states, .. } => states,
    };
    let past = states.iter().flat_map(|state| match &state.row {
        PastRow::Case(case) => of_case(case).collect::<Vec<_>>(),
        PastRow::Register(register) => of_register(register).to_vec(),
    });
    let attachments = content.attachments.iter().flat_map(|attachment| [&attachment.digest, &attachment.media_type]);
    let figures = rows.figures.iter();
    [&command.actor, &command.idempotency_key]
        .into_iter()
        .chain(rows.case.iter().flat_map(of_case))
        .chain(rows.register.iter().flat_map(of_register))
        .chain(past)
        .chain(attachments)
        .chain(&content.origin)
        .chain(number_taken.map(|taken| &taken.series))
        .chain(&rows.members_added)
        .chain(&rows.members_removed)
        .chain(rows.links_added.iter().map(|link| &link.relation))
        .chain(figures.flat_map(|figure| [&figure.detail, &figure.counted_on].into_iter().chain(&figure.amount)))
        .chain(rows.texts.iter().flat_map(|text| [&text.field, &text.words, &text.body]))
}

/// Whoever adds a column is led here by the compiler.
fn of_case(case: &CaseRow) -> impl Iterator<Item = &String> {
    let CaseRow {
        case_id: _,
        number,
        title,
        status,
        kind,
        category,
        severity,
        level,
        division,
        enterprise_id: _,
        campaign_id: _,
        institution_id: _,
        lead_id: _,
        origin,
        is_open: _,
        reported_at: _,
        deadline_on,
        deadline_missed_on,
        clock_paused: _,
        parked_until,
        gap_ppm: _,
        fee_total,
        typical: _,
        reported_by,
        members,
        fee_fen: _,
    } = case;
    let always = [number, title, status, level, division, origin, fee_total, reported_by, members];
    let sometimes = [kind, category, severity, deadline_on, deadline_missed_on, parked_until];
    always.into_iter().chain(sometimes.into_iter().flatten())
}

fn of_register(register: &RegisterRow) -> [&String; 5] {
    let RegisterRow { code, name, division, state, document } = register;
    [code, name, division, state, document]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_escape_of_nul_says_nul() {
        for (json, expected) in [
            (r#"{"a":"\u0000"}"#, true),
            (r#"{"\u0000":1}"#, true),
            (r#"{"a":"\\\u0000"}"#, true),
            (r#"{"a":"\\u0000"}"#, false),
            (r#"{"a":"\\\\u0000"}"#, false),
            (r#"{"a":"\\u0000\u0000"}"#, true),
            (r#"{"a":"u0000 \u0001 \n0000"}"#, false),
        ] {
            let read: serde_json::Value = serde_json::from_str(json).expect("JSON");
            assert_eq!(says_nul(json), expected, "{json}");
            let has_nul = |text: &String| text.contains('\0');
            let members = read.as_object().expect("an object");
            assert_eq!(
                members
                    .iter()
                    .any(|(name, text)| has_nul(name) || text.as_str().is_some_and(|text| text.contains('\0'))),
                expected
            );
        }
    }
}
