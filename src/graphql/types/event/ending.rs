//! Events of confirmation, endings, escalation and deadlines.

use async_graphql::ID;

use crate::graphql::ids;
use crate::graphql::scalars::{Date, Decimal};
use crate::graphql::types::event::declare::{event_objects, text};
use crate::graphql::words::Level;

event_objects! {
    /// 企业确认: the enterprise says that its difficulty is solved.
    SolutionConfirmed as SolutionConfirmedEvent |fact| {
        /// 企业说明: in its own words.
        statement: Option<String> = text(fact.statement.as_ref());
        /// 接受差距: why a capability gap above 1 is accepted all the same.
        shortfall_accepted: Option<String> = text(fact.shortfall_accepted.as_ref());
    }
    /// 难点解决: the case is resolved.
    CaseResolved as CaseResolvedEvent |fact| {
        /// 差距: the capability gap as it stood, to six decimals, rounded up; absent where nothing was required, or nothing measured that can be held against it.
        gap: Option<Decimal> = fact.gap.as_ref().map(Decimal::of);
    }
    /// 企业否决: the enterprise says that it is not solved.
    SolutionRejected as SolutionRejectedEvent |fact| {
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 结案: the case ended.
    CaseClosed as CaseClosedEvent |fact| {
        /// 经验: what others can learn from it.
        lesson: String = fact.lesson.to_string();
        /// 收费合计: the sum of all fees, as stated and checked, in CNY.
        fee_total: Decimal = Decimal::of(&fact.fee_total);
    }
    /// 重新打开: the case was taken up again.
    CaseReopened as CaseReopenedEvent |fact| {
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 上报: the case went one level up.
    CaseEscalated as CaseEscalatedEvent |fact| {
        /// 原层级: the level it was at.
        from: Level = fact.from.into();
        /// 新层级: the level it is at now.
        to: Level = fact.to.into();
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 暂存: the case stays open at national level until it is looked at again.
    CaseParked as CaseParkedEvent |fact| {
        /// 复查日期: when it is looked at again.
        review_on: Date = fact.review_on.into();
        /// The first day on which the deadline stands still; absent in an event from before it was recorded.
        from: Option<Date> = fact.from.map(Into::into);
        /// 原因: why nobody can solve it today.
        reason: String = fact.reason.to_string();
    }
    /// 取回: a parked case was taken up again.
    CaseUnparked as CaseUnparkedEvent |fact| {
        /// 原因: why, if said.
        reason: Option<String> = text(fact.reason.as_ref());
        /// The first day on which it is not parked; absent in an event from before it was recorded.
        on: Option<Date> = fact.on.map(Into::into);
        /// 期限: the deadline, later by the working days on which it stood still since it was set.
        deadline: Option<Date> = fact.deadline.map(Into::into);
    }
    /// 设定期限: a last day was set.
    DeadlineSet as DeadlineSetEvent |fact| {
        /// 期限: the last day.
        deadline: Date = fact.deadline.into();
    }
    /// 延长期限: the last day moved further away.
    DeadlineExtended as DeadlineExtendedEvent |fact| {
        /// 原期限: the last day it had.
        from: Date = fact.from.into();
        /// 新期限: the last day it has now.
        to: Date = fact.to.into();
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 逾期: recorded by the server's clock, once per deadline.
    DeadlineMissed as DeadlineMissedEvent |fact| {
        /// 期限: the last day that passed.
        deadline: Date = fact.deadline.into();
    }
    /// 暂停计时: the clock stopped.
    ClockPaused as ClockPausedEvent |fact| {
        /// The first day that does not count.
        from: Date = fact.from.into();
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 恢复计时: the clock runs again.
    ClockResumed as ClockResumedEvent |fact| {
        /// The first day that counts again.
        on: Date = fact.on.into();
        /// 暂停工作日: the working days that did not count.
        paused_working_days: u32 = fact.paused_working_days;
        /// 期限: the deadline, later by the working days on which it stood still since it was set.
        deadline: Option<Date> = fact.deadline.map(Into::into);
    }
    /// 企业撤回: the enterprise took its case back.
    CaseWithdrawn as CaseWithdrawnEvent |fact| {
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 标记重复: another case about the same difficulty goes on.
    CaseMarkedDuplicate as CaseMarkedDuplicateEvent |fact| {
        /// 原案例: global id of the case that goes on.
        of_case_id: ID = ids::global(fact.of);
        /// The version of that case in which it was seen to be no duplicate.
        of_version: u64 = fact.of_version;
    }
}
