//! What happens to the cases, as `cases-*.toml` have it.

use serde::Deserialize;

use crate::demo::said::{Measurement, Requirement, Said, sound};
use crate::domain::case::values::{Audience, Kind, LinkRelation, Severity, Verdict};
use crate::domain::value::{Decimal, Label, Level, Money, Reference, RegulationRef, ServiceCategory, Statement, Title};

const FILES: [(&str, &str); 2] = [
    ("cases-guangdong.toml", include_str!("cases-guangdong.toml")),
    ("cases-jiangsu.toml", include_str!("cases-jiangsu.toml")),
];

/// The cases of all files.
pub(super) fn read() -> Vec<Entry> {
    FILES.into_iter().flat_map(|(name, text)| sound::<File>(name, text).cases).collect()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "case")]
    cases: Vec<Entry>,
}

/// One case and its life.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Whose difficulty it is.
    pub(super) enterprise: String,
    /// How many working days before the end it was reported.
    pub(super) began: usize,
    pub(super) title: Said<Title>,
    pub(super) problem: Said<Statement>,
    /// The field visit that it was found on.
    pub(super) visit: Option<Visit>,
    /// The survey that it was found by. Without either the enterprise reports it.
    pub(super) survey: Option<Said<Label>>,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Visit {
    pub(super) seen: Said<Statement>,
    pub(super) place: Said<Label>,
    pub(super) needs: Vec<Kind>,
}

/// One thing that is done to a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// How many working days after the step before.
    pub(super) after: usize,
    /// How many hours after it happened it was recorded.
    #[serde(default)]
    pub(super) late_hours: i64,
    /// Who does it, where that is not whoever usually does.
    pub(super) by: Option<String>,
    /// What is done.
    #[serde(rename = "do")]
    pub(super) action: Action,
}

/// What can be done. `days` are working days from the step on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Action {
    Triage {
        category: Said<ServiceCategory>,
        kind: Kind,
        severity: Severity,
        /// Why it is sorted anew.
        correction: Option<Said<Statement>>,
    },
    Require(Requirement),
    /// The requirement before was written down wrongly.
    CorrectRequirement {
        requirement: Requirement,
        reason: Said<Statement>,
    },
    Rename {
        title: Said<Title>,
        reason: Option<Said<Statement>>,
    },
    Service {
        institution: String,
        certificate: Option<Said<Label>>,
        report: Said<Statement>,
        regulation: Said<RegulationRef>,
    },
    Assign {
        lead: String,
        days: u32,
    },
    Reassign {
        lead: String,
        days: u32,
        reason: Said<Statement>,
    },
    Accept,
    Decline {
        reason: Said<Statement>,
    },
    Invite {
        expert: String,
        message: Option<Said<Statement>>,
    },
    Join {
        expert: String,
    },
    /// The invitee declines.
    Refuse {
        expert: String,
        reason: Said<Statement>,
    },
    Leave {
        expert: String,
        reason: Said<Statement>,
    },
    Remove {
        expert: String,
        reason: Said<Statement>,
    },
    Finding {
        text: Said<Statement>,
        #[serde(default)]
        cite: Vec<Said<Reference>>,
    },
    Measure(Measurement),
    /// The last result is taken back.
    RetractMeasurement {
        reason: Said<Statement>,
    },
    Propose {
        text: Said<Statement>,
        #[serde(default)]
        cite: Vec<Said<Reference>>,
    },
    Review {
        verdict: Verdict,
        text: Said<Statement>,
    },
    Trial {
        plan: Said<Statement>,
    },
    Result {
        passed: bool,
        text: Said<Statement>,
        measure: Option<Measurement>,
    },
    Confirm {
        text: Option<Said<Statement>>,
        shortfall: Option<Said<Statement>>,
    },
    Reject {
        reason: Said<Statement>,
    },
    /// The statement of fees is added up from those on record.
    Close {
        lesson: Said<Statement>,
    },
    Reopen {
        reason: Said<Statement>,
    },
    Escalate {
        to: Level,
        reason: Said<Statement>,
    },
    Park {
        days: u32,
        reason: Said<Statement>,
    },
    Deadline {
        days: u32,
    },
    Extend {
        days: u32,
        reason: Said<Statement>,
    },
    Pause {
        reason: Said<Statement>,
    },
    Resume,
    Withdraw {
        reason: Said<Statement>,
    },
    Duplicate {
        of: String,
    },
    Link {
        other: String,
        relation: LinkRelation,
    },
    Unlink {
        other: String,
        relation: LinkRelation,
        reason: Said<Statement>,
    },
    Fee {
        item: Said<Label>,
        amount: Said<Money>,
    },
    /// The last fee is taken back.
    RetractFee {
        reason: Said<Statement>,
    },
    Technique {
        text: Said<Statement>,
        cite: Said<Reference>,
        origin: Said<Label>,
    },
    Train {
        topic: Said<Label>,
        trainees: u32,
        hours: Said<Decimal>,
    },
    Comment {
        text: Said<Statement>,
        /// Whom it is for, where that is not everybody.
        audience: Option<Audience>,
    },
    Attach {
        name: Said<Label>,
        text: String,
    },
    Publish {
        text: Said<Statement>,
        consent: Said<Statement>,
    },
    Retract {
        reason: Said<Statement>,
    },
}

/// Who usually does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Contact,
    Coordinator,
    Lead,
    Reviewer,
    ProvinceManager,
    NationalManager,
    /// This person.
    Person(&'a str),
}

impl Action {
    /// Who usually does it.
    pub(super) fn part(&self) -> Part<'_> {
        match self {
            Self::Triage { .. }
            | Self::Require(_)
            | Self::CorrectRequirement { .. }
            | Self::Rename { .. }
            | Self::Service { .. }
            | Self::Assign { .. }
            | Self::Reassign { .. }
            | Self::Close { .. }
            | Self::Escalate { .. }
            | Self::Deadline { .. }
            | Self::Extend { .. }
            | Self::Duplicate { .. }
            | Self::Link { .. }
            | Self::Unlink { .. }
            | Self::Fee { .. }
            | Self::RetractFee { .. } => Part::Coordinator,
            Self::Accept
            | Self::Decline { .. }
            | Self::Invite { .. }
            | Self::Remove { .. }
            | Self::Finding { .. }
            | Self::Measure(_)
            | Self::RetractMeasurement { .. }
            | Self::Propose { .. }
            | Self::Trial { .. }
            | Self::Result { .. }
            | Self::Pause { .. }
            | Self::Resume
            | Self::Technique { .. }
            | Self::Train { .. }
            | Self::Comment { .. }
            | Self::Attach { .. } => Part::Lead,
            Self::Join { expert } | Self::Refuse { expert, .. } | Self::Leave { expert, .. } => Part::Person(expert),
            Self::Review { .. } => Part::Reviewer,
            Self::Confirm { .. } | Self::Reject { .. } | Self::Reopen { .. } | Self::Withdraw { .. } => Part::Contact,
            Self::Publish { .. } | Self::Retract { .. } => Part::ProvinceManager,
            Self::Park { .. } => Part::NationalManager,
        }
    }
}
