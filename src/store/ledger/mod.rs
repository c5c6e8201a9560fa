//! The ledger beside the log: nodes of its tree, checkpoints that were signed, and who has vouched for them.
//!
//! Nothing here is ever changed: rows are added, and the database refuses everything else.

mod row;
mod sql;
mod store;

use std::collections::BTreeSet;
use std::ops::Range;

use async_trait::async_trait;

use crate::ledger::tree::{Frontier, Hash, TILE_HEIGHT};
use crate::store::StoreError;

/// The highest level that a node has: one of the next would be over more events than there are positions.
const HIGHEST_LEVEL: u32 = 7;

/// The root of a whole subtree of 256, 65,536, … leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerNode {
    /// 1 for 256 leaves, 2 for 65,536, …
    pub level: u8,
    /// Place among the nodes of its level, from 0.
    pub index: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The place of a node as it stands in the database, whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodePlace {
    /// Its level: 1 to 7 in a log of any length.
    pub level: i64,
    /// Its place among the nodes of its level.
    pub index: i64,
}

impl NodePlace {
    /// The position of the first event below it and that behind the last; `None` where no log has such a node.
    #[must_use]
    pub fn events(&self) -> Option<Range<u64>> {
        let level = u32::try_from(self.level).ok().filter(|level| (1..=HIGHEST_LEVEL).contains(level))?;
        let (width, index) = (1_u64 << (u32::from(TILE_HEIGHT) * level), u64::try_from(self.index).ok()?);
        let first = index.checked_mul(width)?;
        Some(first..first.checked_add(width)?)
    }
}

/// A checkpoint that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// How many events it covers.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
    /// Microseconds since the Unix epoch.
    pub signed_at: i64,
    /// The signed note, without cosignatures.
    pub note: String,
}

impl StoredCheckpoint {
    /// The name of the log that it is of: the first line.
    pub fn origin(&self) -> &str {
        self.note.split('\n').next().unwrap_or_default()
    }
}

/// Where a log ends and how far it is sealed, both of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// Its name.
    pub origin: String,
    /// The tree over all events.
    pub tree: Frontier,
    /// The latest checkpoint.
    pub latest: Option<StoredCheckpoint>,
}

/// Which checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// The latest.
    Latest,
    /// That of exactly this size.
    Size(u64),
    /// The first that covers so many events.
    Covering(u64),
    /// The latest that covers no more than so many events.
    Within(u64),
}

/// A witness's word for a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCosignature {
    /// Of which checkpoint.
    pub size: u64,
    /// The name of its key.
    pub witness: String,
    /// Microseconds since the Unix epoch, by the clock of the witness.
    pub cosigned_at: i64,
    /// The signature line of the note.
    pub signature: String,
}

/// A time-stamp token for a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTimeStamp {
    /// Of which checkpoint.
    pub size: u64,
    /// Where it was got from.
    pub authority: String,
    /// Microseconds since the Unix epoch, by the clock of the authority.
    pub stamped_at: i64,
    /// RFC 3161 token, DER.
    pub token: Vec<u8>,
}

/// The part of the store that the ledger needs. Fails as [`Store`](crate::store::Store) does.
#[async_trait]
pub trait LedgerStore: Send + Sync {
    /// The tree over all events: its size and what its root is made of.
    ///
    /// # Errors
    /// When the database fails or its tree is not that of its log.
    async fn tree(&self) -> Result<Frontier, StoreError>;

    /// The same with the name of the log and its latest checkpoint: all that it takes to see whether there is anything to
    /// seal.
    ///
    /// # Errors
    /// When the database fails or its tree is not that of its log.
    async fn log_end(&self) -> Result<LogEnd, StoreError>;

    /// Has a log that was put back from a backup served.
    ///
    /// # Errors
    /// When the database fails.
    async fn end_restore(&self) -> Result<(), StoreError>;

    /// Hashes of a level in order, from that one on: leaves at level 0, above it roots of whole subtrees of 256 nodes
    /// of the level below. Fewer than asked for where the log ends.
    ///
    /// # Errors
    /// When the database fails.
    async fn hashes(&self, level: u8, from: u64, count: u32) -> Result<Vec<Hash>, StoreError>;

    /// Nodes of which a log of that size has not all events, by level and index; the first of them.
    ///
    /// # Errors
    /// When the database fails.
    async fn stray_nodes(&self, size: u64, limit: u32) -> Result<Vec<NodePlace>, StoreError>;

    /// A checkpoint.
    ///
    /// # Errors
    /// When the database fails.
    async fn checkpoint(&self, which: Sealed) -> Result<Option<StoredCheckpoint>, StoreError>;

    /// The checkpoints that cover more than so many events and no more than those, in order.
    ///
    /// # Errors
    /// When the database fails.
    async fn checkpoints_between(&self, after: u64, up_to: u64) -> Result<Vec<StoredCheckpoint>, StoreError>;

    /// Keeps a checkpoint; `false` when there is one that covers as much, or more.
    ///
    /// # Errors
    /// When the database fails.
    async fn add_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<bool, StoreError>;

    /// Who has cosigned a checkpoint, by name.
    ///
    /// # Errors
    /// When the database fails.
    async fn cosignatures(&self, size: u64) -> Result<Vec<StoredCosignature>, StoreError>;

    /// Who has cosigned such checkpoints, by size and name.
    ///
    /// # Errors
    /// When the database fails.
    async fn cosignatures_between(&self, after: u64, up_to: u64) -> Result<Vec<StoredCosignature>, StoreError>;

    /// The cosignatures of checkpoints that are not there, by size and name; the first of them.
    ///
    /// # Errors
    /// When the database fails.
    async fn stray_cosignatures(&self, limit: u32) -> Result<Vec<StoredCosignature>, StoreError>;

    /// The latest checkpoint that a witness has cosigned, of those that cover no more than so many events.
    ///
    /// # Errors
    /// When the database fails.
    async fn last_cosignature(&self, witness: &str, within: u64) -> Result<Option<StoredCosignature>, StoreError>;

    /// Keeps a cosignature; one that is there stays.
    ///
    /// # Errors
    /// When the database fails.
    async fn add_cosignature(&self, cosignature: &StoredCosignature) -> Result<(), StoreError>;

    /// The time stamps of a checkpoint, by authority.
    ///
    /// # Errors
    /// When the database fails.
    async fn time_stamps(&self, size: u64) -> Result<Vec<StoredTimeStamp>, StoreError>;

    /// The time stamps of checkpoints that cover more than so many events and no more than those, by size and
    /// authority.
    ///
    /// # Errors
    /// When the database fails.
    async fn time_stamps_between(&self, after: u64, up_to: u64) -> Result<Vec<StoredTimeStamp>, StoreError>;

    /// The time stamps of checkpoints that are not there, by size and authority; the first of them.
    ///
    /// # Errors
    /// When the database fails.
    async fn stray_time_stamps(&self, limit: u32) -> Result<Vec<StoredTimeStamp>, StoreError>;

    /// The time stamp of the latest checkpoint that this authority has stamped.
    ///
    /// # Errors
    /// When the database fails.
    async fn last_time_stamp(&self, authority: &str) -> Result<Option<StoredTimeStamp>, StoreError>;

    /// How many events those checkpoints are of that somebody has cosigned or stamped, up to that size: all of them, or of
    /// more than about `most` the first and the last that each has vouched for in each of as many stretches of time. These
    /// bound the times of events best: what others there are, stands between them.
    ///
    /// # Errors
    /// When the database fails.
    async fn vouched_sizes(&self, up_to: u64, most: u32) -> Result<BTreeSet<u64>, StoreError>;

    /// Keeps a time stamp; one that is there stays.
    ///
    /// # Errors
    /// When the database fails.
    async fn add_time_stamp(&self, stamp: &StoredTimeStamp) -> Result<(), StoreError>;
}
