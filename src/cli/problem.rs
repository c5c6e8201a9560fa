//! Why a command of the command line failed: one sentence for people, causes behind it, and a code for programs.

use std::error::Error;
use std::{fmt, io};

use serde_json::{Value, json};

use crate::app::Fault;
use crate::audit::AuditError;
use crate::cli::output::ReaderGone;
use crate::config::ConfigError;
use crate::interchange::export::ExportError;
use crate::interchange::import::error::ImportError;
use crate::interchange::report::ImportReport;
use crate::ledger::finding::harmless;
use crate::store::StoreError;
use crate::telemetry::causes::with_causes;

/// The code of a failure that has none of its own.
const FAILED: &str = "FAILED";

/// How many characters are told of a failure: a file that is quoted in it may have been made to fill the terminal.
const MOST_CHARACTERS: usize = 10_000;

/// A failure with what was being done.
#[derive(Debug)]
pub struct Problem {
    doing: String,
    code: Option<&'static str>,
    cause: Option<Box<dyn Error + Send + Sync>>,
    /// What is told below it, on lines of its own.
    report: Option<String>,
}

impl Problem {
    /// A failure that needs no cause to be understood.
    pub fn new(what: impl Into<String>) -> Self {
        Self { doing: what.into(), code: None, cause: None, report: None }
    }

    /// One that programs know by a code of its own, which is stable.
    pub fn coded(code: &'static str, what: impl Into<String>) -> Self {
        Self { code: Some(code), ..Self::new(what) }
    }

    /// With what has become of an import, which is told below it.
    #[must_use]
    pub fn with_report(self, report: &ImportReport) -> Self {
        Self { report: Some(report.to_string()), ..self }
    }

    /// What was being done when the cause struck; made for `map_err`.
    pub fn while_doing<E: Into<Box<dyn Error + Send + Sync>>>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        move |cause| Self { cause: Some(cause.into()), ..Self::new(doing) }
    }

    /// Whether nothing has failed but that nobody reads on what is said.
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        self.causes().any(|cause| {
            let kept = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            kept.is_some_and(|kept| kept.is::<ReaderGone>())
        })
    }

    /// What kind of failure: a stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code.or_else(|| self.causes().find_map(code_of)).unwrap_or(FAILED)
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "error": { "code": self.code(), "message": self.to_string() } })
    }

    /// The causes, the nearest first.
    fn causes(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        let nearest = self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static));
        std::iter::successors(nearest, |cause| (*cause).source())
    }
}

/// The code of a cause that has one.
fn code_of(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = cause.downcast_ref::<AuditError>() {
        return Some(error.code());
    }
    if let Some(code) = cause.downcast_ref().and_then(ExportError::code) {
        return Some(code);
    }
    if let Some(code) = cause.downcast_ref().and_then(ImportError::code) {
        return Some(code);
    }
    if cause.is::<ConfigError>() {
        return Some("SETTINGS_INVALID");
    }
    if let Some(error) = cause.downcast_ref::<StoreError>() {
        return Some(code_of_store(error));
    }
    // What the store says stands in the place of the fault, and is none of its causes.
    cause.downcast_ref::<Fault>().map(|fault| match fault {
        Fault::Store(error) => code_of_store(error),
        fault => of_database(fault.is_damage()),
    })
}

fn code_of_store(error: &StoreError) -> &'static str {
    match error {
        StoreError::NoLog { .. } => "NO_LOG",
        StoreError::Encoding { .. } => "DATABASE_ENCODING",
        StoreError::RebuildNotGranted { .. } => "REBUILD_NOT_GRANTED",
        StoreError::WentBack { .. } | StoreError::Replaced { .. } => "LOG_WENT_BACK",
        StoreError::ClockAhead { .. } => "CLOCK_AHEAD",
        error => of_database(error.is_damage()),
    }
}

fn of_database(is_damage: bool) -> &'static str {
    if is_damage { "DATABASE_DAMAGED" } else { "DATABASE_UNUSABLE" }
}

impl fmt::Display for Problem {
    /// The failure and every cause behind it, each told once, on one line. Both may quote a file that somebody else has
    /// written, and are made harmless here, where every failure of a command passes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = self.causes().next().map_or_else(String::new, |cause| format!(": {}", with_causes(cause)));
        f.write_str(&harmless(&format!("{}{cause}", self.doing), MOST_CHARACTERS))?;
        self.report.as_ref().map_or(Ok(()), |report| write!(f, "\n{report}"))
    }
}

impl Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::CampaignId;

    /// As some drivers do.
    #[derive(Debug, thiserror::Error)]
    #[error("cannot write: {0}")]
    struct Repeats(#[source] io::Error);

    #[test]
    fn a_failure_is_known_by_the_nearest_code() {
        let missing = || AuditError::Keys("give the key of the log".to_owned());
        assert_eq!(Problem::while_doing("nothing is verified")(missing()).code(), "KEYS_MISSING");
        let damaged = Fault::from(StoreError::Corrupt { what: "a row".to_owned() });
        assert_eq!(Problem::while_doing("not read")(AuditError::from(damaged)).code(), "DATABASE_DAMAGED");
        assert_eq!(Problem::while_doing("not read")(StoreError::Closed).code(), "DATABASE_UNUSABLE");
        let empty = StoreError::NoLog { url: "sqlite:none".to_owned() };
        assert_eq!(Problem::while_doing("not read")(empty).code(), "NO_LOG");
        let (role, step, owner) = ("server".to_owned(), "etalon_start_rebuild()".to_owned(), "owner".to_owned());
        let not_granted =
            Problem::while_doing("not rebuilt")(Fault::from(StoreError::RebuildNotGranted { role, step, owner }));
        assert_eq!(not_granted.code(), "REBUILD_NOT_GRANTED");
        assert!(not_granted.to_string().contains("run `etalon migrate --server-role server` as the role owner"));
        let nobody = ExportError::NoCampaign { campaign: CampaignId::named("nobody's"), up_to: 7 };
        assert_eq!(Problem::while_doing("not exported")(nobody).code(), "NO_CAMPAIGN");
        let unknown = Problem::new("told to end");
        assert_eq!(unknown.to_json(), json!({ "error": { "code": "FAILED", "message": "told to end" } }));
        assert_eq!(Problem::coded("NO_DATABASE", "none").code(), "NO_DATABASE");
    }

    #[test]
    fn every_cause_is_told_once() {
        let broken = Repeats(io::Error::other("the disk is gone"));
        let said = Problem::while_doing("nothing is restored")(broken).to_string();
        assert_eq!(said, "nothing is restored: cannot write: the disk is gone");
    }

    #[test]
    fn what_a_file_says_in_a_failure_stays_on_its_line() {
        let hostile = "\u{1b}[2J\nGOOD: 7 events\u{202e}";
        let said = Problem::while_doing(format!("{hostile} is no log"))(io::Error::other(hostile)).to_string();
        let shown = "\u{fffd}[2J\u{fffd}GOOD: 7 events\u{fffd}";
        assert_eq!(said, format!("{shown} is no log: {shown}"));
        let report = Problem::new("not everything").with_report(&ImportReport::default()).to_string();
        assert!(report.starts_with("not everything\n        0 cases\n"), "{report}");
        let endless = Problem::new("x".repeat(2 * MOST_CHARACTERS)).to_string();
        assert_eq!(endless.len(), MOST_CHARACTERS);
    }

    #[test]
    fn only_the_reader_of_standard_output_may_go() {
        let broken = |inner: io::Error| Problem::while_doing("not written")(inner);
        assert!(broken(io::Error::new(io::ErrorKind::BrokenPipe, ReaderGone)).is_unheard());
        let within =
            AuditError::File { path: "-".into(), source: io::Error::new(io::ErrorKind::BrokenPipe, ReaderGone) };
        assert!(Problem::while_doing("not written")(within).is_unheard(), "whatever has wrapped it");
        assert!(!broken(io::ErrorKind::BrokenPipe.into()).is_unheard(), "it may be that of a database");
        assert!(!Problem::new("nothing").is_unheard());
    }
}
