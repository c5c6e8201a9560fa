//! What is put on record beside the way to a solution: fees, techniques, trainings, comments, documents, the publication.

use async_graphql::{ID, InputObject};
use serde::Serialize;

use crate::app::NewAttachment;
use crate::domain::case::Case;
use crate::domain::case::command::{
    AddAttachment, AddComment, EraseImportedPersons, IntroduceTechnique, PublishTypicalCase, RecordFee, RecordTraining,
    RetractFee, RetractTypicalCase,
};
use crate::domain::case::values::{AttachmentId, Audience, CommentId, FeeId, Introduction};
use crate::domain::value::{CaseId, MediaType, Sha256Digest};
use crate::graphql::door::Door;
use crate::graphql::mutation::declare::{input, mutations};
use crate::graphql::orders::Ordered;
use crate::graphql::scalars::{Base64, Date, Decimal};
use crate::graphql::types::case::CaseNode;
use crate::graphql::types::conflict::CaseConflict;
use crate::graphql::words::{CommentAudience, LegalBasis};

mutations! {
    /// 记录: fees, techniques, trainings, comments, documents, publications, erasures.
    RecordMutation answers case: CaseNode, CaseConflict {
        /// 记录收费: puts a fee on record; the item must be on the state's list in force on the day of the service. By a coordinator.
        record_fee(RecordFeeInput) -> RecordFeePayload;
        /// 作废收费: takes back a fee that was recorded wrongly; it stays among `fees` with its `retraction`, and counts in no sum from then on; a year whose 31 October has passed is told without it as of a later moment and in an amended summary. What was charged instead is recorded anew. In every status, of a withdrawn case and a duplicate too, in which no fee is recorded any more; the sum that a closed case was closed with stays as it was stated. By a coordinator.
        retract_fee(RetractFeeInput) -> RetractFeePayload;
        /// 引进先进技术: puts a technique on record that was brought in. By the lead, an expert or a visitor.
        introduce_technique(IntroduceTechniqueInput) -> IntroduceTechniquePayload;
        /// 开展培训: puts a training on record. By the lead, an expert or a visitor.
        record_training(RecordTrainingInput) -> RecordTrainingPayload;
        /// 评论: says something to all who see the case, or to those alone who work on it and oversee it.
        add_comment(AddCommentInput) -> AddCommentPayload;
        /// 附件: adds a document of at most 4 MiB; it is kept beside the log, found by its digest.
        add_attachment(AddAttachmentInput) -> AddAttachmentPayload;
        /// 发布典型案例: publishes a closed case as good practice, with the enterprise's consent. By a manager.
        publish_typical_case(PublishTypicalCaseInput) -> PublishTypicalCasePayload;
        /// 撤下典型案例: takes the publication back. By a manager.
        retract_typical_case(RetractTypicalCaseInput) -> RetractTypicalCasePayload;
        /// 删除导入的个人信息: takes what the events of another tracker say of persons out of the log and its past, for good. By a manager with a legal basis.
        erase_imported_persons(EraseImportedPersonsInput) -> EraseImportedPersonsPayload;
    }
}

input! {
    /// 记录收费: what was charged, and what allows it.
    RecordFeeInput updates Case by RecordFee, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 收费项目: the code of the item of the state's list.
        item: String,
        /// 服务日期: the day of the service.
        service_date: Date,
        /// 金额: in CNY, at most two decimals.
        amount: Decimal,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let item = door.text("item", &input.item);
        let amount = door.text("amount", &input.amount.0);
        Some(Ordered::new(id?, RecordFee {
            id: FeeId(door.fresh_id()),
            item: item?,
            service_date: input.service_date.0,
            amount: amount?,
            listed: None,
        }))
    }
}

input! {
    /// 作废收费: which fee, and why.
    RetractFeeInput updates Case by RetractFee, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 收费: the fee's global id.
        fee_id: ID,
        /// 原因: why.
        reason: String,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let fee = door.id::<FeeId>("feeId", &input.fee_id);
        let reason = door.text("reason", &input.reason);
        Some(Ordered::new(id?, RetractFee { fee: fee?, reason: reason? }))
    }
}

/// 技术来源: where an introduced technique comes from.
#[derive(Clone, Debug, InputObject, Serialize)]
pub(crate) struct IntroductionInput {
    /// 引用: the standard, method or publication.
    pub(crate) reference: String,
    /// 来源地: the country or organisation of origin.
    pub(crate) origin: Option<String>,
}

impl IntroductionInput {
    fn read(&self, door: &mut Door) -> Option<Introduction> {
        let reference = door.text("reference", &self.reference);
        let origin = door.optional("origin", self.origin.as_deref());
        Some(Introduction { reference: reference?, origin: origin? })
    }
}

input! {
    /// 引进先进技术: what, and where from.
    IntroduceTechniqueInput updates Case by IntroduceTechnique, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 技术: what was introduced.
        technique: String,
        /// 来源: where it comes from. Required by the domain.
        source: Option<IntroductionInput>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let technique = door.text("technique", &input.technique);
        let source = match &input.source {
            None => Some(None),
            Some(source) => door.within("source", |door| source.read(door)).map(Some),
        };
        Some(Ordered::new(id?, IntroduceTechnique { technique: technique?, source: source? }))
    }
}

input! {
    /// 开展培训: on what, and for how many.
    RecordTrainingInput updates Case by RecordTraining, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 主题: on what.
        topic: String,
        /// 人数: how many learnt it: from 1 to 100,000. Required by the domain.
        trainees: Option<i32>,
        /// 学时: how long it took, in hours: above 0 and at most 10,000.
        hours: Option<Decimal>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let topic = door.text("topic", &input.topic);
        let hours = door.optional_number("hours", input.hours.as_ref());
        Some(Ordered::new(id?, RecordTraining {
            topic: topic?,
            // A negative number of trainees is as good as none: the domain refuses both.
            trainees: input.trainees.and_then(|trainees| u32::try_from(trainees).ok()).unwrap_or(0),
            hours: hours?,
        }))
    }
}

input! {
    /// 评论: what is said.
    AddCommentInput updates Case by AddComment, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 内容: what.
        text: String,
        /// 读者: whom it is for; `EVERYBODY` when left out. `INTERNAL` is refused of whoever would not read it: of the enterprise, and of visitors.
        audience: Option<CommentAudience>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let text = door.text("text", &input.text);
        let audience = input.audience.map_or(Audience::Everybody, Into::into);
        Some(Ordered::new(id?, AddComment { id: CommentId(door.fresh_id()), text: text?, audience }))
    }
}

input! {
    /// 附件: the document and its digest, so that nothing is lost on the way.
    AddAttachmentInput updates Case by AddAttachment, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 文件名: its name.
        name: String,
        /// 媒体类型: what it is, such as `application/pdf`.
        media_type: String,
        /// 摘要: SHA-256 of the bytes, 64 hexadecimal digits.
        digest: String,
        /// 内容: the bytes.
        content_base64: Base64,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let name = door.text("name", &input.name);
        let media_type = door.text::<MediaType>("mediaType", &input.media_type);
        let digest = door.text("digest", &input.digest);
        let (id, media_type) = (id?, media_type?);
        let content = input.content_base64.0.clone();
        let digest_of_bytes = Sha256Digest::of_bytes(&content);
        let attachment = NewAttachment {
            digest: digest_of_bytes.to_string(),
            media_type: media_type.to_string(),
            content: content.into(),
        };
        let command = AddAttachment {
            id: AttachmentId(door.fresh_id()),
            name: name?,
            digest: digest?,
            digest_of_bytes,
            size_bytes: attachment.content.len() as u64,
            media_type,
        };
        let mut ordered = Ordered::new(id, command);
        ordered.attachments.push(attachment);
        Some(ordered)
    }
}

input! {
    /// 发布典型案例: what is told, and the consent to tell it.
    PublishTypicalCaseInput updates Case by PublishTypicalCase, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 摘要: what is told.
        summary: String,
        /// 企业同意: how and when the enterprise consented. Required by the domain.
        consent: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let summary = door.text("summary", &input.summary);
        let consent = door.optional("consent", input.consent.as_deref());
        Some(Ordered::new(id?, PublishTypicalCase { summary: summary?, consent: consent? }))
    }
}

input! {
    /// 撤下典型案例, and why.
    RetractTypicalCaseInput updates Case by RetractTypicalCase, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 原因: why.
        reason: String,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.text("reason", &input.reason);
        Some(Ordered::new(id?, RetractTypicalCase { reason: reason? }))
    }
}

input! {
    /// 删除导入的个人信息: of which case, and why. What the case's imported events say of persons, as their mapping names it, cannot be read from then on by anybody; nothing brings it back, and a later import of the same log leaves it out.
    EraseImportedPersonsInput updates Case by EraseImportedPersons, about "caseId" {
        /// 难点: the case.
        case_id: ID,
        /// 删除依据: what obliges to it.
        legal_basis: LegalBasis,
        /// 理由: who asked and how it was judged, in words that name nobody: they stay in the log. Required by the domain.
        reason: Option<String>,
    }
    |input, door| {
        let id = door.id::<CaseId>("caseId", &input.case_id);
        let reason = door.optional("reason", input.reason.as_deref());
        Some(Ordered::new(id?, EraseImportedPersons { legal_basis: input.legal_basis.into(), reason: reason? }))
    }
}
