//! The Merkle tree over the log (RFC 9162 §2.1): hashes of nodes, and the tree in small that a commit goes on from.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// SHA-256 of a leaf, a node or a whole tree.
pub type Hash = [u8; 32];

/// RFC 9162 §2.1.1: what a node is prefixed with, so that it is never taken for a leaf.
const NODE_PREFIX: u8 = 0x01;

/// How many levels of the tree one level of tiles spans: a tile is 256 wide (C2SP tlog-tiles).
pub const TILE_HEIGHT: u8 = 8;

/// How large a tree is, and its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Leaves of the tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

impl TreeHead {
    /// The tree of no leaves.
    pub fn empty() -> Self {
        Frontier::default().head()
    }
}

/// A hash as it is written in entries, checkpoints and proofs.
pub fn base64(hash: &Hash) -> String {
    STANDARD.encode(hash)
}

/// SHA-256 of two prefixed children, RFC 9162 §2.1.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([NODE_PREFIX]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of the tree whose largest whole subtrees, from left to right, have these roots; of none, that of the empty
/// tree.
pub(super) fn root_of(peaks: &[Hash]) -> Hash {
    let mut peaks = peaks.iter().rev();
    match peaks.next() {
        None => Sha256::digest([]).into(),
        Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
    }
}

/// A tree by the roots of its largest whole subtrees: all that is needed to add leaves and to know the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// One for each bit of the size, the largest first.
    peaks: Vec<Hash>,
}

/// Bytes that are no frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} bytes are not the {expected} of the peaks of a tree of {size} leaves")]
pub struct NoFrontier {
    /// Leaves of the tree.
    pub size: u64,
    /// Bytes that its peaks have.
    pub expected: usize,
    /// Bytes that there were.
    pub found: usize,
}

impl Frontier {
    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. `whole` is told every subtree of 256, 65,536, … leaves that is whole by it: its level of tiles,
    /// from 1, its place in that level, and its root.
    pub fn append(&mut self, leaf: Hash, mut whole: impl FnMut(u8, u64, Hash)) {
        let mut hash = leaf;
        for height in 1..=self.size.trailing_ones() as u8 {
            hash = node_hash(&self.peaks.pop().expect("a peak for every bit of the size"), &hash);
            if height % TILE_HEIGHT == 0 {
                whole(height / TILE_HEIGHT, self.size >> height, hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root.
    pub fn root(&self) -> Hash {
        root_of(&self.peaks)
    }

    /// Size and root.
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }

    /// The peaks, one after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// The tree of so many leaves with these peaks.
    ///
    /// # Errors
    /// When the bytes are not as many as its peaks have.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, NoFrontier> {
        let expected = size.count_ones() as usize * size_of::<Hash>();
        if bytes.len() != expected {
            return Err(NoFrontier { size, expected, found: bytes.len() });
        }
        let (peaks, _) = bytes.as_chunks();
        Ok(Self { size, peaks: peaks.to_vec() })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ledger::entry::leaf_hash;

    /// RFC 9162 §2.1.1, as it is written there.
    pub(in crate::ledger) fn mth(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&mth(left), &mth(right))
            }
        }
    }

    pub(in crate::ledger) fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
    }

    /// The eight leaves of the reference implementation of Certificate Transparency.
    pub(in crate::ledger) const REFERENCE: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    #[test]
    fn the_roots_are_those_of_certificate_transparency() {
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Frontier::default();
        assert_eq!(hex::encode(tree.root()), roots[0]);
        for (leaf, root) in REFERENCE.iter().zip(&roots[1..]) {
            tree.append(leaf_hash(leaf), |_, _, _| ());
            assert_eq!(hex::encode(tree.root()), *root);
        }
    }

    #[test]
    fn a_tree_in_small_is_the_tree() {
        let leaves = leaves(600);
        let (mut tree, mut whole) = (Frontier::default(), Vec::new());
        for (count, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.root(), mth(&leaves[..count]), "{count} leaves");
            let again = Frontier::from_bytes(tree.size(), &tree.to_bytes()).expect("its own bytes");
            assert_eq!(again, tree);
            tree.append(*leaf, |level, index, hash| whole.push((level, index, hash)));
        }
        assert_eq!(whole, [(1, 0, mth(&leaves[..256])), (1, 1, mth(&leaves[256..512]))]);
    }

    #[test]
    fn a_subtree_of_subtrees_is_told_at_its_level() {
        let (mut tree, mut levels) = (Frontier::default(), [0; 3]);
        for leaf in leaves(65_536) {
            tree.append(leaf, |level, _, _| levels[usize::from(level)] += 1);
        }
        assert_eq!(levels, [0, 256, 1]);
    }

    #[test]
    fn other_bytes_are_no_frontier() {
        for (size, length) in [(0, 32), (1, 0), (3, 32), (3, 65), (4, 64)] {
            assert!(Frontier::from_bytes(size, &vec![0; length]).is_err(), "{size} leaves, {length} bytes");
        }
    }
}
