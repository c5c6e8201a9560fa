//! Tokens that are refused: what one server writes down, every other one reads.

use etalon::app::{App, Standing};
use etalon::identity::claims::{LEEWAY, LONGEST_LIFE};
use etalon::identity::credential::{Credential, RevocationKey};
use etalon::store::Revocation;
use jiff::{SignedDuration, Timestamp};

use crate::store::support::{Database, START, TestClock};

const A_SECOND: SignedDuration = SignedDuration::from_secs(1);

fn revocation(key: &str, revoked_at: i64) -> Revocation {
    Revocation { key: key.to_owned(), revoked_at }
}

async fn the_latest_revocation_of_a_key_counts(database: Database) {
    let [one, other] = [database.open().await, database.open().await];
    assert_eq!(other.revocations(0).await.expect("it reads"), []);
    for (key, revoked_at) in [("actor:a", 5), ("actor:a", 9), ("actor:a", 7), ("token:难", 6), ("token:难", 6)] {
        one.revoke(&revocation(key, revoked_at)).await.expect("it is written");
    }
    let mut listed = other.revocations(0).await.expect("it reads");
    listed.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(listed, [revocation("actor:a", 9), revocation("token:难", 6)]);
    assert_eq!(other.revocations(7).await.expect("it reads"), [revocation("actor:a", 9)]);
    assert_eq!(other.revocations(10).await.expect("it reads"), []);
    let raw = database.raw().await;
    for sql in ["delete from revocations", "update revocations set revoked_at = 0"] {
        assert!(raw.refusal(sql).await.is_some(), "{sql}");
    }
}

async fn what_was_issued_by_then_is_refused(database: Database) {
    let clock = TestClock::new();
    let [one, other] = [
        App::new(database.open_with(clock.clone()).await, clock.clone()),
        App::new(database.open().await, clock.clone()),
    ];
    let at = |microseconds| Timestamp::from_microsecond(START + microseconds).expect("a time");
    let [before, just_then, after] = [-1, 0, 1].map(|time| Credential::of_actor("a", at(time)));
    let of_another = Credential::of_actor("b", at(-1));
    assert_eq!(other.standing(&before), Standing::Unknown, "it has not looked yet");
    other.look_for_revocations().await.expect("it looks");
    assert_eq!(other.standing(&before), Standing::Good);

    one.revoke(&RevocationKey::of_actor("a")).await.expect("it is written");
    assert_eq!(one.standing(&before), Standing::Revoked, "who revokes knows it at once");
    assert_eq!(other.standing(&before), Standing::Good);
    // It ends as soon as the other one has looked.
    let (_, looked) = tokio::join!(other.revoked(&before), other.look_for_revocations());
    looked.expect("it looks");
    let standing = [&before, &just_then, &after, &of_another].map(|credential| other.standing(credential));
    assert_eq!(standing, [Standing::Revoked, Standing::Revoked, Standing::Good, Standing::Good]);
    let several = Credential { known_by: [after.known_by, of_another.known_by].concat(), issued_at: at(-1) };
    assert_eq!(other.standing(&several), Standing::Revoked, "one name is enough");

    // No token is taken for longer than it is remembered: not the last that is revoked, issued by a clock that was ahead,
    // and taken for as long after its end.
    for (beyond, standing) in [(LEEWAY * 2, Standing::Revoked), (LEEWAY * 2 + A_SECOND, Standing::Good)] {
        clock.set(START + (LONGEST_LIFE + beyond).as_micros() as i64);
        other.look_for_revocations().await.expect("it looks");
        assert_eq!(other.standing(&before), standing, "{beyond:?}");
    }
}

on_both_databases! {
    the_latest_revocation_of_a_key_counts,
    what_was_issued_by_then_is_refused,
}
