//! Bearer tokens, of the installation's own key and of a provider.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use etalon::identity::key::LocalKey;
use etalon::identity::oidc::{ClaimNames, Pace, Provider, ReadIds, Roles, Signing, Source, Terms};
use etalon::identity::token::bearer;
use etalon::identity::{Identity, IdentityError, Verifier};
use etalon::outbound::{Client, Networks};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// The seed of both verifiers' key, which the corpus is signed with.
const SEED: [u8; 32] = [7; 32];
/// When every token is shown: 2026-05-04T12:00:00Z.
const NOW: i64 = 1_777_896_000;

/// Both ways to know somebody, with one key.
struct Door {
    runtime: Runtime,
    local: Verifier,
    provider: Verifier,
    signing: EncodingKey,
}

static DOOR: LazyLock<Door> = LazyLock::new(Door::open);

/// A header's text; or, where it has a second line, header and payload of a token that is signed as it should be.
pub fn token(bytes: &[u8]) {
    let now = Timestamp::from_second(NOW).expect("a time");
    let text = String::from_utf8_lossy(bytes);
    if let Ok(token) = bearer(Some(&text)) {
        let shown = DOOR.show(token, now);
        assert!(shown.iter().all(Result::is_err), "a token that nobody has signed: {token}");
    }
    let Some(line) = bytes.iter().position(|byte| *byte == b'\n') else { return };
    let [header, payload] = [&bytes[..line], &bytes[line + 1..]].map(|part| URL_SAFE_NO_PAD.encode(part));
    let signed = format!("{header}.{payload}");
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &DOOR.signing, Algorithm::EdDSA);
    let token = format!("{signed}.{}", signature.expect("signed"));
    for identity in DOOR.show(&token, now).into_iter().flatten() {
        assert!(!identity.actor.is_empty() && !identity.actor.contains(char::is_whitespace), "{identity:?}");
        assert!(!identity.roles.is_empty() && identity.expires_at > now - SignedDuration::from_mins(1), "{identity:?}");
        // What stands last is changed: nobody has signed that.
        let other = format!("{signed}x.{}", &token[signed.len() + 1..]);
        assert!(DOOR.show(&other, now).iter().all(Result::is_err), "{other}");
    }
}

impl Door {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token-key.pem");
        // PKCS #8 (RFC 8410, section 7).
        let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        der.extend_from_slice(&SEED);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(&der));
        fs::write(&file, pem).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("one's own");
        let local = Verifier::Local(LocalKey::open_or_create(&file).expect("a key"));
        let runtime = Runtime::new().expect("a runtime");
        let provider = Verifier::Provider(runtime.block_on(provider()));
        Self { runtime, local, provider, signing: EncodingKey::from_ed_der(&der) }
    }

    fn show(&self, token: &str, now: Timestamp) -> [Result<Identity, IdentityError>; 2] {
        [&self.local, &self.provider].map(|verifier| self.runtime.block_on(verifier.verify(token, now)))
    }
}

/// A provider on a port of its own, whose keys were fetched.
async fn provider() -> Arc<Provider> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let public = URL_SAFE_NO_PAD.encode(SigningKey::from_bytes(&SEED).verifying_key().as_bytes());
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": public, "kid": "one", "use": "sig" });
    let documents = [
        ("/.well-known/openid-configuration", json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/keys") })),
        ("/keys", json!({ "keys": [key] })),
    ];
    let routes = documents.into_iter().fold(Router::new(), |routes, (path, document)| {
        routes.route(path, get(move || std::future::ready(document.to_string())))
    });
    tokio::spawn(async { axum::serve(listener, routes).await });
    let source = Source::new(&issuer, Client::new(Networks::any_by_tls(), Duration::from_secs(5))).expect("a source");
    let hour = Duration::from_secs(3_600);
    let pace = Pace { refresh: hour, refetch: hour, stale: hour };
    let provider = Arc::new(Provider::new(Signing::EdDsa, terms(), source, pace));
    tokio::spawn(provider.clone().run(CancellationToken::new()));
    provider
}

/// As an installation might set them; the issuer is one that the corpus can name, wherever its keys come from.
fn terms() -> Terms {
    let claim = str::to_owned;
    let read = |text: &str| text.parse().ok();
    Terms {
        issuer: "https://sso.example".to_owned(),
        audience: "etalon".to_owned(),
        leeway: SignedDuration::from_secs(30),
        longest_life: SignedDuration::from_hours(1),
        claims: ClaimNames {
            roles: claim("/realm_access/roles"),
            jurisdiction: claim("jurisdiction"),
            institution: claim("institution"),
            enterprise: claim("enterprise"),
            person: claim("person"),
            not_before: claim("nbf"),
        },
        roles: Roles::by_name(),
        services: BTreeMap::from([("reporter".to_owned(), "monthly-report".to_owned())]),
        read_ids: ReadIds { person: read, institution: read, enterprise: read },
    }
}
