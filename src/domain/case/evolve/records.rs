//! What is kept beside the work itself.

use jiff::Timestamp;

use crate::domain::case::event::{AttachmentAdded, CaseFact, FeeRecorded, FeeRetracted, TrainingDelivered};
use crate::domain::case::evolve::moves::retract;
use crate::domain::case::state::{Attachment, Comment, Fee, File, Training};
use crate::domain::case::values::{Audience, CommentId};
use crate::domain::event::Recorded;
use crate::domain::value::Statement;

impl File {
    pub(super) fn fee_recorded(&mut self, fact: &FeeRecorded, at: Timestamp) {
        self.fees.push(Fee {
            id: fact.id,
            catalogue: fact.catalogue,
            item: fact.item.clone(),
            service_date: fact.service_date,
            at,
            amount: fact.amount.clone(),
            tariff: fact.tariff.clone(),
            retraction: None,
        });
    }

    pub(super) fn fee_retracted(&mut self, fact: &FeeRetracted, event: &Recorded<CaseFact>) {
        if let Some(fee) = self.fees.iter_mut().find(|fee| fee.id == fact.fee) {
            retract(&mut fee.retraction, &fact.reason, event);
        }
    }

    pub(super) fn training_delivered(&mut self, fact: &TrainingDelivered, at: Timestamp) {
        let (topic, hours) = (fact.topic.clone(), fact.hours.clone());
        self.trainings.push(Training { topic, trainees: fact.trainees, hours, at });
    }

    pub(super) fn comment_added(
        &mut self,
        id: CommentId,
        text: &Statement,
        audience: Audience,
        event: &Recorded<CaseFact>,
    ) {
        let (by, at) = (event.by.clone(), event.occurred_at);
        self.comments.push(Comment { id, by, at, text: text.clone(), audience });
    }

    pub(super) fn attachment_added(&mut self, fact: &AttachmentAdded, event: &Recorded<CaseFact>) {
        self.attachments.push(Attachment {
            id: fact.id,
            by: event.by.clone(),
            at: event.occurred_at,
            name: fact.name.clone(),
            digest: fact.digest.clone(),
            size_bytes: fact.size_bytes,
            media_type: fact.media_type.clone(),
        });
    }

    pub(super) fn imported_persons_erased(&mut self) {
        let legacy = self.legacy.get_or_insert_default();
        legacy.names_persons = false;
        legacy.persons_erased = true;
    }
}
