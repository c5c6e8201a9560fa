//! The tree in small.

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// Peaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

impl Frontier {
    /// size
    pub fn size(&self) -> u64 {
        self.size
    }

    /// append
    pub fn append(&mut self, leaf: Hash, mut whole: impl FnMut(u8, u64, Hash)) {
        let mut hash = leaf;
        for height in 1..=self.size.trailing_ones() {
            hash = node_hash(&self.peaks.pop().expect("a peak for every bit of the size"), &hash);
            if height % 8 == 0 {
                whole((height / 8) as u8, self.size >> height, hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// root
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Sha256::digest([]).into() };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }

    /// bytes
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// from bytes
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() != size.count_ones() as usize * 32 {
            return Err(format!("{} bytes for {size} leaves", bytes.len()));
        }
        let peaks = bytes.chunks_exact(32).map(|chunk| chunk.try_into().expect("32 bytes")).collect();
        Ok(Self { size, peaks })
    }
}
