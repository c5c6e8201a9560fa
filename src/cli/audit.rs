//! `etalon audit`: for those who trust nobody.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::app::{AggregateType, App, StreamId};
use crate::audit::{self, Followed, Follower, Part, Trusted, Verdict, Witnessed};
use crate::cli::export::up_to;
use crate::cli::output::say;
use crate::cli::problem::Problem;
use crate::cli::{self, AuditCommand, Evidence, VerdictFormat, progress, seals, serve};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::domain::value::CaseId;
use crate::ledger::counted::counted;
use crate::ledger::note::VerifierKey;
use crate::ledger::timestamp::verify::Roots;
use crate::small_file::{self, CERTIFICATES_BYTES, CHECKPOINT_BYTES};
use crate::telemetry::causes::with_causes;

/// What an audit has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is wrong.
    Good,
    /// Something is.
    Faulty,
}

/// Runs a command of an auditor.
///
/// # Errors
/// When nothing can be said of the log.
pub async fn run(arguments: cli::Audit, settings: &Settings) -> Result<Outcome, Problem> {
    match arguments.command {
        AuditCommand::Key => key(settings).await,
        AuditCommand::Export(export) => self::export(export, settings).await,
        AuditCommand::Verify(verify) => self::verify(&verify),
        AuditCommand::Replay(replay) => self::replay(replay, settings).await,
        AuditCommand::Case(case) => self::case(case, settings).await,
        AuditCommand::Follow(follow) => self::follow(follow).await,
    }
}

async fn key(settings: &Settings) -> Result<Outcome, Problem> {
    let app = serve::open_evidence(settings, Arc::new(SystemClock)).await?;
    let looked = async {
        seals::must_fit(&app, settings).await?;
        app.origin().await.map_err(Problem::while_doing("the log cannot be read"))
    };
    let origin = looked.await;
    app.shutdown().await;
    let key = seals::key(settings, &origin?)?;
    say(&key.to_string())?;
    Ok(Outcome::Good)
}

async fn export(arguments: cli::AuditExport, settings: &Settings) -> Result<Outcome, Problem> {
    let part = match (arguments.from, arguments.to) {
        (None, None) => Part::Whole,
        (from, to) => Part::Range(from.unwrap_or(0), to),
    };
    let output = &arguments.output;
    let events = export_part(part, arguments.as_of, output, settings).await?;
    let are = counted(events, "event is", "events are");
    match arguments.format {
        VerdictFormat::Text => say(&format!("{are} in {}", output.display()))?,
        VerdictFormat::Json => say(&json!({ "events": events, "output": output }).to_string())?,
    }
    Ok(Outcome::Good)
}

async fn export_part(part: Part, as_of: Option<cli::AsOf>, output: &Path, settings: &Settings) -> Result<u64, Problem> {
    let app = serve::open_evidence(settings, Arc::new(SystemClock)).await?;
    let last = match as_of {
        None => None,
        Some(as_of) => Some(up_to(&app, Some(as_of)).await?),
    };
    let bar = progress::spinner();
    let exported = audit::export(&app, part, last, output, |done| bar.set_position(done)).await;
    bar.finish_and_clear();
    app.shutdown().await;
    let events = exported.map_err(Problem::while_doing("nothing was exported"))?;
    if let (Part::Whole, Some(last)) = (part, last.filter(|last| events <= *last)) {
        // The bundle is written, whoever hears of where it ends.
        let _ = writeln!(
            io::stderr(),
            "note: the bundle ends at position {}, where the log was sealed last by position {last}: --to {last} writes a \
             part that ends there",
            events - 1
        );
    }
    Ok(events)
}

fn verify(arguments: &cli::AuditVerify) -> Result<Outcome, Problem> {
    let verdict = verified(&arguments.bundle, &trusted(&arguments.evidence)?)?;
    tell(&verdict, arguments.evidence.format)
}

fn verified(bundle: &Path, trusted: &Trusted) -> Result<Verdict, Problem> {
    let bar = progress::spinner();
    let verdict = audit::verify(bundle, trusted, |done| bar.set_position(done));
    bar.finish_and_clear();
    verdict.map_err(Problem::while_doing("the bundle cannot be verified"))
}

async fn replay(arguments: cli::AuditReplay, settings: &Settings) -> Result<Outcome, Problem> {
    let (keys, kept, roots) =
        (keys_of_log(&arguments.keys)?, kept(&arguments.checkpoints)?, roots(arguments.authorities.as_deref())?);
    let app = serve::open_evidence(settings, Arc::new(SystemClock)).await?;
    // Not before the database is there, for which the command may have waited.
    let now = SystemClock.now();
    let unsealed_for = Some(arguments.unsealed_for);
    let trusted = Trusted { keys, kept, roots, tolerance: Some(arguments.tolerance), now, unsealed_for };
    let verdict = replayed(&app, &trusted).await;
    app.shutdown().await;
    tell(&verdict?, arguments.format)
}

/// Replays the log of a database, and shows how far it is.
pub(super) async fn replayed(app: &App, trusted: &Trusted) -> Result<Verdict, Problem> {
    let bar = progress::bar();
    let verdict = audit::replay(app, trusted, |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    let verdict = verdict.await;
    bar.finish_and_clear();
    verdict.map_err(Problem::while_doing("the log cannot be replayed"))
}

async fn case(arguments: cli::AuditCase, settings: &Settings) -> Result<Outcome, Problem> {
    let id = CaseId::from(arguments.id);
    let stream = StreamId { aggregate_type: AggregateType::Case, aggregate_id: id.into() };
    let mut trusted = trusted(&arguments.evidence)?;
    export_part(Part::Stream(stream), arguments.as_of, &arguments.output, settings).await?;
    // What was committed meanwhile is in it.
    trusted.now = SystemClock.now();
    let verdict = verified(&arguments.output, &trusted)?;
    let state = match audit::state_of_case(&arguments.output) {
        Ok(state) => state,
        // Why it cannot be folded is among the faults.
        Err(_) if !verdict.is_good() => return tell(&verdict, arguments.evidence.format),
        Err(error) => return Err(Problem::while_doing("the case cannot be folded")(error)),
    };
    match arguments.evidence.format {
        VerdictFormat::Text => {
            say(&serde_json::to_string_pretty(&state).expect("a state always serialises"))?;
            tell(&verdict, VerdictFormat::Text)
        }
        VerdictFormat::Json => {
            let mut told = verdict.to_json();
            told["state"] = serde_json::to_value(&state).expect("a state always serialises");
            say(&told.to_string())?;
            Ok(outcome(&verdict))
        }
    }
}

async fn follow(arguments: cli::AuditFollow) -> Result<Outcome, Problem> {
    let follower = Follower::new(&arguments.url, &arguments.token_file, keys(&arguments.keys)?, &arguments.memory)
        .map_err(Problem::while_doing("nobody can be followed"))?
        .with_silence(arguments.silent_for);
    let stop = CancellationToken::new();
    let ends = serve::told_to_end().map_err(Problem::while_doing("signals cannot be heard"))?;
    tokio::spawn({
        let stop = stop.clone();
        async move {
            ends.await;
            stop.cancel();
        }
    });
    let every = Duration::try_from(arguments.every).unwrap_or_default();
    loop {
        match follower.look(SystemClock.now()).await {
            Ok(followed) => {
                match arguments.format {
                    VerdictFormat::Text => say(&looked(&followed))?,
                    VerdictFormat::Json => say(&looked_in_json(&followed).to_string())?,
                }
                if matches!(followed, Followed::Alarm { .. }) {
                    return Ok(Outcome::Faulty);
                }
            }
            Err(error) if arguments.once => return Err(Problem::while_doing("the log cannot be looked at")(error)),
            Err(error) => tracing::warn!(error = %with_causes(&error), "the log cannot be looked at"),
        }
        if arguments.once {
            return Ok(Outcome::Good);
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = stop.cancelled() => return Ok(Outcome::Good),
        }
    }
}

/// What a look has shown, for people.
fn looked(followed: &Followed) -> String {
    match followed {
        Followed::Good { size, grown_by, witnesses } => {
            let far = |one: &Witnessed| match one.cosigned {
                Some(size) => format!("; {size} of them cosigned by {}", one.name),
                None => format!("; no cosignature by {} was seen yet", one.name),
            };
            let cosigned: String = witnesses.iter().map(far).collect();
            format!("GOOD: {}, {grown_by} of them new{cosigned}", counted(*size, "event", "events"))
        }
        Followed::Alarm { kind, message, .. } => format!("ALARM {kind}: {message}"),
    }
}

/// What a look has shown, for programs.
fn looked_in_json(followed: &Followed) -> Value {
    match followed {
        Followed::Good { size, grown_by, witnesses } => {
            let far = |one: &Witnessed| json!({ "name": one.name, "cosigned": one.cosigned });
            let behind: Vec<_> =
                witnesses.iter().filter(|one| one.behind_since.is_some()).map(|one| &one.name).collect();
            let witnesses: Vec<_> = witnesses.iter().map(far).collect();
            json!({
                "good": true, "events": size, "grownBy": grown_by, "witnesses": witnesses, "behindWitnesses": behind,
                "silentWitnesses": []
            })
        }
        Followed::Alarm { kind, message, silent_witnesses } => {
            json!({ "good": false, "kind": kind, "message": message, "silentWitnesses": silent_witnesses })
        }
    }
}

fn trusted(evidence: &Evidence) -> Result<Trusted, Problem> {
    Ok(Trusted {
        keys: keys(&evidence.keys)?,
        kept: kept(&evidence.checkpoints)?,
        roots: roots(evidence.authorities.as_deref())?,
        tolerance: Some(evidence.tolerance),
        ..Trusted::default()
    })
}

/// The authorities whose time stamps count, if any are named.
fn roots(authorities: Option<&Path>) -> Result<Option<Roots>, Problem> {
    let read = |path: &Path| {
        let unusable = || format!("{} holds no certificates", path.display());
        let pem = small_file::read(path, CERTIFICATES_BYTES).map_err(Problem::while_doing(unusable()))?;
        Roots::from_pem(&pem).map_err(Problem::while_doing(unusable()))
    };
    authorities.map(read).transpose()
}

/// Checkpoints that the auditor has kept, as they stand there.
fn kept(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, Problem> {
    let read = |path: &PathBuf| {
        let unreadable = Problem::while_doing(format!("{} cannot be read", path.display()));
        small_file::read(path, CHECKPOINT_BYTES).map_err(unreadable)
    };
    paths.iter().map(read).collect()
}

/// What a database is held against, which may be nothing: by the key of a witness alone, all that was sealed would seem not
/// to be.
pub(super) fn keys_of_log(written: &[String]) -> Result<Vec<VerifierKey>, Problem> {
    let keys = keys(written)?;
    if !keys.is_empty() {
        audit::origin(&keys).map_err(Problem::while_doing("the log cannot be verified"))?;
    }
    Ok(keys)
}

fn keys(written: &[String]) -> Result<Vec<VerifierKey>, Problem> {
    let key = |text: &String| text.parse().map_err(Problem::while_doing(format!("`{text}` is no verifier key")));
    written.iter().map(key).collect()
}

pub(super) fn tell(verdict: &Verdict, format: VerdictFormat) -> Result<Outcome, Problem> {
    match format {
        VerdictFormat::Text => say(&verdict.to_string())?,
        VerdictFormat::Json => say(&verdict.to_json().to_string())?,
    }
    Ok(outcome(verdict))
}

fn outcome(verdict: &Verdict) -> Outcome {
    if verdict.is_good() { Outcome::Good } else { Outcome::Faulty }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_look_tells_who_is_behind_apart_from_who_is_silent() {
        let witnessed =
            |name: &str, cosigned, behind_since| Witnessed { name: name.to_owned(), cosigned, behind_since };
        let witnesses = vec![
            witnessed("late.example", Some(35), Some(Timestamp::UNIX_EPOCH)),
            witnessed("new.example", None, Some(Timestamp::UNIX_EPOCH)),
            witnessed("w.example", Some(37), None),
        ];
        let good = Followed::Good { size: 37, grown_by: 1, witnesses };
        let told = looked_in_json(&good);
        assert_eq!(told["behindWitnesses"], json!(["late.example", "new.example"]));
        assert_eq!(told["silentWitnesses"], json!([]));
        assert_eq!(told["witnesses"][1], json!({ "name": "new.example", "cosigned": null }));
        let said = "GOOD: 37 events, 1 of them new; 35 of them cosigned by late.example; no cosignature by new.example was \
                    seen yet; 37 of them cosigned by w.example";
        assert_eq!(looked(&good), said);
        let silent_witnesses = vec!["late.example".to_owned()];
        let silent = Followed::Alarm { kind: "WITNESS_SILENT", message: "silent".to_owned(), silent_witnesses };
        let told = looked_in_json(&silent);
        assert_eq!((&told["good"], &told["silentWitnesses"]), (&json!(false), &json!(["late.example"])));
    }
}
