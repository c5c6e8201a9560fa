//! The table of what is served beside GraphQL.

use reqwest::StatusCode;

use crate::authorisation::compare;
use crate::authorisation::stage::Stage;

/// A tile of entries that the log is too short for.
const ABSENT: &str = "/log/tile/entries/999.p/1";

/// A path, and who is answered: `y`, or `.` for what is refused whether it is there or not.
#[rustfmt::skip]
const ROUTES: &[(&str, &str)] = &[
    //                                E V C M L X R A  e v c m l x r a  I K N
    ("/log/checkpoint",              "y y y y y y y y  y y y y y y y y  y y y"),
    ("/log/tile/0/000.p/1",          "y y y y y y y y  y y y y y y y y  y y y"),
    // Auditors of the nation alone.
    ("/log/tile/entries/000.p/1",    ". . . . . . . .  . . . . . . . .  . . ."),
];

pub async fn hold(stage: &Stage) {
    let found = stage.asked_of_everybody(async |who| {
        let absent = status(stage, Some(who), ABSENT).await;
        let mut letters = Vec::new();
        for (path, _) in ROUTES {
            let status = status(stage, Some(who), path).await;
            assert!(status.is_success() || status == absent, "{who} {path}: {status}");
            letters.push(if status.is_success() { 'y' } else { '.' });
        }
        letters
    });
    compare(ROUTES, &found.await);
    for (path, _) in ROUTES {
        assert_eq!(status(stage, Some("watcher"), path).await, StatusCode::OK, "{path}");
        assert_eq!(status(stage, None, path).await, StatusCode::UNAUTHORIZED, "{path}");
    }
}

async fn status(stage: &Stage, who: Option<&str>, path: &str) -> StatusCode {
    let world = &stage.world;
    let request = world.client.get(world.server.graphql.replace("/graphql", path));
    let request = match who {
        Some(who) => request.bearer_auth(world.token(who)),
        None => request,
    };
    request.send().await.expect("an answer").status()
}
