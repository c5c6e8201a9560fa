//! What people read of each event, in both languages. A new event has to be told before it compiles.

use std::fmt::Display;

use jiff::civil::Date;

use crate::domain::case::Case;
use crate::domain::case::event::CaseFact;
use crate::domain::case::state::File;
use crate::domain::case::values::{FeeId, MeasurementId, Verdict};
use crate::domain::event::Recorded;
use crate::domain::value::{CatalogueId, Label, Level, calendar};
use crate::projection::timeline::{Kind, Text};

/// The entries of an event of a case: one for what it is, and one more where it sets or moves a deadline besides, which
/// was on that day before. What it is about is told by what is known of it now.
pub(super) fn of(event: &Recorded<CaseFact>, case: &Case, deadline_before: Option<Date>) -> Vec<(Kind, Text)> {
    let told = |kind, chinese: &str, english: &str| {
        vec![(kind, Text { chinese: chinese.to_owned(), english: english.to_owned() })]
    };
    let said = |kind, chinese: &str, english: &str, what: &dyn Display| {
        vec![(kind, Text { chinese: format!("{chinese}：{what}"), english: format!("{english}: {what}") })]
    };
    let with_deadline = |mut entries: Vec<(Kind, Text)>, deadline: Option<Date>| {
        entries.extend(deadline.into_iter().flat_map(|on| said(Kind::Deadline, "期限定为", "Deadline set", &on)));
        entries
    };
    // No working day may have gone by: then the deadline stands where it was.
    let moved = |deadline: Option<Date>| deadline.filter(|on| deadline_before != Some(*on));
    match &event.fact {
        CaseFact::CaseReported(fact) => said(Kind::Lifecycle, "报告难点", "Reported", &fact.title),
        CaseFact::CaseRenamed(fact) => said(Kind::Record, "更正标题", "Renamed", &fact.to),
        CaseFact::RequirementSpecified(fact) => match &fact.correction_reason {
            None => told(Kind::Work, "明确测量要求", "Requirement specified"),
            Some(reason) => said(Kind::Work, "更正测量要求", "Requirement corrected", reason),
        },
        CaseFact::CaseTriaged(fact) => match &fact.correction_reason {
            None => said(Kind::Lifecycle, "分诊", "Triaged", &fact.category.code()),
            Some(reason) => {
                let (kind, severity) = (fact.kind.name().to_owned(), fact.severity.name().to_owned());
                let which = which(&[fact.category.code().to_owned(), kind, severity]);
                said_of(Kind::Record, "更正分诊", "Triage corrected", &which, reason)
            }
        },
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
        CaseFact::ExpertRemoved(fact) => said(Kind::Collaboration, "移出专家", "Expert removed", &fact.reason),
        CaseFact::FindingRecorded(fact) => said(Kind::Work, "记录发现", "Finding", &fact.text),
        CaseFact::MeasurementRecorded(_) => told(Kind::Work, "记录测量结果", "Measurement recorded"),
        CaseFact::MeasurementRetracted(fact) => {
            let which = which(&measurement(case, fact.measurement));
            said_of(Kind::Work, "作废测量结果", "Measurement retracted", &which, &fact.reason)
        }
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
        CaseFact::CaseUnparked(fact) => {
            with_deadline(told(Kind::Parking, "取回", "Taken up again"), moved(fact.deadline))
        }
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
        CaseFact::ClockResumed(fact) => {
            with_deadline(told(Kind::Clock, "恢复计时", "Clock resumed"), moved(fact.deadline))
        }
        CaseFact::CaseWithdrawn(fact) => said(Kind::Lifecycle, "企业撤回", "Withdrawn", &fact.reason),
        CaseFact::CaseMarkedDuplicate(_) => told(Kind::Lifecycle, "标记重复", "Marked as a duplicate"),
        CaseFact::CasesLinked(_) => told(Kind::Record, "关联案例", "Linked to another case"),
        CaseFact::CasesUnlinked(fact) => said(Kind::Record, "解除关联", "Unlinked from another case", &fact.reason),
        CaseFact::FeeRecorded(fact) => {
            let item = item(case, &fact.item, fact.catalogue);
            said(Kind::Record, "记录收费", "Fee", &format!("{item} CNY {}", fact.amount))
        }
        CaseFact::FeeRetracted(fact) => {
            let which = which(&fee(case, fact.fee));
            said_of(Kind::Record, "作废收费", "Fee retracted", &which, &fact.reason)
        }
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

/// What is said of one of several: which one, and what.
fn said_of(kind: Kind, chinese: &str, english: &str, which: &Text, what: &dyn Display) -> Vec<(Kind, Text)> {
    vec![(
        kind,
        Text {
            chinese: format!("{chinese}{}：{what}", which.chinese),
            english: format!("{english}{}: {what}", which.english),
        },
    )]
}

/// What something is told by, in brackets; nothing where it is not known.
fn which(told_by: &[String]) -> Text {
    match told_by.is_empty() {
        true => Text { chinese: String::new(), english: String::new() },
        false => {
            Text { chinese: format!("（{}）", told_by.join("，")), english: format!(" ({})", told_by.join(", ")) }
        }
    }
}

/// What a result is told by: its value, its U and its day.
fn measurement(case: &Case, id: MeasurementId) -> Vec<String> {
    let mut known = case.file.iter().flat_map(|file| &file.measurements);
    let Some(measurement) = known.find(|measurement| measurement.id == id) else { return Vec::new() };
    let uncertainty = measurement.result.uncertainty();
    let uncertainty = uncertainty.map(|stated| format!("U = {} {}", stated.value(), stated.unit()));
    let value = [measurement.result.value().to_string()].into_iter();
    value.chain(uncertainty).chain([calendar::date_of(measurement.at).to_string()]).collect()
}

/// What a fee is told by: its item, its amount and the day of the service.
fn fee(case: &Case, id: FeeId) -> Vec<String> {
    let mut known = case.file.iter().flat_map(|file| &file.fees);
    let Some(fee) = known.find(|fee| fee.id == id) else { return Vec::new() };
    vec![format!("{} CNY {}", item(case, &fee.item, fee.catalogue), fee.amount), fee.service_date.to_string()]
}

/// The item of a fee by its code; behind the division whose list it is on, where the case has a fee by an item of that
/// code on another list.
fn item(case: &Case, code: &Label, list: CatalogueId) -> String {
    let is_on_another = |file: &&File| file.fees.iter().any(|fee| fee.item == *code && fee.catalogue != list);
    match case.file.as_ref().filter(is_on_another) {
        Some(file) => format!("{}/{code}", file.keeper_of(list)),
        None => code.to_string(),
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::domain::fixtures::day;
    use crate::domain::value::Division;
    use crate::projection::timeline::tests::{TODAY, event, reported};
    use crate::projection::timeline::{self, Entry};

    fn texts(entries: &[Entry]) -> Vec<[&str; 2]> {
        entries.iter().map(|entry| [entry.text.chinese.as_str(), entry.text.english.as_str()]).collect()
    }

    #[test]
    fn what_was_retracted_is_told_by_what_it_is() {
        let [first, second] = [1, 2].map(Uuid::from_u128);
        let measured = |id: Uuid, uncertainty: Value| {
            json!({ "MeasurementRecorded": { "id": id, "result": {
                "value": { "value": "25.001", "unit": "mm" }, "uncertainty": uncertainty,
            } } })
        };
        let u = json!({ "value": "29", "unit": "nm", "coverageFactor": "2", "coverageProbability": "0.95" });
        let measurement_retracted =
            |id: Uuid| json!({ "MeasurementRetracted": { "measurement": id, "reason": "抄写有误" } });
        let events = [
            reported(),
            event("2026-03-03T20:00:00Z", measured(first, u)),
            event("2026-03-04T02:00:00Z", measured(second, Value::Null)),
            event("2026-03-05T02:00:00Z", measurement_retracted(first)),
            event("2026-03-05T03:00:00Z", measurement_retracted(second)),
            event("2026-03-05T04:00:00Z", measurement_retracted(Uuid::from_u128(3))),
        ];
        assert_eq!(
            texts(&timeline::of(&events, &[], &[], None, day(TODAY)))[3..],
            [
                [
                    "作废测量结果（25.001 mm，U = 29 nm，2026-03-04）：抄写有误",
                    "Measurement retracted (25.001 mm, U = 29 nm, 2026-03-04): 抄写有误",
                ],
                [
                    "作废测量结果（25.001 mm，2026-03-04）：抄写有误",
                    "Measurement retracted (25.001 mm, 2026-03-04): 抄写有误",
                ],
                ["作废测量结果：抄写有误", "Measurement retracted: 抄写有误"],
            ]
        );
    }

    #[test]
    fn a_fee_is_told_with_its_list_where_another_one_has_an_item_of_its_code() {
        let fee = |number: u128, item: &str, list: &Division| {
            let fact = json!({ "FeeRecorded": {
                "id": Uuid::from_u128(number), "item": item, "catalogue": CatalogueId::of(list), "catalogueVersion": 1,
                "serviceDate": "2026-03-03", "amount": "300", "tariff": "300",
            } });
            event("2026-03-04T02:00:00Z", fact)
        };
        let retracted = event(
            "2026-03-05T02:00:00Z",
            json!({ "FeeRetracted": { "fee": Uuid::from_u128(2), "reason": "重复登记" } }),
        );
        let (province, nation) = (Division::parse("44").expect("Guangdong"), Division::nation());
        let mut events =
            vec![reported(), fee(1, "A-1", &province), fee(2, "A-1", &province), fee(3, "B-2", &nation), retracted];
        let (of_one, other) =
            (["记录收费：A-1 CNY 300", "Fee: A-1 CNY 300"], ["记录收费：B-2 CNY 300", "Fee: B-2 CNY 300"]);
        let retraction =
            ["作废收费（A-1 CNY 300，2026-03-03）：重复登记", "Fee retracted (A-1 CNY 300, 2026-03-03): 重复登记"];
        assert_eq!(texts(&timeline::of(&events, &[], &[], None, day(TODAY)))[1..], [of_one, of_one, other, retraction]);

        events.push(fee(4, "A-1", &nation));
        let of_province = ["记录收费：44/A-1 CNY 300", "Fee: 44/A-1 CNY 300"];
        let of_nation = ["记录收费：CN/A-1 CNY 300", "Fee: CN/A-1 CNY 300"];
        let retraction = [
            "作废收费（44/A-1 CNY 300，2026-03-03）：重复登记",
            "Fee retracted (44/A-1 CNY 300, 2026-03-03): 重复登记",
        ];
        assert_eq!(
            texts(&timeline::of(&events, &[], &[], None, day(TODAY)))[1..],
            [of_province, of_province, other, of_nation, retraction]
        );
    }
}
