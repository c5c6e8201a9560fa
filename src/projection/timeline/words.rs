//! What people read of each event, in both languages. A new event has to be told before it compiles.

use crate::domain::case::event::CaseFact;
use crate::domain::case::values::Verdict;
use crate::domain::event::Recorded;
use crate::domain::value::Level;
use crate::projection::timeline::{Kind, Text};

/// The entries of an event: one for what it is, and one more where it sets a deadline besides.
pub(super) fn of(event: &Recorded<CaseFact>) -> Vec<(Kind, Text)> {
    let told = |kind, chinese: &str, english: &str| {
        vec![(kind, Text { chinese: chinese.to_owned(), english: english.to_owned() })]
    };
    let said = |kind, chinese: &str, english: &str, what: &dyn std::fmt::Display| {
        vec![(kind, Text { chinese: format!("{chinese}：{what}"), english: format!("{english}: {what}") })]
    };
    let with_deadline = |mut entries: Vec<(Kind, Text)>, deadline: Option<jiff::civil::Date>| {
        entries.extend(deadline.into_iter().flat_map(|on| said(Kind::Deadline, "期限定为", "Deadline set", &on)));
        entries
    };
    match &event.fact {
        CaseFact::CaseReported(fact) => said(Kind::Lifecycle, "报告难点", "Reported", &fact.title),
        CaseFact::CaseRenamed(fact) => said(Kind::Record, "更正标题", "Renamed", &fact.to),
        CaseFact::RequirementSpecified(_) => told(Kind::Work, "明确测量要求", "Requirement specified"),
        CaseFact::CaseTriaged(fact) => said(Kind::Lifecycle, "分诊", "Triaged", &fact.category.code()),
        CaseFact::RoutineServiceProvided(_) => told(Kind::Lifecycle, "提供常规服务", "Routine service provided"),
        CaseFact::ResearchAssigned(fact) => {
            with_deadline(told(Kind::Lifecycle, "下达攻关任务", "Research assigned"), Some(fact.deadline))
        }
        CaseFact::ResearchReassigned(fact) => {
            with_deadline(said(Kind::Lifecycle, "改派攻关任务", "Research reassigned", &fact.reason), fact.deadline)
        }
        CaseFact::AssignmentAccepted(_) => told(Kind::Lifecycle, "接受任务", "Assignment accepted"),
        CaseFact::AssignmentDeclined(fact) => said(Kind::Lifecycle, "谢绝任务", "Assignment declined", &fact.reason),
        CaseFact::ExpertInvited(_) => told(Kind::Collaboration, "邀请专家", "Expert invited"),
        CaseFact::ExpertJoined(_) => told(Kind::Collaboration, "专家加入", "Expert joined"),
        CaseFact::InvitationDeclined(_) => told(Kind::Collaboration, "谢绝邀请", "Invitation declined"),
        CaseFact::ExpertLeft(_) => told(Kind::Collaboration, "专家退出", "Expert left"),
        CaseFact::FindingRecorded(fact) => said(Kind::Work, "记录发现", "Finding", &fact.text),
        CaseFact::MeasurementRecorded(_) => told(Kind::Work, "记录测量结果", "Measurement recorded"),
        CaseFact::MeasurementRetracted(fact) => said(Kind::Work, "作废测量结果", "Measurement retracted", &fact.reason),
        CaseFact::SolutionProposed(fact) => {
            said(Kind::Lifecycle, "提出解决方案", "Solution proposed", &fact.description)
        }
        CaseFact::SolutionReviewed(fact) => match fact.verdict {
            Verdict::Approved => said(Kind::Lifecycle, "评审通过", "Solution approved", &fact.comment),
            Verdict::ChangesRequested => said(Kind::Lifecycle, "评审要求修改", "Changes requested", &fact.comment),
        },
        CaseFact::TrialStarted(fact) => said(Kind::Lifecycle, "开始试用", "Trial started", &fact.plan),
        CaseFact::TrialResultRecorded(fact) => match fact.passed {
            true => said(Kind::Lifecycle, "试用通过", "Trial passed", &fact.summary),
            false => said(Kind::Lifecycle, "试用未通过", "Trial failed", &fact.summary),
        },
        CaseFact::SolutionConfirmed(_) => told(Kind::Lifecycle, "企业确认", "Confirmed by the enterprise"),
        CaseFact::CaseResolved(fact) => match &fact.gap {
            Some(gap) => vec![(
                Kind::Lifecycle,
                Text {
                    chinese: format!("难点解决，差距 {gap}"), english: format!("Resolved at a gap of {gap}")
                },
            )],
            None => told(Kind::Lifecycle, "难点解决", "Resolved"),
        },
        CaseFact::SolutionRejected(fact) => {
            said(Kind::Lifecycle, "企业否决", "Rejected by the enterprise", &fact.reason)
        }
        CaseFact::CaseClosed(fact) => said(Kind::Lifecycle, "结案", "Closed", &fact.lesson),
        CaseFact::CaseReopened(fact) => said(Kind::Lifecycle, "重新打开", "Reopened", &fact.reason),
        CaseFact::CaseEscalated(fact) => vec![(
            Kind::Level,
            Text {
                chinese: format!("由{}上报至{}：{}", chinese(fact.from), chinese(fact.to), fact.reason),
                english: format!("Escalated from {} to {}: {}", english(fact.from), english(fact.to), fact.reason),
            },
        )],
        CaseFact::CaseParked(fact) => vec![(
            Kind::Parking,
            Text {
                chinese: format!("暂存至 {}：{}", fact.review_on, fact.reason),
                english: format!("Parked until {}: {}", fact.review_on, fact.reason),
            },
        )],
        CaseFact::CaseUnparked(_) => told(Kind::Parking, "取回", "Taken up again"),
        CaseFact::DeadlineSet(fact) => said(Kind::Deadline, "期限定为", "Deadline set", &fact.deadline),
        CaseFact::DeadlineExtended(fact) => vec![(
            Kind::Deadline,
            Text {
                chinese: format!("期限由 {} 延至 {}：{}", fact.from, fact.to, fact.reason),
                english: format!("Deadline extended from {} to {}: {}", fact.from, fact.to, fact.reason),
            },
        )],
        CaseFact::DeadlineMissed(fact) => said(Kind::Deadline, "逾期", "Deadline missed", &fact.deadline),
        CaseFact::ClockPaused(fact) => said(Kind::Clock, "暂停计时", "Clock paused", &fact.reason),
        CaseFact::ClockResumed(fact) => with_deadline(told(Kind::Clock, "恢复计时", "Clock resumed"), fact.deadline),
        CaseFact::CaseWithdrawn(fact) => said(Kind::Lifecycle, "企业撤回", "Withdrawn", &fact.reason),
        CaseFact::CaseMarkedDuplicate(_) => told(Kind::Lifecycle, "标记重复", "Marked as a duplicate"),
        CaseFact::CasesLinked(_) => told(Kind::Record, "关联案例", "Linked to another case"),
        CaseFact::FeeRecorded(fact) => {
            said(Kind::Record, "记录收费", "Fee", &format!("{} CNY {}", fact.item, fact.amount))
        }
        CaseFact::FeeRetracted(fact) => said(Kind::Record, "作废收费", "Fee retracted", &fact.reason),
        CaseFact::TechniqueIntroduced(fact) => {
            said(Kind::Work, "引进先进技术", "Technique introduced", &fact.technique)
        }
        CaseFact::TrainingDelivered(fact) => said(Kind::Work, "开展培训", "Training", &fact.topic),
        CaseFact::CommentAdded(fact) => said(Kind::Record, "评论", "Comment", &fact.text),
        CaseFact::InternalCommentAdded(fact) => said(Kind::Record, "内部评论", "Internal comment", &fact.text),
        CaseFact::AttachmentAdded(fact) => said(Kind::Record, "附件", "Document", &fact.name),
        CaseFact::TypicalCasePublished(_) => told(Kind::Record, "发布典型案例", "Published as good practice"),
        CaseFact::TypicalCaseRetracted(fact) => {
            said(Kind::Record, "撤下典型案例", "Publication retracted", &fact.reason)
        }
        CaseFact::ImportedPersonsErased(fact) => {
            said(Kind::Record, "删除个人信息", "Personal data erased", &fact.reason)
        }
        CaseFact::LegacyActivityRecorded(_) => match &event.source {
            Some(source) => said(Kind::Imported, "历史活动", "Activity of another tracker", &source.activity),
            None => told(Kind::Imported, "历史活动", "Activity of another tracker"),
        },
    }
}

fn chinese(level: Level) -> &'static str {
    match level {
        Level::County => "县级",
        Level::City => "市级",
        Level::Province => "省级",
        Level::Nation => "国家级",
    }
}

fn english(level: Level) -> &'static str {
    match level {
        Level::County => "county",
        Level::City => "city",
        Level::Province => "province",
        Level::Nation => "nation",
    }
}
