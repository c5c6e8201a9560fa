//! `etalon revoke`: tokens that are refused before their time is over.

use std::sync::Arc;

use clap::Args;

use crate::app::Revoker;
use crate::cli::problem::Problem;
use crate::cli::serve::{self, KeyFolder};
use crate::cli::{Database, parse_actor};
use crate::clock::SystemClock;
use crate::config::{OidcSettings, Overrides, Settings};
use crate::identity::credential::RevocationKey;

/// `etalon revoke`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every token that was issued by now is refused, at every server of the database, and its open streams end. The clock that
wrote its `iat` may be ahead: a token counts as issued now up to 30 s later (`oidc.leeway_ms` for those of a provider). One
that is issued after that is good: take the right to new ones away where they come from. A person who is erased needs no
revocation.

The webhooks that an actor owns are paused within the same 5 seconds, and `webhookChanges` says so
(`OWNER_REVOKED`): a manager who sees one resumes it, which makes it theirs, or deletes it. They know their owner and no
token: after `--subject` or `--token-id` revoke the actor as well, or look in `webhookChanges` for what was set up.

Examples:
  etalon revoke --actor 0190b6e0-7d3a-7c1e-8f52-1b7a0c2d4e70
  etalon revoke --actor service:monthly-report
  etalon revoke --subject f81d4fae-7dec-11d0-a765-00a0c91e6bf6
  etalon revoke --token-id onrtac:9a1b2c3d")]
pub struct Revoke {
    /// Whose tokens.
    #[command(flatten)]
    pub which: Which,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// Whose tokens are revoked.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// All of this actor: a registered person, or another id as the log has it
    #[arg(long, value_name = "ID", value_parser = parse_actor)]
    pub actor: Option<String>,
    /// All that the identity provider gave to this subject: what its tokens call `sub`
    #[arg(long, value_name = "SUB")]
    pub subject: Option<String>,
    /// A single one of the identity provider: what it calls `jti`
    #[arg(long, value_name = "JTI")]
    pub token_id: Option<String>,
}

impl Revoke {
    /// What the options say over the other layers of the settings.
    pub fn overrides(&self) -> Overrides {
        self.database.overrides()
    }
}

/// Revokes, and says from when on that holds.
///
/// # Errors
/// When the database cannot be used, or a subject or a single token is named and there is no provider.
pub async fn run(arguments: Revoke, settings: &Settings) -> Result<String, Problem> {
    let key = key(&arguments.which, settings)?;
    let app = serve::open_existing(settings, KeyFolder::Unneeded, Arc::new(SystemClock)).await?;
    let revoked = app.revoke(&key).await.map_err(Problem::while_doing("nothing was revoked"));
    app.shutdown().await;
    let of_webhooks = match arguments.which.actor {
        Some(_) => "the webhooks of this actor are paused by then",
        None => "webhooks go on unless the actor who owns them is revoked (`--actor`)",
    };
    let within = Revoker::WITHIN.as_secs();
    revoked.map(|()| format!("revoked; every server knows it within {within} seconds; {of_webhooks}"))
}

fn key(which: &Which, settings: &Settings) -> Result<RevocationKey, Problem> {
    match (&which.actor, &which.subject, &which.token_id) {
        (Some(actor), ..) => Ok(RevocationKey::of_actor(actor)),
        (_, Some(subject), _) => Ok(RevocationKey::of_subject(&provider("--subject", settings)?.issuer, subject)),
        (_, _, Some(token_id)) => provider("--token-id", settings).map(|_| RevocationKey::of_token(token_id)),
        (None, None, None) => Err(Problem::new("name an actor, a subject or a token")),
    }
}

/// The installation's own tokens have neither a subject nor an id.
fn provider<'a>(option: &str, settings: &'a Settings) -> Result<&'a OidcSettings, Problem> {
    settings.oidc.as_ref().ok_or_else(|| {
        let why = "is for tokens of an identity provider, and `oidc.issuer` is not set: name the actor";
        Problem::new(format!("`{option}` {why}"))
    })
}
