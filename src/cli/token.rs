//! `etalon token`: a bearer token of this installation, on standard output.

use jiff::Timestamp;

use crate::cli::problem::Problem;
use crate::cli::{Token, identity};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::domain::value::Division;
use crate::identity::claims::Claims;

/// Makes a token, and no key.
///
/// # Errors
/// When the claims make no sense, the key is not there or cannot be used, or tokens come from somewhere else.
pub fn run(arguments: Token, settings: &Settings) -> Result<String, Problem> {
    if let Some(oidc) = &settings.oidc {
        let issuer = &oidc.issuer;
        let why = "`oidc.issuer` is set, so the servers of this installation take no token that it signs itself";
        return Err(Problem::new(format!("{why}: tokens come from {issuer}")));
    }
    Division::parse(&arguments.jurisdiction).map_err(Problem::while_doing("the jurisdiction cannot be used"))?;
    let claims = claims(arguments, SystemClock.now());
    identity::key_of_servers(settings)?.issue(&claims).map_err(Problem::while_doing("the token cannot be made"))
}

fn claims(arguments: Token, now: Timestamp) -> Claims {
    Claims {
        actor: arguments.actor,
        roles: arguments.roles,
        jurisdiction: arguments.jurisdiction,
        institution: arguments.institution,
        enterprise: arguments.enterprise,
        issued_at: now,
        expires_at: now + arguments.ttl,
    }
}
