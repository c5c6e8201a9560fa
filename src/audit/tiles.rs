//! The tiles of a bundle: hashes as they were stored, which are nobody's word before they are compared with the
//! entries.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::audit::bundle::read;
use crate::audit::{AuditError, Verdict};
use crate::ledger::tile::{TILE_WIDTH, Tile, TilePath};
use crate::ledger::tree::Hash;

/// The kind of fault of a file that is not the tile that it should be.
const TILE_WRONG: &str = "TILE_WRONG";

/// The kind of fault of a tile that is not there.
const TILE_MISSING: &str = "TILE_MISSING";

/// The stored hashes of a bundle.
pub(super) struct Tiles<'a> {
    folder: &'a Path,
    /// Of the tree that they are of; unknown where the checkpoint is damaged.
    size: Option<u64>,
    /// The tile of level 0 that is being compared.
    tile: Vec<Hash>,
}

impl<'a> Tiles<'a> {
    /// Those of a tree of that size.
    pub(super) fn new(folder: &'a Path, size: Option<u64>) -> Self {
        Self { folder, size, tile: Vec::new() }
    }

    /// The stored hash of a leaf, if the bundle has it.
    pub(super) fn leaf(&mut self, index: u64, verdict: &mut Verdict) -> Result<Option<Hash>, AuditError> {
        let (tile, place) = (index / u64::from(TILE_WIDTH), (index % u64::from(TILE_WIDTH)) as usize);
        if place == 0 {
            self.tile = match Tile::in_tree(0, tile, self.size.unwrap_or(u64::MAX)) {
                Some(tile) => self.hashes(tile, verdict)?,
                None => Vec::new(),
            };
        }
        Ok(self.tile.get(place).copied())
    }

    /// The stored hashes of a tile; none where the bundle does not have it.
    pub(super) fn hashes(&self, tile: Tile, verdict: &mut Verdict) -> Result<Vec<Hash>, AuditError> {
        let name = TilePath::Hashes(tile).to_string();
        let Some(bytes) = read(self.folder, &name)? else {
            if self.size.is_some_and(|size| is_in_tree(tile, size)) {
                verdict.fault(Some(tile.first_leaf()), TILE_MISSING, format!("there is no {name}"));
            }
            return Ok(Vec::new());
        };
        let width = usize::from(tile.width);
        let hashes = bytes.as_chunks().0.iter().take(width).copied().collect();
        let size_bytes = width * size_of::<Hash>();
        if bytes.len() != size_bytes {
            let message = format!("{name} has {} bytes, not {size_bytes}", bytes.len());
            verdict.fault(Some(tile.first_leaf()), TILE_WRONG, message);
        }
        Ok(hashes)
    }

    /// Tells of the files among the tiles that are none: neither of the tree nor of one with so many entries as there
    /// are.
    pub(super) fn tell_strays(&self, entries: u64, verdict: &mut Verdict) -> Result<(), AuditError> {
        let is_of_log = |tile| self.size.into_iter().chain([entries]).any(|size| is_in_tree(tile, size));
        let mut strays = Vec::new();
        let mut folders = vec![self.folder.join("tile")];
        while let Some(folder) = folders.pop() {
            let files = match fs::read_dir(&folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                listed => listed.map_err(AuditError::of_file(&folder))?,
            };
            for file in files {
                let file = file.map_err(AuditError::of_file(&folder))?;
                let path = file.path();
                if file.file_type().map_err(AuditError::of_file(&path))?.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(self.folder).unwrap_or(&path).to_string_lossy();
                if !matches!(name.parse::<TilePath>(), Ok(TilePath::Hashes(tile)) if is_of_log(tile)) {
                    strays.push(name.into_owned());
                }
            }
        }
        // A folder has its files in an order of its own.
        strays.sort_unstable();
        for name in strays {
            verdict.fault(None, TILE_WRONG, format!("{name} is no tile of the log"));
        }
        Ok(())
    }
}

/// Whether a tree of that size has the tile.
fn is_in_tree(tile: Tile, size: u64) -> bool {
    Tile::in_tree(tile.level, tile.index, size) == Some(tile)
}
