//! Events of the work on a case: collaboration, findings, measurements, solution, trial.

use async_graphql::ID;

use crate::graphql::ids;
use crate::graphql::types::event::declare::{event_objects, text, texts};
use crate::graphql::types::measurement::ResultNode;
use crate::graphql::words::Verdict;

event_objects! {
    /// 邀请专家: an expert was asked to collaborate.
    ExpertInvited as ExpertInvitedEvent |fact| {
        /// 专家: global id of who is invited.
        expert_id: ID = ids::global(fact.expert);
        /// 留言: what for.
        message: Option<String> = text(fact.message.as_ref());
    }
    /// 专家加入: the invitee joined.
    ExpertJoined as ExpertJoinedEvent |fact| {
        /// 专家: global id of who joined.
        expert_id: ID = ids::global(fact.expert);
    }
    /// 谢绝邀请: the invitee did not join.
    InvitationDeclined as InvitationDeclinedEvent |fact| {
        /// 专家: global id of who declined.
        expert_id: ID = ids::global(fact.expert);
        /// 原因: why, if said.
        reason: Option<String> = text(fact.reason.as_ref());
    }
    /// 专家退出: a member left.
    ExpertLeft as ExpertLeftEvent |fact| {
        /// 专家: global id of who left.
        expert_id: ID = ids::global(fact.expert);
        /// 原因: why, if said.
        reason: Option<String> = text(fact.reason.as_ref());
    }
    /// 移出专家: an invitation was taken back, or a membership ended.
    ExpertRemoved as ExpertRemovedEvent |fact| {
        /// 专家: global id of who is neither invited nor a member any more.
        expert_id: ID = ids::global(fact.expert);
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 记录发现: a member recorded what it learnt.
    FindingRecorded as FindingRecordedEvent |fact| {
        /// The finding's global id.
        finding_id: ID = ids::global(fact.id);
        /// 内容: what was learnt.
        text: String = fact.text.to_string();
        /// 引用: standards, methods and publications it rests on.
        citations: Vec<String> = texts(&fact.citations);
    }
    /// 记录测量结果: a member recorded what it measured.
    MeasurementRecorded as MeasurementRecordedEvent |fact| {
        /// The measurement's global id.
        measurement_id: ID = ids::global(fact.id);
        /// 测量结果: value, uncertainty, method, traceability.
        result: ResultNode = ResultNode(fact.result.clone());
    }
    /// 作废测量结果: a result was taken back, and counts no more.
    MeasurementRetracted as MeasurementRetractedEvent |fact| {
        /// The measurement's global id.
        measurement_id: ID = ids::global(fact.measurement);
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 提出解决方案: the lead proposed how to solve it.
    SolutionProposed as SolutionProposedEvent |fact| {
        /// 方案: what to do.
        description: String = fact.description.to_string();
        /// 发现: global ids of the findings it rests on.
        finding_ids: Vec<ID> = fact.findings.iter().map(|id| ids::global(*id)).collect();
        /// 引用: standards, methods and publications it rests on.
        citations: Vec<String> = texts(&fact.citations);
    }
    /// 评审解决方案: a reviewer approved it, or asked for changes.
    SolutionReviewed as SolutionReviewedEvent |fact| {
        /// 评审结论: which.
        verdict: Verdict = fact.verdict.into();
        /// 评审意见: why.
        comment: String = fact.comment.to_string();
    }
    /// 开始试用: the solution is tried.
    TrialStarted as TrialStartedEvent |fact| {
        /// 试用计划: what is tried, where and how long.
        plan: String = fact.plan.to_string();
    }
    /// 记录试用结果: how the trial went.
    TrialResultRecorded as TrialResultRecordedEvent |fact| {
        /// 是否通过: whether it held.
        passed: bool = fact.passed;
        /// 情况: what was seen.
        summary: String = fact.summary.to_string();
        /// The global id of what was measured on trial.
        measurement_id: Option<ID> = fact.measurement.as_ref().map(|measured| ids::global(measured.id));
        /// 测量结果: what was measured on trial.
        measurement: Option<ResultNode> = fact.measurement.as_ref().map(|measured| ResultNode(measured.result.clone()));
    }
}
