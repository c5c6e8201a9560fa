//! Global ids: opaque to clients, typed to us, so that an enterprise's id is never taken for a case's.
//!
//! The id of a thing is `base64url("Type:uuid")`, that of an event `base64url("Event:position")`. A bare UUID is read
//! as well, because people have them in logs and tokens.
//!
//! A value, such as a quantity or a solution, has an id made of its content: a client's cache then keeps equal values
//! once, and never takes a value of the past for that of the present.

use async_graphql::ID;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use crate::domain::case::values::{AttachmentId, CommentId, FeeId, FindingId, MeasurementId};
use crate::domain::refusal::Code;
use crate::domain::value::{
    AnnualSummaryId, CampaignId, CaseId, CatalogueId, Division, EnterpriseId, InstitutionId, PersonId, ServiceCategory,
    ValueError, ViewId, VisitId,
};

/// The prefix of an event's id.
const EVENT: &str = "Event";
/// The prefix of a division's id.
const DIVISION: &str = "Division";
/// The prefix of a service category's id.
const CATEGORY: &str = "ServiceCategory";
/// The prefix of a dead letter's id.
const DEAD_LETTER: &str = "DeadLetter";

/// How many ids a list of them may have.
pub(crate) const MOST_IDS: usize = 100;

/// An id that stands for something of one type.
pub(crate) trait Identified: Copy {
    /// The type's name in the schema.
    const TYPE: &'static str;

    /// The UUID.
    fn uuid(self) -> Uuid;

    /// The id of that UUID.
    fn of(uuid: Uuid) -> Self;
}

macro_rules! identified {
    ($($id:ident => $type:literal, $uuid:expr, $of:expr;)+) => {
        $(impl Identified for $id {
            const TYPE: &'static str = $type;

            fn uuid(self) -> Uuid {
                ($uuid)(self)
            }

            fn of(uuid: Uuid) -> Self {
                ($of)(uuid)
            }
        })+
    };
}

/// The id of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WebhookId(pub Uuid);

/// The id of a change of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WebhookChangeId(pub Uuid);

identified! {
    WebhookId => "Webhook", |id: WebhookId| id.0, WebhookId;
    WebhookChangeId => "WebhookChange", |id: WebhookChangeId| id.0, WebhookChangeId;
    CaseId => "Case", Uuid::from, CaseId::from;
    EnterpriseId => "Enterprise", Uuid::from, EnterpriseId::from;
    CampaignId => "Campaign", Uuid::from, CampaignId::from;
    InstitutionId => "Institution", Uuid::from, InstitutionId::from;
    PersonId => "Person", Uuid::from, PersonId::from;
    CatalogueId => "Catalogue", Uuid::from, CatalogueId::from;
    AnnualSummaryId => "AnnualSummary", Uuid::from, AnnualSummaryId::from;
    ViewId => "View", Uuid::from, ViewId::from;
    VisitId => "FieldVisit", Uuid::from, VisitId::from;
    FindingId => "Finding", |id: FindingId| id.0, FindingId;
    MeasurementId => "Measurement", |id: MeasurementId| id.0, MeasurementId;
    FeeId => "Fee", |id: FeeId| id.0, FeeId;
    CommentId => "Comment", |id: CommentId| id.0, CommentId;
    AttachmentId => "Attachment", |id: AttachmentId| id.0, AttachmentId;
}

/// The global id.
pub(crate) fn global<I: Identified>(id: I) -> ID {
    encode(I::TYPE, &id.uuid().to_string())
}

/// The global id of the event at that position.
pub(crate) fn of_event(position: u64) -> ID {
    encode(EVENT, &position.to_string())
}

/// The global id of a division, which its code already is.
pub(crate) fn of_division(division: &Division) -> ID {
    encode(DIVISION, &division.to_string())
}

/// The global id of a service category, which its code already is.
pub(crate) fn of_category(category: &ServiceCategory) -> ID {
    encode(CATEGORY, category.code())
}

/// The global id of what subscribers are shown of that position.
pub(crate) fn of_update(kind: &str, position: u64) -> ID {
    encode(kind, &position.to_string())
}

/// The id of a value: a digest of its content, never of personal data, which could be guessed from it.
pub(crate) fn of_content(kind: &str, content: &impl Serialize) -> ID {
    let json = serde_json::to_vec(content).expect("contents have string keys and no failing values");
    let digest: [u8; 32] = Sha256::digest(json).into();
    let (half, _) = digest.split_first_chunk().expect("32 bytes hold 16");
    encode(kind, &Builder::from_custom_bytes(*half).into_uuid().to_string())
}

/// Gives objects whose fields are a value its id. They derive `Serialize` and are declared `complex`.
macro_rules! content_id {
    ($($object:ident),+ $(,)?) => {
        $(
            #[async_graphql::ComplexObject]
            impl $object {
                /// 标识: made of what it says: equal ones have the same, and one that changes has another.
                async fn id(&self) -> async_graphql::ID {
                    crate::graphql::ids::of_content(&<Self as async_graphql::OutputType>::type_name(), self)
                }
            }
        )+
    };
}
pub(crate) use content_id;

/// The global id of the dead letter of a webhook about the event at that position.
pub(crate) fn of_dead_letter(webhook: Uuid, position: u64) -> ID {
    encode(DEAD_LETTER, &format!("{webhook}:{position}"))
}

/// Reads the global id of a dead letter: whose it is, and of which position.
///
/// # Errors
/// `ID_INVALID`.
pub(crate) fn read_dead_letter(id: &ID) -> Result<(Uuid, u64), ValueError> {
    let read = parts(id).filter(|(kind, _)| kind == DEAD_LETTER).and_then(|(_, key)| {
        let (webhook, position) = key.split_once(':')?;
        Some((bare(webhook)?, position.parse().ok()?))
    });
    read.ok_or_else(|| unreadable(DEAD_LETTER))
}

/// The id of an event that was only foreseen: none that the log ever gives, so that a client's cache keeps the two apart.
pub(crate) fn of_foreseen_event(id: Uuid) -> ID {
    encode("ForeseenEvent", &id.to_string())
}

/// Reads a global id or a bare UUID of the expected type.
///
/// # Errors
/// `ID_INVALID`, naming what was expected and, where it can be told, what came.
pub(crate) fn read<I: Identified>(id: &ID) -> Result<I, ValueError> {
    if let Some(uuid) = bare(id) {
        return Ok(I::of(uuid));
    }
    match parts(id) {
        Some((kind, key)) if kind == I::TYPE => bare(&key).map(I::of).ok_or_else(|| unreadable(I::TYPE)),
        Some((kind, _)) => Err(ValueError::new(
            Code::IdInvalid,
            format!("the id of something of type {} is expected; this one is of type {kind}", I::TYPE),
        )),
        None => Err(unreadable(I::TYPE)),
    }
}

/// What a global id says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// An event, by its position.
    Event(u64),
    /// A division, by its code.
    Division(Division),
    /// A service category, by its code.
    Category(ServiceCategory),
    /// Something of that type.
    Thing(String, Uuid),
}

/// Reads a global id of whatever type; `None` when it is none.
pub(crate) fn read_any(id: &ID) -> Option<Named> {
    let (kind, key) = parts(id)?;
    match kind.as_str() {
        EVENT => key.parse().ok().map(Named::Event),
        DIVISION => Division::parse(&key).ok().map(Named::Division),
        CATEGORY => ServiceCategory::parse(&key).ok().map(Named::Category),
        _ => bare(&key).map(|uuid| Named::Thing(kind, uuid)),
    }
}

fn encode(kind: &str, key: &str) -> ID {
    ID(URL_SAFE_NO_PAD.encode(format!("{kind}:{key}")))
}

fn parts(id: &ID) -> Option<(String, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?).ok()?;
    let (kind, key) = text.split_once(':')?;
    let named = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
    named.then(|| (kind.to_owned(), key.to_owned()))
}

/// Only the hyphenated form: every other would give one thing several ids.
fn bare(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok().filter(|_| text.len() == 36)
}

fn unreadable(expected: &str) -> ValueError {
    ValueError::new(Code::IdInvalid, format!("not the id of something of type {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> CaseId {
        CaseId::from(Uuid::from_u128(7))
    }

    #[test]
    fn an_id_comes_back_typed() {
        let id = global(case());
        assert_eq!(read::<CaseId>(&id).unwrap(), case());
        assert_eq!(read_any(&id), Some(Named::Thing("Case".to_owned(), Uuid::from_u128(7))));
        assert_eq!(read_any(&of_event(42)), Some(Named::Event(42)));
        for code in ["CN", "44", "440305"] {
            let division = Division::parse(code).unwrap();
            assert_eq!(read_any(&of_division(&division)), Some(Named::Division(division)));
        }
        let category = ServiceCategory::parse("T/H-3").unwrap();
        assert_eq!(read_any(&of_category(&category)), Some(Named::Category(category)));
    }

    #[test]
    fn a_bare_uuid_is_read_as_what_is_expected() {
        let bare = ID(Uuid::from_u128(7).to_string().to_uppercase());
        assert_eq!(read::<CaseId>(&bare).unwrap(), case());
        assert_eq!(read_any(&bare), None, "nobody knows what it is");
    }

    #[test]
    fn another_type_is_refused_by_name() {
        let error = read::<EnterpriseId>(&global(case())).unwrap_err();
        assert_eq!(error.code, Code::IdInvalid);
        assert!(error.message.contains("Enterprise") && error.message.contains("Case"), "{}", error.message);
    }

    #[test]
    fn a_value_has_the_id_of_its_content() {
        let id = of_content("Quantity", &("5", "mm"));
        assert_eq!(id, of_content("Quantity", &("5", "mm")));
        assert_ne!(id, of_content("Quantity", &("5.0", "mm")));
        assert_ne!(id, of_content("Interval", &("5", "mm")));
        assert!(matches!(read_any(&id), Some(Named::Thing(kind, _)) if kind == "Quantity"));
    }

    #[test]
    fn a_dead_letter_is_named_by_its_webhook_and_its_event() {
        let id = of_dead_letter(Uuid::from_u128(7), 42);
        assert_eq!(read_dead_letter(&id).unwrap(), (Uuid::from_u128(7), 42));
        for other in [global(case()), of_event(42), ID("x".to_owned())] {
            assert_eq!(read_dead_letter(&other).unwrap_err().code, Code::IdInvalid);
        }
    }

    #[test]
    fn nonsense_is_no_id() {
        for text in ["", "x", "Q2FzZTo", "Case:7", "{00000000-0000-0000-0000-000000000007}", "difficult 难"] {
            assert_eq!(read::<CaseId>(&ID(text.to_owned())).unwrap_err().code, Code::IdInvalid, "{text}");
            assert_eq!(read_any(&ID(text.to_owned())), None, "{text}");
        }
    }
}
