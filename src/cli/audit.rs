//! `etalon audit`: for those who trust nobody.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::{AggregateType, App, StreamId};
use crate::audit::{self, Followed, Follower, Part, Trusted, Verdict};
use crate::cli::export::up_to;
use crate::cli::problem::Problem;
use crate::cli::{self, AuditCommand, Evidence, VerdictFormat, progress, seals, serve};
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::domain::value::CaseId;
use crate::ledger::note::VerifierKey;
use crate::ledger::timestamp::verify::Roots;

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
    let app = serve::open_existing(settings, Arc::new(SystemClock)).await?;
    let origin = app.origin().await.map_err(Problem::while_doing("the log has no name"))?;
    let key = seals::of(settings)?.signer.verifier(&origin);
    app.shutdown().await;
    let key = key.map_err(Problem::while_doing("the log has no key"))?;
    say(&key.to_string())?;
    Ok(Outcome::Good)
}

async fn export(arguments: cli::AuditExport, settings: &Settings) -> Result<Outcome, Problem> {
    let part = match (arguments.from, arguments.to) {
        (None, None) => Part::Whole,
        (from, to) => Part::Range(from.unwrap_or(0), to.unwrap_or(u64::MAX)),
    };
    export_part(part, arguments.as_of, &arguments.output, settings).await?;
    Ok(Outcome::Good)
}

async fn export_part(part: Part, as_of: Option<cli::AsOf>, output: &Path, settings: &Settings) -> Result<(), Problem> {
    let app = serve::open_existing(settings, Arc::new(SystemClock)).await?;
    let last = match as_of {
        None => None,
        Some(as_of) => Some(up_to(&app, Some(as_of)).await?),
    };
    let part = match part {
        Part::Range(from, u64::MAX) => {
            let sealed =
                app.checkpoint(last.map_or(crate::app::Sealed::Latest, |last| crate::app::Sealed::Within(last + 1)));
            let sealed = sealed.await.map_err(Problem::while_doing("the log cannot be read"))?;
            Part::Range(from, sealed.map_or(0, |sealed| sealed.checkpoint.size.saturating_sub(1)))
        }
        part => part,
    };
    let bar = progress::spinner();
    let exported = audit::export(&app, part, last, output, |done| bar.set_position(done)).await;
    bar.finish_and_clear();
    app.shutdown().await;
    let events = exported.map_err(Problem::while_doing("nothing was exported"))?;
    say(&format!("{events} events are in {}", output.display()))
}

fn verify(arguments: &cli::AuditVerify) -> Result<Outcome, Problem> {
    let bar = progress::spinner();
    let verdict = audit::verify(&arguments.bundle, &trusted(&arguments.evidence)?, |done| bar.set_position(done));
    bar.finish_and_clear();
    tell(&verdict.map_err(Problem::while_doing("the bundle cannot be verified"))?, arguments.evidence.format)
}

async fn replay(arguments: cli::AuditReplay, settings: &Settings) -> Result<Outcome, Problem> {
    let app = serve::open_existing(settings, Arc::new(SystemClock)).await?;
    let keys = keys(&arguments.keys)?;
    let verdict = replayed(&app, &keys).await;
    app.shutdown().await;
    tell(&verdict?, arguments.format)
}

/// Replays the log of a database, and shows how far it is.
pub(super) async fn replayed(app: &App, keys: &[VerifierKey]) -> Result<Verdict, Problem> {
    let bar = progress::bar();
    let verdict = audit::replay(app, keys, |done, of| {
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
    export_part(Part::Stream(stream), arguments.as_of, &arguments.output, settings).await?;
    let state = audit::state_of_case(&arguments.output).map_err(Problem::while_doing("the case cannot be folded"))?;
    say(&state)?;
    Ok(Outcome::Good)
}

async fn follow(arguments: cli::AuditFollow) -> Result<Outcome, Problem> {
    let token = fs::read_to_string(&arguments.token_file)
        .map_err(Problem::while_doing(format!("{} cannot be read", arguments.token_file.display())))?;
    let trusted = trusted(&arguments.evidence)?;
    let follower = Follower::new(&arguments.url, token.trim(), trusted, &arguments.memory)
        .map_err(Problem::while_doing("nobody can be followed"))?;
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
        match follower.look().await {
            Ok(Followed::Good { size, grown_by }) => say(&format!("GOOD: {size} events, {grown_by} of them new"))?,
            Ok(Followed::Alarm { kind, message }) => {
                say(&format!("ALARM {kind}: {message}"))?;
                return Ok(Outcome::Faulty);
            }
            Err(error) if arguments.once => return Err(Problem::while_doing("the log cannot be looked at")(error)),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "the log cannot be looked at"),
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

fn trusted(evidence: &Evidence) -> Result<Trusted, Problem> {
    let roots = evidence.authorities.as_deref().map(|path| {
        let unusable = || format!("{} holds no certificates", path.display());
        let pem = fs::read(path).map_err(Problem::while_doing(unusable()))?;
        Roots::from_pem(&pem).map_err(Problem::while_doing(unusable()))
    });
    Ok(Trusted { keys: keys(&evidence.keys)?, roots: roots.transpose()?, tolerance: evidence.tolerance })
}

pub(super) fn keys(written: &[String]) -> Result<Vec<VerifierKey>, Problem> {
    let key = |text: &String| text.parse().map_err(Problem::while_doing(format!("`{text}` is no verifier key")));
    written.iter().map(key).collect()
}

pub(super) fn tell(verdict: &Verdict, format: VerdictFormat) -> Result<Outcome, Problem> {
    match format {
        VerdictFormat::Text => say(&verdict.to_string())?,
        VerdictFormat::Json => say(&verdict.to_json())?,
    }
    Ok(if verdict.is_good() { Outcome::Good } else { Outcome::Faulty })
}

fn say(line: &str) -> Result<(), Problem> {
    writeln!(std::io::stdout(), "{line}").map_err(Problem::while_doing("standard output cannot be written"))
}
