//! The comparable fields of a case, and how two states of it differ in them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::domain::actor::ActorId;
use crate::domain::case::event::CaseFact;
use crate::domain::case::history::list::{Listed, kept, listed};
use crate::domain::case::history::touch::may_move;
use crate::domain::case::state::{
    Attachment, Comment, Fee, File, Finding, Link, Measurement, Membership, Publication, Resolution, RoutineService,
    Solution, Technique, Training, Trial,
};
use crate::domain::case::values::{Kind, Origin, Severity, Status};
use crate::domain::event::Recorded;
use crate::domain::value::{
    CampaignId, CaseId, Decimal, Division, EnterpriseId, InstitutionId, Level, MeasurementRequirement, PersonId,
    ServiceCategory,
};
use crate::domain::vocabulary::vocabulary;

vocabulary! {
    /// What of a case can differ.
    CaseField {
        /// 编号.
        Number = "NUMBER",
        /// 标题.
        Title = "TITLE",
        /// 问题描述.
        Problem = "PROBLEM",
        /// 企业.
        Enterprise = "ENTERPRISE",
        /// 活动.
        Campaign = "CAMPAIGN",
        /// 行政区划.
        Division = "DIVISION",
        /// 来源.
        Origin = "ORIGIN",
        /// 报告人.
        ReportedBy = "REPORTED_BY",
        /// 报告时间.
        ReportedAt = "REPORTED_AT",
        /// 状态.
        Status = "STATUS",
        /// 层级.
        Level = "LEVEL",
        /// 服务类别.
        Category = "CATEGORY",
        /// 类型.
        Kind = "KIND",
        /// 严重程度.
        Severity = "SEVERITY",
        /// 测量要求.
        Requirement = "REQUIREMENT",
        /// 能力差距.
        Gap = "GAP",
        /// 常规服务.
        RoutineService = "ROUTINE_SERVICE",
        /// 计量技术机构.
        Institution = "INSTITUTION",
        /// 攻关负责人.
        Lead = "LEAD",
        /// 下达时间.
        AssignedAt = "ASSIGNED_AT",
        /// 接受时间.
        AcceptedAt = "ACCEPTED_AT",
        /// 专家.
        Experts = "EXPERTS",
        /// 发现.
        Findings = "FINDINGS",
        /// 测量结果.
        Measurements = "MEASUREMENTS",
        /// 解决方案.
        Solution = "SOLUTION",
        /// 试用.
        Trial = "TRIAL",
        /// 解决.
        Resolution = "RESOLUTION",
        /// 经验.
        Lesson = "LESSON",
        /// 期限.
        Deadline = "DEADLINE",
        /// 逾期待答: the day since which a missed deadline waits for an answer.
        DeadlineMissedOn = "DEADLINE_MISSED_ON",
        /// 曾逾期: whether the deadline was recorded as missed, answered or not.
        DeadlineWasMissed = "DEADLINE_WAS_MISSED",
        /// 暂停计时.
        PausedFrom = "PAUSED_FROM",
        /// 暂存至.
        ParkedUntil = "PARKED_UNTIL",
        /// 原案例.
        DuplicateOf = "DUPLICATE_OF",
        /// 关联.
        Links = "LINKS",
        /// 收费.
        Fees = "FEES",
        /// 先进技术.
        Techniques = "TECHNIQUES",
        /// 培训.
        Trainings = "TRAININGS",
        /// 评论.
        Comments = "COMMENTS",
        /// 附件.
        Attachments = "ATTACHMENTS",
        /// 发布.
        Publication = "PUBLICATION",
        /// 重新打开次数.
        Reopened = "REOPENED",
        /// 导入事件数: how many events of another tracker's log are in.
        Imported = "IMPORTED",
        /// 原系统已了结: whether the other tracker was done with it.
        Concluded = "CONCLUDED",
    }
}

/// A value that is another than it was; absent is a value too, and never stands on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changed<T> {
    /// What it was.
    pub before: Option<T>,
    /// What it is.
    pub after: Option<T>,
}

/// Something that has an aggregate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Named {
    /// An enterprise.
    Enterprise(EnterpriseId),
    /// A campaign.
    Campaign(CampaignId),
    /// An institution.
    Institution(InstitutionId),
    /// A person.
    Person(PersonId),
    /// Another case.
    Case(CaseId),
}

/// How a field differs, by the kind of its value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "each variant is named after the value it holds")]
#[expect(clippy::large_enum_variant, reason = "a case has few differences, and each is made once")]
pub enum Difference {
    Text(Changed<String>),
    Status(Changed<Status>),
    Level(Changed<Level>),
    Kind(Changed<Kind>),
    Severity(Changed<Severity>),
    Category(Changed<ServiceCategory>),
    Division(Changed<Division>),
    Origin(Changed<Origin>),
    Actor(Changed<ActorId>),
    Time(Changed<Timestamp>),
    Date(Changed<Date>),
    Number(Changed<u64>),
    Decimal(Changed<Decimal>),
    Flag(Changed<bool>),
    Reference(Changed<Named>),
    Requirement(Changed<MeasurementRequirement>),
    RoutineService(Changed<RoutineService>),
    Solution(Changed<Solution>),
    Trial(Changed<Trial>),
    Resolution(Changed<Resolution>),
    Publication(Changed<Publication>),
    Experts(Listed<(PersonId, Membership)>),
    Findings(Listed<Finding>),
    Measurements(Listed<Measurement>),
    Links(Listed<Link>),
    Fees(Listed<Fee>),
    Techniques(Listed<Technique>),
    Trainings(Listed<Training>),
    Comments(Listed<Comment>),
    Attachments(Listed<Attachment>),
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldDifference {
    /// Which.
    pub field: CaseField,
    /// How.
    pub difference: Difference,
}

/// How a case differs from what it was, in the order of [`CaseField`]. Where it was not there yet, everything that it
/// has is new.
#[must_use]
pub fn differences(before: Option<&File>, after: &File) -> Vec<FieldDifference> {
    // Every part of the file is named: one that is added does not compile before it is compared.
    let File {
        number: _,
        title: _,
        problem: _,
        enterprise: _,
        campaign: _,
        division: _,
        origin: _,
        reported_by: _,
        reported_at: _,
        status: _,
        // When the status came to be is told by the change of it.
        last_step: _,
        level: _,
        triage: _,
        requirements: _,
        routine_service: _,
        assignment: _,
        experts: _,
        // Whoever comes in is told by what they do: join, take the assignment, or write something down.
        worked_on_it: _,
        findings: _,
        measurements: _,
        solution: _,
        trial: _,
        resolution: _,
        lesson: _,
        deadline: _,
        paused_from: _,
        // Since when it is parked is told by the change of the day of review.
        parked_from: _,
        parked_until: _,
        duplicate_of: _,
        links: _,
        fees: _,
        techniques: _,
        trainings: _,
        comments: _,
        attachments: _,
        // How much there is of what is listed.
        said_bytes: _,
        publication: _,
        reopened: _,
        legacy: _,
    } = after;
    States { before, after, are_one_apart: false }.differences(CaseField::ALL.iter().copied())
}

/// What of these fields the event has moved that has led the case from one state to the other, in their order. Only what
/// it may move is looked at, and of lists that only grow what is new.
pub(super) fn moved(
    before: Option<&File>,
    event: &Recorded<CaseFact>,
    after: &File,
    fields: &[CaseField],
) -> Vec<FieldDifference> {
    let looked_at = fields.iter().copied().filter(|field| before.is_none() || may_move(event, *field));
    States { before, after, are_one_apart: true }.differences(looked_at)
}

#[derive(Clone, Copy)]
struct States<'a> {
    before: Option<&'a File>,
    after: &'a File,
    /// Whether one event has led from the first to the second.
    are_one_apart: bool,
}

impl<'a> States<'a> {
    fn differences(self, fields: impl Iterator<Item = CaseField>) -> Vec<FieldDifference> {
        let differing = fields.filter_map(|field| Some(FieldDifference { field, difference: self.difference(field)? }));
        differing.collect()
    }

    fn difference(self, field: CaseField) -> Option<Difference> {
        use Difference as D;
        match field {
            CaseField::Number => self.one(D::Text, |file| Some(file.number.to_string())),
            CaseField::Title => self.one(D::Text, |file| Some(file.title.to_string())),
            CaseField::Problem => self.one(D::Text, |file| Some(file.problem.to_string())),
            CaseField::Enterprise => self.one(D::Reference, |file| Some(Named::Enterprise(file.enterprise))),
            CaseField::Campaign => self.one(D::Reference, |file| Some(Named::Campaign(file.campaign))),
            CaseField::Division => self.one(D::Division, |file| Some(file.division.clone())),
            CaseField::Origin => self.one(D::Origin, |file| Some(file.origin.clone())),
            CaseField::ReportedBy => self.one(D::Actor, |file| Some(file.reported_by.clone())),
            CaseField::ReportedAt => self.one(D::Time, |file| Some(file.reported_at)),
            CaseField::Status => self.one(D::Status, |file| Some(file.status)),
            CaseField::Level => self.one(D::Level, |file| Some(file.level)),
            CaseField::Category => self.one(D::Category, |file| Some(file.triage.as_ref()?.category.clone())),
            CaseField::Kind => self.one(D::Kind, |file| Some(file.triage.as_ref()?.kind)),
            CaseField::Severity => self.one(D::Severity, |file| Some(file.triage.as_ref()?.severity)),
            CaseField::Requirement => self.one(D::Requirement, |file| file.requirement().cloned()),
            CaseField::Gap => self.one(D::Decimal, File::gap_in_six_decimals),
            CaseField::RoutineService => self.one(D::RoutineService, |file| file.routine_service.clone()),
            CaseField::Institution => {
                self.one(D::Reference, |file| Some(Named::Institution(file.assignment.as_ref()?.institution)))
            }
            CaseField::Lead => self.one(D::Reference, |file| Some(Named::Person(file.assignment.as_ref()?.lead))),
            CaseField::AssignedAt => self.one(D::Time, |file| Some(file.assignment.as_ref()?.assigned_at)),
            CaseField::AcceptedAt => self.one(D::Time, |file| file.assignment.as_ref()?.accepted_at),
            CaseField::Experts => {
                let of = |file: &File| file.experts.iter().map(|(id, membership)| (*id, *membership)).collect();
                let (before, after): (Vec<_>, Vec<_>) = (self.before.map(of).unwrap_or_default(), of(self.after));
                listed(&before, &after, kept(&before, &after)).map(D::Experts)
            }
            CaseField::Findings => self.growing(D::Findings, |file| &file.findings),
            CaseField::Measurements => self.list(D::Measurements, |file| &file.measurements),
            CaseField::Solution => self.one(D::Solution, |file| file.solution.clone()),
            CaseField::Trial => self.one(D::Trial, |file| file.trial.clone()),
            CaseField::Resolution => self.one(D::Resolution, |file| file.resolution.clone()),
            CaseField::Lesson => self.one(D::Text, |file| file.lesson.as_ref().map(ToString::to_string)),
            CaseField::Deadline => self.one(D::Date, |file| Some(file.deadline?.on)),
            CaseField::DeadlineMissedOn => self.one(D::Date, |file| file.deadline?.missed_on),
            CaseField::DeadlineWasMissed => self.flag(|file| file.deadline.is_some_and(|deadline| deadline.was_missed)),
            CaseField::PausedFrom => self.one(D::Date, |file| file.paused_from),
            CaseField::ParkedUntil => self.one(D::Date, |file| file.parked_until),
            CaseField::DuplicateOf => self.one(D::Reference, |file| file.duplicate_of.map(Named::Case)),
            CaseField::Links => self.list(D::Links, |file| &file.links),
            CaseField::Fees => self.list(D::Fees, |file| &file.fees),
            CaseField::Techniques => self.growing(D::Techniques, |file| &file.techniques),
            CaseField::Trainings => self.growing(D::Trainings, |file| &file.trainings),
            CaseField::Comments => self.growing(D::Comments, |file| &file.comments),
            CaseField::Attachments => self.growing(D::Attachments, |file| &file.attachments),
            CaseField::Publication => self.one(D::Publication, |file| file.publication.clone()),
            CaseField::Reopened => self.one(D::Number, |file| Some(file.reopened.into())),
            CaseField::Imported => self.one(D::Number, |file| Some(file.legacy.as_ref()?.imported)),
            CaseField::Concluded => self.flag(|file| file.legacy.as_ref().is_some_and(|legacy| legacy.concluded)),
        }
    }

    fn one<T: PartialEq>(
        self,
        kind: fn(Changed<T>) -> Difference,
        of: impl Fn(&'a File) -> Option<T>,
    ) -> Option<Difference> {
        let (before, after) = (self.before.and_then(&of), of(self.after));
        (before != after).then(|| kind(Changed { before, after }))
    }

    /// A flag of a case that was not there yet was not set.
    fn flag(self, of: impl Fn(&'a File) -> bool) -> Option<Difference> {
        let (before, after) = (self.before.is_some_and(&of), of(self.after));
        (before != after).then_some(Difference::Flag(Changed { before: Some(before), after: Some(after) }))
    }

    fn list<T: Clone + PartialEq + 'a>(
        self,
        kind: fn(Listed<T>) -> Difference,
        of: impl Fn(&'a File) -> &'a [T],
    ) -> Option<Difference> {
        let (before, after) = (self.before.map_or(&[][..], &of), of(self.after));
        listed(before, after, kept(before, after)).map(kind)
    }

    /// A list to which events only add: after one more of them it begins with what it was.
    fn growing<T: Clone + PartialEq + 'a>(
        self,
        kind: fn(Listed<T>) -> Difference,
        of: impl Fn(&'a File) -> &'a [T],
    ) -> Option<Difference> {
        if !self.are_one_apart {
            return self.list(kind, of);
        }
        let (before, after) = (self.before.map_or(&[][..], &of), of(self.after));
        listed(before, after, before.len()).map(kind)
    }
}
