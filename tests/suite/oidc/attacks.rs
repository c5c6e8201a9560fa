//! Tokens that are not good, and those that are.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use etalon::clock::{Clock, SystemClock};
use etalon::identity::credential::opaque;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::oidc::provider::{Key, Provider};
use crate::oidc::{show, start};
use crate::support::server::{Installation, Who, program};

const PERSON: &str = "0190b6e0-7d3a-7c1e-8f52-1b7a0c2d4e70";

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_token_makes_an_actor_that_names_nobody() {
    let key = Key::ed("one");
    let provider = Provider::with(&[&key]).await;
    let installation = Installation::embedded();
    let services = [("ETALON_OIDC_SERVICES", "{reporter=\"monthly-report\"}")];
    let server = start(&installation, &provider, &services);
    let of_subject = opaque(&provider.issuer, "li.na@example.org").to_string();
    for (subject, more, actor) in [
        ("li.na@example.org", json!({}), of_subject.as_str()),
        ("li.na@example.org", json!({ "person": PERSON }), PERSON),
        ("li.na@example.org", json!({ "aud": ["account", "etalon"] }), of_subject.as_str()),
        ("reporter", json!({}), "service:monthly-report"),
        ("reporter", json!({ "person": PERSON }), "service:monthly-report"),
    ] {
        let mut payload = provider.payload(subject);
        payload.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let said = show(&server, &key.token(&payload)).await;
        assert_eq!(said.viewer, json!({ "id": actor, "roles": ["AUDITOR"] }), "{}", said.text);
    }
    // The token's kind may be told in other words, or not at all.
    for kind in [None, Some("JWT".to_owned()), Some("application/at+jwt".to_owned())] {
        let header = Header { typ: kind, ..key.header() };
        assert!(show(&server, &key.token_under(&header, &provider.payload("x"))).await.is_answer());
    }
}

/// One server and one provider, whose set holds keys of every kind.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_token_is_refused_and_told_by_its_code() {
    let [key, other] = ["one", "other"].map(Key::ed);
    let [rsa, ec] = [Key::new("rsa", Algorithm::RS256), Key::new("ec", Algorithm::ES256)];
    let mut to_encrypt = other.public.clone();
    to_encrypt["use"] = json!("enc");
    let provider = Provider::with(&[]).await;
    provider.publishes(vec![key.public.clone(), rsa.public.clone(), ec.public.clone(), to_encrypt]);
    let installation = Installation::embedded();
    let server = start(&installation, &provider, &[("ETALON_LOG_LEVEL", "debug,etalon=trace")]);

    let good = provider.payload("somebody");
    assert!(show(&server, &key.token(&good)).await.is_answer());
    let token = key.token(&good);
    let (header, payload) = token.rsplit_once('.').expect("three parts").0.split_once('.').expect("two parts");
    let signature = token.rsplit_once('.').expect("three parts").1;
    let manager = part(&provider.payload_with(&[("roles", json!(["manager"]))]));
    let public = key.public["x"].as_str().expect("a public key");
    let mac = |secret: &[u8]| {
        let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &good, &EncodingKey::from_secret(secret)).expect("signed")
    };
    let raw_public = URL_SAFE_NO_PAD.decode(public).expect("Base64");
    let under = |header: Header| other.token_under(&header, &good);
    let by_name = Header { kid: Some("one".to_owned()), ..other.header() };
    let with_its_own_key =
        Header { jwk: Some(serde_json::from_value(other.public.clone()).expect("a key")), ..by_name.clone() };
    let now = SystemClock.now().as_second();
    let saying = |changes: &[(&str, Value)]| key.token(&provider.payload_with(changes));
    let critical = Header { crit: Some(vec!["exp".to_owned()]), ..key.header() };
    let logout = Header { typ: Some("logout+jwt".to_owned()), ..key.header() };

    let mut table = vec![
        (String::new(), "TOKEN_MALFORMED"),
        ("x.y.z".to_owned(), "TOKEN_MALFORMED"),
        (format!("{header}.{payload}"), "TOKEN_MALFORMED"),
        (format!("{}.{payload}.", part(&json!({ "alg": "none" }))), "TOKEN_MALFORMED"),
        (format!("{}.{payload}.{signature}", part(&json!({ "alg": "none", "kid": "one" }))), "TOKEN_MALFORMED"),
        (format!("{}.{payload}.", part(&json!({ "alg": "NONE", "kid": "one" }))), "TOKEN_MALFORMED"),
        (key.token_under(&critical, &good), "TOKEN_MALFORMED"),
        (key.token_under(&logout, &good), "TOKEN_MALFORMED"),
        (saying(&[("padding", json!("x".repeat(9_000)))]), "TOKEN_MALFORMED"),
        (format!("{header}.{manager}.{signature}"), "TOKEN_SIGNATURE"),
        (format!("{header}.{payload}."), "TOKEN_SIGNATURE"),
        (mac(&raw_public), "TOKEN_SIGNATURE"),
        (mac(public.as_bytes()), "TOKEN_SIGNATURE"),
        (mac(key.public.to_string().as_bytes()), "TOKEN_SIGNATURE"),
        (under(by_name), "TOKEN_SIGNATURE"),
        (under(with_its_own_key), "TOKEN_SIGNATURE"),
        (rsa.token(&good), "TOKEN_SIGNATURE"),
        (ec.token(&good), "TOKEN_SIGNATURE"),
        (under(Header { kid: Some("rsa".to_owned()), ..other.header() }), "TOKEN_KEY_UNKNOWN"),
        (under(Header { kid: Some("ec".to_owned()), ..other.header() }), "TOKEN_KEY_UNKNOWN"),
        (other.token(&good), "TOKEN_KEY_UNKNOWN"),
        (under(Header { kid: Some("never seen".to_owned()), ..other.header() }), "TOKEN_KEY_UNKNOWN"),
        (key.token_under(&Header { kid: None, ..key.header() }, &good), "TOKEN_KEY_UNKNOWN"),
        (installation.token(&Who::new("manager", "MANAGER", "CN")), "TOKEN_KEY_UNKNOWN"),
        (saying(&[("iss", json!("http://127.0.0.1:1/realms/test"))]), "TOKEN_ISSUER"),
        (saying(&[("iss", json!(format!("{}/", provider.issuer)))]), "TOKEN_ISSUER"),
        (saying(&[("aud", json!("account"))]), "TOKEN_AUDIENCE"),
        (saying(&[("aud", json!(["account", "ETALON"]))]), "TOKEN_AUDIENCE"),
        (saying(&[("exp", json!(now - 31))]), "TOKEN_EXPIRED"),
        (saying(&[("nbf", json!(now + 300))]), "TOKEN_NOT_YET_VALID"),
        (saying(&[("iat", json!(now + 300)), ("exp", json!(now + 600))]), "TOKEN_NOT_YET_VALID"),
        (saying(&[("exp", json!(now + 90_000))]), "TOKEN_CLAIMS"),
        (saying(&[("roles", json!(["king"]))]), "TOKEN_CLAIMS"),
        (saying(&[("roles", json!(["CLOCK"]))]), "TOKEN_CLAIMS"),
        (saying(&[("jurisdiction", json!("99"))]), "TOKEN_CLAIMS"),
        (saying(&[("person", json!("etalon:clock"))]), "TOKEN_CLAIMS"),
        (saying(&[("cnf", json!({ "jkt": "x" }))]), "TOKEN_CLAIMS"),
        (key.token(&json!([])), "TOKEN_CLAIMS"),
    ];
    for claim in ["iss", "aud", "sub", "iat", "nbf", "exp", "roles", "jurisdiction"] {
        table.push((saying(&[(claim, Value::Null)]), "TOKEN_CLAIMS"));
    }
    for (token, code) in &table {
        show(&server, token).await.is_refusal(code, token);
    }
    let log = server.log();
    for (token, _) in table.iter().filter(|(token, _)| token.len() > 10) {
        assert!(!log.contains(token.as_str()), "a token is in the log");
    }
    assert!(!log.contains(&part(&good)) && !log.contains(signature));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_provider_is_refused_whatever_key_it_names() {
    let [key, theirs] = [Key::ed("one"), Key::ed("one")];
    let [provider, another] = [Provider::with(&[&key]).await, Provider::with(&[&theirs]).await];
    let installation = Installation::embedded();
    let server = start(&installation, &provider, &[]);
    assert!(show(&server, &key.token(&provider.payload("x"))).await.is_answer());
    for payload in [another.payload("x"), provider.payload("x")] {
        let token = theirs.token(&payload);
        show(&server, &token).await.is_refusal("TOKEN_SIGNATURE", &token);
    }
    // Two realms of one provider may share their keys, and not their tokens.
    let token = key.token(&another.payload("x"));
    show(&server, &token).await.is_refusal("TOKEN_ISSUER", &token);
    assert_eq!(another.asked(), 0, "nobody is asked because a token says so");
}

/// A header may name a key in many ways, and where it is. All but its id are passed over.
#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_taken_from_where_a_token_says() {
    let [key, theirs] = [Key::ed("one"), Key::ed("theirs")];
    let [provider, attacker] = [Provider::with(&[&key]).await, Provider::with(&[&theirs]).await];
    let installation = Installation::embedded();
    let server = start(&installation, &provider, &[]);
    let good = provider.payload("somebody");
    assert!(show(&server, &key.token(&good)).await.is_answer());
    let elsewhere = || Some(format!("{}/keys", attacker.issuer));
    let offering = |id: &str| {
        let header = || Header { kid: Some(id.to_owned()), ..key.header() };
        let jwk = serde_json::from_value(theirs.public.clone()).expect("a key");
        [
            Header { jku: elsewhere(), ..header() },
            Header { x5u: elsewhere(), ..header() },
            Header { x5c: Some(vec!["AAAA".to_owned()]), x5t: Some("AAAA".to_owned()), ..header() },
            Header { jwk: Some(jwk), jku: elsewhere(), x5u: elsewhere(), ..header() },
        ]
    };
    for header in offering("one") {
        let forged = theirs.token_under(&header, &good);
        show(&server, &forged).await.is_refusal("TOKEN_SIGNATURE", &forged);
        assert!(show(&server, &key.token_under(&header, &good)).await.is_answer(), "the key is the one that is known");
    }
    let long = "x".repeat(4_000);
    for id in ["theirs", "", "../../../../dev/null", "one' or '1' = '1", "one\0", long.as_str()] {
        for header in offering(id) {
            let forged = theirs.token_under(&header, &good);
            show(&server, &forged).await.is_refusal("TOKEN_KEY_UNKNOWN", &forged);
        }
    }
    assert_eq!(attacker.asked(), 0, "nobody is asked because a token says so");
}

/// The provider has signed each, and could have meant anything.
#[tokio::test(flavor = "multi_thread")]
async fn claims_that_can_be_read_in_two_ways_are_not_read() {
    let key = Key::ed("one");
    let provider = Provider::with(&[&key]).await;
    let installation = Installation::embedded();
    let server = start(&installation, &provider, &[]);
    let good = provider.payload("somebody").to_string();
    assert!(show(&server, &key.token_of_text(&good)).await.is_answer());
    let now = SystemClock.now().as_second();
    let twice = |claim: String| good.replacen('{', &format!("{{{claim},"), 1);
    let instead = |name: &str, value: Value| provider.payload_with(&[(name, value)]).to_string();
    for payload in [
        twice("\"sub\":\"somebody else\"".to_owned()),
        twice("\"sub\":\"somebody\"".to_owned()),
        twice(format!("\"exp\":{}", now + 300)),
        twice("\"roles\":[\"manager\"]".to_owned()),
        twice("\"r\\u006fles\":[\"manager\"]".to_owned()),
        instead("sub", json!(7)),
        instead("sub", json!("")),
        instead("sub", json!("x".repeat(256))),
        instead("sub", json!(["somebody"])),
        instead("iss", json!([provider.issuer])),
        instead("aud", json!({ "etalon": true })),
        instead("exp", json!((now + 300).to_string())),
        instead("exp", json!(i64::MAX)),
        instead("exp", json!(u64::MAX)),
        instead("exp", json!(1e300)),
        instead("nbf", json!(true)),
        instead("nbf", json!((now - 5).to_string())),
        instead("iat", json!(i64::MIN)),
        instead("jurisdiction", json!(44)),
        instead("institution", json!("no id")),
        "7".to_owned(),
        "null".to_owned(),
        "\"\"".to_owned(),
    ] {
        let token = key.token_of_text(&payload);
        let said = show(&server, &token).await;
        assert_eq!((said.status, said.code.as_str()), (401, "TOKEN_CLAIMS"), "{payload}: {}", said.text);
    }
    for length in [8_193, 12_000] {
        let token = "x".repeat(length);
        show(&server, &token).await.is_refusal("TOKEN_MALFORMED", &token);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_key_is_off() {
    let key = Key::ed("one");
    let provider = Provider::with(&[&key]).await;
    let installation = Installation::embedded();
    let mut command = installation.command();
    command.env("ETALON_OIDC_ISSUER", &provider.issuer).env("ETALON_OIDC_AUDIENCE", "etalon");
    let made = command.args(["token", "--actor", "a", "--role", "manager", "--jurisdiction", "44"]).output();
    let made = made.expect("the program runs");
    let said = String::from_utf8(made.stderr).expect("text");
    assert!(!made.status.success() && made.stdout.is_empty());
    assert!(said.contains("`oidc.issuer` is set") && said.contains(&provider.issuer), "{said}");
}

#[test]
fn a_provider_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let no_certificate = folder.path().join("ca.pem");
    std::fs::write(&no_certificate, "none").expect("written");
    let no_certificate = no_certificate.to_str().expect("text");
    for (name, value, expected) in [
        (
            "ETALON_OIDC_ISSUER",
            "http://sso.example",
            "`oidc.issuer` cannot be used (http://sso.example): only https://",
        ),
        ("ETALON_OIDC_ISSUER", "sso.example", "`oidc.issuer` cannot be used (sso.example): write an absolute URL"),
        ("ETALON_OIDC_ISSUER", "https://sso.example?x=1", "`oidc.issuer` cannot be used"),
        ("ETALON_OIDC_AUDIENCE", "", "`ETALON_OIDC_AUDIENCE` (environment variable)"),
        ("ETALON_OIDC_ALGORITHM", "HS256", "`HS256` is none of RS256, ES256, EdDSA"),
        ("ETALON_OIDC_ROLES", "{head=\"king\"}", "`oidc.roles` cannot be used: there is no role `king`"),
        ("ETALON_OIDC_CA_FILE", "/nowhere/ca.pem", "`oidc.ca_file` cannot be used (/nowhere/ca.pem)"),
        ("ETALON_OIDC_CA_FILE", no_certificate, "it holds no certificate in PEM"),
    ] {
        let mut command = program();
        command.current_dir(folder.path()).env("ETALON_OIDC_ISSUER", "https://sso.example");
        command.env("ETALON_OIDC_AUDIENCE", "etalon").env(name, value);
        let ended = command.args(["serve", "--listen", "127.0.0.1:0"]).output().expect("the program runs");
        let said = String::from_utf8(ended.stderr).expect("text");
        assert!(!ended.status.success() && said.contains(expected), "`{expected}` is not in: {said}");
    }
}
