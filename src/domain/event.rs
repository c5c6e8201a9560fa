//! The shape that every event has: who, when it happened, and the fact itself.

use std::collections::BTreeMap;
use std::fmt;

use cqrs_es::DomainEvent;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::actor::ActorId;
use crate::domain::value::Personal;

/// A fact and its circumstances: the payload of an event in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded<F> {
    /// Who made it so.
    pub by: ActorId,
    /// When it happened, as its author says; the log adds when it took it.
    pub occurred_at: Timestamp,
    /// Where it came from, if another tracker recorded it first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What happened.
    pub fact: F,
}

/// The place of an imported event in the log that it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The log's name, from the mapping file.
    pub log: String,
    /// The case's id there.
    pub case: String,
    /// The event's place in its case there, from 0. Of one that came in after others that stand behind it, a number
    /// that no other has.
    pub index: u64,
    /// What was done, in that tracker's words.
    pub activity: String,
    /// Every other attribute of the event there, by its own name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Those of the attributes that name or describe a person.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub personal: BTreeMap<String, Personal>,
}

/// What an enum of facts knows about its variants.
pub trait Fact: Serialize + DeserializeOwned + Clone + PartialEq + fmt::Debug + Send + Sync {
    /// The event types of this enum and the versions that they have today, in the order of its declaration.
    const SHAPES: &'static [(&'static str, &'static str)];

    /// The event type: a literal, so that renaming a Rust type changes no stored byte.
    fn name(&self) -> &'static str;

    /// The version of the payload's shape.
    fn version(&self) -> &'static str;
}

impl<F: Fact> DomainEvent for Recorded<F> {
    fn event_type(&self) -> String {
        self.fact.name().to_owned()
    }

    fn event_version(&self) -> String {
        self.fact.version().to_owned()
    }
}

/// Declares an enum of facts: wire name, version, payload. Variant and payload bear the wire name today, and may be
/// renamed without touching it.
macro_rules! facts {
    ($(#[$doc:meta])* $enum:ident { $($name:literal $version:literal => $fact:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub enum $enum {
            $(
                #[doc = concat!("The fact `", $name, "`.")]
                #[serde(rename = $name)]
                $fact($fact),
            )+
        }

        impl $crate::domain::event::Fact for $enum {
            const SHAPES: &'static [(&'static str, &'static str)] = &[$(($name, $version),)+];

            fn name(&self) -> &'static str {
                match self { $(Self::$fact(_) => $name,)+ }
            }

            fn version(&self) -> &'static str {
                match self { $(Self::$fact(_) => $version,)+ }
            }
        }

        $(
            impl From<$fact> for $enum {
                fn from(fact: $fact) -> Self {
                    Self::$fact(fact)
                }
            }
        )+
    };
}
pub(crate) use facts;

/// Declares payloads: camelCase in the log, optional fields left out when absent.
macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
            #[serde(rename_all = "camelCase")]
            pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }
        )+
    };
}
pub(crate) use payloads;
