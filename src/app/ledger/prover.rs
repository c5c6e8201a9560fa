//! Proofs in one tree: what many of them need is read once.

use std::collections::BTreeMap;

use crate::app::App;
use crate::app::ledger::{Inclusion, NoProof};
use crate::app::request::Fault;
use crate::ledger::proof::Plan;
use crate::ledger::tile::Tile;
use crate::ledger::tree::Hash;
use crate::store::{EventRecord, StoreError, StoredCheckpoint};

/// How many tiles are remembered from proof to proof, of up to 8 KiB each.
const KEPT_TILES: usize = 256;

/// Whoever proves that events are in the tree of the first so many.
pub struct Prover<'a> {
    app: &'a App,
    size: u64,
    root: Hash,
    tiles: BTreeMap<Tile, Vec<Hash>>,
}

impl App {
    /// Proofs in the tree of so many events.
    ///
    /// # Errors
    /// See [`NoProof`].
    pub async fn prover(&self, size: u64) -> Result<Prover<'_>, NoProof> {
        Ok(Prover { app: self, size, root: self.root(size).await?, tiles: BTreeMap::new() })
    }

    /// What a plan asks for.
    pub(super) async fn computed(&self, plan: &Plan) -> Result<Vec<Hash>, Fault> {
        self.computed_with(plan, &mut BTreeMap::new()).await
    }

    /// The same with these tiles. Those that it lacks are read, and are among them then.
    async fn computed_with(&self, plan: &Plan, tiles: &mut BTreeMap<Tile, Vec<Hash>>) -> Result<Vec<Hash>, Fault> {
        for tile in plan.tiles() {
            if tiles.contains_key(&tile) {
                continue;
            }
            let hashes = self.tile(tile).await?;
            if hashes.len() != usize::from(tile.width) {
                let what = format!("the tree has {} of {} hashes of {tile:?}", hashes.len(), tile.width);
                return Err(StoreError::Corrupt { what }.into());
            }
            tiles.insert(tile, hashes);
        }
        Ok(plan.hashes(tiles))
    }
}

impl Prover<'_> {
    /// The path of an event to the root. Whoever asks sees the whole log.
    ///
    /// # Errors
    /// See [`NoProof`].
    pub async fn path(&mut self, index: u64) -> Result<Vec<Hash>, NoProof> {
        let plan = Plan::inclusion(index, self.size).ok_or(NoProof::NotWithin { smaller: index, size: self.size })?;
        if self.tiles.len() >= KEPT_TILES {
            self.tiles.clear();
        }
        Ok(self.app.computed_with(&plan, &mut self.tiles).await?)
    }

    /// The proof of an event, with the checkpoint that has this size, if there is one.
    pub(super) async fn inclusion(
        &mut self,
        event: &EventRecord,
        checkpoint: Option<StoredCheckpoint>,
    ) -> Result<Inclusion, NoProof> {
        let (index, leaf, path) = (event.position, event.leaf_hash, self.path(event.position).await?);
        Ok(Inclusion { index, size: self.size, leaf, path, root: self.root, checkpoint })
    }
}
