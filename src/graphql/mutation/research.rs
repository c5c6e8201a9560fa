//! Research: what experts learn and measure.

use async_graphql::ID;

use crate::domain::case::Case;
use crate::domain::case::command::{RecordFinding, RecordMeasurement, RetractMeasurement};
use crate::domain::case::values::{FindingId, MeasurementId};
use crate::domain::value::CaseId;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::mutation::measurement::MeasurementResultInput;
use crate::graphql::orders::Ordered;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::conflict::CaseConflict;

mutations! {
    /// 攻关: what is learnt and measured on the way to a solution.
    ResearchMutation answers case: CaseNode, CaseConflict {
        /// 记录发现: records what a member learnt. By the lead or an active expert.
        record_finding(RecordFindingInput) -> RecordFindingPayload;
        /// 记录测量结果: records what a member measured, until the enterprise confirms; it may narrow the capability gap. By the lead or an active expert.
        record_measurement(RecordMeasurementInput) -> RecordMeasurementPayload;
        /// 作废测量结果: takes back a result that was measured or written down wrongly; it stays among `measurements` with its `retraction`, and counts for no gap from then on, not for that of before either: `asOf` tells what was taken to be. One of a trial may be it, too, before the enterprise confirms, and one in a case that was withdrawn or is a duplicate; whether the trial has passed stands, for the enterprise to judge. Nothing is taken back in a case that is resolved or closed: `reopenCase` comes before it. By the lead or an active expert.
        retract_measurement(RetractMeasurementInput) -> RetractMeasurementPayload;
    }
}

input! {
    /// 记录发现: what was learnt, and what it rests on.
    RecordFindingInput updates Case by RecordFinding, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 内容: what was learnt.
        text: String,
        /// 引用: standards, methods and publications it rests on, at most 50.
        citations: Option<Vec<String>>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let text = door.text("text", &input.text);
        let citations = door.all("citations", input.citations.as_deref().unwrap_or_default());
        Some(Ordered::new(id?, RecordFinding { id: FindingId(door.fresh_id()), text: text?, citations: citations? }))
    }
}

input! {
    /// 记录测量结果: value, uncertainty, method, traceability.
    RecordMeasurementInput updates Case by RecordMeasurement, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 测量结果: what was measured.
        result: MeasurementResultInput,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let result = door.within("result", |door| input.result.read(door));
        Some(Ordered::new(id?, RecordMeasurement { id: MeasurementId(door.fresh_id()), result: result? }))
    }
}

input! {
    /// 作废测量结果: which result, and why.
    RetractMeasurementInput updates Case by RetractMeasurement, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 测量记录: the measurement's global id.
        measurement_id: ID,
        /// 原因: why.
        reason: String,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let measurement = door.id::<MeasurementId>("measurementId", &input.measurement_id);
        let reason = door.text("reason", &input.reason);
        Some(Ordered::new(id?, RetractMeasurement { measurement: measurement?, reason: reason? }))
    }
}
