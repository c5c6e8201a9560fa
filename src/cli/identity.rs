//! Whose tokens are taken: made of the settings.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::cli::parse_id;
use crate::cli::problem::Problem;
use crate::config::{OidcSettings, Settings, Signing as ConfiguredSigning};
use crate::domain::value::{EnterpriseId, InstitutionId, PersonId};
use crate::identity::Verifier;
use crate::identity::key::LocalKey;
use crate::identity::oidc::{ClaimNames, Pace, Provider, ReadIds, Roles, Signing, Source, Terms};
use crate::outbound::{Client, Networks};
use crate::small_file::{self, CERTIFICATES_BYTES};

/// How long a provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ids as the API gives them, or bare.
const READ_IDS: ReadIds = ReadIds {
    person: |text| parse_id::<PersonId>(text).ok(),
    institution: |text| parse_id::<InstitutionId>(text).ok(),
    enterprise: |text| parse_id::<EnterpriseId>(text).ok(),
};

/// The provider where one is set, else the installation's own key: never both.
///
/// # Errors
/// When a setting or the key file cannot be used.
pub fn verifier(settings: &Settings) -> Result<Verifier, Problem> {
    match &settings.oidc {
        Some(oidc) => Ok(Verifier::Provider(Arc::new(provider(oidc)?))),
        None => key(settings).map(Verifier::Local),
    }
}

/// The key that signs and checks this installation's tokens.
///
/// # Errors
/// When the key file cannot be used.
pub fn key(settings: &Settings) -> Result<LocalKey, Problem> {
    LocalKey::open_or_create(&settings.key_file).map_err(Problem::while_doing("the token key cannot be used"))
}

/// The same key, where it is there: another one would sign tokens that no server takes.
///
/// # Errors
/// When there is none, or the key file cannot be used.
pub fn key_of_servers(settings: &Settings) -> Result<LocalKey, Problem> {
    let key = LocalKey::open(&settings.key_file).map_err(Problem::while_doing("the token key cannot be used"))?;
    key.ok_or_else(|| {
        // A relative path leads elsewhere in another folder, which is what may be wrong.
        let file = std::path::absolute(&settings.key_file).unwrap_or_else(|_| settings.key_file.clone());
        Problem::new(format!(
            "there is no token key at {} (key_file, which is token-key.pem in data_dir unless it is set): run this where the \
             server runs, or name its key; a server makes it when it first starts",
            file.display()
        ))
    })
}

fn provider(oidc: &OidcSettings) -> Result<Provider, Problem> {
    let authorities = oidc.ca_file.as_deref().map(authorities).transpose()?.unwrap_or_default();
    let client = Client::trusting(authorities, Networks::any_by_tls(), PATIENCE);
    let source = Source::new(&oidc.issuer, client)
        .map_err(Problem::while_doing(format!("`oidc.issuer` cannot be used ({})", oidc.issuer)))?;
    let roles = match oidc.roles.is_empty() {
        true => Roles::by_name(),
        false => Roles::mapped(&oidc.roles).map_err(Problem::while_doing("`oidc.roles` cannot be used"))?,
    };
    let terms = Terms {
        issuer: oidc.issuer.clone(),
        audience: oidc.audience.clone(),
        leeway: SignedDuration::from_millis(oidc.leeway_ms),
        longest_life: SignedDuration::from_millis(oidc.longest_life_ms),
        claims: ClaimNames {
            roles: oidc.claims.roles.clone(),
            jurisdiction: oidc.claims.jurisdiction.clone(),
            institution: oidc.claims.institution.clone(),
            enterprise: oidc.claims.enterprise.clone(),
            person: oidc.claims.person.clone(),
            not_before: oidc.claims.not_before.clone(),
        },
        roles,
        services: oidc.services.clone(),
        read_ids: READ_IDS,
    };
    let signing = match oidc.signing {
        ConfiguredSigning::Rs256 => Signing::Rs256,
        ConfiguredSigning::Es256 => Signing::Es256,
        ConfiguredSigning::EdDsa => Signing::EdDsa,
    };
    let pace = Pace { refresh: oidc.keys_refresh, refetch: oidc.keys_refetch, stale: oidc.keys_stale };
    Ok(Provider::new(signing, terms, source, pace))
}

fn authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let cannot = || format!("`oidc.ca_file` cannot be used ({})", file.display());
    let pem = small_file::read(file, CERTIFICATES_BYTES).map_err(Problem::while_doing(cannot()))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| Problem::new(format!("{}: {error}", cannot())))?;
    match found.is_empty() {
        true => Err(Problem::new(format!("{}: it holds no certificate in PEM", cannot()))),
        false => Ok(found),
    }
}
