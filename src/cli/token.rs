//! `etalon token`: a bearer token of this installation, on standard output.

use jiff::Timestamp;

use crate::cli::problem::Problem;
use crate::cli::{Token, serve};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::domain::value::Division;
use crate::identity::claims::Claims;

/// Makes a token.
///
/// # Errors
/// When the claims make no sense or the key cannot be used.
pub fn run(arguments: Token, settings: &Settings) -> Result<String, Problem> {
    Division::parse(&arguments.jurisdiction).map_err(Problem::while_doing("the jurisdiction cannot be used"))?;
    let claims = claims(arguments, SystemClock.now());
    serve::key(settings)?.issue(&claims).map_err(Problem::while_doing("the token cannot be made"))
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
