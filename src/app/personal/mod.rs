//! Personal data on its way into the log and out of it.
//!
//! An event is sealed after it was decided and before it is appended: the log, the read rows and whatever is made of
//! them hold references, and the ciphertexts stand beside the log. They are opened in batches, for whoever is shown
//! what holds them; nothing that was opened is kept.

mod eraser;
mod vault;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::app::commanded::Commanded;
use crate::app::request::Fault;
use crate::app::streams::Versioned;
use crate::clock::fill_with_secrets;
use crate::codec::{self, Encoded, Stored};
use crate::domain::event::Recorded;
use crate::domain::value::Personal;
use crate::domain::value::personal::Sealed;
use crate::store::NewCiphertext;
use crate::telemetry::causes::with_causes;
use crate::vault::payload;
use crate::vault::reference::{Digest, KeyId, Reference};
use crate::vault::seal::{Ciphertext, DataKey, Disclosure, NONCE_BYTES, open, seal};

pub use eraser::Eraser;
pub use vault::Vault;

/// What has become of a personal text.
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    /// It can be read. Whoever gets it answers for who sees it.
    Text(String),
    /// The person was erased.
    Erased,
    /// It cannot be read although nobody erased it: the server's log says why.
    Unreadable,
}

impl Opened {
    /// The text, if there is one.
    #[must_use]
    pub fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Erased | Self::Unreadable => None,
        }
    }
}

/// Events as the log takes them, and what their references stand for.
pub(super) struct SealedEvents<A: Commanded> {
    pub(super) events: Vec<Recorded<A::Fact>>,
    pub(super) encoded: Vec<Encoded>,
    pub(super) ciphertexts: Vec<NewCiphertext>,
    /// What they are sealed under, where they are.
    pub(super) key: Option<KeyId>,
}

/// A field of an event, disclosed to somebody who checks it against the reference in the payload.
pub struct DisclosedField {
    /// What the payload holds in the field.
    pub reference: Reference,
    /// What that stands for.
    pub disclosure: Disclosure,
}

/// Why a field is not disclosed.
#[derive(Debug, thiserror::Error)]
pub enum NotDisclosed {
    /// The log is shorter.
    #[error("there is no event at position {0}")]
    NoEvent(u64),
    /// The payload has nothing sealed there.
    #[error("the event has no personal data at {0:?}; a field is a JSON Pointer such as /fact/PersonRegistered/name")]
    NoField(String),
    /// It was erased.
    #[error("the person was erased")]
    Erased,
    /// It cannot be read although nobody erased it.
    #[error("it cannot be opened although nobody erased it; the server's log says why")]
    Unreadable,
    /// The house failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl App {
    /// Seals every personal text of events under the key of whom it is about. Makes that key if it is the first.
    ///
    /// # Errors
    /// [`Fault::KeyErased`] when there was a key and it is no more; a fault when keys cannot be had or are not those of the
    /// database.
    pub(super) async fn seal_personal<A: Commanded>(
        &self,
        id: Uuid,
        events: &mut SealedEvents<A>,
    ) -> Result<(), Fault> {
        if events.have_personal_data() {
            self.may_write_under_data_keys()?;
            let id = KeyId(if A::KEY_PER_EVENT { self.new_id() } else { id });
            let key = self.vault()?.create(id).await?;
            events.key = Some(id);
            events.seal_with(&key, A::AGGREGATE.as_str())?;
        }
        Ok(())
    }

    /// Removes a key that was made for events which are not in the log and never will be.
    pub(super) async fn discard_key(&self, key: KeyId) {
        let discarded = match self.vault() {
            Ok(vault) => vault.discard(key).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = discarded {
            tracing::warn!(fault = %with_causes(&fault), %key, "a data key that nothing was sealed under stays");
        }
    }

    /// As [`App::seal_personal`], under a key that nobody ever has: for a preview, which shows the form and keeps
    /// nothing.
    pub(super) fn sealed_for_show<A: Commanded>(
        &self,
        id: Uuid,
        events: Vec<Recorded<A::Fact>>,
    ) -> Result<Vec<Encoded>, Fault> {
        let mut sealed = SealedEvents::<A>::of(events);
        if sealed.have_personal_data() {
            sealed.seal_with(&DataKey::new(KeyId(id), fresh()), A::AGGREGATE.as_str())?;
        }
        Ok(sealed.encoded)
    }

    /// The aggregate as the decision on that command knows it: with its personal data as text, where it compares it.
    pub(super) async fn opened<A: Commanded>(
        &self,
        known: &Arc<Versioned<A>>,
        command: &A::Body,
    ) -> Result<Arc<Versioned<A>>, Fault> {
        let Some(compared) = known.state.compared_by(command) else { return Ok(known.clone()) };
        let state = serde_json::to_string(&compared).expect("aggregates have string keys and no failing values");
        let references = payload::references(&state).map_err(damaged)?;
        if references.is_empty() {
            return Ok(known.clone());
        }
        let found = self.open_references(&references).await?;
        let opened = payload::opened(&state, |reference| found.get(reference)?.clone().text()).map_err(damaged)?;
        let state = serde_json::from_str(&opened).map_err(|_| Fault::Sealed("an aggregate is not what it was"))?;
        Ok(Arc::new(Versioned { state, ..(**known).clone() }))
    }

    /// What these personal texts say: one read for all of them.
    ///
    /// # Errors
    /// When the store fails. What cannot be opened is among the answers.
    pub async fn open_all(&self, sealed: &[Sealed]) -> Result<HashMap<Sealed, Opened>, Fault> {
        let mut wanted = Vec::with_capacity(sealed.len());
        for one in sealed {
            wanted.push((one, reference_of(one)?));
        }
        let references: Vec<_> = wanted.iter().map(|(_, reference)| *reference).collect();
        let mut found = self.open_references(&references).await?;
        Ok(wanted
            .into_iter()
            .map(|(one, reference)| (one.clone(), found.remove(&reference).unwrap_or(Opened::Unreadable)))
            .collect())
    }

    /// What this personal text says.
    ///
    /// # Errors
    /// As [`App::open_all`].
    pub async fn open(&self, personal: &Personal) -> Result<Opened, Fault> {
        match personal {
            Personal::Text(text) => Ok(Opened::Text(text.clone())),
            Personal::Sealed(sealed) => {
                let found = self.open_all(std::slice::from_ref(&**sealed)).await?;
                Ok(found.into_values().next().unwrap_or(Opened::Unreadable))
            }
        }
    }

    /// One field of one event, for somebody who checks it against the payload. The field is a JSON Pointer (RFC 6901).
    ///
    /// # Errors
    /// Why it is not disclosed.
    pub async fn disclose(&self, position: u64, field: &str) -> Result<DisclosedField, NotDisclosed> {
        let after = position.checked_sub(1);
        let record = self.log(after, Some(position), 1).await?.pop().ok_or(NotDisclosed::NoEvent(position))?;
        let no_field = || NotDisclosed::NoField(field.to_owned());
        let payload: Value = serde_json::from_str(&record.payload).map_err(|_| no_field())?;
        let place = payload.pointer(field).ok_or_else(no_field)?;
        let reference: Reference = serde_json::from_value(place.clone()).map_err(|_| no_field())?;
        let stored = self.store.ciphertexts(&[reference.ciphertext.0]).await.map_err(Fault::from)?;
        let Some(stored) = stored.into_iter().next() else {
            return Err(match self.missing(&[reference]).await?.get(&reference) {
                Some(Opened::Erased) => NotDisclosed::Erased,
                _ => NotDisclosed::Unreadable,
            });
        };
        let key = self.vault()?.get(reference.key).await?.ok_or(NotDisclosed::Unreadable)?;
        match open(&reference, &Ciphertext::from_bytes(stored.ciphertext), &key) {
            Ok(disclosure) => Ok(DisclosedField { reference, disclosure }),
            Err(error) => {
                tracing::error!(error = %with_causes(&error), position, field, "sealed personal data cannot be opened");
                Err(NotDisclosed::Unreadable)
            }
        }
    }

    async fn open_references(&self, references: &[Reference]) -> Result<HashMap<Reference, Opened>, Fault> {
        if references.is_empty() {
            return Ok(HashMap::new());
        }
        let mut digests: Vec<_> = references.iter().map(|reference| reference.ciphertext.0).collect();
        digests.sort_unstable();
        digests.dedup();
        let stored = self.store.ciphertexts(&digests).await?;
        let stored: HashMap<Digest, Ciphertext> = stored
            .into_iter()
            .map(|stored| (Digest(stored.digest), Ciphertext::from_bytes(stored.ciphertext)))
            .collect();
        let (present, absent): (Vec<_>, Vec<_>) =
            references.iter().copied().partition(|reference| stored.contains_key(&reference.ciphertext));
        let mut found = self.missing(&absent).await?;
        for reference in present {
            let opened = self.open_one(&reference, &stored[&reference.ciphertext]).await?;
            found.insert(reference, opened);
        }
        Ok(found)
    }

    async fn open_one(&self, reference: &Reference, ciphertext: &Ciphertext) -> Result<Opened, Fault> {
        let Some(key) = self.vault()?.get(reference.key).await? else {
            // A server that was slower than the erasure may have read the ciphertext before it went.
            let opened = self.missing(&[*reference]).await?.remove(reference);
            return Ok(opened.unwrap_or(Opened::Unreadable));
        };
        match open(reference, ciphertext, &key) {
            Ok(disclosure) => Ok(Opened::Text(disclosure.into_value())),
            Err(error) => {
                tracing::error!(error = %with_causes(&error), key = %reference.key, "sealed personal data cannot be opened");
                Ok(Opened::Unreadable)
            }
        }
    }

    /// Of what cannot be opened for want of its ciphertext or key: whether an event erased it.
    async fn missing(&self, references: &[Reference]) -> Result<HashMap<Reference, Opened>, Fault> {
        if references.is_empty() {
            return Ok(HashMap::new());
        }
        let keys: HashSet<_> = references.iter().map(|reference| reference.key.0).collect();
        let erased = self.store.erased_among(&keys.into_iter().collect::<Vec<_>>()).await?;
        let erased: HashSet<_> = erased.into_iter().map(|erased| KeyId(erased.key_id)).collect();
        let data_keys = self.vault.as_ref().map(|vault| vault.folder().display().to_string());
        let told = references.iter().map(|reference| {
            if erased.contains(&reference.key) {
                return (*reference, Opened::Erased);
            }
            tracing::error!(
                key = %reference.key,
                ciphertext = ?reference.ciphertext,
                data_keys,
                "personal data is missing although nobody erased it: its ciphertext or its data key was taken away, or this is \
                 not the folder of its keys"
            );
            (*reference, Opened::Unreadable)
        });
        Ok(told.collect())
    }
}

impl<A: Commanded> SealedEvents<A> {
    /// These events, of which nothing is sealed yet.
    pub(super) fn of(events: Vec<Recorded<A::Fact>>) -> Self {
        let encoded = events.iter().map(codec::encode).collect();
        Self { events, encoded, ciphertexts: Vec::new(), key: None }
    }

    /// Whether anything of them is personal data.
    pub(super) fn have_personal_data(&self) -> bool {
        self.encoded.iter().any(|encoded| payload::has_marks(&encoded.payload))
    }

    fn seal_with(&mut self, key: &DataKey, aggregate_type: &str) -> Result<(), Fault> {
        for (event, encoded) in self.events.iter_mut().zip(&mut self.encoded) {
            let ciphertexts = &mut self.ciphertexts;
            let sealed = payload::sealed(&encoded.payload, |text| {
                let (reference, ciphertext) = seal(text, key, fresh::<32>(), fresh::<NONCE_BYTES>());
                ciphertexts.push(NewCiphertext {
                    digest: reference.ciphertext.0,
                    key_id: reference.key.0,
                    ciphertext: ciphertext.as_bytes().to_vec(),
                });
                reference
            });
            let payload = sealed.map_err(damaged)?.into_owned();
            if payload == encoded.payload {
                continue;
            }
            let stored = Stored {
                aggregate_type,
                aggregate_id: "",
                sequence: 0,
                event_type: encoded.event_type,
                event_version: encoded.event_version,
                payload: &payload,
            };
            *event = codec::decode_stored(stored, &[]).map_err(Arc::new)?;
            encoded.payload = payload;
        }
        Ok(())
    }
}

fn fresh<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    fill_with_secrets(&mut bytes);
    bytes
}

fn reference_of(sealed: &Sealed) -> Result<Reference, Fault> {
    let json = serde_json::to_string(&Personal::Sealed(Box::new(sealed.clone()))).expect("texts always serialise");
    serde_json::from_str(&json).map_err(|_| Fault::Sealed("a reference in the log is none"))
}

/// The mark's own error names its place alone, which tells nothing without the payload.
fn damaged(_: payload::MarkError) -> Fault {
    Fault::Sealed("a mark of personal data has another form")
}
