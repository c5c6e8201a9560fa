//! What whoever signs or cosigns a log asks before it does (C2SP tlog-witness): the tree goes on from the last one.

use std::fmt::Write as _;
use std::str::FromStr;

use crate::ledger::checkpoint::hash;
use crate::ledger::proof::verify_consistency;
use crate::ledger::tile::number;
use crate::ledger::tree::{Hash, TreeHead, base64};

/// The most hashes of a consistency proof in a request.
const MOST_HASHES: usize = 63;

/// A request to sign or cosign: where the tree was, how it goes on, and the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of the tree that was signed last.
    pub old_size: u64,
    /// That the new tree goes on from it.
    pub proof: Vec<Hash>,
    /// The checkpoint: a signed note for a witness, its text alone for the signer of a log.
    pub checkpoint: String,
}

/// A body that is no such request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} should be {expected}")]
pub struct NoRequest {
    /// From 1.
    pub line: usize,
    /// What stands there in one.
    pub expected: &'static str,
}

impl AddCheckpoint {
    /// The body.
    pub fn to_text(&self) -> String {
        let mut text = format!("old {}\n", self.old_size);
        for hash in &self.proof {
            let _ = writeln!(text, "{}", base64(hash));
        }
        text + "\n" + &self.checkpoint
    }
}

impl FromStr for AddCheckpoint {
    type Err = NoRequest;

    fn from_str(text: &str) -> Result<Self, NoRequest> {
        let wrong = |line, expected| NoRequest { line, expected };
        let end = text.find("\n\n").ok_or(wrong(1, "followed by a proof, an empty line and a checkpoint"))?;
        let mut lines = text[..end].split('\n');
        let old_size = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(number);
        let old_size = old_size.ok_or(wrong(1, "`old` and the size that was signed last"))?;
        let mut proof = Vec::new();
        for (line, text) in (2..).zip(lines) {
            let hash = hash(text).filter(|_| proof.len() < MOST_HASHES);
            proof.push(hash.ok_or(wrong(line, "a hash: 32 bytes in Base64, at most 63 of them"))?);
        }
        Ok(Self { old_size, proof, checkpoint: text[end + 2..].to_owned() })
    }
}

/// Why a tree is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// The request starts from another size: 409, with the size.
    #[error("the tree of size {size} was signed last")]
    Outdated {
        /// What was signed last.
        size: u64,
    },
    /// The tree is smaller than what it claims to go on from: 400.
    #[error("a tree of {size} leaves does not go on from one of {old_size}")]
    Shrunk {
        /// The new size.
        size: u64,
        /// The old size of the request.
        old_size: u64,
    },
    /// Another tree of the same size was signed: 409, with the size.
    #[error("another tree of size {size} was signed")]
    Forked {
        /// What was signed last.
        size: u64,
    },
    /// The proof does not hold: 422.
    #[error("the tree is not proved to go on from the one of size {size} that was signed last")]
    Unproved {
        /// What was signed last.
        size: u64,
    },
}

/// Whether the tree goes on from what was signed last; the empty tree stands for nothing.
///
/// # Errors
/// See [`NotSigned`].
pub fn goes_on(last: TreeHead, old_size: u64, proof: &[Hash], new: TreeHead) -> Result<(), NotSigned> {
    let size = last.size;
    if old_size > new.size {
        return Err(NotSigned::Shrunk { size: new.size, old_size });
    }
    if old_size != size {
        return Err(NotSigned::Outdated { size });
    }
    if size == new.size && last.root != new.root {
        return Err(NotSigned::Forked { size });
    }
    verify_consistency(last, new, proof).map_err(|_| NotSigned::Unproved { size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tree::node_hash;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let request = AddCheckpoint {
            old_size: 20_852_014,
            proof: vec![[1; 32], [2; 32]],
            checkpoint: "log\n1\nx\n\n\u{2014} log AAAA\n".to_owned(),
        };
        let text = request.to_text();
        assert!(
            text.starts_with("old 20852014\nAQEB") && text.ends_with("=\n\nlog\n1\nx\n\n\u{2014} log AAAA\n"),
            "{text}"
        );
        assert_eq!(text.parse(), Ok(request));
        for (text, line) in [
            ("old 1", 1),
            ("old 01\n\nx", 1),
            ("new 1\n\nx", 1),
            ("old 1\nx\n\nx", 2),
            (&format!("old 1\n{}\nx", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n".repeat(64)), 65),
        ] {
            assert_eq!(text.parse::<AddCheckpoint>().expect_err(text).line, line, "{text}");
        }
    }

    #[test]
    fn a_tree_is_signed_that_goes_on_from_the_last() {
        let (one, two) = ([1; 32], node_hash(&[1; 32], &[2; 32]));
        let seen = |size, root| TreeHead { size, root };
        assert_eq!(goes_on(TreeHead::empty(), 0, &[], seen(2, two)), Ok(()));
        assert_eq!(goes_on(seen(1, one), 1, &[[2; 32]], seen(2, two)), Ok(()));
        assert_eq!(goes_on(seen(2, two), 2, &[], seen(2, two)), Ok(()));
        assert_eq!(goes_on(seen(2, two), 2, &[], seen(2, one)), Err(NotSigned::Forked { size: 2 }));
        assert_eq!(goes_on(seen(1, one), 1, &[[3; 32]], seen(2, two)), Err(NotSigned::Unproved { size: 1 }));
        assert_eq!(goes_on(seen(1, one), 0, &[], seen(2, two)), Err(NotSigned::Outdated { size: 1 }));
        assert_eq!(goes_on(seen(2, two), 2, &[], seen(1, one)), Err(NotSigned::Shrunk { size: 1, old_size: 2 }));
        assert_eq!(goes_on(TreeHead::empty(), 0, &[one], seen(2, two)), Err(NotSigned::Unproved { size: 0 }));
        assert_eq!(goes_on(TreeHead::empty(), 1, &[], seen(2, two)), Err(NotSigned::Outdated { size: 0 }));
    }
}
