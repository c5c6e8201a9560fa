//! What the tables of the ledger are read and written with, once for both databases.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::row::{
    CheckpointRow, CosignatureRow, HashRow, LogEndRow, NodePlaceRow, TimeStampRow, VouchedSizesRow, VouchedSpanRow,
};
use super::{
    HIGHEST_LEVEL, LedgerStore, LogEnd, NodePlace, Sealed, StoredCheckpoint, StoredCosignature, StoredTimeStamp, sql,
};
use crate::ledger::tree::{Frontier, Hash, TILE_HEIGHT};
use crate::store::StoreError;
use crate::store::backend::{Backend, SqlStore};
use crate::store::copy;
use crate::store::listing::headless;
use crate::store::statement::Statement;

/// Leaves that are read at once while a tree is made for a log that has none.
const LEAVES_PAGE: u32 = 4_096;

/// In microseconds: witnesses and authorities state whole seconds, and of what they saw in one, what is between the first
/// and the last says nothing more.
const SECOND: i64 = 1_000_000;

#[async_trait]
impl<B: Backend> LedgerStore for SqlStore<B> {
    async fn tree(&self) -> Result<Frontier, StoreError> {
        self.head_row().await?.tree()
    }

    async fn log_end(&self) -> Result<LogEnd, StoreError> {
        let end = self.one::<LogEndRow, _>("read the end of the log", Statement::new(sql::LOG_END)).await?;
        end.ok_or_else(headless)
    }

    async fn end_restore(&self) -> Result<(), StoreError> {
        let ended = self.backend.execute(&Statement::new(copy::UNMARK)).await;
        ended.map(drop).map_err(StoreError::during("end the restoring"))
    }

    async fn hashes(&self, level: u8, from: u64, count: u32) -> Result<Vec<Hash>, StoreError> {
        let (from, to) = (from.cast_signed(), (from + u64::from(count)).cast_signed());
        let statement = match level {
            0 => Statement::new(sql::LEAVES).integer(from).integer(to),
            _ => Statement::new(sql::NODES).integer(level.into()).integer(from).integer(to),
        };
        self.many::<HashRow, _>("read hashes of the ledger", statement).await
    }

    async fn stray_nodes(&self, size: u64, limit: u32) -> Result<Vec<NodePlace>, StoreError> {
        let nodes_of = |level: u32| (size >> (u32::from(TILE_HEIGHT) * level)).cast_signed();
        let counted = (1..=HIGHEST_LEVEL).map(nodes_of);
        let statement = counted.fold(Statement::new(sql::STRAY_NODES), Statement::integer).integer(limit.into());
        self.many::<NodePlaceRow, _>("look for nodes of no events", statement).await
    }

    async fn checkpoint(&self, which: Sealed) -> Result<Option<StoredCheckpoint>, StoreError> {
        let statement = match which {
            Sealed::Latest => Statement::new(sql::LATEST_CHECKPOINT),
            Sealed::Size(size) => Statement::new(sql::CHECKPOINT_OF_SIZE).integer(size.cast_signed()),
            Sealed::Covering(size) => Statement::new(sql::CHECKPOINT_COVERING).integer(size.cast_signed()),
            Sealed::Within(size) => Statement::new(sql::CHECKPOINT_WITHIN).integer(size.cast_signed()),
        };
        self.one::<CheckpointRow, _>("read a checkpoint", statement).await
    }

    async fn checkpoints_between(&self, after: u64, up_to: u64) -> Result<Vec<StoredCheckpoint>, StoreError> {
        self.many::<CheckpointRow, _>("read checkpoints", between(sql::CHECKPOINTS_BETWEEN, after, up_to)).await
    }

    async fn add_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<bool, StoreError> {
        let statement = Statement::new(sql::ADD_CHECKPOINT)
            .integer(checkpoint.size.cast_signed())
            .bytes(&checkpoint.root)
            .integer(checkpoint.signed_at)
            .text(&checkpoint.note);
        let added = self.backend.execute(&statement).await;
        Ok(added.map_err(StoreError::during("keep a checkpoint"))? == 1)
    }

    async fn cosignatures(&self, size: u64) -> Result<Vec<StoredCosignature>, StoreError> {
        let statement = Statement::new(sql::COSIGNATURES).integer(size.cast_signed());
        self.many::<CosignatureRow, _>("read cosignatures", statement).await
    }

    async fn cosignatures_between(&self, after: u64, up_to: u64) -> Result<Vec<StoredCosignature>, StoreError> {
        self.many::<CosignatureRow, _>("read cosignatures", between(sql::COSIGNATURES_BETWEEN, after, up_to)).await
    }

    async fn stray_cosignatures(&self, limit: u32) -> Result<Vec<StoredCosignature>, StoreError> {
        let statement = Statement::new(sql::STRAY_COSIGNATURES).integer(limit.into());
        self.many::<CosignatureRow, _>("look for cosignatures of nothing", statement).await
    }

    async fn last_cosignature(&self, witness: &str, within: u64) -> Result<Option<StoredCosignature>, StoreError> {
        let statement = Statement::new(sql::LAST_COSIGNATURE).text(witness).integer(within.cast_signed());
        self.one::<CosignatureRow, _>("read the last cosignature", statement).await
    }

    async fn add_cosignature(&self, cosignature: &StoredCosignature) -> Result<(), StoreError> {
        let statement = Statement::new(sql::ADD_COSIGNATURE)
            .integer(cosignature.size.cast_signed())
            .text(&cosignature.witness)
            .integer(cosignature.cosigned_at)
            .text(&cosignature.signature);
        let added = self.backend.execute(&statement).await;
        added.map(drop).map_err(StoreError::during("keep a cosignature"))
    }

    async fn time_stamps(&self, size: u64) -> Result<Vec<StoredTimeStamp>, StoreError> {
        let statement = Statement::new(sql::TIME_STAMPS).integer(size.cast_signed());
        self.many::<TimeStampRow, _>("read time stamps", statement).await
    }

    async fn time_stamps_between(&self, after: u64, up_to: u64) -> Result<Vec<StoredTimeStamp>, StoreError> {
        self.many::<TimeStampRow, _>("read time stamps", between(sql::TIME_STAMPS_BETWEEN, after, up_to)).await
    }

    async fn stray_time_stamps(&self, limit: u32) -> Result<Vec<StoredTimeStamp>, StoreError> {
        let statement = Statement::new(sql::STRAY_TIME_STAMPS).integer(limit.into());
        self.many::<TimeStampRow, _>("look for time stamps of nothing", statement).await
    }

    async fn last_time_stamp(&self, authority: &str) -> Result<Option<StoredTimeStamp>, StoreError> {
        let statement = Statement::new(sql::LAST_TIME_STAMP).text(authority);
        self.one::<TimeStampRow, _>("read the last time stamp", statement).await
    }

    async fn vouched_sizes(&self, up_to: u64, most: u32) -> Result<BTreeSet<u64>, StoreError> {
        let span = Statement::new(sql::VOUCHED_SPAN).integer(up_to.cast_signed());
        let span = self.one::<VouchedSpanRow, VouchedSpanRow>("look for who vouches", span).await?;
        let Some(VouchedSpanRow { words, vouchers, earliest, latest }) = span else { return Ok(BTreeSet::new()) };
        let most = i64::from(most);
        let (length, stretches) = match words <= most {
            true => (SECOND, most),
            false => {
                // Two checkpoints of each; the first and the last of a voucher's may be cut short.
                let stretches = (most / 2).max(1);
                let of_each = (stretches / vouchers.max(1) - 1).max(1);
                (latest.saturating_sub(earliest).saturating_add(SECOND) / of_each, stretches)
            }
        };
        let sizes = Statement::new(sql::VOUCHED_SIZES)
            .integer(up_to.cast_signed())
            .integer(length.max(SECOND))
            .integer(stretches);
        let sizes = self.many::<VouchedSizesRow, VouchedSizesRow>("look for what is vouched for", sizes).await?;
        Ok(sizes.iter().flat_map(|row| [row.smallest, row.largest]).map(i64::cast_unsigned).collect())
    }

    async fn add_time_stamp(&self, stamp: &StoredTimeStamp) -> Result<(), StoreError> {
        let statement = Statement::new(sql::ADD_TIME_STAMP)
            .integer(stamp.size.cast_signed())
            .text(&stamp.authority)
            .integer(stamp.stamped_at)
            .bytes(&stamp.token);
        let added = self.backend.execute(&statement).await;
        added.map(drop).map_err(StoreError::during("keep a time stamp"))
    }
}

impl<B: Backend> SqlStore<B> {
    /// Gives a log that is older than its tree the tree of its leaves. Commits go on meanwhile by nobody: the log is
    /// being opened, and whoever else opens it does the same.
    pub(in crate::store) async fn plant(&self) -> Result<(), StoreError> {
        loop {
            let head = self.head_row().await?;
            if head.tree().is_ok() {
                return Ok(());
            }
            if !head.peaks.is_empty() {
                return head.tree().map(drop);
            }
            let size = head.head().next_position;
            let mut tree = Frontier::default();
            let mut statements = Vec::new();
            while tree.size() < size {
                let leaves = self.hashes(0, tree.size(), LEAVES_PAGE).await?;
                if leaves.is_empty() {
                    let what = format!("the log has {size} events, but none at position {}", tree.size());
                    return Err(StoreError::Corrupt { what });
                }
                for leaf in leaves.into_iter().take(usize::try_from(size - tree.size()).unwrap_or(usize::MAX)) {
                    tree.append(leaf, |level, index, hash| {
                        let node = Statement::new(sql::ADD_NODE).integer(level.into()).integer(index.cast_signed());
                        statements.push(node.bytes(&hash));
                    });
                }
            }
            statements.insert(0, Statement::new(sql::SET_PEAKS).bytes(&tree.to_bytes()).integer(size.cast_signed()));
            self.backend.execute_together("make the tree of the log", 1, &statements, &self.seen).await?;
        }
    }
}

fn between(sql: &str, after: u64, up_to: u64) -> Statement {
    Statement::new(sql).integer(after.cast_signed()).integer(up_to.cast_signed())
}
