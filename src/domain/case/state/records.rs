//! What a case's file lists beside the work itself.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::actor::ActorId;
use crate::domain::case::state::Retraction;
use crate::domain::case::values::{AttachmentId, Audience, CommentId, FeeId, Introduction};
use crate::domain::value::{CatalogueId, Decimal, Label, MediaType, Money, Sha256Digest, Statement};

/// A fee.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fee {
    /// Its id within the case.
    pub id: FeeId,
    /// The state list that allows it.
    pub catalogue: CatalogueId,
    /// Its item there.
    pub item: Label,
    /// The day of the service.
    pub service_date: Date,
    /// When it went on record (business time).
    pub at: Timestamp,
    /// What was charged.
    pub amount: Money,
    /// The most that the item allows.
    pub tariff: Money,
    /// Why it no longer counts, once it was retracted.
    pub retraction: Option<Retraction>,
}

/// A technique that was brought in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Technique {
    /// What.
    pub technique: Statement,
    /// Where it comes from.
    pub source: Introduction,
    /// When.
    pub at: Timestamp,
}

/// A training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// On what.
    pub topic: Label,
    /// How many learnt it.
    pub trainees: u32,
    /// How long, in hours.
    pub hours: Option<Decimal>,
    /// When.
    pub at: Timestamp,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    /// Its id within the case.
    pub id: CommentId,
    /// Who.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: Statement,
    /// Whom it is for.
    pub audience: Audience,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id within the case.
    pub id: AttachmentId,
    /// Who added it.
    pub by: ActorId,
    /// When.
    pub at: Timestamp,
    /// Its name.
    pub name: Label,
    /// SHA-256 of the bytes.
    pub digest: Sha256Digest,
    /// How many bytes.
    pub size_bytes: u64,
    /// What they are.
    pub media_type: MediaType,
}

/// A publication as good practice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    /// When.
    pub at: Timestamp,
    /// What is told.
    pub summary: Statement,
    /// How and when the enterprise consented.
    pub consent: Statement,
}

/// What is known from another tracker's log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Legacy {
    /// How many events of that log are in.
    pub imported: u64,
    /// Whether the other tracker was done with the case: it waits for nobody, whatever its status.
    pub concluded: bool,
    /// Whether its events name persons who were not erased.
    pub names_persons: bool,
    /// Whether persons were erased: none are named from then on.
    pub persons_erased: bool,
}
