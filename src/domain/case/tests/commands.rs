//! Commands as they are accepted where the lifecycle is at their place; tests change what they are about.

use jiff::civil::{Date, date};
use uuid::Uuid;

use crate::domain::case::command::*;
use crate::domain::case::facts::*;
use crate::domain::case::number::CaseNumber;
use crate::domain::case::tests::actors::{division, enterprise_id, institute, person};
use crate::domain::case::values::{
    AttachmentId, Audience, CommentId, FeeId, FindingId, Introduction, Kind, LinkRelation, MeasurementId, Origin,
    Severity, Status, Verdict,
};
use crate::domain::person::values::LegalBasis;
use crate::domain::value::{
    CampaignId, CaseId, CatalogueId, Decimal, ExpandedUncertainty, InstitutionId, Label, Level, Measurand,
    MeasurementRequirement, MeasurementResult, MediaType, Money, Quantity, Reference, ServiceCategory, Sha256Digest,
    Statement, Target, Title, Unit,
};

pub(super) fn statement(text: &str) -> Statement {
    Statement::parse(text).expect("a statement")
}

pub(super) fn because() -> Option<Statement> {
    Some(statement("for a good reason"))
}

pub(super) fn label(text: &str) -> Label {
    Label::parse(text).expect("a label")
}

pub(super) fn yuan(text: &str) -> Money {
    Money::parse(text).expect("an amount")
}

pub(super) fn number() -> CaseNumber {
    CaseNumber::provisional("GD", 2026)
}

pub(super) fn campaign() -> CampaignId {
    CampaignId::named("metrology services into ten thousand enterprises")
}

pub(super) fn this_case() -> CaseId {
    CaseId::named("this")
}

pub(super) fn enrolment() -> EnrolmentFacts {
    EnrolmentFacts {
        enterprise: enterprise_id(),
        enterprise_version: 3,
        division: division("440305"),
        campaign: campaign(),
        enrolled: true,
        campaign_open: true,
        visit_known: false,
    }
}

pub(super) fn report() -> ReportCase {
    ReportCase {
        number: number(),
        title: Title::parse("螺纹塞规中径无法溯源").expect("a title"),
        problem: Some(statement("the pitch diameter of M1.0 thread gauges cannot be measured to 1 µm")),
        origin: Origin::OwnReport,
        division: None,
        enrolment: enrolment(),
    }
}

fn uncertainty(value: &str, unit: &str) -> ExpandedUncertainty {
    let decimal = |text| Decimal::parse(text).expect("a number");
    let unit = Unit::parse(unit).expect("a unit");
    ExpandedUncertainty::new(decimal(value), unit, Some(decimal("2")), Some(decimal("0.95"))).expect("U with k and p")
}

/// An uncertainty U that has to be reached.
pub(super) fn require(value: &str, unit: &str) -> SpecifyRequirement {
    let measurand = Measurand::parse("pitch diameter").expect("a measurand");
    let target = Target::Uncertainty(uncertainty(value, unit));
    let requirement = MeasurementRequirement::new(measurand, None, target, None).expect("a requirement");
    SpecifyRequirement { requirement, correction_reason: None }
}

/// The same in the place of the one before, which was written down wrongly.
pub(super) fn correct(value: &str, unit: &str) -> SpecifyRequirement {
    SpecifyRequirement { correction_reason: because(), ..require(value, unit) }
}

pub(super) fn triage(kind: Kind) -> TriageCase {
    let category = ServiceCategory::parse("L").expect("a category");
    TriageCase { category, kind, severity: Severity::Major, correction_reason: None }
}

/// The same of a case that was sorted otherwise before.
pub(super) fn triage_anew(kind: Kind) -> TriageCase {
    TriageCase { correction_reason: because(), ..triage(kind) }
}

pub(super) fn service() -> ProvideRoutineService {
    ProvideRoutineService {
        institution: InstitutionFacts { institution: institute(), version: 2 },
        certificate: Some(label("SZ-2026-0815")),
        report: None,
        regulation: None,
    }
}

pub(super) fn facts_of(name: &str, institution: InstitutionId) -> PersonFacts {
    PersonFacts { version: 2, institution: Some(institution), ..PersonFacts::of(person(name)) }
}

pub(super) fn deadline() -> Date {
    date(2026, 6, 30)
}

pub(super) fn assign() -> AssignResearch {
    AssignResearch { institution: institute(), lead: Some(facts_of("lead", institute())), deadline: deadline() }
}

pub(super) fn reassign(name: &str, institution: InstitutionId) -> ReassignResearch {
    ReassignResearch { institution, lead: Some(facts_of(name, institution)), deadline: None, reason: because() }
}

pub(super) fn invite(name: &str) -> InviteExpert {
    InviteExpert { expert: facts_of(name, institute()), message: None }
}

pub(super) fn remove(name: &str) -> RemoveExpert {
    RemoveExpert { expert: person(name), reason: statement("another one of this name was meant") }
}

pub(super) fn finding_id(number: u128) -> FindingId {
    FindingId(Uuid::from_u128(number))
}

pub(super) fn find() -> RecordFinding {
    RecordFinding {
        id: finding_id(1),
        text: statement("three wires of 0.22 mm reach 0.8 µm"),
        citations: vec![Reference::parse("JJF 1345-2012").expect("a reference")],
    }
}

/// A result with the uncertainty U in this unit; the value is of the same kind.
pub(super) fn measure(value: &str, unit: &str) -> RecordMeasurement {
    let quantity = Quantity::new(Decimal::from(1), Unit::parse(unit).expect("a unit"));
    RecordMeasurement {
        id: MeasurementId(Uuid::from_u128(1)),
        result: MeasurementResult::new(quantity, Some(uncertainty(value, unit))).expect("a result"),
    }
}

/// The same under another id.
pub(super) fn measure_as(number: u128, value: &str, unit: &str) -> RecordMeasurement {
    RecordMeasurement { id: MeasurementId(Uuid::from_u128(number)), ..measure(value, unit) }
}

pub(super) fn retract_measurement(number: u128) -> RetractMeasurement {
    let reason = statement("read off the wrong scale");
    RetractMeasurement { measurement: MeasurementId(Uuid::from_u128(number)), reason }
}

pub(super) fn propose() -> ProposeSolution {
    ProposeSolution {
        description: statement("measure with three wires on a length comparator"),
        findings: Vec::new(),
        citations: Vec::new(),
    }
}

pub(super) fn review(verdict: Verdict) -> ReviewSolution {
    ReviewSolution { verdict, comment: statement("the budget is complete") }
}

pub(super) fn try_out() -> StartTrial {
    StartTrial { plan: statement("twenty gauges in two weeks") }
}

pub(super) fn trial_passed() -> RecordTrialResult {
    RecordTrialResult { passed: true, summary: statement("all within limits"), measurement: None }
}

pub(super) fn trial_failed() -> RecordTrialResult {
    RecordTrialResult { passed: false, summary: statement("the wires were worn"), measurement: None }
}

pub(super) fn confirm() -> ConfirmSolution {
    ConfirmSolution { statement: None, accept_shortfall: None }
}

pub(super) fn reject() -> RejectSolution {
    RejectSolution { reason: because() }
}

pub(super) fn close() -> CloseCase {
    CloseCase {
        lesson: Some(statement("small threads need thin wires")),
        fee_total: Some(Money::zero()),
        open_sub_cases: Vec::new(),
    }
}

pub(super) fn reopen() -> ReopenCase {
    ReopenCase { reason: because() }
}

pub(super) fn rename(title: &str) -> RenameCase {
    RenameCase { title: Title::parse(title).expect("a title"), reason: None }
}

pub(super) fn escalate(to: Level) -> EscalateCase {
    EscalateCase { to, reason: statement("nobody here has the instrument") }
}

pub(super) fn park() -> ParkCase {
    ParkCase { review_on: Some(date(2027, 1, 15)), reason: statement("no method is known") }
}

pub(super) fn extend(to: Date) -> ExtendDeadline {
    ExtendDeadline { deadline: to, reason: because() }
}

pub(super) fn pause() -> PauseClock {
    PauseClock { reason: statement("wires are on order") }
}

pub(super) fn withdraw() -> WithdrawCase {
    WithdrawCase { reason: statement("the product is given up") }
}

pub(super) fn another_case() -> CaseFacts {
    CaseFacts {
        case: CaseId::named("another"),
        version: 4,
        status: Some(Status::Researching),
        goes_on_in: None,
        ancestors: Vec::new(),
    }
}

pub(super) fn duplicate(of: CaseFacts) -> MarkDuplicate {
    MarkDuplicate { this: this_case(), of, open_sub_cases: Vec::new() }
}

pub(super) fn link(other: CaseFacts, relation: LinkRelation) -> LinkCases {
    LinkCases { this: this_case(), other, relation }
}

pub(super) fn unlink(relation: LinkRelation) -> UnlinkCases {
    UnlinkCases { other: another_case().case, relation, reason: statement("it is about another gauge") }
}

pub(super) fn fee(amount: &str) -> RecordFee {
    RecordFee {
        id: FeeId(Uuid::from_u128(1)),
        item: label("JL-0101"),
        service_date: date(2026, 3, 2),
        amount: yuan(amount),
        listed: Some(ListedItemFacts {
            catalogue: CatalogueId::of(&division("44")),
            catalogue_version: 7,
            tariff: yuan("300"),
        }),
    }
}

/// The same under another id.
pub(super) fn fee_as(number: u128, amount: &str) -> RecordFee {
    RecordFee { id: FeeId(Uuid::from_u128(number)), ..fee(amount) }
}

pub(super) fn retract_fee(number: u128) -> RetractFee {
    RetractFee { fee: FeeId(Uuid::from_u128(number)), reason: statement("recorded twice") }
}

pub(super) fn technique() -> IntroduceTechnique {
    let reference = Reference::parse("EURAMET cg-10").expect("a reference");
    IntroduceTechnique {
        technique: statement("calibration of thread gauges by scanning"),
        source: Some(Introduction { reference, origin: None }),
    }
}

pub(super) fn training() -> RecordTraining {
    RecordTraining { topic: label("three-wire method"), trainees: 12, hours: None }
}

pub(super) fn comment() -> AddComment {
    AddComment {
        id: CommentId(Uuid::from_u128(1)),
        text: statement("the wires have arrived"),
        audience: Audience::Everybody,
    }
}

pub(super) fn attachment() -> AddAttachment {
    AddAttachment {
        id: AttachmentId(Uuid::from_u128(1)),
        name: label("certificate.pdf"),
        digest: Sha256Digest::of_bytes(b"certificate"),
        digest_of_bytes: Sha256Digest::of_bytes(b"certificate"),
        size_bytes: 11,
        media_type: MediaType::parse("application/pdf").expect("a media type"),
    }
}

pub(super) fn publish() -> PublishTypicalCase {
    PublishTypicalCase {
        summary: statement("how M1.0 gauges became traceable"),
        consent: Some(statement("by letter of 2026-03-01")),
    }
}

pub(super) fn retract() -> RetractTypicalCase {
    RetractTypicalCase { reason: statement("the enterprise asks for it") }
}

pub(super) fn erase_imported() -> EraseImportedPersons {
    EraseImportedPersons { legal_basis: LegalBasis::RetentionEnded, reason: Some(statement("kept long enough")) }
}

pub(super) fn legacy(opening: Option<LegacyCase>) -> RecordLegacyActivity {
    RecordLegacyActivity { opening, concludes: false }
}

pub(super) fn legacy_case() -> LegacyCase {
    LegacyCase {
        number: number(),
        title: Title::parse("1-364285768").expect("a title"),
        problem: statement("recorded by another tracker"),
        enrolment: enrolment(),
        division: division("4403"),
    }
}

/// One of each, in the order of the lifecycle.
pub(super) fn one_of_each() -> Vec<CaseCommand> {
    vec![
        report().into(),
        require("1", "um").into(),
        rename("thread gauges below M1.0 cannot be traced").into(),
        triage(Kind::ResearchProblem).into(),
        service().into(),
        assign().into(),
        reassign("another lead", institute()).into(),
        AcceptAssignment {}.into(),
        DeclineAssignment { reason: because() }.into(),
        invite("stranger").into(),
        AcceptInvitation {}.into(),
        DeclineInvitation { reason: None }.into(),
        LeaveCase { reason: None }.into(),
        remove("expert").into(),
        find().into(),
        measure("2", "um").into(),
        retract_measurement(1).into(),
        propose().into(),
        review(Verdict::Approved).into(),
        try_out().into(),
        trial_passed().into(),
        confirm().into(),
        reject().into(),
        close().into(),
        reopen().into(),
        escalate(Level::City).into(),
        park().into(),
        UnparkCase { reason: None }.into(),
        SetDeadline { deadline: deadline() }.into(),
        extend(date(2026, 7, 31)).into(),
        MissDeadline {}.into(),
        pause().into(),
        ResumeClock {}.into(),
        withdraw().into(),
        duplicate(another_case()).into(),
        link(another_case(), LinkRelation::RelatedTo).into(),
        unlink(LinkRelation::RelatedTo).into(),
        fee("300").into(),
        retract_fee(1).into(),
        technique().into(),
        training().into(),
        comment().into(),
        attachment().into(),
        publish().into(),
        retract().into(),
        erase_imported().into(),
        legacy(None).into(),
    ]
}
