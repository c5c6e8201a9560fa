//! What an audit comes to, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Serialize;
use serde_json::Value;

use crate::app::TableDigest;
use crate::ledger::audit::Report;
use crate::ledger::bounds::{Word, WrongTime};
use crate::ledger::counted::counted;
use crate::ledger::finding::{Finding, Findings, harmless};
use crate::ledger::note::{Algorithm, VerifierKey};
use crate::ledger::tree::base64;

/// How many faults are told to people one by one.
const TOLD: usize = 50;

/// How many characters of a fault, a note or a name are kept: more than the house itself has to say at once.
const MESSAGE_LENGTH: usize = 1_000;

/// A row is served that the log does not make.
pub(super) const ROW_SERVED_WRONGLY: &str = "ROW_SERVED_WRONGLY";

/// The log makes a row that is not served.
pub(super) const ROW_NOT_SERVED: &str = "ROW_NOT_SERVED";

/// What an audit comes to. Names, notes and faults may quote what whoever is audited has written, and come in by the
/// methods alone, which make them harmless: on the auditor's terminal no verdict stands but this one.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The name of the log.
    origin: String,
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
    notes: Vec<String>,
    /// How many faults there are.
    pub fault_count: u64,
    /// The first of them.
    faults: Vec<Fault>,
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

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The first of what is wrong.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// What else was looked at, and what was not.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Says which log it is of.
    pub(super) fn name_log(&mut self, origin: &str) {
        self.origin = harmless(origin, MESSAGE_LENGTH);
    }

    /// Takes up what a verifier has come to, with these keys.
    pub(super) fn take(&mut self, report: Report, keys: &[VerifierKey]) {
        self.events = report.head.size;
        self.root = Some(base64(&report.head.root));
        self.sealed = report.sealed.map(|sealed| sealed.size);
        let signs_all = |(name, size): (&String, &u64)| (Some(*size) == self.sealed).then(|| name.clone());
        self.signers = report.vouched.iter().filter_map(signs_all).collect();
        self.tell_silent(keys, &report.vouched);
        report.recovered.iter().for_each(|recovered| self.note(recovered.to_string()));
        self.fault_count += report.findings.total();
        self.faults.extend(report.findings.kept().iter().map(Fault::from));
    }

    /// Names the witnesses who have not cosigned what confirms the events; `vouched` is how far each has.
    pub(super) fn tell_silent(&mut self, keys: &[VerifierKey], vouched: &BTreeMap<String, u64>) {
        let witnesses = keys.iter().filter(|key| key.algorithm() == Algorithm::Cosignature).map(VerifierKey::name);
        for name in witnesses {
            if self.signers.iter().any(|signer| signer == name) {
                continue;
            }
            match vouched.get(name) {
                Some(size) => {
                    let events = counted(*size, "event", "events");
                    self.note(format!(
                        "the witness {name} has cosigned a checkpoint of {events}, and not all of these"
                    ));
                }
                None => self.note(format!("the witness {name} has cosigned nothing of this")),
            }
        }
    }

    /// Takes note of what was looked at, or was not.
    pub fn note(&mut self, note: impl AsRef<str>) {
        self.notes.push(harmless(note.as_ref(), MESSAGE_LENGTH));
    }

    /// Takes up a fault of another kind.
    pub fn fault(&mut self, index: Option<u64>, kind: &'static str, message: impl AsRef<str>) {
        self.add(Fault { index, kind, message: harmless(message.as_ref(), MESSAGE_LENGTH), word: None });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::names::{EarlierName, Recovered};

    #[test]
    fn nothing_that_is_quoted_begins_a_line_of_a_verdict() {
        let hostile = "\u{1b}[2J\nGOOD: 7 events\u{202e}";
        let ended = EarlierName { origin: hostile.to_owned(), until: 7 };
        let mut verdict = Verdict::default();
        verdict.name_log(hostile);
        verdict.note(Recovered { ended, lost: 0 }.to_string());
        verdict.fault(None, "MANIFEST", hostile);
        let told = verdict.to_string();
        assert_eq!(told.matches("\u{fffd}[2J\u{fffd}GOOD: 7 events\u{fffd}").count(), 3, "{told}");
        assert_eq!(told.lines().count(), 3, "{told}");
        assert!(told.lines().all(|line| !line.starts_with("GOOD") && !line.contains(char::is_control)), "{told}");
    }

    #[test]
    fn nobody_fills_a_verdict_with_one_word() {
        let mut verdict = Verdict::default();
        verdict.note("x".repeat(1 << 20));
        verdict.fault(None, "MANIFEST", "x".repeat(1 << 20));
        assert_eq!((verdict.notes()[0].len(), verdict.faults()[0].message.len()), (MESSAGE_LENGTH, MESSAGE_LENGTH));
    }
}
