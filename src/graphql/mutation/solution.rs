//! Solutions: proposed, reviewed, tried, and judged by the enterprise.

use async_graphql::ID;

use crate::domain::case::Case;
use crate::domain::case::command::{
    ConfirmSolution, ProposeSolution, RecordMeasurement, RecordTrialResult, RejectSolution, ReviewSolution, StartTrial,
};
use crate::domain::case::values::MeasurementId;
use crate::domain::value::CaseId;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::mutation::measurement::MeasurementResultInput;
use crate::graphql::orders::Ordered;
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::conflict::CaseConflict;
use crate::graphql::words::Verdict;

mutations! {
    /// 解决方案: from the proposal to the enterprise’s word.
    SolutionMutation answers case: CaseNode, CaseConflict {
        /// 提出解决方案: proposes how to solve the case. By the lead, with at least one finding on record.
        propose_solution(ProposeSolutionInput) -> ProposeSolutionPayload;
        /// 评审解决方案: approves the solution, or asks for changes. By a reviewer who is neither an author nor, now or before, a member.
        review_solution(ReviewSolutionInput) -> ReviewSolutionPayload;
        /// 开始试用: puts a reviewed solution on trial. By the lead or the enterprise.
        start_trial(StartTrialInput) -> StartTrialPayload;
        /// 记录试用结果: says how the trial went. By the lead or the enterprise.
        record_trial_result(RecordTrialResultInput) -> RecordTrialResultPayload;
        /// 企业确认: the enterprise says that its difficulty is solved. By the enterprise only.
        confirm_solution(ConfirmSolutionInput) -> ConfirmSolutionPayload;
        /// 企业否决: the enterprise says that it is not. By the enterprise only.
        reject_solution(RejectSolutionInput) -> RejectSolutionPayload;
    }
}

input! {
    /// 提出解决方案: what to do, and what it rests on.
    ProposeSolutionInput updates Case by ProposeSolution, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 方案: what to do.
        description: String,
        /// 发现: the findings it rests on; all of the case when left out.
        finding_ids: Option<Vec<ID>>,
        /// 引用: standards, methods and publications it rests on besides, at most 50.
        citations: Option<Vec<String>>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let description = door.text("description", &input.description);
        let findings = door.all_ids("findingIds", input.finding_ids.as_deref().unwrap_or_default());
        let citations = door.all("citations", input.citations.as_deref().unwrap_or_default());
        Some(Ordered::new(id?, ProposeSolution {
            description: description?,
            findings: findings?,
            citations: citations?,
        }))
    }
}

input! {
    /// 评审解决方案: what the reviewer says.
    ReviewSolutionInput updates Case by ReviewSolution, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 评审结论: approved, or changes asked.
        verdict: Verdict,
        /// 评审意见: why.
        comment: String,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let comment = door.text("comment", &input.comment);
        Some(Ordered::new(id?, ReviewSolution { verdict: input.verdict.into(), comment: comment? }))
    }
}

input! {
    /// 开始试用: what is tried.
    StartTrialInput updates Case by StartTrial, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 试用计划: what is tried, where and how long.
        plan: String,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let plan = door.text("plan", &input.plan);
        Some(Ordered::new(id?, StartTrial { plan: plan? }))
    }
}

input! {
    /// 记录试用结果: how the trial went.
    RecordTrialResultInput updates Case by RecordTrialResult, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 是否通过: whether the solution held.
        passed: bool,
        /// 情况: what was seen.
        summary: String,
        /// 测量结果: what was measured on trial.
        measurement: Option<MeasurementResultInput>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let summary = door.text("summary", &input.summary);
        let measurement = match &input.measurement {
            None => Some(None),
            Some(result) => door.within("measurement", |door| result.read(door)).map(Some),
        };
        Some(Ordered::new(id?, RecordTrialResult {
            passed: input.passed,
            summary: summary?,
            measurement: measurement?.map(|result| RecordMeasurement { id: MeasurementId(door.fresh_id()), result }),
        }))
    }
}

input! {
    /// 企业确认: the enterprise's word.
    ConfirmSolutionInput updates Case by ConfirmSolution, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 企业说明: in its own words.
        statement: Option<String>,
        /// 接受差距: why a capability gap above 1 is accepted all the same. Required by the domain where the gap is open.
        accept_shortfall: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let statement = door.optional("statement", input.statement.as_deref());
        let accept_shortfall = door.optional("acceptShortfall", input.accept_shortfall.as_deref());
        Some(Ordered::new(id?, ConfirmSolution {
            statement: statement?,
            accept_shortfall: accept_shortfall?,
        }))
    }
}

input! {
    /// 企业否决, and why.
    RejectSolutionInput updates Case by RejectSolution, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 原因: why. Required by the domain.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, RejectSolution { reason: reason? }))
    }
}
