//! What a warning is, and what it may be about.

use async_graphql::SimpleObject;
use serde::Serialize;

use crate::graphql::ids::content_id;

/// Something worth knowing about a command that was, or would be, carried out all the same.
#[derive(Clone, Debug, Serialize, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Warning {
    /// What a program can act on.
    pub(crate) code: WarningCode,
    /// What to look at, for people.
    pub(crate) message: String,
}

content_id!(Warning);

/// 提醒代码: what a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, async_graphql::Enum)]
pub(crate) enum WarningCode {
    /// The case that was reopened is of a campaign that is closed, and none was named to look after its cases.
    CampaignEnded,
    /// Of previews alone: the command was carried out before, under the same `idempotencyKey`. Sent again, it records nothing and is answered by its first receipt.
    CarriedOutBefore,
    /// A pause, a parking, or the end of one is dated before the day of its record: the clock counts from that day, so that no deadline is moved by days that are over. It is on record as dated.
    CountedFromRecord,
    /// An expanded uncertainty has a coverage factor below those of the usual distributions at its coverage probability, as a standard uncertainty has that is written with p = 0.95. It counts as it is stated.
    CoverageFactorSmall,
    /// The case had a deadline, which ended when it was reopened: set a new one with `setDeadline`.
    DeadlineEnded,
    /// The case that was reopened is of an enterprise that has withdrawn from its campaign.
    EnrolmentEnded,
    /// A requirement is set, and nothing was ever measured against it: no result that stands is of its measurand, in its interval and with an uncertainty that can be compared.
    NothingMeasured,
    /// A case is dated before the day on which its campaign starts. It is on record as dated.
    OccurredBeforeCampaign,
    /// A case is dated before its enterprise was enrolled in the campaign, or a visit was made before the day of that. It is on record as dated.
    OccurredBeforeEnrolment,
    /// A step of the lifecycle is dated before the step that it goes on from: as of what had happened (`axis: OCCURRED`) the case is shown where it had not got to yet. It is on record as dated.
    OccurredBeforeLastStep,
    /// Something is dated before the case was reported. It is on record as dated.
    OccurredBeforeReport,
    /// A retraction is dated before the result, the fee or the publication that it takes back, a correction, or a requirement that is recorded later, before the requirement or the triage that it takes the place of, or a withdrawal before the enrolment: as of what had happened (`axis: OCCURRED`) that never counted. It is on record as dated.
    OccurredBeforeRetracted,
    /// The case was marked a duplicate of one that is closed, or was concluded by the tracker that it was imported from: nobody goes on with that. Reopen what is not solved with `reopenCase`.
    OriginalEnded,
    /// The person who was erased leads open cases, or works on some, and stays there without a name.
    PersonAtWork,
    /// The service followed an edition of a regulation that is not the one in force on its day, as the catalogue of the province or the nation has it. It is on record as it was ordered.
    RegulationNotInForce,
    /// The annual summary came after 31 October.
    SubmittedLate,
    /// The case that was reopened is part of one that has ended, be it closed, withdrawn or marked a duplicate, and that stays so.
    WholeEnded,
}
