//! Proofs that a leaf is in a tree, and that a tree goes on from another (RFC 9162 §2.1.3 and §2.1.4): which tiles they
//! are computed from, how, and how anyone checks them.

use std::collections::BTreeMap;

use crate::ledger::tile::{TILE_WIDTH, Tile};
use crate::ledger::tree::{Hash, TILE_HEIGHT, TreeHead, node_hash, root_of};

/// A whole subtree of `2^height` leaves, aligned to its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Subtree {
    height: u8,
    index: u64,
}

impl Subtree {
    /// The tile that it is computed from, in a tree of so many leaves.
    fn tile(self, size: u64) -> Tile {
        let (level, within) = (self.height / TILE_HEIGHT, self.height % TILE_HEIGHT);
        let first = self.index << within;
        Tile::in_tree(level, first / u64::from(TILE_WIDTH), size).expect("the tree has its own subtrees")
    }

    fn hash(self, tile: &[Hash]) -> Hash {
        let within = self.height % TILE_HEIGHT;
        let first = ((self.index << within) % u64::from(TILE_WIDTH)) as usize;
        whole(&tile[first..first + (1 << within)])
    }
}

/// The root of as many hashes as a power of two.
fn whole(hashes: &[Hash]) -> Hash {
    match hashes {
        [hash] => *hash,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(&whole(left), &whole(right))
        }
    }
}

/// The largest whole subtrees of the leaves `from..to`, where `from` is aligned to the first of them.
fn subtrees(mut from: u64, to: u64) -> Vec<Subtree> {
    let mut found = Vec::new();
    while from < to {
        let height = (to - from).ilog2() as u8;
        found.push(Subtree { height, index: from >> height });
        from += 1 << height;
    }
    found
}

/// The largest power of two that is smaller.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// What is to be computed from tiles, before anything is read: a list of hashes, each the root of some leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    size: u64,
    hashes: Vec<Vec<Subtree>>,
}

impl Plan {
    /// The path from the leaf at `index` to the root of a tree of `size` leaves, the leaf's neighbour first; `None`
    /// where the tree has no such leaf.
    pub fn inclusion(index: u64, size: u64) -> Option<Self> {
        if index >= size {
            return None;
        }
        let (mut from, mut to, mut hashes) = (0, size, Vec::new());
        while to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                hashes.push(subtrees(middle, to));
                to = middle;
            } else {
                hashes.push(subtrees(from, middle));
                from = middle;
            }
        }
        hashes.reverse();
        Some(Self { size, hashes })
    }

    /// The proof that the tree of `size` leaves goes on from its first `old_size`; `None` where that is not smaller or
    /// equal. It is empty for nothing and for the same.
    pub fn consistency(old_size: u64, size: u64) -> Option<Self> {
        if old_size > size {
            return None;
        }
        let mut hashes = Vec::new();
        if old_size > 0 && old_size < size {
            let (mut from, mut to, mut is_whole) = (0, size, true);
            while to != old_size {
                let middle = from + split(to - from);
                if old_size <= middle {
                    hashes.push(subtrees(middle, to));
                    to = middle;
                } else {
                    hashes.push(subtrees(from, middle));
                    from = middle;
                    is_whole = false;
                }
            }
            if !is_whole {
                hashes.push(subtrees(from, to));
            }
            hashes.reverse();
        }
        Some(Self { size, hashes })
    }

    /// The root of the tree of the first `size` leaves.
    pub fn root(size: u64) -> Self {
        Self { size, hashes: vec![subtrees(0, size)] }
    }

    /// The tiles that it is computed from.
    pub fn tiles(&self) -> Vec<Tile> {
        let mut tiles: Vec<_> = self.hashes.iter().flatten().map(|subtree| subtree.tile(self.size)).collect();
        tiles.sort_unstable();
        tiles.dedup();
        tiles
    }

    /// The hashes, from those tiles with theirs.
    ///
    /// # Panics
    /// When a tile of [`Plan::tiles`] is missing or has other than its width of hashes.
    pub fn hashes(&self, tiles: &BTreeMap<Tile, Vec<Hash>>) -> Vec<Hash> {
        let of_subtree = |subtree: &Subtree| subtree.hash(&tiles[&subtree.tile(self.size)]);
        self.hashes.iter().map(|part| root_of(&part.iter().map(of_subtree).collect::<Vec<_>>())).collect()
    }
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf in a tree of that size, or the smaller tree is the larger one.
    #[error("{smaller} is beyond a tree of {size} leaves")]
    Beyond {
        /// The index, or the size of the smaller tree.
        smaller: u64,
        /// The size of the tree.
        size: u64,
    },
    /// It has too few or too many hashes.
    #[error("the proof has {found} hashes; one for these sizes has another number")]
    Length {
        /// How many it has.
        found: usize,
    },
    /// It leads to another root.
    #[error("the proof leads to another root")]
    Root,
    /// It leads to another root of the smaller tree.
    #[error("the proof leads to another root of the smaller tree")]
    OldRoot,
}

/// Checks that the leaf is at `index` of the tree, RFC 9162 §2.1.3.2.
///
/// # Errors
/// See [`ProofError`].
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Beyond { smaller: index, size });
    }
    let length = ProofError::Length { found: proof.len() };
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for node in proof {
        if last == 0 {
            return Err(length);
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(node, &hash);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, node);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    if last != 0 {
        return Err(length);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that a tree goes on from a smaller one, RFC 9162 §2.1.4.2. Any tree goes on from the empty one, and none but
/// itself from one of its own size: there the proof is empty.
///
/// # Errors
/// See [`ProofError`].
pub fn verify_consistency(earlier: TreeHead, later: TreeHead, proof: &[Hash]) -> Result<(), ProofError> {
    let (TreeHead { size: old_size, root: old_root }, TreeHead { size, root }) = (earlier, later);
    if old_size > size {
        return Err(ProofError::Beyond { smaller: old_size, size });
    }
    let length = ProofError::Length { found: proof.len() };
    if old_size == size || old_size == 0 {
        if !proof.is_empty() {
            return Err(length);
        }
        let expected = if old_size == size { root } else { TreeHead::empty().root };
        return if old_root == expected { Ok(()) } else { Err(ProofError::OldRoot) };
    }
    let mut nodes = proof.iter();
    let start = if old_size.is_power_of_two() { &old_root } else { nodes.next().ok_or(length)? };
    let shift = (old_size - 1).trailing_ones();
    let (mut place, mut last) = ((old_size - 1) >> shift, (size - 1) >> shift);
    let (mut old, mut new) = (*start, *start);
    for node in nodes {
        if last == 0 {
            return Err(length);
        }
        if place & 1 == 1 || place == last {
            (old, new) = (node_hash(node, &old), node_hash(node, &new));
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, node);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    if last != 0 {
        return Err(length);
    }
    if old != old_root {
        return Err(ProofError::OldRoot);
    }
    if new == root { Ok(()) } else { Err(ProofError::Root) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::leaf_hash;
    use crate::ledger::tree::Frontier;
    use crate::ledger::tree::tests::{REFERENCE, leaves, mth};

    fn head(size: u64, root: Hash) -> TreeHead {
        TreeHead { size, root }
    }

    /// The rows of a tree as they are stored.
    struct Rows(Vec<Vec<Hash>>);

    impl Rows {
        fn of(leaves: &[Hash]) -> Self {
            let (mut tree, mut rows) = (Frontier::default(), vec![leaves.to_vec()]);
            for leaf in leaves {
                tree.append(*leaf, |level, _, hash| {
                    rows.resize(rows.len().max(usize::from(level) + 1), Vec::new());
                    rows[usize::from(level)].push(hash);
                });
            }
            Self(rows)
        }

        fn hashes(&self, plan: &Plan) -> Vec<Hash> {
            let tiles = plan.tiles().into_iter().map(|tile| {
                let first = tile.first() as usize;
                (tile, self.0[usize::from(tile.level)][first..first + usize::from(tile.width)].to_vec())
            });
            plan.hashes(&tiles.collect())
        }
    }

    #[test]
    fn every_proof_of_every_small_tree_holds() {
        let leaves = leaves(90);
        let rows = Rows::of(&leaves);
        for size in 1..=leaves.len() {
            let root = mth(&leaves[..size]);
            assert_eq!(rows.hashes(&Plan::root(size as u64)), [root]);
            for (index, leaf) in leaves[..size].iter().enumerate() {
                let proof = rows.hashes(&Plan::inclusion(index as u64, size as u64).expect("a leaf"));
                let verdict = verify_inclusion(index as u64, size as u64, leaf, &proof, &root);
                assert_eq!(verdict, Ok(()), "{index} of {size}");
            }
            for old in 0..=size {
                let proof = rows.hashes(&Plan::consistency(old as u64, size as u64).expect("smaller"));
                let old_root = mth(&leaves[..old]);
                let verdict = verify_consistency(head(old as u64, old_root), head(size as u64, root), &proof);
                assert_eq!(verdict, Ok(()), "{old} to {size}");
            }
        }
    }

    #[test]
    fn proofs_of_large_trees_are_made_of_few_tiles() {
        let leaves = leaves(70_123);
        let rows = Rows::of(&leaves);
        for size in [257, 65_535, 65_536, 65_537, 66_000, 70_123_u64] {
            let root = mth(&leaves[..size as usize]);
            for index in [0, 1, 255, 256, size / 2, size - 2, size - 1] {
                let plan = Plan::inclusion(index, size).expect("a leaf");
                assert!(plan.tiles().len() <= 5, "{:?}", plan.tiles());
                let verdict = verify_inclusion(index, size, &leaves[index as usize], &rows.hashes(&plan), &root);
                assert_eq!(verdict, Ok(()), "{index} of {size}");
            }
            for old in [1, 255, 256, 257, size / 3, size - 1] {
                let proof = rows.hashes(&Plan::consistency(old, size).expect("smaller"));
                let old_root = mth(&leaves[..old as usize]);
                let verdict = verify_consistency(head(old, old_root), head(size, root), &proof);
                assert_eq!(verdict, Ok(()), "{old} to {size}");
            }
        }
    }

    #[test]
    fn a_proof_that_was_touched_proves_nothing() {
        let leaves = leaves(77);
        let rows = Rows::of(&leaves);
        let root = mth(&leaves);
        let proof = rows.hashes(&Plan::inclusion(40, 77).expect("a leaf"));
        let holds = |index, size, leaf: &Hash, proof: &[Hash], root: &Hash| {
            verify_inclusion(index, size, leaf, proof, root).is_ok()
        };
        assert!(holds(40, 77, &leaves[40], &proof, &root));
        for bit in 0..proof.len() * 256 {
            let mut touched = proof.clone();
            touched[bit / 256][bit / 8 % 32] ^= 1 << (bit % 8);
            assert!(!holds(40, 77, &leaves[40], &touched, &root), "bit {bit}");
        }
        assert!(!holds(41, 77, &leaves[40], &proof, &root));
        assert!(!holds(77, 77, &leaves[40], &proof, &root));
        assert!(!holds(40, 77, &leaves[41], &proof, &root));
        assert!(!holds(40, 77, &leaves[40], &proof[1..], &root));
        assert!(!holds(40, 77, &leaves[40], &[proof.clone(), vec![root]].concat(), &root));
        let consistency = rows.hashes(&Plan::consistency(40, 77).expect("smaller"));
        let old = mth(&leaves[..40]);
        for bit in 0..consistency.len() * 256 {
            let mut touched = consistency.clone();
            touched[bit / 256][bit / 8 % 32] ^= 1 << (bit % 8);
            assert!(verify_consistency(head(40, old), head(77, root), &touched).is_err(), "bit {bit}");
        }
        for (from, to) in [(39, 77), (41, 77), (40, 64), (78, 77), (0, 77), (77, 77)] {
            assert!(verify_consistency(head(from, old), head(to, root), &consistency).is_err(), "{from} to {to}");
        }
        assert_eq!(verify_consistency(head(0, root), head(77, root), &[]), Err(ProofError::OldRoot));
        assert_eq!(verify_consistency(head(5, old), head(5, root), &[]), Err(ProofError::OldRoot));
    }

    #[test]
    fn the_paths_are_those_of_certificate_transparency() {
        let leaves: Vec<_> = REFERENCE.iter().map(|leaf| leaf_hash(leaf)).collect();
        let rows = Rows::of(&leaves);
        let hashes =
            |plan: Option<Plan>| -> Vec<_> { rows.hashes(&plan.expect("sound")).iter().map(hex::encode).collect() };
        assert_eq!(
            hashes(Plan::inclusion(0, 8)),
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ]
        );
        assert_eq!(
            hashes(Plan::consistency(6, 8)),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
    }
}
