//! The command that an action of the data files stands for.
//!
//! What other aggregates know is left open: the application looks it up, as it does for everybody.

use jiff::civil::Date;

use crate::app::App;
use crate::demo::cast::Cast;
use crate::demo::said::{Measurement, all, some};
use crate::demo::script::Action;
use crate::demo::today;
use crate::domain::case::command::{
    AcceptAssignment, AcceptInvitation, AddAttachment, AddComment, AssignResearch, CaseCommand, CloseCase,
    ConfirmSolution, DeclineAssignment, DeclineInvitation, EscalateCase, ExtendDeadline, IntroduceTechnique,
    InviteExpert, LeaveCase, LinkCases, MarkDuplicate, ParkCase, PauseClock, ProposeSolution, ProvideRoutineService,
    PublishTypicalCase, ReassignResearch, RecordFee, RecordFinding, RecordMeasurement, RecordTraining,
    RecordTrialResult, RejectSolution, RemoveExpert, RenameCase, ReopenCase, ResumeClock, RetractFee,
    RetractMeasurement, RetractTypicalCase, ReviewSolution, SetDeadline, SpecifyRequirement, StartTrial, TriageCase,
    UnlinkCases, WithdrawCase,
};
use crate::domain::case::facts::{CaseFacts, InstitutionFacts, PersonFacts};
use crate::domain::case::values::{AttachmentId, Audience, CommentId, FeeId, FindingId, Introduction, MeasurementId};
use crate::domain::value::{CaseId, InstitutionId, Label, MediaType, Money, Sha256Digest, WorkingCalendar};
use crate::store::NewAttachment;

/// Where an action takes place.
pub(super) struct Scene<'a> {
    pub(super) app: &'a App,
    pub(super) cast: &'a Cast,
    /// The case that something is done to.
    pub(super) case: CaseId,
    /// What it has cost so far, fee by fee.
    pub(super) fees: &'a [(FeeId, Money)],
    /// What was measured last.
    pub(super) measured: Option<MeasurementId>,
    /// The case of a key.
    pub(super) other: &'a dyn Fn(&str) -> CaseId,
}

/// The command of an action, and the files that come with it.
pub(super) fn order(scene: &Scene<'_>, action: &Action) -> (CaseCommand, Vec<NewAttachment>) {
    match action {
        Action::Attach { name, text } => {
            let (command, file) = scene.attachment(&name.0, text);
            (command.into(), vec![file])
        }
        _ => (plain(scene, action), Vec::new()),
    }
}

fn plain(scene: &Scene<'_>, action: &Action) -> CaseCommand {
    match action {
        Action::Triage { category, kind, severity, correction } => TriageCase {
            category: category.0.clone(),
            kind: *kind,
            severity: *severity,
            correction_reason: some(correction),
        }
        .into(),
        Action::Require(requirement) => {
            SpecifyRequirement { requirement: requirement.0.clone(), correction_reason: None }.into()
        }
        Action::CorrectRequirement { requirement, reason } => {
            SpecifyRequirement { requirement: requirement.0.clone(), correction_reason: Some(reason.0.clone()) }.into()
        }
        Action::Rename { title, reason } => RenameCase { title: title.0.clone(), reason: some(reason) }.into(),
        Action::Service { institution, certificate, report, regulation } => ProvideRoutineService {
            institution: InstitutionFacts::of(scene.cast.institution(institution)),
            certificate: some(certificate),
            report: Some(report.0.clone()),
            regulation: Some(regulation.0.clone()),
        }
        .into(),
        Action::Assign { lead, days } => AssignResearch {
            institution: scene.institution_of(lead),
            lead: Some(scene.person(lead)),
            deadline: scene.in_working_days(*days),
        }
        .into(),
        Action::Reassign { lead, days, reason } => ReassignResearch {
            institution: scene.institution_of(lead),
            lead: Some(scene.person(lead)),
            deadline: Some(scene.in_working_days(*days)),
            reason: Some(reason.0.clone()),
        }
        .into(),
        Action::Accept => AcceptAssignment {}.into(),
        Action::Decline { reason } => DeclineAssignment { reason: Some(reason.0.clone()) }.into(),
        Action::Invite { expert, message } => {
            InviteExpert { expert: scene.person(expert), message: some(message) }.into()
        }
        Action::Join { .. } => AcceptInvitation {}.into(),
        Action::Refuse { reason, .. } => DeclineInvitation { reason: Some(reason.0.clone()) }.into(),
        Action::Leave { reason, .. } => LeaveCase { reason: Some(reason.0.clone()) }.into(),
        Action::Remove { expert, reason } => {
            RemoveExpert { expert: scene.cast.person(expert), reason: reason.0.clone() }.into()
        }
        Action::Finding { text, cite } => {
            RecordFinding { id: FindingId(scene.app.new_id()), text: text.0.clone(), citations: all(cite) }.into()
        }
        Action::Measure(measurement) => scene.measured(measurement).into(),
        Action::RetractMeasurement { reason } => RetractMeasurement {
            measurement: scene.measured.expect("a result is on record before it is taken back"),
            reason: reason.0.clone(),
        }
        .into(),
        Action::Propose { text, cite } => {
            ProposeSolution { description: text.0.clone(), findings: Vec::new(), citations: all(cite) }.into()
        }
        Action::Review { verdict, text } => ReviewSolution { verdict: *verdict, comment: text.0.clone() }.into(),
        Action::Trial { plan } => StartTrial { plan: plan.0.clone() }.into(),
        Action::Result { passed, text, measure } => RecordTrialResult {
            passed: *passed,
            summary: text.0.clone(),
            measurement: measure.as_ref().map(|measurement| scene.measured(measurement)),
        }
        .into(),
        Action::Confirm { text, shortfall } => {
            ConfirmSolution { statement: some(text), accept_shortfall: some(shortfall) }.into()
        }
        Action::Reject { reason } => RejectSolution { reason: Some(reason.0.clone()) }.into(),
        Action::Close { lesson } => CloseCase {
            lesson: Some(lesson.0.clone()),
            fee_total: Some(scene.fees.iter().map(|(_, amount)| amount).sum()),
            open_sub_cases: Vec::new(),
        }
        .into(),
        Action::Reopen { reason } => ReopenCase { reason: Some(reason.0.clone()) }.into(),
        Action::Escalate { to, reason } => EscalateCase { to: *to, reason: reason.0.clone() }.into(),
        Action::Park { days, reason } => {
            ParkCase { review_on: Some(scene.in_working_days(*days)), reason: reason.0.clone() }.into()
        }
        Action::Deadline { days } => SetDeadline { deadline: scene.in_working_days(*days) }.into(),
        Action::Extend { days, reason } => {
            ExtendDeadline { deadline: scene.in_working_days(*days), reason: Some(reason.0.clone()) }.into()
        }
        Action::Pause { reason } => PauseClock { reason: reason.0.clone() }.into(),
        Action::Resume => ResumeClock {}.into(),
        Action::Withdraw { reason } => WithdrawCase { reason: reason.0.clone() }.into(),
        Action::Duplicate { of } => {
            MarkDuplicate { this: scene.case, of: scene.another(of), open_sub_cases: Vec::new() }.into()
        }
        Action::Link { other, relation } => {
            LinkCases { this: scene.case, other: scene.another(other), relation: *relation }.into()
        }
        Action::Unlink { other, relation, reason } => {
            UnlinkCases { other: (scene.other)(other), relation: *relation, reason: reason.0.clone() }.into()
        }
        Action::Fee { item, amount } => RecordFee {
            id: FeeId(scene.app.new_id()),
            item: item.0.clone(),
            service_date: today(scene.app),
            amount: amount.0.clone(),
            listed: None,
        }
        .into(),
        Action::RetractFee { reason } => {
            let (fee, _) = scene.fees.last().expect("a fee is on record before it is taken back");
            RetractFee { fee: *fee, reason: reason.0.clone() }.into()
        }
        Action::Technique { text, cite, origin } => IntroduceTechnique {
            technique: text.0.clone(),
            source: Some(Introduction { reference: cite.0.clone(), origin: Some(origin.0.clone()) }),
        }
        .into(),
        Action::Train { topic, trainees, hours } => {
            RecordTraining { topic: topic.0.clone(), trainees: *trainees, hours: Some(hours.0.clone()) }.into()
        }
        Action::Comment { text, audience } => {
            let audience = audience.unwrap_or(Audience::Everybody);
            AddComment { id: CommentId(scene.app.new_id()), text: text.0.clone(), audience }.into()
        }
        Action::Attach { name, text } => scene.attachment(&name.0, text).0.into(),
        Action::Publish { text, consent } => {
            PublishTypicalCase { summary: text.0.clone(), consent: Some(consent.0.clone()) }.into()
        }
        Action::Retract { reason } => RetractTypicalCase { reason: reason.0.clone() }.into(),
    }
}

impl Scene<'_> {
    /// A document of plain figures, and the bytes that are kept beside the log.
    fn attachment(&self, name: &Label, text: &str) -> (AddAttachment, NewAttachment) {
        let content = text.as_bytes().to_vec();
        let digest = Sha256Digest::of_bytes(&content);
        let media_type = MediaType::parse("text/csv").expect("text/csv is a media type");
        let file =
            NewAttachment { digest: digest.to_string(), media_type: media_type.to_string(), content: content.into() };
        let command = AddAttachment {
            id: AttachmentId(self.app.new_id()),
            name: name.clone(),
            digest_of_bytes: digest.clone(),
            digest,
            size_bytes: file.content.len() as u64,
            media_type,
        };
        (command, file)
    }

    fn measured(&self, measurement: &Measurement) -> RecordMeasurement {
        RecordMeasurement { id: MeasurementId(self.app.new_id()), result: measurement.0.clone() }
    }

    fn in_working_days(&self, days: u32) -> Date {
        WorkingCalendar::china().add_working_days(today(self.app), days)
    }

    fn institution_of(&self, person: &str) -> InstitutionId {
        let institution = self.cast.actor(person).institution;
        institution.unwrap_or_else(|| panic!("{person} works for an institution"))
    }

    fn person(&self, key: &str) -> PersonFacts {
        PersonFacts::of(self.cast.person(key))
    }

    fn another(&self, key: &str) -> CaseFacts {
        CaseFacts::of((self.other)(key))
    }
}
