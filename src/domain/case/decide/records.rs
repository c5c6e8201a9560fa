//! What is added beside the lifecycle: techniques, trainings, comments, documents.

use crate::domain::case::authority::{self, Party};
use crate::domain::case::command::{AddAttachment, AddComment, IntroduceTechnique, RecordTraining};
use crate::domain::case::decide::{Decision, Given, only, refuse};
use crate::domain::case::event::{
    AttachmentAdded, CommentAdded, InternalCommentAdded, TechniqueIntroduced, TrainingDelivered,
};
use crate::domain::case::values::{Audience, LARGEST_ATTACHMENT_BYTES};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::value::Decimal;

/// No training has more people. What the log holds from before this limit stays as it is.
const MOST_TRAINEES: u32 = 100_000;

/// No training takes longer: five years of working days.
const LONGEST_TRAINING_HOURS: i64 = 10_000;

pub(super) fn introduce_technique(_: Given<'_>, command: &IntroduceTechnique) -> Decision {
    let Some(source) = command.source.clone() else {
        return refuse(Code::SourceMissing, "source", "cite the standard, method or publication");
    };
    only(TechniqueIntroduced { technique: command.technique.clone(), source })
}

pub(super) fn record_training(_: Given<'_>, command: &RecordTraining) -> Decision {
    if command.trainees == 0 {
        return refuse(Code::TraineesMissing, "trainees", "say how many learnt it: at least 1");
    }
    if command.trainees > MOST_TRAINEES {
        let message = format!("{} are more than one training has: at most {MOST_TRAINEES}", command.trainees);
        return refuse(Code::TooManyTrainees, "trainees", message);
    }
    if let Some(hours) = &command.hours
        && !(hours.is_positive() && *hours <= Decimal::from(LONGEST_TRAINING_HOURS))
    {
        let message = format!("{hours} hours: a training takes more than 0 and at most {LONGEST_TRAINING_HOURS}");
        return refuse(Code::HoursOutOfRange, "hours", message);
    }
    only(TrainingDelivered { topic: command.topic.clone(), trainees: command.trainees, hours: command.hours.clone() })
}

pub(super) fn add_comment(given: Given<'_>, command: &AddComment) -> Decision {
    let (id, text) = (command.id, command.text.clone());
    match command.audience {
        Audience::Everybody => only(CommentAdded { id, text }),
        Audience::Internal => {
            check_internal(given)?;
            only(InternalCommentAdded { id, text })
        }
    }
}

/// Nobody says internally what they could not read. Whoever speaks for the enterprise cannot, whatever else they are.
fn check_internal(Given { file, order }: Given<'_>) -> Result<(), Refusal> {
    const WHO: &[Party] = &[Party::Member, Party::Coordinator, Party::Manager, Party::Importer];
    let is_one = authority::check("AddComment", WHO, &order.by, file.into()).is_ok();
    if is_one && !order.by.speaks_for(file.enterprise) {
        return Ok(());
    }
    let message = "what is internal is for the lead and the experts of the case, its coordinators and its managers";
    refuse(Code::AudienceExcludesAuthor, "audience", message)
}

pub(super) fn add_attachment(_: Given<'_>, command: &AddAttachment) -> Decision {
    if command.size_bytes > LARGEST_ATTACHMENT_BYTES {
        return refuse(
            Code::AttachmentTooLarge,
            "contentBase64",
            format!("{} bytes are more than {LARGEST_ATTACHMENT_BYTES}", command.size_bytes),
        );
    }
    if command.digest != command.digest_of_bytes {
        return refuse(
            Code::DigestMismatch,
            "digest",
            format!("the bytes that arrived have the digest {}", command.digest_of_bytes),
        );
    }
    only(AttachmentAdded {
        id: command.id,
        name: command.name.clone(),
        digest: command.digest.clone(),
        size_bytes: command.size_bytes,
        media_type: command.media_type.clone(),
    })
}
