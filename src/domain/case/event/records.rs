//! Facts beside the lifecycle: measurements, fees, techniques, trainings, comments, documents, publications, erasures.

use jiff::civil::Date;

use crate::domain::case::values::{AttachmentId, CommentId, FeeId, Introduction, MeasurementId};
use crate::domain::event::payloads;
use crate::domain::person::values::LegalBasis;
use crate::domain::value::{
    CatalogueId, Decimal, Label, Measurand, MeasurementResult, MediaType, Money, Sha256Digest, Statement,
};

payloads! {
    /// 记录测量结果.
    MeasurementRecorded {
        /// Its id within the case.
        id: MeasurementId,
        /// Value, unit, U, k, p, method, traceability.
        result: MeasurementResult,
        /// The measurand of a result that names none: the one that was required when it was recorded. Absent where
        /// nothing was, and in events of older builds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        required: Option<Measurand>,
    }
    /// 作废测量结果: a result stays on file and counts no more. One of a trial may be it, too: how the trial went stands.
    MeasurementRetracted {
        /// Which.
        measurement: MeasurementId,
        /// Why.
        reason: Statement,
    }
    /// 记录收费.
    FeeRecorded {
        /// Its id within the case.
        id: FeeId,
        /// The item of the state list that allows it.
        item: Label,
        /// The list.
        catalogue: CatalogueId,
        /// The version of the list in which the item was seen in force.
        catalogue_version: u64,
        /// The day of the service.
        service_date: Date,
        /// What was charged.
        amount: Money,
        /// The most that the item allows.
        tariff: Money,
    }
    /// 作废收费: a fee stays on file and counts no more.
    FeeRetracted {
        /// Which.
        fee: FeeId,
        /// Why.
        reason: Statement,
    }
    /// 引进先进技术.
    TechniqueIntroduced {
        /// What was introduced.
        technique: Statement,
        /// Where it comes from.
        source: Introduction,
    }
    /// 开展培训.
    TrainingDelivered {
        /// On what.
        topic: Label,
        /// How many learnt it.
        trainees: u32,
        /// How long it took, in hours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<Decimal>,
    }
    /// 评论.
    CommentAdded {
        /// Its id within the case.
        id: CommentId,
        /// What is said.
        text: Statement,
    }
    /// 内部评论: a type of its own, so that nobody who knows the other one alone takes it for public.
    InternalCommentAdded {
        /// Its id within the case.
        id: CommentId,
        /// What is said.
        text: Statement,
    }
    /// 附件: the bytes stand beside the log, found by their digest.
    AttachmentAdded {
        /// Its id within the case.
        id: AttachmentId,
        /// Its name.
        name: Label,
        /// SHA-256 of the bytes.
        digest: Sha256Digest,
        /// How many bytes.
        size_bytes: u64,
        /// What they are.
        media_type: MediaType,
    }
    /// 发布典型案例.
    TypicalCasePublished {
        /// What is told.
        summary: Statement,
        /// How and when the enterprise consented.
        consent: Statement,
    }
    /// 撤下典型案例.
    TypicalCaseRetracted {
        /// Why.
        reason: Statement,
    }
    /// 删除导入的个人信息: the key of what another tracker's events say of persons is destroyed with it.
    ImportedPersonsErased {
        /// What obliged to it.
        legal_basis: LegalBasis,
        /// Who asked and how it was judged.
        reason: Statement,
    }
}
