//! Why an order is not carried out: one closed list of stable codes, for every aggregate and every value.

use std::fmt;

use crate::domain::value::ValueError;

macro_rules! codes {
    ($(#[doc = $meaning:literal] $code:ident = $name:literal,)+) => {
        /// A stable code that a client can act on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $meaning] $code,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$code,)+];

            /// The name in the API.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)+ }
            }

            /// What it says, in a sentence: the API's documentation of the code.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$code => $meaning.trim_ascii(),)+ }
            }

            /// The code of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$code),)+ _ => None }
            }
        }
    };
}

codes! {
    /// Nothing of that id is there for this actor.
    NotFound = "NOT_FOUND",
    /// The actor's roles do not allow this.
    NotPermitted = "NOT_PERMITTED",
    /// The actor's jurisdiction does not cover this.
    OutsideJurisdiction = "OUTSIDE_JURISDICTION",
    /// The state has moved on since the version that was expected.
    VersionConflict = "VERSION_CONFLICT",
    /// The idempotency key was used before, with another input.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED",
    /// The idempotency key was used before the database went on with other data keys: whether with this input cannot be told any more.
    IdempotencyKeyIncomparable = "IDEMPOTENCY_KEY_INCOMPARABLE",
    /// The idempotency key is empty or too long.
    IdempotencyKeyInvalid = "IDEMPOTENCY_KEY_INVALID",
    /// Something that happened cannot lie in the future.
    OccurredInFuture = "OCCURRED_IN_FUTURE",
    /// Of more than 2,000 events nothing is dated before the latest.
    HistoryTooLong = "HISTORY_TOO_LONG",
    /// Not an actor's id.
    ActorInvalid = "ACTOR_INVALID",
    /// An input has to be given.
    Required = "REQUIRED",
    /// Two inputs exclude each other.
    ArgumentsExclusive = "ARGUMENTS_EXCLUSIVE",
    /// The lifecycle does not allow this from where the case is.
    WrongStatus = "WRONG_STATUS",
    /// It has been there before.
    AlreadyExists = "ALREADY_EXISTS",
    /// The enterprise is not enrolled in the campaign.
    NotEnrolled = "NOT_ENROLLED",
    /// A case needs a problem statement.
    ProblemMissing = "PROBLEM_MISSING",
    /// The title is the one it has.
    SameTitle = "SAME_TITLE",
    /// No such field visit is on record with the enterprise.
    VisitUnknown = "VISIT_UNKNOWN",
    /// A research problem is not answered by a routine service.
    KindIsResearch = "KIND_IS_RESEARCH",
    /// A service needs the number of its certificate or a report.
    EvidenceMissing = "EVIDENCE_MISSING",
    /// An assignment needs a lead.
    LeadMissing = "LEAD_MISSING",
    /// The lead does not work for the institution.
    LeadNotOfInstitution = "LEAD_NOT_OF_INSTITUTION",
    /// The deadline has to be after today.
    DeadlineNotInFuture = "DEADLINE_NOT_IN_FUTURE",
    /// A reassignment needs a deadline where there is none, or where it was missed.
    DeadlineMissing = "DEADLINE_MISSING",
    /// The institution and the lead are those it has.
    SameAssignment = "SAME_ASSIGNMENT",
    /// This needs a reason.
    ReasonMissing = "REASON_MISSING",
    /// A member already.
    AlreadyMember = "ALREADY_MEMBER",
    /// Invited already, and has not answered.
    AlreadyInvited = "ALREADY_INVITED",
    /// No invitation is pending for the actor.
    NotInvited = "NOT_INVITED",
    /// Not an active member of the case.
    NotAMember = "NOT_A_MEMBER",
    /// The lead can leave only after a reassignment.
    LeadCannotLeave = "LEAD_CANNOT_LEAVE",
    /// A solution rests on at least one finding.
    FindingMissing = "FINDING_MISSING",
    /// More citations than a finding or a solution can have.
    TooManyCitations = "TOO_MANY_CITATIONS",
    /// More ids than a list of them can have.
    TooManyIds = "TOO_MANY_IDS",
    /// No finding of that id is in the case.
    FindingUnknown = "FINDING_UNKNOWN",
    /// No measurement of that id is in the case.
    MeasurementUnknown = "MEASUREMENT_UNKNOWN",
    /// There is no requirement to correct.
    NoRequirement = "NO_REQUIREMENT",
    /// What a case requires is stated 50 times at most, corrections among them.
    TooManyRequirements = "TOO_MANY_REQUIREMENTS",
    /// No fee of that id is in the case.
    FeeUnknown = "FEE_UNKNOWN",
    /// Retracted already: what counts instead is recorded anew.
    AlreadyRetracted = "ALREADY_RETRACTED",
    /// A reviewer is neither the author nor a member.
    ReviewerNotIndependent = "REVIEWER_NOT_INDEPENDENT",
    /// A trial needs an approving review.
    NotReviewed = "NOT_REVIEWED",
    /// The capability gap is above 1.
    GapOpen = "GAP_OPEN",
    /// Closing needs a lesson.
    LessonMissing = "LESSON_MISSING",
    /// Closing needs a statement of fees.
    FeeStatementMissing = "FEE_STATEMENT_MISSING",
    /// The statement of fees is not the sum of the fees on record.
    FeeStatementWrong = "FEE_STATEMENT_WRONG",
    /// A sub-case is still open.
    SubCaseOpen = "SUB_CASE_OPEN",
    /// Escalation goes exactly one level up.
    NotOneLevelUp = "NOT_ONE_LEVEL_UP",
    /// There is no level above the nation.
    AlreadyNational = "ALREADY_NATIONAL",
    /// Only a case at national level is parked.
    NotNational = "NOT_NATIONAL",
    /// Parking needs a date of review.
    ReviewDateMissing = "REVIEW_DATE_MISSING",
    /// The date of review has to be after today.
    ReviewDateNotInFuture = "REVIEW_DATE_NOT_IN_FUTURE",
    /// Parked already, and its day of review has not passed.
    AlreadyParked = "ALREADY_PARKED",
    /// Not parked.
    NotParked = "NOT_PARKED",
    /// There is no deadline.
    NoDeadline = "NO_DEADLINE",
    /// There is a deadline already: extend it.
    DeadlineAlreadySet = "DEADLINE_ALREADY_SET",
    /// An extension ends later than the deadline it extends.
    DeadlineNotLater = "DEADLINE_NOT_LATER",
    /// The deadline has not passed.
    DeadlineNotPassed = "DEADLINE_NOT_PASSED",
    /// This deadline was recorded as missed.
    DeadlineAlreadyMissed = "DEADLINE_ALREADY_MISSED",
    /// The clock is paused already.
    ClockAlreadyPaused = "CLOCK_ALREADY_PAUSED",
    /// The clock is running.
    ClockNotPaused = "CLOCK_NOT_PAUSED",
    /// A case is not linked with itself.
    LinkToSelf = "LINK_TO_SELF",
    /// The link would make a circle.
    LinkCycle = "LINK_CYCLE",
    /// The link is there already.
    LinkExists = "LINK_EXISTS",
    /// The cases are not linked so.
    NotLinked = "NOT_LINKED",
    /// The target is a duplicate itself.
    TargetIsDuplicate = "TARGET_IS_DUPLICATE",
    /// The item was not on a list in force on the day of the service.
    ItemNotListed = "ITEM_NOT_LISTED",
    /// The fee is above the item's tariff.
    FeeAboveTariff = "FEE_ABOVE_TARIFF",
    /// A service is not charged before it is given: its day is no later than when it was charged.
    ServiceInFuture = "SERVICE_IN_FUTURE",
    /// A technique needs its source.
    SourceMissing = "SOURCE_MISSING",
    /// A training needs trainees.
    TraineesMissing = "TRAINEES_MISSING",
    /// A training has 100,000 trainees at most.
    TooManyTrainees = "TOO_MANY_TRAINEES",
    /// A training takes more than 0 hours and at most 10,000.
    HoursOutOfRange = "HOURS_OUT_OF_RANGE",
    /// What is said is kept from whoever says it.
    AudienceExcludesAuthor = "AUDIENCE_EXCLUDES_AUTHOR",
    /// The case has no room for more of what is only said or kept: it holds 16 MiB, and 4 MiB of one actor's.
    CaseFull = "CASE_FULL",
    /// The bytes are not those of the digest.
    DigestMismatch = "DIGEST_MISMATCH",
    /// The attachment is too large.
    AttachmentTooLarge = "ATTACHMENT_TOO_LARGE",
    /// This needs the enterprise's consent.
    ConsentMissing = "CONSENT_MISSING",
    /// Published already.
    AlreadyPublished = "ALREADY_PUBLISHED",
    /// Not published.
    NotPublished = "NOT_PUBLISHED",
    /// Nobody of that id is registered.
    PersonUnknown = "PERSON_UNKNOWN",
    /// No institution of that id is registered.
    InstitutionUnknown = "INSTITUTION_UNKNOWN",
    /// No enterprise of that id is registered.
    EnterpriseUnknown = "ENTERPRISE_UNKNOWN",
    /// No campaign of that id is open.
    CampaignUnknown = "CAMPAIGN_UNKNOWN",
    /// The campaign is closed.
    CampaignClosed = "CAMPAIGN_CLOSED",
    /// The reporting deadline lies before the campaign's start.
    ReportingDeadlineBeforeStart = "REPORTING_DEADLINE_BEFORE_START",
    /// Cases are still open, of the campaign or of those that were closed in its favour, and no successor takes them.
    CampaignHasOpenCases = "CAMPAIGN_HAS_OPEN_CASES",
    /// Enrolled already: `amendEnterprise` corrects what the register says.
    AlreadyEnrolled = "ALREADY_ENROLLED",
    /// A visit does not lie in the future: its day is no later than when it is said to have happened.
    VisitInFuture = "VISIT_IN_FUTURE",
    /// A campaign has 1,000 visits to an enterprise and 8 MiB of what they tell at most, and a quarter of both by one actor.
    TooManyVisits = "TOO_MANY_VISITS",
    /// Registered already: amend it.
    AlreadyRegistered = "ALREADY_REGISTERED",
    /// The person's data was erased: nothing more is said of that person.
    AlreadyErased = "ALREADY_ERASED",
    /// A person belongs to an institution, a bureau or an enterprise.
    AffiliationMissing = "AFFILIATION_MISSING",
    /// An amendment changes something.
    NothingToAmend = "NOTHING_TO_AMEND",
    /// The dates overlap those of an entry in force.
    PeriodOverlaps = "PERIOD_OVERLAPS",
    /// The filter makes no sense.
    FilterInvalid = "FILTER_INVALID",
    /// A filter compares with null: what is missing is asked for with `isNull`.
    ComparedWithNull = "COMPARED_WITH_NULL",
    /// No day or moment of the calendar.
    DateInvalid = "DATE_INVALID",
    /// Neither a day or a moment, nor one relative to that of the question.
    RelativeDateInvalid = "RELATIVE_DATE_INVALID",
    /// Counts hours, minutes or seconds where a day is asked for.
    RelativeDateUnit = "RELATIVE_DATE_UNIT",
    /// Further away than the calendar goes.
    RelativeDateOutOfRange = "RELATIVE_DATE_OUT_OF_RANGE",
    /// The order makes no sense.
    OrderInvalid = "ORDER_INVALID",
    /// Submitted already: amend it.
    AlreadySubmitted = "ALREADY_SUBMITTED",
    /// Nothing has been submitted that could be amended.
    NotSubmitted = "NOT_SUBMITTED",
    /// A year outside 1949 to 9999.
    YearInvalid = "YEAR_INVALID",
    /// Not an id.
    IdInvalid = "ID_INVALID",
    /// A temperature below absolute zero.
    BelowAbsoluteZero = "BELOW_ABSOLUTE_ZERO",
    /// The KCDB category is not assigned (any more, or yet).
    CategoryNotAssigned = "CATEGORY_NOT_ASSIGNED",
    /// No such KCDB category.
    CategoryUnknown = "CATEGORY_UNKNOWN",
    /// An expanded uncertainty needs its coverage factor k.
    CoverageFactorMissing = "COVERAGE_FACTOR_MISSING",
    /// A coverage factor is at least 1.
    CoverageFactorTooSmall = "COVERAGE_FACTOR_TOO_SMALL",
    /// A coverage factor is at most Student's t of one degree of freedom for its p (JCGM 100:2008, table G.2).
    CoverageImplausible = "COVERAGE_IMPLAUSIBLE",
    /// What a U is at the required p is known of a normal distribution alone (JCGM 100:2008, annex G).
    CoverageIncomparable = "COVERAGE_INCOMPARABLE",
    /// An expanded uncertainty needs its coverage probability p.
    CoverageProbabilityMissing = "COVERAGE_PROBABILITY_MISSING",
    /// A coverage probability lies between 0 and 1.
    CoverageProbabilityOutOfRange = "COVERAGE_PROBABILITY_OUT_OF_RANGE",
    /// A character that no unified social credit code has.
    CreditCodeCharacter = "CREDIT_CODE_CHARACTER",
    /// The check character of the unified social credit code is wrong.
    CreditCodeCheck = "CREDIT_CODE_CHECK",
    /// A unified social credit code has 18 characters.
    CreditCodeLength = "CREDIT_CODE_LENGTH",
    /// Not a decimal number.
    DecimalInvalid = "DECIMAL_INVALID",
    /// Too many digits, or too large or small.
    DecimalOutOfRange = "DECIMAL_OUT_OF_RANGE",
    /// A decision rule asks for a ratio of at least 1.
    DecisionRatioTooSmall = "DECISION_RATIO_TOO_SMALL",
    /// Not a SHA-256 digest.
    DigestInvalid = "DIGEST_INVALID",
    /// No such division in GB/T 2260.
    DivisionUnknown = "DIVISION_UNKNOWN",
    /// The lower end of an interval is below its upper end.
    EmptyInterval = "EMPTY_INTERVAL",
    /// A guard band is between 0 and 1 times U.
    GuardBandOutOfRange = "GUARD_BAND_OUT_OF_RANGE",
    /// Not a media type.
    MediaTypeInvalid = "MEDIA_TYPE_INVALID",
    /// Not an amount of yuan.
    MoneyInvalid = "MONEY_INVALID",
    /// A maximum permissible error is above zero.
    MpeNotPositive = "MPE_NOT_POSITIVE",
    /// A period ends no earlier than it begins.
    PeriodEmpty = "PERIOD_EMPTY",
    /// A ratio that no decision rule can have.
    RatioInvalid = "RATIO_INVALID",
    /// A character in a name or a title that makes it read in another order than it is written.
    TextBidiControl = "TEXT_BIDI_CONTROL",
    /// Nothing is relative to a value on a scale with an arbitrary zero, such as °C, °F or dB (VIM 2.32).
    RelativeToArbitraryZero = "RELATIVE_TO_ARBITRARY_ZERO",
    /// An uncertainty relative to a value of 0 says nothing (VIM 2.32; JCGM 100:2008, 5.1.6).
    RelativeToZero = "RELATIVE_TO_ZERO",
    /// A control character in a text, or a separator of lines in one that has a single line.
    TextControlCharacter = "TEXT_CONTROL_CHARACTER",
    /// A text that says nothing.
    TextEmpty = "TEXT_EMPTY",
    /// A text that is too long.
    TextTooLong = "TEXT_TOO_LONG",
    /// An uncertainty is not negative.
    UncertaintyNegative = "UNCERTAINTY_NEGATIVE",
    /// An uncertainty is above zero: no measurement is without one (JCGM 100:2008, 3.3.1).
    UncertaintyNotPositive = "UNCERTAINTY_NOT_POSITIVE",
    /// Not a URL that events can be sent to.
    UrlInvalid = "URL_INVALID",
    /// The address is in a network that is not called.
    AddressForbidden = "ADDRESS_FORBIDDEN",
    /// More webhooks than a manager may own, or than there may be.
    TooManyWebhooks = "TOO_MANY_WEBHOOKS",
    /// No event has this type.
    EventTypeUnknown = "EVENT_TYPE_UNKNOWN",
    /// The log has not reached this position.
    PositionNotReached = "POSITION_NOT_REACHED",
    /// Units of different dimensions.
    UnitIncommensurable = "UNIT_INCOMMENSURABLE",
    /// Not a UCUM unit.
    UnitUnknown = "UNIT_UNKNOWN",
}

/// A reason not to carry out an order, with the input that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What a program can act on.
    pub code: Code,
    /// The path into the input, such as `requirement.interval.unit`; empty when it is about the order as a whole.
    pub field: String,
    /// What is wrong and what would be right, for people.
    pub message: String,
}

impl Refusal {
    /// A refusal about one input.
    pub fn new(code: Code, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, field: field.into(), message: message.into() }
    }

    /// A refusal of a value that could not be read.
    pub fn of_value(field: impl Into<String>, error: ValueError) -> Self {
        Self::new(error.code, field, error.message)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(f, "{}: {}", self.code.name(), self.message)
        } else {
            write!(f, "{} in {}: {}", self.code.name(), self.field, self.message)
        }
    }
}

impl std::error::Error for Refusal {}
