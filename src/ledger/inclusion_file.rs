//! A proof that stands for itself (C2SP tlog-proof): a leaf's place, its path and the checkpoint that it leads to.

use std::fmt::Write as _;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::ledger::checkpoint::{Checkpoint, NoCheckpoint, hash};
use crate::ledger::note::{Note, NoteError, Verified, VerifierKey};
use crate::ledger::proof::{ProofError, verify_inclusion};
use crate::ledger::signed::is_by_its_log;
use crate::ledger::tile::number;
use crate::ledger::tree::{Hash, base64};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// The most hashes of a path.
const LONGEST_PATH: usize = 63;

/// That a leaf is in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionFile {
    /// The leaf's place in the log.
    pub index: u64,
    /// From the leaf's neighbour up.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

/// Why such a proof is not one, or proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoInclusion {
    /// It is written otherwise.
    #[error("no tlog-proof: line {line} should be {expected}")]
    Malformed {
        /// From 1.
        line: usize,
        /// What stands there in one.
        expected: &'static str,
    },
    /// Its checkpoint is no note, or nobody who is known has signed it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] NoCheckpoint),
    /// Others have signed the checkpoint, and its log has not: one who cosigns says nothing alone.
    #[error("its log has not signed its checkpoint")]
    ByOthers,
    /// The path does not lead to the checkpoint.
    #[error(transparent)]
    Path(#[from] ProofError),
}

impl InclusionFile {
    /// The file.
    pub fn to_text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\nindex {}\n", self.index);
        for hash in &self.path {
            let _ = writeln!(text, "{}", base64(hash));
        }
        text + "\n" + &self.checkpoint
    }

    /// Checks that this leaf is at its place in a log that has signed the checkpoint with one of these keys. Answers
    /// the checkpoint and whose signatures it has.
    ///
    /// # Errors
    /// See [`NoInclusion`].
    pub fn verify(&self, leaf: &Hash, keys: &[VerifierKey]) -> Result<(Checkpoint, Vec<Verified>), NoInclusion> {
        let note = Note::parse(&self.checkpoint)?;
        let signatures = note.verify(keys)?;
        let checkpoint: Checkpoint = note.text().parse()?;
        if !is_by_its_log(&checkpoint.origin, &signatures) {
            return Err(NoInclusion::ByOthers);
        }
        verify_inclusion(self.index, checkpoint.head.size, leaf, &self.path, &checkpoint.head.root)?;
        Ok((checkpoint, signatures))
    }
}

impl FromStr for InclusionFile {
    type Err = NoInclusion;

    fn from_str(text: &str) -> Result<Self, NoInclusion> {
        let malformed = |line, expected| NoInclusion::Malformed { line, expected };
        let end = text.find("\n\n").ok_or(malformed(1, "followed by a path, an empty line and a checkpoint"))?;
        let mut lines = text[..end].split('\n').enumerate().map(|(place, line)| (place + 1, line)).peekable();
        if lines.next() != Some((1, FIRST_LINE)) {
            return Err(malformed(1, FIRST_LINE));
        }
        // Extra data is not authenticated, and Etalon has no use for any.
        if let Some((line, extra)) = lines.next_if(|(_, line)| line.starts_with("extra "))
            && STANDARD.decode(&extra["extra ".len()..]).is_err()
        {
            return Err(malformed(line, "`extra` and Base64"));
        }
        let (line, index) = lines.next().unwrap_or((2, ""));
        let index = index.strip_prefix("index ").and_then(number).ok_or(malformed(line, "`index` and a number"))?;
        let mut path = Vec::new();
        for (line, text) in lines {
            let hash = hash(text).filter(|_| path.len() < LONGEST_PATH);
            path.push(hash.ok_or(malformed(line, "a hash: 32 bytes in Base64, at most 63 of them"))?);
        }
        Ok(Self { index, path, checkpoint: text[end + 2..].to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::ledger::note::{Algorithm, NoteSigner};
    use crate::ledger::tree::{TreeHead, node_hash};

    fn log() -> NoteSigner {
        NoteSigner::new("log.example", Algorithm::Ed25519, SigningKey::from_bytes(&[3; 32])).expect("a name")
    }

    fn sample() -> InclusionFile {
        let root = node_hash(&[1; 32], &[2; 32]);
        let text = Checkpoint { origin: "log.example".to_owned(), head: TreeHead { size: 2, root } }.to_string();
        InclusionFile { index: 1, path: vec![[1; 32]], checkpoint: format!("{text}\n{}", log().sign(&text, 0)) }
    }

    #[test]
    fn a_file_is_read_as_it_was_written_and_proves_its_leaf() {
        let file = sample();
        let text = file.to_text();
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 1\nAQEB"), "{text}");
        let read: InclusionFile = text.parse().expect("a proof");
        assert_eq!(read, file);
        let keys = [log().verifier().clone()];
        assert_eq!(read.verify(&[2; 32], &keys).expect("proved").0.head.size, 2);
        assert_eq!(read.verify(&[1; 32], &keys), Err(ProofError::Root.into()));
        assert!(matches!(read.verify(&[2; 32], &[]), Err(NoInclusion::Note(NoteError::Unsigned { .. }))));
        let with_extra = text.replace("index", "extra YWdl\nindex");
        assert_eq!(with_extra.parse(), Ok(file));
    }

    #[test]
    fn a_checkpoint_that_only_others_have_signed_proves_nothing() {
        let mut file = sample();
        let text = file.checkpoint.split_inclusive("\n\n").next().expect("a text").trim_end().to_owned() + "\n";
        let named =
            |name: &str, algorithm| NoteSigner::new(name, algorithm, SigningKey::from_bytes(&[4; 32])).expect("a name");
        // A witness, one that bears the name of the log, and another log.
        for other in [
            named("w.example", Algorithm::Cosignature),
            named("log.example", Algorithm::Cosignature),
            named("other.example", Algorithm::Ed25519),
        ] {
            let keys = [log().verifier().clone(), other.verifier().clone()];
            let (own, by_other) = (log().sign(&text, 0), other.sign(&text, 7));
            file.checkpoint = format!("{text}\n{own}{by_other}");
            assert_eq!(file.verify(&[2; 32], &keys).expect("proved").1.len(), 2);
            file.checkpoint = format!("{text}\n{by_other}");
            assert_eq!(file.verify(&[2; 32], &keys), Err(NoInclusion::ByOthers));
        }
    }

    #[test]
    fn other_files_are_told_where_they_go_wrong() {
        let text = sample().to_text();
        for (text, line) in [
            (text.replace("@v1", "@v2"), 1),
            (text.replace("index 1", "index 01"), 2),
            (text.replace("index 1\n", ""), 2),
            (text.replace("index 1", "extra ?\nindex 1"), 2),
            (text.replace("AQEB", "AQE"), 3),
            ("c2sp.org/tlog-proof@v1\n".to_owned(), 1),
        ] {
            let refused = text.parse::<InclusionFile>().expect_err(&text);
            assert!(matches!(refused, NoInclusion::Malformed { line: at, .. } if at == line), "{text}: {refused}");
        }
    }
}
