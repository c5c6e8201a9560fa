//! 字段: what of a case can differ.

use async_graphql::Enum;
use serde::Serialize;

/// 字段: a field of a case whose changes can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::case::history::CaseField")]
pub(crate) enum CaseField {
    /// 编号: the number that people use.
    Number,
    /// 标题: in a line.
    Title,
    /// 问题描述: what cannot be solved, and why not.
    Problem,
    /// 企业: whose difficulty it is.
    Enterprise,
    /// 活动: the campaign it is part of.
    Campaign,
    /// 行政区划: where the enterprise stands.
    Division,
    /// 来源: how it came to be known.
    Origin,
    /// 报告人: who reported it.
    ReportedBy,
    /// 报告时间: when it was reported.
    ReportedAt,
    /// 状态: where it is in its life.
    Status,
    /// 层级: the level of administration that answers for it.
    Level,
    /// 服务类别: the category of the KCDB list.
    Category,
    /// 类型: what kind of help is needed.
    Kind,
    /// 严重程度: how much it hurts.
    Severity,
    /// 测量要求: what measurement would solve it.
    Requirement,
    /// 能力差距: the best uncertainty found so far against the one required.
    Gap,
    /// 常规服务: the routine service that answered it.
    RoutineService,
    /// 计量技术机构: who shall solve it.
    Institution,
    /// 攻关负责人: the person who answers for it.
    Lead,
    /// 下达时间: when the assignment was given.
    AssignedAt,
    /// 接受时间: when the lead took it.
    AcceptedAt,
    /// 专家: everybody ever invited, and how it went.
    Experts,
    /// 发现: what was learnt.
    Findings,
    /// 测量结果: what was measured.
    Measurements,
    /// 解决方案: the solution on the table, with its reviews.
    Solution,
    /// 试用: the trial of that solution.
    Trial,
    /// 解决: what was recorded when it was resolved.
    Resolution,
    /// 经验: what others can learn from it.
    Lesson,
    /// 期限: the last day.
    Deadline,
    /// 逾期待答: the day since which a missed deadline waits for an answer.
    DeadlineMissedOn,
    /// 曾逾期: whether the deadline was recorded as missed, answered or not.
    DeadlineWasMissed,
    /// 暂停计时: the first day that does not count, while the clock is paused.
    PausedFrom,
    /// 暂存至: when it is looked at again, while parked.
    ParkedUntil,
    /// 原案例: the case that it was marked as a duplicate of.
    DuplicateOf,
    /// 关联: what it is to other cases.
    Links,
    /// 收费: fees.
    Fees,
    /// 先进技术: techniques brought in.
    Techniques,
    /// 培训: trainings given.
    Trainings,
    /// 评论: what was said.
    Comments,
    /// 附件: documents.
    Attachments,
    /// 发布: the publication as good practice, while it stands.
    Publication,
    /// 重新打开次数: how often it was reopened.
    Reopened,
    /// 导入事件数: how many events of another tracker's log are in.
    Imported,
    /// 原系统已了结: whether the other tracker was done with it.
    Concluded,
}
