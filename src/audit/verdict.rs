//! What an audit comes to, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Serialize;
use serde_json::Value;

use crate::app::TableDigest;
use crate::ledger::audit::Report;
use crate::ledger::bounds::{Word, WrongTime};
use crate::ledger::counted::counted;
use crate::ledger::finding::{Finding, Findings};
use crate::ledger::note::{Algorithm, VerifierKey};
use crate::ledger::tree::base64;

/// How many faults are told to people one by one.
const TOLD: usize = 50;

/// A row is served that the log does not make.
pub(super) const ROW_SERVED_WRONGLY: &str = "ROW_SERVED_WRONGLY";

/// The log makes a row that is not served.
pub(super) const ROW_NOT_SERVED: &str = "ROW_NOT_SERVED";

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
    /// Whether nobody has asked what confirms them: no key was given.
    pub seals_ignored: bool,
    /// Whose signatures were verified of all that confirms them.
    pub signers: Vec<String>,
    /// The served rows that were compared with what the log makes, table by table; none where none were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub projections: Vec<Projection>,
    /// What else was looked at, and what was not.
    pub notes: Vec<String>,
    /// How many faults there are.
    pub fault_count: u64,
    /// The first of them.
    pub faults: Vec<Fault>,
}

/// The served rows of a table: the same for the same log, whichever database they are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Projection {
    /// The table.
    pub table: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 over them in key order, in hexadecimal.
    pub sha256: String,
}

impl From<&TableDigest> for Projection {
    fn from(digest: &TableDigest) -> Self {
        Self { table: digest.table, rows: digest.rows, sha256: hex::encode(digest.sha256) }
    }
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
    /// Whose word on a time it rests on, or is wrong with: `witness` or `authority`, `size` and `seenAt`.
    #[serde(flatten)]
    pub word: Option<Word>,
}

impl From<&Finding> for Fault {
    fn from(Finding { index, kind, message, word }: &Finding) -> Self {
        Self { index: *index, kind: kind.code(), message: message.clone(), word: word.clone() }
    }
}

impl Verdict {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.fault_count == 0
    }

    /// Whether all that is wrong are served rows, which a log makes anew at will.
    #[must_use]
    pub fn is_of_rows_alone(&self) -> bool {
        !self.is_good() && self.faults.iter().all(|fault| [ROW_SERVED_WRONGLY, ROW_NOT_SERVED].contains(&fault.kind))
    }

    /// Takes up what a verifier has come to, with these keys.
    pub(super) fn take(&mut self, report: Report, keys: &[VerifierKey]) {
        self.events = report.head.size;
        self.root = Some(base64(&report.head.root));
        self.sealed = report.sealed.map(|sealed| sealed.size);
        let signs_all = |(name, size): (&String, &u64)| (Some(*size) == self.sealed).then(|| name.clone());
        self.signers = report.vouched.iter().filter_map(signs_all).collect();
        self.tell_silent(keys, &report.vouched);
        self.notes.extend(report.recovered.iter().map(ToString::to_string));
        self.fault_count += report.findings.total();
        self.faults.extend(report.findings.kept().iter().map(Fault::from));
    }

    /// Names the witnesses who have not cosigned what confirms the events; `vouched` is how far each has.
    pub(super) fn tell_silent(&mut self, keys: &[VerifierKey], vouched: &BTreeMap<String, u64>) {
        let witnesses = keys.iter().filter(|key| key.algorithm() == Algorithm::Cosignature).map(VerifierKey::name);
        for name in witnesses.filter(|name| !self.signers.iter().any(|signer| signer == name)) {
            self.notes.push(match vouched.get(name) {
                Some(size) => {
                    let events = counted(*size, "event", "events");
                    format!("the witness {name} has cosigned a checkpoint of {events}, and not all of these")
                }
                None => format!("the witness {name} has cosigned nothing of this"),
            });
        }
    }

    /// Takes up a fault of another kind.
    pub fn fault(&mut self, index: Option<u64>, kind: &'static str, message: impl Into<String>) {
        self.add(Fault { index, kind, message: message.into(), word: None });
    }

    /// Takes up a time that cannot be.
    pub(super) fn take_time(&mut self, wrong: &WrongTime) {
        self.add(Fault::from(&Finding::from(wrong)));
    }

    fn add(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < Findings::KEPT {
            self.faults.push(fault);
        }
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = serde_json::to_value(self).expect("texts and numbers always serialise");
        json["good"] = self.is_good().into();
        json
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
            writeln!(text, "and {}", counted(untold, "more fault", "more faults"))?;
        }
        for note in &self.notes {
            writeln!(text, "note: {note}")?;
        }
        for Projection { table, rows, sha256 } in &self.projections {
            writeln!(text, "rows of {table}: {rows}, SHA-256 {sha256}")?;
        }
        let sealed = match self.sealed {
            Some(size) => format!("sealed by a checkpoint of {}", counted(size, "event", "events")),
            None if self.seals_ignored => "whether it is sealed was not looked at".to_owned(),
            None => "not sealed".to_owned(),
        };
        let signers = match self.signers.as_slice() {
            [] => String::new(),
            signers => format!(", signed by {}", signers.join(", ")),
        };
        let word = if self.is_good() { "GOOD" } else { "FAULTY" };
        write!(
            text,
            "{word}: {} of {}, {sealed}{signers}; {}",
            counted(self.events, "event", "events"),
            self.origin,
            counted(self.fault_count, "fault", "faults")
        )?;
        f.write_str(&text)
    }
}
