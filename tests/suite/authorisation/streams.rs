//! The table of subscriptions.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::authorisation::stage::Stage;
use crate::authorisation::{NOBODY, PEOPLE, compare};
use crate::following::subscriber::{Got, Subscriber, Transport};
use crate::life::world::position_of;

/// A field, its document, what of an update shows that something is told, and who is told: `y`, or `.` for how far the
/// log has been looked through and nothing else.
struct Stream(&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const STREAMS: &[Stream] = &[
    //                                       E V C M L X R A  e v c m l x r a  I K N
    Stream("events", "subscription Events($case: ID!, $after: Position) {
        events(after: $after, filter: { caseIds: [$case] }) { position caseEvent { id } } }", "caseEvent",
                                            "y y y y y y y y  . . . . . . . .  y y y"),
    Stream("events", "subscription Internal($case: ID!, $aside: Position) { events(after: $aside,
        filter: { caseIds: [$case], types: [\"InternalCommentAdded\"] }) { position caseEvent { id } } }", "caseEvent",
                                            ". . y y y y . y  . . . . . . . .  y . y"),
    Stream("caseChanged", "subscription Changed($case: ID!, $after: Position) {
        caseChanged(id: $case, after: $after) { position case { id } } }", "case",
                                            "y y y y y y y y  . . . . . . . .  y y y"),
    // Of the log as a whole.
    Stream("checkpoints", "subscription Checkpoints { checkpoints { position checkpoint { size } } }", "checkpoint",
                                            "y y y y y y y y  y y y y y y y y  y y y"),
];

pub async fn hold(stage: &Stage) {
    let rows: BTreeSet<_> = STREAMS.iter().map(|Stream(field, ..)| (*field).to_owned()).collect();
    assert_eq!(rows, stage.fields_of("Subscription").await, "every subscription has a row");

    let [after, aside] = [stage.last.0, stage.aside.0].map(|position| (position - 1).to_string());
    let of_case = json!({ "case": stage.ids["researching"], "after": after, "aside": aside });
    let of_none = json!({ "case": NOBODY, "after": after, "aside": aside });
    let of_one = async |who: &'static str| {
        let mut letters = Vec::new();
        for stream in STREAMS {
            letters.push(stream.letter(stage, who, &of_case).await);
            if stream.1.contains("$case") {
                assert_eq!(stream.letter(stage, who, &of_none).await, '.', "{who}: {}", stream.0);
            }
        }
        letters
    };
    let found = join_all(PEOPLE.into_iter().map(of_one)).await;
    let table: Vec<_> = STREAMS.iter().map(|Stream(field, _, _, letters)| (*field, *letters)).collect();
    compare(&table, &found);

    for Stream(_, document, ..) in STREAMS {
        let url = &stage.world.server.graphql;
        let stranger = Subscriber::open(Transport::EventStream, url, "stranger", document, of_case.clone()).await;
        match stranger.expect("it is there").next().await {
            Got::Error(error) => assert_eq!(error["code"], "TOKEN_MALFORMED", "{document}"),
            other => panic!("a stranger is told nothing, and not {other:?}"),
        }
    }
}

impl Stream {
    /// Whether somebody is told something before the log has been looked through.
    async fn letter(&self, stage: &Stage, who: &str, variables: &Value) -> char {
        let Self(_, document, told, _) = self;
        let (url, token) = (&stage.world.server.graphql, stage.world.token(who));
        let stream = Subscriber::open(Transport::EventStream, url, &token, document, variables.clone()).await;
        let mut stream = stream.expect("it is there");
        loop {
            let update = stream.update().await;
            if update[*told].is_object() {
                return 'y';
            }
            if position_of(&update) >= stage.last.0 {
                return '.';
            }
        }
    }
}
