//! What an audit comes to, for people and for programs.

use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::ledger::finding::{Finding, Findings};

/// How many faults are told to people one by one.
const TOLD: usize = 50;

/// What an audit comes to.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The name of the log.
    pub origin: String,
    /// How many events were looked at.
    pub events: u64,
    /// The root that they make, in Base64; absent for a part of a log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// How many events the checkpoint covers that confirms them; absent where none does.
    pub sealed: Option<u64>,
    /// Whose signatures were verified.
    pub signers: Vec<String>,
    /// What else was looked at, and what was not.
    pub notes: Vec<String>,
    /// How many faults there are.
    pub fault_count: u64,
    /// The first of them.
    pub faults: Vec<Fault>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The position of the event; absent for a fault of the whole.
    pub index: Option<u64>,
    /// What kind of fault: a stable code.
    pub kind: &'static str,
    /// In words.
    pub message: String,
}

impl From<&Finding> for Fault {
    fn from(finding: &Finding) -> Self {
        Self { index: finding.index, kind: finding.kind.code(), message: finding.message.clone() }
    }
}

impl Verdict {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.fault_count == 0
    }

    /// Takes up what a verifier has found.
    pub(super) fn add(&mut self, findings: &Findings) {
        self.fault_count += findings.total();
        self.faults.extend(findings.kept().iter().map(Fault::from));
    }

    /// Takes up a fault of another kind.
    pub fn fault(&mut self, index: Option<u64>, kind: &'static str, message: impl Into<String>) {
        self.fault_count += 1;
        if self.faults.len() < Findings::KEPT {
            self.faults.push(Fault { index, kind, message: message.into() });
        }
    }

    /// As JSON, on one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_value(self).expect("texts and numbers always serialise");
        json["good"] = self.is_good().into();
        json.to_string()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for fault in self.faults.iter().take(TOLD) {
            let place = fault.index.map_or_else(|| "the whole".to_owned(), |index| format!("position {index}"));
            writeln!(text, "FAULT {} at {place}: {}", fault.kind, fault.message)?;
        }
        let untold = self.fault_count.saturating_sub(self.faults.len().min(TOLD) as u64);
        if untold > 0 {
            writeln!(text, "and {untold} more faults")?;
        }
        for note in &self.notes {
            writeln!(text, "note: {note}")?;
        }
        let sealed = match self.sealed {
            Some(size) => format!("sealed by a checkpoint of {size} events"),
            None => "not sealed".to_owned(),
        };
        let signers = match self.signers.as_slice() {
            [] => String::new(),
            signers => format!(", signed by {}", signers.join(", ")),
        };
        let word = if self.is_good() { "GOOD" } else { "FAULTY" };
        write!(
            text,
            "{word}: {} events of {}, {sealed}{signers}; {} faults",
            self.events, self.origin, self.fault_count
        )?;
        f.write_str(&text)
    }
}
