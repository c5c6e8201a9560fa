//! The settings of the identity provider: the section `[oidc]` of the file, `ETALON_OIDC_*` in the environment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;
use super::given::given;
use super::number::Between;
use super::place::Place;

/// The provider whose tokens are taken, and what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcSettings {
    /// `issuer`: the provider, as its discovery document and its tokens have it.
    pub issuer: String,
    /// `audience`: what its tokens for this service are for.
    pub audience: String,
    /// `algorithm`: how they are signed. Default: RS256.
    pub signing: Signing,
    /// `leeway_ms`: how far its clock and this one may be apart, up to 5 min. Default: 30 s.
    pub leeway_ms: i64,
    /// `longest_life_ms`: how long a token may last, 1 min to 31 days. Default: a day.
    pub longest_life_ms: i64,
    /// Where a token says who somebody is.
    pub claims: ClaimSettings,
    /// `roles`: the provider's words for roles. Default: the roles' own names.
    pub roles: BTreeMap<String, String>,
    /// `services`: names of services, by the subjects of their tokens. Default: none.
    pub services: BTreeMap<String, String>,
    /// `ca_file`: authorities to trust besides the machine's own, in PEM. Default: none.
    pub ca_file: Option<PathBuf>,
    /// `keys_refresh_ms`: how old keys get before they are asked for again, 1 s to a day. Default: 5 min.
    pub keys_refresh: Duration,
    /// `keys_refetch_ms`: how long the provider is left in peace after it was asked, 100 ms to an hour. Default: 10 s.
    pub keys_refetch: Duration,
    /// `keys_stale_ms`: how long keys are good while the provider is down, 1 s to 31 days. Default: an hour.
    pub keys_stale: Duration,
}

/// The claims that say who somebody is: each a name, or a JSON Pointer that begins with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimSettings {
    /// `role_claim`. Default: `roles`.
    pub roles: String,
    /// `jurisdiction_claim`. Default: `jurisdiction`.
    pub jurisdiction: String,
    /// `institution_claim`. Default: `institution`.
    pub institution: String,
    /// `enterprise_claim`. Default: `enterprise`.
    pub enterprise: String,
    /// `person_claim`. Default: `person`.
    pub person: String,
    /// `not_before_claim`. Default: `nbf`.
    pub not_before: String,
}

/// How a provider signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Signing {
    /// RSA.
    Rs256,
    /// P-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl TryFrom<String> for Signing {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "RS256" => Ok(Self::Rs256),
            "ES256" => Ok(Self::Es256),
            "EdDSA" => Ok(Self::EdDsa),
            _ => Err(format!("`{text}` is none of RS256, ES256, EdDSA")),
        }
    }
}

/// Those whose keys are the provider's own words: each is one setting, whole.
pub(super) const TABLES: [&str; 2] = ["roles", "services"];

given! {
    /// What the layers said of the section.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, expecting = "the section `[oidc]` with settings of its own")]
    pub(super) struct Given, prefixed "oidc_" {
        issuer: Word,
        audience: Word,
        algorithm: Signing,
        leeway_ms: Between<0, 300_000>,
        longest_life_ms: Between<60_000, 2_678_400_000>,
        role_claim: Word,
        jurisdiction_claim: Word,
        institution_claim: Word,
        enterprise_claim: Word,
        person_claim: Word,
        not_before_claim: Word,
        roles: BTreeMap<String, String>,
        services: BTreeMap<String, ServiceName>,
        ca_file: Place,
        keys_refresh_ms: Between<1_000, 86_400_000>,
        keys_refetch_ms: Between<100, 3_600_000>,
        keys_stale_ms: Between<1_000, 2_678_400_000>,
    }
}

impl Given {
    pub(super) fn with_defaults(self) -> Result<OidcSettings, ConfigError> {
        let required = |name: &str, word: Option<Word>| {
            let missing = || ConfigError::Invalid(format!("`oidc.{name}` is required where `[oidc]` is set"));
            word.map(|word| word.0).ok_or_else(missing)
        };
        let claim = |name: Option<Word>, default: &str| name.map_or_else(|| default.to_owned(), |name| name.0);
        Ok(OidcSettings {
            issuer: required("issuer", self.issuer)?,
            audience: required("audience", self.audience)?,
            signing: self.algorithm.unwrap_or(Signing::Rs256),
            leeway_ms: self.leeway_ms.map_or(30_000, |time| time.0.cast_signed()),
            longest_life_ms: self.longest_life_ms.map_or(86_400_000, |time| time.0.cast_signed()),
            claims: ClaimSettings {
                roles: claim(self.role_claim, "roles"),
                jurisdiction: claim(self.jurisdiction_claim, "jurisdiction"),
                institution: claim(self.institution_claim, "institution"),
                enterprise: claim(self.enterprise_claim, "enterprise"),
                person: claim(self.person_claim, "person"),
                not_before: claim(self.not_before_claim, "nbf"),
            },
            roles: self.roles.unwrap_or_default(),
            services: self.services.unwrap_or_default().into_iter().map(|(subject, name)| (subject, name.0)).collect(),
            ca_file: self.ca_file.map(|file| file.0),
            keys_refresh: Duration::from_millis(self.keys_refresh_ms.map_or(300_000, |time| time.0)),
            keys_refetch: Duration::from_millis(self.keys_refetch_ms.map_or(10_000, |time| time.0)),
            keys_stale: Duration::from_millis(self.keys_stale_ms.map_or(3_600_000, |time| time.0)),
        })
    }
}

/// A text that is not empty and has no white space.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Word(String);

impl TryFrom<String> for Word {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.is_empty() || text.chars().any(char::is_whitespace) {
            true => Err("it is a text without white space that is not empty"),
            false => Ok(Self(text)),
        }
    }
}

/// What the log calls a service.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ServiceName(String);

impl ServiceName {
    const LONGEST: usize = 64;
}

impl TryFrom<String> for ServiceName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_name = (1..=Self::LONGEST).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        match is_name {
            true => Ok(Self(text)),
            false => Err(format!("`{text}` is no name of a service: write 1 to 64 letters, digits, `-`, `_` and `.`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{refusal, settings};
    use super::*;
    use crate::config::Overrides;

    const LEAST: &str = "[oidc]\nissuer = 'https://sso.example/realms/etalon'\naudience = 'etalon'\n";

    fn oidc(toml: &str, variables: &[(&str, &str)]) -> OidcSettings {
        settings(toml, variables, Overrides::default()).expect("valid").oidc.expect("a section")
    }

    #[test]
    fn a_provider_is_an_issuer_and_an_audience() {
        assert_eq!(settings("", &[], Overrides::default()).expect("valid").oidc, None);
        let least = oidc(LEAST, &[]);
        assert_eq!((least.issuer.as_str(), least.audience.as_str()), ("https://sso.example/realms/etalon", "etalon"));
        assert_eq!(least.signing, Signing::Rs256);
        assert_eq!((least.leeway_ms, least.longest_life_ms), (30_000, 86_400_000));
        assert_eq!((least.claims.roles.as_str(), least.claims.not_before.as_str()), ("roles", "nbf"));
        assert_eq!((least.keys_refresh.as_secs(), least.keys_refetch.as_secs()), (300, 10));
        assert_eq!(least.keys_stale.as_secs(), 3_600);
        for (missing, toml) in [("audience", "[oidc]\nissuer = 'https://sso.example'"), ("issuer", "[oidc]")] {
            let refused = refusal(toml, &[], Overrides::default());
            assert_eq!(refused, format!("`oidc.{missing}` is required where `[oidc]` is set"));
        }
    }

    #[test]
    fn words_are_mapped() {
        let toml = format!(
            "{LEAST}role_claim = '/realm_access/roles'\n[oidc.roles]\nhead = 'manager'\n[oidc.services]\n'f81d' = 'monthly-report'"
        );
        let mapped = oidc(&toml, &[]);
        assert_eq!(mapped.claims.roles, "/realm_access/roles");
        assert_eq!(mapped.roles, BTreeMap::from([("head".to_owned(), "manager".to_owned())]));
        assert_eq!(mapped.services, BTreeMap::from([("f81d".to_owned(), "monthly-report".to_owned())]));
    }

    #[test]
    fn every_setting_may_be_a_variable() {
        let values = [
            "https://sso.example",
            "etalon",
            "EdDSA",
            "1000",
            "60000",
            "r",
            "j",
            "i",
            "e",
            "p",
            "iat",
            "{head=\"manager\"}",
            "{f81d=\"report\"}",
            "/etc/ca.pem",
            "2000",
            "3000",
            "4000",
        ];
        let names: Vec<_> = Given::NAMES.iter().map(|name| format!("ETALON_{}", name.to_ascii_uppercase())).collect();
        let variables: Vec<_> = names.iter().map(String::as_str).zip(values).collect();
        let said = oidc(LEAST, &variables);
        let claims = ["r", "j", "i", "e", "p", "iat"].map(str::to_owned);
        let [roles, jurisdiction, institution, enterprise, person, not_before] = claims;
        let expected = OidcSettings {
            issuer: "https://sso.example".to_owned(),
            audience: "etalon".to_owned(),
            signing: Signing::EdDsa,
            leeway_ms: 1_000,
            longest_life_ms: 60_000,
            claims: ClaimSettings { roles, jurisdiction, institution, enterprise, person, not_before },
            roles: BTreeMap::from([("head".to_owned(), "manager".to_owned())]),
            services: BTreeMap::from([("f81d".to_owned(), "report".to_owned())]),
            ca_file: Some("/etc/ca.pem".into()),
            keys_refresh: Duration::from_secs(2),
            keys_refetch: Duration::from_secs(3),
            keys_stale: Duration::from_secs(4),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn a_table_is_taken_whole_from_the_last_layer_that_has_it() {
        let toml = format!("{LEAST}[oidc.roles]\nhead = 'manager'\n[oidc.services]\nf81d = 'monthly-report'");
        let (of_file, services) =
            (oidc(&toml, &[]), BTreeMap::from([("f81d".to_owned(), "monthly-report".to_owned())]));
        let of_variable = oidc(&toml, &[("ETALON_OIDC_ROLES", "{bureau-head=\"manager\"}")]);
        assert_eq!(of_variable.roles, BTreeMap::from([("bureau-head".to_owned(), "manager".to_owned())]));
        assert_eq!(of_variable.services, services, "a table that no variable sets is the file's");
        let none = oidc(&toml, &[("ETALON_OIDC_SERVICES", "{}")]);
        assert_eq!((none.services, none.roles), (BTreeMap::new(), of_file.roles));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (line, expected) in [
            ("isuer = 'x'", "there is no setting `oidc.isuer` (TOML file "),
            ("algorithm = 'HS256'", "`oidc.algorithm` (TOML file "),
            ("algorithm = 'none'", "`none` is none of RS256, ES256, EdDSA"),
            ("leeway_ms = 300001", "300001 is not from 0 to 300000"),
            ("role_claim = ''", "`oidc.role_claim` (TOML file "),
            ("roles = 'manager'", "`oidc.roles` (TOML file "),
            ("services = { f81d = '李娜' }", "`oidc.services.f81d` (TOML file "),
        ] {
            let refused = refusal(&format!("{LEAST}{line}"), &[], Overrides::default());
            assert!(refused.contains(expected), "`{expected}` is not in: {refused}");
        }
        let refused = refusal(&format!("{LEAST}isuer = 'x'"), &[], Overrides::default());
        assert!(refused.ends_with("did you mean `issuer`?"), "{refused}");
        let refused = refusal(LEAST, &[("ETALON_OIDC_LEEWAY_MS", "long")], Overrides::default());
        assert!(refused.starts_with("`ETALON_OIDC_LEEWAY_MS` (environment variable): "), "{refused}");
        let refused = refusal(LEAST, &[("ETALON_OIDC_ISUER", "x")], Overrides::default());
        assert!(refused.ends_with("did you mean `oidc_issuer`?"), "{refused}");
    }
}
