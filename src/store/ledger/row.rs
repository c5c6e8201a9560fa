//! Rows of the ledger as the drivers give them.

use sqlx::FromRow;

use super::{LogEnd, NodePlace, StoredCheckpoint, StoredCosignature, StoredTimeStamp};
use crate::ledger::tree::Hash;
use crate::store::StoreError;
use crate::store::stored::{hash, time, tree};

#[derive(FromRow)]
pub(super) struct HashRow {
    hash: Vec<u8>,
}

impl TryFrom<HashRow> for Hash {
    type Error = StoreError;

    fn try_from(row: HashRow) -> Result<Self, StoreError> {
        hash("the ledger", &row.hash)
    }
}

#[derive(FromRow)]
pub(super) struct NodePlaceRow {
    level: i64,
    node: i64,
}

impl From<NodePlaceRow> for NodePlace {
    fn from(row: NodePlaceRow) -> Self {
        Self { level: row.level, index: row.node }
    }
}

#[derive(FromRow)]
pub(super) struct VouchedSpanRow {
    pub(super) words: i64,
    pub(super) vouchers: i64,
    pub(super) earliest: i64,
    pub(super) latest: i64,
}

#[derive(FromRow)]
pub(super) struct VouchedSizesRow {
    pub(super) smallest: i64,
    pub(super) largest: i64,
}

#[derive(FromRow)]
pub(super) struct CheckpointRow {
    size: i64,
    root: Vec<u8>,
    signed_at: i64,
    note: String,
}

impl TryFrom<CheckpointRow> for StoredCheckpoint {
    type Error = StoreError;

    fn try_from(row: CheckpointRow) -> Result<Self, StoreError> {
        Ok(Self {
            size: row.size.cast_unsigned(),
            root: hash("checkpoints.root", &row.root)?,
            signed_at: time("checkpoints.signed_at", row.signed_at)?,
            note: row.note,
        })
    }
}

/// The head of the log beside a checkpoint; every column of that is null where there is none.
#[derive(FromRow)]
pub(super) struct LogEndRow {
    next_position: i64,
    origin: String,
    peaks: Vec<u8>,
    size: Option<i64>,
    root: Option<Vec<u8>>,
    signed_at: Option<i64>,
    note: Option<String>,
}

impl TryFrom<LogEndRow> for LogEnd {
    type Error = StoreError;

    fn try_from(row: LogEndRow) -> Result<Self, StoreError> {
        let latest = match (row.size, row.root, row.signed_at, row.note) {
            (Some(size), Some(root), Some(signed_at), Some(note)) => {
                Some(StoredCheckpoint::try_from(CheckpointRow { size, root, signed_at, note })?)
            }
            _ => None,
        };
        Ok(Self { origin: row.origin, tree: tree(row.next_position, &row.peaks)?, latest })
    }
}

#[derive(FromRow)]
pub(super) struct CosignatureRow {
    size: i64,
    witness: String,
    cosigned_at: i64,
    signature: String,
}

impl TryFrom<CosignatureRow> for StoredCosignature {
    type Error = StoreError;

    fn try_from(row: CosignatureRow) -> Result<Self, StoreError> {
        Ok(Self {
            size: row.size.cast_unsigned(),
            witness: row.witness,
            cosigned_at: time("cosignatures.cosigned_at", row.cosigned_at)?,
            signature: row.signature,
        })
    }
}

#[derive(FromRow)]
pub(super) struct TimeStampRow {
    size: i64,
    authority: String,
    stamped_at: i64,
    token: Vec<u8>,
}

impl TryFrom<TimeStampRow> for StoredTimeStamp {
    type Error = StoreError;

    fn try_from(row: TimeStampRow) -> Result<Self, StoreError> {
        Ok(Self {
            size: row.size.cast_unsigned(),
            authority: row.authority,
            stamped_at: time("time_stamps.stamped_at", row.stamped_at)?,
            token: row.token,
        })
    }
}
