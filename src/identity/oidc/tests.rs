//! What a provider's tokens have to say: each claim, missing and wrong.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::*;
use crate::identity::claims::ClaimsError;
use crate::identity::credential::{RevocationKey, opaque};

const ISSUER: &str = "https://sso.example/realms/etalon";
const PERSON: &str = "0190b6e0-7d3a-7c1e-8f52-1b7a0c2d4e70";

fn noon() -> Timestamp {
    "2026-05-04T12:00:00Z".parse().expect("a timestamp")
}

fn read_id(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok()
}

fn terms() -> Terms {
    Terms {
        issuer: ISSUER.to_owned(),
        audience: "etalon".to_owned(),
        leeway: SignedDuration::from_secs(30),
        longest_life: SignedDuration::from_hours(1),
        claims: ClaimNames {
            roles: "/realm_access/roles".to_owned(),
            jurisdiction: "https://etalon.example/jurisdiction".to_owned(),
            institution: "institution".to_owned(),
            enterprise: "enterprise".to_owned(),
            person: "person".to_owned(),
            not_before: "nbf".to_owned(),
        },
        roles: Roles::by_name(),
        services: BTreeMap::from([("reporter".to_owned(), "monthly-report".to_owned())]),
        read_ids: ReadIds { person: read_id, institution: read_id, enterprise: read_id },
    }
}

fn payload() -> Map<String, Value> {
    let second = noon().as_second();
    let Value::Object(payload) = json!({
        "iss": ISSUER, "aud": "etalon", "sub": "li.na@example.org", "iat": second, "nbf": second, "exp": second + 600,
        "jti": "one", "realm_access": { "roles": ["offline_access", "coordinator", "VISITOR"] },
        "https://etalon.example/jurisdiction": "44",
    }) else {
        unreachable!("it is an object")
    };
    payload
}

/// The verdict on a payload with some claims changed; null takes one away.
fn verdict(changes: &[(&str, Value)]) -> Result<Identity, IdentityError> {
    let mut payload = payload();
    for (name, value) in changes {
        match value {
            Value::Null => payload.remove(*name),
            value => payload.insert((*name).to_owned(), value.clone()),
        };
    }
    terms().identity(&payload, noon())
}

#[test]
fn a_token_makes_an_identity_that_names_nobody() {
    let identity = verdict(&[]).expect("it is good");
    let actor = opaque(ISSUER, "li.na@example.org").to_string();
    assert_eq!(identity.actor, actor);
    assert_eq!(identity.roles, BTreeSet::from(["COORDINATOR", "VISITOR"]));
    assert_eq!((identity.jurisdiction.as_str(), identity.institution, identity.enterprise), ("44", None, None));
    assert_eq!(identity.expires_at, noon() + SignedDuration::from_secs(600));
    let known_by = [
        RevocationKey::of_actor(&actor),
        RevocationKey::of_subject(ISSUER, "li.na@example.org"),
        RevocationKey::of_token("one"),
    ];
    assert_eq!(identity.credential.known_by, known_by);
    assert_eq!(identity.credential.issued_at, noon() - SignedDuration::from_secs(30));
}

#[test]
fn a_registered_person_acts_under_the_registers_id() {
    let person = verdict(&[("person", json!(PERSON))]).expect("it is good");
    assert_eq!(person.actor, PERSON);
    assert!(person.credential.known_by.contains(&RevocationKey::of_actor(PERSON)));
    assert!(person.credential.known_by.contains(&RevocationKey::of_subject(ISSUER, "li.na@example.org")));
    let bodies = verdict(&[("institution", json!(PERSON)), ("enterprise", json!(PERSON))]).expect("it is good");
    assert_eq!((bodies.institution, bodies.enterprise), (read_id(PERSON), read_id(PERSON)));
}

#[test]
fn a_service_acts_under_its_name_whatever_person_it_claims() {
    for person in [Value::Null, json!(PERSON)] {
        let service = verdict(&[("sub", json!("reporter")), ("person", person)]).expect("it is good");
        assert_eq!(service.actor, "service:monthly-report");
    }
    // The name is the settings' alone to give.
    let impostor = verdict(&[("person", json!("service:monthly-report"))]);
    assert_eq!(impostor, Err(IdentityError::Claims));
}

#[test]
fn every_claim_is_required() {
    for claim in ["iss", "aud", "sub", "iat", "nbf", "exp", "realm_access", "https://etalon.example/jurisdiction"] {
        assert_eq!(verdict(&[(claim, Value::Null)]), Err(IdentityError::Claims), "without {claim}");
    }
    assert!(verdict(&[("jti", Value::Null)]).is_ok(), "a token needs no id");
}

#[test]
fn every_wrong_claim_is_refused() {
    let second = noon().as_second();
    let table = [
        ("iss", json!("https://sso.example/realms/other"), IdentityError::Issuer),
        ("iss", json!(format!("{ISSUER}/")), IdentityError::Issuer),
        ("iss", json!([ISSUER]), IdentityError::Claims),
        ("aud", json!("other"), IdentityError::Audience),
        ("aud", json!("etalon other"), IdentityError::Audience),
        ("aud", json!([]), IdentityError::Audience),
        ("aud", json!(["other", ["etalon"]]), IdentityError::Audience),
        ("aud", json!({ "etalon": true }), IdentityError::Claims),
        ("sub", json!(""), IdentityError::Claims),
        ("sub", json!(7), IdentityError::Claims),
        ("sub", json!("x".repeat(256)), IdentityError::Claims),
        ("exp", json!(second - 30), IdentityError::Expired),
        ("exp", json!((second + 600).to_string()), IdentityError::Claims),
        ("exp", json!(second as f64 - 30.5), IdentityError::Expired),
        ("exp", json!(second as f64 + 3_600.5), IdentityError::Claims),
        ("exp", json!(1e300), IdentityError::Claims),
        ("exp", json!(-0.5), IdentityError::Claims),
        ("exp", json!(i64::MAX), IdentityError::Claims),
        ("exp", json!(second + 3_601), IdentityError::Claims),
        ("nbf", json!(second + 31), IdentityError::NotYetValid),
        ("nbf", json!("now"), IdentityError::Claims),
        ("iat", json!(second + 31), IdentityError::NotYetValid),
        ("nbf", json!(second as f64 + 30.5), IdentityError::NotYetValid),
        ("nbf", json!(-1), IdentityError::Claims),
        ("iat", json!(i64::MIN), IdentityError::Claims),
        ("iat", json!(second as f64 + 30.5), IdentityError::NotYetValid),
        ("jti", json!(7), IdentityError::Claims),
        ("jti", json!(""), IdentityError::Claims),
        ("jti", json!("x".repeat(256)), IdentityError::Claims),
        ("cnf", json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }), IdentityError::Claims),
        ("realm_access", json!(["COORDINATOR"]), IdentityError::Claims),
        ("realm_access", json!({ "roles": [] }), IdentityError::Claims),
        ("realm_access", json!({ "roles": ["Coordinator", "ROOT", "CLOCK", "IMPORTER", 7] }), IdentityError::Claims),
        ("realm_access", json!({ "roles": ["ENTERPRISE"] }), IdentityError::Claims),
        ("realm_access", json!({ "roles": ["LEAD"] }), IdentityError::Claims),
        ("https://etalon.example/jurisdiction", json!("4"), IdentityError::Claims),
        ("https://etalon.example/jurisdiction", json!(44), IdentityError::Claims),
        ("https://etalon.example/jurisdiction", json!(["44"]), IdentityError::Claims),
        ("institution", json!("the institute"), IdentityError::Claims),
        ("enterprise", json!(7), IdentityError::Claims),
        ("person", json!("li.na"), IdentityError::Claims),
    ];
    for (name, value, expected) in table {
        assert_eq!(verdict(&[(name, value.clone())]), Err(expected), "{name}: {value}");
    }
    for aud in [json!(["other", "etalon"]), json!(["etalon"])] {
        assert!(verdict(&[("aud", aud.clone())]).is_ok(), "{aud}");
    }
}

#[test]
fn times_have_a_leeway() {
    let second = noon().as_second();
    assert!(verdict(&[("exp", json!(second - 29)), ("iat", json!(second - 60))]).is_ok());
    assert!(verdict(&[("nbf", json!(second + 30)), ("iat", json!(second + 30))]).is_ok());
    assert!(verdict(&[("nbf", json!(0))]).is_ok(), "a life is counted from when the token was issued");
}

#[test]
fn times_may_have_a_fraction() {
    let second = noon().as_second() as f64;
    let times = [("exp", json!(second + 600.25)), ("nbf", json!(second + 29.5)), ("iat", json!(second - 0.75))];
    let identity = verdict(&times).expect("it is good");
    assert_eq!(identity.expires_at, noon() + SignedDuration::from_millis(600_250));
    assert_eq!(identity.credential.issued_at, noon() - SignedDuration::from_millis(30_750));
    assert!(verdict(&[("exp", json!(second - 29.5)), ("iat", json!(second - 60.0))]).is_ok());
}

#[test]
fn another_claim_may_say_from_when_a_token_holds() {
    let mut terms = terms();
    terms.claims.not_before = "iat".to_owned();
    let mut payload = payload();
    payload.remove("nbf");
    assert!(terms.identity(&payload, noon()).is_ok());
    payload.insert("nbf".to_owned(), json!(noon().as_second() + 31));
    assert_eq!(terms.identity(&payload, noon()), Err(IdentityError::NotYetValid), "nbf counts where it is");
    payload.remove("iat");
    assert_eq!(terms.identity(&payload, noon()), Err(IdentityError::Claims));
}

#[test]
fn only_words_that_are_mapped_are_roles() {
    let words = BTreeMap::from([("bureau-head".to_owned(), "manager".to_owned())]);
    let mut terms = terms();
    terms.roles = Roles::mapped(&words).expect("a role");
    terms.claims.roles = "scope".to_owned();
    let mut payload = payload();
    payload.insert("scope".to_owned(), json!("openid bureau-head AUDITOR"));
    assert_eq!(terms.identity(&payload, noon()).map(|it| it.roles), Ok(BTreeSet::from(["MANAGER"])));
    let wrong = BTreeMap::from([("bureau-head".to_owned(), "king".to_owned())]);
    assert_eq!(Roles::mapped(&wrong), Err(ClaimsError::UnknownRole("king".to_owned())));
}
