//! The table of previews: what is told of somebody whom a command would bring into a case. Who finds them in the register
//! sees them whole; to everybody else they are named as wherever somebody is named, for they do not work on it.

use serde_json::{Value, json};

use crate::authorisation::stage::{NUMBER_ELSEWHERE, Stage};
use crate::authorisation::{compare, tells};
use crate::life::world::{day, with};

/// A command that would bring somebody in who is registered elsewhere, and what its preview tells of them:
///
/// - `r` who it is, and how to reach them;
/// - `w` who it is;
/// - `.` nothing.
type Preview = (&'static str, &'static str);

#[rustfmt::skip]
const PREVIEWS: &[Preview] = &[
    //                      E V C M L X R A  e v c m l x r a  I K N
    ("inviteExpert",       ". . w . w . . .  . . . . . . . .  . . ."),
    ("assignResearch",     ". . w w . . . .  . . . . . . . .  . . r"),
    ("reassignResearch",   ". . w w . . . .  . . . . . . . .  . . r"),
];

/// Who would be brought in.
const SOMEBODY: &str = "lead elsewhere";

const DOCUMENT: &str = "query Previews(
        $inviteExpert: InviteExpertInput!, $assignResearch: AssignResearchInput!,
        $reassignResearch: ReassignResearchInput!) { preview {
    inviteExpert(input: $inviteExpert) { changes { ...change } }
    assignResearch(input: $assignResearch) { changes { ...change } }
    reassignResearch(input: $reassignResearch) { changes { ...change } }
} }
fragment change on FieldChange {
    ... on ExpertsChange { added { person { ...told } } }
    ... on ReferenceChange { after { ... on Person { ...told } } }
}
fragment told on Person { name telephone }";

pub async fn hold(stage: &Stage) {
    let somebody = &stage.ids[SOMEBODY];
    let of = |case: &str, more: Value| with(json!({ "caseId": stage.ids[case] }), more);
    let assignment = json!({ "institutionId": stage.scene.university, "leadId": somebody });
    let variables = json!({
        "inviteExpert": of("researching", json!({ "expertId": somebody })),
        "assignResearch": of("triaged", with(assignment.clone(), json!({ "deadline": day(30) }))),
        "reassignResearch": of("researching", with(assignment, json!({ "reason": "出国" }))),
    });
    let found = stage.asked_of_everybody(async |who| {
        let previews = stage.answer(who, DOCUMENT, &variables).await["data"]["preview"].clone();
        PREVIEWS.iter().map(|(mutation, _)| letter(&previews[*mutation])).collect()
    });
    compare(PREVIEWS, &found.await);
    stage.is_closed_to_strangers(DOCUMENT, &variables).await;
}

fn letter(preview: &Value) -> char {
    match (tells(preview, SOMEBODY), tells(preview, NUMBER_ELSEWHERE)) {
        (_, true) => 'r',
        (true, false) => 'w',
        (false, false) => '.',
    }
}
