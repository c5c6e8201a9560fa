//! The closed vocabularies, as enums of the schema. Each names the words of one of the domain's; the compiler says when
//! they differ.

use async_graphql::Enum;
use serde::Serialize;

/// 状态: where a case is in its life. There is no "rejected": a problem that nobody can solve today is escalated, and at national level parked open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::case::values::Status")]
pub(crate) enum CaseStatus {
    /// 已报告: on record, not sorted yet.
    Reported,
    /// 已分诊: sorted, waits for an assignment or a routine service.
    Triaged,
    /// 已下达: given to an institution, whose lead has not accepted yet.
    Assigned,
    /// 攻关中: worked on.
    Researching,
    /// 已提出方案: a solution is on the table, for review.
    SolutionProposed,
    /// 试用中: tried at the enterprise.
    OnTrial,
    /// 待企业确认: the enterprise has to say whether it is solved.
    AwaitingConfirmation,
    /// 已解决: confirmed by the enterprise; still has to be closed.
    Resolved,
    /// 已结案: ended, with a lesson and a statement of fees.
    Closed,
    /// 已撤回: taken back by the enterprise.
    Withdrawn,
    /// 重复: another case about the same difficulty goes on.
    Duplicate,
}

/// 类型: what kind of help is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::case::values::Kind")]
pub(crate) enum CaseKind {
    /// 计量器具配备: which instruments to have.
    InstrumentProvision,
    /// 检定: a legal conformity check.
    Verification,
    /// 校准: the relation to measurement standards.
    Calibration,
    /// 测试: determining a characteristic.
    Testing,
    /// 计量保证体系: a measurement assurance system.
    AssuranceSystem,
    /// 培训: training.
    Training,
    /// 能源计量: energy metrology.
    EnergyMetrology,
    /// 技术攻关: a problem that has to be researched.
    ResearchProblem,
}

/// 检索字段: which part of a case a text is, the weightiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::search::field::Field")]
pub(crate) enum SearchField {
    /// 标题.
    Title,
    /// 被测量: what has to be measured.
    Measurand,
    /// 问题描述.
    Problem,
    /// 发现, with its citations.
    Finding,
    /// 解决方案, with its citations.
    Solution,
    /// 经验: what others can learn from it.
    Lesson,
    /// 引进技术.
    Technique,
    /// 试用结果: what was seen on trial.
    Trial,
    /// 常规服务: the report of a routine service.
    Service,
    /// 评论.
    Comment,
    /// 内部评论.
    InternalComment,
}

/// 读者: whom a comment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::case::values::Audience")]
pub(crate) enum CommentAudience {
    /// 公开: whoever sees the case.
    Everybody,
    /// 内部: the lead and the experts of the case, and the coordinators, managers and auditors of where it lies; nobody who speaks for its enterprise.
    Internal,
}

/// 严重程度: how much the difficulty hurts the enterprise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::case::values::Severity")]
pub(crate) enum Severity {
    /// 轻微.
    Minor,
    /// 一般.
    Moderate,
    /// 严重.
    Major,
    /// 停产: production stands.
    Critical,
}

/// 评审结论: what a reviewer says of a proposed solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::case::values::Verdict")]
pub(crate) enum Verdict {
    /// 通过.
    Approved,
    /// 需要修改.
    ChangesRequested,
}

/// 关系: what one case is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::case::values::LinkRelation")]
pub(crate) enum LinkRelation {
    /// 相关.
    RelatedTo,
    /// 子案例: this case is part of the other, which is closed or marked a duplicate only after it has ended. A part that is reopened later leaves the other as it is.
    SubCaseOf,
}

/// 层级: the level of administration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::value::Level")]
pub(crate) enum Level {
    /// 县级.
    County,
    /// 市级.
    City,
    /// 省级.
    Province,
    /// 国家级.
    Nation,
}

/// 参与情况: how an invitation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::case::state::Membership")]
pub(crate) enum Membership {
    /// 已邀请: not answered yet.
    Invited,
    /// 参与中: at work on the case.
    Active,
    /// 已谢绝: did not join.
    Declined,
    /// 已退出: worked on it and left.
    Left,
    /// 已移出: was invited or worked on it, and was removed.
    Removed,
    /// 已失效: had not answered when the case was resolved or ended.
    Lapsed,
}

/// 来源: how a case came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
pub(crate) enum OriginKind {
    /// 现场走访: a field visit.
    FieldVisit,
    /// 调查: a survey.
    Survey,
    /// 企业自报: the enterprise's own report.
    OwnReport,
    /// 导入: another tracker's log.
    Import,
}

impl From<&crate::domain::case::values::Origin> for OriginKind {
    fn from(origin: &crate::domain::case::values::Origin) -> Self {
        use crate::domain::case::values::Origin;
        match origin {
            Origin::FieldVisit { .. } => Self::FieldVisit,
            Origin::Survey { .. } => Self::Survey,
            Origin::OwnReport => Self::OwnReport,
            Origin::Import => Self::Import,
        }
    }
}

/// 活动类型: what a campaign is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::campaign::values::CampaignKind")]
pub(crate) enum CampaignKind {
    /// 服务: enterprises enrol by their own consent and are served.
    Service,
    /// 导入: holds the cases of another tracker's log.
    Import,
}

/// 机构类型: what sort of body does the technical work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::institution::values::InstitutionKind")]
pub(crate) enum InstitutionKind {
    /// 计量技术机构: a metrology institute.
    MetrologyInstitute,
    /// 高等院校: a university.
    University,
    /// 计量器具制造企业: a manufacturer of measuring instruments.
    Manufacturer,
    /// 其他: another body.
    Other,
}

/// 身份: what somebody is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::person::values::Capacity")]
pub(crate) enum Capacity {
    /// 专家.
    Expert,
    /// 技术人员.
    Technician,
    /// 计量志愿者.
    Volunteer,
    /// 质监局工作人员: works for a bureau.
    Official,
    /// 企业联系人: speaks for an enterprise.
    Contact,
}

/// 删除依据: what obliges to erase personal data: the cases of article 47 of the Personal Information Protection Law, and an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::person::values::LegalBasis")]
pub(crate) enum LegalBasis {
    /// 处理目的已实现: it is not needed any more for what it was collected for.
    PurposeEnded,
    /// 保存期限已届满: the time for which it may be kept has ended.
    RetentionEnded,
    /// 撤回同意: the person has withdrawn consent.
    ConsentWithdrawn,
    /// 违法处理: it was processed against the law or an agreement.
    UnlawfulProcessing,
    /// 法律、行政法规规定: a law, a regulation or a court asks for it.
    LegalObligation,
}

/// 角色: what an actor may act as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
#[graphql(remote = "crate::domain::actor::Role")]
pub(crate) enum Role {
    /// 企业联系人: speaks for one enterprise.
    Enterprise,
    /// 走访人员、志愿者: visits production lines.
    Visitor,
    /// 协调员: runs the bureau's cases.
    Coordinator,
    /// 质监局管理者: leads the bureau of a jurisdiction.
    Manager,
    /// 攻关负责人: may lead assignments of its institution.
    Lead,
    /// 专家: collaborates where invited.
    Expert,
    /// 评审员: reviews proposed solutions.
    Reviewer,
    /// 审计员: reads everything in scope, changes nothing.
    Auditor,
    /// 时钟: the server's clock; no token carries it.
    Clock,
    /// 导入程序: the server's importer; no token carries it.
    Importer,
}

#[cfg(test)]
mod tests {
    use async_graphql::resolver_utils::EnumType;

    use super::*;
    use crate::domain;

    fn names<E: EnumType>() -> Vec<&'static str> {
        E::items().iter().map(|item| item.name).collect()
    }

    macro_rules! same_names {
        ($($word:ident is $($step:ident)::+;)+) => {
            $({
                let all: Vec<_> = domain::$($step)::+::ALL.iter().map(|word| word.name()).collect();
                assert_eq!(names::<$word>(), all);
            })+
        };
    }

    #[test]
    fn words_are_those_of_the_log() {
        same_names! {
            CaseStatus is case::values::Status;
            CaseKind is case::values::Kind;
            Severity is case::values::Severity;
            Verdict is case::values::Verdict;
            CommentAudience is case::values::Audience;
            LinkRelation is case::values::LinkRelation;
            CampaignKind is campaign::values::CampaignKind;
            InstitutionKind is institution::values::InstitutionKind;
            Capacity is person::values::Capacity;
            LegalBasis is person::values::LegalBasis;
            Level is value::Level;
            Role is actor::Role;
        }
    }
}
