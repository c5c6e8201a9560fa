//! The log proves itself: proofs and checkpoints for whoever asks, sealing, and who vouches for what was sealed.

mod anchor;
mod follow;
mod prover;
mod recover;
mod seal;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub use anchor::{Anchorer, Anchors, Authority, Witness};
pub use follow::CheckpointFollower;
pub(in crate::app) use follow::Checkpoints;
pub use prover::Prover;
pub use recover::{NotResumed, Resumed};
pub use seal::{NotSealed, Sealer};

use crate::app::App;
use crate::app::request::Fault;
use crate::domain::actor::Actor;
use crate::ledger::note::VerifierKey;
use crate::ledger::proof::Plan;
use crate::ledger::tile::Tile;
use crate::ledger::tree::{Frontier, Hash};
use crate::signer::Signer;
use crate::store::{
    AggregateType, EventQuery, EventRecord, Moment, Sealed, StoreError, StoredCheckpoint, StoredCosignature,
    StoredTimeStamp,
};

/// Who signs the checkpoints of a log, and who vouches for them.
#[derive(Clone)]
pub struct Seals {
    /// The signer.
    pub signer: Arc<dyn Signer>,
    /// Witnesses and an authority for time stamps.
    pub anchors: Arc<Anchors>,
    /// How long a commit waits for others before it is sealed with them.
    pub pause: Duration,
}

/// That a leaf is in the tree.
#[derive(Clone, Debug)]
pub struct Inclusion {
    /// Its position.
    pub index: u64,
    /// Leaves of the tree.
    pub size: u64,
    /// Its hash.
    pub leaf: Hash,
    /// From its neighbour up.
    pub path: Vec<Hash>,
    /// The root of the tree.
    pub root: Hash,
    /// What was signed of the tree.
    pub checkpoint: Option<StoredCheckpoint>,
}

/// That a tree goes on from a smaller one.
#[derive(Clone, Debug)]
pub struct Consistency {
    /// Leaves of the smaller one.
    pub from: u64,
    /// Leaves of the tree.
    pub to: u64,
    /// The root of the smaller one.
    pub from_root: Hash,
    /// The root of the tree.
    pub to_root: Hash,
    /// The proof.
    pub path: Vec<Hash>,
}

/// A checkpoint with everybody who vouches for it.
#[derive(Clone, Debug)]
pub struct Vouched {
    /// What was signed.
    pub checkpoint: StoredCheckpoint,
    /// Who has cosigned it.
    pub cosignatures: Vec<StoredCosignature>,
    /// When it was stamped.
    pub time_stamps: Vec<StoredTimeStamp>,
}

impl Vouched {
    /// The signed note with its cosignatures.
    #[must_use]
    pub fn note(&self) -> String {
        let lines = self.cosignatures.iter().map(|cosignature| cosignature.signature.as_str());
        std::iter::once(self.checkpoint.note.as_str()).chain(lines).collect()
    }
}

/// Why there is no proof.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NoProof {
    /// The log has fewer events, or had them at the moment.
    #[error("the log has {size} events so far, not {wanted}")]
    Beyond {
        /// How many were asked about.
        wanted: u64,
        /// How many there are.
        size: u64,
    },
    /// The leaf is not in a tree of that size, or the smaller tree is the larger one.
    #[error("{smaller} is not within a tree of {size} leaves")]
    NotWithin {
        /// The index or the smaller size.
        smaller: u64,
        /// The size of the tree.
        size: u64,
    },
    /// There is no such event for this actor.
    #[error("no event at this position is there for you")]
    NoEvent,
    /// The moment is none of the log's.
    #[error("what had happened by a time is no beginning of the log: proofs are as of what had been recorded")]
    NoBeginning,
    /// The house failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for NoProof {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl App {
    /// The application, which seals what it commits.
    #[must_use]
    pub fn with_seals(self, seals: Seals) -> Self {
        Self { seals: Some(seals), ..self }
    }

    /// What the checkpoints of this log are checked with, as this process knows it; an auditor has the key from
    /// elsewhere.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn log_key(&self) -> Result<Option<VerifierKey>, Fault> {
        let Some(seals) = &self.seals else { return Ok(None) };
        let origin = self.store.origin().await?;
        Ok(seals.signer.verifier(&origin).ok())
    }

    /// The latest checkpoint under the name that the log has now: whoever goes on sealing it has signed this one. A log that
    /// was put back from a backup may have been sealed under its earlier name alone, by a key that is gone.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn checkpoint_of_this_name(&self) -> Result<Option<StoredCheckpoint>, Fault> {
        let (origin, latest) = (self.store.origin().await?, self.store.checkpoint(Sealed::Latest).await?);
        Ok(latest.filter(|latest| latest.origin() == origin))
    }

    /// The events with which the log went on from a backup, in its order.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recoveries(&self) -> Result<Vec<EventRecord>, Fault> {
        let query = EventQuery { aggregate_type: Some(AggregateType::Log), limit: u32::MAX, ..EventQuery::default() };
        Ok(self.store.events(&query).await?)
    }

    /// A checkpoint with everybody who vouches for it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn checkpoint(&self, which: Sealed) -> Result<Option<Vouched>, Fault> {
        let Some(checkpoint) = self.store.checkpoint(which).await? else { return Ok(None) };
        let cosignatures = self.store.cosignatures(checkpoint.size).await?;
        let time_stamps = self.store.time_stamps(checkpoint.size).await?;
        Ok(Some(Vouched { checkpoint, cosignatures, time_stamps }))
    }

    /// The checkpoints that cover more than so many events and no more than those, in order, each with everybody who
    /// vouches for it.
    ///
    /// # Errors
    /// When the store fails.
    pub(in crate::app) async fn vouched_between(&self, after: u64, up_to: u64) -> Result<Vec<Vouched>, Fault> {
        let checkpoints = self.store.checkpoints_between(after, up_to).await?;
        if checkpoints.is_empty() {
            return Ok(Vec::new());
        }
        let mut cosignatures = self.store.cosignatures_between(after, up_to).await?.into_iter().peekable();
        let mut time_stamps = self.store.time_stamps_between(after, up_to).await?.into_iter().peekable();
        let vouched = checkpoints.into_iter().map(|checkpoint| {
            let size = checkpoint.size;
            // What is of no checkpoint that was read is passed over.
            while cosignatures.next_if(|one| one.size < size).is_some() {}
            while time_stamps.next_if(|one| one.size < size).is_some() {}
            Vouched {
                cosignatures: std::iter::from_fn(|| cosignatures.next_if(|one| one.size == size)).collect(),
                time_stamps: std::iter::from_fn(|| time_stamps.next_if(|one| one.size == size)).collect(),
                checkpoint,
            }
        });
        Ok(vouched.collect())
    }

    /// Cosignatures and time stamps of checkpoints that are not there; the first of each.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stray_vouchers(&self, limit: u32) -> Result<(Vec<StoredCosignature>, Vec<StoredTimeStamp>), Fault> {
        Ok((self.store.stray_cosignatures(limit).await?, self.store.stray_time_stamps(limit).await?))
    }

    /// How many events those checkpoints are of that somebody outside has vouched for, in order: all up to that size, or of
    /// more than about `most` those that bound the times of events best.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn vouched_sizes(&self, up_to: u64, most: u32) -> Result<BTreeSet<u64>, Fault> {
        Ok(self.store.vouched_sizes(up_to, most).await?)
    }

    /// The checkpoint of that size, or else the latest, of those that cover no more than the log had at a moment. With a
    /// witness, of those that it has cosigned; one that is not asked here has cosigned none.
    ///
    /// # Errors
    /// See [`NoProof`].
    pub async fn checkpoint_at(
        &self,
        size: Option<u64>,
        cosigned_by: Option<&str>,
        at: Moment,
    ) -> Result<Option<Vouched>, NoProof> {
        let sealed = self.sealed_at(size, at).await?;
        let Some(witness) = cosigned_by else { return Ok(self.checkpoint(sealed).await?) };
        // Names that are made up would be looked for among all cosignatures.
        if !self.seals.iter().flat_map(|seals| &seals.anchors.witnesses).any(|one| one.0.key().name() == witness) {
            return Ok(None);
        }
        let size = match size {
            Some(size) => Some(size),
            None => self.store.last_cosignature(witness, self.events_at(at).await?).await?.map(|last| last.size),
        };
        let Some(size) = size else { return Ok(None) };
        let found = self.checkpoint(Sealed::Size(size)).await?;
        Ok(found.filter(|found| found.cosignatures.iter().any(|one| one.witness == witness)))
    }

    async fn sealed_at(&self, size: Option<u64>, at: Moment) -> Result<Sealed, NoProof> {
        match (size, at) {
            (None, Moment::Present) => Ok(Sealed::Latest),
            (None, at) => Ok(Sealed::Within(self.events_at(at).await?)),
            (Some(wanted), at) => match self.events_at(at).await? {
                size if wanted > size => Err(NoProof::Beyond { wanted, size }),
                _ => Ok(Sealed::Size(wanted)),
            },
        }
    }

    /// How many events the log had at a moment.
    async fn events_at(&self, at: Moment) -> Result<u64, NoProof> {
        match at {
            Moment::Present => Ok(self.store.tree().await?.size()),
            Moment::Position(position) => Ok(position + 1),
            Moment::Occurred(_) => Err(NoProof::NoBeginning),
        }
    }

    /// The hash of the leaf at a position.
    ///
    /// # Errors
    /// When the store fails or has no event there.
    pub async fn leaf(&self, position: u64) -> Result<Hash, Fault> {
        let missing = || StoreError::Corrupt { what: format!("no leaf at position {position}") };
        Ok(self.store.hashes(0, position, 1).await?.pop().ok_or_else(missing)?)
    }

    /// Proves that an event that this actor may see is in the tree: in that of `size` leaves, or else in the latest
    /// that was sealed; `None` while none that has it is sealed. As of a moment no tree has more than the log had then.
    ///
    /// # Errors
    /// See [`NoProof`].
    pub async fn inclusion(
        &self,
        actor: &Actor,
        index: u64,
        size: Option<u64>,
        at: Moment,
    ) -> Result<Option<Inclusion>, NoProof> {
        let event = self.event_at(actor, index, at).await?.ok_or(NoProof::NoEvent)?;
        let checkpoint = self.store.checkpoint(self.sealed_at(size, at).await?).await?;
        let latest = checkpoint.as_ref().map(|checkpoint| checkpoint.size).filter(|latest| index < *latest);
        let Some(size) = size.or(latest) else { return Ok(None) };
        Ok(Some(self.prover(size).await?.inclusion(&event, checkpoint).await?))
    }

    /// Proves as much of several events at once, in the latest tree that was sealed: of those that this actor may see and
    /// the tree has.
    ///
    /// # Errors
    /// See [`NoProof`].
    pub async fn inclusions(&self, actor: &Actor, indexes: &[u64], at: Moment) -> Result<Vec<Inclusion>, NoProof> {
        let checkpoint = self.store.checkpoint(self.sealed_at(None, at).await?).await?;
        let Some(size) = checkpoint.as_ref().map(|checkpoint| checkpoint.size) else { return Ok(Vec::new()) };
        let mut prover = self.prover(size).await?;
        let mut proved = Vec::with_capacity(indexes.len());
        for event in self.events_among(actor, indexes, at).await?.iter().filter(|event| event.position < size) {
            proved.push(prover.inclusion(event, checkpoint.clone()).await?);
        }
        Ok(proved)
    }

    /// Proves that the tree of `to` leaves goes on from that of `from`. As of a moment no tree has more than the log
    /// had then.
    ///
    /// # Errors
    /// See [`NoProof`].
    pub async fn consistency(&self, from: u64, to: u64, at: Moment) -> Result<Consistency, NoProof> {
        let events = self.events_at(at).await?;
        let plan = Plan::consistency(from, to).ok_or(NoProof::NotWithin { smaller: from, size: to })?;
        if to > events {
            return Err(NoProof::Beyond { wanted: to, size: events });
        }
        let (from_root, to_root) = (self.root(from).await?, self.root(to).await?);
        Ok(Consistency { from, to, from_root, to_root, path: self.computed(&plan).await? })
    }

    /// The tree over all events, as it stands beside the log.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tree(&self) -> Result<Frontier, Fault> {
        Ok(self.store.tree().await?)
    }

    /// The root of the tree of the first `size` events.
    ///
    /// # Errors
    /// See [`NoProof`].
    pub async fn root(&self, size: u64) -> Result<Hash, NoProof> {
        let tree = self.store.tree().await?;
        if size > tree.size() {
            return Err(NoProof::Beyond { wanted: size, size: tree.size() });
        }
        if size == tree.size() {
            return Ok(tree.root());
        }
        Ok(self.computed(&Plan::root(size)).await?.pop().expect("a root"))
    }

    /// The hashes of a tile, as many as the log has of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Fault> {
        Ok(self.store.hashes(tile.level, tile.first(), tile.width.into()).await?)
    }

    /// The entries of a tile of level 0, to the byte.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn entries(&self, tile: Tile) -> Result<Vec<Vec<u8>>, Fault> {
        let up_to = tile.first() + u64::from(tile.width) - 1;
        let events = self.log(tile.first().checked_sub(1), Some(up_to), tile.width.into()).await?;
        Ok(events.into_iter().map(|event| event.entry).collect())
    }
}
