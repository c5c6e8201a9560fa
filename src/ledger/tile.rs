//! Tiles: the tree cut into rows of at most 256 hashes (C2SP tlog-tiles). Every proof is computed from a few of them.

use std::fmt;
use std::str::FromStr;

use crate::ledger::tree::TILE_HEIGHT;

/// How many hashes a whole tile has.
pub const TILE_WIDTH: u16 = 1 << TILE_HEIGHT;

/// The highest level that a path may name; a tree of 2^64 leaves ends below it.
const MOST_LEVELS: u8 = 63;

/// A row of hashes: the leaves `index * 256 …` at level 0, above it the roots of the whole tiles of the level below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// 0 for leaves.
    pub level: u8,
    /// Place in its level, from 0.
    pub index: u64,
    /// How many hashes, 1 to 256.
    pub width: u16,
}

impl Tile {
    /// The tile at that place in a tree of so many leaves, as wide as it is there; `None` where there is none.
    pub fn in_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        let nodes = size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0);
        let first = index.checked_mul(TILE_WIDTH.into())?;
        let width = nodes.checked_sub(first)?.min(TILE_WIDTH.into()) as u16;
        (width > 0).then_some(Self { level, index, width })
    }

    /// Its first hash, as a place in its level.
    pub fn first(&self) -> u64 {
        self.index * u64::from(TILE_WIDTH)
    }

    /// The first of the leaves that it is over; of a tile that is in a tree.
    pub fn first_leaf(&self) -> u64 {
        self.first() << (u32::from(self.level) * u32::from(TILE_HEIGHT))
    }
}

/// What a path of tlog-tiles names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TilePath {
    /// `tile/L/N[.p/W]`: hashes.
    Hashes(Tile),
    /// `tile/entries/N[.p/W]`: the entries of a tile of level 0.
    Entries(Tile),
}

/// A path that names no tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write tile/LEVEL/INDEX or tile/entries/INDEX, with .p/WIDTH behind it for a tile that is not whole; an index is x001/x234/067 for 1234067"
)]
pub struct NoTile;

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tile = match self {
            Self::Hashes(tile) => {
                write!(f, "tile/{}/", tile.level)?;
                tile
            }
            Self::Entries(tile) => {
                f.write_str("tile/entries/")?;
                tile
            }
        };
        let digits = tile.index.to_string();
        let groups = digits.len().div_ceil(3);
        let padded = format!("{:0>1$}", digits, groups * 3);
        for group in 0..groups {
            let end = if group + 1 == groups { "" } else { "/" };
            let mark = if end.is_empty() { "" } else { "x" };
            write!(f, "{mark}{}{end}", &padded[group * 3..group * 3 + 3])?;
        }
        if tile.width < TILE_WIDTH { write!(f, ".p/{}", tile.width) } else { Ok(()) }
    }
}

impl FromStr for TilePath {
    type Err = NoTile;

    /// Only the one way of writing a path is read.
    fn from_str(path: &str) -> Result<Self, NoTile> {
        let rest = path.strip_prefix("tile/").ok_or(NoTile)?;
        let (kind, rest) = rest.split_once('/').ok_or(NoTile)?;
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, number(width).filter(|width| (1..256).contains(width)).ok_or(NoTile)?),
            None => (rest, TILE_WIDTH.into()),
        };
        let mut written = 0_u64;
        for (place, group) in index.rsplit('/').enumerate() {
            let digits = if place == 0 { group } else { group.strip_prefix('x').ok_or(NoTile)? };
            if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(NoTile);
            }
            let weight = 1_000_u64.checked_pow(place as u32).ok_or(NoTile)?;
            let part = digits.parse::<u64>().map_err(|_| NoTile)?.checked_mul(weight).ok_or(NoTile)?;
            written = written.checked_add(part).ok_or(NoTile)?;
        }
        let tile = |level| Tile { level, index: written, width: width as u16 };
        let read = match kind {
            "entries" => Self::Entries(tile(0)),
            level => {
                let level = number(level).and_then(|level| u8::try_from(level).ok()).ok_or(NoTile)?;
                Self::Hashes(tile(if level <= MOST_LEVELS { level } else { return Err(NoTile) }))
            }
        };
        if read.to_string() == path { Ok(read) } else { Err(NoTile) }
    }
}

/// A decimal number as it is written without anything needless; databases hold none above `i64::MAX`.
pub(super) fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number <= i64::MAX as u64 && number.to_string() == text).then_some(number)
}

/// A bundle of entries: each with its length before it in 16 bits, big-endian.
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        // An entry that is longer was never taken into the log.
        bytes.extend_from_slice(&(entry.len() as u16).to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let hashes = |level, index, width| TilePath::Hashes(Tile { level, index, width });
        let table = [
            (hashes(0, 1_234_067, 256), "tile/0/x001/x234/067"),
            (hashes(0, 1_234_067, 8), "tile/0/x001/x234/067.p/8"),
            (hashes(1, 0, 1), "tile/1/000.p/1"),
            (hashes(2, 999, 256), "tile/2/999"),
            (hashes(2, 1_000, 256), "tile/2/x001/000"),
            (TilePath::Entries(Tile { level: 0, index: 5, width: 255 }), "tile/entries/005.p/255"),
        ];
        for (tile, path) in table {
            assert_eq!(tile.to_string(), path);
            assert_eq!(path.parse(), Ok(tile));
        }
    }

    #[test]
    fn other_ways_of_writing_are_refused() {
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/00/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/000/001",
            "tile/0/x000/001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/08",
            "tile/0/000.p/",
            "tile/64/000",
            "tile/-1/000",
            "tile/0/+01",
            "tile/entries",
            "tile/entry/000",
            "/tile/0/000",
            "tile/0/000/",
            "tile/0/..",
            "tile/0/x001/x234/067.p/8/",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(path.parse::<TilePath>(), Err(NoTile), "{path}");
        }
    }

    #[test]
    fn a_tile_is_as_wide_as_its_tree_has_it() {
        let width = |level, index, size| Tile::in_tree(level, index, size).map(|tile| tile.width);
        assert_eq!(width(0, 0, 0), None);
        assert_eq!(width(0, 0, 7), Some(7));
        assert_eq!(width(0, 0, 256), Some(256));
        assert_eq!(width(0, 1, 256), None);
        assert_eq!(width(1, 0, 255), None);
        assert_eq!(width(1, 0, 70_000), Some(256));
        assert_eq!(width(1, 1, 70_000), Some(17));
        assert_eq!(width(9, 0, u64::MAX), None);
    }

    #[test]
    fn a_tile_is_over_leaves() {
        let first_leaf = |level, index| Tile::in_tree(level, index, 1 << 40).expect("in the tree").first_leaf();
        assert_eq!(
            [(0, 0), (0, 3), (1, 0), (1, 3), (2, 1)].map(|(level, index)| first_leaf(level, index)),
            [0, 768, 0, 196_608, 16_777_216]
        );
    }

    #[test]
    fn a_bundle_says_how_long_its_entries_are() {
        assert_eq!(bundle([&b"ab"[..], b"", b"c"]), b"\x00\x02ab\x00\x00\x00\x01c");
    }
}
