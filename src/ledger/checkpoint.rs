//! Checkpoints (C2SP tlog-checkpoint): how large the tree is and what its root is, as the text of a signed note.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::ledger::tile::number;
use crate::ledger::tree::{Hash, TreeHead, base64};

/// The state of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// Its tree.
    pub head: TreeHead,
}

/// A text that is no checkpoint of an Etalon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no checkpoint: line {line} should be {expected}")]
pub struct NoCheckpoint {
    /// From 1.
    pub line: usize,
    /// What stands there in a checkpoint.
    pub expected: &'static str,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, base64(&self.head.root))
    }
}

impl FromStr for Checkpoint {
    type Err = NoCheckpoint;

    /// Lines behind the root are the log's own and say nothing of the tree; none may be empty.
    fn from_str(text: &str) -> Result<Self, NoCheckpoint> {
        let expected = |line, expected| NoCheckpoint { line, expected };
        let body = text.strip_suffix('\n').ok_or(expected(1, "ended by a newline"))?;
        let mut lines = body.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or(expected(1, "the name of the log"))?;
        let size = lines.next().and_then(number).ok_or(expected(2, "the number of leaves"))?;
        let root = lines.next().and_then(hash).ok_or(expected(3, "the root: 32 bytes in Base64"))?;
        if size == 0 && root != TreeHead::empty().root {
            return Err(expected(3, "the root of the empty tree"));
        }
        if lines.any(str::is_empty) {
            return Err(expected(4, "not empty"));
        }
        Ok(Self { origin: origin.to_owned(), head: TreeHead { size, root } })
    }
}

/// A hash as it is written in checkpoints and proofs.
pub fn hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn a_checkpoint_is_three_lines() {
        let checkpoint: Checkpoint = TEXT.parse().expect("a checkpoint");
        assert_eq!((checkpoint.origin.as_str(), checkpoint.head.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.to_string(), TEXT);
        assert_eq!(format!("{TEXT}more\n").parse(), Ok(checkpoint));
    }

    #[test]
    fn other_texts_are_told_where_they_go_wrong() {
        for (text, line) in [
            ("", 1),
            (TEXT.trim_end(), 1),
            ("\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", 1),
            ("a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", 2),
            ("a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", 2),
            ("a\n18446744073709551616\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", 2),
            ("a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n", 3),
            ("a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n", 3),
            ("a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n", 4),
        ] {
            assert_eq!(text.parse::<Checkpoint>().expect_err(text).line, line, "{text:?}");
        }
    }
}
