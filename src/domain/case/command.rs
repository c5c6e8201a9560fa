//! What can be ordered of a case. A command has been read at the door: its values are sound; whether it is allowed is
//! for `decide`.
//!
//! Facts that another aggregate knows are looked up before and stand in the command (`…Facts`); the event records the
//! version they were seen in.

use jiff::civil::Date;

use crate::domain::case::facts::{
    CaseFacts, EnrolmentFacts, InstitutionFacts, LegacyCase, ListedItemFacts, PersonFacts,
};
use crate::domain::case::number::CaseNumber;
use crate::domain::case::values::{
    AttachmentId, Audience, CommentId, FeeId, FindingId, Introduction, Kind, LinkRelation, MeasurementId, Origin,
    Severity, Verdict,
};
use crate::domain::order::commands;
use crate::domain::person::values::LegalBasis;
use crate::domain::value::{
    CaseId, Decimal, Division, InstitutionId, Label, Level, MeasurementRequirement, MeasurementResult, MediaType,
    Money, PersonId, Reference, RegulationRef, ServiceCategory, Sha256Digest, Statement, Title,
};

commands! {
    /// What can be ordered of a case.
    CaseCommand {
        /// Puts an enrolled enterprise's difficulty on record.
        ReportCase {
            /// Series of the number; the commit adds the serial.
            number: CaseNumber,
            /// In a line.
            title: Title,
            /// What cannot be solved, and why not; its absence is refused.
            problem: Option<Statement>,
            /// How it came to be known.
            origin: Origin,
            /// Where the case stands, as the log of an import says; `None` = where its enterprise does.
            division: Option<Division>,
            /// What the enterprise's enrolment says.
            enrolment: EnrolmentFacts,
        }
        /// States what measurement would solve it.
        SpecifyRequirement {
            /// Measurand, interval, and what is required.
            requirement: MeasurementRequirement,
            /// Why the one before was wrong, where this takes its place.
            correction_reason: Option<Statement>,
        }
        /// Corrects the title.
        RenameCase {
            /// In a line.
            title: Title,
            /// Why, if said.
            reason: Option<Statement>,
        }
        /// Sorts a reported case, or one anew that was sorted wrongly.
        TriageCase {
            /// The KCDB service category.
            category: ServiceCategory,
            /// What kind of help is needed.
            kind: Kind,
            /// How much it hurts.
            severity: Severity,
            /// Why it is sorted anew; absence is refused where it was sorted before.
            correction_reason: Option<Statement>,
        }
        /// Answers the need by a routine service.
        ProvideRoutineService {
            /// Who provided it.
            institution: InstitutionFacts,
            /// Number of the certificate or report.
            certificate: Option<Label>,
            /// What was done.
            report: Option<Statement>,
            /// The regulation followed.
            regulation: Option<RegulationRef>,
        }
        /// Gives the case to an institution and a lead, with a deadline.
        AssignResearch {
            /// Who shall solve it.
            institution: InstitutionId,
            /// Who answers for it; absence is refused.
            lead: Option<PersonFacts>,
            /// The last day.
            deadline: Date,
        }
        /// Gives the case to another institution or lead.
        ReassignResearch {
            /// Who shall solve it from now on.
            institution: InstitutionId,
            /// Who answers for it; absence is refused.
            lead: Option<PersonFacts>,
            /// The last day, if it changes.
            deadline: Option<Date>,
            /// Why; absence is refused.
            reason: Option<Statement>,
        }
        /// The lead takes the assignment.
        AcceptAssignment {}
        /// The lead cannot take the assignment.
        DeclineAssignment {
            /// Why; absence is refused.
            reason: Option<Statement>,
        }
        /// Asks an expert to collaborate.
        InviteExpert {
            /// Who.
            expert: PersonFacts,
            /// What for.
            message: Option<Statement>,
        }
        /// The invitee joins.
        AcceptInvitation {}
        /// The invitee does not join.
        DeclineInvitation {
            /// Why, if said.
            reason: Option<Statement>,
        }
        /// A member leaves.
        LeaveCase {
            /// Why, if said.
            reason: Option<Statement>,
        }
        /// Takes an invitation back, or ends the membership of an expert who joined.
        RemoveExpert {
            /// Who.
            expert: PersonId,
            /// Why.
            reason: Statement,
        }
        /// A member records what it learnt.
        RecordFinding {
            /// Its id within the case.
            id: FindingId,
            /// What was learnt.
            text: Statement,
            /// What it rests on.
            citations: Vec<Reference>,
        }
        /// A member records what it measured.
        RecordMeasurement {
            /// Its id within the case.
            id: MeasurementId,
            /// Value, unit, U, k, p, method, traceability.
            result: MeasurementResult,
        }
        /// A member takes back what was measured wrongly, or written down so.
        RetractMeasurement {
            /// Which.
            measurement: MeasurementId,
            /// Why.
            reason: Statement,
        }
        /// The lead proposes how to solve it.
        ProposeSolution {
            /// What to do.
            description: Statement,
            /// The findings it rests on; none named means all.
            findings: Vec<FindingId>,
            /// What it rests on besides.
            citations: Vec<Reference>,
        }
        /// A reviewer approves, or asks for changes.
        ReviewSolution {
            /// Which.
            verdict: Verdict,
            /// Why.
            comment: Statement,
        }
        /// Puts a reviewed solution on trial.
        StartTrial {
            /// What is tried, where and how long.
            plan: Statement,
        }
        /// Says how the trial went.
        RecordTrialResult {
            /// Whether it held.
            passed: bool,
            /// What was seen.
            summary: Statement,
            /// What was measured on trial.
            measurement: Option<RecordMeasurement>,
        }
        /// The enterprise says that its difficulty is solved.
        ConfirmSolution {
            /// In its own words.
            statement: Option<Statement>,
            /// Why a capability gap above 1 is accepted all the same.
            accept_shortfall: Option<Statement>,
        }
        /// The enterprise says that it is not.
        RejectSolution {
            /// Why; absence is refused.
            reason: Option<Statement>,
        }
        /// Ends a resolved case.
        CloseCase {
            /// What others can learn from it; absence is refused.
            lesson: Option<Statement>,
            /// The sum of all fees; absence is refused, and so is a wrong sum.
            fee_total: Option<Money>,
            /// Sub-cases that are still open: the number of each that whoever closes the case sees.
            open_sub_cases: Vec<Option<CaseNumber>>,
        }
        /// Takes a resolved or closed case up again, or a duplicate.
        ReopenCase {
            /// Why; absence is refused.
            reason: Option<Statement>,
        }
        /// Takes the case one level up.
        EscalateCase {
            /// The level to go to.
            to: Level,
            /// Why.
            reason: Statement,
        }
        /// Keeps the case open at national level until a review.
        ParkCase {
            /// When; absence is refused.
            review_on: Option<Date>,
            /// Why.
            reason: Statement,
        }
        /// Takes a parked case up again.
        UnparkCase {
            /// Why, if said.
            reason: Option<Statement>,
        }
        /// Sets the last day.
        SetDeadline {
            /// Which.
            deadline: Date,
        }
        /// Moves the last day further away.
        ExtendDeadline {
            /// To when.
            deadline: Date,
            /// Why; absence is refused.
            reason: Option<Statement>,
        }
        /// The clock's own: the last day has passed.
        MissDeadline {}
        /// Stops the clock, say while a part is on order.
        PauseClock {
            /// Why.
            reason: Statement,
        }
        /// Starts the clock again; the deadline moves by the working days paused.
        ResumeClock {}
        /// The enterprise takes its case back.
        WithdrawCase {
            /// Why.
            reason: Statement,
        }
        /// Says that another case is about the same difficulty and goes on.
        MarkDuplicate {
            /// This case, which does not know its own id.
            this: CaseId,
            /// The other one.
            of: CaseFacts,
            /// Sub-cases that are still open: the number of each that whoever marks the case sees.
            open_sub_cases: Vec<Option<CaseNumber>>,
        }
        /// Says what this case is to another.
        LinkCases {
            /// This case, which does not know its own id.
            this: CaseId,
            /// The other one.
            other: CaseFacts,
            /// What this case is to it.
            relation: LinkRelation,
        }
        /// Takes back what was said of this case and another.
        UnlinkCases {
            /// The other one.
            other: CaseId,
            /// What this case was said to be to it.
            relation: LinkRelation,
            /// Why.
            reason: Statement,
        }
        /// Puts a fee on record.
        RecordFee {
            /// Its id within the case.
            id: FeeId,
            /// The code of the item of the state list.
            item: Label,
            /// The day of the service.
            service_date: Date,
            /// What was charged.
            amount: Money,
            /// What the list said of the item on the day of the service, if it was on it.
            listed: Option<ListedItemFacts>,
        }
        /// Takes back a fee that was recorded wrongly.
        RetractFee {
            /// Which.
            fee: FeeId,
            /// Why.
            reason: Statement,
        }
        /// Puts a technique on record that was brought in.
        IntroduceTechnique {
            /// What.
            technique: Statement,
            /// Where it comes from; absence is refused.
            source: Option<Introduction>,
        }
        /// Puts a training on record.
        RecordTraining {
            /// On what.
            topic: Label,
            /// How many learnt it; none is refused.
            trainees: u32,
            /// How long, in hours.
            hours: Option<Decimal>,
        }
        /// Says something to all who see the case, or to those alone who work on it and oversee it.
        AddComment {
            /// Its id within the case.
            id: CommentId,
            /// What.
            text: Statement,
            /// To whom.
            audience: Audience,
        }
        /// Adds a document.
        AddAttachment {
            /// Its id within the case.
            id: AttachmentId,
            /// Its name.
            name: Label,
            /// The digest that the sender states.
            digest: Sha256Digest,
            /// The digest of the bytes that arrived.
            digest_of_bytes: Sha256Digest,
            /// How many arrived.
            size_bytes: u64,
            /// What they are.
            media_type: MediaType,
        }
        /// Publishes a closed case as good practice.
        PublishTypicalCase {
            /// What is told.
            summary: Statement,
            /// How and when the enterprise consented; absence is refused.
            consent: Option<Statement>,
        }
        /// Takes the publication back.
        RetractTypicalCase {
            /// Why.
            reason: Statement,
        }
        /// Erases what the events of another tracker say of persons.
        EraseImportedPersons {
            /// What obliges to it.
            legal_basis: LegalBasis,
            /// Who asked and how it was judged, in words that name nobody; absence is refused.
            reason: Option<Statement>,
        }
        /// The importer's own: something another tracker recorded that has no counterpart here.
        RecordLegacyActivity {
            /// The case as the other tracker knew it, for its first event.
            opening: Option<LegacyCase>,
            /// Whether the other tracker was done with the case.
            concludes: bool,
        }
    }
}
