//! Events of what is put on record beside the way to a solution.

use async_graphql::ID;

use crate::graphql::ids;
use crate::graphql::scalars::{Date, Decimal};
use crate::graphql::types::event::declare::{event_objects, text};
use crate::graphql::words::{LegalBasis, LinkRelation};

event_objects! {
    /// 关联案例: what this case is to another.
    CasesLinked as CasesLinkedEvent |fact| {
        /// 另一案例: global id of the other case.
        other_case_id: ID = ids::global(fact.other);
        /// 关系: what this case is to it.
        relation: LinkRelation = fact.relation.into();
    }
    /// 解除关联: what was said of two cases was taken back.
    CasesUnlinked as CasesUnlinkedEvent |fact| {
        /// 另一案例: global id of the other case.
        other_case_id: ID = ids::global(fact.other);
        /// 关系: what this case is not to it.
        relation: LinkRelation = fact.relation.into();
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 记录收费: a fee is on record.
    FeeRecorded as FeeRecordedEvent |fact| {
        /// The fee's global id.
        fee_id: ID = ids::global(fact.id);
        /// 收费项目: the code of the item that allows it.
        item: String = fact.item.to_string();
        /// 目录: global id of the list.
        catalogue_id: ID = ids::global(fact.catalogue);
        /// The version of the list in which the item was seen in force.
        catalogue_version: u64 = fact.catalogue_version;
        /// 服务日期: the day of the service.
        service_date: Date = fact.service_date.into();
        /// 金额: what was charged, in CNY.
        amount: Decimal = Decimal::of(&fact.amount);
        /// 收费标准: the most that the item allows, in CNY.
        tariff: Decimal = Decimal::of(&fact.tariff);
    }
    /// 作废收费: a fee was taken back, and counts no more.
    FeeRetracted as FeeRetractedEvent |fact| {
        /// The fee's global id.
        fee_id: ID = ids::global(fact.fee);
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 引进先进技术: a technique was brought in.
    TechniqueIntroduced as TechniqueIntroducedEvent |fact| {
        /// 技术: what.
        technique: String = fact.technique.to_string();
        /// 引用: where it comes from.
        reference: String = fact.source.reference.to_string();
        /// 来源地: the country or organisation of origin, if said.
        origin: Option<String> = text(fact.source.origin.as_ref());
    }
    /// 开展培训: a training was given.
    TrainingDelivered as TrainingDeliveredEvent |fact| {
        /// 主题: on what.
        topic: String = fact.topic.to_string();
        /// 人数: how many learnt it.
        trainees: u32 = fact.trainees;
        /// 学时: how long it took, in hours.
        hours: Option<Decimal> = fact.hours.as_ref().map(Decimal::of);
    }
    /// 评论: somebody said something.
    CommentAdded as CommentAddedEvent |fact| {
        /// The comment's global id.
        comment_id: ID = ids::global(fact.id);
        /// 内容: what.
        text: String = fact.text.to_string();
    }
    /// 内部评论: somebody said something that is not for the enterprise, for whom this event is not there.
    InternalCommentAdded as InternalCommentAddedEvent |fact| {
        /// The comment's global id.
        comment_id: ID = ids::global(fact.id);
        /// 内容: what.
        text: String = fact.text.to_string();
    }
    /// 附件: a document was added.
    AttachmentAdded as AttachmentAddedEvent |fact| {
        /// The attachment's global id.
        attachment_id: ID = ids::global(fact.id);
        /// 文件名: its name.
        name: String = fact.name.to_string();
        /// 摘要: SHA-256 of the bytes, in hexadecimal.
        digest: String = fact.digest.to_string();
        /// 大小: how many bytes.
        size_bytes: u64 = fact.size_bytes;
        /// 媒体类型: what they are.
        media_type: String = fact.media_type.to_string();
    }
    /// 发布典型案例: the case was published as good practice.
    TypicalCasePublished as TypicalCasePublishedEvent |fact| {
        /// 摘要: what is told.
        summary: String = fact.summary.to_string();
        /// 企业同意: how and when the enterprise consented.
        consent: String = fact.consent.to_string();
    }
    /// 撤下典型案例: the publication was taken back.
    TypicalCaseRetracted as TypicalCaseRetractedEvent |fact| {
        /// 原因: why.
        reason: String = fact.reason.to_string();
    }
    /// 删除导入的个人信息: what the events of another tracker said of persons was erased.
    ImportedPersonsErased as ImportedPersonsErasedEvent |fact| {
        /// 删除依据: what obliged to it.
        legal_basis: LegalBasis = fact.legal_basis.into();
        /// 理由: who asked and how it was judged.
        reason: String = fact.reason.to_string();
    }
    /// 历史活动: something another tracker recorded which has no counterpart here; `source` tells what.
    LegacyActivityRecorded as LegacyActivityRecordedEvent |fact| {
        /// 标题: the case's title, where this is its first event.
        title: Option<String> = fact.opening.as_ref().map(|opening| opening.title.to_string());
        /// 是否了结: whether the other tracker was done with the case.
        concludes: bool = fact.concludes;
    }
}
